"""Sending again, and waiting for one's turn."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import nowhere, play, result_of
from tmdb_api_client.v3.operations import OPERATIONS
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import (
    STATUS_CODES,
    TMDB,
    APIError,
    AsyncTMDB,
    ConfigurationError,
    ConnectError,
    RateLimited,
    RequestTimeout,
    Retry,
    RetryPolicy,
    ServerError,
    TransportError,
)
from tmdb_ext._http.attempts import can_be_repeated
from tmdb_ext._http.call import Call, CallSettings
from tmdb_ext._http.deadline import Deadline
from tmdb_ext._http.limit import LONGEST_SLEEP, RateLimiter, limiter_of
from tmdb_ext._http.messages import Origin, Request
from tmdb_ext._http.retry import DEFAULT as SHIPPED
from tmdb_ext.testing import Simulator

QUICK = {"backoff": 0.01}
KEY = "0" * 31 + "1"
DETAILS = "movie-details"


def retrying(told: list[Retry] | None = None, **more: Any) -> dict[str, Any]:
    return {"retries": RetryPolicy(**{**QUICK, **more}, on_retry=None if told is None else told.append)}


# What is sent again


TRANSIENT = [{"http_status": status} for status in (429, 500, 502, 503, 504)]
TRANSIENT += [{"tmdb_code": code} for code in (9, 11, 15, 24, 43, 46)]


@pytest.mark.parametrize("fault", [*TRANSIENT, {"disconnect": True}], ids=str)
def test_a_read_is_sent_again_until_it_succeeds(simulator: Simulator, variant: str, fault: dict[str, Any]) -> None:
    told: list[Retry] = []
    simulator.fail_next(times=3, **fault)

    async def scene(tmdb: Any) -> None:
        assert (await result_of(tmdb.movies.details(11))).title == "Star Wars"

    play(variant, simulator, scene, **retrying(told))
    assert simulator.count(DETAILS) == 4
    assert [retry.attempt for retry in told] == [2, 3, 4]
    assert {(retry.operation, retry.method, retry.path) for retry in told} == {(DETAILS, "GET", "/3/movie/11")}
    assert all(retry.reason for retry in told)


def test_a_late_answer_is_asked_for_again(simulator: Simulator, variant: str) -> None:
    told: list[Retry] = []
    simulator.fail_next(delay=1.0)

    async def scene(tmdb: Any) -> None:
        assert (await result_of(tmdb.movies.details(11))).title == "Star Wars"

    play(variant, simulator, scene, timeout=0.3, **retrying(told))
    assert [retry.reason for retry in told] == ["RequestTimeout"]


def test_attempts_have_an_end(simulator: Simulator, variant: str) -> None:
    simulator.fail_next(500, times=9)

    async def scene(tmdb: Any) -> None:
        with pytest.raises(ServerError) as caught:
            await result_of(tmdb.movies.details(11))
        assert caught.value.retryable

    play(variant, simulator, scene, **retrying(attempts=3))
    assert simulator.count(DETAILS) == 3


def test_a_server_that_is_not_there_is_tried_again(simulator: Simulator, variant: str) -> None:
    told: list[Retry] = []

    async def scene(tmdb: Any) -> None:
        with pytest.raises(ConnectError):
            await result_of(tmdb.lists.create(name="mine"))

    with nowhere() as address:
        play(variant, simulator, scene, base_url=address, session_id="0" * 40, **retrying(told))
    assert [retry.reason for retry in told] == ["ConnectError"] * 3


FINAL = [{"http_status": status} for status in (301, 401, 404, 422, 501)] + [{"tmdb_code": code} for code in (2, 44)]


@pytest.mark.parametrize("fault", FINAL, ids=str)
def test_what_will_not_change_is_not_sent_again(simulator: Simulator, variant: str, fault: dict[str, Any]) -> None:
    simulator.fail_next(**fault)

    async def scene(tmdb: Any) -> None:
        with pytest.raises(APIError):
            await result_of(tmdb.movies.details(11))

    play(variant, simulator, scene, **retrying())
    assert simulator.count(DETAILS) == 1


DOUBTFUL = [{"http_status": 500}, {"http_status": 502}, {"http_status": 504}, {"disconnect": True, "perform": True}]


@pytest.mark.parametrize("fault", DOUBTFUL, ids=str)
def test_a_write_that_may_have_happened_is_not_sent_again(
    simulator: Simulator, variant: str, fault: dict[str, Any]
) -> None:
    simulator.fail_next(operation="list-create", **fault)

    async def scene(tmdb: Any) -> None:
        with pytest.raises((ServerError, TransportError)):
            await result_of(tmdb.lists.create(name="mine"))

    play(variant, simulator, scene, session_id=simulator.create_session(), **retrying())
    assert simulator.count("list-create") == 1


@pytest.mark.parametrize("fault", [{"http_status": 429}, {"http_status": 503}, {"tmdb_code": 46}], ids=str)
def test_a_write_that_was_turned_away_is_sent_again(simulator: Simulator, variant: str, fault: dict[str, Any]) -> None:
    simulator.fail_next(operation="list-create", **fault)

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.lists.create(name="mine"))

    play(variant, simulator, scene, session_id=simulator.create_session(), **retrying())
    assert simulator.count("list-create") == 2
    assert [one.owner for one in simulator._state.lists.values()].count(simulator.user) == 1


@pytest.mark.parametrize("fault", DOUBTFUL, ids=str)
def test_a_rating_is_sent_again_whatever_happened(simulator: Simulator, variant: str, fault: dict[str, Any]) -> None:
    simulator.fail_next(operation="movie-add-rating", **fault)

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.movies.add_rating(11, value=8.5))
        assert [film.rating for film in (await result_of(tmdb.guest_sessions.rated_movies())).results] == [8.5]

    play(variant, simulator, scene, **retrying())
    assert simulator.count("movie-add-rating") == 2


def test_which_writes_may_be_repeated_is_this() -> None:
    writes = {
        f"{api}{row.id}": can_be_repeated(row.method, row)
        for api, rows in (("", OPERATIONS), ("v4/", V4_OPERATIONS))
        for row in rows.values()
        if row.method != "GET" or row.id == "list-clear"
    }
    assert {name for name, repeated in writes.items() if repeated} == {
        "account-add-favorite", "account-add-to-watchlist", "authentication-delete-session", "list-clear",
        "list-delete", "movie-add-rating", "movie-delete-rating", "tv-episode-add-rating", "tv-episode-delete-rating",
        "tv-series-add-rating", "tv-series-delete-rating", "v4/auth-logout", "v4/list-clear", "v4/list-delete",
        "v4/list-update",
    }  # fmt: skip
    assert not can_be_repeated("POST", None)
    assert can_be_repeated("GET", None)


def test_a_guest_session_that_fails_at_first_is_made_once(simulator: Simulator, variant: str) -> None:
    simulator.fail_next(503, operation="authentication-create-guest-session", times=2)

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.movies.add_rating(11, value=8.5))

    play(variant, simulator, scene, **retrying())
    assert len(simulator._state.guest_sessions) == 1


# When


def test_tmdb_says_when(simulator: Simulator, variant: str) -> None:
    told: list[Retry] = []
    simulator.fail_next(429, retry_after=0.25)

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.movies.details(11))

    play(variant, simulator, scene, **retrying(told))
    assert 0.25 <= told[0].delay <= 0.26


def test_a_wait_that_is_too_long_is_left_to_the_caller(simulator: Simulator, variant: str) -> None:
    simulator.fail_next(429, retry_after=31, times=2)

    async def scene(tmdb: Any) -> None:
        with pytest.raises(RateLimited) as caught:
            await result_of(tmdb.movies.details(11))
        assert caught.value.retry_after == 31

    play(variant, simulator, scene, **retrying())
    assert simulator.count(DETAILS) == 1


def test_a_call_has_a_budget_that_its_extra_requests_share(simulator: Simulator, variant: str) -> None:
    simulator.fail_next(429, retry_after=0.6, operation="authentication-create-guest-session", times=2)
    simulator.fail_next(429, retry_after=0.6, operation="movie-add-rating", times=9)

    async def scene(tmdb: Any) -> None:
        with pytest.raises((RateLimited, RequestTimeout)):  # the second one on a machine that is busy
            await result_of(tmdb.movies.add_rating(11, value=8))

    play(variant, simulator, scene, **retrying(budget=2.0, attempts=9))
    assert simulator.count("authentication-create-guest-session") == 3
    assert simulator.count("movie-add-rating") <= 2


@given(st.integers(1, 12), st.floats(0, 5), st.floats(0, 60))
def test_pauses_are_drawn_from_a_range_that_doubles(attempt: int, backoff: float, longest: float) -> None:
    from tmdb_ext._http.attempts import Attempts

    policy = RetryPolicy(attempts=99, backoff=backoff, longest=longest)
    request = Request("GET", Origin("https", "x.org", 443), "/3/movie/11")
    attempts = Attempts(Call(None, settings=CallSettings(policy=policy)), request, Deadline(1e6))
    delays = []
    for _ in range(attempt):
        retry = attempts.after_failure("TransportError", sent=True)
        assert retry is not None
        delays.append(retry.delay)
    assert all(0 <= delay <= min(longest, backoff * 2**number) for number, delay in enumerate(delays))


def test_the_hook_may_be_awaited_and_may_fail(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Retry] = []

    async def hook(retry: Retry) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(retry)
        raise ValueError("no")

    async def main() -> None:
        policy = RetryPolicy(backoff=0.01, on_retry=hook)
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url, retries=policy) as tmdb:
            await tmdb.movies.details(11)

    simulator.fail_next(500)
    anyio.run(main, backend="trio")
    assert len(told) == 1
    assert "on_retry raised ValueError; the call goes on." in caplog.text

    def failing(retry: Retry) -> None:
        raise KeyError(retry)

    simulator.fail_next(500)
    policy = RetryPolicy(backoff=0.01, on_retry=failing)
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, retries=policy) as tmdb:
        tmdb.movies.details(11)
    assert "on_retry raised KeyError" in caplog.text


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_ends_the_pause(simulator: Simulator, backend: str) -> None:
    simulator.fail_next(429, retry_after=20)

    async def main() -> None:
        policy = RetryPolicy()
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url, retries=policy) as tmdb:
            with anyio.move_on_after(0.2) as scope:
                await tmdb.movies.details(11)
            assert scope.cancelled_caught
            assert (await tmdb.movies.details(11)).id == 11

    anyio.run(main, backend=backend)


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"attempts": 1.5}, {"attempts": True}, {"backoff": -1}, {"longest": float("inf")},
              {"budget": "90"}],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


def test_repetition_can_be_switched_off_and_is_on_by_default(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, retries=False) as tmdb:
        simulator.fail_next(500)
        with pytest.raises(ServerError):
            tmdb.movies.details(11)
    assert repr(SHIPPED) == "RetryPolicy(attempts=4, backoff=0.5, longest=30.0, budget=90.0)"
    assert {code for code, row in STATUS_CODES.items() if row.transient} == {9, 11, 15, 24, 25, 43, 46}


def test_the_environments_proxy_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(strict=True) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        with TMDB(api_key=KEY, base_url="http://tmdb.example") as tmdb, pytest.raises(APIError):
            tmdb.movies.details(11)
        assert "http://tmdb.example/3/movie/11" in proxy.requests[0].path


# One's turn


class Hands:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def sent_at(
    limiter: RateLimiter, clock: Hands, arrivals: list[float], late: list[float], gone: frozenset[int] = frozenset()
) -> dict[int, float]:
    """When each request goes that arrives after a pause, if each of its sleeps ends late; those in `gone` give up."""
    waiters = [object() for _ in arrivals]
    wakes = [(clock.now + sum(arrivals[: number + 1]), number) for number in range(len(arrivals))]
    heapq.heapify(wakes)
    lateness = itertools.cycle(late)
    sent: dict[int, float] = {}
    asked: set[int] = set()
    while wakes:
        moment, number = heapq.heappop(wakes)
        clock.now = max(clock.now, moment)
        if number in asked and number in gone:
            limiter.leave(waiters[number])
            continue
        asked.add(number)
        wait = limiter.take(waiters[number])
        if wait <= 0:
            sent[number] = clock.now
        else:
            heapq.heappush(wakes, (clock.now + min(wait, LONGEST_SLEEP) + next(lateness), number))
    return sent


@settings(deadline=None)
@given(
    st.floats(0.5, 200),
    st.lists(st.floats(0, 0.2), max_size=60),
    st.lists(st.floats(0, 0.5), min_size=1, max_size=5),
)
def test_no_second_has_more_than_the_rate_and_the_burst(rate: float, pauses: list[float], late: list[float]) -> None:
    clock = Hands()
    turns = sorted(sent_at(RateLimiter(rate, burst=4, clock=clock), clock, pauses, late).values())
    assert len(turns) == len(pauses)
    for index, first in enumerate(turns):
        assert sum(1 for turn in turns[index:] if turn - first < 1 - 1e-6) <= rate + 4 + 1


def test_turns_come_in_the_order_of_asking_and_evenly() -> None:
    clock = Hands()
    turns = sent_at(RateLimiter(10, burst=1, clock=clock), clock, [0.0] * 8, [0.0])
    assert list(turns) == sorted(turns)
    assert [round(turn - 100, 6) for turn in turns.values()] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


def test_a_pause_allows_a_few_at_once() -> None:
    clock = Hands()
    limiter = RateLimiter(10, burst=3, clock=clock)
    turns = sent_at(limiter, clock, [0.0] * 5, [0.0])
    assert [round(turn - 100, 6) for turn in turns.values()] == [0.0, 0.0, 0.0, 0.1, 0.2]
    clock.now = 200.0
    assert [round(turn - 200, 6) for turn in sent_at(limiter, clock, [0.0] * 4, [0.0]).values()] == [0.0, 0.0, 0.0, 0.1]


def test_whoever_gives_up_leaves_the_turn_to_others() -> None:
    clock = Hands()
    limiter = RateLimiter(10, burst=1, clock=clock)
    turns = sent_at(limiter, clock, [0.0] * 1001, [0.0], gone=frozenset(range(1, 1000)))
    assert set(turns) == {0, 1000}
    assert turns[1000] - turns[0] <= LONGEST_SLEEP + 0.2


def test_a_turn_that_nobody_comes_for_goes_to_another() -> None:
    clock = Hands()
    limiter = RateLimiter(10, burst=1, clock=clock)
    asleep, awake = object(), object()
    assert limiter.take(object()) == 0
    assert limiter.take(asleep) > 0
    assert limiter.take(awake) > 0
    clock.now += 0.15
    assert limiter.take(awake) > 0
    clock.now += 0.1
    assert limiter.take(awake) == 0


def test_a_turn_that_was_given_back_goes_to_the_next_and_adds_nothing_to_the_burst() -> None:
    clock = Hands()
    limiter = RateLimiter(10, burst=2, clock=clock)
    assert [limiter.take(object()) for _ in range(2)] == [0, 0]
    assert limiter.take(object()) > 0
    limiter = RateLimiter(10, burst=2, clock=clock)
    assert limiter.take(object()) == 0
    limiter.give_back()
    for _ in range(50):
        limiter.give_back()
    assert [limiter.take(object()) for _ in range(2)] == [0, 0]
    assert limiter.take(object()) > 0


def test_turns_that_are_given_back_late_do_not_go_out_together() -> None:
    """As when the first connections take their time: all of them come at once, and each wants another turn."""
    clock = Hands()
    limiter = RateLimiter(10, burst=2, clock=clock)
    taken = sent_at(limiter, clock, [0.0] * 12, [0.0])
    clock.now = 101.0
    sent = 0
    for moment in taken.values():
        limiter.give_back(clock.now - moment)
        sent += limiter.take(object()) == 0
    assert sent <= 2  # the burst


def test_a_turn_that_was_given_back_ends_no_pause() -> None:
    clock = Hands()
    limiter = RateLimiter(10, burst=1, clock=clock)
    assert limiter.take(object()) == 0
    limiter.back_off(5)
    limiter.give_back()
    assert 4.9 < limiter.take(object()) <= 5


def test_a_limit_without_a_method_is_refused() -> None:
    class Half:
        take = leave = back_off = print

    with pytest.raises(ConfigurationError, match="rate_limit is an object without the method give_back"):
        TMDB(api_key=KEY, rate_limit=Half())  # type: ignore[arg-type]


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_a_call_whose_turn_comes_after_its_budget_ends_at_once_and_sends_nothing(
    simulator: Simulator, variant: str
) -> None:
    limiter = RateLimiter(10)
    limiter.back_off(60)

    async def scene(tmdb: Any) -> None:
        begun = time.monotonic()
        with pytest.raises(RequestTimeout, match=r"its turn under the rate limit comes in \d+") as caught:
            await result_of(tmdb.lists.create(name="x", description="", language="en"))
        assert (caught.value.phase, caught.value.retryable) == ("budget", True)
        assert time.monotonic() - begun < 20

    play(variant, simulator, scene, rate_limit=limiter, session_id=simulator.create_session(), **retrying(budget=30))
    assert simulator.requests == []


def test_after_a_429_the_whole_group_waits(simulator: Simulator) -> None:
    arrived: list[float] = []
    lock = threading.Lock()

    def answer(request: httpx.Request) -> httpx.Response:
        with lock:
            arrived.append(time.monotonic())
            first = len(arrived) == 1
        return httpx.Response(429, headers={"retry-after": "0.4"}) if first else httpx.Response(200, json={"id": 11})

    def client() -> TMDB:
        transport = httpx.MockTransport(answer)
        return TMDB(api_key=KEY, base_url="https://group.example", transport=transport, rate_limit=500, **retrying())

    with client() as one, client() as other:
        threads = [threading.Thread(target=one.movies.details, args=[11])]
        threads[0].start()
        while not arrived:
            time.sleep(0.001)
        threads += [threading.Thread(target=other.movies.details, args=[11]) for _ in range(5)]
        time.sleep(0.05)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(arrived) == 7
    assert min(arrived[1:]) - arrived[0] > 0.35


def test_clients_of_one_address_share_a_limiter_and_others_do_not() -> None:
    first = limiter_of("tmdb", "https://api.themoviedb.org", "api.themoviedb.org")
    assert first is not None
    assert limiter_of("tmdb", "https://api.themoviedb.org", "api.themoviedb.org") is first
    assert limiter_of("tmdb", "https://proxy.example", "proxy.example") is not first
    assert limiter_of(5.0, "https://api.themoviedb.org", "api.themoviedb.org") is not first
    assert limiter_of(None, "https://api.themoviedb.org", "api.themoviedb.org") is None
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "tmdb.localhost"):
        assert limiter_of("tmdb", f"http://{host}", host) is None


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan"), "40", True])
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(ConfigurationError, match="rate_limit must be a number"):
        TMDB(api_key=KEY, rate_limit=rate)


def test_at_the_rate_a_limited_server_never_refuses(variant: str) -> None:
    with Simulator(requests_per_second=30) as simulator:

        async def many(tmdb: Any) -> None:
            if variant == "async":
                async with anyio.create_task_group() as tasks:
                    for _ in range(45):
                        tasks.start_soon(tmdb.movies.details, 11)
                return
            for _ in range(45):
                tmdb.movies.details(11)

        play(variant, simulator, many, rate_limit=25.0)
        assert Counter(request.http_status for request in simulator.requests) == {200: 45}


def test_waiting_shows_no_credential(simulator: Simulator) -> None:
    simulator.fail_next(delay=0.3, times=2)
    with (
        TMDB(api_key=simulator.api_key, base_url=simulator.base_url, timeout=0.05, **retrying(attempts=2)) as tmdb,
        pytest.raises(RequestTimeout) as caught,
    ):
        tmdb.movies.details(11)
    assert simulator.api_key not in repr(vars(caught.value))
