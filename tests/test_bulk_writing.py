"""Writing many things: nothing twice, nothing lost, failures listed, over a kill as well."""

from __future__ import annotations

import collections
import csv
import functools
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from scenes import play
from tmdb_api_client.v3.models import Status

from tmdb_ext import (
    TMDB,
    AsyncTMDB,
    BadRequest,
    ConfigurationError,
    Fetched,
    FileStore,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    Progress,
    RetryPolicy,
    SessionDenied,
    TransportError,
    read_fetched,
)
from tmdb_ext.testing import Simulator

PROGRAM = Path(__file__).parent / "programs" / "write_in_bulk.py"
RATE = "movie-add-rating"
STATES = "movie-account-states"
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
def session(simulator: Simulator) -> str:
    return simulator.create_session()


def method_of(tmdb: Any, name: str) -> Any:
    return functools.reduce(getattr, name.split("."), tmdb)


class Written(list[Fetched[Status]]):
    """The results of a run, and its failures as it lists them."""

    failures: tuple[Fetched[Status], ...] = ()


def written(
    variant: str,
    simulator: Simulator,
    rows: Any,
    *,
    method: str = "movies.add_rating",
    most: int | None = None,
    client: Any = None,
    **options: Any,
) -> Written:
    """The results of a run, or the first of them."""
    found = Written()

    async def scene(tmdb: Any) -> None:
        run = tmdb.write_many(method_of(tmdb, method), rows, **options)
        if variant == "sync":
            for result in run:
                found.append(result)
                if len(found) == most:
                    break
        else:
            async with run as results:
                async for result in results:
                    found.append(result)
                    if len(found) == most:
                        break
        found.failures = run.failures

    play(variant, simulator, scene, **(client or {}))
    return found


def films(*ids: int, value: float = 8.5) -> list[dict[str, Any]]:
    return [{"movie_id": one, "value": value} for one in ids]


def ratings_of(simulator: Simulator) -> dict[Any, float]:
    return {key: rating.value for key, rating in simulator.user.library.ratings.items()}


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()[1:]]


def test_rows_are_written_once_each(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    told: list[Progress] = []
    rows = [*films(11, 12), {"movie_id": "11", "value": 8.5}, {"movie_id": 13, "value": 7}, *films(13, value=7.0)]
    found = written(
        variant, simulator, rows, client={"session_id": session}, resume=tmp_path / "x.jsonl", progress=told.append
    )
    assert sorted(result.id for result in found) == [11, 12, 13]  # type: ignore[type-var]
    assert all(isinstance(result.result(), Status) and result.row in rows for result in found)
    assert (found.failures, told[-1]) == ((), Progress(3, 0, 5))
    assert ratings_of(simulator) == {("movie", 11): 8.5, ("movie", 12): 8.5, ("movie", 13): 7.0}
    assert simulator.count(RATE) == 3
    assert simulator.count(STATES) == 0


def test_the_file_says_that_a_row_is_sent_before_it_is(
    simulator: Simulator, variant: str, session: str, tmp_path: Path
) -> None:
    file = tmp_path / "ratings.jsonl"
    seen: list[bool] = []

    def looking(request: Any) -> bool:
        if "rating" in request.path:
            (row,) = films(int(request.path.split("/")[3]))
            seen.append({"row": row, "id": row["movie_id"], "sent": True} in lines_of(file))
        return False

    simulator.answer(where=looking)  # only to be told of each request
    written(variant, simulator, films(1, 2, 3), client={"session_id": session}, resume=file)
    assert seen == [True] * 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert session not in file.read_text()


def test_failures_are_listed_and_tried_again(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    client = {"session_id": session, "retries": ONCE}
    rows: list[Any] = [
        *films(11, 12, 999_999_999),
        {"movie_id": 13, "value": 99},
        {"movie_id": None, "value": 8},
        {"movie_id": 14},
        {"movie_id": 15, "value": 8, "rating": 8},
        None,
    ]
    found = written(variant, simulator, rows, client=client, resume=file)
    kinds = {repr(result.row): type(result.error) for result in found.failures}
    assert kinds == {
        repr(row): kind for row, kind in zip(rows[2:], [NotFound, BadRequest, *[InvalidArgument] * 4], strict=True)
    }
    assert {result.id for result in found if result.error is None} == {11, 12}
    messages = " | ".join(sorted(str(result.error) for result in found.failures))
    for part in (
        "movie_id is None", "missing a required argument: 'value'", "unexpected keyword argument 'rating'",
        "{'movie_id': 14}", "the row is None",
    ):  # fmt: skip
        assert part in messages
    # The file has those that were sent, with their errors.
    kept = {result.id: result for result in read_fetched(file, Status)}
    assert {one: type(result.error) for one, result in kept.items() if one is not None} == {
        11: type(None), 12: type(None), 999_999_999: NotFound, 13: BadRequest,
    }  # fmt: skip
    refusal = kept[13].error
    assert isinstance(refusal, BadRequest)
    assert (refusal.tmdb_code, refusal.operation) == (18, RATE)
    assert "TMDB says" in str(refusal)
    # The next run tries again what failed, and nothing else.
    simulator.clear_requests()
    again = written(variant, simulator, [*films(11, 12, 999_999_999)], client=client, resume=file)
    assert [result.id for result in again] == [999_999_999]
    assert simulator.count(RATE) == 1
    assert ratings_of(simulator).keys() == {("movie", 11), ("movie", 12)}


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize(
    ("method", "row", "operation"),
    [
        ("movies.add_rating", {"movie_id": 11, "value": 8.5}, RATE),
        ("tv_series.add_rating", {"series_id": 41, "value": 8}, "tv-series-add-rating"),
        (
            "tv_episodes.add_rating",
            {"series_id": 41, "season_number": 1, "episode_number": 2, "value": 8.5},
            "tv-episode-add-rating",
        ),
        ("account.add_favorite", {"media_id": 11, "media_type": "movie", "favorite": True}, "account-add-favorite"),
        (
            "account.add_to_watchlist",
            {"media_id": 41, "media_type": "tv", "watchlist": True},
            "account-add-to-watchlist",
        ),
    ],
)
def test_a_write_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(
    simulator: Simulator,
    session: str,
    tmp_path: Path,
    method: str,
    row: dict[str, Any],
    operation: str,
    arrives: bool,
    variant: str,
) -> None:
    file = tmp_path / "writes.jsonl"
    client = {"session_id": session, "retries": ONCE}
    simulator.fail_next(operation=operation, disconnect=True, perform=arrives)
    (lost,) = written(variant, simulator, [row], method=method, client=client, resume=file)
    assert isinstance(lost.error, TransportError)
    assert lines_of(file)[-1]["unknown"] is True
    simulator.clear_requests()
    (found,) = written(variant, simulator, [row], method=method, client=client, resume=file)
    assert found.result().success
    assert simulator.count(operation) == (0 if arrives else 1)
    asked = [request.operation for request in simulator.requests if "account-states" in str(request.operation)]
    assert len(asked) == 1
    assert written(variant, simulator, [row], method=method, client=client, resume=file) == []
    library = simulator.user.library
    assert sum(map(len, (library.ratings, library.favorites, library.watchlist))) == 1


def test_what_is_in_doubt_comes_last(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    client = {"session_id": session, "retries": ONCE}
    simulator.fail_next(operation=RATE, disconnect=True)
    written(variant, simulator, films(1), client=client, resume=file)
    simulator.clear_requests()
    found = written(variant, simulator, films(1, 2, 3), client=client, resume=file, concurrency=1)
    assert [result.id for result in found] == [2, 3, 1]
    assert [request.operation for request in simulator.requests if request.operation in (RATE, STATES)] == [
        RATE, RATE, STATES, RATE,
    ]  # fmt: skip


def test_another_value_at_tmdb_is_not_ours(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    client = {"session_id": session, "retries": ONCE}
    simulator.fail_next(operation=RATE, disconnect=True)
    written(variant, simulator, films(11), client=client, resume=file)
    written(variant, simulator, films(11, value=3.0), client=client)
    written(variant, simulator, films(11), client=client, resume=file)
    assert ratings_of(simulator) == {("movie", 11): 8.5}


def test_a_rating_that_was_to_be_deleted_is_looked_for_as_well(
    simulator: Simulator, variant: str, session: str, tmp_path: Path
) -> None:
    file = tmp_path / "deleted.jsonl"
    client = {"session_id": session, "retries": ONCE}
    written(variant, simulator, films(11, 12), client=client)
    simulator.fail_next(operation="movie-delete-rating", disconnect=True, perform=True)
    options: dict[str, Any] = {"method": "movies.delete_rating", "client": client, "resume": file, "concurrency": 1}
    assert len(written(variant, simulator, [11, 12], **options).failures) == 1
    simulator.clear_requests()
    assert [result.error for result in written(variant, simulator, [11, 12], **options)] == [None]
    assert simulator.count("movie-delete-rating") == 0
    assert ratings_of(simulator) == {}


def test_what_may_be_written_twice_is_left_to_people(
    simulator: Simulator, variant: str, session: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.jsonl"
    client = {"session_id": session}
    with TMDB(access_token=simulator.access_token, session_id=session, base_url=simulator.base_url) as tmdb:
        number = tmdb.lists.create(name="mine", description="", language="en").list_id
    rows = [{"list_id": number, "media_id": one} for one in (11, 12)]
    options: dict[str, Any] = {"method": "lists.add_movie", "client": client, "resume": file, "concurrency": 1}
    simulator.fail_next(operation="list-add-movie", disconnect=True, perform=True)
    first, second = written(variant, simulator, rows, **options)
    assert (type(first.error), second.error) == (TransportError, None)
    simulator.clear_requests()
    again = written(variant, simulator, rows, **options)
    (unknown,) = again.failures
    assert isinstance(unknown.error, OutcomeUnknown)
    assert "repeat_unknown=True" in str(unknown.error)
    assert simulator.count("list-add-movie") == 0
    assert [type(one.error) for one in read_fetched(file, Status)] == [type(None), TransportError]
    (sent,) = written(variant, simulator, rows, **options, repeat_unknown=True)
    assert sent.id == number
    assert simulator.count("list-add-movie") == 1


def test_a_refusal_that_came_is_no_doubt(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    file = tmp_path / "list.jsonl"
    rows = [{"list_id": 1, "media_id": 11}]
    options: dict[str, Any] = {"method": "lists.add_movie", "client": {"session_id": session}, "resume": file}
    for fault in ({"http_status": 503}, {"tmdb_code": 34}):
        simulator.fail_next(operation="list-add-movie", times=9, **fault)
        written(variant, simulator, rows, **{**options, "client": {"session_id": session, "retries": ONCE}})
        assert "unknown" not in lines_of(file)[-1]
        simulator.clear_faults()


def test_one_thing_is_not_given_two_values(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    client = {"session_id": session}
    found = written(variant, simulator, [*films(11), *films(12), *films(11, value=3.0)], client=client, resume=file)
    (refused,) = found.failures
    assert refused.row == {"movie_id": 11, "value": 3.0}
    assert "a row before has set another value for 11" in str(refused.error)
    (refused,) = written(variant, simulator, films(12, value=3.0), client=client, resume=file).failures
    assert "needs another file" in str(refused.error)
    assert ratings_of(simulator) == {("movie", 11): 8.5, ("movie", 12): 8.5}


def test_rows_take_the_arguments_of_a_partial(simulator: Simulator, session: str) -> None:
    with TMDB(access_token=simulator.access_token, session_id=session, base_url=simulator.base_url) as tmdb:
        rate = functools.partial(tmdb.tv_episodes.add_rating, 41, 1, value=7.5)
        assert {result.id for result in tmdb.write_many(rate, [1, 2])} == {1, 2}
        eight = tmdb.write_many(tmdb.tv_episodes.add_rating, [(41, 2, 1), [41, 2, 2]], value=8)
        assert sorted(result.id for result in eight) == [(41, 2, 1), (41, 2, 2)]  # type: ignore[type-var]
    assert ratings_of(simulator) == {
        ("episode", 41, 1, 1): 7.5, ("episode", 41, 1, 2): 7.5, ("episode", 41, 2, 1): 8, ("episode", 41, 2, 2): 8,
    }  # fmt: skip


def test_reading_and_writing_are_told_apart(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        with pytest.raises(InvalidArgument, match=r"movies\.add_rating changes something at TMDB: use write_many"):
            tmdb.fetch_many(tmdb.movies.add_rating, [11], value=8)
        with pytest.raises(InvalidArgument, match=r"movies\.details only reads: use fetch_many"):
            tmdb.write_many(tmdb.movies.details, [11])
        with pytest.raises(InvalidArgument, match="use write_many"):
            tmdb.fetch_many(tmdb.v4.lists.clear, [1])  # by GET
        with pytest.raises(InvalidArgument, match="does not go into a file"):
            tmdb.write_many(tmdb.authentication.create_session, [{"request_token": "x"}], resume="x")
    assert simulator.requests == []


def test_a_session_that_is_refused_ends_the_run(simulator: Simulator, variant: str, session: str) -> None:
    simulator.forget_session(session)
    with pytest.raises(SessionDenied):
        written(variant, simulator, films(*range(1, 100)), client={"session_id": session}, concurrency=2)
    assert simulator.count(RATE) <= 4


@pytest.mark.parametrize("most", [1, 3])
def test_what_was_sent_is_waited_for_when_a_run_is_left(
    simulator: Simulator, variant: str, session: str, tmp_path: Path, most: int
) -> None:
    file = tmp_path / "ratings.jsonl"
    simulator.fail_next(operation=RATE, times=8, delay=0.1)
    client = {"session_id": session}
    written(variant, simulator, films(*range(1, 50)), client=client, resume=file, most=most, concurrency=6)
    last = {json.dumps(line["row"]): line for line in lines_of(file)}
    done = {line["id"] for line in last.values() if "value" in line}
    assert all("value" in line or line.get("sent") is False for line in last.values())
    assert {("movie", one) for one in done} == ratings_of(simulator).keys()
    written(variant, simulator, films(*range(1, 50)), client=client, resume=file)
    assert simulator.count(RATE) == 49
    assert simulator.count(STATES) == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_run_that_is_cancelled_waits_for_what_was_sent(
    simulator: Simulator, session: str, tmp_path: Path, backend: str
) -> None:
    file = tmp_path / "ratings.jsonl"
    simulator.fail_next(operation=RATE, times=4, delay=0.2)

    async def main() -> None:
        async with AsyncTMDB(
            access_token=simulator.access_token, session_id=session, base_url=simulator.base_url
        ) as tmdb:
            run = tmdb.write_many(tmdb.movies.add_rating, films(*range(1, 50)), resume=file, concurrency=4)
            with pytest.raises(ConfigurationError, match=r"async with tmdb\.write_many"):
                aiter(run)
            with anyio.CancelScope() as scope:
                async with run as results:
                    while len(lines_of(file)) < 4:
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()
                    await anext(results)
            assert scope.cancelled_caught
            assert run.failures == ()
            with pytest.raises(ConfigurationError, match=r"call write_many\(\) again"):
                await run.__aenter__()

    anyio.run(main, backend=backend)
    assert sorted(line["id"] for line in lines_of(file) if "value" in line) == [1, 2, 3, 4]
    assert len(ratings_of(simulator)) == 4


def test_rows_that_raise_end_the_run_as_they_do(simulator: Simulator, variant: str, session: str) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from films(1, 2)
        raise csv.Error("line 3")

    with pytest.raises(csv.Error, match="line 3"):
        written(variant, simulator, rows(), client={"session_id": session})
    assert len(ratings_of(simulator)) == 2


# Whose it is


def test_a_file_belongs_to_one_user(simulator: Simulator, variant: str, session: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    other = simulator.create_session(simulator.create_user("ottoline", "lighthouse"))
    written(variant, simulator, films(11), client={"session_id": session}, resume=file)
    kept = file.read_bytes()
    for client in ({"session_id": other}, {}):
        with pytest.raises(ConfigurationError, match="another user"):
            written(variant, simulator, films(11, 12), client=client, resume=file)
    assert file.read_bytes() == kept
    # Another session of the same user goes on.
    again = {"session_id": simulator.create_session()}
    assert [result.id for result in written(variant, simulator, films(11, 12), client=again, resume=file)] == [12]


def test_what_a_guest_wrote_is_gone_with_the_guest_session(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    kept = {"store": FileStore(tmp_path / "sessions.json")}
    written(variant, simulator, films(11), client=kept, resume=file)
    with pytest.raises(ConfigurationError, match=r"another user.*keep it in a FileStore"):
        written(variant, simulator, films(11, 12), resume=file)
    assert [result.id for result in written(variant, simulator, films(11, 12), client=kept, resume=file)] == [12]
    guests = [request.params["guest_session_id"] for request in simulator.requests if request.operation == RATE]
    assert not [one for one in guests if one in file.read_text()]


def test_a_guest_session_that_is_dropped_on_the_way_ends_the_run(
    simulator: Simulator, variant: str, tmp_path: Path
) -> None:
    file = tmp_path / "ratings.jsonl"
    client = {"store": FileStore(tmp_path / "sessions.json")}
    written(variant, simulator, films(1), client=client, resume=file)
    for guest in list(simulator._state.guest_sessions):
        simulator.forget_guest_session(guest)
    with pytest.raises(SessionDenied, match="begin again, with another file"):
        written(variant, simulator, films(1, 2, 3), client=client, resume=file, concurrency=1)
    assert [line["id"] for line in lines_of(file) if "value" in line] == [1]


def test_the_mode_of_a_derived_client_says_whose_it_is(simulator: Simulator, session: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.jsonl"
    with TMDB(access_token=simulator.access_token, session_id=session, base_url=simulator.base_url) as tmdb:
        guest = tmdb.acting_as("guest")
        assert len(list(guest.write_many(guest.movies.add_rating, films(11), resume=file))) == 1
        with pytest.raises(ConfigurationError, match="another user"):
            list(tmdb.write_many(tmdb.movies.add_rating, films(11, 12), resume=file))
        with tmdb.acting_as("guest"):
            assert [one.id for one in tmdb.write_many(tmdb.movies.add_rating, films(11, 12), resume=file)] == [12]
    assert ratings_of(simulator) == {}


def test_derived_clients_write_for_their_own_users(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    users = [simulator.create_user(name, "lighthouse") for name in ("ada", "bea")]
    sessions = [simulator.create_session(user) for user in users]

    async def rate(tmdb: Any, number: int, ids: range) -> list[Any]:
        own = tmdb.for_user(session_id=sessions[number])
        run = own.write_many(
            own.movies.add_rating, films(*ids, value=number + 1.0), resume=tmp_path / f"{number}.jsonl"
        )
        if variant == "sync":
            return [result.id for result in run]
        async with run as results:
            return [result.id async for result in results]

    async def scene(tmdb: Any) -> None:
        assert len(await rate(tmdb, 0, range(1, 20))) == 19
        assert len(await rate(tmdb, 1, range(1, 20))) == 19
        assert await rate(tmdb, 0, range(1, 21)) == [20]
        (tmp_path / "1.jsonl").replace(tmp_path / "0.jsonl")
        with pytest.raises(ConfigurationError, match="another user"):
            await rate(tmdb, 0, range(1, 30))

    play(variant, simulator, scene)
    for number, user in enumerate(users):
        assert {rating.value for rating in user.library.ratings.values()} == {number + 1.0}
        assert len(user.library.ratings) == 20 - number


def test_lists_of_v4_belong_to_the_user_of_the_token(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "lists.jsonl"
    mine = {"user_access_token": simulator.create_user_access_token()}
    other = {"user_access_token": simulator.create_user_access_token(simulator.create_user("ottoline", "lighthouse"))}
    rows: list[Any] = [{"name": "first", "iso_639_1": "en"}, {"name": "second", "iso_639_1": "en"}]
    options: dict[str, Any] = {"method": "v4.lists.create", "resume": file}
    made = written(variant, simulator, rows, client=mine, **options)
    assert len({result.result().to_dict()["id"] for result in made}) == 2
    with pytest.raises(ConfigurationError, match="another user"):
        written(variant, simulator, [*rows, {"name": "third", "iso_639_1": "en"}], client=other, **options)
    assert written(variant, simulator, rows, client=mine, **options) == []
    assert simulator.count("v4/list-create") == 2


# Over a kill


COUNT = 500


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_after_a_kill_every_row_has_been_written_once(
    simulator: Simulator, variant: str, session: str, tmp_path: Path
) -> None:
    table, file = tmp_path / "ratings.csv", tmp_path / "ratings.jsonl"
    wanted = {number: 0.5 + number % 20 / 2 for number in range(1, COUNT + 1)}
    with table.open("w", newline="") as out:
        csv.writer(out).writerows([("tmdb_id", "rating"), *wanted.items()])
    lock = threading.Lock()
    begun = 0

    def counted(_: Any) -> bool:
        nonlocal begun
        with lock:
            begun += 1
        return True

    # so that a kill falls between the writing and the answer
    simulator.fail_next(delay=0.02, times=None, where=counted)
    command = [sys.executable, str(PROGRAM), simulator.base_url, str(table), str(file), variant]
    environment = {**os.environ, "TMDB_ACCESS_TOKEN": simulator.access_token, "TMDB_SESSION_ID": session}
    in_doubt = 0
    for part in (3, 2):
        with subprocess.Popen(command, env=environment) as running:
            while not file.exists() or file.read_bytes().count(b'"value":{') < COUNT // part:
                assert running.poll() is None
                time.sleep(0.005)
            running.kill()
        time.sleep(0.5)
        while len(simulator.requests) < begun:  # what was under way comes to its end
            time.sleep(0.01)
        last = {json.dumps(line["row"]): line for line in lines_of(file)}
        in_doubt += sum("sent" in line for line in last.values())
    assert in_doubt > 0
    subprocess.run(command, env=environment, check=True)
    rated = collections.Counter(
        request.path for request in simulator.requests if request.operation == RATE and request.http_status == 201
    )
    assert rated == {f"/3/movie/{number}/rating": 1 for number in wanted}
    assert ratings_of(simulator) == {("movie", number): value for number, value in wanted.items()}
    assert sorted(str(line["id"]) for line in lines_of(file) if "value" in line) == sorted(map(str, wanted))
    assert simulator.count(STATES) <= in_doubt
