"""What a handler is given and gives back, and who is calling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tmdb_ext.testing._document import Operation
from tmdb_ext.testing._fill import Facts
from tmdb_ext.testing._state import GuestSession, Library, State, User
from tmdb_ext.testing._status import STATUSES, StatusError, status_body
from tmdb_ext.testing._world import Entry, Locale, World

PAGE_SIZE = 20
_LONGEST_NUMBER = 18
_KINDS = ("movie", "person", "collection", "company", "network", "keyword")


@dataclass(frozen=True)
class Caller:
    """The user or guest that a request speaks for; neither, if only the application calls."""

    user: User | None = None
    guest: GuestSession | None = None

    @property
    def library(self) -> Library:
        """The caller's ratings and marks.

        Raises:
            StatusError: With code 3, because the caller is neither user nor guest.
        """
        if self.user is not None:
            return self.user.library
        if self.guest is not None:
            return self.guest.library
        raise StatusError(3)

    def the_user(self) -> User:
        """The user.

        Raises:
            StatusError: With code 3, because the caller is none.
        """
        if self.user is None:
            raise StatusError(3)
        return self.user


@dataclass(frozen=True)
class Call:
    """One checked request."""

    operation: Operation
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    caller: Caller
    state: State
    world: World

    @property
    def locale(self) -> Locale:
        """The language and region that the request asks for."""
        return Locale.of(self.query)

    @property
    def today(self) -> date:
        """The day by the simulator's clock."""
        return self.state.clock.now().date()

    def entry(self) -> Entry:
        """The thing that the path is about.

        Raises:
            StatusError: With code 34, because there is no such thing.
            LookupError: Because the path is about none of the things that the simulator knows.
        """
        if "series_id" in self.path:
            names = [name for name in ("series_id", "season_number", "episode_number") if name in self.path]
            numbers = tuple(self.number(name) for name in names)
            self.world.entry("tv", numbers[0])
            return self.world.entry(
                ("tv", "season", "episode")[len(numbers) - 1], numbers if numbers[1:] else numbers[0]
            )
        for kind in _KINDS:
            if f"{kind}_id" in self.path:
                return self.world.entry(kind, self.number(f"{kind}_id"))
        raise LookupError(self.operation.id)

    def number(self, name: str) -> int:
        """A path parameter that is a number.

        Raises:
            StatusError: With code 6, because it is none, whatever the document says of it; with 34, because it is far
                too large.
        """
        text = self.path[name]
        if not (text.isascii() and text.isdecimal()):
            raise StatusError(34 if text.startswith("-") else 6)
        if len(text) > _LONGEST_NUMBER:
            raise StatusError(34)
        return int(text)

    def page(
        self, items: Sequence[Any], render: Callable[[Any], Any] = lambda item: item, size: int = PAGE_SIZE
    ) -> Facts:
        """A page of a listing.

        Args:
            items: All of the listing's entries.
            render: What makes a body of an entry; it is called for those on the page only.
            size: How many entries a page has.
        """
        number = int(self.query.get("page") or 1)
        shown = items[(number - 1) * size : number * size]
        return Facts(
            page=number,
            results=[render(item) for item in shown],
            total_pages=max(1, -(-len(items) // size)),
            total_results=len(items),
        )


@dataclass(frozen=True)
class Reply:
    """What a handler answers.

    Attributes:
        given: What is known of the body; the rest is filled in from the schema.
        status: The HTTP status, or None for the one that the document declares.
        exact: Whether that is the whole body; nothing is filled in from the schema then.
    """

    given: Any
    status: int | None = None
    exact: bool = False


def status_reply(code: int, status: int | None = None, **more: Any) -> Reply:
    """A reply with a status body."""
    return Reply(Facts({**status_body(code), **more}), STATUSES[code][0] if status is None else status)


Handler = Callable[[Call], Reply]
