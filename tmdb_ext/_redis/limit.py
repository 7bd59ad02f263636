"""A rate that a fleet shares: turns in Redis, by its clock, one worker after the other."""

from __future__ import annotations

import logging
import random
import threading
import time
from secrets import token_hex
from typing import Any, Final

from tmdb_ext._errors import ConfigurationError, TMDBError, TransportError
from tmdb_ext._http import errands
from tmdb_ext._http.forks import PerProcess
from tmdb_ext._http.limit import BURST, LONGEST_SLEEP, TMDB_RATE, RateLimiter, Wait

from . import server as redis_server
from .server import VERSION, Busy, Connection, OnOutage, Outage, Script, checked_choice, named

LEASE: Final = 1.0
"""Seconds after which a worker loses its place that has not asked when it was to."""
LATE: Final = 0.1
"""Seconds after which a turn that its worker has not come for goes to another that asks."""
SEEN_FOR: Final = 600.0
"""Seconds for which a worker counts as one, after it has asked last."""
MOST_STUCK: Final = 4
"""Questions that may hang at once in one process, if the server is a client of the caller's without time-outs."""

_logger = logging.getLogger("tmdb_ext")

# Times are in microseconds of Redis's own clock: machines need not agree on the time.
#
# The state is a hash: when the next turn is `due`, which is never further ahead than the `step` that was added last;
# until when all are `blocked` after a 429, which is never longer than `longest`. What is further ahead has been written
# before the clock was put back, and is put right. The queue has the workers in the order of asking, and the leases say
# until when each of them keeps its place.
_LIBRARY: Final = f"""
-- A command that needs no memory: a script that has written goes on if memory is full, and the fleet stays one.
redis.call('PEXPIRE', KEYS[1], 60000)
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local state = redis.call('HMGET', KEYS[1], 'version', 'due', 'step', 'blocked', 'longest')
if tonumber(state[1] or 0) > {VERSION} then
  return redis.error_reply('TMDBEXT-LATER a later version keeps its turns here')
end
-- A server that has forgotten gives no burst: it may have given one a moment ago.
local due, step = tonumber(state[2] or now), tonumber(state[3] or 0)
local blocked, longest = tonumber(state[4] or 0), tonumber(state[5] or 0)
local repaired = 0
if due > now + step then
  repaired = due - now
  due = now + step
end
if blocked > now + longest then
  repaired = math.max(repaired, blocked - now - longest)
  blocked = now + longest
end
local function text(number)
  return string.format('%.0f', number)
end
local function keep()
  redis.call('HSET', KEYS[1], 'version', {VERSION}, 'due', text(due), 'step', text(step),
    'blocked', text(blocked), 'longest', text(longest))
  redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(blocked - now, 0) / 1000) + 60000)
end
"""
_TAKE: Final = Script(
    _LIBRARY
    + """
local interval, slack, me = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local sleep, lease, late, seen = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local others_wait = ARGV[8] == '1'
local function leave(worker)
  redis.call('ZREM', KEYS[2], worker)
  redis.call('ZREM', KEYS[3], worker)
end
local function join()
  redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[1], 'order', 1), me)
end
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do leave(worker) end
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], now + 2 * (sleep + lease), '+inf')) do leave(worker) end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - seen)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '(' .. text(now), '+inf')
redis.call('ZADD', KEYS[4], now, me)
local workers = redis.call('ZCARD', KEYS[4])
local place = redis.call('ZRANK', KEYS[2], me)
if not place then
  join()
  place = redis.call('ZRANK', KEYS[2], me)
end
local start = math.max(due, blocked)
local wait = 0
if now >= start and (place == 0 or now >= start + late) then
  leave(me)
  due, step = math.max(due, now - slack) + interval, interval
  if others_wait then join() end
else
  wait = math.max(start - now, 0) + place * interval
  if now >= start then wait = math.min(wait, start + late - now) end
  wait = math.max(wait, 1000)
end
if wait > 0 or others_wait then
  redis.call('ZADD', KEYS[3], now + math.min(wait, sleep) + lease, me)
end
keep()
for number = 2, 3 do redis.call('PEXPIRE', KEYS[number], 60000) end
redis.call('PEXPIRE', KEYS[4], math.ceil(seen / 1000))
return {math.ceil(wait), workers, math.floor(repaired)}
"""
)
_GIVE_BACK: Final = Script(
    _LIBRARY
    + """
due = math.max(due - tonumber(ARGV[1]), 0)
keep()
return 0
"""
)
_BACK_OFF: Final = Script(
    _LIBRARY
    + """
local until_then = now + tonumber(ARGV[1])
if blocked < until_then then
  blocked, longest = until_then, tonumber(ARGV[1])
  keep()
end
return math.floor(repaired)
"""
)
_LEAVE: Final = Script(
    """
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return 0
"""
)


class _Own:
    """What belongs to one process. A forked child begins afresh."""

    def __init__(self) -> None:
        self.name = token_hex(8)
        """Tells this worker from others."""
        self.guard = threading.Lock()
        self.places: dict[int, int] = {}
        """Of those in this process who wait for a turn, in the order of asking. The first one asks Redis."""
        self.asked = 0
        self.hanging = 0
        """Questions that have had no answer yet."""
        self.asked_at = 0.0
        """When the latest of them was asked."""
        self.has_place = False
        """Whether this worker may have a place in Redis's queue."""
        self.ask_again = 0.0
        """When the first one is to ask again, as Redis has said."""
        self.seen: list[tuple[float, int]] = []
        """How many workers there were lately, and when."""
        self.alone: RateLimiter | None = None
        """What this process keeps to without Redis."""
        self.alone_until = 0.0
        """When it need not be kept to beside Redis any more: others may not have found Redis again yet."""
        self.blocked_until = 0.0


class RedisRateLimit:
    """A rate that all processes and machines share which name the same server and key.

    Workers have their turns one after the other, by the clock of the Redis server. A turn is given when it has come,
    and a request that is not sent gives it back. After TMDB has answered 429 to one of them, all wait.

    Args:
        server: a URL (``redis://``, ``rediss://`` or ``unix://``), or a `redis.Redis` or `redis.RedisCluster` of yours.
        rate: requests a second, for all of them together.
        burst: how many may go at once after a pause.
        key: what the names of the keys begin with. TMDB counts by address, so applications behind one address share it.
        on_outage: what a call does while Redis cannot be asked. ``"wait"``, the default: it waits for Redis, as long as
            its budget lets it, then fails; nothing is sent. ``"share"``: this process keeps to `fallback_rate`.
            ``"fail"``: it fails at once, with a `TransportError` that is `retryable`.
        fallback_rate: requests a second of one process for ``"share"``; by default `rate` divided by the number of
            workers that Redis has seen in the last ten minutes. A process that has not asked Redis yet waits.

    Raises:
        ConfigurationError: `server` is not usable, a number is out of range, or `key` is empty.
    """

    is_remote: Final = True

    def __init__(
        self,
        server: object,
        *,
        rate: float = TMDB_RATE,
        burst: int = BURST,
        key: str = "tmdb-ext",
        on_outage: OnOutage = "wait",
        fallback_rate: float | None = None,
    ) -> None:
        RateLimiter(rate, burst=burst)  # refuses what is out of range
        self._rate = rate
        self._on_outage: OnOutage = checked_choice(on_outage, ("wait", "share", "fail"), "on_outage")
        if fallback_rate is not None:
            RateLimiter(fallback_rate)
            if on_outage != "share":
                raise ConfigurationError('fallback_rate is for on_outage="share".')
        self._fallback_rate = fallback_rate
        self._key = named(key, "key")
        self._connection = Connection(server, "the rate limit")
        # One hash tag: a cluster keeps them together, as a script needs them.
        self._keys = [f"{{{key}}}:{name}" for name in ("turns", "queue", "leases", "workers")]
        self._interval = round(1_000_000 / rate)
        self._slack = (burst - 1) * self._interval
        self._own = PerProcess(_Own)

    def in_line(self, waiter: object) -> float | None:
        """Return the seconds until `waiter` is to ask again, without asking Redis; None if it is to `take` now."""
        own, now = self._own.get(), time.monotonic()
        with own.guard:
            place = self._place(own, waiter)
            if now < own.blocked_until:
                return own.blocked_until - now
            if place:
                return place / self._rate
            if own.hanging and now - own.asked_at <= redis_server.PATIENCE:
                return 0.01
            return own.ask_again - now if own.ask_again > now and not self._connection.is_out else None

    def take(self, waiter: object) -> float:
        """Take a turn for `waiter` if there is one now; return 0, or the seconds until one is expected.

        Raises:
            ConfigurationError: Redis refuses, and will go on refusing until somebody changes something.
            TransportError: Redis cannot be asked, and ``on_outage`` is ``"fail"``.
        """
        before = self.in_line(waiter)
        if before is not None:
            return before
        try:
            return self._take(self._own.get(), waiter)
        except TMDBError:
            self.leave(waiter)
            raise

    def _take(self, own: _Own, waiter: object) -> float:
        if self._connection.is_out or self._hangs(own):
            return self._without_redis(own, waiter)
        alone = own.alone if time.monotonic() < own.alone_until else None
        if alone is not None and (wait := alone.take(waiter)) > 0:
            return wait
        try:
            wait = self._ask(own)
        except Outage as outage:
            if alone is not None:
                alone.give_back()
            if isinstance(outage, Busy):
                return Wait(0.05, f"the rate limit is in Redis, and {outage}")
            return self._without_redis(own, waiter)
        if alone is not None and wait > 0:
            alone.give_back()
        if wait <= 0:
            with own.guard:
                own.places.pop(id(waiter), None)
        return wait

    def leave(self, waiter: object) -> None:
        """Forget a request that has given up waiting; this does not wait for Redis."""
        own = self._own.get()
        with own.guard:
            own.places.pop(id(waiter), None)
            has_left = own.has_place and not own.places
            if has_left:
                own.has_place, own.ask_again = False, 0.0
        if own.alone is not None:
            own.alone.leave(waiter)
        if has_left:
            self._tell(_LEAVE, [own.name])

    def give_back(self, seconds: float = 0.0) -> None:
        """Take back a turn that was given so many seconds ago; this does not wait for Redis."""
        own = self._own.get()
        # The time of an older one has passed: given back, many of them would go out together.
        if seconds * 1_000_000 >= self._interval:
            return
        if own.alone is not None and (self._connection.is_out or time.monotonic() < own.alone_until):
            own.alone.give_back()
        with own.guard:
            own.ask_again = 0.0
        self._tell(_GIVE_BACK, [self._interval])

    def back_off(self, seconds: float) -> None:
        """Give nobody a turn for some seconds: TMDB has had too much."""
        own = self._own.get()
        with own.guard:
            own.blocked_until = max(own.blocked_until, time.monotonic() + seconds)
        try:
            repaired = self._connection.run(_BACK_OFF, self._keys, [round(seconds * 1_000_000)])
        except Outage:
            return
        self._note_repair(repaired)

    def _place(self, own: _Own, waiter: object) -> int:
        """Return how many are before a waiter in this process, more or less."""
        name, places = id(waiter), own.places
        place = places.get(name)
        if place is None:
            own.asked += 1
            place = places[name] = own.asked
        return min(place - places[next(iter(places))], len(places) - 1)

    def _hangs(self, own: _Own) -> bool:
        """Whether Redis has left a question without an answer for too long; it counts as out of reach then."""
        with own.guard:
            hanging, late = own.hanging, time.monotonic() - own.asked_at > redis_server.PATIENCE
        if not hanging or not late:
            return False
        # After a pause it is asked again, in another thread.
        with own.guard:
            asks_again = time.monotonic() - own.asked_at > redis_server.PATIENCE + redis_server.PAUSE
        if asks_again and hanging < MOST_STUCK:
            return False
        self._connection.note_outage("no answer")
        return True

    def _ask(self, own: _Own) -> float:
        """Ask Redis for a turn; return 0 if there is one, or the seconds until it is expected.

        Raises:
            Outage: Redis cannot be asked.
        """
        with own.guard:
            own.hanging += 1
            own.asked_at = time.monotonic()
            others_wait = len(own.places) > 1
            own.has_place = True
        millions = [round(seconds * 1_000_000) for seconds in (LONGEST_SLEEP, LEASE, LATE, SEEN_FOR)]
        arguments: list[str | int] = [self._interval, self._slack, own.name, *millions, int(others_wait)]
        try:
            waited, workers, repaired = self._connection.run(_TAKE, self._keys, arguments)
        finally:
            with own.guard:
                own.hanging -= 1
        wait = float(waited) / 1_000_000
        now = time.monotonic()
        with own.guard:
            own.has_place = wait > 0 or others_wait
            own.ask_again = now + min(wait, LONGEST_SLEEP) if wait > 0 else 0.0
            if not own.seen or own.seen[-1][1] != workers or now - own.seen[-1][0] > 1:
                own.seen = [(at, count) for at, count in own.seen if now - at < SEEN_FOR and count > workers]
                own.seen.append((now, int(workers)))
        self._note_repair(repaired)
        return wait

    def _without_redis(self, own: _Own, waiter: object) -> float:
        reason = self._connection.reason
        if self._on_outage == "fail":
            raise TransportError(f"{reason[0].upper()}{reason[1:]}. Nothing was sent.", retryable=True)
        share = self._share(own) if self._on_outage == "share" else None
        if share is None:
            return Wait(0.1, reason)
        with own.guard:
            now = time.monotonic()
            if own.alone is None or now > own.alone_until:
                # Workers do not begin together.
                own.alone = RateLimiter(share, burst=1, first=random.uniform(0, 1 / share))  # noqa: S311
                _logger.warning("Keeping to %.3g requests a second in this process, without Redis.", share)
            alone = own.alone
            # Redis may be there again before the other workers know; until they do, this one stays within its share.
            own.alone_until = now + redis_server.PAUSE + 2 * redis_server.PATIENCE
        wait = alone.take(waiter)
        if wait <= 0:
            with own.guard:
                own.places.pop(id(waiter), None)
        return wait

    def _share(self, own: _Own) -> float | None:
        if self._fallback_rate is not None:
            return self._fallback_rate
        with own.guard:
            return self._rate / max(count for _, count in own.seen) if own.seen else None

    def _tell(self, script: Script, arguments: list[Any]) -> None:
        """Run a script in another thread; nobody waits for it."""
        if not self._connection.is_out:
            errands.send(lambda: self._connection.run(script, self._keys, arguments))

    def _note_repair(self, repaired: int) -> None:
        if repaired:
            _logger.warning(
                "The clock of Redis was put back, or a turn was kept there that is too far ahead, by %.1f s; "
                "that has been put right.",
                repaired / 1_000_000,
            )

    def __repr__(self) -> str:
        return f"RedisRateLimit(rate={self._rate:g}, key={self._key!r}, on_outage={self._on_outage!r})"
