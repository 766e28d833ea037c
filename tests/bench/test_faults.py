"""The table of faults: what a run's end means, and what counts as recovered."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from bench.test_chart import loaded


@pytest.fixture(scope="module")
def faults() -> ModuleType:
    return loaded("faults")


@pytest.mark.parametrize(
    ("code", "verified", "found", "verdict"),
    [
        (0, True, "right", "good"),
        (0, False, "right", "good"),
        (0, True, "wrong", "corrupt"),
        (0, False, "wrong", "unproven"),
        (6, False, "wrong", "exposed"),
        (6, False, None, "refused"),
        (0, True, None, "nothing"),
        (None, False, "wrong", "hung"),
    ],
)
def test_what_a_runs_end_means(
    faults: ModuleType, code: int | None, verified: bool, found: str | None, verdict: str
) -> None:
    assert faults.judge(code, verified, found, ["right"]) == verdict


def rows(faults: ModuleType, *said: tuple[int, str, str]) -> list[object]:
    return [
        faults.Row(number, "x", "", True, faults.Run(free, 0), faults.Run(pinned, 0)) for number, free, pinned in said
    ]


def held(faults: ModuleType, *said: tuple[int, str, str]) -> list[bool]:
    return [one for _, one in faults.bars(rows(faults, *said))][:5]


def test_a_row_with_several_names_is_recovered_when_all_are(faults: ModuleType) -> None:
    some = [(number, "refused", "good") for number in (1, 2)]
    assert held(faults, (39, "good", "good"), (39, "refused", "good"), *some)[0] is False
    assert held(faults, (39, "good", "good"), (39, "refused", "good"), some[0])[0] is True


def test_each_lie_misses_its_own_bar(faults: ModuleType) -> None:
    assert held(faults, (1, "good", "good"), (29, "unproven", "refused")) == [True] * 5
    assert held(faults, (1, "good", "corrupt")) == [True, False, True, True, True]
    assert held(faults, (1, "good", "exposed")) == [True, True, False, True, True]
    assert held(faults, (1, "good", "unproven")) == [True, True, True, False, True]
    assert held(faults, (1, "good", "hung")) == [True, True, True, True, False]


def test_the_page_says_it_in_words(faults: ModuleType) -> None:
    last = faults.markdown(rows(faults, (29, "unproven", "refused"))).splitlines()[-1]
    assert last == "| 29 |  | arrives, said to be unverified | 1.00 | refused | 1.00 |"


@pytest.mark.slow
def test_a_real_run_is_judged_by_what_lies_there(
    faults: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert faults.bench(tmp_path, ["cut_once"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-4::2] == ["good", "good"]
