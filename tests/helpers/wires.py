"""The two halves of the wire behind one face, so that a test is written once and runs in threads, asyncio and trio."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

import trio
import trustme

from tmdb_ext._http._async.transport import AsyncTransportWire
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http._sync.transport import TransportWire
from tmdb_ext._http._sync.wire import PoolWire
from tmdb_ext._http.deadline import Deadline
from tmdb_ext._http.messages import Origin, Request, Response, Timeouts, WireSettings

T = TypeVar("T")
VARIANTS = ("threads", "asyncio", "trio")
DIRECT = WireSettings(trust_env=False)
PATIENT = Timeouts(20, 20, 20, 20)


class TLS(NamedTuple):
    """Certificates of an authority that only the tests trust."""

    authority: trustme.CA
    server: ssl.SSLContext
    client: ssl.SSLContext


class Variant:
    """How code waits."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine function to its end. In threads it never really waits: see `_Adapted`."""
        if self.name == "asyncio":
            return asyncio.run(main())
        if self.name == "trio":
            return trio.run(main)
        coroutine = main()
        try:
            coroutine.send(None)
        except StopIteration as result:
            value: T = result.value
            return value
        raise AssertionError("sync code has waited for an event loop")

    def pool_wire(self, settings: WireSettings = DIRECT, origins: Sequence[Origin] = ()) -> Any:
        return _Adapted(PoolWire(settings, origins)) if self.name == "threads" else AsyncPoolWire(settings, origins)

    def transport_wire(self, transport: Any, settings: WireSettings = DIRECT) -> Any:
        if self.name == "threads":
            return _Adapted(TransportWire(transport, settings))
        return AsyncTransportWire(transport, settings)

    async def sleep(self, seconds: float) -> None:
        if self.name == "threads":
            threading.Event().wait(seconds)
        elif self.name == "asyncio":
            await asyncio.sleep(seconds)
        else:
            await trio.sleep(seconds)

    async def at_once(self, *functions: Callable[[], Awaitable[Any]]) -> list[Any]:
        """Run functions at once; return what they return or raise."""
        results: list[Any] = [None] * len(functions)

        async def keep(place: int) -> None:
            try:
                results[place] = await functions[place]()
            except Exception as error:  # noqa: BLE001 - the caller asserts on it
                results[place] = error

        if self.name == "threads":
            threads = [
                threading.Thread(target=lambda place=place: self.run(lambda: keep(place)))
                for place in range(len(functions))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        elif self.name == "asyncio":
            await asyncio.gather(*(keep(place) for place in range(len(functions))))
        else:
            async with trio.open_nursery() as nursery:
                for place in range(len(functions)):
                    nursery.start_soon(keep, place)
        return results


class _Adapted:
    """A sync wire whose methods can be awaited."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire

    async def send(self, *arguments: Any) -> Response:
        response: Response = self._wire.send(*arguments)
        return response

    @contextlib.asynccontextmanager
    async def open(self, *arguments: Any) -> AsyncIterator[Any]:
        with self._wire.open(*arguments) as streaming:
            yield _AdaptedStreaming(streaming)

    async def warm_up(self) -> None:
        self._wire.warm_up()

    async def aclose(self) -> None:
        self._wire.close()


class _AdaptedStreaming:
    def __init__(self, streaming: Any) -> None:
        self._streaming = streaming

    def __getattr__(self, name: str) -> Any:
        return getattr(self._streaming, name)

    def __aiter__(self) -> _AdaptedStreaming:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece: bytes = next(self._streaming)
        except StopIteration:
            raise StopAsyncIteration from None
        return piece


def get(port: int, target: str = "/3/movie/11", *, scheme: str = "http", host: str = "127.0.0.1") -> Request:
    return Request("GET", Origin(scheme, host, port), target, [("accept", "application/json")])


async def ask(wire: Any, request: Request, timeouts: Timeouts = PATIENT, seconds: float | None = 20) -> Response:
    response: Response = await wire.send(request, timeouts, Deadline(seconds))
    return response
