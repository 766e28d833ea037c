"""``<stem>.md`` of ComfyUI Model Manager: YAML front matter, then sections; trigger words are read from the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelyard.errors import BadValue
from modelyard.library.sidecars.pages import hub_named, identity_of
from modelyard.library.sidecars.source import LARGEST
from modelyard.values.about import About, Picture
from modelyard.values.plain_yaml import read_yaml
from modelyard.values.untrusted import claims, record, text, texts

FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
"""The front matter; the first group is its YAML."""

LARGEST_FRONT = 64 << 10
_HEADING = re.compile(r"^#{1,6}[ \t]([^\n]{1,500})$", re.MULTILINE)  # bounded, and stripped later: no backtracking
_TRIGGERS = re.compile(r"(?:trigger|trained|activation)(?: words?| phrases?| tags?)?", re.IGNORECASE)
_LINE = re.compile(
    r"^\W{0,4}(?:trigger|trained|activation)(?: words?| phrases?)[ *_]*:[ *_]*(\S.*)$", re.IGNORECASE | re.MULTILINE
)
_BULLET = re.compile(r"^[ \t]{0,20}[-*+][ \t]([^\n]{1,1000})$", re.MULTILINE)
_EXCUSE = re.compile(r"^No description about this (?:version|model)\r?$", re.MULTILINE)
_ABOUT_VERSION = "about this version"


def read(told: str, model: str) -> About:  # noqa: ARG001  # the port's second argument
    """What a ``.md`` says; front matter that is no YAML says nothing, the text below it still counts."""
    match = FRONT.match(told)
    front = front_of(match[1]) if match else {}
    body = told[match.end() :] if match else told
    page = text(front.get("modelPage"))
    hub, model_id, version_id = identity_of(page)
    start, end = section(body) or (0, 0)
    description = _told(body[:start] + body[end:])
    return About(
        hub=hub or (hub_named(text(front.get("website"))) if model_id else ""),
        model_id=model_id,
        version_id=version_id,
        name=_title(body) if match else "",
        base_model=text(front.get("baseModel")),
        author=text(front.get("author")),
        page=page,
        description=text(description, LARGEST),
        description_form="markdown",
        trained_words=words_of(body),
        pictures=tuple(Picture(url) for url in texts(front.get("preview")) if url.startswith(("https://", "http://"))),
        claimed=claims(record(front.get("hashes"))),
    )


def read_plain(told: str, model: str) -> About:  # noqa: ARG001  # the port's second argument
    """What a ``.txt`` says: the description."""
    return About(description=text(told.strip(), LARGEST), description_form="text")


def front_of(yaml: str) -> Mapping[str, Any]:
    """The data of front matter, nothing when it cannot be read."""
    if len(yaml) > LARGEST_FRONT:
        return {}
    try:
        return record(read_yaml(yaml))
    except BadValue:
        return {}


def words_of(body: str) -> tuple[str, ...]:
    """The trigger words that a text names: under a heading of that name, or after ``Trigger words:`` in a line."""
    if place := section(body):
        start, end = first_block(body, place)
        return items_of(body[start:end])
    line = _LINE.search(body)
    return _split(line[1]) if line else ()


def section(body: str) -> tuple[int, int] | None:
    """Where the section of trigger words begins and ends, its heading included."""
    headings = list(_HEADING.finditer(body))
    for index, heading in enumerate(headings):
        if _TRIGGERS.fullmatch(_heading(heading[1])):
            return heading.start(), headings[index + 1].start() if index + 1 < len(headings) else len(body)
    return None


def first_block(body: str, place: tuple[int, int]) -> tuple[int, int]:
    """Where the first paragraph or list of a section stands; what follows it is somebody's prose."""
    at = body.find("\n", *place) + 1 or place[1]
    start = end = 0
    gap = False
    for line in body[at : place[1]].splitlines(keepends=True):
        if line.strip():
            if end and gap and not (_BULLET.match(line) and _BULLET.match(body, start)):
                break
            start, end, gap = start if end else at, at + len(line), False
        else:
            gap = True
        at += len(line)
    return (start, end) if end else (place[1], place[1])


def items_of(block: str) -> tuple[str, ...]:
    """The words in a list or in a paragraph with commas."""
    bullets = [bare(each) for each in _BULLET.findall(block)]
    return texts(bullets) if bullets else _split(block)


def _split(told: str) -> tuple[str, ...]:
    parts = [bare(part) for part in re.split(r"[,\n]", told[:20_000])]
    words = [part for part in parts if part and not re.fullmatch(r"(?:no|none|n/a)\b.{0,40}", part, re.IGNORECASE)]
    return texts(words)


def bare(word: str) -> str:
    """A word without the marks that people put around it."""
    return word.strip().strip('`*"').strip()


def _told(description: str) -> str:
    """A description, empty when nothing stands under its headings but the ancestor's excuse for having none."""
    said = _EXCUSE.sub("", _HEADING.sub("", description))
    return description.strip() if said.strip() else ""


def _heading(told: str) -> str:
    return told.strip().strip("#*_: ")


def _title(body: str) -> str:
    """The last main heading that is no section's: the ancestor puts the model's name there."""
    names = [_heading(match[1]) for match in _HEADING.finditer(body) if match[0].startswith("# ")]
    names = [name for name in names if not _TRIGGERS.fullmatch(name) and name.lower() not in (_ABOUT_VERSION, "none")]
    return text(names[-1]) if names else ""
