"""HTTP/2, if the caller asks for it and the server speaks it."""

from __future__ import annotations

import asyncio
import datetime
import importlib.util
import ssl
import threading
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
import trio
from raw_server import Peer, RawServer
from wires import TLS, Variant, ask, get

from tmdb_ext import ConfigurationError
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http._sync.wire import PoolWire
from tmdb_ext._http.messages import Request, WireFailure, WireSettings


class Speaker:
    """Speaks HTTP/2 on a connection. It answers with a request's path, or the length of its body.

    `/slow/…` is answered a little later, `/never` not at all.
    """

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, peer: Peer) -> None:
        assert isinstance(peer.sock, ssl.SSLSocket)
        assert peer.sock.selected_alpn_protocol() == "h2"
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        lock = threading.Lock()
        lengths: dict[int, int] = {}
        paths: dict[int, str] = {}

        def flush() -> None:
            peer.sock.sendall(connection.data_to_send())

        def answer(stream: int) -> None:
            with lock:
                body = str(lengths[stream]).encode() if stream in lengths else paths[stream].encode()
                connection.send_headers(stream, [(":status", "200"), ("content-length", str(len(body)))])
                connection.send_data(stream, body, end_stream=True)
                flush()

        connection.initiate_connection()
        flush()
        while data := peer.sock.recv(65536):
            with lock:
                events = connection.receive_data(data)
                flush()
            for event in events:
                if isinstance(event, h2.events.RequestReceived):
                    paths[event.stream_id] = dict(event.headers)[b":path"].decode()
                    self.paths.append(paths[event.stream_id])
                elif isinstance(event, h2.events.DataReceived):
                    lengths[event.stream_id] = lengths.get(event.stream_id, 0) + len(event.data)
                    with lock:
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                        flush()
                elif isinstance(event, h2.events.StreamEnded):
                    path = paths[event.stream_id]
                    if path.startswith("/slow/"):
                        threading.Timer(0.3, answer, [event.stream_id]).start()
                    elif path == "/cut":
                        return
                    elif path != "/never":
                        answer(event.stream_id)


@pytest.fixture
def server_tls(tls: TLS) -> ssl.SSLContext:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.authority.issue_cert("localhost", "127.0.0.1", not_after=soon).configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def settings(tls: TLS, **more: Any) -> WireSettings:
    return WireSettings(trust_env=False, verify=tls.client, http2=True, **more)


def test_requests_and_bodies_travel_over_http2(variant: Variant, tls: TLS, server_tls: ssl.SSLContext) -> None:
    async def main() -> None:
        wire = variant.pool_wire(settings(tls))
        for number in range(3):
            response = await ask(wire, get(server.port, f"/{number}", scheme="https"))
            assert (response.http_version, response.content.decode()) == ("HTTP/2", f"/{number}")
        origin = get(server.port, scheme="https").origin
        response = await ask(wire, Request("POST", origin, "/3/list", content=b"a" * 200_000))
        assert response.content == b"200000"
        await wire.aclose()

    with RawServer(Speaker(), tls=server_tls) as server:
        variant.run(main)
        assert server.connections == 1


def test_many_requests_at_once_get_their_own_answers(variant: Variant, tls: TLS, server_tls: ssl.SSLContext) -> None:
    async def main() -> None:
        wire = variant.pool_wire(settings(tls, max_connections=2 if variant.name == "threads" else 1))
        await ask(wire, get(server.port, "/first", scheme="https"))
        answers = await variant.at_once(
            *(lambda path=path: ask(wire, get(server.port, path, scheme="https")) for path in paths)
        )
        assert [answer.content.decode() for answer in answers] == paths
        await wire.aclose()

    paths = [f"/slow/{number}" for number in range(10)]
    speaker = Speaker()
    with RawServer(speaker, tls=server_tls) as server:
        variant.run(main)
        # Tasks share a connection; threads do not, and wait for each other instead.
        assert server.connections <= (2 if variant.name == "threads" else 1)
    assert sorted(speaker.paths) == sorted(["/first", *paths])


def test_one_that_gets_no_answer_ends_with_its_budget_and_harms_no_other(
    variant: Variant, tls: TLS, server_tls: ssl.SSLContext
) -> None:
    async def main() -> None:
        wire = variant.pool_wire(settings(tls))
        await ask(wire, get(server.port, "/first", scheme="https"))

        async def never() -> None:
            with pytest.raises(WireFailure) as caught:
                await ask(wire, get(server.port, "/never", scheme="https"), seconds=1.0)
            assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", True)

        async def others() -> None:
            for number in range(6):
                path = f"/slow/{number}"
                assert (await ask(wire, get(server.port, path, scheme="https"))).content.decode() == path

        assert await variant.at_once(never, others, never, others) == [None] * 4
        await wire.aclose()

    with RawServer(Speaker(), tls=server_tls) as server:
        variant.run(main)


def test_a_connection_that_breaks_is_a_failure(variant: Variant, tls: TLS, server_tls: ssl.SSLContext) -> None:
    async def main() -> None:
        wire = variant.pool_wire(settings(tls, max_connections=1))
        for _ in range(2):
            with pytest.raises(WireFailure) as caught:
                await ask(wire, get(server.port, "/cut", scheme="https"))
            assert (caught.value.kind, caught.value.sent) == ("broken", True)
            assert caught.value.__context__ is None
        assert (await ask(wire, get(server.port, "/x", scheme="https"))).content == b"/x"
        await wire.aclose()

    with RawServer(Speaker(), tls=server_tls) as server:
        variant.run(main)


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_cancelled_request_takes_nobody_along(library: str, tls: TLS, server_tls: ssl.SSLContext) -> None:
    async def main() -> None:
        wire = AsyncPoolWire(settings(tls))
        await ask(wire, get(server.port, "/first", scheme="https"))

        async def slow() -> None:
            answers.append((await ask(wire, get(server.port, "/slow/1", scheme="https"))).content)

        if library == "trio":
            async with trio.open_nursery() as nursery:
                nursery.start_soon(slow)
                with trio.move_on_after(0.1):
                    await ask(wire, get(server.port, "/never", scheme="https"))
        else:
            tasks = [asyncio.create_task(slow())]
            cancelled = asyncio.create_task(ask(wire, get(server.port, "/never", scheme="https")))
            await asyncio.sleep(0.1)
            cancelled.cancel()
            await asyncio.wait([*tasks, cancelled])
            assert cancelled.cancelled()
        answers.append((await ask(wire, get(server.port, "/after", scheme="https"))).content)
        await wire.aclose()

    answers: list[bytes] = []
    with RawServer(Speaker(), tls=server_tls) as server:
        Variant(library).run(main)
    assert answers == [b"/slow/1", b"/after"]


def test_a_server_without_http2_is_spoken_to_as_ever(variant: Variant, tls: TLS) -> None:
    async def main() -> None:
        wire = variant.pool_wire(settings(tls))
        assert (await ask(wire, get(server.port, scheme="https"))).http_version == "HTTP/1.1"
        await wire.aclose()

    with RawServer(tls=tls.server) as server:
        variant.run(main)


@pytest.mark.parametrize("wire", [PoolWire, AsyncPoolWire])
def test_http2_without_its_extra_is_a_mistake_at_once(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    module = f"tmdb_ext._http.{'_sync' if wire is PoolWire else '_async'}.wire"
    monkeypatch.setattr(f"{module}.find_spec", lambda name: None if name == "h2" else find(name))
    with pytest.raises(ConfigurationError) as caught:
        wire(WireSettings(trust_env=False, http2=True))
    assert str(caught.value) == "http2=True needs an extra: pip install 'tmdb-ext[http2]'"
