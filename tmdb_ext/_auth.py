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
from types import MappingProxyType, TracebackType
from typing import Any, Final

import httpx

from ._credentials import Credentials, Secret
from ._errors import ConfigurationError, DecodeError
from ._guest import GuestSession, parse_guest_session
from ._operations import EXTENSION, describe, find_operation, get_operation
from ._responses import CARRIED, api_error, parse, status_of
from ._selection import MODES, Held, Mode, Plan, select
from ._steps import Attempt, Driver, Notify, Steps

ACCOUNT_PATH: Final = "/3/account"
"""Answers with the account of the session in the query, whose id v3 wants in 11 paths."""
GUEST_SESSION_PATH: Final = "/3/authentication/guest_session/new"
CONVERT_PATH: Final = "/3/authentication/session/convert/4"
FORGOTTEN: Final = frozenset({(401, 3), (401, 17), (404, 37)})
"""HTTP status and TMDB status code of an answer to a guest session that the server does not know any more."""
SINGLE_FLIGHT: Final = "tmdb_single_flight"
"""The request extension that says which attempt at a thing made once an extra request is."""

_MODE_OVERRIDES: Final[ContextVar[Mapping[int, Mode]]] = ContextVar("tmdb_ext_modes", default=MappingProxyType({}))

_logger = logging.getLogger("tmdb_ext")


class TMDBAuth(httpx.Auth):
    """Decides which credentials a request carries, gets those that are missing, and adds them."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: httpx.URL,
        mode: Mode = "auto",
        guest: bool = True,
        on_guest_session_replaced: Callable[[GuestSession], object] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.credentials = credentials
        self.base_url = base_url
        self.makes_guest_sessions = guest
        self._mode = check_mode(mode)
        self._hook = on_guest_session_replaced
        self._now = now
        given = credentials.guest_session_id
        self._guest = None if given is None else GuestSession(given)
        self._converted: Secret | None = None
        self._account_ids: dict[Secret, int] = {}
        self.driver = Driver()

    def __repr__(self) -> str:
        return f"<TMDBAuth {self.credentials!r}, mode={self.mode!r}>"

    # What is held, and what it comes to

    @property
    def mode(self) -> Mode:
        """The mode in force here: that of the innermost `acting_as` block, else the client's."""
        return _MODE_OVERRIDES.get().get(id(self), self._mode)

    @property
    def guest_session(self) -> GuestSession | None:
        """The guest session in use, or None."""
        return self._guest

    def forget_guest_session(self) -> None:
        """Stop using the guest session; the next call that needs one makes a new one."""
        self._guest = None

    def held(self) -> Held:
        """Return what there is to choose from, without values."""
        names = [name for name in self.credentials.names() if name != "guest_session_id"]
        return Held((*names, "guest_session_id") if self._guest else tuple(names), self.makes_guest_sessions)

    def explain(self, operation_id: str) -> Plan:
        """Return the credentials that a call of the operation would carry now, and why.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        operation = get_operation(operation_id)
        return select(operation.id, operation.user_auth, self.held(), mode=self.mode, path=operation.path)

    # The flow

    def auth_flow(self, request: httpx.Request) -> Generator[Any, Any, None]:
        """Yield what to send for `request`, and the steps in between; see the module's first lines."""
        self._refuse_other_origin(request.url)
        operation = find_operation(request.extensions.get(EXTENSION))
        plan = select(
            operation.id if operation else None,
            operation.user_auth if operation else "none",
            self.held(),
            mode=self.mode,
            path=operation.path if operation else "",
            given=_given(request, operation.path if operation else ""),
        )
        session: Secret | None = None
        guest: GuestSession | None = None
        if plan.user == "session_id":
            session = yield from self._user_session(request)
        elif plan.user == "guest_session_id":
            guest = yield from self.obtain_guest_session(request)
        elif "session_id" in request.url.params:
            session = Secret(request.url.params["session_id"])
        account_id: int | None = None
        if session is not None and _has_placeholder(request, "account_id"):
            account_id = yield from self.obtain_account_id(request, session)

        response = yield self._dressed(request, plan, session, guest, account_id)
        if guest is None:
            return
        if not _is_forgotten(response):
            self._note_use(guest, response)
            return
        successor = yield from self._successor(request, guest)
        if successor is not None:
            response = yield self._dressed(request, plan, session, successor, account_id)
            self._note_use(successor, response)

    def _refuse_other_origin(self, url: httpx.URL) -> None:
        if _origin(url) != _origin(self.base_url):
            raise ConfigurationError(
                f"This client talks to {_shown(self.base_url)}, and the request was for {_shown(url)}. "
                "Credentials go to no other scheme, host or port; nothing was sent."
            )

    def _dressed(
        self,
        request: httpx.Request,
        plan: Plan,
        session: Secret | None,
        guest: GuestSession | None,
        account_id: int | None,
    ) -> httpx.Request:
        """Return a copy of `request` with the credentials of `plan`: the one place where they are added."""
        target = request.url.raw_path
        headers = request.headers.copy()
        if account_id is not None:
            target = _filled(target, "account_id", str(account_id))
        if guest is not None and _has_placeholder(request, "guest_session_id"):
            target = _filled(target, "guest_session_id", guest.id.reveal())
        elif guest is not None:
            target = _with_query(target, "guest_session_id", guest.id)
        if plan.user == "session_id" and session is not None:
            target = _with_query(target, "session_id", session)
        if plan.application == "api_key" and self.credentials.api_key is not None:
            target = _with_query(target, "api_key", self.credentials.api_key)
        elif plan.application is not None:
            token: Secret = getattr(self.credentials, plan.application)
            headers["Authorization"] = f"Bearer {token.reveal()}"
        return httpx.Request(
            request.method,
            request.url.copy_with(raw_path=target),
            headers=headers,
            stream=request.stream,
            extensions={**request.extensions, CARRIED: plan.user},
        )

    def _note_use(self, guest: GuestSession, response: httpx.Response) -> None:
        if response.status_code < 400:
            guest.used(self._now())

    # Things that are made once, however many need them

    def obtain_guest_session(self, template: httpx.Request) -> Steps[GuestSession]:
        """Return the guest session to use, making or replacing it where that is needed."""

        def usable() -> GuestSession | None:
            guest = self._guest
            return None if guest is None or self._is_expired(guest) else guest

        guest, made = yield from self.driver.once(
            Attempt("guest session"), usable, lambda: self._make_guest_session(template)
        )
        if made:
            yield from self._announce(guest)
        return guest

    def _is_expired(self, guest: GuestSession) -> bool:
        # One that may not be replaced is used to the end: the server has the last word.
        return self.makes_guest_sessions and guest.expired(self._now())

    def _successor(self, request: httpx.Request, refused: GuestSession) -> Steps[GuestSession | None]:
        """Return the session to repeat `request` with, after the server refused one; None where it is not repeated."""
        repeatable = isinstance(request.stream, httpx.ByteStream)
        # A replacement that has never been accepted shows that the session is not what is wrong: without this, every
        # call that is refused for another reason would make yet another session.
        hopeless = refused.replaces and not refused.proven
        if not (self.makes_guest_sessions and repeatable) or (hopeless and self._guest is refused):
            return None

        def other() -> GuestSession | None:
            return None if self._guest is refused else self._guest

        guest, made = yield from self.driver.once(
            Attempt("guest session"), other, lambda: self._make_guest_session(request)
        )
        if made:
            yield from self._announce(guest)
        return guest

    def _make_guest_session(self, template: httpx.Request) -> Steps[GuestSession]:
        former = self._guest
        payload, response = yield from self._extra(
            template, Attempt("guest session"), "GET", GUEST_SESSION_PATH, "authentication-create-guest-session"
        )
        session = parse_guest_session(payload, response.headers, self._now(), replaces=former is not None)
        if session is None:
            raise _unreadable(response, "guest_session_id")
        self._guest = session
        return session

    def _announce(self, session: GuestSession) -> Steps[None]:
        """Say that a session was made. The lock is free by now: the caller's hook may make calls of its own."""
        if not session.replaces:
            _logger.info("Made a guest session; it expires at %s.", session.expires_at or "a time TMDB did not give")
            return
        _logger.warning(
            "The guest session had expired or was gone at TMDB, and a new one replaces it: "
            "what was rated with the former one is lost."
        )
        hook = self._hook
        if hook is not None:
            yield Notify("on_guest_session_replaced", lambda: hook(session))

    def _user_session(self, template: httpx.Request) -> Steps[Secret]:
        token = self.credentials.user_access_token
        if self.credentials.session_id is not None:
            return self.credentials.session_id
        if token is None:
            raise ConfigurationError("This client holds no user session.")  # selection has seen to it before
        session, _ = yield from self.driver.once(
            Attempt("user session"), lambda: self._converted, lambda: self._convert(template, token)
        )
        return session

    def _convert(self, template: httpx.Request, token: Secret) -> Steps[Secret]:
        payload, response = yield from self._extra(
            template,
            Attempt("user session"),
            "POST",
            CONVERT_PATH,
            "authentication-create-session-from-v4-token",
            body={"access_token": token},
        )
        value = payload.get("session_id") if isinstance(payload, dict) else None
        if not isinstance(value, str) or not value.isalnum():
            raise _unreadable(response, "session_id")
        self._converted = Secret(value)
        _logger.info("Converted the user access token to a session.")
        return self._converted

    def obtain_account_id(self, template: httpx.Request, session: Secret | None = None) -> Steps[int]:
        """Return the id of the account that the session belongs to, looking it up once per session."""
        if session is None:
            select("account-details", "session", self.held(), mode=self.mode)
            session = yield from self._user_session(template)
        owner = session
        account_id, _ = yield from self.driver.once(
            Attempt("account id", hash(owner)),
            lambda: self._account_ids.get(owner),
            lambda: self._look_up_account(template, owner),
        )
        return account_id

    def _look_up_account(self, template: httpx.Request, session: Secret) -> Steps[int]:
        payload, response = yield from self._extra(
            template, Attempt("account id", hash(session)), "GET", ACCOUNT_PATH, "account-details", session=session
        )
        value = payload.get("id") if isinstance(payload, dict) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise _unreadable(response, "id")
        self._account_ids[session] = value
        return value

    def _extra(
        self,
        template: httpx.Request,
        attempt: Attempt,
        method: str,
        path: str,
        operation: str,
        *,
        session: Secret | None = None,
        body: dict[str, Secret] | None = None,
    ) -> Steps[tuple[Any, httpx.Response]]:
        """Send a request of the flow's own, with the headers and the timeout of `template`; return what came."""
        kept = ("user-agent", "accept", "accept-encoding", "accept-language", "connection")
        request = httpx.Request(
            method,
            self.base_url.copy_with(raw_path=self.base_url.raw_path.rstrip(b"/") + path.encode()),
            headers={name: template.headers[name] for name in kept if name in template.headers},
            json=None if body is None else {name: secret.reveal() for name, secret in body.items()},
            extensions={
                **{name: value for name, value in template.extensions.items() if name == "timeout"},
                EXTENSION: operation,
                SINGLE_FLIGHT: attempt,
            },
        )
        plan = select(operation, "none", self.held())
        if session is not None:
            plan = plan._replace(user="session_id")
        response = yield self._dressed(request, plan, session, None, None)
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


class ActingAs:
    """A block in which calls of a client use another mode; made by `acting_as`, for `with` and `async with`.

    It holds for the thread or task that enters it and for the tasks started inside; other threads are not touched.
    """

    def __init__(self, auth: TMDBAuth, mode: Mode) -> None:
        self._auth = auth
        self._new_mode = check_mode(mode)
        self._former: list[Mapping[int, Mode]] = []

    def __enter__(self) -> None:
        former = _MODE_OVERRIDES.get()
        self._former.append(former)
        _MODE_OVERRIDES.set({**former, id(self._auth): self._new_mode})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _MODE_OVERRIDES.set(self._former.pop())

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


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
    given = {name for name in ("session_id", "guest_session_id") if name in request.url.params}
    if "{guest_session_id}" in path and not _has_placeholder(request, "guest_session_id"):
        given.add("guest_session_id")
    if "authorization" in request.headers or "api_key" in request.url.params:
        given.add("application")
    return frozenset(given)


def _is_forgotten(response: httpx.Response) -> bool:
    if response.status_code not in (401, 404):
        return False
    return (response.status_code, status_of(response, parse(response))[0]) in FORGOTTEN


def _unreadable(response: httpx.Response, name: str) -> DecodeError:
    context: dict[str, Any] = describe(response.request.method, response.request.url.path, response.request.extensions)
    message = f"{context['method']} {context['path']}: the answer has no usable {name}"
    return DecodeError(message, status=response.status_code, **context)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or default


def _shown(url: httpx.URL) -> str:
    """Return scheme, host and port; the rest of a URL may hold anything."""
    scheme, host, port = _origin(url)
    return f"{scheme}://{host}:{port}" if url.port else f"{scheme}://{host}"


def _placeholder(name: str) -> bytes:
    return f"%7B{name}%7D".encode()


def _has_placeholder(request: httpx.Request, name: str) -> bool:
    return _placeholder(name) in request.url.raw_path.split(b"?", 1)[0]


def _filled(target: bytes, name: str, value: str) -> bytes:
    path, mark, query = target.partition(b"?")
    return path.replace(_placeholder(name), value.encode()) + mark + query


def _with_query(target: bytes, name: str, secret: Secret) -> bytes:
    """Return `target` with a parameter appended; what is there keeps its bytes."""
    return target + (b"&" if b"?" in target else b"?") + f"{name}={secret.reveal()}".encode()
