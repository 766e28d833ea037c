"""A hop that makes a server far away: what comes on a port goes on to another one, every byte so many seconds later.

`python relay.py PORT TARGET SECONDS`. Both ways are delayed, so that an answer takes twice as long; only opening a
connection is not, as the kernel of this machine does that by itself. Nothing is left out or slowed down beyond that.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

_WAITING = 256
"""Pieces of at most 64 KiB that are on their way in one direction of a connection: 16 MiB."""


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on what comes, in order, each piece as late as the first."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WAITING)

    async def take() -> None:
        data = b"more"
        while data:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            await under_way.put((loop.time() + seconds, data))

    taking = asyncio.create_task(take())
    try:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                writer.write_eof()  # the other direction may still have something to say
                break
            writer.write(data)
            await writer.drain()
    finally:
        taking.cancel()


async def _serve(port: int, target: int, seconds: float) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        try:
            await asyncio.gather(_carry(reader, back, seconds), _carry(there, writer, seconds))
        except OSError:  # one of the two has gone
            pass
        finally:
            writer.close()
            back.close()

    server = await asyncio.start_server(meet, "127.0.0.1", port, backlog=1024)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


@contextlib.contextmanager
def relay(port: int, target: int, seconds: float) -> Iterator[None]:
    """Run it in a process of its own."""
    command = [sys.executable, __file__, str(port), str(target), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if not process.stdout or process.stdout.readline() != "ready\n":
            raise SystemExit("the relay did not start")
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
