"""`tmdb.auth` and `tmdb.guest`: what a client holds, logging in and out, and the guest session.

The two colours are thin: what is done is in `_auth` and `_login`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .credentials import Secret

if TYPE_CHECKING:
    from tmdb_ext._sending import AsyncHTTP, SyncHTTP

    from .credentials import CredentialName
    from .flow import TMDBAuth
    from .guest import GuestSession
    from .login import AsyncLogin, Login
    from .selection import Mode, Plan
    from .sessions import UserSession


class _AuthView:
    """What a client holds and what it would send: the part that needs no network."""

    def __init__(self, flow: TMDBAuth, site_url: str) -> None:
        self._flow = flow
        self._site_url = site_url

    @property
    def mode(self) -> Mode:
        """The mode in force: that of the innermost `acting_as` block, else the client's."""
        return self._flow.mode

    @property
    def held(self) -> tuple[CredentialName, ...]:
        """The names of the credentials that the client holds, without their values."""
        return self._flow.held().credentials

    @property
    def session(self) -> UserSession | None:
        """The user session in use, or None. A user access token is made into one when a call first needs it."""
        return self._flow.sessions.user

    def explain(self, operation_id: str) -> Plan:
        """Say which credentials a call would carry now and why, without their values; nothing is sent.

        Args:
            operation_id: TMDB's name for the operation, such as ``movie-add-rating``, or for v4 ``v4/list-create``.

        Returns:
            The plan. `str()` gives it as a sentence.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        return self._flow.explain(operation_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(held={self.held!r}, mode={self.mode!r})"


class Auth(_AuthView):
    """What a `TMDB` client holds and would send, and how a user logs in and out."""

    def __init__(self, http: SyncHTTP, flow: TMDBAuth, site_url: str) -> None:
        super().__init__(flow, site_url)
        self._http = http

    def begin_login(self, *, redirect_to: str | None = None, loopback: bool = False) -> Login[UserSession]:
        """Begin a login that the user approves on TMDB's site.

        https://developer.themoviedb.org/reference/authentication-create-request-token

        Args:
            redirect_to: where TMDB sends the browser afterwards, with ``request_token`` and ``approved`` or ``denied``
                in the query; an absolute address.
            loopback: send the browser back to this machine, for `Login.receive`.

        Returns:
            The login: show its `url` to the user, then call `complete`, `wait` or `receive`.

        Raises:
            InvalidArgument: `redirect_to` is not an absolute address, or is given together with `loopback`.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        from .login import Login, begin_login  # noqa: PLC0415 - few programs log in

        steps = begin_login(self._flow, self._http.template(), self._site_url, redirect_to, loopback)
        return Login(self._http, *self._http.run(steps))

    def resume_login(self, request_token: str | Secret) -> Login[UserSession]:
        """Take up a login that another client or process has begun, as after a redirect to a web application.

        Args:
            request_token: the request token that came back in the redirect.

        Raises:
            InvalidArgument: it does not have the form of a request token.
        """
        from .login import Login, resume_login  # noqa: PLC0415 - few programs log in

        token = Secret(request_token) if isinstance(request_token, str) else request_token
        del request_token
        return Login(self._http, *resume_login(self._flow, token, self._site_url))

    def login(self, username: str, password: str | Secret) -> UserSession:
        """Log in by name and password; TMDB would rather have users approve on its site, see `begin_login`.

        https://developer.themoviedb.org/reference/authentication-create-session-from-login

        Args:
            username: the user's name at TMDB.
            password: the user's password; it is not kept.

        Raises:
            AuthenticationError: name or password is wrong, or the account may not log in.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        from .login import log_in_with_password  # noqa: PLC0415 - few programs log in

        hidden = (Secret(username), Secret(password) if isinstance(password, str) else password)
        del username, password
        return self._http.run(log_in_with_password(self._flow, self._http.template(), *hidden))

    def convert(self) -> UserSession:
        """Make a session from the user access token now; a call that needs one does it by itself.

        https://developer.themoviedb.org/reference/authentication-create-session-from-v4-token

        Returns:
            The session; the one in use where there is one.

        Raises:
            ConfigurationError: the client holds no user access token.
            APIError: TMDB refused, for instance because no user has approved the token.
            TransportError: no answer came.
        """
        return self._http.run(self._flow.convert(self._http.template()))

    def logout(self) -> bool:
        """End the user session: forget it here and in the store, then delete it at TMDB.

        It is forgotten here whatever TMDB says. A user access token makes no session for this client any more.

        https://developer.themoviedb.org/reference/authentication-delete-session

        Returns:
            True where no session is left at TMDB; False where TMDB did not confirm it, which is also logged.
        """
        from .login import log_out  # noqa: PLC0415 - few programs log out

        return self._http.run(log_out(self._flow, self._http.template()))

    def account_id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return self._http.run(self._flow.obtain_account_id(self._http.template()))


class AsyncAuth(_AuthView):
    """What an `AsyncTMDB` client holds and would send, and how a user logs in and out."""

    def __init__(self, http: AsyncHTTP, flow: TMDBAuth, site_url: str) -> None:
        super().__init__(flow, site_url)
        self._http = http

    async def begin_login(self, *, redirect_to: str | None = None, loopback: bool = False) -> AsyncLogin[UserSession]:
        """Begin a login that the user approves on TMDB's site.

        https://developer.themoviedb.org/reference/authentication-create-request-token

        Args:
            redirect_to: where TMDB sends the browser afterwards, with ``request_token`` and ``approved`` or ``denied``
                in the query; an absolute address.
            loopback: send the browser back to this machine, for `AsyncLogin.receive`.

        Returns:
            The login: show its `url` to the user, then await `complete`, `wait` or `receive`.

        Raises:
            InvalidArgument: `redirect_to` is not an absolute address, or is given together with `loopback`.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        from .login import AsyncLogin, begin_login  # noqa: PLC0415 - few programs log in

        steps = begin_login(self._flow, self._http.template(), self._site_url, redirect_to, loopback)
        return AsyncLogin(self._http, *await self._http.run(steps))

    def resume_login(self, request_token: str | Secret) -> AsyncLogin[UserSession]:
        """Take up a login that another client or process has begun, as after a redirect to a web application.

        Args:
            request_token: the request token that came back in the redirect.

        Raises:
            InvalidArgument: it does not have the form of a request token.
        """
        from .login import AsyncLogin, resume_login  # noqa: PLC0415 - few programs log in

        token = Secret(request_token) if isinstance(request_token, str) else request_token
        del request_token
        return AsyncLogin(self._http, *resume_login(self._flow, token, self._site_url))

    async def login(self, username: str, password: str | Secret) -> UserSession:
        """Log in by name and password; TMDB would rather have users approve on its site, see `begin_login`.

        https://developer.themoviedb.org/reference/authentication-create-session-from-login

        Args:
            username: the user's name at TMDB.
            password: the user's password; it is not kept.

        Raises:
            AuthenticationError: name or password is wrong, or the account may not log in.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        from .login import log_in_with_password  # noqa: PLC0415 - few programs log in

        hidden = (Secret(username), Secret(password) if isinstance(password, str) else password)
        del username, password
        return await self._http.run(log_in_with_password(self._flow, self._http.template(), *hidden))

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
        return await self._http.run(self._flow.convert(self._http.template()))

    async def logout(self) -> bool:
        """End the user session: forget it here and in the store, then delete it at TMDB.

        It is forgotten here whatever TMDB says. A user access token makes no session for this client any more.

        https://developer.themoviedb.org/reference/authentication-delete-session

        Returns:
            True where no session is left at TMDB; False where TMDB did not confirm it, which is also logged.
        """
        from .login import log_out  # noqa: PLC0415 - few programs log out

        return await self._http.run(log_out(self._flow, self._http.template()))

    async def account_id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._http.run(self._flow.obtain_account_id(self._http.template()))


class _GuestView:
    """The guest session of a client: the part that needs no network."""

    def __init__(self, flow: TMDBAuth) -> None:
        self._flow = flow

    def info(self) -> GuestSession | None:
        """Return the guest session in use, or None; nothing is sent."""
        return self._flow.sessions.guest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.info()!r})"


class Guest(_GuestView):
    """The guest session of a `TMDB` client."""

    def __init__(self, http: SyncHTTP, flow: TMDBAuth) -> None:
        super().__init__(flow)
        self._http = http

    def start(self) -> GuestSession:
        """Return the guest session in use, after making one where there is none.

        https://developer.themoviedb.org/reference/authentication-create-guest-session

        Raises:
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return self._http.run(self._flow.obtain_guest_session(self._http.template()))

    def forget(self) -> None:
        """Stop using the guest session, here and in the store; the next call that needs one makes one.

        It stays at TMDB until it expires.
        """
        self._http.run(self._flow.forget_guest_session())


class AsyncGuest(_GuestView):
    """The guest session of an `AsyncTMDB` client."""

    def __init__(self, http: AsyncHTTP, flow: TMDBAuth) -> None:
        super().__init__(flow)
        self._http = http

    async def start(self) -> GuestSession:
        """Return the guest session in use, after making one where there is none.

        https://developer.themoviedb.org/reference/authentication-create-guest-session

        Raises:
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._http.run(self._flow.obtain_guest_session(self._http.template()))

    async def forget(self) -> None:
        """Stop using the guest session, here and in the store; the next call that needs one makes one.

        It stays at TMDB until it expires.
        """
        await self._http.run(self._flow.forget_guest_session())
