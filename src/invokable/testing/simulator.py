"""Simulator: an InvokeAI server in this process, for tests and experiments."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from invokable.contract.server import NEWEST
from invokable.testing.faults.exchange import FaultyApp
from invokable.testing.faults.matching import Faults
from invokable.testing.faults.plan import Fault, FaultPlan
from invokable.testing.faults.tampering import Tamper
from invokable.testing.seen import Job, LoggedRequest
from invokable.testing.server.events import Event
from invokable.testing.server.rows import Row
from invokable.testing.web.app import App
from invokable.testing.web.logged import Logged
from invokable.testing.web.loop import Loop
from invokable.testing.worker import Worker
from invokable.testing.world import World

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from invokable.runtime.client._sync.client import Client
    from invokable.testing.web.port import Port
    from invokable.testing.web.transport import InProcess, Pipe

_ADDRESS: Final = "http://simulator"


class Simulator:
    """An InvokeAI server that runs in this process.

        with Simulator() as server:
            result = server.client().run(Portrait(prompt="a fox"))

    Args:
        version: The InvokeAI version to simulate, one of `invokable.schema.versions()`.
        models: The models on the server: mappings with at least `name`, `base` and `type`. None for a few of each kind.
        boards: The names of the initial boards.
        multiuser: Whether users have to sign in.
        users: The users as `{email: password}`; the first one is the administrator.
        max_queue_size: The maximum number of pending items.
        speed: Additional seconds for each node, and for each of its steps that reports progress.
        faults: The faults to simulate.
        seed: The seed of random choices, if `faults` is not a plan with its own seed.

    Raises SchemaError for an unknown version, ValueError for a model without name, base or type, for a negative or
    infinite speed, for a negative size of the queue and for users without `multiuser`, and TypeError for boards or
    faults of another type. Thread-safe.
    """

    def __init__(
        self,
        version: str = NEWEST,
        *,
        models: Iterable[Mapping[str, Any]] | None = None,
        boards: Iterable[str] = (),
        multiuser: bool = False,
        users: Mapping[str, str] | None = None,
        max_queue_size: int = 10_000,
        speed: float = 0.0,
        faults: FaultPlan | Sequence[Fault] = (),
        seed: int = 0,
    ) -> None:
        if not 0 <= speed < math.inf:
            raise ValueError(f"speed is {speed!r}; expected a number of seconds, 0 or more")
        if max_queue_size < 0:
            raise ValueError(f"max_queue_size is {max_queue_size!r}; expected a number of items, 0 or more")
        if users and not multiuser:
            raise ValueError("users need a server with sign-in; pass multiuser=True, too")
        if isinstance(boards, str):
            raise TypeError(f"boards is the text {boards!r}; expected names, as in [{boards!r}]")
        self._world = World(version, models=models, multiuser=multiuser, max_queue_size=max_queue_size)
        for name in boards:
            self._world.boards.create(name)
        for email, password in (users or {}).items():
            self._world.users.add(email, password, is_admin=not self._world.users.accounts)
        plan = faults if isinstance(faults, FaultPlan) else FaultPlan(tuple(faults), seed)
        self._faults = Faults(plan)
        self._speed = speed
        self._lock = threading.RLock()
        self._log: deque[LoggedRequest] = deque(maxlen=100_000)
        self._loop: Loop | None = None
        self._worker: Worker | None = None
        self._port: Port | None = None
        self._sockets: Any = None
        self._app: ASGIApp | None = None
        self._clients: list[Client] = []
        self._listeners: list[Callable[[str, dict[str, Any]], None]] = []
        self.open_pipes: set[Pipe] = set()
        self._world.hub.listen(Tamper(self._faults, self._deliver))
        self._world.hub.listen(self._faults_with)

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._loop is None else "down" if self._app is None else "running"
        return f"Simulator(version={self.version!r}, {state})"

    # ------------------------------------------------------------------ lifecycle

    def start(self) -> None:
        """Start to answer requests and run items. Does nothing if it is running."""
        with self._lock:
            if self._loop is None:
                self._loop = Loop()
                self._boot()

    def close(self) -> None:
        """Stop the server, and close its clients."""
        with self._lock:
            if self._loop is None:
                return
            for client in self._clients:
                client.close()
            self._clients.clear()
            self._halt()
            self._loop.stop()
            self._loop = None

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Also listen on a port, by default a free one. Returns the URL.

        Raises OSError if the port is taken.
        """
        from invokable.testing.web.port import Port

        with self._lock:
            self.start()
            if self._port is None:
                self._port = Port(self.loop, host, port)
                if self._app is not None:
                    self._port.open(self._app)
            return self._port.url

    @property
    def url(self) -> str:
        """The URL: that of the port if there is one, else one that only works for clients from `client`."""
        return self._port.url if self._port else _ADDRESS

    @property
    def is_served(self) -> bool:
        """Whether it listens on a port."""
        return self._port is not None

    @property
    def version(self) -> str:
        """The simulated InvokeAI version."""
        return self._world.version

    @property
    def is_down(self) -> bool:
        """Whether it has crashed or was not started."""
        return self._app is None

    def crash(self, restart_after: float | None = None) -> None:
        """Stop immediately, as after kill -9: connections break, new ones are refused, running items are interrupted.

        The server restarts after `restart_after` seconds, or when `restart` is called.
        """
        with self._lock:
            if self._app is None:
                return
            self._halt()
        if restart_after is not None:
            timer = threading.Timer(restart_after, self.restart)
            timer.daemon = True
            timer.start()

    def restart(self) -> None:
        """Start again with the same state: running items are canceled, pending ones continue."""
        with self._lock:
            if self._loop is None or self._app is not None:
                return
            self._world.queue.interrupt()
            self._world.cache = None
            self._boot()

    def _boot(self) -> None:
        from invokable.testing.web.sockets import Sockets

        self._world.hub.muted = False
        self._sockets = Sockets(self._world, self.loop)
        logged = Logged(App(self._world, self._sockets), self._note)
        app = FaultyApp(logged, self._faults, self._act_from_loop)
        self._worker = Worker(self._world, speed=self._speed, finished=self._item_ended)
        self._worker.start()
        if self._port is not None:
            self._port.open(app)
        self._app = app

    def _halt(self) -> None:
        self._app = None
        self._world.hub.muted = True
        if self._worker is not None:
            self._worker.kill()
            self._worker.join(1.0)
        for pipe in list(self.open_pipes):
            pipe.cut()
        if self._port is not None:
            self._port.shut()
        if self._sockets is not None:
            self._sockets.end()
            self._sockets = None

    # ------------------------------------------------------------------ access

    @property
    def loop(self) -> Loop:
        """The simulator's own event loop. Raises RuntimeError if it was not started."""
        if self._loop is None:
            raise RuntimeError("the simulator is not running; use it in a with block, or call start()")
        return self._loop

    @property
    def app(self) -> ASGIApp | None:
        """The ASGI application; None while the server is down."""
        return self._app

    def transport(self) -> InProcess:
        """An httpx transport to the simulator without a port, for sync and async clients."""
        from invokable.testing.web.transport import InProcess

        self.start()
        return InProcess(self)

    def client(self, **options: Any) -> Client:
        """A client of the simulator, closed together with it. `options` are those of `invokable.Client`.

        It needs no port. If there is one, the client uses it and receives events.
        """
        from invokable.runtime.client._sync.client import Client

        self.start()
        client = Client(self.url, **options) if self.is_served else Client._over(self.transport(), self.url, **options)
        self._clients.append(client)
        return client

    def token(self, email: str, *, seconds: float | None = None) -> str:
        """A user's token for `Client(token=…)`, valid for a day or for `seconds`. Raises KeyError."""
        for account in self._world.users.accounts.values():
            if account.email == email:
                return self._world.users.token(account, seconds=seconds)
        raise KeyError(email)

    def listen(self, listener: Callable[[str, dict[str, Any]], None]) -> None:
        """Call `listener` with the name and payload of each event from now on, as a socket would receive them."""
        self._listeners.append(listener)

    # ------------------------------------------------------------------ what happened

    @property
    def jobs(self) -> list[Job]:
        """The items that were started, oldest first, including those deleted since."""
        with self._world.queue.lock:
            return [Job.of(ran) for _, ran in sorted(self._world.ran.items())]

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests that the server handled, oldest first."""
        return list(self._log)

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The events that the server published, by name and payload, oldest first."""
        return list(self._world.hub.history)

    @property
    def fired(self) -> list[tuple[Fault, str]]:
        """The faults that happened, and what they affected."""
        return list(self._faults.fired)

    # ------------------------------------------------------------------ what others do

    def add_fault(self, fault: Fault) -> None:
        """Add a fault to the plan."""
        self._faults.add(fault)

    def clear_by_other(self) -> int:
        """Clear the queue as another user. Returns the number of items removed."""
        return self._world.queue.clear("default")

    def prune_by_other(self) -> int:
        """Prune the queue as another user. Returns the number of items removed."""
        return self._world.queue.prune("default")

    def cancel_by_other(self) -> int:
        """Cancel everything as another user. Returns the number of items canceled."""
        return self._world.queue.cancel_where("default", lambda row: True)

    def pause(self) -> None:
        """Pause the queue: start no more items."""
        self._world.paused = True

    def resume(self) -> None:
        """Resume the queue."""
        with self._world.queue.wake:
            self._world.paused = False
            self._world.queue.wake.notify_all()

    # ------------------------------------------------------------------ faults

    def _note(self, method: str, path: str, status: int | None) -> None:
        self._log.append(LoggedRequest(method, path, status))

    def _deliver(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event.name, event.payload)
        if self._sockets is not None:
            self._sockets.publish(event)

    def _item_ended(self, row: Row) -> None:
        for fault in self._faults.for_ended_item(row.item_id):
            self._act(fault)

    def _faults_with(self, event: Event) -> None:
        for fault in self._faults.with_event(event.name):
            # The publisher holds locks, which the fault's action must not wait for.
            threading.Thread(target=self._act, args=[fault], daemon=True).start()

    async def _act_from_loop(self, fault: Fault) -> None:
        await asyncio.to_thread(self._act, fault)

    def _act(self, fault: Fault) -> None:
        match fault.kind:
            case "crash":
                self.crash(fault.seconds)
            case "clear":
                self.clear_by_other()
            case "prune":
                self.prune_by_other()
            case "cancel":
                self.cancel_by_other()
            case "drop_socket":
                if self._sockets is not None:
                    self._sockets.drop()
