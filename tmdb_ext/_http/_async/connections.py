"""How one request goes over one connection. This module imports httpcore, which takes its time: see `wire`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import httpcore

from tmdb_ext._http.failures import translated
from tmdb_ext._http.messages import PORTS
from tmdb_ext._http.writing import headers_of, host_of, read_headers

from . import concurrency
from .exchange import AsyncExchange
from .network import AsyncNetwork
from .pool import AsyncPool

if TYPE_CHECKING:
    import ssl

    from tmdb_ext._http.deadline import Deadline
    from tmdb_ext._http.messages import Origin, Request, Timeouts, WireSettings
    from tmdb_ext._http.proxies import Proxies, Proxy

    from .pool import AsyncLine

_ATTEMPTS: Final = 3
"""Connections of HTTP/2 that are tried, if each turns out to have no room."""


class AsyncConnections:
    """The connections of one event loop, and how requests go over them.

    Args:
        settings: how connections are made.
        proxies: chooses the proxy for an origin.
        context: returns what certificates are checked with. It may read files.
    """

    def __init__(self, settings: WireSettings, proxies: Proxies, context: Callable[[], ssl.SSLContext]) -> None:
        self.settings = settings
        self._proxies = proxies
        self._context = context
        self._ways: dict[Origin, AsyncWay] = {}
        self.pool = AsyncPool(settings, lambda origin: self._ways[origin].connection())

    async def way(self, origin: Origin) -> AsyncWay:
        """Return the way to an origin, which is found first if it is not known yet.

        Raises:
            ConfigurationError: the proxy is malformed, or the certificates cannot be read.
        """
        way = self._ways.get(origin)
        if way is None:
            proxy, context, for_proxy = await concurrency.in_thread(lambda: self._prepare(origin))
            way = self._ways.setdefault(origin, AsyncWay(origin, self.settings, proxy, context, for_proxy))
        return way

    def _prepare(self, origin: Origin) -> tuple[Proxy | None, ssl.SSLContext | None, ssl.SSLContext | None]:
        proxy = self._proxies.choose(origin)
        context = self._context() if origin.scheme == "https" else None
        for_proxy = (proxy.ssl_context or self._context()) if proxy is not None and proxy.scheme == "https" else None
        return proxy, context, for_proxy

    def exchange(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> AsyncExchange:
        """Return the exchange of a request, which has not begun yet."""
        return AsyncPoolExchange(self, request, timeouts, deadline)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.pool.aclose()


class AsyncWay:
    """The way to one origin: directly or through a proxy, with TLS or without."""

    def __init__(
        self,
        origin: Origin,
        settings: WireSettings,
        proxy: Proxy | None,
        context: ssl.SSLContext | None,
        proxy_context: ssl.SSLContext | None,
    ) -> None:
        self.has_proxy = proxy is not None
        self._scheme = origin.scheme.encode("ascii")
        self._host = origin.host.encode("ascii")
        # Without a usual port, a proxy gets the address as everybody writes it.
        self._port = None if PORTS.get(origin.scheme) == origin.port else origin.port
        self._host_header = host_of(origin)
        # This is httpcore's pool, for one thing that it can do: make the right kind of connection. It keeps none.
        self._maker = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=None if proxy is None else _proxy(proxy, proxy_context),
            keepalive_expiry=settings.keepalive_seconds,
            http2=settings.http2,
            network_backend=AsyncNetwork((context is not None) + (proxy_context is not None)),
        )
        self._origin = httpcore.Origin(self._scheme, self._host, origin.port)

    def connection(self) -> httpcore.AsyncConnectionInterface:
        """Return a connection, which connects when it is first used."""
        return self._maker.create_connection(self._origin)

    def request(self, request: Request, timeouts: Timeouts) -> httpcore.Request:
        """Return the request as httpcore wants it, with what it carries."""
        target, headers = headers_of(request, self._host_header)
        return httpcore.Request(
            request.method.encode("ascii"),
            httpcore.URL(scheme=self._scheme, host=self._host, port=self._port, target=target),
            headers=headers,
            content=AsyncContent(request.content) if request.content else b"",
            extensions={
                "timeout": {"connect": timeouts.connect, "read": timeouts.read, "write": timeouts.write, "pool": None}
            },
        )


class AsyncContent:
    """A request's body. httpcore's own is an async generator, which is left half-way if it cannot be written."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content

    def __aiter__(self) -> AsyncContent:
        return self

    async def __anext__(self) -> bytes:
        content, self._content = self._content, None
        if content is None:
            raise StopAsyncIteration
        return content


def _proxy(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    url = httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/")
    return httpcore.Proxy(url, auth=proxy.auth, headers=list(proxy.headers), ssl_context=context)


class AsyncPoolExchange(AsyncExchange):
    """A request that goes over a connection of the pool."""

    def __init__(self, connections: AsyncConnections, request: Request, timeouts: Timeouts, deadline: Deadline) -> None:
        super().__init__(request, timeouts, deadline)
        # With HTTP/2, tasks read for each other. One that waits for another's reading has no time-out of its own.
        self.has_own_limits = not (connections.settings.http2 and concurrency.MULTIPLEXES)
        self._connections = connections
        self._has_proxy = False
        self._line: AsyncLine | None = None
        self._response: httpcore.Response | None = None
        self._body: AsyncIterator[bytes] | None = None

    def failure(self, error: Exception) -> Exception:
        """Return what an exception means, as one of ours."""
        return translated(error, self.call, httpcore, through_proxy=self._has_proxy)

    async def begin(self) -> None:
        """Send the request, and read the head of the response."""
        origin, pool = self.request.origin, self._connections.pool
        way = await self._connections.way(origin)
        self._has_proxy = way.has_proxy
        for attempt in range(_ATTEMPTS):
            self._line = line = await pool.take(origin, self.call.within(self.timeouts.pool))
            if line is None:
                raise httpcore.PoolTimeout
            # Another task may write what this one has prepared.
            self.call.sent |= line.multiplexes
            try:
                response = await line.connection.handle_async_request(way.request(self.request, self.timeouts))
            except httpcore.ConnectionNotAvailable:
                if attempt == _ATTEMPTS - 1:
                    raise
                self.call.sent = False
                await self.abandon()
            else:
                line.multiplexes = concurrency.MULTIPLEXES and response.extensions.get("http_version") == b"HTTP/2"
                break
        self._response = response
        self.status = response.status
        self.headers = read_headers(response.headers)
        self.http_version = response.extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace")
        stream: Any = response.stream
        self._body = aiter(stream)

    async def more(self) -> bytes | None:
        """Return the next bytes of the body, as they come; None at the end."""
        return None if self._body is None else await anext(self._body, None)

    async def end(self) -> None:
        """Let go of the connection, after the whole response."""
        line, self._line = self._line, None
        response, self._response, self._body = self._response, None, None
        if line is None:
            return
        try:
            if response is not None:
                await response.aclose()
        except BaseException:
            line.is_sound = False
            raise
        finally:
            await self._connections.pool.give(line)

    async def abandon(self) -> None:
        """Drop the connection, before the end of the response. Other requests on it may go on."""
        line, self._line = self._line, None
        response, self._response, body, self._body = self._response, None, self._body, None
        if line is None:
            return
        line.is_sound = False
        try:
            with concurrency.shield(), suppress(Exception):
                if response is not None:
                    await response.aclose()
                if line.users == 1:
                    await line.connection.aclose()
                    if self.call.opened is not None:
                        # httpcore forgets it if a SOCKS proxy refuses.
                        await self.call.opened.aclose()
                    if body is not None:
                        await concurrency.drop(body)
        finally:
            await self._connections.pool.give(line)
