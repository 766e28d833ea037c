"""Lending models to other programs: what was made, making it, taking it back."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from modelyard.errors import BadValue, CannotLend, NoSuchLoan, NoSuchProgram
from modelyard.jobs.finding import named
from modelyard.jobs.lending.lend import LINK, Lent, LinkOptions, foresee
from modelyard.jobs.lending.returning import LoanView, Returned, give_back, lent
from modelyard.programs.installed.found import Means
from modelyard.server.api.adding import queued
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="links")

Number = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]


class LinkBody(Ask, frozen=True):
    """Which models go to which program.

    Attributes:
        program: Its id, path or kind, see `GET /programs`.
        by: Only this means; empty is the gentlest that works.
        copying: A copy may be made where nothing else works.
        dry_run: Say what would be done, and do nothing.
    """

    ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=10_000)]
    program: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    by: Literal["", Means] = ""
    copying: bool = False
    dry_run: bool = False


class Linking(msgspec.Struct, frozen=True, kw_only=True):
    """The task that does it, see `GET /tasks/{id}`; of a dry run what would be done, and 0."""

    id: int
    results: list[Lent]


class LoanQuery(Ask, frozen=True):
    """How a link is undone.

    Attributes:
        forget: Only drop the record where the program's folder is gone for good.
    """

    forget: bool = False


@routes.get("/links", role=Role.OPERATOR)
def list_links(here: Here) -> list[LoanView]:
    """What was lent to other programs by which means, and whether it still stands."""
    return lent(here.app.stock)


@routes.post(
    "/links",
    role=Role.ADMIN,
    status=202,
    slow=True,
    noted=False,
    raises=(BadValue, NoSuchProgram),
    example={"ids": [1], "program": "comfyui", "dry_run": True},
)
def begin_link(here: Here, body: LinkBody) -> Linking:
    """Make models usable in another program, by the gentlest means that works; no copy unless it is asked for."""
    stock = here.app.stock
    options = LinkOptions(ids=tuple(body.ids), program=body.program, by=body.by, copying=body.copying)
    if body.dry_run:
        return Linking(id=0, results=foresee(stock, options))
    exact = msgspec.structs.replace(options, program=named(stock, body.program).id)
    return queued(here, [LINK.draft(exact)], lambda ids: Linking(id=ids[0], results=[]))


@routes.delete("/links/{id}", role=Role.ADMIN, slow=True, raises=(NoSuchLoan, CannotLend))
def undo_link(here: Here, id: Number, query: LoanQuery) -> Returned:  # the path's parameter
    """Undo a link: what was made goes, as long as it still is ours; the model stays where it is."""
    return give_back(here.app.stock, id, forget=query.forget)
