"""One side of `tests.bench.peer`: this package. Prints what it measured as JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from generated_examples.colour_card import ColourCard

from invokable import Client, Image
from invokable.runtime.client._http import Transport


def main(url: str, image: str, count: int) -> None:
    """Run so many cards, one after the other."""
    requests = 0
    send = Transport.send

    def counting(transport: Transport, request: Any) -> Any:
        nonlocal requests
        requests += 1
        return send(transport, request)

    Transport.send = counting  # type: ignore[method-assign, assignment]
    with Client(url) as client:
        client.run(card(image, 0))
        requests, cpu, returned = 0, time.process_time(), {}
        for left in range(1, count + 1):
            (item_id,) = client.run(card(image, left)).item_ids
            returned[item_id] = time.time()
        cpu = time.process_time() - cpu
        print(json.dumps({"cpu": cpu, "requests": requests, "returned": returned}))


def card(image: str, left: int) -> ColourCard:
    """A card whose stamp lies somewhere else each time, so that nothing is cached."""
    return ColourCard(stamp=Image(image), width=64, height=64, left=left)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
