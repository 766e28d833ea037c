"""``python -m modelyard.testing.comfyui --base DIR --front-end WHEEL``: the stand-in on a free port of loopback."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from pathlib import Path

from aiohttp import web

from modelyard.testing.comfyui.front_ends import unpacked
from modelyard.testing.comfyui.host import Host


def main() -> None:
    """Serve until killed; says where on the first line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--front-end", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--enable-cors-header", action="store_true")
    parser.add_argument("--disable-api-nodes", action="store_true")
    told = parser.parse_args()
    page = unpacked(told.front_end) if told.front_end else None
    asyncio.run(_serve(Host(told.base, page, cors=told.enable_cors_header, csp=told.disable_api_nodes), told.port))


async def _serve(host: Host, port: int) -> None:
    runner = web.AppRunner(host.app)
    await runner.setup()
    held = socket.create_server(("127.0.0.1", port))
    await web.SockSite(runner, held).start()
    sys.stdout.write(f"http://127.0.0.1:{held.getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
