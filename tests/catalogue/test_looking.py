"""Lists, words and counts: the same answers from SQLite and PostgreSQL, and from plain Python."""

from __future__ import annotations

import random

import msgspec
import pytest

from modelyard.catalogue.asking import FACETS, Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.order import SORTS, Order
from modelyard.errors import BadValue
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity


@pytest.fixture(scope="module")
def shelf(lasting: Catalogue, make) -> Catalogue:
    """Two hundred models of a few kinds."""
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
            own=Own(favourite=dice.random() < 0.2, rating=dice.choice([None, 1, 5])),
        )
        entries.append(make(f"sub{number % 3}/m{number}.pt", about, identity, size=dice.randrange(10**9)))
    lasting.keep(entries)
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


QUESTIONS = [
    Asking(),
    Asking(kind=("lora",)),
    Asking(kind=("lora", "vae"), family=("sdxl",)),
    Asking(favourite=(True,), hub=("civitai",)),
    Asking(family=("nothing",)),
    Asking(text="cat"),
    Asking(text="cat", kind=("vae",), family=("flux1", "sd15")),
    Asking(tags=("style",), kind=("lora",)),
    Asking(tags=("style", "person")),
    Asking(category=("style", "character"), kind=("lora",)),
    Asking(rating=5, base=("Pony",)),
    Asking(larger=10**8, smaller=9 * 10**8),
    Asking(place="sub1"),
    Asking(without=("hub",)),
    Asking(exclude=(("kind", "lora"), ("family", "sdxl"))),
    Asking(family=("flux1", "sd15"), exclude=(("family", "sd15"),)),
    Asking(exclude=(("tag", "style"), ("base", "Pony")), text="cat"),
]


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
