"""No more requests than TMDB takes: smooth, in the order of asking, and shared by all clients of this process."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from typing import Final, Literal, Protocol

from ._errors import ConfigurationError

# This is an assumption. TMDB gives no exact number, its answers have no X-RateLimit headers that say how much is left,
# and 12 requests at once were all answered (2026-07-28). So the client keeps to its own rate, and waits after a 429.
TMDB_RATE: Final = 40.0
"""Requests a second that TMDB takes from one address, more or less."""
BURST: Final = 4
"""How many of them may come at once after a pause."""

_shared: dict[tuple[str, float], RateLimiter] = {}
_guard = threading.Lock()


class RateLimit(Protocol):
    """Says when a request may go: what `rate_limit` takes beside a number."""

    def reserve(self) -> float:
        """Take the next turn; return the seconds until it comes. May be called from any thread, and may wait."""

    def back_off(self, seconds: float) -> None:
        """Give nobody a turn for some seconds: TMDB has had too much."""


class RateLimiter:
    """Lets requests through at a rate, each in its turn."""

    def __init__(self, rate: object, *, burst: int = BURST, clock: Callable[[], float] = time.monotonic) -> None:
        """Make a limiter.

        Args:
            rate: requests a second.
            burst: how many may go at once after a pause.
            clock: tells the time in seconds.

        Raises:
            ConfigurationError: a number is out of range.
        """
        if not (isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < float("inf")):
            raise ConfigurationError(f"rate_limit must be a number of requests a second, or None, not {rate!r}.")
        if not (isinstance(burst, int) and not isinstance(burst, bool) and burst >= 1):
            raise ConfigurationError(f"burst must be a number of requests, 1 or more, not {burst!r}.")
        self._interval = 1 / rate
        self._slack = (burst - 1) / rate
        self._clock = clock
        self._lock = threading.Lock()
        self._due = float("-inf")

    def reserve(self) -> float:
        """Take the next turn; return the seconds until it comes."""
        with self._lock:
            now = self._clock()
            turn = max(self._due, now - self._slack)
            self._due = turn + self._interval
            return max(0.0, turn - now)

    def back_off(self, seconds: float) -> None:
        """Give nobody a turn for some seconds: TMDB has had too much."""
        with self._lock:
            self._due = max(self._due, self._clock() + seconds)


def limiter_of(rate_limit: float | Literal["tmdb"] | RateLimit | None, origin: str, host: str) -> RateLimit | None:
    """Return the limiter for a client; clients of one address and rate have the same one.

    By default there is none for a server on this machine, which is no TMDB.
    """
    if rate_limit is None or (rate_limit == "tmdb" and _is_loopback(host)):
        return None
    rate = TMDB_RATE if rate_limit == "tmdb" else rate_limit
    if not isinstance(rate, int | float):
        return rate if hasattr(rate, "reserve") and hasattr(rate, "back_off") else RateLimiter(rate)  # which refuses it
    with _guard:
        found = _shared.get((origin, rate))
        if found is None:
            found = _shared[origin, rate] = RateLimiter(rate)
        return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
