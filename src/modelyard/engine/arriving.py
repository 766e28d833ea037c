"""A file as a stream that survives broken connections: for readers that use bytes as they arrive.

Nothing is kept on disk, so only this process can go on after a break: it asks for the rest, compares the
last 64 KiB, and hashes everything that passes.
"""

from __future__ import annotations

from modelyard.engine.digesting import Digesting, needed
from modelyard.engine.fetched import refuse_differences
from modelyard.engine.lane import OVERLAP
from modelyard.engine.opening import Opening, PastTheEnd, open_source
from modelyard.engine.run import Surroundings
from modelyard.errors import AccessError, BadAnswer, ChangedAtSource, Interrupted, NetworkError, NotFound

_READ = 2**20


class Arriving:
    """A readable stream of one order's bytes.

    Args:
        opening: An open stream of the whole file; closed at the end.
    """

    def __init__(self, around: Surroundings, opening: Opening) -> None:
        if opening.packed:
            raise BadAnswer(f"{opening.reply.url.host} encodes the archive once more, which was not asked for.")
        self._around = around
        self._opening = opening
        self._identity = opening.identity
        self._digesting = Digesting(needed(around.order.expected), opening.identity.size)
        self._buffer = memoryview(bytearray(_READ))
        self._tail = b""
        self._attempt = 0
        self.position = 0

    def read(self, size: int = _READ) -> bytes:
        """At most `size` bytes; none at the end.

        Raises:
            YardError: The file cannot be read to its end.
        """
        want = min(size, _READ) if size >= 0 else _READ
        while True:
            try:
                data = self._some(want)
            except (NetworkError, AccessError, NotFound) as error:
                self._again(error)
                continue
            self._attempt = 0
            return data

    def finish(self) -> dict[str, str]:
        """Read what is left, compare size and digests; gives the measured ones.

        Raises:
            ContentError: They are not the promised ones.
        """
        while self.read():
            pass
        self.close()
        measured = self._digesting.result()
        refuse_differences(self._around.order, self.position, measured, self._opening.source)
        return measured

    def close(self) -> None:
        """Give the connection back."""
        self._opening.reply.close()

    def _some(self, want: int) -> bytes:
        around = self._around
        with around.stop.waking(self._opening.reply.connection.shut):
            count = self._opening.read_into(self._buffer[: around.meter.allowance(want)])
        around.meter.pay(count, around.stop)
        if not count and self._identity.size not in (None, self.position):
            raise Interrupted(f"{self._opening.reply.url.host} closed the connection early.")
        self._digesting.update(self._buffer[:count])
        data = bytes(self._buffer[:count])
        self._tail = (self._tail + data)[-OVERLAP:]
        self.position += count
        return data

    def _again(self, error: NetworkError | AccessError | NotFound) -> None:
        around, policy = self._around, self._around.engine.policy.retry
        around.stop.check()
        self._opening.reply.close()
        if self._attempt >= policy.retries or not error.retryable:
            raise error
        wait = policy.delay(self._attempt, around.engine.chance) if self._attempt else 0.0
        self._attempt += 1
        around.progress.retry(error.message, wait)
        around.engine.clock.wait(wait, around.stop)
        first = self.position - len(self._tail)
        try:
            self._opening = open_source(
                around.engine, self._opening.source, around.stop, around.explain, first, None, self._identity
            )
        except PastTheEnd as past:
            raise ChangedAtSource("The archive became shorter at its source while it was read.") from past
        same = self._opening.start == first and self._opening.peek(len(self._tail)) == self._tail
        if not same or self._identity.contradicts(self._opening.identity):
            self._opening.reply.close()
            raise ChangedAtSource("The archive changed at its source, or its server cannot go on in the middle.")
        self._opening.peeked = b""
