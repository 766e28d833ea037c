"""A process that adds and ends tasks as fast as it can, telling each only when it is durable; it is killed."""

import sys
from pathlib import Path

from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.tasks.moving import Move
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from modelyard.tasks.task import Draft


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    queue = Queue(Database(Path(sys.argv[1])), EventLog())
    number = 0
    while True:
        number += 1
        first, second = queue.add([Draft(kind="toy", title=f"{number}"), Draft(kind="toy", title=f"{number}")])
        tell(f"added {first} {second}")
        queue.mover.move(Move(first, State.RUNNING))
        queue.mover.move(Move(first, State.DONE, fields={"received": 1}))
        tell(f"done {first}")


main()
