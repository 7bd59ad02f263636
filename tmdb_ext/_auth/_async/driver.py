"""Takes the steps of the auth flow: sends, waits, holds locks."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tmdb_ext._auth.steps import SINGLES, Acquire, Notify, Release, Run, Send, Single, Sleep
from tmdb_ext._errors import TMDBError
from tmdb_ext._http._async.concurrency import AsyncLock, leavable, may_wait, sleep
from tmdb_ext._http.deadline import NEVER, Deadline
from tmdb_ext._http.translation import out_of_time
from tmdb_ext._operations import describe_operation

if TYPE_CHECKING:
    from tmdb_ext._auth.steps import Steps
    from tmdb_ext._http._async.engine import AsyncSender
    from tmdb_ext._stores import SessionStore

STORE_PATIENCE: Final = 10.0
"""Seconds to wait for another user of a store who is making a session. After that it is made without the lock."""
_STORE_POLL: Final = (0.005, 0.1)
"""Seconds between two looks at a store's lock: the first pause and the longest."""

_SLOW_STORE: Final = "the session store has taken too long"

T = TypeVar("T")

_logger = logging.getLogger("tmdb_ext")


class AsyncDriver:
    """Takes steps, and makes each thing once among the threads and event loops that share a client."""

    def __init__(self, sender: AsyncSender, store: SessionStore, patience: float = STORE_PATIENCE) -> None:
        self._sender = sender
        self._store_may_wait = may_wait(store)
        self._patience = patience
        self._locks: dict[Single, AsyncLock] = {single: AsyncLock() for single in SINGLES}

    async def take(self, steps: Steps[T], deadline: Deadline = NEVER) -> T:
        """Take steps to their end, and return their result.

        Args:
            steps: the steps.
            deadline: until when they may wait for the store.

        Raises:
            TMDBError: what a step raised and the steps did not handle.
        """
        held = _Held()
        answer: Any = None
        error: TMDBError | None = None
        try:
            while True:
                try:
                    step = steps.send(answer) if error is None else steps.throw(error)
                except StopIteration as done:
                    value: T = done.value
                    return value
                answer = error = None
                try:
                    if isinstance(step, Send):
                        answer = await self._sender.send(step.request, step.call)
                    elif isinstance(step, Acquire):
                        await self._acquire(step, held)
                    elif isinstance(step, Release):
                        held.release()
                    elif isinstance(step, Run):
                        answer = await self._run(step, deadline)
                    elif isinstance(step, Sleep):
                        await sleep(step.seconds)
                    else:
                        await _call_back(step)
                except TMDBError as caught:
                    error = caught
        finally:
            # Nothing is awaited here: the task may have been cancelled.
            held.release()
            steps.close()

    async def _run(self, step: Run, deadline: Deadline) -> Any:
        if not self._store_may_wait:
            return step.function()
        try:
            return await leavable(step.function, deadline.left())
        except TimeoutError:
            if step.is_last:
                _logger.warning("The session store has taken too long; the call goes on without.")
                return None
        raise out_of_time({}, sent=False, what=_SLOW_STORE)

    async def _acquire(self, step: Acquire, held: _Held) -> None:
        lock = self._locks[step.single]
        if not await lock.acquire(step.call.deadline.left()):
            raise _too_late(step, "somebody else took too long to make it")
        held.lock = lock
        if step.store is None:
            return
        until = time.monotonic() + self._patience
        pause, longest = _STORE_POLL
        while not await self._taken(step, held):
            if step.call.deadline.passed:
                raise _too_late(step, "somebody else holds the lock of the session store")
            if time.monotonic() > until:
                _logger.warning(
                    "Somebody else has held the lock of the session store for more than %g seconds; "
                    "going on without it.",
                    self._patience,
                )
                return
            await sleep(step.call.deadline.within(pause) or 0.0)
            pause = min(pause * 2, longest)

    async def _taken(self, step: Acquire, held: _Held) -> bool:
        """Take the lock of a store; return False if somebody else has it."""
        store, key = step.store, step.key
        if store is None:
            return True

        def late(taken: bool) -> None:
            if taken:
                store.release(key)

        try:
            taken = (
                await leavable(lambda: store.acquire(key), step.call.deadline.left(), late)
                if self._store_may_wait
                else store.acquire(key)
            )
        except TimeoutError:
            raise _too_late(step, _SLOW_STORE) from None
        if taken:
            held.store = (store, key)
        return taken


class _Held:
    """The locks that one run of steps holds."""

    def __init__(self) -> None:
        self.lock: AsyncLock | None = None
        self.store: tuple[SessionStore, str] | None = None

    def release(self) -> None:
        store, self.store = self.store, None
        lock, self.lock = self.lock, None
        try:
            if store is not None:
                store[0].release(store[1])
        finally:
            if lock is not None:
                lock.release()


def _too_late(step: Acquire, what: str) -> TMDBError:
    operation = step.call.operation
    context = {} if operation is None else describe_operation(operation)
    return out_of_time(context, sent=False, what=f"no {step.single}: {what}, and the budget of the call has passed")


async def _call_back(step: Notify) -> None:
    try:
        result = step.hook()
        if isinstance(result, Awaitable):
            await result
    except Exception as error:  # noqa: BLE001 - a hook of the caller's must not fail the call
        # Only the kind: what a hook raises may quote what it was given.
        _logger.error("%s raised %s; the call goes on.", step.name, type(error).__name__)
