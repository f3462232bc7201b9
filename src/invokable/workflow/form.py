"""The form: from JSON to a tree, and back.

Two kinds of errors are distinguished, as in the editor. A form whose parts have wrong types is treated as missing; a
form with a broken tree (an unreachable element, a missing child, a wrong parent) makes the whole file unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from invokable.schema.model import MISSING, FieldType
from invokable.workflow.errors import WorkflowFileError, nearest, pointer, quoted
from invokable.workflow.model import (
    ElementKind,
    Form,
    FormElement,
    default_form,
)
from invokable.workflow.shapes import (
    Optional_,
    Shape,
    array,
    boolean,
    either,
    fields,
    identifier,
    misfit,
    number,
    one_of,
    text,
)

MAX_SHOWN = 20_000
"""The maximum number of elements that a form shows. A container listed twice in its parent is shown twice, so a small
file could show exponentially many elements."""

_NUMBER_SETTINGS = {
    "showShuffle": Optional_(boolean, False),
    "component": Optional_(one_of(("number-input", "slider", "number-input-and-slider")), "number-input"),
    "min": Optional_(number),
    "max": Optional_(number),
}
_STRING_TYPE = Optional_(one_of(("string-field-config",)), "string-field-config")
_FLOAT_SETTINGS = fields(type=Optional_(one_of(("float-field-config",)), "float-field-config"), **_NUMBER_SETTINGS)
_INTEGER_SETTINGS = fields(
    type=Optional_(one_of(("integer-field-config",)), "integer-field-config"), **_NUMBER_SETTINGS
)
_INPUT_SETTINGS = fields(type=_STRING_TYPE, component=Optional_(one_of(("input",)), "input"))
# Without a type the first match wins, so {} means a float's settings even on a text field.
_SETTINGS = either(
    _FLOAT_SETTINGS,
    _INTEGER_SETTINGS,
    _INPUT_SETTINGS,
    fields(type=_STRING_TYPE, component=Optional_(one_of(("textarea",)), "textarea")),
    fields(
        type=_STRING_TYPE,
        component=Optional_(one_of(("dropdown",)), "dropdown"),
        options=array(fields(label=text, value=text)),
    ),
)
_BASE = fields(id=identifier, parentId=Optional_(identifier))
_CONTENT = fields(content=text)
_DATA: dict[ElementKind, Shape] = {
    "container": fields(layout=one_of(("row", "column")), children=array(identifier)),
    "node-field": fields(
        fieldIdentifier=fields(nodeId=identifier, fieldName=identifier),
        showDescription=Optional_(boolean, True),
        settings=Optional_(_SETTINGS),
    ),
    "heading": _CONTENT,
    "text": _CONTENT,
}


_A_PART = "this part of the form"


# --- from JSON --------------------------------------------------------------------------------------------------------


def parse_form(raw: object) -> Form:
    """Return the form of a document; an empty one if there is none or its parts have wrong types.

    Raises:
        WorkflowFileError: The elements are fine but do not form a tree.
    """
    form = default_form()
    if raw is None or raw == {}:
        return form
    if not isinstance(raw, dict):
        form.ignored_for = _A_PART, pointer("form")
        return form
    root, elements = identifier(raw.get("rootElementId")), _typed_elements(raw)
    if isinstance(elements, dict) and isinstance(root, str):
        form = Form(elements=elements, root=root)
        _check_tree(form)
    else:
        form.ignored_for = _unreadable(raw, "rootElementId") if isinstance(elements, dict) else elements
    return form


def _unreadable(raw: Mapping[str, object], key: str) -> tuple[str, str]:
    """What cannot be read: the value of a key, or the form without it."""
    return (_A_PART, pointer("form", key)) if key in raw else (f'a form without "{key}"', pointer("form"))


def _typed_elements(form: Mapping[str, object]) -> dict[str, FormElement] | tuple[str, str]:
    """Return the elements by key; if one cannot be read, it and its pointer."""
    raw = form.get("elements")
    if not isinstance(raw, dict):
        return _unreadable(form, "elements")
    elements: dict[str, FormElement] = {}
    for key, value in raw.items():
        element = _typed_element(key, value)
        if element is None:
            return _broken(key, value)
        elements[key] = element
    return elements


def _broken(key: str, raw: object) -> tuple[str, str]:
    """What cannot be read in an element, and its pointer."""
    keys = _misfit(raw)
    inside: Any = raw
    for outer in keys[:-1]:
        inside = inside[outer]
    if keys and isinstance(inside, dict) and keys[-1] not in inside:
        return f'{_A_PART} without "{keys[-1]}"', pointer("form", "elements", key, *keys[:-1])
    return _A_PART, pointer("form", "elements", key, *keys)


def _misfit(raw: object) -> tuple[str | int, ...]:
    """The keys that lead to what cannot be read in an element."""
    if _BASE(raw) is MISSING or not isinstance(raw, dict):
        return misfit(_BASE, raw)
    if raw.get("type") == "divider":
        return ("data",)
    kind = _kind(raw)
    return ("data", *misfit(_DATA[kind], raw.get("data"))) if kind else ("type",)


def _kind(raw: Mapping[str, object]) -> ElementKind | None:
    """The kind of an element with data."""
    return next((kind for kind in _DATA if kind == raw.get("type")), None)


def _typed_element(key: str, raw: object) -> FormElement | None:
    base = _BASE(raw)
    if not isinstance(raw, dict) or not isinstance(base, dict):
        return None
    parent = base.get("parentId")
    if raw.get("type") == "divider":
        if "data" in raw:
            return None
        return FormElement(key=key, id=base["id"], kind="divider", parent_id=parent)
    kind = _kind(raw)
    if kind is None:
        return None
    data = _DATA[kind](raw.get("data"))
    if not isinstance(data, dict):
        return None
    element = FormElement(key=key, id=base["id"], kind=kind, parent_id=parent)
    element.content = data.get("content", "")
    element.layout = data.get("layout", "column")
    element.children = data.get("children", [])
    if kind == "node-field":
        element.node_id = data["fieldIdentifier"]["nodeId"]
        element.field_name = data["fieldIdentifier"]["fieldName"]
        element.show_description = data["showDescription"]
        element.settings = data.get("settings")
    return element


def _check_tree(form: Form) -> None:
    _check_root(form)
    children = {key: set(element.children) for key, element in form.elements.items()}
    done: set[str] = set()
    open_: set[str] = set()
    stack: list[tuple[str, Iterator[str]]] = []

    def enter(key: str) -> None:
        element = _checked_element(form, key, children)
        open_.add(key)
        stack.append((key, iter(element.children)))

    enter(form.root)
    while stack:
        key, rest = stack[-1]
        child = next(rest, None)
        if child is None:
            stack.pop()
            open_.discard(key)
            done.add(key)
        elif child in open_:
            raise WorkflowFileError(f"the form's container {quoted(child)} contains itself", at(child))
        elif child not in done:
            if child not in form.elements:
                raise WorkflowFileError(
                    f"the form's container {quoted(key)} lists {quoted(child)}, which does not exist",
                    pointer("form", "elements", key, "data", "children"),
                    nearest(child, form.elements),
                )
            enter(child)
    for key in form.elements:
        if key not in done:
            raise WorkflowFileError(f"the form's element {quoted(key)} cannot be reached from its root", at(key))


def _check_root(form: Form) -> None:
    root = form.elements.get(form.root)
    if root is None:
        raise WorkflowFileError(
            f"the form's root element {quoted(form.root)} does not exist",
            pointer("form", "rootElementId"),
            nearest(form.root, form.elements),
        )
    if root.kind != "container":
        raise WorkflowFileError("the form's root element is not a container", at(form.root))


def _checked_element(form: Form, key: str, children: dict[str, set[str]]) -> FormElement:
    element = form.elements[key]
    if element.id == form.root:
        if element.parent_id is not None:
            raise WorkflowFileError("the form's root element has a parent", at(key))
        return element
    if element.parent_id is None:
        raise WorkflowFileError(f"the form's element {quoted(key)} has no parentId", at(key))
    parent = form.elements.get(element.parent_id)
    if parent is None or parent.kind != "container" or key not in children[parent.key]:
        raise WorkflowFileError(
            f"the form's element {quoted(key)} is not one of the children of its parent {quoted(element.parent_id)}",
            at(key),
        )
    return element


def at(key: str) -> str:
    """Return the pointer to an element."""
    return pointer("form", "elements", key)


def default_settings(kind: FieldType) -> dict[str, object] | None:
    """Return the settings that the editor gives a field of this type, None for a type that has none."""
    by_type = {
        "IntegerField": _INTEGER_SETTINGS,
        "FloatField": _FLOAT_SETTINGS,
        "StringField": _INPUT_SETTINGS,
    }
    if kind.cardinality != "SINGLE" or kind.name not in by_type:
        return None
    settings = by_type[kind.name]({})
    return settings if isinstance(settings, dict) else None


def shown_elements(form: Form) -> Iterator[tuple[FormElement, int]]:
    """Yield the elements below the form's root in display order, each with its depth from 0.

    Raises:
        WorkflowFileError: The form shows more than `MAX_SHOWN` elements.
    """
    root = form.elements[form.root]
    stack = [iter(root.children)]
    shown = 0
    while stack:
        key = next(stack[-1], None)
        if key is None:
            stack.pop()
            continue
        element = form.elements[key]
        shown += 1
        if shown > MAX_SHOWN:
            raise WorkflowFileError(f"the form shows more than {MAX_SHOWN} elements", pointer("form"))
        yield element, len(stack) - 1
        stack.append(iter(element.children))


def form_document(form: Form) -> dict[str, object]:
    """Return the form as JSON."""
    return {
        "elements": {key: _element_document(element) for key, element in form.elements.items()},
        "rootElementId": form.root,
    }


def _element_document(element: FormElement) -> dict[str, object]:
    document: dict[str, object] = {"id": element.id, "type": element.kind}
    if element.parent_id is not None:
        document["parentId"] = element.parent_id
    match element.kind:
        case "container":
            document["data"] = {"layout": element.layout, "children": list(element.children)}
        case "heading" | "text":
            document["data"] = {"content": element.content}
        case "node-field":
            data: dict[str, object] = {
                "fieldIdentifier": {"nodeId": element.node_id, "fieldName": element.field_name},
                "showDescription": element.show_description,
            }
            if element.settings is not None:
                data["settings"] = dict(element.settings)
            document["data"] = data
        case "divider":
            pass
    return document


def setting(element: FormElement, kind: str, key: str) -> object:
    """Return a setting of a node field, MISSING if it is not set or is for another field type."""
    settings = element.settings or {}
    return settings.get(key, MISSING) if settings.get("type") == kind else MISSING
