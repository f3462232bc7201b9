"""Workflows: the library of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from invokable.runtime.client._sync.concurrency import in_thread
from invokable.runtime.client._sync.repositories.repository import Repository
from invokable.runtime.client.reading import read_file
from invokable.runtime.steps.library import (
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
from invokable.runtime.steps.paging import at_once
from invokable.runtime.steps.protocol import Read
from invokable.runtime.values.inputs import ImageInput
from invokable.runtime.values.records import LibraryWorkflow, WorkflowRecord


class Workflows(Repository):
    """The workflow library of a server. Every method raises ConnectionError and APIError."""

    def list(
        self, *, query: str = "", category: str = "", tags: Sequence[str] = (), shared: bool | None = None
    ) -> Iterator[WorkflowRecord]:
        """The workflows that fit, without what is in them; all, where nothing is given.

        Args:
            query: A text in the name, the description or the tags.
            category: `user`, or `default` for those that come with InvokeAI.
            tags: Those with any of these; servers before 5.8 have none.
            shared: Those that other users see, too, or those that they do not; None is both. Takes InvokeAI 6.13.
        """
        return self._each(
            at_once(list_workflows(self._known, query=query, category=category, tags=tags, shared=shared))
        )

    def get(self, workflow_id: str) -> LibraryWorkflow:
        """The workflow of that id, whole. Raises NotFoundError."""
        return self._drive(get_workflow(workflow_id))

    def find(self, name: str) -> LibraryWorkflow:
        """The workflow of that name, whole. Raises NotFoundError when there is none, or several."""
        return self._drive(find_workflow(name, self._known))

    def save(self, document: Mapping[str, Any], *, over: WorkflowRecord | str | None = None) -> LibraryWorkflow:
        """Save a workflow as the editor exports it: as a new one, or `over` another one, which is given with its id.

        What comes with InvokeAI is saved as one of the user's. Raises NotFoundError, and InvokableError for one that
        cannot be saved over, since it comes with InvokeAI.
        """
        return self._drive(save_workflow(document, over))

    def delete(self, workflow: WorkflowRecord | str) -> None:
        """Delete a workflow, given with its id.

        Raises NotFoundError, and InvokableError for one that comes with InvokeAI.
        """
        self._drive(delete_workflow(workflow))

    def share(self, workflow: WorkflowRecord | str, *, shared: bool = True) -> LibraryWorkflow:
        """Have the other users of the server see a workflow, given with its id, or no longer. Takes InvokeAI 6.13.

        Raises NotFoundError, UnsupportedError, and InvokableError for one that comes with InvokeAI.
        """
        return self._drive(share_workflow(workflow, self._known, shared=shared))

    def thumbnail(self, workflow: WorkflowRecord | str) -> bytes | None:
        """The small picture that the library shows beside a workflow, as PNG or WebP; None where it has none.

        Raises NotFoundError, and UnsupportedError for a server before 5.8.
        """
        return self._drive(workflow_thumbnail(workflow, self._known))

    def set_thumbnail(self, workflow: WorkflowRecord | str, image: ImageInput) -> None:
        """Show a picture beside a workflow; the server makes it small.

        Raises OSError and TypeError for what cannot be read, APIError for what is no picture, NotFoundError,
        UnsupportedError, and InvokableError for a workflow that comes with InvokeAI.
        """
        file = in_thread(read_file, Read(image, "image"))
        self._drive(set_workflow_thumbnail(workflow, file, self._known))

    def delete_thumbnail(self, workflow: WorkflowRecord | str) -> None:
        """Show no picture beside a workflow. Raises what `set_thumbnail` raises."""
        self._drive(delete_workflow_thumbnail(workflow, self._known))
