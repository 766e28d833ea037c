"""Which file of a model is meant, when its address names a whole repository."""

from __future__ import annotations

import pytest

from modelyard.jobs.workflows.sources import chosen
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Address, Listing, Offer, Source

REPO = Address("huggingface", "org/repo")
NAME = "diffusion_pytorch_model.safetensors"
PARTS = (f"transformer/{NAME}", f"vae/{NAME}", f"text_encoder_2/{NAME}")


def listing(*paths: str, **claimed: str) -> Listing:
    offers = [Offer(REPO, path, 10, {}, (Source(f"https://x/{path}"),), primary=False) for path in paths]
    offers += [
        Offer(REPO, f"{name}/{NAME}", 10, {"sha256": value}, (Source("https://x"),)) for name, value in claimed.items()
    ]
    return Listing(REPO, "repo", tuple(offers))


@pytest.mark.parametrize(
    ("folder", "path"), [("vae", PARTS[1]), ("diffusion_models", PARTS[0]), ("text_encoders", PARTS[2])]
)
def test_of_files_of_one_name_the_one_of_the_folder_is_meant(folder: str, path: str) -> None:
    found = chosen(Wanted(NAME, folder, folder), listing(*PARTS), first=True)
    assert found is not None and found.path == path


@pytest.mark.parametrize("folder", ["loras", ""])
def test_none_is_meant_where_nothing_tells_them_apart(folder: str) -> None:
    assert chosen(Wanted(NAME, folder, folder), listing(*PARTS), first=True) is None


def test_copies_of_the_same_bytes_are_one_file() -> None:
    found = chosen(Wanted(NAME, "loras", "loras"), listing(a="1" * 64, b="1" * 64), first=True)
    assert found is not None and found.path == f"a/{NAME}"
    assert chosen(Wanted(NAME, "loras", "loras"), listing(a="1" * 64, b="2" * 64), first=True) is None


def test_the_wanted_hash_goes_before_every_folder() -> None:
    wanted = Wanted(NAME, "vae", "vae", hash="1" * 64)
    found = chosen(wanted, listing(PARTS[1], transformer="1" * 64), first=True)
    assert found is not None and found.path == PARTS[0]
