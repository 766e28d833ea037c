"""The queue against a model; its process is really killed, between and inside the writes, and its disk fails."""

from __future__ import annotations

import copy
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from modelyard.store.database import Database
from tasks.forks import Forks
from tasks.queue_model import Model

PICKS = st.lists(st.integers(0, 30), min_size=1, max_size=3)
DRAFT = st.fixed_dictionaries(
    {
        "key": st.sampled_from([None, None, "a", "b"]),
        "priority": st.integers(0, 2),
        "needs": st.lists(st.integers(0, 30), max_size=2),
    }
)
ADD = st.fixed_dictionaries({"call": st.just("add"), "drafts": st.lists(DRAFT, min_size=1, max_size=3)})
MOVE = st.fixed_dictionaries(
    {
        "call": st.just("move"),
        "how": st.sampled_from(["start", "start", "verify", "put_off", "succeed", "succeed", "fail"]),
        "ids": PICKS.map(lambda picks: picks[:1]),
    }
)
CHANGE = st.fixed_dictionaries(
    {"call": st.just("change"), "how": st.sampled_from(["pause", "resume", "retry", "cancel"]), "ids": PICKS}
)
VERB = ADD | MOVE | CHANGE
WRITES = st.integers(1, 6)
HOW = settings(deadline=None, phases=[Phase.generate])  # to shrink a failure takes longer than a test may


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = Forks()
    yield forks
    forks.end()


class QueueMachine(RuleBasedStateMachine):
    """Every rule ends with a look at the whole database."""

    def __init__(self, forks: Forks, prepare: Callable[[Path], str]) -> None:
        super().__init__()
        self.forks, self.prepare = forks, prepare

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="queue-"))
        self.url = self.prepare(self.folder)
        self.model = Model()
        self.live()
        keys = (None, None, "a", "a", "b", None)
        self.do({"call": "add", "drafts": [{"key": key, "priority": 1, "needs": []} for key in keys]})

    def live(self, dies: int = 0) -> dict[str, Any]:
        """A new process, or what it told before it died."""
        self.forks.send({"folder": str(self.folder), "url": self.url, "dies": dies})
        told = self.forks.read()
        self.pid = told.get("ready", 0)
        return told

    def gone(self) -> None:
        """It ended by the signal that nobody can catch."""
        assert self.forks.read() == {"gone": -signal.SIGKILL}

    def anew(self) -> None:
        self.live()
        assert self.forks.lives
        self.model.recover()

    def teardown(self) -> None:
        if self.forks.lives:
            self.forks.send({"call": "leave"})
            while "gone" not in self.forks.read():
                pass
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def named(self, verb: dict[str, Any]) -> dict[str, Any]:
        """A verb with the numbers of tasks in place of picks; there is always one to pick after the first."""
        known = sorted(self.model.state)

        def some(picks: list[int]) -> list[int]:
            return list(dict.fromkeys(known[pick % len(known)] for pick in picks)) if known else []

        if verb["call"] == "move" and verb["ids"][0] % 4 and self.model.movable(verb["how"]):
            known = self.model.movable(verb["how"])  # else most moves were illegal ones
        if verb["call"] != "add":
            return verb | {"ids": some(verb["ids"])}
        drafts = [draft | {"needs": some(draft["needs"])} for draft in verb["drafts"]]
        if verb["drafts"][-1]["needs"] and len(drafts) > 1:
            drafts[-1]["needs"].append(-1)  # the first one of the same call
        return verb | {"drafts": drafts}

    def expected(self, verb: dict[str, Any]) -> Any:
        """Let the model do it, too."""
        return getattr(self.model, verb["call"])(**{name: value for name, value in verb.items() if name != "call"})

    def possible(self, verb: dict[str, Any]) -> bool:
        return bool(self.model.state) or verb["call"] == "add"

    # --- rules ------------------------------------------------------------------------------------

    @rule(verbs=st.lists(ADD, min_size=1, max_size=4))
    def add(self, verbs: list[dict[str, Any]]) -> None:
        for verb in verbs:
            self.do(verb)

    @rule(verbs=st.lists(MOVE, min_size=1, max_size=4))
    def move(self, verbs: list[dict[str, Any]]) -> None:
        for verb in verbs:
            self.do(verb)

    @rule(verbs=st.lists(CHANGE, min_size=1, max_size=4))
    def change(self, verbs: list[dict[str, Any]]) -> None:
        for verb in verbs:
            self.do(verb)

    def do(self, verb: dict[str, Any]) -> None:
        if self.possible(verb):
            verb = self.named(verb)
            self.forks.send(verb)
            told = self.forks.read()
            assert told["answer"] == self.expected(verb), (verb, told)
            self.check()
            assert all(self.model.state[number] == to for number, to in dict(told["said"]).items())

    @rule(verb=VERB, write=WRITES)
    def the_process_dies_in_the_middle(self, verb: dict[str, Any], write: int) -> None:
        """Before a write or the commit: nothing happened. After it, told to nobody: all of it happened."""
        if self.possible(verb):
            verb = self.named(verb)
            self.forks.send(verb | {"dies": write})
            if self.forks.read() == {"kept": True}:
                self.expected(verb)
            self.gone()
            self.anew()
            self.check()

    @rule(verb=VERB, write=WRITES)
    def the_disk_fails_in_the_middle(self, verb: dict[str, Any], write: int) -> None:
        """All or nothing, and nobody hears of what did not happen."""
        if self.possible(verb):
            verb = self.named(verb)
            self.forks.send(verb | {"fails": write})
            told = self.forks.read()
            if "error" in told:
                assert told == {"error": "disk", "said": []}
            else:
                assert told["answer"] == self.expected(verb)
            self.check()

    @rule(verbs=st.lists(VERB, min_size=1, max_size=6), answers=st.integers(0, 6))
    def it_is_killed_from_outside(self, verbs: list[dict[str, Any]], answers: int) -> None:
        """Whatever it was doing then: every verb that it told of happened, of the others at most the next one."""
        if not self.possible(verbs[0]):
            return
        before = [copy.deepcopy(self.model)]
        named, expected = [], []
        for verb in verbs:
            named.append(self.named(verb))
            expected.append(self.expected(named[-1]))
            before.append(copy.deepcopy(self.model))
        self.forks.send(*named)
        told = [self.forks.read() for _ in named[:answers]]
        os.kill(self.pid, signal.SIGKILL)
        while "gone" not in (one := self.forks.read()):
            told.append(one)
        assert one["gone"] == -signal.SIGKILL
        assert [one["answer"] for one in told] == expected[: len(told)]
        self.model = before[len(told)]
        self.anew()
        if len(told) < len(verbs) and self.look() != self.known():
            self.model = before[len(told) + 1]
            self.model.recover()
        self.check()

    @rule(pick=st.integers(0, 30), other=st.integers(0, 30), top=st.booleans(), dies=st.just(0) | WRITES)
    def place(self, pick: int, other: int, top: bool, dies: int) -> None:
        """Only what is placed changes its place, and stands where it was put."""
        order = self.model.order()
        number, before = (order[pick % len(order)], order[other % len(order)]) if order else (0, 0)
        if number == before:
            return
        self.forks.send({"call": "place", "ids": [number], "before": None if top else before, "dies": dies})
        told = self.forks.read()
        if dies:
            self.gone()
            self.anew()
        if "lost" not in told:
            self.model.place[number] = self.look()["place"][number]
            order = self.model.order()
            same = [one for one in order if self.model.place[one][0] == self.model.place[number][0]]
            assert same[0] == number if top else order.index(number) == order.index(before) - 1
        self.check()

    @rule(write=WRITES)
    def it_dies_while_it_recovers(self, write: int) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.gone()
        if "ready" not in (told := self.live(dies=write)):
            assert told.keys() <= {"lost", "kept"}
            self.gone()
        self.anew()
        self.check()

    @rule()
    def it_ends_in_good_order(self) -> None:
        self.forks.send({"call": "leave"})
        assert self.forks.read() == {"gone": 0}
        self.anew()
        self.check()

    # --- what always holds ------------------------------------------------------------------------

    def look(self) -> dict[str, Any]:
        self.forks.send({"call": "look"})
        told: dict[str, Any] = self.forks.read()["answer"]
        self.steps = told.pop("steps")
        return told | {name: dict(told[name]) for name in ("state", "follows", "place")}

    def known(self) -> dict[str, Any]:
        return self.model.looks()

    def check(self) -> None:
        """The database says what the model says, and each history is a chain that ends at the state."""
        assert self.look() == self.known()
        ends: dict[int, str | None] = dict.fromkeys(self.model.state)
        for number, before, after in self.steps:
            assert ends[number] == before
            ends[number] = after
        assert ends == self.model.state


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database."""
    folder = tmp_path_factory.mktemp("empty")
    Database(folder).close()
    return folder


def copied(empty: Path) -> Callable[[Path], str]:
    def prepare(folder: Path) -> str:
        shutil.copytree(empty, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("reserve.bin"))
        return ""

    return prepare


def test_a_verb_for_many_that_is_killed_before_any_of_its_writes_happened_to_none(forks: Forks, empty: Path) -> None:
    machine = QueueMachine(forks, copied(empty))
    machine.begin()
    for write in range(1, 60):
        machine.the_process_dies_in_the_middle({"call": "change", "how": "cancel", "ids": list(range(6))}, write)
        if machine.model.ends:
            break
    assert machine.model.ends == 6 and write > 12
    machine.teardown()


def test_the_queue_does_what_the_model_does_on_sqlite(forks: Forks, empty: Path) -> None:
    how = settings(HOW, max_examples=10, stateful_step_count=25)
    run_state_machine_as_test(lambda: QueueMachine(forks, copied(empty)), settings=how)


def test_the_queue_does_what_the_model_does_on_postgresql(forks: Forks, postgres: Any) -> None:
    how = settings(HOW, max_examples=4, stateful_step_count=20)
    run_state_machine_as_test(lambda: QueueMachine(forks, lambda _: postgres.database()), settings=how)
