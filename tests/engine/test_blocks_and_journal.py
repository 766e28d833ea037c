import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.engine.blocks import BLOCK, BlockTable, block_digest
from modelyard.engine.journal import Journal, Known, Story, journal_path, read_journal
from modelyard.engine.part import PartFile
from modelyard.engine.recover import recover
from modelyard.net.stop import Stop


@given(st.integers(1, 40 * BLOCK), st.data())
def test_gaps_and_blocks_make_up_the_whole_file(size: int, data: st.DataObject) -> None:
    table = BlockTable(size)
    count = -(-size // BLOCK)
    for index in data.draw(st.sets(st.integers(0, count - 1))):
        table.put(index, b"x" * 32, table.length(index))
    assert table.have + sum(end - start for start, end in table.gaps()) == size
    assert BlockTable.unpacked(size, table.packed()).packed() == table.packed()


def _part(folder: Path, content: bytes, known: list[int]) -> PartFile:
    part = PartFile(folder / ".model.abc.part")
    part.write(memoryview(content), 0)
    journal = Journal(part, Story(size=len(content), etag='"v1"'))
    for index in known:
        block = content[index * BLOCK : (index + 1) * BLOCK]
        journal.add(index, block_digest(block), len(block))
    journal.close()
    return part


def test_an_earlier_run_is_continued_with_exactly_its_good_blocks(tmp_path: Path) -> None:
    content = os.urandom(5 * BLOCK + 77)
    part = _part(tmp_path, content, [0, 1, 3, 5])
    part.write(memoryview(b"?"), 3 * BLOCK + 10)  # the disk lost something after a power cut
    found = recover(part, len(content), Stop())
    assert found
    assert found.story.etag == '"v1"'
    assert [index for index, _ in found.table.known()] == [0, 1, 5]


def test_a_part_shorter_than_its_journal_says_is_believed_only_where_bytes_are(tmp_path: Path) -> None:
    content = os.urandom(4 * BLOCK)
    part = _part(tmp_path, content, [0, 1, 2, 3])
    part.truncate(BLOCK + 5)
    found = recover(part, len(content), Stop())
    assert found and [index for index, _ in found.table.known()] == [0]


def test_a_journal_of_another_size_is_not_used(tmp_path: Path) -> None:
    part = _part(tmp_path, os.urandom(2 * BLOCK), [0, 1])
    assert recover(part, 3 * BLOCK, Stop()) is None


@settings(max_examples=40)
@given(cut=st.integers(0, 500), flip=st.integers(0, 400))
def test_a_torn_or_flipped_journal_costs_progress_and_never_correctness(
    tmp_path_factory: object, cut: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")  # type: ignore[attr-defined]
    content = os.urandom(4 * BLOCK)
    part = _part(folder, content, [0, 1, 2, 3])
    path = journal_path(part.path)
    raw = bytearray(path.read_bytes())
    raw[flip % len(raw)] ^= 0x40
    path.write_bytes(raw[: max(0, len(raw) - cut)])
    found = recover(part, None, Stop())
    if found is not None:
        for index, digest in found.table.known():
            assert digest == block_digest(content[index * BLOCK : (index + 1) * BLOCK])
    part.close()


def test_no_journal_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none.journal") is None


def test_an_unfinished_block_is_continued_where_it_stopped(tmp_path: Path) -> None:
    content = os.urandom(3 * BLOCK)
    part = _part(tmp_path, content, [0])
    first = Known(BLOCK, block_digest(content[:BLOCK]))
    with_more = Journal(part, Story(size=len(content)), {0: first})
    for length in (1000, 70_000):
        with_more.add(1, block_digest(content[BLOCK : BLOCK + length]), length)
    with_more.add(2, b"?" * 32, 5000)
    with_more.close()
    found = recover(part, len(content), Stop())
    assert found and found.begun == {1: 70_000}
    assert found.size == BLOCK + 70_000
