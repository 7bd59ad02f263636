"""Makes a first client and a first call in a running event loop: `python start_in_a_loop.py BASE_URL HOW BACKEND`.

HOW is `blocking`, to do the same outside of a loop, or `at once`, or `warmed up`. Prints how long it took, and for how
long the loop stood still at most.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import Any

import anyio

from tmdb_ext import TMDB, AsyncTMDB, TransportError

BEAT = 0.002
base_url, how, backend = sys.argv[1:]
settings: dict[str, Any] = {"access_token": "header.payload.signature", "base_url": base_url, "retries": False}
gaps: list[float] = [0.0]


async def beat() -> None:
    last = time.monotonic()
    while True:
        await anyio.sleep(BEAT)
        now = time.monotonic()
        gaps.append(now - last - BEAT)
        last = now


async def main() -> float:
    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await anyio.sleep(0.1)  # what the loop itself does first is not the client's
        gaps.clear()
        begin = time.monotonic()
        if how == "warmed up":
            await AsyncTMDB.warm_up()  # type: ignore[attr-defined]
        async with AsyncTMDB(**settings) as tmdb:
            with contextlib.suppress(TransportError):  # nobody trusts the server
                await tmdb.movies.details(11)
        took = time.monotonic() - begin
        group.cancel_scope.cancel()
    return took


if how == "blocking":
    begin = time.monotonic()
    with TMDB(**settings) as tmdb, contextlib.suppress(TransportError):
        tmdb.movies.details(11)
    took = time.monotonic() - begin
else:
    took = anyio.run(main, backend=backend)
print(json.dumps({"took": took, "gap": max(gaps, default=0.0)}))
