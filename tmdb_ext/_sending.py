"""httpx's two clients, with errors of ours in place of theirs.

Whatever goes wrong below `send` is raised anew from here, outside of any `except` block. The exceptions and the frames
behind it hold requests whose URLs and headers carry credentials.
"""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import urlencode

import httpx

from ._auth.flow import SINGLE_FLIGHT, TMDBAuth
from ._auth.steps import Box, Steps
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
from ._transport import POOL_LIMITS, AsyncPools, AsyncTransport, Pools, Sealed, Transport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

    from ._cache import CacheSetting
    from ._limit import RateLimit
    from ._retry import RetryPolicy

T = TypeVar("T")

_logger = logging.getLogger("tmdb_ext")

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
        self.address = str(self.base_url).rstrip("/")
        """Scheme, host and port, and a path if there is one before the operations'."""
        # Around the transports that httpx has made, those for the environment's proxies among them.
        transport = self._transport
        if settings.get("transport") is None:
            verify = settings["verify"]
            transport = Pools(transport, lambda: httpx.HTTPTransport(verify=verify, limits=POOL_LIMITS))
        self._transport = Transport(transport, policy, limiter)
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
                if _is_plain(self, options):
                    return self._answer(request) if options.get("auth", True) else self._deliver(Sealed(request))
                return super().send(request, **{**options, "follow_redirects": False})
            except (TMDBError, *TRANSLATED) as exception:
                error = translate(exception, request, self._flow)
        raise cleaned(error)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Send what the auth flow makes of a request; return the last answer."""
        flow = self._flow.sync_auth_flow(request)
        try:
            sealed = Sealed(next(flow))
            while True:
                response = self._deliver(sealed)
                try:
                    sealed = Sealed(flow.send(response))
                except StopIteration:
                    return response
        finally:
            flow.close()

    def _deliver(self, sealed: Sealed) -> httpx.Response:
        """Send one request and read the answer.

        It does what httpx does for a client of this kind: one without cookies, which are no business of an API's.
        """
        transport = self._transport_for_url(sealed.request.url) if self._mounts else self._transport
        try:
            response = transport.handle_request(sealed.request)
            response.request = sealed.request
            try:
                response.read()
            except BaseException:
                response.close()
                raise
        except httpx.RequestError as error:
            error.request = sealed.request
            raise
        return _told(self, sealed, response)

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
        self.address = str(self.base_url).rstrip("/")
        """Scheme, host and port, and a path if there is one before the operations'."""
        # Around the transports that httpx has made, those for the environment's proxies among them.
        transport = self._transport
        if settings.get("transport") is None:
            verify = settings["verify"]
            transport = AsyncPools(transport, lambda: httpx.AsyncHTTPTransport(verify=verify, limits=POOL_LIMITS))
        self._transport = AsyncTransport(transport, policy, limiter)
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
                if _is_plain(self, options):
                    if options.get("auth", True):
                        return await self._answer(request)
                    return await self._deliver(Sealed(request))
                return await super().send(request, **{**options, "follow_redirects": False})
            except (TMDBError, *TRANSLATED) as exception:
                error = translate(exception, request, self._flow)
        raise cleaned(error)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """Send what the auth flow makes of a request; return the last answer."""
        flow = self._flow.async_auth_flow(request)
        try:
            sealed = Sealed(await anext(flow))
            while True:
                response = await self._deliver(sealed)
                try:
                    sealed = Sealed(await flow.asend(response))
                except StopAsyncIteration:
                    return response
        finally:
            await flow.aclose()

    async def _deliver(self, sealed: Sealed) -> httpx.Response:
        """Send one request and read the answer, as the other colour does."""
        transport = self._transport_for_url(sealed.request.url) if self._mounts else self._transport
        try:
            response = await transport.handle_async_request(sealed.request)
            response.request = sealed.request
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        except httpx.RequestError as error:
            error.request = sealed.request
            raise
        return _told(self, sealed, response)

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


def _is_plain(client: SyncHTTP | AsyncHTTP, options: Mapping[str, Any]) -> bool:
    """Return whether a request is sent as most are: with the flow's auth or none, read at once, and without hooks."""
    auth = options.get("auth", httpx.USE_CLIENT_DEFAULT)
    hooks = client.event_hooks
    return (
        not options.get("stream")
        and (auth is httpx.USE_CLIENT_DEFAULT or auth is None)
        and not (hooks["request"] or hooks["response"])
    )


def _told(client: SyncHTTP | AsyncHTTP, sealed: Sealed, response: httpx.Response) -> httpx.Response:
    """Return an answer that knows where a redirect leads, and log it."""
    if response.has_redirect_location:
        with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL):
            response.next_request = client._build_redirect_request(sealed.request, response)  # noqa: SLF001 - its own
    if _logger.isEnabledFor(logging.DEBUG):
        context = describe(sealed.request)
        _logger.debug("%s %s: HTTP %d", context["method"], context["path"], response.status_code)
    return response


def prepared(client: SyncHTTP | AsyncHTTP, kwargs: dict[str, Any]) -> httpx.Request:
    """Return what `build_request` makes of a generated endpoint's keyword arguments.

    The address is read once and not three times.
    """
    address = client.address + kwargs["url"]
    params = kwargs.get("params")
    if params:
        texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        address += "?" + urlencode(texts)
    return httpx.Request(
        kwargs["method"],
        address,
        headers=client.headers,
        json=kwargs.get("json"),
        extensions={"timeout": client.timeout.as_dict(), **kwargs["extensions"]},
    )


def translate(exception: Exception, asked: httpx.Request, flow: TMDBAuth) -> TMDBError:
    """Return the error of ours for what happened below `send`."""
    if isinstance(exception, TMDBError):
        return exception
    sent = _request_of(exception) or asked
    error = translated(exception, describe(sent))
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
    context: dict[str, Any] = describe(request)
    return ConfigurationError(f"{context['method']} {context['path']}: this client is closed", **context)
