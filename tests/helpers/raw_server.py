"""A server on loopback that says, byte for byte, what a test wants it to say."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Self

Handler = Callable[["Peer"], None]


class Peer:
    """One connection, from the server's side."""

    def __init__(self, server: RawServer, sock: socket.socket, number: int) -> None:
        self.server = server
        self.sock = sock
        self.number = number
        """Of the connection, from 0."""
        self._rest = b""

    def head(self) -> str | None:
        """Read a request's head and body; return the head, or None if the client has gone."""
        while b"\r\n\r\n" not in self._rest:
            try:
                data = self.sock.recv(65536)
            except OSError:
                return None
            if not data:
                return None
            self._rest += data
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        length = next((int(line[15:]) for line in text.splitlines() if line.lower().startswith("content-length:")), 0)
        while len(self._rest) < length:
            self._rest += self.sock.recv(65536)
        self.body, self._rest = self._rest[:length], self._rest[length:]
        self.server.heads.append(text)
        return text

    def heads(self) -> Iterator[str]:
        """Yield the heads of requests until the client goes."""
        while (head := self.head()) is not None:
            yield head

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes = b'{"ok": true}', *headers: str, status: str = "200 OK") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def trickle(self, data: bytes, seconds: float = 0.05) -> None:
        """Send byte by byte, until all is sent, the client goes or the server ends."""
        for place in range(len(data)):
            self.send(data[place : place + 1])
            if self.server.wait(seconds):
                return

    def reset(self) -> None:
        """Close the connection so that the client's next look at it fails."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


class RawServer:
    """Calls a handler for each connection, in a thread of its own."""

    def __init__(
        self, handler: Handler | None = None, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._handler = handler or always()
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, 0))
        self._listener.listen(200)
        self.port: int = self._listener.getsockname()[1]
        self.heads: list[str] = []
        self.peers: list[Peer] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def wait(self, seconds: float) -> bool:
        """Wait; return True if the server ends meanwhile."""
        return self._over.wait(seconds)

    @property
    def connections(self) -> int:
        return len(self.peers)

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in list(self.peers):
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
            peer.sock.close()
        for thread in self._threads:
            thread.join(10)

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(self, sock, len(self.peers))
            self.peers.append(peer)
            self._begin(self._serve, peer)

    def _serve(self, peer: Peer) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                peer.sock = self._tls.wrap_socket(peer.sock, server_side=True)
            self._handler(peer)
        with contextlib.suppress(OSError):
            peer.sock.close()


def always(body: bytes = b'{"ok": true}', *headers: str, status: str = "200 OK") -> Handler:
    """Return a handler that answers all requests alike."""

    def handle(peer: Peer) -> None:
        for _ in peer.heads():
            peer.answer(body, *headers, status=status)

    return handle


def silent(peer: Peer) -> None:
    """Read what comes, and say nothing."""
    while peer.head() is not None:
        pass
    peer.server.wait(30)
