"""What lies beside a file on a plain server: the Metalink that its head names, and a checksum file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from modelyard.engine.journal import journal_path, read_journal
from modelyard.engine.order import Order
from modelyard.errors import YardError
from modelyard.hubs.web.addresses import name_of
from modelyard.hubs.web.checksum_file import checksum_file
from modelyard.hubs.web.digest_fields import metalink
from modelyard.hubs.web.metalink import Described, read_metalink
from modelyard.jobs.yard import Yard
from modelyard.net.headers import Headers
from modelyard.net.stop import Stop
from modelyard.net.url import parse, without_query
from modelyard.values.offers import Source

_ASK_FOR_CHECKSUM = 64 * 2**20
_CHECKSUM_FILE = 65536
_NOTHING = Described("", None)


def described_beside(yard: Yard, headers: Headers, came_from: str, size: int | None, name: str) -> Described:
    """What the Metalink that a head names says of the file (RFC 6249 4); empty when it names none, or another file.

    Only one at the same origin is asked for: no server sends us elsewhere before a byte has come.

    Args:
        came_from: URL of the answer with this head.
        size: Bytes of the file as the head tells.
    """
    url = metalink(headers, came_from)
    if url is None or parse(url).origin != parse(came_from).origin:
        return _NOTHING
    try:
        answer = yard.api.get(url, cache=False)
        found = read_metalink(answer.body, answer.url) if answer.status == 200 else []
    except YardError:
        return _NOTHING
    fitting = [one for one in found if size is None or one.size in (None, size)]
    named = [one for one in fitting if one.name.rpartition("/")[2] in (name, name_of(came_from))]
    return next(iter(named or (fitting if len(found) == 1 else [])), _NOTHING)


def asking_beside(yard: Yard, order: Order, size: int | None, stop: Stop) -> Order:
    """The order, with the checksum file beside a large file being asked for when nothing else would prove its bytes."""
    if order.expected or order.late or (size or 0) < _ASK_FOR_CHECKSUM:
        return order
    return replace(order, late=Meanwhile(lambda: _checksum_beside(yard, order.sources[0], order.name), stop))


def size_begun(part: Path) -> int | None:
    """Bytes of the whole file that a part was begun for; None when that is not known."""
    found = read_journal(journal_path(part))
    return found[0].size if found else None


class Meanwhile:
    """A question that is asked while bytes come. Called, it waits for the answer.

    Args:
        ask: Asks; failing is for it to swallow.
        stop: Ends the waiting with `Stopped`; what was answered by then stays known.
    """

    def __init__(self, ask: Callable[[], Mapping[str, str]], stop: Stop) -> None:
        self._stop = stop
        self._answer: Mapping[str, str] | None = None
        self._woken = threading.Event()
        threading.Thread(target=self._run, args=(ask,), name="meanwhile", daemon=True).start()

    def _run(self, ask: Callable[[], Mapping[str, str]]) -> None:
        try:
            self._answer = ask()
        finally:
            self._woken.set()

    def __call__(self) -> Mapping[str, str]:
        with self._stop.waking(self._woken.set):
            self._woken.wait()
        if self._answer is None:
            self._stop.check()
        return self._answer or {}


def _checksum_beside(yard: Yard, source: Source, name: str) -> dict[str, str]:
    """A ``.sha256`` file beside a large one, where there is one."""
    try:
        answer = yard.api.get(
            f"{without_query(source.url)}.sha256", headers={"Range": f"bytes=0-{_CHECKSUM_FILE - 1}"}, cache=False
        )
    except YardError:
        return {}
    if answer.status not in (200, 206) or len(answer.body) > _CHECKSUM_FILE:
        return {}
    text = answer.body.decode("utf-8", "replace")
    found = checksum_file(text, name_of(source.url)) or checksum_file(text, name)
    return {"sha256": found} if found else {}
