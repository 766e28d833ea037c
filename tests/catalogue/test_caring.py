"""What care of the library asks and writes, on both databases; jobs and routes are tested on SQLite."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from catalogue.test_keeping import measured
from modelyard.catalogue.asking import Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.errors import NoSuchModel
from modelyard.values.about import About


@pytest.fixture
def numbers(catalogue: Catalogue, make) -> list[int]:
    """Three models, two of them from one model of a hub, two measured."""
    entries = [
        make("a.safetensors", about=About(hub="civitai", model_id="7", version_id="70")),
        make("b.safetensors", about=About(hub="civitai", model_id="7", version_id="71")),
        make("c.safetensors", root="/models/vae"),
    ]
    entries[2] = replace(entries[2], path="/models/vae/c.safetensors", root="/models/vae", folder="vae")
    kept = catalogue.keep(entries)
    measured(catalogue, kept[0], "aa" * 32)
    measured(catalogue, kept[1], "bb" * 32)
    return kept


def test_what_nobody_checked_for_long_comes_first(catalogue: Catalogue, numbers: list[int]) -> None:
    first, second, third = numbers
    assert [model.id for model in catalogue.to_verify()] == [third, first, second]
    assert [model.id for model in catalogue.to_verify([first, third], most=1)] == [third]
    assert catalogue.overdue(10.0, 5) == [first, second]
    catalogue.tried(first, 20.0)
    assert catalogue.overdue(10.0, 5) == [second]
    assert [model.id for model in catalogue.to_verify(before=10.0)] == [third, second]


def test_what_is_here_of_a_hubs_model_is_known_by_any_of_it(catalogue: Catalogue, numbers: list[int]) -> None:
    for asked in ((), numbers[:1], numbers):
        found = catalogue.installed(asked)
        assert list(found) == [("civitai", "7")]
        assert [(one.id, one.version, one.sha256) for one in found["civitai", "7"]] == [
            (numbers[0], "70", ("aa" * 32,)),
            (numbers[1], "71", ("bb" * 32,)),
        ]
    assert catalogue.installed(numbers[2:]) == {}


def test_what_is_gone_is_counted_and_what_was_moved_is_known_again(
    catalogue: Catalogue, numbers: list[int], make
) -> None:
    catalogue.lose_paths(["/models/loras/a.safetensors"])
    catalogue.lose_roots(["/models/vae"])
    assert catalogue.facets(Asking()).total == 1
    assert (catalogue.facets(Asking(gone=True)).total, catalogue.facets(Asking(gone=True)).size) == (2, 200)
    moved = make("sub/b.safetensors")
    moved = replace(moved, files=(replace(moved.files[0], inode=catalogue.files(numbers[1])[0].inode),))
    assert catalogue.keep_found([moved], lambda *_, **__: True, catalogue.moment()).moved == [
        ("/models/loras/b.safetensors", "/models/loras/sub/b.safetensors")
    ]
    assert catalogue.at("/models/loras/sub/b.safetensors").id == numbers[1]
    with pytest.raises(NoSuchModel):
        catalogue.at("/models/loras/b.safetensors")
    catalogue.remember_search("ink")
    catalogue.forget_searches()
    assert catalogue.searches() == []


def test_what_an_owner_wrote_goes_over_to_the_same_bytes_elsewhere(
    catalogue: Catalogue, numbers: list[int], make
) -> None:
    catalogue.used([("/models/loras/a.safetensors", 5.0, "ComfyUI")])
    catalogue.lose_paths(["/models/loras/a.safetensors"])
    (new,) = catalogue.keep([make("sub/other.safetensors")])
    measured(catalogue, new, "aa" * 32)
    catalogue.adopt("/models/loras/sub/other.safetensors", lambda _: True)
    assert catalogue.get(new).uses == 0, "its drive may come back"
    catalogue.adopt("/models/loras/sub/other.safetensors", lambda _: False)
    assert catalogue.get(new).uses == 1
    assert list(catalogue.installed([new])) == [("civitai", "7")]
    assert catalogue.facets(Asking(gone=True)).total == 0
