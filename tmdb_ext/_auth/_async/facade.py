"""`tmdb.auth` and `tmdb.guest`: what a client holds, logging in and out, and the guest session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmdb_ext._auth.credentials import Secret
from tmdb_ext._auth.facade import AuthView, GuestView

if TYPE_CHECKING:
    from tmdb_ext._auth.flow import AuthFlow
    from tmdb_ext._auth.guest import GuestSession
    from tmdb_ext._auth.sessions import UserSession

    from .caller import AsyncCaller
    from .login import AsyncLogin


class AsyncAuth(AuthView):
    """What an `AsyncTMDB` client holds and would send, and how a user logs in and out."""

    def __init__(self, calls: AsyncCaller, flow: AuthFlow, site_url: str) -> None:
        super().__init__(flow, site_url)
        self._calls = calls

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
        from tmdb_ext._auth.login import begin_login  # noqa: PLC0415 - few programs log in

        from .login import AsyncLogin  # noqa: PLC0415 - the same

        steps = begin_login(self._flow, self._calls.outside(), self._site_url, redirect_to, loopback)
        return AsyncLogin(self._calls, *await self._calls.run(steps))

    def resume_login(self, request_token: str | Secret) -> AsyncLogin[UserSession]:
        """Take up a login that another client or process has begun, as after a redirect to a web application.

        Args:
            request_token: the request token that came back in the redirect.

        Raises:
            InvalidArgument: it does not have the form of a request token.
        """
        from tmdb_ext._auth.login import resume_login  # noqa: PLC0415 - few programs log in

        from .login import AsyncLogin  # noqa: PLC0415 - the same

        token = Secret(request_token) if isinstance(request_token, str) else request_token
        del request_token
        return AsyncLogin(self._calls, *resume_login(self._flow, token, self._site_url))

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
        from tmdb_ext._auth.login import log_in_with_password  # noqa: PLC0415 - few programs log in

        hidden = (Secret(username), Secret(password) if isinstance(password, str) else password)
        del username, password
        return await self._calls.run(log_in_with_password(self._flow, self._calls.outside(), *hidden))

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

    def __init__(self, calls: AsyncCaller, flow: AuthFlow) -> None:
        super().__init__(flow)
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
