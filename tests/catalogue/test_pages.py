"""A page is the same, whichever way it is looked for; and SQLite takes the way that was meant."""

from __future__ import annotations

import random
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from modelyard.catalogue.asking import Asking, chosen_values, is_narrow
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.cube import Cube
from modelyard.catalogue.order import SORTS, Order
from modelyard.catalogue.pages import page
from modelyard.catalogue.ways import Outlook
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
        entries.append(make(f"{places[number % 4]}m{number}.pt", about, identity, size=1000 * (number // 4)))
    lasting.keep(entries)
    lasting.database.learn()
    return lasting


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asking", QUESTIONS)
@pytest.mark.parametrize("descending", [False, True])
def test_walked_or_gathered_a_page_is_the_same(shelf: Catalogue, sort: str, asking: Asking, descending: bool) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    with shelf.database.reading() as db:
        first = page(db, asking, Order(sort, descending, most=7))
        cells = None if is_narrow(asking) else Cube.counted(db, 1).cells(chosen_values(asking))
        outlooks = [Outlook(), *(Outlook(window) for window in (5, 40, 1000))]
        outlooks += [Outlook(common=True), Outlook(cells=cells), Outlook(5, cells=cells)]
        for order in (Order(sort, descending, most=7), Order(sort, descending, first.next or "", 7)):
            pages = [page(db, asking, order, outlook) for outlook in outlooks]
            assert all(one == pages[0] for one in pages)


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


def plans(catalogue: Catalogue, asking: Asking, order: Order, outlook: Outlook) -> list[str]:
    """How SQLite answers the first question of a page."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(catalogue.database.engine, "before_cursor_execute", note)
    try:
        with catalogue.database.reading() as db:
            page(db, asking, order, outlook)
            statement, parameters = asked[1] if asked[0][0].startswith("BEGIN") else asked[0]
            return [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    finally:
        sa.event.remove(catalogue.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asking", [Asking(kind=("lora",), family=("sdxl",)), Asking(dtype=("F16",), root=("/m",))])
def test_what_fits_is_gathered_without_a_look_at_rows(shelf: Catalogue, sort: str, asking: Asking) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    assert "COVERING INDEX models_as_cube" in plans(shelf, asking, Order(sort), Outlook())[0]
    mark = shelf.page(Asking(), Order(sort, most=5)).next or ""
    assert "COVERING INDEX models_as_cube" in plans(shelf, asking, Order(sort, after=mark), Outlook())[0]


@pytest.mark.parametrize("sort", SORTS)
def test_a_far_place_of_the_whole_list_is_counted_off_in_the_index_of_the_order(shelf: Catalogue, sort: str) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    assert f"COVERING INDEX models_by_{sort}" in plans(shelf, Asking(), Order(sort, offset=50), Outlook())[0]


@pytest.mark.parametrize("sort", SORTS)
def test_the_edge_of_a_walk_is_found_in_the_index_of_the_order(shelf: Catalogue, sort: str) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    assert f"COVERING INDEX models_by_{sort}" in plans(shelf, Asking(), Order(sort), Outlook(window=20))[0]


@pytest.mark.parametrize("sort", SORTS)
def test_common_words_are_met_on_a_walk_along_the_order(shelf: Catalogue, sort: str) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    steps = plans(shelf, Asking(text="cat"), Order(sort), Outlook(common=True))
    assert f"COVERING INDEX models_by_{sort}" in steps[0]
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("sort", SORTS)
def test_cells_that_are_known_are_looked_up_one_by_one(shelf: Catalogue, sort: str) -> None:
    if shelf.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses its ways by its own counts.")
    asking = Asking(kind=("lora",))
    with shelf.database.reading() as db:
        cells = Cube.counted(db, 1).cells(chosen_values(asking))
    steps = plans(shelf, asking, Order(sort), Outlook(cells=cells))
    assert any("COVERING INDEX models_as_cube (gone=? AND folder=? AND kind=?" in step for step in steps)


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
    assert f"INDEX {index} " in plans(catalogue, asking, Order(), Outlook())[0]
    along = plans(catalogue, asking, Order(), Outlook(common=True))
    assert not any(index in step for step in along)
