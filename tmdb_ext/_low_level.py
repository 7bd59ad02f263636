"""`tmdb.low_level` and `tmdb.v4.low_level`: the generated clients over the wrapped client's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tmdb_api_client.v3.client import AuthenticatedClient
from tmdb_api_client.v4.client import AuthenticatedClient as V4AuthenticatedClient

from ._errors import ConfigurationError

if TYPE_CHECKING:
    from ._sending import AsyncHTTP, SyncHTTP


class _SyncOnly:
    """Refuses the other colour: a connection of that one would carry no credential and raise other errors."""

    def get_async_httpx_client(self) -> NoReturn:
        raise ConfigurationError(
            "This is the low_level client of a TMDB; asyncio and asyncio_detailed need an AsyncTMDB."
        )


class _AsyncOnly:
    """Refuses the other colour: a connection of that one would carry no credential and raise other errors."""

    def get_httpx_client(self) -> NoReturn:
        raise ConfigurationError("This is the low_level client of an AsyncTMDB; sync and sync_detailed need a TMDB.")


class _SyncV3(_SyncOnly, AuthenticatedClient):
    pass


class _SyncV4(_SyncOnly, V4AuthenticatedClient):
    pass


class _AsyncV3(_AsyncOnly, AuthenticatedClient):
    pass


class _AsyncV4(_AsyncOnly, V4AuthenticatedClient):
    pass


# The token stays empty: the auth flow adds the credentials.


def sync_low_level(http: SyncHTTP) -> AuthenticatedClient:
    """Return the generated client of v3 for its functions `sync` and `sync_detailed`."""
    return _SyncV3(base_url=str(http.base_url), token="").set_httpx_client(http)


def sync_v4_low_level(http: SyncHTTP) -> V4AuthenticatedClient:
    """Return the generated client of v4 for its functions `sync` and `sync_detailed`."""
    return _SyncV4(base_url=str(http.base_url), token="").set_httpx_client(http)


def async_low_level(http: AsyncHTTP) -> AuthenticatedClient:
    """Return the generated client of v3 for its functions `asyncio` and `asyncio_detailed`."""
    return _AsyncV3(base_url=str(http.base_url), token="").set_async_httpx_client(http)


def async_v4_low_level(http: AsyncHTTP) -> V4AuthenticatedClient:
    """Return the generated client of v4 for its functions `asyncio` and `asyncio_detailed`."""
    return _AsyncV4(base_url=str(http.base_url), token="").set_async_httpx_client(http)
