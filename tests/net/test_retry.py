import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.net.headers import Headers
from modelyard.net.retry import RetryPolicy, asked_to_wait


def test_the_defaults_are_three_tries_doubling_from_one_second_to_a_minute() -> None:
    policy = RetryPolicy()
    assert (policy.retries, policy.first, policy.cap, policy.factor, policy.jitter) == (3, 1.0, 60.0, 2.0, True)
    assert {408, 429, 500, 502, 503, 504} <= policy.statuses


def test_without_jitter_the_waits_double_up_to_the_cap() -> None:
    policy = RetryPolicy(jitter=False)
    assert [policy.delay(attempt, random.Random(1)) for attempt in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


@given(st.integers(0, 30), st.integers())
def test_jitter_stays_below_the_computed_wait(attempt: int, seed: int) -> None:
    plain, jittered = RetryPolicy(jitter=False), RetryPolicy()
    assert 0 < jittered.delay(attempt, random.Random(seed)) <= plain.delay(attempt, random.Random(seed))


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([("Retry-After", "3")], 3.0),
        ([("Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT")], 10.0),
        ([("Retry-After", "Sun, 06 Nov 1994 08:49:00 GMT")], 0.0),
        ([("Retry-After", "soon")], None),
        ([("RateLimit", '"api";r=0;t=17')], 17.0),
        ([("RateLimit", '"api";r=5;t=17')], None),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "784111787")], 10.0),
        ([], None),
    ],
)
def test_what_a_server_asks_is_understood(fields: list[tuple[str, str]], seconds: float | None) -> None:
    assert asked_to_wait(Headers(fields), now=784111777.0) == seconds


@given(st.text(max_size=60), st.text(max_size=60))
def test_nonsense_in_these_headers_is_no_wish(retry: str, limit: str) -> None:
    waited = asked_to_wait(Headers([("Retry-After", retry), ("RateLimit", limit)]), 0.0)
    assert waited is None or waited >= 0
