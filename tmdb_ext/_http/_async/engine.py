"""Sends a request: in its turn, within its deadline, and again if that is of use."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from tmdb_ext._errors import TMDBError
from tmdb_ext._http.attempts import DOUBTFUL, TURNED_AWAY, Attempts
from tmdb_ext._http.deadline import Deadline
from tmdb_ext._http.limit import LONGEST_SLEEP, Wait
from tmdb_ext._http.messages import Response, WireFailure
from tmdb_ext._http.responses import is_json, is_plain, retry_after, status_of, unreadable
from tmdb_ext._http.translation import error_of, out_of_time

from .concurrency import leavable, may_wait, sleep

if TYPE_CHECKING:
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.limit import RateLimit
    from tmdb_ext._http.messages import Request, Timeouts
    from tmdb_ext._http.retry import Retry, RetryPolicy

    from .exchange import AsyncOpening

BACK_OFF: Final = 1.0
"""Seconds for which nobody asks TMDB anything after a 429 that does not say for how long."""
GOOD_FOR: Final = 0.05
"""Seconds within which a turn is used. Connections that come late, and together, must not send together."""
PATIENCE: Final = 2.0
"""Seconds to wait for a limit on another machine. After that it is asked again."""

_UNTIL_ASKED_AGAIN: Final = Wait(0.01, "what keeps the limit does not answer")

_logger = logging.getLogger("tmdb_ext")


class AsyncWire(Protocol):
    """Carries one request to the server and the response back."""

    async def send(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> Response:
        """Send a request; return the response, read to its end.

        Raises:
            WireFailure: no whole response came.
        """

    def open(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> AsyncOpening:
        """Return a block in which the response is read piece by piece. It raises what `send` raises."""

    async def aclose(self) -> None:
        """Close the connections."""


class AsyncSender(Protocol):
    """What the parts of the engine have in common, each of them around the next."""

    async def send(self, request: Request, call: Call) -> Response:
        """Send a request; return the response, read to its end, whatever its status.

        Raises:
            TMDBError: no response came, or none that can be read.
        """


class AsyncEngine:
    """Sends requests through a wire: the attempts at each, its turns, and the pauses between."""

    def __init__(self, wire: AsyncWire, limiter: RateLimit | None) -> None:
        self._wire = wire
        self._limiter = limiter

    async def send(self, request: Request, call: Call) -> Response:
        """Send a request until there is a response to give back.

        Raises:
            TMDBError: no response came, or none that can be read.
        """
        deadline = call.deadline if call.deadline.at is not None else Deadline(call.policy.budget)
        attempts = Attempts(call, request, deadline)
        sent = False
        while True:
            turn: AsyncTurn | None = None
            if self._limiter is not None:
                turn = AsyncTurn(self._limiter, request, call, deadline, sent=sent)
                await turn.take()
                request.before_sending = turn.renew
            elif deadline.passed:
                raise out_of_time(call.describe(request), sent=sent)
            failure: TMDBError | None = None
            response: Response | None = None
            request.was_sent, was_used = False, True
            try:
                response = await self._sent(request, call, deadline)
            except WireFailure as problem:
                was_used = problem.sent
                sent = sent or problem.sent
                failure = error_of(problem, call.describe(request))
                retry = None
                if problem.kind not in ("too large", "address"):
                    retry = attempts.after_failure(type(failure).__name__, sent=problem.sent)
            except BaseException:  # the task was cancelled, or a proxy cannot be used
                was_used = request.was_sent
                raise
            else:
                sent = True
                _log(response, request, call)
                retry = await self._after(response, request, call, attempts)
                if retry is None and call.strict and _should_be_json(response, call) and not is_json(response):
                    failure = unreadable(call, request, response, "is not a JSON object or list")
            finally:
                if turn is not None and not was_used:
                    turn.give_back()
            if retry is None:
                if failure is not None:
                    raise failure
                if response is not None:
                    return response
            else:
                await _announce(retry, call.policy)
                await sleep(retry.delay)

    async def _sent(self, request: Request, call: Call, deadline: Deadline) -> Response:
        if not call.streams:
            return await self._wire.send(request, call.timeouts, deadline)
        opening = self._wire.open(request, call.timeouts, deadline)
        streaming = await opening.__aenter__()
        response = Response(streaming.status, streaming.headers, b"", streaming.http_version)
        if streaming.status < 400:
            response.streaming, response.opening = streaming, opening
            return response
        try:  # what a refusal says has to be known
            async for piece in streaming:
                response.content += piece
        finally:
            await opening.__aexit__(None, None, None)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def _after(self, response: Response, request: Request, call: Call, attempts: Attempts) -> Retry | None:
        """Return the next attempt after a response that was read to its end, or None."""
        status = response.status
        if status in TURNED_AWAY or status in DOUBTFUL:
            wait = retry_after(response, datetime.now(UTC))
            if status == 429 and self._limiter is not None:
                limiter, seconds = self._limiter, BACK_OFF if wait is None else min(wait, call.policy.longest)
                if may_wait(limiter):
                    with suppress(TimeoutError):
                        await leavable(lambda: limiter.back_off(seconds), attempts.within(PATIENCE))
                else:
                    limiter.back_off(seconds)
            return attempts.after_response(status, status_of(request, response)[0], wait)
        if response.streaming is None and _should_be_json(response, call) and not is_json(response):
            return attempts.after_failure("DecodeError", sent=True)
        return None


class AsyncTurn:
    """The turn of one request under the rate limit."""

    def __init__(self, limiter: RateLimit, request: Request, call: Call, deadline: Deadline, *, sent: bool) -> None:
        self._limiter = limiter
        self._request = request
        self._call = call
        self._deadline = deadline
        self._sent = sent
        self._taken_at: float | None = None

    async def take(self) -> None:
        """Wait for the turn. A call whose deadline lies before it ends at once, and leaves the turn to others.

        Raises:
            RequestTimeout: the deadline lies before the turn.
        """
        limiter, deadline = self._limiter, self._deadline
        waiter = object()
        try:
            while (wait := await _asked(limiter, waiter, deadline)) > 0:
                left = deadline.left()
                if left is not None and wait >= left:
                    what = f"its turn under the rate limit comes in {wait:.1f} s, after the budget of the call"
                    if isinstance(wait, Wait):
                        what = f"no turn under the rate limit within the budget of the call: {wait.reason}"
                    raise out_of_time(self._call.describe(self._request), sent=self._sent, what=what)
                await sleep(min(wait, LONGEST_SLEEP))
            self._taken_at = time.monotonic()
        finally:
            if self._taken_at is None:
                limiter.leave(waiter)
        if deadline.passed:
            self.give_back()
            raise out_of_time(self._call.describe(self._request), sent=self._sent)

    async def renew(self) -> None:
        """Wait for another turn, if this one is too old: the connection has come late, and others have gone before.

        Raises:
            RequestTimeout: the deadline lies before the turn.
        """
        if self._taken_at is None or time.monotonic() - self._taken_at > GOOD_FOR:
            self.give_back()
            await self.take()

    def give_back(self) -> None:
        """Give the turn back: the request was not sent."""
        if self._taken_at is not None:
            age, self._taken_at = time.monotonic() - self._taken_at, None
            self._limiter.give_back(age)


async def _asked(limiter: RateLimit, waiter: object, deadline: Deadline) -> float:
    """Ask a limit for a turn; return 0 if there is one, or the seconds until one is expected.

    A turn that comes when nobody waits for it any more is given back.
    """
    if not may_wait(limiter):
        return limiter.take(waiter)
    in_line = getattr(limiter, "in_line", None)
    wait: float | None = None if in_line is None else in_line(waiter)
    if wait is not None:
        return wait

    def late(wait: float) -> None:
        if wait <= 0:
            limiter.give_back(0.0)

    try:
        return await leavable(lambda: limiter.take(waiter), deadline.within(PATIENCE), late)
    except TimeoutError:
        return _UNTIL_ASKED_AGAIN


async def _announce(retry: Retry, policy: RetryPolicy) -> None:
    """Log a repetition, and tell the caller's hook."""
    _logger.info(
        "Sending %s %s again in %.2f s after %s: attempt %d of %d.",
        retry.method,
        retry.path,
        retry.delay,
        retry.reason,
        retry.attempt,
        policy.attempts,
    )
    if policy.on_retry is None:
        return
    try:
        result = policy.on_retry(retry)
        if isinstance(result, Awaitable):
            await result
    except Exception as error:  # noqa: BLE001 - a hook of the caller's must not fail the call
        # Only the kind: what a hook raises may quote what it was given.
        _logger.error("on_retry raised %s; the call goes on.", type(error).__name__)


def _should_be_json(response: Response, call: Call) -> bool:
    return 200 <= response.status < 300 and response.status not in (204, 205) and not is_plain(call.operation)


def _log(response: Response, request: Request, call: Call) -> None:
    if _logger.isEnabledFor(logging.DEBUG):
        context = call.describe(request)
        _logger.debug("%s %s: HTTP %d", context["method"], context["path"], response.status)
