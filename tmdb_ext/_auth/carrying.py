"""What a request carries beside itself: the one place where credentials are put into a path, a query or a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .credentials import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .selection import UserCredential


class Credentialed(NamedTuple):
    """The credentials of one request, and the ids that go with them. The engine reads it as `messages.Carried`."""

    user: UserCredential | None = None
    """Which user-level credential there is among them."""
    bearer: Secret | None = None
    is_personal: bool = False
    """Whether the bearer is a user's, or one that the caller put there."""
    api_key: Secret | None = None
    session: Secret | None = None
    guest: Secret | None = None
    account_id: int | None = None
    account_object_id: str | None = None

    def target(self, target: str) -> str:
        """Return a path and query with what belongs there."""
        if self.account_id is not None:
            target = _filled(target, "account_id", str(self.account_id))
        if self.account_object_id is not None:
            target = _filled(target, "account_object_id", self.account_object_id)
        if self.guest is not None:
            if has_placeholder(target, "guest_session_id"):
                target = _filled(target, "guest_session_id", self.guest.reveal())
            else:
                target = _with_query(target, "guest_session_id", self.guest)
        if self.session is not None:
            target = _with_query(target, "session_id", self.session)
        if self.api_key is not None:
            target = _with_query(target, "api_key", self.api_key)
        return target

    def headers(self) -> Sequence[tuple[str, str]]:
        """Return the headers to add."""
        return () if self.bearer is None else (("authorization", f"Bearer {self.bearer.reveal()}"),)

    def secrets(self) -> Sequence[str]:
        """Return the values that must not show in any text."""
        held = (self.bearer, self.api_key, self.session, self.guest)
        return [secret.reveal() for secret in held if secret is not None]


def has_placeholder(target: str, name: str) -> bool:
    """Return whether a path still has to have an id filled in."""
    return placeholder(name) in target.partition("?")[0]


def placeholder(name: str) -> str:
    """Return what stands in a path for an id that a call will carry."""
    return f"%7B{name}%7D"


def _filled(target: str, name: str, value: str) -> str:
    path, mark, query = target.partition("?")
    return path.replace(placeholder(name), value) + mark + query


def _with_query(target: str, name: str, secret: Secret) -> str:
    """Return `target` with a parameter appended; what is there keeps its form."""
    return f"{target}{'&' if '?' in target else '?'}{name}={secret.reveal()}"
