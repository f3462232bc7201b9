"""Shell behaviour with any encoding, reader, folder and label: a line and a status, never a traceback."""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from invokable import cli
from invokable.cli.exits import exit_status_of
from invokable.cli.shell import shell
from invokable.testing import Simulator
from tests.codegen.hostile import HOSTILE, poisoned
from tests.effort import slow_beyond
from tests.examples import MODULES, WORKFLOWS, example, node

CARD = str(WORKFLOWS / "colour_card.json")
STATUSES = {0, 1, 2, 3, 4}
ENCODINGS = ("ascii", "latin-1", "cp437", "utf-8", "utf-16")
FOREIGN = "Ünï ☃ 写真 \U0001f98a [red]x[/]"
COMMANDS = shell.list_commands(click.Context(shell))


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator(boards=[FOREIGN]) as simulator:
        simulator.serve()
        yield simulator


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workflow whose name and labels are not in many encodings."""
    document = example("colour_card.json")
    document["name"] = FOREIGN
    node(document, "save_image")["label"] = FOREIGN
    node(document, "blank_image")["inputs"]["width"]["label"] = FOREIGN
    (tmp_path / f"{FOREIGN[:8]}.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "broken ☃.json").write_text('{"☃": ', encoding="utf-8")
    (tmp_path / "stamp.png").write_bytes((WORKFLOWS.parents[1] / "docs" / "images" / "demo.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines_of(command: str, server: Simulator) -> list[list[str]]:
    """Command lines of a command: one that succeeds, if possible, and some that do not."""
    good, bad = f"{FOREIGN[:8]}.json", "broken ☃.json"
    of_command = {
        "demo": [["--server", "☃"]],
        "diff": [[good, good], [good, bad], [good, CARD, "--format", "markdown"]],
        "map": [["export", good], ["export", bad], ["verify", good]],
        "schema": [["list"], ["diff", "6.13.8", "6.14.2", good], ["diff", "☃", "☃"]],
        "generate": [[good, bad], [good, "-o", "ö/☃"], [good, "-o", "ö/☃"]],
        "run": [
            [good, "--set", "stamp=stamp.png", "--out", "☃/{attribute}"],
            [good, "--set", "☃=1"],
        ],
        "show": [[good, bad], [good, "--format", "json"]],
        "simulate": [["--model", "☃"], ["--version", "☃"]],
    }
    return [["--help"], ["☃"], ["--☃"], *of_command.get(command, [[good]])]


@pytest.fixture
def run_main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[list[str], str], tuple[int, str, str]]:
    """Run a command line as in a process, on streams of an encoding, and return their contents."""

    def run(arguments: list[str], encoding: str) -> tuple[int, str, str]:
        paths = tmp_path / "stdout", tmp_path / "stderr"
        for name, path in zip(("stdout", "stderr"), paths, strict=True):
            monkeypatch.setattr(sys, name, io.TextIOWrapper(path.open("wb"), encoding=encoding))
        monkeypatch.setattr(sys, "argv", ["invokable", *arguments])
        for name in ("set_threshold", "freeze"):  # would last for the other tests of this process
            monkeypatch.setattr(gc, name, lambda *_: None)
        with pytest.raises(SystemExit) as exit_status_of:
            cli.main()
        status = exit_status_of.value.code
        assert isinstance(status, int)
        out, err = (
            path.read_bytes().decode(encoding) for path in paths
        )  # strict, so everything must be in the encoding
        return status, out, err

    return run


@pytest.mark.parametrize("encoding", slow_beyond(1, ENCODINGS))
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_works_with_every_encoding(
    command: str,
    encoding: str,
    place: Path,
    server: Simulator,
    run_main: Callable[[list[str], str], tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INVOKEAI_URL", server.url)
    for arguments in lines_of(command, server):
        status, out, err = run_main([command, *arguments], encoding)
        assert status in STATUSES, (arguments, err)
        assert "Traceback" not in out + err
        assert "internal error" not in err
        assert out or err or status == 0


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_characters_that_an_encoding_lacks_are_escaped(encoding: str, place: Path) -> None:
    command = [sys.executable, "-m", "invokable", "show", f"{FOREIGN[:8]}.json"]
    done = subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, check=True)
    first = done.stdout.decode(encoding).splitlines()[0]
    start = "Ünï" if encoding == "latin-1" else r"\xdcn\xef"
    assert first.endswith(rf": {start} \u2603 \u5199\u771f \U0001f98a [red]x[/]")


def paths_of(command: click.Command, path: str = "") -> Iterator[str]:
    """The words of each command of a group and its subgroups."""
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from paths_of(inner, f"{path} {name}".strip())


@pytest.mark.parametrize("path", ["", *paths_of(shell)])
def test_every_help_has_an_example_and_is_ascii(path: str) -> None:
    done = CliRunner().invoke(shell, [*path.split(), "--help"])
    assert done.exit_code == 0
    assert f"  invokable {path}" in done.stdout.partition("Usage")[2].partition("\n")[2]
    assert done.stdout.isascii()
    assert all(len(line) <= 110 for line in done.stdout.splitlines())


def test_an_internal_error_is_one_line_with_a_traceback_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a\nb\x1b[31m")

    assert exit_status_of(fail) == 70
    line = capsys.readouterr().err
    assert line.startswith(r"invokable: internal error: ZeroDivisionError: a b\x1b[31m (INVOKABLE_TRACEBACK=1")
    assert line.count("\n") == 1
    monkeypatch.setenv("INVOKABLE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        exit_status_of(fail)


# ------------------------------------------------------------------ readers that go away


def shell_line(line: str, folder: Path | str = ".") -> subprocess.CompletedProcess[str]:
    """Have bash run a line, with `invokable` as the command."""
    script = f'invokable() {{ "{sys.executable}" -m invokable "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def test_ctrl_c_while_a_command_starts_says_so_in_a_line() -> None:
    script = """
import sys
class Interrupts:
    def find_spec(self, name, *_):
        if name == "invokable.cli.shell":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts())
from invokable.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_head_may_close_the_pipe(tmp_path: Path) -> None:
    many = " ".join([CARD] * 40)
    done = shell_line(f"set -o pipefail; invokable show --format json {many} | head -c 10")
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 10, "")
    done = shell_line(f"set -o pipefail; invokable generate {WORKFLOWS} -o {tmp_path} | true")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.glob("*.py")} >= {"colour_card.py", "sd15_text_to_image.py"}


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        (f"invokable show {CARD} >&-", 0, ""),
        (f"invokable show {CARD} >/dev/full", 2, "<stdout>: cannot be read or written: No space left on device\n"),
        ("invokable show nowhere.json 2>&-", 2, ""),
        (f"invokable show {CARD} >/dev/null <&-", 0, ""),
        ("invokable show - <&-", 2, "-: is not JSON: line 1, column 1: expecting value\n"),
        ("invokable run - <&-", 2, "-: is not JSON: line 1, column 1: expecting value\n"),
        ("invokable show nowhere.json 2>/dev/full", 2, ""),
    ],
)
def test_streams_that_are_closed_or_full(line: str, status: int, words: str) -> None:
    done = shell_line(line)
    assert (done.returncode, done.stderr) == (status, words)


# ------------------------------------------------------------------ folders and names


@pytest.mark.parametrize("command", slow_beyond(1, ["show", "generate", "run"]))
def test_a_folder_that_was_deleted(command: str, tmp_path: Path) -> None:
    python = Path(sys.executable).parent / "invokable"
    script = f'mkdir gone; cd gone; rmdir ../gone; "{python}" {command} {CARD}'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "current folder: no longer exists; change to another folder and try again\n"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder without permissions, with a workflow in it."""
    folder = tmp_path / "locked"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "flow.json").write_text("{}")
    (folder / "inner").chmod(0)
    yield folder / "inner"
    (folder / "inner").chmod(0o700)


def without_rights(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have bash run a line, with `invokable` as the command of a non-root user."""
    prefix = ""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read everything, and setpriv is not there to give that up")
        prefix = "setpriv --bounding-set=-dac_override,-dac_read_search"
    script = f'invokable() {{ {prefix} "{sys.executable}" -m invokable "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", slow_beyond(1, ["show", "generate", "run"]))
def test_a_folder_that_cannot_be_read(command: str, locked: Path) -> None:
    done = without_rights(f"invokable {command} {locked}/flow.json", locked.parent)
    assert (done.returncode, done.stderr) == (2, f"{locked}/flow.json: cannot be read: Permission denied\n")


@pytest.mark.parametrize(
    "line",
    [
        "invokable diff . readable",
        "invokable diff readable .",
        "invokable schema diff 6.8.1 6.14.2 .",
    ],
)
def test_no_verdict_leaves_out_a_folder_that_cannot_be_read(line: str, locked: Path) -> None:
    for folder in (locked.parent, locked.parent / "readable"):
        folder.mkdir(exist_ok=True)
        (folder / "colour_card.py").write_bytes((MODULES / "colour_card.py").read_bytes())
    done = without_rights(line, locked.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("inner: cannot be read: Permission denied\n")


def test_a_working_folder_that_cannot_be_read(locked: Path) -> None:
    locked.chmod(0o700)  # so that the shell can enter it
    done = without_rights(f"chmod 0 . && invokable show {CARD}", locked)
    assert done.returncode in (0, 2)
    assert len(done.stderr.splitlines()) == (1 if done.returncode else 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "{long}.json"),
        ("generate", "{long}.json"),
        ("generate", CARD, "-o", "{long}"),
        ("run", "{long}.json"),
        ("run", CARD, "--set", "stamp={long}"),
        ("run", CARD, "--values", "{long}"),
        ("run", CARD, "--set", "stamp=stamp.png", "--out", "{long}/{long}/x"),
        ("show", CARD, "--schema", "{long}.json"),
        ("show", CARD, "--config", "{long}"),
        ("demo", "-o", "{long}"),
    ],
)
def test_a_name_of_300_characters(arguments: tuple[str, ...], place: Path) -> None:
    done = CliRunner().invoke(shell, [argument.replace("{long}", "x" * 300) for argument in arguments])
    assert done.exit_code == 2, done.output
    assert "File name too long" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["show", "generate", "check"])
def test_an_empty_name_is_not_the_current_folder(command: str, place: Path) -> None:
    done = CliRunner().invoke(shell, [command, ""])
    assert done.exit_code == 2, done.output
    assert done.stderr.splitlines() == ['"": is not the path of a file or folder']


@pytest.mark.parametrize("command", ["generate", "check"])
def test_an_empty_output_is_not_the_current_folder(command: str, place: Path) -> None:
    before = sorted(place.iterdir())
    done = CliRunner().invoke(shell, [command, str(CARD), "-o", ""])
    assert (done.exit_code, sorted(place.iterdir())) == (2, before)
    assert done.stderr == '-o "": is not the path of a folder or module\n'


# ------------------------------------------------------------------ templates


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (b"\xff\xfe{{ marker }}", "module.py.jinja: not UTF-8 text"),
        (b"BODY_SHA256 = 1\n", "it must begin with {{ marker }}"),
        (b"{{ marker }}\nx = 1\n", "it must contain the line BODY_SHA256: Final"),
        (b"{{ 1 / 0 }}", "ZeroDivisionError"),
        (b"{{ marker }}\n{% if %}", "line 2"),
        (b"{{ marker }}\n{{ ('0' * 64) | literal }} def (", "the result is not a Python module"),
        (b"{% include 'module.py.jinja' %}", "include each other without end"),
    ],
)
def test_a_faulty_template_is_one_line(template: bytes, words: str, place: Path) -> None:
    (place / "templates").mkdir()
    (place / "templates" / "module.py.jinja").write_bytes(template)
    (place / "pyproject.toml").write_text('[tool.invokable]\ntemplates = "templates"\n')
    done = CliRunner().invoke(shell, ["generate", CARD, "-o", "out", "--config", "pyproject.toml"])
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert words in line
    assert not (place / "out").exists()


# ------------------------------------------------------------------ labels

STEERING = {"newlines", "line separators", "markup", "terminal", "bidi", "nul"}
"""The hostile texts with terminal control characters."""


@pytest.mark.parametrize(
    "text",
    [pytest.param(HOSTILE[kind], id=kind, marks=() if kind in STEERING else pytest.mark.slow) for kind in HOSTILE],
)
def test_no_label_steers_the_terminal(text: str, place: Path, server: Simulator) -> None:
    (place / "hostile.json").write_text(json.dumps(poisoned(text)), encoding="utf-8")
    for arguments in (
        ("show", "hostile.json"),
        ("generate", "hostile.json", "-o", "out"),
        ("run", "hostile.json", "--set", "0=x", "--set", "model=nowhere", "--url", server.url),
    ):
        done: Result = CliRunner().invoke(shell, arguments)
        assert done.exit_code in STATUSES
        assert all(line.replace("\t", " ").isprintable() for line in done.output.split("\n")), arguments


def on_a_terminal(folder: Path, arguments: list[str], **environment: str) -> str:
    """The output of a command on a terminal of 100 columns."""
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "invokable", *arguments],
        cwd=folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    )
    os.close(follower)
    said = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    process.wait(30)
    os.close(leader)
    return said.decode()


def test_a_table_has_lines_on_a_terminal_and_tabs_elsewhere(place: Path) -> None:
    seen = on_a_terminal(place, ["show", CARD])
    assert "───" in seen
    assert "\x1b[1m" in seen
    piped = CliRunner().invoke(shell, ["show", CARD]).stdout
    assert "─" not in piped
    assert "\x1b" not in piped
    assert "0\twidth\tinteger, 16 to 2048\t320\tWidth" in piped.splitlines()


def test_markup_is_text_on_a_terminal_too(place: Path) -> None:
    (place / "hostile.json").write_text(json.dumps(poisoned("[red]x[/] \x1b]0;x\x07")), encoding="utf-8")
    seen = on_a_terminal(place, ["show", "hostile.json"], NO_COLOR="1")
    assert "[red]x[/]" in seen
    assert "\x1b]0" not in seen
    assert "\x1b[3" not in seen  # no colour


def test_a_run_shows_progress_on_a_terminal_only(place: Path) -> None:
    with Simulator(speed=0.15) as slow:
        url = slow.serve()
        arguments = ["run", CARD, "--set", "stamp=stamp.png", "--url", url, "--out", "out/{attribute}"]
        seen = on_a_terminal(place, arguments)
        assert "img_paste" in seen
        assert seen.splitlines()[-1].endswith("card: out/card.png")
        assert CliRunner().invoke(shell, arguments).output == "card: out/card-2.png\n"
