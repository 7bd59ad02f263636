"""Many calls at once that need the same thing: it is made once, and nobody waits for somebody who has gone."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest

from tmdb_ext import TMDB, AsyncTMDB, GuestSession, Secret, ServerError
from tmdb_ext.testing import Clock, Simulator

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2VjcmV0LXNpZ25hdHVyZQ"
NEW_GUEST = "authentication-create-guest-session"
CONVERT = "authentication-create-session-from-v4-token"
THREADS = 64
TASKS = [("asyncio", 1000), ("trio", 300)]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=Clock(), strict=True) as running:
        yield running


def lookups(simulator: Simulator) -> int:
    return sum(request.path == "/3/account" for request in simulator.requests)


def in_threads(count: int, call: Callable[[int], Any]) -> list[Any]:
    """What a call gives in that many threads, which begin together."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


async def in_tasks(count: int, call: Callable[[int], Awaitable[Any]]) -> None:
    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(call, number)


class SlowTMDB:
    """The parts of TMDB that hand things out, each after a while, for more tasks than sockets are worth.

    It knows one guest session and one user session at a time; `end` makes it forget them.
    """

    def __init__(self) -> None:
        self.made: dict[str, int] = {"guest": 0, "session": 0, "account": 0}
        self.served = 0
        self._ended = 0

    def end(self) -> None:
        self._ended = max(self.made["guest"], self.made["session"])

    async def answer(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        kind = {"/3/authentication/guest_session/new": "guest", "/3/authentication/session/convert/4": "session"}.get(
            path
        )
        if kind is not None:
            self.made[kind] += 1
            number = self.made[kind]
            await anyio.sleep(0.02)
            return httpx.Response(200, json={"guest_session_id": f"guest{number}", "session_id": f"session{number}"})
        await anyio.lowlevel.checkpoint()
        used = query.get("guest_session_id") or query.get("session_id") or ""
        if int(used.removeprefix("guest").removeprefix("session")) <= self._ended:
            return httpx.Response(401, json={"success": False, "status_code": 3})
        if path == "/3/account":
            self.made["account"] += 1
            await anyio.sleep(0.02)
            return httpx.Response(200, json={"id": 7})
        self.served += 1
        return httpx.Response(200, json={"success": True, "results": []})


def with_client(backend: str, tmdb: SlowTMDB, scene: Callable[[AsyncTMDB], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        chosen = {"access_token": TOKEN, "transport": httpx.MockTransport(tmdb.answer), **options}
        async with AsyncTMDB(**chosen) as client:
            with anyio.fail_after(60):
                await scene(client)

    anyio.run(main, backend=backend)


# A thousand tasks


@pytest.mark.parametrize(("backend", "tasks"), TASKS)
def test_tasks_make_one_guest_session_and_renew_it_once(backend: str, tasks: int) -> None:
    server = SlowTMDB()
    told: list[GuestSession] = []

    async def scene(client: AsyncTMDB) -> None:
        async def rate(number: int) -> None:
            for turn in range(2):
                if (number, turn) == (tasks // 2, 1):
                    server.end()  # while the others are rating
                await client.movies.add_rating(number + 1, value=5)

        await in_tasks(tasks, rate)

    with_client(backend, server, scene, on_guest_session_replaced=told.append)
    assert (server.made["guest"], server.served) == (2, 2 * tasks)
    assert [session.id for session in told] == [Secret("guest2")]


@pytest.mark.parametrize(("backend", "tasks"), TASKS)
def test_tasks_convert_a_token_once_and_again_once_when_the_session_was_ended(backend: str, tasks: int) -> None:
    server = SlowTMDB()

    async def scene(client: AsyncTMDB) -> None:
        async def list_favorites(number: int) -> None:
            for turn in range(2):
                if (number, turn) == (tasks // 2, 1):
                    server.end()
                await client.account.favorite_movies()

        await in_tasks(tasks, list_favorites)

    with_client(backend, server, scene, user_access_token=TOKEN)
    assert (server.made["session"], server.served) == (2, 2 * tasks)
    assert server.made["account"] <= 2  # once for each session at most


@pytest.mark.parametrize(("backend", "tasks"), TASKS)
def test_tasks_look_the_account_up_once(backend: str, tasks: int) -> None:
    server = SlowTMDB()

    async def scene(client: AsyncTMDB) -> None:
        async def list_favorites(_: int) -> None:
            await client.account.favorite_movies()
            assert await client.account.id() == 7

        await in_tasks(tasks, list_favorites)

    with_client(backend, server, scene, user_access_token=TOKEN)
    assert server.made == {"guest": 0, "session": 1, "account": 1}
    assert server.served == tasks


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("thing", ["guest", "session", "account"])
def test_a_task_cancelled_while_making_something_leaves_nobody_waiting(backend: str, thing: str) -> None:
    server = SlowTMDB()
    stuck = anyio.Event()
    inner = server.answer

    async def answer(request: httpx.Request) -> httpx.Response:
        path = {"guest": "guest_session/new", "session": "session/convert/4", "account": "/3/account"}[thing]
        if request.url.path.endswith(path) and not stuck.is_set():
            stuck.set()
            await anyio.sleep_forever()
        return await inner(request)

    server.answer = answer  # type: ignore[method-assign]

    async def scene(client: AsyncTMDB) -> None:
        async def call(number: int) -> None:
            if thing == "guest":
                await client.acting_as("guest").movies.add_rating(number + 1, value=5)
            else:
                await client.account.favorite_movies()

        async with anyio.create_task_group() as group:
            doomed = anyio.CancelScope()

            async def first() -> None:
                with doomed:
                    await call(0)

            group.start_soon(first)
            await stuck.wait()
            for number in range(50):
                group.start_soon(call, number)
            await anyio.sleep(0.02)
            doomed.cancel()

    with_client(backend, server, scene, user_access_token=TOKEN)
    assert server.made[thing] == 1
    assert server.served == 50


# Sixty-four threads, over real sockets


def client_of(simulator: Simulator, **options: Any) -> TMDB:
    return TMDB(**({"access_token": simulator.access_token, "base_url": simulator.base_url} | options))


@pytest.mark.parametrize("how", ["forgotten", "expired"])
def test_threads_renew_a_guest_session_once(simulator: Simulator, how: str) -> None:
    told: list[GuestSession] = []
    with client_of(simulator, on_guest_session_replaced=told.append) as tmdb:

        def rate(number: int) -> None:
            for turn in range(3):
                if (number, turn) == (THREADS // 2, 1):
                    if how == "forgotten":
                        simulator.forget_guest_session(tmdb.guest.info().id.reveal())
                    else:
                        simulator.clock.advance(timedelta(hours=2))
                tmdb.movies.add_rating(number + 1, value=5)

        in_threads(THREADS, rate)
        assert [session.id for session in told] == [tmdb.guest.info().id]
    assert simulator.count(NEW_GUEST) == 2
    accepted = [
        item for item in simulator.requests if item.operation == "movie-add-rating" and item.http_status in (200, 201)
    ]
    assert len(accepted) == 3 * THREADS


def test_threads_look_the_account_up_once_and_convert_once(simulator: Simulator) -> None:
    with client_of(simulator, user_access_token=simulator.create_user_access_token()) as tmdb:
        in_threads(THREADS, lambda _: tmdb.account.favorite_movies())
        assert (simulator.count(CONVERT), lookups(simulator)) == (1, 1)
        simulator.forget_session(tmdb.auth.session.id.reveal())
        in_threads(THREADS, lambda _: tmdb.account.favorite_movies())
    assert simulator.count(CONVERT) == 2
    served = [
        item for item in simulator.requests if item.operation == "account-get-favorites" and item.http_status == 200
    ]
    assert len(served) == 2 * THREADS


@pytest.mark.parametrize("thing", ["guest", "session", "account"])
def test_a_thread_that_dies_while_making_something_leaves_nobody_waiting(thing: str) -> None:
    paths = {"guest": "guest_session/new", "session": "session/convert/4", "account": "/3/account"}
    started, attempts = threading.Event(), itertools.count()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(paths[thing]) and next(attempts) == 0:
            started.set()
            threading.Event().wait(0.1)
            raise SystemExit
        return httpx.Response(200, json={"guest_session_id": "g", "session_id": "s", "id": 7, "results": []})

    with TMDB(user_access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:

        def call(number: int) -> None:
            if thing == "guest":
                tmdb.acting_as("guest").movies.add_rating(number + 1, value=5)
            else:
                tmdb.account.favorite_movies()

        def die() -> None:
            with pytest.raises(SystemExit):
                call(0)

        dying = threading.Thread(target=die)
        dying.start()
        started.wait()
        in_threads(8, call)
        dying.join()
    assert next(attempts) == 2


def test_the_failure_of_one_session_is_not_anothers() -> None:
    both = threading.Barrier(2)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/3/account":
            return httpx.Response(200, json={"results": []})
        if request.url.params["session_id"] == "bad":
            threading.Event().wait(0.2)  # the other one waits for the lock meanwhile
            return httpx.Response(500, json={"status_code": 11})
        return httpx.Response(200, json={"id": 7})

    from tmdb_api_client.v3.api.account import account_details

    with TMDB(access_token=TOKEN, transport=httpx.MockTransport(answer)) as tmdb:

        def details(session: str) -> int:
            both.wait()
            threading.Event().wait(0.05 if session == "good" else 0)
            placeholder: Any = "{account_id}"
            response = account_details.sync_detailed(placeholder, client=tmdb.low_level, session_id=session)
            return int(response.status_code)

        with ThreadPoolExecutor(2) as pool:
            bad, good = pool.submit(details, "bad"), pool.submit(details, "good")
            with pytest.raises(ServerError):
                bad.result(10)
            assert good.result(10) == 200


# Connections


def connections(simulator: Simulator) -> int:
    """How many connections the server has now."""
    return len(simulator._server._connections)


def wait_for_no_connection(simulator: Simulator) -> None:
    for _ in range(500):
        if not connections(simulator):
            return
        time.sleep(0.01)
    raise AssertionError(f"{connections(simulator)} connections are still open")


def test_calls_one_after_another_share_a_connection(simulator: Simulator) -> None:
    with TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        for _ in range(5):
            tmdb.movies.details(11)
        assert connections(simulator) == 1
    wait_for_no_connection(simulator)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_connections_of_many_tasks_are_bounded_and_all_are_closed(simulator: Simulator, backend: str) -> None:
    simulator.fail_next(delay=0.1, times=200)

    async def main() -> None:
        async with AsyncTMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
            async with anyio.create_task_group() as group:
                for number in range(150):
                    group.start_soon(tmdb.movies.details, number + 1)
            assert 1 <= connections(simulator) <= 100

    anyio.run(main, backend=backend)
    wait_for_no_connection(simulator)
    assert len(simulator.requests) == 150


def test_connections_of_threads_are_bounded_and_all_are_closed(simulator: Simulator) -> None:
    simulator.fail_next(delay=0.2, times=6)
    with TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(tmdb.movies.details, range(1, 7)))
        assert 1 <= connections(simulator) <= 6
    wait_for_no_connection(simulator)
