"""Migrate older formats to 4.0.0, in the editor's own steps.

    1.0.0 (InvokeAI 3.0 to 3.4) ─▶ 2.0.0 (3.5 to 4.1) ─┐
                                    3.0.0 (4.2 to 5.x) ─┴▶ 4.0.0

Formats 1.0.0 and 2.0.0 stored the type of a field with its value. The editor relies on it: a value that does not match
its type makes a file of format 1.0.0 unreadable, and is dropped from a file of format 2.0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from invokable.schema.model import MISSING, Schema
from invokable.workflow.errors import WorkflowFileError, nearest, pointer, quoted
from invokable.workflow.parse import is_node_version
from invokable.workflow.records import Record
from invokable.workflow.shapes import (
    Optional_,
    Shape,
    anything,
    array,
    boolean,
    either,
    fields,
    identifier,
    integer,
    mapping,
    nonempty,
    number,
    one_of,
    text,
)
from invokable.workflow.values import BOARD, COLOR, IMAGE, IMAGES, MODEL_TYPES_BY_FIELD

FORMATS = ("1.0.0", "2.0.0", "3.0.0", "4.0.0")

_HEADER = ("name", "author", "description", "version", "contact", "tags", "notes")


@dataclass(frozen=True, slots=True)
class Migration:
    """A document in format 4.0.0."""

    document: dict[str, object]
    dropped: frozenset[tuple[int, str]] = frozenset()
    """Inputs whose value was dropped: position of the node, key of the input."""


def migrate(document: object, schema: Schema) -> Migration:
    """Convert a document of any format to format 4.0.0, without modifying it.

    Raises:
        WorkflowFileError: The format is unknown, or the document does not follow it.
    """
    top = Record.of(document)
    version = _format(top)
    if version == "1.0.0":
        return _from_v2(Record(_v1_to_v2(top, schema)))
    if version == "2.0.0":
        return _from_v2(top)
    meta = top.record("meta").data
    return Migration(top.data | {"meta": meta | {"version": "4.0.0"}})


def _format(top: Record) -> str:
    meta = top.data.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    if not isinstance(version, str) or not is_node_version(version):
        raise WorkflowFileError("not an InvokeAI workflow: it has no meta.version", pointer("meta", "version"))
    if version not in FORMATS:
        raise WorkflowFileError(
            f"unknown workflow format {quoted(version)}; the known formats are {', '.join(FORMATS)}",
            pointer("meta", "version"),
            nearest(version, FORMATS),
        )
    return version


# --- what both old formats share --------------------------------------------------------------------------------------


def _node(node: Record, convert: Callable[[Record], dict[str, object]]) -> dict[str, object]:
    kind = node.choice("type", ("invocation", "notes"))
    for size in ("width", "height"):
        value = node.data.get(size)
        if value is not None and node.number(size) <= 0:
            node.fail(size, f'"{size}" must be more than 0')
    data = node.record("data")
    kept: dict[str, object] = {
        "id": node.name("id"),
        "type": kind,
        "data": data.data if kind == "notes" else convert(data),
    }
    return kept | ({"position": node.data["position"]} if "position" in node.data else {})


def _edge(edge: Record) -> dict[str, object]:
    return {key: value for key, value in edge.data.items() if key != "hidden"}


def _invocation(data: Record) -> dict[str, object]:
    return {
        "id": data.name("id"),
        "type": data.name("type"),
        "label": data.text("label"),
        "notes": data.text("notes"),
        "isOpen": data.flag("isOpen"),
        "isIntermediate": data.flag("isIntermediate"),
    }


# --- 1.0.0 ------------------------------------------------------------------------------------------------------------


def _v1_to_v2(top: Record, schema: Schema) -> dict[str, object]:
    def convert(data: Record) -> dict[str, object]:
        return _v1_invocation(data, schema)

    return {
        **{key: top.text(key, "") for key in _HEADER},
        "nodes": [_node(node, convert) for node in top.records("nodes", [])],
        "edges": [_edge(edge) for edge in top.records("edges", [])],
        "exposedFields": [entry.data for entry in top.records("exposedFields", [])],
        "meta": {"version": "2.0.0", "category": "user"},
    }


def _v1_invocation(data: Record, schema: Schema) -> dict[str, object]:
    data.flag("embedWorkflow")
    template = schema.nodes.get(data.name("type"))
    return _invocation(data) | {
        "version": data.text("version", "1.0.0"),
        "nodePack": template.node_pack if template else "Unknown",
        "useCache": data.flag("useCache", default=True),
        "inputs": {key: _v1_input(entry) for key, entry in data.record("inputs").entries()},
        "outputs": {key: _v1_output(entry) for key, entry in data.record("outputs").entries()},
    }


def _v1_input(entry: Record) -> dict[str, object]:
    entry.choice("fieldKind", ("input",))
    kind = _v1_type(entry)
    field: dict[str, object] = {
        "id": entry.name("id"),
        "name": entry.name("name"),
        "fieldKind": "input",
        "label": entry.text("label"),
        "type": _v2_type(_V1_TYPES[kind][0]),
    }
    if "value" not in entry.data:
        return field
    value = _V1_TYPES[kind][1](entry.data["value"])
    if value is MISSING:
        entry.fail("value", f"the value is not of type {kind}")
    return field | {"value": value}


def _v1_output(entry: Record) -> dict[str, object]:
    entry.choice("fieldKind", ("output",))
    return {
        "id": entry.name("id"),
        "name": entry.name("name"),
        "fieldKind": "output",
        "type": _v2_type(_V1_TYPES[_v1_type(entry)][0]),
    }


def _v1_type(entry: Record) -> str:
    kind = entry.text("type")
    if kind not in _V1_TYPES:
        raise WorkflowFileError(
            f"{quoted(kind)} is not a field type of format 1.0.0",
            pointer(*entry.path, "type"),
            nearest(kind, _V1_TYPES),
        )
    return kind


def _v2_type(name: str) -> dict[str, object]:
    return {"name": name, "isCollection": False, "isCollectionOrScalar": False}


_SCHEDULERS = one_of(
    "euler deis ddim ddpm dpmpp_2s dpmpp_2m dpmpp_2m_sde dpmpp_sde heun kdpm_2 lms pndm unipc euler_k dpmpp_2s_k"
    " dpmpp_2m_k dpmpp_2m_sde_k dpmpp_sde_k heun_k lms_k euler_a kdpm_2_a lcm".split()
)
_BASES = one_of(("any", "sd-1", "sd-2", "sdxl", "sdxl-refiner"))
_MODEL = fields(model_name=identifier, base_model=_BASES)
_MAIN_MODEL = fields(model_name=nonempty, base_model=_BASES, model_type=one_of(("main", "onnx")))
_MODEL_PART: dict[str, Shape | Optional_] = {
    "model_name": identifier,
    "base_model": _BASES,
    "model_type": one_of(("onnx", "main", "vae", "lora", "controlnet", "embedding")),
    "submodel": Optional_(
        one_of(
            "unet text_encoder text_encoder_2 tokenizer tokenizer_2 vae vae_decoder vae_encoder scheduler"
            " safety_checker".split()
        )
    ),
}
_LORAS = array(fields(**_MODEL_PART, weight=Optional_(number)))
_WEIGHT = either(number, array(number))
_STEPS: dict[str, Shape | Optional_] = {"begin_step_percent": Optional_(number), "end_step_percent": Optional_(number)}
_RESIZE = Optional_(one_of(("just_resize", "crop_resize", "fill_resize", "just_resize_simple")))
_LATENTS = fields(latents_name=identifier, seed=Optional_(integer))
_CONDITIONING = fields(conditioning_name=identifier)
_CONTROL = fields(
    image=IMAGE,
    control_model=_MODEL,
    control_weight=Optional_(_WEIGHT),
    control_mode=Optional_(one_of(("balanced", "more_prompt", "more_control", "unbalanced"))),
    resize_mode=_RESIZE,
    **_STEPS,
)
_IP_ADAPTER = fields(image=IMAGE, ip_adapter_model=_MODEL, weight=number, **_STEPS)
_T2I_ADAPTER = fields(image=IMAGE, t2i_adapter_model=_MODEL, weight=Optional_(_WEIGHT), resize_mode=_RESIZE, **_STEPS)


def _metadata_item(value: object) -> object:
    return value if isinstance(value, dict) and isinstance(value.get("label"), str) else MISSING


def _family(stem: str, name: str, single: Shape) -> Iterator[tuple[str, tuple[str, Shape]]]:
    """Yield a connection type with its collection and either-or variants."""
    yield f"{stem}Field", (name, single)
    yield f"{stem}Collection", (name, array(single))
    yield f"{stem}Polymorphic", (name, either(single, array(single)))


_V1_TYPES: dict[str, tuple[str, Shape]] = {
    "Any": ("AnyField", anything),
    "BoardField": ("BoardField", BOARD),
    "boolean": ("BooleanField", boolean),
    "BooleanCollection": ("BooleanField", array(boolean)),
    "BooleanPolymorphic": ("BooleanField", boolean),
    "ClipField": (
        "ClipField",
        fields(
            tokenizer=fields(**_MODEL_PART),
            text_encoder=fields(**_MODEL_PART),
            skipped_layers=number,
            loras=_LORAS,
        ),
    ),
    "Collection": ("CollectionField", array(anything)),
    "CollectionItem": ("CollectionItemField", anything),
    **dict(_family("Color", "ColorField", COLOR)),
    **dict(_family("Conditioning", "ConditioningField", _CONDITIONING)),
    **dict(_family("Control", "ControlField", _CONTROL)),
    "ControlNetModelField": ("ControlNetModelField", _MODEL),
    "DenoiseMaskField": (
        "DenoiseMaskField",
        fields(mask_name=identifier, masked_latents_name=Optional_(identifier)),
    ),
    "enum": ("EnumField", text),
    "float": ("FloatField", number),
    "FloatCollection": ("FloatField", array(number)),
    "FloatPolymorphic": ("FloatField", number),
    "ImageCollection": ("ImageField", IMAGES),
    "ImageField": ("ImageField", IMAGE),
    "ImagePolymorphic": ("ImageField", IMAGE),
    "integer": ("IntegerField", integer),
    "IntegerCollection": ("IntegerField", array(integer)),
    "IntegerPolymorphic": ("IntegerField", integer),
    **dict(_family("IPAdapter", "IPAdapterField", _IP_ADAPTER)),
    "IPAdapterModelField": ("IPAdapterModelField", _MODEL),
    **dict(_family("Latents", "LatentsField", _LATENTS)),
    "LoRAModelField": ("LoRAModelField", _MODEL),
    "MainModelField": ("MainModelField", _MAIN_MODEL),
    "MetadataField": ("MetadataField", mapping),
    "MetadataCollection": ("MetadataField", array(mapping)),
    **dict(_family("MetadataItem", "MetadataItemField", _metadata_item)),
    "Scheduler": ("SchedulerField", _SCHEDULERS),
    "SDXLMainModelField": ("SDXLMainModelField", _MAIN_MODEL),
    "SDXLRefinerModelField": ("SDXLRefinerModelField", _MAIN_MODEL),
    "string": ("StringField", text),
    "StringCollection": ("StringField", array(text)),
    "StringPolymorphic": ("StringField", text),
    **dict(_family("T2IAdapter", "T2IAdapterField", _T2I_ADAPTER)),
    "T2IAdapterModelField": ("T2IAdapterModelField", _MODEL),
    "UNetField": (
        "UNetField",
        fields(unet=fields(**_MODEL_PART), scheduler=fields(**_MODEL_PART), loras=_LORAS),
    ),
    "VaeField": ("VaeField", fields(vae=fields(**_MODEL_PART))),
    "VaeModelField": ("VAEModelField", _MODEL),
}
"""Field types of format 1.0.0: their name in format 2.0.0, and their valid values."""


# --- 2.0.0 ------------------------------------------------------------------------------------------------------------


def _from_v2(top: Record) -> Migration:
    meta = top.record("meta")
    dropped: set[tuple[int, str]] = set()
    nodes = []
    for position, node in enumerate(top.records("nodes")):

        def convert(data: Record, position: int = position) -> dict[str, object]:
            return _v2_invocation(data, position, dropped)

        nodes.append(_node(node, convert))
    document: dict[str, object] = {
        **{key: top.text(key) for key in _HEADER},
        "nodes": nodes,
        "edges": [_edge(edge) for edge in top.records("edges")],
        "exposedFields": [entry.data for entry in top.records("exposedFields")],
        "meta": {**meta.data, "version": "4.0.0"},
    }
    if "id" in top.data:
        document["id"] = top.data["id"]
    return Migration(document, frozenset(dropped))


def _v2_invocation(data: Record, position: int, dropped: set[tuple[int, str]]) -> dict[str, object]:
    inputs: dict[str, object] = {}
    for key, entry in data.record("inputs").entries():
        field, lost = _v2_input(entry)
        inputs[key] = field
        if lost:
            dropped.add((position, key))
    for _key, entry in data.record("outputs").entries():
        entry.choice("fieldKind", ("output",))
        entry.name("id")
        entry.name("name")
        _v2_type_name(entry)
    converted = _invocation(data) | {
        "version": data.text("version"),
        "useCache": data.flag("useCache"),
        "inputs": inputs,
    }
    return converted | ({"nodePack": data.data["nodePack"]} if "nodePack" in data.data else {})


def _v2_input(entry: Record) -> tuple[dict[str, object], bool]:
    """Return an input of format 4.0.0, and whether its value was lost."""
    entry.choice("fieldKind", ("input",))
    entry.name("id")
    label = entry.data.get("label")
    field: dict[str, object] = {
        "name": entry.name("name"),
        "label": "" if label is None else entry.text("label"),
    }
    kind = _v2_type_name(entry)
    raw = entry.data.get("value")
    value = _V2_VALUES[kind](raw) if kind in _V2_VALUES else MISSING
    if value is MISSING:
        return field, raw is not None
    if isinstance(value, dict) and kind in MODEL_TYPES_BY_FIELD:
        value = value | {"model_type": MODEL_TYPES_BY_FIELD[kind]}
    return field | {"value": value}, False


def _v2_type_name(entry: Record) -> str:
    kind = entry.record("type")
    kind.flag("isCollection")
    kind.flag("isCollectionOrScalar")
    name = kind.text("name")
    if not name:
        kind.fail("name", '"name" must not be empty')
    return name


def _three_letters(value: object) -> object:
    return value if isinstance(value, str) and len(value) >= 3 else MISSING


_V2_MODEL = fields(model_name=_three_letters, base_model=_BASES)
_V2_MAIN_MODEL = fields(model_name=_three_letters, base_model=_BASES, model_type=one_of(("main",)))
_V2_VALUES: dict[str, Shape] = {
    "IntegerField": integer,
    "FloatField": number,
    "StringField": text,
    "BooleanField": boolean,
    "EnumField": text,
    "ImageField": IMAGE,
    "BoardField": BOARD,
    "ColorField": COLOR,
    "SchedulerField": _SCHEDULERS,
    **{name: _V2_MAIN_MODEL if kind == "main" else _V2_MODEL for name, kind in MODEL_TYPES_BY_FIELD.items()},
}
"""Field types of format 2.0.0 with a value. Collections have none: only single values are kept."""
