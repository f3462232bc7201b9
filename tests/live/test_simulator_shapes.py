"""The simulator answers like a real server: the same script runs on both and is compared step by step.

Statuses, content types, headers, keys and types must be equal, and refusals word for word. ALLOWED lists what may
differ, and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, Final

import pytest

from invokable.testing import Simulator
from tests.live.exchanges import Exchange, Script, events
from tests.live.keeping import keeping, settled
from tests.live.provision import DEFAULT_VERSION, Server, live_server
from tests.live.signing_in import Users

ALLOWED: Final[dict[str, tuple[str, str]]] = {
    # step: (what is left out of the comparison, why)
    "app/runtime_config": ("body", "the simulator only has the settings that concern a client"),
    "installations": ("body", "there are none on the simulator"),
    "app/app_deps": ("body", "the simulator does not have InvokeAI's dependencies"),
    "unknown type": ("order", "the server lists the node types in the order of a set, which changes with every start"),
    **dict.fromkeys(
        (
            *("put on board", "take off", "put several", "take several"),
            *("put it", "take it", "put it there"),
        ),
        ("order", "the server lists the boards in the order of a set"),
    ),
}


def comparable(exchange: Exchange) -> Exchange:
    """An exchange, without what may differ."""
    left_out, _ = ALLOWED.get(exchange.step, ("", ""))
    if left_out == "body":
        return replace(exchange, body=None)
    if left_out == "order":
        return replace(exchange, body=_in_order(exchange.body))
    return exchange


def differences(theirs: Any, ours: Any, where: str) -> Iterator[str]:
    """A line for each difference between two documents."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in {**theirs, **ours}:
            yield from differences(theirs.get(name, "(nothing)"), ours.get(name, "(nothing)"), f"{where}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for position, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(one, other, f"{where}.{position}")
    elif theirs != ours:
        yield f"{where}: the server has {str(theirs)[:300]}, the simulator {str(ours)[:300]}"


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted((_in_order(item) for item in value), key=repr)
    return sorted(value.replace(",", " ").split()) if isinstance(value, str) else value


def test_answers_have_the_shapes_of_the_real_server(unused: Server) -> None:
    with Simulator(unused.version, models=[]) as simulator:
        simulated = Script(simulator.serve()).run()
    expected = Script(unused.url).run()

    assert_alike(expected, simulated)


def test_multi_user_servers_answer_alike(unused: Server) -> None:
    if unused.version != DEFAULT_VERSION:
        pytest.skip(f"servers have several users in {DEFAULT_VERSION}, this one has {unused.version}")
    with Simulator(DEFAULT_VERSION, models=[], multiuser=True) as simulator:
        simulated = Users(simulator.serve()).run()
    with live_server(DEFAULT_VERSION, multiuser=True) as crowd:
        expected = Users(crowd.url).run()

    assert_alike(expected, simulated)


def assert_alike(expected: list[Exchange], simulated: list[Exchange]) -> None:
    assert [exchange.step for exchange in simulated] == [exchange.step for exchange in expected]
    pairs = zip(map(comparable, expected), map(comparable, simulated), strict=True)
    differing = [line for theirs, ours in pairs for line in differences(asdict(theirs), asdict(ours), theirs.step)]
    assert not differing, "\n" + "\n".join(differing)


def test_events_have_the_order_and_the_shapes_of_the_real_server(unused: Server) -> None:
    with Simulator(unused.version, models=[]) as simulator:
        simulated = events(simulator.serve())
    expected = events(unused.url)

    assert _ordered(simulated) == _ordered(expected)
    assert dict(simulated) == dict(expected)


def _ordered(heard: list[tuple[str, Any]]) -> list[str]:
    # The server reports a new batch at any time.
    return [name for name, _ in heard if name != "batch_enqueued"]


def test_stored_things_are_answered_alike(unused: Server) -> None:
    videos = unused.version == "6.14.2"
    with Simulator(unused.version, models=[]) as simulator:
        simulated = keeping(simulator.serve(), videos=videos)
    expected = keeping(unused.url, videos=videos)

    assert_alike(settled(expected), settled(simulated))
