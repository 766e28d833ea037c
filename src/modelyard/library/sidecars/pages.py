"""Which model a page's address means. Pure code; the hubs' own rooms read far more forms."""

from __future__ import annotations

import re

_CIVITAI = re.compile(r"https?://(?:www\.)?civitai\.(?:com|red|green)/models/([0-9]{1,18})(?:[/?#].*)?", re.IGNORECASE)
_VERSION = re.compile(r"[?&]modelVersionId=([0-9]{1,18})")
_HUGGINGFACE = re.compile(r"https?://(?:huggingface\.co|hf\.co)/([\w.-]+/[\w.-]+)(?:[/?#].*)?", re.ASCII)
_MODELSCOPE = re.compile(r"https?://(?:www\.)?modelscope\.(?:cn|ai)/models/([\w.-]+/[\w.-]+)(?:[/?#].*)?", re.ASCII)
_NOT_MODELS = ("datasets/", "spaces/", "papers/", "docs/", "api/")
_HUBS = {"civitai": "civitai", "hugging face": "huggingface", "huggingface": "huggingface", "modelscope": "modelscope"}


def hub_named(word: str) -> str:
    """Our word for a hub that people and tools write in several ways; empty for others."""
    return _HUBS.get(word.strip().lower(), "")


def identity_of(page: str) -> tuple[str, str, str]:
    """Hub, model and version of a page's address; empty texts where it does not say."""
    if match := _CIVITAI.fullmatch(page):
        version = _VERSION.search(page)
        return "civitai", match[1], version[1] if version else ""
    if (match := _HUGGINGFACE.fullmatch(page)) and not match[1].startswith(_NOT_MODELS):
        return "huggingface", match[1], ""
    if match := _MODELSCOPE.fullmatch(page):
        return "modelscope", match[1], ""
    return "", "", ""
