"""Faults of the repositories: what a list skips, a deletion takes along, and a file's name leads to."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation

STEPS: Final = "src/invokable/runtime/steps/"
CLIENT: Final = "src/invokable/runtime/client/"
UNIT: Final = ("tests/runtime/test_repositories.py",)
CONTRACT: Final = ("tests/contract/test_repositories.py",)

MUTATIONS: Final = (
    Mutation(
        "an upload whose answer cannot be read is not repeated",
        "src/invokable/runtime/steps/resources/media.py",
        "yield from fetch_as(request, lambda response: _record(kind, parse(response), response, client))",
        "lambda response: _record(kind, parse(response), response, client))((yield from fetch(request))",
        ("tests/runtime/test_submitting.py::test_an_upload_is_retried",),
    ),
    Mutation(
        "data that a partial write left over is lost",
        f"{CLIENT}saving.py",
        "count = answer if isinstance(answer, int) else",
        "count = len(piece) if isinstance(answer, int) else",
        ("tests/contract/test_outputs.py",),
    ),
    Mutation(
        "a result with a missing picture cannot be displayed",
        f"{CLIENT}_async/showing.py",
        "    except InvokableError as error:\n        return error",
        "    except InvokableError:\n        raise",
        ("tests/contract/test_outputs.py",),
    ),
    Mutation(
        "a refusal to prune installations counts as a success",
        f"{STEPS}resources/model_manager.py",
        "if response.status != 500:",
        "if response.status < 400:",
        ("tests/contract/test_users.py",),
    ),
    Mutation(
        "a change that the server failed to confirm is requested again, with pauses",
        f"{STEPS}resources/model_manager.py",
        "fetch(request, final=final)",
        "fetch(request)",
        UNIT,
    ),
    Mutation(
        "a server that fails to prune installations is asked only once",
        f"{STEPS}resources/model_manager.py",
        "for final in ((500,), ()):",
        "for final in ((500,),):",
        UNIT,
    ),
    Mutation(
        "changing the prompt of a style preset removes its picture",
        f"{STEPS}resources/style_presets.py",
        "if image is None and not without_image and preset.image is not None:",
        "if False:",
        CONTRACT,
    ),
    Mutation(
        "changing a style preset stops sharing it",
        f"{STEPS}resources/style_presets.py",
        "preset.is_public if changes.shared is None else changes.shared",
        "bool(changes.shared)",
        CONTRACT,
    ),
    Mutation(
        "a workflow without a thumbnail is an error of the server",
        f"{STEPS}resources/library.py",
        " if workflow.thumbnail_url else None",
        "",
        CONTRACT,
    ),
    Mutation(
        "runs use uploads that were deleted as intermediate",
        f"{STEPS}resources/media.py",
        "    known.uploads.doubt()  # they are intermediate\n",
        "",
        CONTRACT,
    ),
    Mutation(
        "retrying a retry returns nothing",
        f"{STEPS}resources/queue_items.py",
        "firsts = {old.retried_from_item_id or old.item_id for",
        "firsts = {old.item_id for",
        UNIT,
    ),
    Mutation(
        "the contents of a board are deleted without a request",
        f"{STEPS}resources/boards.py",
        '{"include_images": str(contents).lower()}',
        '{"include_images": "true"}',
        CONTRACT,
    ),
    Mutation(
        '"none" is a board like others',
        f"{STEPS}resources/boards.py",
        "    if value == NO_BOARD:\n        raise",
        "    if False:\n        raise",
        CONTRACT,
    ),
    Mutation(
        "an archived board counts like any other",
        f"{STEPS}resources/boards.py",
        "pick_board(value, named or boards)",
        "pick_board(value, boards)",
        UNIT,
    ),
    Mutation(
        "a deletion whose answer was lost is an error",
        f"{STEPS}resources/boards.py",
        "if error.status == 404:  # an earlier attempt succeeded",
        "if error.status == 418:",
        UNIT,
    ),
    Mutation(
        "images are listed in pages, which deletions shift",
        f"{STEPS}resources/media.py",
        "if not (yield from at_least(known, kind.names_since)):",
        "if True:",
        ("tests/contract/test_repositories.py", "tests/runtime/test_repositories.py"),
    ),
    Mutation(
        "a video that moved to another page is left out",
        f"{STEPS}resources/media.py",
        "by_name.get(name) or (yield from _if_there(kind, name, client))",
        "by_name.get(name)",
        UNIT,
    ),
    Mutation(
        "a request has more names than a server accepts",
        f"{STEPS}resources/media.py",
        "_MOST: Final = 1000",
        "_MOST: Final = 2000",
        UNIT,
    ),
    Mutation(
        "a name is interpreted as a path on the server",
        f"{STEPS}exchange/protocol.py",
        'if missing is not None and (not text.strip(".") or "/" in text):',
        "if False:",
        CONTRACT,
    ),
    Mutation(
        "versions are compared as strings",
        f"{STEPS}resources/versions.py",
        "return _parts(version) >= _parts(needed)",
        "return version >= needed",
        UNIT,
    ),
    Mutation(
        "a server that was upgraded stays too old",
        f"{STEPS}resources/versions.py",
        "if known.version is None or not _reaches(known.version, needed):",
        "if known.version is None:",
        UNIT,
    ),
    Mutation(
        "times have no zone",
        f"{STEPS}exchange/records.py",
        "return value.replace(tzinfo=UTC) if",
        "return value if",
        UNIT,
    ),
    Mutation(
        "a zip that the server is still writing is saved",
        f"{STEPS}resources/archives.py",
        '        raise _TooEarlyError(APIError(200, detail, method="GET", url=url)) from None',
        "        return {'a.png', 'b.png'}",
        UNIT,
    ),
    Mutation(
        "a damaged zip raises errors of the zip library",
        f"{STEPS}resources/archives.py",
        "except (BadZipFile, ValueError, NotImplementedError):",
        "except BadZipFile:",
        UNIT,
    ),
    Mutation(
        "a zip whose download broke is not made again",
        f"{STEPS}resources/archives.py",
        "raise (_TooEarlyError(error) if error.sent else error) from None",
        "raise",
        UNIT,
    ),
    Mutation(
        "a zip that lacks images is saved",
        f"{STEPS}resources/archives.py",
        "if name not in found]",
        "if not found]",
        UNIT,
    ),
    Mutation(
        "a zip that is downloaded too early is looked for as early again",
        f"{STEPS}resources/archives.py",
        "patience = min(2 * patience, timeout)",
        "pass",
        UNIT,
    ),
    Mutation(
        "waiting for an installation never times out",
        f"{STEPS}resources/model_manager.py",
        "if deadline.is_over:",
        "if False:",
        UNIT,
    ),
    Mutation(
        "an incomplete image is accepted",
        f"{STEPS}resources/downloads.py",
        "    if not _is_whole(kind, into):\n",
        "    if False:\n",
        ("tests/runtime/test_downloads.py::test_an_incomplete_image_is_downloaded_again",),
    ),
    Mutation(
        "a field of a pattern creates folders",
        f"{CLIENT}naming.py",
        'return re.sub(r"[^\\w.-]+", "_", normalize("NFC", text))',
        'return normalize("NFC", text)',
        ("tests/runtime/test_naming.py::test_the_values_of_the_fields",),
    ),
    Mutation(
        "two files get the same name",
        f"{CLIENT}naming.py",
        "while free.casefold() in taken:",
        "while free in ():",
        ("tests/runtime/test_naming.py::test_files_with_the_same_name_get_numbers",),
    ),
    Mutation(
        "an incomplete download leaves a file on disk",
        f"{CLIENT}_sync/saving.py",
        "        reserved.unlink(missing_ok=True)\n",
        "        pass\n",
        ("tests/contract/test_outputs.py::test_the_first_failed_download_stops_the_others",),
    ),
)
