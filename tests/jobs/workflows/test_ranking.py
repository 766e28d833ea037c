"""Points of files that a search finds: what may be fetched without asking, and what is a candidate only."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelyard.jobs.workflows.ranking import STRONG, best, queries, rank
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Address, Offer, Source

WANTED = Wanted("flux1-dev-fp8.safetensors", "diffusion_models", "diffusion_models", size=11_900_000_000)


def offer(path: str, model: str = "somebody/flux", sha256: str = "", **more: Any) -> Offer:
    claimed = {"sha256": sha256} if sha256 else {}
    return Offer(Address("huggingface", model), path, more.pop("size", None), claimed, (Source("https://x/y"),), **more)


def test_name_folder_and_publisher_together_are_strong() -> None:
    good = rank(WANTED, offer("split_files/diffusion_models/flux1-dev-fp8.safetensors", "Comfy-Org/flux1-dev"))
    assert good.score >= STRONG
    assert best([good]) is good
    for reason in ("the very name", "diffusion_models", "Comfy-Org"):
        assert reason in good.why


def test_a_name_alone_is_never_enough() -> None:
    for path in ("flux1-dev-fp8.safetensors", "flux1_dev_fp8.safetensors", "FLUX1-dev-fp8.safetensors"):
        assert best([rank(WANTED, offer(path), downloads=10**6)]) is None


def test_a_strangers_file_of_that_name_in_such_a_folder_is_never_enough() -> None:
    wanted = Wanted("cool_style.safetensors", "loras", "loras")
    for other in (
        rank(wanted, offer("loras/cool_style.safetensors", "stranger/x"), downloads=10**7),
        rank(wanted, offer("cool_style.safetensors", "123@456", kind="LORA"), downloads=10**7),
        rank(wanted, offer("cool_style.safetensors", "Kijai/x"), downloads=10**7),
    ):
        assert best([other]) is None, other


def test_a_name_that_many_files_have_is_no_identity_whoever_publishes_it() -> None:
    for name in ("model.safetensors", "diffusion_pytorch_model.safetensors", "ae.safetensors", "pytorch_model.bin"):
        wanted = Wanted(name, "text_encoders", "text_encoders")
        assert best([rank(wanted, offer(f"text_encoders/{name}", "google/x"), downloads=10**7)]) is None


def test_folder_and_size_are_the_uploaders_choice_and_do_not_stand_for_a_publisher() -> None:
    path, size = "diffusion_models/flux1-dev-fp8.safetensors", 11_901_000_000
    assert best([rank(WANTED, offer(path, size=size), downloads=10**7)]) is None
    assert best([rank(WANTED, offer("flux1-dev-fp8.safetensors", "Kijai/flux", size=size))])
    assert best([rank(WANTED, offer(path, "Kijai/flux", size=size // 2))]) is None


def test_two_files_of_the_same_points_are_candidates_unless_their_bytes_are_the_same() -> None:
    path = "diffusion_models/flux1-dev-fp8.safetensors"
    one, other = (rank(WANTED, offer(path, model, "1" * 64)) for model in ("Comfy-Org/a", "Comfy-Org/b"))
    assert best([one, other]) is one
    assert best([one, rank(WANTED, offer(path, "Comfy-Org/c", "2" * 64))]) is None


def test_the_hash_decides_alone_and_a_contradicting_one_too() -> None:
    wanted = Wanted("a.safetensors", "vae", "vae", hash="1" * 64)
    assert rank(wanted, offer("x.safetensors", sha256="1" * 64)).sure
    assert rank(wanted, offer("vae/a.safetensors", "Comfy-Org/x", sha256="2" * 64)).score == 0


def test_another_kind_or_size_speaks_against_a_file() -> None:
    fits = rank(WANTED, offer("flux1-dev-fp8.safetensors", kind="UNet"))
    assert fits.score > rank(WANTED, offer("flux1-dev-fp8.safetensors", kind="LORA")).score
    assert fits.score > rank(WANTED, offer("flux1-dev-fp8.safetensors", kind="UNet", size=1000)).score
    assert fits.score < rank(WANTED, offer("flux1-dev-fp8.safetensors", kind="UNet", size=11_901_000_000)).score


def test_hubs_are_asked_for_the_name_and_then_for_less_of_it() -> None:
    assert queries(WANTED) == ["flux1-dev-fp8", "flux1-dev", "flux1 dev"]
    assert queries(Wanted("v1.safetensors")) == []
    assert queries(Wanted("inkwash")) == ["inkwash"]


@given(st.text(), st.text(min_size=1), st.text(), st.integers(0, 2**40) | st.none())
def test_any_names_get_points(name: str, path: str, kind: str, downloads: int | None) -> None:
    ranked = rank(Wanted(name, "vae", "vae"), offer(path, kind=kind), downloads)
    assert 0 <= ranked.score <= 100
    assert ranked.why
