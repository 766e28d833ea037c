"""Batches: whatever a person pastes becomes addresses, or says line by line why not."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubs.silent_api import SilentApi
from modelyard.hubs.address_secrets import Found
from modelyard.hubs.registry import Hubs
from modelyard.jobs.batch import Entry, read_batch
from modelyard.keys.redaction import Redactor

HUBS = Hubs(SilentApi(), {}, plugins=False)  # type: ignore[arg-type]
A, B = "hf:org/repo/a.safetensors", "civitai:100@201"
URL = "https://huggingface.co/org/repo/resolve/main/a.safetensors"
SEEN = "hf:org/repo@main/a.safetensors"


def read(source: str | bytes | list[str], **how: object) -> list[Entry]:
    return list(read_batch(HUBS, source, **how))  # type: ignore[arg-type]


def addresses(source: str | bytes | list[str]) -> list[str]:
    return [entry.address for entry in read(source) if entry.became == "address"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{A}\n{B}\n", [A, B]),
        (f"{A}\r\n{B}\r\n", [A, B]),
        (f"\ufeff{A}\n", [A]),
        (f"{A} {B}", [A, B]),
        (f"{A},{B}", [A, B]),
        (f"{A}, {B}; {URL},https://example.org/x.gguf", [A, B, SEEN, "https://example.org/x.gguf"]),
        (f"- {A}\n* {B}\n1. {URL}\n- [ ] hf:org/other", [A, B, SEEN, "hf:org/other"]),
        (f"> {A}", [A]),
        (f"\"{A}\"\n'{B}'\n`{URL}`\n<https://example.org/x>", [A, B, SEEN, "https://example.org/x"]),
        (f"[the model]({URL}) and [that]({B})", [SEEN, B]),
        (f'[the model]({URL} "a title")', [SEEN]),
        (f"See {URL}. It is good (or {B}).", [SEEN, B]),
        (f"**{URL}** and __{B}__ and *{A}*", [SEEN, B, A]),
        (f"| name | {URL} | {B} |", [SEEN, B]),
        ("https://example.org/a_(v1).safetensors", ["https://example.org/a_(v1).safetensors"]),
        ("[x](https://example.org/a_(v1).gguf)", ["https://example.org/a_(v1).gguf"]),
        ("https://example.org/a,b.gguf", ["https://example.org/a,b.gguf"]),
        ("huggingface.co/org/repo and civitai.com/models/100", ["hf:org/repo", "civitai:100"]),
        ("urn:air:sdxl:lora:civitai:100@201, air:sdxl:lora:civitai:7@8", [B, "civitai:7@8"]),
        ("sdxl:lora:civitai:100@201", [B]),
        ("hf:org/repo/*.gguf", ["hf:org/repo/*.gguf"]),
        ('<a href="https://example.org/x.gguf">x</a>', ["https://example.org/x.gguf"]),
        (f"# {A}\n#{A}\n{B} # {URL}", [B]),
        (f"{URL}#files", [SEEN]),
        ("hf:org/repo/sub dir/a b.txt", ["hf:org/repo/sub dir/a b.txt"]),
        ('"hf:org/repo/my model" and more', ["hf:org/repo/my model"]),
        ("it's hf:org/repo isn't it", ["hf:org/repo"]),
        ("took 5 ms: nothing here, 12:30, a/b c/d", []),
        ("", []),
        ("\n \n\t\n", []),
    ],
)
def test_addresses_are_found_in_whatever_stands_around_them(text: str, found: list[str]) -> None:
    assert addresses(text) == found


def test_every_line_says_what_it_became() -> None:
    entries = read(f"Models:\n{A}\n\nfoo:bar\n  {A}\nhf:../x\norg/repo\n")
    assert [(entry.line, entry.became) for entry in entries] == [
        (1, "nothing"),
        (2, "address"),
        (3, "nothing"),
        (4, "refused"),
        (5, "duplicate"),
        (6, "refused"),
        (7, "refused"),
    ]
    assert entries[4].first == 2
    assert [entry.error["code"] for entry in entries if entry.error] == ["unknown-hub", "bad-address", "bad-address"]
    assert "hf:org/repo" in str(entries[6].error)  # the hint names the near forms
    assert all(set(entry.error) >= {"code", "message", "hint"} for entry in entries if entry.error)


def test_one_file_under_two_forms_is_a_duplicate_and_in_two_folders_it_is_not() -> None:
    assert [entry.became for entry in read(f"{URL}\n{SEEN}\n{URL}?download=true")] == [
        "address",
        "duplicate",
        "duplicate",
    ]
    rows = [{"address": A, "to": "x/"}, {"address": A, "to": "y/"}, {"address": A, "to": "x/"}]
    assert [entry.became for entry in read(json.dumps(rows))] == ["address", "address", "duplicate"]


def test_keys_inside_links_are_never_shown_and_are_handed_to_whoever_asks() -> None:
    key, kept = "hf_" + "k" * 34, list[Found]()
    text = f"my key is {key} ok\nhttps://civitai.com/api/download/models/201?token=0123456789abcdef\nx:{key}/y\n{URL}?token={key}"
    entries = read(text, keep_key=kept.append)
    assert key not in repr(entries) and "0123456789abcdef" not in repr(entries)
    assert {(found.hub, found.value) for found in kept} == {("civitai", "0123456789abcdef"), ("huggingface", key)}
    assert [entry.became for entry in entries] == ["nothing", "address", "refused", "address"]


def test_a_key_that_the_cut_would_halve_is_masked_before_the_cut() -> None:
    (entry,) = read("w " * 96 + "hf_" + "k" * 34)
    assert "hf_k" not in entry.text and len(entry.text) <= 200


def test_keys_that_are_known_are_masked_too() -> None:
    (entry,) = read("nothing but correct-horse here", redactor=Redactor(lambda: ["correct-horse"]))
    assert "correct-horse" not in entry.text


def test_a_json_list_may_mix_texts_and_objects_and_counts_lines() -> None:
    sha = "AB" * 32
    text = f"""
[
  "{A}",
  {{"address": "{B}", "to": "loras/", "sha256": "{sha}", "priority": "high",
    "include": ["*.safetensors"]}},
  {{"url": "{URL}", "include": "*.a *.b"}},
  {{"to": "x"}}, 7,
  {{"address": "hf:a/b", "sha265": "{sha}"}},
  {{"address": "hf:a/b", "sha256": "12"}},
  {{"address": "hf:a/b", "priority": 7}},
  {{"address": "hf:a/b", "limit": "quick"}},
  "foo:bar"
]"""
    entries = read(text)
    assert [entry.became for entry in entries] == ["address"] * 3 + ["refused"] * 7
    assert [entry.line for entry in entries] == [3, 4, 6, 7, 7, 8, 9, 10, 11, 12]
    assert entries[1].options.to == "loras/" and entries[1].options.priority == "high"
    assert entries[2].options.include == ("*.a", "*.b")
    assert "sha265" in str(entries[5].error)
    assert entries[1].as_dict()["options"]["priority"] == "high" and "error" not in entries[1].as_dict()


@pytest.mark.parametrize(
    "text", [f'["{A}"]', f'["{A}"', f'{{"address": "{A}"}}', f'[\n\n"{A}",]', f'[[["{A}"]]]', f'"{A}"']
)
def test_json_is_read_as_it_comes(text: str) -> None:
    assert addresses(text) == [A]


def test_json_lines_are_read_too() -> None:
    assert addresses(f'{{"address": "{A}"}}\n{{"address": "{B}"}}\n') == [A, B]


@pytest.mark.parametrize("text", ['["a', "[{]", '[{"address": }]', '[{"a":' * 50_000, '["x" ' + "y" * 99_999])
def test_damaged_json_is_told_and_ends_the_batch(text: str) -> None:
    last = read(text)[-1]
    assert last.became == "refused" and last.error and last.error["code"] in ("bad-value", "bad-address")


def test_a_table_needs_a_header_and_may_have_columns_that_we_do_not_know() -> None:
    text = f'\nid,Address,to,sha256,Priority,note\n1,{A},x/,{"ab" * 32},low,"two\nlines"\n'
    text += f"2,{B},,,,\n3,,y/,,,\n4,foo:x,,zz,,\n,,,,,\n"
    entries = read(text)
    assert [entry.became for entry in entries] == ["address", "address", "refused", "refused"]
    assert entries[0].options.to == "x/" and entries[0].options.priority == "low"
    assert addresses(f"address;to\r\n{A};x\r\n") == [A]
    assert addresses(f"url\tto\n{B}\tx\n") == [B]
    assert addresses(f"url\n{B}\n") == [B]


def test_bytes_are_read_in_the_encodings_that_editors_write() -> None:
    assert addresses(f"\ufeff{A}\r\n{B}".encode()) == [A, B]
    assert addresses(f"{A}\r\n{B}".encode("utf-16")) == [A, B]
    assert addresses(b"\xff\xfe\x00" + A.encode()) == []
    assert addresses(b"caf\xe9 " + A.encode()) == [A]


def test_more_addresses_than_allowed_end_the_batch_with_an_error_that_says_so() -> None:
    entries = read("\n".join(f"hf:org/r{number}" for number in range(20)), most=10)
    assert [entry.became for entry in entries] == ["address"] * 10 + ["refused"]
    assert entries[-1].error and entries[-1].error["code"] == "too-many-addresses"
    assert "10" in entries[-1].error["message"]


def test_a_hundred_thousand_lines_take_bounded_time_and_little_memory() -> None:
    def lines() -> Iterator[str]:
        for number in range(100_000):
            yield f"the {number}th line of prose, with a word or two: {number % 7}/x\n"

    began = time.process_time()
    assert sum(entry.became == "nothing" for entry in read_batch(HUBS, lines())) == 100_000
    assert time.process_time() - began < 20


def test_memory_grows_with_the_accepted_addresses_only() -> None:
    tracemalloc.start()
    for _ in read_batch(HUBS, ("foo:bar/" + str(number) for number in range(5_000))):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize(
    "text",
    [
        '"http://a ' * 50_000,
        "<hf:a/b" * 50_000,
        "(" * 200_000,
        "hf:" * 100_000,
        "http://x/" + "(" * 100_000,
        "a:" * 200_000,
        "- " * 200_000,
        "a" * 500_000,
        "civitai.com/," * 50_000,
    ],
)
def test_hostile_lines_take_no_longer_than_others(text: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        read(text[:length])
        return time.process_time() - began

    short = seconds(len(text) // 16)
    assert seconds(len(text) // 4) < 8 * short + 1  # four times as long; sixteen times the time would be its square


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    for entry in read(text):
        assert len(entry.text) <= 200 and entry.became in ("address", "duplicate", "refused", "nothing")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    read(data)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["address", "url", "to", "priority", "x"]), inner)
        ),
        max_leaves=12,
    ),
    st.sampled_from([None, 2]),
)
def test_any_json_is_read_without_a_fault(value: object, indent: int | None) -> None:
    read(json.dumps([value], indent=indent))


NAME = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
ADDRESS = st.one_of(
    st.builds("hf:{}/{}".format, NAME, NAME),
    st.builds("hf:{}/{}/{} {}.gguf".format, NAME, NAME, NAME, NAME),
    st.builds("civitai:{}@{}".format, st.integers(1, 10**8), st.integers(1, 10**8)),
    st.builds("https://example.org/{}/{}.gguf".format, NAME, NAME),
    st.builds("gh:{}/{}".format, NAME, NAME),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ADDRESS, unique=True, max_size=20), st.sampled_from(["{}", "- {}", "  {}  ", '"{}"', "1. {}", "`{}`,"]))
def test_a_list_of_canonical_addresses_comes_back_whole(given_: list[str], form: str) -> None:
    shown = [HUBS.show(HUBS.read(text)[1]) for text in given_]
    assert addresses("\n".join(form.format(text) for text in shown)) == shown
    assert addresses(json.dumps(shown)) == shown
