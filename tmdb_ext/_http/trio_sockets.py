"""Sockets on trio."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from .addresses import HEAD_START, Address


class TrioSocket:
    """One connection, or TLS over one. Each wait ends with `TimeoutError`; a connection that breaks, with `OSError`."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._socket = stream.socket
        self._stream: trio.abc.Stream = stream
        self._is_tls = False

    async def read(self, most: int, seconds: float | None) -> bytes:
        """Return what has come; nothing at the end."""
        with _within(seconds):
            return bytes(await self._stream.receive_some(most))

    async def write(self, data: bytes, seconds: float | None) -> None:
        """Write all of it."""
        with _within(seconds):
            await self._stream.send_all(data)

    async def start_tls(self, context: ssl.SSLContext, name: str | None, seconds: float | None) -> None:
        """Put TLS over the connection."""
        with _within(seconds):
            stream = trio.SSLStream(self._stream, context, server_hostname=name, https_compatible=True)
            self._stream, self._is_tls = stream, True
            await stream.do_handshake()

    async def close(self) -> None:
        """Close the connection, without waiting for the peer."""
        await trio.aclose_forcefully(self._stream)

    def is_readable(self) -> bool:
        """Whether something has come, or the end."""
        return self.fileno() < 0 or self._socket.is_readable()

    def ssl_object(self) -> Any:
        """Return what knows what TLS has agreed on; None without TLS."""
        return self._stream if self._is_tls else None

    def fileno(self) -> int:
        """Return the number of the socket, negative if it has been closed."""
        return self._socket.fileno()


@contextmanager
def _within(seconds: float | None) -> Iterator[None]:
    try:
        with trio.fail_after(float("inf") if seconds is None else seconds):
            yield
    except trio.TooSlowError:
        raise TimeoutError from None
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise OSError(errno.ECONNRESET, "") from None


async def connect(addresses: list[Address]) -> tuple[TrioSocket, Address]:
    """Connect to the first address that answers, and return which that was; each has a head start before the next.

    Raises:
        OSError: all have refused.
    """
    connected: list[tuple[Any, Address]] = []
    errors = [OSError(errno.EADDRNOTAVAIL, "")]

    async def attempt(address: Address, has_failed: trio.Event, nursery: trio.Nursery) -> None:
        try:
            sock = trio.socket.socket(address.family, trio.socket.SOCK_STREAM)
            try:
                await sock.connect(address.sockaddr)
            except BaseException:
                sock.close()
                raise
        except OSError as error:
            errors.append(error)
            has_failed.set()
        else:
            connected.append((sock, address))
            nursery.cancel_scope.cancel()

    try:
        async with trio.open_nursery() as nursery:
            for address in addresses:
                has_failed = trio.Event()
                nursery.start_soon(attempt, address, has_failed, nursery)
                with trio.move_on_after(HEAD_START):
                    await has_failed.wait()
        if not connected:
            raise errors[-1]
    except BaseException:
        for sock, _ in connected:
            sock.close()
        raise
    for sock, _ in connected[1:]:
        sock.close()
    sock, address = connected[0]
    return TrioSocket(trio.SocketStream(sock)), address
