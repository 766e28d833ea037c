"""A key that a server repeats is taken out of what it says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelyard.keys.realm import bearer, bearer_and_session
from modelyard.net.echoes import cleared, secrets_of, without
from modelyard.net.headers import Headers

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=4, max_size=60)


@given(key=KEYS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_every_way_in_which_a_key_is_worn_is_known(key: str, before: str, after: str) -> None:
    for worn in (bearer(key), bearer_and_session(key), {"X-Api-Key": key}):
        assert secrets_of(worn) == (key,)
        said = f"{before} {key} {after}".encode()
        assert key in "***" or key.encode() not in cleared(said, secrets_of(worn)).replace(b"***", b"")


def test_headers_without_it_stay_the_same_and_others_keep_their_order() -> None:
    plain = Headers([("ETag", "x"), ("Server", "nas")])
    assert without(plain, ("canary",)) is plain and without(plain, ()) is plain
    said = Headers([("Server", "nas"), ("X-Error-Message", "your canary, canary"), ("A", "b")])
    assert list(without(said, ("canary",))) == [("Server", "nas"), ("X-Error-Message", "your ***, ***"), ("A", "b")]


def test_what_is_too_short_to_be_a_key_blanks_nothing_out() -> None:
    assert secrets_of(bearer("abc")) == () and secrets_of({}) == ()
