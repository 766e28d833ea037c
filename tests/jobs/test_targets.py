from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from modelyard.errors import UnsafePath, UsageError
from modelyard.jobs.targets import place_all
from modelyard.values.offers import Address, Listing, Offer, Source


def listing(model: str, *paths: str, path: str | None = None) -> Listing:
    address = Address("huggingface", model, path=path)
    offers = tuple(
        Offer(
            Address("huggingface", model, path=name),
            name,
            1,
            {"sha256": hashlib.sha256(f"{model}/{name}".encode()).hexdigest()},
            (Source(f"https://h/{model}/{name}"),),
        )
        for name in paths
    )
    return Listing(address, model, offers)


def places(tmp_path: Path, to: str | None, *listings: Listing) -> list[str]:
    return [place.target.relative_to(tmp_path).as_posix() for _, place in place_all(list(listings), to, tmp_path)]


def test_one_file_goes_where_its_path_says(tmp_path: Path) -> None:
    one = listing("o/r", "sub/m.bin", path="sub/m.bin")
    assert places(tmp_path, f"{tmp_path}/x.bin", one) == ["x.bin"]
    assert places(tmp_path, f"{tmp_path}/new/", one) == ["new/m.bin"]
    (tmp_path / "there").mkdir()
    assert places(tmp_path, f"{tmp_path}/there", one) == ["there/m.bin"]
    assert places(tmp_path, None, one) == ["m.bin"]


def test_a_whole_model_keeps_its_folders(tmp_path: Path) -> None:
    whole = listing("o/r", "a.bin", "sub/b.bin")
    assert places(tmp_path, f"{tmp_path}/to", whole) == ["to/a.bin", "to/sub/b.bin"]
    assert places(tmp_path, None, whole) == ["r/a.bin", "r/sub/b.bin"]


def test_several_whole_models_do_not_mix(tmp_path: Path) -> None:
    both = (listing("o/one", "config.json", "m.bin"), listing("o/two", "config.json", "m.bin"))
    assert places(tmp_path, f"{tmp_path}/", *both) == ["one/config.json", "one/m.bin", "two/config.json", "two/m.bin"]


def test_two_different_files_never_get_one_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        places(
            tmp_path, f"{tmp_path}/", listing("o/one", "m.bin", path="m.bin"), listing("o/two", "m.bin", path="m.bin")
        )


def test_the_same_file_asked_twice_is_one_transfer(tmp_path: Path) -> None:
    one = listing("o/r", "m.bin", path="m.bin")
    assert places(tmp_path, f"{tmp_path}/", one, one) == ["m.bin"]


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", "C:/evil"])
def test_a_hub_cannot_name_a_place_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafePath):
        places(tmp_path, f"{tmp_path}/to", listing("o/r", path, "other.bin"))
