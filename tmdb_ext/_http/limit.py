"""No more requests than TMDB takes: smooth, in the order of asking, and shared by all clients of this process.

TMDB documents about 40 requests a second and sends no header that says how many are left. A turn is given when its time
has come and not before, so that requests that wake up late do not go out together.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from typing import Final, Literal, Protocol

from tmdb_ext._errors import ConfigurationError

from .forks import PerProcess

# This is an assumption. TMDB gives no exact number, its answers have no X-RateLimit headers that say how much is left,
# and 12 requests at once were all answered (2026-07-28). So the client keeps to its own rate, and waits after a 429.
TMDB_RATE: Final = 40.0
"""Requests a second that TMDB takes from one address, more or less."""
BURST: Final = 4
"""How many of them may come at once after a pause."""
LONGEST_SLEEP: Final = 0.5
"""Seconds after which whoever waits for a turn asks again: those before it may have given up."""
_LATE: Final = 0.1
"""Seconds after which a turn that nobody has come for goes to whoever asks."""

_shared: dict[tuple[str, float], RateLimiter] = {}
_guard: Final = PerProcess(threading.Lock)


class Wait(float):
    """Seconds to wait, and for what, if it is not for others who are before."""

    reason: str

    def __new__(cls, seconds: float, reason: str) -> Wait:
        """Make one.

        Args:
            seconds: how long to wait before asking again.
            reason: what is waited for, as the errors of calls say it that cannot wait for so long.
        """
        wait = super().__new__(cls, seconds)
        wait.reason = reason
        return wait


class RateLimit(Protocol):
    """Says when a request may go: what `rate_limit` takes beside a number. May be called from any thread.

    A turn is given when it has come, never promised. `take` and `back_off` may wait for a server; the other two must
    not, since a call that was cancelled cannot wait.
    """

    def take(self, waiter: object) -> float:
        """Take a turn for `waiter` if there is one now.

        Args:
            waiter: tells one request from another; it asks until it gets its turn or leaves.

        Returns:
            0 if the request may go now; otherwise the seconds until its turn is expected. No turn is taken then.
        """

    def leave(self, waiter: object) -> None:
        """Forget a request that has given up waiting."""

    def give_back(self, seconds: float) -> None:
        """Take back a turn that was given so many seconds ago: the request that had it was not sent."""

    def back_off(self, seconds: float) -> None:
        """Give nobody a turn for some seconds: TMDB has had too much."""


METHODS: Final = ("take", "leave", "give_back", "back_off")


class _Waiting:
    """Those of one process who wait. A forked child begins afresh: whoever waited or held the lock is in the other."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        # In the order of asking: a dict keeps it, and lets any of them leave.
        self.places: dict[int, int] = {}
        self.asked = 0


class RateLimiter:
    """Lets requests through at a rate, each in its turn."""

    is_in_memory: Final = True

    def __init__(
        self, rate: object, *, burst: int = BURST, clock: Callable[[], float] = time.monotonic, first: float = 0.0
    ) -> None:
        """Make a limiter.

        Args:
            rate: requests a second.
            burst: how many may go at once after a pause.
            clock: tells the time in seconds.
            first: seconds until the first one may go.

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
        self._due = clock() + first if first else float("-inf")
        self._blocked = float("-inf")
        self._own = PerProcess(_Waiting)

    def take(self, waiter: object) -> float:
        """Take a turn for `waiter` if there is one now; return 0, or the seconds until one is expected."""
        name = id(waiter)
        own = self._own.get()
        with own.lock:
            now = self._clock()
            waiting = own.places
            start = max(self._due, self._blocked)
            if now >= start and (not waiting or next(iter(waiting)) == name or now >= start + _LATE):
                waiting.pop(name, None)
                self._due = max(self._due, now - self._slack) + self._interval
                return 0.0
            place = waiting.get(name)
            if place is None:
                own.asked += 1
                place = waiting[name] = own.asked
            before = min(place - waiting[next(iter(waiting))], len(waiting) - 1)
            return max(start + before * self._interval - now, self._interval / 4)

    def leave(self, waiter: object) -> None:
        """Forget a request that has given up waiting."""
        own = self._own.get()
        with own.lock:
            own.places.pop(id(waiter), None)

    def give_back(self, seconds: float = 0.0) -> None:
        """Take back a turn that was given so many seconds ago: the request that had it was not sent."""
        # The time of an older one has passed: given back, many of them would go out together.
        if seconds < self._interval:
            with self._own.get().lock:
                self._due -= self._interval

    def back_off(self, seconds: float) -> None:
        """Give nobody a turn for some seconds: TMDB has had too much."""
        with self._own.get().lock:
            self._blocked = max(self._blocked, self._clock() + seconds)


def limiter_of(rate_limit: float | Literal["tmdb"] | RateLimit | None, origin: str, host: str) -> RateLimit | None:
    """Return the limiter for a client; clients of one address and rate have the same one.

    By default there is none for a server on this machine, which is no TMDB.
    """
    if rate_limit is None or (rate_limit == "tmdb" and _is_loopback(host)):
        return None
    rate = TMDB_RATE if rate_limit == "tmdb" else rate_limit
    if not isinstance(rate, int | float):
        missing = [name for name in METHODS if not callable(getattr(rate, name, None))]
        if not missing:
            return rate
        if len(missing) < len(METHODS):
            raise ConfigurationError(f"rate_limit is an object without the method {missing[0]}.")
        return RateLimiter(rate)  # which refuses it
    with _guard.get():
        found = _shared.get((origin, rate))
        if found is None:
            found = _shared[origin, rate] = RateLimiter(rate)
        return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
