"""Fetches many films into a file: `python fetch_in_bulk.py BASE_URL FILE COUNT VARIANT`, until it is done or killed."""

from __future__ import annotations

import sys
from typing import Any

import anyio

from tmdb_ext import TMDB, AsyncTMDB, RetryPolicy

base_url, file, count, variant = sys.argv[1:]
ids = range(1, int(count) + 1)
settings: dict[str, Any] = {"base_url": base_url, "timeout": 0.25, "retries": RetryPolicy(backoff=0.02)}


async def fetch_async() -> None:
    async with (
        AsyncTMDB(**settings) as tmdb,
        tmdb.fetch_many(tmdb.movies.details, ids, concurrency=16, resume=file) as results,
    ):
        async for _ in results:
            pass


if variant == "async":
    anyio.run(fetch_async)
else:
    with TMDB(**settings) as tmdb:
        for _ in tmdb.fetch_many(tmdb.movies.details, ids, concurrency=16, resume=file):
            pass
