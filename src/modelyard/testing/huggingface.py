"""Hugging Face: who may see what, its errors, its headers; the answers themselves are in `hf_api` and `hf_files`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from modelyard.testing import hf_api, hf_files, hf_lists
from modelyard.testing.accounts import Account, Accounts
from modelyard.testing.cdn import Cdn
from modelyard.testing.clock import Clock
from modelyard.testing.fixtures import dress, huggingface_repos
from modelyard.testing.limits import Limiter, Quota
from modelyard.testing.repos import Commit, Files, Gate, Kind, Repo
from modelyard.testing.wire import Answer, Fields, Request, as_json, redirect, text

QUOTAS = {
    "api": Quota(500),
    "resolvers": Quota(3000),
    "pages": Quota(100),
    **{f"account:{bucket}": Quota(count) for bucket, count in (("api", 1000), ("resolvers", 5000), ("pages", 200))},
}
"""Requests in 5 minutes: anonymous, and with a free account."""

KINDS: tuple[Kind, ...] = ("models", "datasets", "spaces")
_UNDER = {"revision", "tree", "paths-info", "refs", "commits", "auth-check", "xet-read-token", "resolve"}
_EXPOSED = (
    "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,"
    "Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for something inside a repository that the caller may see."""

    request: Request
    repo: Repo
    account: Account | None
    rest: list[str]

    def revision(self) -> tuple[str, list[str]]:
        """The revision and what follows it; a raw ``refs/pr/1`` takes three parts."""
        taken = 3 if self.rest[:1] == ["refs"] else 1
        return "/".join(self.rest[:taken]) or "main", self.rest[taken:]


class HuggingFace:
    """The Hugging Face side of the hub.

    Attributes:
        repos: By kind and lower-case id.
        aliases: Old ids and the new ones they lead to.
        limits: The rate limiter.
        xet: Whether Xet signals are sent.
        cas: Address of a CAS that a test filled, None when there is none behind the signals.
        xet_hashes: What that CAS calls a file, by the file's SHA-256.
        cdn: Where the bodies of large files are.
    """

    def __init__(self, cdn: Cdn, accounts: Accounts, clock: Clock, seed: int, *, tls: bool) -> None:
        self.cdn, self.clock = cdn, clock
        self._accounts, self._seed, self._tls = accounts, seed, tls
        self.limits = Limiter(clock, QUOTAS)
        self.reset()

    def reset(self) -> None:
        """Back to the fixtures."""
        self.repos = {(repo.kind, repo.id.lower()): repo for repo in huggingface_repos(self._seed)}
        dress(self.repos["models", "org/repo"])
        self.aliases = {"legacy": "org/repo", "org/old-name": "org/repo"}
        self.xet = False
        self.cas: str | None = None
        self.xet_hashes: dict[str, str] = {}
        self.limits.reset()
        self._number = 0

    def add_repo(
        self,
        name: str,
        files: Files,
        *,
        kind: Kind = "models",
        private: bool = False,
        gated: Gate = False,
        disabled: bool = False,
        **facts: Any,
    ) -> Repo:
        """Add a repository; sizes in ``files`` become valid models made from the seed."""
        repo = Repo(name, files, kind=kind, private=private, gated=gated, disabled=disabled, seed=self._seed, **facts)
        self.repos[kind, name.lower()] = repo
        return repo

    def repo(self, name: str, kind: Kind = "models") -> Repo:
        """The repository of this id."""
        return self.repos[kind, name.lower()]

    def answer(self, request: Request) -> Answer | None:
        """The answer when the path is one of Hugging Face's, with the headers that all its answers have."""
        route = self._route(request)
        if route is None:
            return None
        bucket, act = route
        account = self._accounts.who("hf", request.bearer)
        charge = self.limits.charge(f"account {account.name}" if account else "anonymous", _bucket(bucket, account))
        answer = self._too_many(charge.resets_in) if charge.spent else act()
        quota = f'"fixed window";"{bucket}";q={charge.quota.count};w={round(charge.quota.window)}'
        answer.headers += [
            ("RateLimit", f'"{bucket}";r={charge.left};t={charge.resets_in}'),
            ("RateLimit-Policy", quota),
            *self._common(),
        ]
        return answer

    def _too_many(self, wait: int) -> Answer:
        return as_json(429, {"error": f"We had to rate limit your IP. Retry in {wait} s."})

    def _common(self) -> Fields:
        self._number += 1
        number = hashlib.md5(str(self._number).encode()).hexdigest()
        return [("X-Request-Id", f"Root=1-{number}"), ("Access-Control-Expose-Headers", _EXPOSED)]

    def _route(self, request: Request) -> tuple[str, Callable[[], Answer]] | None:
        parts = request.segments
        if parts == ["api", "whoami-v2"]:
            return "api", lambda: hf_lists.whoami(self._accounts.who("hf", request.bearer))
        if parts[:2] == ["api", "resolve-cache"] and len(parts) > 4:
            return "resolvers", lambda: self._cached(request, parts[2:])
        if parts[0] == "api" and len(parts) == 2 and parts[1] in KINDS:
            return "api", lambda: hf_lists.listing(self, request, parts[1])
        if parts[0] == "api" and len(parts) > 2 and parts[1] in KINDS:
            return "api", lambda: self._in_repo(request, parts[1], parts[2:], self._api)
        kind, rest = ("models", parts) if parts[0] not in KINDS else (parts[0], parts[1:])
        if "resolve" in rest[1:3]:
            return "resolvers", lambda: self._in_repo(request, kind, rest, self._files)
        return None

    def _in_repo(self, request: Request, kind: str, parts: list[str], act: Callable[[Asked], Answer]) -> Answer:
        """Find the repository, send other spellings to the right one, and refuse whom it must not see."""
        width = 1 if len(parts) == 1 or parts[1] in _UNDER else 2
        name, rest = "/".join(parts[:width]), parts[width:]
        repo = self.repos.get((_kind(kind), self.aliases.get(name, name).lower()))
        account = self._accounts.who("hf", request.bearer)
        if repo is None or (repo.private and not (account and account.granted)):
            return self.missing(request, account)
        if repo.id != name:
            return redirect(307, _renamed(request, width, repo.id))
        if repo.disabled:
            return refusal(request, 403, None, "Access to this resource is disabled.")
        return act(Asked(request, repo, account, rest))

    def _api(self, asked: Asked) -> Answer:
        what, rest = (asked.rest[0], asked.rest[1:]) if asked.rest else ("revision", ["main"])
        asked = Asked(asked.request, asked.repo, asked.account, rest)
        if what == "auth-check":
            return gate(asked) or text(200, "OK")
        if what == "refs":
            return hf_api.refs(asked)
        act = {"revision": hf_api.info, "tree": hf_api.tree, "paths-info": hf_api.paths_info, "commits": hf_api.commits}
        revision, path = asked.revision()
        commit = asked.repo.at(revision)
        if commit is None:
            return refusal(asked.request, 404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "xet-read-token":
            return hf_files.xet_token(self, asked)
        return act[what](self, asked, commit, "/".join(path)) if what in act else text(404, "Not Found")

    def _files(self, asked: Asked) -> Answer:
        refused = gate(asked)
        if refused or asked.rest[:1] != ["resolve"]:
            return refused or text(404, "Not Found")
        asked = Asked(asked.request, asked.repo, asked.account, asked.rest[1:])
        revision, path = asked.revision()
        commit = asked.repo.at(revision)
        if commit is None:
            return refusal(asked.request, 404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return hf_files.resolve(self, asked, commit, "/".join(path))

    def _cached(self, request: Request, parts: list[str]) -> Answer:
        """The target of a regular file's redirect."""

        def act(asked: Asked) -> Answer:
            commit = asked.repo.at(asked.rest[0])
            path = "/".join(asked.rest[1:])
            if commit is None or path not in commit.files:
                return entry_missing(request, commit)
            return gate(asked) or hf_files.regular(asked, commit, path)

        return self._in_repo(request, parts[0], parts[1:], act)

    def missing(self, request: Request, account: Account | None) -> Answer:
        """A repository that is not there, or that the caller must not know of."""
        if account:
            return refusal(request, 404, "RepoNotFound", "Repository not found")
        # Old clients read a 401 without a code as "no such repository" over https only.
        code = None if self._tls else "RepoNotFound"
        realm = 'Bearer realm="Authentication required", charset="UTF-8"'
        return refusal(request, 401, code, "Invalid username or password.", ("WWW-Authenticate", realm))


def gate(asked: Asked) -> Answer | None:
    """Why a gated repository's files stay closed to this caller."""
    name, account = asked.repo.id, asked.account
    if not asked.repo.gated:
        return None
    if account is None:
        needed = "You must have access to it and be authenticated to access it. Please log in."
        return refusal(asked.request, 401, "GatedRepo", f"Access to model {name} is restricted. {needed}")
    if not account.granted:
        why = f"you are not in the authorized list. Visit https://huggingface.co/{name} to ask for access."
        return refusal(asked.request, 403, "GatedRepo", f"Access to model {name} is restricted and {why}")
    if not account.gated:
        return refusal(asked.request, 403, None, "This token does not have the required permissions for gated repos")
    return None


def refusal(request: Request, status: int, code: str | None, message: str, *fields: tuple[str, str]) -> Answer:
    """An error in Hugging Face's way: JSON on the API, text on files."""
    told = [("X-Error-Message", message), *fields]
    if code:
        told.insert(0, ("X-Error-Code", code))
    if request.segments[0] == "api":
        return as_json(status, {"error": message}, *told)
    return text(status, message, *told)


def entry_missing(request: Request, commit: Commit | None) -> Answer:
    """A file that is not in the repository; the commit is told all the same."""
    told = [("X-Repo-Commit", commit.sha)] if commit else []
    return refusal(request, 404, "EntryNotFound", "Entry not found", *told)


def _bucket(bucket: str, account: Account | None) -> str:
    return f"account:{bucket}" if account else bucket


def _kind(text: str) -> Kind:
    return next((kind for kind in KINDS if kind == text), "models")


def _renamed(request: Request, width: int, name: str) -> str:
    """The same path and query under the right name, relative."""
    raw = request.raw_path.split("/")
    at = next(i for i, part in enumerate(raw) if part and unquote(part) not in {"api", "resolve-cache", *KINDS})
    path = "/".join([*raw[:at], quote(name), *raw[at + width :]])
    query = request.target.partition("?")[2]
    return f"{path}?{query}" if query else path
