"""What is here: by hash, by name and folder; what contradicts, what is alike."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from jobs.library import model, scanned
from jobs.workflows.made import at, one, planned, quietly, told
from modelyard.app import App
from modelyard.jobs.measuring import MEASURE
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.store.proofs import Proof, stamp_of
from modelyard.testing import PracticeHub


@pytest.fixture
def measured(app: App, root: Path) -> App:
    """A library of a.safetensors and sub/b.safetensors, with their hashes."""
    model(root / "a.safetensors", seed=1)
    model(root / "sub/b.safetensors", seed=2)
    scanned(app)
    MEASURE.do(app.stock, MEASURE.options(), Stop(), lambda _: None)
    return app


def digests(app: App, path: Path) -> tuple[str, str]:
    (file,) = app.stock.catalogue.files(app.stock.catalogue.at(str(path)).id)
    return file.sha256, file.tensors


def test_a_hash_finds_a_file_under_any_name(measured: App, root: Path) -> None:
    sha256, tensors = digests(measured, root / "sub/b.safetensors")
    for value in (sha256, sha256.upper(), sha256[:10], tensors[:12]):
        found = one(measured, told("other.safetensors", hash=value), search=False)
        assert (found.state, found.lists_as, found.verified) == ("renamed", "sub/b.safetensors", True)
        assert found.path == str(root / "sub/b.safetensors")


def test_the_first_eight_digits_of_a_hash_prove_nothing(measured: App, root: Path) -> None:
    (file,) = measured.stock.catalogue.files(measured.stock.catalogue.at(str(root / "a.safetensors")).id)
    assert one(measured, told("other.safetensors", hash=file.autov1), search=False).state == "unresolved"


def test_name_and_folder_are_enough_where_no_hash_is_told(measured: App) -> None:
    assert one(measured, told("a.safetensors"), search=False).state == "here"
    assert one(measured, told("a.safetensors", None), search=False).state == "here"
    assert one(measured, told("a.safetensors", "vae"), search=False).state != "here"


def test_windows_names_are_here_and_are_called_otherwise(measured: App) -> None:
    found = one(measured, told("sub\\b.safetensors"), search=False)
    assert (found.state, found.lists_as) == ("here", "sub/b.safetensors")


def test_a_name_without_ending_finds_the_file_and_needs_no_fixing(measured: App) -> None:
    found = one(measured, told("a"), search=False)
    assert (found.state, found.lists_as) == ("here", "")


def test_a_contradicting_hash_is_told_and_the_file_not_used(measured: App, root: Path) -> None:
    for value in ("0" * 64, "0" * 10, "0" * 12):
        plan = planned(measured, told("a.safetensors", hash=value), search=False)
        assert [found.state for found in plan.models] == ["differs"]
        assert not plan.complete
        assert plan.models[0].path == str(root / "a.safetensors")


def test_the_right_bytes_under_another_name_win_over_wrong_ones_under_the_right_name(measured: App, root: Path) -> None:
    sha256, _ = digests(measured, root / "sub/b.safetensors")
    found = one(measured, told("a.safetensors", hash=sha256), search=False)
    assert (found.state, found.lists_as) == ("renamed", "sub/b.safetensors")


def test_a_file_that_was_touched_since_is_not_known_by_its_old_hash(measured: App, root: Path) -> None:
    sha256, _ = digests(measured, root / "a.safetensors")
    os.utime(root / "a.safetensors", (1, 1))
    assert one(measured, told("other.safetensors", hash=sha256), search=False).state == "unresolved"
    found = one(measured, told("a.safetensors", hash=sha256), search=False)
    assert (found.state, found.verified) == ("here", False)
    assert one(measured, told("a.safetensors", hash=sha256), search=False, measured=quietly).verified


def test_measuring_finds_a_file_that_is_not_what_its_name_says(app: App, root: Path) -> None:
    model(root / "a.safetensors", seed=1)
    wrong = told("a.safetensors", hash="0" * 64)
    assert one(app, wrong, search=False).state == "here"
    assert one(app, wrong, search=False, measured=quietly).state == "differs"


def test_a_damaged_file_is_not_ready(app: App, root: Path) -> None:
    path = model(root / "a.safetensors")
    path.write_bytes(path.read_bytes()[:-5])
    scanned(app)
    assert one(app, told("a.safetensors"), search=False).state == "differs"


def test_the_same_name_in_another_sub_folder_is_asked_about(measured: App) -> None:
    found = one(measured, told("b.safetensors"), search=False)
    assert (found.state, found.lists_as) == ("likely", "sub/b.safetensors")
    assert one(measured, told("b.safetensors"), search=False, accept=True).state == "renamed"
    assert one(measured, told("b.safetensors", size=5_000_000), search=False).state == "unresolved"


def test_bytes_of_another_folder_are_told_but_not_used(measured: App, root: Path, tmp_path: Path) -> None:
    (tmp_path / "vae").mkdir()
    measured.stock.entries.keep(Entry(path=str(tmp_path / "vae"), folder="vae"))
    sha256, _ = digests(measured, root / "a.safetensors")
    assert one(measured, told("v.safetensors", "vae", hash=sha256), search=False).state == "unresolved"


def test_what_a_hub_claims_is_found_here(measured: App, root: Path, hub: PracticeHub, tmp_path: Path) -> None:
    data = (root / "sub/b.safetensors").read_bytes()
    hub.hf.add_repo("me/m", {"x.safetensors": data})
    with App({"MODELYARD_HOME": str(measured.folder), **hub.env()}) as again:
        found = one(again, told("x.safetensors", url=at("me/m", "x.safetensors")))
        assert (found.state, found.lists_as) == ("renamed", "sub/b.safetensors")


def test_a_file_as_large_that_begins_alike_is_likely_and_reading_it_decides(
    app: App, root: Path, hub: PracticeHub
) -> None:
    data = model(root / "mine.safetensors").read_bytes()
    other = data[:-1] + b"?"
    hub.hf.add_repo(
        "me/m", {"same.safetensors": data, "other.safetensors": other, "head.safetensors": b"?" * len(data)}
    )
    with App({"MODELYARD_HOME": str(app.folder), **hub.env()}) as asking:
        rows = {
            name: told("w.safetensors", url=at("me/m", f"{name}.safetensors")) for name in ("same", "other", "head")
        }
        assert one(asking, rows["same"]).state == "likely"
        assert one(asking, rows["head"]).state == "found"
        assert one(asking, rows["same"], accept=True).state == "renamed"
        assert one(asking, rows["other"], measured=quietly).state == "found"
        assert one(asking, rows["same"], measured=quietly).state == "renamed"


def test_what_a_running_comfyui_lists_is_here_even_where_this_machine_cannot_see_it(app: App) -> None:
    found = one(app, told("x.safetensors", "vae", listed=True), search=False)
    assert (found.state, found.path) == ("here", "")
    assert one(app, told("x.safetensors", "vae", listed=False), search=False).state == "unresolved"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><title>Log in</title></html>", "page"),
        (b'{"error": "not allowed"}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git-lfs"),
        (
            (80).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[99],"data_offsets":[0,396]}}'.ljust(80),
            "asks for",
        ),
    ],
)
def test_what_is_no_model_is_not_the_wanted_one_whatever_it_is_called(
    app: App, root: Path, data: bytes, words: str
) -> None:
    (root / "x.safetensors").write_bytes(data)
    found = one(app, told("x.safetensors"), search=False)
    assert (found.state, found.verified) == ("differs", False)
    assert words in found.why


def test_a_file_of_another_size_than_a_note_says_is_told_unless_its_hash_is_right(measured: App, root: Path) -> None:
    row = told("a.safetensors", size=9_000_000_000)
    assert "9.0 GB are wanted" in one(measured, row, search=False).why
    sha256, _ = digests(measured, root / "a.safetensors")
    assert one(measured, row | {"hash": sha256}, search=False).state == "here"


def test_a_broken_link_that_comfyui_lists_is_not_here(app: App, root: Path) -> None:
    (root / "x.safetensors").symlink_to(root / "gone.safetensors")
    assert one(app, told("x.safetensors", listed=True), search=False).state != "here"
    assert one(app, told("other.safetensors", listed=True), search=False).state == "here"
    assert "nobody compared" in one(app, told("other.safetensors", listed=True, hash="1" * 64), search=False).why


def test_a_file_of_the_same_version_is_another_one_where_its_hash_says_so(measured: App, root: Path) -> None:
    path = root / "a.safetensors"
    sha256, _ = digests(measured, path)
    stamp = stamp_of(path)
    assert stamp is not None
    measured.yard.proofs.keep([Proof(path, stamp, {"sha256": sha256}, address="civitai:1@123/a.safetensors")])
    row = told("pruned.safetensors", address="civitai:1@123")
    assert one(measured, row | {"hash": "f" * 64}, search=False).state == "found"
    assert one(measured, row | {"hash": "f" * 10}, search=False).state == "found"
    assert one(measured, row, search=False).state == "likely", (
        "ComfyUI lists it under another name, and no hash is told"
    )
    same = one(measured, row | {"hash": sha256}, search=False)
    assert (same.state, same.lists_as) == ("renamed", "a.safetensors")


@pytest.fixture
def stems(app: App, root: Path) -> App:
    """A library of foo.ckpt (no model of ours), foo.safetensors and old/foo.safetensors, none of them measured."""
    (root / "foo.ckpt").write_bytes(b"\x80\x02}q\x00." + b"1" * 500)
    model(root / "foo.safetensors", seed=1)
    model(root / "old/foo.safetensors", seed=2)
    return app


@pytest.mark.parametrize("name", ["foo.safetensors", "old/foo.safetensors"])
def test_of_files_of_one_stem_the_one_whose_hash_agrees_is_meant(stems: App, root: Path, name: str) -> None:
    sha256 = hashlib.sha256((root / name).read_bytes()).hexdigest()
    for hash_ in (sha256, sha256[:10]):
        found = one(stems, told("foo", hash=hash_), search=False, measured=quietly)
        assert (found.state, found.verified, found.path) == ("here", True, str(root / name))


def test_several_files_of_one_stem_are_asked_about_where_nothing_tells_them_apart(stems: App, root: Path) -> None:
    for more in ({}, {"hash": "1" * 64}):
        found = one(stems, told("foo", **more), search=False)
        assert (found.state, found.verified, len(found.candidates)) == ("likely", False, 3)
    assert one(stems, told("foo"), search=False, accept=True).state == "renamed"
    assert one(stems, told("foo", hash="1" * 64), search=False, measured=quietly).state == "differs"


def test_the_same_bytes_under_one_stem_are_no_question(stems: App, root: Path) -> None:
    (root / "foo.ckpt").unlink()
    (root / "old/foo.safetensors").write_bytes((root / "foo.safetensors").read_bytes())
    assert one(stems, told("foo"), search=False).state == "likely", "nobody has read them"
    scanned(stems)
    MEASURE.do(stems.stock, MEASURE.options(), Stop(), lambda _: None)
    found = one(stems, told("foo"), search=False)
    assert (found.state, found.path) == ("here", str(root / "foo.safetensors"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems forbid such names, or write them otherwise")
@pytest.mark.parametrize(
    "name",
    ["cafe\u0301", "what? a", "art: b", "a*", 'a "b"', "a|b", " a", "x" * 230, "sub/nai\u0308ve: \u00ef"],
)
def test_a_file_under_the_very_name_is_here_whatever_letters_that_has(app: App, root: Path, name: str) -> None:
    model(root / f"{name}.safetensors")
    found = one(app, told(f"{name}.safetensors"), search=False)
    assert (found.state, found.path, found.lists_as) == ("here", str(root / f"{name}.safetensors"), "")


def test_the_very_name_wins_over_the_one_that_it_would_be_saved_as(app: App, root: Path) -> None:
    model(root / "cafe\u0301.safetensors", seed=1)
    model(root / "caf\u00e9.safetensors", seed=2)
    for name in ("cafe\u0301.safetensors", "caf\u00e9.safetensors"):
        assert one(app, told(name), search=False).path == str(root / name)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "~/x", "C:/x", "..\\x", "./x", "a//x"])
def test_no_name_is_looked_up_outside(app: App, root: Path, name: str) -> None:
    model(root.parent / "x.safetensors")
    found = one(app, told(f"{name}.safetensors"), search=False)
    assert (found.state in ("unsafe", "unresolved"), found.path) == (True, "")


def test_a_name_in_other_letters_is_not_the_one_that_comfyui_lists(app: App, root: Path) -> None:
    model(root / "x.safetensors")
    found = one(app, told("X.safetensors"), search=False)
    assert (found.state, found.lists_as) == ("likely", "x.safetensors")
    model(root / "Y.safetensors")
    assert one(app, told("Y.safetensors"), search=False).state == "here"
