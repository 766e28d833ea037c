"""Texts that mean something on ModelScope, read and written. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlencode

from modelyard.errors import BadAddress
from modelyard.hubs.links import Home, Link, Place, both_schemes, folder_glob, inner_path, link, typed_path
from modelyard.values.offers import Address, Example

ENDPOINT = "https://modelscope.cn"
NAME = "modelscope"
ORIGINS = both_schemes("modelscope.cn", "www.modelscope.cn")
ELSEWHERE = dict.fromkeys(both_schemes("modelscope.ai", "www.modelscope.ai"), "https://www.modelscope.ai")
DEFAULT_REVISION = "master"

EXAMPLES = (
    Example("https://modelscope.cn/models/org/repo", Address(NAME, "org/repo")),
    Example("https://www.modelscope.cn/models/org/repo/summary", Address(NAME, "org/repo")),
    Example("modelscope.cn/models/org/repo/files", Address(NAME, "org/repo")),
    Example(
        "https://www.modelscope.ai/models/org/repo", Address(NAME, "org/repo", endpoint="https://www.modelscope.ai")
    ),
    Example(
        "https://modelscope.cn/models/org/repo/resolve/master/sub%20dir/a%2Bb%2520c.txt",
        Address(NAME, "org/repo", "master", "sub dir/a+b%20c.txt"),
    ),
    Example(
        "https://modelscope.cn/models/org/repo/file/view/v1/model.safetensors?status=2",
        Address(NAME, "org/repo", "v1", "model.safetensors"),
    ),
    Example(
        "https://modelscope.cn/models/org/repo/file/view/master?fileName=a%2Fb.txt&status=1",
        Address(NAME, "org/repo", "master", "a/b.txt"),
    ),
    Example("https://modelscope.cn/models/org/repo/tree/master/sub", Address(NAME, "org/repo", "master", "sub/**")),
    Example(
        "https://modelscope.cn/api/v1/models/org/repo/repo?Revision=v1&FilePath=sub+dir%2Fx.bin",
        Address(NAME, "org/repo", "v1", "sub dir/x.bin"),
    ),
    Example("https://modelscope.cn/datasets/org/data", Address(NAME, "org/data", kind="dataset")),
    Example("ms:org/repo", Address(NAME, "org/repo")),
    Example("ms:org/repo@v1/model.safetensors", Address(NAME, "org/repo", "v1", "model.safetensors")),
    Example("ms:org/repo/*.json", Address(NAME, "org/repo", None, "*.json")),
    Example("ms:datasets/org/data", Address(NAME, "org/data", kind="dataset")),
    Example("modelscope:org/repo", Address(NAME, "org/repo")),
)

_KINDS = {"models": "model", "datasets": "dataset"}
_PREFIXES = ("ms:", "modelscope:")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_REVISION = re.compile(r"[^\x00-\x20\x7f\\?*:~^\[]{1,250}")
_TYPED = re.compile(
    r"(?:ms|modelscope):(?://)?(?:(models|datasets)/)?([^/@]+/[^/@]+)(?:@([^/@]*))?(?:/(.*))?",
    re.IGNORECASE | re.DOTALL,
)


def read(text: str, home: Home) -> Address | None:
    """Read a link or a typed address; see `Hub.read`."""
    if text[:12].lower().startswith(_PREFIXES):
        typed = _TYPED.fullmatch(text)
        if not typed:
            raise BadAddress(
                f"{text[:80]!r} names no model.", hint="Write it like ms:owner/repo or ms:owner/repo/file."
            )
        kind = _KINDS[(typed[1] or "models").lower()]
        return _address(kind, typed[2], unquote(typed[3] or "") or None, typed_path(typed[4]), None)
    given = link(text)
    place = home.inside(given) if given else None
    return _read_page(given, place) if given and place else None


def _read_page(given: Link, place: Place) -> Address | None:
    parts = place.parts
    if parts[:2] == ("api", "v1"):
        parts = parts[2:]
    if len(parts) < 3 or parts[0] not in _KINDS:
        if not place.own:
            return None
        raise BadAddress(
            "That is a page of ModelScope, but not of a model.", hint="Paste a model's page or a file's link."
        )
    revision, path = _inside(given, parts[3:])
    return _address(_KINDS[parts[0]], "/".join(parts[1:3]), revision, path, place.endpoint)


def _inside(given: Link, rest: tuple[str, ...]) -> tuple[str | None, str | None]:
    if rest[:1] == ("repo",) and (asked := given.asked("FilePath")):
        return given.asked("Revision"), typed_path(asked)
    if rest[:2] == ("file", "view") and len(rest) > 2:
        return rest[2], inner_path(rest[3:]) or typed_path(given.asked("fileName"))
    if rest[:1] == ("resolve",) and len(rest) > 2:
        return rest[1], inner_path(rest[2:])
    if rest[:1] == ("tree",) and len(rest) > 1:
        return rest[1], folder_glob(rest[2:])
    return None, None


def _address(kind: str, model: str, revision: str | None, path: str | None, endpoint: str | None) -> Address:
    if not _NAME.fullmatch(model) or ".." in model or model.split("/", maxsplit=1)[0] in _KINDS:
        raise BadAddress(f"{model[:80]!r} is no name of a model.", hint="Write it like ms:owner/repo.")
    if revision is not None and not is_revision(revision):
        raise BadAddress(f"{revision[:80]!r} is no branch, tag or commit.")
    return Address(NAME, model, revision, path, kind, endpoint=endpoint)


def is_revision(text: str) -> bool:
    """Whether a text can be a branch, tag or commit."""
    parts = text.split("/")
    return bool(_REVISION.fullmatch(text)) and ".." not in text and "" not in parts and "." not in parts


def show(address: Address) -> str:
    """See `Hub.show`."""
    path = address.path
    if address.endpoint or (path and path != path.strip()):
        return _show_link(address)
    kind = "" if address.kind == "model" else f"{address.kind}s/"
    revision = f"@{quote(address.revision, safe='')}" if address.revision else ""
    return f"ms:{kind}{address.model}{revision}" + (f"/{path}" if path else "")


def _show_link(address: Address) -> str:
    page = page_url(address, address.endpoint or ENDPOINT)
    if address.path is None:
        return page if address.revision is None else f"{page}/tree/{quote(address.revision, safe='')}"
    if address.revision is None:
        return file_url(address, address.endpoint or ENDPOINT, None, address.path)
    return f"{page}/resolve/{quote(address.revision, safe='')}/{quote(address.path)}"


def page_url(address: Address, endpoint: str) -> str:
    """The model's page."""
    return f"{endpoint}/{address.kind}s/{address.model}"


def api_url(address: Address, endpoint: str) -> str:
    """Root of the model's own API."""
    return f"{endpoint}/api/v1/{address.kind}s/{address.model}"


def file_url(address: Address, endpoint: str, revision: str | None, path: str) -> str:
    """The stable URL of a file's bytes, as ModelScope's own client asks for them."""
    asked = {"Revision": revision, "FilePath": path} if revision else {"FilePath": path}
    return f"{api_url(address, endpoint)}/repo?{urlencode(asked)}"
