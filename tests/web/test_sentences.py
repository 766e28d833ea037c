"""What the service says in words of its own can be said in every language of the page."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard import errors

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "modelyard"
TABLES = sorted((ROOT / "web" / "src" / "sentences").glob("*.json"))

ROOMS = (
    *("tasks", "jobs/workflows", "jobs/lending", "programs/installed", "programs/scripts"),
    *("library/identify/identify.py", "library/identify/structure.py", "library/identify/signature.py"),
    *("library/identify/adapter.py", "library/identify/gguf_models.py", "jobs/scripting.py", "engine/opening.py"),
    *("programs/workflows/canvas.py", "programs/workflows/gathering.py", "programs/workflows/prompt.py"),
    *(
        "programs/workflows/snapshots.py",
        "jobs/finding.py",
        "library/roots",
        "jobs/complaints.py",
        "jobs/quarantine.py",
    ),
)
"""Where sentences are made that a person reads on the page: why something is so, and what goes on."""
FRAGMENTS = (
    "ranking.py",
    "addresses.py",
    "linking.py",
    "seeking.py",
    "searching.py",
    "verdict.py",
    "rows.py",
    "looking.py",
    "room.py",
)
"""Files whose words are put together to sentences elsewhere."""
STEPS = "steps", "hint"
"""The page says by its buttons what a person can do; these lines are for a command line."""
FOR_OTHERS = ("text encoder", "Or put it to {} yourself.")
BUILT = ("Trying again in {time}.", "Name or service not known", "Connection refused")
"""Put together of parts that do not stand beside each other in the source, or said by the system."""

Sentence = tuple[str, str]


def sentences(file: Path) -> Iterator[Sentence]:
    """Each sentence of a file as `file:line` and its words, with `{}` for what is filled in."""
    for node in spoken(ast.parse(file.read_text("utf-8"))):
        words = words_of(node)
        whole = words.endswith(".") and re.match(r"[A-Z{]", words)
        if letters(words) > 3 and " " in words.strip() and (whole or file.name in FRAGMENTS):
            yield f"{file.name}:{node.lineno}", words


def spoken(node: ast.AST) -> Iterator[ast.expr]:
    """Texts of a tree, without those of errors, logs, documentation and steps."""
    if isinstance(node, ast.Raise) or is_docstring(node) or is_for_others(node):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
            yield node
        for part in getattr(node, "values", ()):
            if isinstance(part, ast.FormattedValue):
                yield from spoken(part.value)
        return
    for child in ast.iter_child_nodes(node):
        yield from spoken(child)


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_for_others(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id in (*STEPS, "_FIX", "_NAME", "_LINK", "choose", "look", "fetch")
    if isinstance(node, ast.keyword):
        return node.arg in STEPS
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id in STEPS
    called = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    return hasattr(errors, called) or called in ("warning", "info", "debug", "error", "compile", "Chore", "Rule")


def words_of(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    assert isinstance(node, ast.Constant)
    return str(node.value)


def letters(words: str) -> int:
    return sum(letter.isalpha() for letter in words)


def plain(words: str) -> str:
    """Words as they are compared: what is filled in has no name, and the same may begin a sentence or stand in one."""
    return re.sub(r"\{\w*\}", "{}", words).strip(" .,;:").lower()


def makes(template: str, sentence: str) -> bool:
    """Whether the service can make this row of a table of what stands in its source."""
    pattern = re.escape(plain(template)).replace(r"\{\}", ".+")
    return plain(template) in plain(sentence) or re.fullmatch(pattern, plain(sentence)) is not None


def said() -> list[Sentence]:
    """Every sentence of all rooms."""
    files = {file for room in ROOMS for file in ((SOURCE / room).rglob("*.py") if "." not in room else [SOURCE / room])}
    return [one for file in sorted(files) for one in sentences(file)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_sentence_of_the_service_has_words_in_each_language_of_the_page(table: Path) -> None:
    known = [*json.loads(table.read_text("utf-8")), *FOR_OTHERS]

    def stands(words: str) -> bool:
        return letters(words) < 4 or any(makes(words, one) for one in known)

    parts = [(where, part) for where, words in said() for part in re.split(r"(?<=[.}]) (?=[A-Z])", words)]
    missing = [f"{where} {part}" for where, part in parts if not (stands(part) or all(map(stands, part.split(", "))))]
    assert not missing, f"say it in {table}: {missing}"


def test_sentences_are_found_at_all() -> None:
    words = {words for _, words in said()}
    assert len(words) > 100
    assert {"For room: {}.", "Quiet hours.", "the very name"} <= words


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_what_is_filled_in_stands_in_both(table: Path) -> None:
    told = json.loads(table.read_text("utf-8"))
    places = re.compile(r"\{(\w+)\}").findall
    assert [english for english, words in told.items() if sorted(places(english)) != sorted(places(words))] == []
    assert [english for english, words in told.items() if english.endswith(".") != words.endswith("。")] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_no_words_are_kept_for_what_nobody_says(table: Path) -> None:
    source = "".join(file.read_text("utf-8") for file in SOURCE.rglob("*.py")).lower()
    made = [words for _, words in said()]
    rows = {one: max(re.split(r"\{\w+\}", one), key=letters) for one in json.loads(table.read_text("utf-8"))}
    idle = [
        one for one, part in rows.items() if plain(part) not in source and not any(makes(each, one) for each in made)
    ]
    assert [one for one in idle if one not in BUILT] == []
