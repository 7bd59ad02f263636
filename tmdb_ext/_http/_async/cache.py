"""An HTTP cache above the retries and the rate limit: a response from it takes no turn."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import httpx

from tmdb_ext._errors import ConfigurationError, TMDBError
from tmdb_ext._http.cache import (
    RULES,
    AsyncCacheTransport,
    Flight,
    Flights,
    async_storage_of,
    bare,
    check_setting,
    conditions,
    for_the_cache,
    from_the_cache,
    identity,
    is_for_asyncio,
    is_public,
)
from tmdb_ext._http.call import EXTENSION
from tmdb_ext._http.messages import Request
from tmdb_ext._http.translation import out_of_time

from .concurrency import PerLoop, Signal, is_on_trio, shield

if TYPE_CHECKING:
    from hishel import AsyncBaseStorage

    from tmdb_ext._http.cache import CacheSetting
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.messages import Response

    from .engine import AsyncSender

IS_ASYNC = AsyncCacheTransport.__name__.startswith("Async")


class AsyncCache:
    """Answers what it can from a storage, and sends the rest on."""

    def __init__(self, inner: AsyncSender, setting: CacheSetting) -> None:
        self._inner = inner
        self._setting = setting
        self._is_own = check_setting(setting, is_async=IS_ASYNC)
        self._is_for_asyncio = is_for_asyncio(setting)
        self._places = PerLoop(self._make, self._close)

    def _make(self) -> _AsyncPlace:
        storage = async_storage_of(self._setting)[0]
        transport = AsyncCacheTransport(_AsyncUnder(self._inner), storage, rfc=RULES)
        return _AsyncPlace(transport, storage, Flights())

    async def _close(self, place: _AsyncPlace) -> None:
        if self._is_own:
            await place.storage.close()

    async def send(self, request: Request, call: Call) -> Response:
        """Answer a request from the storage, together with others that are the same, or by sending it on.

        Raises:
            TMDBError: no response came, or none that can be read.
        """
        if not is_public(request, call):
            return await self._inner.send(request, call)
        if self._is_for_asyncio and is_on_trio():
            raise ConfigurationError(
                "hishel's AsyncRedisStorage is for asyncio, and this is trio: use cache=True or a file. Nothing sent."
            )
        place = self._places.get() or await self._places.ready()
        seen = bare(request, call)
        key = identity(seen)
        while True:
            signal = Signal()
            with place.flights.guard:
                flight = place.flights.under_way.get(key)
                if flight is None:
                    mine = place.flights.under_way[key] = Flight()
                    break
                flight.waiting.append(signal)
            if not await signal.wait(call.deadline.left()):
                what = "the same request, made earlier, took too long"
                raise out_of_time(call.describe(request), sent=True, what=what)
            if flight.error is not None:
                raise copy.copy(flight.error)
            if flight.response is not None:
                return flight.response
        try:
            mine.response = await self._look_up(place, seen)
        except TMDBError as error:
            mine.error = copy.copy(error)
            raise
        finally:
            with place.flights.guard:
                del place.flights.under_way[key]
            for waiting in mine.waiting:
                waiting.set()
        return mine.response

    async def _look_up(self, place: _AsyncPlace, seen: httpx.Request) -> Response:
        response = await place.transport.handle_async_request(seen)
        try:
            await response.aread()
        finally:
            with shield():
                await response.aclose()
        return from_the_cache(response)

    async def aclose(self) -> None:
        """Close the storage if it is the client's own."""
        await self._places.aclose()


class _AsyncPlace(NamedTuple):
    """The cache of one event loop."""

    transport: AsyncCacheTransport
    storage: AsyncBaseStorage
    flights: Flights


class _AsyncUnder(httpx.AsyncBaseTransport):
    """Under the cache: sends the request that a bare one stands for."""

    def __init__(self, inner: AsyncSender) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked: Request
        asked, call = request.extensions[EXTENSION]
        headers = [*asked.headers, *conditions(request)]
        sent = Request(asked.method, asked.origin, asked.target, headers, asked.content, asked.carried)
        return for_the_cache(sent, await self._inner.send(sent, call))
