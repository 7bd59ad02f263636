"""A small HTTP/1.1 keep-alive server on loopback: one thread per connection, one write per response.

`http.server` resolves host names when it binds, polls when it stops, parses headers as e-mail and writes a response in
pieces; a simulator that is started for every test has no time for that.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO

_MAX_LINE = 65536
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class RawRequest:
    """A request as it came off the wire: target undecoded, header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class RawResponse:
    """A response to write. `disconnect` closes the connection without writing anything."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    disconnect: bool = False


class _BadRequestError(Exception):
    """Bytes that are not an HTTP/1.1 request."""


def _read_line(stream: BinaryIO) -> bytes:
    line = stream.readline(_MAX_LINE + 1)
    if len(line) > _MAX_LINE:
        raise _BadRequestError("line too long")
    return line


def _read_chunks(stream: BinaryIO) -> bytes:
    parts: list[bytes] = []
    while True:
        size = int(_read_line(stream).split(b";")[0], 16)
        if size == 0:
            while _read_line(stream).strip():
                pass
            return b"".join(parts)
        parts.append(stream.read(size))
        _read_line(stream)


def _read_request(stream: BinaryIO) -> tuple[RawRequest, bool] | None:
    """The next request on a connection and whether the connection stays open, or None at its end."""
    line = _read_line(stream)
    if not line.strip():
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise _BadRequestError("request line")
    headers: dict[str, str] = {}
    while True:
        header = _read_line(stream)
        if header in (b"\r\n", b"\n"):
            break
        name, colon, value = header.decode("latin-1").partition(":")
        if not colon:
            raise _BadRequestError("header")
        headers[name.strip().lower()] = value.strip()
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = _read_chunks(stream)
        else:
            length = int(headers.get("content-length", "0"))
            body = stream.read(length) if length > 0 else b""
    except ValueError:
        raise _BadRequestError("length") from None
    keep_alive = headers.get("connection", "").lower() != "close" and parts[2] != "HTTP/1.0"
    return RawRequest(parts[0], parts[1], headers, body), keep_alive


def _encode(response: RawResponse, *, with_body: bool, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != 304 and response.status >= 200:
        lines.append(f"content-length: {len(response.body)}")
    if not keep_alive:
        lines.append("connection: close")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + response.body if with_body and response.status != 304 else head


class LoopbackServer:
    """Serves requests with `handler`, each connection on a daemon thread of its own.

    Args:
        handler: Turns a request into a response; it is called from many threads at once.
        host: The address to bind.
        port: The port to bind; 0 lets the system choose.
    """

    def __init__(self, handler: Callable[[RawRequest], RawResponse], host: str, port: int) -> None:
        self._handler = handler
        self._listener = socket.create_server((host, port), backlog=512)
        self.host, self.port = self._listener.getsockname()[:2]
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="tmdb-simulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening and drops the open connections. Calling it again does nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
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
                if self._closing:
                    connection.close()
                    return
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while self._serve_one(connection, stream):
                    pass
        except OSError:
            pass  # the client went away, or close() did this
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _serve_one(self, connection: socket.socket, stream: BinaryIO) -> bool:
        try:
            read = _read_request(stream)
        except _BadRequestError:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return False
        if read is None:
            return False
        request, keep_alive = read
        response = self._handler(request)
        if response.disconnect:
            return False
        connection.sendall(_encode(response, with_body=request.method != "HEAD", keep_alive=keep_alive))
        return keep_alive
