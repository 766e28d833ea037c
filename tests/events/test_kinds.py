"""Every kind of event is promised, documented and kept; `fitting.py` looks at what all other tests publish."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import modelyard
from fitting import misfit
from modelyard.events.kinds import KINDS

SOURCE = Path(modelyard.__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "service.md"
MOVED = {
    "id": 1,
    "kind": "download",
    "title": "a.safetensors",
    "hub": "web",
    "options": {},
    "from": "running",
    "to": "done",
    "reason": "",
    "until": None,
    "error": None,
    "result": {"files": []},
}


def _published() -> Iterator[tuple[str, ast.expr]]:
    """The first argument of every call in the program that publishes an event: its kind."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if ".publish(" in text or path.parent.name == "catalogue" else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                on_shelf = node.func.attr == "tell" and path.parent.name == "catalogue"
                if node.func.attr == "publish" or on_shelf:
                    yield f"{path.name}:{node.lineno}", node.args[0]


def _texts(argument: ast.expr) -> list[str]:
    return [part.value for part in ast.walk(argument) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_the_program_publishes_the_kinds_that_are_promised_and_no_others() -> None:
    found: set[str] = set()
    for where, argument in _published():
        if where.startswith("shelf.py") and isinstance(argument, ast.Name):
            continue  # `Shelf.tell` passes on what it was called with
        texts = _texts(argument)
        assert texts, f"{where}: write the kind where it is published"
        found |= set(texts)
    assert found == set(KINDS)


def test_the_table_in_the_docs_names_every_kind_and_its_fields() -> None:
    rows = dict(re.findall(r"^\| `([a-z.]+)` \| (.*?) \|", DOCS.read_text("utf-8"), re.MULTILINE))
    for kind, told in KINDS.items():
        fields = list(told.__struct_encode_fields__)
        assert re.findall(r"`(\w+)`", rows.pop(kind, "none")) == fields, kind
    assert not [kind for kind in rows if "." in kind]


def test_an_event_that_keeps_its_promise_fits() -> None:
    assert misfit("task.moved", MOVED) == []
    assert misfit("service.stopping", {}) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("task.flown", {}),
        ("task.added", {}),
        ("task.added", {"ids": ["1"]}),
        ("task.added", {"ids": [1], "count": 1}),
        ("task.moved", MOVED | {"to": None}),
        ("task.moved", {name: value for name, value in MOVED.items() if name != "from"}),
        ("task.moved", MOVED | {"error": {"code": "x", "message": "", "hint": "", "retryable": False, "more": 1}}),
    ],
)
def test_one_that_does_not_is_seen(kind: str, data: dict[str, object]) -> None:
    assert misfit(kind, data)
