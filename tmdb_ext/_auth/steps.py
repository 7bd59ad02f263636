"""Work that is written once and done by a sync or an async client.

A generator of steps yields what only a client can do: send a request, hold a lock, call the caller's hook, wait for a
file or for time to pass. The drivers in `_async` and `_sync` take the steps; they decide nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Hashable
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from tmdb_ext._errors import TMDBError

if TYPE_CHECKING:
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.messages import Request
    from tmdb_ext._stores import SessionStore

T = TypeVar("T")

Single = Literal["guest session", "user session", "account id"]
"""What is made once, however many calls need it."""

SINGLES: Final[tuple[Single, ...]] = ("guest session", "user session", "account id")
_MOST_FAILURES: Final = 256


class Attempt(NamedTuple):
    """What an extra request is for, so that those who wait for it learn of its failure."""

    single: Single
    about: Hashable = None
    """Tells apart attempts that do not stand for each other, such as the accounts of two sessions."""


class Send(NamedTuple):
    """Send a request; the response comes back, or a TMDBError is raised where it is yielded."""

    request: Request
    call: Call


class Acquire(NamedTuple):
    """Hold a lock, and the lock of a store's record if one is named, until `Release` or the end.

    If the deadline passes meanwhile, a TMDBError is raised.
    """

    single: Single
    call: Call
    store: SessionStore | None = None
    key: str = ""


class Release(NamedTuple):
    """Let go of what `Acquire` took."""


class Run(NamedTuple):
    """Call a function that may wait for a file or a server of the store; its result comes back.

    If the deadline passes meanwhile, a TMDBError is raised; or None comes back, if the step is the last one.
    """

    function: Callable[[], Any]
    is_last: bool = False
    """Whether TMDB has answered, so that the call does not depend on it any more."""


class Sleep(NamedTuple):
    """Let time pass."""

    seconds: float


class Notify(NamedTuple):
    """Call a hook of the caller's, which may be a coroutine function for an async client."""

    name: str
    hook: Callable[[], object]


Steps: TypeAlias = Generator[Send | Acquire | Release | Run | Sleep | Notify, Any, T]
"""Steps to take, with a result at the end."""


class Failures:
    """The latest failure to make each thing that is made once, for those who waited for it."""

    def __init__(self) -> None:
        # Without a lock, which a forked child could not release: at worst a failure is counted once for two.
        self._noted: dict[Attempt, tuple[int, TMDBError]] = {}

    def seen(self, attempt: Attempt) -> tuple[int, TMDBError | None]:
        """Return how many failures there have been, and the latest one."""
        return self._noted.get(attempt, (0, None))

    def note(self, attempt: Attempt, error: TMDBError) -> None:
        """Note a failure."""
        count = self.seen(attempt)[0]
        if len(self._noted) >= _MOST_FAILURES:
            self._noted.clear()
        self._noted[attempt] = (count + 1, copy.copy(error))

    def forget(self, attempt: Attempt) -> None:
        """Forget the failures: it has been made."""
        self._noted.pop(attempt, None)


def once(
    failures: Failures,
    call: Call,
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
    failures_seen = failures.seen(attempt)[0]
    yield Acquire(attempt.single, call, store, key)
    value = ready()
    made = value is None
    if value is None:
        count, failure = failures.seen(attempt)
        if count > failures_seen and failure is not None:
            yield Release()
            raise copy.copy(failure)
        try:
            value = yield from make()
        except TMDBError as error:
            failures.note(attempt, error)
            yield Release()
            raise
        failures.forget(attempt)
    yield Release()
    return value, made
