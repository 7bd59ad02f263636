"""Makes many calls with a rate limit: `python call_at_a_rate.py BASE_URL VARIANT RATE CALLS HOW`.

HOW is `as it is`, or `held up`, to hold the interpreter for half a second now and again, as a busy program does.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio

from tmdb_ext import TMDB, AsyncTMDB

base_url, variant, rate, calls, how = sys.argv[1:]
settings: dict[str, Any] = {"access_token": "header.payload.signature", "base_url": base_url, "rate_limit": float(rate)}
if variant == "aiohttp":
    from tmdb_ext.aiohttp import AiohttpTransport

    settings["transport"] = AiohttpTransport()
numbers = range(1, int(calls) + 1)
done = threading.Event()


def hold_up() -> None:
    """Hold the interpreter in one long step, which nothing interrupts."""
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(3_000_000))


async def hold_up_now_and_again() -> None:
    while True:
        await anyio.sleep(0.3)
        hold_up()


async def main() -> None:
    async with AsyncTMDB(**settings) as tmdb, anyio.create_task_group() as outer:
        if how == "held up":
            outer.start_soon(hold_up_now_and_again)
        async with anyio.create_task_group() as group:
            for number in numbers:
                group.start_soon(tmdb.movies.details, number)
        outer.cancel_scope.cancel()


print("ready", flush=True)
begin = time.monotonic()
if variant == "sync":
    with TMDB(**settings) as tmdb, ThreadPoolExecutor(len(numbers)) as pool:
        for _ in pool.map(tmdb.movies.details, numbers):
            pass
else:
    anyio.run(main, backend="trio" if variant == "trio" else "asyncio")
with contextlib.suppress(BrokenPipeError):
    print(json.dumps({"took": time.monotonic() - begin}), flush=True)
