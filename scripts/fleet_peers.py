"""How libraries for rate limits keep 16 workers on one Redis to 40 requests a second, beside ours.

Each worker asks for a turn, again and again. Nothing is sent; the times of the turns count. `scripts/fleet --peers`
runs this in an environment that has the libraries.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "generated"), str(ROOT / "tests" / "helpers")]

import redis  # noqa: E402 - the path comes first
from redis_server import RedisServer  # noqa: E402

RATE: Final = 40
BURST: Final = 4
WORKERS: Final = 16
STRETCH: Final = 3.0
"""Seconds before something happens, while it lasts, and after."""

Take = Callable[[], None]


def ours(url: str) -> Take:
    """Our rate limit, as it is by default."""
    from tmdb_ext.redis import RedisRateLimit

    limit = RedisRateLimit(url, rate=RATE, burst=BURST)

    def take() -> None:
        waiter = object()
        while (wait := limit.take(waiter)) > 0:
            time.sleep(min(wait, 0.5))

    return take


def limits(url: str) -> Take:
    """The moving window of `limits`. It says yes or no; a caller who is told no has to guess when to ask again."""
    from limits import RateLimitItemPerSecond
    from limits.storage import RedisStorage
    from limits.strategies import MovingWindowRateLimiter

    limiter, item = MovingWindowRateLimiter(RedisStorage(url)), RateLimitItemPerSecond(RATE)

    def take() -> None:
        while not limiter.hit(item, "tmdb"):
            time.sleep(0.02)

    return take


def pyrate_limiter(url: str) -> Take:
    """The sliding window of `pyrate-limiter`, blocking."""
    from pyrate_limiter import Duration, Limiter, Rate, RedisBucket

    limiter = Limiter(RedisBucket.init([Rate(RATE, Duration.SECOND)], redis.Redis.from_url(url), "tmdb"))

    def take() -> None:
        limiter.try_acquire("tmdb")

    return take


def throttled_py(url: str) -> Take:
    """GCRA of `throttled-py`, blocking."""
    from throttled import RedisStore, Throttled, per_sec

    limiter = Throttled(
        key="tmdb", using="gcra", quota=per_sec(RATE, burst=BURST), store=RedisStore(server=url), timeout=10
    )

    def take() -> None:
        while limiter.limit().limited:
            pass

    return take


PEERS: Final = {"tmdb_ext": ours, "limits": limits, "pyrate-limiter": pyrate_limiter, "throttled-py": throttled_py}
TROUBLES: Final[dict[str, tuple[Callable[[RedisServer], object], Callable[[RedisServer], object]]]] = {
    "all is well": (lambda _: None, lambda _: None),
    "Redis is killed": (lambda server: server.stop(), lambda server: server.start()),
    "Redis is stopped": (lambda server: server.freeze(), lambda server: server.thaw()),
}


def work(make: Callable[[str], Take], url: str, until: float, pipe: int) -> None:
    """Take turns until the time has come; tell when, and how often that failed."""
    times: list[float] = []
    errors: dict[str, int] = {}
    take = make(url)
    while time.monotonic() < until:
        try:
            take()
        except Exception as error:  # noqa: BLE001 - each library has its own
            errors[type(error).__name__] = errors.get(type(error).__name__, 0) + 1
            time.sleep(0.05)
        else:
            times.append(time.monotonic())
    with os.fdopen(pipe, "w", encoding="utf-8") as told:
        json.dump([times, errors], told)
    os._exit(0)


def measure(make: Callable[[str], Take], trouble: str, folder: Path) -> str:
    """Return the row of a library and a trouble."""
    server = RedisServer(folder)
    begun = time.monotonic()
    pipes, pids = [], []
    for _ in range(WORKERS):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            work(make, server.url, begun + 3 * STRETCH, writing)
        os.close(writing)
        pipes.append(reading)
        pids.append(pid)
    begin, end = TROUBLES[trouble]
    time.sleep(STRETCH)
    begin(server)
    time.sleep(STRETCH)
    end(server)
    workers: list[list[float]] = []
    errors: dict[str, int] = {}
    for pipe, pid in zip(pipes, pids, strict=True):
        with os.fdopen(pipe, encoding="utf-8") as told:
            times, failed = json.load(told)
        os.waitpid(pid, 0)
        workers.append(times)
        for name, count in failed.items():
            errors[name] = errors.get(name, 0) + count
    server.thaw()
    server.stop()
    every = sorted(moment for times in workers for moment in times)
    most, first = 0, 0
    for last, moment in enumerate(every):
        while moment - every[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    edges = [begun + number * STRETCH for number in range(4)]
    rates = "  ".join(
        f"{sum(low <= moment < high for moment in every) / STRETCH:5.1f}" for low, high in pairwise(edges)
    )
    shares = sorted(map(len, workers))
    failures = ", ".join(f"{name} {count}" for name, count in errors.items())
    return f"{most:5}   {rates}   {shares[0]:4} to {shares[-1]:3}   {failures}"


def main() -> int:
    """Measure all of them, and print the table."""
    logging.getLogger("tmdb_ext").addHandler(logging.NullHandler())
    print(f"{WORKERS} workers, {RATE} turns a second and a burst of {BURST}")
    print(f"{'':34} most   turns a second: before, while it lasts, after;  of one worker; errors")
    for trouble in TROUBLES:
        for name, make in PEERS.items():
            with tempfile.TemporaryDirectory() as folder:
                row = measure(make, trouble, Path(folder) / "redis")
            print(f"{trouble:18}{name:16}{row}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
