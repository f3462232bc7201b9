"""Faults in the build pipeline: what is made anew, found, kept and removed."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation
from tests.mutations.codegen import CODEGEN

LIFE: Final = ("tests/cli/test_project_life.py",)
CONFIGURED: Final = ("tests/cli/test_configured.py",)
CHECK: Final = ("tests/cli/test_check.py",)
INTERRUPTED: Final = ("tests/cli/test_interrupted.py",)

MUTATIONS: Final = [
    Mutation(
        "a changed workflow leaves its module as it was",
        f"{CODEGEN}modules.py",
        '"workflow": sha256(data.replace(b"\\r\\n", b"\\n")).hexdigest(),',
        "",
        LIFE,
    ),
    Mutation(
        "the names of the configuration do not make a module stale",
        f"{CODEGEN}modules.py",
        '"class": chosen.class_name,',
        "",
        CONFIGURED,
    ),
    Mutation(
        "an edit is not found while the workflow is as it was",
        f"{CODEGEN}modules.py",
        "edited = current is not None and not (said.stamp and said.stamp.untouched) and is_edited(current)",
        "edited = False",
        CHECK,
    ),
    Mutation(
        "warnings are forgotten when nothing has changed",
        f"{CODEGEN}modules.py",
        "if said.stamp and not (edited or options.force or options.warn):",
        "if said.stamp and not (edited or options.force):",
        ("tests/cli/test_generate_options.py::test_warnings_fail_each_time_when_they_are_to",),
    ),
    Mutation(
        "a file that was a workflow is skipped",
        f"{CODEGEN}modules.py",
        "if result.source.named or result.said.source == result.job.key:",
        "if result.source.named:",
        CONFIGURED,
    ),
    Mutation(
        "a copy takes the names of its original",
        f"{CODEGEN}adoption.py",
        " and not os.path.exists(lock.path.parent / other)",
        "",
        LIFE,
    ),
    Mutation(
        "names are adopted whose nodes are not there",
        f"{CODEGEN}adoption.py",
        " and _named_nodes(names) <= nodes",
        "",
        ("tests/codegen/test_adoption.py::test_the_only_workflow_that_is_gone_and_fits_gives_its_names",),
    ),
    Mutation(
        "modules of workflows that are there are left over",
        f"{CODEGEN}leftovers.py",
        'return "" if any(os.path.exists(folder / source) for folder in folders) else f"{source} is gone"',
        'return f"{source} is gone"',
        CONFIGURED,
    ),
    Mutation(
        "a module that was edited is removed",
        f"{CODEGEN}extras.py",
        "for leftover in self.left if not leftover.edited)",
        "for leftover in self.left)",
        CONFIGURED,
    ),
    Mutation(
        "lines of workflows that are gone stay in the lock file",
        f"{CODEGEN}extras.py",
        "return [key for key in lock.names if key not in there and not os.path.exists(lock.path.parent / key)]",
        "return []",
        LIFE,
    ),
    Mutation(
        "a run for one source removes the modules of others",
        f"{CODEGEN}jobs.py",
        "if not names or os.path.abspath(project.folder / entry.path) in keys",
        "if True",
        CONFIGURED,
    ),
    Mutation(
        "a table of a workflow that is not there is ignored",
        f"{CODEGEN}jobs.py",
        "(*_unfitting_tables(known, jobs), *clashes)",
        "tuple(clashes)",
        CONFIGURED,
    ),
    Mutation(
        "files are replaced before all are staged",
        f"{CODEGEN}publish.py",
        "                staged.append((_stage(change.path, change.after), change))\n",
        "                staged.append((_stage(change.path, change.after), change))\n"
        "                staged.pop()[0].commit(change.path)\n",
        INTERRUPTED,
    ),
    Mutation(
        "what a killed run has staged stays",
        f"{CODEGEN}publish.py",
        "if _STAGED.fullmatch(name):",
        "if False:",
        INTERRUPTED,
    ),
    Mutation(
        "what another run has staged is swept away",
        f"{CODEGEN}publish.py",
        "                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "",
        INTERRUPTED,
    ),
    Mutation(
        "runs do not wait for each other",
        f"{CODEGEN}publish.py",
        "                    fcntl.flock(descriptor, fcntl.LOCK_EX)\n",
        "                    pass\n",
        INTERRUPTED,
    ),
    Mutation(
        "a file that has changed meanwhile is overwritten",
        f"{CODEGEN}publish.py",
        "    if current != change.before:\n",
        "    if False:\n",
        INTERRUPTED,
    ),
    Mutation(
        "line endings make a module stale",
        f"{CODEGEN}made_from.py",
        '    text = text.replace("\\r\\n", "\\n")\n',
        "",
        ("tests/codegen/test_made_from.py",),
    ),
]
