"""Runs InvokeAI graphs as the server does, without torch and without models.

Nodes that need no model compute; what needs one makes placeholders, and pictures that say what went in.
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
