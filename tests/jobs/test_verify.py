from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import NotFound, YardError
from modelyard.jobs.verify import State, repair, verify
from modelyard.jobs.wish import Wish
from modelyard.testing import PracticeHub

SIZE = 9 * 2**20 + 5


@pytest.fixture
def app(hub: PracticeHub, tmp_path: Path) -> App:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    app = App({**os.environ, **hub.env()})
    download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{tmp_path}/"))
    assert download.run(download.plan())[0].error is None
    return app


def _flip(raw: bytearray) -> None:
    raw[5 * 2**20 + 3] ^= 1


def _truncate(raw: bytearray) -> None:
    del raw[7 * 2**20 + 9 :]


def _zero(raw: bytearray) -> None:
    raw[2 * 2**20 : 4 * 2**20] = bytes(2 * 2**20)


def _extend(raw: bytearray) -> None:
    raw += b"more"


def _empty(raw: bytearray) -> None:
    raw.clear()


@pytest.mark.parametrize(
    ("damage", "blocks"),
    [(_flip, 1), (_truncate, 3), (_zero, 2), (_extend, 1), (_empty, 10)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_is_found_and_only_its_blocks_are_fetched(
    app: App, hub: PracticeHub, tmp_path: Path, damage: object, blocks: int
) -> None:
    model = tmp_path / "m.safetensors"
    whole = model.read_bytes()
    raw = bytearray(whole)
    damage(raw)  # type: ignore[operator]
    model.write_bytes(raw)
    found, measured = verify(app.yard, model)
    assert found.state is State.DAMAGED and len(found.bad_blocks) == blocks
    assert model.read_bytes() == bytes(raw)
    mended = repair(app.yard, found, measured)
    assert mended.state is State.MENDED
    assert model.read_bytes() == whole
    assert mended.fetched <= (blocks + 1) * 2**20 + 2**18
    assert verify(app.yard, model)[0].state is State.GOOD
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["m.safetensors"]


def test_a_repair_that_fails_leaves_the_old_file(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    raw = bytearray(model.read_bytes())
    _flip(raw)
    model.write_bytes(raw)
    found, measured = verify(app.yard, model)
    hub.faults.use("html200", "*m.safetensors*", on="any")
    with pytest.raises(YardError):
        repair(app.yard, found, measured)
    assert model.read_bytes() == bytes(raw)


def test_a_touched_but_equal_file_is_good_and_gets_a_new_proof(app: App, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    os.utime(model, ns=(1, 1))
    assert app.proofs.of(model) is None
    assert verify(app.yard, model)[0].state is State.GOOD
    assert app.proofs.of(model) is not None


def test_a_file_nobody_knows_is_measured_and_cannot_be_mended(app: App, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.bin"
    stranger.write_bytes(b"who am I")
    found, measured = verify(app.yard, stranger)
    assert found.state is State.UNKNOWN
    wrong, measured = verify(app.yard, stranger, "0" * 64)
    assert wrong.state is State.DAMAGED
    with pytest.raises(NotFound):
        repair(app.yard, wrong, measured)


def test_a_file_that_was_never_ours_is_mended_by_its_hash(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    content = hub.civitai.models[100].versions[1].files[0].content
    model = tmp_path / "stranger.safetensors"
    right = content.bytes()
    model.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    found, measured = verify(app.yard, model, content.sha256)
    assert repair(app.yard, found, measured).state is State.MENDED
    assert model.read_bytes() == right
    proof = app.yard.proofs.of(model)
    assert proof is not None and proof.address.startswith("civitai:")
