"""Hugging Face's repository API: info, tree, paths-info, refs, commits."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from modelyard.testing.content import Content
from modelyard.testing.files import BIRTHDAY
from modelyard.testing.models import safetensors_header
from modelyard.testing.repos import Commit, Repo, git_oid, is_lfs, iso, pointer
from modelyard.testing.wire import Answer, Request, as_json

if TYPE_CHECKING:
    from modelyard.testing.huggingface import Asked, HuggingFace

EXPANDABLE = (
    *("author", "baseModels", "cardData", "childrenModelCount", "config", "createdAt", "disabled", "downloads"),
    *("downloadsAllTime", "evalResults", "gated", "gguf", "inference", "inferenceProviderMapping", "lastModified"),
    *("library_name", "likes", "mask_token", "model-index", "pipeline_tag", "private", "resourceGroup"),
    *("safetensors", "sha", "siblings", "spaces", "tags", "transformersInfo", "trendingScore", "usedStorage"),
    *("widgetData", "xetEnabled"),
)
PAGE, EXPANDED_PAGE = 1000, 50
_PRINTED = ("downloads", "likes", "pipeline_tag", "library_name", "tags", "cardData")


def info(hf: HuggingFace, asked: Asked, commit: Commit, _path: str) -> Answer:
    """Everything about a repository at a revision."""
    request = asked.request
    expand = request.all("expand", "expand[]")
    if unknown := [key for key in expand if key not in EXPANDABLE]:
        options = "|".join(f'"{key}"' for key in EXPANDABLE)
        return as_json(400, {"error": f"Invalid option {unknown[0]!r}: expected one of {options}"})
    facts = describe(asked.repo, commit, sizes=request.flag("blobs"))
    if expand:
        facts = {key: facts.get(key) for key in ("_id", "id", *expand)}
    if request.flag("securityStatus"):
        facts["securityRepoStatus"] = {"scansDone": True, "filesWithIssues": []}
    return as_json(200, facts)


def describe(repo: Any, commit: Commit, *, sizes: bool = False) -> dict[str, Any]:
    """The body of an info answer."""
    facts: dict[str, Any] = {"_id": repo.number, "id": repo.id}
    if repo.kind == "models":
        facts["modelId"] = repo.id
    if "/" in repo.id:
        facts["author"] = repo.id.partition("/")[0]
    facts |= {"sha": commit.sha, "lastModified": commit.date, "createdAt": iso(BIRTHDAY), "private": repo.private}
    facts |= {"gated": repo.gated, "disabled": repo.disabled, "downloads": 0, "likes": 0, "tags": [], "cardData": {}}
    facts |= {key: repo.facts[key] for key in _PRINTED if key in repo.facts}
    facts |= {"config": {"model_type": "llama"}, "spaces": [], "widgetData": []}
    facts["siblings"] = [_sibling(path, content, sizes) for path, content in commit.files.items()]
    facts["usedStorage"] = sum(content.size for content in commit.files.values())
    return facts | _containers(commit)


def _containers(commit: Commit) -> dict[str, Any]:
    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for path, content in commit.files.items():
        if path.endswith(".safetensors"):
            for tensor in safetensors_header(content).values():
                shape: Any = tensor["shape"]
                number = 1
                for side in shape:
                    number *= side
                counts[str(tensor["dtype"])] = counts.get(str(tensor["dtype"]), 0) + number
        if path.endswith(".gguf"):
            found["gguf"] = {"total": content.size, "architecture": "llama", "context_length": 4096}
    if counts:
        found["safetensors"] = {"parameters": counts, "total": sum(counts.values())}
    return found


def _sibling(path: str, content: Content, sizes: bool) -> dict[str, Any]:
    if not sizes:
        return {"rfilename": path}
    facts = {"rfilename": path, "size": content.size, "blobId": git_oid(path, content)}
    if is_lfs(path, content):
        # Here the hub calls it sha256; in the tree the same value is called oid.
        facts["lfs"] = {"sha256": content.sha256, "size": content.size, "pointerSize": len(pointer(content))}
    return facts


def tree(hf: HuggingFace, asked: Asked, commit: Commit, path: str) -> Answer:
    """One page of a folder's entries."""
    from modelyard.testing.huggingface import entry_missing

    if path and path not in commit.folders:
        return entry_missing(asked.request, commit)
    request = asked.request
    expand = request.flag("expand")
    entries = list(commit.under(path, request.flag("recursive")))
    most = EXPANDED_PAGE if expand else PAGE
    size = min(int(request.query.get("limit") or most), most)
    start = _offset(request)
    shown = [entry(hf, asked.repo, commit, name, expand) for name, _ in entries[start : start + size]]
    answer = as_json(200, shown)
    if start + size < len(entries):
        answer.headers.append(("Link", next_page(request, start + size)))
    return answer


def entry(hf: HuggingFace, repo: Repo, commit: Commit, path: str, expand: bool) -> dict[str, Any]:
    """One entry of the tree."""
    content = commit.files.get(path)
    if content is None:
        facts: dict[str, Any] = {"type": "directory", "oid": commit.sha[::-1], "size": 0, "path": path}
    else:
        facts = {"type": "file", "oid": git_oid(path, content), "size": content.size, "path": path}
        if is_lfs(path, content):
            facts["lfs"] = {"oid": content.sha256, "size": content.size, "pointerSize": len(pointer(content))}
            if hf.xet:
                facts["xetHash"] = xet_hash(hf, content)
    if expand:
        last = repo.changed(commit, path)
        facts["lastCommit"] = {"id": last.sha, "title": last.title, "date": last.date}
        if content is not None:
            facts["securityFileStatus"] = _scans()
    return facts


def xet_hash(hf: HuggingFace, content: Content) -> str:
    """The Xet hash that the test told, else a stand-in: 64 hex digits, never the sha256."""
    told = hf.xet_hashes.get(content.sha256) if hf.xet_hashes else None
    return told or content.tag[::-1] + content.tag


def _scans() -> dict[str, Any]:
    safe = {"status": "safe", "message": "No issue found"}
    scans = ("jFrogScan", "protectAiScan", "avScan", "pickleImportScan", "virusTotalScan")
    return {"status": "safe", **dict.fromkeys(scans, safe)}


def paths_info(hf: HuggingFace, asked: Asked, commit: Commit, _path: str) -> Answer:
    """Entries of the named paths; missing ones are left out."""
    request = asked.request
    if "json" in request.headers.get("content-type", ""):
        wanted = json.loads(request.body)
        paths, expand = wanted.get("paths", []), bool(wanted.get("expand"))
    else:
        form = parse_qs(request.body.decode())
        paths, expand = form.get("paths", []), form.get("expand", [""])[0].lower() == "true"
    known = {*commit.folders, *commit.files}
    return as_json(200, [entry(hf, asked.repo, commit, path, expand) for path in paths if path in known])


def refs(asked: Asked) -> Answer:
    """Branches, tags and, when asked, pull requests."""
    repo = asked.repo
    assert repo.commits
    body: dict[str, Any] = {
        "branches": _refs(repo.branches, "refs/heads/"),
        "converts": [],
        "tags": _refs(repo.tags, "refs/tags/"),
    }
    if asked.request.flag("include_prs"):
        named = {name.rpartition("/")[2]: sha for name, sha in repo.pulls.items()}
        body["pullRequests"] = _refs(named, "refs/pr/")
    return as_json(200, body)


def _refs(names: dict[str, str], prefix: str) -> list[dict[str, str]]:
    return [{"name": name, "ref": prefix + name, "targetCommit": sha} for name, sha in names.items()]


def commits(hf: HuggingFace, asked: Asked, commit: Commit, _path: str) -> Answer:
    """The history up to this commit, the newest first."""
    request, every = asked.request, asked.repo.commits
    past = every[: every.index(commit) + 1][::-1]
    page, size = int(request.query.get("p") or 0), int(request.query.get("limit") or 50)
    shown = [
        {"id": one.sha, "title": one.title, "message": "", "date": one.date, "authors": [{"user": "ada"}]}
        for one in past[page * size : (page + 1) * size]
    ]
    answer = as_json(200, shown, ("X-Total-Count", str(len(past))))
    if (page + 1) * size < len(past):
        pairs = {**request.query, "p": str(page + 1)}
        answer.headers.append(("Link", f'<{request.base}{request.raw_path}?{urlencode(pairs)}>; rel="next"'))
    return answer


def next_page(request: Request, offset: int) -> str:
    """A Link header to the page at this offset: absolute, on the base that the client used."""
    cursor = base64.urlsafe_b64encode(f"at:{offset}".encode()).decode()
    pairs = [(key, value) for key, value in request.pairs if key != "cursor"]
    return f'<{request.base}{request.raw_path}?{urlencode([*pairs, ("cursor", cursor)])}>; rel="next"'


def _offset(request: Request) -> int:
    return read_cursor(request.query.get("cursor"))


def read_cursor(cursor: str | None) -> int:
    """The offset that `next_page` wrote."""
    return int(base64.urlsafe_b64decode(cursor).partition(b":")[2]) if cursor else 0
