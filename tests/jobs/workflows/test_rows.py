"""Whatever a workflow says, there is a plan: no crash, nothing outside, and words for people."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.workflows.made import told
from modelyard.hubs.huggingface.hub import HuggingFace
from modelyard.jobs.workflows import rows
from modelyard.jobs.workflows.here import Here
from modelyard.jobs.workflows.looking import Looking
from modelyard.jobs.workflows.places import Places, models_folder
from modelyard.jobs.workflows.plan import READY, PlannedModel
from modelyard.jobs.workflows.renames import renames_of
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.jobs.workflows.sources import Sought
from modelyard.jobs.workflows.sources import Source as Place
from modelyard.jobs.workflows.wanted import read_row
from modelyard.values.offers import Address, Offer, Source

ROOT = Path("/nonexistent", "models" * 40)
ANY = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
NAMES = st.text() | st.lists(st.sampled_from(["..", "a", "\\", "/", "C:", ".", "\0", "b.pt"])).map("".join)


def resolver() -> Resolver:
    places = Places(models_folder(ROOT), known=False)
    return Resolver(places, Looking(Here(places)))


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "name": NAMES | ANY,
                "directory": st.sampled_from(["loras", "vae", "unet", "../x"]) | ANY,
                **dict.fromkeys(["url", "hash", "mirrors", "size", "address", "unsafe", "listed"], ANY),
            },
        ),
        max_size=5,
    )
)
def test_any_rows_are_a_plan_that_stays_inside(said: list[dict[str, Any]]) -> None:
    plan = resolver().plan(said)
    assert len(plan.models) == len(said)
    for model in plan.models:
        assert model.why
        assert not model.target or Path(model.target).is_relative_to(ROOT)
        assert ".." not in Path(model.target).parts
    assert plan.complete is all(model.state in READY for model in plan.models)
    assert renames_of(plan.models) == {}


@pytest.mark.parametrize(
    "name", [("\U0001f600" * 49 + "/") * 19 + "\U0001f600" * 45 + ".pt", "a/" * 490 + "b.pt", "x" * 990 + ".pt"]
)
def test_names_that_are_too_long_for_a_disk_are_told(name: str) -> None:
    (model,) = resolver().plan([told(name, url="https://huggingface.co/a/b/resolve/main/c.pt")]).models
    assert model.state in ("found", "unsafe")
    assert len(model.target.encode()) < 4000


def test_lines_that_people_copy_run_nothing_else() -> None:
    (model,) = resolver().plan([told("$(reboot); x `y`.pt", "loras")]).models
    sought = rows.unresolved(read_row(told("$(reboot) `y`.pt")), Sought(), "/m/$(reboot).pt", ())
    assert model.target.endswith("/loras/$(reboot); x `y`.pt")
    (look, put) = sought.steps
    assert "`modelyard search '$(reboot) `y`'`" in look
    assert put


def test_a_size_that_is_not_a_note_s_is_told() -> None:
    offer = Offer(Address("huggingface", "me/m"), "x.pt", 1_000_000, {}, (Source("https://x/y"),))
    place = Place(HuggingFace(None), offer, "a search found it", "", lambda _: False)  # type: ignore[arg-type]
    told_rows = [
        rows.found(read_row(told("x.pt", size=size)), place, Path("/m/x.pt"), "x.pt") for size in (10**9, 10**6)
    ]
    assert ["not the one that a note says" in row.why for row in told_rows] == [True, False]


def test_a_thousand_rows_of_one_model_are_one_model(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras/a.safetensors").write_bytes(b"x")
    places = Places(models_folder(tmp_path))
    made = Resolver(places, Looking(Here(places)))
    plan = made.plan([told("a.safetensors")] * 1000)
    assert (len(plan.models), len(made.models), plan.complete) == (1000, 1, True)


def test_a_name_of_two_models_is_not_renamed_to_either() -> None:
    one = PlannedModel(name="s.safetensors", directory="loras", state="renamed", lists_as="A.safetensors")
    other = PlannedModel(name="s.safetensors", directory="loras", state="renamed", lists_as="B.safetensors")
    right = PlannedModel(name="s.safetensors", directory="loras", state="here")
    assert renames_of([one]) == {("s.safetensors", "loras"): "A.safetensors"}
    assert renames_of([one, other]) == renames_of([one, right]) == {}


def test_a_hundred_thousand_models_are_planned_soon_and_those_beyond_any_workflow_told_apart() -> None:
    began = time.process_time()
    plan = resolver().plan([told(f"{number}.safetensors") for number in range(100_000)])
    assert time.process_time() - began < 20
    assert len(plan.models) == 100_000
    assert "was not looked for" in plan.models[-1].why
