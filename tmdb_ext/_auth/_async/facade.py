"""`tmdb.auth` and `tmdb.guest`: what a client holds, logging in and out, and the guest session."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from tmdb_ext._auth.credentials import Secret
from tmdb_ext._auth.facade import AuthView, GuestView
from tmdb_ext._auth.guest import GuestSession
from tmdb_ext._auth.login import LoginState
from tmdb_ext._auth.selection import Mode
from tmdb_ext._auth.sessions import UserSession
from tmdb_ext._http._async.concurrency import must_not_wait

from .caller import AsyncCaller
from .login import AsyncLogin

R = TypeVar("R")


class AsyncLogins(Generic[R]):
    """How a login that was begun is taken up: what v3 and v4 have in common."""

    _calls: AsyncCaller

    def _resumed(self, token: Secret, *, keep: bool) -> tuple[LoginState[R], str]:
        """Return the login that a request token belongs to."""
        raise NotImplementedError

    def _redirected(self, url: str, state: str | None, /, *, keep: bool) -> tuple[LoginState[R], str]:
        """Return the login that a redirect belongs to, if the browser has begun it."""
        raise NotImplementedError

    def resume_login(self, request_token: str | Secret, *, keep: bool = False) -> AsyncLogin[R]:
        """Take up a login that another client or process has begun.

        It does not check whose browser began the login: a web application uses `receive_redirect`.

        Args:
            request_token: the request token of the login that was begun.
            keep: act for the user after the login, and keep the session, or in v4 the token, in the store; by default
                it is only returned.

        Raises:
            InvalidArgument: it does not have the form of a request token, or in v4 of one of v4.
        """
        from .login import AsyncLogin  # noqa: PLC0415 - few programs log in

        token: Any = Secret(request_token) if isinstance(request_token, str) else request_token
        del request_token
        return AsyncLogin(self._calls, *self._resumed(token, keep=keep))

    async def receive_redirect(self, url: str, *, state: str | None, keep: bool = False) -> R:
        """Complete a login in a web application, by the address that TMDB sent the browser back to.

        The browser must be the one that began the login: keep the `state` of `begin_login` in its session, and take it
        out of there for this. Without that, somebody could have another's browser log in to an account of theirs.

        Args:
            url: the address of the request that the browser made, whole or from its path on.
            state: what that browser's session has kept, or None if it has kept nothing.
            keep: act for the user from then on, and keep the session, or in v4 the token, in the store.

        Returns:
            The session, or in v4 the token, for `AsyncTMDB.for_user`.

        Raises:
            InvalidArgument: `url` is not an address.
            LoginMismatch: the browser did not begin this login.
            LoginDenied: the user has denied it.
            LoginExpired: the request token is too old, or was used before.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        from .login import AsyncLogin  # noqa: PLC0415 - few programs log in

        return await AsyncLogin(self._calls, *self._redirected(url, state, keep=keep)).receive_redirect(url)


class AsyncAuth(AuthView, AsyncLogins["UserSession"]):
    """What an `AsyncTMDB` client holds and would send, and how a user logs in and out."""

    _must_not_wait = staticmethod(must_not_wait)

    def __init__(self, calls: AsyncCaller, site_url: str, mode: Mode | None) -> None:
        super().__init__(calls.flow, site_url, mode)
        self._calls = calls

    async def load(self) -> None:
        """Read the store now, if no call has done that; TMDB is not asked.

        Raises:
            ConfigurationError: the store is set up wrongly.
            TransportError: the store cannot be asked, and calls shall not go on without it.
        """
        await self._calls.run(self._flow.loaded())

    async def is_logged_in(self) -> bool:
        """Return whether the client holds a session or a token of a user, given or in the store; TMDB is not asked."""
        return await self._calls.run(self._flow.has_user())

    async def begin_login(
        self, *, redirect_to: str | None = None, loopback: bool = False, keep: bool = True
    ) -> AsyncLogin[UserSession]:
        """Begin a login that the user approves on TMDB's site.

        https://developer.themoviedb.org/reference/authentication-create-request-token

        Args:
            redirect_to: where TMDB sends the browser afterwards, with ``request_token`` and ``approved`` or ``denied``
                in the query; an absolute address.
            loopback: send the browser back to this machine, for `AsyncLogin.receive`.
            keep: act for the user after the login, in v3 and v4 in place of a former one, and keep the session in the
                store; False only returns it.

        Returns:
            The login: show its `url` to the user, then await `complete`, `wait` or `receive`. A web application keeps
            its `state` in the browser's session, and completes it with `receive_redirect`.

        Raises:
            InvalidArgument: `redirect_to` is not an absolute address, or is given together with `loopback`.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        from tmdb_ext._auth.login import begin_login  # noqa: PLC0415 - few programs log in

        from .login import AsyncLogin  # noqa: PLC0415 - the same

        steps = begin_login(
            self._flow, self._calls.outside(), self._site_url, redirect_to, loopback=loopback, keep=keep
        )
        return AsyncLogin(self._calls, *await self._calls.run(steps))

    def _resumed(self, token: Secret, *, keep: bool) -> tuple[LoginState[UserSession], str]:
        from tmdb_ext._auth.login import resume_login  # noqa: PLC0415 - few programs log in

        return resume_login(self._flow, token, self._site_url, keep=keep)

    def _redirected(self, url: str, state: str | None, /, *, keep: bool) -> tuple[LoginState[UserSession], str]:
        from tmdb_ext._auth.login import login_in_redirect  # noqa: PLC0415 - few programs log in

        return login_in_redirect(self._flow, url, state, self._site_url, keep=keep)

    async def login(self, username: str, password: str | Secret, *, keep: bool = True) -> UserSession:
        """Log in by name and password; TMDB would rather have users approve on its site, see `begin_login`.

        https://developer.themoviedb.org/reference/authentication-create-session-from-login

        Args:
            username: the user's name at TMDB.
            password: the user's password; it is not kept.
            keep: act for the user from then on, and keep the session in the store; False only returns it.

        Raises:
            AuthenticationError: name or password is wrong, or the account may not log in.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        from tmdb_ext._auth.login import log_in_with_password  # noqa: PLC0415 - few programs log in

        hidden = (Secret(username), Secret(password) if isinstance(password, str) else password)
        del username, password
        return await self._calls.run(log_in_with_password(self._flow, self._calls.outside(), *hidden, keep=keep))

    async def convert(self) -> UserSession:
        """Make a session from the user access token now; a call that needs one does it by itself.

        https://developer.themoviedb.org/reference/authentication-create-session-from-v4-token

        Returns:
            The session; the one in use where there is one.

        Raises:
            ConfigurationError: the client holds no user access token.
            APIError: TMDB refused, for instance because no user has approved the token.
            TransportError: no answer came.
        """
        return await self._calls.run(self._flow.convert(self._calls.outside()))

    async def logout(self) -> bool:
        """End the user session: forget it here and in the store, then delete it at TMDB.

        It is forgotten here whatever TMDB says. A user access token makes no session for this client any more.

        https://developer.themoviedb.org/reference/authentication-delete-session

        Returns:
            True where no session is left at TMDB; False where TMDB did not confirm it, which is also logged.
        """
        from tmdb_ext._auth.login import log_out  # noqa: PLC0415 - few programs log out

        return await self._calls.run(log_out(self._flow, self._calls.outside()))

    async def account_id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._calls.run(self._flow.obtain_account_id(self._calls.outside()))


class AsyncGuest(GuestView):
    """The guest session of an `AsyncTMDB` client."""

    _must_not_wait = staticmethod(must_not_wait)

    def __init__(self, calls: AsyncCaller) -> None:
        super().__init__(calls.flow)
        self._calls = calls

    async def start(self) -> GuestSession:
        """Return the guest session in use, after making one where there is none.

        https://developer.themoviedb.org/reference/authentication-create-guest-session

        Raises:
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._calls.run(self._flow.obtain_guest_session(self._calls.outside()))

    async def forget(self) -> None:
        """Stop using the guest session, here and in the store; the next call that needs one makes one.

        It stays at TMDB until it expires.
        """
        await self._calls.run(self._flow.forget_guest_session())
