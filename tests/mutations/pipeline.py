"""Faults in the build pipeline: what is made anew, found, kept and removed."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation
from tests.mutations.codegen import CODEGEN

LIFE: Final = ("tests/cli/test_project_life.py",)
CONFIGURED: Final = ("tests/cli/test_configured.py",)
CHECK: Final = ("tests/cli/test_check.py",)
TRACKING: Final = ("tests/cli/test_tracking.py",)
INTERRUPTED: Final = ("tests/cli/test_interrupted.py",)

MUTATIONS: Final = [
    Mutation(
        "a changed workflow leaves its module as it was",
        f"{CODEGEN}build/modules.py",
        "said.stamp.inputs if said.source_sha256 == source_checksum(document()) else None",
        "said.stamp.inputs",
        LIFE,
    ),
    Mutation(
        "the layout of a workflow's JSON makes its module stale",
        f"{CODEGEN}written/checksums.py",
        "sort_keys=True, ensure_ascii=True)",
        "ensure_ascii=True)",
        LIFE,
    ),
    Mutation(
        "the names of the configuration do not make a module stale",
        f"{CODEGEN}build/modules.py",
        '"class": chosen.class_name,',
        "",
        CONFIGURED,
    ),
    Mutation(
        "an edit is not found while the workflow is as it was",
        f"{CODEGEN}build/modules.py",
        "edited = current is not None and not (said.stamp and said.stamp.untouched) and is_edited(current)",
        "edited = False",
        CHECK,
    ),
    Mutation(
        "warnings are forgotten when nothing has changed",
        f"{CODEGEN}build/modules.py",
        '**({"warned": True} if warned else {}),',
        "",
        ("tests/cli/test_generate_options.py",),
    ),
    Mutation(
        "a module is made again for its warnings",
        f"{CODEGEN}build/modules.py",
        "    if made_from == inputs:\n",
        "    if False:\n",
        ("tests/cli/test_generate_options.py",),
    ),
    Mutation(
        "names that the lock file has lost stay lost",
        f"{CODEGEN}build/extras.py",
        "r.plan.names for r in mine if r.plan and",
        "r.plan.names for r in mine if r.module and",
        ("tests/cli/test_generate_options.py",),
    ),
    Mutation(
        "a file that was a workflow is skipped",
        f"{CODEGEN}build/modules.py",
        "if result.source.named or result.said.source == result.job.key:",
        "if result.source.named:",
        CONFIGURED,
    ),
    Mutation(
        "a copy takes the names of its original",
        f"{CODEGEN}project/adoption.py",
        " and not os.path.exists(lock.path.parent / other)",
        "",
        LIFE,
    ),
    Mutation(
        "names are adopted whose nodes are not there",
        f"{CODEGEN}project/adoption.py",
        " and _named_nodes(names) <= nodes",
        "",
        ("tests/codegen/test_adoption.py::test_the_only_workflow_that_is_gone_and_fits_gives_its_names",),
    ),
    Mutation(
        "modules of workflows that are there are left over",
        f"{CODEGEN}build/leftovers.py",
        'return "" if any(os.path.exists(folder / source) for folder in folders) else f"{source} is gone"',
        'return f"{source} is gone"',
        CONFIGURED,
    ),
    Mutation(
        "a module that was edited is removed",
        f"{CODEGEN}build/extras.py",
        "for leftover in self.left if not leftover.edited)",
        "for leftover in self.left)",
        CONFIGURED,
    ),
    Mutation(
        "lines of workflows that are gone stay in the lock file",
        f"{CODEGEN}build/extras.py",
        "return [key for key in lock.names if key not in there and not os.path.exists(lock.path.parent / key)]",
        "return []",
        LIFE,
    ),
    Mutation(
        "a run for one source removes the modules of others",
        f"{CODEGEN}build/jobs.py",
        "if not names or os.path.abspath(project.folder / entry.path) in keys",
        "if True",
        CONFIGURED,
    ),
    Mutation(
        "a table of a workflow that is not there is ignored",
        f"{CODEGEN}build/jobs.py",
        "(*_unfitting_tables(known, jobs), *clashes)",
        "tuple(clashes)",
        CONFIGURED,
    ),
    Mutation(
        "files are replaced before all are staged",
        f"{CODEGEN}build/publish.py",
        "                staged.append((_stage(change.path, change.after), change))\n",
        "                staged.append((_stage(change.path, change.after), change))\n"
        "                staged.pop()[0].commit(change.path)\n",
        INTERRUPTED,
    ),
    Mutation(
        "what a killed run has staged stays",
        f"{CODEGEN}build/publish.py",
        "if _STAGED.fullmatch(name):",
        "if False:",
        INTERRUPTED,
    ),
    Mutation(
        "what a killed run has staged stays until something changes",
        f"{CODEGEN}build/publish.py",
        "for folder in {change.path.parent for change in changes}:",
        "for folder in {change.path.parent for change in wanted}:",
        INTERRUPTED,
    ),
    Mutation(
        "Ctrl-C stops between two files",
        f"{CODEGEN}build/publish.py",
        "signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))",
        "signal.pthread_sigmask(signal.SIG_BLOCK, ())",
        INTERRUPTED,
    ),
    Mutation(
        "SIGTERM ends a command at once",
        "src/invokable/cli/ending.py",
        "    before = signal.signal(signal.SIGTERM, _terminate)\n",
        "    before = signal.getsignal(signal.SIGTERM)\n",
        INTERRUPTED,
    ),
    Mutation(
        "Ctrl-C while a command starts is a traceback",
        "src/invokable/cli/__init__.py",
        '    except KeyboardInterrupt:  # while modules are loaded\n        _leave("interrupted")\n',
        "",
        ("tests/cli/test_manners.py::test_ctrl_c_while_a_command_starts_says_so_in_a_line",),
    ),
    Mutation(
        "what another run has staged is swept away",
        f"{CODEGEN}build/locking.py",
        "        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "",
        INTERRUPTED,
    ),
    Mutation(
        "runs do not wait for each other",
        f"{CODEGEN}build/locking.py",
        "        fcntl.flock(descriptor, fcntl.LOCK_EX)\n        return\n",
        "        return\n",
        INTERRUPTED,
    ),
    Mutation(
        "a file that has changed meanwhile is overwritten",
        f"{CODEGEN}build/publish.py",
        "    if current != change.before:\n",
        "    if False:\n",
        INTERRUPTED,
    ),
    Mutation(
        "what looks like a place in the words of a workflow does not count",
        f"{CODEGEN}written/checksums.py",
        'text = text[:workflow] + _PLACE.sub("", text[workflow:])',
        'text = _PLACE.sub("", text)',
        ("tests/codegen/test_made_from.py",),
    ),
    Mutation(
        "a change of the generator goes unnoticed within a version",
        f"{CODEGEN}build/modules.py",
        "return changed > 0 and path.stat().st_mtime_ns < changed",
        "return False",
        ("tests/cli/test_project_life.py",),
    ),
    Mutation(
        "line endings make a module stale",
        f"{CODEGEN}written/made_from.py",
        '    text = text.replace("\\r\\n", "\\n")\n',
        "",
        ("tests/codegen/test_made_from.py",),
    ),
    Mutation(
        "an untracked module is fine",
        f"{CODEGEN}project/tracking.py",
        "if tags.get(name) == _UNTRACKED:",
        "if False:",
        TRACKING,
    ),
    Mutation(
        "an ignored lock file is fine",
        f"{CODEGEN}project/tracking.py",
        "elif name not in tags and path in needed:",
        "elif False:",
        TRACKING,
    ),
    Mutation(
        "an ignored module is untracked",
        f"{CODEGEN}build/check.py",
        "return tracking(there, needed={change.path for change in build.extras.locks})",
        "return tracking(there, needed=set(there))",
        TRACKING,
    ),
    Mutation(
        "what generate removes has to be tracked",
        f"{CODEGEN}build/check.py",
        'if finding.state not in ("missing", "left over")]',
        "]",
        TRACKING,
    ),
    Mutation(
        "git is asked about another repository",
        f"{CODEGEN}project/tracking.py",
        "if name not in _ELSEWHERE}",
        "}",
        TRACKING,
    ),
    Mutation(
        "a repository that says nothing is passed over",
        f"{CODEGEN}build/check.py",
        "(*warnings, *((failure.where, failure.message) for failure in asked.failures))",
        "tuple(warnings)",
        TRACKING,
    ),
    Mutation(
        "generating loads the runtime",
        "src/invokable/__init__.py",
        "    from invokable.runtime.values.workflow import Workflow\n",
        "from invokable.runtime.values.workflow import Workflow\n",
        ("tests/test_layout.py",),
    ),
    Mutation(
        "what no workflow may call a name is looked for by importing",
        f"{CODEGEN}naming/reserved.py",
        '    path = Path(invokable.__file__).parent.joinpath(*module.split(".")[1:])\n',
        '    __import__(module)\n    path = Path(invokable.__file__).parent.joinpath(*module.split(".")[1:])\n',
        ("tests/test_layout.py",),
    ),
]
