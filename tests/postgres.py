"""A real PostgreSQL for tests: one cluster a worker, one database a test."""

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from modelyard.store.database import Database


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    which = shutil.which("initdb")
    return Path(which).resolve().parent if which else None


class Cluster:
    """A PostgreSQL that listens on a Unix socket only."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="my-pg-", dir="/tmp"))
        self._made = 0
        self._as = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("nobody")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._call("initdb", "-D", str(self._folder / "data"), "-U", "yard", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
        log = str(self._folder / "log")
        self._call("pg_ctl", "-D", str(self._folder / "data"), "-w", "-o", options, "-l", log, "start")

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=60, **self._as)
        assert done.returncode == 0, done.stderr

    def database(self) -> str:
        """The URL of a new database with our tables: a copy of one made before, half the time of their migrations."""
        return self._create("ours")

    def empty(self) -> str:
        """The URL of a new, empty database."""
        return self._create("template1")

    def _create(self, template: str) -> str:
        self._made += 1
        with self._owner.connect() as db:
            db.exec_driver_sql(f"CREATE DATABASE yard{self._made} TEMPLATE {template}")
        return self._url(f"yard{self._made}")

    @functools.cached_property
    def _owner(self) -> sa.Engine:
        engine = sa.create_engine(
            self._url("postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as db:
            db.exec_driver_sql("CREATE DATABASE ours")
        Database(self._folder / "ours", self._url("ours")).close()
        return engine

    def _url(self, name: str) -> str:
        return f"postgresql://yard@/{name}?host={self._folder}"

    def stop(self) -> None:
        self._owner.dispose()
        with contextlib.suppress(AssertionError):
            self._call("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres():
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    cluster = Cluster(binaries)
    yield cluster
    cluster.stop()
