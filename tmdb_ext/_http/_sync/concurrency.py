# unasync: by hand
"""What waits without a network, in threads. The async half has the same names, and is written by hand."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Generic, TypeVar

from tmdb_ext._http import forks
from tmdb_ext._http.errands import Errand

T = TypeVar("T")

MULTIPLEXES: Final = False
"""Whether several calls may share a connection at once. A thread that reads for another cannot keep to its deadline."""

sleep = time.sleep


def is_on_trio() -> bool:
    """Return False: there is no event loop."""
    return False


def in_thread(function: Callable[[], T]) -> T:
    """Return what a function returns. There is no event loop that it could block."""
    return function()


def leavable(function: Callable[[], T], seconds: float | None = None, late: Callable[[T], object] | None = None) -> T:
    """Return what a function returns that waits for a server, in a thread that is left if it takes too long.

    Args:
        function: what to run.
        seconds: how long to wait for it; None waits for as long as it takes.
        late: takes the result if nobody waits for it any more. It must not block.

    Raises:
        TimeoutError: it has taken longer. It goes on alone.
    """
    signal = Signal()
    errand = Errand(function, late, signal.set)
    errand.start()
    has_come = False
    try:
        has_come = signal.wait(seconds)
    finally:
        if not has_come:
            errand.leave()
    if not has_come:
        raise TimeoutError
    return errand.result()


def may_wait(thing: object) -> bool:
    """Return whether asking a store or a limit may take so long that a call has to be able to leave it."""
    return bool(getattr(thing, "is_remote", False))


def must_not_wait(_thing: object) -> bool:
    """Return False: there is no event loop that it could block."""
    return False


def prepare() -> None:
    """Do nothing: threads need nothing that takes time to load."""


def limit(_seconds: float | None) -> AbstractContextManager[Any]:
    """Return a block that does nothing. A thread cannot be stopped: what waits has to know for how long."""
    return nullcontext()


def shield() -> AbstractContextManager[Any]:
    """Return a block; nothing cancels a thread."""
    return nullcontext()


def drop(pieces: Iterator[bytes]) -> None:
    """End the iterator over a body whose connection has been closed."""
    if isinstance(pieces, Generator):
        pieces.close()


class Signal:
    """Something that happens once, and that one thread waits for."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def happened(self) -> bool:
        """Whether it has happened."""
        return self._event.is_set()

    def set(self) -> bool:
        """Say that it has happened."""
        self._event.set()
        return True

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has happened; return False if it has not after so many seconds."""
        return self._event.wait(seconds)


class Lock:
    """A lock that is free in a forked child, whoever held it in the parent."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._generation = forks.generation()

    def acquire(self, seconds: float | None = None) -> bool:
        """Take the lock; return False if somebody else still has it after so many seconds."""
        if self._generation != forks.generation():
            self._begin()
        return self._lock.acquire(timeout=-1 if seconds is None else seconds)

    def release(self) -> None:
        """Let go of the lock."""
        if self._generation == forks.generation():
            self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class PerLoop(Generic[T]):
    """A value that each process makes for itself when it first asks for it.

    Args:
        make: makes the value.
        close: closes a value. It is called by `close`.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], None]) -> None:
        self._value = forks.PerProcess(make)
        self._close = close

    def get(self) -> T | None:
        """Return the value, which is made first if there is none."""
        return self._value.get()

    def ready(self) -> T:
        """Return the value, which is made first if there is none."""
        return self._value.get()

    def close(self) -> None:
        """Close the value."""
        value = self._value.pop()
        if value is not None:
            self._close(value)


class _Timer:
    """One thread for all that is to be closed later. It lives while there is something, and ends before a fork."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._thread: threading.Thread | None = None
        self._pauses = False

    def add(self, close: Callable[[], None], seconds: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), close))
            self._start()
            self._changed.notify()

    def _start(self) -> None:
        if self._thread is None and self._due:
            thread = threading.Thread(target=self._run, name="tmdb_ext closes idle connections", daemon=True)
            # No thread can begin while the interpreter ends, and everything is closed then.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._pauses or not self._due:
                    self._thread = None
                    return
                left = self._due[0][0] - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                close = heapq.heappop(self._due)[2]
            with contextlib.suppress(Exception):
                close()

    def pause(self) -> None:
        """End the thread, so that a fork meets no lock that it holds, and Python sees no thread of ours."""
        with self._changed:
            thread, self._pauses = self._thread, True
            self._changed.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=1.0)

    def resume(self) -> None:
        """Go on, after a fork, in the parent."""
        with self._changed:
            self._pauses = False
            self._start()


_timer = forks.PerProcess(_Timer)
forks.around(lambda: _timer.get().pause(), lambda: _timer.get().resume())


def close_later(close: Callable[[], None], seconds: float) -> None:
    """Call `close` in so many seconds, in another thread. Nobody learns of a failure."""
    _timer.get().add(close, seconds)
