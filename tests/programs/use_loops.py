"""One `AsyncTMDB` in several event loops: `python use_loops.py BASE_URL SCENE TRANSPORT`.

Prints how many answers were right, how many were another call's, and what went wrong.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import anyio

from tmdb_ext import AsyncTMDB

base_url, scene, transport = sys.argv[1:]
options: dict[str, Any] = {"access_token": "header.payload.signature"}
if scene == "one conversion":
    options = {"user_access_token": "header.payload.signature"}
if transport == "aiohttp":
    from tmdb_ext.aiohttp import AiohttpTransport

    options["transport"] = AiohttpTransport()
tmdb = AsyncTMDB(base_url=base_url, timeout=5, **options)
told: dict[str, Any] = {"right": 0, "wrong": 0, "errors": []}
guard = threading.Lock()
CALLS = 10


async def fetch(number: int) -> None:
    try:
        found = (await tmdb.movies.details(number)).id
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        with guard:
            told["errors"].append(f"{type(error).__name__}: {error}")
    else:
        with guard:
            told["right" if found == number else "wrong"] += 1


async def rate(number: int) -> None:
    try:
        await tmdb.movies.add_rating(number, value=5)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        with guard:
            told["errors"].append(f"{type(error).__name__}: {error}")
    else:
        with guard:
            told["right"] += 1


async def list_favorites(number: int) -> None:
    try:
        await tmdb.account.favorite_movies()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        with guard:
            told["errors"].append(f"{type(error).__name__}: {error}")
    else:
        with guard:
            told["right"] += 1


async def at_once(call: Callable[[int], Any], first: int) -> None:
    await call(first)
    async with anyio.create_task_group() as group:
        for number in range(first + 1, first + CALLS):
            group.start_soon(call, number)


def in_a_loop(backend: str, call: Callable[[int], Any], first: int) -> None:
    try:
        anyio.run(at_once, call, first, backend=backend)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        with guard:
            told["errors"].append("".join(traceback.format_exception_only(error)))


def at_the_same_time(*loops: tuple[str, Callable[[int], Any]], turns: int = 1) -> None:
    barrier = threading.Barrier(len(loops))

    def one(number: int, backend: str, call: Callable[[int], Any]) -> None:
        barrier.wait()
        for turn in range(turns):
            in_a_loop(backend, call, 1 + 1000 * number + 100 * turn)

    threads = [threading.Thread(target=one, args=(number, *loop)) for number, loop in enumerate(loops)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


match scene:
    case "asyncio, four times":
        for turn in range(4):
            in_a_loop("asyncio", fetch, 1 + 100 * turn)
    case "trio, twice":
        for turn in range(2):
            in_a_loop("trio", fetch, 1 + 100 * turn)
    case "asyncio, then trio, then asyncio":
        for turn, backend in enumerate(("asyncio", "trio", "asyncio")):
            in_a_loop(backend, fetch, 1 + 100 * turn)
    case "two loops at once":
        at_the_same_time(("asyncio", fetch), ("asyncio", fetch), turns=3)
    case "asyncio and trio at once":
        at_the_same_time(("asyncio", fetch), ("trio", fetch), turns=3)
    case "one guest session":
        at_the_same_time(("asyncio", rate), ("asyncio", rate), ("trio", rate), ("trio", rate))
    case "one conversion":
        at_the_same_time(("asyncio", list_favorites), ("asyncio", list_favorites), ("trio", list_favorites))
    case _:
        raise SystemExit(f"no such scene: {scene}")
gc.collect()  # what was left open says so now
anyio.run(tmdb.aclose)
gc.collect()
print(json.dumps(told))
