"""What a scan writes: nothing that was measured or written by hand is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.columns import columns_of
from modelyard.catalogue.model import Health
from modelyard.errors import NoSuchModel
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import HEAD, counters
from modelyard.store.shelves import model_files, models
from modelyard.store.upgrade import upgrade
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity


def measured(catalogue: Catalogue, number: int, sha256: str) -> None:
    def also(db: sa.Connection) -> None:
        db.execute(model_files.update().where(model_files.c.model == number).values(sha256=sha256))

    catalogue.write(number, {"sha256": sha256, "health": Health.GOOD, "checked": 9.0}, also)


def told(catalogue: Catalogue, seen: int) -> list[tuple[str, list[int]]]:
    """What was announced of models since an event."""
    return [(event.kind, event.data["ids"]) for event in catalogue.events.since(seen).events]


def test_a_model_is_kept_with_its_file_and_found_by_its_path(catalogue: Catalogue, make) -> None:
    (number,) = catalogue.keep([make(about=About(hub="civitai", model_id="7", name="Nice", tags=("A  b", "a b")))])
    model = catalogue.at("/models/loras/a.safetensors")
    assert (model.id, model.title, model.hub_model, model.added) == (number, "Nice", "7", 1_000_000.0)
    details = catalogue.details(number)
    assert (details.tags, details.own_tags, len(details.files)) == (("a b",), (), 1)


def test_the_same_file_again_keeps_its_number_and_what_was_measured(catalogue: Catalogue, make) -> None:
    (number,) = catalogue.keep([make()])
    measured(catalogue, number, "ab" * 32)
    assert catalogue.keep([make()]) == [number]
    assert catalogue.get(number).sha256 == "ab" * 32
    assert catalogue.get(number).health is Health.GOOD
    assert catalogue.with_digest("autov2", "ABABABABAB")[0].id == number


@pytest.mark.parametrize("change", [{"size": 101}, {"mtime_ns": 6_000_000_000}], ids=["size", "time"])
def test_a_touched_file_loses_what_was_measured(catalogue: Catalogue, make, change: dict[str, int]) -> None:
    (number,) = catalogue.keep([make()])
    measured(catalogue, number, "ab" * 32)
    catalogue.keep([make(**change)])
    assert catalogue.get(number).sha256 == ""
    assert catalogue.get(number).health is Health.UNVERIFIED
    assert catalogue.files(number)[0].sha256 == ""


def test_the_owners_words_outlive_a_scan_that_found_no_sidecar(catalogue: Catalogue, make) -> None:
    own = Own(title="Mine", notes="n", favourite=True, rating=4, tags=("good",), group="g")
    (number,) = catalogue.keep([make(about=About(hub="civitai", name="Theirs", own=own))])
    catalogue.keep([make()])
    model = catalogue.get(number)
    assert (model.title, model.notes, model.favourite, model.rating, model.team) == ("Mine", "n", True, 4, "g")
    assert catalogue.details(number).own_tags == ("good",)
    assert model.hub == "civitai", "a hub's facts are not wiped by a sidecar that is gone"


def test_a_lost_model_is_not_listed_but_known_and_comes_back(catalogue: Catalogue, make) -> None:
    numbers = catalogue.keep([make("a.pt"), make("b.pt")])
    seen = catalogue.events.newest
    catalogue.lose(numbers[:1])
    assert told(catalogue, seen) == [("model.gone", numbers[:1])]
    assert [model.id for model in catalogue.page(Asking()).models] == numbers[1:]
    assert [model.id for model in catalogue.page(Asking(gone=True)).models] == numbers[:1]
    catalogue.keep([make("a.pt")])
    assert catalogue.facets(Asking()).total == 2


def test_numbers_of_forgotten_models_are_not_given_again(catalogue: Catalogue, make) -> None:
    (first,) = catalogue.keep([make("a.pt")])
    seen = catalogue.events.newest
    catalogue.forget([first])
    assert told(catalogue, seen) == [("model.gone", [first])]
    with pytest.raises(NoSuchModel):
        catalogue.get(first)
    assert catalogue.keep([make("b.pt")]) > [first]


def test_files_that_left_a_model_are_dropped_and_a_file_that_changed_hands_moves(catalogue: Catalogue, make) -> None:
    two = replace(make("a.pt"), files=(make("a.pt").files[0], replace(make("b.pt").files[0], main=False)))
    (number,) = catalogue.keep([two])
    catalogue.keep([make("a.pt")])
    assert [file.path for file in catalogue.files(number)] == ["/models/loras/a.pt"]
    (other,) = catalogue.keep([make("b.pt")])
    assert catalogue.at("/models/loras/b.pt").id == other
    catalogue.keep([two])
    assert catalogue.at("/models/loras/b.pt").id == number != other


def test_long_and_odd_texts_of_strangers_fit(catalogue: Catalogue, make) -> None:
    about = About(hub="h" * 500, base_model="b\0" * 500, name="\ud800", tags=("t" * 999, " "), nsfw=10**9)
    (number,) = catalogue.keep([make(about=replace(about, name="n\0"))])
    assert len(catalogue.get(number).base) == 80


def test_problems_decide_the_health(catalogue: Catalogue, make) -> None:
    numbers = catalogue.keep(
        [
            make("a", problems=("truncated",)),
            make("b", problems=("unsafe-pickle",)),
            make("c", problems=("wrong-extension",)),
        ]
    )
    assert [catalogue.get(number).health for number in numbers] == [Health.DAMAGED, Health.UNSAFE, Health.UNVERIFIED]


def test_stamps_are_what_a_scan_compares_with(catalogue: Catalogue, make) -> None:
    (number,) = catalogue.keep([make()])
    found = catalogue.stamps("/models/loras")
    assert found.files["/models/loras/a.safetensors"].model == number


def test_the_words_of_models_from_before_an_upgrade_are_found_like_those_of_new_ones(tmp_path: Path, make) -> None:
    database = Database(tmp_path)
    upgrade(database.engine, "0004")
    with database.writing() as db:  # as the version before wrote a model: its words went in by a trigger
        row = columns_of(make("old ink.safetensors"), None) | {"id": 1, "added": 1.0}
        db.execute(models.insert(), row)
        db.execute(counters.insert().values(name="models", value=1))
    upgrade(database.engine, HEAD)
    catalogue = Catalogue(database, EventLog(), lambda: 2.0)
    catalogue.keep([make("new ink.safetensors"), make("new chalk.safetensors")])
    catalogue.keep([make("new chalk.safetensors", identity=Identity("safetensors", "vae"))])  # its words change
    catalogue.forget([2])
    names = lambda text: [one.name for one in catalogue.page(Asking(text=text)).models]  # noqa: E731
    assert names("ink") == ["old ink"] and names("vae") == ["new chalk"] and names("sdxl chalk") == []
    with database.writing() as db:
        db.exec_driver_sql("INSERT INTO models_words(models_words) VALUES ('integrity-check')")
    database.close()
