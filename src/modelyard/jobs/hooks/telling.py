"""Hooks that tell somebody: a webhook through our own client, a plugin, a notification."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from typing import Any

from modelyard.errors import HookFailed, NetworkError, extra_needed
from modelyard.net.api import Follow
from modelyard.net.client import Client, Request
from modelyard.net.stop import Clock, Stop
from modelyard.net.url import parse

TRIES = 3
_WAITS = (1.0, 4.0)
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


def post(client: Client, clock: Clock, url: str, body: bytes, secret: str, stop: Stop) -> str:
    """POST an event, up to three times; gives the status.

    Args:
        client: Without any hub's keys.
        secret: Signs the body with HMAC-SHA-256; empty for no signature.

    Raises:
        HookFailed: The other side refused it.
        NetworkError, AddressForbidden: It cannot be reached, or must not be.
    """
    headers = [("X-Modelyard-Signature", f"sha256={signature(body, secret)}")] if secret else []
    request = Request(url, "POST", bound=tuple(headers), body=body, follow=Follow.NONE)
    host = parse(url).host
    for attempt in range(TRIES):
        last = attempt == TRIES - 1
        try:
            status = _status(client, request, stop)
        except NetworkError as error:
            if last or not error.retryable:
                raise
        else:
            if 200 <= status < 300:
                return str(status)
            if last or status not in _AGAIN:
                raise HookFailed(f"{host} answered {status}.", status=status)
        clock.wait(_WAITS[attempt], stop)
    raise AssertionError("the loop above always returns or raises")


def signature(body: bytes, secret: str) -> str:
    """HMAC-SHA-256 of a body, as hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _status(client: Client, request: Request, stop: Stop) -> int:
    reply = client.open(request, stop)
    try:
        return reply.status
    finally:
        reply.read_start(4096)
        reply.close()


def notify(url: str, title: str, body: str) -> None:
    """Send a notification.

    Raises:
        NotSupported: The extra is not installed.
        HookFailed: It was not sent.
    """
    try:
        import apprise
    except ImportError as error:
        raise extra_needed("Notifications need", "notify") from error
    sender = apprise.Apprise()
    if not sender.add(url):
        raise HookFailed("Apprise does not know this URL.", hint="See https://github.com/caronc/apprise/wiki.")
    if not sender.notify(title=title, body=body):
        raise HookFailed("The notification was not sent.", hint="Check the URL and what its service says.")


class Plugins:
    """Calls entry points of the group ``modelyard.hooks`` with an event.

    Args:
        stop: Gives up whatever is called.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._busy: dict[str, threading.Thread] = {}

    def call(self, name: str, event: Mapping[str, Any], timeout: float) -> None:
        """Call a plugin; one that takes too long is given up, and not called again before it came back.

        Raises:
            HookFailed: There is no such plugin, it failed, or it took too long.
        """
        self.limited(name, timeout, lambda: _plugin(name)(event))

    def limited(self, name: str, timeout: float, call: Callable[[], object]) -> None:
        """Call foreign code in a thread of its own, for so many seconds at most.

        Raises:
            Exception: Whatever the call raised.
            HookFailed: It took too long, or has not come back from the last time.
            Stopped: The flag was set; the call is left behind.
        """
        if (before := self._busy.get(name)) and before.is_alive():
            raise HookFailed(f"{name} still works on an earlier event.")
        raised: list[BaseException] = []
        returned: list[bool] = []
        over = threading.Event()

        def work() -> None:
            try:
                call()
            except BaseException as error:  # noqa: BLE001  # foreign code: whatever it raises is told
                raised.append(error)
            finally:
                returned.append(True)
                over.set()

        self._busy[name] = thread = threading.Thread(target=work, name=f"hook-{name}", daemon=True)
        thread.start()
        with self._stop.waking(over.set):
            over.wait(timeout)
        if not returned:
            self._stop.check()
            raise HookFailed(f"{name} was given up after {timeout:g} s.")
        self._busy.pop(name, None)
        if raised:
            raise raised[0]


def _plugin(name: str) -> Callable[[Mapping[str, Any]], object]:
    from importlib.metadata import entry_points

    for point in entry_points(group="modelyard.hooks", name=name):
        found: Callable[[Mapping[str, Any]], object] = point.load()
        return found
    raise HookFailed(f"There is no plugin {name!r}.", hint="Install the package that brings it.")
