import threading
from collections.abc import Callable
from itertools import count

import pytest

from modelyard.jobs.crew import FIRST, MOST, Crew


def test_every_item_is_worked_on_once() -> None:
    done: list[int] = []
    Crew(range(500), done.append).run(lambda: None)
    assert sorted(done) == list(range(500))


@pytest.mark.parametrize(
    ("answers", "used", "most"),
    [
        pytest.param((0.0,), lambda: 0.0, FIRST, id="quick answers"),
        pytest.param((0.05,), lambda: 0.0, MOST, id="slow answers"),
        pytest.param((0.05, 0.05, 0.001), lambda: 0.0, FIRST, id="a quick one among slow ones"),
        pytest.param((0.05,), count(0.0, 1000.0).__next__, FIRST, id="slow ones in a process that has no core left"),
    ],
)
def test_quick_answers_need_few_workers_and_slow_ones_call_for_more(
    answers: tuple[float, ...], used: Callable[[], float], most: int
) -> None:
    names: set[int] = set()
    crew: Crew[int]

    def work(number: int) -> None:
        names.add(threading.get_ident())
        crew.answered(answers[number % len(answers)])

    crew = Crew(range(400), work, used=used)
    crew.run(lambda: None)
    assert len(names) <= most
    assert len(crew.workers) == most
