"""One request and its response: read to the end, or piece by piece. Whatever goes wrong becomes a `WireFailure`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Final

from tmdb_ext._errors import TMDBError
from tmdb_ext._http.calls import CALL, Call
from tmdb_ext._http.decoding import Reader
from tmdb_ext._http.messages import Headers, Response

from . import concurrency

if TYPE_CHECKING:
    from tmdb_ext._http.deadline import Deadline
    from tmdb_ext._http.messages import Request, Timeouts


class AsyncExchange:
    """One request on its way. What it raises has to be translated by `failure`.

    Args:
        request: the request.
        timeouts: seconds for each of its phases.
        deadline: when it has to be done, all of it.
    """

    has_own_limits: bool = True
    """Whether each wait keeps to the deadline by itself. If not, all of them together are stopped from outside."""

    def __init__(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> None:
        self.call = Call(deadline, request.before_sending)
        self.request = request
        self.timeouts = timeouts
        self.status = 0
        self.headers: Headers = ()
        """As they came, names in lower case."""
        self.http_version = ""

    def failure(self, error: Exception) -> Exception:
        """Return what an exception means, as one of ours."""
        raise NotImplementedError

    async def begin(self) -> None:
        """Send the request, and read the head of the response."""
        raise NotImplementedError

    async def more(self) -> bytes | None:
        """Return the next bytes of the body, as they come; None at the end."""
        raise NotImplementedError

    async def end(self) -> None:
        """Let go of the connection, after the whole response."""
        raise NotImplementedError

    async def abandon(self) -> None:
        """Drop the connection, before the end of the response."""
        raise NotImplementedError

    async def whole(self, most: int) -> Response:
        """Send the request, and read the whole response.

        Args:
            most: bytes that its decompressed body may have.

        Raises:
            WireFailure: no whole response came.
        """
        token = CALL.set(self.call)
        try:
            if self.has_own_limits:
                return await self._whole(most)
            async with concurrency.limit(self.call.deadline.left()):
                return await self._whole(most)
        except TMDBError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it holds the request
            failure = self.failure(error)
        finally:
            self.request.was_sent = self.call.sent
            CALL.reset(token)
        try:
            raise failure
        finally:
            del failure

    async def bounded_begin(self) -> None:
        """Do `begin`, within the deadline."""
        async with concurrency.limit(None if self.has_own_limits else self.call.deadline.left()):
            await self.begin()

    async def bounded_more(self) -> bytes | None:
        """Do `more`, within the deadline."""
        async with concurrency.limit(None if self.has_own_limits else self.call.deadline.left()):
            return await self.more()

    async def _whole(self, most: int) -> Response:
        try:
            await self.begin()
            reader = Reader(self.headers, most)
            pieces: list[bytes] = []
            while (data := await self.more()) is not None:
                pieces += reader.feed(data)
            reader.finish()
        except BaseException:
            await self.abandon()
            raise
        await self.end()
        content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return Response(self.status, reader.headers(self.headers), content, self.http_version)


class AsyncStreaming:
    """A response whose body is read piece by piece, decompressed. Iterating over it yields the pieces."""

    def __init__(self, exchange: AsyncExchange) -> None:
        self._exchange = exchange
        self._reader = Reader(exchange.headers, None)
        self._pieces: Iterator[bytes] = iter(())
        self._has_ended = False
        self.status: Final = exchange.status
        self.headers: Final = self._reader.headers(exchange.headers)
        """Names in lower case. Content-Encoding has been taken away if the content is decompressed."""
        self.raw_headers: Final = exchange.headers
        """As they came, with Content-Encoding, and Content-Length in bytes before decompression."""
        self.http_version: Final = exchange.http_version

    def header(self, name: str) -> str | None:
        """Return the first header of a name in lower case, as it came, or None."""
        return next((value for key, value in self.raw_headers if key == name), None)

    @property
    def received(self) -> int:
        """Bytes that have come so far, before decompression."""
        return self._reader.received

    def __aiter__(self) -> AsyncStreaming:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._next()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def _next(self) -> bytes | None:
        token = CALL.set(self._exchange.call)
        try:
            while (piece := next(self._pieces, None)) is None and not self._has_ended:
                data = await self._exchange.bounded_more()
                if data is None:
                    self._has_ended = True
                    self._reader.finish()
                else:
                    self._pieces = iter(self._reader.feed(data))
        except Exception as error:  # noqa: BLE001 - whatever it is, it holds the request
            failure = self._exchange.failure(error)
        else:
            return piece
        finally:
            CALL.reset(token)
        try:
            raise failure
        finally:
            del failure

    @property
    def has_ended(self) -> bool:
        """Whether the body has been read to its end."""
        return self._has_ended


class AsyncOpening:
    """Sends a request, and closes or keeps the connection after the block; see `AsyncPoolWire.open`."""

    def __init__(self, prepare: Callable[[], Awaitable[AsyncExchange]]) -> None:
        self._prepare = prepare
        self._exchange: AsyncExchange | None = None
        self._streaming: AsyncStreaming | None = None

    async def __aenter__(self) -> AsyncStreaming:
        exchange = self._exchange = await self._prepare()
        token = CALL.set(exchange.call)
        try:
            await exchange.bounded_begin()
            self._streaming = AsyncStreaming(exchange)
        except BaseException as error:
            await exchange.abandon()
            if not isinstance(error, Exception) or isinstance(error, TMDBError):
                raise
            failure = exchange.failure(error)
        else:
            return self._streaming
        finally:
            exchange.request.was_sent = exchange.call.sent
            CALL.reset(token)
        try:
            raise failure
        finally:
            del failure

    async def __aexit__(self, *_: object) -> None:
        exchange, streaming = self._exchange, self._streaming
        if exchange is None:
            return
        token = CALL.set(exchange.call)
        try:
            if streaming is not None and streaming.has_ended:
                await exchange.end()
            else:
                await exchange.abandon()
        finally:
            CALL.reset(token)
