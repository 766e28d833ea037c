"""What is here: found by names and stamps, within seconds that only looking counts for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jobs.workflows.made import told
from modelyard.jobs.workflows.here import Here
from modelyard.jobs.workflows.looking import Looking
from modelyard.jobs.workflows.places import Places, models_folder
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.jobs.workflows.wanted import read_row
from modelyard.store.proofs import Proof, Proofs, stamp_of


def placed(home: Path, *names: str) -> Places:
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"model")
    return Places(models_folder(home))


def test_time_that_passes_between_two_looks_takes_none_away_from_them(tmp_path: Path) -> None:
    now = [0.0]
    here = Here(placed(tmp_path, "loras/deep/a.pt", "vae/deep/b.pt"), clock=lambda: now[0])
    assert [held.path.name for held in here.alike(read_row(told("a.pt", "loras")))] == ["a.pt"]
    now[0] += 600  # hubs were asked meanwhile
    assert [held.path.name for held in here.alike(read_row(told("b.pt", "vae")))] == ["b.pt"]
    assert here.cut == []


def test_a_folder_that_takes_too_long_is_told(tmp_path: Path) -> None:
    def ticking() -> Iterator[float]:
        now = 0.0
        while True:
            yield (now := now + 2.0)

    clock = ticking()
    places = placed(tmp_path, *(f"loras/{number}/a.pt" for number in range(9)))
    resolver = Resolver(places, Looking(Here(places, clock=lambda: next(clock))))
    plan = resolver.plan([told("elsewhere.pt", "loras")])
    assert any("Not all of loras was looked through" in note for note in plan.notes)


def test_files_of_a_version_at_civitai_are_known_by_where_they_came_from(tmp_path: Path) -> None:
    places = placed(tmp_path, "loras/a.pt", "loras/b.pt")
    proofs = Proofs(tmp_path)
    for name, address in (("a.pt", "civitai:7@12"), ("b.pt", "civitai:7@123/*.pt")):
        path = tmp_path / "loras" / name
        stamp = stamp_of(path)
        assert stamp is not None
        proofs.keep([Proof(path, stamp, {}, {}, b"", address, "")])
    here = Here(places, proofs=proofs)
    for number, name in (("12", "a.pt"), ("123", "b.pt")):
        row = told("x.pt", "loras", address=f"civitai:7@{number}")
        assert [held.path.name for held in here.fetched(read_row(row))] == [name]
    assert list(here.fetched(read_row(told("x.pt", "loras", address="civitai:7@1")))) == []
