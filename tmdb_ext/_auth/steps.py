"""Work that is written once and driven by a sync or an async client.

A generator of steps yields requests, and between them what only a driver can do: hold a lock, call the caller's hook,
wait for a file or for time to pass. `Driver.drive` and `Driver.adrive` take the steps; they decide nothing.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Hashable
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import httpx

from tmdb_ext._errors import ConfigurationError, TMDBError

if TYPE_CHECKING:
    import anyio

    from tmdb_ext._stores import SessionStore

_logger = logging.getLogger("tmdb_ext")

T = TypeVar("T")

Thing = Literal["guest session", "user session", "account id"]
"""What is made once, however many calls need it."""

THINGS: Final[tuple[Thing, ...]] = ("guest session", "user session", "account id")
STORE_PATIENCE: Final = 60.0
"""Seconds to wait for another user of a store who is making a session."""
_MOST_FAILURES: Final = 256
_STORE_POLL: Final = (0.005, 0.1)
"""Seconds between two looks at a store's lock: the first pause and the longest."""


class Attempt(NamedTuple):
    """What an extra request is for, so that those who wait for it learn of its failure."""

    thing: Thing
    about: Hashable = None
    """Tells apart attempts that do not stand for each other, such as the accounts of two sessions."""


class Acquire(NamedTuple):
    """Hold the lock of a thing, and the lock of a store's record where one is named, until `Release` or the end."""

    thing: Thing
    store: SessionStore | None = None
    key: str = ""


class Release(NamedTuple):
    """Let go of what `Acquire` took."""


class Run(NamedTuple):
    """Call a function that may wait for a file or a server of the store; its result comes back."""

    function: Callable[[], Any]


class Sleep(NamedTuple):
    """Let time pass."""

    seconds: float


class Notify(NamedTuple):
    """Call a hook of the caller's, which may be a coroutine function for an async client."""

    name: str
    hook: Callable[[], object]


Steps: TypeAlias = Generator[httpx.Request | Acquire | Release | Run | Sleep | Notify, Any, T]
"""Requests to send and steps to take, with a result at the end."""


class Box(Generic[T]):
    """Keeps the result of steps, which an async generator cannot return."""

    value: T

    def filled_by(self, steps: Steps[T]) -> Steps[None]:
        self.value = yield from steps


class Driver:
    """Takes steps, for sync and for async clients, and makes each thing once."""

    def __init__(self) -> None:
        self._locks: dict[Thing, threading.Lock] = {thing: threading.Lock() for thing in THINGS}
        self._async_locks: dict[Thing, anyio.Lock] = {}
        # The count of failures, and the latest one, for each thing that is made once: see `once`.
        self._failures: dict[Attempt, tuple[int, TMDBError]] = {}

    def once(
        self,
        attempt: Attempt,
        ready: Callable[[], T | None],
        make: Callable[[], Steps[T]],
        store: SessionStore | None = None,
        key: str = "",
    ) -> Steps[tuple[T, bool]]:
        """Return what `ready` has, or what `make` makes while all others wait; and whether `make` was asked.

        Those who were waiting when an attempt failed get its error, rather than each trying and failing in turn.
        """
        value = ready()
        if value is not None:
            return value, False
        failures_seen = self._failures.get(attempt, (0, None))[0]
        yield Acquire(attempt.thing, store, key)
        value = ready()
        made = value is None
        if value is None:
            failures, failure = self._failures.get(attempt, (0, None))
            if failures > failures_seen and failure is not None:
                yield Release()
                raise copy.copy(failure)
            try:
                value = yield from make()
            except TMDBError as error:
                self.note_failure(attempt, error)
                yield Release()
                raise
            self._failures.pop(attempt, None)
        yield Release()
        return value, made

    def note_failure(self, attempt: Attempt, error: TMDBError) -> None:
        """Note that an attempt to make a thing has failed, for those who wait for it."""
        count = self._failures.get(attempt, (0, None))[0]
        if len(self._failures) >= _MOST_FAILURES:
            self._failures.clear()
        self._failures[attempt] = (count + 1, copy.copy(error))

    def drive(self, steps: Steps[None]) -> Generator[httpx.Request, httpx.Response, None]:
        """Take `steps`, yielding the requests among them. An error of ours that is thrown in reaches the steps."""
        held = _Held()
        answer: Any = None
        try:
            while True:
                try:
                    step = steps.throw(answer) if isinstance(answer, TMDBError) else steps.send(answer)
                except StopIteration:
                    return
                answer = None
                if isinstance(step, httpx.Request):
                    try:
                        answer = yield step
                        answer.read()
                    except TMDBError as error:
                        answer = error
                elif isinstance(step, Acquire):
                    lock = self._locks[step.thing]
                    lock.acquire()
                    held.lock = lock
                    for seconds in _until_free(step):
                        if held.take(step):
                            break
                        time.sleep(seconds)
                elif isinstance(step, Release):
                    held.release()
                elif isinstance(step, Run):
                    answer = step.function()
                elif isinstance(step, Sleep):
                    time.sleep(step.seconds)
                else:
                    _call_back(step)
        finally:
            held.release()
            steps.close()

    async def adrive(self, steps: Steps[None]) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Take `steps` as `drive` does, without blocking the event loop."""
        held = _Held()
        answer: Any = None
        try:
            while True:
                try:
                    step = steps.throw(answer) if isinstance(answer, TMDBError) else steps.send(answer)
                except StopIteration:
                    return
                answer = None
                if isinstance(step, httpx.Request):
                    try:
                        answer = yield step
                        await answer.aread()
                    except TMDBError as error:
                        answer = error
                elif isinstance(step, Acquire):
                    lock = self._async_lock(step.thing)
                    await lock.acquire()
                    held.lock = lock
                    await _aheld(step, held)
                elif isinstance(step, Release):
                    held.release()
                elif isinstance(step, Run):
                    answer = await in_thread(step.function)
                elif isinstance(step, Sleep):
                    await asleep(step.seconds)
                else:
                    result = _call_back(step)
                    if isinstance(result, Awaitable):
                        await _wait_for(step, result)
        finally:
            # No await here: the task may have been cancelled.
            held.release()
            steps.close()

    def _async_lock(self, thing: Thing) -> anyio.Lock:
        if thing not in self._async_locks:
            import anyio  # noqa: PLC0415 - only async clients need it

            self._async_locks[thing] = anyio.Lock()
        return self._async_locks[thing]


class _Held:
    """The locks that one run of steps holds."""

    def __init__(self) -> None:
        self.lock: threading.Lock | anyio.Lock | None = None
        self.store: tuple[SessionStore, str] | None = None

    def take(self, step: Acquire) -> bool:
        """Take the lock in the store, or return False where somebody else has it."""
        if step.store is None or not step.store.acquire(step.key):
            return False
        self.store = (step.store, step.key)
        return True

    def release(self) -> None:
        store, self.store = self.store, None
        lock, self.lock = self.lock, None
        try:
            if store is not None:
                store[0].release(store[1])
        finally:
            if lock is not None:
                lock.release()


def _until_free(step: Acquire) -> Generator[float]:
    """Yield the seconds to wait between attempts to take the lock in the store; too many of them are an error."""
    if step.store is None:
        return
    deadline = time.monotonic() + STORE_PATIENCE
    pause, longest = _STORE_POLL
    while True:
        yield pause
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"Somebody else has held the lock of the session store for more than {STORE_PATIENCE:.0f} seconds."
            )
        pause = min(pause * 2, longest)


async def _aheld(step: Acquire, held: _Held) -> None:
    """Take the lock in the store. It is noted where it is taken: a task that is cancelled meanwhile has it, then."""
    for seconds in _until_free(step):
        if await in_thread(lambda: held.take(step)):
            return
        await asleep(seconds)


async def asleep(seconds: float) -> None:
    """Let time pass, on whichever event loop runs."""
    import anyio  # noqa: PLC0415 - only async clients need it

    await anyio.sleep(seconds)


async def in_thread(function: Callable[[], T]) -> T:
    """Return what a function returns that may wait, without blocking the event loop."""
    import anyio.to_thread  # noqa: PLC0415 - only async clients need it

    return await anyio.to_thread.run_sync(function)


def _call_back(step: Notify) -> object:
    try:
        return step.hook()
    except Exception as error:  # noqa: BLE001 - a hook of the caller's must not fail the call
        _log_failure(step, error)
        return None


async def _wait_for(step: Notify, result: Awaitable[object]) -> None:
    try:
        await result
    except Exception as error:  # noqa: BLE001 - a hook of the caller's must not fail the call
        _log_failure(step, error)


def _log_failure(step: Notify, error: Exception) -> None:
    # Only the kind: what a hook raises may quote what it was given.
    _logger.error("%s raised %s; the call goes on.", step.name, type(error).__name__)
