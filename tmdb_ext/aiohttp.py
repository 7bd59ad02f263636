"""aiohttp under an `AsyncTMDB`: about twice as many calls a second, on asyncio. Needs the extra `aiohttp`.

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

with extra("aiohttp", "The aiohttp transport needs", "aiohttp", "httpx_aiohttp"):
    import aiohttp
    import httpx_aiohttp

if TYPE_CHECKING:
    import ssl

__all__ = ["AiohttpTransport"]


class AiohttpTransport(httpx_aiohttp.AiohttpTransport):
    """Sends the requests of an `AsyncTMDB` with aiohttp; one for each client, which closes it.

    A connection that broke is reported as such. (The transport below says of some that they could not be made, and a
    request that was carried out would be sent again.) Cookies are not kept.

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
        super().__init__(verify=verify, limits=limits or httpx.Limits(max_connections=100), proxy=proxy)

    def get_client(self) -> aiohttp.ClientSession:
        """Return the session that requests are sent with."""
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self.ssl_context,
                    limit=self.limits.max_connections or 0,
                    keepalive_timeout=self.limits.keepalive_expiry,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # It has no setting for this: it would send again by itself, without a turn and without the client's hook.
            self.client._retry_connection = False  # noqa: SLF001
        return self.client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        try:
            response = await super().handle_async_request(request)
        except Exception as error:
            truth = _what_it_was(error)
            if truth is None:
                raise
        else:
            if isinstance(response.stream, httpx.AsyncByteStream):
                response.stream = _Body(response.stream)
            return response
        raise truth


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
