"""Files: the files of the demo: the workflow, its module, and a script that runs it again."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Final

from invokable.codegen import ModulePlan, generate_module
from invokable.codegen.build.publish import publish
from invokable.codegen.python.code import literal
from invokable.contract.server import NEWEST
from invokable.demo.scenes import Scene
from invokable.schema import load as load_schema

_SCRIPT: Final = '''"""Runs {class_name} again, {where}. Change the values and see what comes out."""

{imports}

from {module} import {class_name}

with {client}:
    result = client.run({call})
    print(result.{output}.save("images/"))
'''


@dataclass(frozen=True, slots=True)
class Files:
    """The paths of the files, and the generated module."""

    workflow: Path
    module: Path
    script: Path
    plan: ModulePlan


def write(scene: Scene, folder: Path, *, server: str | None) -> Files:
    """Write workflow, module and script. Raises RefusedError for a module that was edited by hand, and OSError."""
    text = _bundled(scene.workflow)
    module = generate_module(json.loads(text), load_schema(NEWEST), source=scene.workflow)
    stem = scene.workflow.removesuffix(".json")
    files = Files(folder / scene.workflow, folder / f"{stem}.py", folder / "run.py", module.plan)
    publish(files.module, module.text)
    files.workflow.write_text(text, encoding="utf-8")
    for name, content in scene.files.items():
        (folder / name).write_bytes(content)
    files.script.write_text(_script(scene, files, server), encoding="utf-8")
    return files


def flows(scene: Scene, files: Files) -> list[Any]:
    """The workflows to run, with their values."""
    folder = files.workflow.parent
    runs = [{k: folder / v if v in scene.files else v for k, v in values.items()} for values in scene.runs]
    flow_class = _load(files)
    return [flow_class(**values) for values in runs]


def _load(files: Files) -> Any:
    name = files.module.stem
    spec = spec_from_file_location(name, files.module)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return getattr(module, files.plan.class_name)


def call_of(scene: Scene, files: Files) -> str:
    """The Python expression for the first run: `Portrait(prompt="a fox", seed=1)`."""
    arguments = (f"{name}={literal(value)}" for name, value in scene.runs[0].items())
    return f"{files.plan.class_name}({', '.join(arguments)})"


def _script(scene: Scene, files: Files, server: str | None) -> str:
    simulated = server is None
    return _SCRIPT.format(
        class_name=files.plan.class_name,
        module=files.module.stem,
        output=scene.output,
        call=call_of(scene, files),
        where="on the simulator" if simulated else f"on {server}",
        imports="from invokable.testing import Simulator" if simulated else "from invokable import Client",
        client=f"{'Simulator() as server, server.client()' if simulated else f'Client({literal(server)})'} as client",
    )


def _bundled(name: str) -> str:
    installed = Path(__file__).parent / "workflows"
    folder = installed if installed.is_dir() else Path(__file__).parents[3] / "generated_examples" / "workflows"
    return (folder / name).read_text(encoding="utf-8")
