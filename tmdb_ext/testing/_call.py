"""What a handler is given and gives back, and who is calling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tmdb_ext.testing import _catalogue
from tmdb_ext.testing._document import Operation
from tmdb_ext.testing._fill import Facts
from tmdb_ext.testing._state import GuestSession, Library, State, User
from tmdb_ext.testing._status import STATUSES, StatusError, status_body

PAGE_SIZE = 20


@dataclass(frozen=True)
class Caller:
    """The user or guest that a request speaks for; neither, where only the application calls."""

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

    def id(self, name: str) -> int:
        """A path parameter that is the id of something.

        Raises:
            StatusError: With code 34, because it belongs to nothing; else as `number`.
        """
        return _catalogue.check_id(self.number(name))

    def number(self, name: str) -> int:
        """A path parameter that is a number.

        Raises:
            StatusError: With code 6, because it is none, whatever the document says of it.
        """
        text = self.path[name]
        if not text.isdecimal():
            raise StatusError(34 if text.startswith("-") else 6)
        return int(text[:20])

    def page(self, items: Sequence[Any], render: Callable[[Any], Any] = lambda item: item) -> Facts:
        """A page of a listing.

        Args:
            items: All of the listing's entries.
            render: What makes a body of an entry; it is called for those on the page only.
        """
        number = int(self.query.get("page") or 1)
        shown = items[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        return Facts(
            page=number,
            results=[render(item) for item in shown],
            total_pages=max(1, -(-len(items) // PAGE_SIZE)),
            total_results=len(items),
        )


@dataclass(frozen=True)
class Reply:
    """What a handler answers.

    Attributes:
        given: What is known of the body; the rest is filled in from the schema.
        status: The HTTP status, or None for the one that the document declares.
    """

    given: Any
    status: int | None = None


def status_reply(code: int, status: int | None = None, **more: Any) -> Reply:
    """A reply with a status body."""
    return Reply(Facts({**status_body(code), **more}), STATUSES[code][0] if status is None else status)


Handler = Callable[[Call], Reply]
