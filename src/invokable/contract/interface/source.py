"""Source: the interface of a generated module, read from its text. The module is not run.

    text ─▶ statements ─▶ what each says, as short texts ─▶ Interface

A syntax tree takes a hundred times the size of its text, so none outlives its statement.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from invokable.contract.batch import BatchTable
from invokable.contract.interface.accepted import read_annotation
from invokable.contract.interface.model import Input, Interface, InterfaceError, Key, Output
from invokable.contract.json_parts import elements_of
from invokable.contract.module import index_map_checksum
from invokable.contract.module_text import constant, indices, quick_constant, workflow_class
from invokable.contract.parsed import Parsed, most_tokens
from invokable.contract.statements import NotGeneratedError, Statement, statements
from invokable.contract.utf8 import Utf8

_NO_HOMES: Final = sys.stdlib_module_names | {"invokable"}
_WORKFLOW: Final = b"_WORKFLOW:"
_DECLARES: Final = re.compile(rb"[\w\x80-\xff]+ *[:=]")
_OUTERMOST: Final = re.compile(rb"from\b|[\w\x80-\xff]+ *(?::|= *Literal\b)")
"""The beginning of a statement outside of classes that says something about the interface."""
_NAME: Final = re.compile(r"\w+")
Unparse: TypeAlias = Callable[[ast.AST], str]


def read_module(text: Utf8) -> Interface:
    """Read the text of a generated module.

    Raises InterfaceError for a text that is not one, and for a module that was edited and is no longer consistent.
    """
    module = _Module.of(text)
    constants = module.constants
    if not module.class_name or "INDEX_MAP" not in constants or "OUTPUT_MAP" not in constants:
        raise InterfaceError("not a generated module: it has no INDEX_MAP with a workflow class")
    try:
        if index_map_checksum(constants["INDEX_MAP"]) != constants.get("INDEX_MAP_CHECKSUM"):
            raise InterfaceError("INDEX_MAP was changed after generation; generate the module again")
        return Interface(
            class_name=module.class_name,
            source=str(constants.get("SOURCE", "")).rpartition("/")[2],
            schema=str(constants.get("SCHEMA", "")),
            inputs=tuple(_inputs(module)),
            outputs=tuple(_outputs(module)),
            nodes=dict(constants.get("NODES", {})),
            aliases=module.aliases,
            models={attribute: tuple(names) for attribute, names in module.models.items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError, SyntaxError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InterfaceError(f"the module was changed after generation ({reason}); generate it again") from None


def carried_workflow(text: Utf8) -> object:
    """The workflow that a generated module embeds into its images, as JSON; None if there is none."""
    module = _Module(most_tokens(text))
    try:
        for statement in statements(text):
            if statement.source.startswith(_WORKFLOW):
                module.add(statement)
        return json.loads(module.json("_WORKFLOW").decode()) if "_WORKFLOW" in module.constants else None
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise InterfaceError(f"the workflow in the module cannot be read: {error}") from None


class _Attribute(NamedTuple):
    """An attribute of the workflow class, as it is written."""

    name: str
    indices: tuple[int, ...]
    annotation: str
    """Without the index."""
    default: str | None


@dataclass(slots=True)
class _Module:
    """The parts of a module that its interface follows from."""

    most: int
    """The tokens that a statement can have."""
    constants: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """The type aliases of choices, by name."""
    homes: dict[str, str] = field(default_factory=dict)
    """A project's own classes for fields, with their modules, since two may have the same name."""
    class_name: str = ""
    """The workflow class."""
    attributes: list[_Attribute] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)
    """The annotations of the result's attributes."""
    models: dict[str, list[str]] = field(default_factory=dict)
    """The names of installed models for completion, by attribute."""
    _within: list[str] = field(default_factory=list)
    """The names of the classes that the next statement is in."""

    @classmethod
    def of(cls, text: Utf8) -> _Module:
        """Read a module, one statement after another. Raises InterfaceError for a text that is not Python."""
        module = cls(most_tokens(text))
        try:
            for statement in statements(text):
                try:
                    module.add(statement)
                except SyntaxError as error:
                    line = _line_of(statement, text) + (error.lineno or 1) - 1
                    raise _not_a_module(error, line) from None
        except SyntaxError as error:
            raise _not_a_module(error, error.lineno or 1) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise InterfaceError(f"not a Python module: {error}") from None
        return module

    def json(self, name: str) -> Utf8:
        """The JSON text of a constant; that of an empty object if there is none."""
        text = self.constants.get(name, b"{}")
        if not isinstance(text, str | bytes):
            raise TypeError(f"{name} is not a text")
        return text.encode() if isinstance(text, str) else text

    def add(self, statement: Statement) -> None:
        """Read a statement. Raises what parsing raises."""
        if statement.kind == "end":
            self._within.pop()
        elif not self._within and (found := quick_constant(statement.source, self.most)):
            self.constants[found[0]] = found[1]
        elif statement.kind == "class" or (_DECLARES if self._within else _OUTERMOST).match(statement.source):
            parsed = Parsed(statement.source, self.most)
            for tree in parsed.trees:
                self._take(tree, parsed.unparse)
                if statement.kind == "class" and isinstance(tree, ast.ClassDef):
                    self._within.append(tree.name)

    def _take(self, tree: ast.stmt, unparse: Unparse) -> None:
        match self._within:
            case []:
                self._take_outermost(tree, unparse)
            case [self.class_name]:
                self.attributes += _attributes(tree, unparse)
            case [self.class_name, "Result"]:
                self.results |= {name: unparse(annotation) for name, annotation, _ in _annotated(tree)}
            case [self.class_name, "Models"] if isinstance(tree, ast.ClassDef):
                self.models[tree.name] = []
            case [self.class_name, "Models", attribute]:
                self.models[attribute] += (name for name, _ in _assigned(tree))

    def _take_outermost(self, tree: ast.stmt, unparse: Unparse) -> None:
        if isinstance(tree, ast.ClassDef) and workflow_class(tree):
            self.class_name = self.class_name or tree.name
        for name, value in _assigned(tree):
            if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id == "Literal":
                self.aliases[name] = unparse(value)
        if found := constant(tree):
            with suppress(ValueError, TypeError, RecursionError, MemoryError):
                self.constants[found[0]] = ast.literal_eval(found[1])
        if isinstance(tree, ast.ImportFrom) and _is_home(tree):
            self.homes |= {alias.name: f"{tree.module}.{alias.name}" for alias in tree.names}


def _is_home(statement: ast.ImportFrom) -> bool:
    """Whether names are imported from a project's own module."""
    return bool(statement.module) and not statement.level and str(statement.module).split(".")[0] not in _NO_HOMES


def _not_a_module(error: SyntaxError, line: int) -> InterfaceError:
    kind = "generated" if isinstance(error, NotGeneratedError) else "Python"
    return InterfaceError(f"not a {kind} module: line {line}: {error.msg}")


def _line_of(statement: Statement, text: Utf8) -> int:
    """The number of a statement's first line; there is no equal statement before the first one that is not Python."""
    start = text.find(statement.source.removesuffix(b" pass"))
    return text.count(b"\n", 0, max(start, 0)) + 1


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
    if found := constant(statement):
        yield found


def _annotated(statement: ast.stmt) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            yield name, annotation, value


def _attributes(statement: ast.stmt, unparse: Unparse) -> Iterator[_Attribute]:
    for name, annotation, value in _annotated(statement):
        numbers = indices(annotation)  # before they are taken out
        plain = sys.intern(unparse(_WithoutIndex().visit(annotation)))  # most annotations occur many times
        yield _Attribute(name, numbers, plain, None if value is None else unparse(_default(value)))


def _default(value: ast.expr) -> ast.expr:
    """The default, without the factory that creates it for each instance."""
    match value:
        case ast.Call(func=ast.Name(id="field"), keywords=[ast.keyword(arg="default_factory", value=factory)]):
            return factory.body if isinstance(factory, ast.Lambda) else ast.Call(factory, [], [])
    return value


# --- annotations ---


class _WithoutIndex(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *extras])):
                kept = [extra for extra in extras if not _is_index(extra)]
                return ast.Subscript(node.value, ast.Tuple([inner, *kept])) if kept else inner
        return node


def _is_index(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Index"


class _Written:
    """Annotations with the names of aliases and of a project's own classes written out."""

    def __init__(self, homes: Mapping[str, str], aliases: Mapping[str, str]) -> None:
        self._named = {**homes, **aliases}
        self._aliases = aliases
        self.of = lru_cache(maxsize=100)(self._of)  # few annotations differ

    def _of(self, annotation: str) -> tuple[str, str]:
        """The annotation, and the first alias in it or an empty string."""
        if annotation in self._aliases:
            return self._aliases[annotation], annotation
        if self._named.keys().isdisjoint(_NAME.findall(annotation)):
            return annotation, ""
        tree = ast.parse(annotation, mode="eval").body
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        alias = next((name.id for name in names if name.id in self._aliases), "")
        for name in names:
            name.id = self._named.get(name.id, name.id)
        return sys.intern(ast.unparse(tree)), alias


# --- inputs and outputs ---


def _inputs(module: _Module) -> Iterator[Input]:
    places = {index: (node_id, name, kind) for index, node_id, name, kind in module.constants["INDEX_MAP"]}
    labels = dict(_labels(module.json("_WORKFLOW")))
    fed = set(_fed(module.json("_GRAPH"), module.json("_BATCH")))
    written = _Written(module.homes, module.aliases)
    for attribute in module.attributes:
        shown = {places.pop(index, None) for index in attribute.indices}
        if len(shown) != 1 or None in shown:
            raise ValueError(f"the index of {attribute.name!r} does not match INDEX_MAP")
        node_id, name, kind = next(place for place in shown if place)
        annotation, alias = written.of(attribute.annotation)
        read_annotation(annotation)
        yield Input(
            attribute=attribute.name,
            indices=attribute.indices,
            node_id=node_id,
            field=name,
            type=kind,
            annotation=annotation,
            alias=alias,
            default=attribute.default,
            label=labels.get((node_id, name), ""),
            connected=(node_id, name) in fed,
        )


def _outputs(module: _Module) -> Iterator[Output]:
    written = _Written(module.homes, module.aliases)
    for attribute, node_id, name, kind, many in module.constants["OUTPUT_MAP"]:
        annotation, _ = written.of(module.results[attribute])
        read_annotation(annotation)
        yield Output(attribute=attribute, node_id=node_id, field=name, type=kind, many=many, annotation=annotation)


def _labels(workflow: Utf8) -> Iterator[tuple[Key, str]]:
    """The user's labels, by node and field."""
    for node in elements_of(workflow, "nodes"):
        for name, entry in node.get("data", {}).get("inputs", {}).items():
            if entry.get("label"):
                yield (node["id"], name), entry["label"]


def _fed(graph: Utf8, batch: Utf8) -> Iterator[Key]:
    """The fields that an edge or a batch feeds."""
    for edge in elements_of(graph, "edges"):
        yield edge["destination"]["node_id"], edge["destination"]["field"]
    for group in elements_of(batch, "groups"):
        for target in BatchTable.from_json({"sources": (), "groups": (group,)}).groups[0]:
            yield target.node_id, target.field
    yield from ((node_id, name) for node_id, name in elements_of(batch, "fed"))
