"""The demo: a bundled workflow, its module, and the images that it makes.

    scene_for ─▶ Scene ── write ─▶ Files ── flows ── Client.run ─▶ images

On the simulator it needs no server, GPU or network. On a server without a suitable model, the scene is one that needs
none.
"""

from invokable.demo.files import Files, call_of, flows, write
from invokable.demo.scenes import Scene, scene_for

__all__ = ["Files", "Scene", "call_of", "flows", "scene_for", "write"]
