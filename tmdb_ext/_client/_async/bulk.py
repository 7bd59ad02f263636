"""Bulk work: the methods of a client that fetch or write many things."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tmdb_ext._bulk.results import Progress
    from tmdb_ext._bulk.rows import Row
    from tmdb_ext._bulk.runs import AsyncFetchMany, AsyncWriteMany

T = TypeVar("T")


class AsyncBulk:
    """The methods of `AsyncTMDB` that fetch or write many things."""

    __slots__ = ()

    def fetch_many(
        self,
        method: Callable[..., Awaitable[T]],
        rows: Iterable[Row],
        /,
        *,
        concurrency: int = 8,
        resume: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], object] | None = None,
        **arguments: Any,
    ) -> AsyncFetchMany[T]:
        """Fetch many things, a few at once, and give each as it comes.

        A row that fails does not stop the others, a bad id among them; what would fail for all of them does.

        Args:
            method: a method of the client that reads, or a `functools.partial` of one.
            rows: what is fetched: ids; tuples, if the operation has several, or if a row has further arguments
                (``(1396, {"language": "de"})``); or arguments by their names. Read as they are needed, each fetched
                once.
            concurrency: how many calls are under way at once; the client's rate limit holds for all of them.
            resume: a file to keep the values in. A run that was killed goes on from it: what is there is not fetched
                again, and not given again; `read_fetched` reads it.
            progress: called with a `Progress` after each row.
            arguments: the method's other arguments, for all rows; those of a row take precedence.

        Returns:
            The results, each a `Fetched` with `id`, `row`, `value` and `error`; `AsyncFetchMany` says how to iterate
            over them.

        Raises:
            InvalidArgument: the method is not one of a client that reads, a number is out of range, or TMDB would
                refuse an argument of all rows.
            ConfigurationError: the file holds what was fetched in another way (another operation, other arguments,
                another language, region, base address or user), or another run is writing it.
            TypeError: the method does not take these arguments, or none of the first rows fits it.
        """
        from tmdb_ext._bulk.job import Job  # noqa: PLC0415 - few programs fetch in bulk
        from tmdb_ext._bulk.runs import AsyncFetchMany  # noqa: PLC0415 - the same

        return AsyncFetchMany(Job(method, rows, arguments, concurrency=concurrency, resume=resume, progress=progress))

    def write_many(
        self,
        method: Callable[..., Awaitable[T]],
        rows: Iterable[Row],
        /,
        *,
        concurrency: int = 8,
        resume: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], object] | None = None,
        repeat_unknown: bool = False,
        **arguments: Any,
    ) -> AsyncWriteMany[T]:
        """Write many things, a few at once, and give what came of each.

        With a file, each row is written once, over any number of runs: the file says before a row is sent that it is,
        and then what came of it. If a run was killed in between, the next one asks TMDB whether a rating, favourite or
        watchlist entry is there, and sends what is not. Other writes are sent again if that does nothing twice; if it
        may (adding to a list), the row fails with `OutcomeUnknown`. What failed is tried again by the next run.

        Args:
            method: a method of the client that writes, or a `functools.partial` of one.
            rows: what is written: arguments by their names (``{"movie_id": 11, "value": 8.5}``), or ids, or tuples of
                ids and further arguments (``(11, {"value": 8.5})``). Read as they are needed, each written once. A row
                that sets another value for what a row before has set fails.
            concurrency: how many calls are under way at once; the client's rate limit holds for all of them.
            resume: the file; `read_fetched` reads it.
            progress: called with a `Progress` after each row.
            repeat_unknown: send again what a former run may have written, even if it is then written twice.
            arguments: the method's other arguments, for all rows; those of a row take precedence.

        Returns:
            The results, each a `Fetched` with `id`, `row`, `value` and `error`; `failures` has those that failed.
            `AsyncWriteMany` says how to iterate over them.

        Raises:
            InvalidArgument: the method is not one of a client that writes, a number is out of range, or TMDB would
                refuse an argument of all rows.
            ConfigurationError: the file holds what was written in another way (another operation, other arguments,
                another base address or user), or another run is writing it.
            SessionDenied: the session was refused, or TMDB dropped the guest session that the rows belong to.
            TypeError: the method does not take these arguments, or none of the first rows fits it.
        """
        from tmdb_ext._bulk.job import Job  # noqa: PLC0415 - few programs write in bulk
        from tmdb_ext._bulk.runs import AsyncWriteMany  # noqa: PLC0415 - the same

        job = Job(
            method,
            rows,
            arguments,
            concurrency=concurrency,
            resume=resume,
            progress=progress,
            writes=True,
            repeat_unknown=repeat_unknown,
        )
        return AsyncWriteMany(job)
