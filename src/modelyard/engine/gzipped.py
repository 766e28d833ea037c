"""A server that compresses although identity was asked for: decoded on the way, never stored as it came."""

from __future__ import annotations

import zlib
from dataclasses import replace

from modelyard.engine.identity import Identity
from modelyard.engine.opening import Opening, Readable
from modelyard.errors import BadAnswer, Interrupted

_INPUT = 65536


class GunzipBody:
    """The decoded bytes of a gzip stream. Its own end mark and checksum prove that it is whole."""

    def __init__(self, packed: Readable, host: str) -> None:
        self._packed = packed
        self._host = host
        self._decoder = zlib.decompressobj(wbits=31)
        self._input = memoryview(bytearray(_INPUT))
        self._rest = b""
        self.delimited = True

    def read_into(self, view: memoryview) -> int:
        """Decoded bytes into `view`; 0 at the end.

        Raises:
            Interrupted: The stream ended before its end mark.
            BadAnswer: It is no gzip stream.
        """
        while not self._decoder.eof:
            if not self._rest:
                count = self._packed.read_into(self._input)
                if not count:
                    raise Interrupted(f"{self._host} closed the connection early.")
                self._rest = bytes(self._input[:count])
            try:
                out = self._decoder.decompress(self._rest, len(view))
            except zlib.error as error:
                raise BadAnswer(f"{self._host} sent a broken gzip stream.") from error
            self._rest = self._decoder.unconsumed_tail
            if out:
                view[: len(out)] = out
                return len(out)
        return 0


def decoded(opening: Opening) -> Opening:
    """The opening with its body decoded; it cannot be continued in the middle.

    Raises:
        BadAnswer: Another encoding than gzip.
    """
    encoding = opening.reply.headers.get("content-encoding").lower()
    if encoding not in ("gzip", "x-gzip"):
        raise BadAnswer(f"{opening.reply.url.host} encodes the file as {encoding[:20]!r}, which was not asked for.")
    body = GunzipBody(opening.reply.body, opening.reply.url.host)
    return replace(opening, identity=Identity(None), end=None, unpacked=body, peeked=b"")
