"""Repositories: commits, revisions and files, as Hugging Face and ModelScope both have them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from modelyard.testing.content import Content
from modelyard.testing.files import BIRTHDAY
from modelyard.testing.models import model_content

Kind = Literal["models", "datasets", "spaces"]
Gate = Literal[False, "auto", "manual"]
Files = Mapping[str, "bytes | int | Content"]

_LFS = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".zip", ".parquet", ".png", ".mp4")
_LFS_FROM = 10 << 20


@dataclass(frozen=True)
class Commit:
    """One state of a repository."""

    sha: str
    title: str
    date: str
    files: Mapping[str, Content]

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds something, parents included."""
        return frozenset(path[:at] for path in self.files for at, mark in enumerate(path) if mark == "/")

    def under(self, folder: str, recursive: bool) -> Iterator[tuple[str, Content | None]]:
        """Entries below a folder in order of their names; folders come with None."""
        prefix = f"{folder}/" if folder else ""
        for path in sorted([*self.files, *self.folders]):
            if path.startswith(prefix) and (recursive or "/" not in path[len(prefix) :]):
                yield path, self.files.get(path)


class Repo:
    """A repository that is built when somebody first looks into it.

    Attributes:
        gated: ``auto`` or ``manual`` when its files need accepted terms.
        facts: Further fields of its info: ``pipeline_tag``, ``tags``, ``downloads``, ``likes``, ``cardData``.
        branches: Commit of each branch; likewise ``tags`` and ``pulls``.
    """

    def __init__(
        self,
        name: str,
        files: Files | Callable[[], Files],
        *,
        kind: Kind = "models",
        private: bool = False,
        gated: Gate = False,
        disabled: bool = False,
        seed: int = 1,
        trunk: str = "main",
        **facts: object,
    ) -> None:
        self.id, self.kind, self.private, self.gated, self.disabled = name, kind, private, gated, disabled
        self.facts, self._files, self._seed, self.trunk = facts, files, seed, trunk
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.pulls: dict[str, str] = {}

    @cached_property
    def commits(self) -> list[Commit]:
        """Every commit, the oldest first."""
        files = self._files() if callable(self._files) else self._files
        first = self._commit(0, "initial commit", files)
        self.branches[self.trunk] = first.sha
        return [first]

    @property
    def number(self) -> str:
        """Its Mongo-like ``_id``, 24 hex digits."""
        return hashlib.sha1(f"{self.kind} {self.id}".encode()).hexdigest()[:24]

    @property
    def head(self) -> Commit:
        """The last commit of its default branch."""
        self.commits  # noqa: B018
        found = self.at(self.trunk)
        assert found
        return found

    def commit(self, files: Files, title: str = "change") -> Commit:
        """Change or add files; its default branch moves to the new commit."""
        merged = {**self.head.files, **self._contents(files)}
        commit = self._commit(len(self.commits), title, merged)
        self.commits.append(commit)
        self.branches[self.trunk] = commit.sha
        return commit

    def changed(self, commit: Commit, path: str) -> Commit:
        """The commit, this one or an earlier one, that last changed a file or something in a folder."""
        past = self.commits[: self.commits.index(commit) + 1]
        if len(past) == 1:
            return commit
        state = _below(commit, path)
        while len(past) > 1 and _below(past[-2], path) == state:
            past.pop()
        return past[-1]

    def at(self, revision: str) -> Commit | None:
        """The commit of a branch, tag, ``refs/...`` name, full or short sha, or ``HEAD``."""
        commits = self.commits
        name = self.trunk if revision == "HEAD" else revision
        short = re.sub(r"^refs/(heads|tags|convert)/", "", name)
        sha = self.branches.get(short) or self.tags.get(short) or self.pulls.get(name) or name
        if not re.fullmatch("[0-9a-f]{7,40}", sha):
            return None
        return next((commit for commit in reversed(commits) if commit.sha.startswith(sha)), None)

    def _commit(self, index: int, title: str, files: Files) -> Commit:
        contents = self._contents(files)
        state = hashlib.sha1(f"{self.trunk} {self.id} {index}".encode())
        for path in sorted(contents):
            state.update(f"{path} {contents[path].tag}\n".encode())
        day = BIRTHDAY + index * 86400
        return Commit(state.hexdigest(), title, iso(day), contents)

    def _contents(self, files: Files) -> dict[str, Content]:
        return {path: model_content(path, data, seed=self._seed + i) for i, (path, data) in enumerate(files.items())}


def _below(commit: Commit, path: str) -> dict[str, str]:
    inside = f"{path}/"
    return {name: one.tag for name, one in commit.files.items() if name == path or name.startswith(inside)}


def is_lfs(path: str, content: Content) -> bool:
    """Whether the hub keeps this file in large file storage."""
    return path.endswith(_LFS) or content.size > _LFS_FROM


def pointer(content: Content) -> bytes:
    """The git-lfs pointer that stands for the file in git."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{content.sha256}\nsize {content.size}\n".encode()


def git_oid(path: str, content: Content) -> str:
    """The git blob sha1 of the file, or of its pointer."""
    if not is_lfs(path, content):
        return content.git_sha1
    data = pointer(content)
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def iso(seconds: float) -> str:
    """An ISO time with milliseconds and Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
