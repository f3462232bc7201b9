"""Both clients have one source: `python -m tests.unasync` generates the blocking one from the asynchronous one."""

from __future__ import annotations

from tests.unasync import BY_HAND, CLIENT, modules


def test_the_blocking_client_is_generated_from_the_asynchronous_one() -> None:
    made = modules()
    assert {path.name for path in (CLIENT / "_sync").rglob("*.py")} == {path.name for path in made} | {BY_HAND}
    differing = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not differing, "run python -m tests.unasync"
