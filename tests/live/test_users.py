"""The repositories of several users, on a real server. The same tests run on the simulator in tests/contract."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from generated_examples.colour_card import ColourCard

from invokable import AuthenticationError, Client
from tests.contract.test_users import *  # noqa: F403
from tests.contract.test_users import People, sizes
from tests.live.provision import Server


def ending(token: str, crowd: Server, *, seconds: int) -> str:
    """The same token, but valid for so many seconds from now."""
    assert crowd.root
    with closing(sqlite3.connect(crowd.root / "databases" / "invokeai.db")) as database:
        (key,) = database.execute("SELECT value FROM app_settings WHERE key = 'jwt_secret'").fetchone()
    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    signed = f"{head}.{_packed(json.dumps({**claims, 'exp': int(time.time()) + seconds}).encode())}"
    return f"{signed}.{_packed(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_an_expired_token_is_refused(people: People, crowd: Server, connect: Callable[..., Client]) -> None:
    token = people.token("one")
    with connect(crowd.url, token=ending(token, crowd, seconds=60)) as client:
        client.queue.status()
    with connect(crowd.url, token=ending(token, crowd, seconds=-1)) as client:
        with pytest.raises(AuthenticationError, match=r"Invalid or expired token .*email= and password="):
            client.queue.status()
        with pytest.raises(AuthenticationError):
            client.run(ColourCard(stamp=b"x"), timeout=30)


@pytest.mark.usefixtures("paused")
def test_a_token_that_expires_while_a_run_waits_is_replaced(
    one: Client, admin: Client, people: People, crowd: Server, stamp: Path
) -> None:
    job = one.submit(ColourCard(stamp=stamp, width=sizes(1)[0], height=64))
    credentials = one._engine.transport._credentials
    credentials.token = expired = ending(people.token("one"), crowd, seconds=-1)
    resume = threading.Timer(3, admin.queue.resume)
    resume.start()
    assert job.result(timeout=60).card.bytes()
    resume.join()
    assert credentials.token != expired
    assert one.queue.status().pending == 0
