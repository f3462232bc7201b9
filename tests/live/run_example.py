"""Run the example that needs no model on a real InvokeAI server, which is installed if necessary.

python -m tests.live.run_example [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from generated_examples.colour_card import ColourCard
from PIL import Image

from invokable import Client
from tests.live.provision import live_server


def main(folder: str = "out") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        stamp = Path(temporary) / "stamp.png"
        Image.new("RGB", (96, 64), (240, 190, 20)).save(stamp)
        card = ColourCard(width=320, height=200, stamp=stamp, left=112, top=68)
        with live_server() as server, Client(server.url) as client:
            result = client.run(card)
            print(result.card.save(folder))


if __name__ == "__main__":
    main(*sys.argv[1:2])
