"""Style presets. A simulator starts without any."""

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

    def create(self, about: Record, user_id: str, picture: bytes | None) -> Record:
        """Create a preset."""
        record = {"id": str(uuid4()), "user_id": user_id, "picture": picture, **_told(about)}
        self.records[record["id"]] = record
        return self.to_json(record)

    def update(self, record: Record, about: Record, picture: bytes | None) -> Record:
        """Replace a preset and its image, which may be None."""
        record |= {**_told(about), "picture": picture}
        return self.to_json(record)

    def to_json(self, record: Record) -> Record:
        """A preset as the server returns it."""
        members = {name: value for name, value in record.items() if name != "picture"}
        path = f"api/v1/style_presets/i/{record['id']}/image?{uuid4()}"
        return self._release.shape("preset", {**members, "image": None if record["picture"] is None else path})


def _told(about: Record) -> Record:
    prompts = {name: about[name] for name in ("positive_prompt", "negative_prompt")}
    return {"preset_data": prompts, **{name: about[name] for name in ("name", "type", "is_public")}}
