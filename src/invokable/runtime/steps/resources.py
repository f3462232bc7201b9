"""Resources: values that only the server can complete: files to upload, models and boards known by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from invokable.contract.models import ModelFilter
from invokable.runtime.client.reading import MEDIA, File, RefusedFileError, read_file, upload
from invokable.runtime.errors import BoardError, InvokableError, Problem, ValidationError
from invokable.runtime.steps.protocol import Flow, Request, fetch
from invokable.runtime.values.encoding import to_json
from invokable.runtime.values.inputs import Board, LoRA, Model, model_wire
from invokable.runtime.values.pins import Pins, Target

MODELS: Final = "/api/v2/models/"
BOARDS: Final = "/api/v1/boards/"


@dataclass(slots=True)
class Known:
    """What a client has learned of its server; asked for anew when a name is not found."""

    models: list[Any] | None = None


def resolve(flow: Any, pins: Pins, known: Known) -> Flow[dict[str, Any]]:
    """The wire values of the inputs that the server completes, by attribute. Nothing is uploaded before all is found.

    Raises ValidationError with every model that is not there and every file that cannot be read, or with every file
    that the server does not take; BoardError, APIError and ConnectionError.
    """
    given = [(target, getattr(flow, target.attribute)) for target in pins.targets if not target.connected]
    given = [(target, value) for target, value in given if value is not None]
    wire: dict[str, Any] = {}
    files: dict[str, list[File]] = {}
    problems: list[Problem] = []
    for target, value in given:
        try:
            if _type(target) in MEDIA:
                files[target.attribute] = [read_file(item, kind=MEDIA[_type(target)]) for item in _listed(value)]
            elif _type(target) in _LOOKUPS:
                models = filter_of(pins.hints[target.attribute])
                found = yield from _all(_LOOKUPS[_type(target)](item, models, known) for item in _listed(value))
                wire[target.attribute] = found if isinstance(value, list) else found[0]
        except InvokableError:  # some of which are OSErrors
            raise
        except (_NotFoundError, OSError, TypeError) as error:
            problems.append(_problem(target, value, error))
    if problems:
        raise ValidationError(problems)
    stored: dict[Any, dict[str, Any]] = {}
    for target, value in given:
        if target.attribute in files:
            try:
                found = yield from _all(upload(file, stored) for file in files[target.attribute])
            except RefusedFileError as error:
                problems.append(_problem(target, value, error))
            else:
                wire[target.attribute] = found if isinstance(value, list) else found[0]
    if problems:
        raise ValidationError(problems)
    return wire


def complete_models(graph: dict[str, Any], known: Known) -> Flow[dict[str, Any]]:
    """The graph with models that it knows only by name, as old workflows do, found on the server."""
    nodes = dict(graph["nodes"])
    problems = []
    for node_id, node in graph["nodes"].items():
        for name, value in node.items():
            if isinstance(value, dict) and "name" in value and "base" in value and "key" not in value:
                model = Model(**{key: value[key] for key in ("name", "base", "type") if value.get(key)})
                try:
                    found = yield from _model(model, ModelFilter(), known)
                except _NotFoundError as error:
                    problems.append(Problem(-1, f"{node['type']}.{name}", node_id, str(error)))
                else:
                    nodes[node_id] = {**nodes[node_id], name: found}
    if problems:
        raise ValidationError(problems)
    return {**graph, "nodes": nodes}


def find_board(name: str) -> Flow[Board]:
    """The board of that name. Raises BoardError when there is none, or several."""
    boards = yield from fetch(Request("GET", BOARDS, {"all": "true"}))
    found = [board for board in boards if board["board_name"] == name]
    if len(found) == 1:
        return Board(id=found[0]["board_id"], name=name)
    if found:
        ids = ", ".join(board["board_id"] for board in found)
        raise BoardError(
            f"{len(found)} boards have the name {name!r}: give one by id, Board(id=…), of {ids}", board=name
        )
    hint = _nearest(name, (board["board_name"] for board in boards))
    raise BoardError(f"the server has no board {name!r}{hint}", board=name)


class _NotFoundError(Exception):
    """A model that the server does not have, or has several of."""


def _model(value: Model | str, wanted: ModelFilter, known: Known) -> Flow[Any]:
    model = Model(name=value) if isinstance(value, str) else value
    for fresh in (False, True):
        if known.models is None or fresh:
            known.models = (yield from fetch(Request("GET", MODELS)))["models"]
        fitting = [config for config in known.models if wanted.admits(config)]
        found = _matches(model, fitting)
        if len(found) == 1:
            return model_wire(found[0], model.submodel_type)
        if found:
            several = ", ".join(f"{config['name']} ({config['base']}, key {config['key']})" for config in found)
            raise _NotFoundError(f"{len(found)} models fit {model}: {several}; give base, type or key")
    others = _matches(model, known.models or [])
    if others:
        config = others[0]
        raise _NotFoundError(
            f"model {model} is a {config['type']} model of {config['base']}; wanted: {_in_words(wanted)}"
        )
    hint = _nearest(str(model), (config["name"] for config in fitting))
    raise _NotFoundError(f"the server has no model {model}{hint}")


def _lora(value: LoRA, wanted: ModelFilter, known: Known) -> Flow[Any]:
    lora = yield from _model(
        value.model, wanted if wanted.type else ModelFilter(base=wanted.base, type=("lora",)), known
    )
    return {"lora": lora, "weight": value.weight}


def _board(value: Board | str, _: ModelFilter, __: Known) -> Flow[Any]:
    if isinstance(value, Board):
        return to_json(value)
    if value in ("none", "auto"):
        return value
    return to_json((yield from find_board(value)))


_LOOKUPS: Final[dict[str, Callable[[Any, ModelFilter, Known], Flow[Any]]]] = {
    "BoardField": _board,
    "LoRAField": _lora,
    "ModelIdentifierField": _model,
}


def _type(target: Target) -> str:
    return target.type.removesuffix("|[]").removesuffix("[]")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _all(flows: Iterable[Flow[Any]]) -> Flow[list[Any]]:
    """What each of several flows returns, one after the other."""
    found = []
    for flow in flows:
        found.append((yield from flow))  # noqa: PERF401  (a comprehension cannot yield)
    return found


def _matches(model: Model, configs: Iterable[Any]) -> list[Any]:
    """The models that a reference means: by key, else by hash, else by name with what is told of base and type."""
    configs = list(configs)
    for key in ("key", "hash"):
        wanted = getattr(model, key)
        found = [config for config in configs if wanted and config[key] == wanted]
        if found:
            return found[:1]
    return [
        config
        for config in configs
        if model.name
        and config["name"] == model.name
        and model.base in ("", config["base"])
        and model.type in ("", config["type"])
    ]


def filter_of(hint: Any) -> ModelFilter:
    """Which models an annotation admits, wherever in it the filter stands."""
    for part in (hint, *getattr(hint, "__args__", ())):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, ModelFilter):
                return extra
        nested = [filter_of(argument) for argument in getattr(part, "__args__", ()) if part is not hint]
        if any(found != ModelFilter() for found in nested):
            return next(found for found in nested if found != ModelFilter())
    return ModelFilter()


def _in_words(wanted: ModelFilter) -> str:
    parts = [
        " or ".join(wanted.type),
        f"of {' or '.join(wanted.base)}" if wanted.base else "",
        " or ".join(wanted.variant),
    ]
    return " ".join(part for part in parts if part) or "any"


def _problem(target: Target, value: object, error: Exception) -> Problem:
    if isinstance(error, OSError):
        words = f"{error.filename or _shown(value)!r} cannot be read: {error.strerror}"
    else:
        words = str(error)
    return Problem(target.index, target.attribute, target.label, words, type(value).__name__)


def _shown(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def _nearest(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=3)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
