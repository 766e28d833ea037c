"""Which task is next, decided without a runner."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.tasks.picking import LIBRARY, Slots, pick
from modelyard.tasks.states import State
from modelyard.tasks.task import Priority, Task


def task(number: int, hub: str, priority: Priority = Priority.NORMAL) -> Task:
    told: dict[str, Any] = dict.fromkeys(Task.__struct_fields__)
    told |= {"id": number, "hub": hub, "priority": priority, "position": float(number), "state": State.QUEUED}
    return Task(**told)


def picked(tasks: list[Task], slots: Slots, running: tuple[str, ...] = ()) -> list[int]:
    return [one.id for one in pick(tasks, running, slots)]


def test_a_thousand_files_of_one_hub_do_not_hold_back_one_of_another() -> None:
    waiting = [*(task(number, "huggingface") for number in range(1, 1001)), task(1001, "civitai")]
    assert picked(waiting, Slots(2, 4)) == [1, 1001]
    assert picked(waiting, Slots(1, 4), ("huggingface",)) == []
    assert picked(waiting, Slots(2, 4), ("huggingface",)) == [1001]
    assert picked(waiting, Slots(4, 4)) == [1, 1001, 2, 3]


def test_a_higher_priority_goes_before_fairness() -> None:
    waiting = [task(1, "civitai"), task(2, "huggingface", Priority.HIGH), task(3, "huggingface", Priority.HIGH)]
    assert picked(waiting, Slots(2, 4), ()) == [2, 3]
    assert picked(waiting, Slots(2, 1), ()) == [2, 1], "a full hub holds back nobody else"


def test_within_a_hub_the_position_decides() -> None:
    first, second = task(1, "web"), msgspec.structs.replace(task(2, "web"), position=0.5)
    assert picked([first, second], Slots(1, 1)) == [2]


@pytest.mark.parametrize("running", [(), ("web", "web")])
def test_care_of_the_library_neither_takes_nor_waits_for_slots(running: tuple[str, ...]) -> None:
    waiting = [task(1, "web"), *(task(number, LIBRARY) for number in (2, 3, 4))]
    assert picked(waiting, Slots(2, 2), running) == ([2, 3] if running else [2, 3, 1])
    assert picked(waiting[:1], Slots(1, 1), (LIBRARY, LIBRARY)) == [1]


HUBS = st.sampled_from(["a", "b", "c"])


@given(
    st.lists(st.tuples(HUBS, st.sampled_from(Priority)), max_size=30),
    st.lists(HUBS, max_size=6),
    st.integers(1, 8),
    st.integers(1, 4),
)
def test_limits_hold_no_slot_is_wasted_and_nobody_is_passed_over(
    waiting: list[tuple[str, Priority]], running: list[str], total: int, per_hub: int
) -> None:
    tasks = [task(number, hub, priority) for number, (hub, priority) in enumerate(waiting)]
    chosen = pick(tasks, running, Slots(total, per_hub))
    before, after = Counter(running), Counter([*running, *(one.hub for one in chosen)])
    assert len(chosen) <= max(0, total - len(running))
    assert all(after[hub] <= max(per_hub, before[hub]) for hub in after)
    left = [one for one in tasks if one not in chosen and after[one.hub] < per_hub]
    assert not left or len(running) + len(chosen) >= total, "a slot is free and somebody could have it"
    for one in left:
        assert all(other.priority <= one.priority for other in chosen), "something of a lower priority was started"
        equal = [other for other in chosen if other.priority == one.priority and other.hub != one.hub]
        assert all(after[other.hub] - 1 <= after[one.hub] for other in equal), "a busier hub was preferred"
