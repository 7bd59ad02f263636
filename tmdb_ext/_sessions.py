"""The guest session and the user session of a client, and their copies in a store."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from ._credentials import Secret
from ._guest import GuestSession, from_record, is_usable_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ._credentials import Credentials
    from ._stores import Record, SessionStore

_logger = logging.getLogger("tmdb_ext")

T = TypeVar("T")

SessionSource = Literal["given", "login", "converted", "stored"]

USE_SAVED_EVERY: Final = 60.0
"""Seconds between two writings of a guest session's last use."""
_MOST_ACCOUNT_IDS: Final = 256


class UserSession:
    """The session of a user. Its id is a `Secret`: whoever has it can act in the user's name.

    https://developer.themoviedb.org/docs/authentication-user
    """

    __slots__ = ("account_id", "id", "source", "token_digest")

    def __init__(
        self,
        id: Secret,  # noqa: A002 - the name that the attribute has
        source: SessionSource,
        *,
        account_id: int | None = None,
        token_digest: str | None = None,
    ) -> None:
        self.id = id
        """The session id; `id.reveal()` gives the value."""
        self.source = source
        """Where it comes from: given by the caller, a login, the conversion of a user access token, or a store."""
        self.account_id = account_id
        """The id of the account that it belongs to, once that has been looked up."""
        self.token_digest = token_digest
        """For a session that comes from a user access token, a digest that tells whether it is the same token."""

    def __repr__(self) -> str:
        return f"UserSession(id={self.id!r}, source={self.source!r})"


class Sessions:
    """What a client has beyond its credentials, in memory and, as a copy, in its store."""

    def __init__(self, credentials: Credentials, store: SessionStore, scope: str) -> None:
        """Take what the credentials hold, and from the store what they do not.

        Args:
            credentials: what the client was given.
            store: where sessions are kept.
            scope: what the records in the store belong to: scheme, host and port.
        """
        self.store = store
        self.guest_key = f"{scope}/guest"
        self.user_key = f"{scope}/user"
        self.guest: GuestSession | None = None
        self.user: UserSession | None = None
        self.converts = True
        """False after a logout: the user access token then makes no session any more."""
        self._token_digest = digest(credentials.user_access_token)
        # Of sessions that callers put into a request themselves; the user session knows its own.
        self._account_ids: dict[Secret, int] = {}
        self._use_saved: datetime | None = None
        if credentials.guest_session_id is not None:
            self.guest = GuestSession(credentials.guest_session_id)
        else:
            self.guest = self.stored_guest()
        if credentials.session_id is not None:
            self.user = UserSession(credentials.session_id, "given")
        else:
            self.user = self.stored_user()

    # Reading the store, and writing to it. All of this may wait for a file or a server.

    def stored_guest(self) -> GuestSession | None:
        """Return the guest session in the store."""
        record = self._try("read", lambda: self.store.load(self.guest_key))
        return None if record is None else from_record(record)

    def stored_user(self) -> UserSession | None:
        """Return the user session in the store, unless it was made from another token than the client's."""
        record = self._try("read", lambda: self.store.load(self.user_key))
        if record is None:
            return None
        value, account_id, made_from = record.get("session_id"), record.get("account_id"), record.get("token_digest")
        if not is_usable_id(value) or (self._token_digest is not None and made_from != self._token_digest):
            return None
        return UserSession(
            Secret(value),
            "stored",
            account_id=account_id if isinstance(account_id, int) and not isinstance(account_id, bool) else None,
            token_digest=made_from if isinstance(made_from, str) else None,
        )

    def save_guest(self) -> None:
        """Write the guest session to the store."""
        guest = self.guest
        if guest is not None:
            self._try("written", lambda: self.store.save(self.guest_key, guest.to_record()))

    def save_user(self) -> None:
        """Write the user session to the store; one that the caller gave stays the caller's to keep."""
        user = self.user
        if user is None or user.source == "given":
            return
        record: Record = {
            "session_id": user.id.reveal(),
            "account_id": user.account_id,
            "token_digest": user.token_digest,
        }
        self._try("written", lambda: self.store.save(self.user_key, record))

    def forget_guest(self) -> None:
        """Stop using the guest session, here and in the store."""
        self.guest = None
        self._try("written", lambda: self.store.delete(self.guest_key))

    def forget_user(self) -> UserSession | None:
        """Stop acting for the user, here and in the store; return the session that was in use."""
        session, self.user = self.user, None
        self.converts = False
        if session is not None:
            self._try("written", lambda: self._delete_user(session))
        return session

    def _delete_user(self, session: UserSession) -> None:
        record = self.store.load(self.user_key)
        if record is not None and record.get("session_id") == session.id.reveal():
            self.store.delete(self.user_key)

    def _try(self, what: str, step: Callable[[], T]) -> T | None:
        """Take a step with the store. One that fails must not fail a call that TMDB has answered."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - a store of the caller's may raise anything
            # Only the kind: the text may quote a record.
            _logger.warning("The session store could not be %s (%s); going on without.", what, type(error).__name__)
            return None

    # Use, and the account

    def note_use(self, guest: GuestSession, now: datetime) -> bool:
        """Note that TMDB accepted a guest session; return whether it is time to write that to the store."""
        guest.used(now)
        if self._use_saved is not None and (now - self._use_saved).total_seconds() < USE_SAVED_EVERY:
            return False
        self._use_saved = now
        return True

    def account_id(self, session: Secret) -> int | None:
        """Return the id of the account that a session belongs to, where it is known."""
        user = self.user
        return user.account_id if user is not None and user.id == session else self._account_ids.get(session)

    def note_account_id(self, session: Secret, account_id: int) -> None:
        """Remember which account a session belongs to."""
        user = self.user
        if user is not None and user.id == session:
            user.account_id = account_id
            return
        if len(self._account_ids) >= _MOST_ACCOUNT_IDS:
            self._account_ids.clear()
        self._account_ids[session] = account_id


def digest(token: Secret | None) -> str | None:
    """Return what tells a token from another one without giving it away."""
    return None if token is None else hashlib.sha256(token.reveal().encode()).hexdigest()
