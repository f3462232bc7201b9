"""Workflows: the workflow library of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from invokable.contract.vocabulary import WorkflowCategory
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.surface import check_list, check_word, checked_document
from invokable.runtime.steps.exchange.paging import single_page
from invokable.runtime.steps.resources.library import (
    delete_workflow,
    delete_workflow_thumbnail,
    find_workflow,
    get_workflow,
    list_workflows,
    save_workflow,
    set_workflow_thumbnail,
    share_workflow,
    workflow_thumbnail,
)
from invokable.runtime.steps.resources.references import checked_name
from invokable.runtime.values.inputs import ImageInput
from invokable.runtime.values.records import LibraryWorkflow, WorkflowRecord


class AsyncWorkflows(AsyncRepository):
    """The workflow library of a server. Every method raises ConnectionError and APIError."""

    def list(
        self,
        *,
        query: str = "",
        category: WorkflowCategory | Literal[""] = "",
        tags: Sequence[str] = (),
        shared: bool | None = None,
    ) -> AsyncIterator[WorkflowRecord]:
        """The workflows that match, without their contents; by default all.

        Args:
            query: Text to find in the name, the description or the tags; `%` in it stands for any text, `_` for any
                character.
            category: `user`, or `default` for those that come with InvokeAI.
            tags: Those with any of these tags, in upper or lower case. Servers before 5.8 have no tags.
            shared: True for those that other users can see, False for the others, None for both. Requires InvokeAI
                6.13.

        Raises ValueError for an unknown category, and TypeError for tags that are not a list.
        """
        check_list("tags", tags, "portrait")
        for tag in tags:
            checked_name(tag, "a tag")
        if category:
            check_word("category", category, WorkflowCategory)
        return self._each(
            single_page(list_workflows(self._cache, query=query, category=category, tags=tags, shared=shared))
        )

    async def get(self, workflow_id: str) -> LibraryWorkflow:
        """The complete workflow with that id. Raises NotFoundError."""
        return await self._drive(get_workflow(workflow_id))

    async def find(self, name: str) -> LibraryWorkflow:
        """The complete workflow with that name. Raises NotFoundError if there is none, or several."""
        return await self._drive(find_workflow(name, self._cache))

    async def save(self, document: Mapping[str, Any], *, over: WorkflowRecord | str | None = None) -> LibraryWorkflow:
        """Save a workflow that the editor exported: as a new one, or `over` an existing one, given by its id or record.

        A workflow that came with InvokeAI is saved as a user's workflow. Raises NotFoundError, and InvokableError if
        `over` is a workflow that comes with InvokeAI, which cannot be replaced.
        """
        return await self._drive(save_workflow(checked_document(document), over))

    async def delete(self, workflow: WorkflowRecord | str) -> None:
        """Delete a workflow, given by its id or record.

        Raises NotFoundError, and InvokableError for one that comes with InvokeAI.
        """
        await self._drive(delete_workflow(workflow))

    async def share(self, workflow: WorkflowRecord | str, *, shared: bool = True) -> LibraryWorkflow:
        """Make a workflow, given by its id or record, visible to other users, or hide it. Requires InvokeAI 6.13.

        Raises NotFoundError, UnsupportedError, and InvokableError for one that comes with InvokeAI.
        """
        return await self._drive(share_workflow(workflow, self._cache, shared=shared))

    async def thumbnail(self, workflow: WorkflowRecord | str) -> bytes | None:
        """The thumbnail that the library shows beside a workflow, as PNG or WebP, or None.

        Raises NotFoundError, and UnsupportedError for a server before 5.8.
        """
        return await self._drive(workflow_thumbnail(workflow, self._cache))

    async def set_thumbnail(self, workflow: WorkflowRecord | str, image: ImageInput) -> None:
        """Set the thumbnail of a workflow; the server scales the picture down.

        Raises OSError and TypeError for a file that cannot be read, APIError if it is not a picture, NotFoundError,
        UnsupportedError, and InvokableError for a workflow that comes with InvokeAI.
        """
        file = await self._picture(image)
        await self._drive(set_workflow_thumbnail(workflow, file, self._cache))

    async def delete_thumbnail(self, workflow: WorkflowRecord | str) -> None:
        """Remove the thumbnail of a workflow. Raises the same exceptions as `set_thumbnail`."""
        await self._drive(delete_workflow_thumbnail(workflow, self._cache))
