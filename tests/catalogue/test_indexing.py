"""The index of words is one piece again after much was written, and finds the same."""

from __future__ import annotations

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.values.identity import Identity


def pieces(catalogue: Catalogue) -> int:
    with catalogue.database.reading() as db:
        return int(db.exec_driver_sql("SELECT count(DISTINCT segid) FROM models_words_idx").scalar_one())


def names(catalogue: Catalogue, text: str) -> set[str]:
    return {one.name for one in catalogue.page(Asking(text=text)).models}


def test_what_many_writes_left_is_joined_and_finds_the_same(catalogue: Catalogue, make) -> None:
    for number in range(12):
        catalogue.keep([make(f"ink {number}.safetensors"), make(f"chalk {number}.safetensors")])
    for number in range(6):  # their words change
        catalogue.keep([make(f"ink {number}.safetensors", identity=Identity("safetensors", "vae"))])
    catalogue.forget([catalogue.at("/models/loras/ink 11.safetensors").id])
    before = [names(catalogue, text) for text in ("ink", "chalk 3", "vae", "lora ink", "1", "nothing")]
    sqlite = catalogue.database.dialect == "sqlite"
    assert not sqlite or pieces(catalogue) > 1
    for _ in catalogue.settle():
        pass
    assert [names(catalogue, text) for text in ("ink", "chalk 3", "vae", "lora ink", "1", "nothing")] == before
    assert before[0] == {f"ink {number}" for number in range(11)} and len(before[2]) == 6
    if sqlite:
        assert pieces(catalogue) == 1
        with catalogue.database.writing() as db:
            db.exec_driver_sql("INSERT INTO models_words(models_words) VALUES ('integrity-check')")


def test_others_write_between_two_steps_and_are_found(catalogue: Catalogue, make) -> None:
    for number in range(12):
        catalogue.keep([make(f"ink {number}.safetensors")])
    for step, _ in enumerate(catalogue.settle()):
        catalogue.keep([make(f"late {step}.safetensors")])
        assert step < 20, "it ends"
    assert "late 0" in names(catalogue, "late") and len(names(catalogue, "ink")) == 12
