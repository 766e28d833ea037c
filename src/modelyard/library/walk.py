"""Walking a root: folder by folder, one stat a file, links followed only while they stay inside the roots."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from modelyard.library.passing import is_passing
from modelyard.library.roots.roots import Problem, Root
from modelyard.values.suffixes import LISTED, QUARANTINE, suffix_of

DEEPEST = 40
_FAR = 2**62
"""Nanoseconds since 1970, beyond which a time is nonsense that no database holds."""
_BLOB = re.compile(r"sha256-[0-9a-f]{64}")
_PARTIAL = (".part", ".download", ".crdownload", ".aria2", ".tmp", ".incomplete", QUARANTINE)
_BESIDE = frozenset(
    (".png", ".webp", ".jpg", ".jpeg", ".gif", ".avif", ".bmp", ".jxl", ".svg", ".mp4", ".webm", ".mov")
    + (".json", ".yaml", ".yml", ".toml", ".info", ".md", ".txt", ".html", ".csv", ".log", ".py", ".bak", ".url")
    + (".ini", ".cfg", ".conf", ".xml", ".pdf", ".lnk", ".plist", ".lock", ".pid", ".wav", ".mp3", ".flac", ".ogg")
    + (".db", ".db3", ".sqlite", ".sqlite3", ".sqlitedb", ".mdb", ".ldb", ".sst", ".duckdb", ".sql", ".rdb")
    + (".so", ".dll", ".dylib", ".pyd", ".pyc", ".pyo", ".exe", ".msi", ".com", ".scr", ".jar", ".class", ".o", ".a")
    + (".sh", ".bash", ".zsh", ".fish", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".mjs", ".ts", ".css", ".ipynb", ".lua")
    + (".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".pl", ".rb", ".go", ".rs", ".pyx")
    + (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".lz4", ".7z", ".rar")
)
"""Endings of what lies beside models; ComfyUI lists it, too, where it asks for no ending, and nobody loads it there."""
_OF_DATABASES = ("-wal", "-shm", "-journal")
"""Endings, behind whatever the database is called, of what SQLite keeps beside one."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One file as the folder shows it."""

    path: str
    name: str
    size: int
    mtime_ns: int
    device: int
    inode: int


class Folder(msgspec.Struct, frozen=True):
    """One folder of a root.

    Attributes:
        models: Files whose names are those of models, by name.
        others: All other files, by name: the sidecars are among them.
        folders: Names of the folders in it that will be walked.
        passing: Names of files of ours that are not whole yet, or were left by a crash.
    """

    path: str
    models: Mapping[str, Seen]
    others: Mapping[str, Seen]
    folders: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()


@dataclass
class Walk:
    """A walk through one root; `problems` fills while it goes on.

    Args:
        allowed: Real paths that links may lead into: the registered roots.
        hidden: Device and inode of a folder that holds no models: the data folder, by whatever way it is reached.
    """

    root: Root
    allowed: tuple[str, ...] = ()
    hidden: tuple[int, int] | None = None
    problems: list[Problem] = field(default_factory=list)
    _visited: set[tuple[int, int]] = field(default_factory=set)

    def folders(self, skip: Callable[[Folder], bool] = lambda _: False) -> Iterator[Folder]:
        """Every folder, parents first, in the order of their names.

        Args:
            skip: Says of a folder that what lies below it belongs to it as a whole.
        """
        self._visited.clear()
        waiting = [(str(self.root.path), 0)]
        while waiting:
            path, depth = waiting.pop()
            found = self._one(path, depth)
            if found is None:
                continue
            yield found
            if not skip(found):
                waiting += [(os.path.join(path, name), depth + 1) for name in sorted(found.folders, reverse=True)]

    def _one(self, path: str, depth: int) -> Folder | None:
        models: dict[str, Seen] = {}
        others: dict[str, Seen] = {}
        below: list[str] = []
        passing: list[str] = []
        try:
            if not self._first_visit(path, depth):
                return None
            with os.scandir(path) as entries:
                for entry in entries:
                    if is_passing(entry.name):
                        passing.append(entry.name)
                    self._sort_in(entry, models, others, below)
        except FileNotFoundError:
            if depth == 0 and self.root.entry == str(self.root.path):
                self._tell("missing", path, "The folder is not there.", "Is its drive attached?")
            return None
        except NotADirectoryError:
            self._tell("not-a-folder", path, "This is no folder.", "Name the folder that holds the models.")
            return None
        except PermissionError:
            self._tell("no-permission", path, "It may not be read.", f"Allow it: chmod u+rx {path!r}")
            return None
        except OSError as error:
            self._tell("unreadable", path, f"It cannot be read: {error.strerror}.", "Check the drive.")
            return None
        return Folder(path, models, others, tuple(below), tuple(passing))

    def _first_visit(self, path: str, depth: int) -> bool:
        found = os.stat(path)
        key = (found.st_dev, found.st_ino)
        if key == self.hidden:
            return False
        if key in self._visited or depth > DEEPEST:
            self._tell("link-loop", path, "A link leads back to a folder that was seen already.", "Remove the link.")
            return False
        self._visited.add(key)
        return True

    def _sort_in(
        self, entry: os.DirEntry[str], models: dict[str, Seen], others: dict[str, Seen], below: list[str]
    ) -> None:
        name = entry.name
        if name.endswith(_PARTIAL):
            if name.endswith(QUARANTINE):
                self._tell("quarantined", entry.path, "It would run code when it is loaded.", "modelyard quarantine")
            return
        if name.startswith("."):
            return
        if not name.isascii() and not _is_text(name):
            self._tell("bad-name", ascii(entry.path), "The name is no valid text.", "Rename it.")
            return
        try:
            if entry.is_symlink() and not self._stays(entry.path):
                return
            if entry.is_dir():
                below.append(name)
                return
            found = entry.stat()
        except OSError as error:
            self._tell("unreadable", entry.path, f"It cannot be read: {error.strerror}.", "A broken link? Remove it.")
            return
        if stat.S_ISREG(found.st_mode):
            where = models if self._is_model(name) or _is_blob(entry.path, name) else others
            where[name] = Seen(
                entry.path,
                name,
                found.st_size,
                min(max(found.st_mtime_ns, -_FAR), _FAR),
                signed(found.st_dev),
                signed(found.st_ino),
            )

    def _is_model(self, name: str) -> bool:
        suffix = suffix_of(name)
        return suffix in LISTED or (self.root.every and suffix != "" and not _is_beside(name, suffix))

    def _stays(self, path: str) -> bool:
        real = os.path.realpath(path)
        if any(real == root or real.startswith(root + os.sep) for root in self.allowed):
            return True
        hint = f"Register where it leads: modelyard roots add {str(Path(real).parent)!r}"
        self._tell("link-outside", path, f"The link leads out of the roots, to {real}.", hint)
        return False

    def _tell(self, code: str, path: str, words: str, hint: str) -> None:
        if len(self.problems) < 1000:
            self.problems.append(Problem(code, path, words, hint))


def _is_beside(name: str, suffix: str) -> bool:
    """Whether nobody loads a file of this name as a model: databases, programs, scripts, archives, pictures, texts."""
    return suffix in _BESIDE or suffix.endswith(_OF_DATABASES) or ".so." in name.lower()


def _is_blob(path: str, name: str) -> bool:
    """Whether a file without a suffix is a model of Ollama, which names its blobs by their hashes."""
    if not name.startswith("sha256-") or not _BLOB.fullmatch(name):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"GGUF"
    except OSError:
        return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def signed(number: int) -> int:
    """Inodes and devices may use all 64 bits; databases' integers are signed."""
    return number - 2**64 if number >= 2**63 else number
