"""Where a host is: the addresses of its name, and which of them to try first."""

from __future__ import annotations

import contextlib

# Looking up a name and TLS load this when they first need it, and a fork may happen in the middle of that.
import encodings.idna  # noqa: F401
import ipaddress
import socket
import threading
from collections.abc import Callable
from itertools import chain, zip_longest
from typing import Any, Final, NamedTuple

from . import forks

HEAD_START: Final = 0.25
"""Seconds that an address has for itself before the next one is tried beside it (RFC 8305, "Happy Eyeballs")."""

_MOST_REMEMBERED: Final = 64


class Address(NamedTuple):
    """One address of a host, as the system's sockets take it."""

    family: int
    sockaddr: Any


class Lookup:
    """One lookup of a name, in a thread of its own: the system's resolver knows no time-out and cannot be stopped.

    Whoever wants the same name meanwhile waits for the same lookup, so that a resolver that hangs holds one thread for
    each name. Nothing is kept after that: how long an answer holds is for the system to know.
    """

    def __init__(self, host: str, port: int) -> None:
        self._key = (forks.generation(), host, port)
        self._guard = threading.Lock()
        self._waiting: list[Callable[[], object]] = []
        self._result: list[Address] | OSError | None = None

    def result(self) -> list[Address]:
        """Return the addresses, which have been found.

        Raises:
            OSError: there are none.
        """
        if isinstance(self._result, OSError):
            # Anew, as several may wait for it.
            raise type(self._result)(*self._result.args)
        return self._result or []

    def tell(self, call: Callable[[], object]) -> None:
        """Call a function when the lookup is done, from its thread; or now, if it is."""
        with self._guard:
            if self._result is None:
                self._waiting.append(call)
                return
        call()

    def run(self) -> None:
        """Ask the system."""
        result: list[Address] | OSError = OSError(0, "")
        try:
            result = _ask(*self._key[1:])
        except OSError as error:
            result = type(error)(*error.args)
        finally:
            _lookups.pop(self._key, None)
            with self._guard:
                self._result, waiting = result, self._waiting
            for call in waiting:
                call()


_lookups: Final[dict[tuple[int, str, int], Lookup]] = {}


def look_up(host: str, port: int) -> list[Address] | Lookup:
    """Return the address that a host is written as, or else a lookup of its name that has begun.

    Raises:
        OSError: the system cannot use that address.
    """
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return _ask(host, port, socket.AI_NUMERICHOST)
    mine = Lookup(host, port)
    lookup = _lookups.setdefault((forks.generation(), host, port), mine)
    if lookup is mine:
        thread = threading.Thread(target=lookup.run, name="tmdb_ext looks up a host", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread can begin any more
            lookup.run()
    return lookup


def _ask(host: str, port: int, flags: int = 0) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "") from None
    return [Address(family, sockaddr) for family, _, _, _, sockaddr in found]


_good: Final[dict[tuple[str, int], Address]] = {}


def remember(host: str, port: int, address: Address) -> None:
    """Remember which address of a host has answered, so that the next connection does not try a dead one first."""
    if len(_good) >= _MOST_REMEMBERED:
        _good.clear()
    _good[host, port] = address


def ordered(addresses: list[Address], host: str, port: int) -> list[Address]:
    """Return addresses of alternating families, as the resolver prefers them; first of all one that has answered."""
    first = [address for address in addresses if address.family == addresses[0].family]
    others = [address for address in addresses if address.family != addresses[0].family]
    mixed = [address for address in chain.from_iterable(zip_longest(first, others)) if address is not None]
    good = _good.get((host, port))
    return sorted(mixed, key=lambda address: address != good)
