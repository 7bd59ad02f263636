"""Proxies on loopback: HTTP (forwarding and CONNECT) and SOCKS5. They note what they are asked for."""

from __future__ import annotations

import contextlib
import socket
import threading

from raw_server import Handler, Peer


def http_proxy(asked: list[str], port: int | None = None) -> Handler:
    """Return a handler for an HTTP proxy that leads everything to one port of loopback, or answers by itself."""

    def handle(peer: Peer) -> None:
        for head in peer.heads():
            asked.append(head)
            if not head.startswith("CONNECT "):
                peer.answer(b'{"by": "proxy"}')
                continue
            if port is None:
                peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            join(peer, port)
            return

    return handle


def socks_proxy(asked: list[str], port: int, reply: int = 0) -> Handler:
    """Return a handler for a SOCKS5 proxy with or without a password that leads everything to one port of loopback."""

    def handle(peer: Peer) -> None:
        methods = read(peer.sock, 2)[1]
        wanted = read(peer.sock, methods)
        if b"\2" in wanted:
            peer.send(b"\5\2")
            name = read(peer.sock, read(peer.sock, 2)[1])
            password = read(peer.sock, read(peer.sock, 1)[0])
            asked.append(f"{name.decode()}:{password.decode()}")
            peer.send(b"\1\0")
        else:
            peer.send(b"\5\0")
        kind = read(peer.sock, 4)[3]
        host = read(peer.sock, {1: 4, 4: 16}.get(kind) or read(peer.sock, 1)[0])
        number = int.from_bytes(read(peer.sock, 2), "big")
        asked.append(f"{host.decode() if kind == 3 else socket.inet_ntop(socket.AF_INET, host)}:{number}")
        peer.send(bytes([5, reply, 0, 1]) + bytes(6))
        if not reply:
            join(peer, port)

    return handle


def read(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise OSError
        data += piece
    return data


def join(peer: Peer, port: int) -> None:
    """Pass bytes on, both ways, until one side ends."""
    with socket.create_connection(("127.0.0.1", port)) as other:
        thread = threading.Thread(target=pump, args=(other, peer.sock), daemon=True)
        thread.start()
        pump(peer.sock, other)
        thread.join(10)


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for sock in (source, target):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
