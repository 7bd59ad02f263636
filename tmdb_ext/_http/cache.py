"""What an HTTP cache may keep, and where: the part that needs no network. Needs the extra `cache`.

The cache sees requests without what they carry, and of those only reads that have nothing of a user's in them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlencode

import httpx

from tmdb_ext._errors import ConfigurationError, TMDBError
from tmdb_ext._extras import extra

from .call import EXTENSION
from .messages import Response
from .responses import is_json, secrets_of

with extra("cache", "The HTTP cache needs", "hishel", "anysqlite"):
    import anysqlite
    from hishel import (
        AsyncBaseStorage,
        AsyncRedisStorage,
        AsyncSqliteStorage,
        BaseStorage,
        CacheOptions,
        SqliteStorage,
    )
    from hishel.httpx import (
        AsyncCacheTransport as AsyncCacheTransport,  # noqa: PLC0414 - for the modules beside this one
    )
    from hishel.httpx import CacheTransport as CacheTransport  # noqa: PLC0414 - the same

if TYPE_CHECKING:
    from collections.abc import Hashable

    import hishel

    from .call import Call
    from .messages import Request

# Pyright knows the types of what is imported in the block above, and counts them as unknown in an alias.
CacheSetting: TypeAlias = "bool | str | os.PathLike[str] | hishel.BaseStorage | hishel.AsyncBaseStorage"

MEMORY_LIMIT: Final = 64 * 1024 * 1024
"""Bytes that a cache in memory keeps at most; what has not been read for longest goes first."""
RULES: Final = CacheOptions(shared=True, supported_methods=["GET"])
"""As caches that several may share follow: what TMDB calls private is not stored."""

_CREDENTIALS: Final = frozenset({"api_key", "session_id", "guest_session_id"})
_CONDITIONS: Final = ("if-none-match", "if-modified-since")
_OF_THE_BODY_AS_SENT: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Flight:
    """A read that is under way, and what came of it. Neither a response nor an error means that it was given up."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []
        self.done = False
        self.response: Response | None = None
        self.error: TMDBError | None = None


class Flights:
    """The reads under way. Reads that are the same and under way at the same time are one request."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.under_way: dict[Hashable, Flight] = {}


def is_public(request: Request, call: Call) -> bool:
    """Return whether the response is the same for everybody: whether a cache may have it."""
    operation, carried = call.operation, request.carried
    return (
        operation is not None
        and request.method == "GET"
        and operation.user_auth == "none"
        and operation.tag != "authentication"  # which answers with new credentials
        and (carried is None or (carried.user is None and not carried.is_personal))
        and not any(name in ("authorization", "cookie") for name, _ in request.headers)
        and _CREDENTIALS.isdisjoint(
            name for name, _ in parse_qsl(request.target.partition("?")[2]) if name != "api_key"
        )
    )


def bare(request: Request, call: Call) -> httpx.Request:
    """Return a request as the cache sees it, without any credential; it knows the one that it stands for."""
    path, _, query = request.target.partition("?")
    if "api_key=" in query:
        query = urlencode([(name, value) for name, value in parse_qsl(query, True) if name not in _CREDENTIALS])
    url = f"{request.origin}{path}" + (f"?{query}" if query else "")
    return httpx.Request(request.method, url, headers=list(request.headers), extensions={EXTENSION: (request, call)})


def identity(seen: httpx.Request) -> Hashable:
    """Return what reads that are the same have in common: a condition or a language in the headers tells them apart."""
    return str(seen.url), tuple(seen.headers.raw)


def conditions(seen: httpx.Request) -> list[tuple[str, str]]:
    """Return the conditions that the cache has put on a request."""
    return [(name, seen.headers[name]) for name in _CONDITIONS if name in seen.headers]


def for_the_cache(request: Request, response: Response) -> httpx.Response:
    """Return a response as the cache may keep it: without cookies, and without headers that repeat a credential.

    One that is not JSON is marked as not to be stored.
    """
    secrets = secrets_of(request)
    headers = [
        (name, value)
        for name, value in response.headers
        if name != "set-cookie"
        and name not in _OF_THE_BODY_AS_SENT
        and not any(secret and secret in value for secret in secrets)
    ]
    if 200 <= response.status < 300 and not is_json(response):
        headers = [(name, value) for name, value in headers if name != "cache-control"]
        headers.append(("cache-control", "no-store"))
    return httpx.Response(response.status, headers=headers, content=response.content)


def from_the_cache(response: httpx.Response) -> Response:
    """Return a response of the cache, which has been read, as all who asked for it get it."""
    headers = [
        (name.lower(), value)
        for name, value in response.headers.multi_items()
        if name.lower() not in _OF_THE_BODY_AS_SENT
    ]
    return Response(response.status_code, headers, response.content)


def check_setting(cache: CacheSetting, *, is_async: bool) -> bool:
    """Check the client's argument; return whether the storage is the client's own.

    Raises:
        ConfigurationError: `cache` is none, or its file cannot be made.
    """
    kind = AsyncBaseStorage if is_async else BaseStorage
    if isinstance(cache, kind):
        return False
    if cache is not True:
        if not isinstance(cache, str | os.PathLike):
            name = f"hishel.{kind.__name__}"
            raise ConfigurationError(f"cache must be True, the name of a file or a {name}, not {cache!r}.")
        _connection(cache, f"hishel.{kind.__name__}").close()
    return True


def is_for_asyncio(cache: CacheSetting) -> bool:
    """Return whether the storage works on asyncio only, as the async client of Redis does."""
    return isinstance(cache, AsyncRedisStorage)


def storage_of(cache: CacheSetting) -> tuple[BaseStorage, bool]:
    """Return the storage for a sync client, and whether it is the client's to close.

    Raises:
        ConfigurationError: `cache` is none, or its file cannot be opened.
    """
    if isinstance(cache, BaseStorage):
        return cache, False
    return SqliteStorage(connection=_connection(cache, "hishel.BaseStorage"), max_size=_limit(cache)), True


def async_storage_of(cache: CacheSetting) -> tuple[AsyncBaseStorage, bool]:
    """Return the storage for an async client, and whether it is the client's to close.

    Raises:
        ConfigurationError: `cache` is none, or its file cannot be opened.
    """
    if isinstance(cache, AsyncBaseStorage):
        return cache, False
    connection = anysqlite.Connection(_connection(cache, "hishel.AsyncBaseStorage"))
    return AsyncSqliteStorage(connection=connection, max_size=_limit(cache)), True


def _limit(cache: object) -> int | None:
    return MEMORY_LIMIT if cache is True else 1024**3


def _connection(cache: object, storage: str) -> sqlite3.Connection:
    where = ":memory:"
    if cache is not True:
        if not isinstance(cache, str | os.PathLike):
            raise ConfigurationError(f"cache must be True, the name of a file or a {storage}, not {cache!r}.")
        where = os.fspath(_own_file(Path(cache).expanduser().absolute()))
    try:
        return sqlite3.connect(where, check_same_thread=False, isolation_level=None)
    except sqlite3.Error as error:
        reason = str(error)
    raise ConfigurationError(f"The cache file {where} cannot be opened: {reason}.")


def _own_file(path: Path) -> Path:
    """Make the file where it is missing, readable by its owner only: what was looked at is nobody else's business."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        reason = error.strerror
    else:
        return path
    raise ConfigurationError(f"The cache file {path} cannot be made: {reason}.")
