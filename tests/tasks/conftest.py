import pytest

from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.tasks.queue import Queue
from modelyard.tasks.task import Draft


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    database = Database(tmp_path / "yard", url)
    yield database
    database.close()


class Wall:
    def __init__(self):
        self.seconds = 1_700_000_000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def queue(database, wall):
    return Queue(database, EventLog(), wall)


def draft(name="a", **more):
    return Draft(**{"kind": "toy", "title": name, "hub": "web", **more})
