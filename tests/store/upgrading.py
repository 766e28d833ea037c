"""A process that brings a database to a version and is killed before a statement of it: `FOLDER VERSION NUMBER`."""

import itertools
import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from modelyard.store.database import FILE
from modelyard.store.upgrade import upgrade


def main() -> None:
    folder, version, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    engine = sa.create_engine(f"sqlite:///{folder / FILE}")
    writes = itertools.count(1)

    def kill(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")) and next(writes) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(engine, "before_cursor_execute", kill)
    upgrade(engine, version)


main()
