# unasync: by hand
"""Connections on asyncio and on trio, whose every wait keeps to the deadline of the call that it is for."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

import httpcore
import sniffio

from tmdb_ext._http import addresses, asyncio_sockets, forks
from tmdb_ext._http.calls import CALL

from . import concurrency

with suppress(ImportError):
    # httpcore has loaded trio by now, if it is installed.
    from tmdb_ext._http import trio_sockets


class AsyncNetwork(httpcore.AsyncNetworkBackend):
    """Makes connections for the calls of one event loop.

    Args:
        layers: how many layers of TLS a request goes through. What is written outside of them is for a proxy.
    """

    def __init__(self, layers: int) -> None:
        self._layers = layers
        self._on_trio = sniffio.current_async_library() == "trio"

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - it has no setting
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - it has no setting
    ) -> httpcore.AsyncNetworkStream:
        """Connect to whichever of a host's addresses answers first."""
        call = CALL.get()
        seconds = call.within(timeout)
        try:
            if seconds == 0:
                raise TimeoutError
            async with concurrency.limit(seconds):
                inner = await self._connect(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(error) from None
        call.opened = stream = AsyncStream(inner, self._layers)
        return stream

    async def _connect(self, host: str, port: int) -> _Socket:
        found = addresses.look_up(host, port)
        if isinstance(found, addresses.Lookup):
            signal = concurrency.Signal()
            found.tell(signal.set)
            await signal.wait()
            found = found.result()
        connect = trio_sockets.connect if self._on_trio else asyncio_sockets.connect
        inner, address = await connect(addresses.ordered(found, host, port))
        addresses.remember(host, port, address)
        return inner


class _Socket(Protocol):
    """A connection on either of them. It raises `TimeoutError` and `OSError`."""

    async def read(self, most: int, seconds: float | None) -> bytes: ...
    async def write(self, data: bytes, seconds: float | None) -> None: ...
    async def start_tls(self, context: ssl.SSLContext, name: str | None, seconds: float | None) -> None: ...
    async def close(self) -> None: ...
    def is_readable(self) -> bool: ...
    def ssl_object(self) -> Any: ...
    def fileno(self) -> int: ...


class AsyncStream(httpcore.AsyncNetworkStream):
    """One connection, or TLS over one, as httpcore wants it."""

    def __init__(self, inner: _Socket, layers: int) -> None:
        self._inner = inner
        self._layers = layers
        forks.watch(self)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        call = CALL.get()
        seconds = call.within(timeout)
        if seconds == 0:
            raise httpcore.ReadTimeout
        try:
            data = await self._inner.read(max_bytes, seconds)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError(error) from None
        call.at_end = not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        if not buffer:
            return
        call = CALL.get()
        if not self._layers and not call.sent and call.before_sending is not None:
            await call.before_sending()
        seconds = call.within(timeout)
        if seconds == 0:
            raise httpcore.WriteTimeout
        if not self._layers:
            call.sent = True
        try:
            await self._inner.write(buffer, seconds)
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError(error) from None

    async def aclose(self) -> None:
        """Close it."""
        with concurrency.shield():
            await self._inner.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Put TLS over it; it is closed if that fails."""
        seconds = CALL.get().within(timeout)
        try:
            if seconds == 0:
                raise TimeoutError
            await self._inner.start_tls(ssl_context, server_hostname, seconds)
        except TimeoutError:
            await self.aclose()
            raise httpcore.ConnectTimeout from None
        except (OSError, ValueError) as error:
            await self.aclose()
            raise httpcore.ConnectError(error) from None
        except BaseException:
            await self.aclose()
            raise
        self._layers -= 1
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore wants to know."""
        if info == "is_readable":
            return self._inner.is_readable()
        return self._inner.ssl_object() if info == "ssl_object" else None

    def fileno(self) -> int:
        """Return the number of the socket, negative if it has been closed."""
        return self._inner.fileno()

    def abandon(self) -> None:
        """Let go of the socket in a forked child. Its objects belong to an event loop that does not run there."""
        forks.keep(self)
