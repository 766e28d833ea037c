"""Newer files in repositories: by their hash on the branch that they came from, and by nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.catalogue.versions import Newer
from modelyard.hubs.base import Committing
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.revisions import versions_there
from modelyard.jobs.versions import VersionsOptions, look_for_versions
from modelyard.jobs.wish import Wish
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub
from modelyard.testing.repos import Repo
from modelyard.values.about import About
from modelyard.values.offers import Address

from .library import library, model, scanned

HUBS = {"huggingface": "hf:", "modelscope": "ms:"}


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path) -> Iterator[tuple[App, Path]]:
    with library(tmp_path, **hub.env()) as both:
        yield both


@pytest.fixture
def made(tmp_path: Path) -> Callable[[int], bytes]:
    """The bytes of a model, other ones for each number."""
    return lambda seed: model(tmp_path / "made" / "x.safetensors", seed).read_bytes()


def repository(hub: PracticeHub, name: str, files: dict[str, bytes]) -> Repo:
    side = hub.hf if name == "huggingface" else hub.modelscope
    return side.add_repo("me/styles", files)


def fetch(app: App, root: Path, address: str) -> int:
    """Fetch one file; gives its model."""
    download = app.download(Wish([address], to=f"{root}/"))
    (outcome,) = download.run(download.plan())
    assert outcome.error is None
    measured(app)
    return app.stock.catalogue.at(str(outcome.target)).id


def measured(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


def look(app: App, *ids: int) -> dict[str, Any]:
    return look_for_versions(app.stock, VersionsOptions(ids=ids), Stop(), lambda _: None)


def newer(app: App) -> list[Newer]:
    return app.stock.catalogue.newer()


@pytest.mark.parametrize("name", HUBS)
def test_a_file_is_newer_when_its_own_place_has_other_bytes(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes], name: str
) -> None:
    app, root = yard
    repo = repository(hub, name, {"sub/a.safetensors": made(1), "b.safetensors": made(2), "README.md": b"# One"})
    number = fetch(app, root, f"{HUBS[name]}me/styles/sub/a.safetensors")
    assert (look(app)["asked"], newer(app)) == (1, [])
    repo.commit({"README.md": b"# Two"}, "words only")
    repo.commit({"b.safetensors": made(3)}, "another file")
    told = look(app)
    assert told.pop("asked") == 1 and not any(told.values()), told
    changed = repo.commit({"sub/a.safetensors": made(4)}, "trained for longer")
    repo.commit({"README.md": b"# Three"}, "words again")
    assert look(app)["newer"] == 1
    (found,) = newer(app)
    assert (found.model, found.version.id) == (number, changed.sha)
    assert found.version.name == f"{changed.sha[:7]} trained for longer" and found.version.published
    assert found.version.files[0].claimed["sha256"] == hashlib.sha256(made(4)).hexdigest()
    new = fetch(app, root / "new", found.version.address)
    assert Path(app.stock.catalogue.get(new).path).read_bytes() == made(4)


@pytest.mark.parametrize("name", HUBS)
def test_what_is_ignored_stays_so_until_the_file_changes_again(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes], name: str
) -> None:
    app, root = yard
    repo = repository(hub, name, {"a.safetensors": made(1), "README.md": b"# One"})
    number = fetch(app, root, f"{HUBS[name]}me/styles/a.safetensors")
    repo.commit({"a.safetensors": made(2)})
    look(app)
    app.stock.catalogue.ignore_version(number, "*", on=True)
    repo.commit({"README.md": b"# Two"})
    look(app)
    assert newer(app) == []
    again = repo.commit({"a.safetensors": made(3)})
    look(app)
    assert [one.version.id for one in newer(app)] == [again.sha]
    repo.commit({"a.safetensors": made(1)}, "back to the first")
    look(app)
    assert newer(app) == []


@pytest.mark.parametrize("name", HUBS)
def test_a_file_that_left_its_repository_is_told_and_stays_here(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes], name: str
) -> None:
    app, root = yard
    repo = repository(hub, name, {"a.safetensors": made(1), "b.safetensors": made(2)})
    number = fetch(app, root, f"{HUBS[name]}me/styles/a.safetensors")
    repo.commits.append(replace(repo.head, sha="d" * 40, files={"b.safetensors": repo.head.files["b.safetensors"]}))
    repo.branches[repo.trunk] = "d" * 40
    told = look(app)
    assert told["left"] == [{"hub": name, "model": "me/styles", "file": "a.safetensors"}]
    assert Path(app.stock.catalogue.get(number).path).read_bytes() == made(1) and newer(app) == []
    repository(hub, name, {"moved/a.safetensors": made(1), "a.safetensors": made(6)})
    assert (look(app)["newer"], look(app)["left"]) == (0, [])  # under another name, but there
    side = hub.hf if name == "huggingface" else hub.modelscope
    side.repos = {key: repo for key, repo in side.repos.items() if key[1] != "me/styles"}
    told = look(app)
    assert (told["gone"], told["left"], told["failed"]) == (1, [], [])
    assert Path(app.stock.catalogue.get(number).path).read_bytes() == made(1)


def test_one_repository_is_one_question_whatever_is_here_of_it(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    repo = repository(hub, "huggingface", {f"{at}.safetensors": made(at) for at in range(5)})
    numbers = [fetch(app, root, f"hf:me/styles/{at}.safetensors") for at in range(5)]
    repo.commit({f"{at}.safetensors": made(at + 100) for at in range(4)})
    hub.log.clear()
    assert (look(app)["asked"], {one.model for one in newer(app)}) == (1, set(numbers[:4]))
    paths = [one.path for one in hub.log.find()]
    asked = {word: sum(f"/{word}/" in path for path in paths) for word in ("revision", "tree", "commits", "paths-info")}
    assert len(paths) == 4 and set(asked.values()) == {1}
    assert look(app, numbers[0], numbers[4])["newer"] == 1


def test_what_came_from_another_branch_is_not_compared_with_the_main_one(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    repo = repository(hub, "huggingface", {"a.safetensors": made(1)})
    first = repo.head
    repo.commit({"a.safetensors": made(2)})
    number = fetch(app, root, "hf:me/styles/a.safetensors")
    repo.commit({"a.safetensors": made(3)})
    look(app)
    assert [one.model for one in newer(app)] == [number]
    aside = replace(first, sha="b" * 40)
    repo.commits.append(aside)
    repo.branches["small"] = aside.sha
    other = fetch(app, root / "small", "hf:me/styles@small/a.safetensors")
    look(app)
    assert other != number and [one.model for one in newer(app)] == [number]


def test_a_file_of_which_only_the_repository_is_known_is_compared_by_its_name(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    repository(
        hub, "huggingface", {"sub/a.safetensors": made(1), "x/b.safetensors": made(2), "y/b.safetensors": made(3)}
    )
    for name in ("a", "b", "c"):
        path = model(root / f"{name}.safetensors", 9 + ord(name))
        measured(app)
        number = app.stock.catalogue.at(str(path)).id
        app.stock.catalogue.describe(number, lambda _: About(hub="huggingface", model_id="me/styles"))
    told = look(app)
    assert (told["asked"], told["left"]) == (1, [])
    assert [one.title for one in newer(app)] == ["a"]  # two are called b, none is called c


def test_what_was_not_measured_cannot_be_compared_and_that_is_told(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    number = app.stock.catalogue.at(str(path)).id
    app.stock.catalogue.describe(number, lambda _: About(hub="huggingface", model_id="me/styles"))
    told = look(app)
    assert (told["asked"], told["unmeasured"], told["unasked"]) == (0, 1, [])
    app.stock.catalogue.describe(number, lambda _: About(hub="long-gone", model_id="me/styles"))
    told = look(app)
    assert (told["asked"], told["unmeasured"], told["unasked"]) == (0, 0, ["long-gone"])


def test_what_another_program_wrote_into_a_file_makes_nothing_newer(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    repository(hub, "huggingface", {"a.safetensors": made(1)})
    number = fetch(app, root, "hf:me/styles/a.safetensors")
    path = Path(app.stock.catalogue.get(number).path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    scanned(app)
    app.stock.catalogue.measured({str(path): {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}}, 1.0)
    assert (look(app)["asked"], newer(app)) == (1, [])


def test_the_versions_of_a_model_are_what_is_there_and_what_is_here(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    repo = repository(hub, "huggingface", {"a.safetensors": made(1)})
    first = repo.head
    number = fetch(app, root, "hf:me/styles/a.safetensors")
    assert [one.id for one in versions_there(app.stock, number)] == [first.sha]
    second = repo.commit({"a.safetensors": made(2)})
    there, here = versions_there(app.stock, number)
    assert (there.id, here.id) == (second.sha, first.sha)
    assert here.files[0].claimed == {"sha256": hashlib.sha256(made(1)).hexdigest()}
    assert here.address == f"hf:me/styles@{first.sha}/a.safetensors"


def test_a_repository_whose_history_was_written_anew_is_compared_all_the_same(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    repository(hub, "huggingface", {"a.safetensors": made(1)})
    fetch(app, root, "hf:me/styles/a.safetensors")
    repository(hub, "huggingface", {"a.safetensors": made(2)})
    assert look(app)["newer"] == 1


def test_a_repository_that_its_hub_disabled_keeps_nobody_from_asking_the_others(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes]
) -> None:
    app, root = yard
    for name, short in HUBS.items():
        repository(hub, name, {f"{name}.safetensors": made(len(name))})
        fetch(app, root, f"{short}me/styles/{name}.safetensors")
    repository(hub, "modelscope", {"modelscope.safetensors": made(99)})
    hub.hf.repos["models", "me/styles"].disabled = True
    told = look(app)
    assert (told["asked"], told["newer"]) == (2, 1)
    assert [one["hub"] for one in told["failed"]] + ["gone"] * told["gone"] == ["gone"]


@pytest.mark.parametrize("name", HUBS)
def test_the_practice_hubs_tell_the_commit_that_changed_a_file_last(
    yard: tuple[App, Path], hub: PracticeHub, made: Callable[[int], bytes], name: str
) -> None:
    app, _ = yard
    repo = repository(hub, name, {"a.safetensors": made(1), "sub/b.safetensors": made(2)})
    first, second = repo.head, repo.commit({"sub/b.safetensors": made(3)}, "better")
    there = app.hubs.named(name)
    assert isinstance(there, Committing)
    told = there.changes(Address(name, "me/styles"), ["a.safetensors", "sub/b.safetensors", "nothing"])
    assert {path: (one.commit, one.title) for path, one in told.items()} == {
        "a.safetensors": (first.sha, "initial commit"),
        "sub/b.safetensors": (second.sha, "better"),
    }
    at = Address(name, "me/styles")
    said = [there.in_history(at, commit) for commit in (first.sha, second.sha, "0" * 40)]
    assert said == ([True, True, None] if name == "huggingface" else [None] * 3)
