"""Counts that are kept from change to change are those of a plain count in SQL, whoever made the changes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec import structs

from modelyard.catalogue import bitmaps, bits, changes, cube, looking, tagged
from modelyard.catalogue.asking import FACETS, Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.relocating import Relocation
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import counters
from modelyard.store.shelves import model_changes, model_tags, models
from modelyard.values.about import About
from modelyard.values.categories import CATEGORIES
from modelyard.values.identity import Identity

NAMES = [f"m{number}.pt" for number in range(7)]
TAGS = ["style", "vehicle", "a", "b", "c", "d", "e", "f", "g"]
SHOWN = 3

on_sqlite = pytest.mark.parametrize("catalogue", ["sqlite"], indirect=True)
"""What is the same on each database."""
which = st.sampled_from([0, 1])
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)
tags = st.lists(st.sampled_from(TAGS), max_size=6, unique=True).map(tuple)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a few models reach."""
    monkeypatch.setattr(tagged, "SHOWN", SHOWN)
    monkeypatch.setattr(bits, "_FEW", 2)
    monkeypatch.setattr(tagged, "_CHUNK", 2)
    monkeypatch.setattr(cube, "_CHUNK", 2)
    monkeypatch.setattr(bitmaps, "_MOST", 2)
    monkeypatch.setattr(changes, "MOST", 5)


def counted(catalogue: Catalogue, chosen: sa.ColumnElement[bool]) -> tuple[Any, ...]:
    """Total, bytes, models by column, tags that are shown with their counts, by plain SQL."""
    here = sa.and_(models.c.gone == 0, chosen)
    with catalogue.database.reading() as db:
        total, size = db.execute(sa.select(sa.func.count(), sa.func.sum(models.c.size)).where(here)).one()
        by = {}
        for name in FACETS:
            query = sa.select(models.c[name], sa.func.count()).where(here).group_by(models.c[name])
            by[name] = {str(value).lower() if name == "favourite" else value: n for value, n in db.execute(query)}
        joined = sa.select(model_tags.c.tag, sa.func.count()).join(models, models.c.id == model_tags.c.model)
        every, found = (
            {tag: number for tag, number in db.execute(joined.where(which).group_by(model_tags.c.tag))}  # noqa: C416
            for which in (models.c.gone == 0, here)
        )
    shown = CATEGORIES.union(sorted(every, key=lambda tag: (-every[tag], tag))[:SHOWN])
    return total, int(size or 0), by, {tag: found[tag] for tag in found if tag in shown}


def _tagged(*words: str) -> sa.Select[tuple[int]]:
    return sa.select(model_tags.c.model).where(model_tags.c.tag.in_(words))


BEYOND = [
    (Asking(without=("preview",)), models.c.preview == ""),
    (Asking(without=("sha256",), kind=("vae",)), sa.and_(models.c.sha256 == "", models.c.kind == "vae")),
    (Asking(larger=20, smaller=70), models.c.size.between(20, 70)),
    (Asking(tags=("style",)), models.c.id.in_(_tagged("style"))),
    (Asking(exclude=(("tag", "style"), ("tag", "a"))), models.c.id.not_in(_tagged("style", "a"))),
]
"""Questions beyond the columns that models are counted by, and what they mean."""


class Changing(RuleBasedStateMachine):
    """Two services on one database change it by turns, and both are asked."""

    def __init__(self, both: list[Catalogue], make) -> None:
        super().__init__()
        self.both, self.make, self.steps = both, make, 0
        with both[0].database.reading() as db:
            known = list(db.execute(sa.select(models.c.id)).scalars())
        both[0].forget(known)

    def ids(self, chosen: list[str]) -> list[int]:
        with self.both[0].database.reading() as db:
            found = {row.path: row.id for row in db.execute(sa.select(models.c.path, models.c.id))}
        return [found[path] for name in chosen if (path := f"/models/loras/{name}") in found]

    @rule(by=which, chosen=names, words=tags, kind=st.sampled_from(["lora", "vae"]), size=st.integers(0, 99))
    def keep(self, by: int, chosen: list[str], words: tuple[str, ...], kind: str, size: int) -> None:
        about, identity = About(tags=words, hub="x"), Identity("safetensors", kind, "sdxl")
        made = [self.make(name, about, identity, size=size, inode=NAMES.index(name)) for name in chosen]
        self.both[by].keep([structs.replace(one, preview="x.png" if size % 2 else "") for one in made])

    @rule(by=which, chosen=names)
    def measure(self, by: int, chosen: list[str]) -> None:
        self.both[by].measured({f"/models/loras/{name}": {"sha256": f"{len(name):064x}"} for name in chosen}, 1.0)

    @rule(by=which, chosen=names)
    def put_together(self, by: int, chosen: list[str]) -> None:
        """The files of some models turn out to be one set: the others are no models any more."""
        entries = [self.make(name, inode=NAMES.index(name)) for name in chosen]
        files = tuple(structs.replace(one.files[0], main=not at) for at, one in enumerate(entries))
        self.both[by].keep([structs.replace(entries[0], files=files)])

    @rule(by=which, chosen=names)
    def lose(self, by: int, chosen: list[str]) -> None:
        self.both[by].lose(self.ids(chosen))

    @rule(by=which, chosen=names)
    def forget(self, by: int, chosen: list[str]) -> None:
        self.both[by].forget(self.ids(chosen))

    @rule(by=which, name=st.sampled_from(NAMES), words=tags, liked=st.booleans())
    def describe(self, by: int, name: str, words: tuple[str, ...], liked: bool) -> None:
        for number in self.ids([name]):
            self.both[by].describe(
                number,
                lambda about: structs.replace(about, own=structs.replace(about.own, tags=words, favourite=liked)),
            )

    @rule(by=which, old=st.sampled_from(NAMES), new=st.sampled_from(NAMES), gone=st.booleans())
    def relocate(self, by: int, old: str, new: str, gone: bool) -> None:
        for number in self.ids([old]):
            files = {f"/models/loras/{old}": f"/models/loras/{new}"}
            one = Relocation(
                model=number,
                path=f"/models/loras/{new}",
                root="/models/loras",
                folder="vae",
                place=new,
                name=new,
                files=files,
                gone=gone,
            )
            self.both[by].relocate(one, {})

    @rule(by=which, name=st.sampled_from(NAMES), good=st.booleans())
    def check(self, by: int, name: str, good: bool) -> None:
        for number in self.ids([name]):
            self.both[by].checked(number, [] if good else ["zero-filled"], good=good, at=1.0)

    @invariant()
    def look(self) -> None:
        """Between two questions several changes may lie."""
        self.steps += 1
        if self.steps % 3:
            self.ask(self.steps % 2, without=self.steps % 4 < 2)

    def ask(self, by: int, without: bool) -> None:
        """Counts and lists, of all or with a filter, beside those of plain SQL."""
        catalogue = self.both[by]
        question, meant = BEYOND[self.steps % len(BEYOND)]
        room = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(models.c.size), 0))
        with catalogue.database.reading() as db:
            expected = tuple(map(int, db.execute(room.where(models.c.gone == 0, meant)).one()))
        facets, listed = catalogue.facets(question, tags=True), catalogue.page(question).models
        assert (facets.total, facets.size) == expected == (len(listed), sum(one.size for one in listed))
        asking = [(Asking(), sa.true()), (Asking(kind=("vae",)), models.c.kind == "vae")][without]
        total, size, counts, shown = counted(catalogue, asking[1])
        facets = catalogue.facets(asking[0], tags=True)
        assert (facets.total, facets.size, facets.tags) == (total, size, shown)
        free = {"kind": counted(catalogue, sa.true())[2]["kind"]} if without else {}
        assert facets.counts == counts | free
        assert facets.categories == {tag: number for tag, number in shown.items() if tag in CATEGORIES}

    def teardown(self) -> None:
        for by in (0, 1):
            self.ask(by, without=True)
            self.ask(by, without=False)


def test_counts_are_those_of_plain_sql_after_any_changes_of_two_services(
    catalogue: Catalogue, make, small: None, tmp_path: Path
) -> None:
    url = catalogue.database.engine.url
    place = "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=False)
    other = Catalogue(Database(tmp_path / "yard", place), EventLog(), catalogue.wall)
    quick = settings(max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))
    try:
        run_state_machine_as_test(lambda: Changing([catalogue, other], make), settings=quick)
    finally:
        other.database.close()


@pytest.fixture
def few(catalogue: Catalogue, make) -> Catalogue:
    """Three models that were counted."""
    catalogue.keep([make(f"m{number}.pt", About(tags=("style",))) for number in range(3)])
    assert catalogue.facets(Asking(), tags=True).tags == {"style": 3}
    return catalogue


def anew(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions at which all models are counted again from now on."""
    made: list[int] = []
    before = cube.Cube.counted
    monkeypatch.setattr(cube.Cube, "counted", lambda db, version: made.append(version) or before(db, version))
    return made


@on_sqlite
def test_a_change_of_few_models_counts_only_those_again(few: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    made = anew(monkeypatch)
    number = few.page(Asking()).models[0].id
    few.describe(number, lambda about: structs.replace(about, tags=("new",)), favourite=True)
    found = few.facets(Asking(), tags=True)
    assert found.tags == {"style": 2, "new": 1}
    assert found.counts["favourite"] == {"false": 2, "true": 1}
    assert not made


@on_sqlite
def test_a_model_whose_file_became_part_of_another_is_counted_no_more(few: Catalogue, make) -> None:
    first, second = (make(f"m{number}.pt") for number in range(2))
    few.keep([structs.replace(first, files=(*first.files, structs.replace(second.files[0], main=False)))])
    assert few.facets(Asking()).counts["kind"] == {"lora": 2}


@on_sqlite
def test_a_tag_that_becomes_common_is_shown_and_a_new_category_always(few: Catalogue, make, small: None) -> None:
    few.keep([make(f"n{number}.pt", About(tags=("a", "b", "c"))) for number in range(2)])
    few.keep([make("m8.pt", About(tags=("z",)))])
    assert few.facets(Asking(), tags=True).tags == {"style": 3, "a": 2, "b": 2}
    few.keep([make(f"o{number}.pt", About(tags=("z",))) for number in range(2)])
    assert few.facets(Asking(), tags=True).tags == {"style": 3, "z": 3, "a": 2}
    few.keep([make("p.pt", About(tags=("vehicle",)))])
    assert few.facets(Asking(), tags=True).tags == {"style": 3, "z": 3, "a": 2, "vehicle": 1}


@on_sqlite
@pytest.mark.parametrize("lost", ["the row of a change", "the models of a change", "all but the last changes"])
def test_where_nobody_knows_what_changed_all_is_counted_again(
    few: Catalogue, make, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    made = anew(monkeypatch)
    few.keep([make("m9.pt", About(tags=("late",)))])
    with few.database.writing() as db:
        if lost == "the row of a change":
            db.execute(model_changes.delete())
        elif lost == "the models of a change":
            db.execute(model_changes.update().values(models=None))
        else:
            later = counters.c.value + changes.KEPT
            db.execute(counters.update().where(counters.c.name == "catalogue").values(value=later))
            few.changed(db, [1])
    assert few.facets(Asking(), tags=True).tags == {"style": 3, "late": 1}
    assert len(made) == 1


@on_sqlite
def test_no_more_changes_are_remembered_than_are_looked_at(few: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT", 20)
    with few.database.writing() as db:
        for _ in range(100):
            few.changed(db, [1])
    with few.database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(model_changes)).scalar_one() < 20 + 50


@on_sqlite
def test_an_older_view_of_the_database_spoils_no_counts(catalogue: Catalogue, make) -> None:
    catalogue.keep([make("m0.pt", About(tags=("old",)))])
    with catalogue.database.reading() as db:
        assert changes.last(db)[0] == 1
        catalogue.keep([make("m1.pt", About(tags=("new",)))])
        assert catalogue.facets(Asking()).total == 2
        before, same = catalogue.counted(db, tags=True)
        assert same, "what is counted anew for this view is its own"
    assert before.tags(before.fitting({})) == {"old": 1}
    assert catalogue.facets(Asking(), tags=True).tags == {"old": 1, "new": 1}


def test_a_database_that_was_put_back_is_counted_again(few: Catalogue, make) -> None:
    for _ in range(5):
        few.keep([make("m7.pt", About(tags=("later",)))])
        few.keep([make("m7.pt", About(tags=("latest",)))])
    assert few.facets(Asking(), tags=True).tags["latest"] == 1
    with few.database.writing() as db:  # as it was before
        db.execute(models.update().where(models.c.path.endswith("m7.pt")).values(gone=1.0))
        db.execute(counters.update().where(counters.c.name == "catalogue").values(value=2))
        db.execute(model_changes.delete().where(model_changes.c.version > 2))
    assert "latest" not in few.facets(Asking(), tags=True).tags
    for number in range(20):  # past where it was
        few.keep([make(f"n{number}.pt", About(tags=("new",)))])
        told = few.facets(Asking(), tags=True)
        assert (told.tags["new"], "latest" in told.tags) == (number + 1, False)


def test_a_database_that_was_put_back_and_has_come_as_far_is_counted_again(few: Catalogue, make) -> None:
    few.facets(Asking(), tags=True)
    with few.database.writing() as db:
        at = changes.last(db)[0]
        db.execute(models.update().values(gone=1.0))
        db.execute(counters.update().where(counters.c.name == "catalogue").values(value=at - 1))
        db.execute(model_changes.delete().where(model_changes.c.version >= at))
        few.changed(db, [999])
        assert changes.last(db)[0] == at
    assert few.facets(Asking(), tags=True).total == 0


@on_sqlite
def test_counts_that_were_told_are_told_again_only_as_long_as_nothing_changes(few: Catalogue, make) -> None:
    asking = Asking(text="m1")
    first = few.facets(asking, tags=True)
    assert few.facets(asking, tags=True) is first
    assert few.facets(asking).tags == {}
    few.keep([make("m1 again.pt")])
    assert (first.total, few.facets(asking, tags=True).total) == (1, 2)
    since = Asking(unused_since=5.0)
    assert few.facets(since).total == 4
    few.used([("/models/loras/m0.pt", 9.0, "2026-01-01")])
    assert few.facets(since).total == 3, "uses are no change of what is counted, so nothing is kept of such a question"


@on_sqlite
def test_who_looks_at_an_older_moment_tells_the_others_nothing(
    catalogue: Catalogue, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.keep([make("m1.pt")])
    asking, real = Asking(text="m1"), looking.sieved

    def meanwhile(db, asked, cube, *, same):
        monkeypatch.setattr(looking, "sieved", real)
        fit = real(db, asked, cube, same=same)
        catalogue.page(asking)  # another one asks the same, and sees the later moment
        return fit

    counted = catalogue.counted

    def late(db, **how):
        monkeypatch.setattr(catalogue, "counted", counted)
        changes.last(db)  # what this one sees is settled
        catalogue.keep([make("m1 again.pt")])
        catalogue.facets(Asking())
        monkeypatch.setattr(looking, "sieved", meanwhile)
        return counted(db, **how)

    monkeypatch.setattr(catalogue, "counted", late)
    first = catalogue.facets(asking).total
    assert (first, catalogue.facets(asking).total, len(catalogue.page(asking).models)) == (1, 2, 2)


@on_sqlite
@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"larger": 10.5}, ["m2", "m3"]),
        ({"smaller": 20.5}, ["m1", "m2"]),
        ({"larger": -5}, ["m1", "m2", "m3"]),
        ({"smaller": -5}, []),
        ({"larger": 20, "smaller": 10}, []),
        ({"larger": math.inf}, []),
        ({"smaller": math.inf}, ["m1", "m2", "m3"]),
        ({"smaller": 10**30}, ["m1", "m2", "m3"]),
    ],
)
def test_models_are_found_between_any_two_sizes(
    catalogue: Catalogue, make, chosen: dict[str, Any], names: list[str]
) -> None:
    catalogue.keep([make(f"m{number}.pt", size=10 * number) for number in (1, 2, 3)])
    assert [one.name for one in catalogue.page(Asking(**chosen)).models] == names
