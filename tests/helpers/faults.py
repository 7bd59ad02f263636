"""What can go wrong between a client and TMDB: each fault as a server on this machine, and what it gives.

The table in the documentation is made from this one.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

FILM = {"id": 11, "title": "Star Wars"}
BODY = json.dumps(FILM).encode()
LARGE = 30_000_000
"""Bytes of the large body."""

Act = Callable[[socket.socket], None]


class Fault(NamedTuple):
    """A fault, and what a call gives that meets it."""

    what: str
    """In words."""
    act: Act | None
    """What the server does once a request has come; None where there is none to do it."""
    gives: str
    """The class of the error; or ``the film`` where the call succeeds all the same."""
    repeated: bool = False
    """Whether a reading call is sent again."""


def reply(status: str, body: bytes = BODY, kind: str = "application/json;charset=utf-8", **headers: str) -> Act:
    """A server that answers with this."""
    lines = {"content-type": kind, "content-length": str(len(body)), "connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def act(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

    return act


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _reset_after(sent: bytes) -> Act:
    def act(connection: socket.socket) -> None:
        connection.sendall(sent)
        time.sleep(0.05)
        _reset(connection)

    return act


def _silent(connection: socket.socket) -> None:
    time.sleep(1.5)


def _slow_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-")
    time.sleep(1.5)


def _trickle(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    with contextlib.suppress(OSError):
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)


def _large(connection: socket.socket) -> None:
    body = json.dumps({**FILM, "overview": "x" * LARGE}).encode()
    reply("200 OK", body)(connection)


_HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + BODY[:9]
_ZIPPED = gzip.compress(BODY * 1000)
_ERROR_PAGE = b"<html><title>oops</title></html>"

FAULTS = (
    Fault("nobody listens", None, "ConnectError", repeated=True),
    Fault("the connection is reset before an answer", _reset, "TransportError", repeated=True),
    Fault("reset in the headers", _reset_after(b"HTTP/1.1 200 OK\r\ncontent-"), "TransportError", repeated=True),
    Fault("closed in the headers", lambda c: c.sendall(b"HTTP/1.1 200 OK\r\ncon"), "TransportError", repeated=True),
    Fault("reset in the body", _reset_after(_HALF), "TransportError", repeated=True),
    Fault("closed in the body", lambda c: c.sendall(_HALF), "TransportError", repeated=True),
    Fault("what comes is not HTTP", lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n"), "TransportError", repeated=True),
    Fault("no answer in time", _silent, "RequestTimeout", repeated=True),
    Fault("headers that stop half-way", _slow_headers, "RequestTimeout", repeated=True),
    Fault("a body that trickles", _trickle, "RequestTimeout"),
    Fault("JSON cut short", reply("200 OK", BODY[:-5]), "DecodeError", repeated=True),
    Fault("gzip cut short", reply("200 OK", _ZIPPED[:40], content_encoding="gzip"), "DecodeError", repeated=True),
    Fault("gzip that is none", reply("200 OK", BODY, content_encoding="gzip"), "DecodeError", repeated=True),
    Fault("gzip that is not said to be gzip", reply("200 OK", _ZIPPED), "DecodeError", repeated=True),
    Fault("JSON under another content type", reply("200 OK", BODY, "text/plain"), "the film"),
    Fault("an HTML page with 200", reply("200 OK", _ERROR_PAGE, "text/html"), "DecodeError", repeated=True),
    Fault("an HTML page with 502", reply("502 Bad Gateway", _ERROR_PAGE, "text/html"), "ServerError", repeated=True),
    Fault("an empty body", reply("200 OK", b""), "DecodeError", repeated=True),
    Fault("204 No Content", reply("204 No Content", b""), "DecodeError"),
    Fault("a redirect to itself", reply("301 Moved", b"", location="/3/movie/11"), "UnexpectedRedirect"),
    Fault("a redirect to another host", reply("302 Found", b"", location="https://x.test/"), "UnexpectedRedirect"),
    Fault("429 with Retry-After", reply("429 Slow Down", b"{}", retry_after="0"), "RateLimited", repeated=True),
    Fault("429 without Retry-After", reply("429 Slow Down", b"{}"), "RateLimited", repeated=True),
    Fault("522, which Python does not know", reply("522 Origin Timed Out", b"{}"), "ServerError"),
    Fault("a body of 30 MB", _large, "the film"),
    Fault("JSON nested 100,000 deep", reply("200 OK", b"[" * 100_000 + b"]" * 100_000), "DecodeError", repeated=True),
    Fault("NaN", reply("200 OK", b'{"id": 11, "popularity": NaN}'), "DecodeError", repeated=True),
    Fault("a key that comes twice", reply("200 OK", b'{"title": "x", "id": 11, "title": "Star Wars"}'), "the film"),
    Fault("invalid UTF-8", reply("200 OK", b'{"id": 11, "title": "\xff"}'), "DecodeError", repeated=True),
    Fault("a byte-order mark", reply("200 OK", b"\xef\xbb\xbf" + BODY), "the film"),
)


@contextlib.contextmanager
def serving(act: Act | None, *, eager: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """A server that does the same to each request, or to each connection at once; its address, and what came."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    came: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            head = b""
            while not eager and b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            came.append(head)
            if act is not None:
                act(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    if act is None:
        listener.close()
        yield address, came
        return
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield address, came
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
