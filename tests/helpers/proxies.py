"""A small HTTP proxy that takes every name to one server of the test's, and notes what it is asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Proxy:
    """Its address, and the first line of each request."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []


@contextlib.contextmanager
def proxying(plain: int = 0, secure: int = 0) -> Iterator[Proxy]:
    """Serve as a proxy: addresses with http go to the port `plain`, tunnels to `secure`, whatever the host's name."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(listener.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(listener, proxy, plain, secure), daemon=True)
        thread.start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, proxy: Proxy, plain: int, secure: int) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, proxy, plain, secure), daemon=True).start()


def _serve(connection: socket.socket, proxy: Proxy, plain: int, secure: int) -> None:
    with connection, contextlib.suppress(OSError):
        came = b""
        while b"\r\n\r\n" not in came:
            more = connection.recv(65536)
            if not more:
                return
            came += more
        line, _, rest = came.partition(b"\r\n")
        proxy.asked.append(line.decode("latin-1"))
        method, target, version = line.split(b" ")
        port = secure if method == b"CONNECT" else plain
        if not port:
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as server:
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = b"/" + target.split(b"/", 3)[3]
                # One request for each connection, so that there is no second first line to rewrite.
                server.sendall(b" ".join([method, path, version]) + b"\r\nconnection: close\r\n" + rest)
                server.shutdown(socket.SHUT_WR)
            back = threading.Thread(target=_pump, args=(server, connection), daemon=True)
            back.start()
            if method == b"CONNECT":
                _pump(connection, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
