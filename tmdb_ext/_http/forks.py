"""What a forked child does first: it forgets its parent's connections, and leaves them to the parent."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")

_LOADING: Final = 10.0
"""Seconds for which a fork waits at most for what is being loaded."""

_generation = 0
_loading = threading.RLock()
_inherited: Final[list[object]] = []
_sockets: Final[weakref.WeakSet[Inheritable]] = weakref.WeakSet()
_around: Final[list[tuple[Callable[[], None], Callable[[], None]]]] = []


class Inheritable(Protocol):
    """Something around a socket that a forked child inherits."""

    def fileno(self) -> int:
        """Return the number of the socket, negative if it has been closed."""

    def abandon(self) -> None:
        """Let go of the socket, in a child that has no more use for it. It leads nowhere by then."""


def generation() -> int:
    """Return how many forks lie between this process and the first one. What was made in another is of no use here."""
    return _generation


def watch(item: Inheritable) -> None:
    """Have a forked child let go of a socket, for as long as `item` lives."""
    _sockets.add(item)


def keep(item: object) -> None:
    """Keep something of the parent's for as long as the child lives, if Python would complain about its end."""
    _inherited.append(item)


@contextmanager
def loading() -> Iterator[None]:
    """Return a block in which modules are loaded, which a fork waits for.

    A child that is forked while another thread imports a module can never import that module: nobody is left to finish.
    """
    lock = _loading
    with lock:
        yield


def around(before: Callable[[], None], after: Callable[[], None]) -> None:
    """Call a function before each fork, and another one in the parent after it."""
    _around.append((before, after))


class PerProcess(Generic[T]):
    """A value that each process makes for itself when it first asks for it, once for all of its threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: tuple[int, T] | None = None

    def get(self) -> T:
        """Return the value, which is made first if this process has none."""
        made = self._made
        if made is not None and made[0] == _generation:
            return made[1]
        with loading():
            made = self._made
            if made is None or made[0] != _generation:
                if made is not None:
                    keep(made[1])
                made = self._made = (_generation, self._make())
            return made[1]

    def pop(self) -> T | None:
        """Take the value away and return it; None if this process has none."""
        made, self._made = self._made, None
        if made is None or made[0] == _generation:
            return None if made is None else made[1]
        keep(made[1])
        return None


def _in_child() -> None:
    global _generation, _loading  # noqa: PLW0603 - a process has one of each
    _generation += 1
    _loading = threading.RLock()
    sockets = list(_sockets)
    _sockets.clear()
    if not sockets:
        return
    # From here on the number of each socket leads nowhere. Shutting down or ending TLS in the child would write to the
    # parent's connection. Taking the socket out of the event loop's epoll would take it out for the parent, who shares
    # that. The numbers stay in use, so that objects which close theirs later do not close somebody else's.
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for item in sockets:
            number = item.fileno()
            if number >= 0:
                os.dup2(nowhere, number, inheritable=False)
            item.abandon()
    finally:
        os.close(nowhere)


_has_waited = False


def _before() -> None:
    global _has_waited  # noqa: PLW0603 - the interpreter forks once at a time
    _has_waited = _loading.acquire(timeout=_LOADING)
    for before, _ in _around:
        before()


def _in_parent() -> None:
    if _has_waited:
        _loading.release()
    for _, after in _around:
        after()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
