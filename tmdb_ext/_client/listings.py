"""Walking over listings: methods of a client whose sync and async forms differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from tmdb_ext._paging import AsyncPages, ChangesPage, ItemsPage, Pages, ResultsPage

T = TypeVar("T")


class Listings:
    """The methods of a `TMDB` client that walk over pages."""

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


class AsyncListings:
    """The methods of an `AsyncTMDB` client that walk over pages."""

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
