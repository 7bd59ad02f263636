"""Runs: a thread pool or a task group does what the job says.

The client's retries and its rate limit hold for each call.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from tmdb_ext._errors import ConfigurationError, TMDBError

from .job import Job
from .results import Fetched

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

T = TypeVar("T")


class FetchMany(Generic[T]):
    """The results of a run, in the order in which they come. Each iteration is a run."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __iter__(self) -> Iterator[Fetched[T]]:
        job = self._job
        pending: dict[Future[Any], int | str] = {}
        pool = ThreadPoolExecutor(job.concurrency, thread_name_prefix="tmdb-fetch")
        try:
            ids = job.begin()
            while True:
                for one in _first(ids, job.concurrency - len(pending)):
                    # Each call sees the modes that hold here.
                    call = functools.partial(job.method, one, **job.arguments)
                    pending[pool.submit(contextvars.copy_context().run, call)] = one
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    one = pending.pop(future)
                    error = future.exception()
                    if error is None:
                        yield job.fetched(one, future.result())
                    elif isinstance(error, TMDBError):
                        yield job.failed(one, error)
                    else:
                        raise error
        finally:
            pool.shutdown(cancel_futures=True)
            job.end()

    def __repr__(self) -> str:
        return f"<FetchMany {self._job!r}>"


class AsyncFetchMany(Generic[T]):
    """The results of a run, in the order in which they come: ``async with tmdb.fetch_many(...) as results``.

    The block is what ends the calls under way when the loop is left early.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._tasks: TaskGroup | None = None
        self._results: MemoryObjectReceiveStream[Fetched[T] | BaseException] | None = None

    async def __aenter__(self) -> Self:
        import anyio  # noqa: PLC0415 - only async clients need it

        if self._tasks is not None:
            raise ConfigurationError("This run has begun already: call fetch_many() again for another one.")
        ids = self._job.begin()
        send, self._results = anyio.create_memory_object_stream[Fetched[T] | BaseException]()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        for _ in range(self._job.concurrency):
            self._tasks.start_soon(self._work, ids, send.clone())
        send.close()
        return self

    async def _work(self, ids: Iterator[int | str], send: MemoryObjectSendStream[Fetched[T] | BaseException]) -> None:
        """Fetch one after the other. What is wrong for all goes to whoever reads the results."""
        job = self._job
        with send:
            for one in ids:
                try:
                    value = await job.method(one, **job.arguments)
                except TMDBError as error:
                    came = _outcome(job.failed, one, error)
                else:
                    came = _outcome(job.fetched, one, value)
                await send.send(came)
                if isinstance(came, BaseException):
                    return

    def __aiter__(self) -> Self:
        if self._results is None:
            raise ConfigurationError("Write: async with tmdb.fetch_many(...) as results, and iterate over results.")
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

    def __repr__(self) -> str:
        return f"<AsyncFetchMany {self._job!r}>"


def _outcome(note: Callable[[int | str, Any], Fetched[Any]], one: int | str, came: Any) -> Fetched[Any] | BaseException:
    try:
        return note(one, came)
    except Exception as error:  # noqa: BLE001 - it is raised where the results are read
        return error


def _first(ids: Iterator[int | str], count: int) -> Iterator[int | str]:
    for _, one in zip(range(count), ids, strict=False):
        yield one
