"""Uses a client, forks children that use it too, and goes on.

Arguments: the address, "sync" or "async", and how many children, calls of each, and rounds there are.

Prints how many answers were right, how many were another call's, and what went wrong, over the parent and all children.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tmdb_ext import TMDB, AsyncTMDB

PATIENCE = 20
"""Seconds after which a child counts as hung."""
base_url, variant, *numbers = sys.argv[1:]
children, calls, rounds = map(int, numbers)
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, where a process with threads forks
kind: Any = TMDB if variant == "sync" else AsyncTMDB
tmdb: Any = kind(access_token="header.payload.signature", base_url=base_url, timeout=5)


def counted(first: int, fetch: Callable[[int], Any]) -> dict[str, Any]:
    right, wrong, errors = 0, 0, []
    for number in range(first, first + calls):
        try:
            found = fetch(number).id
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            errors.append(f"{type(error).__name__}: {error}")
        else:
            right += found == number
            wrong += found != number
    return {"right": right, "wrong": wrong, "errors": errors}


async def counted_async(first: int) -> dict[str, Any]:
    answers = await asyncio.gather(
        *(tmdb.movies.details(number) for number in range(first, first + calls)), return_exceptions=True
    )
    found = [getattr(answer, "id", answer) for answer in answers]
    errors = [f"{type(one).__name__}: {one}" for one in found if isinstance(one, BaseException)]
    right = sum(one == number for one, number in zip(found, range(first, first + calls), strict=True))
    return {"right": right, "wrong": calls - right - len(errors), "errors": errors}


def call_all(first: int) -> dict[str, Any]:
    return counted(first, tmdb.movies.details) if variant == "sync" else asyncio.run(counted_async(first))


def fork(first: int) -> tuple[int, int]:
    """The number of a child that calls, and where its result can be read."""
    source, target = os.pipe()
    child = os.fork()
    if child:
        os.close(target)
        return child, source
    signal.alarm(PATIENCE)
    os.write(target, json.dumps(call_all(first)).encode())
    os._exit(0)


def result_of(child: int, source: int) -> dict[str, Any]:
    with os.fdopen(source) as report:
        text = report.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"right": 0, "wrong": 0, "errors": ["a child hung"]}


results = []
if variant == "sync":  # so that there are several connections to inherit
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tmdb.movies.details, range(1, 9)))
else:
    call_all(1)
for turn in range(rounds):
    place = (turn + 1) * 100_000
    forked = [fork(place + 1000 * number) for number in range(1, children + 1)]
    results.append(call_all(place))
    results += [result_of(*one) for one in forked]
print(
    json.dumps(
        {
            "right": sum(result["right"] for result in results),
            "wrong": sum(result["wrong"] for result in results),
            "errors": [error for result in results for error in result["errors"]],
        }
    ),
    flush=True,
)
os._exit(0)
