"""Model manager: listing, finding, changing, deleting and installing the models of a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from invokable.runtime.errors import APIError, ConnectionError, ModelInstallError, NotFoundError  # noqa: A004
from invokable.runtime.steps.exchange import answers
from invokable.runtime.steps.exchange.answers import ModelList
from invokable.runtime.steps.exchange.deadline import Deadline, TimeUp, within
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.nearest import not_found
from invokable.runtime.steps.exchange.protocol import File, Request, Response, Sleep, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import existing, parse, read, shaped
from invokable.runtime.steps.resources.models import (
    MODELS,
    described,
    described_otherwise,
    matching,
    model_of,
    model_record,
    relist_models,
)
from invokable.runtime.steps.resources.references import checked_name
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.thumbnails import get_thumbnail, set_thumbnail
from invokable.runtime.steps.resources.versions import require
from invokable.runtime.values.inputs import Model
from invokable.runtime.values.records import ModelInstall, ModelRecord

_INSTALL: Final = f"{MODELS}install"
_PAUSE: Final = 0.2  # seconds between two polls, growing
_LONGEST: Final = 2.0
_SOURCES: Final = "expected an existing path on the server, a URL, or a Hugging Face repository"


class _Scanned(answers.Answer):
    path: str
    is_installed: bool


def list_records(*, base: str, type: str, name: str, format: str) -> Steps[list[ModelRecord]]:  # noqa: A002
    """The models that match; an empty string matches any."""
    wanted = {"base_models": base, "model_type": type, "model_name": name, "model_format": format}
    response = yield from fetch(Request("GET", MODELS, {key: value for key, value in wanted.items() if value}))
    return [model_record(one, response) for one in read(response, ModelList).models]


def get_model(key: str) -> Steps[ModelRecord]:
    """The model with a key. Raises NotFoundError."""
    checked_name(key, "the key of a model")
    missing = NotFoundError(f"the server has no model with the key {key!r}", name=key)
    response = yield from fetch(Request("GET", f"{MODELS}i/{in_path(key, missing)}"))
    return model_record(shaped(existing(response, missing), answers.ListedModel, where=response.url), response)


def find_model_record(value: Model | str, cache: ServerCache) -> Steps[ModelRecord]:
    """The model that a reference points to: by key, else by hash, else by name, base and type. Raises NotFoundError.

    A text is a name, or else a key or a hash.
    """
    model = model_of(value)
    models = yield from relist_models(cache)
    found = matching(model, models) or [one for one in models if value in (one.key, one.hash)]
    if len(found) == 1:
        return model_record(found[0])
    if found:
        several = ", ".join(f"{one.name} ({one.type}, {one.base}, key {one.key})" for one in found)
        message = f"{len(found)} models match {model}: {several}; add base, type or key"
        raise NotFoundError(message, name=str(model), found=len(found), nearest=(one.key for one in found))
    names = [one.name for one in models]
    message = f"the server has no {described(model)}"
    otherwise = described_otherwise(model, models)
    if otherwise:
        raise NotFoundError(message + otherwise, name=str(model), nearest=[model.name])
    raise not_found(message, str(model), names)


def delete_model(value: Model | str, cache: ServerCache) -> Steps[None]:
    """Delete a model, and its files if they are in InvokeAI's own folder. Raises NotFoundError."""
    model = yield from find_model_record(value, cache)
    response = yield from fetch(Request("DELETE", f"{MODELS}i/{in_path(model.key)}"))
    models = yield from relist_models(cache)
    # 6.14 fails to send an answer without a body after it has deleted the model; what counts is that it is gone.
    if response.status >= 400 and any(one.key == model.key for one in models):
        parse(response)


def change_model(value: Model | str, changes: Mapping[str, Any], cache: ServerCache) -> Steps[ModelRecord]:
    """Change what the server stores about a model. Raises NotFoundError."""
    model = yield from find_model_record(value, cache)
    response = yield from fetch(Request("PATCH", f"{MODELS}i/{in_path(model.key)}", json=dict(changes)))
    changed = model_record(shaped(parse(response), answers.ListedModel, where=response.url), response)
    cache.models = None
    return changed


def model_image(value: Model | str, cache: ServerCache) -> Steps[bytes | None]:
    """The picture of a model, if it has one. Raises NotFoundError."""
    model = yield from find_model_record(value, cache)
    return (yield from get_thumbnail(_image_of(model))) if model.config.get("cover_image") else None


def set_model_image(value: Model | str, file: File, cache: ServerCache) -> Steps[None]:
    """Set the picture of a model. Raises NotFoundError, and APIError if the file is not a picture."""
    model = yield from find_model_record(value, cache)
    yield from set_thumbnail("PATCH", _image_of(model), file)


def delete_model_image(value: Model | str, cache: ServerCache) -> Steps[None]:
    """Remove the picture of a model. Raises NotFoundError."""
    model = yield from find_model_record(value, cache)
    if not model.config.get("cover_image"):
        return

    def is_gone() -> Steps[bool]:
        return not (yield from get_model(model.key)).config.get("cover_image")

    yield from _send_until_done(Request("DELETE", _image_of(model)), is_gone)


def scan_folder(folder: str) -> Steps[tuple[str, ...]]:
    """The paths of models in a folder on the server that are not installed."""
    response = yield from fetch(Request("GET", f"{MODELS}scan_folder", {"scan_path": folder}))
    return tuple(found.path for found in read(response, list[_Scanned]) if not found.is_installed)


def empty_model_cache(cache: ServerCache) -> Steps[None]:
    """Unload the models in the server's memory."""
    yield from require(cache, "emptying the model cache", "5.6")
    parse((yield from fetch(Request("POST", f"{MODELS}empty_model_cache"))))


def start_install(source: str, *, inplace: bool, token: str | None, config: dict[str, Any]) -> Steps[ModelInstall]:
    """Start installing a model."""
    if not checked_name(source, "the source of a model, as text").strip():  # for the server, its current folder
        raise ValueError(f"the source of a model is {source!r}; {_SOURCES}")
    params = {"source": source, "inplace": str(inplace).lower(), **({"access_token": token} if token else {})}
    response: Response = yield Request("POST", _INSTALL, params, json=config)
    try:
        return _install(parse(response), response)
    except APIError as error:
        if error.status != 409:
            raise
        raise APIError(409, error.detail, method=error.method, url=error.url, advice=_SOURCES) from None


def list_installs() -> Steps[list[ModelInstall]]:
    """All installations since the server started."""
    response = yield from fetch(Request("GET", _INSTALL))
    return [_install(value, response) for value in read(response, list[dict[str, Any]])]


def get_install(install_id: int) -> Steps[ModelInstall]:
    """The state of an installation. Raises NotFoundError."""
    response = yield from fetch(Request("GET", f"{_INSTALL}/{int(install_id)}"))
    missing = NotFoundError(f"the server has no installation {install_id}", name=str(install_id))
    return _install(existing(response, missing), response)


def cancel_install(install_id: int) -> Steps[ModelInstall]:
    """Cancel an installation, if it has not ended. Raises NotFoundError."""
    install = yield from get_install(install_id)  # canceling a missing one is a 415
    if install.ended:
        return install
    parse((yield from fetch(Request("DELETE", f"{_INSTALL}/{int(install_id)}"))))
    return (yield from get_install(install_id))


def control_install(install_id: int, verb: str, cache: ServerCache) -> Steps[ModelInstall]:
    """`pause`, `resume` or `restart_failed` an installation, unless it was completed. Raises NotFoundError."""
    yield from require(cache, "pausing and restarting installations", "6.13")
    install = yield from get_install(install_id)  # a missing one is a 415
    if install.status in ("completed", "cancelled"):
        return install
    parse((yield from fetch(Request("POST", f"{_INSTALL}/{int(install_id)}/{verb}"))))
    return (yield from get_install(install_id))


def prune_installs() -> Steps[None]:
    """Remove installations that have ended from the server's list."""

    def are_gone() -> Steps[bool]:
        return not any(install.ended for install in (yield from list_installs()))

    yield from _send_until_done(Request("DELETE", _INSTALL), are_gone)


def _send_until_done(request: Request, is_done: Callable[[], Steps[bool]]) -> Steps[None]:
    """Send a request whose answer has no body. 6.14 fails to send it after its work, so check whether that is done."""
    for final in ((500,), ()):
        response = yield from fetch(request, final=final)
        if response.status != 500:
            break
        if (yield from is_done()):
            return
    if response.status != 204:
        parse(response)


def await_install(
    given: ModelInstall | int,
    cache: ServerCache,
    deadline: Deadline,
    report: Callable[[ModelInstall], object] | None,
) -> Steps[ModelRecord]:
    """Wait for an installation, given itself or by its id, and call `report` after each change.

    Raises ModelInstallError.
    """
    install = given if isinstance(given, ModelInstall) else (yield from _install_in_time(given, deadline))
    pause, last = _PAUSE, ""
    while True:
        if report is not None and last != repr(install):
            last = repr(install)
            report(install)
        if install.ended:
            break
        if deadline.is_over:
            message = f"{install.source} was not installed within {deadline.timeout:g} s"
            message += "; the server continues, and models.wait waits for it"
            raise ModelInstallError(message, install=install)
        left = max(deadline.left, 0.0)
        yield Sleep(min(pause, left - _PAUSE) if left > _PAUSE else left)  # leaves time for a last poll
        if deadline.is_over:
            continue
        pause = min(pause * 1.3, _LONGEST)
        try:
            install = yield from _install_in_time(install.id, deadline)
        except ConnectionError as error:
            if not deadline.is_over:
                raise
            message = f"it is not known whether {install.source} was installed: {error}; models.wait waits for it again"
            raise ModelInstallError(message, install=install) from error
    cache.models = None
    if install.model is None:
        what = "was canceled" if install.status == "cancelled" else f"was not installed: {install.reason}"
        raise ModelInstallError(f"{install.source} {what}", install=install)
    return install.model


def _install_in_time(install_id: int, deadline: Deadline) -> Steps[ModelInstall]:
    """The state of an installation. Raises NotFoundError, and ConnectionError if no answer arrives in time."""
    try:
        return (yield from within(get_install(install_id), deadline))
    except TimeUp as error:
        message = f"no answer about installation {install_id} within {deadline.timeout:g} s{error.reason}"
        raise ConnectionError(message, sent=True) from None


def _image_of(model: ModelRecord) -> str:
    return f"{MODELS}i/{in_path(model.key)}/image"


def _install(value: Any, response: Response) -> ModelInstall:
    said = value if isinstance(value, dict) else {}
    model = said.get("config_out") if said.get("status") == "completed" else None
    read_model = model_record(shaped(model, answers.ListedModel, where=response.url), response) if model else None
    return record(
        ModelInstall,
        value,
        where=response.url,
        source=_source(said.get("source")),
        reason=str(said.get("error") or said.get("error_reason") or ""),
        model=read_model,
    )


def _source(value: Any) -> str:
    """The source of a model, as it was requested."""
    if not isinstance(value, dict):
        return str(value or "")
    parts = [value.get("repo_id"), value.get("variant"), value.get("subfolder")]
    return str(value.get("path") or value.get("url") or ":".join(str(part) for part in parts if part))
