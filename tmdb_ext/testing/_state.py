"""What TMDB remembers: users, tokens, sessions, ratings, marks and lists. It knows of no API version."""

from __future__ import annotations

import base64
import itertools
import json
import random
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from tmdb_ext.testing._clock import Clock
from tmdb_ext.testing._status import StatusError

FIRST_LIST_ID = 8_000_000
"""Lists made in the simulator count from here."""

SAMPLE_LISTS = 60
"""How many public lists of somebody else's there are, from id 1 on."""

REQUEST_TOKEN_LIFE = timedelta(minutes=60)
V4_REQUEST_TOKEN_LIFE = timedelta(minutes=15)

_LOOKED_AT = 20
"""How many of the oldest tokens and guest sessions are looked at when one is made."""

REFUSED_STANDINGS = {"disabled": 31, "unverified": 32, "suspended": 45}
"""TMDB's status code for a user whom it does not let in, by standing."""

MediaKey = tuple[Any, ...]
"""What was rated or marked: `("movie", 11)`, `("tv", 41)`, `("episode", 41, 1, 2)`."""


@dataclass
class User:
    """A person with an account.

    Attributes:
        id: The account id of API version 3.
        object_id: The account object id of version 4, 24 hexadecimal digits.
        standing: Whether TMDB lets them in. Set it to have them refused.
    """

    id: int
    username: str
    password: str = field(repr=False)
    name: str
    object_id: str
    iso_639_1: str = "en"
    iso_3166_1: str = "US"
    include_adult: bool = False
    standing: Literal["active", "disabled", "unverified", "suspended"] = "active"
    library: Library = field(default_factory=lambda: Library(), repr=False)


@dataclass
class Rating:
    """A rating and when it was given."""

    value: float
    created: datetime


@dataclass
class Library:
    """What one account or guest session has rated and marked, each in the order in which it was done."""

    ratings: dict[MediaKey, Rating] = field(default_factory=dict)
    favorites: dict[MediaKey, datetime] = field(default_factory=dict)
    watchlist: dict[MediaKey, datetime] = field(default_factory=dict)


@dataclass
class RequestToken:
    """A request token: `user` is who approved it."""

    value: str = field(repr=False)
    expires: datetime
    version: Literal[3, 4] = 3
    redirect_to: str | None = None
    user: User | None = None
    denied: bool = False


@dataclass
class GuestSession:
    """A guest session. It is `used` from its first rating or reading on."""

    id: str = field(repr=False)
    created: datetime
    last_use: datetime
    used: bool = False
    library: Library = field(default_factory=Library, repr=False)


@dataclass
class UserList:
    """A list of films and series: `items` has `("movie", 11)` and the like, each with its comment."""

    id: int
    owner: User
    name: str
    description: str
    language: str
    created: datetime
    updated: datetime
    country: str = ""
    public: bool = True
    sort_by: str = "original_order.asc"
    items: dict[MediaKey, str | None] = field(default_factory=dict)


@dataclass
class AccessToken:
    """A bearer token; without a user it is an application's read token."""

    value: str = field(repr=False)
    user: User | None = None


class State:
    """Everything that requests change. Callers hold `lock` while they read or change it.

    Args:
        clock: What tells the time.
        guest_session_idle: How long a guest session lives after its last use.
        guest_session_unused: How long it lives if it is never used at all; the shorter of the two counts then.
        api_key: The application's API key; a made-up one if None.
        access_token: Its read access token; a made-up one if None.
        seed: What made-up ids and tokens depend on; None makes other ones each time.
    """

    def __init__(
        self,
        clock: Clock,
        guest_session_idle: timedelta,
        guest_session_unused: timedelta,
        *,
        api_key: str | None = None,
        access_token: str | None = None,
        seed: int | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self._idle = guest_session_idle
        self._unused = guest_session_unused
        self._seed = seed
        self._random = self._chance(f"application {seed}")
        self.image_base_url = "https://image.tmdb.org/t/p/"
        self.api_key = api_key or self._hex(16)
        self.access_token = access_token or ""
        self.access_token = self._issue_access_token(None).value
        self.reset()

    def reset(self) -> None:
        """Forgets everybody and everything but the application."""
        self._random = self._chance(f"users {self._seed}")
        self.suspended = False
        self.users: dict[str, User] = {}
        self.access_tokens = {self.access_token: AccessToken(self.access_token)}
        self.request_tokens: dict[str, RequestToken] = {}
        self.sessions: dict[str, User] = {}
        self.guest_sessions: dict[str, GuestSession] = {}
        self.lists: dict[int, UserList] = {}
        self._next_list_id = FIRST_LIST_ID

    def _chance(self, seed: str) -> random.Random:
        """Where ids and tokens come from: the same ones each time if a seed was given."""
        return random.SystemRandom() if self._seed is None else random.Random(seed)  # noqa: S311 - that is asked for

    def _hex(self, count: int) -> str:
        """Twice as many hexadecimal digits as `count`."""
        return self._random.randbytes(count).hex()

    # users and bearer tokens

    def create_user(self, username: str, password: str) -> User:
        """Opens an account."""
        if username in self.users:
            raise ValueError(f"there is a user {username!r} already")
        number = 7_001 + len(self.users)
        user = User(number, username, password, username.replace("_", " ").title(), self._hex(12))
        self.users[username] = user
        return user

    def issue_user_access_token(self, user: User) -> str:
        """A bearer token with which an application acts for a user."""
        return self._issue_access_token(user).value

    def _issue_access_token(self, user: User | None) -> AccessToken:
        claims = {
            "aud": self.api_key,
            "nbf": self.clock.now().timestamp(),
            "jti": self._hex(8),
            "sub": user.object_id if user else self._hex(12),
            "scopes": ["api_read", "api_write"] if user else ["api_read"],
            "version": 1,
        }
        given = self.access_token if user is None else ""
        token = AccessToken(given or jwt_like(claims, self._random.randbytes(32)), user)
        if user is not None:
            self.access_tokens[token.value] = token
        return token

    # request tokens and sessions

    def issue_request_token(self) -> RequestToken:
        """A request token that waits for approval."""
        self._drop_expired()
        token = RequestToken(self._hex(20), self.clock.now() + REQUEST_TOKEN_LIFE)
        self.request_tokens[token.value] = token
        return token

    def issue_v4_request_token(self, redirect_to: str | None) -> RequestToken:
        """A request token of version 4, which knows where the browser is to be sent after the decision."""
        self._drop_expired()
        now = self.clock.now()
        expires = now + V4_REQUEST_TOKEN_LIFE
        claims = {
            "aud": self.api_key,
            "exp": int(expires.timestamp()),
            "jti": self._random.randrange(10_000_000),
            "nbf": int(now.timestamp()),
            "redirect_to": redirect_to,
            "scopes": ["pending_request_token"],
            "version": 1,
        }
        token = RequestToken(jwt_like(claims, self._random.randbytes(32)), expires, 4, redirect_to)
        self.request_tokens[token.value] = token
        return token

    def live_request_token(self, value: str, *, version: int | None = None) -> RequestToken:
        """The request token of a value.

        Args:
            value: The token itself.
            version: The version of the API that it has to be of; None for either.

        Raises:
            StatusError: With code 33, because it is unknown, used, expired, or of the other version.
        """
        token = self.request_tokens.get(value)
        if token is None or token.expires <= self.clock.now() or version not in (None, token.version):
            raise StatusError(33)
        return token

    def exchange_v4_request_token(self, value: str) -> AccessToken:
        """Turns an approved request token into a user's access token; the request token is used up.

        Raises:
            StatusError: With code 17 if it was denied, 41 if it is not approved yet, else as `live_request_token`.
        """
        token = self.live_request_token(value, version=4)
        if token.denied or token.user is None:
            raise StatusError(17 if token.denied else 41)
        del self.request_tokens[value]
        return self._issue_access_token(token.user)

    def open_session(self, user: User) -> str:
        """A user session, which lives until it is deleted."""
        session = self._hex(20)
        self.sessions[session] = user
        return session

    def exchange_request_token(self, value: str) -> str:
        """Turns an approved request token into a session; the token is used up.

        Raises:
            StatusError: With code 17 if it was denied or is not approved yet, else as `live_request_token`.
        """
        token = self.live_request_token(value, version=3)
        if token.denied or token.user is None:
            raise StatusError(17)
        del self.request_tokens[value]
        return self.open_session(token.user)

    def log_in(self, username: str, password: str) -> User:
        """The user with these credentials.

        Raises:
            StatusError: With code 26 if one is missing, with code 30 if they are wrong, else as `check_standing`.
        """
        if not username or not password:
            raise StatusError(26)
        user = self.users.get(username)
        if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
            raise StatusError(30)
        self.check_standing(user)
        return user

    def check_standing(self, user: User) -> None:
        """Checks that TMDB lets a user in.

        Raises:
            StatusError: With the code that says why not: 31, 32 or 45.
        """
        if user.standing in REFUSED_STANDINGS:
            raise StatusError(REFUSED_STANDINGS[user.standing])

    # guest sessions

    def open_guest_session(self) -> GuestSession:
        """A new guest session."""
        self._drop_expired()
        now = self.clock.now()
        guest = GuestSession(self._hex(16), now, now)
        self.guest_sessions[guest.id] = guest
        return guest

    def guest_session_expiry(self, guest: GuestSession) -> datetime:
        """When a guest session dies if nothing happens."""
        idle = guest.last_use + self._idle
        return idle if guest.used else min(idle, guest.created + self._unused)

    def use_guest_session(self, identifier: str) -> GuestSession:
        """The guest session of an id; asking for it keeps it alive.

        Raises:
            StatusError: With code 3, because it is unknown, forgotten or expired.
        """
        guest = self.guest_sessions.get(identifier)
        now = self.clock.now()
        if guest is None or self.guest_session_expiry(guest) <= now:
            self.guest_sessions.pop(identifier, None)
            raise StatusError(3)
        guest.last_use, guest.used = now, True
        return guest

    def _drop_expired(self) -> None:
        """Forgets what has expired, as nobody can use it any more; they stand in the order in which they were made."""
        now = self.clock.now()
        for value, token in list(itertools.islice(self.request_tokens.items(), _LOOKED_AT)):
            if token.expires <= now:
                del self.request_tokens[value]
        for value, guest in list(itertools.islice(self.guest_sessions.items(), _LOOKED_AT)):
            if self.guest_session_expiry(guest) <= now:
                del self.guest_sessions[value]

    # lists

    def create_list(self, owner: User, name: str, description: str, language: str) -> UserList:
        """A new, empty list."""
        now = self.clock.now()
        made = UserList(self._next_list_id, owner, name, description, language, now, now, owner.iso_3166_1)
        self._next_list_id += 1
        self.lists[made.id] = made
        return made

    def touch(self, changed: UserList) -> None:
        """Notes that a list was changed."""
        changed.updated = self.clock.now()

    def readable_list(self, number: int, reader: User | None) -> UserList:
        """A list that somebody wants to read.

        Raises:
            StatusError: With code 34 if there is no such list, with code 39 if it is private and not the reader's.
        """
        found = self.lists.get(number)
        if found is None:
            raise StatusError(34)
        if not found.public and found.owner is not reader:
            raise StatusError(39)
        return found

    def own_list(self, owner: User, number: int) -> UserList:
        """A list that its owner wants to change.

        Raises:
            StatusError: With code 34 if there is no such list, with code 38 if it is somebody else's.
        """
        found = self.lists.get(number)
        if found is None:
            raise StatusError(34)
        if found.owner is not owner:
            raise StatusError(38)
        return found

    def fill_lists(self, films: Sequence[int], series: Sequence[int]) -> None:
        """Makes the public lists of somebody else, which are there from the beginning."""
        somebody = User(7_000, "somebody_else", self._hex(8), "Somebody Else", self._hex(12))
        now = self.clock.now()
        for number in range(1, SAMPLE_LISTS + 1):
            made = UserList(number, somebody, f"Somebody's list {number}", "", "en", now, now, "US")
            first = [11] if number % 3 == 2 else []
            ids = [*first, *(films[(number * 31 + step * 17) % len(films)] for step in range(25))]
            made.items = {("movie", one): None for one in ids}
            made.items |= {("tv", series[(number * 13 + step * 7) % len(series)]): None for step in range(3)}
            if number % 4 == 1:
                made.items["tv", 41] = None
            self.lists[number] = made

    def rate(self, library: Library, key: MediaKey, value: float) -> bool:
        """Rates something; says whether it had been rated before."""
        before = library.ratings.get(key)
        library.ratings[key] = Rating(value, before.created if before else self.clock.now())
        return before is not None

    def mark(self, marks: dict[MediaKey, datetime], key: MediaKey, wanted: bool) -> bool:
        """Adds something to favourites or watchlist, or takes it off; says whether it had been there before."""
        before = key in marks
        if wanted:
            marks.setdefault(key, self.clock.now())
        else:
            marks.pop(key, None)
        return before


def jwt_like(claims: dict[str, object], signature: bytes | None = None) -> str:
    """A token in the shape of a signed JWT. Nothing verifies its signature: it is known or it is not."""

    def encode(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = encode(json.dumps({"alg": "HS256"}).encode())
    return f"{head}.{encode(json.dumps(claims).encode())}.{encode(signature or secrets.token_bytes(32))}"
