"""The engine's front door: one order in, one proven part out."""

from __future__ import annotations

from modelyard.engine.fetched import Fetched
from modelyard.engine.journal import forget_journal, has_journal
from modelyard.engine.opening import Opening, open_whole
from modelyard.engine.part import PartFile
from modelyard.engine.run import Surroundings
from modelyard.engine.small import fetch_small
from modelyard.engine.transfer import Transfer
from modelyard.engine.xet import fetch_xet, goes_by_xet
from modelyard.errors import ContentError, NetworkError, YardError


def knock(around: Surroundings) -> Opening:
    """Ask for the whole file and look at its head and first bytes, nothing else. The caller closes or uses it.

    Raises:
        YardError: The sources refuse, or send a page instead of the file.
    """
    return open_whole(around.engine, around.order, around.stop, around.explain, around.progress.retry)


def fetch(around: Surroundings, part: PartFile, opening: Opening | None = None) -> Fetched:
    """Fetch an order into its part and prove it.

    A part of an earlier run is continued; one in which nothing worth keeping ends up is left empty.

    Args:
        part: Held by the caller, see `hold`.
        opening: An open stream of the whole file, as `knock` gives it.

    Raises:
        YardError: Every kind; see `Transfer.run`.
    """
    around.progress.size = around.order.size
    try:
        if goes_by_xet(around):
            if opening is not None:
                opening.reply.close()
                opening = None
            if by_xet := _by_xet(around, part):
                around.progress.stage = "landing"
                return by_xet
        if part.size() > 0 and has_journal(part):
            if opening is not None:
                opening.reply.close()
            fetched = Transfer(around, part).run()
        else:
            opening = opening or knock(around)
            fetched = _from(around, part, opening)
    except YardError as error:
        around.progress.stage = "failed"
        _clean(part, error)
        raise
    around.progress.stage = "landing"
    return fetched


def _by_xet(around: Surroundings, part: PartFile) -> Fetched | None:
    """Try the chunk store; None when the plain way has to go on from what is there."""
    progress = around.progress
    while True:
        before = progress.received
        try:
            return fetch_xet(around, part)
        except NetworkError as error:
            progress.start_over()
            progress.note = f"{error.message} Going on over plain HTTP."
            if progress.received - before < _WORTH:
                return None  # else it may be no more than a token that ran out
        except ContentError as error:
            part.empty()
            forget_journal(part)
            progress.start_over()
            progress.note = f"{error.message} Beginning anew over plain HTTP."
            return None


def _from(around: Surroundings, part: PartFile, opening: Opening) -> Fetched:
    size = opening.identity.size
    whole = opening.start == 0 and opening.end in (None, size)
    if size is not None and size <= around.engine.policy.small and whole and not opening.packed:
        around.progress.stage = "transferring"
        return fetch_small(around, part, opening)
    return Transfer(around, part).run(opening)


def _clean(part: PartFile, error: YardError) -> None:
    """Bytes that are wrong are thrown away; bytes that are merely too few are kept."""
    if error.exit_code == 6 and error.code not in _KEPT:
        part.empty()
    if part.still_ours() and part.size() == 0:
        part.remove()
        forget_journal(part)


_WORTH = 64 * 2**20
"""Bytes that one token must have brought for another one to be asked: more than lies in buffers at a break."""

_KEPT = frozenset({"not-a-model"})
"""A page that came instead of the rest says nothing against the bytes that are here."""
