"""Workflows with video inputs and outputs that need no model."""

from __future__ import annotations

from typing import Any

from tests.examples import imported, workflow_class
from tests.workflow.builders import edge, form, node, workflow

CUT = workflow(
    node("clip", "video", video=None),
    node("cut", "extract_video_range", start_frame=0, end_frame=1, board="auto", label="Cut"),
    node("still", "video_frame_extract", frame_index=0, label="Still"),
    edges=[edge("clip.video", "cut.video"), edge("clip.video", "still.video")],
    form=form("clip.video", "cut.board"),
)
JOIN = workflow(node("join", "video_concat", videos=None), form=form("join.videos"))


def flow(document: Any, **values: Any) -> Any:
    """An instance of the class that is generated from a workflow."""
    return workflow_class(imported(document))(**values)
