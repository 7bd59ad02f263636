"""An HTTP cache above the retries and the rate limit: what it answers takes no turn. Needs the extra `cache`.

The cache sees requests without their credentials, and of those only reads that carry nothing of a user's. Reads that
are the same and under way at the same time are one request.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

import anyio
import httpx

from ._auth.flow import PERSONAL
from ._errors import ConfigurationError
from ._extras import extra
from ._operations import find_operation
from ._responses import CARRIED
from ._retry import BUDGET
from ._transport import Sealed

with extra("cache", "The HTTP cache needs", "hishel", "anysqlite"):
    import anysqlite
    from hishel import AsyncBaseStorage, AsyncSqliteStorage, BaseStorage, CacheOptions, SqliteStorage
    from hishel.httpx import AsyncCacheTransport, CacheTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

E = TypeVar("E")

CacheSetting: TypeAlias = bool | str | os.PathLike[str] | BaseStorage | AsyncBaseStorage

MEMORY_LIMIT: Final = 64 * 1024 * 1024
"""Bytes that a cache in memory keeps at most; what has not been read for longest goes first."""

# As caches that several may share do: what TMDB calls private is not stored.
_RULES: Final = CacheOptions(shared=True, supported_methods=["GET"])
_SEALED: Final = "tmdb_sealed"
_CREDENTIAL_HEADERS: Final = ("authorization", "cookie")
_CONDITIONS: Final = ("if-none-match", "if-modified-since")
_OF_THE_BODY_AS_SENT: Final = ("content-encoding", "content-length", "transfer-encoding")


class Answer(NamedTuple):
    """A response that has been read, for all who asked for it."""

    status_code: int
    headers: list[tuple[bytes, bytes]]
    content: bytes
    extensions: dict[str, Any]

    def response(self) -> httpx.Response:
        """Return it as a response of its own."""
        return httpx.Response(
            self.status_code, headers=self.headers, content=self.content, extensions=dict(self.extensions)
        )


class _Flight(Generic[E]):
    """A read that is under way, and what came of it. Neither an answer nor an error means that it was given up."""

    def __init__(self, event: E) -> None:
        self.event = event
        self.answer: Answer | None = None
        self.error: httpx.TransportError | None = None

    def result(self) -> httpx.Response | None:
        """Return the response for one who has waited, or raise the error; None where the read was given up."""
        if self.error is not None:
            raise type(self.error)(str(self.error))
        return None if self.answer is None else self.answer.response()


class Cached(httpx.BaseTransport):
    """Answers what it can from a cache, and sends the rest through another transport."""

    def __init__(self, inner: httpx.BaseTransport, storage: BaseStorage, *, is_own: bool = False) -> None:
        self._inner = inner
        self._own_storage = storage if is_own else None
        self._cache = CacheTransport(_Dressing(inner), storage, rfc=_RULES)
        self._flights: dict[Hashable, _Flight[threading.Event]] = {}
        self._guard = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request from the cache, together with others that are the same, or by sending it."""
        if not is_public(request):
            return self._inner.handle_request(request)
        bare = bared(request)
        seconds = _seconds_left(request)
        del request
        key = _identity(bare)
        while True:
            with self._guard:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight(threading.Event())
                    break
            if not flight.event.wait(seconds()):
                raise httpx.ReadTimeout("the same request, made earlier, took too long")
            if (response := flight.result()) is not None:
                return response
        try:
            response = self._cache.handle_request(bare)
            try:
                response.read()
            finally:
                response.close()
            mine.answer = answer_of(response)
        except httpx.TransportError as error:
            mine.error = error
            raise
        finally:
            with self._guard:
                del self._flights[key]
            mine.event.set()
        return mine.answer.response()

    def close(self) -> None:
        """Close the other transport, and the storage where it is the client's own."""
        self._inner.close()
        if self._own_storage is not None:
            self._own_storage.close()


class AsyncCached(httpx.AsyncBaseTransport):
    """Answers what it can from a cache, and sends the rest through another transport, async."""

    def __init__(self, inner: httpx.AsyncBaseTransport, storage: AsyncBaseStorage, *, is_own: bool = False) -> None:
        self._inner = inner
        self._own_storage = storage if is_own else None
        self._cache = AsyncCacheTransport(_AsyncDressing(inner), storage, rfc=_RULES)
        self._flights: dict[Hashable, _Flight[anyio.Event]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request from the cache, together with others that are the same, or by sending it."""
        if not is_public(request):
            return await self._inner.handle_async_request(request)
        bare = bared(request)
        seconds = _seconds_left(request)
        del request
        key = _identity(bare)
        while (flight := self._flights.get(key)) is not None:
            with anyio.move_on_after(seconds()) as scope:
                await flight.event.wait()
            if scope.cancelled_caught:
                raise httpx.ReadTimeout("the same request, made earlier, took too long")
            if (response := flight.result()) is not None:
                return response
        mine = self._flights[key] = _Flight(anyio.Event())
        try:
            response = await self._cache.handle_async_request(bare)
            try:
                await response.aread()
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
            mine.answer = answer_of(response)
        except httpx.TransportError as error:
            mine.error = error
            raise
        finally:
            del self._flights[key]
            mine.event.set()
        return mine.answer.response()

    async def aclose(self) -> None:
        """Close the other transport, and the storage where it is the client's own."""
        await self._inner.aclose()
        if self._own_storage is not None:
            await self._own_storage.close()


class _Dressing(httpx.BaseTransport):
    """Under the cache: sends the request that a bare one stands for."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sealed: Sealed = request.extensions[_SEALED]
        return _without_secrets(self._inner.handle_request(_dressed(sealed, request)), sealed)


class _AsyncDressing(httpx.AsyncBaseTransport):
    """Under the cache: sends the request that a bare one stands for, async."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sealed: Sealed = request.extensions[_SEALED]
        return _without_secrets(await self._inner.handle_async_request(_dressed(sealed, request)), sealed)


def is_public(request: httpx.Request) -> bool:
    """Return whether the answer is the same for everybody: whether a cache may have it."""
    operation = find_operation(request.extensions)
    return (
        operation is not None
        and request.method == "GET"
        and operation.user_auth == "none"
        and operation.tag != "authentication"  # which answers with new credentials
        and request.extensions.get(CARRIED) is None
        and request.extensions.get(PERSONAL) is False
        and not {"session_id", "guest_session_id"} & set(request.url.params)
    )


def bared(request: httpx.Request) -> httpx.Request:
    """Return a request without its credentials, to look up and to store; it knows the one it stands for."""
    kept = [(name, value) for name, value in request.headers.items() if name not in _CREDENTIAL_HEADERS]
    url = request.url.copy_remove_param("api_key")
    return httpx.Request(request.method, url, headers=kept, extensions={_SEALED: Sealed(request)})


def _identity(bare: httpx.Request) -> Hashable:
    """Return what reads that are the same have in common: a condition or a language in the headers tells them apart."""
    return str(bare.url), tuple(bare.headers.raw)


def _dressed(sealed: Sealed, bare: httpx.Request) -> httpx.Request:
    """Return the request that was asked for, with the conditions that the cache has put on the bare one."""
    request = sealed.request
    headers = request.headers.copy()
    headers.update({name: bare.headers[name] for name in _CONDITIONS if name in bare.headers})
    return httpx.Request(
        request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
    )


def _without_secrets(response: httpx.Response, sealed: Sealed) -> httpx.Response:
    """Take away what must not be stored: cookies, and headers that repeat a credential."""
    request = sealed.request
    secrets = [request.headers.get("authorization", "").rpartition(" ")[2], request.url.params.get("api_key", "")]
    response.headers = httpx.Headers(
        [
            (name, value)
            for name, value in response.headers.multi_items()
            if name != "set-cookie" and not any(secret and secret in value for secret in secrets)
        ]
    )
    return response


def answer_of(response: httpx.Response) -> Answer:
    """Return a response that has been read as what all who asked for it get."""
    headers = [
        (name, value) for name, value in response.headers.raw if name.lower().decode() not in _OF_THE_BODY_AS_SENT
    ]
    extensions = {name: value for name, value in response.extensions.items() if name != "network_stream"}
    return Answer(response.status_code, headers, response.content, extensions)


def _seconds_left(request: httpx.Request) -> Callable[[], float | None]:
    """Return what tells how long a request may go on waiting; None where it may for ever."""
    until = request.extensions.get(BUDGET)
    return lambda: None if until is None else max(float(until) - time.monotonic(), 0.0)


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
