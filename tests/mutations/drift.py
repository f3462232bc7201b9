"""Faults of the verdict: what an edit or an upgrade breaks."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation

INTERFACE: Final = "src/invokable/contract/interface/"
FITS: Final = ("tests/drift/test_fits.py",)
FOLDERS: Final = ("tests/cli/test_diff_folders.py",)
COMPARED: Final = ("tests/drift/test_compare.py",)

MUTATIONS: Final = (
    Mutation(
        "a limit that excludes its end counts as one that includes it",
        f"{INTERFACE}fits.py",
        "return not opened and _step_fits",
        "return _step_fits",
        FITS,
    ),
    Mutation(
        "a list of other items counts as the same list",
        f"{INTERFACE}fits.py",
        'if other.base != "JsonValue" and one.base != other.base:',
        "if False:",
        FITS,
    ),
    Mutation(
        "None goes unnoticed",
        f"{INTERFACE}fits.py",
        "if given.none and not taking.none and not anything:",
        "if False:",
        FITS,
    ),
    Mutation(
        "an input that moved goes unnoticed",
        f"{INTERFACE}compare.py",
        "if not set(old.indices) <= set(new.indices):",
        "if False:",
        COMPARED,
    ),
    Mutation(
        "an attribute that was renamed counts as gone and new",
        f"{INTERFACE}compare.py",
        "by_key.get(pin.key) or fresh.pop",
        "fresh.pop",
        COMPARED,
    ),
    Mutation(
        "an alias that stands for other choices goes unnoticed",
        f"{INTERFACE}compare.py",
        "if misfits(read_takes(named), new.takes):",
        "if False:",
        COMPARED,
    ),
    Mutation(
        "a class of another module counts as the same",
        f"{INTERFACE}source.py",
        "self._named = {**homes, **aliases}",
        "self._named = {**aliases}",
        COMPARED,
    ),
    Mutation(
        "a number that continues in the next part of a JSON text ends with the part",
        "src/invokable/contract/json_parts.py",
        "self._text[end : end + 1] not in _OF_NUMBERS or not self._rest:",
        "True:",
        ("tests/drift/test_json_parts.py",),
    ),
    Mutation(
        "a long list in a module is held as a syntax tree",
        "src/invokable/contract/parsed.py",
        "if len(source) > LONG:",
        "if False:",
        ("tests/codegen/test_memory.py::test_the_interface_of_a_module_is_read_statement_by_statement",),
    ),
    Mutation(
        "the plan of a module is held while its text is read",
        "src/invokable/codegen/drift/interfaces.py",
        "    return draft_module(plan",
        '    globals()["held"] = plan\n    return draft_module(plan',
        ("tests/codegen/test_memory.py::test_the_plan_is_free_when_the_text_is_put_together",),
    ),
    Mutation(
        "an edited map is accepted",
        f"{INTERFACE}mapfile.py",
        "if said != _checksum(document):",
        "if False:",
        ("tests/cli/test_map.py::test_an_edited_map_is_refused",),
    ),
    Mutation(
        "breaking changes exit with 0",
        "src/invokable/cli/diff.py",
        "Status.DRIFT if broken else Status.FINE",
        "Status.FINE",
        ("tests/cli/test_diff.py::test_a_change_that_breaks_callers_ends_with_1_and_says_why",),
    ),
    Mutation(
        "pulling overwrites a file that was edited",
        "src/invokable/cli/pulling.py",
        "return self.before is not None and self.stale and self.before.edited",
        "return False",
        ("tests/cli/test_pull.py",),
    ),
    Mutation(
        "the summary of a command is cut",
        "src/invokable/cli/demo.py",
        "Generate and run a bundled workflow.",
        "Generate and run a bundled workflow on the simulator or on a real server.",
        ("tests/cli/test_help.py",),
    ),
    Mutation(
        "every word of a list follows another `or`",
        "src/invokable/contract/listing.py",
        '(", ".join(before), end)',
        "(*before, end)",
        ("tests/test_listing.py",),
    ),
    Mutation(
        "a note prints the password in a server's URL",
        "src/invokable/codegen/build/jobs.py",
        'option = f"--schema {mine[1]}" if mine[0] == "schema" else "--server"',
        'option = f"--{mine[0]} {mine[1]}"',
        ("tests/cli/test_named_once.py::test_a_url_with_a_password_is_an_error_of_its_option",),
    ),
    Mutation(
        "an invalid URL that mentions a token is an error of the token",
        "src/invokable/cli/servers.py",
        'str(error).startswith("the token")',
        '"token" in str(error)',
        ("tests/cli/test_named_once.py::test_a_url_with_a_password_is_an_error_of_its_option",),
    ),
    Mutation(
        "an error names the server twice",
        "src/invokable/codegen/failures.py",
        "message[begin.end() :] if begin else message",
        "message",
        ("tests/cli/test_named_once.py::test_a_server_is_named_once",),
    ),
    Mutation(
        "an error names the workflow file twice",
        "src/invokable/codegen/failures.py",
        "cls(where, error.message,",
        'cls(where, f"{where} {error.message}",',
        ("tests/cli/test_named_once.py::test_a_file_is_named_once",),
    ),
    Mutation(
        "all files of a batch are named after one seed",
        "src/invokable/cli/running/seeds.py",
        "if node_id in self._batched:",
        "if False:",
        ("tests/cli/test_run_seeds.py",),
    ),
    Mutation(
        "all iterations are named after one seed",
        "src/invokable/cli/running/seeds.py",
        "results[made.turn] if",
        "results[0] if",
        ("tests/cli/test_run_seeds.py",),
    ),
    Mutation(
        "a copy of a pulled file goes unnoticed",
        "src/invokable/cli/pulling.py",
        "if len(held) > 1:",
        "if False:",
        ("tests/cli/test_pull.py",),
    ),
    Mutation(
        "a removed file breaks nobody",
        "src/invokable/codegen/drift/trees.py",
        'if self.status in ("removed", "renamed", "unreadable"):',
        'if self.status in ("renamed", "unreadable"):',
        FOLDERS,
    ),
    Mutation(
        "a renamed file counts as gone and new",
        "src/invokable/codegen/drift/trees.py",
        "if share >= _ALIKE and",
        "if False and",
        FOLDERS,
    ),
    Mutation(
        "a revision is only what is below the current folder",
        "src/invokable/codegen/drift/git.py",
        '"-z", "--full-tree",',
        '"-z",',
        FOLDERS,
    ),
    Mutation(
        "what is left out of a workflow is not reported",
        "src/invokable/cli/diff.py",
        "for warning in found.warnings:",
        "for warning in ():",
        FOLDERS,
    ),
    Mutation(
        "pressing Ctrl-C twice leaves the run uncanceled",
        "src/invokable/cli/run.py",
        "now - self._since < _GRACE:",
        "False:",
        ("tests/cli/test_run.py::test_ctrl_c_cancels_a_run_that_is_under_way",),
    ),
    Mutation(
        "a second interrupt hides that the run may go on",
        "src/invokable/runtime/steps/runs/run.py",
        "        another.add_note(note)\n",
        "",
        ("tests/runtime/test_run.py",),
    ),
    Mutation(
        "a module that can no longer be generated breaks nobody",
        "src/invokable/codegen/drift/upgrade.py",
        "breaking=failed is later",
        "breaking=False",
        ("tests/cli/test_schema.py::test_an_upgrade_says_module_by_module_what_breaks",),
    ),
)
