"""How a client sends requests again: the policy, and what a hook is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tmdb_ext._errors import ConfigurationError


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
        self.attempts: int = attempts
        self.backoff: float = backoff
        self.longest: float = longest
        self.budget: float = budget
        self.on_retry: Callable[[Retry], object] | None = on_retry

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in ("attempts", "backoff", "longest", "budget"))
        return f"RetryPolicy({shown})"


def policy_of(retries: bool | RetryPolicy) -> RetryPolicy:
    """Return the policy that a client's argument stands for."""
    if isinstance(retries, RetryPolicy):
        return retries
    return DEFAULT if retries else RetryPolicy(attempts=1)


DEFAULT: Final = RetryPolicy()
