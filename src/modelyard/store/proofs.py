"""Proofs: what was measured of a file, bound to the stamp it had then.

A proof counts only while device, inode, size and modification time are the same; afterwards the file
must be measured again. Plain sqlite3 on purpose: it opens in milliseconds, and a download of a thousand
small files must not wait for an SQL toolkit to be imported. The database may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from modelyard.errors import DiskError, DiskFull, NoPermission

_VERSION = 1
_CHUNK = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS proofs (
    path TEXT PRIMARY KEY,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    measured BLOB NOT NULL,
    claimed BLOB NOT NULL,
    blocks BLOB NOT NULL,
    address TEXT NOT NULL, source TEXT NOT NULL, etag TEXT NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS proofs_by_sha256 ON proofs (sha256);
CREATE TABLE IF NOT EXISTS hosts (origin TEXT PRIMARY KEY, lanes INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""


class Stamp(msgspec.Struct, frozen=True):
    """What tells whether a file was touched since it was measured."""

    device: int
    inode: int
    size: int
    mtime_ns: int


def stamp_of(path: Path) -> Stamp | None:
    """Stamp of a regular file, None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    # Inodes and devices may use all 64 bits; SQLite's integers are signed.
    return Stamp(_signed(found.st_dev), _signed(found.st_ino), found.st_size, found.st_mtime_ns)


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


class Proof(msgspec.Struct, frozen=True):
    """What was measured of one file.

    Attributes:
        measured: Digests of its bytes.
        claimed: Digests that were claimed for it.
        blocks: Packed block table (see `engine.blocks`), empty when none was made.
        address: Canonical address it came from, empty when unknown.
        source: URL it came from, without query.
        etag: Strong ETag of that source.
    """

    path: Path
    stamp: Stamp
    measured: Mapping[str, str]
    claimed: Mapping[str, str] = msgspec.field(default_factory=dict)
    blocks: bytes = b""
    address: str = ""
    source: str = ""
    etag: str = ""


class Proofs:
    """The proofs of this machine. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "proofs.db"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def of(self, path: Path) -> Proof | None:
        """The proof of a file, None when it has none or was touched since."""
        stamp = stamp_of(path)
        with self._open() as db:
            row = db.execute("SELECT * FROM proofs WHERE path = ?", (_name(path),)).fetchone()
        proof = _proof(row) if row else None
        return proof if proof and stamp == proof.stamp else None

    def of_each(self, paths: Iterable[str]) -> dict[str, Proof]:
        """As `of` for many files at once, by path; those that have no proof are not looked at on the disk."""
        names = {os.path.abspath(path): path for path in paths}  # noqa: PTH100  # resolve() would follow links
        every, known = list(names), list[Proof]()
        with self._open() as db:
            for first in range(0, len(every), _CHUNK):
                chunk = every[first : first + _CHUNK]
                query = f"SELECT * FROM proofs WHERE path IN ({','.join('?' * len(chunk))})"  # noqa: S608
                known += map(_proof, db.execute(query, chunk).fetchall())
        return {names[str(proof.path)]: proof for proof in known if stamp_of(proof.path) == proof.stamp}

    def last_known(self, path: Path) -> Proof | None:
        """The proof that a file had, touched or not: what it should be."""
        with self._open() as db:
            row = db.execute("SELECT * FROM proofs WHERE path = ?", (_name(path),)).fetchone()
        return _proof(row) if row else None

    def addresses(self, paths: Sequence[str]) -> dict[str, str]:
        """Where these files came from, touched since or not; of those that came from a known address."""
        names = {_name(Path(path)): path for path in paths}
        every, found = list(names), dict[str, str]()
        with self._open() as db:
            for first in range(0, len(every), _CHUNK):
                chunk = every[first : first + _CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT path, address FROM proofs WHERE address <> '' AND path IN ({marks})"  # noqa: S608
                found |= {names[path]: address for path, address in db.execute(query, chunk)}
        return found

    def with_sha256(self, sha256: str) -> list[Proof]:
        """Proofs of untouched files with these bytes."""
        with self._open() as db:
            rows = db.execute("SELECT * FROM proofs WHERE sha256 = ?", (sha256,)).fetchall()
        return [proof for proof in map(_proof, rows) if stamp_of(proof.path) == proof.stamp]

    def from_address(self, beginning: str) -> list[Proof]:
        """Proofs of untouched files whose address begins so, the newest first."""
        with self._open() as db:
            query = "SELECT * FROM proofs WHERE address >= ? AND address < ? ORDER BY at DESC"
            rows = db.execute(query, (beginning, beginning + "\U0010ffff")).fetchall()
        return [proof for proof in map(_proof, rows) if stamp_of(proof.path) == proof.stamp]

    def keep(self, proofs: Iterable[Proof]) -> None:
        """Record proofs, durably, all in one transaction."""
        rows = [_row(proof) for proof in proofs]
        with self._open() as db, db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO proofs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)

    def rename(self, before: Path, after: Path) -> None:
        """A file was moved: its proof goes with it, and counts there when the stamp is still the same."""
        with self._open() as db, db:
            db.execute("UPDATE OR REPLACE proofs SET path = ? WHERE path = ?", (_name(after), _name(before)))

    def recall(self, origin: str) -> int:
        """Connections that served best at an origin; 1 for an unknown one (`engine.order.HostMemory`)."""
        with self._open() as db:
            row = db.execute("SELECT lanes FROM hosts WHERE origin = ?", (origin,)).fetchone()
        return int(row[0]) if row else 1

    def learn(self, origin: str, lanes: int) -> None:
        """Remember how many connections served best at an origin."""
        with self._open() as db, db:
            db.execute("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?)", (origin, lanes, time.time()))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise _translated(error, self._path) from error

    def _connect(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _prepared(self._path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not self._path.exists():
                raise _no_database(self._path, error) from error
            # Damaged: set aside, begin anew. Everything in it can be measured again.
            self._path.replace(self._path.with_suffix(".damaged"))
            return _prepared(self._path)
        except OSError as error:
            raise _no_database(self._path, error) from error


def _translated(error: sqlite3.Error, path: Path) -> DiskError:
    """The error of ours that a database error means."""
    if "full" in str(error):
        return DiskFull(f"No room left for {path}; the files themselves are not touched by that.")
    return DiskError(f"{path}: {error}.", hint="It may be deleted: everything in it can be measured again.")


def _no_database(path: Path, error: Exception) -> DiskError:
    if "full" in str(error) or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return DiskFull(f"No room left for {path}.", hint="Free some room, or name another folder in MODELYARD_HOME.")
    return NoPermission(f"{path} cannot be opened.", hint="Name another data folder in MODELYARD_HOME.")


def _prepared(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            db.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")
    except BaseException:
        db.close()
        raise
    return db


def _name(path: Path) -> str:
    return os.fsdecode(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links


def _row(proof: Proof) -> tuple[object, ...]:
    stamp = proof.stamp
    return (
        _name(proof.path),
        stamp.device,
        stamp.inode,
        stamp.size,
        stamp.mtime_ns,
        proof.measured.get("sha256", ""),
        msgspec.json.encode(dict(proof.measured)),
        msgspec.json.encode(dict(proof.claimed)),
        proof.blocks,
        proof.address,
        proof.source,
        proof.etag,
        time.time(),
    )


def _proof(row: tuple[object, ...]) -> Proof:
    path, device, inode, size, mtime, _, measured, claimed, blocks, address, source, etag, _ = row
    return Proof(
        Path(str(path)),
        Stamp(*(int(str(number)) for number in (device, inode, size, mtime))),
        msgspec.json.decode(measured if isinstance(measured, bytes) else b"{}", type=dict[str, str]),
        msgspec.json.decode(claimed if isinstance(claimed, bytes) else b"{}", type=dict[str, str]),
        blocks if isinstance(blocks, bytes) else b"",
        str(address),
        str(source),
        str(etag),
    )
