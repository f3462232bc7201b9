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
        "while room and (piece := file.read(min(room, _PIECE))):",
        "while piece := file.read():",
        ("tests/codegen/test_build.py::test_a_huge_file_is_refused_without_reading_it_whole",),
    ),
    Mutation(
        "a file may hold any number of arrays and objects",
        f"{WORKFLOW}document.py",
        "    _check_density(data, name)\n",
        "",
        ("tests/workflow/test_document.py",),
    ),
    Mutation(
        "commas in texts count as values",
        f"{WORKFLOW}document.py",
        'crowded = _is_crowded(_TEXT.sub(b"", data), data)',
        "crowded = _is_crowded(data, data)",
        ("tests/workflow/test_document.py",),
    ),
    Mutation(
        "reading an old model reference changes the file's JSON",
        f"{WORKFLOW}migrate.py",
        'value = value | {"model_type": MODEL_TYPES_BY_FIELD[kind]}',
        'value["model_type"] = MODEL_TYPES_BY_FIELD[kind]',
        ("tests/workflow/test_hostile.py",),
    ),
    Mutation(
        "a JSON default of any size is written",
        f"{CODEGEN}typing/defaults.py",
        "_MAX_VALUES: Final = 1_000",
        "_MAX_VALUES: Final = 10**9",
        ("tests/codegen/test_hostile_values.py",),
    ),
    Mutation(
        "long lists go through black",
        f"{CODEGEN}python/layout.py",
        "_LIST.sub(self._list, text)",
        "text",
        ("tests/codegen/test_layout.py",),
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
