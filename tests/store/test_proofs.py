import os
from pathlib import Path

import pytest

from modelyard.errors import NoPermission
from modelyard.store.proofs import Proof, Proofs, stamp_of


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return path


def _proof(path: Path, sha256: str = "a" * 64) -> Proof:
    stamp = stamp_of(path)
    assert stamp
    return Proof(path, stamp, {"sha256": sha256}, {"sha256": sha256}, b"\1" * 32, "hf:o/r/f", "https://h/f", '"e"')


def test_a_proof_comes_back_as_it_was_kept(tmp_path: Path, model: Path) -> None:
    Proofs(tmp_path).keep([_proof(model)])
    assert Proofs(tmp_path).of(model) == _proof(model)


def test_a_touched_file_has_no_proof_any_more(tmp_path: Path, model: Path) -> None:
    proofs = Proofs(tmp_path)
    proofs.keep([_proof(model)])
    os.utime(model, ns=(1, 1))
    assert proofs.of(model) is None
    assert proofs.last_known(model) is not None


def test_a_replaced_file_of_the_same_size_and_time_has_no_proof(tmp_path: Path, model: Path) -> None:
    proofs = Proofs(tmp_path)
    proofs.keep([_proof(model)])
    stamp = stamp_of(model)
    assert stamp
    other = tmp_path / "other"
    other.write_bytes(b"WEIGHTS")
    os.utime(other, ns=(stamp.mtime_ns, stamp.mtime_ns))
    other.replace(model)
    assert proofs.of(model) is None


def test_files_with_the_same_bytes_are_found_while_untouched(tmp_path: Path, model: Path) -> None:
    proofs = Proofs(tmp_path)
    proofs.keep([_proof(model, "b" * 64)])
    assert [proof.path for proof in proofs.with_sha256("b" * 64)] == [model]
    model.unlink()
    assert proofs.with_sha256("b" * 64) == []


def test_a_damaged_database_is_set_aside_and_begun_anew(tmp_path: Path, model: Path) -> None:
    (tmp_path / "proofs.db").write_bytes(b"this is no database, it only looks like one" * 100)
    proofs = Proofs(tmp_path)
    proofs.keep([_proof(model)])
    assert proofs.of(model)
    assert (tmp_path / "proofs.damaged").exists()


def test_how_many_connections_served_best_is_remembered(tmp_path: Path) -> None:
    proofs = Proofs(tmp_path)
    assert proofs.recall("https://cdn") == 1
    proofs.learn("https://cdn", 16)
    assert Proofs(tmp_path).recall("https://cdn") == 16


def test_a_data_folder_that_cannot_be_made_is_told_with_its_variable(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(NoPermission) as caught:
        Proofs(blocked / "home").recall("x")
    assert "MODELYARD_HOME" in caught.value.hint


def test_proofs_of_many_files_are_those_of_each(tmp_path: Path) -> None:
    proofs, paths = Proofs(tmp_path), [tmp_path / f"{number}.bin" for number in range(1200)]
    for path in paths:
        path.write_bytes(b"x")
    proofs.keep(Proof(path, stamp, {"sha256": path.name}) for path in paths[::3] if (stamp := stamp_of(path)))
    paths[0].write_bytes(b"touched")
    found = proofs.of_each(map(str, paths))
    assert found == {str(path): proof for path in paths if (proof := proofs.of(path))}
    assert len(found) == 399
