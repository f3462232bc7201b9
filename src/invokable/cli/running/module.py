"""Module: runs the text of a generated module, one statement after another.

To compile the whole text at once takes up to 65 times its size. The items of long lists are not compiled at all, nor is
a parameter for each input of the workflow.
"""

from __future__ import annotations

import ast
from dataclasses import MISSING, dataclass, fields
from types import ModuleType, new_class
from typing import Any, Final

from invokable.contract.module_text import quick_constant
from invokable.contract.parsed import Shortened, most_tokens, quick_list
from invokable.contract.statements import Statement, statements
from invokable.contract.utf8 import Utf8

_FLAGS: Final = annotations.compiler_flag
_DOCUMENTS: Final = (b'"', b"'")


def run_module(text: Utf8, module: ModuleType) -> None:
    """Run the text of a module in `module`, as importing it would, but leave its JSON in UTF-8.

    Raises whatever the module raises, and SyntaxError.
    """
    run = _Run(module, most_tokens(text))
    for statement in statements(text):
        run.add(statement)


class _Run:
    """The state of a module between two of its statements."""

    def __init__(self, module: ModuleType, most: int) -> None:
        self._globals = module.__dict__
        self._most = most
        """The tokens that a statement can have."""
        self._open: list[tuple[ast.ClassDef, dict[str, Any]]] = []
        """The classes that the next statement is in, outermost first: the header, and the namespace so far."""
        self._number = 0

    def add(self, statement: Statement) -> None:
        """Run a statement."""
        self._number += 1
        if statement.kind == "end":
            self._end_class()
        elif statement.kind == "class":
            self._begin_class(statement.source)
        elif not self._open and (constant := quick_constant(statement.source, self._most)):
            self._globals[constant[0]] = constant[1]
        elif not statement.source.startswith(_DOCUMENTS) or self._namespace.get("__doc__") is None:
            self._execute(statement.source)

    @property
    def _namespace(self) -> dict[str, Any]:
        return self._open[-1][1] if self._open else self._globals

    def _begin_class(self, source: bytes) -> None:
        (header,) = ast.parse(source.decode()).body
        assert isinstance(header, ast.ClassDef)  # by the kind of the statement
        qualified = ".".join([*(outer.name for outer, _ in self._open), header.name])
        self._open.append((header, {"__module__": self._globals["__name__"], "__qualname__": qualified}))

    def _end_class(self) -> None:
        header, body = self._open.pop()
        bases = tuple(map(self._value, header.bases))
        made: Any = new_class(header.name, bases, exec_body=lambda namespace: namespace.update(body))
        for decorator in header.decorator_list:
            assert isinstance(decorator, ast.Call)  # of `dataclass`
            options = {option.arg: self._value(option.value) for option in decorator.keywords if option.arg}
            made.__init__ = _initialize
            made = dataclass(**options, init=False, eq=False)(made)  # the base class compares
        self._namespace[header.name] = made

    def _execute(self, source: bytes) -> None:
        shortened = Shortened(source, f"_list{self._number}_", starred=True)
        for name in shortened.lists:
            self._globals[name] = [item for text in shortened.texts(name) for item in self._items(text)]
        code = compile(shortened.source, self._globals["__name__"], "exec", _FLAGS)
        exec(code, self._globals, self._namespace)

    def _items(self, text: bytes) -> list[Any]:
        items = quick_list(text)
        return self._value(ast.parse(text.decode(), mode="eval").body) if items is None else items

    def _value(self, expression: ast.expr) -> Any:
        code = compile(ast.Expression(expression), self._globals["__name__"], "eval", _FLAGS)
        return eval(code, self._globals, self._namespace)


def _initialize(flow: Any, /, **values: Any) -> None:
    """What `dataclass` would compile, which takes fifteen times the size of a workflow with thousands of inputs."""
    if unknown := values.keys() - {field.name for field in fields(flow)}:
        raise TypeError(f"unknown inputs: {', '.join(sorted(unknown))}")
    defaults = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(flow)
        if field.name not in values
    }
    if missing := [name for name, default in defaults.items() if default is MISSING]:
        raise TypeError(f"missing values for {', '.join(missing)}")
    for name, value in (defaults | values).items():
        setattr(flow, name, value)
    flow.__post_init__()
