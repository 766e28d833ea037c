"""Who may come in: tokens in the header, and in remote mode sessions in a cookie."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from modelyard.errors import CrossSite, PasswordWrong, TokenNeeded
from modelyard.server.codes import Codes
from modelyard.server.passwords import COOKIE, CSRF, Password, Session, Sessions
from modelyard.server.roles import OWNER, STRANGER, Caller
from modelyard.server.tokens import Tokens
from modelyard.server.tries import Tries

_READING = {"GET", "HEAD"}


class Access:
    """Tokens, codes, password and sessions of one service.

    Args:
        folder: The data folder.
        remote: Whether others may reach the service: only then cookies count for anything.
        now: Seconds that only go forward.
        wall: Seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        *,
        remote: bool = False,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.remote = remote
        self.tokens = Tokens(folder, wall)
        self.codes = Codes(now)
        self.tries = Tries(now)
        self.password = Password(folder)
        self.sessions = Sessions(now)

    def who(self, method: str, headers: Mapping[str, str], address: str) -> Caller:
        """The caller of a request; a stranger when it brings nothing.

        Args:
            headers: Names in lower case.

        Raises:
            TokenNeeded: It brings something that is not, or no longer, good.
            TooManyTries: And it did so too often.
            CrossSite: A session without its CSRF header wants to write.
        """
        if (given := headers.get("authorization")) is not None:
            scheme, _, token = given.partition(" ")
            return self.by_token(token.strip() if scheme.lower() == "bearer" else "", address)
        session = self.session_of(headers)
        if session is None:
            return STRANGER
        if method not in _READING and not _same(headers.get(CSRF.lower(), ""), session.csrf):
            raise CrossSite(f"A session writes only with its {CSRF} header.", hint="Reload the page.")
        return OWNER

    def by_token(self, token: str, address: str) -> Caller:
        """The caller of a token.

        A good one is let in however many wrong ones came from there: nobody guesses 256 bits, but another
        program on this machine could otherwise lock its owner out.

        Raises:
            TokenNeeded: Nobody has it.
            TooManyTries: Nobody has it, and there were many of these.
        """
        caller = self.tokens.whose(token)
        if caller is None:
            self.tries.check(address)
            self.tries.failed(address)
            raise TokenNeeded("Nobody has this token.")
        return caller

    def redeem(self, code: str, address: str) -> str:
        """The token of this installation, for a one-time code.

        Raises:
            TokenNeeded: The code is wrong, used or too old.
            TooManyTries: And there were many of these.
        """
        if self.codes.use(code):
            return self.tokens.own()
        self.tries.check(address)
        self.tries.failed(address)
        raise TokenNeeded("This link was used already, or is older than a minute.")

    def log_in(self, password: str, address: str) -> Session:
        """A session, for the password. A place with many wrong ones has to wait, with the right one too.

        Raises:
            PasswordWrong: It is not the password, or there is none here.
            TooManyTries: There were many of these.
        """
        self.tries.check(address)
        if not (self.remote and self.password.fits(password)):
            self.tries.failed(address)
            raise PasswordWrong("This is not the password of this service.")
        self.tries.succeeded(address)
        return self.sessions.begin()

    def session_of(self, headers: Mapping[str, str]) -> Session | None:
        """The session of a request's cookie; None on loopback, where ports share cookies."""
        if not self.remote or "cookie" not in headers:
            return None
        try:
            held = SimpleCookie(headers["cookie"]).get(COOKIE)
        except CookieError:
            return None
        return self.sessions.find(held.value) if held else None


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
