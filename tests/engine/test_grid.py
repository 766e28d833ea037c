from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from modelyard.engine.blocks import BLOCK
from modelyard.engine.grid import PIECES, Claim, Grid, pieces

SIZE = 37 * BLOCK + 123


def test_a_claim_begins_where_something_is_on_disk_already() -> None:
    grid = Grid([(0, 9 * BLOCK), (12 * BLOCK, 20 * BLOCK)], [3 * BLOCK, 12 * BLOCK, 15 * BLOCK])
    spans = []
    while (claim := grid.claim(4 * BLOCK)) is not None:
        spans.append((claim.start // BLOCK, (claim.end or 0) // BLOCK))
    assert spans == [(0, 3), (3, 7), (7, 9), (12, 15), (15, 19), (19, 20)]


class GridModel(RuleBasedStateMachine):
    """However lanes claim, write, split and give back, every byte is written exactly once."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = Grid([(0, SIZE)])
        self.claims: list[Claim] = []
        self.written: list[tuple[int, int]] = []

    @rule(most=st.integers(1, 12 * BLOCK))
    def claim(self, most: int) -> None:
        if (claim := self.grid.claim(most)) is not None:
            self.claims.append(claim)

    @rule(smallest=st.integers(1, 3 * BLOCK))
    def split(self, smallest: int) -> None:
        if (claim := self.grid.split(smallest)) is not None:
            self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(which=st.integers(0, 99), length=st.integers(0, 5 * BLOCK))
    def shorten(self, which: int, length: int) -> None:
        self.grid.shorten(self.claims[which % len(self.claims)], length)

    @precondition(lambda self: self.claims)
    @rule(which=st.integers(0, 99), blocks=st.integers(1, 4))
    def write(self, which: int, blocks: int) -> None:
        claim = self.claims[which % len(self.claims)]
        length = self.grid.window(claim, blocks * BLOCK)
        if length:
            self.written.append((claim.at, claim.at + length))
            claim.at += length

    @precondition(lambda self: self.claims)
    @rule(which=st.integers(0, 99))
    def give_back(self, which: int) -> None:
        self.grid.done(self.claims.pop(which % len(self.claims)))

    @invariant()
    def nothing_is_written_twice(self) -> None:
        spans = sorted(self.written)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))

    def teardown(self) -> None:
        for claim in self.claims:
            self.grid.done(claim)
        while (claim := self.grid.claim(SIZE)) is not None:
            length = self.grid.window(claim, SIZE)
            self.written.append((claim.at, claim.at + length))
            claim.at += length
            self.grid.done(claim)
        assert sum(end - start for start, end in self.written) == SIZE


GridModel.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestGrid = GridModel.TestCase


def test_claims_come_in_order_and_end_on_blocks() -> None:
    grid = Grid([(0, 10 * BLOCK + 5)])
    first, second = grid.claim(4 * BLOCK + 7), grid.claim(100 * BLOCK)
    assert first and second
    assert (first.start, first.end) == (0, 4 * BLOCK)
    assert (second.start, second.end) == (4 * BLOCK, 10 * BLOCK + 5)


def test_a_file_that_ends_early_is_asked_for_no_further() -> None:
    grid = Grid([(0, 10 * BLOCK)])
    claim = grid.claim(4 * BLOCK)
    assert claim
    grid.end_at(3 * BLOCK)
    grid.done(claim)
    rest = grid.claim(100 * BLOCK)
    assert rest and rest.end == 3 * BLOCK
    assert grid.claim(BLOCK) is None


@given(
    size=st.integers(0, 10_000), spans=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=5)
)
def test_pieces_are_as_full_as_what_is_there(size: int, spans: list[tuple[int, int]]) -> None:
    cuts = sorted({min(cut, size) for span in spans for cut in span})
    absent = list(zip(cuts[::2], cuts[1::2], strict=False))
    shown = pieces(size, absent)
    if size < PIECES:
        assert shown == ""
        return
    lacking = sum(end - start for start, end in absent)
    assert len(shown) == PIECES and shown.isdigit()
    assert (shown == "9" * PIECES) == (lacking == 0)
    assert abs(sum(map(int, shown)) / 9 / PIECES - (1 - lacking / size)) < 0.12
    for at, digit in enumerate(shown):
        inside = range(size * at // PIECES, size * (at + 1) // PIECES)
        if not any(start < inside.stop and end > inside.start for start, end in absent):
            assert digit == "9"


def test_what_is_absent_is_what_nobody_has_and_what_is_on_its_way() -> None:
    grid = Grid([(0, 4 * BLOCK), (8 * BLOCK, 9 * BLOCK)])
    claim = grid.claim(2 * BLOCK)
    assert claim
    claim.at = BLOCK
    assert grid.absent() == [(BLOCK, 2 * BLOCK), (2 * BLOCK, 4 * BLOCK), (8 * BLOCK, 9 * BLOCK)]
    endless = Grid([])
    endless.claim_all(None)
    assert pieces(100, endless.absent()) == "0" * PIECES
