"""A small HTTP/1.1 keep-alive server on loopback: one thread per connection, one write per response.

`http.server` resolves host names when it binds, polls when it stops, parses headers as e-mail and writes a response in
pieces; a simulator that is started for every test has no time for that.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO

_MAX_LINE = 65536
_MOST_HEADERS = 200
LARGEST_BODY = 16 * 1024 * 1024
"""How many bytes of a request's body are taken; a larger one is refused with 413."""
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")


@dataclass(frozen=True)
class RawRequest:
    """A request as it came off the wire: target undecoded, header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Wire:
    """How a response is sent if not all at once.

    Attributes:
        delay: Seconds to wait before anything is sent.
        disconnect: Close the connection without writing anything.
        reset: Reset the connection in place of closing it; without `truncate`, before anything is written.
        truncate: Close after this many bytes of the body, which is announced in full.
        body_delay: Seconds to wait between the head and the body.
        drip: Seconds to wait before each piece of the body.
        drip_size: How many bytes a piece has.
        garbage: Bytes to send in place of a response.
    """

    delay: float = 0.0
    disconnect: bool = False
    reset: bool = False
    truncate: int | None = None
    body_delay: float = 0.0
    drip: float = 0.0
    drip_size: int = 1
    garbage: bytes | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing of the response arrives."""
        return self.disconnect or self.garbage is not None or (self.reset and self.truncate is None)

    def pieces(self, body: bytes) -> Iterator[tuple[float, bytes]]:
        """The pieces that a body arrives in, with the seconds to wait before each."""
        shown = body if self.truncate is None else body[: self.truncate]
        size = max(self.drip_size, 1) if self.drip else max(len(shown), 1)
        pause = self.body_delay
        for start in range(0, len(shown), size):
            yield pause + self.drip, shown[start : start + size]
            pause = 0.0


@dataclass(frozen=True)
class RawResponse:
    """A response to write, and how to write it."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire | None = None

    @property
    def length(self) -> int | None:
        """What Content-Length says, also in answer to HEAD; None if there cannot be a body."""
        return None if self.status in (204, 304) or self.status < 200 else len(self.body)

    def body_for(self, method: str) -> bytes:
        """The body that is sent in answer to a method."""
        return b"" if method == "HEAD" or self.length is None else self.body


class _BadRequestError(Exception):
    """Bytes that are not an HTTP/1.1 request, with the status to refuse them with."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


def _read_line(stream: BinaryIO) -> bytes:
    line = stream.readline(_MAX_LINE + 1)
    if len(line) > _MAX_LINE:
        raise _BadRequestError(431)
    return line


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise _BadRequestError
    return data


def _read_chunks(stream: BinaryIO) -> bytes:
    parts: list[bytes] = []
    room = LARGEST_BODY
    while True:
        number = _SIZE.fullmatch(_read_line(stream).partition(b";")[0].strip())
        if number is None:
            raise _BadRequestError
        size = int(number.group(), 16)
        if size == 0:
            for _ in range(_MOST_HEADERS):
                if not _read_line(stream).strip():
                    return b"".join(parts)
            raise _BadRequestError(431)
        room -= size
        if room < 0:
            raise _BadRequestError(413)
        parts.append(_read_exactly(stream, size))
        _read_line(stream)


def _read_headers(stream: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        header = _read_line(stream)
        if header in (b"\r\n", b"\n"):
            return headers
        name, colon, value = header.decode("latin-1").partition(":")
        if not colon:
            raise _BadRequestError
        headers[name.strip().lower()] = value.strip()
    raise _BadRequestError(431)


def _read_body(stream: BinaryIO, headers: dict[str, str], proceed: Callable[[], None]) -> bytes:
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    length = headers.get("content-length", "0")
    if not chunked and not (length.isascii() and length.isdecimal()):
        raise _BadRequestError
    if not chunked and (len(length) > 15 or int(length) > LARGEST_BODY):
        raise _BadRequestError(413)
    if headers.get("expect", "").lower() == "100-continue" and (chunked or int(length)):
        proceed()
    return _read_chunks(stream) if chunked else _read_exactly(stream, int(length))


def _read_request(stream: BinaryIO, proceed: Callable[[], None]) -> tuple[RawRequest, bool] | None:
    """The next request on a connection and whether the connection stays open, or None at its end."""
    line = _read_line(stream)
    if not line.strip():
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise _BadRequestError
    headers = _read_headers(stream)
    body = _read_body(stream, headers, proceed)
    keep_alive = headers.get("connection", "").lower() != "close" and parts[2] != "HTTP/1.0"
    return RawRequest(parts[0], parts[1], headers, body), keep_alive


def _head(response: RawResponse, *, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    # no header can end its line, whatever a request put into it
    lines += [f"{name}: {_CONTROL.sub(' ', value)}" for name, value in response.headers.items()]
    if response.length is not None:
        lines.append(f"content-length: {response.length}")
    if not keep_alive:
        lines.append("connection: close")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"


class LoopbackServer:
    """Serves requests with `handler`, each connection on a daemon thread of its own.

    Args:
        handler: Turns a request into a response; it is called from many threads at once.
        host: The address to bind, of IPv4 or IPv6.
        port: The port to bind; 0 lets the system choose.
        tls: With what to speak TLS; None for plain HTTP.
    """

    def __init__(
        self, handler: Callable[[RawRequest], RawResponse], host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        self._handler = handler
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=512)
        self.host, self.port = self._listener.getsockname()[:2]
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="tmdb-simulator", daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """Where it serves, with no path. A server on every address is named by its loopback address."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._tls else 'http'}://{shown}:{self.port}"

    def close(self) -> None:
        """Stops listening and drops the open connections. Calling it again does nothing."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
            connections = list(self._connections)
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
            pass  # accept() notices a new connection on every platform; a closed listener it does not
        self._thread.join(timeout=5)
        self._listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing.is_set():
                    connection.close()
                    return
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        plain = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while self._serve_one(connection, stream):
                    pass
        except OSError:
            pass  # the client went away, or close() did this
        finally:
            with self._lock:
                self._connections.discard(plain)

    def _serve_one(self, connection: socket.socket, stream: BinaryIO) -> bool:
        try:
            read = _read_request(stream, lambda: connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"))
        except _BadRequestError as error:
            connection.sendall(_head(RawResponse(error.status), keep_alive=False))
            return False
        if read is None:
            return False
        request, keep_alive = read
        response = self._handler(request)
        body = response.body_for(request.method)
        if response.wire is not None:
            return self._send_slowly(connection, response, body, response.wire) and keep_alive
        connection.sendall(_head(response, keep_alive=keep_alive) + body)
        return keep_alive

    def _send_slowly(self, connection: socket.socket, response: RawResponse, body: bytes, wire: Wire) -> bool:
        """Sends a response as `wire` says; returns whether the connection is of further use."""
        if wire.delay:
            self._closing.wait(wire.delay)
        if wire.garbage is not None:
            connection.sendall(wire.garbage)
        if not wire.silent:
            connection.sendall(_head(response, keep_alive=True))
            for pause, piece in wire.pieces(body):
                if pause:
                    self._closing.wait(pause)
                connection.sendall(piece)
        if wire.reset:
            # a connection that lingers for no time is reset when it is closed
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return not wire.silent and not wire.reset and wire.truncate is None
