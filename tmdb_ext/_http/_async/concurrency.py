# unasync: by hand
"""What waits without a network, on asyncio and on trio. The sync half has the same names, and is written by hand."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Any, Final, Generic, TypeVar

import sniffio

from tmdb_ext._http import forks
from tmdb_ext._http.errands import Errand

T = TypeVar("T")

MULTIPLEXES: Final = True
"""Whether several calls may share a connection at once."""

_MOST_PIECES: Final = 100_000
"""Of a body that may be in a buffer still, when its connection has been closed."""

_CLOSING: Final = 2.0
"""Seconds that closing may take if nobody waits for it any more."""


def is_on_trio() -> bool:
    """Return whether the event loop that runs is trio's."""
    return sniffio.current_async_library() == "trio"


async def sleep(seconds: float) -> None:
    """Let time pass."""
    if is_on_trio():
        import trio

        await trio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


async def in_thread(function: Callable[[], T]) -> T:
    """Return what a function returns that may take its time, without blocking the event loop."""
    if is_on_trio():
        import trio

        return await trio.to_thread.run_sync(function)
    return await asyncio.get_running_loop().run_in_executor(None, function)


async def leavable(
    function: Callable[[], T], seconds: float | None = None, late: Callable[[T], object] | None = None
) -> T:
    """Return what a function returns that waits for a server, in a thread that is left if it takes too long.

    Args:
        function: what to run.
        seconds: how long to wait for it; None waits for as long as it takes.
        late: takes the result if nobody waits for it any more. It must not block.

    Raises:
        TimeoutError: it has taken longer. It goes on alone, as it does if the task is cancelled.
    """
    signal = Signal()
    errand = Errand(function, late, signal.set)
    errand.start()
    has_come = False
    try:
        has_come = await signal.wait(seconds)
    finally:
        if not has_come:
            errand.leave()
    if not has_come:
        raise TimeoutError
    return errand.result()


def may_wait(thing: object) -> bool:
    """Return whether asking a store or a limit may take so long that the event loop must not wait for it."""
    return not getattr(thing, "is_in_memory", False)


def must_not_wait(thing: object) -> bool:
    """Return whether a store is on another machine, and an event loop runs here that must not wait for it."""
    if not getattr(thing, "is_remote", False):
        return False
    try:
        _loop()
    except (sniffio.AsyncLibraryNotFoundError, RuntimeError):
        return False
    return True


def prepare() -> None:
    """Load what locks and cancel scopes need, which httpcore takes from anyio. It is called in a thread."""
    import anyio

    async def nothing() -> None:
        pass

    # anyio loads its half for asyncio, a tenth of a second's work, when it first runs something.
    anyio.run(nothing)


def limit(seconds: float | None) -> AbstractAsyncContextManager[Any]:
    """Return a block that ends with `TimeoutError` after so many seconds; None never ends it."""
    return _trio_limit(seconds) if is_on_trio() else asyncio.timeout(seconds)


@contextlib.asynccontextmanager
async def _trio_limit(seconds: float | None) -> AsyncGenerator[None, None]:
    import trio

    with trio.move_on_after(float("inf") if seconds is None else seconds) as scope:
        yield
    if scope.cancelled_caught:
        raise TimeoutError


def shield() -> AbstractContextManager[Any]:
    """Return a block that cancelling from outside does not end, for a moment: what has to be closed is closed.

    On asyncio only what anyio cancels can be held off; a task that is cancelled directly meets that at its next await.
    """
    if is_on_trio():
        import trio

        return trio.move_on_after(_CLOSING, shield=True)
    import anyio

    return anyio.move_on_after(_CLOSING, shield=True)


async def drop(pieces: AsyncIterator[bytes]) -> None:
    """End the iterator over a body whose connection has been closed.

    It is made of generators of httpcore, and each ends when it meets the closed connection. One that is
    left half-way would be ended by the event loop, some time, and trio complains about that.
    """
    with contextlib.suppress(Exception):
        for _ in range(_MOST_PIECES):
            await anext(pieces)


def close_later(close: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Call `close` in so many seconds, if the event loop still runs then. Nobody learns of a failure."""

    async def run() -> None:
        with contextlib.suppress(Exception):
            await close()

    if is_on_trio():
        import trio

        async def wait_and_run() -> None:
            await trio.sleep(seconds)
            await run()

        trio.lowlevel.spawn_system_task(wait_and_run, name="tmdb_ext closes idle connections")
        return
    loop = asyncio.get_running_loop()
    # The wait is not a task: a task would be left over, and complained about, if somebody closes the loop meanwhile.
    loop.call_later(seconds, lambda: _hold(loop.create_task(run())))


class Signal:
    """Something that happens once, and that one task waits for. Any thread may say that it has happened."""

    __slots__ = ("_future", "_loop", "happened")

    def __init__(self) -> None:
        self.happened = False
        self._loop = _loop()
        self._future: Any = None

    def set(self) -> bool:
        """Say that it has happened. Return False if the event loop of the task that waits has ended."""
        self.happened = True
        try:
            if _is_running(self._loop):
                self._wake()
            elif isinstance(self._loop, asyncio.AbstractEventLoop):
                self._loop.call_soon_threadsafe(self._wake)
            else:
                self._loop.run_sync_soon(self._wake)
        except RuntimeError:  # trio's is one too
            return False
        return True

    def _wake(self) -> None:
        """Wake the task up, from its own event loop."""
        if isinstance(self._future, asyncio.Future):
            if not self._future.done():
                self._future.set_result(None)
        elif self._future is not None:
            self._future.set()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has happened; return False if it has not after so many seconds."""
        is_asyncio = isinstance(self._loop, asyncio.AbstractEventLoop)
        self._future = self._loop.create_future() if is_asyncio else _trio_event()
        if not self.happened:
            with contextlib.suppress(TimeoutError):
                async with limit(seconds):
                    await (self._future if is_asyncio else self._future.wait())
        return self.happened


def _trio_event() -> Any:
    import trio

    return trio.Event()


def _is_running(loop: Any) -> bool:
    """Whether this thread runs an event loop now, from one of its tasks."""
    try:
        return _loop() is loop
    except (sniffio.AsyncLibraryNotFoundError, RuntimeError):
        return False


class AsyncLock:
    """A lock that tasks of several event loops, in several threads, may wait for. In a forked child it is free."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[_Waiter] = deque()
        self._generation = forks.generation()

    async def acquire(self, seconds: float | None = None) -> bool:
        """Take the lock; return False if somebody else still has it after so many seconds. First come, first served."""
        if self._generation != forks.generation():
            self._begin()
        with self._guard:
            if not self._held:
                self._held = True
                return True
            waiter = _Waiter()
            self._waiting.append(waiter)
        try:
            await waiter.signal.wait(seconds)
        except BaseException:
            if self._give_up(waiter):
                self.release()
            raise
        return self._give_up(waiter)

    def release(self) -> None:
        """Let go of the lock. Whoever has waited longest has it then."""
        if self._generation != forks.generation():
            return
        with self._guard:
            while self._waiting:
                waiter = self._waiting.popleft()
                waiter.has_it = True
                if waiter.signal.set():
                    return
            self._held = False

    def _give_up(self, waiter: _Waiter) -> bool:
        """Wait no more; return True if the lock has come all the same."""
        with self._guard:
            if not waiter.has_it:
                self._waiting.remove(waiter)
            return waiter.has_it

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()


class _Waiter:
    __slots__ = ("has_it", "signal")

    def __init__(self) -> None:
        self.signal = Signal()
        self.has_it = False


class PerLoop(Generic[T]):
    """A value that each event loop of each process makes for itself when it first asks for it.

    Args:
        make: makes the value. It runs in a thread: it may import and read files.
        close: closes a value. It is called by `aclose`, and if an event loop ends without that.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._values: dict[Any, tuple[T, AsyncGenerator[None, None]]] = {}
        self._generation = forks.generation()

    def get(self) -> T | None:
        """Return the running loop's value, or None if `ready` has to make it."""
        if self._generation != forks.generation():
            return None
        found = self._values.get(_loop())
        return None if found is None else found[0]

    async def ready(self) -> T:
        """Return the running loop's value, which is made first if there is none."""
        if self._generation != forks.generation():
            forks.keep(self._values)
            self._values, self._generation = {}, forks.generation()
        loop = _loop()
        if loop not in self._values:
            self._forget_closed_loops()
            value = await in_thread(self._load)
            if loop not in self._values:
                keeper = _keeper(self._values, self._close, loop, value)
                self._values[loop] = (value, keeper)
                await anext(keeper)
        return self._values[loop][0]

    def _load(self) -> T:
        with forks.loading():
            return self._make()

    def _forget_closed_loops(self) -> None:
        for loop in list(self._values):
            if isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed():
                self._values.pop(loop, None)

    async def aclose(self) -> None:
        """Close the running loop's value, and have other loops close theirs."""
        if self._generation != forks.generation():
            return
        here = _loop()
        for loop, (_, keeper) in list(self._values.items()):
            if loop is here:
                with shield():
                    await keeper.aclose()
            else:
                _close_in(loop, keeper)


async def _keeper(
    values: dict[Any, Any], close: Callable[[T], Awaitable[None]], loop: Any, value: T
) -> AsyncGenerator[None, None]:
    """Close a value in the end. Event loops close the async generators that were begun in them before they end."""
    try:
        yield
    finally:
        values.pop(loop, None)
        with shield():
            await close(value)


def _loop() -> Any:
    if is_on_trio():
        import trio

        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()


def _close_in(loop: Any, keeper: AsyncGenerator[None, None]) -> None:
    async def run() -> None:
        with contextlib.suppress(Exception):
            await keeper.aclose()

    # The loop may have ended by now.
    with contextlib.suppress(RuntimeError):
        if isinstance(loop, asyncio.AbstractEventLoop):
            loop.call_soon_threadsafe(lambda: _hold(loop.create_task(run())))
        else:
            import trio

            loop.run_sync_soon(partial(trio.lowlevel.spawn_system_task, run))


_tasks: Final[set[asyncio.Task[None]]] = set()


def _hold(task: asyncio.Task[None]) -> None:
    """Keep a task until it is done; an event loop does not."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
