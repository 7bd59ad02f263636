"""Fetching many things: as they come, without the failures of one stopping the others, and over a kill."""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from scenes import play
from tmdb_api_client.v3.models import MovieDetails

from tmdb_ext import (
    TMDB,
    AsyncTMDB,
    AuthenticationError,
    ConfigurationError,
    Fetched,
    InvalidArgument,
    NotFound,
    Progress,
    ServerError,
    read_fetched,
)
from tmdb_ext.testing import Simulator

PROGRAM = Path(__file__).parent / "programs" / "fetch_in_bulk.py"
DETAILS = "movie-details"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(strict=True) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def fetched(
    colour: str, simulator: Simulator, ids: Any, *, most: int | None = None, client: Any = None, **options: Any
) -> list[Fetched[MovieDetails]]:
    """The results of a run, or the first of them."""
    found: list[Fetched[MovieDetails]] = []

    async def scene(tmdb: Any) -> None:
        run = tmdb.fetch_many(tmdb.movies.details, ids, **options)
        if colour == "sync":
            for result in run:
                found.append(result)
                if len(found) == most:
                    return
            return
        async with run as results:
            async for result in results:
                found.append(result)
                if len(found) == most:
                    return

    play(colour, simulator, scene, **(client or {}))
    return found


def test_every_id_comes_once_with_its_value(simulator: Simulator, colour: str) -> None:
    told: list[Progress] = []
    found = fetched(colour, simulator, [11, 12, 11, 13, 13], append=["credits"], progress=told.append)
    assert sorted(result.id for result in found) == [11, 12, 13]
    assert all(result.result().id == result.id and result.result().credits for result in found)
    assert (told[-1].done, told[-1].failed, told[-1].total) == (3, 0, 5)
    assert simulator.count(DETAILS) == 3


def test_a_failure_of_one_does_not_stop_the_others(simulator: Simulator, colour: str) -> None:
    simulator.fail_next(500, times=2)
    found = fetched(colour, simulator, [1, 2, 3, 999_999_999, 5], concurrency=2)
    by_kind = collections.Counter(type(result.error) for result in found)
    assert by_kind == {ServerError: 2, NotFound: 1, type(None): 2}
    (missing,) = [result for result in found if isinstance(result.error, NotFound)]
    assert missing.value is None
    assert missing.id == 999_999_999
    with pytest.raises(NotFound):
        missing.result()
    assert "Fetched 999999999: NotFound" in repr(missing)


@pytest.mark.parametrize("fault", [{"tmdb_code": 7}, {"tmdb_code": 10}])
def test_what_would_fail_for_all_ends_the_run(simulator: Simulator, colour: str, fault: dict[str, Any]) -> None:
    simulator.fail_next(times=10**6, **fault)
    with pytest.raises(AuthenticationError):
        fetched(colour, simulator, range(1, 1000), concurrency=4)
    assert simulator.count(DETAILS) < 20


def test_no_more_calls_are_under_way_than_allowed(simulator: Simulator, colour: str) -> None:
    under_way: list[int] = []
    now = 0
    lock = threading.Lock()
    serve = simulator._version3.answer

    def slowly(match: Any, request: Any) -> Any:
        nonlocal now
        with lock:
            now += 1
            under_way.append(now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return serve(match, request)

    simulator._version3.answer = slowly  # type: ignore[method-assign]
    assert len(fetched(colour, simulator, range(1, 41), concurrency=5)) == 40
    assert 3 <= max(under_way) <= 5


def test_ids_are_read_as_they_are_needed(simulator: Simulator, colour: str) -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        for number in range(1, 10**9):
            read.append(number)
            yield number

    assert len(fetched(colour, simulator, endless(), most=10, concurrency=3)) == 10
    assert len(read) <= 10 + 2 * 3


def test_leaving_early_leaves_nothing_behind(simulator: Simulator, colour: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(colour, simulator, range(1, 100), most=5, concurrency=4, resume=file)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tmdb-fetch")]
    assert len(fetched(colour, simulator, range(1, 10), resume=file)) <= 9  # the lock is free again


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_error_in_the_block_comes_out_as_it_is(simulator: Simulator, backend: str) -> None:
    async def take_one(tmdb: AsyncTMDB) -> None:
        async with tmdb.fetch_many(tmdb.movies.details, range(1, 100)) as results:
            async for result in results:
                raise KeyError(result.id)

    async def take_slowly(tmdb: AsyncTMDB) -> None:
        async with tmdb.fetch_many(tmdb.movies.details, range(1, 100)) as results:
            async for _ in results:
                await anyio.sleep(5)

    async def main() -> None:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            with pytest.raises(KeyError):
                await take_one(tmdb)
            with anyio.move_on_after(0.1) as scope:
                await take_slowly(tmdb)
            assert scope.cancelled_caught
            assert (await tmdb.movies.details(11)).id == 11

    anyio.run(main, backend=backend)


def test_an_async_run_is_a_block(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            run = tmdb.fetch_many(tmdb.movies.details, [11])
            with pytest.raises(ConfigurationError, match=r"async with tmdb\.fetch_many"):
                aiter(run)
            async with run as results:
                assert [result.id async for result in results] == [11]
            with pytest.raises(ConfigurationError, match="has begun already"):
                await run.__aenter__()

    anyio.run(main)


def test_the_mode_of_the_block_holds_in_the_calls(simulator: Simulator) -> None:
    session = simulator.create_session()
    with (
        TMDB(access_token=simulator.access_token, session_id=session, base_url=simulator.base_url) as tmdb,
        tmdb.acting_as("guest"),
    ):
        assert [result.error for result in tmdb.fetch_many(tmdb.movies.account_states, [11, 12])] == [None, None]
    assert not any(session in str(request.params) for request in simulator.requests)


def test_what_makes_no_sense_is_refused(simulator: Simulator, tmp_path: Path) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        refused: list[Callable[[], Any]] = [
            lambda: tmdb.fetch_many(print, [1]),
            lambda: tmdb.fetch_many(tmdb.movies.details, "11"),
            lambda: tmdb.fetch_many(tmdb.movies.details, [1], concurrency=0),
            lambda: tmdb.fetch_many(tmdb.guest_sessions.rated_movies, [1], guest_session_id="x", resume=tmp_path / "x"),
        ]
        for attempt in refused:
            with pytest.raises((InvalidArgument, TypeError)):
                attempt()
        with pytest.raises(TypeError, match=r"movies\.details: got an unexpected keyword argument 'appended'"):
            tmdb.fetch_many(tmdb.movies.details, [1], appended=["credits"])
    assert simulator.requests == []


# The file


def test_a_run_goes_on_where_the_former_one_ended(simulator: Simulator, colour: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    told: list[Progress] = []
    fetched(colour, simulator, [1, 2, 3], append=["credits"], resume=file)
    simulator.clear_requests()
    simulator.fail_next(500)
    found = fetched(
        colour, simulator, range(1, 7), append=["credits"], resume=file, progress=told.append, concurrency=1
    )
    assert [(result.id, result.error is None) for result in found] == [(4, False), (5, True), (6, True)]
    assert (told[-1].done, told[-1].failed, told[-1].total) == (5, 1, 6)
    (again,) = fetched(colour, simulator, range(1, 7), append=["credits"], resume=file)
    assert again.id == 4
    kept = list(read_fetched(file, MovieDetails))
    assert sorted(int(result.id) for result in kept) == [1, 2, 3, 4, 5, 6]
    assert all(result.result().credits for result in kept)
    assert simulator.count(DETAILS) == 4


def test_a_torn_last_line_is_cut_off(simulator: Simulator, colour: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(colour, simulator, [1, 2], resume=file, concurrency=1)
    whole = file.read_bytes()
    for cut in (1, 20, len(whole.splitlines(keepends=True)[-1]) - 1):
        file.write_bytes(whole[:-cut])
        assert [result.id for result in read_fetched(file, MovieDetails)] == [1]
        assert [result.id for result in fetched(colour, simulator, [1, 2], resume=file)] == [2]
        assert [result.id for result in read_fetched(file, MovieDetails)] == [1, 2]


def test_a_file_of_something_else_is_left_alone(simulator: Simulator, colour: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(colour, simulator, [1], append=["credits"], resume=file)
    kept = file.read_bytes()
    with pytest.raises(ConfigurationError, match="holds results of another arguments"):
        fetched(colour, simulator, [1], resume=file)
    assert file.read_bytes() == kept
    for content in ("[1, 2]\n", "hello\n", '{"format": "x"}\n', kept.decode() + "nonsense\n" + "more\n"):
        file.write_text(content)
        with pytest.raises(ConfigurationError):
            fetched(colour, simulator, [1], append=["credits"], resume=file)
        assert file.read_text() == content
    with pytest.raises(ConfigurationError, match="cannot be"):
        fetched(colour, simulator, [1], resume=tmp_path / "none" / "films.jsonl")


def test_two_runs_do_not_write_one_file(simulator: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        first = iter(tmdb.fetch_many(tmdb.movies.details, [1, 2, 3], resume=file))
        next(first)
        second = iter(tmdb.fetch_many(tmdb.movies.details, [4], resume=file))
        with pytest.raises(ConfigurationError, match="another run is writing it"):
            next(second)
        assert len(list(first)) == 2


def test_no_credential_is_in_the_file(simulator: Simulator, colour: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    session = simulator.create_session()
    fetched(
        colour, simulator, [1, 2], append=["account_states"], resume=file,
        client={"session_id": session, "access_token": None, "api_key": simulator.api_key},
    )  # fmt: skip
    text = file.read_text()
    assert not [secret for secret in (session, simulator.api_key) if secret in text]


# Over a kill, with faults


COUNT = 2000
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"http_status": 429, "retry_after": 0.01},
    "500": {"http_status": 500},
    "reset": {"disconnect": True},
    "time-out": {"delay": 0.4},
}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_after_a_kill_and_many_faults_every_id_is_there_once(simulator: Simulator, colour: str, tmp_path: Path) -> None:
    chance = random.Random(11)
    lock = threading.Lock()
    injected: collections.Counter[str] = collections.Counter()
    take = simulator._take_fault

    def by_chance(operation: str | None) -> Any:
        with lock:
            name = chance.choice(list(FAULTS))
            if chance.random() < 0.05:
                injected[name] += 1
                simulator.fail_next(**FAULTS[name])
            return take(operation)

    simulator._take_fault = by_chance  # type: ignore[method-assign]
    file = tmp_path / "films.jsonl"
    command = [sys.executable, str(PROGRAM), simulator.base_url, str(file), str(COUNT), colour]
    environment = {**os.environ, "TMDB_ACCESS_TOKEN": simulator.access_token}
    with subprocess.Popen(command, env=environment) as running:
        while not file.exists() or file.read_bytes().count(b"\n") < COUNT // 3:
            assert running.poll() is None
            time.sleep(0.01)
        running.kill()
    kept = file.read_bytes().count(b"\n") - 1
    assert COUNT // 4 < kept < COUNT
    time.sleep(2 * FAULTS["time-out"]["delay"])  # what was under way comes to its end
    simulator.clear_requests()
    for _ in range(3):
        subprocess.run(command, env=environment, check=True)
        if file.read_bytes().count(b"\n") == COUNT + 1:
            break
    lines = [json.loads(line) for line in file.read_bytes().splitlines()[1:]]
    assert sorted(line["id"] for line in lines) == list(range(1, COUNT + 1))
    assert all(line["value"]["id"] == line["id"] for line in lines)
    asked_again = {request.path for request in simulator.requests}
    assert not asked_again & {f"/3/movie/{line['id']}" for line in lines[:kept]}
    assert injected.keys() == FAULTS.keys()
