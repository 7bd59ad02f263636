"""A guest session as the client knows it: its age, its expiry by the server's clock, and its use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ._credentials import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

MARGIN: Final = timedelta(seconds=60)
"""How long before its expiry a guest session is no longer used."""

_ID_CHARACTERS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


class GuestSession:
    """A guest session. Its id is a `Secret`: whoever has it can rate in its name.

    https://developer.themoviedb.org/reference/authentication-create-guest-session
    """

    __slots__ = ("_margin", "_skew", "expires_at", "id", "last_used", "made_at", "proven", "replaces")

    def __init__(
        self,
        id: Secret,  # noqa: A002 - the name that the attribute has
        *,
        made_at: datetime | None = None,
        expires_at: datetime | None = None,
        server_time: datetime | None = None,
        replaces: bool = False,
    ) -> None:
        self.id = id
        """The guest session id; `id.reveal()` gives the value."""
        self.made_at = made_at
        """When this client made it; None for one that was passed in."""
        self.expires_at = expires_at
        """When TMDB says it expires; None where that is not known."""
        self.last_used = made_at
        """When TMDB last accepted it from this client."""
        self.proven = False
        """True once TMDB has accepted it."""
        self.replaces = replaces
        """True for one that took the place of another, whose ratings are gone with it."""
        # A wrong clock on this machine must not make every new session look expired, so the expiry is read by the
        # server's clock as far as it shows in the Date header.
        self._skew = server_time - made_at if server_time and made_at else timedelta(0)
        lifetime = expires_at - made_at - self._skew if expires_at and made_at else MARGIN
        self._margin = min(MARGIN, max(lifetime, timedelta(0)) / 10)

    def expired(self, now: datetime) -> bool:
        """Return whether it has expired, or is about to, at the local time `now`."""
        return self.expires_at is not None and now + self._skew >= self.expires_at - self._margin

    def idle(self, now: datetime | None = None) -> timedelta | None:
        """Return how long it has not been used; None for one that this client has not used at all.

        TMDB drops guest sessions that are idle, after a period that it does not promise.
        """
        if self.last_used is None:
            return None
        return max((now or datetime.now(UTC)) - self.last_used, timedelta(0))

    def used(self, now: datetime) -> None:
        """Note that TMDB accepted it at the local time `now`."""
        self.last_used = now
        self.proven = True

    def __repr__(self) -> str:
        return f"GuestSession(id={self.id!r}, expires_at={self.expires_at!s}, last_used={self.last_used!s})"


def parse_guest_session(
    payload: object, headers: Mapping[str, str], now: datetime, *, replaces: bool
) -> GuestSession | None:
    """Read TMDB's answer to the making of a guest session; None where it holds no usable id."""
    body: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
    value = body.get("guest_session_id")
    # The id becomes part of a path, so it must not be able to change where the path leads.
    if not (isinstance(value, str) and 1 <= len(value) <= 256 and _ID_CHARACTERS.issuperset(value)):
        return None
    return GuestSession(
        Secret(value),
        made_at=now,
        expires_at=parse_expiry(body.get("expires_at")),
        server_time=parse_http_date(headers.get("date")),
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


def parse_http_date(text: str | None) -> datetime | None:
    """Read an HTTP date; None where it is something else."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few answers have it read

    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
