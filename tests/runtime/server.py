"""A minimal server for runs, on the clock of a driver, that can fail in every relevant way.

It has a queue like InvokeAI's (see the comments), runs one item after the other, and draws nothing: the "image" of
an item is named after its values. Each request may have a fate:

    before     the connection breaks before the request arrives
    after      the request is handled, then the connection breaks
    late N     the connection breaks, and the request arrives N seconds later
    twice N    it is handled and answered, and arrives again N seconds later
    html, garbage, truncated, shape, 500, 503 …   it is handled, and answered with that
    !503 …     it is not handled, and answered with that
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from invokable import ConnectionError  # noqa: A004
from invokable.runtime.steps.exchange.protocol import Request, Response, ServerEvent
from invokable.runtime.steps.exchange.responses import parse
from tests.runtime.driving import answer, page

QUEUE = "/api/v1/queue/default"


class Server:
    def __init__(self, *, seconds: float = 1.0, room: int = 10_000, fails: Callable[[Any], bool] | None = None) -> None:
        self.seconds = seconds  # of an item
        self.room = room  # for pending items; more are left out, with status 200
        self.fails = fails or (lambda values: False)
        self.refuses_missing = False  # to retry any item if one is missing, as before 6.12
        self.now: Callable[[], float] = lambda: 0.0
        self.rows: dict[int, dict[str, Any]] = {}
        self.fates: dict[str, list[str]] = {}  # by part of the path, used in order
        self.away: list[tuple[float, float]] = []  # when the server does not answer
        self.log: list[str] = []
        self.ran: Counter[str] = Counter()  # how often each row of values was completed
        self.events: list[tuple[float, ServerEvent]] = []  # with their times
        self._later: list[tuple[float, Request]] = []
        self._ids = itertools.count(1)
        self._busy_until = 0.0

    # --- the interface for a driver -----------------------------------------------------------------------------------

    def __call__(self, request: Request) -> Response | Exception:
        self.advance()
        if any(start <= self.now() < end for start, end in self.away):
            return ConnectionError("refused")
        fate = self._fate(request)
        self.log.append(f"{request.method} {request.path} {fate}")
        if fate == "before":
            return ConnectionError("broken", sent=True)
        if fate.startswith("late"):
            self._later.append((self.now() + float(fate.split()[1]), request))
            return ConnectionError("broken", sent=True)
        if fate.startswith("!"):
            return answer({"detail": "not now"}, int(fate[1:]))
        found = self.handle(request)
        if fate.startswith("twice"):
            self._later.append((self.now() + float(fate.split()[1]), request))
        return _disturbed(found, fate)

    def _fate(self, request: Request) -> str:
        for part, fates in self.fates.items():
            if part in f"{request.method} {request.path}" and fates:
                return fates.pop(0)
        return ""

    # --- the queue ----------------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Let the time since the last request pass: late requests arrive, items run."""
        now = self.now()
        for when, request in sorted(self._later, key=lambda entry: entry[0]):
            if when <= now:
                self._later.remove((when, request))
                self._run_until(when)
                self.handle(request)
        self._run_until(now)

    def settle(self) -> None:
        """Let everything that is pending happen."""
        end = max([self.now(), *(when for when, _ in self._later)])
        for when, request in sorted(self._later, key=lambda entry: entry[0]):
            self._run_until(when)
            self.handle(request)
        self._later.clear()
        self._run_until(end + 10_000)

    def _run_until(self, now: float) -> None:
        for row in sorted(self.rows.values(), key=lambda row: row["item_id"]):
            if row["status"] == "pending" and max(self._busy_until, row["since"]) <= now:
                row["status"] = "in_progress"
                row["start"] = max(self._busy_until, row["since"])
                row["started_at"] = "then"
                self._say("queue_item_status_changed", row, row["start"], status="in_progress")
            if row["status"] == "in_progress":
                self._busy_until = row["start"] + self.seconds
                if self._busy_until > now:
                    return
                self._complete(row)

    def _complete(self, row: dict[str, Any]) -> None:
        name = json.dumps([value["value"] for value in row["field_values"]])
        row["status"] = "failed" if self.fails(row["field_values"]) else "completed"
        if row["status"] == "completed":
            self.ran[name] += 1
            nodes = row["graph"]["nodes"]
            results = {f"x-{node_id}": {"image": {"image_name": f"{name}.png"}, "width": 4} for node_id in nodes}
            session: dict[str, Any] = {
                "results": results,
                "source_prepared_mapping": {node_id: [f"x-{node_id}"] for node_id in nodes},
            }
        else:
            node_id = next(iter(row["graph"]["nodes"]))
            session = {"errors": {"x": "ValueError: bad"}, "prepared_source_mapping": {"x": node_id}} | {
                "graph": row["graph"]
            }
            row |= {"error_type": "ValueError", "error_message": "bad\nvalue", "error_traceback": "T"}
        row["session"] = session
        given = session.get("results", {})
        for executed, result in given.items():
            node = {"id": executed, "invocation_source_id": executed[2:], "type": "node", "result": result}
            self._say("invocation_complete", row, self._busy_until, **node)
        self._say("queue_item_status_changed", row, self._busy_until, status=row["status"])

    def _say(self, name: str, row: dict[str, Any], when: float, **content: Any) -> None:
        self.events.append((when, ServerEvent(name, row["item_id"], content)))

    def post(self, batch: dict[str, Any]) -> Response:
        groups = [
            [
                [
                    {"node_path": d["node_path"], "field_name": d["field_name"], "value": d["items"][number]}
                    for d in group
                ]
                for number in range(len(group[0]["items"]))
            ]
            for group in batch["data"]
        ]
        rows = [[value for part in row for value in part] for row in itertools.product(*groups)] * batch["runs"]
        room = self._free()
        for values in rows[:room]:
            number = next(self._ids)
            self.rows[number] = {
                "item_id": number,
                "batch_id": batch["batch_id"],
                "destination": batch["destination"],
                "status": "pending",
                "field_values": values,
                "session": {},
                "graph": batch["graph"],
                "workflow": batch["workflow"],
                "since": self.now(),
                "created_at": "then",
            }
        self.events.append((self.now(), ServerEvent("batch_enqueued", 0, {})))
        ids = sorted((row["item_id"] for row in self._of(batch["batch_id"])), reverse=True)  # of all POSTs
        counts = {"enqueued": min(len(rows), room), "requested": len(rows)}
        return answer({"batch": batch, **counts, "item_ids": ids})

    def _free(self) -> int:
        pending = [row for row in self.rows.values() if row["status"] == "pending"]
        return max(self.room - len(pending), 0)

    def _of(self, batch_id: str) -> list[dict[str, Any]]:
        return [row for row in self.rows.values() if row["batch_id"] == batch_id]

    def cancel(self, row: dict[str, Any]) -> None:
        self._end(row)
        if row["status"] == "canceled" and "started_at" in row:
            self._say("queue_item_status_changed", row, self.now(), status="canceled")
        elif row["status"] == "canceled":
            self.events.append(
                (self.now(), ServerEvent("queue_items_canceled", 0, {"canceled_item_ids": [row["item_id"]]}))
            )

    def cancel_all(self) -> None:
        for row in self.rows.values():
            self.cancel(row)

    def _end(self, row: dict[str, Any]) -> None:
        if row["status"] == "in_progress":
            self._busy_until = self.now()
        if row["status"] in ("pending", "in_progress"):
            row["status"] = "canceled"

    def prune(self) -> None:
        self.rows = {number: row for number, row in self.rows.items() if row["status"] in ("pending", "in_progress")}

    def clear(self) -> None:
        self.rows.clear()
        self.events.append((self.now(), ServerEvent("queue_cleared", 0, {})))

    def retry(self, number: int) -> None:
        old = self.rows[number]
        new = {**old, "item_id": next(self._ids), "status": "pending", "since": self.now(), "session": {}}
        new.pop("started_at", None)
        self.rows[new["item_id"]] = new | {"retried_from_item_id": old.get("retried_from_item_id") or number}

    def crash(self) -> None:
        """Simulate a restart: running items are canceled without an event, pending items continue."""
        for row in self.rows.values():
            if row["status"] == "in_progress":
                self._end(row)

    # --- the API ------------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        method, path = request.method, request.path
        body: Any = request.json
        if path == "/api/v1/app/version":
            return answer({"version": "6.14.2"})
        if path.endswith("/upload"):
            return answer({"image_name": "up.png", "width": 4, "height": 3}, 201)
        if path == f"{QUEUE}/enqueue_batch":
            return self.post(body["batch"])
        if path.endswith("/status"):
            batch_id = path.split("/")[-2]
            states = Counter(row["status"] for row in self._of(batch_id))
            names = ("pending", "in_progress", "waiting", "completed", "failed", "canceled")
            return answer({name: states[name] for name in names} | {"batch_id": batch_id, "total": states.total()})
        if path == f"{QUEUE}/list_all":
            return answer([row for row in self.rows.values() if row["destination"] == request.params["destination"]])
        if path == f"{QUEUE}/item_summaries_by_ids":
            rows = [self.rows[number] for number in body["item_ids"] if number in self.rows]
            return answer([{name: row[name] for name in ("item_id", "status", "batch_id")} for row in rows])
        if path == f"{QUEUE}/retry_items_by_id":
            missing = [number for number in body if number not in self.rows]
            if missing and self.refuses_missing:
                detail = f"Unexpected error while retrying queue items: No queue item with id {missing[0]}"
                return answer({"detail": detail}, 500)
            there = [self.rows[number] for number in body if number in self.rows]
            again = [row["item_id"] for row in there if row["status"] in ("failed", "canceled")][: self._free()]
            for number in again:
                self.retry(number)
            self.events.append((self.now(), ServerEvent("queue_items_retried", 0, {"retried_item_ids": again})))
            return answer({"retried_item_ids": again})
        if path == f"{QUEUE}/items_by_ids":
            return answer([self.rows[number] for number in body["item_ids"] if number in self.rows])
        if path == f"{QUEUE}/cancel_by_batch_ids":
            for row in self._of(body["batch_ids"][0]):
                self.cancel(row)
            return answer({"canceled": 1})
        if path == f"{QUEUE}/item_ids":
            return answer({"item_ids": sorted(self.rows)})
        if path.startswith(f"{QUEUE}/i/"):
            found = self.rows.get(int(path.removeprefix(f"{QUEUE}/i/").partition("/")[0]))
            if found is None:
                return answer({"detail": "Queue item not found"}, 404)
            if method == "PUT":
                self.cancel(found)
            return answer(found)
        return page() if method == "GET" else answer({"detail": "Method Not Allowed"}, 405)


def misnaming(server: Server, wrong: dict[int, int]) -> Callable[[Request], Response | Exception]:
    """The server's answers, with wrong ids in the one to the POST of a batch."""

    def reply(request: Request) -> Response | Exception:
        given = server(request)
        if request.path.endswith("enqueue_batch") and isinstance(given, Response):
            document = parse(given)
            return answer({**document, "item_ids": [wrong.get(number, number) for number in document["item_ids"]]})
        return given

    return reply


def _disturbed(response: Response, fate: str) -> Response | Exception:
    match fate:
        case "after":
            return ConnectionError("broken", sent=True)
        case "html":
            return page()
        case "garbage":
            return Response(200, "application/json", b"\xff{{", "GET", "http://server")
        case "truncated":
            return Response(200, "application/json", response.body[: len(response.body) // 2], "GET", "http://server")
        case "shape":
            return answer({"hello": "world"})
        case _ if fate.isdigit():
            return answer({"detail": "oops"}, int(fate))
    return response
