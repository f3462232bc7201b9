"""Source: the interface of a generated module, read from its text. The module is not run."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.contract.batch import BatchTable
from invokable.contract.interface.model import Input, Interface, InterfaceError, Output
from invokable.contract.interface.takes import read_takes
from invokable.contract.module import index_map_checksum
from invokable.contract.module_text import constant, indices, workflow_class
from invokable.contract.statements import statements
from invokable.contract.utf8 import Utf8

_NO_HOMES: Final = sys.stdlib_module_names | {"invokable"}


def read_module(text: str) -> Interface:
    """Read the text of a generated module.

    Raises InterfaceError for a text that is not one, and for a module that was edited and is no longer consistent.
    """
    module = _Module.of(text)
    constants = module.constants
    if module.workflow is None or "INDEX_MAP" not in constants or "OUTPUT_MAP" not in constants:
        raise InterfaceError("not a generated module: it has no INDEX_MAP with a workflow class")
    try:
        if index_map_checksum(constants["INDEX_MAP"]) != constants.get("INDEX_MAP_CHECKSUM"):
            raise InterfaceError("INDEX_MAP was changed after generation; generate the module again")
        return Interface(
            class_name=module.workflow.name,
            source=str(constants.get("SOURCE", "")).rpartition("/")[2],
            schema=str(constants.get("SCHEMA", "")),
            inputs=tuple(_inputs(module.workflow, constants, module.aliases, module.homes)),
            outputs=tuple(_outputs(module.workflow, constants, module.homes)),
            nodes=dict(constants.get("NODES", {})),
            aliases={name: ast.unparse(value) for name, value in module.aliases.items()},
            models=_models(module.workflow),
        )
    except (AttributeError, KeyError, TypeError, ValueError, SyntaxError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InterfaceError(f"the module was changed after generation ({reason}); generate it again") from None


def carried_workflow(text: str) -> object:
    """The workflow that a generated module embeds into its images, as JSON; None if there is none."""
    return _json(_Module.of(text).constants.get("_WORKFLOW"))


@dataclass(slots=True)
class _Module:
    """The parts of a module that its interface follows from."""

    constants: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, ast.expr] = field(default_factory=dict)
    """The type aliases of choices, by name."""
    homes: dict[str, ast.expr] = field(default_factory=dict)
    """A project's own classes for fields, with their modules, since two may have the same name."""
    workflow: ast.ClassDef | None = None

    @classmethod
    def of(cls, text: str) -> _Module:
        """Read a module, one statement after another. Raises InterfaceError for a text that is not Python."""
        module = cls()
        try:
            for statement in _statements(text.encode()):
                module._take(statement)
        except SyntaxError as error:
            raise InterfaceError(f"not a Python module: {_reason(text, error)}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise InterfaceError(f"not a Python module: {error}") from None
        return module

    def _take(self, statement: ast.stmt) -> None:
        self.workflow = self.workflow or workflow_class(statement)
        for name, value in _assigned(statement):
            if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id == "Literal":
                self.aliases[name] = value
        if found := constant(statement):
            with suppress(ValueError, TypeError, RecursionError, MemoryError):
                self.constants[found[0]] = ast.literal_eval(found[1])
        if isinstance(statement, ast.ImportFrom) and _is_home(statement):
            home = _dotted(statement.module or "")
            self.homes |= {alias.name: ast.Attribute(home, alias.name) for alias in statement.names}


def _is_home(statement: ast.ImportFrom) -> bool:
    """Whether names are imported from a project's own module."""
    return bool(statement.module) and not statement.level and str(statement.module).split(".")[0] not in _NO_HOMES


def _statements(text: Utf8) -> Iterator[ast.stmt]:
    """The statements of a module, parsed one by one. Of a class, only attributes and the classes in it are kept."""
    within: list[ast.ClassDef] = []
    for statement in statements(text):
        if statement.kind == "end":
            ended = within.pop()
            if not within:
                yield ended
            continue
        for tree in ast.parse(statement.source).body:
            if within and isinstance(tree, ast.AnnAssign | ast.Assign | ast.ClassDef):
                within[-1].body.append(tree)
            if statement.kind == "class" and isinstance(tree, ast.ClassDef):
                tree.body = []
                within.append(tree)
            elif not within:
                yield tree


def _reason(text: str, error: SyntaxError) -> str:
    """Why a text is not Python, with the line in it."""
    try:
        ast.parse(text)
    except SyntaxError as of_all:
        error = of_all
    except (ValueError, RecursionError, MemoryError) as of_all:
        return str(of_all)
    return f"line {error.lineno}: {error.msg}"


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
