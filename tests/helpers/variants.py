"""The same scene with a client of each variant: sync, async on asyncio and on trio, and async over aiohttp."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import anyio

from tmdb_ext import TMDB, AsyncTMDB, TMDBError

VARIANTS = ("sync", "asyncio", "trio", "aiohttp")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2VjcmV0LXNpZ25hdHVyZQ"


class Outcome(NamedTuple):
    """What came of a call."""

    value: Any
    error: TMDBError | None
    seconds: float


async def result_of(value: Any) -> Any:
    """What a call gives, of a client of either variant."""
    return await value if inspect.isawaitable(value) else value


def drive(scene: Coroutine[Any, Any, Any]) -> Any:
    """The result of a scene that waits for nothing, without an event loop."""
    try:
        scene.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a sync client was to wait for no event loop")


def backend_of(variant: str) -> str:
    return "trio" if variant == "trio" else "asyncio"


def over(variant: str) -> dict[str, Any]:
    """The options of an async client of the variant."""
    if variant != "aiohttp":
        return {}
    from tmdb_ext.aiohttp import AiohttpTransport

    return {"transport": AiohttpTransport()}


def with_client(variant: str, scene: Callable[[Any], Coroutine[Any, Any, Any]], **options: Any) -> Any:
    """Run a scene with a client of the variant; it asks for results with `result_of`."""
    if not {"access_token", "api_key", "user_access_token"} & set(options):
        options["access_token"] = TOKEN
    if variant == "sync":
        with TMDB(**options) as tmdb:
            return drive(scene(tmdb))

    async def main() -> Any:
        async with AsyncTMDB(**over(variant), **options) as tmdb:
            return await scene(tmdb)

    return anyio.run(main, backend=backend_of(variant))


async def come_of(call: Callable[[Any], Any | Awaitable[Any]], tmdb: Any) -> Outcome:
    """What comes of a call: its value or the error of ours, and how long it took."""
    begin = time.monotonic()
    try:
        value = await result_of(call(tmdb))
    except TMDBError as error:
        return Outcome(None, error, time.monotonic() - begin)
    return Outcome(value, None, time.monotonic() - begin)


def outcome(variant: str, call: Callable[[Any], Any], **options: Any) -> Outcome:
    """What comes of one call of a client of the variant."""
    result: Outcome = with_client(variant, lambda tmdb: come_of(call, tmdb), **options)
    return result


def outcomes(call: Callable[[Any], Any], *, variants: tuple[str, ...] = VARIANTS, **options: Any) -> dict[str, Outcome]:
    """What comes of one call of a client of each variant, all at once: for calls that take their time."""
    with ThreadPoolExecutor(len(variants)) as pool:
        running = {variant: pool.submit(outcome, variant, call, **options) for variant in variants}
        return {variant: future.result() for variant, future in running.items()}
