"""The guest session, the user session and the user access token of a client, and their copies in a store."""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar
from urllib.parse import quote

from tmdb_ext._errors import ConfigurationError, TransportError
from tmdb_ext._http.forks import PerProcess

from .credentials import Secret, claims_of, is_token
from .guest import GuestSession, from_record, is_usable_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tmdb_ext._stores import Record, SessionStore

    from .credentials import Claims, Credentials

_logger = logging.getLogger("tmdb_ext")

T = TypeVar("T")

SessionSource = Literal["given", "login", "converted", "stored"]
TokenSource = Literal["given", "login", "stored"]

USE_SAVED_EVERY: Final = 60.0
"""Seconds between two writings of a guest session's last use."""
_MOST_ACCOUNT_IDS: Final = 4096
_MOST_WRITINGS: Final = 4
"""How often a record is written anew, if other workers write it at the same time."""


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
        self.id: Secret = id
        """The session id; `id.reveal()` gives the value."""
        self.source = source
        """Where it comes from: given by the caller, a login, the conversion of a user access token, or a store."""
        self.account_id: int | None = account_id
        """The id of the account that it belongs to, once that has been looked up."""
        self.token_digest: str | None = token_digest
        """For a session that comes from a user access token, a digest that tells whether it is the same token."""

    def __repr__(self) -> str:
        return f"UserSession(id={self.id!r}, source={self.source!r})"


class UserAccessToken:
    """The v4 access token of a user. It is a `Secret`: whoever has it can act in the user's name.

    https://developer.themoviedb.org/v4/docs/authentication-user
    """

    __slots__ = ("account_object_id", "claims", "source", "token")

    def __init__(self, token: Secret, source: TokenSource, *, account_object_id: str | None = None) -> None:
        self.token: Secret = token
        """The token; `token.reveal()` gives the value."""
        self.source = source
        """Where it comes from: given by the caller, a login, or a store."""
        self.claims: Claims = claims_of(token)
        """What it says of itself: hints, which TMDB does not promise."""
        self.account_object_id: str | None = account_object_id or self.claims.account_object_id
        """The id of the user's account in v4, 24 hexadecimal digits, as the login or the token says; else None."""

    def __repr__(self) -> str:
        return f"UserAccessToken(token={self.token!r}, source={self.source!r})"


class Identity(NamedTuple):
    """A user or a guest, as a program names it: checked, and the program's own to keep."""

    user: UserSession | None = None
    token: UserAccessToken | None = None
    guest: GuestSession | None = None
    account_id: int | None = None
    """The id of the account in v3, if it is known."""

    @classmethod
    def of(
        cls, credentials: Credentials, account_id: int | None = None, account_object_id: str | None = None
    ) -> Identity:
        """Return the identity that the credentials of a user or a guest stand for."""
        session, token, guest = (
            getattr(credentials, name) for name in ("session_id", "user_access_token", "guest_session_id")
        )
        return cls(
            None if session is None else UserSession(session, "given", account_id=account_id),
            None if token is None else UserAccessToken(token, "given", account_object_id=account_object_id),
            None if guest is None else GuestSession(guest),
            account_id,
        )

    def name(self) -> str:
        """Return a name for what is kept of the user or guest, which gives nothing away."""
        token, user, guest = self.token, self.user, self.guest
        secrets = [*([token.token] if token else ()), *([user.id] if user else ()), *([guest.id] if guest else ())]
        return digest(secrets[0])[:32]


class Sessions:
    """What a client has beyond its credentials, in memory and, as a copy, in its store."""

    def __init__(
        self,
        store: SessionStore,
        address: str,
        name: str | None = None,
        *,
        guest: GuestSession | None = None,
        user: UserSession | None = None,
        token: UserAccessToken | None = None,
        account_id: int | None = None,
        account_ids: AccountIds | None = None,
        reads_store: bool = True,
    ) -> None:
        """Take what the program gave. The store is read by `load`, or when something is needed.

        Args:
            store: where sessions are kept.
            address: the base address, which the records in the store belong to.
            name: the name of the user there, or None for the one user of a program.
            guest: the guest session that was given.
            user: the user session that was given.
            token: the user access token that was given.
            account_id: the id of the user's account, if it is known.
            account_ids: ids of accounts that have been looked up, which clients for several users share.
            reads_store: whether the store may have what was not given.
        """
        self.store = store
        self._address = address
        # A base address has no "#" in it, and in the name it is escaped: nobody's records are somebody else's.
        self._scope = address if name is None else f"{address}#{quote(name, safe='')}"
        self.guest_key: str = f"{self._scope}/guest"
        self.token_key: str = f"{self._scope}/user-v4"
        self.guest = guest
        self.user = user
        self.token = token
        self.converts: bool = True
        """False after a logout: the user access token then makes no session any more."""
        self.is_loaded: bool = not reads_store
        self._loading = PerProcess(threading.Lock)
        self._account_id = account_id
        self._account_ids = AccountIds() if account_ids is None else account_ids
        self._use_saved: datetime | None = None
        # What the store has, as far as this client knows: it is replaced by nothing but what it was read as.
        self._kept_guest: Record | None = None
        self._kept_user: Record | None = None

    @property
    def user_key(self) -> str:
        """What the user session is kept under: one that is made from a token that was given, for that token alone."""
        token = self.token
        made_from = digest(token.token)[:32] if token is not None and token.source == "given" else None
        return f"{self._scope}/user" if made_from is None else f"{self._address}#{made_from}/user"

    def load(self) -> None:
        """Take from the store what the program did not give. This may wait for a file or a server; it is done once."""
        if self.is_loaded:
            return
        with self._loading.get():
            self._load()

    def _load(self) -> None:
        if not self.is_loaded:  # by another thread
            if self.guest is None:
                self.guest = self.stored_guest()
            # With a session that was given, the stored token may be another user's.
            if self.token is None and self.user is None:
                self.token = self.stored_token()
            if self.user is None:
                self.user = self.stored_user(self.token)
            self.is_loaded = True

    def reload(self) -> bool:
        """Take the user from the store again, after a refusal; return whether that changed anything.

        Another worker may have logged in anew. What the program gave stays.
        """
        user, token = self.user, self.token
        if any(held is not None and held.source == "given" for held in (user, token)):
            return False
        stored = self.stored_token()
        found = self.stored_user(stored)
        new_user = found is not None and (user is None or found.id != user.id)
        new_token = stored is not None and (token is None or stored.token != token.token)
        if not new_user and not new_token:
            return False
        self._act_for(found, stored)
        return True

    # Reading the store, and writing to it. All of this may wait for a file or a server.

    def stored_guest(self) -> GuestSession | None:
        """Return the guest session in the store."""
        record = self._read(self.guest_key)
        self._kept_guest = record
        return None if record is None else from_record(record)

    def stored_user(self, token: UserAccessToken | None) -> UserSession | None:
        """Return the user session in the store, unless it was made from another token than `token`."""
        record = self._read(self.user_key)
        self._kept_user = record
        return None if record is None else self._user_in(record, token)

    def _user_in(self, record: Record, token: UserAccessToken | None) -> UserSession | None:
        value, account_id, made_from = record.get("session_id"), record.get("account_id"), record.get("token_digest")
        if not is_usable_id(value) or (token is not None and made_from != digest(token.token)):
            return None
        return UserSession(
            Secret(value),
            "stored",
            account_id=account_id if isinstance(account_id, int) and not isinstance(account_id, bool) else None,
            token_digest=made_from if isinstance(made_from, str) else None,
        )

    def stored_token(self) -> UserAccessToken | None:
        """Return the user access token in the store."""
        record = self._read(self.token_key)
        if record is None:
            return None
        value, account = record.get("access_token"), record.get("account_object_id")
        if not isinstance(value, str) or not is_token(Secret(value)):
            return None
        return UserAccessToken(Secret(value), "stored", account_object_id=account if is_usable_id(account) else None)

    def save_guest(self, is_usable: Callable[[GuestSession], bool] = lambda _: True) -> GuestSession | None:
        """Write the guest session to the store, unless another worker has written another one there.

        Args:
            is_usable: whether a session of another worker can be used.

        Returns:
            The session of another worker, which is in use from now on; None if nobody has written one.
        """
        guest = self.guest
        if guest is None:
            return None
        found = self._write(lambda: self._guest_written(guest, is_usable))
        if found is None:
            self._use_saved = None  # to be written soon, when the store is there again
            return None
        if found is guest:
            return None
        self.guest = found
        return found

    def _guest_written(self, guest: GuestSession, is_usable: Callable[[GuestSession], bool]) -> GuestSession:
        """Write a guest session; return the one that is kept now, which may be of another worker."""
        for _ in range(_MOST_WRITINGS):
            former, record = self._kept_guest, guest.to_record()
            kept = self._kept_guest = self.store.compare_and_set(self.guest_key, former, record)
            if kept == record:
                return guest
            other = None if kept is None else from_record(kept)
            if other is None or not is_usable(other):
                continue
            if other.id != guest.id:
                return other
            # The same, which another worker has used as well.
            if other.last_used is not None and (guest.last_used is None or guest.last_used < other.last_used):
                guest.used(other.last_used)
        return guest

    def save_user(self) -> None:
        """Write the user session to the store, unless another worker has logged in anew: then that login counts.

        One that the caller gave stays the caller's to keep.
        """
        user = self.user
        if user is None or user.source == "given":
            return
        record, former = _record_of(user), self._kept_user
        if former is None or former.get("session_id") != user.id.reveal():
            return  # the store has none that this client knows of, and a login is saved when it is made
        kept = self._write(lambda: (self.store.compare_and_set(self.user_key, former, record),))
        if kept is None:
            return
        self._kept_user = kept[0]
        if kept[0] is not None and kept[0].get("session_id") != user.id.reveal():
            self.reload()

    def use_converted(self, user: UserSession) -> UserSession:
        """Act for the user of a session that was made from the token; return the session in use.

        It is another one if another worker has put that into the store meanwhile.
        """
        user.account_id = user.account_id or self._account_id
        self.user = user
        self.user = self._write(lambda: self._converted_written(user)) or user
        return self.user

    def _converted_written(self, user: UserSession) -> UserSession:
        record, token = _record_of(user), self.token
        for _ in range(_MOST_WRITINGS):
            former = self._kept_user
            kept = self._kept_user = self.store.compare_and_set(self.user_key, former, record)
            if kept == record:
                return user
            other = None if kept is None else self._user_in(kept, token)
            if other is not None:
                return other
        return user

    def save_token(self) -> None:
        """Write the user access token to the store; one that the caller gave stays the caller's to keep."""
        token = self.token
        if token is None or token.source == "given":
            return
        record: Record = {"access_token": token.token.reveal(), "account_object_id": token.account_object_id}
        self._write(lambda: self.store.save(self.token_key, record))

    def use_user(self, user: UserSession) -> None:
        """Act for the user of a session from now on, here and in the store; for a former user in no version.

        The token that the session was made from stays; any other may be another user's.
        """
        token = self.token
        if token is None or user.token_digest == digest(token.token):
            user.account_id = user.account_id or self._account_id
            self.user = user
        else:
            self._act_for(user, None)
            self._write(lambda: self.store.delete(self.token_key))
        if user.source != "given":
            # The user has logged in just now: that counts, whatever is there.
            record = _record_of(user)
            self._write(lambda: self.store.save(self.user_key, record))
            self._kept_user = record

    def use_token(self, token: UserAccessToken) -> None:
        """Act for the user of a token from now on, here and in the store; for a former user in no version.

        A session that was not made from the token may be another user's. The token makes one when it is needed.
        """
        former = self.user
        user = former if former is not None and former.token_digest == digest(token.token) else None
        self._act_for(user, token)
        if user is not former:
            self._write(lambda: self.store.delete(self.user_key))
        self.save_token()

    def _act_for(self, user: UserSession | None, token: UserAccessToken | None) -> None:
        self.user, self.token, self.converts = user, token, True
        self._account_id = None

    def forget_guest(self) -> None:
        """Stop using the guest session, here and in the store; one that another worker has put there stays."""
        guest, self.guest = self.guest, None
        if guest is not None:
            self._write(lambda: self._delete_record(self.guest_key, "guest_session_id", guest.id))

    def forget_user(self) -> UserSession | None:
        """Stop acting for the user, here and in the store; return the session that was in use."""
        session, self.user = self.user, None
        self.converts = False
        if session is not None:
            self._write(lambda: self._delete_record(self.user_key, "session_id", session.id))
        return session

    def forget_token(self) -> tuple[UserAccessToken | None, UserSession | None]:
        """Stop using the user access token, here and in the store, and the session that was made from it; return both.

        A session that has nothing to do with the token stays.
        """
        user_key, token = self.user_key, self.token
        self.token = None
        if token is None:
            return None, None
        self._write(lambda: self._delete_record(self.token_key, "access_token", token.token))
        user = self.user
        if user is None or user.token_digest != digest(token.token):
            return token, None
        self.user = None
        self._write(lambda: self._delete_record(user_key, "session_id", user.id))
        return token, user

    def _delete_record(self, key: str, name: str, secret: Secret) -> None:
        """Delete what is kept under `key`, unless it is another one by now."""
        record = self.store.load(key)
        while record is not None and record.get(name) == secret.reveal():
            record = self.store.compare_and_set(key, record, None)

    def _read(self, key: str) -> Record | None:
        """Read a record.

        Raises:
            ConfigurationError: the store is set up wrongly; nothing has been sent yet.
            TransportError: the store cannot be asked, and calls shall not go on without it.
        """
        try:
            return self.store.load(key)
        except (ConfigurationError, TransportError):
            raise
        except Exception as error:  # noqa: BLE001 - a store of the caller's may raise anything
            _warn("read", error)
            return None

    def _write(self, step: Callable[[], T]) -> T | None:
        """Write to the store. A failure must not fail a call that TMDB has answered."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - a store of the caller's may raise anything
            _warn("written", error)
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
        """Return the id of the account that a session belongs to, if it is known."""
        user = self.user
        if user is not None and user.id == session:
            known = user.account_id or self._account_id
            if known is not None:
                return known
        return self._account_ids.get(session)

    def note_account_id(self, session: Secret, account_id: int) -> None:
        """Remember which account a session belongs to."""
        user = self.user
        if user is not None and user.id == session:
            user.account_id = account_id
        self._account_ids.note(session, account_id)


class AccountIds:
    """Which account a session belongs to, for the sessions that were asked for last."""

    def __init__(self) -> None:
        self._known: dict[Secret, int] = {}

    def get(self, session: Secret) -> int | None:
        """Return the id of the account, if it is known."""
        return self._known.get(session)

    def note(self, session: Secret, account_id: int) -> None:
        """Remember it."""
        if len(self._known) >= _MOST_ACCOUNT_IDS:
            self._known.clear()
        self._known[session] = account_id


def _warn(what: str, error: Exception) -> None:
    # Only the kind: the text may quote a record.
    level = logging.WARNING if getattr(error, "is_news", True) else logging.DEBUG
    _logger.log(level, "The session store could not be %s (%s); going on without.", what, type(error).__name__)


def _record_of(user: UserSession) -> Record:
    return {"session_id": user.id.reveal(), "account_id": user.account_id, "token_digest": user.token_digest}


def digest(token: Secret) -> str:
    """Return what tells a token from another one without giving it away."""
    return hashlib.sha256(token.reveal().encode()).hexdigest()
