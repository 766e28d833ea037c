"""ModelScope: the envelope and its codes, files by query, the OpenAPI lists (hubs.md 4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from modelyard.testing import modelscope_lists
from modelyard.testing.accounts import Accounts
from modelyard.testing.cdn import Cdn
from modelyard.testing.content import Content
from modelyard.testing.files import BIRTHDAY, answer_file, served
from modelyard.testing.fixtures import modelscope_repos
from modelyard.testing.repos import Commit, Files, Kind, Repo, is_lfs
from modelyard.testing.wire import Answer, Request, as_json, redirect

MOST_ENTRIES = 3000
NOT_FOUND, NO_PERMISSION, NO_TREE, BAD_TOKEN = 10010205001, 10010200001, 10990101004, 10010103009
_GONE = "获取模型信息失败，信息：record not found"
_MAY_NOT = "获取模型信息失败，信息：no permission"


class ModelScope:
    """The ModelScope side of the hub.

    Attributes:
        repos: By kind and id.
        sizes: Sizes to be listed instead of the true ones, by path.
        refuse_page: Answer this page of a dataset's tree with 403, once.
        region_info: Whether ``internalAccelerationInfo`` is there; otherwise 404.
        cdn: Where the bodies of large files are; its ``length_odd`` makes ranges answer 200.
    """

    def __init__(self, cdn: Cdn, accounts: Accounts, seed: int) -> None:
        self.cdn, self._accounts, self._seed = cdn, accounts, seed
        self.reset()

    def reset(self) -> None:
        """Back to the fixtures."""
        self.repos = {(repo.kind, repo.id): repo for repo in modelscope_repos(self._seed)}
        first = self.repos["models", "org/repo"]
        first.tags["v1"] = first.head.sha
        first.commit({"config.json": b'{"model_type": "llama", "hidden_size": 128}\n'}, "widen it")
        self.sizes: dict[str, int] = {}
        self.refuse_page = 0
        self.region_info = True

    def add_repo(
        self, name: str, files: Files, *, kind: Kind = "models", private: bool = False, gated: bool = False
    ) -> Repo:
        """Add a repository whose default branch is ``master``."""
        repo = Repo(
            name, files, kind=kind, private=private, gated="manual" if gated else False, seed=self._seed, trunk="master"
        )
        self.repos[kind, name] = repo
        return repo

    def known(self, request: Request) -> bool:
        """Whether a known key came, as Bearer or as the session cookie."""
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        keys = (request.bearer, cookies.get("m_session_id"))
        return any(self._accounts.who("modelscope", key) for key in keys)

    def answer(self, request: Request) -> Answer | None:
        """The answer when the path is one of ModelScope's."""
        act = self._route(request)
        return act() if act else None

    def _route(self, request: Request) -> Callable[[], Answer] | None:
        parts = request.segments
        if parts[0] == "models" and len(parts) > 5 and parts[3] == "resolve":
            return lambda: self._web_file(request, parts)
        if parts[:2] == ["openapi", "v1"]:
            return lambda: modelscope_lists.openapi(self, request, parts[2:])
        if parts == ["api", "v1", "login"]:
            return lambda: self._login(request)
        if parts[:3] == ["api", "v1", "repos"]:
            return lambda: (
                envelope({"InternalRegionQueryAddress": ""}) if self.region_info else failure(NOT_FOUND, "not found")
            )
        if parts[:2] == ["api", "v1"] and len(parts) > 4 and parts[2] in {"models", "datasets"}:
            return lambda: self._in_repo(request, parts)
        return None

    def _login(self, request: Request) -> Answer:
        token = json.loads(request.body or b"{}").get("AccessToken")
        account = self._accounts.who("modelscope", token)
        if account is None:
            return failure(BAD_TOKEN, "invalid access token", status=400)
        answer = envelope({"AccessToken": "git-practice", "Username": account.name, "Email": "ada@example.org"})
        answer.headers.append(("Set-Cookie", f"m_session_id={token}; Path=/; HttpOnly"))
        return answer

    def _in_repo(self, request: Request, parts: list[str]) -> Answer:
        kind: Kind = "datasets" if parts[2] == "datasets" else "models"
        # SDKs up to 1.37 name a dataset by its number once they have asked for it.
        numbered = next((one for one in self.repos.values() if [one.kind, str(_hub_id(one))] == parts[2:4]), None)
        repo = numbered or self.repos.get((kind, "/".join(parts[3:5])))
        if refused := self._refusal(request, repo):
            return refused
        assert repo
        what = "/".join(parts[4 if numbered else 5 :])
        if what == "":
            return envelope(_about(repo))
        if what == "revisions":
            return envelope({"RevisionMap": _revisions(repo)})
        commit = repo.at(_revision(request))
        if commit is None:
            return failure(NO_TREE, f"revision {_revision(request)} not found")
        return self._in_commit(request, what, repo, commit)

    def _in_commit(self, request: Request, what: str, repo: Repo, commit: Commit) -> Answer:
        if what in {"repo/files", "repo/tree"}:
            return self._listing(request, what, repo, commit)
        if what == "commits":
            return envelope({"Commits": [{"Id": commit.sha, "Title": commit.title}], "TotalCount": 1})
        if what == "repo":
            return self._file(request, repo, commit, request.query.get("FilePath", ""))
        return failure(NOT_FOUND, "not found")

    def _refusal(self, request: Request, repo: Repo | None) -> Answer | None:
        if repo is None:
            return failure(NOT_FOUND, _GONE)
        closed = repo.private or repo.gated
        return failure(NO_PERMISSION, _MAY_NOT) if closed and not self.known(request) else None

    def _listing(self, request: Request, what: str, repo: Repo, commit: Commit) -> Answer:
        query = request.query
        root = query.get("Root", "").strip("/")
        found = list(commit.under(root, request.flag("Recursive")))
        if what == "repo/files":
            shown = found[:MOST_ENTRIES]
            return envelope({"Files": [self._entry(repo, commit, *one) for one in shown]})
        page, size = int(query.get("PageNumber", 1)), int(query.get("PageSize", 200))
        if page == self.refuse_page:
            self.refuse_page = 0
            return failure(NO_PERMISSION, "forbidden", status=403)
        shown = found[(page - 1) * size : page * size]
        entries = [self._entry(repo, commit, *one) for one in shown]
        return envelope({"Files": entries, "TotalCount": len(found)}, TotalCount=len(found))

    def _entry(self, repo: Repo, commit: Commit, path: str, content: Content | None) -> dict[str, Any]:
        last = repo.changed(commit, path)
        facts: dict[str, Any] = {"Name": path.rpartition("/")[2], "Path": path, "Revision": last.sha}
        facts |= {"CommitId": last.sha, "CommitMessage": last.title, "CommittedDate": BIRTHDAY, "InCheck": False}
        if content is None:
            return facts | {"Type": "tree", "Size": 0, "Sha256": "", "IsLFS": False, "Mode": "16384"}
        size = self.sizes.get(path, content.size)
        lfs = is_lfs(path, content)
        return facts | {"Type": "blob", "Size": size, "Sha256": content.sha256, "IsLFS": lfs, "Mode": "33188"}

    def _web_file(self, request: Request, parts: list[str]) -> Answer:
        repo = self.repos.get(("models", "/".join(parts[1:3])))
        if refused := self._refusal(request, repo):
            return refused
        assert repo
        commit = repo.at(parts[4])
        return self._file(request, repo, commit, "/".join(parts[5:])) if commit else failure(NO_TREE, "no revision")

    def _file(self, request: Request, repo: Repo, commit: Commit, path: str) -> Answer:
        content = commit.files.get(path)
        if content is None or ".." in path.split("/"):
            return Answer(404) if request.method == "HEAD" else failure(NOT_FOUND, f"file {path} not found")
        file = served(content, f"{repo.id}/{path}", fields=[("X-Linked-ETag", content.sha256)])
        if not is_lfs(path, content) or request.method == "HEAD":
            file.ranges = False
            return answer_file(request, file)
        link = self.cdn.link(request, "oss", f"/lfs/{content.tag}", file, path.rpartition("/")[2])
        return redirect(302, link, ("X-Linked-ETag", content.sha256), ("X-Linked-Size", str(content.size)))


def envelope(data: Any, **more: Any) -> Answer:
    """A success."""
    body = {"Code": 200, "Success": True, "Message": "success", "RequestId": _number(data), "Data": data}
    return as_json(200, {**body, **more})


def failure(code: int, message: str, *, status: int = 404) -> Answer:
    """A failure: nearly always HTTP 404, the number tells."""
    body = {"Code": code, "Message": message, "RequestId": _number(message), "Success": False, "Data": None}
    return as_json(status, body)


def _number(data: Any) -> str:
    return hashlib.md5(repr(data).encode()).hexdigest()


def _revision(request: Request) -> str:
    return request.query.get("Revision") or request.query.get("Ref") or "master"


def _about(repo: Repo) -> dict[str, Any]:
    owner, _, name = repo.id.partition("/")
    size = sum(content.size for content in repo.head.files.values())
    about = {"Id": _hub_id(repo), "Type": 1, "Path": owner, "Name": name, "Owner": owner, "License": "apache-2.0"}
    about |= {
        "Visibility": 1 if repo.private else 5,
        "Description": "",
        "Downloads": 5,
        "Likes": 1,
        "Tags": ["practice"],
    }
    return about | {"CreatedTime": BIRTHDAY, "LastUpdatedTime": BIRTHDAY, "StorageSize": size, "Revision": "master"}


def _hub_id(repo: Repo) -> int:
    return int(repo.number[:7], 16)


def _revisions(repo: Repo) -> dict[str, list[dict[str, Any]]]:
    assert repo.commits

    def rows(names: dict[str, str]) -> Iterator[dict[str, Any]]:
        return ({"Revision": name, "CreatedAt": BIRTHDAY} for name in names)

    return {"Branches": list(rows(repo.branches)), "Tags": list(rows(repo.tags))}
