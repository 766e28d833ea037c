"""Workflows: which models does this file need?"""

from __future__ import annotations

import io
from typing import Any

import msgspec

from modelyard.errors import NoWorkflow
from modelyard.programs.workflows.reading import read_stream
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes

routes = Routes(tag="workflows")

LARGEST = 64 * 1024 * 1024
"""Bytes of a workflow, or of the picture or video that holds one."""


class WorkflowView(msgspec.Struct, frozen=True):
    """What a file asks for.

    Attributes:
        format: `ui`, `api` or `a1111`.
        container: What kind of file it sits in.
        needed: Models that a run would load: `name`, `directory`, and `url` and `hash` where it names them.
        declared_not_needed: Models that are described, but switched off.
        mentioned: Models that a text names: embeddings, LoRAs in prompts.
        problems: What could not be followed.
    """

    format: str
    container: str
    needed: list[dict[str, Any]]
    declared_not_needed: list[dict[str, Any]]
    mentioned: list[dict[str, Any]]
    problems: list[str]


@routes.post(
    "/workflows/plan",
    role=Role.VIEWER,
    raises=(NoWorkflow,),
    most=LARGEST,
    takes=("application/octet-stream",),
    once=False,
    slow=True,
)
def plan_workflow(here: Here, body: bytes) -> WorkflowView:
    """Which models a workflow needs. The body is the file: JSON, or a picture, video or sound that holds one."""
    found = read_stream(io.BytesIO(body), len(body))
    if found is None:
        raise NoWorkflow("This file holds no workflow.")
    return msgspec.convert(found, WorkflowView, from_attributes=True)
