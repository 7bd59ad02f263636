"""Reads a film whose body grows without end once it is unpacked: `python read_something_large.py BASE_URL VARIANT`.

Prints what came of it, and by how many bytes the memory in use grew at most.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import anyio

from tmdb_ext import TMDB, AsyncTMDB, RetryPolicy

base_url, variant = sys.argv[1:]
options: dict[str, Any] = {
    "access_token": "header.payload.signature",
    "base_url": base_url,
    "timeout": 30,
    "retries": RetryPolicy(attempts=1),
}
if variant == "aiohttp":
    from tmdb_ext.aiohttp import AiohttpTransport

    options["transport"] = AiohttpTransport()


async def main(number: int) -> None:
    async with AsyncTMDB(**options) as tmdb:
        await tmdb.movies.details(1)  # small: what a first call imports and keeps is not counted
        before.append(peak())
        await tmdb.movies.details(number)


def peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


before: list[int] = []
came = "a film"
try:
    if variant == "sync":
        with TMDB(**options) as tmdb:
            tmdb.movies.details(1)
            before.append(peak())
            tmdb.movies.details(2)
    else:
        anyio.run(main, 2, backend="trio" if variant == "trio" else "asyncio")
except Exception as error:  # noqa: BLE001 - whatever it is, it is told
    came = type(error).__name__
print(json.dumps({"came": came, "grown": peak() - before[0]}))
