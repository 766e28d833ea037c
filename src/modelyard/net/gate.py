"""The one gate through which foreign network errors become ours."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator

from modelyard.errors import Busy, Interrupted, NetworkError, Stalled, TlsFailed, Unreachable

_NO_ROUTE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}


def translate(error: OSError, where: str) -> NetworkError | Busy:
    """The error of ours that a socket error means. `where` names the host for people."""
    match error:
        case ssl.SSLCertVerificationError():
            return TlsFailed(f"{where} could not prove who it is: {error.verify_message}.")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return Interrupted(f"{where} closed the connection in the middle.")
        case ssl.SSLError():
            return TlsFailed(f"No secure connection to {where}: {error.reason or error}.")
        case socket.gaierror():
            return Unreachable(f"The name {where} is not known here ({error.strerror}).")
        case TimeoutError():
            return Stalled(f"{where} sent nothing for too long.")
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return Interrupted(f"{where} broke the connection off.")
        case _ if error.errno in _NO_ROUTE:
            return Unreachable(f"{where} cannot be reached: {error.strerror}.")
        case _ if error.errno in _NO_DESCRIPTORS:
            return Busy("This process has no file handle left.", hint="Raise `ulimit -n` or lower the connections.")
        case _:
            return NetworkError(f"The connection to {where} failed: {error}.")


@contextlib.contextmanager
def socket_errors(where: str) -> Iterator[None]:
    """Turn every socket error of the block into one of ours."""
    try:
        yield
    except OSError as error:
        raise translate(error, where) from error
