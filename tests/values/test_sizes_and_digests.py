import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadValue
from modelyard.values.digests import digest, strongest
from modelyard.values.sizes import parse_rate, parse_size, show_size, show_time


@pytest.mark.parametrize(
    ("text", "size"),
    [("123", 123), ("50MB", 50_000_000), ("1.5GiB", 3 * 2**29), ("800k", 800_000), (" 2 TB ", 2 * 10**12), ("7B", 7)],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "fast", "-5MB", "5XB", "1e9", "MB", "5 i"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_size(text)


def test_a_rate_may_be_switched_off() -> None:
    assert parse_rate("50MB/s") == parse_rate("50MBps") == 50_000_000
    assert parse_rate("off") is parse_rate("0") is None


def test_sizes_and_times_are_shown_for_people() -> None:
    assert [show_size(size) for size in (0, 999, 1234, 50_000_000, 6_900_000_000, 2 * 10**12)] == [
        "0 B", "999 B", "1.2 kB", "50.0 MB", "6.9 GB", "2.00 TB",
    ]  # fmt: skip
    assert [show_time(seconds) for seconds in (-3, 42, 185, 7800)] == ["0 s", "42 s", "3 min 05 s", "2 h 10 min"]


def test_a_digest_is_normalised_and_a_wrong_one_refused() -> None:
    assert digest("sha256", " " + "AB" * 32 + "\n") == "ab" * 32
    for wrong in ("ab", "zz" * 32, ""):
        with pytest.raises(BadValue):
            digest("sha256", wrong)
    with pytest.raises(BadValue):
        digest("sha3", "00")


def test_the_strongest_claim_is_the_one_we_trust_most() -> None:
    assert strongest({"crc32": "0" * 8, "sha256": "0" * 64}) == "sha256"
    assert strongest({"autov3": "0" * 12}) is None


@given(st.text(max_size=30))
def test_no_text_crashes_a_reader(text: str) -> None:
    for read in (parse_size, parse_rate):
        try:
            read(text)
        except BadValue:
            pass
