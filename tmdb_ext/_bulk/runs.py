"""Runs: a thread pool or a task group does what the job says.

The client's retries and its rate limit hold for each call.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from tmdb_ext._errors import ConfigurationError, TMDBError

from ._async import steps as async_steps
from ._sync import steps
from .job import Job
from .results import Fetched
from .rows import Asked

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

T = TypeVar("T")


class _Run:
    """What all runs have."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._job!r}>"


class FetchMany(_Run, Generic[T]):
    """The results of a run, in the order in which they come. Each iteration is a run.

    ``for film in tmdb.fetch_many(tmdb.movies.details, ids, append=["credits"])``
    """

    def __iter__(self) -> Iterator[Fetched[T]]:
        job = self._job
        pending: dict[Future[Any], Asked] = {}
        pool = ThreadPoolExecutor(job.concurrency, thread_name_prefix="tmdb-fetch")
        try:
            user = steps.user_of(job.called) if job.resume is not None else None
            rows = job.begin(user)
            while True:
                while len(pending) < job.concurrency and (asked := next(rows, None)) is not None:
                    if asked.error is not None:
                        yield job.failed(asked, asked.error)
                        continue
                    job.sending(asked)
                    # Each call sees the modes that hold here.
                    context = contextvars.copy_context()
                    pending[pool.submit(context.run, steps.call_of, job, asked)] = asked
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    asked = pending.pop(future)
                    error = future.exception()
                    if error is None:
                        yield job.fetched(asked, future.result())
                    elif isinstance(error, TMDBError):
                        yield job.failed(asked, error)
                    else:
                        raise error
        finally:
            pool.shutdown(cancel_futures=True)
            try:
                for future, asked in pending.items():
                    job.settle(asked, future)
            finally:
                job.end()


class WriteMany(FetchMany[T]):
    """What came of the rows of a run that writes, in the order in which it comes. Each iteration is a run.

    ``for result in tmdb.write_many(tmdb.movies.add_rating, rows, resume="ratings.jsonl")``
    """

    @property
    def failures(self) -> tuple[Fetched[T], ...]:
        """The rows that have failed, as far as the run is."""
        return tuple(self._job.failures)


class AsyncFetchMany(_Run, Generic[T]):
    """The results of a run, in the order in which they come.

    ``async with tmdb.fetch_many(tmdb.movies.details, ids) as results``, and ``async for`` over the results.

    The block is what ends the calls under way when the loop is left early.
    """

    _made_by = "fetch_many"

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._tasks: TaskGroup | None = None
        self._results: MemoryObjectReceiveStream[Fetched[T] | BaseException] | None = None

    async def __aenter__(self) -> Self:
        import anyio  # noqa: PLC0415 - only async clients need it

        job = self._job
        if self._tasks is not None:
            raise ConfigurationError(f"This run has begun already: call {self._made_by}() again for another one.")
        user = await async_steps.user_of(job.called) if job.resume is not None else None
        rows = job.begin(user)
        self._tasks = anyio.create_task_group()
        send, self._results = anyio.create_memory_object_stream[Fetched[T] | BaseException]()
        await self._tasks.__aenter__()
        for _ in range(job.concurrency):
            self._tasks.start_soon(self._work, rows, send.clone())
        send.close()
        return self

    async def _work(self, rows: Iterator[Asked], send: MemoryObjectSendStream[Fetched[T] | BaseException]) -> None:
        """Make one call after the other. What is wrong for all goes to whoever reads the results."""
        import anyio  # noqa: PLC0415 - only async clients need it

        job = self._job
        with send:
            while True:
                # A write that has been sent is waited for, so that the file says what came of it.
                with anyio.CancelScope(shield=job.writes):
                    came = await self._outcome(rows)
                if came is None:
                    return
                await send.send(came)
                if isinstance(came, BaseException):
                    return

    async def _outcome(self, rows: Iterator[Asked]) -> Fetched[T] | BaseException | None:
        """Return what came of the next row, if there is one, or what is wrong for all."""
        job = self._job
        try:
            asked = next(rows, None)
        except Exception as caught:  # noqa: BLE001 - the program's own rows may raise anything
            return caught
        if asked is None:
            return None
        note: Callable[[], Fetched[T]]
        try:
            if asked.error is not None:
                return job.failed(asked, asked.error)
            job.sending(asked)
            value = await async_steps.call_of(job, asked)
        except TMDBError as caught:
            error = caught  # the name of an except clause ends with it
            note = lambda: job.failed(asked, error)  # noqa: E731 - one of two
        else:
            note = lambda: job.fetched(asked, value)  # noqa: E731 - the other
        try:
            return note()
        except Exception as caught:  # noqa: BLE001 - it is raised where the results are read
            return caught

    def __aiter__(self) -> Self:
        if self._results is None:
            raise ConfigurationError(
                f"Write: async with tmdb.{self._made_by}(...) as results, and iterate over results."
            )
        return self

    async def __anext__(self) -> Fetched[T]:
        if self._results is None:
            raise StopAsyncIteration
        came = await anext(self._results)
        if isinstance(came, BaseException):
            raise came
        return came

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks, results = self._tasks, self._results
        if tasks is None or results is None:
            return
        try:
            tasks.cancel_scope.cancel()
            # Not told of an error in the block, which it would put into a group.
            await tasks.__aexit__(None, None, None)
        finally:
            results.close()
            self._job.end()


class AsyncWriteMany(AsyncFetchMany[T]):
    """What came of the rows of a run that writes, in the order in which it comes.

    ``async with tmdb.write_many(tmdb.movies.add_rating, rows, resume="ratings.jsonl") as results``, and ``async for``
    over the results.

    The block waits for the writes that have been sent, so that the file says what came of them.
    """

    _made_by = "write_many"

    @property
    def failures(self) -> tuple[Fetched[T], ...]:
        """The rows that have failed, as far as the run is."""
        return tuple(self._job.failures)
