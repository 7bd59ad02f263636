"""Walking over listings and fetching in bulk: methods of a client whose sync and async forms differ."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import date

    from tmdb_ext._bulk.results import Progress
    from tmdb_ext._bulk.rows import Row
    from tmdb_ext._bulk.runs import AsyncFetchMany, AsyncWriteMany, FetchMany, WriteMany
    from tmdb_ext._paging import AsyncPages, ChangesPage, ItemsPage, Pages, ResultsPage

T = TypeVar("T")


class Listings:
    """The methods of a `TMDB` client that make many calls."""

    __slots__ = ()

    @overload
    def paginate(
        self,
        method: Callable[..., ResultsPage[T]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., ItemsPage[T]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., ChangesPage[T]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    def paginate(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[Any]:
        """Walk over all items of a listing: ``for film in tmdb.paginate(tmdb.discover.movie, with_genres=[878])``.

        Pages are fetched as items are asked for, up to the last one or to TMDB's limit of 500.

        Args:
            method: a method of the client that takes ``page``.
            positional: its positional arguments.
            max_items: how many items to give at most; no page beyond them is fetched.
            start_page: where to begin, 1 to 500; `Pages.page` says where an earlier walk came to.
            unique: leave out an item that came before: listings shift while one pages through them.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or a number is out of range.
            TypeError: the method does not take these arguments.
        """
        from tmdb_ext._paging import Listing, Pages  # noqa: PLC0415 - few programs page

        listing = Listing(method, positional, arguments, max_items=max_items, start_page=start_page, unique=unique)
        return Pages(listing)

    @overload
    def changes_between(
        self,
        method: Callable[..., ResultsPage[T]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    @overload
    def changes_between(
        self,
        method: Callable[..., ChangesPage[T]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    def changes_between(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[Any]:
        """Walk over what was changed in a range of days of any length, in the ranges of 14 days that TMDB takes.

        ``for change in tmdb.changes_between(tmdb.changes.movies, start=date(2026, 1, 1), end=date(2026, 3, 1))``

        Args:
            method: a method of the client that takes ``start_date`` and ``end_date``.
            positional: its positional arguments.
            start: the first day.
            end: the last day.
            max_items: how many items to give at most.
            unique: leave out an item that came before.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or `end` is before `start`.
            TypeError: the method does not take these arguments.
        """
        from tmdb_ext._paging import Listing, Pages, in_windows  # noqa: PLC0415 - few programs page

        listing = Listing(
            method,
            positional,
            arguments,
            max_items=max_items,
            start_page=1,
            unique=unique,
            variants=in_windows(start, end),
        )
        return Pages(listing)

    def fetch_many(
        self,
        method: Callable[..., T],
        rows: Iterable[Row],
        /,
        *,
        concurrency: int = 8,
        resume: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], object] | None = None,
        **arguments: Any,
    ) -> FetchMany[T]:
        """Fetch many things, a few at once, and give each as it comes.

        ``for film in tmdb.fetch_many(tmdb.movies.details, ids, append=["credits"])``

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
            The results, each a `Fetched` with `id`, `row`, `value` and `error`.

        Raises:
            InvalidArgument: the method is not one of a client that reads, a number is out of range, or TMDB would
                refuse an argument of all rows.
            ConfigurationError: the file holds what was fetched in another way (another operation, other arguments,
                another language, region, base address or user), or another run is writing it.
            TypeError: the method does not take these arguments, or none of the first rows fits it.
        """
        from tmdb_ext._bulk.job import Job  # noqa: PLC0415 - few programs fetch in bulk
        from tmdb_ext._bulk.runs import FetchMany  # noqa: PLC0415 - the same

        return FetchMany(Job(method, rows, arguments, concurrency=concurrency, resume=resume, progress=progress))

    def write_many(
        self,
        method: Callable[..., T],
        rows: Iterable[Row],
        /,
        *,
        concurrency: int = 8,
        resume: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], object] | None = None,
        repeat_unknown: bool = False,
        **arguments: Any,
    ) -> WriteMany[T]:
        """Write many things, a few at once, and give what came of each.

        ``for result in tmdb.write_many(tmdb.movies.add_rating, rows, resume="ratings.jsonl")``

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

        Raises:
            InvalidArgument: the method is not one of a client that writes, a number is out of range, or TMDB would
                refuse an argument of all rows.
            ConfigurationError: the file holds what was written in another way (another operation, other arguments,
                another base address or user), or another run is writing it.
            SessionDenied: the session was refused, or TMDB dropped the guest session that the rows belong to.
            TypeError: the method does not take these arguments, or none of the first rows fits it.
        """
        from tmdb_ext._bulk.job import Job  # noqa: PLC0415 - few programs write in bulk
        from tmdb_ext._bulk.runs import WriteMany  # noqa: PLC0415 - the same

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
        return WriteMany(job)


class AsyncListings:
    """The methods of an `AsyncTMDB` client that make many calls."""

    __slots__ = ()

    @overload
    def paginate(
        self,
        method: Callable[..., Awaitable[ResultsPage[T]]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., Awaitable[ItemsPage[T]]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., Awaitable[ChangesPage[T]]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    def paginate(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[Any]:
        """Walk over all items of a listing: ``async for film in tmdb.paginate(tmdb.discover.movie)``.

        Pages are fetched as items are asked for, up to the last one or to TMDB's limit of 500.

        Args:
            method: a method of the client that takes ``page``.
            positional: its positional arguments.
            max_items: how many items to give at most; no page beyond them is fetched.
            start_page: where to begin, 1 to 500; `Pages.page` says where an earlier walk came to.
            unique: leave out an item that came before: listings shift while one pages through them.
            prefetch: how many pages are fetched at once after the first one, when those before are used up.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or a number is out of range.
            TypeError: the method does not take these arguments.
        """
        from tmdb_ext._paging import AsyncPages, Listing  # noqa: PLC0415 - few programs page

        listing = Listing(method, positional, arguments, max_items=max_items, start_page=start_page, unique=unique)
        return AsyncPages(listing, prefetch)

    @overload
    def changes_between(
        self,
        method: Callable[..., Awaitable[ResultsPage[T]]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    @overload
    def changes_between(
        self,
        method: Callable[..., Awaitable[ChangesPage[T]]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    def changes_between(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[Any]:
        """Walk over what was changed in a range of days of any length, in the ranges of 14 days that TMDB takes.

        ``async for change in tmdb.changes_between(tmdb.changes.movies, start=date(2026, 1, 1), end=date(2026, 3, 1))``

        Args:
            method: a method of the client that takes ``start_date`` and ``end_date``.
            positional: its positional arguments.
            start: the first day.
            end: the last day.
            max_items: how many items to give at most.
            unique: leave out an item that came before.
            prefetch: how many pages are fetched at once after the first one, when those before are used up.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or `end` is before `start`.
            TypeError: the method does not take these arguments.
        """
        from tmdb_ext._paging import AsyncPages, Listing, in_windows  # noqa: PLC0415 - few programs page

        listing = Listing(
            method,
            positional,
            arguments,
            max_items=max_items,
            start_page=1,
            unique=unique,
            variants=in_windows(start, end),
        )
        return AsyncPages(listing, prefetch)

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

        ``async with tmdb.fetch_many(tmdb.movies.details, ids) as results``, and ``async for`` over the results.

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
            The results, each a `Fetched` with `id`, `row`, `value` and `error`.

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

        ``async with tmdb.write_many(tmdb.movies.add_rating, rows, resume="ratings.jsonl") as results``, and
        ``async for`` over the results.

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
