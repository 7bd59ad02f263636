"""Reads an export of movies; prints how many rows it has, the sum of their ids, and the peak of the memory used.

Arguments: how ("sync", "asyncio" or "trio"), the address to read from.
"""

from __future__ import annotations

import resource
import sys
from datetime import date

import anyio

from tmdb_ext import daily_ids

how, base_url = sys.argv[1:]
rows = ids = 0


async def read() -> None:
    global rows, ids  # noqa: PLW0603
    async for row in daily_ids("movie", date(2026, 3, 23), base_url=base_url):
        rows += 1
        ids += row.id


if how == "sync":
    for row in daily_ids("movie", date(2026, 3, 23), base_url=base_url):
        rows += 1
        ids += row.id
else:
    anyio.run(read, backend=how)
unit = 1 if sys.platform == "darwin" else 1024
print(rows, ids, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
