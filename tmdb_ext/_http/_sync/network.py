# unasync: by hand
"""Sockets in threads, whose every wait keeps to the deadline of the call that it is for."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from tmdb_ext._http import addresses, forks
from tmdb_ext._http.addresses import HEAD_START, Address
from tmdb_ext._http.calls import CALL
from tmdb_ext._http.sockets import is_readable


class Network(httpcore.NetworkBackend):
    """Makes connections.

    Args:
        layers: how many layers of TLS a request goes through. What is written outside of them is for a proxy.
    """

    def __init__(self, layers: int) -> None:
        self._layers = layers

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - it has no setting
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - it has no setting
    ) -> httpcore.NetworkStream:
        """Connect to whichever of a host's addresses answers first."""
        call = CALL.get()
        seconds = call.within(timeout)
        until = None if seconds is None else time.monotonic() + seconds
        try:
            found = addresses.ordered(_resolve(host, port, until), host, port)
            stream, address = _connect(found, self._layers, until)
            addresses.remember(host, port, address)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(error) from None
        call.opened = stream
        return stream


class Stream(httpcore.NetworkStream):
    """One socket, or TLS over one."""

    def __init__(self, sock: socket.socket, layers: int) -> None:
        self.socket = sock
        self._layers = layers
        forks.watch(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        call = CALL.get()
        seconds = call.within(timeout)
        if seconds == 0:
            raise httpcore.ReadTimeout
        try:
            self.socket.settimeout(seconds)
            data = self.socket.recv(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError(error) from None
        call.at_end = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        call = CALL.get()
        if not self._layers and not call.sent and call.before_sending is not None:
            call.before_sending()
        while buffer:
            seconds = call.within(timeout)
            if seconds == 0:
                raise httpcore.WriteTimeout
            if not self._layers:
                call.sent = True
            try:
                self.socket.settimeout(seconds)
                buffer = buffer[self.socket.send(buffer) :]
            except TimeoutError:
                raise httpcore.WriteTimeout from None
            except OSError as error:
                raise httpcore.WriteError(error) from None

    def close(self) -> None:
        """Close it."""
        self.socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Put TLS over it; it is closed if that fails."""
        seconds = CALL.get().within(timeout)
        stream: httpcore.NetworkStream = self
        try:
            if seconds == 0:
                raise TimeoutError
            if isinstance(self.socket, ssl.SSLSocket):
                stream = NestedTLS(self, ssl_context, server_hostname, self._layers - 1)
                stream.handshake(timeout)
                return stream
            # The new object owns the socket before anything can go wrong.
            tls = ssl_context.wrap_socket(self.socket, server_hostname=server_hostname, do_handshake_on_connect=False)
            stream = Stream(tls, self._layers - 1)
            tls.settimeout(seconds)
            tls.do_handshake()
        except TimeoutError:
            stream.close()
            raise httpcore.ConnectTimeout from None
        except (OSError, ValueError) as error:
            stream.close()
            raise httpcore.ConnectError(error) from None
        except BaseException:
            stream.close()
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore wants to know."""
        if info == "ssl_object":
            return self.socket if isinstance(self.socket, ssl.SSLSocket) else None
        if info == "is_readable":
            return is_readable(self.socket.fileno())
        return self.socket if info == "socket" else None

    def fileno(self) -> int:
        """Return the number of the socket, negative if it has been closed."""
        return self.socket.fileno()

    def abandon(self) -> None:
        """Let go of the socket in a forked child."""
        self.socket.close()


class NestedTLS(httpcore.NetworkStream):
    """TLS to a server, inside of TLS to a proxy."""

    def __init__(self, outer: Stream, ssl_context: ssl.SSLContext, server_hostname: str | None, layers: int) -> None:
        self._outer = outer
        self._layers = layers
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = ssl_context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)

    def handshake(self, timeout: float | None) -> None:
        """Agree with the server."""
        try:
            self._run(self._tls.do_handshake, timeout)
        except httpcore.TimeoutException:
            raise TimeoutError from None
        except httpcore.NetworkError as error:
            raise OSError(*error.args) from None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        try:
            data = bytes(self._run(lambda: self._tls.read(max_bytes), timeout))
        except ssl.SSLEOFError:
            data = b""
        except OSError as error:
            raise httpcore.ReadError(error) from None
        CALL.get().at_end = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        call = CALL.get()
        if not self._layers and not call.sent and call.before_sending is not None:
            call.before_sending()
        if not self._layers:
            call.sent = True
        try:
            while buffer:
                buffer = buffer[self._run(lambda: self._tls.write(buffer), timeout) :]  # noqa: B023 - called at once
        except OSError as error:
            raise httpcore.WriteError(error) from None

    def _run(self, step: Any, timeout: float | None) -> Any:
        while True:
            wants_more = False
            try:
                result = step()
            except ssl.SSLWantReadError:
                wants_more = True
            self._outer.write(self._outgoing.read(), timeout)
            if not wants_more:
                return result
            data = self._outer.read(2**16, timeout)
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    def close(self) -> None:
        """Close it."""
        self._outer.close()

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore wants to know."""
        return self._tls if info == "ssl_object" else self._outer.get_extra_info(info)


def _resolve(host: str, port: int, until: float | None) -> list[Address]:
    found = addresses.look_up(host, port)
    if isinstance(found, list):
        return found
    done = threading.Event()
    found.tell(done.set)
    if not done.wait(None if until is None else max(0.0, until - time.monotonic())):
        raise TimeoutError
    return found.result()


def _connect(found: list[Address], layers: int, until: float | None) -> tuple[Stream, Address]:
    """Connect to the first address that answers, and return which that was; each has a head start before the next.

    Raises:
        TimeoutError: none has answered in time.
        OSError: all have refused.
    """
    waiting = found[::-1]
    trying: dict[Stream, Address] = {}
    error = OSError(0, "")
    next_at = time.monotonic()
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or trying:
                now = time.monotonic()
                if until is not None and now >= until:
                    raise TimeoutError
                if waiting and (now >= next_at or not trying):
                    next_at = now + HEAD_START
                    address = waiting.pop()
                    try:
                        trying[_begin(selector, address, layers)] = address
                    except OSError as failure:
                        error = failure
                    continue
                ends = [moment for moment in (until, next_at if waiting else None) if moment is not None]
                for key, _ in selector.select(max(0.0, min(ends) - now) if ends else None):
                    stream = key.data
                    code = stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        return stream, trying.pop(stream)
                    error = OSError(code, "")
                    selector.unregister(stream.socket)
                    trying.pop(stream)
                    stream.close()
                    next_at = now
        finally:
            for stream in trying:
                stream.close()
    raise error


def _begin(selector: selectors.BaseSelector, address: Address, layers: int) -> Stream:
    """Begin to connect to an address; raise `OSError` if that fails at once."""
    stream = Stream(socket.socket(address.family, socket.SOCK_STREAM), layers)
    try:
        stream.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, InterruptedError):
            stream.socket.connect(address.sockaddr)
        selector.register(stream.socket, selectors.EVENT_WRITE, stream)
    except BaseException:
        stream.close()
        raise
    return stream
