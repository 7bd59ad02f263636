"""Calls a host whose first address is dead: `python reach_the_second_address.py PORT VARIANT FIRST SECOND`.

Prints how many seconds each of three calls took, the pool being closed in between.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

import anyio

from tmdb_ext import TMDB, AsyncTMDB, RetryPolicy

port, variant, first, second = sys.argv[1:]
HOST = "two-addresses.test"
system = socket.getaddrinfo


def resolve(host: Any, service: Any, *arguments: Any, **options: Any) -> list[Any]:
    """As the system's, but for a host that has two addresses."""
    name = host.decode() if isinstance(host, bytes) else host
    if name != HOST:
        return system(host, service, *arguments, **options)
    family = arguments[0] if arguments else options.get("family", 0)
    found: list[Any] = []
    for address in (first, second):
        of = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, int(service), 0, 0) if of == socket.AF_INET6 else (address, int(service))
        if family in (0, of):
            found.append((of, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place))
    return found


socket.getaddrinfo = resolve  # type: ignore[assignment]
settings: dict[str, Any] = {
    "access_token": "header.payload.signature",
    "base_url": f"http://{HOST}:{port}",
    "timeout": 4,
    "retries": RetryPolicy(attempts=1),
}
if variant == "aiohttp":
    from tmdb_ext.aiohttp import AiohttpTransport
took: list[float] = []


async def use() -> None:
    options = {"transport": AiohttpTransport()} if variant == "aiohttp" else {}
    async with AsyncTMDB(**settings, **options) as tmdb:
        begin = time.monotonic()
        assert (await tmdb.movies.details(11)).id == 11
        took.append(time.monotonic() - begin)


for _ in range(3):
    if variant == "sync":
        with TMDB(**settings) as tmdb:
            begin = time.monotonic()
            assert tmdb.movies.details(11).id == 11
            took.append(time.monotonic() - begin)
    else:
        anyio.run(use, backend="trio" if variant == "trio" else "asyncio")
print(json.dumps({"took": took}))
