"""A folder is added to settings and taken out again: the rest stays, and the program's own rules still hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import CannotLend
from modelyard.library.roots.extra_paths import read_extra_paths
from modelyard.programs.installed.adding import listed_in, semicolon_in, with_extra_paths, with_listed, with_semicolon

HOME = Path("/comfy")
TEXTS = [
    "",
    "a:\n  loras: /x\n",
    "a:\r\n  loras: /x\r\n",
    "a:\n  loras: /x",
    "# note\na:\n  loras: |\n    /x\n    /y\n\n\n",
]


def told(text: str) -> list[tuple[str, str]]:
    return [(one.folder, str(one.path)) for one in read_extra_paths(text, HOME)] if text.strip() else []


@pytest.mark.parametrize("text", TEXTS)
def test_comfyui_reads_what_it_had_and_ours_behind_it(text: str) -> None:
    added = with_extra_paths(text, {"loras": ["/our loras", "/b"], "vae": ["/it's: odd #x"]})
    ours = [("loras", "/our loras"), ("loras", "/b"), ("vae", "/it's: odd #x")]
    assert told(added) == told(text) + ours
    assert "\r\n" not in text or "\n" not in added.replace("\r\n", "")
    assert with_extra_paths(added, {}).rstrip() == text.rstrip()
    assert with_extra_paths(added, {"loras": ["/b"]}) == with_extra_paths(text, {"loras": ["/b"]})


def test_what_a_person_wrote_around_our_block_stays_on_its_lines() -> None:
    text = with_extra_paths("a:\n  loras: /x\n", {"vae": ["/v"]}) + "b:\n  vae: /y\n"
    assert with_extra_paths(text, {}) == "a:\n  loras: /x\nb:\n  vae: /y\n"
    tight = text.replace("/x\n\n#", "/x\n#")
    assert with_extra_paths(tight, {}) == "a:\n  loras: /x\nb:\n  vae: /y\n"


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1, max_size=3))
def test_any_path_comes_back_as_it_was_or_is_refused(names: list[str]) -> None:
    paths = list(dict.fromkeys(f"/x/{name.replace('/', '_')}" for name in names))
    try:
        added = with_extra_paths("", {"loras": paths})
    except CannotLend:
        assert any(not letter.isprintable() for path in paths for letter in path)
        return
    assert told(added) == [("loras", str(Path(path))) for path in paths]


@pytest.mark.parametrize("path", ["/a\nb", "/a ", " /a", "/a\t", "/a\x85b", "/a\u2028b"])
def test_a_path_that_a_line_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(CannotLend):
        with_extra_paths("", {"loras": [path]})


def test_a_group_of_our_name_that_is_not_ours_is_left_alone() -> None:
    with pytest.raises(CannotLend):
        with_extra_paths("modelyard:\n  loras: /x\n", {"vae": ["/v"]})


def test_a_list_of_fooocus_grows_at_its_end_and_shrinks_again() -> None:
    text = json.dumps({"b": 1, "path_loras": ["/x"], "a": [2]}, indent=4)
    added = with_listed(text, "path_loras", "/our", there=True)
    assert json.loads(added)["path_loras"] == ["/x", "/our"]
    assert list(json.loads(added)) == ["b", "path_loras", "a"]
    assert with_listed(added, "path_loras", "/our", there=False) == text
    assert json.loads(with_listed('{"k": "/x"}', "k", "/our", there=True)) == {"k": ["/x", "/our"]}
    for bad in ("{", "[]", '{"k": {}}', '{"k": [1]}', "{}"):
        with pytest.raises(CannotLend):
            with_listed(bad, "k", "/our", there=True)


ODD = """{
    "caf\\u00e9": 7.10, "path_loras": "/gone",
    "default_cfg": 1e2,
    "path_loras": LIST ,
  "z":[1,2 ]
}
"""


@pytest.mark.parametrize(
    "listed",
    [
        "[]",
        "[ ]",
        "[\n    ]",
        '"/x"',
        '["/x"]',
        '[ "/x" ]',
        '["/x","/y"]',
        '["/x" , "/y"]',
        '[\n      "/x",\n      "/\\u00fc"\n   ]',
    ],
)
@pytest.mark.parametrize("path", ["/our", "/über", 'C:\\a "b"'])
def test_the_list_alone_changes_and_comes_back_as_it_was(listed: str, path: str) -> None:
    text = ODD.replace("LIST", listed)
    head, tail = ODD.split("LIST")
    held = json.loads(listed) if listed[0] == "[" else [json.loads(listed)]
    once = with_listed(text, "path_loras", path, there=True)
    assert once.startswith(head) and once.endswith(tail)
    assert json.loads(once)["path_loras"] == listed_in(once, "path_loras") == [*held, path]
    assert with_listed(once, "path_loras", path, there=True) == once
    assert with_listed(once, "path_loras", path, there=False) == text
    twice = with_listed(once, "path_loras", "/two", there=True)
    assert json.loads(twice)["path_loras"] == [*held, path, "/two"]
    assert json.loads(with_listed(twice, "path_loras", path, there=False))["path_loras"] == [*held, "/two"]
    assert json.loads(with_listed(text, "path_loras", "/not there", there=False)) == json.loads(text)


@given(st.text(alphabet='{}[]":, /xk\\\n', max_size=40))
def test_whatever_the_settings_hold_they_are_refused_or_still_json(text: str) -> None:
    try:
        after = with_listed(text, "k", "/our", there=True)
    except CannotLend:
        return
    assert "/our" in json.loads(after)["k"]


def test_a_line_of_swarm_grows_and_every_other_line_stays() -> None:
    text = "Paths:\n\tModelRoot: Models\n\tSDLoraFolder: Lora;other\nX: y\n"
    added = with_semicolon(text, "SDLoraFolder", "/our loras", there=True)
    assert added == text.replace("Lora;other", "Lora;other;/our loras")
    assert with_semicolon(added, "SDLoraFolder", "/our loras", there=False) == text
    assert semicolon_in(added, "SDLoraFolder") == ["Lora", "other", "/our loras"]
    moved = added.replace("/our loras", "/our loras;/theirs")
    assert with_semicolon(moved, "SDLoraFolder", "/our loras", there=True) == moved
    for path in ("/a;b", "/a\\b", "/a\nb"):
        with pytest.raises(CannotLend):
            with_semicolon(text, "SDLoraFolder", path, there=True)
    with pytest.raises(CannotLend):
        with_semicolon("Paths:\n", "SDLoraFolder", "/a", there=True)


@pytest.mark.parametrize("line", ["K:  a;b \r\n", "\tK: a\n", "K:\ta", " K: \nX: y\n"])
def test_a_line_of_swarm_comes_back_as_it_was(line: str) -> None:
    text = f"A:\n\tOther: K: x\n{line}"
    once = with_semicolon(text, "K", "/our", there=True)
    assert semicolon_in(once, "K") == [*semicolon_in(text, "K"), "/our"]
    assert with_semicolon(once, "K", "/our", there=False) == text
    assert with_semicolon(text, "K", "/not there", there=False) == text
