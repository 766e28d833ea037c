"""Tokens, codes, tries, password and sessions, with a clock of the test's own."""

import os
from pathlib import Path

import pytest

from modelyard.errors import BadValue, CrossSite, NoSuchToken, PasswordWrong, TokenNeeded, TooManyTries, UnsafePath
from modelyard.server.access import Access
from modelyard.server.passwords import COOKIE
from modelyard.server.roles import Role
from modelyard.server.tokens import Tokens
from modelyard.server.tries import Tries


class Time:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


def access(folder: Path, time: Time, *, remote: bool = False) -> Access:
    return Access(folder, remote=remote, now=time, wall=time)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_an_installation_keeps_its_token_in_a_private_file(tmp_path: Path) -> None:
    token = Tokens(tmp_path / "yard").own()
    assert Tokens(tmp_path / "yard").own() == token
    assert len(token) == len("yard_") + 43  # 256 bits
    assert (tmp_path / "yard" / "service.token").stat().st_mode & 0o777 == 0o600


def test_a_token_file_that_others_may_read_or_that_is_a_link_is_refused(tmp_path: Path) -> None:
    token = Tokens(tmp_path).own()
    (tmp_path / "service.token").chmod(0o640)
    with pytest.raises(UnsafePath, match="Others may read"):
        Tokens(tmp_path).own()
    (tmp_path / "service.token").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / "service.token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath):
        Tokens(tmp_path).own()
    assert token in (tmp_path / "elsewhere").read_text()


@pytest.mark.root
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root to give a file away")
def test_a_token_file_of_another_user_is_refused(tmp_path: Path) -> None:
    Tokens(tmp_path).own()
    os.chown(tmp_path / "service.token", 12345, 12345)
    with pytest.raises(UnsafePath, match="another user"):
        Tokens(tmp_path).own()


def test_a_pipe_in_the_place_of_the_token_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "service.token", 0o600)
    with pytest.raises(UnsafePath, match="no plain file"):
        Tokens(tmp_path).own()


@pytest.mark.parametrize(
    "left", [b"", b"yard_short\n", b"\xff\xfe", b"something else entirely, and long enough to be one"]
)
def test_a_damaged_token_file_is_replaced_by_a_good_one(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "service.token").write_bytes(left)
    (tmp_path / "service.token").chmod(0o600)
    assert len(Tokens(tmp_path).own()) == 48


def test_named_tokens_have_a_role_and_an_end_and_are_not_kept(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    known, token = door.tokens.add("gpu-7", Role.OPERATOR, time() + 60)
    assert token not in (tmp_path / "tokens.json").read_text()
    again = access(tmp_path, time)
    caller = again.who("GET", bearer(token), "10.0.0.1")
    assert (caller.name, caller.role) == ("gpu-7", Role.OPERATOR)
    time.seconds += 60
    with pytest.raises(TokenNeeded):
        again.who("GET", bearer(token), "10.0.0.1")
    assert [held.name for held in again.tokens.all()] == ["gpu-7"]
    again.tokens.revoke(known.id)
    with pytest.raises(NoSuchToken):
        again.tokens.revoke(known.id)


def test_a_revoked_token_opens_nothing(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    known, token = door.tokens.add("ci", Role.VIEWER, None)
    door.tokens.revoke(known.id)
    with pytest.raises(TokenNeeded):
        door.by_token(token, "::1")


def test_a_name_belongs_to_one_token(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    door.tokens.add("ci", Role.VIEWER, None)
    for name in ("ci", "owner"):
        with pytest.raises(BadValue):
            door.tokens.add(name, Role.VIEWER, None)


def test_a_code_is_good_once_within_a_minute(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    first, second, third = (door.codes.make() for _ in range(3))
    assert door.redeem(second, "::1") == door.tokens.own()
    with pytest.raises(TokenNeeded):
        door.redeem(second, "::1")
    time.seconds += 59.9
    assert door.redeem(first, "::1")
    time.seconds += 0.1
    with pytest.raises(TokenNeeded):
        door.redeem(third, "::1")


def test_codes_do_not_pile_up(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    codes = [door.codes.make() for _ in range(30)]
    assert not door.codes.use(codes[0])
    assert door.codes.use(codes[-1])


def test_after_five_wrong_tries_each_further_one_waits_longer(time: Time) -> None:
    tries = Tries(time)
    for _ in range(5):
        tries.check("10.0.0.1")
        tries.failed("10.0.0.1")
    waits = []
    for _ in range(12):
        with pytest.raises(TooManyTries) as caught:
            tries.check("10.0.0.1")
        waits.append(caught.value.facts["retry_after"])
        time.seconds += waits[-1]
        tries.check("10.0.0.1")
        tries.failed("10.0.0.1")
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    tries.check("10.0.0.2")
    tries.succeeded("10.0.0.1")
    tries.check("10.0.0.1")


def test_an_ipv6_network_is_one_place_and_a_mapped_address_is_its_ipv4(time: Time) -> None:
    tries = Tries(time)
    for number in range(5):
        tries.failed(f"2001:db8::{number}")
        tries.failed("::ffff:10.0.0.1")
    for address in ("2001:db8::ffff", "10.0.0.1"):
        with pytest.raises(TooManyTries):
            tries.check(address)
    tries.check("2001:db8:0:1::1")


def test_wrong_tokens_are_slowed_down_and_the_right_one_is_not(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    for _ in range(5):
        with pytest.raises(TokenNeeded):
            door.by_token("yard_wrong", "127.0.0.1")
    with pytest.raises(TooManyTries):
        door.by_token("yard_wrong", "127.0.0.1")
    assert door.by_token(door.tokens.own(), "127.0.0.1").role is Role.ADMIN


def test_a_cookie_counts_for_nothing_on_loopback(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time)
    secret = door.sessions.begin().secret
    assert door.who("GET", {"cookie": f"{COOKIE}={secret}"}, "127.0.0.1").role is None
    door.password.set("four random words")
    with pytest.raises(PasswordWrong):
        door.log_in("four random words", "127.0.0.1")


def test_a_session_reads_with_its_cookie_and_writes_with_its_header(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time, remote=True)
    door.password.set("four random words")
    session = door.log_in("four random words", "10.0.0.1")
    cookie = {"cookie": f"other=1; {COOKIE}={session.secret}"}
    assert door.who("GET", cookie, "10.0.0.1").role is Role.ADMIN
    assert door.who("POST", {**cookie, "x-csrf-token": session.csrf}, "10.0.0.1").role is Role.ADMIN
    for wrong in ({}, {"x-csrf-token": ""}, {"x-csrf-token": session.secret}, {"x-csrf-token": "\udcff"}):
        with pytest.raises(CrossSite):
            door.who("POST", {**cookie, **wrong}, "10.0.0.1")
    time.seconds += 12 * 3600
    assert door.who("GET", cookie, "10.0.0.1").role is None


def test_after_logging_out_the_cookie_opens_nothing(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time, remote=True)
    session = door.sessions.begin()
    door.sessions.end(session.secret)
    assert door.who("GET", {"cookie": f"{COOKIE}={session.secret}"}, "10.0.0.1").role is None


def test_with_many_wrong_passwords_even_the_right_one_waits(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time, remote=True)
    door.password.set("four random words")
    for _ in range(5):
        with pytest.raises(PasswordWrong):
            door.log_in("four random word", "10.0.0.1")
    with pytest.raises(TooManyTries):
        door.log_in("four random words", "10.0.0.1")
    assert door.log_in("four random words", "10.0.0.2")
    time.seconds += 1
    assert door.log_in("four random words", "10.0.0.1")


def test_a_password_is_kept_as_an_argon2_hash_and_must_be_long(tmp_path: Path, time: Time) -> None:
    door = access(tmp_path, time, remote=True)
    for short in ("", "short", "x" * 1025):
        with pytest.raises(BadValue):
            door.password.set(short)
    assert not door.password.is_set()
    assert not door.password.fits("")
    door.password.set("four random words")
    kept = tmp_path / "service.password"
    assert kept.read_text().startswith("$argon2id$")
    assert kept.stat().st_mode & 0o777 == 0o600
