"""Edits: what can happen to a workflow, its schema or its configuration, as data, and the resulting changes.

Each edit is made to the same workflow, a colour card with a field of each kind added. Its reverse is another case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any, TypeAlias

from invokable.codegen import GeneratedModule, InstalledModel, Naming, Options, plan_document
from invokable.codegen.drift.interfaces import names_of
from invokable.codegen.render import draft_module
from invokable.codegen.typing.custom import CustomFields
from invokable.contract.fields import FieldType
from invokable.contract.interface import Drift, Interface, compare, read_module
from invokable.contract.interface.rules import RULES
from invokable.contract.limits import Limits
from invokable.schema import Schema, load
from tests.examples import add_edge, add_field, add_node, example

MODEL = {"key": "m1", "hash": "blake3:m1", "name": "Dreamshaper 8", "base": "sd-1", "type": "main"}
INSTALLED = tuple(
    InstalledModel.from_config({"key": f"k{name}", "hash": "", "name": name, "base": "sd-1", "type": "main"})
    for name in ("first", "second")
)
LONG = [f"a long choice, number {number}" for number in range(6)]


@dataclass
class Side:
    """A workflow, its schema and its configuration, which edits change."""

    document: Any
    schema: Schema
    outputs: dict[str, str] = field(default_factory=lambda: {"sum": "total", "whole": "whole"})
    rename: dict[tuple[str, str], str] = field(default_factory=dict)
    class_name: str | None = None
    installed: tuple[InstalledModel, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    """The project's own classes."""

    def module(self, before: Interface | None) -> GeneratedModule:
        """The module, keeping the names of the previous one."""
        kept = names_of(before) if before else None
        outputs = {key: name for key, name in kept.outputs.items() if key[0] not in self.outputs} if kept else {}
        naming = Naming(
            inputs={**(kept.inputs if kept else {}), **self.rename},
            outputs=outputs,
            nodes=self.outputs,
            class_name=self.class_name or (kept.class_name if kept else None),
        )
        options = Options(naming=naming, installed=self.installed, custom=CustomFields(self.fields))
        plan = plan_document(self.document, self.schema, source="card.json", options=options)
        return GeneratedModule(draft_module(plan, laid_out=False).unformatted(), plan)

    def input(self, node_id: str, name: str, **changes: Any) -> None:
        """Change the schema of a node's input."""
        node_type = self.data(node_id)["type"]
        template = self.schema.nodes[node_type]
        inputs = {**template.inputs, name: replace(template.inputs[name], **changes)}
        self.schema = replace(self.schema, nodes={**self.schema.nodes, node_type: replace(template, inputs=inputs)})

    def data(self, node_id: str) -> Any:
        """A node's data, by its id or its type."""
        found = (n["data"] for n in self.document["nodes"] if node_id in (n["id"], n["data"]["type"]))
        return next(found)

    def retype(self, node_id: str, node_type: str, **values: Any) -> None:
        """Replace a node by one of another type."""
        data = self.data(node_id)
        data["type"], data["version"] = node_type, self.schema.nodes[node_type].version
        data["inputs"] = {
            name: {"name": name, "label": data["inputs"].get(name, {}).get("label", ""), "description": "", "value": v}
            for name, v in values.items()
        }

    def elements(self) -> list[str]:
        """The form's root: the list of its element ids, to be modified."""
        form = self.document["form"]
        children: list[str] = form["elements"][form["rootElementId"]]["data"]["children"]
        return children

    def settings(self, node_id: str, **settings: Any) -> None:
        """Change how the form shows a field of a node."""
        next(
            element["data"]
            for element in self.document["form"]["elements"].values()
            if element["type"] == "node-field" and element["data"]["fieldIdentifier"]["nodeId"] == node_id
        )["settings"] = settings

    def rename_node(self, node_id: str, other: str) -> None:
        """Replace a node by an equal one with another id."""
        for entry in self.document["nodes"]:
            if entry["id"] == node_id:
                entry["id"] = entry["data"]["id"] = other
        for element in self.document["form"]["elements"].values():
            identifier = element.get("data", {}).get("fieldIdentifier", {})
            if identifier.get("nodeId") == node_id:
                identifier["nodeId"] = other


def base() -> Side:
    """The workflow before an edit."""
    document = example("colour_card.json")
    for node_id, node_type, name, value, label in (
        ("count", "integer", "value", 3, "Count"),
        ("share", "float", "value", 0.5, "Share"),
        ("words", "string_join", "string_left", "hello", "Words"),
        ("pick", "string", "value", "a", "Pick"),
        ("choice", "string", "value", LONG[0], "Choice"),
        ("numbers", "integer_collection", "collection", [1, 2], "Numbers"),
        ("any", "model_identifier", "model", MODEL, "Any model"),
        ("main", "main_model_loader", "model", MODEL, "Main model"),
        ("meta", "core_metadata", "width", 64, "Noted width"),
    ):
        version = load("6.14.2").nodes[node_type].version
        data = add_node(document, node_id, node_type, version=version, **{name: value})
        data["inputs"][name]["label"] = label
        add_field(document, node_id, name)
    add_node(document, "sum", "add", version="1.0.1", a=1, b=2)
    add_node(document, "whole", "integer", version="1.0.1", value=7)
    side = Side(document, load("6.14.2"))
    side.settings("pick", **dropdown("a", "b", "c"))
    side.settings("choice", **dropdown(*LONG))
    return side


def dropdown(*values: str) -> dict[str, Any]:
    """The settings of a text that the form shows as a dropdown."""
    offered = [{"label": "", "value": value} for value in values]
    return {"type": "string-field-config", "component": "dropdown", "options": offered}


def _label(side: Side) -> None:
    side.data("count")["inputs"]["value"]["label"] = "How many"


def _value(side: Side) -> None:
    side.data("count")["inputs"]["value"]["value"] = 4


def _limits(side: Side) -> None:
    side.settings("count", type="integer-field-config", component="number-input", min=0, max=10)


def _step(side: Side) -> None:
    side.input("numbers", "collection", limits=Limits(item=Limits(multiple_of=2)))
    side.data("numbers")["inputs"]["collection"]["value"] = [2, 4]


def _length(side: Side) -> None:
    side.input("words", "string_left", limits=Limits(min_length=1))


def _size(side: Side) -> None:
    side.input("numbers", "collection", limits=Limits(max_items=2))


def _choices(side: Side) -> None:
    side.settings("pick", **dropdown("a", "b"))


def _no_dropdown(side: Side) -> None:
    side.settings("pick", type="string-field-config", component="textarea")


def _no_alias(side: Side) -> None:
    side.settings("choice", type="string-field-config", component="textarea")


def _twin(side: Side) -> None:
    """A second input with the choices of the first: both use its alias."""
    twin = add_node(side.document, "twin", "string", version="1.0.1", value=LONG[0])
    twin["inputs"]["value"]["label"] = "Twin"
    add_field(side.document, "twin", "value")
    side.settings("twin", **dropdown(*LONG))


def _one_more_choice(side: Side) -> None:
    side.settings("choice", **dropdown(*LONG, "one more"))


def _float(side: Side) -> None:
    side.retype("count", "float", value=3.0)


def _text(side: Side) -> None:
    side.retype("count", "string", value="3")


def _truth(side: Side) -> None:
    side.retype("count", "boolean", value=True)


def _floats(side: Side) -> None:
    side.retype("numbers", "float_collection", collection=[1.0, 2.0])


def _or_list(side: Side) -> None:
    side.input("sum", "b", type=FieldType("IntegerField", "SINGLE_OR_COLLECTION"))


def _board_for_text(side: Side) -> None:
    side.input("words", "string_left", type=FieldType("BoardField"))


def _video_for_image(side: Side) -> None:
    side.input("img_blur", "image", type=FieldType("VideoField"))


def _image_or_list(side: Side) -> None:
    side.input("img_blur", "image", type=FieldType("ImageField", "SINGLE_OR_COLLECTION"))


def _custom(side: Side) -> None:
    side.fields["blank_image.color"] = "own_paints:Paint"


def _custom_elsewhere(side: Side) -> None:
    side.fields["blank_image.color"] = "other_paints:Paint"


def _models(side: Side) -> None:
    side.retype("any", "main_model_loader", model=MODEL)


def _no_null(side: Side) -> None:
    side.input("meta", "width", nullable=False)


def _no_value(side: Side) -> None:
    del side.data("main")["inputs"]["model"]["value"]


def _hide(side: Side) -> None:
    del side.document["form"]["elements"][side.elements().pop()]


def _one_more_required(side: Side) -> None:
    add_node(side.document, "second", "main_model_loader", version="1.0.4")
    side.data("second")["inputs"]["model"] = {"name": "model", "label": "Second model", "description": ""}
    add_field(side.document, "second", "model")


def _order(side: Side) -> None:
    elements = side.elements()
    elements[-1], elements[-2] = elements[-2], elements[-1]


def _rename(side: Side) -> None:
    side.rename = {("count", "value"): "quantity"}


def _swap(side: Side) -> None:
    names = {name: key for key, name in names_of(read_module(base().module(None).data)).inputs.items()}
    side.rename = {names["width"]: "height", names["height"]: "width"}


def _other_node(side: Side) -> None:
    side.rename_node("share", "share2")


def _wire(side: Side) -> None:
    add_edge(side.document, "whole", "value", "count", "value")


def _class(side: Side) -> None:
    side.class_name = "Card"


def _installed(side: Side) -> None:
    side.installed = INSTALLED


def _installed_one(side: Side) -> None:
    side.installed = INSTALLED[:1]


def _no_output(side: Side) -> None:
    del side.outputs["sum"]


def _output_name(side: Side) -> None:
    side.outputs["sum"] = "grand_total"


def _output_node(side: Side) -> None:
    side.rename_node("sum", "sum2")
    side.outputs = {"sum2": "total", "whole": "whole"}


def _output_float(side: Side) -> None:
    side.retype("whole", "float", value=7.5)


def _output_text(side: Side) -> None:
    side.retype("whole", "string", value="seven")


def _many(side: Side) -> None:
    add_node(side.document, "list", "integer_collection", version="1.0.0", collection=[1, 2])
    add_node(side.document, "each", "iterate", version="1.1.0")
    add_edge(side.document, "list", "collection", "each", "collection")
    add_edge(side.document, "each", "item", "sum", "a")


def _node_version(side: Side) -> None:
    template = replace(side.schema.nodes["integer"], version="1.1.0")
    side.schema = replace(side.schema, nodes={**side.schema.nodes, "integer": template})


def _schema_version(side: Side) -> None:
    side.schema = replace(side.schema, version="6.14.3")


def _show_sum(side: Side) -> None:
    add_field(side.document, "sum", "b")


def _node(side: Side) -> None:
    add_node(side.document, "more", "mul", version="1.0.1", a=1, b=2)


@dataclass(frozen=True)
class Case:
    """An edit, the setup before it on both sides, and the kinds of changes that it makes in each direction."""

    name: str
    edit: Callable[[Side], None]
    there: frozenset[str]
    back: frozenset[str]
    first: Callable[[Side], None] | None = None


def case(edit: Callable[[Side], None], there: str, back: str, *, first: Callable[[Side], None] | None = None) -> Case:
    """A case, with its kinds as words."""
    return Case(edit.__name__.strip("_"), edit, frozenset(there.split()), frozenset(back.split()), first)


CASES = (
    case(_label, "input-relabelled", "input-relabelled"),
    case(_value, "input-default", "input-default"),
    case(_limits, "input-limits-narrowed", "input-limits-widened"),
    case(_step, "input-limits-narrowed input-default", "input-limits-widened input-default"),
    case(_length, "input-limits-narrowed", "input-limits-widened"),
    case(_size, "input-limits-narrowed", "input-limits-widened"),
    case(_choices, "input-choices-narrowed", "input-choices-widened"),
    case(_no_dropdown, "input-choices-widened", "input-choices-narrowed"),
    case(_no_alias, "input-choices-widened alias-missing", "input-choices-narrowed"),
    case(_one_more_choice, "input-choices-widened alias-changed", "input-choices-narrowed alias-missing", first=_twin),
    case(_float, "input-type-widened", "input-type-narrowed"),
    case(_text, "input-type-narrowed input-default", "input-type-narrowed input-default"),
    case(_truth, "input-type-narrowed input-default", "input-type-narrowed input-default"),
    case(_floats, "input-type-narrowed", "input-type-narrowed"),
    case(_or_list, "input-type-widened", "input-type-narrowed", first=_show_sum),
    case(_board_for_text, "input-type-narrowed", ""),
    case(_video_for_image, "input-type-narrowed", ""),
    case(_image_or_list, "input-type-widened", ""),
    case(_custom, "input-type-narrowed input-default", "input-type-narrowed input-default"),
    case(_custom_elsewhere, "input-type-narrowed", "input-type-narrowed", first=_custom),
    case(_models, "input-models-narrowed", "input-models-widened"),
    case(_no_null, "input-none-narrowed", "input-none-widened"),
    case(_no_value, "input-required", "input-optional"),
    case(_hide, "input-missing", "input-new"),
    case(_one_more_required, "input-new-required", "input-missing"),
    case(_order, "input-moved", "input-moved"),
    case(_rename, "input-renamed", ""),
    case(_swap, "input-renamed", ""),
    case(_other_node, "input-replaced", "input-replaced"),
    case(_wire, "input-connected", "input-released"),
    case(_class, "class-renamed", ""),
    case(_installed_one, "model-missing", "", first=_installed),
    case(_no_output, "output-missing", "output-new"),
    case(_output_name, "output-renamed", ""),
    case(_output_node, "output-replaced", "output-replaced"),
    case(_output_float, "output-retyped", "output-narrowed"),
    case(_output_text, "output-retyped", "output-retyped"),
    case(_many, "output-many node-new", "output-one node-unused"),
    case(_node_version, "node-version", "node-version"),
    case(_schema_version, "schema-changed", "schema-changed"),
    case(_node, "node-new", "node-unused"),
)
RUNS = tuple((case, reverse) for case in CASES for reverse in (False, True) if (case.back if reverse else case.there))
NAMES = [f"{case.name}-{'back' if reverse else 'there'}" for case, reverse in RUNS]
BREAKING = {kind for kind, rule in RULES.items() if rule.breaks != "nobody"}
MIXED = range(30)
"""Seeds for several edits together. Half of them only use edits that individually break nobody."""
Edits: TypeAlias = tuple[Callable[[Side], None], ...]
Modules: TypeAlias = tuple[GeneratedModule, GeneratedModule, Drift]


@cache
def sides(position: int) -> Modules:
    """The two modules of a case, and how they differ."""
    return _modules([RUNS[position]])


@cache
def mixed(seed: int) -> Modules:
    """The two modules of several edits together, and how they differ."""
    random = Random(seed)
    harmless = [(c, back) for c, back in RUNS if not BREAKING & (c.back if back else c.there)]
    known = [run for run in (harmless if seed % 2 else RUNS) if run[0].edit not in (_board_for_text, _video_for_image)]
    return _modules(random.sample(known, random.choice((2, 3, 4))))


def _modules(runs: Sequence[tuple[Case, bool]]) -> Modules:
    first = [case_.first for case_, _ in runs if case_.first]
    before, interface = _before((*first, *(case_.edit for case_, reverse in runs if reverse)))
    new = _edited((*first, *(case_.edit for case_, reverse in runs if not reverse)))
    after = new.module(interface)
    return before, after, compare(interface, read_module(after.data))


@cache
def _before(edits: Edits) -> tuple[GeneratedModule, Interface]:
    module = _edited(edits).module(None)
    return module, read_module(module.data)


def _edited(edits: Edits) -> Side:
    side = base()
    for edit in edits:
        edit(side)
    return side
