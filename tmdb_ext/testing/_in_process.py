"""The simulator without a socket: transports for httpx, and an ASGI application."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import anyio
import httpx

from tmdb_ext.testing._http import RawRequest, RawResponse, Wire

Serve = Callable[[RawRequest], RawResponse]


def _raw(request: httpx.Request, body: bytes) -> RawRequest:
    headers: dict[str, str] = {}
    for name, value in request.headers.raw:
        headers[name.decode("latin-1").lower()] = value.decode("latin-1")
    return RawRequest(request.method, request.url.raw_path.decode("latin-1"), headers, body)


def _headers(response: RawResponse) -> dict[str, str]:
    length = {} if response.length is None else {"content-length": str(response.length)}
    return {**response.headers, **length}


def _lost(wire: Wire, request: httpx.Request) -> httpx.TransportError | None:
    """What httpx raises if nothing of a response arrives."""
    if wire.reset and wire.truncate is None:
        return httpx.ReadError("the connection was reset", request=request)
    if wire.disconnect or wire.garbage is not None:
        return httpx.RemoteProtocolError("the server sent no response", request=request)
    return None


def _cut(wire: Wire, request: httpx.Request) -> httpx.TransportError | None:
    """What httpx raises in the middle of a body."""
    if wire.truncate is None:
        return None
    if wire.reset:
        return httpx.ReadError("the connection was reset", request=request)
    return httpx.RemoteProtocolError("the server closed the connection without the whole body", request=request)


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that travels as a fault says."""

    def __init__(self, wire: Wire, body: bytes, request: httpx.Request) -> None:
        self._wire, self._body, self._request = wire, body, request

    def __iter__(self) -> Iterator[bytes]:
        for pause, piece in self._wire.pieces(self._body):
            time.sleep(pause)
            yield piece
        if (error := _cut(self._wire, self._request)) is not None:
            raise error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for pause, piece in self._wire.pieces(self._body):
            await anyio.sleep(pause)
            yield piece
        if (error := _cut(self._wire, self._request)) is not None:
            raise error


def _response(request: httpx.Request, response: RawResponse) -> httpx.Response:
    body = response.body_for(request.method)
    if response.wire is None:
        return httpx.Response(
            response.status, headers=_headers(response), stream=httpx.ByteStream(body), request=request
        )
    stream = _Stream(response.wire, body, request)
    return httpx.Response(response.status, headers=_headers(response), stream=stream, request=request)


def _timed_out(request: httpx.Request, wire: Wire) -> bool:
    """Whether a client would not wait until the first byte."""
    read = request.extensions.get("timeout", {}).get("read")
    return read is not None and wire.delay > read


class Transport(httpx.BaseTransport):
    """Answers the requests of an `httpx.Client`.

    Args:
        serve: What answers.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request, or raises what httpx raises if none arrives."""
        response = self._serve(_raw(request, request.read()))
        if response.wire is not None:
            if _timed_out(request, response.wire):
                raise httpx.ReadTimeout("timed out", request=request)
            time.sleep(response.wire.delay)
            if (error := _lost(response.wire, request)) is not None:
                raise error
        return _response(request, response)


class AsyncTransport(httpx.AsyncBaseTransport):
    """Answers the requests of an `httpx.AsyncClient`, on asyncio and trio.

    Args:
        serve: What answers.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request, or raises what httpx raises if none arrives."""
        response = self._serve(_raw(request, await request.aread()))
        if response.wire is not None:
            if _timed_out(request, response.wire):
                raise httpx.ReadTimeout("timed out", request=request)
            await anyio.sleep(response.wire.delay)
            if (error := _lost(response.wire, request)) is not None:
                raise error
        return _response(request, response)


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]


class ASGIApplication:
    """The simulator as an ASGI 3 application. A fault that drops the connection raises `ConnectionResetError`.

    Args:
        serve: What answers.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Serves one request, or the start and the end of the application."""
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["type"] != "http":
            raise ValueError(f"the simulator speaks http, not {scope['type']}")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope.get("raw_path") or scope["path"].encode()
        root = scope.get("root_path", "").rstrip("/")  # where a larger application has mounted it
        target = path.partition(b"?")[0].decode("latin-1").removeprefix(root)
        if scope.get("query_string"):
            target += f"?{scope['query_string'].decode('latin-1')}"
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        response = self._serve(RawRequest(scope["method"], target, headers, body))
        await self._send(scope["method"], response, send)

    @staticmethod
    async def _send(method: str, response: RawResponse, send: Callable[[Message], Awaitable[None]]) -> None:
        wire = response.wire or Wire()
        await anyio.sleep(wire.delay)
        if wire.silent:
            raise ConnectionResetError("a fault of the simulator: there is no response")
        length = [] if response.length is None else [(b"content-length", str(response.length).encode())]
        headers = [
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in response.headers.items()
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": [*headers, *length]})
        body = response.body_for(method)
        for pause, piece in wire.pieces(body):
            await anyio.sleep(pause)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if wire.truncate is not None:
            raise ConnectionResetError("a fault of the simulator: the rest of the body is missing")
        await send({"type": "http.response.body", "body": b"", "more_body": False})
