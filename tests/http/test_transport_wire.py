"""The wire over a transport of the caller's, of httpx and of httpx2."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from proxy_server import http_proxy
from raw_server import Handler, RawServer, always, silent
from wires import PATIENT, Variant, ask, get

from tmdb_ext._http._async.transport import AsyncTransportWire
from tmdb_ext._http._sync.transport import TransportWire
from tmdb_ext._http.deadline import NEVER, Deadline
from tmdb_ext._http.messages import Headers, Origin, Request, WireFailure, WireSettings
from tmdb_ext.aiohttp import AiohttpTransport

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


def network(variant: Variant, library: Any, **settings: Any) -> Any:
    kind = library.HTTPTransport if variant.name == "threads" else library.AsyncHTTPTransport
    return kind(**settings)


class Badge:
    def target(self, target: str) -> str:
        return f"{target}?api_key=k%2Fy"

    def headers(self) -> Headers:
        return [("authorization", "Bearer b")]


@LIBRARIES
def test_a_mock_transport_answers(variant: Variant, library: Any) -> None:
    def handler(request: Any) -> Any:
        seen.append((request.method, str(request.url), dict(request.headers), request.content))
        return library.Response(201, json={"ok": True}, headers={"X-One": "1"})

    async def main() -> None:
        wire = variant.transport_wire(library.MockTransport(handler))
        origin = Origin("https", "api.themoviedb.org", 443)
        request = Request("POST", origin, "/3/a%20b", [("content-type", "application/json")], b"{}", Badge())
        response = await ask(wire, request)
        assert (response.status, response.content, response.header("x-one")) == (201, b'{"ok":true}', "1")
        await wire.aclose()

    seen: list[Any] = []
    variant.run(main)
    method, url, headers, content = seen[0]
    assert (method, url, content) == ("POST", "https://api.themoviedb.org/3/a%20b?api_key=k%2Fy", b"{}")
    assert headers["host"] == "api.themoviedb.org"
    assert headers["authorization"] == "Bearer b"
    assert headers["content-length"] == "2"


@LIBRARIES
def test_a_network_transport_is_decompressed_and_keeps_its_connection(variant: Variant, library: Any) -> None:
    async def main() -> None:
        wire = variant.transport_wire(network(variant, library))
        for _ in range(3):
            response = await ask(wire, get(server.port))
            assert response.content == b"a" * 1000
            assert response.headers == []
        async with wire.open(get(server.port), PATIENT, NEVER) as streaming:
            assert b"".join([piece async for piece in streaming]) == b"a" * 1000
            assert streaming.received == len(body)
        await wire.aclose()

    body = gzip.compress(b"a" * 1000)
    with RawServer(always(body, "Content-Encoding: gzip")) as server:
        variant.run(main)
        assert server.connections == 1


@LIBRARIES
def test_a_transport_that_has_read_and_decompressed_is_taken_at_its_word(variant: Variant, library: Any) -> None:
    async def main() -> None:
        wire = variant.transport_wire(library.MockTransport(handler))
        response = await ask(wire, get(80))
        assert (response.content, response.headers) == (b"abc", [("content-length", str(len(body)))])
        await wire.aclose()

    def handler(request: Any) -> Any:
        return library.Response(200, content=body, headers={"Content-Encoding": "gzip"})

    body = gzip.compress(b"abc")
    variant.run(main)


@LIBRARIES
@pytest.mark.parametrize(
    ("name", "kind", "phase", "sent"),
    [
        ("ConnectError", "connect", None, False),
        ("ConnectTimeout", "timeout", "connect", False),
        ("PoolTimeout", "timeout", "pool", False),
        ("ReadTimeout", "timeout", "read", True),
        ("WriteTimeout", "timeout", "write", True),
        ("ReadError", "broken", None, True),
        ("WriteError", "broken", None, True),
        ("CloseError", "broken", None, True),
        ("RemoteProtocolError", "protocol", None, True),
        ("LocalProtocolError", "protocol", None, True),
        ("ProxyError", "proxy", None, True),
        ("UnsupportedProtocol", "address", None, False),
        ("InvalidURL", "address", None, False),
        ("DecodingError", "compression", None, True),
        ("StreamClosed", "protocol", None, True),
    ],
)
def test_the_librarys_errors_become_failures(
    variant: Variant, library: Any, name: str, kind: str, phase: str | None, sent: bool
) -> None:
    def handler(request: Any) -> Any:
        error = getattr(library, name)
        raise error() if name == "StreamClosed" else error("hunter2")

    async def main() -> None:
        wire = variant.transport_wire(library.MockTransport(handler))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(80))
        failure = caught.value
        assert (failure.kind, failure.phase, failure.sent) == (kind, phase, sent)
        assert "hunter2" not in repr(failure)
        assert failure.__context__ is None
        assert failure.__cause__ is None
        await wire.aclose()

    variant.run(main)


def test_an_error_of_the_callers_own_stays_as_it_is(variant: Variant) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("not expected")

    async def main() -> None:
        wire = variant.transport_wire(httpx.MockTransport(handler))
        with pytest.raises(AssertionError, match="not expected"):
            await ask(wire, get(80))
        await wire.aclose()

    variant.run(main)


def trickle(peer: Any) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    peer.trickle(b"a" * 100_000)


@LIBRARIES
@pytest.mark.parametrize("handler", [silent, trickle])
def test_a_request_ends_with_its_budget(variant: Variant, library: Any, handler: Handler) -> None:
    async def main() -> None:
        wire = variant.transport_wire(network(variant, library))
        begun = time.monotonic()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(server.port), seconds=0.6)
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", True)
        assert time.monotonic() - begun < 15
        await wire.aclose()

    with RawServer(handler) as server:
        variant.run(main)


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_transport_that_waits_for_ever_is_stopped(library: str) -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        await anyio.sleep(60)
        raise AssertionError

    async def main() -> None:
        wire = AsyncTransportWire(httpx.MockTransport(handler))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(80), seconds=0.3)
        assert (caught.value.kind, caught.value.phase) == ("timeout", "budget")

    Variant(library).run(main)


@LIBRARIES
def test_a_transport_may_have_a_proxy(variant: Variant, library: Any) -> None:
    async def main() -> None:
        transport = network(variant, library, proxy=f"http://127.0.0.1:{proxy.port}")
        wire = variant.transport_wire(transport)
        assert (await ask(wire, get(80, host="tmdb.test"))).content == b'{"by": "proxy"}'
        await wire.aclose()

    with RawServer(http_proxy([])) as proxy:
        variant.run(main)


@LIBRARIES
def test_a_response_that_is_too_large_is_given_up(variant: Variant, library: Any) -> None:
    async def main() -> None:
        wire = variant.transport_wire(network(variant, library), WireSettings(max_content=1000))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(server.port))
        assert caught.value.kind == "too large"
        await wire.aclose()

    with RawServer(always(gzip.compress(b"\0" * 20_000_000), "Content-Encoding: gzip")) as server:
        variant.run(main)


def test_aiohttp_answers() -> None:
    async def main() -> None:
        wire = AsyncTransportWire(AiohttpTransport())
        for _ in range(2):
            assert (await ask(wire, get(server.port))).content == b"a" * 1000
        async with wire.open(get(server.port), PATIENT, Deadline(20)) as streaming:
            assert b"".join([piece async for piece in streaming]) == b"a" * 1000
        with RawServer(silent) as dead:
            with pytest.raises(WireFailure) as caught:
                await ask(wire, get(dead.port), seconds=0.3)
            assert (caught.value.kind, caught.value.phase) == ("timeout", "budget")
        await wire.aclose()

    with RawServer(always(gzip.compress(b"a" * 1000), "Content-Encoding: gzip")) as server:
        Variant("asyncio").run(main)


def test_applications_in_the_same_process_answer(variant: Variant) -> None:
    def wsgi(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return iter([environ["PATH_INFO"].encode(), b"?", environ["QUERY_STRING"].encode()])

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = scope["path"].encode() + b"?" + scope["query_string"]
        await send({"type": "http.response.body", "body": body})

    async def main() -> None:
        transport = httpx.WSGITransport(wsgi) if variant.name == "threads" else httpx.ASGITransport(asgi)
        wire = variant.transport_wire(transport)
        assert (await ask(wire, get(80, "/3/x?a=b"))).content == b"/3/x?a=b"
        await wire.aclose()

    variant.run(main)


def test_closing_the_wire_closes_the_transport() -> None:
    class Transport(httpx.BaseTransport):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    transport = Transport()
    TransportWire(transport).close()
    assert transport.closed == 1


def test_a_response_is_closed_if_it_is_left_early() -> None:
    class Body(httpx.SyncByteStream):
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            yield b"b"

        def close(self) -> None:
            self.closed = True

    body = Body()
    wire = TransportWire(httpx.MockTransport(lambda request: httpx.Response(200, stream=body)))
    with wire.open(get(80), PATIENT, NEVER) as streaming:
        assert next(iter(streaming)) == b"a"
        assert not body.closed
    assert body.closed
