"""A transfer: from sources to one proven part, whatever happens on the way.

Runs follow each other until one ends with every byte: a server that ignores ranges or a file that
changed is begun anew, at most as often as the policy allows without new ground. Nothing here gives a
file its final name; that is `landing`.
"""

from __future__ import annotations

from collections import Counter

from msgspec import structs
from msgspec.structs import replace

from modelyard.engine.blocks import BLOCK, BlockTable, block_digest
from modelyard.engine.fetched import Fetched, judge
from modelyard.engine.gzipped import decoded
from modelyard.engine.identity import Identity
from modelyard.engine.journal import Journal, Known, Story, forget_journal
from modelyard.engine.lane import StartOver
from modelyard.engine.opening import Opening, open_whole
from modelyard.engine.part import DIRECT_FROM, PartFile
from modelyard.engine.pieces import LyingSource
from modelyard.engine.recover import Kept, recover
from modelyard.engine.run import Run, Surroundings
from modelyard.engine.supervisor import Supervisor
from modelyard.errors import (
    AccessError,
    Busy,
    ChangedAtSource,
    ContentError,
    HashDiffers,
    Interrupted,
    NetworkError,
    NotAModel,
    NotFound,
    SizeDiffers,
    YardError,
)
from modelyard.net.url import without_query
from modelyard.values.offers import Source

_LOST = (NetworkError, AccessError, NotFound, NotAModel, Busy, LyingSource)
"""What makes a run leave its source for another one."""


class Suspicion(Exception):
    """The whole is wrong, and `source` sent some of it; `table` has the blocks of the others."""

    def __init__(self, source: Source, table: BlockTable, error: ContentError) -> None:
        super().__init__(error.message)
        self.source = source
        self.table = table


class Transfer:
    """Fetches one file into its part.

    Args:
        part: The open part, held by the caller.
    """

    def __init__(self, around: Surroundings, part: PartFile) -> None:
        self._around = around
        self._part = part
        self._ranges = True
        self._changed = False
        self._furthest = 0
        self._sources = around.order.sources
        self._suspected: set[str] = set()
        self._alone: Source | None = None
        """The only source of a run without a hash."""
        self._writers: dict[int, Source] = {}
        self._caught: set[str] = set()
        self._struck: dict[int, tuple[Source, bytes]] = {}
        """What suspected sources had sent: who, and the block's digest."""

    def run(self, opening: Opening | None = None) -> Fetched:
        """Fetch, hash and compare.

        Args:
            opening: An open stream of the whole file; None goes on with the part, or asks the first source.

        Raises:
            YardError: Every kind.
        """
        left = self._around.engine.policy.restarts
        while True:
            try:
                return self._once(opening)
            except Suspicion as suspicion:
                opening = None
                self._without(suspicion)
            except _LOST as error:
                opening = self._elsewhere(error)
            except StartOver as again:
                opening = again.opening
                left = self._restarts_left(again, left)
                opening = opening or self._open()  # before what is here is thrown away
                self._begin_anew(again.why)

    def _begin_anew(self, why: str) -> None:
        self._around.progress.start_over()
        self._around.progress.note = why
        self._part.empty()
        forget_journal(self._part)

    def _elsewhere(self, error: YardError) -> Opening:
        """Without a hash a lost source's bytes go with it: the next one sends the file from its start.

        Raises:
            YardError: `error` itself, when there is no next one, or it serves nothing; what is here is kept.
        """
        lost, self._alone = self._alone, None
        others = tuple(source for source in self._around.order.sources if lost and source.url != lost.url)
        if not others:
            raise error
        self._around.stop.check()
        self._around = replace(self._around, order=replace(self._around.order, sources=others))
        try:
            opening = self._open()
        except YardError:
            self._around.stop.check()
            raise error from None
        self._begin_anew(f"{error.message} Beginning anew at another source.")
        return opening

    def _without(self, suspicion: Suspicion) -> None:
        """Go on without a suspected source; the blocks it sent are fetched from the others."""
        around, liar = self._around, suspicion.source
        self._suspected.add(liar.url)
        honest = self._honest(liar)
        self._around = replace(around, order=replace(around.order, sources=honest))
        around.progress.note = f"{without_query(liar.url)} may have sent wrong bytes; fetching them elsewhere."
        story = Story(size=suspicion.table.size or 0, source=without_query(honest[0].url))
        journal = self._journal(story, suspicion.table, {})
        if journal:
            journal.close()

    def _honest(self, liar: Source) -> tuple[Source, ...]:
        """Who may be asked without `liar`: a source that pieces caught never comes back."""
        return tuple(one for one in self._sources if one.url not in self._caught | {liar.url})

    def _restarts_left(self, again: StartOver, left: int) -> int:
        """Restarts that may still follow: one without new ground counts, one that changed the file too.

        Raises:
            ChangedAtSource, Interrupted: None.
        """
        done = self._around.progress.snapshot().done
        new_ground, self._furthest = done > self._furthest, max(done, self._furthest)
        self._changed = self._changed or again.changed
        left -= again.changed or not new_ground
        if left >= 0:
            return left
        if again.opening is not None:
            again.opening.reply.close()
        name = self._around.order.name
        if self._changed:
            raise ChangedAtSource(f"{name} keeps changing at its source. {again.why}")
        raise Interrupted(f"{name} cannot be fetched: {again.why}")

    def _once(self, opening: Opening | None) -> Fetched:
        around = self._around
        kept = None if opening else recover(self._part, around.order.size, around.stop)
        if kept and not around.order.expected:
            kept, opening = self._same_source(kept)
        if kept is None:
            opening = self._decoded(opening or self._open())
            self._part.empty()  # nothing that an earlier run left is believed, so none of it may stay
            story, table = _begin(around.order.size, bool(around.order.expected), opening)
        else:
            story, table = kept.story, kept.table
            self._part.trim(story.size)
        source = opening.source if opening else around.order.sources[0]
        if not around.order.expected:  # nothing would prove that two places have the same file
            self._alone = source = opening.source if opening else _continued(around.order.sources, story)
            around = replace(around, order=replace(around.order, sources=(source,)))
        around.progress.size, around.progress.stage = table.size, "transferring"
        around.progress.kept = kept.size if kept else 0
        if (table.size or 0) >= DIRECT_FROM:
            self._part.go_direct()
        begun = kept.begun if kept else {}
        journal = self._journal(story, table, begun)
        run = Run(around, self._part, table, journal, self._writers, begun, ranges=self._ranges)
        if kept and story.source == without_query(source.url):
            run.learn_identity(source, Identity(story.size, story.etag, story.modified))
        try:
            Supervisor(run, source).drive(opening)
            return self._finished(run, source)
        except (HashDiffers, LyingSource) as error:
            self._suspect(run, error)
            raise
        finally:
            self._ranges = run.ranges
            run.prover.abandon()
            run.ring.drop()
            if journal:
                journal.close()

    def _same_source(self, kept: Kept) -> tuple[Kept | None, Opening | None]:
        """Without a hash only its own source continues a part; another one must show the same strong ETag.

        Returns:
            What can be gone on with; or None and an open stream of the whole file.
        """
        story = kept.story
        if any(without_query(source.url) == story.source for source in self._around.order.sources):
            return kept, None
        opening = self._open()  # before what is here is thrown away
        if story.etag and (story.size, story.etag) == (opening.identity.size, opening.identity.etag):
            opening.reply.close()
            return replace(kept, story=structs.replace(story, source=without_query(opening.source.url))), None
        self._begin_anew("Its source is gone, and nothing shows that another one has the same file. Beginning anew.")
        return None, opening

    def _suspect(self, run: Run, error: HashDiffers | LyingSource) -> None:
        """With several sources one of them may have lied: fetch its blocks from the others, and see.

        Raises:
            Suspicion: There is a source left to suspect; its blocks are struck from the journal.
        """
        writers = {source.url: source for source in run.writers.values() if source.url not in self._suspected}
        run.prover.abandon()
        if not run.order.expected or len(self._sources) < 2 or (not writers and not isinstance(error, LyingSource)):
            return
        # Unless it was caught, the one that sent least is checked first: it costs least.
        shares = Counter(source.url for source in run.writers.values())
        caught = error.source if isinstance(error, LyingSource) else None
        liar = caught or min(writers.values(), key=lambda source: shares[source.url])
        if caught:
            self._caught.add(caught.url)
        if not self._honest(liar):
            return
        for index, source in run.writers.items():
            if source.url == liar.url and (digest := run.table.get(index)):
                self._struck[index] = source, digest
                run.table.drop(index, run.table.length(index))
        raise Suspicion(liar, run.table, error)

    def _open(self) -> Opening:
        around = self._around
        return open_whole(around.engine, around.order, around.stop, around.explain, around.progress.retry)

    def _decoded(self, opening: Opening) -> Opening:
        if opening.packed and opening.unpacked is None:
            self._ranges = False
            return decoded(opening)
        return opening

    def _journal(self, story: Story, table: BlockTable, begun: dict[int, int]) -> Journal | None:
        if table.size is None:
            return None
        known = {index: Known(table.length(index), digest) for index, digest in table.known()}
        for index, length in begun.items():
            known[index] = Known(length, block_digest(self._part.read(index * BLOCK, length)))
        return Journal(self._part, story, known)

    def _finished(self, run: Run, source: Source) -> Fetched:
        if failed := run.prover.failed or run.failure:
            raise failed
        self._around.progress.stage = "proving"
        measured = run.prover.finish()
        if not self._part.still_ours():
            self._part.reopen()
            raise StartOver("Somebody removed the part while it was written.")
        fetched = judge(run, self._part, measured, source, changed=self._changed)
        return replace(fetched, liars=tuple(sorted(self._liars(run.table))) if fetched.proven else ())

    def _liars(self, proven: BlockTable) -> set[str]:
        """Who sent blocks that the proven file does not have."""
        struck = self._struck.items()
        return {without_query(url) for url in self._caught} | {
            without_query(source.url) for index, (source, digest) in struck if proven.get(index) != digest
        }


def _continued(sources: tuple[Source, ...], story: Story) -> Source:
    """The source that a part came from, if it is still offered; else the first."""
    return next((source for source in sources if without_query(source.url) == story.source), sources[0])


def _begin(size: int | None, hashed: bool, opening: Opening) -> tuple[Story, BlockTable]:
    """Story and empty table of a file that is begun; the hub's size wins where a hash will decide.

    Raises:
        SizeDiffers: Hub and server disagree and no hash can tell who is right.
    """
    told = opening.identity.size
    if size is not None and told is not None and size != told and not hashed:
        raise SizeDiffers(f"{opening.reply.url.host} offers {told} bytes where {size} were promised.")
    whole = told if size is None else size
    identity = opening.identity
    story = Story(
        size=whole or 0, etag=identity.etag, modified=identity.modified, source=without_query(opening.source.url)
    )
    return story, BlockTable(whole)
