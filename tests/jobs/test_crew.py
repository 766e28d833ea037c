import threading

import pytest

from modelyard.jobs.crew import FIRST, MOST, Crew


def test_every_item_is_worked_on_once() -> None:
    done: list[int] = []
    Crew(range(500), done.append).run(lambda: None)
    assert sorted(done) == list(range(500))


@pytest.mark.parametrize(("seconds", "most"), [(0.0, FIRST), (0.05, MOST)])
def test_quick_answers_need_few_workers_and_slow_ones_call_for_more(seconds: float, most: int) -> None:
    names: set[int] = set()
    crew: Crew[int]

    def work(_: int) -> None:
        names.add(threading.get_ident())
        crew.answered(seconds)

    crew = Crew(range(400), work)
    crew.run(lambda: None)
    assert len(names) <= most
    assert len(crew.workers) == (FIRST if seconds == 0.0 else MOST)
