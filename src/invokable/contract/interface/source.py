"""Source: the interface of a generated module, read from its text. The module is not run."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from invokable.contract.batch import BatchTable
from invokable.contract.interface.model import Input, Interface, InterfaceError, Output
from invokable.contract.interface.takes import read_takes
from invokable.contract.module import index_map_checksum
from invokable.contract.module_text import constant, indices, workflow_class

_NO_HOMES: Final = sys.stdlib_module_names | {"invokable"}


def read_module(text: str) -> Interface:
    """Read the text of a generated module.

    Raises InterfaceError for a text that is not one, and for a module that was edited and is no longer consistent.
    """
    tree = _parsed(text)
    constants = _constants(tree)
    found = next(filter(None, map(workflow_class, tree.body)), None)
    if found is None or "INDEX_MAP" not in constants or "OUTPUT_MAP" not in constants:
        raise InterfaceError("not a generated module: it has no INDEX_MAP with a workflow class")
    aliases, homes = _aliases(tree), _homes(tree)
    try:
        if index_map_checksum(constants["INDEX_MAP"]) != constants.get("INDEX_MAP_CHECKSUM"):
            raise InterfaceError("INDEX_MAP was changed after generation; generate the module again")
        return Interface(
            class_name=found.name,
            source=str(constants.get("SOURCE", "")).rpartition("/")[2],
            schema=str(constants.get("SCHEMA", "")),
            inputs=tuple(_inputs(found, constants, aliases, homes)),
            outputs=tuple(_outputs(found, constants, homes)),
            nodes=dict(constants.get("NODES", {})),
            aliases={name: ast.unparse(value) for name, value in aliases.items()},
            models=_models(found),
        )
    except (AttributeError, KeyError, TypeError, ValueError, SyntaxError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InterfaceError(f"the module was changed after generation ({reason}); generate it again") from None


def carried_workflow(text: str) -> object:
    """The workflow that a generated module embeds into its images, as JSON; None if there is none."""
    return _json(_constants(_parsed(text)).get("_WORKFLOW"))


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise InterfaceError(f"not a Python module: line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InterfaceError(f"not a Python module: {error}") from None


def _constants(tree: ast.Module) -> dict[str, Any]:
    found = {}
    for name, value in filter(None, map(constant, tree.body)):
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, TypeError, RecursionError, MemoryError):
            continue
    return found


def _aliases(tree: ast.Module) -> dict[str, ast.expr]:
    """The type aliases of choices, by name."""
    return {
        name: value
        for statement in tree.body
        for name, value in _assigned(statement)
        if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id == "Literal"
    }


def _homes(tree: ast.Module) -> dict[str, ast.expr]:
    """A project's own classes for fields, with their modules, since two may have the same name."""
    return {
        alias.name: ast.Attribute(_dotted(statement.module), alias.name)
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level
        if statement.module.partition(".")[0] not in _NO_HOMES
        for alias in statement.names
    }


def _dotted(name: str) -> ast.expr:
    before, _, last = name.rpartition(".")
    return ast.Attribute(_dotted(before), last) if before else ast.Name(last)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
    if found := constant(statement):
        yield found


def _inputs(
    found: ast.ClassDef, constants: Mapping[str, Any], aliases: Mapping[str, ast.expr], homes: Mapping[str, ast.expr]
) -> Iterator[Input]:
    places = {index: (node_id, name, kind) for index, node_id, name, kind in constants["INDEX_MAP"]}
    labels = _labels(constants.get("_WORKFLOW"))
    fed = _fed(constants.get("_GRAPH"), constants.get("_BATCH"))
    for statement in found.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=attribute), annotation=annotation, value=value):
                numbers = indices(annotation)
                shown = {places.pop(index, None) for index in numbers}
                if len(shown) != 1 or None in shown:
                    raise ValueError(f"the index of {attribute!r} does not match INDEX_MAP")
                node_id, name, kind = next(place for place in shown if place)
                written = _written(annotation, {**homes, **aliases})
                read_takes(written)
                yield Input(
                    attribute=attribute,
                    indices=numbers,
                    node_id=node_id,
                    field=name,
                    type=kind,
                    annotation=written,
                    alias=_alias(annotation, aliases),
                    default=None if value is None else _default(value),
                    label=labels.get((node_id, name), ""),
                    connected=(node_id, name) in fed,
                )


def _outputs(found: ast.ClassDef, constants: Mapping[str, Any], homes: Mapping[str, ast.expr]) -> Iterator[Output]:
    annotations = {}
    for part in found.body:
        if isinstance(part, ast.ClassDef) and part.name == "Result":
            annotations = {
                item.target.id: _written(item.annotation, homes)
                for item in part.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            }
    for attribute, node_id, name, kind, many in constants["OUTPUT_MAP"]:
        yield Output(
            attribute=attribute, node_id=node_id, field=name, type=kind, many=many, annotation=annotations[attribute]
        )


def _models(found: ast.ClassDef) -> dict[str, tuple[str, ...]]:
    """The names of installed models for completion, by attribute."""
    (classes,) = [part.body for part in found.body if isinstance(part, ast.ClassDef) and part.name == "Models"] or [[]]
    return {
        part.name: tuple(name for statement in part.body for name, _ in _assigned(statement))
        for part in classes
        if isinstance(part, ast.ClassDef)
    }


def _written(annotation: ast.expr, named: Mapping[str, ast.expr]) -> str:
    """The annotation without the index, and with names replaced by their values."""
    return ast.unparse(_Plain(named).visit(deepcopy(annotation)))


def _alias(annotation: ast.expr, aliases: Mapping[str, ast.expr]) -> str:
    names = (node.id for node in ast.walk(annotation) if isinstance(node, ast.Name))
    return next((name for name in names if name in aliases), "")


class _Plain(ast.NodeTransformer):
    def __init__(self, named: Mapping[str, ast.expr]) -> None:
        self._named = named

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._named.get(node.id, node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *extras])):
                kept = [extra for extra in extras if not _is_index(extra)]
                return ast.Subscript(node.value, ast.Tuple([inner, *kept])) if kept else inner
        return node


def _is_index(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Index"


def _default(value: ast.expr) -> str:
    """The default, without the factory that creates it for each instance."""
    match value:
        case ast.Call(func=ast.Name(id="field"), keywords=[ast.keyword(arg="default_factory", value=factory)]):
            return ast.unparse(factory.body if isinstance(factory, ast.Lambda) else ast.Call(factory, [], []))
    return ast.unparse(value)


def _labels(workflow: object) -> dict[tuple[str, str], str]:
    """The user's labels, by node and field."""
    nodes = (_json(workflow) or {}).get("nodes", [])
    return {
        (node["id"], name): field["label"]
        for node in nodes
        for name, field in node.get("data", {}).get("inputs", {}).items()
        if field.get("label")
    }


def _fed(graph: object, batch: object) -> set[tuple[str, str]]:
    """The fields that an edge or a batch feeds."""
    ends = (
        (edge["destination"]["node_id"], edge["destination"]["field"])
        for edge in (_json(graph) or {"edges": []})["edges"]
    )
    table = BatchTable.from_json(_json(batch) or {"sources": [], "groups": []})
    return {*ends, *((target.node_id, target.field) for group in table.groups for target in group)}


def _json(text: object) -> Any:
    return json.loads(text) if isinstance(text, str) else None
