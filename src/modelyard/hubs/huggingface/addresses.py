"""Texts that mean something on Hugging Face, read and written. Pure. URL grammar: Hub docs, facts 2.1."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from modelyard.errors import BadAddress
from modelyard.hubs.links import Home, Place, both_schemes, folder_glob, inner_path, link, typed_path
from modelyard.values.offers import Address, Example

ENDPOINT = "https://huggingface.co"
NAME = "huggingface"
ORIGINS = both_schemes("huggingface.co", "www.huggingface.co", "hf.co")
ELSEWHERE = dict.fromkeys(both_schemes("hf-mirror.com"), "https://hf-mirror.com")
"""A public mirror whose links circulate; it is asked when its link is pasted, and never gets a key."""

_SHA = "a" * 40
EXAMPLES = (
    Example("https://huggingface.co/org/repo", Address(NAME, "org/repo")),
    Example("huggingface.co/org/repo/", Address(NAME, "org/repo")),
    Example("https://hf.co/gpt2", Address(NAME, "gpt2")),
    Example("https://huggingface.co/org/repo/tree/main", Address(NAME, "org/repo", "main")),
    Example("https://huggingface.co/org/repo/tree/main/a%20b/c", Address(NAME, "org/repo", "main", "a b/c/**")),
    Example("https://huggingface.co/org/repo/tree/refs%2Fpr%2F1", Address(NAME, "org/repo", "refs/pr/1")),
    Example(
        "https://huggingface.co/org/repo/blob/v1.0/sub%20dir/a%2Bb%2520c.txt",
        Address(NAME, "org/repo", "v1.0", "sub dir/a+b%20c.txt"),
    ),
    Example(
        f"https://huggingface.co/org/repo/resolve/{_SHA}/model.safetensors?download=true",
        Address(NAME, "org/repo", _SHA, "model.safetensors"),
    ),
    Example(
        "https://huggingface.co/org/repo/resolve/refs/pr/1/x.gguf", Address(NAME, "org/repo", "refs/pr/1", "x.gguf")
    ),
    Example("https://huggingface.co/gpt2/resolve/main/config.json", Address(NAME, "gpt2", "main", "config.json")),
    Example(
        "https://huggingface.co/datasets/org/data/resolve/main/a.parquet",
        Address(NAME, "org/data", "main", "a.parquet", "dataset"),
    ),
    Example(
        "https://huggingface.co/spaces/org/demo/blob/main/app.py",
        Address(NAME, "org/demo", "main", "app.py", "space"),
    ),
    Example("https://huggingface.co/datasets/squad", Address(NAME, "squad", kind="dataset")),
    Example(
        "https://hf-mirror.com/org/repo/resolve/main/x.bin",
        Address(NAME, "org/repo", "main", "x.bin", endpoint="https://hf-mirror.com"),
    ),
    Example("hf:org/repo", Address(NAME, "org/repo")),
    Example("hf:gpt2", Address(NAME, "gpt2")),
    Example("hf:gpt2@main/config.json", Address(NAME, "gpt2", "main", "config.json")),
    Example("hf:org/repo/sub dir/a+b%20c.txt", Address(NAME, "org/repo", None, "sub dir/a+b%20c.txt")),
    Example("HF:org/repo@v1.0/*.gguf", Address(NAME, "org/repo", "v1.0", "*.gguf")),
    Example("hf:org/repo@refs%2Fpr%2F1/x.gguf", Address(NAME, "org/repo", "refs/pr/1", "x.gguf")),
    Example("hf:org/repo@refs/pr/1", Address(NAME, "org/repo", "refs/pr/1")),
    Example("hf:datasets/org/data", Address(NAME, "org/data", kind="dataset")),
    Example("hf://org/repo@main/x.gguf", Address(NAME, "org/repo", "main", "x.gguf")),
    Example("hf://datasets/org/data/a.csv", Address(NAME, "org/data", None, "a.csv", "dataset")),
    Example("huggingface:org/repo", Address(NAME, "org/repo")),
)

_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})?")
_REVISION = re.compile(r"[^\x00-\x20\x7f\\?*:~^\[]{1,250}")
_FILE = re.compile(
    r"\.(?:safetensors|sft|gguf|ckpt|pth?|bin|onnx|zip|7z|tar|[gx]z|zst|meta4|metalink|json|txt)$", re.IGNORECASE
)
_TYPED = re.compile(
    r"(?:hf|huggingface):(?://)?"
    r"(?:(models|datasets|spaces)/)?"
    r"([^/@]+(?:/[^/@]+)?)"
    r"(?:@(refs/(?:pr|convert)/[^/@]+|[^/@]*))?"
    r"(?:/(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_FILE_VIEWS = frozenset({"blob", "resolve", "raw", "blame"})
_VIEWS = _FILE_VIEWS | {"tree"}
_RESERVED = frozenset({"api", *_KINDS})
_NOT_MODELS = re.compile(
    "api|blog|chat|collections|docs|enterprise|inference-endpoints|join|learn|login|logout|new|notifications"
    "|organizations|papers|posts|pricing|search|settings|storage|tasks|welcome"
)


def read(text: str, home: Home) -> Address | None:
    """Read a link or a typed address; see `Hub.read`."""
    typed = _TYPED.fullmatch(text) if text[:12].lower().startswith(("hf:", "huggingface:")) else None
    if typed:
        kind = _KINDS.get((typed[1] or "models").lower(), "model")
        return _address(kind, typed[2], unquote(typed[3] or "") or None, typed_path(typed[4]), None)
    if text[:12].lower().startswith(("hf:", "huggingface:")):
        raise BadAddress(f"{text[:80]!r} names no model.", hint="Write it like hf:owner/repo or hf:owner/repo/file.")
    given = link(text)
    place = home.inside(given) if given else None
    return _read_page(place) if place else None


def _read_page(place: Place) -> Address | None:
    parts, kind = place.parts, "model"
    if parts and parts[0] in ("datasets", "spaces"):
        kind, parts = _KINDS[parts[0]], parts[1:]
    if place.own and (not parts or _NOT_MODELS.fullmatch(parts[0])):
        raise BadAddress(
            "That is a page of Hugging Face, but not of a model.", hint="Paste a model's page or a file's link."
        )
    if not parts:
        return None
    count = 1 if len(parts) == 1 or parts[1] in _VIEWS else 2
    model, view, rest = "/".join(parts[:count]), "".join(parts[count : count + 1]), parts[count + 1 :]
    if not place.own and not _looks_like_model(model, view):
        return None
    revision, below = _revision(rest) if view in _VIEWS else (None, ())
    path = inner_path(below) if view in _FILE_VIEWS else folder_glob(below)
    return _address(kind, model, revision, path, place.endpoint)


def _looks_like_model(model: str, view: str) -> bool:
    """Whether a path at a host of mixed content means a model; a two-part path may also be a plain file."""
    return is_id(model) and (view in _VIEWS or (not view and "/" in model and not _FILE.search(model)))


def _revision(rest: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    if rest[:1] == ("refs",) and len(rest) > 2:  # the raw form of refs%2Fpr%2F1
        return "/".join(rest[:3]), rest[3:]
    return (rest[0] if rest else None), rest[1:]


def _address(kind: str, model: str, revision: str | None, path: str | None, endpoint: str | None) -> Address:
    if not is_id(model):
        raise BadAddress(f"{model[:80]!r} is no name of a model.", hint="Write it like hf:owner/repo.")
    if revision is not None and not is_revision(revision):
        raise BadAddress(f"{revision[:80]!r} is no branch, tag or commit.")
    return Address(NAME, model, None if revision == "HEAD" else revision, path, kind, endpoint=endpoint)


def is_id(text: str) -> bool:
    """Whether a text can be ``owner/name`` or an old one-segment name."""
    owner, _, name = text.partition("/")
    return bool(_ID.fullmatch(text)) and ".." not in text and owner not in _RESERVED and name not in _VIEWS


def is_revision(text: str) -> bool:
    """Whether a text can be a branch, tag or commit (git check-ref-format, loosely)."""
    parts = text.split("/")
    return bool(_REVISION.fullmatch(text)) and ".." not in text and "" not in parts and "." not in parts


def show(address: Address) -> str:
    """See `Hub.show`."""
    path = address.path
    if address.endpoint or (path and path != path.strip()):
        return _show_link(address)
    kind = "" if address.kind == "model" else f"{address.kind}s/"
    one_segment = "/" not in address.model and path is not None
    revision = f"@{quote(address.revision or '', safe='')}" if address.revision or one_segment else ""
    return f"hf:{kind}{address.model}{revision}" + (f"/{path}" if path else "")


def _show_link(address: Address) -> str:
    page = page_url(address, address.endpoint or ENDPOINT)
    if address.path is None:
        return page if address.revision is None else f"{page}/tree/{quote(address.revision, safe='')}"
    return f"{page}/resolve/{quote(address.revision or 'HEAD', safe='')}/{quote(address.path)}"


def prefix(kind: str) -> str:
    """What stands before the model's name in page and file URLs."""
    return "" if kind == "model" else f"{kind}s/"


def page_url(address: Address, endpoint: str) -> str:
    """The model's page."""
    return f"{endpoint}/{prefix(address.kind)}{address.model}"


def file_url(address: Address, endpoint: str, revision: str, path: str) -> str:
    """The stable URL of a file, asked anew whenever the signed one behind it expires."""
    return f"{page_url(address, endpoint)}/resolve/{quote(revision, safe='')}/{quote(path)}"
