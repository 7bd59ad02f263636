"""httpx's two clients, with errors of ours in place of theirs.

Whatever goes wrong below `send` is raised anew from here, outside of any `except` block. The exceptions and the frames
behind it hold requests whose URLs and headers carry credentials.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import httpx

from ._auth import SINGLE_FLIGHT, TMDBAuth
from ._errors import (
    ConfigurationError,
    ConnectError,
    DecodeError,
    RequestTimeout,
    TMDBError,
    TransportError,
    cleaned,
)
from ._operations import describe
from ._redaction import redact
from ._retry import BUDGET
from ._steps import Box, Steps
from ._transport import AsyncTransport, Transport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

    from ._cache import CacheSetting
    from ._limit import RateLimit
    from ._retry import RetryPolicy

T = TypeVar("T")

PLAIN_HEADERS: Final = {"user-agent": "tmdb-ext"}
TRANSLATED: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
_PHASES: Final[tuple[tuple[type[Exception], Literal["connect", "read", "write", "pool"], str], ...]] = (
    (httpx.ConnectTimeout, "connect", "no connection was made in time"),
    (httpx.PoolTimeout, "pool", "no connection of the pool became free in time"),
    (httpx.WriteTimeout, "write", "the request could not be sent in time"),
    (httpx.TimeoutException, "read", "no answer came in time"),
)


class SyncHTTP(httpx.Client):
    """`httpx.Client` that raises this package's errors and follows no redirect."""

    def __init__(
        self,
        flow: TMDBAuth,
        policy: RetryPolicy,
        limiter: RateLimit | None,
        cache: CacheSetting = False,
        **settings: Any,
    ) -> None:
        super().__init__(auth=flow, **settings)
        self._flow = flow
        self._policy = policy
        self._was_used = False
        # Around the transports that httpx has made, those for the environment's proxies among them.
        self._transport = Transport(self._transport, policy, limiter)
        self._mounts = {key: at and Transport(at, policy, limiter) for key, at in self._mounts.items()}
        if cache is not False:
            from ._cache import Cached, storage_of  # noqa: PLC0415 - few have one

            storage, is_own = storage_of(cache)
            self._transport = Cached(self._transport, storage, is_own=is_own)
            self._mounts = {key: at and Cached(at, storage) for key, at in self._mounts.items()}

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; raise `TMDBError` where no answer comes."""
        error = _closed(request) if self.is_closed else None
        if error is None:
            self._was_used = True
            request.extensions.setdefault(BUDGET, time.monotonic() + self._policy.budget)
            try:
                return super().send(request, **{**options, "follow_redirects": False})
            except (TMDBError, *TRANSLATED) as exception:
                error = translate(exception, request, self._flow)
        raise cleaned(error)

    def template(self) -> httpx.Request:
        """Return a request that has this client's headers and timeout, for those that the auth flow makes itself."""
        return self.build_request("GET", "")

    def __del__(self) -> None:
        _warn_of_open(self)

    def run(self, steps: Steps[T]) -> T:
        """Take steps of the auth flow outside of a call, and return their result."""
        box: Box[T] = Box()
        error = self._take(self._flow.driver.drive(box.filled_by(steps)))
        if error is not None:
            raise cleaned(error)
        return box.value

    def _take(self, flow: Generator[httpx.Request, httpx.Response, None]) -> TMDBError | None:
        """Send what `flow` yields. An error is returned, since this frame holds requests with credentials."""
        try:
            request = next(flow)
            while True:
                try:
                    response = self.send(request, auth=None)
                except TMDBError as exception:
                    request = flow.throw(exception)
                else:
                    request = flow.send(response)
        except StopIteration:
            return None
        except TMDBError as exception:
            return exception
        finally:
            flow.close()


class AsyncHTTP(httpx.AsyncClient):
    """`httpx.AsyncClient` that raises this package's errors and follows no redirect."""

    def __init__(
        self,
        flow: TMDBAuth,
        policy: RetryPolicy,
        limiter: RateLimit | None,
        cache: CacheSetting = False,
        **settings: Any,
    ) -> None:
        super().__init__(auth=flow, **settings)
        self._flow = flow
        self._policy = policy
        self._was_used = False
        # Around the transports that httpx has made, those for the environment's proxies among them.
        self._transport = AsyncTransport(self._transport, policy, limiter)
        self._mounts = {key: at and AsyncTransport(at, policy, limiter) for key, at in self._mounts.items()}
        if cache is not False:
            from ._cache import AsyncCached, async_storage_of  # noqa: PLC0415 - few have one

            storage, is_own = async_storage_of(cache)
            self._transport = AsyncCached(self._transport, storage, is_own=is_own)
            self._mounts = {key: at and AsyncCached(at, storage) for key, at in self._mounts.items()}

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; raise `TMDBError` where no answer comes."""
        error = _closed(request) if self.is_closed else None
        if error is None:
            self._was_used = True
            request.extensions.setdefault(BUDGET, time.monotonic() + self._policy.budget)
            try:
                return await super().send(request, **{**options, "follow_redirects": False})
            except (TMDBError, *TRANSLATED) as exception:
                error = translate(exception, request, self._flow)
        raise cleaned(error)

    def template(self) -> httpx.Request:
        """Return a request that has this client's headers and timeout, for those that the auth flow makes itself."""
        return self.build_request("GET", "")

    def __del__(self) -> None:
        _warn_of_open(self)

    async def run(self, steps: Steps[T]) -> T:
        """Take steps of the auth flow outside of a call, and return their result."""
        box: Box[T] = Box()
        error = await self._take(self._flow.driver.adrive(box.filled_by(steps)))
        if error is not None:
            raise cleaned(error)
        return box.value

    async def _take(self, flow: AsyncGenerator[httpx.Request, httpx.Response]) -> TMDBError | None:
        """Send what `flow` yields. An error is returned, since this frame holds requests with credentials."""
        try:
            request = await anext(flow)
            while True:
                try:
                    response = await self.send(request, auth=None)
                except TMDBError as exception:
                    request = await flow.athrow(exception)
                else:
                    request = await flow.asend(response)
        except StopAsyncIteration:
            return None
        except TMDBError as exception:
            return exception
        finally:
            await flow.aclose()


def stream(url: str, timeout: Any) -> contextlib.AbstractContextManager[httpx.Response]:
    """Fetch what is open to everybody, from a server that is not TMDB's API: no credential, no redirect."""
    return httpx.stream("GET", url, timeout=timeout, headers=PLAIN_HEADERS)


@contextlib.asynccontextmanager
async def astream(url: str, timeout: Any) -> AsyncGenerator[httpx.Response]:  # noqa: ASYNC109 - httpx takes it
    """Fetch as `stream` does."""
    async with (
        httpx.AsyncClient(timeout=timeout, headers=PLAIN_HEADERS) as client,
        client.stream("GET", url) as response,
    ):
        yield response


def translate(exception: Exception, asked: httpx.Request, flow: TMDBAuth) -> TMDBError:
    """Return the error of ours for what happened below `send`."""
    if isinstance(exception, TMDBError):
        return exception
    sent = _request_of(exception) or asked
    error = translated(exception, describe(sent.method, sent.url.path, sent.extensions))
    attempt = sent.extensions.get(SINGLE_FLIGHT)
    if attempt is not None:
        flow.driver.note_failure(attempt, error)
    return error


def translated(exception: Exception, context: Mapping[str, Any]) -> TMDBError:
    """Return the error of ours for one of httpx's or the system's."""
    where = f"{context['method']} {context['path']}"
    is_read = context["method"] in ("GET", "HEAD")
    for kind, phase, what in _PHASES:
        if isinstance(exception, kind):
            unsent = phase in ("connect", "pool")
            return RequestTimeout(f"{where}: {what}", phase=phase, retryable=unsent or is_read, **context)
    if isinstance(exception, httpx.ConnectError):
        return ConnectError(f"{where}: no connection{_detail(exception)}", retryable=True, **context)
    if isinstance(exception, httpx.DecodingError):
        return DecodeError(f"{where}: the answer's compression is broken", **context)
    if isinstance(exception, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ConfigurationError(f"{where}: the address is not one that can be called; nothing was sent", **context)
    if isinstance(exception, httpx.ProxyError):
        return TransportError(f"{where}: the proxy refused{_detail(exception)}", retryable=is_read, **context)
    if isinstance(exception, httpx.NetworkError):
        return TransportError(f"{where}: the connection broke{_detail(exception)}", retryable=is_read, **context)
    # The text of a protocol error may quote a header, and with it the token.
    return TransportError(f"{where}: no answer ({type(exception).__name__})", retryable=is_read, **context)


def _detail(exception: Exception) -> str:
    text = redact(str(exception)).strip()
    return f" ({text[:200]})" if text else ""


def _request_of(exception: Exception) -> httpx.Request | None:
    if not isinstance(exception, httpx.RequestError):
        return None
    try:
        return exception.request
    except RuntimeError:
        return None


def _warn_of_open(client: SyncHTTP | AsyncHTTP) -> None:
    """Say that a client with connections is going away without having been closed; they go with it."""
    if getattr(client, "_was_used", False) and not client.is_closed:
        name, close = ("TMDB", "close") if isinstance(client, SyncHTTP) else ("AsyncTMDB", "aclose")
        warnings.warn(f"A {name} was not closed: use it in a with statement, or call {close}().", ResourceWarning, 2)


def _closed(request: httpx.Request) -> TMDBError:
    context: dict[str, Any] = describe(request.method, request.url.path, request.extensions)
    return ConfigurationError(f"{context['method']} {context['path']}: this client is closed", **context)
