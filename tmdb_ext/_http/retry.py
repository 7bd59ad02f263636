"""Whether a request is sent again, and when: pure decisions."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

from tmdb_ext._errors import ConfigurationError
from tmdb_ext._status_codes import STATUS_CODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmdb_api_client.v3.operations import Operation

    from .call import Call
    from .deadline import Deadline
    from .messages import Request

TURNED_AWAY: Final = frozenset({429, 503})
"""HTTP statuses of a request that was not carried out."""
DOUBTFUL: Final = frozenset({500, 502, 504})
"""HTTP statuses of a request that may have been carried out."""

_SETTING_A_STATE: Final = frozenset(
    {
        "movie-add-rating",
        "tv-series-add-rating",
        "tv-episode-add-rating",
        "account-add-favorite",
        "account-add-to-watchlist",
    }
)
"""POSTs that may be repeated: the second one finds what the first one has set."""


class Retry(NamedTuple):
    """A request that is about to be sent again: what the hook `on_retry` is told."""

    operation: str | None
    """TMDB's name for the operation, where one is known."""
    method: str
    """The HTTP method."""
    path: str
    """The path template."""
    attempt: int
    """Which attempt comes now: 2 for the first repetition."""
    delay: float
    """Seconds until then."""
    reason: str
    """What happened: ``HTTP 503``, or the name of the error that it would be: ``ConnectError``."""


class RetryPolicy:
    """How a client repeats requests that failed on the way or that TMDB turned away; `TMDB(retries=RetryPolicy(...))`.

    Repeated are failed connections, time-outs and the statuses 429, 500, 502, 503 and 504, unless TMDB's status code
    says that it is of no use. A request that may have been carried out is repeated only where that cannot do it twice:
    reading, PUT, DELETE, ratings and marks, and not the creation of a list or a change to what is on it.

    Nobody has recorded the headers of a 429 of TMDB's. If it has `Retry-After`, that is honoured; if it has none, the
    pause is drawn as after any other failure.
    """

    __slots__ = ("attempts", "backoff", "budget", "longest", "on_retry")

    def __init__(
        self,
        *,
        attempts: int = 4,
        backoff: float = 0.5,
        longest: float = 30.0,
        budget: float = 90.0,
        on_retry: Callable[[Retry], object] | None = None,
    ) -> None:
        """Make a policy.

        Args:
            attempts: how often a request is sent at most; 1 never repeats.
            backoff: seconds from which the first pause is drawn (0 to `backoff`); the range doubles with each attempt.
            longest: seconds that a pause takes at most. A `Retry-After` that asks for more ends the call.
            budget: seconds that a call may take in all: waiting for a turn, for a lock and for a connection, sending,
                the head and the body, the pauses and the repetitions. Then it ends, whatever the server does.
            on_retry: called with a `Retry` before each repetition; may be a coroutine function for an `AsyncTMDB`.

        Raises:
            ConfigurationError: a number is out of range.
        """
        if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
            raise ConfigurationError(f"attempts must be a whole number, 1 or more, not {attempts!r}.")
        for name, seconds in (("backoff", backoff), ("longest", longest), ("budget", budget)):
            if not (isinstance(seconds, int | float) and 0 <= seconds < float("inf")):
                raise ConfigurationError(f"{name} must be a number of seconds, 0 or more, not {seconds!r}.")
        self.attempts = attempts
        self.backoff = backoff
        self.longest = longest
        self.budget = budget
        self.on_retry = on_retry

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in ("attempts", "backoff", "longest", "budget"))
        return f"RetryPolicy({shown})"


def policy_of(retries: bool | RetryPolicy) -> RetryPolicy:
    """Return the policy that a client's argument stands for."""
    if isinstance(retries, RetryPolicy):
        return retries
    return DEFAULT if retries else RetryPolicy(attempts=1)


DEFAULT: Final = RetryPolicy()


class Attempts:
    """The attempts at one request."""

    def __init__(self, call: Call, request: Request, deadline: Deadline) -> None:
        self._call = call
        self._request = request
        self._deadline = deadline
        self._made = 1

    @property
    def can_be_repeated(self) -> bool:
        """Whether a request that may have been carried out can be sent again."""
        return can_be_repeated(self._request.method, self._call.operation)

    def after_response(self, status: int, code: int | None, retry_after: float | None) -> Retry | None:
        """Return the next attempt after an answer, or None."""
        known = STATUS_CODES.get(code) if code is not None else None
        if known is not None and not known.transient:
            return None
        if status in TURNED_AWAY or (status in DOUBTFUL and self.can_be_repeated):
            return self._next(f"HTTP {status}", retry_after)
        return None

    def after_failure(self, reason: str, *, sent: bool) -> Retry | None:
        """Return the next attempt after a failure on the way, or after an answer that cannot be read; or None.

        Args:
            reason: what failed, for people.
            sent: whether the request may have reached TMDB.
        """
        return self._next(reason, None) if not sent or self.can_be_repeated else None

    def _next(self, reason: str, retry_after: float | None) -> Retry | None:
        policy = self._call.policy
        if self._made >= policy.attempts:
            return None
        # Full jitter: those that failed together do not come back together.
        delay = random.uniform(0, min(policy.longest, policy.backoff * 2 ** (self._made - 1)))  # noqa: S311
        if retry_after is not None:
            delay += retry_after
        left = self._deadline.left()
        if (retry_after or 0.0) > policy.longest or (left is not None and delay >= left):
            return None
        self._made += 1
        return Retry(**self._call.describe(self._request), attempt=self._made, delay=delay, reason=reason)


def can_be_repeated(method: str, operation: Operation | None) -> bool:
    """Return whether sending a request twice does no more than sending it once."""
    if operation is not None and operation.tag == "lists" and operation.user_auth in ("session", "user_access_token"):
        return operation.id in ("list-update", "list-delete", "list-clear")
    if method in ("GET", "HEAD", "PUT", "DELETE"):
        return True
    return operation is not None and operation.id in _SETTING_A_STATE and operation.path.startswith("/3/")
