"""Hugging Face's files: the three forms of ``/resolve`` (hubs.md 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from modelyard.testing.content import Content
from modelyard.testing.files import answer_file, served
from modelyard.testing.hf_api import xet_hash
from modelyard.testing.repos import Commit, is_lfs
from modelyard.testing.signing import attachment
from modelyard.testing.wire import Answer, Fields, as_json, redirect

if TYPE_CHECKING:
    from modelyard.testing.huggingface import Asked, HuggingFace


def resolve(hf: HuggingFace, asked: Asked, commit: Commit, path: str) -> Answer:
    """The file, or where it is."""
    from modelyard.testing.huggingface import entry_missing

    if path not in commit.files or ".." in path.split("/"):
        return entry_missing(asked.request, commit)
    if is_lfs(path, commit.files[path]):
        return _large(hf, asked, commit, path)
    if asked.repo.private:
        answer = regular(asked, commit, path)
        answer.headers.append(("X-Hub-Cache", "MISS"))
        return answer
    return _elsewhere(asked, commit, path)


def regular(asked: Asked, commit: Commit, path: str) -> Answer:
    """A regular file's bytes; its ETag is the git blob sha1."""
    content = commit.files[path]
    file = served(
        content,
        f"{asked.repo.id}/{path}",
        etag=f'"{content.git_sha1}"',
        modified=None,
        content_type="text/plain; charset=utf-8",
        fields=_told(commit, path, content.git_sha1),
    )
    return answer_file(asked.request, file)


def _elsewhere(asked: Asked, commit: Commit, path: str) -> Answer:
    """Form 1: a relative 307 to the resolve cache."""
    oid = commit.files[path].git_sha1
    cache = f"/api/resolve-cache/{asked.repo.kind}/{quote(asked.repo.id)}/{commit.sha}/{quote(path)}"
    location = f"{cache}?{quote_plus(asked.request.raw_path)}=&etag=%22{oid}%22"
    return redirect(307, location, *_told(commit, path, oid), ("Accept-Ranges", "bytes"))


def _large(hf: HuggingFace, asked: Asked, commit: Commit, path: str) -> Answer:
    """Form 3: a 302 to a signed link on the CDN, which knows the file by another ETag."""
    content, name = commit.files[path], path.rpartition("/")[2]
    file = served(content, f"{asked.repo.id}/{path}", etag=f'"{xet_hash(hf, content)}"')
    where = f"/xet-bridge-us/{asked.repo.number}/{xet_hash(hf, content)}"
    link = hf.cdn.link(asked.request, "hf", where, file, name)
    told: Fields = [
        ("Cache-Control", "no-store"),
        ("X-Repo-Commit", commit.sha),
        ("X-Linked-Size", str(content.size)),
        ("X-Linked-Etag", f'"{content.sha256}"'),
        ("Vary", "Origin, Accept"),
        ("Accept-Ranges", "bytes"),
    ]
    status = 307 if asked.request.headers.get("user-agent", "").startswith("ollama") else 302
    return redirect(status, link, *told, *(_xet(hf, asked, commit, content) if hf.xet else []))


def _told(commit: Commit, path: str, oid: str) -> Fields:
    return [
        ("X-Repo-Commit", commit.sha),
        ("X-Linked-Etag", f'"{oid}"'),
        ("Content-Disposition", attachment(path.rpartition("/")[2], "inline")),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ]


def _xet(hf: HuggingFace, asked: Asked, commit: Commit, content: Content) -> Fields:
    base = asked.request.base
    token = f"{base}/api/{asked.repo.kind}/{asked.repo.id}/xet-read-token/{commit.sha}"
    rebuild = f"{base}/v1/reconstructions/{xet_hash(hf, content)}"
    link = f'<{token}>; rel="xet-auth", <{rebuild}>; rel="xet-reconstruction-info"'
    return [("X-Xet-Hash", xet_hash(hf, content)), ("Link", link)]


def xet_token(hf: HuggingFace, asked: Asked) -> Answer:
    """Address and token of the CAS; without one the answer is empty, as on a hub that half-speaks Xet."""
    from modelyard.testing.huggingface import gate

    if hf.cas is None:
        return as_json(200, {})
    told = {"accessToken": "practice-cas", "casUrl": hf.cas, "exp": int(hf.clock.now()) + 3600}
    names = ("X-Xet-Access-Token", "X-Xet-Cas-Url", "X-Xet-Token-Expiration")
    return gate(asked) or as_json(200, told, *zip(names, map(str, told.values()), strict=True))
