from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import comfyui_workflow_templates_json
import pytest

from modelyard.programs.workflows.indexing import index, workflows_below
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.wellknown import known

TEMPLATES = Path(next(iter(comfyui_workflow_templates_json.__path__)))


@pytest.fixture(scope="module")
def templates() -> list[Workflow]:
    return list(workflows_below(TEMPLATES))


def test_every_template_is_read(templates: list[Workflow]) -> None:
    assert len(templates) == 644
    assert not [problem for workflow in templates for problem in workflow.problems]


def test_templates_name_the_models_that_were_counted_in_them(templates: list[Workflow]) -> None:
    rows = [row for workflow in templates for row in (*workflow.needed, *workflow.declared_not_needed)]
    assert len({(row["directory"], row["name"], row["url"]) for row in rows if row.get("url")}) == 391
    assert sum(bool(workflow.needed) for workflow in templates) == 261


def test_the_shipped_index_is_what_the_templates_say(templates: list[Workflow]) -> None:
    shipped = json.loads(files("modelyard.programs.workflows").joinpath("wellknown.json").read_bytes())
    assert shipped == index(templates)


def test_a_name_in_two_folders_is_two_files() -> None:
    assert {each.directory for each in known("flux1-dev-fp8.safetensors")} == {"checkpoints", "diffusion_models"}
    assert [each.directory for each in known("flux1-dev-fp8.safetensors", "checkpoints")] == ["checkpoints"]


def test_a_persons_own_folder_in_a_name_says_nothing_about_the_file() -> None:
    assert known(r"flux\ae.safetensors", "vae") == known("ae.safetensors", "vae") != ()


def test_what_no_template_uses_is_not_known() -> None:
    assert known("") == known("somebody's.safetensors") == known("ae.safetensors", "loras") == ()
