"""docs/connection.md as a program: its examples run, and its tables are complete."""

from __future__ import annotations

import dataclasses
import logging
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from invokable import Connection, Policy
from invokable.testing import Simulator
from tests.examples import ROOT
from tests.runtime.relays import listening, relay_to

PAGE = (ROOT / "docs" / "connection.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
EMAIL, PASSWORD = "me@example.org", "pass"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Simulator, int]]:
    """A folder with the files of the page, a multi-user server, and its TLS port."""
    folder = tmp_path_factory.mktemp("page")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    ours = authority.issue_cert("client")
    ours.cert_chain_pems[0].write_to_path(folder / "client.pem")
    ours.private_key_pem.write_to_path(folder / "client.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Simulator(multiuser=True, users={EMAIL: PASSWORD}) as simulator:
        simulator.serve()
        with listening(relay_to(simulator.url), tls=context) as port:
            yield folder, simulator, port


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(
    number: int,
    servers: tuple[Path, Simulator, int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, simulator, port = servers
    monkeypatch.chdir(folder)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    source = EXAMPLES[number].replace("http://gpu.example.org:9090", simulator.url)
    source = source.replace("https://gpu.example.org/invoke", f"https://127.0.0.1:{port}")
    exec(compile(source, "connection.md", "exec"), {"password": PASSWORD, "token": simulator.token(EMAIL)})
    said = capsys.readouterr().out.strip()
    promised = re.findall(r"print\(.*\)  # (.*)", source)
    assert said == (promised[0] if promised else simulator.version if "print(" in source else "")
    logging.getLogger("invokable").setLevel(logging.NOTSET)


@pytest.mark.parametrize("kind", [Connection, Policy])
def test_the_tables_name_every_option(kind: type) -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {field.name for field in dataclasses.fields(kind)} <= named


def test_the_table_of_the_policy_has_its_defaults() -> None:
    policy = Policy()
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([\d., ]+) \|", PAGE, re.MULTILINE)
    found = {
        name.strip("`"): float(value)
        for names, values in rows
        for name, value in zip(names.split(", "), values.split(", "), strict=True)
    }
    assert found == {name: getattr(policy, name) for name in found}
    assert len(found) == len(dataclasses.fields(Policy)) - 2  # all but `models` and `outputs`
