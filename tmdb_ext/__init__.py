"""A client for The Movie Database (TMDB): typed, sync and async, and it sees to credentials by itself.

    from tmdb_ext import TMDB

    with TMDB() as tmdb:  # TMDB_ACCESS_TOKEN or TMDB_API_KEY in the environment
        print(tmdb.movies.details(11).title)

The names below are the public ones. Each is imported when it is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tmdb_api_client.v3 import any_of, season

    from . import facts, models
    from ._auth._async.login import AsyncLogin
    from ._auth._sync.login import Login
    from ._auth.credentials import Credentials, Secret
    from ._auth.guest import GuestPolicy, GuestSession
    from ._auth.selection import Plan
    from ._auth.sessions import UserAccessToken, UserSession
    from ._bulk.journal import read_fetched
    from ._bulk.results import Fetched, Progress
    from ._bulk.runs import AsyncFetchMany, AsyncWriteMany, FetchMany, WriteMany
    from ._client._async.client import AsyncTMDB
    from ._client._sync.client import TMDB
    from ._errors import (
        APIError,
        AuthenticationError,
        BadRequest,
        ConfigurationError,
        ConnectError,
        DecodeError,
        InvalidArgument,
        LoginDenied,
        LoginError,
        LoginExpired,
        LoginMismatch,
        LoginPending,
        NotAppended,
        NotFound,
        OutcomeUnknown,
        PermissionDenied,
        RateLimited,
        RequestTimeout,
        ResponseTooLarge,
        ServerError,
        SessionDenied,
        TMDBError,
        TransportError,
        UnexpectedRedirect,
        ValidationError,
    )
    from ._exports import (
        DailyIds,
        MovieId,
        NamedId,
        PersonId,
        TvSeriesId,
        adownload_daily_ids,
        daily_ids,
        download_daily_ids,
    )
    from ._http.retry import Retry, RetryPolicy
    from ._images import ImageSizes
    from ._paging import AsyncPages, Pages
    from ._status_codes import STATUS_CODES
    from ._stores import FileStore, MemoryStore, SessionStore
    from ._version import API_RELEASE, __version__

__all__ = [
    "API_RELEASE",
    "STATUS_CODES",
    "TMDB",
    "APIError",
    "AsyncFetchMany",
    "AsyncLogin",
    "AsyncPages",
    "AsyncTMDB",
    "AsyncWriteMany",
    "AuthenticationError",
    "BadRequest",
    "ConfigurationError",
    "ConnectError",
    "Credentials",
    "DailyIds",
    "DecodeError",
    "FetchMany",
    "Fetched",
    "FileStore",
    "GuestPolicy",
    "GuestSession",
    "ImageSizes",
    "InvalidArgument",
    "Login",
    "LoginDenied",
    "LoginError",
    "LoginExpired",
    "LoginMismatch",
    "LoginPending",
    "MemoryStore",
    "MovieId",
    "NamedId",
    "NotAppended",
    "NotFound",
    "OutcomeUnknown",
    "Pages",
    "PermissionDenied",
    "PersonId",
    "Plan",
    "Progress",
    "RateLimited",
    "RequestTimeout",
    "ResponseTooLarge",
    "Retry",
    "RetryPolicy",
    "Secret",
    "ServerError",
    "SessionDenied",
    "SessionStore",
    "TMDBError",
    "TransportError",
    "TvSeriesId",
    "UnexpectedRedirect",
    "UserAccessToken",
    "UserSession",
    "ValidationError",
    "WriteMany",
    "__version__",
    "adownload_daily_ids",
    "any_of",
    "daily_ids",
    "download_daily_ids",
    "facts",
    "models",
    "read_fetched",
    "season",
]

_ELSEWHERE = {
    "API_RELEASE": "._version",
    "AsyncFetchMany": "._bulk.runs",
    "AsyncLogin": "._auth._async.login",
    "AsyncPages": "._paging",
    "AsyncTMDB": "._client._async.client",
    "AsyncWriteMany": "._bulk.runs",
    "Credentials": "._auth.credentials",
    "DailyIds": "._exports",
    "FetchMany": "._bulk.runs",
    "Fetched": "._bulk.results",
    "FileStore": "._stores",
    "GuestPolicy": "._auth.guest",
    "GuestSession": "._auth.guest",
    "ImageSizes": "._images",
    "Login": "._auth._sync.login",
    "MemoryStore": "._stores",
    "MovieId": "._exports",
    "NamedId": "._exports",
    "Pages": "._paging",
    "PersonId": "._exports",
    "Plan": "._auth.selection",
    "Progress": "._bulk.results",
    "Retry": "._http.retry",
    "RetryPolicy": "._http.retry",
    "STATUS_CODES": "._status_codes",
    "Secret": "._auth.credentials",
    "SessionStore": "._stores",
    "TMDB": "._client._sync.client",
    "TvSeriesId": "._exports",
    "UserAccessToken": "._auth.sessions",
    "UserSession": "._auth.sessions",
    "WriteMany": "._bulk.runs",
    "__version__": "._version",
    "adownload_daily_ids": "._exports",
    "any_of": "tmdb_api_client.v3",
    "daily_ids": "._exports",
    "download_daily_ids": "._exports",
    "read_fetched": "._bulk.journal",
    "season": "tmdb_api_client.v3",
}
_SUBMODULES = ("facts", "models")


if not TYPE_CHECKING:  # for which a name that is not listed is a mistake

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name in _SUBMODULES:
            return import_module(f".{name}", __name__)
        value = getattr(import_module(_ELSEWHERE.get(name, "._errors"), __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
