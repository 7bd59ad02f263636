"""A guest session as the client knows it: its age, its expiry by the server's clock, and its use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeGuard

from tmdb_ext._dates import parse_http_date
from tmdb_ext._errors import ConfigurationError
from tmdb_ext._stores import Record

from .credentials import Secret

_LARGEST_SKEW: Final = timedelta(days=36500)
_ID_CHARACTERS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


class GuestPolicy:
    """How a client treats guest sessions; `TMDB(guest=GuestPolicy(...))`.

    TMDB's own words on how long a guest session lives are not all the same, so the periods of disuse are yours to set.
    Without them the client believes `expires_at`, and TMDB when it refuses a session.
    """

    __slots__ = ("idle_limit", "make", "margin", "unused_limit")

    def __init__(
        self,
        *,
        make: bool = True,
        margin: float = 60.0,
        idle_limit: float | None = None,
        unused_limit: float | None = None,
    ) -> None:
        """Make a policy.

        Args:
            make: make a guest session when a call needs one, and a new one when TMDB has dropped it.
            margin: seconds before its expiry from which a session is no longer used, for clocks that differ. At most
                a tenth of the session's life counts.
            idle_limit: seconds without use after which a session is given up; None leaves that to TMDB.
            unused_limit: seconds after its making at which a session that was never used is given up; None leaves
                that to TMDB.

        Raises:
            ConfigurationError: a period is negative or not a number.
        """
        for name, seconds in (("margin", margin), ("idle_limit", idle_limit), ("unused_limit", unused_limit)):
            if seconds is not None and not (isinstance(seconds, int | float) and 0 <= seconds < float("inf")):
                raise ConfigurationError(f"{name} must be a number of seconds, 0 or more, not {seconds!r}.")
        self.make: bool = make
        self.margin: float = margin
        self.idle_limit: float | None = idle_limit
        self.unused_limit: float | None = unused_limit

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}" for name in ("make", "margin", "idle_limit", "unused_limit")
        )
        return f"GuestPolicy({shown})"


class GuestSession:
    """A guest session. Its id is a `Secret`: whoever has it can rate in its name.

    https://developer.themoviedb.org/reference/authentication-create-guest-session
    """

    __slots__ = ("_skew", "expires_at", "id", "last_used", "made_at", "proven", "replaces")

    def __init__(
        self,
        id: Secret,  # noqa: A002 - the name that the attribute has
        *,
        made_at: datetime | None = None,
        expires_at: datetime | None = None,
        last_used: datetime | None = None,
        server_time: datetime | None = None,
        replaces: bool = False,
    ) -> None:
        self.id: Secret = id
        """The guest session id; `id.reveal()` gives the value."""
        self.made_at: datetime | None = made_at
        """When it was made, by this machine's clock; None for one that was passed in."""
        # A wrong clock on this machine must not make every new session look expired, so the expiry is read by the
        # server's clock as far as it shows in the Date header.
        self._skew = server_time - made_at if server_time and made_at else timedelta(0)
        if expires_at is not None and made_at is not None and expires_at <= made_at + self._skew:
            # It lies before the session was made: a day without a time, or a clock that is off. TMDB's refusals tell.
            expires_at = None
        self.expires_at: datetime | None = expires_at
        """When TMDB says it expires; None if that is not known, or makes no sense."""
        self.last_used: datetime | None = last_used
        """When TMDB last accepted it from this client or, with a store, from any; None if it never has."""
        self.proven: bool = last_used is not None
        """True once TMDB has accepted it."""
        self.replaces: bool = replaces
        """True for one that took the place of another, whose ratings are gone with it."""

    def expired(self, now: datetime, policy: GuestPolicy) -> bool:
        """Return whether it has expired, is about to, or has been out of use for too long, at the local time `now`."""
        if self.expires_at is not None and now + self._skew >= self.expires_at - self._margin(policy):
            return True
        if self.last_used is None:
            return _is_over(self.made_at, policy.unused_limit, now)
        return _is_over(self.last_used, policy.idle_limit, now)

    def _margin(self, policy: GuestPolicy) -> timedelta:
        margin = timedelta(seconds=policy.margin)
        if self.expires_at is None or self.made_at is None:
            return margin
        lifetime = self.expires_at - self.made_at - self._skew
        return min(margin, max(lifetime, timedelta(0)) / 10)

    def idle(self, now: datetime | None = None) -> timedelta | None:
        """Return how long it has not been used, since its making at most; None where neither is known.

        TMDB drops guest sessions that are idle, after a period that it does not promise.
        """
        since = self.last_used or self.made_at
        return None if since is None else max((now or datetime.now(UTC)) - since, timedelta(0))

    def used(self, now: datetime) -> None:
        """Note that TMDB accepted it at the local time `now`."""
        self.last_used = now
        self.proven = True

    def to_record(self) -> Record:
        """Return it as a record for a store."""
        return {
            "guest_session_id": self.id.reveal(),
            "made_at": _text(self.made_at),
            "expires_at": _text(self.expires_at),
            "last_used": _text(self.last_used),
            "skew": self._skew.total_seconds(),
        }

    def __repr__(self) -> str:
        return f"GuestSession(id={self.id!r}, expires_at={self.expires_at!s}, last_used={self.last_used!s})"


def from_record(record: Record) -> GuestSession | None:
    """Read a store's record; None where it is not one of a guest session."""
    value = record.get("guest_session_id")
    if not is_usable_id(value):
        return None
    made_at, skew = _moment(record.get("made_at")), record.get("skew")
    usable_skew = isinstance(skew, int | float) and abs(skew) < _LARGEST_SKEW.total_seconds()
    return GuestSession(
        Secret(value),
        made_at=made_at,
        expires_at=_moment(record.get("expires_at")),
        last_used=_moment(record.get("last_used")),
        server_time=made_at + timedelta(seconds=float(skew or 0)) if made_at and usable_skew else None,
    )


def is_usable_id(value: object) -> TypeGuard[str]:
    """Return whether `value` can be an id in a path: it must not be able to change where the path leads."""
    return isinstance(value, str) and 1 <= len(value) <= 256 and _ID_CHARACTERS.issuperset(value)


def parse_guest_session(payload: object, date: str | None, now: datetime, *, replaces: bool) -> GuestSession | None:
    """Read TMDB's answer to the making of a guest session; None where it holds no usable id."""
    body: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
    value = body.get("guest_session_id")
    if not is_usable_id(value):
        return None
    return GuestSession(
        Secret(value),
        made_at=now,
        expires_at=parse_expiry(body.get("expires_at")),
        server_time=parse_http_date(date),
        replaces=replaces,
    )


def parse_expiry(text: object) -> datetime | None:
    """Read ``YYYY-MM-DD HH:MM:SS UTC``; None where it is something else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix("UTC").strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_over(since: datetime | None, limit: float | None, now: datetime) -> bool:
    return since is not None and limit is not None and now - since >= timedelta(seconds=limit)


def _moment(text: object) -> datetime | None:
    """Read a stored time; None where it is none, or so far off that it cannot be reckoned with."""
    moment = parse_expiry(text)
    return moment if moment is not None and 1970 < moment.year < 3000 else None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
