from pathlib import Path

import pytest

from modelyard.errors import DiskFull, TargetExists
from modelyard.jobs.preflight import Facts, Step, check_room, decide

TARGET = Path("/models/m.safetensors")
SHA, OTHER = {"sha256": "a" * 64}, {"sha256": "b" * 64}


@pytest.mark.parametrize(
    ("facts", "expected", "step"),
    [
        (Facts(), SHA, Step.FETCH),
        (Facts(part=5), SHA, Step.RESUME),
        (Facts(size=10, measured=SHA, proven_by="proof"), SHA, Step.HERE),
        (Facts(size=10, measured=SHA, proven_by="measured"), SHA, Step.HERE),
        (Facts(size=10, measured=SHA, same_source=True), {}, Step.HERE),
        (Facts(size=10), {}, Step.HERE),
    ],
)
def test_what_is_known_decides_the_step(facts: Facts, expected: dict[str, str], step: Step) -> None:
    assert decide(TARGET, 10, expected, facts, replace=False).step is step


@pytest.mark.parametrize(
    ("facts", "expected"),
    [(Facts(size=10, measured=OTHER), SHA), (Facts(size=9), {}), (Facts(size=10), SHA)],
)
def test_another_file_is_kept_unless_the_person_says_otherwise(facts: Facts, expected: dict[str, str]) -> None:
    with pytest.raises(TargetExists):
        decide(TARGET, 10, expected, facts, replace=False)
    assert decide(TARGET, 10, expected, facts, replace=True).step is Step.REPLACE


def test_how_it_is_known_is_told() -> None:
    assert "untouched since" in decide(TARGET, 10, SHA, Facts(10, SHA, "proof"), replace=False).how
    assert "just now" in decide(TARGET, 10, SHA, Facts(10, SHA, "measured"), replace=False).how
    assert "unverified" in decide(TARGET, 10, {}, Facts(10, SHA, "proof", same_source=True), replace=False).how


def test_what_cannot_fit_is_refused_before_the_first_byte() -> None:
    check_room({1: 100}, {1: 200}, {1: 100}, {1: "/models"})
    with pytest.raises(DiskFull):
        check_room({1: 101}, {1: 200}, {1: 100}, {1: "/models"})
    check_room({1: 10**15}, {1: None}, {1: 0}, {1: "/unknown"})
