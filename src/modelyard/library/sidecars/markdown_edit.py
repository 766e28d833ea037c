"""Writing ``<stem>.md``: only the fields of the front matter and the section that are ours change. Pure code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import yaml

from modelyard.errors import SidecarUnreadable
from modelyard.library.sidecars.markdown import FRONT, bare, first_block, front_of, items_of, section, words_of
from modelyard.values.about import About
from modelyard.values.untrusted import texts

_KEY = re.compile(r"^(?![ \t#-])[^\n]*$", re.MULTILINE)
_LONGEST_WORD = 80
_WEBSITES = {"civitai": "Civitai", "huggingface": "HuggingFace", "modelscope": "ModelScope"}


def edited(told: str, about: About) -> str:
    """The text of a ``.md`` after what is known; with an empty text a whole one.

    Raises:
        SidecarUnreadable: Its front matter is no YAML that can be changed.
    """
    newline = "\r\n" if "\r\n" in told else "\n"
    match = FRONT.match(told)
    body = told[match.end() :] if match else told
    front = _front(match[1] if match else "", _fields(about), newline)
    words = texts([bare(" ".join(word.split())) for word in about.trained_words])  # as they will be read again
    if words and words_of(body) != words:
        body = _with_words(body, words, newline)
    if not told.strip():
        body = f"{body or newline}{_sections(about)}".rstrip() + "\n"
    if match and front == match[1]:
        return told[: match.end()] + body
    return f"---{newline}{front}---{newline}{body}" if front else body


def _fields(about: About) -> dict[str, Any]:
    said: dict[str, Any] = {
        "website": _WEBSITES.get(about.hub, about.hub),
        "modelPage": about.page,
        "author": about.author,
        "baseModel": about.base_model,
        "hashes": {name.upper(): value.upper() for name, value in about.claimed.items()},
        "preview": [picture.url for picture in about.pictures],
    }
    return {name: value for name, value in said.items() if value}


def _front(front: str, fields: Mapping[str, Any], newline: str) -> str:
    """The lines of the front matter with our fields set; a field that already says so keeps its lines."""
    there = front_of(front)
    if front.strip() and not there:
        raise SidecarUnreadable("Its front matter is no YAML that can be changed.")
    blocks = _blocks(front)
    for name, value in fields.items():
        if isinstance(value, dict) and isinstance(there.get(name), dict):
            value = there[name] | value
        if there.get(name) == value or _as_read(value) == there.get(name):
            continue
        shown = yaml.safe_dump({name: value}, allow_unicode=True, sort_keys=False, width=10_000).replace("\n", newline)
        places = [index for index, block in enumerate(blocks) if _named(block, name)]
        if not places and name in there:
            raise SidecarUnreadable(f"The place of {name} in its front matter cannot be told.")
        if places:
            blocks[places[-1]] = shown
        else:
            blocks.append(shown)
    after = "".join(blocks)
    if _others(there, fields) != _others(front_of(after), fields):
        raise SidecarUnreadable("Its front matter cannot be changed without touching what others wrote there.")
    return after


def _others(front: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in front.items() if name not in fields}


def _as_read(value: Any) -> Any:
    return front_of(yaml.safe_dump({"value": value}, allow_unicode=True)).get("value")


def _named(block: str, name: str) -> bool:
    return re.match(rf"(['\"]?){re.escape(name)}\1[ \t]*:", block) is not None


def _blocks(front: str) -> list[str]:
    """The front matter cut before each line that begins a top-level field."""
    starts = [match.start() for match in _KEY.finditer(front) if match[0].strip()]
    cuts = sorted({0, *starts, len(front)})
    return [front[start:end] for start, end in pairwise(cuts)]


def _with_words(body: str, words: tuple[str, ...], newline: str) -> str:
    """The text with our words in place of its list of them; a person's sentences stay."""
    listed = _listed(words, newline)
    place = section(body)
    if place is None:
        return f"{newline}# Trigger Words{newline}{newline}{listed}{newline}{newline}{body}"
    start, end = first_block(body, place)
    block = body[start:end]
    if block.strip() == listed or (not _is_list(block) and all(word in block for word in words)):
        return body
    rest = body[end:] if _is_list(block) else newline + body[start:]
    gap = "" if body[:start].endswith("\n") else newline
    return f"{body[:start]}{gap}{listed}{newline}{rest}"


def _listed(words: tuple[str, ...], newline: str) -> str:
    tidy = [" ".join(word.split()) for word in words]
    plain = tidy == list(words) and not any("," in word or word[:1] in '#-*+`"' for word in words)
    return ", ".join(words) if plain else newline.join(f"- {word}" for word in tidy)


def _is_list(block: str) -> bool:
    """Whether a block is nothing but words: short, and no sentences."""
    return all(len(item) <= _LONGEST_WORD and ". " not in item and item[-1] not in ".!?:" for item in items_of(block))


def _sections(about: About) -> str:
    """The description under the model's name."""
    told = about.description.strip()
    heading = " ".join((about.own.title or about.name).split())
    return f"# {heading}\n\n{told}\n" if heading and told else told
