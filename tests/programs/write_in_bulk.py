"""Rates the films of a CSV: `python write_in_bulk.py BASE_URL CSV FILE VARIANT`, until it is done or killed."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import anyio

from tmdb_ext import TMDB, AsyncTMDB

base_url, ratings, file, variant = sys.argv[1:]
with Path(ratings).open(newline="") as table:
    rows: list[dict[str, Any]] = [
        {"movie_id": line["tmdb_id"], "value": float(line["rating"])} for line in csv.DictReader(table)
    ]


async def write_async() -> None:
    async with (
        AsyncTMDB(base_url=base_url) as tmdb,
        tmdb.write_many(tmdb.movies.add_rating, rows, resume=file) as results,
    ):
        async for result in results:
            result.result()


if variant == "async":
    anyio.run(write_async)
else:
    with TMDB(base_url=base_url) as tmdb:
        for result in tmdb.write_many(tmdb.movies.add_rating, rows, resume=file):
            result.result()
