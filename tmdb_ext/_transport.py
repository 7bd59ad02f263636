"""The transports under the auth flow: each request waits for its turn, and is sent again where that is of use."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import httpx

from ._auth.steps import asleep, in_thread
from ._limit import RateLimiter
from ._responses import parse, retry_after, status_of
from ._retry import BUDGET, DOUBTFUL, TURNED_AWAY, Attempts, Retry, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._limit import RateLimit

BACK_OFF: Final = 1.0
"""Seconds for which nobody asks TMDB anything after a 429 that does not say for how long."""

MOST_POOLS: Final = 10
POOL_LIMITS: Final = httpx.Limits(max_connections=10, max_keepalive_connections=10)
"""Of each pool but the first, which is httpx's own."""

_IN_QUESTION: Final = TURNED_AWAY | DOUBTFUL
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LOST: Final = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError, httpx.ProxyError)

_logger = logging.getLogger("tmdb_ext")


class Sealed:
    """A request that carries credentials, in a form that does not show in a traceback with locals."""

    __slots__ = ("request",)

    def __init__(self, request: httpx.Request) -> None:
        self.request = request


class _TimedBody(httpx.SyncByteStream):
    """A body that has to come to its end in time: each piece of one that trickles is in time by itself."""

    def __init__(self, body: httpx.SyncByteStream, sealed: Sealed, until: float) -> None:
        self._body = body
        self._sealed = sealed
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            _check_time(self._sealed, self._until)
            yield piece

    def close(self) -> None:
        self._body.close()


class _AsyncTimedBody(httpx.AsyncByteStream):
    """A body that has to come to its end in time, async."""

    def __init__(self, body: httpx.AsyncByteStream, sealed: Sealed, until: float) -> None:
        self._body = body
        self._sealed = sealed
        self._until = until

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            _check_time(self._sealed, self._until)
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


def _check_time(sealed: Sealed, until: float) -> None:
    if time.monotonic() > until:
        raise httpx.ReadTimeout("the body took too long", request=sealed.request)


class _Sending:
    """What both colours share."""

    def __init__(self, policy: RetryPolicy, limiter: RateLimit | None) -> None:
        self._policy = policy
        self._limiter = limiter

    def until(self, request: httpx.Request) -> float:
        """Return the time at which the call has had its budget."""
        until = request.extensions.get(BUDGET)
        return time.monotonic() + self._policy.budget if until is None else float(until)

    def attempts(self, request: httpx.Request, until: float) -> Attempts:
        """Return the attempts at a request."""
        return Attempts(self._policy, request, until)

    def turn(self) -> float:
        """Take a turn; return the seconds until it comes."""
        return 0.0 if self._limiter is None else self._limiter.reserve()

    async def aturn(self) -> float:
        """Take a turn without blocking the event loop; return the seconds until it comes."""
        limiter = self._limiter
        if limiter is None or isinstance(limiter, RateLimiter):
            return 0.0 if limiter is None else limiter.reserve()
        return await in_thread(limiter.reserve)

    def back_off(self, response: httpx.Response) -> None:
        """Have everybody wait where TMDB has had too much. This may wait for a server."""
        if response.status_code == 429 and self._limiter is not None:
            wait = retry_after(response.headers, datetime.now(UTC))
            self._limiter.back_off(BACK_OFF if wait is None else min(wait, self._policy.longest))

    async def aback_off(self, response: httpx.Response) -> None:
        """Have everybody wait, without blocking the event loop."""
        if response.status_code == 429 and self._limiter is not None:
            if isinstance(self._limiter, RateLimiter):
                self.back_off(response)
            else:
                await in_thread(lambda: self.back_off(response))

    def next_after(self, attempts: Attempts, response: httpx.Response) -> Retry | None:
        """Return the next attempt after an answer that was read."""
        wait = retry_after(response.headers, datetime.now(UTC))
        return attempts.after_response(response, status_of(response, parse(response))[0], wait)

    def next_after_failure(self, attempts: Attempts, error: httpx.TransportError) -> Retry | None:
        """Return the next attempt after a failure on the way."""
        if not isinstance(error, (*_UNSENT, *_LOST)):
            return None
        return attempts.after_failure(type(error).__name__, sent=not isinstance(error, _UNSENT))

    def tell(self, retry: Retry) -> object:
        """Log a repetition, and tell the caller's hook; return what the hook returns."""
        _logger.info(
            "Sending %s %s again in %.2f s after %s: attempt %d of %d.",
            retry.method,
            retry.path,
            retry.delay,
            retry.reason,
            retry.attempt,
            self._policy.attempts,
        )
        if self._policy.on_retry is None:
            return None
        try:
            return self._policy.on_retry(retry)
        except Exception as error:  # noqa: BLE001 - a hook of the caller's must not fail the call
            self.log_failure(error)
            return None

    def log_failure(self, error: Exception) -> None:
        """Log that the hook failed."""
        _logger.error("on_retry raised %s; the call goes on.", type(error).__name__)


class Transport(httpx.BaseTransport):
    """Sends requests through another transport, in their turn and again where that is of use."""

    def __init__(self, inner: httpx.BaseTransport, policy: RetryPolicy, limiter: RateLimit | None) -> None:
        self._inner = inner
        self._sending = _Sending(policy, limiter)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until there is an answer to give back."""
        sending, sealed = self._sending, Sealed(request)
        until = sending.until(request)
        attempts = sending.attempts(request, until)
        del request
        while True:
            if turn := sending.turn():
                time.sleep(turn)
            try:
                response = self._inner.handle_request(sealed.request)
                if isinstance(response.stream, httpx.SyncByteStream):
                    response.stream = _TimedBody(response.stream, sealed, until)
                if response.status_code not in _IN_QUESTION:
                    return response
                _bind(response, sealed).read()
            except httpx.TransportError as error:
                retry = sending.next_after_failure(attempts, error)
                if retry is None:
                    raise
            else:
                sending.back_off(response)
                retry = sending.next_after(attempts, response)
                if retry is None:
                    return response
            sending.tell(retry)
            time.sleep(retry.delay)

    def close(self) -> None:
        """Close the other transport."""
        self._inner.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends requests through another transport, in their turn and again where that is of use, async."""

    def __init__(self, inner: httpx.AsyncBaseTransport, policy: RetryPolicy, limiter: RateLimit | None) -> None:
        self._inner = inner
        self._sending = _Sending(policy, limiter)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until there is an answer to give back."""
        sending, sealed = self._sending, Sealed(request)
        until = sending.until(request)
        attempts = sending.attempts(request, until)
        del request
        while True:
            if turn := await sending.aturn():
                await asleep(turn)
            try:
                response = await self._inner.handle_async_request(sealed.request)
                if isinstance(response.stream, httpx.AsyncByteStream):
                    response.stream = _AsyncTimedBody(response.stream, sealed, until)
                if response.status_code not in _IN_QUESTION:
                    return response
                await _bind(response, sealed).aread()
            except httpx.TransportError as error:
                retry = sending.next_after_failure(attempts, error)
                if retry is None:
                    raise
            else:
                await sending.aback_off(response)
                retry = sending.next_after(attempts, response)
                if retry is None:
                    return response
            told = sending.tell(retry)
            if isinstance(told, Awaitable):
                try:
                    await told
                except Exception as error:  # noqa: BLE001 - a hook of the caller's must not fail the call
                    sending.log_failure(error)
            await asleep(retry.delay)

    async def aclose(self) -> None:
        """Close the other transport."""
        await self._inner.aclose()


class Pools(httpx.BaseTransport):
    """Several connection pools in place of one, as many as there are requests under way, up to a few.

    For each request httpcore looks at every connection of a pool, and at those that are idle through the system.
    """

    def __init__(self, first: httpx.BaseTransport, make: Callable[[], httpx.BaseTransport]) -> None:
        self._pools = [first]
        self._busy = [0]
        self._make = make
        self._guard = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the pool that has least to do."""
        sealed = Sealed(request)
        del request
        with self._guard:
            place = _least(self._busy)
            if place == len(self._pools):
                self._pools.append(self._make())
                self._busy.append(0)
            self._busy[place] += 1
        try:
            return self._pools[place].handle_request(sealed.request)
        finally:
            with self._guard:
                self._busy[place] -= 1

    def close(self) -> None:
        """Close all of them."""
        for pool in self._pools:
            pool.close()


class AsyncPools(httpx.AsyncBaseTransport):
    """Several connection pools in place of one, async."""

    def __init__(self, first: httpx.AsyncBaseTransport, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._pools = [first]
        self._busy = [0]
        self._make = make

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the pool that has least to do."""
        sealed = Sealed(request)
        del request
        place = _least(self._busy)
        if place == len(self._pools):
            self._pools.append(self._make())
            self._busy.append(0)
        self._busy[place] += 1
        try:
            return await self._pools[place].handle_async_request(sealed.request)
        finally:
            self._busy[place] -= 1

    async def aclose(self) -> None:
        """Close all of them."""
        for pool in self._pools:
            await pool.aclose()


def _least(busy: list[int]) -> int:
    """Return the place of the pool that has least to do; one beyond the last for a new one."""
    least = min(busy)
    return len(busy) if least and len(busy) < MOST_POOLS else busy.index(least)


def _bind(response: httpx.Response, sealed: Sealed) -> httpx.Response:
    response.request = sealed.request
    return response
