"""Models as records: listing, finding and deleting them, and installing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from invokable.runtime.errors import ModelInstallError, NotFoundError
from invokable.runtime.steps import answers
from invokable.runtime.steps.answers import ModelList, existing, parse, read, shaped
from invokable.runtime.steps.deadline import Clock
from invokable.runtime.steps.models import MODELS, Known, list_models, matching, near, nearest
from invokable.runtime.steps.protocol import Request, Response, Sleep, Steps, fetch, in_path
from invokable.runtime.steps.records import record
from invokable.runtime.values.inputs import Model
from invokable.runtime.values.records import ModelInstall, ModelRecord

_INSTALL: Final = f"{MODELS}install"
_PAUSE: Final = 0.2  # seconds between two looks, growing
_LONGEST: Final = 2.0


def list_records(*, base: str, type: str, name: str, format: str) -> Steps[list[ModelRecord]]:  # noqa: A002
    """The models that fit; an empty text is any."""
    wanted = {"base_models": base, "model_type": type, "model_name": name}
    response = yield from fetch(Request("GET", MODELS, {key: value for key, value in wanted.items() if value}))
    found = [model_record(one, response) for one in read(response, ModelList).models]
    return [one for one in found if format in ("", one.format)]


def get_model(key: str) -> Steps[ModelRecord]:
    """The model of a key. Raises NotFoundError."""
    response = yield from fetch(Request("GET", f"{MODELS}i/{in_path(key)}"))
    missing = NotFoundError(f"the server has no model with the key {key!r}", name=key)
    return model_record(shaped(existing(response, missing), answers.ModelRecord, where=response.url), response)


def find_model_record(value: Model | str, known: Known) -> Steps[ModelRecord]:
    """The model that a reference means: by key, else by hash, else by name with base and type. Raises NotFoundError."""
    model = Model(name=value) if isinstance(value, str) else value
    known.models_listed = known.uploads.clock()
    known.models = yield from list_models()
    found = matching(model, known.models)
    if len(found) == 1:
        return model_record(found[0])
    if found:
        several = ", ".join(f"{one.name} ({one.type}, {one.base}, key {one.key})" for one in found)
        message = f"{len(found)} models fit {model}: {several}; give base, type or key"
        raise NotFoundError(message, name=str(model), found=len(found), nearest=(one.key for one in found))
    names = [one.name for one in known.models]
    message = f"the server has no model {model}{nearest(str(model), names)}"
    raise NotFoundError(message, name=str(model), nearest=near(str(model), names))


def delete_model(value: Model | str, known: Known) -> Steps[None]:
    """Delete a model, its files too where InvokeAI keeps them. Raises NotFoundError."""
    model = yield from find_model_record(value, known)
    response = yield from fetch(Request("DELETE", f"{MODELS}i/{in_path(model.key)}"))
    known.models = yield from list_models()
    # 6.14 fails at an answer without a body, once it has deleted the model: what counts is that it is gone.
    if response.status >= 400 and any(one.key == model.key for one in known.models):
        parse(response)


def start_install(source: str, *, inplace: bool, token: str | None, config: dict[str, Any]) -> Steps[ModelInstall]:
    """Have the server install a model."""
    params = {"source": source, "inplace": str(inplace).lower(), **({"access_token": token} if token else {})}
    response: Response = yield Request("POST", _INSTALL, params, json=config)
    return _install(parse(response), response)


def list_installs() -> Steps[list[ModelInstall]]:
    """All installations since the server was started."""
    response = yield from fetch(Request("GET", _INSTALL))
    return [_install(value, response) for value in read(response, list[dict[str, Any]])]


def get_install(install_id: int) -> Steps[ModelInstall]:
    """How far an installation is. Raises NotFoundError."""
    response = yield from fetch(Request("GET", f"{_INSTALL}/{int(install_id)}"))
    missing = NotFoundError(f"the server has no installation {install_id}", name=str(install_id))
    return _install(existing(response, missing), response)


def cancel_install(install_id: int) -> Steps[ModelInstall]:
    """Cancel an installation, if it has not ended. Raises NotFoundError."""
    install = yield from get_install(install_id)  # cancelling what is not there is a 415
    if install.ended:
        return install
    parse((yield from fetch(Request("DELETE", f"{_INSTALL}/{int(install_id)}"))))
    return (yield from get_install(install_id))


def await_install(
    install: ModelInstall,
    known: Known,
    clock: Clock,
    timeout: float | None,
    tell: Callable[[ModelInstall], object] | None,
) -> Steps[ModelRecord]:
    """Wait for an installation, and `tell` how far it is whenever that changes. Raises ModelInstallError."""
    end = None if timeout is None else clock() + timeout
    pause, told = _PAUSE, ""
    while True:
        if tell is not None and told != repr(install):
            told = repr(install)
            tell(install)
        if install.ended:
            break
        if end is not None and clock() >= end:
            message = f"{install.source} is not installed after {timeout:g} s; the server goes on"
            raise ModelInstallError(message, install=install)
        yield Sleep(pause if end is None else max(min(pause, end - clock()), 0.01))
        pause = min(pause * 1.3, _LONGEST)
        install = yield from get_install(install.id)
    known.models = None
    if install.model is None:
        what = "was cancelled" if install.status == "cancelled" else f"was not installed: {install.reason}"
        raise ModelInstallError(f"{install.source} {what}", install=install)
    return install.model


def model_record(one: answers.ModelRecord, response: Response | None = None) -> ModelRecord:
    """What the server says of a model."""
    config = one.model_dump()
    triggers = tuple(config.get("trigger_phrases") or ())
    where = response.url if response else MODELS
    return record(ModelRecord, config, where=where, config=config, trigger_phrases=triggers)


def _install(value: Any, response: Response) -> ModelInstall:
    said = value if isinstance(value, dict) else {}
    model = said.get("config_out") if said.get("status") == "completed" else None
    read_model = model_record(shaped(model, answers.ModelRecord, where=response.url), response) if model else None
    return record(
        ModelInstall,
        value,
        where=response.url,
        source=_source(said.get("source")),
        reason=str(said.get("error") or said.get("error_reason") or ""),
        model=read_model,
    )


def _source(value: Any) -> str:
    """Where a model comes from, in the words in which it was asked for."""
    if not isinstance(value, dict):
        return str(value or "")
    parts = [value.get("repo_id"), value.get("variant"), value.get("subfolder")]
    return str(value.get("path") or value.get("url") or ":".join(str(part) for part in parts if part))
