"""Which credentials a call carries, and the life of a guest session, a converted session and an account id."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import set_clock
from tmdb_api_client.v3.api.account import account_details
from tmdb_api_client.v3.api.movies import movie_account_states
from tmdb_api_client.v3.operations import OPERATIONS

from tmdb_ext import (
    TMDB,
    AsyncTMDB,
    AuthenticationError,
    ConfigurationError,
    DecodeError,
    GuestPolicy,
    GuestSession,
    Secret,
    SessionDenied,
    TMDBError,
    TransportError,
)
from tmdb_ext._auth.guest import parse_expiry, parse_guest_session, parse_http_date
from tmdb_ext._auth.selection import Held, select
from tmdb_ext.testing import Clock, Simulator

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2VjcmV0LXNpZ25hdHVyZQ"
SESSION = "5e55105e55105e55105e55105e55105e55105e55"
GUEST = "90e5790e5790e5790e5790e5790e5790"
NEW_GUEST = "authentication-create-guest-session"
BACKENDS = ("asyncio", "trio")


def sync_client(simulator: Simulator, **options: Any) -> TMDB:
    return TMDB(**({"access_token": simulator.access_token, "base_url": simulator.base_url} | options))


def async_client(simulator: Simulator, **options: Any) -> AsyncTMDB:
    return AsyncTMDB(**({"access_token": simulator.access_token, "base_url": simulator.base_url} | options))


def run(main: Callable[[], Any], backend: str = "asyncio") -> Any:
    return anyio.run(main, backend=backend)


async def together(count: int, call: Callable[[int], Any]) -> list[TMDBError]:
    """Await `call` in that many tasks at once and return the errors."""
    errors: list[TMDBError] = []

    async def one(number: int) -> None:
        try:
            await call(number)
        except TMDBError as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(one, number)
    return errors


# Selection


HOLDINGS: dict[str, Held] = {
    "an API key": Held(("api_key",), makes_guest_sessions=False),
    "a token": Held(("access_token",), makes_guest_sessions=False),
    "key and token": Held(("api_key", "access_token"), makes_guest_sessions=False),
    "key and session": Held(("api_key", "session_id"), makes_guest_sessions=False),
    "token and session": Held(("access_token", "session_id"), makes_guest_sessions=True),
    "token and guest session": Held(("access_token", "guest_session_id"), makes_guest_sessions=False),
    "token and a way to a guest session": Held(("access_token",), makes_guest_sessions=True),
    "token and both sessions": Held(("access_token", "session_id", "guest_session_id"), makes_guest_sessions=True),
    "a user token": Held(("user_access_token",), makes_guest_sessions=True),
    "nothing": Held(),
}


@pytest.mark.parametrize("holding", HOLDINGS)
def test_every_operation_gets_the_least_that_serves_or_a_plain_refusal(holding: str) -> None:
    held = HOLDINGS[holding]
    for operation in OPERATIONS.values():
        session_served = "session_id" in held.credentials or "user_access_token" in held.credentials
        guest_served = "guest_session_id" in held.credentials or held.makes_guest_sessions
        expected = {
            "none": None,
            "session": "session_id" if session_served else "refusal",
            "guest_session": "guest_session_id" if guest_served else "refusal",
            "either": "session_id" if session_served else "guest_session_id" if guest_served else "refusal",
        }[operation.user_auth]
        if expected == "refusal" or not held.credentials:
            with pytest.raises(ConfigurationError, match=rf"^{operation.id} .*Nothing was sent") as caught:
                select(operation.id, operation.user_auth, held, path=operation.path)
            assert caught.value.operation == operation.id
            assert caught.value.held == held.credentials
            continue
        plan = select(operation.id, operation.user_auth, held, path=operation.path)
        assert plan.user == expected
        bearer = next((name for name in held.credentials if name.endswith("access_token")), None)
        assert plan.application == (bearer or "api_key")
        assert any("path" in item for item in plan.carries) == ("{account_id}" in operation.path or (
            "{guest_session_id}" in operation.path))  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "accepts", "outcome"),
    [
        ("auto", "either", "session_id"),
        ("session", "either", "session_id"),
        ("guest", "either", "guest_session_id"),
        ("application", "either", None),
        ("session", "guest_session", None),
        ("guest", "session", None),
        ("application", "session", None),
    ],
)
def test_a_mode_forces_the_choice_or_refuses(mode: Any, accepts: Any, outcome: str | None) -> None:
    held = Held(("access_token", "session_id", "guest_session_id"), makes_guest_sessions=True)
    if outcome is not None:
        assert select("x", accepts, held, mode=mode).user == outcome
    else:
        with pytest.raises(ConfigurationError, match=f"mode '{mode}' rules that out"):
            select("x", accepts, held, mode=mode)
    assert select("x", "none", held, mode=mode).user is None


def test_a_guest_session_offered_to_an_operation_for_users_is_told_so() -> None:
    with TMDB(access_token=TOKEN, guest_session_id=GUEST) as tmdb, pytest.raises(ConfigurationError) as caught:
        tmdb.account.favorite_movies()
    message = str(caught.value)
    assert "account-get-favorites takes a user session only" in message
    assert "This client holds an access token and a guest session" in message
    assert "A guest session cannot call it" in message
    assert "TMDB_SESSION_ID" in message
    assert caught.value.accepts == ("a user session",)


def test_a_rating_with_guest_sessions_switched_off_says_so() -> None:
    with TMDB(access_token=TOKEN, guest=False) as tmdb, pytest.raises(ConfigurationError, match="guest=True"):
        tmdb.movies.add_rating(11, value=5)


def test_the_choice_can_be_explained_without_values() -> None:
    with TMDB(api_key=KEY, session_id=SESSION) as tmdb:
        plan = tmdb.auth.explain("movie-add-rating")
        assert (plan.application, plan.user, plan.source) == ("api_key", "session_id", "held")
        assert str(plan) == (
            "movie-add-rating carries api_key in the query, session_id in the query: "
            "a user session goes before a guest session."
        )
        with tmdb.acting_as("guest"):
            assert tmdb.auth.explain("movie-add-rating").source == "made on demand"
        assert tmdb.auth.explain("account-lists").carries[-1] == "account_id in the path"
        with pytest.raises(ConfigurationError, match=r"no operation called 'movie-rating'.*movie-add-rating"):
            tmdb.auth.explain("movie-rating")
    assert KEY not in str(plan)


# What arrives


SENT = {
    "an API key": ("api_key",),
    "a token": ("authorization",),
    "key and token": ("authorization",),
    "key and session": ("api_key", "session_id"),
    "token and session": ("authorization", "session_id"),
    "token and guest session": ("authorization", "guest_session_id"),
}


@pytest.mark.parametrize("holding", SENT)
@pytest.mark.parametrize("variant", ["sync", "async"])
def test_what_arrives_is_what_was_planned(simulator: Simulator, holding: str, variant: str) -> None:
    values = {
        "api_key": simulator.api_key,
        "access_token": simulator.access_token,
        "session_id": simulator.create_session(),
    }
    options: dict[str, Any] = {name: values[name] for name in HOLDINGS[holding].credentials if name in values}
    options |= {"base_url": simulator.base_url, "guest": "guest" in holding}
    expected = set(SENT[holding])

    def arrived(operation: str) -> set[str]:
        (request,) = [item for item in simulator.requests if item.operation == operation]
        return set(request.params) | {"authorization"} & set(request.headers)

    async def acall(name: str) -> None:
        async with AsyncTMDB(**options) as tmdb:
            await (tmdb.movies.details(11) if name == "details" else tmdb.movies.account_states(11))

    def call(name: str) -> None:
        if variant == "async":
            anyio.run(acall, name)
            return
        with TMDB(**options) as tmdb:
            _ = tmdb.movies.details(11) if name == "details" else tmdb.movies.account_states(11)

    call("details")
    assert arrived("movie-details") == expected - {"session_id", "guest_session_id"}
    if expected & {"session_id", "guest_session_id"}:
        call("states")
        assert arrived("movie-account-states") == expected
    else:
        with pytest.raises(ConfigurationError):
            call("states")
        assert simulator.count("movie-account-states") == 0


def test_what_the_caller_put_into_a_request_is_left_alone(simulator: Simulator) -> None:
    mine, yours = simulator.create_session(), simulator.create_session()
    with sync_client(simulator, session_id=mine) as tmdb:
        movie_account_states.sync_detailed(11, client=tmdb.low_level, session_id=yours)
        account_details.sync_detailed(simulator.user.id, client=tmdb.low_level, session_id=yours)
        tmdb.low_level.get_httpx_client().get("/3/movie/11", headers={"authorization": "Bearer x"})
    assert [request.params.get("session_id") for request in simulator.requests] == [yours, yours, None]
    assert simulator.requests[2].headers["authorization"] == "Bearer x"


def test_an_account_id_of_the_callers_wins(simulator: Simulator) -> None:
    with sync_client(simulator, session_id=simulator.create_session()) as tmdb:
        tmdb.account.favorite_movies(account_id=simulator.user.id)
    assert [request.path for request in simulator.requests] == [f"/3/account/{simulator.user.id}/favorite/movies"]


def test_a_guest_session_id_of_the_callers_wins(simulator: Simulator) -> None:
    with sync_client(simulator) as tmdb:
        given = tmdb.guest.start().id.reveal()
        tmdb.guest.forget()
        simulator.clear_requests()
        tmdb.guest_sessions.rated_movies(guest_session_id=given)
    assert [request.path for request in simulator.requests] == [f"/3/guest_session/{given}/rated/movies"]


# The guest session


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_a_guest_rates_and_reads_the_rating_back(
    simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tmdb_ext")

    async def amain() -> Any:
        async with async_client(simulator) as tmdb:
            assert tmdb.guest.info() is None
            await tmdb.movies.add_rating(11, value=8.5)
            await tmdb.movies.details(11)
            return tmdb.guest.info(), await tmdb.guest_sessions.rated_movies()

    if variant == "async":
        session, rated = run(amain)
    else:
        with sync_client(simulator) as tmdb:
            assert tmdb.guest.info() is None
            tmdb.movies.add_rating(11, value=8.5)
            tmdb.movies.details(11)
            session, rated = tmdb.guest.info(), tmdb.guest_sessions.rated_movies()
    assert [(film.id, film.rating) for film in rated.results] == [(11, 8.5)]
    assert simulator.count(NEW_GUEST) == 1
    assert isinstance(session, GuestSession)
    assert session.expires_at is not None
    assert session.expires_at > datetime.now(UTC)
    assert session.idle() < timedelta(seconds=30)
    messages = [record.getMessage() for record in caplog.records if record.name == "tmdb_ext"]
    assert [message.split(";")[0] for message in messages] == ["Made a guest session"]
    assert session.id.reveal() not in "".join(messages) + repr(session)


def test_no_guest_session_is_made_before_one_is_needed(simulator: Simulator) -> None:
    with sync_client(simulator) as tmdb:
        tmdb.movies.details(11)
        tmdb.search.movie("star")
    assert simulator.count(NEW_GUEST) == 0


def test_sixty_four_threads_make_one_guest_session(simulator: Simulator) -> None:
    barrier = threading.Barrier(64)
    with sync_client(simulator) as tmdb:

        def rate(number: int) -> None:
            barrier.wait()
            tmdb.movies.add_rating(number + 1, value=5)

        with ThreadPoolExecutor(64) as pool:
            list(pool.map(rate, range(64)))
    assert simulator.count(NEW_GUEST) == 1
    assert len({request.params["guest_session_id"] for request in simulator.requests if request.method == "POST"}) == 1


@pytest.mark.parametrize(("backend", "tasks"), [("asyncio", 1000), ("trio", 200)])
def test_a_thousand_tasks_make_one_guest_session(backend: str, tasks: int) -> None:
    made = itertools.count()

    async def answer(request: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.01)
        if request.url.path.endswith("/new"):
            return httpx.Response(200, json={"guest_session_id": f"g{next(made)}"})
        assert request.url.params["guest_session_id"] == "g0"
        return httpx.Response(201, json={"success": True})

    async def main() -> list[TMDBError]:
        async with AsyncTMDB(access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:
            return await together(tasks, lambda number: tmdb.movies.add_rating(number, value=5))

    assert run(main, backend) == []
    assert next(made) == 1


def test_a_session_that_the_server_forgot_is_replaced_once_by_threads(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[GuestSession] = []
    with sync_client(simulator, on_guest_session_replaced=told.append) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        former = tmdb.guest.info()
        assert former is not None
        simulator.forget_guest_session(former.id.reveal())
        barrier = threading.Barrier(32)

        def rate(number: int) -> None:
            barrier.wait()
            tmdb.movies.add_rating(number + 1, value=5)

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(rate, range(32)))
        assert simulator.count(NEW_GUEST) == 2
        assert told == [tmdb.guest.info()]
        assert told[0].id != former.id
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert ["lost" in record.getMessage() for record in warned] == [True]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_session_that_the_server_forgot_is_replaced_once_by_tasks(backend: str) -> None:
    told: list[GuestSession] = []

    async def hook(session: GuestSession) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(session)

    async def main() -> None:
        with Simulator(strict=True) as simulator:
            async with async_client(simulator, on_guest_session_replaced=hook) as tmdb:
                simulator.forget_guest_session((await tmdb.guest.start()).id.reveal())
                assert await together(100, lambda number: tmdb.movies.add_rating(number + 1, value=5)) == []
            assert simulator.count(NEW_GUEST) == 2
            assert len(told) == 1

    run(main, backend)


@pytest.mark.parametrize("guest_session_id", [None, GUEST])
def test_a_refusal_that_a_new_session_does_not_mend_surfaces(
    simulator: Simulator, guest_session_id: str | None
) -> None:
    simulator.fail_next(401, tmdb_code=3, operation="movie-add-rating", times=100)
    with sync_client(simulator, guest_session_id=guest_session_id) as tmdb:
        for _ in range(5):
            with pytest.raises(SessionDenied, match="guest session sent with it"):
                tmdb.movies.add_rating(11, value=5)
    # Not one more for every call: a replacement that was never accepted is not replaced.
    assert simulator.count(NEW_GUEST) == (1 if guest_session_id else 2)


def test_a_refused_session_is_kept_where_making_one_is_switched_off(simulator: Simulator) -> None:
    with sync_client(simulator, guest_session_id=GUEST, guest=False) as tmdb:
        with pytest.raises(SessionDenied):
            tmdb.movies.add_rating(11, value=5)
        assert tmdb.guest.info().id == Secret(GUEST)
    assert simulator.count(NEW_GUEST) == 0


def test_other_refusals_do_not_cost_the_guest_session(simulator: Simulator) -> None:
    with sync_client(simulator) as tmdb:
        former = tmdb.guest.start()
        for status, code in [(401, 7), (404, 34), (429, 25), (500, 11)]:
            simulator.fail_next(status, tmdb_code=code, operation="movie-add-rating")
            with pytest.raises(TMDBError):
                tmdb.movies.add_rating(11, value=5)
        assert tmdb.guest.info() is former


def test_a_session_idle_for_too_long_is_replaced() -> None:
    clock = Clock()
    with Simulator(clock=clock, strict=True) as simulator, sync_client(simulator) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        clock.advance(timedelta(hours=2))
        tmdb.movies.add_rating(12, value=5)
        assert simulator.count(NEW_GUEST) == 2


def test_a_session_past_its_expiry_is_replaced_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    made = itertools.count()
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/new"):
            expiry = f"{now + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC"
            return httpx.Response(200, json={"guest_session_id": f"g{next(made)}", "expires_at": expiry})
        sent.append(request.url.params["guest_session_id"])
        return httpx.Response(201, json={"success": True})

    told: list[GuestSession] = []
    with TMDB(access_token=TOKEN, transport=httpx.MockTransport(answer), on_guest_session_replaced=told.append) as tmdb:
        set_clock(tmdb, lambda: now)
        tmdb.movies.add_rating(11, value=5)
        now += timedelta(minutes=58)
        tmdb.movies.add_rating(11, value=5)
        now += timedelta(minutes=1, seconds=30)  # within the margin
        tmdb.movies.add_rating(11, value=5)
    assert sent == ["g0", "g0", "g1"]
    assert [session.id.reveal() for session in told] == ["g1"]


def test_a_wrong_local_clock_does_not_make_every_session_look_expired() -> None:
    server_time = datetime(2026, 1, 1, 12, tzinfo=UTC)
    payload = {"guest_session_id": "g", "expires_at": "2026-01-01 13:00:00 UTC"}
    headers = {"date": format_datetime(server_time, usegmt=True)}
    local = server_time + timedelta(days=2)
    session = parse_guest_session(payload, headers["date"], local, replaces=False)
    assert session is not None
    assert not session.expired(local, GuestPolicy())
    assert not session.expired(local + timedelta(minutes=58), GuestPolicy())
    assert session.expired(local + timedelta(minutes=60), GuestPolicy())


@pytest.mark.parametrize(
    "payload", [None, [], {}, {"guest_session_id": ""}, {"guest_session_id": 3}, {"guest_session_id": "../account"}]
)
def test_an_answer_without_a_usable_guest_session_is_a_decode_error(payload: Any) -> None:
    with (
        TMDB(access_token=TOKEN, transport=httpx.MockTransport(lambda _: httpx.Response(200, json=payload))) as tmdb,
        pytest.raises(
            DecodeError,
            match=r"guest_session/new: the answer (has no usable guest_session_id|is not a JSON object or list)",
        ),
    ):
        tmdb.movies.add_rating(11, value=5)


@given(st.text(max_size=40))
def test_any_expiry_and_date_is_read_without_an_exception(text: str) -> None:
    for moment in (parse_expiry(text), parse_http_date(text)):
        assert moment is None or moment.tzinfo is not None


def test_a_hook_may_call_the_client_and_may_fail(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    def hook(session: GuestSession) -> None:
        tmdb.movies.add_rating(12, value=5)
        raise RuntimeError(session.id.reveal())

    with sync_client(simulator, on_guest_session_replaced=hook) as tmdb:
        simulator.forget_guest_session(tmdb.guest.start().id.reveal())
        tmdb.movies.add_rating(11, value=5)
        assert {film.id for film in tmdb.guest_sessions.rated_movies().results} == {11, 12}
        assert "raised RuntimeError" in caplog.text
        assert tmdb.guest.info().id.reveal() not in caplog.text


# Failing in the middle


def test_those_who_wait_get_the_failure_of_the_attempt_they_waited_for() -> None:
    attempts = itertools.count()
    waiting = threading.Barrier(16)

    def answer(request: httpx.Request) -> httpx.Response:
        next(attempts)
        time.sleep(0.3)
        return httpx.Response(401, json={"success": False, "status_code": 7})

    with TMDB(access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:

        def rate(number: int) -> TMDBError | None:
            waiting.wait()
            try:
                tmdb.movies.add_rating(number, value=5)
            except TMDBError as error:
                return error
            return None

        with ThreadPoolExecutor(16) as pool:
            errors = list(pool.map(rate, range(16)))
    assert {type(error) for error in errors} == {AuthenticationError}
    assert len({id(error) for error in errors}) == 16
    assert next(attempts) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_tasks_that_wait_do_not_time_out_one_after_the_other(backend: str) -> None:
    attempts = itertools.count()

    async def answer(_: httpx.Request) -> httpx.Response:
        next(attempts)
        await anyio.sleep(0.05)
        raise httpx.ConnectTimeout("slow")

    async def main() -> list[TMDBError]:
        async with AsyncTMDB(access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:
            return await together(50, lambda number: tmdb.movies.add_rating(number, value=5))

    errors = run(main, backend)
    assert len(errors) == 50
    assert all(isinstance(error, TransportError) for error in errors)
    assert next(attempts) == 1


def test_after_a_failure_the_next_call_tries_again(simulator: Simulator) -> None:
    with sync_client(simulator) as tmdb:
        simulator.fail_next(503, operation=NEW_GUEST)
        with pytest.raises(TMDBError, match="guest_session/new: HTTP 503"):
            tmdb.movies.add_rating(11, value=5)
        tmdb.movies.add_rating(11, value=5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_task_cancelled_while_making_a_session_leaves_nobody_waiting(backend: str) -> None:
    made = itertools.count()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/new"):
            number = next(made)
            await anyio.sleep(0.02 if number else 60)
            return httpx.Response(200, json={"guest_session_id": f"g{number}"})
        return httpx.Response(201, json={"success": True})

    async def main() -> None:
        async with AsyncTMDB(access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:
            with anyio.fail_after(5):
                async with anyio.create_task_group() as group:
                    doomed = anyio.CancelScope()

                    async def first() -> None:
                        with doomed:
                            await tmdb.movies.add_rating(1, value=5)

                    async def cancelled_while_waiting() -> None:
                        with anyio.move_on_after(0.05):
                            await tmdb.movies.add_rating(2, value=5)

                    group.start_soon(first)
                    await anyio.sleep(0.02)
                    group.start_soon(cancelled_while_waiting)
                    for number in range(20):
                        group.start_soon(lambda number=number: tmdb.movies.add_rating(number, value=5))
                    await anyio.sleep(0.1)
                    assert tmdb.guest.info() is None
                    doomed.cancel()
            assert tmdb.guest.info().id == Secret("g1")
            assert next(made) == 2

    run(main, backend)


def test_a_thread_that_dies_while_making_a_session_leaves_nobody_waiting() -> None:
    started = threading.Event()
    made = itertools.count()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/new") and next(made) == 0:
            started.set()
            time.sleep(0.1)
            raise SystemExit
        return httpx.Response(200, json={"guest_session_id": "g1", "success": True})

    with TMDB(access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:

        def die() -> None:
            with contextlib.suppress(SystemExit):
                tmdb.movies.add_rating(1, value=5)

        dying = threading.Thread(target=die)
        dying.start()
        started.wait()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: tmdb.movies.add_rating(number, value=5), range(8), timeout=10))
        dying.join()
        assert tmdb.guest.info().id == Secret("g1")


# The account id and the converted session


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_the_account_id_is_looked_up_once(simulator: Simulator, variant: str) -> None:
    session = simulator.create_session()

    async def amain() -> int:
        async with async_client(simulator, session_id=session) as tmdb:
            assert await together(50, lambda _: tmdb.account.favorite_movies()) == []
            return await tmdb.auth.account_id()

    if variant == "async":
        account_id = run(amain)
    else:
        with sync_client(simulator, session_id=session) as tmdb, ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: tmdb.account.favorite_movies(), range(50)))
            account_id = tmdb.auth.account_id()
    assert account_id == simulator.user.id
    lookups = [request for request in simulator.requests if request.path == "/3/account"]
    assert [request.params["session_id"] for request in lookups] == [session]
    assert simulator.count("account-get-favorites") == 50


def test_each_session_has_an_account_of_its_own(simulator: Simulator) -> None:
    other = simulator.create_user("other", "password")
    for user in (simulator.user, other):
        with sync_client(simulator, session_id=simulator.create_session(user)) as tmdb:
            assert tmdb.auth.account_id() == user.id
            assert tmdb.account.details().username == user.username


def test_the_account_of_a_session_in_the_query_is_that_sessions(simulator: Simulator) -> None:
    other = simulator.create_user("other", "password")
    theirs = simulator.create_session(other)
    with sync_client(simulator, session_id=simulator.create_session()) as tmdb:
        tmdb.auth.account_id()
        account_details.sync_detailed("{account_id}", client=tmdb.low_level, session_id=theirs)  # type: ignore[arg-type]
    assert simulator.requests[-1].path == f"/3/account/{other.id}"


def test_without_a_user_session_there_is_no_account_id(simulator: Simulator) -> None:
    with sync_client(simulator) as tmdb, pytest.raises(ConfigurationError, match="takes a user session only"):
        tmdb.auth.account_id()
    assert simulator.requests == []


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_a_user_access_token_is_converted_once(simulator: Simulator, variant: str) -> None:
    token = simulator.create_user_access_token()

    async def amain() -> None:
        async with async_client(simulator, user_access_token=token) as tmdb:
            assert await together(50, lambda number: tmdb.movies.add_rating(number + 1, value=5)) == []
            assert (await tmdb.account.details()).id == simulator.user.id

    if variant == "async":
        run(amain)
    else:
        with sync_client(simulator, user_access_token=token) as tmdb, ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda number: tmdb.movies.add_rating(number + 1, value=5), range(50)))
            assert tmdb.account.details().id == simulator.user.id
    assert simulator.count("authentication-create-session-from-v4-token") == 1
    assert simulator.count(NEW_GUEST) == 0
    used = {request.headers["authorization"] for request in simulator.requests}
    assert used == {f"Bearer {simulator.access_token}"}


# Modes in a block


def test_a_mode_holds_for_its_block_and_thread_only(simulator: Simulator) -> None:
    with sync_client(simulator, session_id=simulator.create_session()) as tmdb:
        with tmdb.acting_as("guest"):
            assert tmdb.auth.mode == "guest"
            with tmdb.acting_as("application"):
                assert tmdb.auth.mode == "application"
                with pytest.raises(ConfigurationError, match="mode 'application'"):
                    tmdb.movies.add_rating(11, value=5)
            assert tmdb.auth.mode == "guest"
            tmdb.movies.add_rating(11, value=5)
            seen: list[str] = []
            thread = threading.Thread(target=lambda: seen.append(tmdb.auth.mode))
            thread.start()
            thread.join()
            with sync_client(simulator) as other:
                assert (seen, other.auth.mode) == (["auto"], "auto")
        tmdb.movies.add_rating(12, value=5)
    sent = [set(request.params) for request in simulator.requests if request.method == "POST"]
    assert sent == [{"guest_session_id"}, {"session_id"}]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_mode_holds_for_its_block_and_task_only(backend: str) -> None:
    async def main() -> None:
        with Simulator(strict=True) as simulator:
            async with async_client(simulator, session_id=simulator.create_session()) as tmdb:

                async def as_guest() -> None:
                    async with tmdb.acting_as("guest"):
                        await anyio.sleep(0.01)
                        await tmdb.movies.add_rating(11, value=5)

                async with anyio.create_task_group() as group:
                    group.start_soon(as_guest)
                    await anyio.lowlevel.checkpoint()
                    assert tmdb.auth.mode == "auto"
                    await tmdb.movies.add_rating(12, value=5)
                sent = {request.path: set(request.params) for request in simulator.requests if request.method == "POST"}
        assert sent == {"/3/movie/12/rating": {"session_id"}, "/3/movie/11/rating": {"guest_session_id"}}

    run(main, backend)


def test_an_exception_ends_the_mode(simulator: Simulator) -> None:
    with sync_client(simulator) as tmdb:
        with pytest.raises(ZeroDivisionError), tmdb.acting_as("guest"):
            _ = 1 / 0
        assert tmdb.auth.mode == "auto"
