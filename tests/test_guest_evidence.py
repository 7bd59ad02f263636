"""A guest session is given up on evidence: when TMDB takes another one for the same request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from scenes import play, result_of, set_clock

from tmdb_ext import TMDB, AsyncTMDB, FileStore, GuestSession, NotFound, SessionDenied
from tmdb_ext.testing import Simulator

NEW_GUEST = "authentication-create-guest-session"
STATES = "movie-account-states"
RATING = "movie-add-rating"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZXMiOlsiYXBpX3JlYWQiXX0.c2lnbmF0dXJl"


def forget(simulator: Simulator, tmdb: Any) -> None:
    simulator.forget_guest_session(tmdb.guest.info().id.reveal())


def test_an_operation_that_is_not_for_guests_costs_no_session(
    simulator: Simulator, variant: str, tmp_path: Path
) -> None:
    store, told = FileStore(tmp_path / "s.json"), list[GuestSession]()

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.movies.add_rating(11, value=5))
        former, kept = tmdb.guest.info(), store.path.read_bytes()
        simulator.fail_next(401, tmdb_code=3, operation=STATES, times=100)
        for _ in range(5):
            with pytest.raises(SessionDenied):
                await result_of(tmdb.movies.account_states(11))
        assert tmdb.guest.info() is former
        assert store.path.read_bytes() == kept
        rated = await result_of(tmdb.guest_sessions.rated_movies())
        assert [film.id for film in rated.results] == [11]
        simulator.clear_faults()

    play(variant, simulator, scene, store=store, on_guest_session_replaced=told.append)
    assert (simulator.count(NEW_GUEST), told) == (2, [])
    assert simulator.count(STATES) == 2 + 4  # with another session once, and then not again


def test_the_guard_ends_with_time(simulator: Simulator) -> None:
    with TMDB(simulator.access_token, base_url=simulator.base_url) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        simulator.fail_next(401, tmdb_code=3, operation=STATES, times=100)
        for _ in range(2):
            with pytest.raises(SessionDenied):
                tmdb.movies.account_states(11)
            simulator.clear_faults()
            assert tmdb.movies.account_states(11).rated
            simulator.fail_next(401, tmdb_code=3, operation=STATES, times=100)
            later = datetime.now(UTC) + timedelta(seconds=61)
            set_clock(tmdb, lambda: later)  # noqa: B023 - the same one
        assert tmdb.guest.info() is not None


@pytest.mark.parametrize("fault", [{"tmdb_code": 34}, {"http_status": 422}, {"tmdb_code": 11}, {"http_status": 503}])
def test_a_replacement_whose_first_answer_is_an_error_can_be_replaced_in_turn(
    simulator: Simulator, variant: str, fault: dict[str, Any]
) -> None:
    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.movies.add_rating(11, value=5))
        for _ in range(3):
            forget(simulator, tmdb)
            simulator.fail_next(401, tmdb_code=3, operation=RATING)
            simulator.fail_next(operation=RATING, **fault)
            with pytest.raises(Exception, match="HTTP"):
                await result_of(tmdb.movies.add_rating(12, value=5))
            await result_of(tmdb.movies.add_rating(12, value=5))
        forget(simulator, tmdb)
        await result_of(tmdb.movies.add_rating(12, value=5))
        rated = await result_of(tmdb.guest_sessions.rated_movies())
        assert [film.id for film in rated.results] == [12]

    play(variant, simulator, scene, retries=False)


def test_a_film_that_is_not_there_says_nothing_against_a_session(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        former = await result_of(tmdb.guest.start())
        for _ in range(3):
            with pytest.raises(NotFound):
                await result_of(tmdb.movies.add_rating(999_999_999, value=5))
        assert tmdb.guest.info() is former

    play(variant, simulator, scene)
    assert simulator.count(NEW_GUEST) == 1


def test_sessions_that_tmdb_forgets_again_and_again_are_replaced_each_time(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for number in range(8):
            await result_of(tmdb.movies.add_rating(number + 1, value=5))
            forget(simulator, tmdb)

    play(variant, simulator, scene)
    assert simulator.count(NEW_GUEST) == 8


def test_not_more_than_ten_sessions_are_made_in_a_minute_to_replace_others() -> None:
    made = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal made
        if request.url.path.endswith("/new"):
            made += 1
            return httpx.Response(200, json={"guest_session_id": f"g{made}"})
        if request.url.params["guest_session_id"] not in taken:
            taken.add(request.url.params["guest_session_id"])
            return httpx.Response(201, json={"success": True})
        return httpx.Response(401, json={"success": False, "status_code": 3, "status_message": "x"})

    taken: set[str] = set()
    with TMDB(TOKEN, transport=httpx.MockTransport(answer)) as tmdb:
        for _ in range(11):
            tmdb.movies.add_rating(11, value=5)
        for _ in range(5):
            with pytest.raises(SessionDenied):
                tmdb.movies.add_rating(11, value=5)
        assert made == 11
        later = datetime.now(UTC) + timedelta(seconds=61)
        set_clock(tmdb, lambda: later)
        tmdb.movies.add_rating(11, value=5)
    assert made == 12


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_calls_find_out_together_that_an_operation_is_at_fault(simulator: Simulator, backend: str) -> None:
    simulator.fail_next(401, tmdb_code=3, operation=STATES, times=1000)

    async def main() -> None:
        async with AsyncTMDB(simulator.access_token, base_url=simulator.base_url, rate_limit=None) as tmdb:
            former = await tmdb.guest.start()
            refused = 0

            async def one() -> None:
                nonlocal refused
                with pytest.raises(SessionDenied):
                    await tmdb.movies.account_states(11)
                refused += 1

            async with anyio.create_task_group() as group:
                for _ in range(100):
                    group.start_soon(one)
            assert refused == 100
            assert tmdb.guest.info() is former

    anyio.run(main, backend=backend)
    assert simulator.count(NEW_GUEST) == 2
    assert simulator.count(STATES) == 101


def test_a_request_that_fails_on_the_way_says_nothing_about_the_other_session(simulator: Simulator) -> None:
    with TMDB(simulator.access_token, base_url=simulator.base_url, retries=False) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        forget(simulator, tmdb)
        simulator.fail_next(401, tmdb_code=3, operation=RATING)
        simulator.fail_next(disconnect=True, operation=RATING)
        with pytest.raises(Exception, match="movie/12/rating"):
            tmdb.movies.add_rating(12, value=5)
        # The session that was made for it is tried before another one is made.
        tmdb.movies.add_rating(12, value=5)
    assert simulator.count(NEW_GUEST) == 2


@pytest.mark.parametrize(
    "expires_at", ["2026-01-01", "2025-12-31 23:00:00 UTC", "2026-01-01 12:00:00 UTC", "1970-01-01 00:00:00 UTC"]
)
@pytest.mark.parametrize("date", [None, "Thu, 01 Jan 2026 12:00:00 GMT"])
def test_an_expiry_before_the_session_was_made_is_not_believed(expires_at: str, date: str | None) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    made = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal made
        if request.url.path.endswith("/new"):
            made += 1
            headers = {} if date is None else {"date": date}
            return httpx.Response(200, json={"guest_session_id": f"g{made}", "expires_at": expires_at}, headers=headers)
        return httpx.Response(201, json={"success": True})

    with TMDB(TOKEN, transport=httpx.MockTransport(answer)) as tmdb:
        set_clock(tmdb, lambda: now)
        for _ in range(5):
            tmdb.movies.add_rating(11, value=5)
            now += timedelta(hours=1)
        info = tmdb.guest.info()
        assert info is not None
        assert info.expires_at is None
    assert made == 1
