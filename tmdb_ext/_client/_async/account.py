"""`tmdb.account`: the generated resource, and the id of the account."""

from __future__ import annotations

from tmdb_api_client._resource import AsyncCaller as AsyncCallerOfEndpoints
from tmdb_api_client.v3.resources.account import AsyncAccountResource

from tmdb_ext._auth._async.caller import AsyncCaller
from tmdb_ext._auth.selection import Mode


class AsyncAccount(AsyncAccountResource):
    """The account of the user that the session belongs to, async."""

    def __init__(self, call: AsyncCallerOfEndpoints, calls: AsyncCaller, mode: Mode | None = None) -> None:
        super().__init__(call)
        self._calls = calls
        self._mode = mode

    async def id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        The operations of this resource fill it in by themselves.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._calls.run(self._calls.flow.obtain_account_id(self._calls.outside(), mode=self._mode))
