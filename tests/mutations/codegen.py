"""Faults of the generator: contract, schema, workflow, codegen and the command line."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation

CODEGEN: Final = "src/invokable/codegen/"
WORKFLOW: Final = "src/invokable/workflow/"
CONTRACT: Final = "src/invokable/contract/"

MUTATIONS: Final = (
    Mutation(
        "a calculated value passes for the one that was given",
        f"{WORKFLOW}feeding.py",
        "through = at.through or (None if primitive else at.node)",
        "through = None",
        ("tests/workflow/test_feeding.py",),
    ),
    Mutation(
        "an image's size counts as the image",
        f"{WORKFLOW}feeding.py",
        "if primitive is None or wire.handle == primitive",
        "if True",
        ("tests/workflow/test_feeding.py",),
    ),
    Mutation(
        "a prompt is looked for beyond the node that it conditions",
        f"{WORKFLOW}feeding.py",
        'return output is not None and (output.type.name.endswith("ConditioningField") or output.type.name in _LISTS)',
        "return output is not None",
        ("tests/workflow/test_feeding.py",),
    ),
    Mutation(
        "a negative prompt is described as a positive one",
        f"{CODEGEN}describing/destinations.py",
        'return self.entry.negative if self.side == "negative" and self.entry.negative else self.entry.text',
        "return self.entry.text",
        ("tests/codegen/test_describe.py",),
    ),
    Mutation(
        "the author's words hide what some values mean",
        f"{CODEGEN}describing/descriptions.py",
        "(authors or destination.does, destination.values, destination.feeds)",
        "(authors or f'{destination.does} {destination.values}', destination.feeds)",
        ("tests/codegen/test_describe.py",),
    ),
    Mutation(
        "a long default is written out",
        f"{CODEGEN}typing/words.py",
        "return _quoted(value, _DEFAULT)\n    if isinstance(value, dict)",
        "return _quoted(value, 10_000)\n    if isinstance(value, dict)",
        ("tests/codegen/test_describe.py",),
    ),
    Mutation(
        "a collect node no longer closes an iteration",
        "src/invokable/workflow/outputs.py",
        'elif nodes[node_id]["type"] == "collect":',
        'elif nodes[node_id]["type"] == "collected":',
        ("tests/cli/test_show.py", "tests/codegen/test_outputs.py"),
    ),
    Mutation(
        "--models ignores the variant of a model",
        f"{CONTRACT}models.py",
        'and (not self.variant or (model.get("variant") or None) in (None, *self.variant))',
        "",
        ("tests/codegen/test_models.py",),
    ),
    Mutation(
        "--models ignores the format of a model",
        f"{CONTRACT}models.py",
        'and (not self.format or (model.get("format") or None) in (None, *self.format))',
        "",
        ("tests/codegen/test_models.py",),
    ),
    Mutation(
        "intermediate images become outputs",
        "src/invokable/workflow/outputs.py",
        'lasting = [node_id for node_id in savers if not graph[node_id]["is_intermediate"]]',
        "lasting = list(savers)",
        ("tests/codegen/test_outputs.py",),
    ),
    Mutation(
        "a batch no longer makes many",
        "src/invokable/workflow/outputs.py",
        "many=batched or depth[node_id] > 0,",
        "many=depth[node_id] > 0,",
        ("tests/codegen/test_outputs.py",),
    ),
    Mutation(
        "a step of zero is written",
        f"{CODEGEN}typing/limits.py",
        "step >= _LEAST_STEP",
        "step >= 0",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "limits of integers are written as floats",
        f"{CODEGEN}typing/limits.py",
        "minimum=None if low is None else math.ceil(low)",
        "minimum=low",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "a colour of 999 is a default",
        f"{CODEGEN}typing/defaults.py",
        "0 <= channel <= 255",
        "0 <= channel",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "a model without a name is a default",
        f"{CODEGEN}typing/defaults.py",
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
        f"{CODEGEN}typing/defaults.py",
        "            check(value)\n",
        "            pass\n",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "a generator makes infinite numbers",
        f"{CONTRACT}generators.py",
        "if not all(math.isfinite(made) for made in items if isinstance(made, float)):",
        "if False:",
        ("tests/workflow/test_generators.py",),
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
        f"{CODEGEN}naming/telling.py",
        "number = numbers.get(base, 2)",
        "number = 2",
        ("tests/codegen/test_growth.py",),
    ),
    Mutation(
        "every batch node walks the chain of connectors again",
        f"{WORKFLOW}edges.py",
        "self._found.update(dict.fromkeys(chain, source))",
        "pass",
        ("tests/codegen/test_growth.py",),
    ),
    Mutation(
        "a generator's items are made while reading",
        f"{WORKFLOW}batches.py",
        "        check(value)\n",
        "        check(value)\n        __import__('invokable.contract.generators').contract.generators.expand(value)\n",
        ("tests/codegen/test_growth.py",),
    ),
    Mutation(
        "a template without a checksum is written",
        f"{CODEGEN}render.py",
        "if not has_body_checksum(text):",
        "if False:",
        ("tests/codegen/test_templates.py",),
    ),
    Mutation(
        "a fault in a template is a traceback",
        f"{CODEGEN}render.py",
        "except Exception as error:  # a project's template is a program, and can fail in any way",
        "except KeyError as error:",
        ("tests/codegen/test_templates.py",),
    ),
    Mutation(
        "--force does not replace a binary file",
        f"{CODEGEN}build/publish.py",
        '        if force:\n            return ""\n',
        "",
        ("tests/codegen/test_build.py",),
    ),
    Mutation(
        "the first failure ends a build",
        f"{CODEGEN}build/modules.py",
        "        return replace(result, failures=(failure,))\n",
        "        raise\n",
        ("tests/codegen/test_build.py",),
    ),
    Mutation(
        "modules are written although one failed",
        f"{CODEGEN}build/pipeline.py",
        "        for failure in self.failures:\n            raise failure\n        try:",
        "        try:",
        ("tests/codegen/test_build.py",),
    ),
    Mutation(
        "a class may be called Workflow",
        f"{CODEGEN}naming/names.py",
        " and not is_reserved(name)",
        "",
        ("tests/codegen/test_config.py",),
    ),
    Mutation(
        "names that stand twice in an edited module are kept",
        f"{CODEGEN}written/existing.py",
        "if counts[name] == 1",
        "",
        ("tests/codegen/test_existing.py",),
    ),
    Mutation(
        "a text can pass for a mark of the layout",
        f"{CODEGEN}python/layout.py",
        '        while self._sign in text:\n            self._sign += "@"\n',
        "",
        ("tests/codegen/test_layout.py",),
    ),
)
