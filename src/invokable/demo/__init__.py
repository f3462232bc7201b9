"""The demo: a bundled workflow, the module made of it, and the pictures that it makes.

    scene_for ─▶ Scene ── write ─▶ Files ── flows ── Client.run ─▶ pictures

On the simulator it needs no server, no GPU and no network. On a server without a model that the scene takes, the scene
is one that needs none.
"""

from invokable.demo.files import Files, call_of, flows, write
from invokable.demo.scenes import Scene, scene_for

__all__ = ["Files", "Scene", "call_of", "flows", "scene_for", "write"]
