"""aiohttp under an `AsyncTMDB`, on asyncio: for programs that want its proxies or resolvers. Needs the extra `aiohttp`.

    from tmdb_ext import AsyncTMDB
    from tmdb_ext.aiohttp import AiohttpTransport

    async with AsyncTMDB(transport=AiohttpTransport()) as tmdb:
        print((await tmdb.movies.details(11)).title)

Credentials, retries, the rate limit and errors are the same. As with any transport that is given, the environment's
proxies are not used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx

from ._extras import extra
from ._http._async.concurrency import PerLoop

with extra("aiohttp", "The aiohttp transport needs", "aiohttp", "httpx_aiohttp"):
    import aiohttp
    import httpx_aiohttp

if TYPE_CHECKING:
    import ssl

__all__ = ["AiohttpTransport"]


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends the requests of an `AsyncTMDB` with aiohttp; one for each client, which closes it.

    Each event loop has a session of its own. A connection that broke is reported as such: the transport below says of
    some that they could not be made, and a request that was carried out would be sent again. Cookies are not kept, and
    aiohttp repeats nothing by itself: that would be without a turn and without the client's hook.

    Args:
        verify: what to check the server's certificate with, if not with the usual authorities.
        limits: how many connections there are at most.
        proxy: a proxy to go through.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | bool = True,
        limits: httpx.Limits | None = None,
        proxy: httpx.Proxy | None = None,
    ) -> None:
        self._verify = verify
        self._limits = limits or httpx.Limits(max_connections=100)
        self._proxy = proxy
        self._inner: PerLoop[httpx_aiohttp.AiohttpTransport] = PerLoop(self._make, _close)

    def _make(self) -> httpx_aiohttp.AiohttpTransport:
        context = httpx.create_ssl_context(verify=self._verify)
        limits = self._limits

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(
                ssl=context, limit=limits.max_connections or 0, keepalive_timeout=limits.keepalive_expiry
            )
            return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_once,))

        return httpx_aiohttp.AiohttpTransport(client=session, proxy=self._proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        inner = self._inner.get() or await self._inner.ready()
        try:
            response = await inner.handle_async_request(request)
        except Exception as error:
            truth = _what_it_was(error)
            if truth is None:
                raise
        else:
            if isinstance(response.stream, httpx.AsyncByteStream):
                response.stream = _Body(response.stream)
            return response
        raise truth

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _BrokenError(aiohttp.ClientError):
    """What ended an exchange. aiohttp repeats a request for some of its own errors, and not for this one."""

    def __init__(self, truth: aiohttp.ClientError) -> None:
        super().__init__()
        self.truth = truth


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        truth = error
    raise _BrokenError(truth)


async def _close(inner: httpx_aiohttp.AiohttpTransport) -> None:
    await inner.aclose()


class _Body(httpx.AsyncByteStream):
    """A body whose reading fails with httpx's errors only."""

    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._inner:
                yield piece
        except Exception as error:
            truth = _what_it_was(error)
            if truth is None:
                raise
        else:
            return
        raise truth

    async def aclose(self) -> None:
        await self._inner.aclose()


def _what_it_was(error: Exception) -> httpx.TransportError | None:
    """Return httpx's error for one of aiohttp's that is named wrongly or not at all; None where nothing is wrong.

    The text stays aiohttp's for what broke; it names the host, and nothing of the request.
    """
    cause: Any = error if isinstance(error, aiohttp.ClientError) else error.__cause__
    if isinstance(cause, _BrokenError):
        cause = cause.truth
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout("")
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return httpx.RemoteProtocolError("the server closed the connection without an answer")
    if isinstance(cause, aiohttp.ClientConnectorError):
        return httpx.ConnectError(cause.strerror or "")
    if isinstance(cause, aiohttp.ClientOSError):
        return httpx.ReadError(cause.strerror or "")
    if isinstance(cause, aiohttp.ClientResponseError):
        return httpx.RemoteProtocolError("the answer is not HTTP")
    if isinstance(error, aiohttp.ClientError):
        return httpx.ReadError(type(error).__name__)
    return None
