"""Faults in the build pipeline: what is made anew, found, kept and removed."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation
from tests.mutations.codegen import CODEGEN

LIFE: Final = ("tests/cli/test_project_life.py",)
CONFIGURED: Final = ("tests/cli/test_configured.py",)
CHECK: Final = ("tests/cli/test_check.py",)
TRACKING: Final = ("tests/cli/test_tracking.py",)

MUTATIONS: Final = [
    Mutation(
        "a changed workflow leaves its module as it was",
        f"{CODEGEN}build/modules.py",
        '"workflow": source_checksum(document),',
        "",
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
        ("tests/codegen/test_adoption.py",),
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
        ("tests/cli/test_interrupted.py::test_a_read_only_folder_is_one_line_and_changes_nothing",),
    ),
    Mutation(
        "what a killed run has staged stays",
        f"{CODEGEN}build/publish.py",
        "if _STAGED.fullmatch(name):",
        "if False:",
        ("tests/cli/test_interrupted.py::test_a_run_that_dies_at_any_step_leaves_whole_files_and_the_next_no_scrap",),
    ),
    Mutation(
        "what a killed run has staged stays until something changes",
        f"{CODEGEN}build/publish.py",
        "for folder in {change.path.parent for change in changes}:",
        "for folder in {change.path.parent for change in wanted}:",
        ("tests/cli/test_interrupted.py::test_the_next_run_removes_scrap_also_where_nothing_has_changed",),
    ),
    Mutation(
        "Ctrl-C stops between two files",
        f"{CODEGEN}build/publish.py",
        "signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))",
        "signal.pthread_sigmask(signal.SIG_BLOCK, ())",
        ("tests/cli/test_interrupted.py::test_interrupted_it_leaves_all_files_old_or_all_new_and_no_scrap",),
    ),
    Mutation(
        "SIGTERM ends a command at once",
        "src/invokable/cli/ending.py",
        "    before = signal.signal(signal.SIGTERM, _terminate)\n",
        "    before = signal.getsignal(signal.SIGTERM)\n",
        ("tests/cli/test_interrupted.py::test_interrupted_it_leaves_all_files_old_or_all_new_and_no_scrap",),
    ),
    Mutation(
        "Ctrl-C while a command starts is a traceback",
        "src/invokable/cli/__init__.py",
        "    except KeyboardInterrupt:  # before there is a command to end\n        sys.exit(130)\n",
        "",
        ("tests/cli/test_manners.py::test_ctrl_c_while_a_command_starts_says_nothing",),
    ),
    Mutation(
        "what another run has staged is swept away",
        f"{CODEGEN}build/locking.py",
        "        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "",
        ("tests/cli/test_interrupted.py::test_what_another_run_has_staged_is_not_swept_away",),
    ),
    Mutation(
        "runs do not wait for each other",
        f"{CODEGEN}build/locking.py",
        "        fcntl.flock(descriptor, fcntl.LOCK_EX)\n        return\n",
        "        return\n",
        ("tests/cli/test_interrupted.py::test_a_run_waits_for_another",),
    ),
    Mutation(
        "a file that has changed meanwhile is overwritten",
        f"{CODEGEN}build/publish.py",
        "    if current != change.before:\n",
        "    if False:\n",
        ("tests/cli/test_interrupted.py::test_a_file_that_changes_meanwhile_is_not_overwritten",),
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
    Mutation(
        "runs on Windows do not wait for each other",
        f"{CODEGEN}build/locking.py",
        "if error.errno != errno.EDEADLK:",
        "if True:",
        ("tests/cli/test_interrupted.py::test_runs_on_windows_wait_for_each_other_too",),
    ),
    Mutation(
        "a table lists what it cannot name",
        f"{CODEGEN}project/starting.py",
        """ if "\\\\" not in name)""",
        ")",
        ("tests/cli/test_generate_options.py",),
    ),
]
