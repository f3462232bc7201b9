"""Names: what a person would choose, and always valid and unique."""

import ast
import builtins
import keyword
import subprocess
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

import invokable.runtime
from invokable.codegen.naming.disambiguation import Steps
from invokable.codegen.naming.names import (
    NameHints,
    alias_name,
    attribute_names,
    class_name,
    is_valid_attribute,
    is_valid_class,
    module_name,
)
from invokable.codegen.naming.reserved import MODULE_NAMES, RESULT_MEMBERS, WORKFLOW_MEMBERS
from invokable.codegen.naming.spelling import joined
from invokable.runtime import Workflow, WorkflowResult
from tests.examples import MODULES
from tests.pythons import VERSIONS, interpreter

labels = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    [
        "Prompt",
        "prompt",
        "class",
        "ﬁeld",
        "field",
        "ſelf",
        "ｉｆ",
        "list",
        "copy",
        "Width",
        "width",
        "1st",
        "None",
    ]
)


def hint(
    number: int,
    own: str = "",
    *,
    node: str = "Node",
    field: str = "Value",
    node_named: bool = False,
) -> NameHints:
    return NameHints((f"node-{number}", "value"), own, node, field, f"input_{number}", node_named)


def names_of(*own: str) -> list[str]:
    return attribute_names([hint(number, label) for number, label in enumerate(own)])


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Positive Prompt", "positive_prompt"),
        ("CFG scale (1-20)", "cfg_scale"),
        ("(only)", "only"),
        ("ControlNet Model - Choose a Tile ControlNet", "controlnet_model"),
        ("Noise - Low", "noise_low"),
        ("Steps w/ Lightning", "steps_with_lightning"),
        ("Steps w/o Lightning", "steps_without_lightning"),
        ("Ratio w/h", "ratio_w_h"),
        ("  Width  ", "width"),
        ("a-b/c", "a_b_c"),
        ("class", "class_"),
        ("list", "list_"),
        ("copy", "copy_"),
        ("to dict", "to_dict_"),
        ("field", "field_"),
        ("self", "self"),
        ("__init__", "init"),
        ("1st pass", "input_1st_pass"),
        ("正面提示", "正面提示"),
        ("Größe", "größe"),
        ("İstem", "istem"),
        ("ｉｆ", "if_"),
        ("𝐢𝐟", "if_"),
        ("🎨", "value"),
        ("\u202ewidth", "width"),
    ],
)
def test_the_label_becomes_the_name(label: str, name: str) -> None:
    assert names_of(label) == [name]


def test_without_a_label_the_node_s_own_label_and_the_field_name_it() -> None:
    assert attribute_names([hint(0, node="Refiner", field="Steps", node_named=True)]) == ["refiner_steps"]


def test_a_named_node_with_one_field_gives_its_name_alone() -> None:
    assert attribute_names([hint(0, node="Positive Prompt", field="", node_named=True)]) == ["positive_prompt"]


def test_without_any_label_the_field_s_title_names_it() -> None:
    assert attribute_names([hint(0, node="Noise", field="Width")]) == ["width"]


def test_colliding_names_are_told_apart_by_their_nodes() -> None:
    hints = [
        hint(0, "Model", node="Main"),
        hint(1, "Model", node="Refiner"),
        hint(2, "Seed", node="Noise"),
    ]
    assert attribute_names(hints) == ["main_model", "refiner_model", "seed"]


def test_labels_that_differ_in_brackets_are_told_apart_by_them() -> None:
    assert names_of("Transformer (High Noise)", "Transformer (Low Noise)", "CFG [1-20]") == [
        "transformer_high_noise",
        "transformer_low_noise",
        "cfg",
    ]
    assert names_of("Model", "Model (refiner)") == ["model", "model_refiner"]
    assert names_of("Model (select canny)", "Model (use depth)") == ["model_canny", "model_depth"]
    nodes = [hint(number, node=f"LoRA ({noise})", field="Weight", node_named=True) for number, noise in enumerate("AB")]
    assert attribute_names(nodes) == ["lora_a_weight", "lora_b_weight"]


def test_a_node_s_label_that_ends_with_the_field_is_not_repeated() -> None:
    assert attribute_names([hint(0, node="Positive Prompt", field="Prompt", node_named=True)]) == ["positive_prompt"]
    assert attribute_names([hint(0, node="Preprompt", field="Prompt", node_named=True)]) == ["preprompt_prompt"]


def test_names_that_still_collide_are_numbered_in_form_order() -> None:
    assert names_of("Prompt", "prompt", "PROMPT") == ["prompt", "prompt_2", "prompt_3"]
    assert names_of("field", "ﬁeld") == ["field_", "field_2"]


def test_names_of_an_earlier_module_are_kept() -> None:
    hints = [hint(0, "New label"), hint(1, "Width")]
    assert attribute_names(hints, fixed={("node-0", "value"): "width"}) == ["width", "node_width"]


@given(st.lists(labels, max_size=8), labels, labels)
def test_every_input_gets_a_valid_name_of_its_own(own: list[str], node: str, field: str) -> None:
    hints = [hint(number, label, node=node, field=field) for number, label in enumerate(own)]
    names = attribute_names(hints)
    assert len(names) == len(own)
    assert len({normalize("NFKC", name) for name in names}) == len(own)
    for name in names:
        assert is_valid_attribute(name)
        assert not keyword.iskeyword(name)
        assert not hasattr(builtins, name)


@given(st.permutations(["Prompt", "prompt", "Width", "Steps"]))
def test_a_name_does_not_depend_on_the_position_of_other_inputs(own: list[str]) -> None:
    named = dict(zip(own, names_of(*own), strict=True))
    assert (named["Width"], named["Steps"]) == ("width", "steps")
    assert {named["Prompt"], named["prompt"]} == {"prompt", "prompt_2"}


@pytest.mark.parametrize(
    ("workflow", "name"),
    [
        ("SD1.5 Text to Image", "SD15TextToImage"),
        ("Text to Image - SDXL", "TextToImageSDXL"),
        ("Upscale v2.0.1 of image.png", "UpscaleV201OfImagePng"),
        ("image", "ImageWorkflow"),
        ("None", "NoneWorkflow"),
        ("3D maps", "Workflow3DMaps"),
        ("", "FileStem"),
        ("../../etc", "Etc"),
        ("写真", "写真"),
        ("Face Detailer (See Note in Details)", "FaceDetailer"),
        ("Tiled Upscaling [beta]", "TiledUpscaling"),
        ("Multi ControlNet (Canny & Depth)", "MultiControlNetCannyDepth"),
        ("(see notes)", "SeeNotes"),
        ("FORMAT", "FORMATWorkflow"),
        ("SOURCE", "SOURCEWorkflow"),
        ("Result", "ResultWorkflow"),
    ],
)
def test_class_names(workflow: str, name: str) -> None:
    assert class_name(workflow, fallback="file stem") == name


@pytest.mark.parametrize("text", ["\u0390ta", "foo \u0301bar", "\u0301bar", "\u1112 \u1161"])
def test_names_of_classes_and_aliases_are_written_as_python_compares_them(text: str) -> None:
    (attribute,) = names_of(text)
    assert is_valid_class(class_name(text, fallback="flow"))
    assert is_valid_class(alias_name(attribute, ()))


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Text to Image - SDXL", "text_to_image_sdxl"),
        ("../../x", "x"),
        ("C:\\temp\\x", "c_temp_x"),
        ("con", "con_workflow"),
        ("LPT1", "lpt1_workflow"),
        ("json", "json_workflow"),
        ("class", "class_workflow"),
        ("Compression", "compression_workflow"),
        ("Crypt", "crypt_workflow"),
        ("Invokable", "invokable_workflow"),
        ("3d", "workflow_3d"),
        ("写真", "xiezhen"),
        ("🎨 画像", "art_huaxiang"),
        ("\U000f0000", "workflow_988f7ff1"),
        ("Größe", "grosse"),
        ("a\x00b", "a_b"),
        ("x" * 300, f"{'x' * 51}_0d4e2ca9"),
        ("x" * 301, f"{'x' * 51}_e4c11e4f"),
    ],
)
def test_module_names_are_safe_file_names(stem: str, name: str) -> None:
    assert module_name(stem) == name


@pytest.mark.parametrize("version", VERSIONS)
def test_no_module_hides_one_of_the_standard_library_of_any_python(version: str) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"there is no Python {version} here")
    script = "import sys; print(*sys.stdlib_module_names)"
    known = subprocess.run([found, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert len(known) > 200
    assert [name for name in known if module_name(name) == name] == []


@given(st.text(st.characters(exclude_categories=())))
def test_every_stem_gives_an_importable_module_name(stem: str) -> None:
    name = module_name(stem)
    assert name.isascii()
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert len(name) <= 80


@pytest.mark.parametrize(
    "name", ["FORMAT", "SCHEMA", "NODES", "SOURCE", "Annotated", "Image", "Workflow", "None", "Result", "Client"]
)
def test_names_that_a_module_defines_or_imports_are_reserved(name: str) -> None:
    assert not is_valid_class(name)
    assert not is_valid_attribute(name)
    assert attribute_names([hint(0, name)])[0] != name


def test_the_reserved_names_are_all_that_the_examples_import_and_define() -> None:
    for path in MODULES.glob("*.py"):
        for statement in ast.parse(path.read_bytes()).body:
            match statement:
                case ast.ImportFrom(names=names):
                    assert {alias.name for alias in names} <= MODULE_NAMES
                case ast.AnnAssign(target=ast.Name(id=name)):
                    assert name in MODULE_NAMES


def test_the_members_of_the_runtime_s_base_classes_are_found_in_its_source() -> None:
    members = {*dir(Workflow), *Workflow.__annotations__}
    assert {name for name in members if not name.startswith("_")} == WORKFLOW_MEMBERS
    members = {*dir(WorkflowResult), *WorkflowResult.__annotations__}
    assert {name for name in members if not name.startswith("_")} == RESULT_MEMBERS
    assert set(invokable.runtime.__all__) <= MODULE_NAMES


@pytest.mark.parametrize(
    ("name", "valid"), [("Portrait", True), ("portrait", False), ("_Portrait", False), ("写真", True), ("Ａ", False)]
)
def test_the_class_names_that_a_configuration_may_give(name: str, valid: bool) -> None:
    assert is_valid_class(name) is valid


def test_fields_of_one_kind_without_labels_are_told_apart_even_if_one_could_stay_bare() -> None:
    hints = [
        NameHints(("a", "weight"), "", "Style", "Weight", "input_0", True, kind="lora.weight"),
        NameHints(("b", "weight"), "", "Apply LoRA", "Weight", "input_1", False, kind="lora.weight"),
    ]
    clues: dict[str, Steps] = {"a": ([], ["Style LoRA"]), "b": ([], ["Detail LoRA"])}
    assert attribute_names(hints, clues=lambda key: clues[key[0]]) == ["style_lora_weight", "detail_lora_weight"]


def test_a_workflow_is_searched_for_some_hundred_names_at_most() -> None:
    asked: list[tuple[str, str]] = []

    def clues(key: tuple[str, str]) -> Steps:
        asked.append(key)
        return ([key[0]],)

    pairs = [hint(number, f"Label {number // 2}", node="") for number in range(2_000)]
    names = attribute_names(pairs, clues=clues)
    assert names[:2] == ["node_0_label_0", "node_1_label_0"]
    assert names[-2:] == ["label_999", "label_999_2"]
    assert len(asked) == 600
    alike = attribute_names([hint(number, "Same", node="") for number in range(100)], clues=clues)
    assert alike[-1] == "same_100"
    assert len(asked) == 600


@pytest.mark.parametrize(
    ("qualifier", "base", "expected"),
    [
        ("Refiner", "Model", "Refiner Model"),
        ("Refiner Model", "Model", "Refiner Model"),
        ("LoRAs", "LoRA weight", "LoRA weight"),
        ("Concept LoRA", "LoRA weight", "Concept LoRA weight"),
        ("Refiner Model", "VAE Model", "Refiner VAE Model"),
        ("Pass 2", "Prompt 2", "Pass 2 Prompt 2"),
        ("", "Model", "Model"),
    ],
)
def test_a_qualifier_repeats_no_words_of_the_name(qualifier: str, base: str, expected: str) -> None:
    assert joined(qualifier, base) == expected
