"""Takes keys out of pasted links before anything is kept or shown. Pure.

A key is taken out where it is one of a hub we know: ``?token=`` and its kin on a hub's own host, a user
name or password before such a host, and an ``hf_`` key in the query of any link. A ``?token=`` of an
unknown host stays: there it is part of the address, like a signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus, urlsplit, urlunsplit

KNOWN_HOSTS: Mapping[str, str] = {
    "huggingface.co": "huggingface",
    "www.huggingface.co": "huggingface",
    "hf.co": "huggingface",
    "civitai.com": "civitai",
    "www.civitai.com": "civitai",
    "civitai.red": "civitai",
    "civitai.green": "civitai",
    "modelscope.cn": "modelscope",
    "www.modelscope.cn": "modelscope",
    "modelscope.ai": "modelscope",
    "www.modelscope.ai": "modelscope",
    "github.com": "github",
    "api.github.com": "github",
}
_NAMES = frozenset({"token", "api_key", "apikey", "api-key", "access_token", "key"})
_HF_KEY = re.compile(r"hf_[A-Za-z0-9]{16,}")
_LONGEST = 16384


@dataclass(frozen=True, slots=True)
class Found:
    """A key that stood in a link; the caller keeps it in the key store. Its value is not in its repr."""

    hub: str
    value: str = field(repr=False)


def strip_secrets(text: str, hosts: Mapping[str, str] = KNOWN_HOSTS) -> tuple[str, list[Found]]:
    """The text without keys, and the keys.

    Args:
        text: What a person pasted; returned unchanged when it is no link or holds no key.
        hosts: ``host[:port]``, lower case, to the hub's name; add the hosts of chosen endpoints.
    """
    text = text.strip()
    scheme = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(scheme) if len(text) <= _LONGEST else None
    except ValueError:
        return text, []
    if parts is None or parts.scheme.lower() not in ("http", "https"):
        return text, []
    user, _, host = parts.netloc.rpartition("@")
    hub = hosts.get(host.lower())
    query, found = _without_keys(parts.query, hub)
    if hub and user:
        found += _key_of_user(user, hub)
    if not found and not (hub and user):
        return text, []
    cleaned = urlunsplit(parts._replace(query=query, netloc=host if hub else parts.netloc))
    return (cleaned if "://" in text else cleaned.removeprefix("https://")), found


def _without_keys(query: str, hub: str | None) -> tuple[str, list[Found]]:
    kept, found = [], []
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        value = unquote_plus(value)
        if hub and unquote_plus(name).lower() in _NAMES:
            found += [Found("huggingface" if _HF_KEY.fullmatch(value) else hub, value)] if value else []
        elif _HF_KEY.fullmatch(value):
            found.append(Found("huggingface", value))
        else:
            kept.append(pair)
    return "&".join(kept), found


def _key_of_user(user: str, hub: str) -> list[Found]:
    """``https://name:KEY@host/`` and ``https://KEY@host/``, as git remotes are written."""
    name, colon, password = user.partition(":")
    value = unquote(password if colon else name)
    return [Found(hub, value)] if value and (colon or _HF_KEY.fullmatch(value)) else []
