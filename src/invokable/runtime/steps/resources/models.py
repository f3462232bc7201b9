"""Models: from a reference to a model on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from invokable.contract.listing import all_of, any_of, with_article
from invokable.contract.model_words import models_in_words
from invokable.contract.models import ANY_MODEL, IDENTIFYING, ModelFilter, ModelKey
from invokable.contract.nearest import suggestion
from invokable.runtime.errors import NotFoundError, Problem
from invokable.runtime.steps.exchange import answers
from invokable.runtime.steps.exchange.answers import ModelList
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.policy import ModelFinder, Policy
from invokable.runtime.steps.exchange.protocol import GetPolicy, Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import read
from invokable.runtime.steps.resources.references import checked_reference
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.values.inputs import LoRA, Model
from invokable.runtime.values.records import ModelRecord

MODELS: Final = "/api/v2/models/"

_SHOWN: Final = 5  # names in an error


def list_models() -> Steps[list[answers.ListedModel]]:
    """All models of the server."""
    return read((yield from fetch(Request("GET", MODELS))), ModelList).models


def relist_models(cache: ServerCache) -> Steps[Sequence[answers.ListedModel]]:
    """All models of the server, which the cache then has."""
    asked = cache.uploads.clock()
    models = yield from list_models()
    cache.models, cache.models_listed = models, asked
    return models


def model_record(one: answers.ListedModel, response: Response | None = None) -> ModelRecord:
    """A model as the server describes it."""
    config = one.model_dump()
    triggers = config.get("trigger_phrases") or ()
    where = response.url if response else MODELS
    return record(ModelRecord, config, where=where, config=config, trigger_phrases=triggers)


def find_model(
    value: Model | str, wanted: ModelFilter, cache: ServerCache, *, since: float = float("inf")
) -> Steps[dict[str, str]]:
    """A model as the value of a field. Raises NotFoundError with the nearest names, or with all that match.

    If none is found, the server's models are listed again, unless they were listed after `since`.
    """
    model = model_of(value)
    policy: Policy = yield GetPolicy()
    for fresh in (False, True):
        records = yield from _listed(cache, since if fresh else None)
        fitting = [record for record in records if wanted.admits(record.model_dump())]
        found = matching(model, fitting, policy.models)
        if len(found) == 1:
            return _wire(found[0], model.submodel_type)
        if found:
            raise _ambiguous(model, found)
    raise _missing(model, wanted, records, fitting, policy.models)


def model_of(value: Model | str) -> Model:
    """A model, or one of which only the name is known. Raises TypeError for anything else."""
    return Model(name=value) if isinstance(value, str) else checked_reference(value, Model, "a model or its name")


def _listed(cache: ServerCache, since: float | None) -> Steps[Sequence[answers.ListedModel]]:
    models = cache.models
    if models is None or (since is not None and cache.models_listed < since):
        models = yield from relist_models(cache)
    return models


def _ambiguous(model: Model, found: Sequence[answers.ListedModel]) -> NotFoundError:
    several = [f"{record.name} ({record.base}, key {record.key})" for record in found]
    message = f"{len(found)} models match {model}: {', '.join(several)}; add base, type or key"
    return NotFoundError(message, name=str(model), found=len(found), nearest=several)


def _missing(
    model: Model,
    wanted: ModelFilter,
    records: Sequence[answers.ListedModel],
    fitting: Sequence[answers.ListedModel],
    ways: Sequence[ModelKey | ModelFinder],
) -> NotFoundError:
    others = matching(model, records, ways)
    names = sorted({record.name for record in fitting})
    if others:
        found = models_in_words(ModelFilter(base=(others[0].base,), type=(others[0].type,)))
        message = f"model {model} is {with_article(found)}; expected: {models_in_words(wanted)}{_some(names)}"
        return NotFoundError(message, name=str(model), nearest=names)
    if not matching(model, records):
        hint = described_otherwise(model, records) or suggestion(str(model), names) or _some(names)
        return NotFoundError(f"the server has no {described(model)}{hint}", name=str(model), nearest=names)
    named = any_of(getattr(way, "__name__", str(way)) for way in ways)
    message = f"the server has no model {model} by {named}, as the policy requires"
    return NotFoundError(message, name=str(model), nearest=names)


def described(model: Model) -> str:
    """A reference in words: `model Dreamshaper 8 of type main and base sd-1`."""
    return f"model {model}{_of(model.type, model.base)}"


def described_otherwise(model: Model, records: Sequence[answers.ListedModel]) -> str:
    """What the models with the name of a reference are, if its base or type is another; else empty."""
    if not model.name:
        return ""
    named = sorted({_of(record.type, record.base) for record in records if record.name == model.name})
    return f"; its {model} is{any_of(named)}" if named else ""


def _of(type_: str, base: str) -> str:
    """` of type … and base …`, as far as they are given."""
    said = all_of(f"{name} {word}" for name, word in (("type", type_), ("base", base)) if word)
    return f" of {said}" if said else ""


def _some(names: Sequence[str]) -> str:
    """` (the server has …)`, with the first few names."""
    if not names:
        return " (the server has no suitable model)"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f" (the server has {', '.join(names[:_SHOWN])}{more})"


def find_lora(
    value: LoRA, wanted: ModelFilter, cache: ServerCache, *, since: float = float("inf")
) -> Steps[dict[str, Any]]:
    """A LoRA as the value of a field. Raises NotFoundError."""
    of_type = wanted if wanted.type else ModelFilter(base=wanted.base, type=("lora",))
    return {"lora": (yield from find_model(value.model, of_type, cache, since=since)), "weight": value.weight}


def complete_models(
    graph: Mapping[str, Any], cache: ServerCache, problems: list[Problem], *, since: float = float("inf")
) -> Steps[dict[str, Any]]:
    """The graph with its models found on the server, where an old workflow has them by name only."""
    nodes = dict(graph["nodes"])
    for node_id, node in graph["nodes"].items():
        for name, value in node.items():
            if isinstance(value, dict) and "name" in value and "base" in value and "key" not in value:
                model = Model(**{key: value[key] for key in ("name", "base", "type") if value.get(key)})
                try:
                    found = yield from find_model(model, ANY_MODEL, cache, since=since)
                except NotFoundError as error:
                    problems.append(Problem(None, name, node_id, str(error), candidates=error.nearest))
                else:
                    nodes[node_id] = {**nodes[node_id], name: found}
    return {**graph, "nodes": nodes}


def filter_of(hint: Any) -> ModelFilter:
    """The models that an annotation allows, from the filter at any depth in it."""
    for part in (hint, *getattr(hint, "__args__", ())):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, ModelFilter):
                return extra
        nested = [filter_of(argument) for argument in getattr(part, "__args__", ()) if part is not hint]
        if any(found != ANY_MODEL for found in nested):
            return next(found for found in nested if found != ANY_MODEL)
    return ANY_MODEL


def matching(
    model: Model,
    records: Sequence[answers.ListedModel],
    ways: Sequence[ModelKey | ModelFinder] = IDENTIFYING,
) -> list[answers.ListedModel]:
    """The models that match a reference, by the first of the ways (key, hash, name, a function) that finds any."""
    for way in ways:
        if callable(way):
            found = _chosen(way, model, records)
            if found:
                return found
            continue
        wanted = getattr(model, way)
        found = [record for record in records if wanted and getattr(record, way) == wanted]
        if found and way != "name":
            return found[:1]
        found = [record for record in found if model.base in ("", record.base) and model.type in ("", record.type)]
        if found:
            return found
    return []


def _chosen(finder: ModelFinder, model: Model, records: Sequence[answers.ListedModel]) -> list[answers.ListedModel]:
    """The models that a project's own function chooses."""
    chosen = {found.key for found in finder(model, [model_record(record) for record in records])}
    return [record for record in records if record.key in chosen]


def _wire(record: answers.ListedModel, submodel_type: str) -> dict[str, str]:
    wire = {key: str(getattr(record, key)) for key in ("key", "hash", "name", "base", "type")}
    return wire | ({"submodel_type": submodel_type} if submodel_type else {})
