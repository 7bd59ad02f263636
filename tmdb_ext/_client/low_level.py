"""The generated clients over a client's calls: a real httpx client, whose transport is the auth flow and the engine.

What httpx itself holds has no credential in it, other than one that the caller put there. Written by hand for sync and
async, since each refuses the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final, NoReturn

import httpx
from tmdb_api_client.v3.client import AuthenticatedClient
from tmdb_api_client.v4.client import AuthenticatedClient as V4AuthenticatedClient

from tmdb_ext._errors import ConfigurationError, cleaned
from tmdb_ext._http.call import Call
from tmdb_ext._http.messages import PORTS, Origin, Request, Response, Timeouts, WireFailure
from tmdb_ext._http.responses import read
from tmdb_ext._http.translation import error_of
from tmdb_ext._operations import find_operation

if TYPE_CHECKING:
    from tmdb_ext._auth._async.caller import AsyncCaller
    from tmdb_ext._auth._sync.caller import Caller
    from tmdb_ext._client.settings import Options
    from tmdb_ext._http.settings import Address

_OF_THE_WIRE: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def low_level_client(calls: Caller, address: Address, options: Options) -> AuthenticatedClient:
    """Return the generated client of v3, for its functions `sync` and `sync_detailed`."""
    # The token stays empty: the auth flow adds the credentials.
    return _SyncV3(base_url=str(address), token="").set_httpx_client(_sync_client(calls, address, options))


def v4_low_level_client(calls: Caller, address: Address, options: Options) -> V4AuthenticatedClient:
    """Return the generated client of v4, for its functions `sync` and `sync_detailed`."""
    return _SyncV4(base_url=str(address), token="").set_httpx_client(_sync_client(calls, address, options))


def async_low_level_client(calls: AsyncCaller, address: Address, options: Options) -> AuthenticatedClient:
    """Return the generated client of v3, for its functions `asyncio` and `asyncio_detailed`."""
    return _AsyncV3(base_url=str(address), token="").set_async_httpx_client(_async_client(calls, address, options))


def async_v4_low_level_client(calls: AsyncCaller, address: Address, options: Options) -> V4AuthenticatedClient:
    """Return the generated client of v4, for its functions `asyncio` and `asyncio_detailed`."""
    return _AsyncV4(base_url=str(address), token="").set_async_httpx_client(_async_client(calls, address, options))


def _sync_client(calls: Caller, address: Address, options: Options) -> httpx.Client:
    return httpx.Client(transport=_Calls(calls, options), **_settings(calls, address))


def _async_client(calls: AsyncCaller, address: Address, options: Options) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=_AsyncCalls(calls, options), **_settings(calls, address))


def _settings(calls: Caller | AsyncCaller, address: Address) -> dict[str, Any]:
    return {
        "base_url": str(address),
        "headers": list(calls.settings.headers),
        "timeout": httpx.Timeout(**calls.settings.timeouts._asdict()),
        "trust_env": False,
    }


class _Calls(httpx.BaseTransport):
    """Makes a call of each request."""

    def __init__(self, calls: Caller, options: Options) -> None:
        self._calls = calls
        self._options = options

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = [request.read()]
        try:
            return self._answer(request, content.pop())
        except BaseException as caught:  # noqa: BLE001 - whatever leaves, leaves without the frames behind it
            error = caught
        raise cleaned(error)

    def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        call, asked = _asked(request, content, self._calls, self._options)
        response = self._calls.perform(call, asked)
        return _answered(response, _Content(response, call.describe(asked)))


class _AsyncCalls(httpx.AsyncBaseTransport):
    """Makes a call of each request, async."""

    def __init__(self, calls: AsyncCaller, options: Options) -> None:
        self._calls = calls
        self._options = options

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = [await request.aread()]
        try:
            return await self._answer(request, content.pop())
        except BaseException as caught:  # noqa: BLE001 - whatever leaves, leaves without the frames behind it
            error = caught
        raise cleaned(error)

    async def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        call, asked = _asked(request, content, self._calls, self._options)
        response = await self._calls.perform(call, asked)
        return _answered(response, _AsyncContent(response, call.describe(asked)))


def _asked(
    request: httpx.Request, content: bytes, calls: Caller | AsyncCaller, options: Options
) -> tuple[Call, Request]:
    """Return a request of httpx as one of ours, and its context."""
    url = request.url
    asked = Request(
        request.method,
        Origin(url.scheme, url.host.lower(), url.port or PORTS.get(url.scheme, 0)),
        url.raw_path.decode("ascii"),
        [(name.lower(), value) for name, value in request.headers.multi_items() if name.lower() not in _OF_THE_WIRE],
        content,
    )
    operation = find_operation(request.extensions)
    # An endpoint reads the whole body, which is asked for again if it breaks; a request of the caller's own may stream.
    call = calls.call(operation, mode=options.mode, strict=False, streams=operation is None)
    call.timeouts = Timeouts(
        **{"connect": None, "read": None, "write": None, "pool": None, **request.extensions.get("timeout", {})}
    )
    return call, asked


def _answered(response: Response, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    """Return a response as one of httpx; the content has been decompressed."""
    return httpx.Response(
        response.status,
        headers=[(name, value) for name, value in response.headers if name != "content-length"],
        stream=stream,
        extensions={"http_version": response.http_version.encode("ascii")},
    )


def check_response(response: httpx.Response) -> None:
    """Raise what a response of a low-level client means, if it is a refusal or cannot be read.

    Raises:
        APIError: TMDB refused.
        DecodeError: the response is not a JSON object or list.
    """
    call = Call(find_operation(response.request.extensions))
    url = response.request.url
    asked = Request(response.request.method, Origin(url.scheme, url.host, 0), url.raw_path.decode("ascii"))
    headers = [(name.lower(), value) for name, value in response.headers.items()]
    read(call, asked, Response(response.status_code, headers, response.content), lambda payload: payload)


class _Content(httpx.SyncByteStream):
    """The content of a response, decompressed: as it comes, or at once if it has been read already."""

    def __init__(self, response: Response, context: dict[str, Any]) -> None:
        self._response = response
        self._context = context

    def __iter__(self) -> Iterator[bytes]:
        if self._response.streaming is None:
            yield self._response.content
            return
        try:
            yield from self._response.streaming
        except WireFailure as failure:
            error = error_of(failure, self._context)
        else:
            return
        raise error

    def close(self) -> None:
        opening, self._response.opening = self._response.opening, None
        if opening is not None:
            opening.__exit__(None, None, None)


class _AsyncContent(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """The content of a response, decompressed: as it comes, or at once if it has been read already."""

    def __init__(self, response: Response, context: dict[str, Any]) -> None:
        self._response = response
        self._context = context

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self  # no generator, which trio wants closed by whoever leaves a loop early

    async def __anext__(self) -> bytes:
        if self._response.streaming is None:
            content, self._response.content = self._response.content, b""
            if content:
                return content
            raise StopAsyncIteration
        try:
            piece: bytes = await anext(self._response.streaming)
        except WireFailure as failure:
            error = error_of(failure, self._context)
        else:
            return piece
        raise error

    async def aclose(self) -> None:
        opening, self._response.opening = self._response.opening, None
        if opening is not None:
            await opening.__aexit__(None, None, None)


class _SyncOnly:
    """Refuses an async client: its connections would carry no credential and raise other errors."""

    def get_async_httpx_client(self) -> NoReturn:
        raise ConfigurationError(
            "This is the low_level client of a TMDB; asyncio and asyncio_detailed need an AsyncTMDB."
        )


class _AsyncOnly:
    """Refuses a sync client: its connections would carry no credential and raise other errors."""

    def get_httpx_client(self) -> NoReturn:
        raise ConfigurationError("This is the low_level client of an AsyncTMDB; sync and sync_detailed need a TMDB.")


class _SyncV3(_SyncOnly, AuthenticatedClient):
    pass


class _SyncV4(_SyncOnly, V4AuthenticatedClient):
    pass


class _AsyncV3(_AsyncOnly, AuthenticatedClient):
    pass


class _AsyncV4(_AsyncOnly, V4AuthenticatedClient):
    pass
