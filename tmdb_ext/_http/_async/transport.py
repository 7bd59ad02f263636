"""The wire over a transport of the caller's, of httpx or of httpx2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tmdb_ext._http.failures import translated
from tmdb_ext._http.messages import WireFailure, WireSettings
from tmdb_ext._http.transports import library_of
from tmdb_ext._http.writing import headers_of, host_of, read_headers

from . import concurrency
from .exchange import AsyncExchange, AsyncOpening

if TYPE_CHECKING:
    from tmdb_ext._http.deadline import Deadline
    from tmdb_ext._http.messages import Request, Response, Timeouts


class AsyncTransportWire:
    """Sends requests through a transport: `httpx.MockTransport`, `httpx.HTTPTransport(proxy=...)`, one for WSGI.

    The transport decides how connections are made. Its connections belong to the event loop and the process that it was
    first used in: a program with several loops, or one that forks, needs a transport for each.

    Args:
        transport: of httpx or of httpx2.
        settings: of which `max_content` counts here.
    """

    def __init__(self, transport: Any, settings: WireSettings = WireSettings()) -> None:  # noqa: B008
        self._transport = transport
        self._settings = settings

    async def send(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> Response:
        """Send a request, and read its whole response; see `AsyncPoolWire.send`.

        Without an event loop, a transport that waits longer than it was told cannot be stopped.
        """
        exchange = AsyncTransportExchange(self._transport, request, timeouts, deadline)
        return await exchange.whole(self._settings.max_content)

    def open(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> AsyncOpening:
        """Return a block in which the response to a request is read piece by piece; see `AsyncPoolWire.open`."""

        async def exchange() -> AsyncExchange:
            return AsyncTransportExchange(self._transport, request, timeouts, deadline)

        return AsyncOpening(exchange)

    async def warm_up(self) -> None:
        """Do nothing: a transport has been made, and what it needs is loaded."""

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()


class AsyncTransportExchange(AsyncExchange):
    """A request that goes through a transport."""

    has_own_limits = False

    def __init__(self, transport: Any, request: Request, timeouts: Timeouts, deadline: Deadline) -> None:
        super().__init__(request, timeouts, deadline)
        self._transport = transport
        self._library = library_of(transport)
        self._response: Any = None
        self._body: AsyncIterator[bytes] | None = None
        self._content: bytes | None = None

    def failure(self, error: Exception) -> Exception:
        """Return what an exception means, as one of ours; an exception of the transport's own stays as it is."""
        library = self._library
        self.call.sent = not isinstance(
            error, (library.ConnectError, library.ConnectTimeout, library.PoolTimeout, library.UnsupportedProtocol)
        )
        if isinstance(error, library.InvalidURL):
            return WireFailure("address", sent=False)
        if isinstance(error, library.DecodingError):
            return WireFailure("compression", sent=True)
        if isinstance(error, (WireFailure, library.TransportError, library.StreamError, OSError)):
            return translated(error, self.call, library)
        return error

    async def begin(self) -> None:
        """Send the request, and read the head of the response."""
        request, deadline = self.request, self.call.deadline
        target, headers = headers_of(request, host_of(request.origin))
        self.call.sent = True  # a transport does not tell before it fails
        self._response = response = await self._transport.handle_async_request(
            self._library.Request(
                request.method,
                f"{request.origin}{target.decode('ascii')}",
                headers=headers,
                content=request.content or None,
                extensions={
                    "timeout": {name: deadline.within(seconds) for name, seconds in self.timeouts._asdict().items()}
                },
            )
        )
        self.status = response.status_code
        self.headers = read_headers(response.headers.raw)
        self.http_version = response.extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace")
        if response.is_stream_consumed:
            # The transport has read it, and httpx has decompressed it.
            self._content = response.content
            self.headers = [(name, value) for name, value in self.headers if name != "content-encoding"]
        else:
            self._body = aiter(response.stream)

    async def more(self) -> bytes | None:
        """Return the next bytes of the body, as they come; None at the end."""
        if self.call.deadline.passed:
            raise TimeoutError
        if self._body is None:
            content, self._content = self._content, None
            return content
        return await anext(self._body, None)

    async def end(self) -> None:
        """Close the response."""
        response, self._response, self._body = self._response, None, None
        if response is not None:
            await response.aclose()

    async def abandon(self) -> None:
        """Close the response before its end."""
        body = self._body
        with concurrency.shield(), suppress(Exception):
            await self.end()
            if body is not None:
                await concurrency.drop(body)
