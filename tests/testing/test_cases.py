"""Every numbered case of the hubs' conformance list has a test that names it in its docstring."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CASES = {"H": range(1, 45), "C": range(1, 43), "M": range(1, 41), "O": range(1, 13), "U": range(13, 41)}
"""Hugging Face, CivitAI, ModelScope, Ollama's registry, plain HTTP."""

_NAMED = re.compile(r"\b([HCMOU])(\d+)(?:(?:-| to )\1(\d+))?\b")


def named(text: str) -> set[str]:
    """The cases that a text names, spans included."""
    return {
        f"{kind}{number}"
        for kind, first, last in _NAMED.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


@pytest.fixture(scope="module")
def tested() -> set[str]:
    found: set[str] = set()
    for place in ("testing", "jobs", "hubs", "net", "engine"):
        for path in (TESTS / place).rglob("test_*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    found |= named(ast.get_docstring(node) or "")
    return found


def test_spans_and_lists_are_read() -> None:
    assert named("H1-H3, M2 and U14 to U15; row 2, RFC 9110, C12345x") == {"H1", "H2", "H3", "M2", "U14", "U15"}


@pytest.mark.parametrize("kind", CASES)
def test_no_case_is_without_a_test(tested: set[str], kind: str) -> None:
    assert [f"{kind}{number}" for number in CASES[kind] if f"{kind}{number}" not in tested] == []
