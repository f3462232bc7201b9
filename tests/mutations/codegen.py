"""Faults of the generator: contract, schema, workflow, codegen and the command line."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation

CODEGEN: Final = "src/invokable/codegen/"
WORKFLOW: Final = "src/invokable/workflow/"
CONTRACT: Final = "src/invokable/contract/"

MUTATIONS: Final = (
    Mutation(
        "a collect node no longer closes an iteration",
        f"{CODEGEN}outputs.py",
        'elif nodes[node_id]["type"] == "collect":',
        'elif nodes[node_id]["type"] == "collected":',
        ("tests/cli/test_show.py", "tests/codegen/test_outputs.py"),
    ),
    Mutation(
        "--models ignores the variant of a model",
        f"{CONTRACT}models.py",
        'and (not self.variant or (model.get("variant") or None) in (None, *self.variant))',
        "",
        ("tests/codegen/test_models.py::test_an_input_offers_the_models_that_it_takes",),
    ),
    Mutation(
        "--models ignores the format of a model",
        f"{CONTRACT}models.py",
        'and (not self.format or (model.get("format") or None) in (None, *self.format))',
        "",
        ("tests/codegen/test_models.py::test_an_input_offers_the_models_that_it_takes",),
    ),
    Mutation(
        "intermediate images become outputs",
        f"{CODEGEN}outputs.py",
        'lasting = [node_id for node_id in savers if not graph[node_id]["is_intermediate"]]',
        "lasting = list(savers)",
        ("tests/codegen/test_outputs.py::test_intermediate_images_are_not_outputs",),
    ),
    Mutation(
        "a batch no longer makes many",
        f"{CODEGEN}outputs.py",
        "many=batched or depth[node_id] > 0,",
        "many=depth[node_id] > 0,",
        ("tests/codegen/test_outputs.py::test_a_batch_makes_many_of_all",),
    ),
    Mutation(
        "a step of zero is written",
        f"{CODEGEN}limits.py",
        "step >= _LEAST_STEP",
        "step >= 0",
        ("tests/codegen/test_hostile_values.py::test_limits_that_make_no_sense_are_left_out_with_a_warning",),
    ),
    Mutation(
        "limits of integers are written as floats",
        f"{CODEGEN}limits.py",
        "minimum=None if low is None else math.ceil(low)",
        "minimum=low",
        ("tests/codegen/test_hostile_values.py::test_the_limits_of_an_integer_are_integers",),
    ),
    Mutation(
        "a colour of 999 is a default",
        f"{CODEGEN}defaults.py",
        "0 <= channel <= 255",
        "0 <= channel",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "a model without a name is a default",
        f"{CODEGEN}defaults.py",
        'return "" if any(_has_text(value, key) for key in ("name", "key", "hash")) else "names no model"',
        'return ""',
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "unknown settings of a generator are written",
        f"{CONTRACT}settings.py",
        'if name != "type" and name not in self.settings:',
        "if False:",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "a generator's settings are not tried",
        f"{CODEGEN}defaults.py",
        "            check(value)\n",
        "            pass\n",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "a generator makes infinite numbers",
        f"{CONTRACT}generators.py",
        "if not all(math.isfinite(made) for made in items if isinstance(made, float)):",
        "if False:",
        ("tests/workflow/test_generators.py::test_no_generator_makes_an_infinite_number",),
    ),
    Mutation(
        "a file is read whole before it is refused",
        f"{WORKFLOW}document.py",
        "return file.read(MAX_BYTES + 1)",
        "return file.read()",
        ("tests/codegen/test_build.py::test_a_huge_file_is_refused_without_reading_it_whole",),
    ),
    Mutation(
        "equal labels are numbered from the start each time",
        f"{CODEGEN}telling.py",
        "number = numbers.get(base, 2)",
        "number = 2",
        ("tests/codegen/test_growth.py::test_twice_the_size_is_about_twice_the_work",),
    ),
    Mutation(
        "every batch node walks the chain of connectors again",
        f"{WORKFLOW}edges.py",
        "self._found.update(dict.fromkeys(chain, source))",
        "pass",
        ("tests/codegen/test_growth.py::test_a_chain_of_connectors_is_followed_once",),
    ),
    Mutation(
        "a generator's items are made while reading",
        f"{WORKFLOW}batches.py",
        "        check(value)\n",
        "        check(value)\n        __import__('invokable.contract.generators').contract.generators.expand(value)\n",
        ("tests/codegen/test_growth.py::test_the_work_stays_within_bounds_for_the_size",),
    ),
    Mutation(
        "a template without a checksum is written",
        f"{CODEGEN}render.py",
        "if not has_body_checksum(text):",
        "if False:",
        ("tests/codegen/test_templates.py::test_a_faulty_template_is_one_line_and_status_2",),
    ),
    Mutation(
        "a fault in a template is a traceback",
        f"{CODEGEN}render.py",
        "except Exception as error:  # a project's template is a program, and can fail in any way",
        "except KeyError as error:",
        ("tests/codegen/test_templates.py::test_a_faulty_template_is_one_line_and_status_2",),
    ),
    Mutation(
        "--force does not replace a binary file",
        f"{CODEGEN}publish.py",
        '        if force:\n            return ""\n',
        "",
        ("tests/codegen/test_build.py::test_force_replaces_even_a_binary_file",),
    ),
    Mutation(
        "the first failure ends a build",
        f"{CODEGEN}modules.py",
        "        return replace(result, failures=(failure,))\n",
        "        raise\n",
        ("tests/codegen/test_build.py::test_every_failure_is_collected_with_its_place",),
    ),
    Mutation(
        "modules are written although one failed",
        f"{CODEGEN}build.py",
        "        for failure in self.failures:\n            raise failure\n        try:",
        "        try:",
        ("tests/codegen/test_build.py::test_every_failure_is_collected_with_its_place",),
    ),
    Mutation(
        "a class may be called Workflow",
        f"{CODEGEN}names.py",
        " and not is_reserved(name)",
        "",
        ("tests/codegen/test_config.py::test_a_class_name_shadows_nothing_that_the_module_uses",),
    ),
    Mutation(
        "names that stand twice in an edited module are kept",
        f"{CODEGEN}existing.py",
        "if counts[name] == 1",
        "",
        ("tests/codegen/test_existing.py::test_a_name_that_stands_for_two_fields_is_not_taken",),
    ),
    Mutation(
        "a text can pass for a mark of the layout",
        f"{CODEGEN}layout.py",
        '        while self._sign in text:\n            self._sign += "@"\n',
        "",
        ("tests/codegen/test_layout.py::test_no_text_passes_for_a_mark",),
    ),
)
