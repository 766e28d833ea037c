"""A page is the same, whichever way it is looked for; and SQLite takes the way that was meant."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from modelyard.catalogue import ways
from modelyard.catalogue.asking import Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.cube import Cube
from modelyard.catalogue.order import SORTS, Order
from modelyard.catalogue.pages import page
from modelyard.catalogue.sieve import sieved
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity
from modelyard.values.sorts import Sort

on_sqlite = pytest.mark.parametrize("catalogue", ["sqlite"], indirect=True)
QUESTIONS = [
    Asking(),
    Asking(text="cat"),
    Asking(kind=("checkpoint",)),
    Asking(kind=("lora",), family=("sdxl",)),
    Asking(text="cat", kind=("vae",)),
    Asking(tags=("style",)),
    Asking(rating=5),
    Asking(exclude=(("kind", "vae"), ("tag", "style"))),
    Asking(place="d1/%_"),
    Asking(place="d1", without=("preview",)),
]


def test_a_list_is_sorted_by_what_every_face_offers() -> None:
    assert tuple(SORTS) == get_args(Sort)


@pytest.fixture(scope="module")
def shelf(lasting: Catalogue, make) -> Catalogue:
    dice = random.Random(3)
    entries, places = [], ["", "d1/", "d1/%_/", "D1/"]
    for number in range(120):
        identity = Identity("safetensors", dice.choice(["lora", "vae"]), "sdxl" if number > 90 else "flux1")
        own = Own(rating=dice.choice([None, 5]))
        about = About(name=dice.choice(["cat", "dog"]), tags=("style",) if number % 3 else (), own=own)
        problems = ("wrong-extension",) if number == 7 else ()  # else SQLite has no counts of their index
        name = f"{places[number % 4]}m{number}.pt"
        entries.append(make(name, about, identity, size=1000 * (number // 4), problems=problems))
    lasting.keep(entries)
    lasting.database.learn()
    return lasting


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asking", QUESTIONS)
@pytest.mark.parametrize("descending", [False, True])
def test_walked_sorted_or_gathered_a_page_is_the_same(
    shelf: Catalogue, sort: str, asking: Asking, descending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    with shelf.database.reading() as db:
        first = page(db, asking, Order(sort, descending, most=7))
        cube = Cube.counted(db, 1)
        bits, _ = sieved(db, asking, cube, same=True)
        for order in (Order(sort, descending, most=7), Order(sort, descending, first.next or "", 7)):
            gathered = page(db, asking, order)
            assert page(db, asking, order, bits, cube.sizes) == gathered
            for few in (0, 1000):
                monkeypatch.setattr(ways, "FEW", few)
                assert page(db, asking, order, bits) == gathered


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asking", QUESTIONS)
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_far_away_is_the_one_that_a_walk_comes_to(
    shelf: Catalogue, sort: str, asking: Asking, descending: bool
) -> None:
    every = shelf.page(asking, Order(sort, descending, most=1000)).models
    for offset in (0, 1, 7, max(len(every) - 3, 0), len(every), len(every) + 5):
        far = shelf.page(asking, Order(sort, descending, most=7, offset=offset))
        assert far.models == every[offset : offset + 7]
        assert (far.next is None) == (offset + 7 >= len(every))
    first = shelf.page(asking, Order(sort, descending, most=7))
    assert shelf.page(asking, Order(sort, descending, first.next or "", 7, 5)).models == every[12:19]


def plans(catalogue: Catalogue, asking: Asking, order: Order, fitting: int | None = None) -> list[str]:
    """How SQLite answers the first question of a page."""

    def ask() -> None:
        with catalogue.database.reading() as db:
            page(db, asking, order, fitting)

    return explained(catalogue, ask)


def explained(catalogue: Catalogue, ask: Callable[[], object]) -> list[str]:
    """How SQLite answers the first question of these."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(catalogue.database.engine, "before_cursor_execute", note)
    try:
        ask()
        with catalogue.database.reading() as db:
            statement, parameters = asked[1] if asked[0][0].startswith("BEGIN") else asked[0]
            return [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    finally:
        sa.event.remove(catalogue.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asking", [Asking(kind=("lora",), family=("sdxl",)), Asking(dtype=("F16",), root=("/m",))])
def test_what_fits_is_gathered_without_a_look_at_rows(shelf: Catalogue, sort: str, asking: Asking) -> None:
    """Where nobody knows what fits: the counts of the moment are of a later one than the database shows."""
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    assert "COVERING INDEX models_as_cube" in plans(shelf, asking, Order(sort))[0]
    mark = shelf.page(Asking(), Order(sort, most=5)).next or ""
    assert "COVERING INDEX models_as_cube" in plans(shelf, asking, Order(sort, after=mark))[0]


@pytest.mark.parametrize("sort", SORTS)
def test_a_far_place_of_the_whole_list_is_counted_off_in_the_index_of_the_order(shelf: Catalogue, sort: str) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    assert f"COVERING INDEX models_by_{sort}" in plans(shelf, Asking(), Order(sort, offset=50))[0]


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_takes_numbers_alone_out_of_the_index_of_the_order(
    shelf: Catalogue, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    monkeypatch.setattr(ways, "FEW", 0)
    mark = shelf.page(Asking(), Order(sort, most=5)).next or ""
    for order in (Order(sort), Order(sort, descending=True), Order(sort, after=mark)):
        steps = plans(shelf, Asking(kind=("lora",)), order, 0b1010)
        assert any(f"COVERING INDEX models_by_{sort}" in step for step in steps)
        assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("sort", SORTS)
def test_the_few_that_fit_are_looked_up_by_their_numbers(shelf: Catalogue, sort: str) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    steps = plans(shelf, Asking(text="cat"), Order(sort), 0b1010)
    assert any("models USING INTEGER PRIMARY KEY" in step for step in steps)


def test_models_with_problems_are_found_in_the_index_of_those(shelf: Catalogue) -> None:
    if shelf.database.dialect == "sqlite":
        assert "INDEX models_with_problems" in explained(shelf, lambda: shelf.misnamed(5))[0]
    assert [path for _, path, _ in shelf.misnamed(5)] == ["/models/loras/D1/m7.pt"]


def test_one_question_is_asked_of_the_database_once_for_its_list_and_its_counts(catalogue: Catalogue, make) -> None:
    """And again as soon as anything changed."""
    catalogue.keep([make("a.pt", About(name="cat")), make("b.pt", About(name="dog"))])
    asked = []
    sa.event.listen(catalogue.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for kept in (1, 2):
        assert catalogue.facets(Asking(text="cat")).total == kept
        words = [text for text in asked if ("words" in text and "MATCH" in text) or "to_tsquery" in text]
        assert len(catalogue.page(Asking(text="cat")).models) == kept
        if catalogue.database.dialect == "sqlite":
            assert [text for text in asked if "MATCH" in text] == words
        asked.clear()
        catalogue.keep([make("c.pt", About(name="cat"))])


def test_uses_are_never_those_of_a_moment_ago(catalogue: Catalogue, make) -> None:
    """They are counted without a change of the catalogue."""
    catalogue.keep([make("a.pt"), make("b.pt")])
    assert len(catalogue.page(Asking(unused_since=50.0)).models) == 2
    catalogue.used([("/models/loras/a.pt", 60.0, "2026-01-01")])
    assert [one.name for one in catalogue.page(Asking(unused_since=50.0)).models] == ["b"]
    assert catalogue.facets(Asking(unused_since=50.0)).total == 1


@on_sqlite
@pytest.mark.parametrize(
    ("asking", "index"),
    [(Asking(place="d1"), "models_by_place"), (Asking(without=("preview",)), "models_without_preview")]
    + [(Asking(without=("sha256",), rating=0), "models_without_sha256")],
)
def test_models_of_a_folder_or_that_lack_something_are_gathered_by_an_index_of_theirs(
    catalogue: Catalogue, asking: Asking, index: str
) -> None:
    """Also in a database that never looked at its indexes."""
    assert f"INDEX {index} " in plans(catalogue, asking, Order())[0]
