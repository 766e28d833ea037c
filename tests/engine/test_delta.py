"""What a new version takes from the old file, and that nothing else is taken."""

from __future__ import annotations

import hashlib
import json
import os
import random
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.app import App
from modelyard.engine.delta import OldFile, stretches
from modelyard.jobs.wish import Outcome, Wish
from modelyard.testing import PracticeHub

MIB = 2**20
TENSORS = {f"layers.{number}": random.Random(number).randbytes(1_500_000) for number in range(9)}


def safetensors(tensors: Mapping[str, bytes], metadata: str = "") -> bytes:
    head: dict[str, object] = {"__metadata__": {"title": metadata}}
    at = 0
    for name, data in tensors.items():
        head[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(tensors.values())


def described(hub: PracticeHub, name: str, data: bytes) -> str:
    """A Metalink with the hashes of pieces of a mebibyte."""
    url = hub.add_file(name, data)
    pieces = (hashlib.sha256(data[start : start + MIB]).hexdigest() for start in range(0, len(data), MIB))
    return hub.add_file(
        f"{name}.meta4",
        (
            f'<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="{name}"><size>{len(data)}</size>'
            f'<hash type="sha-256">{hashlib.sha256(data).hexdigest()}</hash><pieces length="{MIB}" type="sha-256">'
            + "".join(f"<hash>{piece}</hash>" for piece in pieces)
            + f'</pieces><url priority="1">{url}</url></file></metalink>'
        ).encode(),
    )


@pytest.fixture
def app() -> Iterator[App]:
    with App(os.environ) as built:
        yield built


def replaced(app: App, hub: PracticeHub, folder: Path, old: bytes, new: bytes) -> Outcome:
    """An old file, replaced by a new version."""
    (folder / "m.safetensors").write_bytes(old)
    download = app.download(Wish([described(hub, "m.safetensors", new)], to=f"{folder}/", replace=True))
    download.run(download.plan())
    (outcome,) = download.outcomes
    assert outcome.error is None and (folder / "m.safetensors").read_bytes() == new
    return outcome


CHANGES = {
    "a head that grew": safetensors(TENSORS, "a longer title " * 99),
    "a tensor inserted": safetensors(dict(sorted({**TENSORS, "layers.4b": bytes(700_001)}.items()))),
    "tensors in another order": safetensors(dict(reversed(TENSORS.items()))),
    "a tensor retrained": safetensors({**TENSORS, "layers.4": random.Random(99).randbytes(1_500_000)}),
    "a head too long to be looked at at once": safetensors(TENSORS, "x" * 50_000),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_new_version_takes_what_the_old_file_has_wherever_it_lies(
    app: App, hub: PracticeHub, tmp_path: Path, change: str
) -> None:
    new = CHANGES[change]
    assert replaced(app, hub, tmp_path, safetensors(TENSORS), new).received < 5 * MIB < len(new) // 2


def test_of_another_file_nothing_is_taken(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    new = safetensors(TENSORS)
    assert replaced(app, hub, tmp_path, random.Random(1).randbytes(9 * MIB), new).received >= len(new)


HEADS = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "data_offsets"]), inner),
    ).map(lambda tree: json.dumps({"t": tree, "a": tree}).encode()),
    st.lists(st.integers(-5, 2**70), min_size=2, max_size=2).map(
        lambda at: json.dumps({"a": {"data_offsets": at}}).encode()
    ),
    st.just(b'{"a":' * 50_000),
)


@given(HEADS, HEADS)
def test_heads_that_lie_are_no_trouble(old: bytes, new: bytes) -> None:
    heads = [struct.pack("<Q", len(text)) + text for text in (old, new)]
    stretches(*heads)
    file = os.memfd_create("old")
    try:
        os.write(file, heads[0] + bytes(300))
        for way in OldFile(file, 500, heads[1]).ways:
            assert len(way(0, 100)) <= 100 and len(way(450, 100)) <= 100
    finally:
        os.close(file)
