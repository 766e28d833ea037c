"""How well a file that a hub offers fits what a workflow wants: points, each with its reason. Pure.

A name is no identity: 23 names of ComfyUI's own templates have several addresses. So a file is fetched without
asking only when its hash says so, or when its publisher is a known one, the very name fits and folder or size too, and
no other file of that name contends. Anybody can call a file so, make it as large and put it into such a folder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import msgspec

from modelyard.jobs.belonging import KINDS
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Offer
from modelyard.values.suffixes import suffix_of

STRONG = 90
"""From so many points a file may be fetched without asking: the very name, 50, a publisher, 25, and one of 15."""
_LEAD = 10
"""And so many it must have before the next file with other bytes."""

_PUBLISHERS = frozenset(
    [
        "comfy-org",
        "comfyanonymous",
        "black-forest-labs",
        "stabilityai",
        "kijai",
        "lightricks",
        "qwen",
        "wan-ai",
        "tencent",
        "city96",
        "google",
        "openai",
        "facebook",
        "microsoft",
        "h94",
        "lllyasviel",
        "xinsir",
        "runwayml",
        "hunyuanvideo-community",
        "ai-modelscope",
    ]
)
"""Accounts that publish models for ComfyUI in the first hand, as its templates name them."""

_PRECISION = re.compile(
    r"[-_.](fp\d+\w*|bf16|f16|q\d\w*|int\d+|e4m3fn?|e5m2|scaled|pruned|ema(only)?|full|emaonly)\b.*"
)
_SPLIT = re.compile(r"[^a-z0-9]+")
_COMMON = re.compile(
    r"((diffusion_|pytorch_|adapter_)?(pytorch_)?model|lora|pytorch_lora_weights|vae|ae|unet|weights|last|final)(-\d+)?"
)
"""Names without ending that thousands of different files have."""


class Ranked(msgspec.Struct, frozen=True):
    """An offer with its points."""

    offer: Offer
    score: int
    why: str
    sure: bool = False


def rank(wanted: Wanted, offer: Offer, downloads: int | None = None, title: str = "") -> Ranked:
    """The points of one file, 0 to 100.

    Args:
        downloads: Of its model.
        title: Of its model.
    """
    if wanted.agrees(offer.claimed):
        return Ranked(offer, 100, "the hash is the one that the workflow says", sure=True)
    points, reasons = 0, list[str]()
    for more, reason in (
        _by_name(wanted, offer),
        _by_folder(wanted, offer),
        _by_publisher(offer),
        _by_downloads(downloads),
        _by_size(wanted, offer),
    ):
        points += more
        reasons += [reason] if reason else []
    if wanted.agrees(offer.claimed) is False:
        points, reasons = 0, ["its hash is another than the workflow says", *reasons]
    return Ranked(offer, max(0, min(99, points)), ", ".join(reasons) or f"found with {title or offer.path}")


def best(ranked: Sequence[Ranked]) -> Ranked | None:
    """The one file that may be fetched without asking, None when there is none."""
    first = max(ranked, key=lambda one: one.score, default=None)
    if first is None or (first.score < STRONG and not first.sure):
        return None
    rivals = [one for one in ranked if one is not first and one.score > first.score - _LEAD and not _same(one, first)]
    return first if first.sure or not rivals else None


def queries(wanted: Wanted) -> list[str]:
    """What to ask hubs for, the most exact first: the name, without its precision, its words."""
    stem = wanted.base.rpartition(".")[0] if wanted.has_suffix else wanted.base
    short = _PRECISION.sub("", stem.lower())
    words = " ".join(filter(None, _SPLIT.split(short)))
    return list(dict.fromkeys(each for each in (stem, short, words) if len(each) > 2))


def _same(one: Ranked, other: Ranked) -> bool:
    mine, theirs = one.offer.claimed.get("sha256"), other.offer.claimed.get("sha256")
    return bool(mine) and mine == theirs


def _by_name(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    theirs, ours = offer.name.lower(), wanted.base.lower()
    if not wanted.has_suffix:
        theirs = theirs.rpartition(".")[0]
    if theirs == ours:
        common = _COMMON.fullmatch(_stem(ours) if wanted.has_suffix else ours)
        return (25, "the name, which many files have") if common else (50, "the very name")
    if suffix_of(offer.name) == suffix_of(wanted.base) and _plain(theirs) == _plain(ours):
        return 40, "the same name in other signs"
    words, others = set(_SPLIT.split(_stem(ours))), set(_SPLIT.split(_stem(theirs)))
    shared = len(words & others) / max(1, len(words | others))
    return round(30 * shared), f"{round(100 * shared)} % of the name's words" if shared else ""


def _by_folder(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    kind = KINDS.get(offer.kind.lower(), "")
    if kind and wanted.folder:
        return (15, f"a {offer.kind}") if kind == wanted.folder else (-30, f"a {offer.kind}, no {wanted.folder}")
    if wanted.folder and wanted.folder in offer.path.lower().split("/"):
        return 15, f"in a folder {wanted.folder}"
    return 0, ""


def _by_publisher(offer: Offer) -> tuple[int, str]:
    owner = offer.address.model.partition("/")[0].lower()
    return (25, f"published by {offer.address.model.partition('/')[0]}") if owner in _PUBLISHERS else (0, "")


def _by_downloads(downloads: int | None) -> tuple[int, str]:
    if not downloads:
        return 0, ""
    return min(5, round(math.log10(downloads + 1))), f"{downloads:,} downloads"


def _by_size(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    """A note's size is rounded, but not by a fifth."""
    if not wanted.size or not offer.size:
        return 0, ""
    apart = abs(wanted.size - offer.size) / wanted.size
    if apart < 0.02:
        return 15, "the size that a note says"
    return (-40, "another size than a note says") if apart > 0.2 else (0, "")


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _plain(name: str) -> str:
    return _SPLIT.sub("", _stem(name))
