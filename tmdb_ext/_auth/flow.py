"""The auth flow: every credential that a request carries is put there by this module.

`TMDBAuth.auth_flow` is one generator for sync and async. It yields the requests to send, extra ones included (making a
guest session, looking up the account id, converting a token), and steps that only a driver can take: see `_steps`.

A request that httpx hands in is never changed. What goes out is a copy with the credentials, so that they are not found
in the locals of a traceback.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from tmdb_ext._errors import ConfigurationError, DecodeError, SessionDenied
from tmdb_ext._operations import describe, extensions_for, find_operation, get_operation, name_of
from tmdb_ext._responses import CARRIED, api_error, parse, status_of
from tmdb_ext._retry import BUDGET

from .credentials import LABELS, Claims, CredentialName, Credentials, Secret, claims_of
from .guest import GuestPolicy, GuestSession, is_usable_id, parse_guest_session
from .selection import MODES, Held, Mode, Plan, UserCredential, select
from .sessions import Sessions, UserAccessToken, UserSession, digest
from .steps import Attempt, Driver, Notify, Run, Steps

if TYPE_CHECKING:
    from tmdb_ext._stores import SessionStore

ACCOUNT_PATH: Final = "/3/account"
"""Answers with the account of the session in the query, whose id v3 wants in 11 paths."""
GUEST_SESSION_PATH: Final = "/3/authentication/guest_session/new"
CONVERT_PATH: Final = "/3/authentication/session/convert/4"
FORGOTTEN: Final = frozenset({(401, 3), (401, 17), (404, 37)})
"""HTTP status and TMDB status code of an answer to a session that the server does not know any more."""
MODE: Final = "tmdb_mode"
"""The request extension that sets the mode of one call."""
PERSONAL: Final = "tmdb_personal"
"""The request extension in which the flow notes that the bearer is a user's, or one that the caller put there."""
SINGLE_FLIGHT: Final = "tmdb_single_flight"
"""The request extension that says which attempt at a thing made once an extra request is."""

_MODE_OVERRIDES: Final[ContextVar[Mapping[int, Mode]]] = ContextVar("tmdb_ext_modes", default=MappingProxyType({}))

_logger = logging.getLogger("tmdb_ext")


class Load(NamedTuple):
    """What one request is made to carry."""

    user: UserCredential | None = None
    """Which user-level credential there is among it."""
    bearer: Secret | None = None
    is_users_bearer: bool = False
    api_key: Secret | None = None
    session: Secret | None = None
    guest: Secret | None = None
    account_id: int | None = None
    account_object_id: str | None = None


class TMDBAuth(httpx.Auth):
    """Decides which credentials a request carries, gets those that are missing, and adds them."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: httpx.URL,
        store: SessionStore,
        policy: GuestPolicy,
        mode: Mode = "auto",
        on_guest_session_replaced: Callable[[GuestSession], object] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.credentials = credentials
        self.base_url = base_url
        self.sessions = Sessions(credentials, store, _shown(base_url))
        self.driver = Driver()
        self._access_token_claims = claims_of(credentials.access_token)
        self._policy = policy
        self._mode = check_mode(mode)
        self._hook = on_guest_session_replaced
        self._now = now

    def __repr__(self) -> str:
        return f"<TMDBAuth {self.credentials!r}, mode={self.mode!r}>"

    # What is held, and what it comes to

    @property
    def mode(self) -> Mode:
        """The mode in force here: that of the innermost `acting_as` block, else the client's."""
        return _MODE_OVERRIDES.get().get(id(self), self._mode)

    def held(self) -> Held:
        """Return what there is to choose from, without values."""
        sessions = self.sessions
        token = sessions.token
        held: set[CredentialName] = {name for name in ("api_key", "access_token") if getattr(self.credentials, name)}
        claims: dict[CredentialName, Claims] = {"access_token": self._access_token_claims}
        if token is not None:
            held.add("user_access_token")
            claims["user_access_token"] = token.claims
        if sessions.user is not None:
            held.add("session_id")
        if sessions.guest is not None:
            held.add("guest_session_id")
        return Held(
            tuple(name for name in LABELS if name in held),
            self._policy.make,
            sessions.converts,
            tuple(name for name, claim in claims.items() if claim.reads_only),
            tuple(name for name, claim in claims.items() if claim.writes),
        )

    def explain(self, operation_id: str, *, mode: Mode | None = None) -> Plan:
        """Return the credentials that a call of the operation would carry now, and why.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        operation = get_operation(operation_id)
        return select(
            name_of(operation),
            operation.user_auth,
            self.held(),
            mode=mode or self.mode,
            path=operation.path,
            bearer_only=operation.bearer_only,
        )

    # The flow

    def auth_flow(self, request: httpx.Request) -> Generator[Any, Any, None]:
        """Yield what to send for `request`, and the steps in between; see the module's first lines."""
        self._refuse_other_origin(request.url)
        operation = find_operation(request.extensions)
        path = operation.path if operation else ""
        plan = select(
            name_of(operation) if operation else None,
            operation.user_auth if operation else "none",
            self.held(),
            mode=request.extensions.get(MODE) or self.mode,
            path=path,
            bearer_only=operation is not None and operation.bearer_only,
            given=_given(request, path),
        )
        load = self._load(plan)
        if _may_have(path, "account_object_id") and _has_placeholder(request, "account_object_id"):
            load = load._replace(account_object_id=self._account_object_id(request, load))
        user: UserSession | None = None
        guest: GuestSession | None = None
        if plan.user == "session_id":
            user = yield from self._user_session(request)
            load = load._replace(session=user.id)
        elif plan.user == "guest_session_id":
            guest = yield from self.obtain_guest_session(request)
            load = load._replace(guest=guest.id)
        if _may_have(path, "account_id") and _has_placeholder(request, "account_id"):
            given = _given_session(request)
            if user is not None:
                user, account_id = yield from self._account_of(request, user)
                load = load._replace(session=user.id, account_id=account_id)
            elif given is not None:
                load = load._replace(account_id=(yield from self._account_id_of(request, given)))

        response = yield dressed(request, load)
        if guest is not None and not _is_forgotten(response):
            yield from self._note_use(guest, response)
        elif guest is not None:
            guest = yield from self._guest_successor(request, guest)
            if guest is not None:
                response = yield dressed(request, load._replace(guest=guest.id))
                yield from self._note_use(guest, response)
        elif user is not None and _is_forgotten(response):
            user = yield from self._user_successor(request, user)
            if user is not None:
                yield dressed(request, load._replace(session=user.id))

    def _load(self, plan: Plan) -> Load:
        """Return what `plan` comes to, as far as it is there already: sessions follow."""
        name = plan.application
        bearer: Secret | None = None
        if name == "access_token":
            bearer = self.credentials.access_token
        elif name == "user_access_token":
            token = self.sessions.token
            if token is None:  # another thread has ended it since
                raise ConfigurationError("The user has been logged out. Nothing was sent.", operation=plan.operation)
            bearer = token.token
        api_key = self.credentials.api_key if name == "api_key" else None
        return Load(plan.user, bearer, name == "user_access_token", api_key)

    def account_object_id(self) -> str:
        """Return the id of the account in v4 that calls for the user act for.

        Raises:
            ConfigurationError: no user access token is held, or it does not tell.
        """
        operation = get_operation("v4/account-lists")
        plan = select(name_of(operation), operation.user_auth, self.held())
        request = httpx.Request(operation.method, self.base_url, extensions=extensions_for(name_of(operation)))
        return self._account_object_id(request, self._load(plan))

    def _account_object_id(self, request: httpx.Request, load: Load) -> str:
        """Return the id of the account in v4 that the bearer acts for."""
        given = request.headers.get("authorization")
        bearer = load.bearer if given is None else Secret(given.rpartition(" ")[2])
        token = self.sessions.token
        if token is not None and token.token == bearer:
            account = token.account_object_id
        else:
            account = claims_of(bearer).account_object_id
        if account is None:
            context: dict[str, Any] = describe(request)
            raise ConfigurationError(
                f"{context['operation']} has the account object id in its path, and the token does not tell it. "
                "Pass account_object_id=, 24 hexadecimal digits. Nothing was sent.",
                **context,
            )
        return account

    def _refuse_other_origin(self, url: httpx.URL) -> None:
        if _origin(url) != _origin(self.base_url):
            raise ConfigurationError(
                f"This client talks to {_shown(self.base_url)}, and the request was for {_shown(url)}. "
                "Credentials go to no other scheme, host or port; nothing was sent."
            )

    # The guest session

    def _note_use(self, guest: GuestSession, response: httpx.Response) -> Steps[None]:
        if response.status_code < 400 and self.sessions.note_use(guest, self._now()):
            yield Run(self.sessions.save_guest)

    def obtain_guest_session(self, template: httpx.Request) -> Steps[GuestSession]:
        """Return the guest session to use, making or replacing it where that is needed."""

        def usable() -> GuestSession | None:
            guest = self.sessions.guest
            return None if guest is None or self._is_expired(guest) else guest

        return (yield from self._one_guest_session(usable, template, refused=None))

    def forget_guest_session(self) -> Steps[None]:
        """Stop using the guest session; the next call that needs one makes a new one."""
        yield Run(self.sessions.forget_guest)

    def _is_expired(self, guest: GuestSession) -> bool:
        # One that may not be replaced is used to the end: the server has the last word.
        return self._policy.make and guest.expired(self._now(), self._policy)

    def _guest_successor(self, request: httpx.Request, refused: GuestSession) -> Steps[GuestSession | None]:
        """Return the session to repeat `request` with, after the server refused one; None where it is not repeated."""
        # A replacement that has never been accepted shows that the session is not what is wrong: without this, every
        # call that is refused for another reason would make yet another session.
        hopeless = refused.replaces and not refused.proven and self.sessions.guest is refused
        if not (self._policy.make and _is_repeatable(request)) or hopeless:
            return None

        def other() -> GuestSession | None:
            return None if self.sessions.guest is refused else self.sessions.guest

        return (yield from self._one_guest_session(other, request, refused=refused))

    def _one_guest_session(
        self, ready: Callable[[], GuestSession | None], template: httpx.Request, *, refused: GuestSession | None
    ) -> Steps[GuestSession]:
        sessions = self.sessions
        guest, made = yield from self.driver.once(
            Attempt("guest session"),
            ready,
            lambda: self._guest_session_from_store_or_tmdb(template, refused),
            sessions.store,
            sessions.guest_key,
        )
        if made:
            yield from self._announce(guest)
        return guest

    def _guest_session_from_store_or_tmdb(
        self, template: httpx.Request, refused: GuestSession | None
    ) -> Steps[GuestSession]:
        former = self.sessions.guest
        # Another user of the store may have made one meanwhile.
        stored: GuestSession | None = yield Run(self.sessions.stored_guest)
        if stored is not None and not self._is_expired(stored) and (refused is None or stored.id != refused.id):
            stored.replaces = former is not None and former.id != stored.id
            self.sessions.guest = stored
            return stored
        payload, response = yield from self.ask(
            template, "GET", GUEST_SESSION_PATH, "authentication-create-guest-session", attempt=Attempt("guest session")
        )
        session = parse_guest_session(payload, response.headers, self._now(), replaces=former is not None)
        if session is None:
            raise unreadable(response, "guest_session_id")
        self.sessions.guest = session
        yield Run(self.sessions.save_guest)
        return session

    def _announce(self, session: GuestSession) -> Steps[None]:
        """Say that there is a new session. The lock is free by now: the caller's hook may make calls of its own."""
        if not session.replaces:
            how = "Took a guest session from the store" if session.proven else "Made a guest session"
            _logger.info("%s; it expires at %s.", how, session.expires_at or "a time TMDB did not give")
            return
        _logger.warning(
            "The guest session had expired or was gone at TMDB, and a new one replaces it: "
            "what was rated with the former one is lost."
        )
        hook = self._hook
        if hook is not None:
            yield Notify("on_guest_session_replaced", lambda: hook(session))

    # The user session

    def _user_session(self, template: httpx.Request) -> Steps[UserSession]:
        if self.sessions.user is not None:
            return self.sessions.user
        return (yield from self.convert(template))

    def convert(self, template: httpx.Request, refused: UserSession | None = None) -> Steps[UserSession]:
        """Return the session that comes from the user access token, making it where there is none."""
        token = self.sessions.token
        if token is None or not self.sessions.converts:
            raise ConfigurationError("This client holds no user access token to make a user session from.")

        def ready() -> UserSession | None:
            session = self.sessions.user
            return None if session is None or session is refused else session

        session, _ = yield from self.driver.once(
            Attempt("user session"),
            ready,
            lambda: self._session_from_store_or_token(template, token.token, refused),
            self.sessions.store,
            self.sessions.user_key,
        )
        return session

    def _session_from_store_or_token(
        self, template: httpx.Request, token: Secret, refused: UserSession | None
    ) -> Steps[UserSession]:
        if refused is not None:
            alive = yield from self._is_alive(template, refused.id)
            if alive:
                return refused
        stored: UserSession | None = yield Run(self.sessions.stored_user)
        if stored is not None and (refused is None or stored.id != refused.id):
            self.sessions.user = stored
            return stored
        payload, response = yield from self.ask(
            template,
            "POST",
            CONVERT_PATH,
            "authentication-create-session-from-v4-token",
            body={"access_token": token},
            attempt=Attempt("user session"),
        )
        session = UserSession(session_id_in(payload, response), "converted", token_digest=digest(token))
        yield from self.use_user(session)
        _logger.info("Converted the user access token to a session.")
        return session

    def use_user(self, session: UserSession) -> Steps[None]:
        """Act for the user of `session` from now on, and keep it in the store."""
        self.sessions.user = session
        yield Run(self.sessions.save_user)

    def use_token(self, token: UserAccessToken) -> Steps[None]:
        """Act for the user of `token` from now on, and keep it in the store."""
        self.sessions.use_token(token)
        yield Run(self.sessions.save_token)

    def _user_successor(self, request: httpx.Request, refused: UserSession) -> Steps[UserSession | None]:
        """Return the session to repeat `request` with, after the server refused one; None where it is not repeated.

        Only one that comes from the user access token can be made anew without the user.
        """
        token = self.sessions.token
        ours = token is not None and refused.token_digest == digest(token.token)
        if not (ours and self.sessions.converts and _is_repeatable(request)):
            return None
        # Where TMDB still knows the session, `request` is repeated with the same one: httpx gives the caller the last
        # answer that the flow got, and that has to be the one to `request`.
        return (yield from self.convert(request, refused))

    def _is_alive(self, template: httpx.Request, session: Secret) -> Steps[bool]:
        """Return whether TMDB still knows a session. A refusal can also mean that the thing belongs to another user."""
        try:
            yield from self._look_up_account(template, session)
        except SessionDenied:
            return False
        return True

    # The account id

    def obtain_account_id(self, template: httpx.Request, *, mode: Mode | None = None) -> Steps[int]:
        """Return the id of the account that the user session belongs to, looking it up once per session."""
        select("account-details", "session", self.held(), mode=mode or self.mode)
        user = yield from self._user_session(template)
        return (yield from self._account_of(template, user))[1]

    def _account_of(self, template: httpx.Request, user: UserSession) -> Steps[tuple[UserSession, int]]:
        """Return the id of the account of `user`; with another session where it was ended and can be made anew."""
        refusal: SessionDenied | None = None
        try:
            return user, (yield from self._account_id_of(template, user.id))
        except SessionDenied as error:
            refusal = error
        successor = yield from self._user_successor(template, user)
        if successor is None:
            raise refusal
        return successor, (yield from self._account_id_of(template, successor.id))

    def _account_id_of(self, template: httpx.Request, session: Secret) -> Steps[int]:
        account_id, found = yield from self.driver.once(
            Attempt("account id", hash(session)),
            lambda: self.sessions.account_id(session),
            lambda: self._look_up_account(template, session),
        )
        user = self.sessions.user
        if found and user is not None and user.id == session:
            yield Run(self.sessions.save_user)
        return account_id

    def _look_up_account(self, template: httpx.Request, session: Secret) -> Steps[int]:
        payload, response = yield from self.ask(
            template,
            "GET",
            ACCOUNT_PATH,
            "account-details",
            session=session,
            attempt=Attempt("account id", hash(session)),
        )
        value = payload.get("id") if isinstance(payload, dict) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise unreadable(response, "id")
        self.sessions.note_account_id(session, value)
        return value

    # Requests of the flow's own

    def ask(
        self,
        template: httpx.Request,
        method: str,
        path: str,
        operation: str,
        *,
        session: Secret | None = None,
        bearer: Secret | None = None,
        body: Mapping[str, Secret | str] | None = None,
        attempt: Attempt | None = None,
    ) -> Steps[tuple[Any, httpx.Response]]:
        """Send a request of the flow's own, with the headers and the timeout of `template`; return what came.

        It carries the application's credential, or `bearer` where one is given.
        """
        kept = ("user-agent", "accept", "accept-encoding", "accept-language", "connection")
        request = httpx.Request(
            method,
            self.base_url.copy_with(raw_path=self.base_url.raw_path.rstrip(b"/") + path.encode()),
            headers={name: template.headers[name] for name in kept if name in template.headers},
            json=None if body is None else {name: _revealed(value) for name, value in body.items()},
            extensions={
                **{name: value for name, value in template.extensions.items() if name in ("timeout", BUDGET)},
                **extensions_for(operation),
                **({} if attempt is None else {SINGLE_FLIGHT: attempt}),
            },
        )
        load = Load(bearer=bearer)
        if bearer is None:
            bearer_only = get_operation(operation).bearer_only
            load = self._load(select(operation, "none", self.held(), bearer_only=bearer_only))
        if session is not None:
            load = load._replace(user="session_id", session=session)
        response = yield dressed(request, load)
        payload = parse(response)
        if response.status_code >= 300 or (isinstance(payload, dict) and payload.get("success") is False):
            raise api_error(response, payload)
        return payload, response

    # The drivers

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Drive the flow for a sync client."""
        return self.driver.drive(self.auth_flow(request))

    def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Drive the flow for an async client."""
        return self.driver.adrive(self.auth_flow(request))


class ModeBlock:
    """A block in which calls of a client use another mode.

    It holds for the thread or task that enters it and for the tasks started inside; other threads are not touched.
    """

    def __init__(self, auth: TMDBAuth, mode: Mode) -> None:
        self._auth = auth
        self.mode: Mode = check_mode(mode)
        self._former: list[Mapping[int, Mode]] = []

    def enter(self) -> None:
        """Begin the block."""
        former = _MODE_OVERRIDES.get()
        self._former.append(former)
        _MODE_OVERRIDES.set({**former, id(self._auth): self.mode})

    def leave(self) -> None:
        """End the block."""
        _MODE_OVERRIDES.set(self._former.pop())


def dressed(request: httpx.Request, load: Load) -> httpx.Request:
    """Return a copy of `request` that carries `load`: the one place where credentials are added."""
    target = sent = request.url.raw_path
    headers = request.headers.raw
    is_personal = load.is_users_bearer or any(name.lower() == b"authorization" for name, _ in headers)
    if load.account_id is not None:
        target = _filled(target, "account_id", str(load.account_id))
    if load.account_object_id is not None:
        target = _filled(target, "account_object_id", load.account_object_id)
    if load.guest is not None and _has_placeholder(request, "guest_session_id"):
        target = _filled(target, "guest_session_id", load.guest.reveal())
    elif load.guest is not None:
        target = _with_query(target, "guest_session_id", load.guest)
    if load.session is not None:
        target = _with_query(target, "session_id", load.session)
    if load.api_key is not None:
        target = _with_query(target, "api_key", load.api_key)
    if load.bearer is not None:
        headers = [pair for pair in headers if pair[0].lower() != b"authorization"]
        headers.append((b"Authorization", f"Bearer {load.bearer.reveal()}".encode()))
    carrier = httpx.Request(
        request.method,
        request.url if target is sent else request.url.copy_with(raw_path=target),
        headers=headers,
        stream=request.stream,
        extensions={**request.extensions, CARRIED: load.user, PERSONAL: is_personal},
    )
    if isinstance(request.stream, httpx.ByteStream):
        carrier.read()  # it is there already, and some transports send in pieces what has not been read
    return carrier


def check_mode(mode: Mode) -> Mode:
    """Return `mode` if it is one.

    Raises:
        ConfigurationError: it is not.
    """
    if mode not in MODES:
        raise ConfigurationError(f"mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}.")
    return mode


def _given(request: httpx.Request, path: str) -> frozenset[str]:
    """Return which credentials the caller put into the request already."""
    query = request.url.query
    params = request.url.params if b"session_id=" in query or b"api_key=" in query else ()
    given = {name for name in ("session_id", "guest_session_id") if name in params}
    if "{guest_session_id}" in path and not _has_placeholder(request, "guest_session_id"):
        given.add("guest_session_id")
    if "authorization" in request.headers or "api_key" in params:
        given.add("application")
    return frozenset(given)


def _given_session(request: httpx.Request) -> Secret | None:
    """Return the session that the caller put into the request."""
    return Secret(request.url.params["session_id"]) if "session_id" in request.url.params else None


def _is_repeatable(request: httpx.Request) -> bool:
    """Return whether the request can be sent again after a refusal: whether its body is still there."""
    return isinstance(request.stream, httpx.ByteStream)


def _is_forgotten(response: httpx.Response) -> bool:
    if response.status_code not in (401, 404):
        return False
    return (response.status_code, status_of(response, parse(response))[0]) in FORGOTTEN


def session_id_in(payload: object, response: httpx.Response) -> Secret:
    """Return the session id that TMDB has made.

    Raises:
        DecodeError: there is none in the answer.
    """
    value = payload.get("session_id") if isinstance(payload, dict) else None
    if not is_usable_id(value):
        raise unreadable(response, "session_id")
    return Secret(value)


def unreadable(response: httpx.Response, name: str) -> DecodeError:
    """Return the error for an answer that lacks what it was asked for."""
    context: dict[str, Any] = describe(response.request)
    message = f"{context['method']} {context['path']}: the answer has no usable {name}"
    return DecodeError(message, http_status=response.status_code, **context)


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or default


def _shown(url: httpx.URL) -> str:
    """Return scheme, host and port; the rest of a URL may hold anything."""
    scheme, host, port = _origin(url)
    return f"{scheme}://{host}:{port}" if url.port else f"{scheme}://{host}"


def _placeholder(name: str) -> bytes:
    return f"%7B{name}%7D".encode()


def _may_have(path: str, name: str) -> bool:
    """Return whether a request of this path template may have the placeholder; without a template, any may."""
    return not path or f"{{{name}}}" in path


def _has_placeholder(request: httpx.Request, name: str) -> bool:
    return _placeholder(name) in request.url.raw_path.split(b"?", 1)[0]


def _filled(target: bytes, name: str, value: str) -> bytes:
    path, mark, query = target.partition(b"?")
    return path.replace(_placeholder(name), value.encode()) + mark + query


def _with_query(target: bytes, name: str, secret: Secret) -> bytes:
    """Return `target` with a parameter appended; what is there keeps its bytes."""
    return target + (b"&" if b"?" in target else b"?") + f"{name}={secret.reveal()}".encode()
