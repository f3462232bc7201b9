"""Style presets. A simulator comes with none."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from invokable.testing.server.release import Release

Record = dict[str, Any]


class Presets:
    """All style presets."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.records: dict[str, Record] = {}

    def create(self, about: dict[str, str], user_id: str, *, pictured: bool) -> Record:
        """Make a preset; the picture itself is not kept."""
        preset_id = str(uuid4())
        record = {"id": preset_id, "user_id": user_id, "is_public": False, "image": None, **_told(about)}
        if pictured:
            record["image"] = f"api/v1/style_presets/i/{preset_id}/image?{uuid4()}"
        self.records[preset_id] = record
        return self.to_json(record)

    def update(self, record: Record, about: dict[str, str]) -> Record:
        """Replace what a preset says."""
        record |= {**_told(about), "image": None}
        return self.to_json(record)

    def to_json(self, record: Record) -> Record:
        """A preset as the server describes it."""
        return self._release.shape("preset", record)


def _told(about: dict[str, str]) -> Record:
    prompts = {name: about[name] for name in ("positive_prompt", "negative_prompt")}
    return {"name": about["name"], "preset_data": prompts, "type": about["type"]}
