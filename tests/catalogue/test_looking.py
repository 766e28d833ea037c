"""Lists, words and counts: the same answers from SQLite and PostgreSQL, and from plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from modelyard.catalogue.asking import FACETS, Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.model import Model
from modelyard.catalogue.order import SORTS, Order
from modelyard.errors import BadValue
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity

DAY_TWO = 1_086_400.0


@pytest.fixture(scope="module")
def shelf(lasting: Catalogue, make) -> Catalogue:
    """Two hundred models of a few kinds, of two days, some used, measured, with a picture, gone."""
    dice = random.Random(7)
    entries = []
    for number in range(200):
        identity = Identity(
            "safetensors", dice.choice(["lora", "vae"]), dice.choice(["sdxl", "flux1", "sd15"]), dtype="F16"
        )
        about = About(
            hub=dice.choice(["", "civitai"]),
            base_model=dice.choice(["Pony", "SDXL 1.0"]),
            name=dice.choice(["Ünïcode cat", "dog_and_bone", "Cat42", ""]),
            tags=tuple(dice.sample(["style", "person", "clothes"], dice.randrange(3))),
            own=Own(
                favourite=dice.random() < 0.2, rating=dice.choice([None, 1, 5]), group=dice.choice(["", "mine", "ours"])
            ),
        )
        entry = make(f"sub{number % 3}/m{number}.pt", about, identity, size=dice.randrange(10**9))
        entries.append(replace(entry, preview=dice.choice(["", "m.webp"])))
    lasting.keep(entries[:120])
    lasting.wall, wall = (lambda: DAY_TWO), lasting.wall
    numbers = lasting.keep(entries[120:])
    lasting.wall = wall
    lasting.used([(entry.path, dice.choice([500.0, 600.0, 700.0]), "2026-01-01") for entry in dice.sample(entries, 90)])
    lasting.measured({entry.path: {"sha256": f"{number:064x}"} for number, entry in enumerate(entries[::3])}, 5.0)
    lasting.lose(numbers[:9])
    return lasting


def walk(catalogue: Catalogue, asking: Asking, sort: str, *, descending: bool) -> list[int]:
    found, after = [], ""
    while True:
        page = catalogue.page(asking, Order(sort, descending, after, 7))
        found += [model.id for model in page.models]
        if page.next is None:
            return found
        after = page.next


@pytest.mark.parametrize("sort", SORTS)
def test_pages_show_each_model_once_in_order(shelf: Catalogue, sort: str) -> None:
    asking = Asking(kind=("lora",))
    every = shelf.page(asking, Order(sort, most=1000)).models
    column = SORTS[sort]
    up = walk(shelf, asking, sort, descending=False)
    assert up == [model.id for model in every]
    assert up == list(reversed(walk(shelf, asking, sort, descending=True)))
    if column != "title_key":
        values = [getattr(model, column) for model in every]
        assert values == sorted(values)


Meant = Callable[[Model, set[str]], bool]
"""Whether a model, with its tags, is asked for."""

ASKED: list[tuple[Asking, Meant]] = [
    (Asking(), lambda one, tags: True),
    (Asking(kind=("lora",)), lambda one, tags: one.kind == "lora"),
    (Asking(kind=("lora", "vae"), family=("sdxl",)), lambda one, tags: one.family == "sdxl"),
    (Asking(favourite=(True,), hub=("civitai",)), lambda one, tags: one.favourite and one.hub == "civitai"),
    (Asking(family=("nothing",)), lambda one, tags: False),
    (Asking(text="cat"), lambda one, tags: "cat" in one.title.lower()),
    (
        Asking(text="cat", kind=("vae",), family=("flux1", "sd15")),
        lambda one, tags: "cat" in one.title.lower() and one.kind == "vae" and one.family != "sdxl",
    ),
    (Asking(tags=("style",), kind=("lora",)), lambda one, tags: "style" in tags and one.kind == "lora"),
    (Asking(tags=("style", "person")), lambda one, tags: {"style", "person"} <= tags),
    (
        Asking(category=("style", "character"), kind=("lora",)),
        lambda one, tags: "style" in tags and one.kind == "lora",
    ),
    (Asking(category=("style", "person")), lambda one, tags: bool({"style", "person"} & tags)),
    (Asking(rating=5, base=("Pony",)), lambda one, tags: one.rating == 5 and one.base == "Pony"),
    (Asking(rating=1), lambda one, tags: one.rating in (1, 5)),
    (Asking(larger=10**8, smaller=9 * 10**8), lambda one, tags: 10**8 <= one.size <= 9 * 10**8),
    (Asking(larger=5 * 10**8), lambda one, tags: one.size >= 5 * 10**8),
    (Asking(smaller=5 * 10**8), lambda one, tags: one.size <= 5 * 10**8),
    (Asking(added_since=DAY_TWO), lambda one, tags: one.added >= DAY_TWO),
    (Asking(unused_since=600.0), lambda one, tags: one.used < 600),
    (Asking(group="mine"), lambda one, tags: one.team == "mine"),
    (Asking(group="ours", kind=("vae",)), lambda one, tags: one.team == "ours" and one.kind == "vae"),
    (Asking(text="ours"), lambda one, tags: one.team == "ours"),
    (Asking(place="sub1"), lambda one, tags: one.place.startswith("sub1/")),
    (Asking(without=("hub",)), lambda one, tags: not one.hub),
    (Asking(without=("preview",)), lambda one, tags: not one.preview),
    (Asking(without=("sha256", "preview")), lambda one, tags: not one.sha256 and not one.preview),
    (Asking(gone=True), lambda one, tags: one.gone > 0),
    (
        Asking(exclude=(("kind", "lora"), ("family", "sdxl"))),
        lambda one, tags: one.kind != "lora" and one.family != "sdxl",
    ),
    (Asking(family=("flux1", "sd15"), exclude=(("family", "sd15"),)), lambda one, tags: one.family == "flux1"),
    (
        Asking(exclude=(("tag", "style"), ("base", "Pony")), text="cat"),
        lambda one, tags: "style" not in tags and one.base != "Pony" and "cat" in one.title.lower(),
    ),
]
QUESTIONS = [asking for asking, _ in ASKED if not asking.gone]


@pytest.fixture(scope="module")
def every(shelf: Catalogue) -> list[tuple[Model, set[str]]]:
    """All models, gone ones too, with their tags."""
    found = [one for gone in (False, True) for one in shelf.page(Asking(gone=gone), Order(most=1000)).models]
    assert [bool(one.gone) for one in found] == [False] * 191 + [True] * 9
    return [(one, set(shelf.details(one.id).tags)) for one in found]


@pytest.mark.parametrize(("asking", "meant"), ASKED, ids=[str(number) for number in range(len(ASKED))])
def test_each_question_finds_what_a_plain_reading_of_it_finds(
    shelf: Catalogue, every: list[tuple[Model, set[str]]], asking: Asking, meant: Meant
) -> None:
    asked = [one for one, tags in every if bool(one.gone) == asking.gone and meant(one, tags)]
    assert shelf.page(asking, Order(most=1000)).models == asked
    if asking not in (Asking(), Asking(family=("nothing",))):
        assert 0 < len(asked) < 191, "a question that chooses"


@pytest.mark.parametrize("asking", QUESTIONS, ids=lambda asking: str(asking)[7:60])
def test_counts_are_those_of_the_lists(shelf: Catalogue, asking: Asking) -> None:
    listed = shelf.page(asking, Order(most=1000)).models
    facets = shelf.facets(asking, tags=True)
    assert facets.total == len(listed)
    assert facets.size == sum(model.size for model in listed)
    for name in FACETS:
        rest = tuple(pair for pair in asking.exclude if pair[0] != name)
        free = shelf.page(msgspec.structs.replace(asking, exclude=rest, **{name: ()}), Order(most=1000))
        expected: dict[str, int] = {}
        for model in free.models:
            value = getattr(model, name)
            word = str(value).lower() if isinstance(value, bool) else str(value)
            expected[word] = expected.get(word, 0) + 1
        assert facets.counts[name] == expected, name
    tags = dict.fromkeys(("style", "person", "clothes"), 0)
    for model in listed:
        for tag in shelf.details(model.id).tags:
            tags[tag] += 1
    assert facets.tags == {tag: number for tag, number in tags.items() if number}
    assert facets.categories == {"style": tags["style"]} if tags["style"] else not facets.categories


def test_of_categories_any_and_of_tags_all_are_meant(shelf: Catalogue) -> None:
    def numbers(**asked: tuple[str, ...]) -> set[int]:
        return {model.id for model in shelf.page(Asking(**asked), Order(most=1000)).models}

    styled, persons = numbers(tags=("style",)), numbers(tags=("person",))
    assert numbers(category=("style", "person")) == styled | persons
    assert numbers(tags=("style", "person")) == styled & persons
    assert numbers(category=("vehicle",)) == set()


def test_what_is_excluded_is_in_no_list(shelf: Catalogue) -> None:
    every = shelf.page(Asking(), Order(most=1000)).models
    asking = Asking(exclude=(("kind", "lora"), ("tag", "style")))
    styled = {model.id for model in shelf.page(Asking(tags=("style",)), Order(most=1000)).models}
    left = shelf.page(asking, Order(most=1000)).models
    assert left == [model for model in every if model.kind != "lora" and model.id not in styled]
    assert 0 < len(left) < len(every)


@pytest.mark.parametrize("asking", QUESTIONS, ids=lambda asking: str(asking)[7:60])
def test_folders_hold_what_lies_in_them_and_below(catalogue: Catalogue, make, asking: Asking) -> None:
    dice = random.Random(5)
    places = ["a", "a/b", "a/b/c d", "a-b", "Ünï/%_", ""]
    kinds = [Identity("safetensors", kind, "sdxl") for kind in ("lora", "vae")]
    names = [f"{dice.choice(places)}/m{number}.pt".lstrip("/") for number in range(90)]
    catalogue.keep([make(name, About(name="cat"), dice.choice(kinds), size=dice.randrange(10**12)) for name in names])
    expected: dict[str, list[int]] = {}
    for model in catalogue.page(asking, Order(most=1000)).models:
        parts = model.place.split("/")[:-1]
        for length in range(1, len(parts) + 1):
            told = expected.setdefault("/".join(parts[:length]), [0, 0])
            told[0] += 1
            told[1] += model.size
    found = catalogue.folders(asking)
    assert {one.place: [one.models, one.size] for one in found.folders} == expected
    assert found.whole and all(one.root == "/models/loras" for one in found.folders)
    order = [one.place.split("/") for one in found.folders]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cat", True),
        ("CAT 42", True),
        ("bon", True),
        ("dog bone", True),
        ("ünïcode", True),
        ("m17", True),
        ("sdxl", True),
        ("cat dog", False),
        ("nothing", False),
        ("  ", True),
        ('"', False),
        ("a' OR 1=1 --", False),
        ("*:& |!()", False),
        ("NEAR(", False),
        ("x" * 5000, False),
        ("\0", False),
    ],
)
def test_words_are_found_by_their_beginnings_and_nothing_is_a_command(shelf: Catalogue, text: str, found: bool) -> None:
    assert bool(shelf.page(Asking(text=text)).models) is found
    assert bool(shelf.facets(Asking(text=text)).total) is found


def test_ideographs_are_found_one_by_one(catalogue: Catalogue, make) -> None:
    catalogue.keep([make(about=About(name="国风水墨模型"))])
    assert [len(catalogue.page(Asking(text=text)).models) for text in ("水墨", "国风", "模", "龙")] == [1, 1, 1, 0]


def test_changed_words_are_found_and_old_ones_are_not(catalogue: Catalogue, make) -> None:
    catalogue.keep([make(about=About(name="before", hub="x"))])
    catalogue.keep([make(about=About(name="later", hub="x"))])
    assert [len(catalogue.page(Asking(text=text)).models) for text in ("before", "later")] == [0, 1]


@pytest.mark.parametrize("after", ["x", "!!", "WzEsMiwzXQ", "W10", "WyJhIiwgImIiXQ"])
def test_a_mark_of_no_page_is_refused(shelf: Catalogue, after: str) -> None:
    with pytest.raises(BadValue):
        shelf.page(Asking(), Order("size", after=after))


def test_an_unknown_order_is_refused_with_those_there_are(shelf: Catalogue) -> None:
    with pytest.raises(BadValue) as told:
        shelf.page(Asking(), Order("colour"))
    assert "title" in told.value.hint
