"""Sockets on asyncio, on its public transports and protocols: half the work of a stream of anyio's for each request."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Any, Final, TypeAlias

from .addresses import HEAD_START, Address
from .sockets import is_readable

_FULL: Final = 2**18
"""Bytes that may wait to be read before the peer is told to stop."""


class AsyncioSocket(asyncio.Protocol):
    """One connection, or TLS over one. Each wait ends with `TimeoutError`; a connection that breaks, with `OSError`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._received = bytearray()
        self._is_reading = True
        self._is_writable = True
        self._at_end = False
        self._error: Exception | None = None
        self._lost = self._loop.create_future()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what has come."""
        self._received += data
        _wake(self._reader)
        if len(self._received) > _FULL and self._is_reading:
            self._is_reading = False
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Note the end. The transport closes itself after that, so that no connection is left half-closed."""
        self._at_end = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and what brought it."""
        self._at_end = True
        self._error = self._error or exc
        _wake(self._lost)
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        """Note that the peer is slow."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """Note that the peer has caught up."""
        self._is_writable = True
        _wake(self._writer)

    # What we call.

    async def read(self, most: int, seconds: float | None) -> bytes:
        """Return what has come; nothing at the end."""
        if not self._received and not self._at_end:
            self._reader = self._loop.create_future()
            await self._wait(self._reader, seconds)
        received = self._received
        if not received:
            if self._error is not None:
                raise _broken(self._error)
            return b""
        if len(received) <= most:
            self._received = bytearray()
            data = bytes(received)
        else:
            data = bytes(received[:most])
            del received[:most]
        if not self._is_reading and not self._at_end:
            self._is_reading = True
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes, seconds: float | None) -> None:
        """Write all of it, or leave a little for asyncio to write."""
        if self._transport.is_closing():
            raise _broken(self._error)
        self._transport.write(data)
        if not self._is_writable:
            self._writer = self._loop.create_future()
            await self._wait(self._writer, seconds)
        if self._error is not None:
            raise _broken(self._error)

    async def _wait(self, future: asyncio.Future[None], seconds: float | None) -> None:
        timer = None if seconds is None else self._loop.call_later(seconds, _wake, future, TimeoutError)
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()

    async def start_tls(self, context: ssl.SSLContext, name: str | None, seconds: float | None) -> None:
        """Put TLS over the connection."""
        try:
            async with asyncio.timeout(seconds):
                # asyncio's own limit is a minute, and would come first if ours is longer.
                transport = await self._loop.start_tls(
                    self._transport, self, context, server_hostname=name, ssl_handshake_timeout=seconds or 3600.0
                )
        except BaseException:
            # Nobody will tell this protocol that the connection is lost.
            self._at_end = True
            _wake(self._lost)
            raise
        if transport is None:  # the peer has left meanwhile
            raise _broken(self._error)
        self._transport = transport

    async def close(self) -> None:
        """Close the connection, without waiting for the peer."""
        self._transport.abort()
        await self._lost
        # asyncio closes the socket in its next round, if the connection was lost in the middle of a handshake.
        await asyncio.sleep(0)

    def is_readable(self) -> bool:
        """Whether something has come, or the end."""
        return bool(self._received) or self._at_end or is_readable(self.fileno())

    def ssl_object(self) -> Any:
        """Return the object that knows what TLS has agreed on; None without TLS."""
        return self._transport.get_extra_info("ssl_object")

    def fileno(self) -> int:
        """Return the number of the socket, negative if it has been closed."""
        sock = self._transport.get_extra_info("socket")
        return -1 if sock is None else int(sock.fileno())


def _wake(future: asyncio.Future[None] | None, error: type[Exception] | None = None) -> None:
    if future is not None and not future.done():
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def _broken(error: Exception | None) -> OSError:
    """Return an error of the system anew: the first one holds the frames of another request."""
    if isinstance(error, OSError):
        return type(error)(*error.args)
    return ConnectionResetError()


async def connect(addresses: list[Address]) -> tuple[AsyncioSocket, Address]:
    """Connect to the first address that answers, and return which that was; each has a head start before the next.

    Raises:
        OSError: all have refused.
    """
    loop = asyncio.get_running_loop()
    sock, address = await _first(loop, addresses)
    try:
        _, protocol = await loop.create_connection(AsyncioSocket, sock=sock)
    except BaseException:
        sock.close()
        raise
    return protocol, address


_Attempt: TypeAlias = tuple[socket.socket, Address]


async def _first(loop: asyncio.AbstractEventLoop, addresses: list[Address]) -> _Attempt:
    waiting = addresses[::-1]
    trying: set[asyncio.Task[_Attempt]] = set()
    error: BaseException = OSError(0, "")
    try:
        while waiting or trying:
            if waiting:
                trying.add(loop.create_task(_attempt(loop, waiting.pop())))
            done, _ = await asyncio.wait(
                trying, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                failure = task.exception()
                if failure is None:
                    trying.discard(task)
                    return task.result()
                trying.discard(task)
                error = failure
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_drop)
    raise _broken(error if isinstance(error, Exception) else None)


async def _attempt(loop: asyncio.AbstractEventLoop, address: Address) -> _Attempt:
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock, address


def _drop(task: asyncio.Task[_Attempt]) -> None:
    """Close what a task that is no longer wanted has connected."""
    with suppress(asyncio.CancelledError, OSError):
        task.result()[0].close()
