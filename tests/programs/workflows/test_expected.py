"""What ComfyUI's front end (1.49.6) itself said of 150 of its templates, asked with empty folders of models.

A line of `expected_templates.jsonl` is a template: `needed` with name, folder, URL, hash and nodes, `off` (declared and
not needed) without nodes. Two verdicts, without nodes too, are corrected where it errs (`ckpt_name` of Hunyuan3D).
Of templates with node types that this ComfyUI lacked (`unknown`) its verdict is incomplete, so the union is compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import comfyui_workflow_templates_json

from modelyard.programs.workflows.reading import read_workflow
from modelyard.programs.workflows.references import Workflow

TEMPLATES = Path(next(iter(comfyui_workflow_templates_json.__path__)))
EXPECTED = [
    json.loads(line) for line in Path(__file__).with_name("expected_templates.jsonl").read_text("utf-8").splitlines()
]


def key(row: Mapping[str, Any]) -> list[str]:
    return [row.get(name) or "" for name in ("name", "directory", "url", "hash")]


def nodes(row: Mapping[str, Any]) -> set[str]:
    return {str(use["node"]) for use in row["used_by"]}


def differences(found: Workflow, told: Mapping[str, Any]) -> list[Any]:
    """Rows that are not as the front end says. Where it names no folder ours may; it may name one node of several."""
    if "unknown" in told:
        ours = {row["name"] for row in (*found.needed, *found.declared_not_needed)}
        return sorted(ours ^ {row[0] for row in (*told["needed"], *told.get("off", []))})
    left, wrong = [(key(row), nodes(row)) for row in found.needed], []
    for name, folder, *where, used in told["needed"]:
        fitting = [
            each
            for each in left
            if each[0][0] == name and each[0][2:] == where and folder in (each[0][1], "") and set(used) <= each[1]
        ]
        wrong += [] if fitting else [name]
        left = [each for each in left if each not in fitting[:1]]
    off = sorted(key(row) for row in found.declared_not_needed)
    return [*wrong, *left, *([] if off == sorted(told.get("off", [])) else [off])]


def test_each_template_needs_what_the_front_end_says() -> None:
    wrong = {told["file"]: differences(read_workflow(TEMPLATES / told["file"]), told) for told in EXPECTED}
    assert {file: rows for file, rows in wrong.items() if rows} == {}


def test_the_verdicts_are_of_real_weight() -> None:
    assert (len(EXPECTED), sum("unknown" in told for told in EXPECTED)) == (150, 18)
    rows = [row for told in EXPECTED for row in told["needed"]]
    assert len(rows) > 300 and sum(bool(row[2]) for row in rows) > 200
