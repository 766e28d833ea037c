"""For programs that need models: ready with a path, on its way, or missing with what to do."""

from __future__ import annotations

import functools
import time
from typing import Annotated
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from modelyard.errors import UnsafePath, UsageError
from modelyard.jobs.addressing import forget
from modelyard.jobs.ensuring import Ensure, Ensured, Want
from modelyard.server.api.fence import check_source, check_target
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="ensure")


class Wants(Ask, frozen=True):
    """Models that somebody needs.

    Attributes:
        fetch: Begin downloads where there are none.
        again: Begin them although the last ones failed.
        wait: Seconds to wait, at most, until none is on its way any more.
    """

    wants: Annotated[list[Want], msgspec.Meta(min_length=1, max_length=1000)]
    fetch: bool = True
    again: bool = False
    wait: Annotated[float, msgspec.Meta(ge=0, le=30)] = 0.0


NEAR = "x-modelyard-near"
"""Header: a folder, percent-encoded: roots inside it are taken before others, such as those of the asking ComfyUI."""


def near_of(here: Here) -> str:
    """Near which folder the caller is, empty when it does not say."""
    return unquote(here.headers.get(NEAR, ""))


def ensure_for(here: Here, *, told: bool = False) -> Ensure:
    """The flow, preferring the roots near which the caller is; only its owner's own addresses bring keys.

    Args:
        told: The addresses are a stranger's words: a workflow's.
    """
    told = told or here.caller.role is Role.COMFYUI
    keep_key = here.app.keep_key if here.caller.role is Role.ADMIN and not told else forget
    return replace(here.app.ensure, near=near_of(here), keep_key=keep_key, told=told)


@routes.post(
    "/ensure",
    role=Role.OPERATOR,
    slow=True,
    noted=False,
    raises=(UsageError, UnsafePath),
    example={"wants": [{"address": "hf:owner/repo/style.safetensors", "folder": "loras"}], "wait": 10},
)
def ensure_models(here: Here, body: Wants) -> list[Ensured]:
    """Whether models are ready; asks again and again until they are. The same want is one download, whoever asks."""
    ensure = replace(ensure_for(here), fence=functools.partial(check_target, here))
    until = time.monotonic() + body.wait
    for want in body.wants:
        if want.address:
            check_source(here, want.address)
            ensure.options(want)
    fetch, again = body.fetch, body.again
    while True:
        newest = here.app.events.newest
        found = [ensure.look(want, fetch=fetch, again=again) for want in body.wants]
        left = until - time.monotonic()
        if left <= 0 or not any(one.state in ("downloading", "waiting") for one in found):
            return found
        again = False
        here.app.events.wait(newest, min(left, 1.0))
