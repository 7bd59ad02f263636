"""`tmdb.account`: the generated resource, and the id of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tmdb_api_client.v3.resources.account import AccountResource, AsyncAccountResource

if TYPE_CHECKING:
    from ._auth.flow import TMDBAuth
    from ._auth.selection import Mode
    from ._sending import AsyncHTTP, SyncHTTP


class Account(AccountResource):
    """The account of the user that the session belongs to."""

    def __init__(self, call: Any, http: SyncHTTP, flow: TMDBAuth, mode: Mode | None = None) -> None:
        super().__init__(call)
        self._http = http
        self._flow = flow
        self._mode = mode

    def id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        The operations of this resource fill it in by themselves.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return self._http.run(self._flow.obtain_account_id(self._http.template(), mode=self._mode))


class AsyncAccount(AsyncAccountResource):
    """The account of the user that the session belongs to, async."""

    def __init__(self, call: Any, http: AsyncHTTP, flow: TMDBAuth, mode: Mode | None = None) -> None:
        super().__init__(call)
        self._http = http
        self._flow = flow
        self._mode = mode

    async def id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        The operations of this resource fill it in by themselves.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._http.run(self._flow.obtain_account_id(self._http.template(), mode=self._mode))
