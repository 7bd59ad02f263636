"""Sessions and the rate limit in Redis: many processes, many machines, one TMDB citizen. The server is a real one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import redis
from redis_server import PASSWORD, RedisServer
from scenes import CountingLimit, play, result_of

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, RateLimited, RequestTimeout, RetryPolicy, TransportError
from tmdb_ext._redis import server as redis_server
from tmdb_ext._redis import store as subject
from tmdb_ext.redis import RedisRateLimit, RedisStore
from tmdb_ext.testing import Simulator

PROGRAMS = Path(__file__).parent / "programs"
NEW_GUEST = "authentication-create-guest-session"
CONVERT = "authentication-create-session-from-v4-token"
RATE = "movie-add-rating"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    with redis.Redis.from_url(running.url) as client:
        client.flushall()
    return running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    server = RedisServer(tmp_path)
    yield server
    server.thaw()
    server.stop()


@pytest.fixture
def quick_lock(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(subject, "LOCK_LIFETIME", 1.0)
    return 1.0


def started(program: str, *arguments: object, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, str(PROGRAMS / program), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)


async def rate(tmdb: Any) -> None:
    await result_of(tmdb.movies.add_rating(11, value=8))


async def read(tmdb: Any, times: int = 1) -> None:
    for _ in range(times):
        await result_of(tmdb.movies.details(11))


# The store


def test_what_was_saved_is_loaded_by_another_machine(server: RedisServer) -> None:
    one, other = RedisStore(server.url), RedisStore(redis.Redis.from_url(server.url))
    assert other.load("https://host/user") is None
    record = {"session_id": "ä", "account_id": 7, "proven": True, "made_from": None}
    one.save("https://host/user", record)
    assert other.load("https://host/user") == record
    assert other.load("https://host/guest") is None
    assert RedisStore(server.url, prefix="another").load("https://host/user") is None
    other.delete("https://host/user")
    assert one.load("https://host/user") is None


def test_a_damaged_record_counts_as_missing(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set("tmdb-ext:{a}", b"{not json")
        client.set("tmdb-ext:{b}", b"[1]")
    store = RedisStore(server.url)
    assert store.load("a") is None
    assert store.load("b") is None
    assert "damaged" in caplog.text
    assert "not json" not in caplog.text


def test_a_lock_is_held_by_one_and_kept_alive(server: RedisServer, quick_lock: float) -> None:
    one, other = RedisStore(server.url), RedisStore(server.url)
    assert one.acquire("a")
    assert not one.acquire("a")
    assert other.acquire("b")
    until = time.monotonic() + 2.5 * quick_lock
    while time.monotonic() < until:
        assert not other.acquire("a")
        time.sleep(0.05)
    one.release("a")
    other.release("b")
    assert taken_within(5, other, "a")
    other.release("a")


def taken_within(seconds: float, store: RedisStore, key: str) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if store.acquire(key):
            return True
        time.sleep(0.02)
    return False


def test_a_lock_that_lapsed_is_not_taken_from_its_next_holder(server: RedisServer, quick_lock: float) -> None:
    one, other = RedisStore(server.url), RedisStore(server.url)
    assert one.acquire("a")
    with redis.Redis.from_url(server.url) as client:
        client.delete("tmdb-ext:{a}:lock")  # as after a pause of its holder that was longer than its lifetime
        assert other.acquire("a")
        value = client.get("tmdb-ext:{a}:lock")
        one.release("a")
        time.sleep(0.7)
        assert client.get("tmdb-ext:{a}:lock") == value
    other.release("a")


@pytest.mark.parametrize("how", ["sleep", "leave"])
def test_a_dead_holder_does_not_keep_the_lock(server: RedisServer, how: str) -> None:
    holder = started("hold_a_lock.py", server.url, "a", how)
    assert holder.stdout.readline() == "True\n"
    store = RedisStore(server.url)
    with redis.Redis.from_url(server.url) as client:
        if how == "sleep":
            assert not store.acquire("a")
            holder.kill()
            holder.wait()
            # It is held until it lapses, which is soon whoever looks.
            assert 0 < client.pttl("tmdb-ext:{a}:lock") <= subject.LOCK_LIFETIME * 1000
            client.pexpire("tmdb-ext:{a}:lock", 100)
        else:
            assert holder.wait(10) == 0
    assert taken_within(5, store, "a")
    store.release("a")
    holder.stdout.close()


@pytest.mark.parametrize("kind", ["guest", "user"])
def test_eight_processes_make_one_session(server: RedisServer, simulator: Simulator, kind: str) -> None:
    token = simulator.access_token if kind == "guest" else simulator.create_user_access_token()
    workers = [
        started("share_a_store.py", server.url, simulator.base_url, token, kind, 1, stdin=subprocess.PIPE)
        for _ in range(8)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.communicate(timeout=60)[0] == "done\n"
    assert simulator.count(NEW_GUEST if kind == "guest" else CONVERT) == 1
    assert simulator.count(RATE) == 8


def test_a_session_is_shared_by_clients_of_both_variants(server: RedisServer, simulator: Simulator) -> None:
    with TMDB(store=RedisStore(server.url), access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        tmdb.movies.add_rating(11, value=8)
        first = tmdb.guest.info()

    async def later() -> None:
        store = RedisStore(server.url)
        async with AsyncTMDB(store=store, access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            await tmdb.movies.add_rating(12, value=8)
            assert tmdb.guest.info().id == first.id

    anyio.run(later)
    anyio.run(later, backend="trio")
    assert simulator.count(NEW_GUEST) == 1


def test_the_event_loop_goes_on_while_the_store_waits(own_server: RedisServer, simulator: Simulator) -> None:
    store = RedisStore(own_server.url)
    ticks = 0

    async def tick(scope: anyio.CancelScope) -> None:
        nonlocal ticks
        while not scope.cancel_called:
            ticks += 1
            await anyio.sleep(0.02)

    async def main() -> None:
        async with AsyncTMDB(store=store, access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            own_server.freeze()
            threading.Timer(0.6, own_server.thaw).start()
            async with anyio.create_task_group() as group:
                group.start_soon(tick, group.cancel_scope)
                await tmdb.movies.add_rating(11, value=8)
                group.cancel_scope.cancel()

    anyio.run(main)
    assert ticks > 10
    assert simulator.count(RATE) == 1


def test_a_task_that_is_cancelled_while_it_takes_the_lock_gives_it_back(
    own_server: RedisServer, simulator: Simulator
) -> None:
    store = RedisStore(own_server.url)

    async def main() -> None:
        async with AsyncTMDB(store=store, access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            own_server.freeze()
            threading.Timer(0.4, own_server.thaw).start()
            with anyio.move_on_after(0.1):
                await tmdb.movies.add_rating(11, value=8)
            await tmdb.movies.add_rating(11, value=8)

    anyio.run(main)
    assert simulator.count(NEW_GUEST) == 1


def test_without_redis_calls_wait_for_it_within_their_budget_and_send_nothing(
    own_server: RedisServer, simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings: dict[str, Any] = {"store": RedisStore(own_server.url), "rate_limit": RedisRateLimit(own_server.url)}
    own_server.stop()
    with pytest.raises(RequestTimeout, match="the rate limit is in Redis, which cannot be asked") as caught:
        play(variant, simulator, rate, **settings, retries=RetryPolicy(budget=1.5))
    assert (caught.value.phase, caught.value.retryable) == ("budget", True)
    assert simulator.requests == []
    assert "The session store could not be read (Outage); going on without." in caplog.text
    assert "Redis cannot be asked (ConnectionError) for the rate limit; asking again every" in caplog.text
    assert PASSWORD not in caplog.text


def test_without_redis_calls_go_on_if_the_fleet_chooses_so(
    own_server: RedisServer, simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    limit = RedisRateLimit(own_server.url, on_outage="share", fallback_rate=50)
    own_server.stop()
    play(variant, simulator, rate, store=RedisStore(own_server.url), rate_limit=limit)
    assert simulator.count(RATE) == 1
    assert "Keeping to 50 requests a second in this process, without Redis." in caplog.text
    assert "The lock in Redis could not be taken" not in caplog.text  # it says once that Redis is not there
    assert PASSWORD not in caplog.text


def test_without_redis_calls_fail_at_once_if_the_fleet_chooses_so(
    own_server: RedisServer, simulator: Simulator, variant: str
) -> None:
    limit, store = RedisRateLimit(own_server.url, on_outage="fail"), RedisStore(own_server.url, on_outage="fail")
    own_server.stop()
    with pytest.raises(TransportError, match="The session store in Redis cannot be asked") as caught:
        play(variant, simulator, rate, store=store)
    assert caught.value.retryable
    with pytest.raises(TransportError, match="The rate limit is in Redis, which cannot be asked"):
        play(variant, simulator, read, rate_limit=limit)
    assert simulator.requests == []


# The rate


def test_processes_share_a_rate_and_its_burst(server: RedisServer) -> None:
    workers = [started("take_turns.py", server.url, 20, 12) for _ in range(3)]
    turns = sorted(turn for worker in workers for turn in json.loads(worker.communicate(timeout=60)[0]))
    assert len(turns) == 36
    for index, first in enumerate(turns):
        assert sum(1 for turn in turns[index:] if turn - first < 1) <= 20 + 4 + 1
    assert turns[-1] - turns[0] >= (36 - 4 - 1) / 20 - 0.05


def test_a_turn_is_there_or_is_not_and_whoever_leaves_takes_none(server: RedisServer) -> None:
    limit = RedisRateLimit(server.url, rate=2, burst=1)
    first, second, third = object(), object(), object()
    assert limit.take(first) == 0
    assert 0 < limit.take(second) <= 0.5
    assert limit.take(third) > 0  # behind the second
    limit.leave(second)
    time.sleep(0.55)
    assert limit.take(third) == 0
    assert 0 < limit.take(object()) <= 0.5


def shift(url: str, seconds: float) -> None:
    """Move all times that a rate limit keeps: as if its last turn were so much later, or Redis's clock earlier."""
    by = round(seconds * 1_000_000)
    with redis.Redis.from_url(url, decode_responses=True) as client:
        for name in ("due", "blocked"):
            client.hincrby("{tmdb-ext}:turns", name, by)
        for key in ("{tmdb-ext}:leases", "{tmdb-ext}:workers"):
            for member, score in client.zrange(key, 0, -1, withscores=True):
                client.zadd(key, {member: score + by})


def test_after_a_pause_only_the_burst_is_free(server: RedisServer) -> None:
    limit = RedisRateLimit(server.url, rate=0.5, burst=3)
    assert limit.take(object()) == 0  # a server that has forgotten everything gives no burst
    waiter = object()
    assert limit.take(waiter) > 0
    limit.leave(waiter)
    shift(server.url, -3600)
    assert [limit.take(object()) for _ in range(3)] == [0, 0, 0]
    assert limit.take(object()) > 0


def test_what_is_kept_lapses(server: RedisServer) -> None:
    limit = RedisRateLimit(server.url, rate=20)
    assert limit.take(object()) == 0
    limit.back_off(3)
    assert limit.take(object()) > 0
    RedisStore(server.url).save("a", {"session_id": "b"})
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        lives = {key: client.pttl(key) / 1000 for key in client.scan_iter()}
    turns = {f"{{tmdb-ext}}:{name}" for name in ("turns", "workers")}
    assert lives.keys() == {*turns, "tmdb-ext:{a}"}
    assert all(0 < life <= 600 for key, life in lives.items() if key in turns)
    assert 0 < lives["tmdb-ext:{a}"] <= 90 * 86400


def test_after_a_429_all_machines_wait(server: RedisServer, simulator: Simulator, variant: str) -> None:
    one, other = RedisRateLimit(server.url, rate=1000), RedisRateLimit(server.url, rate=1000)
    simulator.fail_next(429, retry_after=7)
    policy = RetryPolicy(attempts=1)
    with pytest.raises(RateLimited):
        play(variant, simulator, read, rate_limit=one, retries=policy)
    assert 5 < other.take(object()) <= 7


def test_a_client_waits_for_the_turn_it_gets(server: RedisServer, simulator: Simulator, variant: str) -> None:
    limit = RedisRateLimit(server.url, rate=10, burst=1)
    begun = time.monotonic()
    play(variant, simulator, lambda tmdb: read(tmdb, 4), rate_limit=limit)
    assert time.monotonic() - begun >= 0.3
    assert simulator.count("movie-details") == 4


def test_a_server_that_comes_back_is_asked_again(
    own_server: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_server, "PAUSE", 0.2)
    limit = RedisRateLimit(own_server.url, rate=0.1, burst=1)
    assert limit.take(object()) == 0
    own_server.stop()
    waiter = object()
    for _ in range(3):
        assert 0 < limit.take(waiter) < 1  # it is asked again soon
        time.sleep(0.1)
    limit.leave(waiter)
    assert caplog.text.count("cannot be asked") == 1
    own_server.start()
    time.sleep(0.25)
    assert limit.take(object()) == 0  # the new server has forgotten
    assert limit.take(object()) > 9
    assert caplog.text.count("answers again") == 1


def test_a_limit_of_the_callers_own_is_asked(simulator: Simulator, variant: str) -> None:
    limit = CountingLimit()
    play(variant, simulator, lambda tmdb: read(tmdb, 3), rate_limit=limit)
    assert limit.reserved == 3


# What is refused, and what does not show


@pytest.mark.parametrize("make", [RedisStore, RedisRateLimit])
@pytest.mark.parametrize("server", ["", "localhost:6379", f"http://:{PASSWORD}@host", None, 6379])
def test_an_unusable_server_is_refused(make: Any, server: Any) -> None:
    with pytest.raises(ConfigurationError, match="The Redis server is not a URL") as caught:
        make(server)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda url: RedisStore(url, prefix=""), "prefix must be a name"),
        (lambda url: RedisStore(url, prefix="a{b}"), "prefix must be a name"),
        (lambda url: RedisStore(url, lifetime=1), "lifetime must be a number of seconds"),
        (lambda url: RedisStore(url, on_outage="share"), "on_outage must be one of alone, fail"),
        (lambda url: RedisRateLimit(url, key=None), "key must be a name"),
        (lambda url: RedisRateLimit(url, on_outage="go"), "on_outage must be one of wait, share, fail"),
        (lambda url: RedisRateLimit(url, on_outage="share", fallback_rate=0), "rate_limit must be a number"),
        (lambda url: RedisRateLimit(url, fallback_rate=2), 'fallback_rate is for on_outage="share"'),
        (lambda url: RedisRateLimit(url, rate=0), "rate_limit must be a number"),
        (lambda url: RedisRateLimit(url, burst=0), "burst must be a number"),
    ],
)
def test_unusable_settings_are_refused(make: Any, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        make("redis://localhost")


def test_the_password_does_not_show() -> None:
    url = f"redis://:{PASSWORD}@localhost"
    assert PASSWORD not in repr(RedisStore(url)) + repr(RedisRateLimit(url))


def test_without_the_extra_it_is_named() -> None:
    program = "import sys; sys.modules['redis'] = None; import tmdb_ext.redis"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "pip install 'tmdb-ext[redis]'" in ended.stderr


def test_redis_sees_no_credential_of_the_application(server: RedisServer) -> None:
    seen: list[str] = []
    with redis.Redis.from_url(server.url) as client, client.monitor() as monitor:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"id": 11}))
        limit, store = RedisRateLimit(server.url), RedisStore(server.url)
        with TMDB(api_key="0123456789abcdef" * 2, transport=transport, rate_limit=limit, store=store) as tmdb:
            tmdb.movies.details(11)
        with redis.Redis.from_url(server.url) as last:
            last.ping()
        while "PING" not in (seen or [""])[-1]:
            seen.append(monitor.next_command()["command"])
    assert any("turns" in command for command in seen)
    assert "0123456789abcdef" not in "".join(seen)
