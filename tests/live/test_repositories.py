"""The repositories of a client, on a real server. The same tests run on the simulator in tests/contract."""

from __future__ import annotations

import pytest

from invokable import APIError, Client, ModelInstallError
from tests.contract.test_repositories import *  # noqa: F403


def test_anything_but_a_model_is_refused(client: Client) -> None:
    with pytest.raises(APIError, match="Unsupported model source") as caught:
        client.models.install("/no/such/file.safetensors")
    assert caught.value.status == 409
    assert caught.value.advice == "expected an existing path on the server, a URL, or a Hugging Face repository"


def test_a_model_that_was_not_installed_is_reported_with_the_reason(client: Client) -> None:
    with pytest.raises(ModelInstallError, match="was not installed") as caught:
        client.models.install("https://127.0.0.1:1/x.safetensors", timeout=60)
    assert caught.value.install.status == "error"
    assert caught.value.install.source == "https://127.0.0.1:1/x.safetensors"
