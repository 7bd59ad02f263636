"""The guest session, the user session and the user access token of a client, and their copies in a store."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from .credentials import Secret, claims_of, is_token
from .guest import GuestSession, from_record, is_usable_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tmdb_ext._stores import Record, SessionStore

    from .credentials import Credentials

_logger = logging.getLogger("tmdb_ext")

T = TypeVar("T")

SessionSource = Literal["given", "login", "converted", "stored"]
TokenSource = Literal["given", "login", "stored"]

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


class UserAccessToken:
    """The v4 access token of a user. It is a `Secret`: whoever has it can act in the user's name.

    https://developer.themoviedb.org/v4/docs/authentication-user
    """

    __slots__ = ("account_object_id", "claims", "source", "token")

    def __init__(self, token: Secret, source: TokenSource, *, account_object_id: str | None = None) -> None:
        self.token = token
        """The token; `token.reveal()` gives the value."""
        self.source = source
        """Where it comes from: given by the caller, a login, or a store."""
        self.claims = claims_of(token)
        """What it says of itself: hints, which TMDB does not promise."""
        self.account_object_id = account_object_id or self.claims.account_object_id
        """The id of the user's account in v4, 24 hexadecimal digits, as the login or the token says; else None."""

    def __repr__(self) -> str:
        return f"UserAccessToken(token={self.token!r}, source={self.source!r})"


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
        self.token_key = f"{scope}/user-v4"
        self.guest: GuestSession | None = None
        self.user: UserSession | None = None
        self.token: UserAccessToken | None = None
        self.converts = True
        """False after a logout: the user access token then makes no session any more."""
        # Of sessions that callers put into a request themselves; the user session knows its own.
        self._account_ids: dict[Secret, int] = {}
        self._use_saved: datetime | None = None
        if credentials.guest_session_id is not None:
            self.guest = GuestSession(credentials.guest_session_id)
        else:
            self.guest = self.stored_guest()
        if credentials.user_access_token is not None:
            self.token = UserAccessToken(credentials.user_access_token, "given")
        elif credentials.session_id is None:  # else the stored one may be another user's
            self.token = self.stored_token()
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
        if not is_usable_id(value) or not self._is_of_our_user(made_from):
            return None
        return UserSession(
            Secret(value),
            "stored",
            account_id=account_id if isinstance(account_id, int) and not isinstance(account_id, bool) else None,
            token_digest=made_from if isinstance(made_from, str) else None,
        )

    def _is_of_our_user(self, made_from: object) -> bool:
        """Return whether a stored session that was made from a token, or from none, goes with the token at hand."""
        token = self.token
        if token is None or made_from == digest(token.token):
            return True
        # Whoever stored this token logged in for sessions as well, where the session was made from no token.
        return token.source != "given" and made_from is None

    def stored_token(self) -> UserAccessToken | None:
        """Return the user access token in the store."""
        record = self._try("read", lambda: self.store.load(self.token_key))
        if record is None:
            return None
        value, account = record.get("access_token"), record.get("account_object_id")
        if not isinstance(value, str) or not is_token(Secret(value)):
            return None
        return UserAccessToken(Secret(value), "stored", account_object_id=account if is_usable_id(account) else None)

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

    def save_token(self) -> None:
        """Write the user access token to the store; one that the caller gave stays the caller's to keep."""
        token = self.token
        if token is None or token.source == "given":
            return
        record: Record = {"access_token": token.token.reveal(), "account_object_id": token.account_object_id}
        self._try("written", lambda: self.store.save(self.token_key, record))

    def use_token(self, token: UserAccessToken) -> None:
        """Act for the user of `token` from now on; a session that was made from another token goes."""
        user = self.user
        if user is not None and user.token_digest not in (None, digest(token.token)):
            self.user = None
        self.token = token
        self.converts = True

    def forget_guest(self) -> None:
        """Stop using the guest session, here and in the store."""
        self.guest = None
        self._try("written", lambda: self.store.delete(self.guest_key))

    def forget_user(self) -> UserSession | None:
        """Stop acting for the user, here and in the store; return the session that was in use."""
        session, self.user = self.user, None
        self.converts = False
        if session is not None:
            self._try("written", lambda: self._delete_record(self.user_key, "session_id", session.id))
        return session

    def forget_token(self) -> tuple[UserAccessToken | None, UserSession | None]:
        """Stop using the user access token, here and in the store, and the session that was made from it; return both.

        A session that has nothing to do with the token stays.
        """
        token, self.token = self.token, None
        if token is None:
            return None, None
        self._try("written", lambda: self._delete_record(self.token_key, "access_token", token.token))
        user = self.user
        if user is None or user.token_digest != digest(token.token):
            return token, None
        self.user = None
        self._try("written", lambda: self._delete_record(self.user_key, "session_id", user.id))
        return token, user

    def _delete_record(self, key: str, name: str, secret: Secret) -> None:
        """Delete what is kept under `key`, unless it is another one by now."""
        record = self.store.load(key)
        if record is not None and record.get(name) == secret.reveal():
            self.store.delete(key)

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
