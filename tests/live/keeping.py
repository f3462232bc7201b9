"""A scripted exchange about what a server stores besides images and boards: videos, style presets, models."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.clip import CLIP
from tests.live.exchanges import Exchange, Script, picture

_PRESETS: Final = "/api/v1/style_presets/"
_VIDEOS: Final = "/api/v1/videos"
_INSTALL: Final = "/api/v2/models/install"


def keeping(url: str, *, videos: bool) -> list[Exchange]:
    """All steps, on a server that has no model with these names."""
    script = Script(url)
    if videos:
        _videos(script)
    _presets(script)
    _models(script)
    return script.exchanges


def _videos(script: Script) -> None:
    board = script.step("board", "POST", "/api/v1/boards/?board_name=Videos")["board_id"]
    files = {"file": ("a.mp4", CLIP, "video/mp4")}
    query = "video_category=user&is_intermediate=false"
    video = script.step("upload", "POST", f"{_VIDEOS}/upload?{query}", files=files)["video_name"]
    for verb in ("star", "unstar"):
        script.step(verb, "POST", f"{_VIDEOS}/{verb}", json={"video_names": [video, "zz.mp4"]})
    for name in (video, "zz.mp4"):
        which = "it" if name == video else "what is missing"
        script.step(f"put {which}", "POST", f"{_VIDEOS}/board", json={"board_id": board, "video_name": name})
        script.step(f"where {which} is", "GET", f"{_VIDEOS}/i/{name}")
        script.step(f"take {which}", "DELETE", f"{_VIDEOS}/board", json={"video_name": name})
    script.step("put on no board", "POST", f"{_VIDEOS}/board", json={"board_id": "zz", "video_name": video})
    script.step("delete", "POST", f"{_VIDEOS}/delete", json={"video_names": [video, "zz.mp4"]})
    video = script.step("upload again", "POST", f"{_VIDEOS}/upload?{query}&board_id={board}", files=files)["video_name"]
    script.step("names", "GET", f"{_VIDEOS}/names?board_id={board}")
    script.step("a page", "GET", f"{_VIDEOS}/?board_id={board}&limit=5")
    script.step("the board", "GET", f"/api/v1/boards/{board}")
    script.step("delete the board alone", "DELETE", f"/api/v1/boards/{board}")
    board = script.step("another board", "POST", "/api/v1/boards/?board_name=Videos")["board_id"]
    script.step("put it there", "POST", f"{_VIDEOS}/board", json={"board_id": board, "video_name": video})
    script.step("delete both", "DELETE", f"/api/v1/boards/{board}?include_images=true")


def _presets(script: Script) -> None:
    def form(name: str, kind: str = "user") -> dict[str, str]:
        about = {"name": name, "positive_prompt": "{prompt}, x", "negative_prompt": "y", "type": kind}
        return {"data": json.dumps(about)}

    files = {"image": ("a.png", picture(), "image/png")}
    one = script.step("preset", "POST", _PRESETS, data=form("one"))["id"]
    two = script.step("preset with a picture", "POST", _PRESETS, data=form("two"), files=files)["id"]
    script.step("half a preset", "POST", _PRESETS, data={"data": json.dumps({"name": "x"})})
    script.step("no preset", "POST", _PRESETS, data={"data": "["})
    script.step("nothing", "POST", _PRESETS)
    for name in (one, "zz"):
        script.step(f"preset {'one' if name == one else name}", "GET", f"{_PRESETS}i/{name}")
        script.step(f"change {'one' if name == one else name}", "PATCH", f"{_PRESETS}i/{name}", data=form("three"))
    script.step("presets", "GET", _PRESETS)
    for preset in (one, two, one):
        script.step("delete preset", "DELETE", f"{_PRESETS}i/{preset}")


def _models(script: Script) -> None:
    script.step("delete no model", "DELETE", "/api/v2/models/i/zz")
    script.step("cancel no installation", "DELETE", f"{_INSTALL}/99999")
    script.step("installations", "GET", _INSTALL)


def settled(exchanges: list[Exchange]) -> list[Any]:
    """The comparable part of the exchanges, without what a server comes with."""
    return [exchange for exchange in exchanges if exchange.step != "presets"]
