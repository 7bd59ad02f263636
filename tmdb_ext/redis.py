"""One TMDB citizen of many machines: sessions and the rate limit in Redis. Needs the extra: ``tmdb-ext[redis]``.

    from tmdb_ext import TMDB
    from tmdb_ext.redis import RedisRateLimit, RedisStore

    url = "rediss://cache.internal:6379/0"
    tmdb = TMDB(store=RedisStore(url), rate_limit=RedisRateLimit(url))

While Redis cannot be reached, calls go on: each process then keeps to the rate by itself and has sessions of its own,
and the log says so.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from ._errors import ConfigurationError
from ._extras import extra
from ._http.forks import PerProcess
from ._http.limit import BURST, TMDB_RATE, RateLimiter

with extra("redis", "Sessions and rates in Redis need", "redis"):
    import redis
    from redis.backoff import NoBackoff
    from redis.exceptions import LockError, RedisError
    from redis.retry import Retry

if TYPE_CHECKING:
    from ._stores import Record

__all__ = ["RedisRateLimit", "RedisStore"]

PATIENCE: Final = 2.0
"""Seconds to wait for Redis, to connect and to answer."""
LOCK_LIFETIME: Final = 15.0
"""Seconds after which the lock of a holder that has died is free again; one that lives renews it."""
PAUSE: Final = 5.0
"""Seconds without asking for turns in Redis, after it could not be reached."""

# The time at which the next turn is due, in microseconds of Redis's own clock: machines need not agree on the time.
_TAKE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local turn = tonumber(redis.call('GET', KEYS[1]) or 0)
if turn > now then
  return turn - now
end
local due = math.max(turn, now - slack) + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((math.max(due - now, 0) + slack) / 1000) + 1000)
return 0
"""
_BACK_OFF: Final = """
local clock = redis.call('TIME')
local until_then = clock[1] * 1000000 + clock[2] + tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[1]) or 0) < until_then then
  redis.call('SET', KEYS[1], string.format('%.0f', until_then), 'PX', math.ceil(tonumber(ARGV[1]) / 1000) + 1000)
end
return 0
"""

_logger = logging.getLogger("tmdb_ext")


class _Own:
    """What belongs to one process. A forked child begins afresh."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.locks: dict[str, _KeptLock] = {}
        self.waiting: dict[int, None] = {}
        """Of those in this process who wait for a turn, the first one asks Redis."""


class RedisStore:
    """Keeps sessions in Redis, for all processes and machines that name the same server and prefix.

    Among them one guest session is made, and one session from a user access token: whoever makes it holds a lock, which
    lapses if its holder dies. What is kept are credentials: protect the server, and use ``rediss://`` beyond one
    machine. Use one prefix per application, since a session belongs to one.

    Args:
        server: a URL (``redis://``, ``rediss://`` or ``unix://``), or a `redis.Redis` of yours.
        prefix: what the names of all keys begin with.

    Raises:
        ConfigurationError: `server` is not usable, or `prefix` is empty.
    """

    def __init__(self, server: str | redis.Redis, *, prefix: str = "tmdb-ext") -> None:
        self._redis = _connected(server)
        self._prefix = _named(prefix, "prefix")
        self._own = PerProcess(_Own)

    def load(self, key: str) -> Record | None:
        """Return what was saved under `key`, or None."""
        text: Any = self._redis.get(self._name(key))
        try:
            record = None if text is None else json.loads(text)
        except ValueError:
            _logger.warning("A session in Redis is damaged and counts as missing.")
            return None
        return record if isinstance(record, dict) else None

    def save(self, key: str, record: Record) -> None:
        """Keep `record` under `key`."""
        self._redis.set(self._name(key), json.dumps(dict(record), sort_keys=True))

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`."""
        self._redis.delete(self._name(key))

    def acquire(self, key: str) -> bool:
        """Take the lock of `key`, or return False where somebody else has it.

        Where Redis cannot be reached there is nobody to agree with, and the caller goes on.
        """
        own = self._own.get()
        with own.guard:
            if key in own.locks:
                return False
            lock = _KeptLock(self._redis, f"{self._name(key)}:lock")
            try:
                if not lock.acquire():
                    return False
            except RedisError as error:
                _logger.warning("The lock in Redis could not be taken (%s); going on without.", type(error).__name__)
            own.locks[key] = lock
            return True

    def release(self, key: str) -> None:
        """Give the lock of `key` back; this does not wait for Redis."""
        own = self._own.get()
        with own.guard:
            lock = own.locks.pop(key, None)
            if lock is not None:
                lock.release()

    def _name(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def __repr__(self) -> str:
        return f"RedisStore(prefix={self._prefix!r})"


class RedisRateLimit:
    """A rate that all processes and machines share which name the same server and key.

    Turns are given in the order of asking, by the clock of the Redis server. After TMDB has answered 429 to one of
    them, all wait.

    Args:
        server: a URL (``redis://``, ``rediss://`` or ``unix://``), or a `redis.Redis` of yours.
        rate: requests a second, for all of them together.
        burst: how many may go at once after a pause.
        key: the name under which the next turn is kept.

    Raises:
        ConfigurationError: `server` is not usable, a number is out of range, or `key` is empty.
    """

    def __init__(
        self, server: str | redis.Redis, *, rate: float = TMDB_RATE, burst: int = BURST, key: str = "tmdb-ext:turns"
    ) -> None:
        # Also what is kept to while Redis cannot be reached.
        self._alone = RateLimiter(rate, burst=burst)
        self._rate = rate
        self._redis = _connected(server)
        self._key = _named(key, "key")
        self._take = self._redis.register_script(_TAKE)
        self._back_off = self._redis.register_script(_BACK_OFF)
        self._interval = round(1_000_000 / rate)
        self._slack = (burst - 1) * self._interval
        self._out_until = 0.0
        self._own = PerProcess(_Own)

    def take(self, waiter: object) -> float:
        """Take a turn for `waiter` if there is one now; return 0, or the seconds until one is expected."""
        own = self._own.get()
        with own.guard:
            own.waiting.setdefault(id(waiter))
            place = list(own.waiting).index(id(waiter))
        if place:
            return place / self._rate
        waited = self._asked(self._take, [self._interval, self._slack])
        wait = self._alone.take(waiter) if waited is None else waited / 1_000_000
        if wait <= 0:
            self.leave(waiter)
        return wait

    def leave(self, waiter: object) -> None:
        """Forget a request that has given up waiting."""
        own = self._own.get()
        with own.guard:
            own.waiting.pop(id(waiter), None)
        self._alone.leave(waiter)

    def back_off(self, seconds: float) -> None:
        """Give nobody a turn for some seconds: TMDB has had too much."""
        self._alone.back_off(seconds)
        self._asked(self._back_off, [round(seconds * 1_000_000)])

    def _asked(self, script: Any, arguments: list[int]) -> float | None:
        """Run a script; return what it returns, or None where Redis cannot be reached."""
        if time.monotonic() < self._out_until:
            return None
        try:
            return float(script(keys=[self._key], args=arguments))
        except RedisError as error:
            self._out_until = time.monotonic() + PAUSE
            _logger.warning(
                "The rate limit in Redis could not be asked (%s); keeping to %g requests a second alone for %g s.",
                type(error).__name__,
                self._rate,
                PAUSE,
            )
            return None

    def __repr__(self) -> str:
        return f"RedisRateLimit(rate={self._rate:g}, key={self._key!r})"


class _KeptLock:
    """A lock in Redis that a thread keeps alive while its holder lives, and gives back."""

    def __init__(self, server: redis.Redis, name: str) -> None:
        # Not bound to a thread: it is taken in one and given back in another.
        self._lock = server.lock(name, timeout=LOCK_LIFETIME, blocking=False, thread_local=False)
        self._done = threading.Event()
        self._keeper: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lock, or return False."""
        if not self._lock.acquire():
            return False
        self._keeper = threading.Thread(target=self._keep, name="tmdb-ext lock")
        self._keeper.start()
        return True

    def release(self) -> None:
        """Have it given back."""
        self._done.set()

    def _keep(self) -> None:
        due = time.monotonic() + LOCK_LIFETIME / 3
        # The program may end without a release; then this thread must not keep it.
        while not self._done.wait(0.5) and threading.main_thread().is_alive():
            if time.monotonic() >= due:
                due = time.monotonic() + LOCK_LIFETIME / 3
                self._try(lambda: self._lock.extend(LOCK_LIFETIME, replace_ttl=True))
        self._try(self._lock.release)

    def _try(self, step: Any) -> None:
        try:
            step()
        except LockError:  # it lapsed, and somebody else may have it
            self._done.set()
        except RedisError as error:
            _logger.warning("The lock in Redis could not be kept (%s).", type(error).__name__)


def _connected(server: object) -> redis.Redis:
    if isinstance(server, redis.Redis):
        return server
    problem = f"not a URL or redis.Redis, but of type {type(server).__name__}"
    if isinstance(server, str):
        try:
            return redis.Redis.from_url(
                server, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 1)
            )
        except (ValueError, TypeError):
            # Not its text: a URL may hold a password.
            problem = "not a URL that begins with redis://, rediss:// or unix://"
    raise ConfigurationError(f"The Redis server is {problem}.")


def _named(text: str, what: str) -> str:
    if not (isinstance(text, str) and text):
        raise ConfigurationError(f"{what} must be a name that is not empty.")
    return text
