"""Walking over the pages of a listing: what sync and async share, and the two of them."""

from __future__ import annotations

import functools
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ._arguments import LAST_PAGE, windows
from ._errors import InvalidArgument, TMDBError
from ._operations import name_of, operation_of

if TYPE_CHECKING:
    from datetime import date

    from tmdb_api_client.v3.operations import Operation

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_logger = logging.getLogger("tmdb_ext")


class ResultsPage(Protocol[T_co]):
    """A page of search results, a listing, or a list of v4."""

    @property
    def results(self) -> Sequence[T_co]:
        """The items."""


class ItemsPage(Protocol[T_co]):
    """A page of a list of v3."""

    @property
    def items(self) -> Sequence[T_co]:
        """The items."""


class ChangesPage(Protocol[T_co]):
    """A page of what was changed."""

    @property
    def changes(self) -> Sequence[T_co]:
        """The items."""


class Walk:
    """Where a walk over pages stands: what comes next, and what has been seen."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._variants = list(listing.variants)
        self._seen: set[Hashable] = set()
        self._former: list[Any] = []
        self._left = listing.max_items
        self._came = self._longest = 0
        self._promised: int | None = None
        listing.truncated = False
        self.next_page = listing.start_page
        self.last_page: int | None = None
        """The last page of this variant, once one page of it is known."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be fetched."""
        return not self._variants or self._left == 0

    def arguments(self, page: int) -> dict[str, Any]:
        """Return the arguments of the call for a page."""
        return {**self._listing.arguments, **self._variants[0], "page": page}

    def coming(self, most: int) -> list[int]:
        """Return the numbers of the pages to fetch now, `most` at most."""
        if self.last_page is None:
            return [self.next_page]
        return list(range(self.next_page, min(self.last_page, self.next_page + most - 1) + 1))

    def take(self, number: int, page: Any) -> list[Any]:
        """Take a page that has come; return its items that are new."""
        items = list(getattr(page, self._listing.attribute))
        total = getattr(page, "total_pages", None)
        if isinstance(total, int):
            last = self._last_of(number, page, total, items)
        else:
            # TMDB does not say how many there are: the end is a page without items,
            # or one that is the page before once more.
            last = self._listing.last_page if items and items != self._former else number
            items = [] if last == number else items
        if items:
            self._former = items
        self._listing.page = number
        self.next_page, self.last_page = number + 1, last if isinstance(total, int) else None
        if number >= last:
            self._end_variant()
        fresh = [item for item in items if self._is_new(item)] if self._listing.unique else items
        if self._left is not None:
            fresh = fresh[: self._left]
            self._left -= len(fresh)
        return fresh

    def _last_of(self, number: int, page: Any, total: int, items: list[Any]) -> int:
        """Return the number of the last page, by a page that says it; empty `items` if they are a repetition."""
        first = number == self._first_page()
        if first:
            self._came = self._longest = 0
            self._promised = getattr(page, "total_results", None)
            self._listing.total_pages, self._listing.total_results = total, self._promised
        if not first and getattr(page, "page", number) != number and items == self._former:
            # TMDB ignores which page of these is asked for: there is no other than the one that has come.
            items.clear()
            total = number
        elif not first and total > 0:
            self._listing.total_pages = total
        self._came += len(items)
        self._longest = max(self._longest, len(items))
        if (not first and total == 0) or (number >= total and self._came < self._expected(number)):
            self._note_truncation()
        return min(total, self._listing.last_page)

    def _first_page(self) -> int:
        """The page that the walk over this variant begins with."""
        return self._listing.start_page if len(self._variants) == len(self._listing.variants) else 1

    def _expected(self, number: int) -> int:
        """How many items this variant was to have from its first page on."""
        promised = self._promised if isinstance(self._promised, int) else 0
        skipped = self._first_page() - 1
        # If the walk begins late, the pages before had as many items as the longest; one page alone does not tell.
        return 0 if skipped and number == skipped + 1 else promised - skipped * self._longest

    def _note_truncation(self) -> None:
        if not self._listing.truncated:
            self._listing.truncated = True
            _logger.warning(
                "%s: TMDB said that there are %s items, and sent fewer",
                name_of(self._listing.operation),
                self._promised,
            )

    def _end_variant(self) -> None:
        self._variants.pop(0)
        self._former = []
        self.next_page, self.last_page = 1, None

    def _is_new(self, item: Any) -> bool:
        identity = getattr(item, "id", None)
        if identity is None:
            return True
        key = (type(item), identity)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


class Listing:
    """What is to be walked over, and what is known of it."""

    def __init__(
        self,
        method: Callable[..., Any],
        positional: Sequence[Any],
        arguments: Mapping[str, Any],
        *,
        max_items: int | None,
        start_page: int,
        unique: bool,
        variants: Sequence[Mapping[str, Any]] = ({},),
    ) -> None:
        while isinstance(method, functools.partial):
            positional, arguments = (*method.args, *positional), {**method.keywords, **arguments}
            method = method.func
        operation = operation_of(method)
        if operation is None:
            raise InvalidArgument("Give a method of the client, such as tmdb.discover.movie; call it by its arguments.")
        if operation.pages is None:
            raise InvalidArgument(f"{name_of(operation)} does not answer with pages.", operation=name_of(operation))
        self.last_page: int = operation.last_page or LAST_PAGE
        """The last page that TMDB serves."""
        _check_whole("start_page", start_page, most=self.last_page)
        if max_items is not None:
            _check_whole("max_items", max_items)
        if "page" in arguments:
            raise InvalidArgument("Give start_page= in place of page=.")
        # A misspelt argument is told here, where it was written, rather than when the first item is asked for.
        try:
            inspect.signature(method).bind(*positional, **arguments, **variants[0], page=start_page)
        except TypeError as error:
            raise TypeError(f"{operation.tag}.{operation.resource}: {error}") from None
        self.method: functools.partial[Any] = functools.partial(method, *positional)
        self.arguments = arguments
        self.attribute: str = operation.pages
        self.operation: Operation = operation
        self.variants = variants
        self.max_items = max_items
        self.start_page = start_page
        self.unique = unique
        self.page: int | None = None
        self.total_pages: int | None = None
        self.total_results: int | None = None
        self.truncated = False

    def __repr__(self) -> str:
        return f"{name_of(self.operation)}, page {self.page} of {self.total_pages}"


class _PagesView(Generic[T]):
    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    @property
    def page(self) -> int | None:
        """The page that the latest item came from; None before the first one. Go on from it with ``start_page=``."""
        return self._listing.page

    @property
    def total_pages(self) -> int | None:
        """How many pages there are, as TMDB says; it serves no more than 500, and 1,000 of what is trending."""
        return self._listing.total_pages

    @property
    def total_results(self) -> int | None:
        """How many items there are, as TMDB's first answer says."""
        return self._listing.total_results

    @property
    def truncated(self) -> bool:
        """Whether TMDB sent fewer items than its first answer said there are, as far as the walk has come.

        So it is if a later page says that there are no pages at all, or if all pages together fall short. The log has a
        warning then. A walk that ends with `max_items`, or at the last page that TMDB serves, is not truncated.
        """
        return self._listing.truncated

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._listing!r}>"


class Pages(_PagesView[T]):
    """The items of a listing, fetched page by page as they are asked for. Each iteration begins anew."""

    def __iter__(self) -> Iterator[T]:
        walk = Walk(self._listing)
        while not walk.done:
            (number,) = walk.coming(1)
            yield from walk.take(number, self._listing.method(**walk.arguments(number)))


class AsyncPages(_PagesView[T]):
    """The items of a listing, fetched as they are asked for, a few pages at once. Each iteration begins anew."""

    def __init__(self, listing: Listing, prefetch: int) -> None:
        super().__init__(listing)
        _check_whole("prefetch", prefetch)
        self._prefetch = prefetch

    def __aiter__(self) -> AsyncIterator[T]:
        return _AsyncItems(self._listing, self._prefetch)


class _AsyncItems(AsyncIterator[T]):
    """One iteration. Not an async generator, which trio wants closed by whoever leaves a loop early."""

    def __init__(self, listing: Listing, prefetch: int) -> None:
        self._listing = listing
        self._prefetch = prefetch
        self._walk = Walk(listing)
        self._pages: deque[tuple[int, Any]] = deque()
        self._items: deque[T] = deque()

    async def __anext__(self) -> T:
        walk = self._walk
        while not self._items:
            if self._pages:
                self._take(*self._pages.popleft())
            elif walk.done:
                raise StopAsyncIteration
            else:
                numbers = walk.coming(self._prefetch)
                pages = await self._fetched([walk.arguments(number) for number in numbers])
                self._pages.extend(zip(numbers, pages, strict=True))
        return self._items.popleft()

    def _take(self, number: int, page: Any) -> None:
        if isinstance(page, TMDBError):
            self._pages.clear()
            raise page
        self._items.extend(self._walk.take(number, page))
        if self._walk.done or self._walk.next_page != number + 1:
            self._pages.clear()  # TMDB has fewer pages than it said before

    async def _fetched(self, calls: list[dict[str, Any]]) -> list[Any]:
        """Return a page for each call, or the error that it ended in. No item is given away while tasks run."""
        import anyio  # noqa: PLC0415 - only async clients need it

        pages: list[Any] = [None] * len(calls)

        async def fetch(index: int) -> None:
            try:
                pages[index] = await self._listing.method(**calls[index])
            except TMDBError as error:
                pages[index] = error

        if len(calls) == 1:
            await fetch(0)
            return pages
        async with anyio.create_task_group() as tasks:
            for index in range(len(calls)):
                tasks.start_soon(fetch, index)
        return pages


def in_windows(start: date, end: date) -> list[dict[str, date]]:
    """Return the arguments for the ranges of changes that TMDB takes between two days."""
    return [{"start_date": first, "end_date": last} for first, last in windows(start, end)]


def _check_whole(name: str, value: object, *, most: int | None = None) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1 or (most is not None and value > most):
        limit = "1 or more" if most is None else f"from 1 to {most}"
        raise InvalidArgument(f"{name} must be a whole number {limit}, not {value!r}.")
