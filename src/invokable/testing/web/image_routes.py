"""The endpoints for images."""

from __future__ import annotations

from invokable.schema import Limits
from invokable.testing.graphs.graph_rules import graph_schema
from invokable.testing.graphs.workflow_rules import workflow_schema
from invokable.testing.server import checks, pictures
from invokable.testing.server.events import Event
from invokable.testing.server.media import CATEGORIES, File
from invokable.testing.server.problems import Broken, Refusal
from invokable.testing.web import media_answers as media
from invokable.testing.web.call import Answer, Call, Parameters
from invokable.testing.web.route_table import route

_IMAGES = "/api/v1/images"
_ONE = f"{_IMAGES}/i/{{name}}"


@route("POST", f"{_IMAGES}/upload", form=True, slow=True)
def upload(call: Call) -> Answer:
    """Store an image, re-encoded, under a new name."""
    query = Parameters(call)
    category = query.choice("image_category", CATEGORIES, required=True)
    is_intermediate = query.boolean("is_intermediate", required=True)
    board_id, session_id = query.text("board_id"), query.text("session_id")
    crop = query.boolean("crop_visible", False)
    given = query.file("file")
    board_id = media.writable_board(call, board_id)
    if not given.content_type.startswith("image"):
        raise Refusal(415, "Not an image")
    image = pictures.decode(given.content)
    reader = call.world.reader
    texts = pictures.embedded(image, {"workflow": workflow_schema(reader.release), "graph": graph_schema(reader)})
    texts["metadata"] = pictures.metadata_text(call.form.get("metadata")) or texts["metadata"]
    if crop:
        image = pictures.cropped(image)
    image = pictures.resized(image, call.form.get("resize_to"))
    file = call.world.media.add_image(
        image,
        texts=texts,
        category=category,
        origin="external",
        is_intermediate=is_intermediate,
        user_id=call.person.user_id,
        session_id=session_id,
        board_id=board_id,
    )
    record = call.world.media.to_json(file)
    return Answer(record, 201, headers={"location": record["image_url"]})


@route("GET", f"{_IMAGES}/")
def list_images(call: Call) -> Answer:
    """A page of images."""
    return media.page(call, "image")


@route("GET", f"{_IMAGES}/names", feature="image_names")
def names(call: Call) -> Answer:
    """The names of all matching images."""
    return media.names(call, "image")


@route("POST", f"{_IMAGES}/images_by_names", feature="image_names")
def images_by_names(call: Call) -> Answer:
    """Images by name; missing ones are left out."""
    found = [call.world.media.get(name) for name in call.texts("image_names")]
    seen = media.is_seen(call)
    return Answer([call.world.media.to_json(file) for file in found if file is not None and seen(file)])


@route("GET", f"{_IMAGES}/intermediates")
def count_intermediates(call: Call) -> Answer:
    """The number of intermediate images."""
    return Answer(len(_intermediates(call)))


@route("DELETE", f"{_IMAGES}/intermediates")
def delete_intermediates(call: Call) -> Answer:
    """Delete all intermediate images."""
    if not call.person.is_admin:
        raise Refusal(403, "Only admins can clear all intermediates")
    return Answer(len(call.world.media.delete([file.name for file in _intermediates(call)])))


@route("POST", f"{_IMAGES}/delete")
def delete_several(call: Call) -> Answer:
    """Delete images; unknown names are ignored."""
    return media.delete_several(call, "image", media.wanted(call, "image"))


@route("DELETE", f"{_IMAGES}/uncategorized")
def delete_uncategorized(call: Call) -> Answer:
    """Delete the images without a board."""
    found = call.world.media.find(board_id="none", seen=media.is_seen(call))
    return media.delete_several(call, "image", [file.name for file in found])


@route("POST", f"{_IMAGES}/star")
def star(call: Call) -> Answer:
    """Star images."""
    return media.star(call, "image", starred=True)


@route("POST", f"{_IMAGES}/unstar")
def unstar(call: Call) -> Answer:
    """Remove the stars."""
    return media.star(call, "image", starred=False)


@route("POST", f"{_IMAGES}/download", slow=True)
def pack(call: Call) -> Answer:
    """Create a zip of images."""
    given = Parameters(call)
    names = checks.optional(checks.several(checks.TEXT, Limits(max_items=media.MOST_NAMES)))
    wanted = given.member("image_names", names, None) or []
    board_id = given.member("board_id", checks.TEXT, None)
    given.check()
    if not wanted and board_id is None:
        raise Refusal(400, "No images or board id specified.")
    if board_id not in (None, "none") and board_id not in call.world.boards.boards:
        raise Broken
    if board_id:
        wanted = [file.name for file in call.world.media.find(board_id=board_id)]
    files = media.to_pack(call, wanted)
    board = call.world.boards.boards.get(board_id or "")
    name = call.world.media.pack(files, board.board_name if board else "Uncategorized" if board_id else "")
    payload = {
        "bulk_download_id": "default",
        "bulk_download_item_id": name.removesuffix(".zip"),
        "bulk_download_item_name": name,
        "user_id": call.person.user_id,
    }
    for event in ("bulk_download_started", "bulk_download_complete"):
        shaped = call.world.release.shape("event:bulk_download", dict(payload))
        call.world.hub.publish(Event(event, shaped, call.person.user_id))
    return Answer({"response": None, "bulk_download_item_name": name}, 202)


@route("GET", f"{_IMAGES}/download/{{archive}}")
def download(call: Call) -> Answer:
    """A zip created before; once, since the server deletes it after."""
    content = call.world.media.archives.pop(call.params["archive"], None)
    if content is None:
        raise Refusal(404, "Not Found")
    return Answer(content=content, content_type="application/zip")


@route("GET", _ONE)
def describe(call: Call) -> Answer:
    """An image."""
    return Answer(call.world.media.to_json(media.readable(call, "image")))


@route("PATCH", _ONE)
def update(call: Call) -> Answer:
    """Change an image's attributes."""
    return media.update(call, "image")


@route("DELETE", _ONE)
def delete(call: Call) -> Answer:
    """Delete an image."""
    if call.world.media.get(call.params["name"]) is None:
        if call.world.release.has("auth"):
            raise Refusal(404, "Image not found")
        return media.delete_several(call, "image", [])
    media.changeable(call, "image")
    return media.delete_several(call, "image", [call.params["name"]])


@route("GET", f"{_ONE}/full", cookie=True)
@route("HEAD", f"{_ONE}/full", cookie=True)
def full(call: Call) -> Answer:
    """The full file, without ranges."""
    return media.full(call, "image", "image/png")


@route("GET", f"{_ONE}/thumbnail", cookie=True, slow=True)
def thumbnail(call: Call) -> Answer:
    """A small copy."""
    return media.thumbnail(call, "image")


@route("GET", f"{_ONE}/metadata")
def metadata(call: Call) -> Answer:
    """The metadata, or null."""
    return media.metadata(call, "image")


@route("GET", f"{_ONE}/workflow")
def workflow(call: Call) -> Answer:
    """Its workflow and graph, as text."""
    return media.workflow(call, "image")


@route("GET", f"{_ONE}/urls")
def urls(call: Call) -> Answer:
    """Its URLs; the server returns them for any name."""
    return media.urls(call, "image")


def _intermediates(call: Call) -> list[File]:
    return call.world.media.find(is_intermediate=True, seen=lambda file: call.person.sees(file.user_id))
