# type: ignore
"""invokeai-py-client: the same jobs, as its documentation runs them. Prints what `tests.bench.clients` reads."""

from __future__ import annotations

import json
import sys
import time


def main(url: str, jobs: int, poll: float) -> None:
    """Run the jobs of the workflow `plain.json` against the server at `url`."""
    begun, cpu = time.perf_counter(), time.process_time()
    from invokeai_py_client import InvokeAIClient
    from invokeai_py_client.workflow import WorkflowDefinition

    client = InvokeAIClient.from_url(url)
    flow = client.workflow_repo.create_workflow(WorkflowDefinition.from_file("plain.json"))
    imported, imported_cpu = time.perf_counter() - begun, time.process_time() - cpu

    sent = 0
    request = client.session.request

    def counted(*arguments, **options):
        nonlocal sent
        sent += 1
        return request(*arguments, **options)

    client.session.request = counted
    (width,) = (item.input_index for item in flow.list_inputs() if item.field_name == "width")

    def run(value: int) -> tuple[int, list[str]]:
        flow.get_input_value(width).value = value
        (item,) = flow.submit_sync()["item_ids"]
        done = flow.wait_for_completion_sync(poll_interval=poll, timeout=60)
        return item, [name for mapping in flow.map_outputs_to_images(done) for name in mapping["image_names"]]

    run(64)
    sent, returned, items = 0, [], []
    cpu = time.process_time()
    for number in range(jobs):
        item, names = run(72 + 8 * number)
        returned.append(time.time())
        assert names
        items.append(item)
    cpu = time.process_time() - cpu
    measured = {"imported": imported, "imported_cpu": imported_cpu, "cpu": cpu / jobs, "requests": sent / jobs}
    print(json.dumps(measured | {"items": items, "returned": returned}))


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
