"""Makes `wellknown.json`: `python -m modelyard.programs.workflows.indexing FOLDER_OF_TEMPLATES > wellknown.json`.

The index that is shipped comes from comfyui-workflow-templates-json 0.1.123 (MIT licence, Comfy-Org), as PyPI has it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelyard.errors import NoWorkflow
from modelyard.programs.workflows.reading import read_workflow
from modelyard.programs.workflows.references import Workflow


def index(workflows: Iterable[Workflow]) -> list[list[Any]]:
    """A row for each folder, name and address: `[directory, name, url, size or null, [mirror, …]]`, sorted."""
    rows: dict[tuple[str, str, str], tuple[int | None, list[str]]] = {}
    for workflow in workflows:
        for row in (*workflow.needed, *workflow.declared_not_needed):
            if row.get("url") and row["directory"] and not row.get("unsafe"):
                key = (row["directory"], row["name"], row["url"].partition("?")[0])
                size, mirrors = rows.get(key, (None, []))
                rows[key] = (size or row.get("size"), list(dict.fromkeys([*mirrors, *row.get("mirrors", [])])))
    return [[*key, size, sorted(mirrors)] for key, (size, mirrors) in sorted(rows.items())]


def workflows_below(folder: Path) -> Iterable[Workflow]:
    """The workflow of each JSON file that holds one, in the order of their names."""
    for file in sorted(folder.rglob("*.json")):
        try:
            yield read_workflow(file)
        except NoWorkflow:
            continue


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in index(workflows_below(Path(sys.argv[1]))))
    sys.stdout.write(f"[\n{lines}\n]\n")
