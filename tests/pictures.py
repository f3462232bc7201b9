"""Recreate the images of the README: `python -m tests.pictures`.

They go to docs/images: the images of the demo, and its module as shown in an editor.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.syntax import Syntax

from tests.examples import MODULES, ROOT

FOLDER = ROOT / "docs" / "images"
_SIDE = 320
_GAP = 12


def main() -> None:
    """Create both images."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "invokable", "demo", "-o", folder], check=True, stdout=subprocess.DEVNULL)
        _side_by_side(sorted((Path(folder) / "images").glob("picture-*.png"))).save(FOLDER / "demo.png", optimize=True)
    (FOLDER / "module.svg").write_text(_face(), encoding="utf-8")


def _side_by_side(paths: list[Path]) -> Image.Image:
    row = Image.new("RGB", (len(paths) * (_SIDE + _GAP) - _GAP, _SIDE), (255, 255, 255))
    for number, path in enumerate(paths):
        row.paste(Image.open(path).resize((_SIDE, _SIDE)), (number * (_SIDE + _GAP), 0))
    return row


def _face() -> str:
    """The beginning of the example's class, as in an editor."""
    lines = (MODULES / "sd15_text_to_image.py").read_text(encoding="utf-8").splitlines()
    start = lines.index("    model: Annotated[")
    end = next(number for number, line in enumerate(lines) if line.startswith("    scheduler:"))
    console = Console(record=True, width=96, file=open("/dev/null", "w"))  # noqa: SIM115
    code = ["@dataclass(kw_only=True, repr=False)", "class SD15TextToImage(Workflow):", *lines[start:end]]
    shown = Syntax("", "python", theme="monokai", background_color="default").highlight("\n".join(code).rstrip())
    for margin in re.finditer("^ +", shown.plain, re.MULTILINE):
        shown.stylize("dim", *margin.span())  # a separate piece, as leading spaces of a piece are lost
    console.print(shown)
    svg = console.export_svg(title="sd15_text_to_image.py")
    return re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)  # it would be fetched from another host


if __name__ == "__main__":
    main()
