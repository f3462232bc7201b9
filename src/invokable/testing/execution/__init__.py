"""Runs InvokeAI graphs like the server, without torch or models.

Nodes that need no model compute; others make placeholders, and images that show their inputs.
"""

from invokable.testing.execution.cache import InvocationCache
from invokable.testing.execution.events import Completed, Event, Failed, Progress, Started
from invokable.testing.execution.services import NodeError, Services
from invokable.testing.execution.session import Session

__all__ = [
    "Completed",
    "Event",
    "Failed",
    "InvocationCache",
    "NodeError",
    "Progress",
    "Services",
    "Session",
    "Started",
]
