"""Build: from sources and a configuration to files, as plain data for commands, hooks and watchers."""

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.pipeline import Build, BuildOptions, build_modules, building, plan_source
from invokable.codegen.build.publish import FileChange, RefusedError, Written, publish

__all__ = [
    "Build",
    "BuildOptions",
    "BuildResult",
    "FileChange",
    "RefusedError",
    "Written",
    "build_modules",
    "building",
    "plan_source",
    "publish",
]
