"""What takes the room is told as it is; proposals never offer what may be the last copy, nor what is loved."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.app import App
from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.space import Idle
from modelyard.errors import BadValue
from modelyard.jobs.owning import report_uses
from modelyard.jobs.space import proposal, proposals, space
from modelyard.jobs.trash import put_away
from modelyard.library.atimes import Mounts
from modelyard.library.roots.entries import Entry
from modelyard.values.week import DAY
from programs.installed import trees

from .library import later, library, model, scanned


def test_the_room_is_told_by_what_lies_there(yard: tuple[App, Path]) -> None:
    app, root = yard
    size = model(root / "a.safetensors", 1).stat().st_size
    model(root / "b.safetensors", 2)
    model(root / "c.safetensors", 3)
    scanned(app)
    put_away(app.stock, app.stock.catalogue.at(str(root / "c.safetensors")).id)
    told = space(app.stock)
    assert (told.models, told.size, told.trash) == (2, 2 * size, size)
    assert [(part.name, part.models, part.size) for part in told.folder] == [("loras", 2, 2 * size)]
    assert [(part.name, part.size) for part in told.root] == [(str(root), 2 * size)]
    (drive,) = told.drives
    assert drive.roots == [str(root)]
    assert 0 < drive.free < drive.total
    assert (told.unused.models, told.uses_known) == (0, False), "what came today is not unused"
    report_uses(app.stock, [{"path": str(root / "a.safetensors")}])
    later(app, 200)
    told = space(app.stock)
    assert (told.unused.models, told.uses_known) == (2, True)
    report_uses(app.stock, [{"path": str(root / "a.safetensors")}])
    assert space(app.stock).unused.models == 1


def test_what_another_program_read_is_kept_and_the_list_says_who_says_so(
    app: App, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.jobs.space.mounts", lambda: Mounts((("/", True),)))
    for number, name in enumerate(("read", "used", "never")):
        path = model(root / f"{name}.safetensors", number)
        path.write_bytes(path.read_bytes() + bytes(2 << 20))
    scanned(app)
    now = app.stock.wall()
    report_uses(app.stock, [{"path": str(root / "used.safetensors")}])
    later(app, 400)
    status = (root / "read.safetensors").stat()
    os.utime(root / "read.safetensors", ns=(int((now + 390 * DAY) * 1e9), status.st_mtime_ns))
    found = {one.title: one for one in proposals(app.stock).proposals}
    assert {title: (one.source, one.action) for title, one in found.items()} == {
        "read": ("access-time", "keep"),
        "used": ("program", "archive"),
        "never": ("nobody", "archive"),
    }
    assert found["read"].reason == "read" and "access time" in found["read"].words
    assert found["used"].last == found["used"].used > 0 == found["never"].last


def test_proposals_come_in_pages_and_each_once(yard: tuple[App, Path]) -> None:
    app, root = yard
    for number in range(7):
        model(root / f"m{number}.safetensors", number)
    scanned(app)
    later(app, 200)
    found, after = [], ""
    while True:
        page = proposals(app.stock, most=3, after=after)
        found += [one.id for one in page.proposals]
        after = page.next
        if not after:
            break
    assert sorted(found) == sorted(set(found)) and len(found) == 7
    assert proposals(app.stock, actions=("offer",)).proposals == []
    for mark in ("x", "1", "1-", "-", "9" * 40):
        with pytest.raises(BadValue):
            proposals(app.stock, after=mark)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("one")
    with library(folder) as (app, root):
        model(root / "a.safetensors", 1)
        scanned(app)
        return app.stock.catalogue.at(str(root / "a.safetensors"))


@given(
    favourite=st.booleans(),
    rating=st.integers(0, 5),
    hub=st.sampled_from(["", "civitai"]),
    removed=st.booleans(),
    health=st.sampled_from(Health),
    notes=st.sampled_from(["", "mine"]),
)
def test_only_what_can_be_fetched_again_and_nobody_loves_is_offered(
    plain: Model, favourite: bool, rating: int, hub: str, removed: bool, health: Health, notes: str
) -> None:
    import msgspec

    told = {"favourite": favourite, "rating": rating, "hub": hub, "hub_model": hub and "1", "health": health}
    one = proposal(Idle(msgspec.structs.replace(plain, size=10**9, notes=notes, **told), removed))
    if one.action == "offer":
        assert not favourite and rating < 4 and hub and not removed
        assert health is Health.DAMAGED or not notes
    if favourite or rating >= 4:
        assert one.action == "keep"
    assert one.words and one.reason


def test_the_room_is_told_by_program(yard: tuple[App, Path], tmp_path: Path) -> None:
    app, root = yard
    size = model(root / "mine.safetensors", 1).stat().st_size
    for number, name in enumerate(("ComfyUI", "other/ComfyUI")):
        home = tmp_path / name
        for place in ("comfy", "models"):
            (home / place).mkdir(parents=True)
        for file in ("main.py", "folder_paths.py"):
            (home / file).touch()
        for at in range(number + 2):
            model(home / "models" / "loras" / f"{number}{at}.safetensors", 10 * number + at + 2)
        app.stock.entries.keep(Entry(path=str(home), comfy=True))
    scanned(app)
    told = space(app.stock)
    assert [(part.name, part.models, part.size) for part in told.program] == [
        (f"ComfyUI ({tmp_path}/other/ComfyUI)", 3, 3 * size),
        (f"ComfyUI ({tmp_path}/ComfyUI)", 2, 2 * size),
        ("", 1, size),
    ]
    assert sum(part.size for part in told.program) == told.size


def test_one_program_of_a_name_needs_no_folder_to_be_told(yard: tuple[App, Path], tmp_path: Path) -> None:
    app, _ = yard
    store = trees.lm_studio(tmp_path / "home")
    app.stock.entries.keep(Entry(path=str(store)))
    scanned(app)
    assert [part.name for part in space(app.stock).program] == ["LM Studio"]
