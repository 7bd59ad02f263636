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
    from ._client import TMDB, AsyncTMDB
    from ._credentials import Secret
    from ._errors import (
        APIError,
        AuthenticationError,
        BadRequest,
        ConfigurationError,
        ConnectError,
        DecodeError,
        InvalidArgument,
        NotFound,
        PermissionDenied,
        RateLimited,
        RequestTimeout,
        ServerError,
        SessionDenied,
        TMDBError,
        TransportError,
        UnexpectedRedirect,
        ValidationError,
    )
    from ._guest import GuestSession
    from ._selection import Plan
    from ._status_codes import STATUS_CODES

__all__ = [
    "STATUS_CODES",
    "TMDB",
    "APIError",
    "AsyncTMDB",
    "AuthenticationError",
    "BadRequest",
    "ConfigurationError",
    "ConnectError",
    "DecodeError",
    "GuestSession",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "Plan",
    "RateLimited",
    "RequestTimeout",
    "Secret",
    "ServerError",
    "SessionDenied",
    "TMDBError",
    "TransportError",
    "UnexpectedRedirect",
    "ValidationError",
]

_ELSEWHERE = {
    "AsyncTMDB": "._client",
    "GuestSession": "._guest",
    "Plan": "._selection",
    "STATUS_CODES": "._status_codes",
    "Secret": "._credentials",
    "TMDB": "._client",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_ELSEWHERE.get(name, "._errors"), __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
