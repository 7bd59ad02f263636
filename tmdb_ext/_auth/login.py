"""Logging a user in: by approval on TMDB's site, or by name and password."""

from __future__ import annotations

import logging
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar
from urllib.parse import quote, urlsplit

from tmdb_ext._dates import parse_http_date
from tmdb_ext._errors import (
    APIError,
    ConfigurationError,
    InvalidArgument,
    LoginDenied,
    LoginExpired,
    LoginMismatch,
    LoginPending,
    TMDBError,
    TransportError,
)

from .credentials import Secret, claims_of, is_token
from .flow import session_id_in
from .guest import is_usable_id, parse_expiry
from .redirect import Redirect
from .sessions import UserAccessToken, UserSession, digest
from .steps import Attempt, Run, Sleep, once

if TYPE_CHECKING:
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.messages import Response

    from .answer import Answer
    from .flow import AuthFlow
    from .receiver import LoopbackReceiver
    from .steps import Steps

APPLICATIONS_PAGE: Final = "https://www.themoviedb.org/settings/applications"
"""Where users see which applications may act for them, and can end that."""
NEW_TOKEN_PATH: Final = "/3/authentication/token/new"  # noqa: S105 - a path
LOGIN_PATH: Final = "/3/authentication/token/validate_with_login"
NEW_SESSION_PATH: Final = "/3/authentication/session/new"
DELETE_SESSION_PATH: Final = "/3/authentication/session"
V4_REQUEST_TOKEN_PATH: Final = "/4/auth/request_token"  # noqa: S105 - a path
V4_ACCESS_TOKEN_PATH: Final = "/4/auth/access_token"  # noqa: S105 - a path
V4_REQUEST_TOKEN_LIFE: Final = timedelta(minutes=15)
NOT_APPROVED: Final = 41
SESSION_DENIED: Final = 17
EXPIRED: Final = frozenset({33, 35})
"""TMDB's status codes for a request token that it does not know any more."""
GONE: Final = frozenset({3, 6, 17, 37})
"""TMDB's status codes for a session that it does not know, which is what a logout wants."""
TOKEN_GONE: Final = frozenset({6, 33, 34, 35, 37})
"""TMDB's status codes for a token that it does not know."""
BEARER_REFUSED: Final = frozenset({3, 7, 14})
"""TMDB's status codes for a bearer that it does not know."""
_RECEIVER_POLL: Final = 0.1
_V3_STATE: Final = "v3."
_V4_STATE: Final = "v4."
_OF_ANOTHER_BROWSER: Final = (
    "This redirect belongs to no login that this browser has begun: its session has kept no state of one, or another. "
    "Begin a new login. Nothing was sent."
)

_logger = logging.getLogger("tmdb_ext")

R = TypeVar("R")


class LoginState(Generic[R]):
    """A login under way: what sync and async and both versions of the API share."""

    UNDECIDED: ClassVar[frozenset[int]] = frozenset({SESSION_DENIED})
    """TMDB's status codes that say that the user has denied the login, or has not decided yet."""
    IS_NAMED_IN_REDIRECT: ClassVar[bool] = True
    """Whether TMDB names the request token in the redirect."""

    def __init__(
        self,
        flow: AuthFlow,
        token: Secret,
        *,
        keep: bool,
        expires_at: datetime | None = None,
        skew: timedelta = timedelta(0),
        receiver: LoopbackReceiver | None = None,
    ) -> None:
        self.flow = flow
        self.token = token
        self.keep = keep
        """Whether the client acts for the user from then on."""
        self.expires_at = expires_at
        self.receiver = receiver
        self.result: R | None = None
        self._skew = skew
        self._pending = False

    def complete(self, call: Call) -> Steps[R]:
        """Make what the login is for, once."""
        result, _ = yield from once(
            self.flow.failures,
            call,
            Attempt("user session", hash(self.token)),
            lambda: self.result,
            lambda: self._exchange(call),
        )
        return result

    def _exchange(self, call: Call) -> Steps[R]:
        refusal: APIError | None = None
        try:
            self.result = result = yield from self.exchange(call)
        except APIError as error:
            refusal = error
        if refusal is not None:
            raise self._reading_of(refusal)
        return result

    def exchange(self, call: Call) -> Steps[R]:
        """Make the session or the token from the request token, and begin to use it if the login is kept."""
        raise NotImplementedError

    @property
    def state(self) -> str:
        """What a browser's session keeps, so that `receive_redirect` knows its own login again."""
        raise NotImplementedError

    def receive_redirect(self, call: Call, url: str) -> Steps[R]:
        """Complete the login by the address that the browser was sent back to."""
        redirect = Redirect.of(url)
        if not redirect.belongs_to(self.token.reveal(), is_named=self.IS_NAMED_IN_REDIRECT):
            raise LoginMismatch(
                "This redirect belongs to another login: its request token is not the one of this login. "
                "Nothing was sent."
            )
        if redirect.is_denied:
            raise LoginDenied("The user has denied the login. Begin a new one to ask again.")
        if redirect.is_approved or not self.IS_NAMED_IN_REDIRECT:
            # The browser came back, so a refusal means that the user has said no.
            self._pending = True
        return (yield from self.complete(call))

    def _reading_of(self, refusal: APIError) -> TMDBError:
        """Return what a refusal means for the login."""
        context: dict[str, Any] = {name: getattr(refusal, name) for name in ("operation", "method", "path")}
        if refusal.tmdb_code == NOT_APPROVED:
            self._pending = True
            return LoginPending("The user has not approved the login yet.", retryable=True, **context)
        if refusal.tmdb_code in self.UNDECIDED and self._pending:
            return LoginDenied("The user has denied the login. Begin a new one to ask again.", **context)
        if refusal.tmdb_code in self.UNDECIDED:
            # TMDB gives this answer to both.
            return LoginPending(
                "The user has not approved the login yet, or has denied it: TMDB's answer is the same.",
                retryable=True,
                **context,
            )
        if refusal.tmdb_code in EXPIRED:
            return LoginExpired(
                "The login has expired, or was completed before: TMDB does not know its request token any more. "
                "Begin a new one.",
                **context,
            )
        return refusal

    def wait(self, call: Call, timeout: float, interval: float) -> Steps[R]:
        """Ask now and again until the user has approved."""
        for name, seconds in (("timeout", timeout), ("interval", interval)):
            if not (isinstance(seconds, int | float) and 0 < seconds < float("inf")):
                raise InvalidArgument(f"{name} must be a number of seconds above 0, not {seconds!r}.")
        deadline = time.monotonic() + timeout
        while True:
            pause: float = interval
            try:
                return (yield from self.complete(call))
            except TMDBError as error:
                # An answer that got lost may have been the session; asking again then ends in LoginExpired.
                if not error.retryable and not isinstance(error, TransportError):
                    raise
                pause = max(pause, getattr(error, "retry_after", None) or 0.0)
            self._check_time(deadline, timeout)
            yield Sleep(max(0.0, min(pause, deadline - time.monotonic())))

    def receive(self, call: Call, timeout: float) -> Steps[R]:
        """Wait for the browser to come back, stop listening, and complete the login."""
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
        # The browser came back, so a refusal means that the user has said no.
        self._pending = True
        return (yield from self.complete(call))

    def _check_time(self, deadline: float, timeout: float) -> None:
        if self.expires_at is not None and datetime.now(UTC) + self._skew >= self.expires_at:
            raise LoginExpired("The login has expired: nobody approved it in time. Begin a new one.")
        if time.monotonic() >= deadline:
            raise LoginPending(f"The user has not approved the login within {timeout:g} seconds.", retryable=True)

    def close(self) -> None:
        """Stop listening for the redirect."""
        if self.receiver is not None:
            self.receiver.close()


class SessionLogin(LoginState[UserSession]):
    """A login of v3, which ends in a session."""

    def exchange(self, call: Call) -> Steps[UserSession]:
        """Make the session."""
        answer = yield from self.flow.ask(
            call,
            "POST",
            NEW_SESSION_PATH,
            "authentication-create-session",
            body={"request_token": self.token},
        )
        session = UserSession(session_id_in(answer), "login")
        if self.keep:
            yield from self.flow.use_user(session)
        _logger.info("Logged in: made a user session.")
        return session

    @property
    def state(self) -> str:
        """A digest: the redirect has the request token itself."""
        return f"{_V3_STATE}{digest(self.token)}"

    def url(self, site_url: str, redirect_to: str | None) -> str:
        """Return the address of TMDB's approval page."""
        query = "" if redirect_to is None else f"?redirect_to={quote(redirect_to, safe='')}"
        return f"{site_url}/authenticate/{self.token.reveal()}{query}"


class TokenLogin(LoginState[UserAccessToken]):
    """A login of v4, which ends in a user access token."""

    UNDECIDED = frozenset({3, SESSION_DENIED, 36})
    IS_NAMED_IN_REDIRECT = False

    def exchange(self, call: Call) -> Steps[UserAccessToken]:
        """Make the user access token."""
        answer = yield from self.flow.ask(
            call,
            "POST",
            V4_ACCESS_TOKEN_PATH,
            "v4/auth-create-access-token",
            body={"request_token": self.token},
        )
        token = _token_in(answer, "access_token")
        account = answer.payload.get("account_id")
        made = UserAccessToken(token, "login", account_object_id=account if is_usable_id(account) else None)
        if self.keep:
            yield from self.flow.use_token(made)
        _logger.info("Logged in: made a user access token.")
        return made

    @property
    def state(self) -> str:
        """The request token, which TMDB does not promise to name in the redirect."""
        return f"{_V4_STATE}{self.token.reveal()}"

    def url(self, site_url: str) -> str:
        """Return the address of TMDB's approval page."""
        return f"{site_url}/auth/access?request_token={self.token.reveal()}"


class LoginView(Generic[R]):
    """A login under way: the part that needs no network."""

    def __init__(self, state: LoginState[R], url: str) -> None:
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
    def state(self) -> str:
        """What to keep in the session of the browser that begins this login, for `receive_redirect` of the client.

        It is opaque, has no more than 600 characters, and is of use once.
        """
        return self._state.state

    @property
    def expires_at(self) -> datetime | None:
        """When TMDB forgets the login if nobody approves it; None for a login that was resumed."""
        return self._state.expires_at

    def close(self) -> None:
        """Give the login up here: stop listening for the redirect. A login without loopback needs no closing."""
        self._state.close()

    def __repr__(self) -> str:
        done = "done" if self._state.result is not None else f"expires_at={self.expires_at!s}"
        return f"<{type(self).__name__} {done}>"


def begin_login(
    flow: AuthFlow, call: Call, site_url: str, redirect_to: str | None, *, loopback: bool, keep: bool
) -> Steps[tuple[SessionLogin, str]]:
    """Get a request token; return the login and the address of the approval page."""
    _check_where_to(redirect_to, loopback)
    if keep:
        flow.check_session_can_be_kept()
    answer = yield from flow.ask(call, "GET", NEW_TOKEN_PATH, "authentication-create-request-token")
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    token = payload.get("request_token")
    if not is_usable_id(token):
        raise answer.lacking("request_token")
    receiver: LoopbackReceiver | None = None
    if loopback:
        receiver = _receiver()
        receiver.expect(token)
        redirect_to = receiver.address
    state = SessionLogin(
        flow,
        Secret(token),
        keep=keep,
        expires_at=parse_expiry(payload.get("expires_at")),
        skew=_skew(answer.response),
        receiver=receiver,
    )
    return state, state.url(site_url, redirect_to)


def begin_v4_login(
    flow: AuthFlow, call: Call, site_url: str, redirect_to: str | None, *, loopback: bool, keep: bool
) -> Steps[tuple[TokenLogin, str]]:
    """Get a request token of v4, which knows where the browser goes; return the login and the approval page."""
    _check_where_to(redirect_to, loopback)
    receiver = _receiver() if loopback else None
    if receiver is not None:
        redirect_to = receiver.address
    begun = False
    try:
        answer = yield from flow.ask(
            call,
            "POST",
            V4_REQUEST_TOKEN_PATH,
            "v4/auth-create-request-token",
            body={} if redirect_to is None else {"redirect_to": redirect_to},
        )
        token = _token_in(answer, "request_token")
        begun = True
    finally:
        if receiver is not None and not begun:
            receiver.close()
    if receiver is not None:
        # The address is one that nobody else knows; TMDB is not bound to repeat the token there.
        receiver.expect(token.reveal(), always=False)
    expires, skew = claims_of(token).expires, _skew(answer.response)
    state = TokenLogin(
        flow,
        token,
        keep=keep,
        expires_at=datetime.now(UTC) + skew + V4_REQUEST_TOKEN_LIFE
        if expires is None
        else datetime.fromtimestamp(expires, UTC),
        skew=skew,
        receiver=receiver,
    )
    return state, state.url(site_url)


def resume_login(flow: AuthFlow, request_token: Secret, site_url: str, *, keep: bool) -> tuple[SessionLogin, str]:
    """Return the login that a request token belongs to."""
    if not isinstance(request_token, Secret) or not is_usable_id(request_token.reveal()):
        raise InvalidArgument(_no_token(request_token, "letters, digits, - and _"))
    if keep:
        flow.check_session_can_be_kept()
    state = SessionLogin(flow, request_token, keep=keep)
    return state, state.url(site_url, None)


def resume_v4_login(flow: AuthFlow, request_token: Secret, site_url: str, *, keep: bool) -> tuple[TokenLogin, str]:
    """Return the login that a request token of v4 belongs to."""
    if not isinstance(request_token, Secret) or not is_token(request_token):
        raise InvalidArgument(_no_token(request_token, "in v4 three parts with dots between them"))
    state = TokenLogin(flow, request_token, keep=keep)
    return state, state.url(site_url)


def login_in_redirect(
    flow: AuthFlow, url: str, state: str | None, site_url: str, *, keep: bool
) -> tuple[SessionLogin, str]:
    """Return the login that a redirect belongs to, if the browser that was redirected has begun it."""
    token = Redirect.of(url).request_token
    kept = _kept(state, _V3_STATE)
    if token is None or not secrets.compare_digest(digest(Secret(token)), kept):
        raise LoginMismatch(_OF_ANOTHER_BROWSER)
    return resume_login(flow, Secret(token), site_url, keep=keep)


def v4_login_in_redirect(flow: AuthFlow, state: str | None, site_url: str, *, keep: bool) -> tuple[TokenLogin, str]:
    """Return the login that a browser has begun, by what its session has kept."""
    return resume_v4_login(flow, Secret(_kept(state, _V4_STATE)), site_url, keep=keep)


def _kept(state: str | None, prefix: str) -> str:
    """Return what the session of a browser has kept of its login."""
    if not isinstance(state, str) or not state.startswith(prefix) or not state.isascii():
        raise LoginMismatch(_OF_ANOTHER_BROWSER)
    return state.removeprefix(prefix)


def _no_token(value: object, form: str) -> str:
    if isinstance(value, Secret):
        return f"request_token is not one: {form} are expected."
    return (
        f"request_token must be a text, not {type(value).__name__}: take it from the query of the redirect, or use "
        "receive_redirect() with the whole address."
    )


def log_in_with_password(
    flow: AuthFlow, call: Call, username: Secret, password: Secret, *, keep: bool
) -> Steps[UserSession]:
    """Make a session by name and password: TMDB approves a request token for them."""
    state, _ = yield from begin_login(flow, call, "", None, loopback=False, keep=keep)
    yield from flow.ask(
        call,
        "POST",
        LOGIN_PATH,
        "authentication-create-session-from-login",
        body={"username": username, "password": password, "request_token": state.token},
    )
    return (yield from state.complete(call))


def log_out(flow: AuthFlow, call: Call) -> Steps[bool]:
    """Forget the user session, then end it at TMDB; return whether TMDB has confirmed that it is gone."""
    yield from flow.loaded()
    session: UserSession | None = yield Run(flow.sessions.forget_user)
    return session is None or (yield from _end_session(flow, call, session, None))


def log_out_of_v4(flow: AuthFlow, call: Call) -> Steps[bool]:
    """Forget the user access token and the session made from it, then end both at TMDB; return whether they are."""
    token: UserAccessToken | None
    session: UserSession | None
    yield from flow.loaded()
    token, session = yield Run(flow.sessions.forget_token)
    if token is None:
        return True
    bearer = flow.application.access_token or token.token
    session_gone = session is None or (yield from _end_session(flow, call, session, bearer))
    asking = flow.ask(
        call,
        "DELETE",
        V4_ACCESS_TOKEN_PATH,
        "v4/auth-logout",
        body={"access_token": token.token},
        bearer=bearer,
    )
    gone = TOKEN_GONE | BEARER_REFUSED if bearer == token.token else TOKEN_GONE
    return (yield from _ended(asking, "user access token", gone)) and session_gone


def _end_session(flow: AuthFlow, call: Call, session: UserSession, bearer: Secret | None) -> Steps[bool]:
    asking = flow.ask(
        call,
        "DELETE",
        DELETE_SESSION_PATH,
        "authentication-delete-session",
        body={"session_id": session.id},
        bearer=bearer,
    )
    return (yield from _ended(asking, "session", GONE))


def _ended(asking: Steps[Any], what: str, gone: frozenset[int]) -> Steps[bool]:
    """Ask TMDB to end something; return whether it is gone there."""
    try:
        yield from asking
    except TMDBError as error:
        if isinstance(error, APIError) and error.tmdb_code in gone:
            return True
        _logger.warning(
            "Logged out here, but TMDB did not confirm it (%s): the %s may still be valid there. "
            "The user can end it at %s",
            type(error).__name__,
            what,
            APPLICATIONS_PAGE,
        )
        return False
    return True


def _token_in(answer: Answer, name: str) -> Secret:
    """Return the token that TMDB has answered with.

    Raises:
        DecodeError: there is none.
    """
    value = answer.payload.get(name) if isinstance(answer.payload, dict) else None
    token = Secret(value) if isinstance(value, str) else None
    if token is None or not is_token(token):
        raise answer.lacking(name)
    return token


def _skew(response: Response) -> timedelta:
    """Return by how much TMDB's clock is ahead of this machine's."""
    server_time = parse_http_date(response.header("date"))
    return server_time - datetime.now(UTC) if server_time else timedelta(0)


def _receiver() -> LoopbackReceiver:
    from .receiver import LoopbackReceiver  # noqa: PLC0415 - few logins need a server

    return LoopbackReceiver()


def _check_where_to(redirect_to: str | None, loopback: bool) -> None:
    if loopback and redirect_to is not None:
        raise InvalidArgument(
            "Give redirect_to or loopback=True, not both: loopback sends the browser to this machine."
        )
    if redirect_to is not None:
        _check_redirect(redirect_to)


def _check_redirect(redirect_to: str) -> None:
    """Refuse an address that a browser could not be sent to."""
    parts = urlsplit(redirect_to) if isinstance(redirect_to, str) else None
    plain = parts is not None and redirect_to.isascii() and redirect_to.isprintable() and " " not in redirect_to
    if parts is None or not plain or not parts.scheme or (parts.scheme in ("http", "https") and not parts.netloc):
        raise InvalidArgument(
            "redirect_to must be an absolute address such as https://example.org/callback or myapp://callback."
        )
