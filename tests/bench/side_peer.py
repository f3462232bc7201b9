"""The other side of `tests.bench.peer`: invokeai-py-client, on a Python that has it. Prints JSON, too."""

# mypy: ignore-errors

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from invokeai_py_client import InvokeAIClient
from invokeai_py_client.workflow import WorkflowDefinition
from requests import Session

WORKFLOW = Path(__file__).parents[2] / "generated_examples" / "workflows" / "colour_card.json"


def main(url: str, image: str, count: int) -> None:
    """Run so many cards, one after the other, as its documentation shows."""
    requests = 0
    send = Session.send

    def counting(session, request, **options):
        nonlocal requests
        requests += 1
        return send(session, request, **options)

    Session.send = counting
    text = WORKFLOW.read_text(encoding="utf-8")
    document = json.loads(text)
    # It finds inputs only below an element of this name, and refuses 4.0.0, which differs in nothing that matters here.
    document = json.loads(text.replace(document["form"]["rootElementId"], "root"))
    document["meta"]["version"] = "3.0.0"
    client = InvokeAIClient.from_url(url)
    workflow = client.create_workflow(WorkflowDefinition.from_dict(document))
    by_name = {one.field_name: one.field for one in workflow.list_inputs()}
    by_name["image"].value = image
    by_name["width"].value = by_name["height"].value = 64

    def run(left: int) -> int:
        by_name["x"].value = left
        workflow.submit_sync()
        # Its least pause that still leaves the server some time; the default is half a second.
        item = workflow.wait_for_completion_sync(poll_interval=0.1)
        assert workflow.map_outputs_to_images(item)
        return item["item_id"]

    run(0)
    requests, cpu, returned = 0, time.process_time(), {}
    for left in range(1, count + 1):
        item_id = run(left)
        returned[item_id] = time.time()
    cpu = time.process_time() - cpu
    print(json.dumps({"cpu": cpu, "requests": requests, "returned": returned}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
