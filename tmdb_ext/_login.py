"""Logging a user in: by approval on TMDB's site, or by name and password."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from ._auth import session_id_in, unreadable
from ._credentials import Secret
from ._errors import (
    APIError,
    ConfigurationError,
    InvalidArgument,
    LoginDenied,
    LoginExpired,
    LoginPending,
    TMDBError,
    TransportError,
)
from ._guest import is_usable_id, parse_expiry, parse_http_date
from ._sessions import UserSession
from ._steps import Attempt, Run, Sleep

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import httpx

    from ._auth import TMDBAuth
    from ._http import AsyncHTTP, SyncHTTP
    from ._receiver import LoopbackReceiver
    from ._steps import Steps

APPLICATIONS_PAGE: Final = "https://www.themoviedb.org/settings/applications"
"""Where users see which applications may act for them, and can end that."""
NEW_TOKEN_PATH: Final = "/3/authentication/token/new"  # noqa: S105 - a path
LOGIN_PATH: Final = "/3/authentication/token/validate_with_login"
NEW_SESSION_PATH: Final = "/3/authentication/session/new"
DELETE_SESSION_PATH: Final = "/3/authentication/session"
NOT_APPROVED: Final = 41
SESSION_DENIED: Final = 17
TOKEN_EXPIRED: Final = 33
GONE: Final = frozenset({3, 6, 17, 37})
"""TMDB's status codes for a session that it does not know, which is what a logout wants."""
_RECEIVER_POLL: Final = 0.1

_logger = logging.getLogger("tmdb_ext")


class LoginState:
    """A login under way: what both colours share."""

    def __init__(
        self,
        flow: TMDBAuth,
        token: Secret,
        *,
        expires_at: datetime | None = None,
        skew: timedelta = timedelta(0),
        receiver: LoopbackReceiver | None = None,
    ) -> None:
        self._flow = flow
        self.token = token
        self.expires_at = expires_at
        self.receiver = receiver
        self.session: UserSession | None = None
        self._skew = skew
        self._pending = False

    def complete(self, template: httpx.Request) -> Steps[UserSession]:
        """Make the session, once."""
        session, _ = yield from self._flow.driver.once(
            Attempt("user session", hash(self.token)), lambda: self.session, lambda: self._exchange(template)
        )
        return session

    def _exchange(self, template: httpx.Request) -> Steps[UserSession]:
        refusal: APIError | None = None
        try:
            payload, response = yield from self._flow.ask(
                template,
                "POST",
                NEW_SESSION_PATH,
                "authentication-create-session",
                body={"request_token": self.token},
            )
        except APIError as error:
            refusal = error
        if refusal is not None:
            raise self._reading_of(refusal)
        session = UserSession(session_id_in(payload, response), "login")
        self.session = session
        yield from self._flow.use_user(session)
        _logger.info("Logged in: made a user session.")
        return session

    def _reading_of(self, refusal: APIError) -> TMDBError:
        """Return what a refusal means for the login."""
        context: dict[str, Any] = {name: getattr(refusal, name) for name in ("operation", "method", "path")}
        if refusal.status_code == NOT_APPROVED:
            self._pending = True
            return LoginPending("The user has not approved the login yet.", retryable=True, **context)
        if refusal.status_code == SESSION_DENIED and self._pending:
            return LoginDenied("The user has denied the login. Begin a new one to ask again.", **context)
        if refusal.status_code == SESSION_DENIED:
            # TMDB gives this answer to both.
            return LoginPending(
                "The user has not approved the login yet, or has denied it: TMDB's answer is the same.",
                retryable=True,
                **context,
            )
        if refusal.status_code == TOKEN_EXPIRED:
            return LoginExpired(
                "The login has expired, or was completed before: TMDB does not know its request token any more. "
                "Begin a new one.",
                **context,
            )
        return refusal

    def wait(self, template: httpx.Request, timeout: float, interval: float) -> Steps[UserSession]:
        """Ask now and again until the user has approved."""
        for name, seconds in (("timeout", timeout), ("interval", interval)):
            if not (isinstance(seconds, int | float) and 0 < seconds < float("inf")):
                raise InvalidArgument(f"{name} must be a number of seconds above 0, not {seconds!r}.")
        deadline = time.monotonic() + timeout
        while True:
            pause: float = interval
            try:
                return (yield from self.complete(template))
            except TMDBError as error:
                # An answer that got lost may have been the session; asking again then ends in LoginExpired.
                if not error.retryable and not isinstance(error, TransportError):
                    raise
                pause = max(pause, getattr(error, "retry_after", None) or 0.0)
            self._check_time(deadline, timeout)
            yield Sleep(max(0.0, min(pause, deadline - time.monotonic())))

    def receive(self, template: httpx.Request, timeout: float) -> Steps[UserSession]:
        """Wait for the browser to come back, stop listening, and make the session."""
        receiver = self.receiver
        if receiver is None:
            raise ConfigurationError("This login has no loopback address: begin it with loopback=True, or use wait().")
        deadline = time.monotonic() + timeout
        try:
            while receiver.verdict is None:
                self._check_time(deadline, timeout)
                yield Sleep(_RECEIVER_POLL)
        finally:
            receiver.close()
        if receiver.verdict == "denied":
            raise LoginDenied("The user has denied the login. Begin a new one to ask again.")
        return (yield from self.complete(template))

    def _check_time(self, deadline: float, timeout: float) -> None:
        if self.expires_at is not None and datetime.now(UTC) + self._skew >= self.expires_at:
            raise LoginExpired("The login has expired: nobody approved it in time. Begin a new one.")
        if time.monotonic() >= deadline:
            raise LoginPending(f"The user has not approved the login within {timeout:g} seconds.", retryable=True)

    def url(self, site_url: str, redirect_to: str | None) -> str:
        """Return the address of TMDB's approval page."""
        query = "" if redirect_to is None else f"?redirect_to={quote(redirect_to, safe='')}"
        return f"{site_url}/authenticate/{self.token.reveal()}{query}"

    def close(self) -> None:
        """Stop listening for the redirect."""
        if self.receiver is not None:
            self.receiver.close()


class _LoginView:
    """A login under way: the part that needs no network."""

    def __init__(self, state: LoginState, url: str) -> None:
        self._state = state
        self._url = url

    @property
    def url(self) -> str:
        """The page where the user approves, to be opened in a browser. It holds the request token: do not log it."""
        return self._url

    @property
    def request_token(self) -> Secret:
        """The request token, for a program that completes the login elsewhere: see `resume_login`."""
        return self._state.token

    @property
    def expires_at(self) -> datetime | None:
        """When TMDB forgets the login if nobody approves it; None for a login that was resumed."""
        return self._state.expires_at

    def close(self) -> None:
        """Give the login up here: stop listening for the redirect. A login without loopback needs no closing."""
        self._state.close()

    def __repr__(self) -> str:
        done = "done" if self._state.session is not None else f"expires_at={self.expires_at!s}"
        return f"<{type(self).__name__} {done}>"


class Login(_LoginView):
    """A login of a `TMDB` client, from the request token to the session.

    https://developer.themoviedb.org/docs/authentication-user
    """

    def __init__(self, http: SyncHTTP, state: LoginState, url: str) -> None:
        super().__init__(state, url)
        self._http = http

    def complete(self) -> UserSession:
        """Make the session, after the user has approved. From then on the client acts for the user.

        Returns:
            The session. Calling it again returns the same one.

        Raises:
            LoginPending: the user has not approved yet.
            LoginDenied: the user has denied it.
            LoginExpired: the request token is too old, or was used before.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        return self._http.run(self._state.complete(self._http.template()))

    def wait(self, timeout: float = 300.0, *, interval: float = 5.0) -> UserSession:
        """Wait until the user has approved, asking TMDB now and again, and make the session.

        Args:
            timeout: seconds to wait at most.
            interval: seconds between two questions; more where TMDB asks for it.

        Raises:
            LoginPending: the user did not approve within `timeout`.
            LoginDenied: the user has denied it, where TMDB tells.
            LoginExpired: the request token expired meanwhile.
            APIError: TMDB refused for another reason.
        """
        return self._http.run(self._state.wait(self._http.template(), timeout, interval))

    def receive(self, timeout: float = 300.0) -> UserSession:
        """Wait for the browser to come back to the loopback address, and make the session.

        Only the redirect of this very login counts. The port is closed at the end, whatever the outcome.

        Args:
            timeout: seconds to wait at most.

        Raises:
            ConfigurationError: the login was not begun with ``loopback=True``.
            LoginPending: nothing came within `timeout`.
            LoginDenied: the user has denied it.
            LoginExpired: the request token expired meanwhile.
        """
        return self._http.run(self._state.receive(self._http.template(), timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncLogin(_LoginView):
    """A login of an `AsyncTMDB` client, from the request token to the session.

    https://developer.themoviedb.org/docs/authentication-user
    """

    def __init__(self, http: AsyncHTTP, state: LoginState, url: str) -> None:
        super().__init__(state, url)
        self._http = http

    async def complete(self) -> UserSession:
        """Make the session, after the user has approved. From then on the client acts for the user.

        Returns:
            The session. Calling it again returns the same one.

        Raises:
            LoginPending: the user has not approved yet.
            LoginDenied: the user has denied it.
            LoginExpired: the request token is too old, or was used before.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        return await self._http.run(self._state.complete(self._http.template()))

    async def wait(self, timeout: float = 300.0, *, interval: float = 5.0) -> UserSession:  # noqa: ASYNC109
        """Wait until the user has approved, asking TMDB now and again, and make the session.

        Args:
            timeout: seconds to wait at most.
            interval: seconds between two questions; more where TMDB asks for it.

        Raises:
            LoginPending: the user did not approve within `timeout`.
            LoginDenied: the user has denied it, where TMDB tells.
            LoginExpired: the request token expired meanwhile.
            APIError: TMDB refused for another reason.
        """
        return await self._http.run(self._state.wait(self._http.template(), timeout, interval))

    async def receive(self, timeout: float = 300.0) -> UserSession:  # noqa: ASYNC109
        """Wait for the browser to come back to the loopback address, and make the session.

        Only the redirect of this very login counts. The port is closed at the end, whatever the outcome.

        Args:
            timeout: seconds to wait at most.

        Raises:
            ConfigurationError: the login was not begun with ``loopback=True``.
            LoginPending: nothing came within `timeout`.
            LoginDenied: the user has denied it.
            LoginExpired: the request token expired meanwhile.
        """
        return await self._http.run(self._state.receive(self._http.template(), timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def begin_login(
    flow: TMDBAuth, template: httpx.Request, site_url: str, redirect_to: str | None, loopback: bool
) -> Steps[tuple[LoginState, str]]:
    """Get a request token; return the login and the address of the approval page."""
    if loopback and redirect_to is not None:
        raise InvalidArgument(
            "Give redirect_to or loopback=True, not both: loopback sends the browser to this machine."
        )
    if redirect_to is not None:
        _check_redirect(redirect_to)
    payload, response = yield from flow.ask(template, "GET", NEW_TOKEN_PATH, "authentication-create-request-token")
    token = payload.get("request_token") if isinstance(payload, dict) else None
    if not is_usable_id(token):
        raise unreadable(response, "request_token")
    server_time = parse_http_date(response.headers.get("date"))
    skew = server_time - datetime.now(UTC) if server_time else timedelta(0)
    receiver: LoopbackReceiver | None = None
    if loopback:
        from ._receiver import LoopbackReceiver  # noqa: PLC0415 - few logins need a server

        receiver = LoopbackReceiver()
        receiver.expect(token)
        redirect_to = receiver.address
    state = LoginState(
        flow, Secret(token), expires_at=parse_expiry(payload.get("expires_at")), skew=skew, receiver=receiver
    )
    return state, state.url(site_url, redirect_to)


def resume_login(flow: TMDBAuth, request_token: Secret, site_url: str) -> tuple[LoginState, str]:
    """Return the login that a request token belongs to."""
    if not is_usable_id(request_token.reveal()):
        raise InvalidArgument("request_token is not one: letters, digits, - and _ are expected.")
    state = LoginState(flow, request_token)
    return state, state.url(site_url, None)


def log_in_with_password(
    flow: TMDBAuth, template: httpx.Request, username: Secret, password: Secret
) -> Steps[UserSession]:
    """Make a session by name and password: TMDB approves a request token for them."""
    state, _ = yield from begin_login(flow, template, "", None, loopback=False)
    yield from flow.ask(
        template,
        "POST",
        LOGIN_PATH,
        "authentication-create-session-from-login",
        body={"username": username, "password": password, "request_token": state.token},
    )
    return (yield from state.complete(template))


def log_out(flow: TMDBAuth, template: httpx.Request) -> Steps[bool]:
    """Forget the user session, then end it at TMDB; return whether TMDB has confirmed that it is gone."""
    session: UserSession | None = yield Run(flow.sessions.forget_user)
    if session is None:
        return True
    try:
        yield from flow.ask(
            template,
            "DELETE",
            DELETE_SESSION_PATH,
            "authentication-delete-session",
            body={"session_id": session.id},
        )
    except TMDBError as error:
        if isinstance(error, APIError) and error.status_code in GONE:
            return True
        _logger.warning(
            "Logged out here, but TMDB did not confirm it (%s): the session may still be valid there. "
            "The user can end it at %s",
            type(error).__name__,
            APPLICATIONS_PAGE,
        )
        return False
    return True


def _check_redirect(redirect_to: str) -> None:
    """Refuse an address that a browser could not be sent to."""
    parts = urlsplit(redirect_to) if isinstance(redirect_to, str) else None
    plain = parts is not None and redirect_to.isascii() and redirect_to.isprintable() and " " not in redirect_to
    if parts is None or not plain or not parts.scheme or (parts.scheme in ("http", "https") and not parts.netloc):
        raise InvalidArgument(
            "redirect_to must be an absolute address such as https://example.org/callback or myapp://callback."
        )
