"""`tmdb.v4`: the generated resources of v4, with logging in and out, over the same connections and credentials."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tmdb_api_client._resource import AsyncCaller as AsyncCallerOfEndpoints
from tmdb_api_client.v4.resources import AsyncResources
from tmdb_api_client.v4.resources.account import AsyncAccountResource
from tmdb_api_client.v4.resources.auth import AsyncAuthResource

from tmdb_ext._auth._async.caller import AsyncCaller
from tmdb_ext._auth._async.facade import AsyncLogins
from tmdb_ext._auth._async.login import AsyncLogin
from tmdb_ext._auth.credentials import Secret
from tmdb_ext._auth.flow import AuthFlow
from tmdb_ext._auth.login import LoginState
from tmdb_ext._auth.sessions import UserAccessToken
from tmdb_ext._client.settings import Options, shown
from tmdb_ext._http._async.concurrency import must_not_wait
from tmdb_ext._http.settings import Address

if TYPE_CHECKING:
    from tmdb_api_client.v4.client import AuthenticatedClient

    from .v4_lists import AsyncV4Lists


class AsyncV4(AsyncResources):
    """Version 4 of the API, async: ``await tmdb.v4.lists.details(1)``.

    https://developer.themoviedb.org/v4/docs/getting-started
    """

    def __init__(
        self,
        call: AsyncCallerOfEndpoints,
        calls: AsyncCaller,
        address: Address,
        site_url: str,
        options: Options,
    ) -> None:
        self._call = call  # type: ignore[method-assign, assignment] # no frame of ours between a resource and the client's call
        self._calls = calls
        self._address = address
        self._site_url = site_url
        self._options = options

    @cached_property
    def account(self) -> AsyncV4Account:
        """The account of the user, with its `id`."""
        return AsyncV4Account(self._call, self._calls.flow)

    @cached_property
    def auth(self) -> AsyncV4Auth:
        """How a user logs in and out; and the operations behind that."""
        return AsyncV4Auth(self._call, self._calls, self._site_url)

    @cached_property
    def lists(self) -> AsyncV4Lists:
        """Lists, the user's own and public ones."""
        from .v4_lists import AsyncV4Lists  # noqa: PLC0415 - few need it

        return AsyncV4Lists(self._call)

    @cached_property
    def low_level(self) -> AuthenticatedClient:
        """The generated client of v4, with this client's connections, credentials and errors behind it.

        For the generated endpoint functions: ``await list_details.asyncio_detailed(1, client=tmdb.v4.low_level)``.
        """
        from tmdb_ext._client.low_level import async_v4_low_level_client  # noqa: PLC0415 - few need it

        return async_v4_low_level_client(self._calls, self._address, self._options)

    def __repr__(self) -> str:
        return shown(self, self._address, self._calls.flow)


class AsyncV4Account(AsyncAccountResource):
    """The account of the user whose access token the client holds, async."""

    def __init__(self, call: AsyncCallerOfEndpoints, flow: AuthFlow) -> None:
        super().__init__(call)
        self._flow = flow

    def id(self) -> str:
        """Return the account object id, 24 hexadecimal digits, as the login or the token tells it; nothing is sent.

        The operations of this resource fill it in by themselves.

        Raises:
            ConfigurationError: the client holds no user access token, or one that does not tell it.
        """
        self._flow.known(must_not_wait)
        return self._flow.account_object_id()


class AsyncV4Auth(AsyncAuthResource, AsyncLogins["UserAccessToken"]):
    """How a user logs in and out in v4 of an `AsyncTMDB` client."""

    def __init__(self, call: AsyncCallerOfEndpoints, calls: AsyncCaller, site_url: str) -> None:
        super().__init__(call)
        self._calls = calls
        self._flow = calls.flow
        self._site_url = site_url

    @property
    def token(self) -> UserAccessToken | None:
        """The user access token in use, or None."""
        return self._flow.known(must_not_wait).token

    async def begin_login(
        self, *, redirect_to: str | None = None, loopback: bool = False, keep: bool = True
    ) -> AsyncLogin[UserAccessToken]:
        """Begin a login that the user approves on TMDB's site.

        The client needs a bearer token for it: TMDB takes no API key here.

        https://developer.themoviedb.org/v4/reference/auth-create-request-token

        Args:
            redirect_to: where TMDB sends the browser afterwards, an absolute address. Keep the login, or its
                `request_token`: TMDB does not promise to name it there.
            loopback: send the browser back to this machine, for `AsyncLogin.receive`.
            keep: act for the user after the login, in v4 and v3 in place of a former one, and keep the token in the
                store; False only returns it. For v3 a session is made from the token when a call needs one.

        Returns:
            The login: show its `url` to the user, then await `complete`, `wait` or `receive`. A web application keeps
            its `state` in the browser's session, and completes it with `receive_redirect`.

        Raises:
            ConfigurationError: the client holds no bearer token.
            InvalidArgument: `redirect_to` is not an absolute address, or is given together with `loopback`.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        from tmdb_ext._auth._async.login import AsyncLogin  # noqa: PLC0415 - few programs log in
        from tmdb_ext._auth.login import begin_v4_login  # noqa: PLC0415 - the same

        steps = begin_v4_login(
            self._flow, self._calls.outside(), self._site_url, redirect_to, loopback=loopback, keep=keep
        )
        return AsyncLogin(self._calls, *await self._calls.run(steps))

    def _resumed(self, token: Secret, *, keep: bool) -> tuple[LoginState[UserAccessToken], str]:
        from tmdb_ext._auth.login import resume_v4_login  # noqa: PLC0415 - few programs log in

        return resume_v4_login(self._flow, token, self._site_url, keep=keep)

    def _redirected(self, _url: str, state: str | None, /, *, keep: bool) -> tuple[LoginState[UserAccessToken], str]:
        from tmdb_ext._auth.login import v4_login_in_redirect  # noqa: PLC0415 - few programs log in

        # TMDB does not promise to name the token in the redirect, so the state alone tells.
        return v4_login_in_redirect(self._flow, state, self._site_url, keep=keep)

    async def logout(self) -> bool:
        """End the user access token: forget it here and in the store, then delete it at TMDB.

        The session that was made from it for v3, if any, goes with it. They are forgotten here whatever TMDB says.

        https://developer.themoviedb.org/v4/reference/auth-logout

        Returns:
            True where nothing is left at TMDB; False where TMDB did not confirm it, which is also logged.
        """
        from tmdb_ext._auth.login import log_out_of_v4  # noqa: PLC0415 - few programs log in

        return await self._calls.run(log_out_of_v4(self._flow, self._calls.outside()))
