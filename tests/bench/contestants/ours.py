"""invokable: jobs one after the other on one client. Prints what `tests.bench.clients` reads."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def main(url: str, jobs: int) -> None:
    """Run the jobs of the generated module `plain` against the server at `url`."""
    begun, cpu = time.perf_counter(), time.process_time()
    from plain import Plain  # type: ignore[import-not-found]

    from invokable import Client

    client = Client(url)
    imported, imported_cpu = time.perf_counter() - begun, time.process_time() - cpu

    sent = 0
    transport: Any = client._engine.transport
    send = transport.send

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal sent
        sent += 1
        return send(*arguments, **options)

    transport.send = counted
    with client:
        client.run(Plain(width=64))  # warm up
        sent, returned, items = 0, [], []
        cpu = time.process_time()
        for number in range(jobs):
            result = client.run(Plain(width=72 + 8 * number))
            returned.append(time.time())
            assert result.images
            items += result.item_ids
        cpu = time.process_time() - cpu
    measured = {"imported": imported, "imported_cpu": imported_cpu, "cpu": cpu / jobs, "requests": sent / jobs}
    print(json.dumps(measured | {"items": items, "returned": returned}))


main(sys.argv[1], int(sys.argv[2]))
