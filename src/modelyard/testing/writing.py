"""Writing answers: the right way and every wrong way that a fault asks for."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus

from modelyard.testing.clock import Clock
from modelyard.testing.log import Record
from modelyard.testing.wire import Answer, Request

_BODILESS = {204, 304}
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass
class Line:
    """A connection, and the two events that end a wait on it."""

    connection: socket.socket
    closing: threading.Event
    released: threading.Event

    def stall(self) -> None:
        """Send nothing until the client leaves, the hub closes or the test releases the stall."""
        while not (self.closing.is_set() or self.released.is_set()):
            if select.select([self.connection], [], [], 0.05)[0]:
                return

    def reset(self) -> None:
        """Make the coming close an RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class Writer:
    """Writes one answer to one request."""

    def __init__(self, line: Line, request: Request, answer: Answer, rate: int | None, clock: Clock) -> None:
        self._line, self._request, self._answer, self._rate, self._clock = line, request, answer, rate, clock
        self._wire = answer.wire
        self._sent = 0
        self._began = time.monotonic()

    def write(self, record: Record) -> bool:
        """Write headers and body; False when the connection ends with this answer."""
        whole = False
        try:
            if self._wire.mute:
                return self._say_nothing()
            self._line.connection.sendall(self._headers())
            self._pad()
            whole = not self._has_body() or self._body(record)
        finally:
            record.complete = whole
            self._tell(whole)
            if self._wire.reset and not whole:
                self._line.reset()
        return whole and not self._ends()

    def _say_nothing(self) -> bool:
        if not self._wire.reset:
            self._line.stall()
        return False

    def _tell(self, whole: bool) -> None:
        if self._wire.ended:
            self._wire.ended(self._sent, whole)

    def _has_body(self) -> bool:
        return self._request.method != "HEAD" and self._answer.status not in _BODILESS

    def _ends(self) -> bool:
        wire = self._wire
        endless = wire.length is None and not wire.chunked
        odd = endless or wire.close or bool(wire.trailing) or isinstance(wire.length, int)
        return odd or self._request.headers.get("connection", "").lower() == "close"

    def _headers(self) -> bytes:
        answer, wire = self._answer, self._wire
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Odd')}"]
        fields = [("Date", self._clock.http_date()), *answer.headers]
        if wire.chunked:
            fields.append(("Transfer-Encoding", "chunked"))
        elif wire.length is not None and answer.status not in _BODILESS:
            length = answer.stop - answer.start if wire.length == "true" else wire.length
            fields.append(("Content-Length", str(length)))
        if self._ends():
            fields.append(("Connection", "close"))
        lines += [f"{name}: {value}" for name, value in fields]
        end = "\r\n" if wire.padding else "\r\n\r\n"
        return "\r\n".join(lines).encode("latin-1", "replace") + end.encode()

    def _pad(self) -> None:
        if not self._wire.padding:
            return
        block = b"a" * (1 << 16)
        self._line.connection.sendall(b"X-Padding: ")
        for _ in range(self._wire.padding >> 16):
            self._line.connection.sendall(block)
        self._line.connection.sendall(b"\r\n\r\n")

    def _body(self, record: Record) -> bool:
        """Write the body up to its fault; whether all of it went out."""
        wire, answer = self._wire, self._answer
        length = answer.stop - answer.start
        end = min(limit for limit in (length, wire.cut_at, wire.stall_at) if limit is not None)
        for block in answer.body.blocks(answer.start, answer.start + end):
            self._send(memoryview(block), record)
        if end < length or wire.stall_at is not None:
            return self._break_off()
        if wire.chunked:
            self._line.connection.sendall(b"0\r\n\r\n")
        if wire.trailing:
            self._line.connection.sendall(wire.trailing)
        return True

    def _break_off(self) -> bool:
        if self._wire.stall_at is not None:
            self._tell(False)
            self._line.stall()
        return False

    def _send(self, block: memoryview, record: Record) -> None:
        while block:
            piece = block[: self._piece()]
            record.bytes_sent += len(piece)
            frame = b"".join((b"%x\r\n" % len(piece), piece, b"\r\n")) if self._wire.chunked else piece
            try:
                self._line.connection.sendall(frame)
            except OSError:
                record.bytes_sent -= len(piece)
                raise
            self._sent += len(piece)
            block = block[len(piece) :]
            self._wait()

    def _dripping(self) -> bool:
        return self._wire.drip_from is not None and self._sent >= self._wire.drip_from

    def _piece(self) -> int:
        if self._dripping():
            return 1
        most = max(1, min(1 << 16, self._rate // 20)) if self._rate else 1 << 20
        if self._wire.drip_from is not None:
            most = min(most, self._wire.drip_from - self._sent)
        return most

    def _wait(self) -> None:
        if self._dripping():
            self._line.closing.wait(1 / self._wire.drip_rate)
        elif self._rate:
            due = self._began + self._sent / self._rate
            self._line.closing.wait(max(0.0, due - time.monotonic()))
