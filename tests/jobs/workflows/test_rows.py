"""Whatever a workflow says, there is a plan: no crash, nothing outside, and words for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.workflows.made import told
from modelyard.jobs.workflows.here import Here
from modelyard.jobs.workflows.looking import Looking
from modelyard.jobs.workflows.places import Places, models_folder
from modelyard.jobs.workflows.plan import READY
from modelyard.jobs.workflows.renames import renames_of
from modelyard.jobs.workflows.resolving import Resolver

ROOT = Path("/nonexistent", "models" * 40)
ANY = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
NAMES = st.text() | st.lists(st.sampled_from(["..", "a", "\\", "/", "C:", ".", "\0", "b.pt"])).map("".join)


def resolver() -> Resolver:
    places = Places(models_folder(ROOT))
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
def test_any_rows_are_a_plan_that_stays_inside(rows: list[dict[str, Any]]) -> None:
    plan = resolver().plan(rows)
    assert len(plan.models) == len(rows)
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


def test_a_thousand_rows_of_one_model_are_one_model(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras/a.safetensors").write_bytes(b"x")
    places = Places(models_folder(tmp_path))
    made = Resolver(places, Looking(Here(places)))
    plan = made.plan([told("a.safetensors")] * 1000)
    assert (len(plan.models), len(made.models), plan.complete) == (1000, 1, True)
