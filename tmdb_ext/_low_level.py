"""`tmdb.low_level`: the generated client over the wrapped client's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Self

from tmdb_api_client.v3.client import AuthenticatedClient

from ._errors import ConfigurationError

if TYPE_CHECKING:
    from ._http import AsyncHTTP, SyncHTTP


class SyncLowLevel(AuthenticatedClient):
    """The generated client for its functions `sync` and `sync_detailed`."""

    @classmethod
    def over(cls, http: SyncHTTP) -> Self:
        """Return one over `http`. The token stays empty: the auth flow adds the credentials."""
        made = cls(base_url=str(http.base_url), token="")
        made.set_httpx_client(http)
        return made

    def get_async_httpx_client(self) -> NoReturn:
        """Refuse: a connection of the other colour would carry no credential and raise other errors."""
        raise ConfigurationError(
            "This is the low_level client of a TMDB; asyncio and asyncio_detailed need an AsyncTMDB."
        )


class AsyncLowLevel(AuthenticatedClient):
    """The generated client for its functions `asyncio` and `asyncio_detailed`."""

    @classmethod
    def over(cls, http: AsyncHTTP) -> Self:
        """Return one over `http`. The token stays empty: the auth flow adds the credentials."""
        made = cls(base_url=str(http.base_url), token="")
        made.set_async_httpx_client(http)
        return made

    def get_httpx_client(self) -> NoReturn:
        """Refuse: a connection of the other colour would carry no credential and raise other errors."""
        raise ConfigurationError("This is the low_level client of an AsyncTMDB; sync and sync_detailed need a TMDB.")
