"""What the documents promise is there: settings, commands, code, and a place for every test."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import modelyard
from modelyard import settings
from modelyard.cli.__main__ import COMMANDS, main
from modelyard.errors import BadValue
from modelyard.events.kinds import KINDS
from modelyard.settings import TABLE, Setting

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "modelyard"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FACES = {"app", "errors", "__main__"}
"""Single modules of the package: their tests lie with the rooms that use them."""


def help_of(*words: str) -> str:
    """What a command says of itself."""
    return CliRunner().invoke(main, [*words, "--help"]).output


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def lines_of_shell() -> list[tuple[str, list[str]]]:
    """Every line that calls us on any page, as words without `python3 run.py` or `modelyard`; none opens the page."""
    lines = [(page.name, line) for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    return [
        (f"{page}: {line}", shlex.split(line.removeprefix(name), comments=True) or ["serve", "--open"])
        for page, line in lines
        for name in ("python3 run.py ", "modelyard ")
        if line.startswith(name)
    ]


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_setting_has_a_good_name_a_default_that_can_be_read_and_a_sentence(row: Setting) -> None:
    assert re.fullmatch(r"[a-z]+([.-][a-z]+)*", row.name)
    assert settings.setting(row.name) is row
    assert re.fullmatch(r"MODELYARD_[A-Z]+(_[A-Z]+)*", settings.variable(row.name))
    written = ("off", "on")[row.default] if isinstance(row.default, bool) else str(row.default)
    assert row.read(written) == row.default
    assert row.says[0].isupper() or row.says.startswith("http://")
    assert row.says.endswith(".") and len(row.says) < 110


def test_no_two_settings_share_a_name_or_a_variable() -> None:
    assert len({row.name for row in TABLE}) == len({settings.variable(row.name) for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", [row for row in TABLE if row.read is not str], ids=lambda row: row.name)
def test_nonsense_is_no_value_of_a_setting(row: Setting) -> None:
    some = ["perhaps", "-1", "1e999", "nan", "0x5", "5 bananas"] if row.name != "proxy" else ["ftp://host", "x:y"]
    for nonsense in [*some, *([""] if row.default != "" else [])]:
        with pytest.raises(BadValue):
            row.read(nonsense)


def test_every_hub_has_its_limit() -> None:
    from modelyard.app import App

    with App({}) as app:
        assert {f"limit.{hub.name}" for hub in app.hubs} <= {row.name for row in TABLE}


def test_the_pages_name_only_settings_and_variables_that_exist() -> None:
    names = {row.name for row in TABLE}
    others = {"MODELYARD_HOME", "MODELYARD_EXTRAS", "MODELYARD_KEY_FILE", "MODELYARD_NO_PAGE", "MODELYARD_COMFYUI"}
    variables = {settings.variable(name) for name in names} | others
    groups = {name.partition(".")[0] for name in names if "." in name}
    for page in PAGES:
        text = page.read_text("utf-8")
        assert set(re.findall(r"MODELYARD_[A-Z_]+", text)) <= variables, page
        told = {name for name in re.findall(r"`([a-z]+\.[a-z-]+)`", text) if name.partition(".")[0] in groups}
        assert told <= names | set(KINDS), page


# --- commands -------------------------------------------------------------------------------------


def test_the_readme_names_every_command_and_no_other() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z]+)`", row)} == set(COMMANDS)


@pytest.mark.parametrize(
    ("where", "words"), lines_of_shell(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_line_of_shell_is_a_command_with_options_that_exist(where: str, words: list[str]) -> None:
    if words[0] in ("test", "check", "bench"):
        assert f'"{words[0]}"' in (ROOT / "run.py").read_text("utf-8")
        return
    assert words[0] in COMMANDS, where
    told = help_of(words[0])
    if words[1:] and words[1][0] != "-" and re.search(rf"^  {words[1]} ", told, re.MULTILINE):  # a command of a command
        told = help_of(words[0], words[1])
    for word in words[: words.index("--")] if "--" in words else words:
        if word.startswith("-"):
            assert re.search(rf"(^|[\s,]){re.escape(word)}([\s,]|$)", told), (where, word)


_OTHERS = ("--serve", "--listen", "--enable-cors-header", "--base-directory")
"""Options of other programs."""


def test_the_options_that_the_pages_mention_exist() -> None:
    known = "".join(help_of(name) for name in COMMANDS)
    known += "".join(help_of("keys", name) for name in ("set", "check"))
    known += "".join(help_of("hooks", name) for name in ("add", "list"))
    known += "".join(help_of("lan", name) for name in ("add", "check"))
    known += help_of("roots", "add")
    known += "".join(help_of("workflow", name) for name in ("plan", "get", "fix"))
    for page in PAGES:
        for option in re.findall(r"`(--[a-z0-9-]+)", page.read_text("utf-8")):
            assert option in known or option in _OTHERS, (page.name, option)


# --- code -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_python_compiles_and_uses_names_that_exist(page: Path) -> None:
    for block in blocks(page, "python"):
        tree = compile(block, page.name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "modelyard":
                assert hasattr(modelyard, node.attr), node.attr


@pytest.mark.parametrize(
    ("name", "kind"),
    [("model", modelyard.Model), ("transfer", modelyard.python.Transfer), ("yard", modelyard.Modelyard)],
)
def test_what_the_python_page_asks_of_our_objects_is_there(name: str, kind: type) -> None:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    page = compile("\n".join(blocks(ROOT / "docs" / "python.md", "python")), "python.md", "exec", flags)
    found = [node for node in ast.walk(page) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    asked = {node.attr for node in found if node.value.id == name}  # type: ignore[attr-defined]
    fields = set(getattr(kind, "__struct_fields__", ())) | set(dir(kind))
    assert asked and asked <= fields


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in [*PAGES, *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


# --- places ---------------------------------------------------------------------------------------


def test_every_room_has_its_tests() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    for room in rooms:
        assert list((ROOT / "tests" / room).rglob("test_*.py")), room
    modules = {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    assert modules == FACES


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "docs/flows.md"])
def test_the_files_that_the_walks_through_the_code_name_exist(page: str) -> None:
    files = [path.as_posix() for folder in (SOURCE, ROOT / "web" / "src") for path in folder.rglob("*.[pt][ys]")]
    for named in re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|ts))`", (ROOT / page).read_text("utf-8")):
        assert any(f"/{file}".endswith(f"/{named}") for file in files), named


def test_the_architecture_is_one_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) < 100


def test_the_table_of_the_byte_path_names_places_that_exist() -> None:
    rows = re.findall(r"\| `([a-z_/]+\.py)`, `([\w.]+)`", (ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    assert len(rows) >= 30
    for module, name in rows:
        text = (SOURCE / module).read_text("utf-8")
        for part in name.split("."):
            assert re.search(rf"(class|def) {part}\b", text), (module, name)
