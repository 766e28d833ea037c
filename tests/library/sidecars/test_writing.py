"""Sidecars are written into what others wrote, and nothing of theirs is lost."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from modelyard.errors import BadValue, SidecarUnreadable
from modelyard.library.sidecars.reading import read_all
from modelyard.library.sidecars.writing import write
from modelyard.values.about import About, Own, Picture
from modelyard.values.digests import LENGTHS
from modelyard.values.suffixes import SIDECARS

INK = About(
    hub="civitai",
    model_id="111",
    version_id="222",
    name="Ink Wash",
    version="v2.0",
    kind="LORA",
    base_model="SDXL 1.0",
    author="mo",
    page="https://civitai.com/models/111?modelVersionId=222",
    description='<p onclick="x()">Brush</p><script>alert(1)</script>',
    trained_words=("inkwash", "brush stroke"),
    tags=("style",),
    pictures=(Picture("https://image.civitai.com/x/1.jpeg", "image", 2, 832, 1216),),
    claimed={"sha256": "ab" * 32, "blake3": "cd" * 32},
    asked="2026-01-02T03:04:05Z",
    own=Own("My ink", "mine", favourite=True, rating=4, tags=("keep",), group="g", strength=0.8, negative="photo"),
)

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
SOME = WORDS.filter(bool)
COUNT = st.none() | st.integers(0, 2**53)
HUBS = st.sampled_from(["", "civitai", "huggingface", "modelscope", "other"])
IDS = st.integers(0, 10**20).map(str) | WORDS
DIGESTS = st.sampled_from(sorted(LENGTHS)).flatmap(
    lambda name: st.tuples(st.just(name), st.text("0123456789abcdef", min_size=LENGTHS[name], max_size=LENGTHS[name]))
)
OWN = st.builds(
    Own,
    title=WORDS,
    notes=WORDS,
    favourite=st.booleans(),
    rating=st.none() | st.integers(1, 5),
    tags=st.lists(SOME, max_size=3).map(tuple),
    group=WORDS,
    strength=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    negative=WORDS,
)
PICTURES = st.builds(Picture, url=SOME, kind=st.sampled_from(["image", "video"]), nsfw=COUNT, width=COUNT, height=COUNT)
ABOUTS = st.builds(
    About,
    hub=HUBS,
    model_id=IDS,
    version_id=IDS,
    **dict.fromkeys(("name", "version", "kind", "base_model", "author", "licence", "page", "download_url"), WORDS),
    description=WORDS,
    description_form=st.sampled_from(["html", "markdown", "text"]),
    trained_words=st.lists(SOME, max_size=3).map(tuple),
    tags=st.lists(SOME, max_size=3).map(tuple),
    pictures=st.lists(PICTURES, max_size=2).map(tuple),
    claimed=st.lists(DIGESTS, max_size=3).map(dict),
    published=WORDS,
    nsfw=COUNT,
    gone=st.booleans(),
    asked=WORDS,
    unknown_at=st.lists(SOME, max_size=2, unique=True).map(tuple),
    own=OWN,
)


def fresh(tmp_path: Path) -> Path:
    for old in tmp_path.iterdir():
        old.unlink()
    return tmp_path / "ink.safetensors"


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(about=ABOUTS)
def test_deleting_the_database_loses_nothing_that_stands_in_info(tmp_path: Path, about: About) -> None:
    from modelyard.library.sidecars import info, json_edit

    told = json.loads(json_edit.edited("{}", info.changes(about)))
    assert info.read(told, "ink.safetensors") == about


def test_what_is_written_is_read_again_from_the_disk(tmp_path: Path) -> None:
    model = fresh(tmp_path)
    assert write(model, INK, ["info"]).changed == (tmp_path / "ink.info",)
    assert read_all(model).about == INK
    told = json.loads((tmp_path / "ink.info").read_text())
    assert (told["id"], told["modelId"], told["completeness"]) == (222, 111, "complete")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=ABOUTS, second=ABOUTS)
def test_what_the_owner_clears_is_cleared(tmp_path: Path, first: About, second: About) -> None:
    model = fresh(tmp_path)
    write(model, first, ["info"])
    write(model, second, ["info"])
    about = read_all(model).about
    assert (about.own, about.gone, about.tags) == (second.own, second.gone, second.tags)


@pytest.mark.parametrize("form", SIDECARS)
def test_writing_the_same_again_touches_nothing(tmp_path: Path, form: str) -> None:
    model = fresh(tmp_path)
    assert write(model, INK, [form]).changed
    before = (tmp_path / f"ink.{form}").stat()
    assert write(model, INK, [form]).changed == ()
    after = (tmp_path / f"ink.{form}").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("form", [form for form in SIDECARS if form != "info"])
def test_each_tool_finds_the_trigger_words_and_no_script(tmp_path: Path, form: str) -> None:
    model = fresh(tmp_path)
    written = write(model, INK, [form])
    assert not written.errors
    about = read_all(model).about
    assert ", ".join(about.trained_words) == "inkwash, brush stroke"
    assert "<script" not in about.description and "onclick" not in about.description and "Brush" in about.description


def test_markdown_as_description_brings_no_tags_into_other_tools(tmp_path: Path) -> None:
    about = replace(INK, description="a <img src=x onerror=y> > 3", description_form="markdown")
    model = fresh(tmp_path)
    write(model, about, [form for form in SIDECARS if form not in ("info", "json")])
    for form in SIDECARS:
        if (file := tmp_path / f"ink.{form}").exists():
            assert "<img" not in file.read_text(), form


OTHERS = (
    b'{\r\n\t"zeta": 1.50e+2,  "notes" :"old",\r\n\t"caf\\u00e9": ["\xc3\xa9" ,1],\r\n\t"hash_status": "completed"}\r\n'
)


def test_what_we_do_not_know_stays_byte_for_byte_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "ink.metadata.json"
    file.write_bytes(OTHERS)
    file.chmod(0o640)
    write(fresh_model := tmp_path / "ink.safetensors", INK, ["metadata.json"])
    data = file.read_bytes()
    for kept in (
        b'{\r\n\t"zeta": 1.50e+2,  "notes" :"mine",\r\n\t"caf\\u00e9": ["\xc3\xa9" ,1],\r\n\t',
        b'"hash_status": "completed"',
        b"}\r\n",
    ):
        assert kept in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert json.loads(data)["favorite"] is True
    assert read_all(fresh_model).about.own.notes == "mine"


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map("x".__add__)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    theirs=st.dictionaries(KEYS, VALUES, max_size=5),
    indent=st.sampled_from([None, 1, 2, 4, "\t"]),
    ascii_only=st.booleans(),
    form=st.sampled_from([form for form in SIDECARS if form not in ("md", "json")]),
    place=st.sampled_from(["", "model", "civitai", "modelyard"]),
)
def test_unknown_fields_survive_every_writer(
    tmp_path: Path, theirs: dict[str, Any], indent: Any, ascii_only: bool, form: str, place: str
) -> None:
    model = fresh(tmp_path)
    before = json.dumps(theirs | ({place: theirs} if place else {}), indent=indent, ensure_ascii=ascii_only)
    file = tmp_path / f"ink.{form}"
    file.write_text(before, newline="")
    written = write(model, INK, [form])
    assert not written.errors
    with file.open(newline="") as opened:
        after = opened.read()
    told = json.loads(after)
    assert {name: told[name] for name in theirs} == theirs
    if place:
        assert theirs.items() <= told[place].items()
    elif theirs:
        assert after.startswith(before[:-1].rstrip())


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b"", b'{"a":1,}', b'{"a":1} x', b"\xff\xfe{\x00}\x00", b'{"n": "\xe9"}', b'{"a":' * 9000]
)
@pytest.mark.parametrize("form", ["info", "metadata.json", "json"])
def test_a_file_that_cannot_be_read_is_never_written(tmp_path: Path, data: bytes, form: str) -> None:
    file = tmp_path / f"ink.{form}"
    file.write_bytes(data)
    written = write(tmp_path / "ink.safetensors", INK, [form, "swarm.json"])
    assert file.read_bytes() == data
    assert (
        written.errors
        and isinstance(written.errors[file.name], SidecarUnreadable)
        and str(file) in str(written.errors[file.name])
    )
    assert written.changed == (tmp_path / "ink.swarm.json",)


def test_another_tools_json_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ink.json"
    for told in ('{"modelVersions": []}', '{"hidden_size": 1}'):
        file.write_text(told)
        assert write(tmp_path / "ink.safetensors", INK, ["json"]).errors
        assert file.read_text() == told


def test_the_persons_own_words_in_the_web_ui_stay(tmp_path: Path) -> None:
    file = tmp_path / "ink.json"
    file.write_text('{"description": "mine", "activation text": "", "preferred weight": 0.5}')
    write(tmp_path / "ink.safetensors", INK, ["json"])
    told = json.loads(file.read_text())
    assert (told["description"], told["preferred weight"], told["activation text"]) == (
        "mine",
        0.5,
        "inkwash, brush stroke",
    )
    assert (told["sd version"], told["notes"], told["negative text"]) == ("SDXL", "mine", "photo")


def test_links_are_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("{}")
    (tmp_path / "ink.info").symlink_to(victim)
    (tmp_path / "ink.md").symlink_to(tmp_path / "absent")
    errors = write(tmp_path / "ink.safetensors", INK, ["info", "md"]).errors
    assert errors and set(errors) == {"ink.info", "ink.md"}
    assert victim.read_text() == "{}" and not (tmp_path / "absent").exists()


def test_civitais_forms_are_not_made_up_for_other_hubs(tmp_path: Path) -> None:
    about = replace(INK, hub="huggingface", model_id="mo/ink", version_id="abc")
    assert write(tmp_path / "ink.safetensors", about, ["civitai.info", "cm-info.json"]).changed == ()


def test_asked_and_not_there_is_kept_as_others_keep_it(tmp_path: Path) -> None:
    model = tmp_path / "ink.safetensors"
    write(model, About(unknown_at=("civitai",)), ["civitai.info"])
    assert (tmp_path / "ink.civitai.info").read_bytes() == b"{}"
    assert write(model, INK, ["civitai.info"]).changed
    assert read_all(model).about.model_id == "111"


def test_a_form_that_we_do_not_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue):
        write(tmp_path / "ink.safetensors", INK, ["rgthree-info.json"])


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    model = tmp_path / "ink.safetensors"
    write(model, INK, ["info"])
    errors = write(model, replace(INK, own=Own(notes="x" * (5 << 20))), ["info"]).errors
    assert isinstance(errors["ink.info"], SidecarUnreadable)
    assert read_all(model).about == INK


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    write(tmp_path / "ink.safetensors", INK, SIDECARS)
    assert sorted(os.listdir(tmp_path)) == sorted(f"ink.{form}" for form in SIDECARS)


def test_lora_manager_is_not_told_that_a_claimed_hash_was_measured(tmp_path: Path) -> None:
    write(tmp_path / "ink.safetensors", INK, ["metadata.json"])
    told = json.loads((tmp_path / "ink.metadata.json").read_text())
    assert (told["sha256"], told["hash_status"]) == ("", "pending")
    needed = {"file_name", "model_name", "file_path", "size", "modified", "sha256", "base_model", "preview_url"}
    assert needed <= told.keys()  # without one of them Lora Manager skips the model
    write(tmp_path / "other.safetensors", INK, ["metadata.json"], measured={"sha256": "ef" * 32})
    told = json.loads((tmp_path / "other.metadata.json").read_text())
    assert (told["sha256"], told["hash_status"]) == ("ef" * 32, "completed")


MARKDOWN = (
    "---\n# my comment\nauthor: 'mo'\nown_field:   [a,   b]\nbaseModel: SD 1.5\npreview:\n- x\n---\nIntro  \n\n"
    "# Trigger Words\n\nold\n\n# Notes\n\nkeep   this\n"
)


def test_of_a_markdown_file_only_our_fields_and_our_section_change(tmp_path: Path) -> None:
    file = tmp_path / "ink.md"
    file.write_text(MARKDOWN)
    write(tmp_path / "ink.safetensors", INK, ["md"])
    text = file.read_text()
    for kept in (
        "---\n# my comment\nauthor: 'mo'\nown_field:   [a,   b]\nbaseModel: SDXL 1.0\npreview:\n- https://image",
        "\n---\nIntro  \n\n",
    ):
        assert kept in text
    assert text.endswith("# Trigger Words\n\ninkwash, brush stroke\n\n# Notes\n\nkeep   this\n")
    assert "website: Civitai\n" in text


def test_a_readme_gets_front_matter_and_keeps_its_text(tmp_path: Path) -> None:
    file = tmp_path / "ink.md"
    file.write_bytes(b"# Mine\r\n\r\ntext\r\n")
    write(tmp_path / "ink.safetensors", INK, ["md"])
    data = file.read_bytes()
    assert data.startswith(b"---\r\n") and data.endswith(b"# Mine\r\n\r\ntext\r\n")
    assert read_all(tmp_path / "ink.safetensors").about.base_model == "SDXL 1.0"


def test_trigger_words_with_commas_become_a_list(tmp_path: Path) -> None:
    about = replace(INK, trained_words=("1girl, solo", "b"))
    write(tmp_path / "ink.safetensors", about, ["md"])
    assert read_all(tmp_path / "ink.safetensors").about.trained_words == ("1girl, solo", "b")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Trigger Words\n\nold, older\n\nUse at 0.8.\n", "# Trigger Words\n\ninkwash, brush stroke\n\nUse at 0.8.\n"),
        ("## Trained words\n- old\n\n# X\n", "## Trained words\ninkwash, brush stroke\n\n# X\n"),
        ("# Trigger Words\n\nSay inkwash. Or brush stroke.\n", None),
        ("# Trigger Words\n\nI never found out.\n", "# Trigger Words\n\ninkwash, brush stroke\n\nI never found out.\n"),
        ("# Trigger Words\n\nNo trigger words\n\n# X\n", "# Trigger Words\n\ninkwash, brush stroke\n\n# X\n"),
        ("# Trigger Words", "# Trigger Words\ninkwash, brush stroke\n"),
        ("# Trigger Words\n# X\n", "# Trigger Words\ninkwash, brush stroke\n# X\n"),
        ("\n\ntext\n", "\n# Trigger Words\n\ninkwash, brush stroke\n\n\n\ntext\n"),
    ],
)
def test_a_persons_sentences_about_the_words_stay(tmp_path: Path, before: str, after: str | None) -> None:
    from modelyard.library.sidecars.markdown_edit import edited

    assert edited(before, About(trained_words=INK.trained_words)) == (after or before)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    about=ABOUTS,
    pieces=st.lists(st.sampled_from([*"#-*,.\n\r `x", "# Trigger Words\n", "a b", "\r\n", "---\n"]), max_size=12),
)
def test_markdown_twice_is_markdown_once_and_loses_no_line(about: About, pieces: list[str]) -> None:
    from modelyard.library.sidecars.markdown_edit import edited

    before = "---\nown_field:   [a,   b] # mine\n---\nIntro  \n" + "".join(pieces) + "\n\n# Mine\n\nkeep   this.\n"
    once = edited(before, about)
    assert edited(once, about) == once
    for kept in ("own_field:   [a,   b] # mine\n", "Intro  \n", "# Mine\n\nkeep   this.\n"):
        assert kept in once


def test_hashes_that_others_noted_stay(tmp_path: Path) -> None:
    from modelyard.library.sidecars.markdown import front_of
    from modelyard.library.sidecars.markdown_edit import edited

    told = edited("---\nhashes:\n  AutoV3: abababababab\n---\n", About(claimed={"sha256": "ab" * 32}))
    assert front_of(told.split("---\n")[1])["hashes"] == {"AutoV3": "abababababab", "SHA256": "AB" * 32}


@pytest.mark.parametrize("front", ["a: *x\n", "a: [\n", "- a\n"])
def test_front_matter_that_cannot_be_read_is_left_alone(tmp_path: Path, front: str) -> None:
    file = tmp_path / "ink.md"
    file.write_text(f"---\n{front}---\nx\n")
    assert write(tmp_path / "ink.safetensors", INK, ["md"]).errors
    assert file.read_text() == f"---\n{front}---\nx\n"
