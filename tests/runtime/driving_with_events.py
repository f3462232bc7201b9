"""A driver with events: those of the small server, on the clock of the driver.

disconnected  when no events arrive, and the client knows it
lossy         when events are lost, and the client does not know it
"""

from __future__ import annotations

from typing import Any

from invokable import JobEvent
from invokable.runtime.steps.exchange.protocol import AwaitEvents, ReceivedEvents, Report, Sleep, Step, Subscribe
from invokable.runtime.steps.exchange.server_events import BATCH_ENQUEUED, may_report_end
from tests.runtime.driving import Driver
from tests.runtime.server import Server

_TICK = 0.05


class DrivenSubscription:
    def __init__(self, driver: EventDriver, batch_id: str) -> None:
        self.driver = driver
        self.batch_id = batch_id

    is_alive = True

    @property
    def connection_id(self) -> int:
        return self.driver.connection_id()


class EventDriver(Driver):
    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self.server = server
        server.now = self.clock
        self.disconnected: list[tuple[float, float]] = []
        self.lossy: list[tuple[float, float]] = []
        self.reported: list[JobEvent] = []
        self.runs = 1

    def connection_id(self) -> int:
        """The connection, whose id increases after each disconnection."""
        if any(start <= self.now < end for start, end in self.disconnected):
            return 0
        return 1 + sum(end <= self.now for _, end in self.disconnected)

    def _perform(self, step: Step) -> Any:
        match step:
            case Subscribe():
                return DrivenSubscription(self, step.batch_id)
            case AwaitEvents():
                return self._await(step)
            case Sleep():
                return self._sleep(step.seconds)
            case Report():
                self.reported += step.events
                return None
        return super()._perform(step)

    def _await(self, step: AwaitEvents) -> ReceivedEvents:
        assert isinstance(step.subscription, DrivenSubscription)
        end = self.now + step.seconds
        received = self._received(step)
        while self.now < end and received.connection_id == step.connection_id and not self._has_news(step, received):
            self.now = min(self.now + _TICK, end)
            received = self._received(step)
        return received

    def _sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + _TICK, end)
            self.server.advance()

    def _has_news(self, step: AwaitEvents, received: ReceivedEvents) -> bool:
        posts = [event.name for _, event in self.server.events].count(BATCH_ENQUEUED)
        return any(
            step.any_event or may_report_end(event) or (event.name == BATCH_ENQUEUED and posts > 1)
            for event in received.events
        )

    def _received(self, step: AwaitEvents) -> ReceivedEvents:
        self.server.advance()
        events = [event for when, event in self.server.events if self._arrives(when)]
        return ReceivedEvents(tuple(events[step.since :]), len(events), self.connection_id(), self.runs)

    def _arrives(self, when: float) -> bool:
        return not any(start <= when < end for start, end in (*self.disconnected, *self.lossy))
