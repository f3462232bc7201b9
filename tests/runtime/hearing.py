"""A driver with events: those of the small server, on the clock of the driver.

deaf       when no events arrive, and the client knows it
lossy      when events are lost, and the client does not know it
"""

from __future__ import annotations

from typing import Any

from invokable import JobEvent
from invokable.runtime.steps.exchange.protocol import Await, Heard, Listen, Sleep, Step, Tell
from invokable.runtime.steps.runs.hearing import ENQUEUED, is_end
from tests.runtime.driving import Driver
from tests.runtime.server import Server

_TICK = 0.05


class Ear:
    def __init__(self, driver: HearingDriver, batch_id: str) -> None:
        self.driver = driver
        self.batch_id = batch_id

    is_alive = True

    @property
    def line(self) -> int:
        return self.driver.line()


class HearingDriver(Driver):
    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self.server = server
        server.now = self.clock
        self.deaf: list[tuple[float, float]] = []
        self.lossy: list[tuple[float, float]] = []
        self.told: list[JobEvent] = []

    def line(self) -> int:
        """The number of the connection, which increases after each disconnection."""
        if any(start <= self.now < end for start, end in self.deaf):
            return 0
        return 1 + sum(end <= self.now for _, end in self.deaf)

    def _perform(self, step: Step) -> Any:
        match step:
            case Listen():
                return Ear(self, step.batch_id)
            case Await():
                return self._await(step)
            case Sleep():
                return self._sleep(step.seconds)
            case Tell():
                self.told += step.events
                return None
        return super()._perform(step)

    def _await(self, step: Await) -> Heard:
        assert isinstance(step.ear, Ear)
        end = self.now + step.seconds
        heard = self._heard(step)
        while self.now < end and heard.line == step.line and not self._has_news(step, heard):
            self.now = min(self.now + _TICK, end)
            heard = self._heard(step)
        return heard

    def _sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + _TICK, end)
            self.server.advance()

    def _has_news(self, step: Await, heard: Heard) -> bool:
        posts = [note.name for _, note in self.server.events].count(ENQUEUED)
        return any(step.every or is_end(note) or (note.name == ENQUEUED and posts > 1) for note in heard.notes)

    def _heard(self, step: Await) -> Heard:
        self.server.advance()
        notes = [note for when, note in self.server.events if self._arrives(when)]
        return Heard(tuple(notes[step.since :]), len(notes), self.line())

    def _arrives(self, when: float) -> bool:
        return not any(start <= when < end for start, end in (*self.deaf, *self.lossy))
