"""A process that is really killed loses nothing that it had told."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from modelyard.tasks.statistics import days


@pytest.mark.parametrize("round_", range(8))
def test_what_was_told_survives_kill_9(tmp_path: Path, round_: int) -> None:
    program = Path(__file__).with_name("crashing.py")
    process = subprocess.Popen([sys.executable, str(program), str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(random.randrange(1, 60))]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    words = [line.split() for line in told if line.endswith("\n")]
    queue = Queue(Database(tmp_path), EventLog())
    queue.recover()
    added = {int(number) for word, *numbers in words if word == "added" for number in numbers}
    done = {int(number) for word, *numbers in words if word == "done" for number in numbers}
    assert added and all(queue.get(number) for number in added)
    assert {number for number in added if queue.get(number).state is State.DONE} >= done
    counts = queue.counts()
    assert counts[State.RUNNING] == 0
    assert sum(counts.values()) % 2 == 0, "two tasks are added in one step: both are there, or none"
    with queue.database.reading() as db:
        assert sum(day.done for day in days(db)) == counts[State.DONE] == sum(day.bytes for day in days(db))
    queue.database.close()
