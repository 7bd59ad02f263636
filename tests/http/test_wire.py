"""One request over the wire: what is written, what is read, how long it may take, and what can go wrong."""

from __future__ import annotations

import gzip
import socket
import time
import traceback

import pytest
from raw_server import Handler, Peer, RawServer, always, silent
from wires import PATIENT, TLS, Variant, ask, get

from tmdb_ext._http.deadline import NEVER, Deadline
from tmdb_ext._http.messages import Headers, Origin, Request, Timeouts, WireFailure, WireSettings

BUDGET = 0.6
LONG = 15.0
"""Seconds that even a busy machine does not need beyond the budget; the servers below go on for longer."""

SECRET = "hunter2-is-a-secret"


class Badge:
    """What a request carries in these tests."""

    def target(self, target: str) -> str:
        return f"{target}?api_key={SECRET}"

    def headers(self) -> Headers:
        return [("authorization", f"Bearer {SECRET}")]


def secret_request(port: int, scheme: str = "http") -> Request:
    return Request("GET", Origin(scheme, "127.0.0.1", port), "/3/movie/11", carried=Badge())


def test_a_request_is_written_with_what_it_carries(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        request = Request(
            "POST",
            Origin("http", "127.0.0.1", server.port),
            "/3/movie/11/rating",
            [("content-type", "application/json")],
            b'{"value": 8}',
            Badge(),
        )
        await ask(wire, request)
        await wire.aclose()

    with RawServer() as server:
        variant.run(main)
    line, *headers = server.heads[0].split("\r\n")
    assert line == f"POST /3/movie/11/rating?api_key={SECRET} HTTP/1.1"
    assert headers[0] == f"host: 127.0.0.1:{server.port}"
    assert {"content-type: application/json", f"authorization: Bearer {SECRET}", "content-length: 12"} <= set(headers)
    assert any(header.startswith("accept-encoding: gzip, deflate") for header in headers)
    assert server.peers[0].body == b'{"value": 8}'


def test_a_response_is_read_and_decompressed(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        response = await ask(wire, get(server.port))
        assert response.status == 404
        assert response.content == b"a" * 1000
        assert response.headers == [("x-first", "1"), ("x-second", "2")]
        assert response.header("x-second") == "2"
        assert response.http_version == "HTTP/1.1"
        await wire.aclose()

    body = gzip.compress(b"a" * 1000)
    with RawServer(
        always(body, "X-First: 1", "Content-Encoding: gzip", "X-Second: 2", status="404 Not Found")
    ) as server:
        variant.run(main)


def test_one_connection_serves_requests_one_after_another(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        for _ in range(5):
            assert (await ask(wire, get(server.port))).content == b'{"ok": true}'
        await wire.aclose()

    with RawServer() as server:
        variant.run(main)
        assert server.connections == 1
    assert len(server.heads) == 5


def test_a_connection_that_the_server_has_closed_is_not_used(variant: Variant) -> None:
    def once(peer: Peer) -> None:
        if peer.head() is not None:
            peer.answer()

    async def main() -> None:
        wire = variant.pool_wire()
        for number in range(3):
            await ask(wire, get(server.port))
            # Until the server's end of the connection has gone, so that ours has news of it.
            while server.peers[number].sock.fileno() >= 0:
                await variant.sleep(0.01)
        await wire.aclose()

    with RawServer(once) as server:
        variant.run(main)
        assert server.connections == 3


# Deadlines.


def a_trickled_head(peer: Peer) -> None:
    peer.head()
    peer.trickle(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000)


def a_slow_status_line(peer: Peer) -> None:
    peer.head()
    peer.trickle(b"HTTP/1.1 200 " + b"O" * 100_000)


def endless_hints(peer: Peer) -> None:
    peer.head()
    while not peer.server.wait(0.05):
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def a_trickled_body(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    peer.trickle(b"a" * 100_000)


def a_trickled_chunked_body(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.trickle(b"1\r\na\r\n" * 100_000)


def a_handshake_that_does_not_begin(peer: Peer) -> None:
    peer.server.wait(60)


@pytest.mark.parametrize(
    ("handler", "scheme", "sent"),
    [
        (silent, "http", True),
        (a_trickled_head, "http", True),
        (a_slow_status_line, "http", True),
        (endless_hints, "http", True),
        (a_trickled_body, "http", True),
        (a_trickled_chunked_body, "http", True),
        (a_handshake_that_does_not_begin, "https", False),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_request_ends_with_its_budget(variant: Variant, handler: Handler, scheme: str, sent: bool) -> None:
    async def main() -> float:
        wire = variant.pool_wire()
        begun = time.monotonic()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, secret_request(server.port, scheme), seconds=BUDGET)
        took = time.monotonic() - begun
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", sent)
        await wire.aclose()
        return took

    with RawServer(handler) as server:
        assert BUDGET * 0.9 < variant.run(main) < BUDGET + LONG


def test_a_body_that_nobody_reads_ends_with_the_budget(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        origin = Origin("http", "127.0.0.1", server.port)
        request = Request("POST", origin, "/3/list", content=b"a" * 50_000_000)
        with pytest.raises(WireFailure) as caught:
            await ask(wire, request, seconds=BUDGET)
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", True)
        await wire.aclose()

    with RawServer(lambda peer: bool(peer.server.wait(60)) and None) as server:
        variant.run(main)


def test_waiting_for_a_connection_ends_with_the_budget(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=1))

        async def first() -> None:
            with pytest.raises(WireFailure):
                await ask(wire, get(server.port), seconds=BUDGET * 4)

        async def second() -> None:
            while not server.heads:
                await variant.sleep(0.01)
            with pytest.raises(WireFailure) as caught:
                await ask(wire, get(server.port), seconds=BUDGET)
            assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", False)

        assert await variant.at_once(first, second) == [None, None]
        await wire.aclose()

    with RawServer(silent) as server:
        variant.run(main)


@pytest.mark.parametrize(
    ("timeouts", "phase"),
    [
        (PATIENT._replace(read=0.2), "read"),
        (PATIENT._replace(write=0.2), "write"),
        (PATIENT._replace(pool=0.2), "pool"),
    ],
)
def test_each_phase_has_a_timeout_of_its_own(variant: Variant, timeouts: Timeouts, phase: str) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=1))
        origin = Origin("http", "127.0.0.1", server.port)

        async def hold() -> None:
            if phase == "pool":
                with pytest.raises(WireFailure):
                    await ask(wire, get(server.port), seconds=3)

        async def ask_in_vain() -> None:
            while phase == "pool" and not server.connections:
                await variant.sleep(0.01)
            content = b"a" * 50_000_000 if phase == "write" else b""
            with pytest.raises(WireFailure) as caught:
                await ask(wire, Request("GET", origin, "/", content=content), timeouts)
            assert (caught.value.kind, caught.value.phase) == ("timeout", phase)

        assert await variant.at_once(hold, ask_in_vain) == [None, None]
        await wire.aclose()

    with RawServer(lambda peer: bool(peer.server.wait(60)) and None) as server:
        variant.run(main)


def test_connecting_has_a_timeout_of_its_own(variant: Variant, tls: TLS) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(server.port, scheme="https"), PATIENT._replace(connect=0.2))
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "connect", False)
        await wire.aclose()

    with RawServer(a_handshake_that_does_not_begin) as server:
        variant.run(main)


# Failures.


def cut(peer: Peer) -> None:
    if peer.head() is not None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")


def cut_in_a_chunk(peer: Peer) -> None:
    if peer.head() is not None:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")


def reset_in_the_body(peer: Peer) -> None:
    if peer.head() is not None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        peer.server.wait(0.2)
        peer.reset()


def gone_without_an_answer(peer: Peer) -> None:
    peer.head()


def reset_without_an_answer(peer: Peer) -> None:
    peer.head()
    peer.reset()


def no_http(peer: Peer) -> None:
    if peer.head() is not None:
        peer.send(f"* OK IMAP {SECRET}\r\n\r\n".encode())
        peer.server.wait(30)


def broken_gzip(peer: Peer) -> None:
    if peer.head() is not None:
        peer.answer(b"\x1f\x8b" + SECRET.encode(), "Content-Encoding: gzip")


def cut_gzip(peer: Peer) -> None:
    if peer.head() is not None:
        peer.answer(gzip.compress(b"a" * 1000)[:-12], "Content-Encoding: gzip")


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (cut, "broken"),
        (cut_in_a_chunk, "broken"),
        (reset_in_the_body, "broken"),
        (gone_without_an_answer, "broken"),
        (reset_without_an_answer, "broken"),
        (no_http, "protocol"),
        (broken_gzip, "compression"),
        (cut_gzip, "compression"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_response_is_a_failure_that_shows_nothing(variant: Variant, handler: Handler, kind: str) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=1))
        for _ in range(2):  # the connection is not used again, and its place is free
            with pytest.raises(WireFailure) as caught:
                await ask(wire, secret_request(server.port))
            failure = caught.value
            assert (failure.kind, failure.sent) == (kind, True)
            check_shows_nothing(failure)
        await wire.aclose()

    with RawServer(handler) as server:
        variant.run(main)
        assert server.connections == 2


def check_shows_nothing(failure: WireFailure) -> None:
    assert failure.__cause__ is None
    assert failure.__context__ is None
    for text in (str(failure), repr(failure), failure.detail):
        assert SECRET not in text
        assert "127.0.0.1" not in text
    files = {frame.filename for frame in traceback.extract_tb(failure.__traceback__)}
    assert [file for file in files if "site-packages" in file or "network" in file or "decoding" in file] == []


def test_a_refused_connection_was_not_sent(variant: Variant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def main() -> None:
        wire = variant.pool_wire()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, secret_request(port))
        assert (caught.value.kind, caught.value.sent, caught.value.detail) == ("connect", False, "Connection refused")
        check_shows_nothing(caught.value)
        await wire.aclose()

    variant.run(main)


def test_a_name_that_does_not_exist_was_not_sent(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        for host in ("no-such-host.invalid", "a" * 70 + ".invalid"):
            with pytest.raises(WireFailure) as caught:
                await ask(wire, get(80, host=host))
            assert (caught.value.kind, caught.value.sent) == ("connect", False)
            assert caught.value.detail == "the host's name could not be resolved"
        await wire.aclose()

    variant.run(main)


def test_a_header_that_is_not_http_shows_in_no_message(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        request = Request("GET", Origin("http", "127.0.0.1", server.port), "/", [("x-bad", f"{SECRET}\r\nx: y")])
        with pytest.raises(WireFailure) as caught:
            await ask(wire, request)
        assert (caught.value.kind, caught.value.sent) == ("protocol", False)
        check_shows_nothing(caught.value)
        assert (await ask(wire, get(server.port))).status == 200
        await wire.aclose()

    with RawServer() as server:
        variant.run(main)


def bomb(peer: Peer) -> None:
    if peer.head() is not None:
        peer.answer(gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip")


def long_without_a_length(peer: Peer) -> None:
    if peer.head() is not None:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not peer.server.wait(0):
            peer.send(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")


def long_by_its_own_word(peer: Peer) -> None:
    if peer.head() is not None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        peer.server.wait(60)


@pytest.mark.parametrize("handler", [bomb, long_without_a_length, long_by_its_own_word])
def test_a_response_that_is_too_large_is_given_up(variant: Variant, handler: Handler) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_content=1_000_000))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, secret_request(server.port))
        assert (caught.value.kind, caught.value.sent, caught.value.detail) == (
            "too large", True, "more than 1000000 bytes",
        )  # fmt: skip
        check_shows_nothing(caught.value)
        await wire.aclose()

    with RawServer(handler) as server:
        variant.run(main)


# Streaming.


def test_a_long_response_is_read_piece_by_piece(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_content=1000))
        for _ in range(2):
            total = 0
            async with wire.open(get(server.port), PATIENT, NEVER) as streaming:
                assert streaming.status == 200
                assert streaming.header("content-length") == str(len(body))
                async for piece in streaming:
                    assert len(piece) <= 65536
                    total += len(piece)
                assert streaming.received == len(body)
            assert total == 5_000_000
        await wire.aclose()

    body = gzip.compress(b"a" * 5_000_000)
    with RawServer(always(body, "Content-Encoding: gzip")) as server:
        variant.run(main)
        assert server.connections == 1


def test_a_stream_that_is_left_early_takes_its_connection_along(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=1))
        for _ in range(2):
            async with wire.open(get(server.port), PATIENT, NEVER) as streaming:
                async for _ in streaming:
                    break
        with pytest.raises(LookupError):
            async with wire.open(get(server.port), PATIENT, NEVER):
                raise LookupError
        assert (await ask(wire, get(server.port))).status == 200
        await wire.aclose()

    with RawServer(always(b"a" * 5_000_000)) as server:
        variant.run(main)
        assert server.connections == 4


@pytest.mark.parametrize(
    ("handler", "kind", "phase"),
    [(cut, "broken", None), (a_trickled_body, "timeout", "budget"), (broken_gzip, "compression", None)],
)
def test_a_stream_fails_as_a_whole_response_does(
    variant: Variant, handler: Handler, kind: str, phase: str | None
) -> None:
    async def main() -> None:
        wire = variant.pool_wire()

        async def read() -> None:
            async with wire.open(secret_request(server.port), PATIENT, Deadline(BUDGET)) as streaming:
                async for _ in streaming:
                    pass

        with pytest.raises(WireFailure) as caught:
            await read()
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == (kind, phase, True)
        check_shows_nothing(caught.value)
        await wire.aclose()

    with RawServer(handler) as server:
        variant.run(main)


def test_a_stream_that_cannot_begin_fails_when_it_is_opened(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=1))
        for _ in range(2):
            with pytest.raises(WireFailure) as caught:
                async with wire.open(secret_request(server.port), PATIENT, Deadline(5)):
                    raise AssertionError
            assert (caught.value.kind, caught.value.sent) == ("protocol", True)
            check_shows_nothing(caught.value)
        await wire.aclose()

    with RawServer(no_http) as server:
        variant.run(main)


# TLS.


def test_tls_is_checked_with_the_callers_context(variant: Variant, tls: TLS) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, verify=tls.client))
        for _ in range(2):
            assert (await ask(wire, get(server.port, scheme="https"))).status == 200
        assert (await ask(wire, get(server.port, scheme="https", host="localhost"))).status == 200
        await wire.aclose()

    with RawServer(tls=tls.server) as server:
        variant.run(main)
        assert server.connections == 2


def test_a_certificate_of_an_unknown_authority_is_not_accepted(variant: Variant, tls: TLS) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, secret_request(server.port, "https"))
        assert (caught.value.kind, caught.value.sent) == ("connect", False)
        assert caught.value.detail.startswith("the server's certificate was not accepted: ")
        check_shows_nothing(caught.value)
        await wire.aclose()

    with RawServer(tls=tls.server) as server:
        variant.run(main)


def test_a_certificate_for_another_host_is_not_accepted(
    variant: Variant, tls: TLS, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: object, **more: object) -> object:
        return real("127.0.0.1" if host == "elsewhere.test" else host, port, *arguments, **more)

    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, verify=tls.client))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(server.port, scheme="https", host="elsewhere.test"))
        assert (caught.value.kind, caught.value.detail) == ("connect", "the server's certificate is for another host")
        assert not caught.value.sent
        await wire.aclose()

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with RawServer(tls=tls.server) as server:
        variant.run(main)


def test_a_server_without_tls_is_a_failed_connection(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, secret_request(server.port, "https"))
        assert (caught.value.kind, caught.value.sent) == ("connect", False)
        check_shows_nothing(caught.value)
        await wire.aclose()

    def plain(peer: Peer) -> None:
        peer.sock.recv(100)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(plain) as server:
        variant.run(main)


def test_a_deadline_that_has_passed_sends_nothing(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(server.port), seconds=0)
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", False)
        await wire.aclose()

    with RawServer() as server:
        variant.run(main)
    assert server.heads == []
