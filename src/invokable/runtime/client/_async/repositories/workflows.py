"""Workflows: the library of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.steps.library import (
    delete_workflow,
    find_workflow,
    get_workflow,
    list_workflows,
    save_workflow,
)
from invokable.runtime.steps.paging import at_once
from invokable.runtime.values.records import LibraryWorkflow, WorkflowRecord


class AsyncWorkflows(AsyncRepository):
    """The workflow library of a server. Every method raises ConnectionError and APIError."""

    def list(self, *, query: str = "", category: str = "", tags: Sequence[str] = ()) -> AsyncIterator[WorkflowRecord]:
        """The workflows that fit, without what is in them; all, where nothing is given.

        Args:
            query: A text in the name, the description or the tags.
            category: `user`, or `default` for those that come with InvokeAI.
            tags: Those with any of these; servers before 5.8 have none.
        """
        return self._each(at_once(list_workflows(self._known, query=query, category=category, tags=tags)))

    async def get(self, workflow_id: str) -> LibraryWorkflow:
        """The workflow of that id, whole. Raises NotFoundError."""
        return await self._drive(get_workflow(workflow_id))

    async def find(self, name: str) -> LibraryWorkflow:
        """The workflow of that name, whole. Raises NotFoundError when there is none, or several."""
        return await self._drive(find_workflow(name, self._known))

    async def save(self, document: Mapping[str, Any], *, over: WorkflowRecord | str | None = None) -> LibraryWorkflow:
        """Save a workflow as the editor exports it: as a new one, or `over` another one, which is given with its id.

        What comes with InvokeAI is saved as one of the user's. Raises NotFoundError, and InvokableError for one that
        cannot be saved over, since it comes with InvokeAI.
        """
        return await self._drive(save_workflow(document, over))

    async def delete(self, workflow: WorkflowRecord | str) -> None:
        """Delete a workflow, given with its id.

        Raises NotFoundError, and InvokableError for one that comes with InvokeAI.
        """
        await self._drive(delete_workflow(workflow))
