"""A login as a program holds it."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TypeVar

from tmdb_ext._auth.login import LoginState, LoginView

from .caller import AsyncCaller

R = TypeVar("R")


class AsyncLogin(LoginView[R]):
    """A login of a client, from the request token to the session, or in v4 to the user access token.

    https://developer.themoviedb.org/docs/authentication-user
    https://developer.themoviedb.org/v4/docs/authentication-user
    """

    def __init__(self, calls: AsyncCaller, state: LoginState[R], url: str) -> None:
        super().__init__(state, url)
        self._calls = calls

    async def complete(self) -> R:
        """Make the session or the token, after the user has approved.

        Returns:
            The session, or in v4 the token, for `AsyncTMDB.for_user`. If the login is kept, the client acts for the
            user from now on. Calling it again returns the same one.

        Raises:
            LoginPending: the user has not approved yet.
            LoginDenied: the user has denied it.
            LoginExpired: the request token is too old, or was used before.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        return await self._calls.run(self._state.complete(self._calls.outside()))

    async def receive_redirect(self, url: str) -> R:
        """Complete the login by the address that TMDB sent the browser back to.

        In a web application, use `receive_redirect` of the client: it also checks that the browser is the one that
        began the login.

        Args:
            url: the address of the request that the browser made, whole or from its path on.

        Raises:
            InvalidArgument: it is not an address.
            LoginMismatch: it belongs to another login.
            LoginDenied: the user has denied it.
            LoginExpired: the request token is too old, or was used before.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        return await self._calls.run(self._state.receive_redirect(self._calls.outside(), url))

    async def wait(self, timeout: float = 300.0, *, interval: float = 5.0) -> R:  # noqa: ASYNC109
        """Wait until the user has approved, asking TMDB now and again, and complete the login.

        Args:
            timeout: seconds to wait at most.
            interval: seconds between two questions; more where TMDB asks for it.

        Raises:
            LoginPending: the user did not approve within `timeout`.
            LoginDenied: the user has denied it, where TMDB tells.
            LoginExpired: the request token expired meanwhile.
            APIError: TMDB refused for another reason.
        """
        return await self._calls.run(self._state.wait(self._calls.outside(), timeout, interval))

    async def receive(self, timeout: float = 300.0) -> R:  # noqa: ASYNC109
        """Wait for the browser to come back to the loopback address, and complete the login.

        Only the redirect of this very login counts. The port is closed at the end, whatever the outcome.

        Args:
            timeout: seconds to wait at most.

        Raises:
            ConfigurationError: the login was not begun with ``loopback=True``.
            LoginPending: nothing came within `timeout`.
            LoginDenied: the user has denied it.
            LoginExpired: the request token expired meanwhile.
        """
        return await self._calls.run(self._state.receive(self._calls.outside(), timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
