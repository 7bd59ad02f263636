"""A fleet of workers on a real Redis when things go wrong: it stays one TMDB citizen."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import redis
import redis.asyncio
from certificates import Authority
from redis_server import PASSWORD, FarAway, RedisNodes, RedisSentinel, RedisServer, free_port
from scenes import nowhere, play, result_of
from wire import black_hole, serving

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, RequestTimeout, RetryPolicy, TransportError
from tmdb_ext._http import limit as in_process
from tmdb_ext._redis import limit as limit_module
from tmdb_ext._redis import server as server_module
from tmdb_ext.redis import RedisRateLimit, RedisStore
from tmdb_ext.testing import Simulator

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/pages/workers.md"
NEW_GUEST = "authentication-create-guest-session"
CONVERT = "authentication-create-session-from-v4-token"
RATE = "movie-add-rating"
KEY, OTHER_KEY = "0123456789abcdef" * 2, "fedcba9876543210" * 2
TURNS = "{tmdb-ext}:turns"
LONG_AGO = 1_000_000_000
FOR_EVER = 600.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    with running.client() as client:
        client.flushall()
    return running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop, freeze and set up."""
    server = RedisServer(tmp_path / "redis")
    yield server
    server.thaw()
    server.stop()


@pytest.fixture
def quick_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "PAUSE", 0.1)


async def rate(tmdb: Any) -> None:
    await result_of(tmdb.movies.add_rating(11, value=8))


async def read(tmdb: Any) -> None:
    await result_of(tmdb.movies.details(11))


def due_in(server: RedisServer) -> float:
    """In how many seconds Redis has its next turn, by its own clock; negative if one is free."""
    with server.client() as client:
        seconds, micros = client.time()
        due = client.hget(TURNS, "due")
    return (float(due) - seconds * 1e6 - micros) / 1e6


def soon(condition: Callable[[], bool]) -> bool:
    """Whether something comes to be that another thread does."""
    until = time.monotonic() + 10
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def turn_of(limit: Any, seconds: float = 30.0) -> None:
    """Take a turn, as a client does."""
    waiter, until = object(), time.monotonic() + seconds
    while (wait := limit.take(waiter)) > 0:
        assert time.monotonic() < until, "no turn came"
        time.sleep(min(wait, 0.5))


def most_in_a_second(times: list[float]) -> int:
    return max((sum(first <= moment < first + 1 for moment in times) for first in times), default=0)


# 1. Turns are given back


class Turns:
    """A limit that counts."""

    def __init__(self) -> None:
        self.taken = self.given_back = 0

    def take(self, waiter: object) -> float:
        self.taken += 1
        return 0.0

    def leave(self, waiter: object) -> None:
        raise AssertionError("nobody was to wait")

    def give_back(self, seconds: float) -> None:
        self.given_back += 1

    def back_off(self, seconds: float) -> None:
        raise AssertionError("nothing was to be refused")


@pytest.fixture(params=["in the process", "in Redis"])
def slow_limit(request: pytest.FixtureRequest, server: RedisServer) -> Any:
    """A limit with a turn now and the next one in a quarter of an hour."""
    if request.param == "in Redis":
        return RedisRateLimit(server.url, rate=0.001, burst=1)
    return in_process.RateLimiter(0.001, burst=1)


def has_a_turn(limit: Any) -> bool:
    waiter = object()
    if limit.take(waiter) <= 0:
        return True
    limit.leave(waiter)
    return False


@pytest.mark.parametrize("kind", ["nobody listens", "nobody answers the connection", "nobody answers the handshake"])
def test_a_call_that_failed_before_it_was_sent_gives_its_turn_back(slow_limit: Any, kind: str, variant: str) -> None:
    def call(address: str) -> None:
        settings: dict[str, Any] = {"api_key": KEY, "base_url": address, "rate_limit": slow_limit, "timeout": 0.3}

        async def main() -> None:
            if variant == "sync":
                with TMDB(**settings) as tmdb:
                    tmdb.movies.details(11)
            else:
                async with AsyncTMDB(**settings) as tmdb:
                    await tmdb.movies.details(11)

        with pytest.raises(TransportError):
            anyio.run(main)

    if kind == "nobody listens":
        with nowhere() as address:
            call(address)
    elif kind == "nobody answers the connection":
        with black_hole() as (host, port):
            call(f"http://{host}:{port}")
    else:
        with serving() as listening:
            call(listening.address.replace("http:", "https:"))
            assert listening.requests == []
    assert soon(lambda: has_a_turn(slow_limit))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_that_was_cancelled_before_it_was_sent_gives_its_turn_back(slow_limit: Any, backend: str) -> None:
    async def main() -> None:
        with black_hole() as (host, port):
            async with AsyncTMDB(api_key=KEY, base_url=f"http://{host}:{port}", rate_limit=slow_limit) as tmdb:
                with anyio.move_on_after(0.3) as scope:
                    await tmdb.movies.details(11)
                assert scope.cancelled_caught

    anyio.run(main, backend=backend)
    assert soon(lambda: has_a_turn(slow_limit))


def test_a_call_that_was_sent_keeps_its_turn(slow_limit: Any, simulator: Simulator, variant: str) -> None:
    simulator.fail_next(500)
    with pytest.raises(Exception, match="500"):
        play(variant, simulator, read, rate_limit=slow_limit)
    time.sleep(0.2)
    assert not has_a_turn(slow_limit)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_thousand_cancelled_tasks_leave_nobody_waiting(
    server: RedisServer, simulator: Simulator, backend: str
) -> None:
    limit, other = (RedisRateLimit(server.url, rate=20, burst=1) for _ in range(2))

    async def main() -> None:
        settings = {"access_token": simulator.access_token, "base_url": simulator.base_url}
        async with AsyncTMDB(**settings, rate_limit=limit) as tmdb:
            with anyio.move_on_after(0.5):
                async with anyio.create_task_group() as group:
                    for _ in range(1000):
                        group.start_soon(tmdb.movies.details, 11)
            assert simulator.count("movie-details") < 100
            assert due_in(server) < 1  # and not 50 s

    anyio.run(main, backend=backend)
    turn_of(other)
    with server.client() as client:
        assert soon(lambda: not client.exists("{tmdb-ext}:queue"))


def test_a_turn_that_comes_after_its_call_was_cancelled_is_given_back(own_server: RedisServer) -> None:
    client = redis.Redis.from_url(own_server.url, socket_timeout=FOR_EVER)
    limit = RedisRateLimit(client, rate=0.001, burst=1)

    async def main() -> None:
        async with AsyncTMDB(api_key=KEY, base_url="http://127.0.0.1:9", rate_limit=limit) as tmdb:
            own_server.freeze()
            with anyio.move_on_after(0.2):
                await tmdb.movies.details(11)
            own_server.thaw()

    anyio.run(main)
    assert soon(lambda: has_a_turn(RedisRateLimit(own_server.url, rate=0.001, burst=1)))


def test_a_call_whose_deadline_lies_before_its_turn_fails_at_once_and_is_not_sent(
    server: RedisServer, simulator: Simulator, variant: str
) -> None:
    RedisRateLimit(server.url).back_off(60)
    limit = RedisRateLimit(server.url)
    with pytest.raises(RequestTimeout, match=r"its turn under the rate limit comes in \d+") as caught:
        play(variant, simulator, rate, rate_limit=limit, retries=RetryPolicy(budget=30))
    assert (caught.value.phase, caught.value.retryable) == ("budget", True)
    assert simulator.requests == []


def test_a_turn_is_renewed_if_its_connection_comes_late(
    simulator: Simulator, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that were slow come together; their requests must not go together."""
    half = "_async" if variant == "async" else "_sync"
    monkeypatch.setattr(f"tmdb_ext._http.{half}.engine.GOOD_FOR", -1.0)
    turns = Turns()
    play(variant, simulator, read, rate_limit=turns)
    assert (turns.taken, turns.given_back) == (2, 1)
    assert simulator.count("movie-details") == 1


def test_workers_have_their_turns_one_after_the_other(server: RedisServer) -> None:
    """Also one that is far away, and always comes a little late."""
    got: dict[int, int] = {}

    def work(number: int, limit: RedisRateLimit, until: float) -> None:
        while time.monotonic() < until:
            waiter = object()
            while (wait := limit.take(waiter)) > 0 and time.monotonic() < until:
                time.sleep(min(wait, 0.5) + (0.04 if number == 0 else 0))
            limit.leave(waiter)
            got[number] = got.get(number, 0) + (wait <= 0)

    until = time.monotonic() + 2
    limits = [RedisRateLimit(server.url, rate=40) for _ in range(4)]
    threads = [threading.Thread(target=work, args=(number, limit, until)) for number, limit in enumerate(limits)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert min(got.values()) >= max(got.values()) / 4


# 2. Without Redis the fleet does not become many clients


class Crew:
    """Workers of one process, each with a limit of its own, that send as fast as they may."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        self.times: list[float] = []
        self.errors: list[str] = []
        self._over = threading.Event()
        self._limits = [RedisRateLimit(server, rate=40, **options) for server in servers]
        self._threads = [threading.Thread(target=self._work, args=[limit]) for limit in self._limits]

    def _work(self, limit: RedisRateLimit) -> None:
        while not self._over.is_set():
            waiter = object()
            try:
                while (wait := limit.take(waiter)) > 0 and not self._over.wait(min(wait, 0.5)):
                    pass
            except TransportError as error:
                self.errors.append(type(error).__name__)
                limit.leave(waiter)
                self._over.wait(0.05)
                continue
            if wait <= 0:
                self.times.append(time.monotonic())
            limit.leave(waiter)

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        assert soon(lambda: len(self.times) > 20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture(params=["killed", "stopped", "restarted empty", "full"])
def trouble(request: pytest.FixtureRequest, own_server: RedisServer) -> Any:
    """What happens to Redis, and what ends it."""

    def full(size: str) -> None:
        with own_server.client() as client:
            client.config_set("maxmemory", size)

    def restart() -> None:
        own_server.stop()
        own_server.start()

    steps: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "killed": (own_server.stop, own_server.start),
        "stopped": (own_server.freeze, own_server.thaw),
        "restarted empty": (restart, lambda: None),
        "full": (lambda: full("1"), lambda: full("0")),
    }
    return request.param, *steps[request.param]


@pytest.mark.parametrize("on_outage", ["wait", "share", "fail"])
def test_a_fleet_keeps_to_its_rate_whatever_happens_to_redis(
    own_server: RedisServer, trouble: Any, on_outage: str, quick_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE", 0.3)
    kind, begin, end = trouble
    with Crew([own_server.url] * 8, on_outage=on_outage) as crew:
        before = len(crew.times)
        begin()
        time.sleep(1.5)
        meanwhile = len(crew.times) - before
        end()
        count = len(crew.times)
        assert soon(lambda: len(crew.times) >= count + 40)
    # At most the rate and the burst, and a few that a busy machine has held up.
    assert most_in_a_second(crew.times) <= 44 + 6
    if kind in ("killed", "stopped") and on_outage != "share":
        assert meanwhile <= 8
    if kind == "killed":
        assert bool(crew.errors) == (on_outage == "fail")
        assert on_outage != "share" or meanwhile > 8
    if kind == "full":
        assert meanwhile > 8  # turns take no memory


@pytest.mark.parametrize("on_outage", ["wait", "share"])
def test_a_fleet_keeps_to_its_rate_while_the_network_to_redis_is_cut(
    tmp_path: Path, on_outage: str, quick_pause: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE", 0.3)
    far = FarAway(tmp_path / "redis")
    try:
        with Crew([far.server.url] * 8, on_outage=on_outage) as crew:
            before = len(crew.times)
            far.cut()
            time.sleep(1.5)
            meanwhile = len(crew.times) - before
            far.mend()
            count = len(crew.times)
            assert soon(lambda: len(crew.times) >= count + 40)
    finally:
        far.close()
    assert most_in_a_second(crew.times) <= 44 + 6
    assert on_outage == "share" or meanwhile <= 8


def test_a_worker_that_does_not_know_of_others_waits_rather_than_guess_its_share(
    own_server: RedisServer, quick_pause: None
) -> None:
    own_server.stop()
    assert RedisRateLimit(own_server.url, on_outage="share").take(object()) > 0
    alone = RedisRateLimit(own_server.url, on_outage="share", fallback_rate=100)
    turn_of(alone)


def test_the_share_is_that_of_the_workers_seen_lately(own_server: RedisServer, quick_pause: None) -> None:
    limits = [RedisRateLimit(own_server.url, rate=40, on_outage="share") for _ in range(4)]
    for limit in [*limits, limits[0]]:
        turn_of(limit)
    own_server.stop()
    times = []
    until = time.monotonic() + 2
    while time.monotonic() < until:
        waiter = object()
        while (wait := limits[0].take(waiter)) > 0 and time.monotonic() < until:
            time.sleep(min(wait, 0.05))
        times += [time.monotonic()] if wait <= 0 else []
        limits[0].leave(waiter)
    assert 2 <= most_in_a_second(times) <= 10 + 1


def wrong_password(server: RedisServer, _: Path) -> Any:
    return server.url.replace(PASSWORD, "another")


def no_password(server: RedisServer, _: Path) -> Any:
    return f"redis://127.0.0.1:{server.port}"


def unknown_user(server: RedisServer, _: Path) -> Any:
    return server.url.replace("redis://:", "redis://somebody:")


def missing_database(server: RedisServer, _: Path) -> Any:
    return server.url.replace("/0", "/99")


def read_only_replica(server: RedisServer, _: Path) -> Any:
    server.follow("127.0.0.1", 1)
    return server.url


def missing_rights(server: RedisServer, _: Path) -> Any:
    with server.client() as client:
        client.execute_command(
            "ACL", "SETUSER", "reader", "on", f">{PASSWORD}", "~*", "+@read", "+@connection", "+eval"
        )
    return server.url.replace("redis://:", "redis://reader:")


def other_keys_only(server: RedisServer, _: Path) -> Any:
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "other", "on", f">{PASSWORD}", "~other:*", "+@all")
    return server.url.replace("redis://:", "redis://other:")


def something_else_there(server: RedisServer, _: Path) -> Any:
    with server.client() as client:
        client.lpush(TURNS, "a list")
        client.lpush("films:{a}", "a list")
        client.lpush("films:{a}:lock", "a list")
    return server.url


def untrusted_certificate(server: RedisServer, folder: Path) -> Any:
    return tls_server(server, folder)[0]


def tls_server(server: RedisServer, folder: Path) -> tuple[str, Authority]:
    authority = Authority(folder)
    certificate = authority._authority.issue_cert("127.0.0.1")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    with server.client() as client:
        for name, value in (
            ("tls-cert-file", chain),
            ("tls-key-file", key),
            ("tls-ca-cert-file", authority.file),
            ("tls-auth-clients", "no"),
        ):
            client.config_set(name, str(value))
        port = free_port()
        client.config_set("tls-port", port)
    return server.url.replace("redis:", "rediss:").replace(str(server.port), str(port)), authority


@pytest.mark.parametrize(
    ("set_up", "match"),
    [
        (wrong_password, "user name or the password is wrong"),
        (no_password, "user name or the password is wrong or missing"),
        (unknown_user, "user name or the password is wrong"),
        (missing_database, "no database of that number"),
        (read_only_replica, "replica that can only be read"),
        (missing_rights, "the user lacks a right"),
        (other_keys_only, "the user lacks a right"),
        (something_else_there, "something else is kept under the names of its keys"),
        (untrusted_certificate, "certificate is not trusted"),
    ],
)
def test_what_somebody_has_to_change_is_an_error_and_no_outage(
    own_server: RedisServer, simulator: Simulator, tmp_path: Path, set_up: Any, match: str
) -> None:
    url = set_up(own_server, tmp_path)
    for on_outage in ("wait", "share", "fail"):
        limit = RedisRateLimit(url, on_outage=on_outage)
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=match) as caught:
                limit.take(object())
            assert PASSWORD not in str(caught.value)
    store = RedisStore(url, prefix="films")
    # A replica notices when the lock is taken, before a session is made.
    with pytest.raises(ConfigurationError, match=match):
        store.load("a") or store.acquire("a")
    for options in ({"rate_limit": RedisRateLimit(url)}, {"store": RedisStore(url)}):
        if set_up is something_else_there and "store" in options:
            continue
        for variant in ("sync", "async"):
            with pytest.raises(ConfigurationError, match=match):
                play(variant, simulator, rate, **options)
    assert simulator.requests == []


def test_a_trusted_certificate_is_taken(own_server: RedisServer, tmp_path: Path) -> None:
    url, authority = tls_server(own_server, tmp_path)
    turn_of(RedisRateLimit(redis.Redis.from_url(url, ssl_ca_certs=str(authority.file))))


def test_what_a_later_version_keeps_is_left_alone(server: RedisServer, simulator: Simulator, variant: str) -> None:
    limit = RedisRateLimit(server.url)
    turn_of(limit)
    with server.client() as client:
        client.hset(TURNS, "version", 2)
        client.set("films:{a}", json.dumps({"version": 2, "record": {"session_id": "b"}}))
        with pytest.raises(ConfigurationError, match="a later version of this package"):
            limit.take(object())
        with pytest.raises(ConfigurationError, match="A later version of this package"):
            RedisStore(server.url, prefix="films").load("a")
        assert client.hget(TURNS, "version") == "2"


def test_a_pool_that_is_used_up_is_no_outage(
    server: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE", 0.2)
    pool = redis.ConnectionPool.from_url(server.url, max_connections=1)
    limit = RedisRateLimit(redis.Redis(connection_pool=pool), on_outage="fail")
    held = pool.get_connection()
    waiter = object()
    assert limit.take(waiter) > 0
    limit.leave(waiter)
    threading.Timer(0.1, pool.release, [held]).start()
    turn_of(limit)
    assert "cannot be asked" not in caplog.text


# 3. Sessions converge


def test_a_holder_that_was_stopped_does_not_overwrite_its_successor(server: RedisServer) -> None:
    one, other = RedisStore(server.url, prefix="films"), RedisStore(server.url, prefix="films")
    assert one.acquire("a")
    with server.client() as client:
        first = int(client.get("films:{a}:number"))
        client.delete("films:{a}:lock")  # it has lapsed
        assert other.acquire("a")
        assert int(client.get("films:{a}:number")) > first
    theirs = {"session_id": "theirs"}
    assert other.compare_and_set("a", None, theirs) == theirs
    one.save("a", {"session_id": "mine"})
    assert one.load("a") == theirs
    assert one.compare_and_set("a", theirs, {"session_id": "mine"}) == theirs
    other.release("a")
    one.release("a")


def test_the_number_of_a_lock_grows_though_redis_has_forgotten_it_or_its_clock_goes_back(server: RedisServer) -> None:
    def number() -> int:
        store = RedisStore(server.url, prefix="films")
        with server.client() as client:
            client.delete("films:{a}:lock")
            assert store.acquire("a")
            found = int(client.get("films:{a}:number"))
        store.release("a")
        return found

    first = number()
    with server.client() as client:
        client.flushall()
        second = number()
        ahead = second + 3_600_000_000
        client.set("films:{a}:number", ahead)  # as if its clock had gone back by an hour since
    assert first < second
    assert number() == ahead + 1


@pytest.mark.parametrize("kind", ["guest", "user"])
def test_whoever_comes_back_with_a_session_uses_the_one_in_the_store(
    server: RedisServer, simulator: Simulator, kind: str, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker was held up for so long, while it made a session, that its lock has lapsed."""
    token = simulator.access_token if kind == "guest" else simulator.create_user_access_token()
    credentials: dict[str, Any] = {"access_token" if kind == "guest" else "user_access_token": token}
    settings = {**credentials, "base_url": simulator.base_url}
    store = RedisStore(server.url, prefix="films")
    with TMDB(**settings, store=RedisStore(server.url, prefix="films")) as other:

        class Late:
            """Sends, and comes back late from making the session."""

            def take(self, waiter: object) -> float:
                return 0.0

            def leave(self, waiter: object) -> None:
                pass

            give_back = back_off = leave

        made = "guest_session/new" if kind == "guest" else "session/convert/4"
        real = store.compare_and_set
        seen: list[str] = []

        def late(key: str, former: Any, record: Any) -> Any:
            if not seen:
                seen.append(made)
                with server.client() as client:
                    for name in client.scan_iter("films:*:lock"):
                        client.delete(name)
                other.movies.add_rating(11, value=5)
            return real(key, former, record)

        store.compare_and_set = late  # type: ignore[method-assign]

        async def scene(tmdb: Any) -> None:
            await rate(tmdb)
            await rate(tmdb)
            mine = tmdb._calls.flow.sessions
            theirs = other._calls.flow.sessions
            if kind == "guest":
                assert mine.guest.id == theirs.guest.id
            else:
                assert mine.user.id == theirs.user.id

        play(variant, simulator, scene, **settings, store=store)
    assert simulator.count(NEW_GUEST if kind == "guest" else CONVERT) == 2
    if kind == "guest":
        assert "Another worker has put a guest session into the store" in caplog.text


def test_workers_that_lost_the_store_come_to_one_session_again(
    own_server: RedisServer, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, quick_pause: None
) -> None:
    monkeypatch.setattr("tmdb_ext._auth.sessions.USE_SAVED_EVERY", 0.0)
    replaced: list[Any] = []
    settings: dict[str, Any] = {
        "access_token": simulator.access_token,
        "base_url": simulator.base_url,
        "on_guest_session_replaced": replaced.append,
    }
    own_server.stop()
    clients = [TMDB(**settings, store=RedisStore(own_server.url)) for _ in range(3)]
    for tmdb in clients:
        tmdb.movies.add_rating(11, value=8)
    assert len({tmdb._calls.flow.sessions.guest.id.reveal() for tmdb in clients}) == 3
    own_server.start()
    time.sleep(0.3)
    for _ in range(2):
        for tmdb in clients:
            tmdb.movies.add_rating(11, value=8)
    assert len({tmdb._calls.flow.sessions.guest.id.reveal() for tmdb in clients}) == 1
    assert len(replaced) == 2
    assert simulator.count(NEW_GUEST) == 3
    for tmdb in clients:
        tmdb.close()


def test_a_store_that_was_emptied_gets_the_session_again(
    server: RedisServer, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmdb_ext._auth.sessions.USE_SAVED_EVERY", 0.0)
    settings: dict[str, Any] = {"access_token": simulator.access_token, "base_url": simulator.base_url}
    with TMDB(**settings, store=RedisStore(server.url)) as one, TMDB(**settings, store=RedisStore(server.url)) as other:
        one.movies.add_rating(11, value=8)
        with server.client() as client:
            client.flushall()
        one.movies.add_rating(11, value=8)
        other.movies.add_rating(11, value=8)
    assert simulator.count(NEW_GUEST) == 1


# 4. Nothing blocks


def silent(server: RedisServer) -> redis.Redis:
    """A client that waits for ever, as a caller may make one; its server answers no more."""
    client = redis.Redis.from_url(server.url, socket_timeout=FOR_EVER, socket_connect_timeout=FOR_EVER)
    client.ping()
    server.freeze()
    return client


def test_a_silent_redis_costs_a_constructor_nothing(own_server: RedisServer, simulator: Simulator) -> None:
    client = silent(own_server)
    for kind in (TMDB, AsyncTMDB):
        kind(access_token=simulator.access_token, store=RedisStore(client), rate_limit=RedisRateLimit(client))


@pytest.mark.parametrize("what", ["store", "limit"])
def test_a_call_keeps_to_its_budget_though_redis_never_answers(
    own_server: RedisServer, simulator: Simulator, what: str, variant: str
) -> None:
    client = silent(own_server)
    options: dict[str, Any] = (
        {"store": RedisStore(client)} if what == "store" else {"rate_limit": RedisRateLimit(client)}
    )
    with pytest.raises(RequestTimeout) as caught:
        play(variant, simulator, rate, **options, retries=RetryPolicy(budget=0.5))
    assert (caught.value.phase, caught.value.retryable) == ("budget", True)
    assert simulator.requests == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("what", ["store", "limit"])
def test_a_call_is_cancelled_at_once_though_redis_never_answers(
    own_server: RedisServer, simulator: Simulator, what: str, backend: str
) -> None:
    """The event loop goes on meanwhile, and ends, while Redis still is silent."""
    client = silent(own_server)
    options: dict[str, Any] = (
        {"store": RedisStore(client)} if what == "store" else {"rate_limit": RedisRateLimit(client)}
    )
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.sleep(0.01)

    async def main() -> None:
        settings = {"access_token": simulator.access_token, "base_url": simulator.base_url}
        async with AsyncTMDB(**settings, **options) as tmdb:
            with anyio.move_on_after(0.3):
                async with anyio.create_task_group() as group:
                    group.start_soon(tick)
                    await tmdb.movies.add_rating(11, value=8)

    anyio.run(main, backend=backend)
    assert ticks > 5
    assert simulator.requests == []


def test_a_store_is_left_alone_for_a_while_after_a_failure(own_server: RedisServer) -> None:
    store = RedisStore(own_server.url)
    own_server.stop()
    asked = 0
    real = store._connection._run

    def counted(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return real(*arguments)

    store._connection._run = counted  # type: ignore[method-assign]
    for _ in range(20):
        with pytest.raises(server_module.Outage):
            store.load("a")
    assert asked <= 3


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_needs_the_store_does_not_wait_for_it_in_an_event_loop(
    server: RedisServer, simulator: Simulator, backend: str
) -> None:
    async def main() -> None:
        settings = {"access_token": simulator.access_token, "base_url": simulator.base_url}
        async with AsyncTMDB(**settings, store=RedisStore(server.url)) as tmdb:
            for look in (
                lambda: tmdb.auth.held,
                lambda: tmdb.auth.session,
                lambda: tmdb.auth.explain(RATE),
                tmdb.guest.info,
                lambda: tmdb.v4.auth.token,
            ):
                with pytest.raises(ConfigurationError, match=r"await tmdb\.auth\.load\(\) first"):
                    look()
            await tmdb.auth.load()
            assert tmdb.auth.held == ("access_token",)
            assert tmdb.guest.info() is None

    anyio.run(main, backend=backend)


# 5. Clocks


def shift(server: RedisServer, seconds: float) -> None:
    """Move all times that a rate limit keeps: as if Redis's clock had stepped the other way."""
    by = round(seconds * 1_000_000)
    with server.client() as client:
        for name in ("due", "blocked"):
            client.hincrby(TURNS, name, by)
        for key in ("{tmdb-ext}:leases", "{tmdb-ext}:workers", "{tmdb-ext}:queue"):
            for member, score in client.zrange(key, 0, -1, withscores=True):
                if not key.endswith("queue"):
                    client.zadd(key, {member: score + by})


@pytest.mark.parametrize("hours", [1, 24 * 365])
def test_a_clock_that_was_put_back_stops_nobody(
    server: RedisServer, hours: int, caplog: pytest.LogCaptureFixture
) -> None:
    limit, dead = RedisRateLimit(server.url, rate=10, burst=1), RedisRateLimit(server.url, rate=10, burst=1)
    turn_of(limit)
    assert dead.take(object()) > 0  # it has a place in the queue, and never comes again
    shift(server, hours * 3600)
    assert limit.take(object()) <= 0.3
    assert "The clock of Redis was put back" in caplog.text
    turn_of(limit, seconds=10)
    assert due_in(server) <= 0.1


def test_a_clock_that_was_put_back_makes_no_pause_after_a_429_longer(server: RedisServer) -> None:
    limit = RedisRateLimit(server.url, rate=10)
    RedisRateLimit(server.url, rate=10).back_off(3)
    shift(server, 3600)
    assert 0 < limit.take(object()) <= 3.1


def test_a_clock_that_was_put_on_gives_no_more_than_the_burst(server: RedisServer) -> None:
    limit = RedisRateLimit(server.url, rate=1, burst=3)
    turn_of(limit)
    shift(server, -3600)
    assert [limit.take(object()) for _ in range(3)] == [0, 0, 0]
    assert limit.take(object()) > 0


def test_a_dead_worker_at_the_head_of_the_queue_is_passed_over(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limit_module, "LEASE", 0.2)
    limit, dead = (RedisRateLimit(server.url, rate=5, burst=1) for _ in range(2))
    turn_of(limit)
    assert dead.take(object()) > 0
    turn_of(limit, seconds=10)
    turn_of(limit, seconds=10)
    with server.client() as client:
        assert client.zcard("{tmdb-ext}:queue") == 0


# 6. Redis as people have it


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisNodes]:
    cluster = RedisNodes(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


def test_a_cluster_of_three_nodes(nodes: RedisNodes, simulator: Simulator, variant: str) -> None:
    settings: dict[str, Any] = {"access_token": simulator.access_token, "base_url": simulator.base_url}
    with nodes.client() as client:
        for key in client.scan_iter("*"):
            client.delete(key)
        limit = RedisRateLimit(client, rate=20)

        async def scene(tmdb: Any) -> None:
            for visitor in "abcdef":
                theirs = tmdb.for_user(store_key=visitor)
                await rate(theirs)

        play(variant, simulator, scene, **settings, store=RedisStore(client), rate_limit=limit)
        play(variant, simulator, scene, **settings, store=RedisStore(client), rate_limit=limit)
        limit.back_off(1)
        limit.give_back()
        assert limit.take(object()) > 0
    assert simulator.count(NEW_GUEST) == 6
    assert simulator.count(RATE) == 12


def test_a_node_of_a_cluster_is_refused_in_plain_words(nodes: RedisNodes) -> None:
    refusals = 0
    for node in nodes.nodes:
        try:
            RedisStore(node.url, prefix="films").load("a")
        except ConfigurationError as error:
            assert "pass a redis.RedisCluster" in str(error)  # noqa: PT017 - one of them has the key
            refusals += 1
    assert refusals == 2


def test_sentinel_and_its_failover(tmp_path: Path, quick_pause: None) -> None:
    running = RedisSentinel(tmp_path)
    try:
        client = running.sentinel.master_for("films", password=PASSWORD, socket_timeout=0.3)
        limit, store = RedisRateLimit(client, rate=100), RedisStore(client, prefix="films")
        turn_of(limit)
        store.save("a", {"session_id": "b"})
        with running.replica.client() as replica:
            running.wait_for(lambda: replica.exists("films:{a}") == 1)
        running.primary.stop()
        turn_of(limit, seconds=60)
        running.wait_for(lambda: loaded(store) == {"session_id": "b"})
        with pytest.raises(ConfigurationError, match=r"a Sentinel; pass what its master_for\(name\) returns"):
            RedisStore(running.sentinel)
    finally:
        running.stop()


def loaded(store: RedisStore) -> Any:
    with suppress(server_module.Outage):
        return store.load("a")
    return None


def test_an_async_redis_client_is_refused_in_plain_words(server: RedisServer) -> None:
    for make in (RedisStore, RedisRateLimit):
        with pytest.raises(ConfigurationError, match=r"connections belong to one event loop; pass its URL"):
            make(redis.asyncio.Redis.from_url(server.url))


def test_the_rights_that_the_page_lists_are_enough(own_server: RedisServer, simulator: Simulator) -> None:
    rule = re.search(r"^ACL SETUSER films (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rule is not None
    words = rule[1].replace(">PASSWORD", f">{PASSWORD}").split()
    with own_server.client() as client:
        client.execute_command("ACL", "SETUSER", "films", *words)
    url = own_server.url.replace("redis://:", "redis://films:")
    limit, store = RedisRateLimit(url), RedisStore(url)
    for variant in ("sync", "async"):
        play(variant, simulator, rate, store=store, rate_limit=limit)
    token = simulator.create_user_access_token()
    with TMDB(user_access_token=token, base_url=simulator.base_url, store=store) as tmdb:
        assert tmdb.account.id()
        tmdb.auth.logout()
    assert store.acquire("a")
    store.save("a", {"session_id": "b"})
    store.delete("a")
    store.release("a")
    limit.give_back()
    limit.back_off(1)
    waiter = object()
    assert limit.take(waiter) > 0
    limit.leave(waiter)
    with own_server.client() as client:
        denied = {entry["object"] for entry in client.acl_log()}
    assert denied <= {"client", "client|setinfo"}


def test_two_applications_share_no_guest_session_and_one_does_whatever_it_is_held_by(
    server: RedisServer, simulator: Simulator
) -> None:
    def guest(**credentials: str) -> str:
        with TMDB(**credentials, base_url=simulator.base_url, store=RedisStore(server.url)) as tmdb:
            return tmdb.guest.start().id.reveal()

    assert guest(access_token=simulator.access_token) == guest(api_key=simulator.api_key)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"success": True, "guest_session_id": "a" * 32}))
    with TMDB(
        api_key=OTHER_KEY, base_url=simulator.base_url, transport=transport, store=RedisStore(server.url)
    ) as another:
        assert another.guest.start().id.reveal() == "a" * 32
    with server.client() as client:
        names = "".join(client.scan_iter("*"))
    assert simulator.api_key not in names
    assert OTHER_KEY not in names


def test_a_record_has_a_version_and_a_lifetime(server: RedisServer, simulator: Simulator) -> None:
    store = RedisStore(server.url, prefix="films", lifetime=3600)
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, store=store) as tmdb:
        expires = tmdb.guest.start().expires_at
        assert expires is not None
    store.save("user", {"session_id": "b"})
    with server.client() as client:
        for key in client.scan_iter("films:*}"):
            assert json.loads(client.get(key))["version"] == 1
            assert 0 < client.ttl(key) <= 3600
        client.expire("films:{user}", 5)
        assert store.load("user") == {"session_id": "b"}
        assert client.ttl("films:{user}") > 3000  # it was used


# The whole, in processes of their own


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_the_measurement_of_whole_fleets_runs() -> None:
    command = [sys.executable, str(ROOT / "scripts/fleets.py"), "--workers", "5", "--before", "1"]
    ended = subprocess.run(
        [*command, "restarts empty; share"], capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Redis restarts empty; share" in ended.stdout


def test_every_worker_of_a_fleet_is_an_event_loop_of_its_own(server: RedisServer, simulator: Simulator) -> None:
    """Sync, asyncio and trio, on one rate and one guest session."""
    settings: dict[str, Any] = {"access_token": simulator.access_token, "base_url": simulator.base_url}

    def limit() -> RedisRateLimit:
        return RedisRateLimit(server.url, rate=30)

    async def main() -> None:
        async with AsyncTMDB(**settings, store=RedisStore(server.url), rate_limit=limit()) as tmdb:
            for _ in range(5):
                await tmdb.movies.add_rating(11, value=8)

    def sync() -> None:
        with TMDB(**settings, store=RedisStore(server.url), rate_limit=limit()) as tmdb:
            for _ in range(5):
                tmdb.movies.add_rating(11, value=8)

    threads = [
        threading.Thread(target=work)
        for work in (
            sync,
            lambda: anyio.run(main),
            lambda: anyio.run(main, backend="trio"),
            lambda: asyncio.run(main()),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert simulator.count(RATE) == 20
    assert simulator.count(NEW_GUEST) == 1


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tmdb_ext")
