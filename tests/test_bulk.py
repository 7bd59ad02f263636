"""Fetching many things: as they come, without the failures of one stopping the others, and over a kill."""

from __future__ import annotations

import collections
import functools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest
from scenes import play
from tmdb_api_client.v3.models import MovieDetails, MovieSummaryPage, SeasonDetails

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
    any_of,
    read_fetched,
)
from tmdb_ext.testing import Simulator

PROGRAM = Path(__file__).parent / "programs" / "fetch_in_bulk.py"
DETAILS = "movie-details"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(strict=True, any_id=True) as running:
        yield running


def fetched(
    variant: str, simulator: Simulator, ids: Any, *, most: int | None = None, client: Any = None, **options: Any
) -> list[Fetched[MovieDetails]]:
    """The results of a run, or the first of them."""
    found: list[Fetched[MovieDetails]] = []

    async def scene(tmdb: Any) -> None:
        run = tmdb.fetch_many(tmdb.movies.details, ids, **options)
        if variant == "sync":
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

    play(variant, simulator, scene, **(client or {}))
    return found


def test_every_id_comes_once_with_its_value(simulator: Simulator, variant: str) -> None:
    told: list[Progress] = []
    found = fetched(variant, simulator, [11, 12, 11, 13, 13], append=["credits"], progress=told.append)
    assert sorted(result.id for result in found) == [11, 12, 13]
    assert all(result.result().id == result.id and result.result().credits for result in found)
    assert (told[-1].done, told[-1].failed, told[-1].total) == (3, 0, 5)
    assert simulator.count(DETAILS) == 3


def test_a_failure_of_one_does_not_stop_the_others(simulator: Simulator, variant: str) -> None:
    simulator.fail_next(500, times=2)
    found = fetched(variant, simulator, [1, 2, 3, 999_999_999, 5], concurrency=2)
    by_kind = collections.Counter(type(result.error) for result in found)
    assert by_kind == {ServerError: 2, NotFound: 1, type(None): 2}
    (missing,) = [result for result in found if isinstance(result.error, NotFound)]
    assert missing.value is None
    assert missing.id == 999_999_999
    with pytest.raises(NotFound):
        missing.result()
    assert "Fetched 999999999: NotFound" in repr(missing)


@pytest.mark.parametrize("fault", [{"tmdb_code": 7}, {"tmdb_code": 10}])
def test_what_would_fail_for_all_ends_the_run(simulator: Simulator, variant: str, fault: dict[str, Any]) -> None:
    simulator.fail_next(times=10**6, **fault)
    with pytest.raises(AuthenticationError):
        fetched(variant, simulator, range(1, 1000), concurrency=4)
    assert simulator.count(DETAILS) < 20


def test_no_more_calls_are_under_way_than_allowed(simulator: Simulator, variant: str) -> None:
    under_way: list[int] = []
    now = 0
    lock = threading.Lock()

    def slowly(request: Any) -> dict[str, Any]:
        nonlocal now
        with lock:
            now += 1
            under_way.append(now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return {"id": int(request.path.rpartition("/")[2])}

    simulator.answer("movie-details", body=slowly)
    assert len(fetched(variant, simulator, range(1, 41), concurrency=5)) == 40
    assert 3 <= max(under_way) <= 5


def test_ids_are_read_as_they_are_needed(simulator: Simulator, variant: str) -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        for number in range(1, 10**9):
            read.append(number)
            yield number

    assert len(fetched(variant, simulator, endless(), most=10, concurrency=3)) == 10
    assert len(read) <= 10 + 2 * 3


def test_leaving_early_leaves_nothing_behind(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(variant, simulator, range(1, 100), most=5, concurrency=4, resume=file)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tmdb-fetch")]
    assert len(fetched(variant, simulator, range(1, 10), resume=file)) <= 9  # the lock is free again


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


# Rows


def of(
    variant: str, simulator: Simulator, choose: Callable[[Any], Any], rows: Any, **options: Any
) -> list[Fetched[Any]]:
    """The results of a run of a method that `choose` takes from the client."""
    found: list[Fetched[Any]] = []
    client = options.pop("client", {})

    async def scene(tmdb: Any) -> None:
        run = tmdb.fetch_many(choose(tmdb), rows, **options)
        if variant == "sync":
            found.extend(run)
            return
        async with run as results:
            found.extend([result async for result in results])

    play(variant, simulator, scene, **client)
    return found


def by_id(found: list[Fetched[Any]]) -> dict[Any, Any]:
    return {result.id: result.value for result in found}


def test_an_operation_with_several_ids_takes_tuples(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "seasons.jsonl"
    rows = [(41, 1), (41, 2), [41, 3], (41, 1)]
    found = of(variant, simulator, lambda tmdb: tmdb.tv_seasons.details, rows, resume=file)
    seasons = by_id(found)
    assert {one: season.season_number for one, season in seasons.items()} == {(41, 1): 1, (41, 2): 2, (41, 3): 3}
    assert [41, 3] in [result.row for result in found]
    # Rows that say the same in another way are the same.
    same: list[Any] = [(41, 1), ("41", "2"), {"series_id": 41, "season_number": 3}]
    assert of(variant, simulator, lambda tmdb: tmdb.tv_seasons.details, same, resume=file) == []
    assert {result.id for result in read_fetched(file, SeasonDetails)} == seasons.keys()


def test_a_partial_gives_what_all_rows_have(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "seasons.jsonl"

    def seasons(tmdb: Any) -> Any:
        return functools.partial(functools.partial(tmdb.tv_seasons.details, language="de"), 41)

    found = by_id(of(variant, simulator, seasons, [1, 2, 3], resume=file))
    assert [found[one].season_number for one in (1, 2, 3)] == [1, 2, 3]
    assert {request.params["language"] for request in simulator.requests} == {"de"}
    assert of(variant, simulator, seasons, [1, 2, 3], resume=file) == []
    others: list[Callable[[Any], Any]] = [
        lambda tmdb: functools.partial(tmdb.tv_seasons.details, 42, language="de"),
        lambda tmdb: functools.partial(tmdb.tv_seasons.details, 41),
        lambda tmdb: functools.partial(tmdb.tv_seasons.details, 41, language="de", append=["credits"]),
    ]
    for other in others:
        with pytest.raises(ConfigurationError, match="belongs to a run with other arguments"):
            of(variant, simulator, other, [4], resume=file)


def test_rows_may_have_arguments_of_their_own(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    rows = [
        {"movie_id": 11, "language": "de"},
        {"movie_id": 11, "language": "fr"},
        {"movie_id": 12},
        (11, {"language": "fr"}),
        (12, {"append": ["credits"], "language": "pt"}),
    ]
    options: dict[str, Any] = {"language": "it", "append": ["credits"], "resume": file}
    found = of(variant, simulator, lambda tmdb: tmdb.movies.details, rows, **options)
    assert sorted(result.id for result in found) == [11, 11, 12, 12]
    assert all(result.value.credits and result.row in rows for result in found)
    asked = sorted((request.path, request.params["language"]) for request in simulator.requests)
    assert asked == [("/3/movie/11", "de"), ("/3/movie/11", "fr"), ("/3/movie/12", "it"), ("/3/movie/12", "pt")]
    assert of(variant, simulator, lambda tmdb: tmdb.movies.details, rows, **options) == []
    kept = [(result.id, result.row) for result in read_fetched(file, MovieDetails)]
    assert sorted(kept, key=str) == sorted(zip((11, 11, 12, 12), (*rows[:3], rows[4]), strict=True), key=str)


def test_a_result_is_named_by_what_its_row_has(simulator: Simulator, variant: str) -> None:
    pages = of(variant, simulator, lambda tmdb: tmdb.movies.popular, [{"page": 1}, {"page": 2, "region": "DE"}])
    assert {result.id for result in pages} == {1, (2, "DE")}
    found = of(variant, simulator, lambda tmdb: tmdb.search.movie, ["star wars", {"query": "matrix"}])
    assert {result.id for result in found} == {"star wars", "matrix"}


def test_filters_of_rows_are_kept_apart(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    rows: list[Any] = [
        {"with_genres": [28, 12]}, {"with_genres": any_of(28, 12)}, {"with_genres": {28}},
        {"primary_release_date_gte": date(2026, 1, 1)},
    ]  # fmt: skip
    assert len(of(variant, simulator, lambda tmdb: tmdb.discover.movie, rows, resume=file)) == 4
    assert of(variant, simulator, lambda tmdb: tmdb.discover.movie, rows, resume=file) == []
    kept = [result.row for result in read_fetched(file, MovieSummaryPage)]
    assert {"with_genres": any_of(28, 12)} in kept
    assert {"with_genres": [28, 12]} in kept


class Whole:
    """A whole number of somebody else's, as those of numpy are."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __index__(self) -> int:
        return self._number


def test_a_bad_row_is_an_error_of_its_own(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    bad: list[Any] = [None, 1.5, "eleven", "1/../2", b"11", True, (11, 12), {"id": 3}, {"movie_id": "x"}, {3: 4}, ()]
    rows = [*range(1, 30), *bad, Whole(30), *range(31, 60)]
    found = fetched(variant, simulator, rows, resume=file)
    errors = [result for result in found if result.error is not None]
    assert [result.row for result in errors if result.row not in bad] == []
    assert len(errors) == len(bad)
    assert all(isinstance(result.error, InvalidArgument) for result in errors)
    assert len(found) == 59 + len(bad)
    told = {repr(result.row): str(result.error) for result in errors}
    assert "movie_id is None: give a whole number" in told["None"]
    assert "movie_id is 'eleven'" in told["'eleven'"]
    assert "too many positional arguments; the row is (11, 12)" in told["(11, 12)"]
    assert "the row is {'id': 3}" in told["{'id': 3}"]
    assert simulator.count(DETAILS) == 59
    # They are not in the file, and are told again.
    assert len(fetched(variant, simulator, rows, resume=file)) == len(bad)


def test_what_is_wrong_with_every_row_is_told_at_once(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(InvalidArgument, match="'creditz', which cannot be appended here"):
            tmdb.fetch_many(tmdb.movies.details, [11, 12], append=["creditz"])
        with pytest.raises(InvalidArgument, match=r"page 501: TMDB has pages 1 to 500"):
            tmdb.fetch_many(tmdb.movies.reviews, [11], page=501)
        with pytest.raises(TypeError, match=r"tv_seasons\.details: missing a required argument: 'season_number'"):
            tmdb.fetch_many(tmdb.tv_seasons.details, range(1, 100))
        with pytest.raises(TypeError, match=r"missing a required argument: 'movie_id'; the row is \{'movie': 11\}"):
            tmdb.fetch_many(tmdb.movies.details, [{"movie": 11}, {"movie": 12}])
        with pytest.raises(TypeError, match="too many positional arguments"):
            tmdb.fetch_many(functools.partial(tmdb.movies.details, 11, 12), [1])
        for rows in ({"movie_id": 11}, 11, None, b"11"):
            with pytest.raises(InvalidArgument, match="Give several rows"):
                tmdb.fetch_many(tmdb.movies.details, rows)
        with pytest.raises(InvalidArgument, match="Give a method of the client"):
            tmdb.fetch_many(functools.partial(print), [1])
        with pytest.raises(InvalidArgument, match="does not go into a file"):
            tmdb.fetch_many(tmdb.authentication.create_guest_session, [{}], resume="x")
        # Ids that are made up to look at the arguments are no reason to refuse.
        assert tmdb.fetch_many(tmdb.find.by_id, ["tt0076759"], external_source="imdb_id")
        assert tmdb.fetch_many(tmdb.trending.movies, ["day", "week"])

    play(variant, simulator, scene)
    assert simulator.requests == []


def test_a_secret_of_a_row_is_not_put_into_the_file(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    secret = "5ecre7" * 5
    rows: list[Any] = [
        {"guest_session_id": secret}, secret, (secret,), (secret, 1, 2, 3), {"guest_session_id": secret, "x": 1},
    ]  # fmt: skip
    for number, row in enumerate(rows):
        file = tmp_path / f"{number}.jsonl"
        (result,) = of(variant, simulator, lambda tmdb: tmdb.guest_sessions.rated_movies, iter([row]), resume=file)
        assert isinstance(result.error, InvalidArgument)
        assert secret not in f"{file.read_text()} {result!r} {result.error}"


# What the file knows


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "language": ({"language": "de"}, {"language": "fr"}, r"another language \('de', not 'fr'\)"),
    "no language": ({"language": "de"}, {}, r"another language \('de', not None\)"),
    "image languages": (
        {"include_image_language": ["de", None]}, {"include_image_language": ["de"]}, "another include_image_language",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_does_not_go_on_with_other_settings(
    simulator: Simulator, variant: str, tmp_path: Path, change: str
) -> None:
    file = tmp_path / "films.jsonl"
    former, now, told = CHANGES[change]
    fetched(variant, simulator, [11], resume=file, client=former)
    kept = file.read_bytes()
    with pytest.raises(ConfigurationError, match=told):
        fetched(variant, simulator, [11, 12], resume=file, client=now)
    assert file.read_bytes() == kept
    assert [result.id for result in fetched(variant, simulator, [11, 12], resume=file, client=former)] == [12]


def test_settings_that_are_not_sent_do_not_count(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(variant, simulator, [11], resume=file, language="de", client={"language": "fr", "region": "FR"})
    (result,) = fetched(variant, simulator, [11, 12], resume=file, language="de", client={"region": "DE"})
    assert result.id == 12


def test_region_and_further_query_parameters_count(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    rows = [{"page": 1}, {"page": 2}]
    popular = tmp_path / "popular.jsonl"
    of(variant, simulator, lambda tmdb: tmdb.movies.popular, rows, resume=popular, client={"region": "DE"})
    with pytest.raises(ConfigurationError, match=r"another region \('DE', not 'FR'\)"):
        of(variant, simulator, lambda tmdb: tmdb.movies.popular, rows, resume=popular, client={"region": "FR"})
    # The method's own client is what counts.
    with pytest.raises(ConfigurationError, match="other query parameters"):
        of(
            variant, simulator, lambda tmdb: tmdb.with_options(query={"page": "3"}).movies.popular, rows,
            resume=popular, client={"region": "DE"},
        )  # fmt: skip


def test_the_language_of_a_derived_client_counts(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    german: dict[str, Any] = {"language": "de"}
    of(variant, simulator, lambda tmdb: tmdb.with_options(language="de").movies.details, [11], resume=file)
    with pytest.raises(ConfigurationError, match="another language"):
        of(variant, simulator, lambda tmdb: tmdb.with_options(language="fr").movies.details, [11, 12], resume=file)
    (result,) = of(variant, simulator, lambda tmdb: tmdb.movies.details, [11, 12], resume=file, client=german)
    assert result.id == 12


def test_the_base_address_counts(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(variant, simulator, [11], resume=file)
    with Simulator(strict=True) as other, pytest.raises(ConfigurationError, match="another base address"):
        fetched(variant, other, [11, 12], resume=file)


def test_what_was_fetched_for_a_user_is_the_users(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "states.jsonl"
    sessions = [simulator.create_session(simulator.create_user(name, "lighthouse")) for name in ("ada", "bea")]
    first, second = ({"session_id": one} for one in sessions)
    assert len(of(variant, simulator, lambda tmdb: tmdb.movies.account_states, [11], resume=file, client=first)) == 1
    with pytest.raises(ConfigurationError, match="another user: name another file"):
        of(variant, simulator, lambda tmdb: tmdb.movies.account_states, [11], resume=file, client=second)
    assert file.stat().st_mode & 0o077 == 0


# The file


def test_a_run_goes_on_where_the_former_one_ended(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    told: list[Progress] = []
    fetched(variant, simulator, [1, 2, 3], append=["credits"], resume=file)
    simulator.clear_requests()
    simulator.fail_next(500)
    found = fetched(
        variant, simulator, range(1, 7), append=["credits"], resume=file, progress=told.append, concurrency=1
    )
    assert [(result.id, result.error is None) for result in found] == [(4, False), (5, True), (6, True)]
    assert (told[-1].done, told[-1].failed, told[-1].total) == (5, 1, 6)
    (again,) = fetched(variant, simulator, range(1, 7), append=["credits"], resume=file)
    assert again.id == 4
    kept = list(read_fetched(file, MovieDetails))
    assert sorted(int(result.id) for result in kept) == [1, 2, 3, 4, 5, 6]
    assert all(result.result().credits for result in kept)
    assert simulator.count(DETAILS) == 4


def test_a_torn_last_line_is_cut_off(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(variant, simulator, [1, 2], resume=file, concurrency=1)
    whole = file.read_bytes()
    for cut in (1, 20, len(whole.splitlines(keepends=True)[-1]) - 1):
        file.write_bytes(whole[:-cut])
        assert [result.id for result in read_fetched(file, MovieDetails)] == [1]
        assert [result.id for result in fetched(variant, simulator, [1, 2], resume=file)] == [2]
        assert [result.id for result in read_fetched(file, MovieDetails)] == [1, 2]


def test_a_file_of_something_else_is_left_alone(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    fetched(variant, simulator, [1], append=["credits"], resume=file)
    kept = file.read_bytes()
    with pytest.raises(ConfigurationError, match="belongs to a run with other arguments"):
        fetched(variant, simulator, [1], resume=file)
    assert file.read_bytes() == kept
    for content in ("[1, 2]\n", "hello\n", '{"format": "x"}\n', kept.decode() + "nonsense\n" + "more\n"):
        file.write_text(content)
        with pytest.raises(ConfigurationError):
            fetched(variant, simulator, [1], append=["credits"], resume=file)
        assert file.read_text() == content
    with pytest.raises(ConfigurationError, match="cannot be"):
        fetched(variant, simulator, [1], resume=tmp_path / "none" / "films.jsonl")


def test_two_runs_do_not_write_one_file(simulator: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        first = iter(tmdb.fetch_many(tmdb.movies.details, [1, 2, 3], resume=file))
        next(first)
        second = iter(tmdb.fetch_many(tmdb.movies.details, [4], resume=file))
        with pytest.raises(ConfigurationError, match="another run is writing it"):
            next(second)
        assert len(list(first)) == 2


def test_no_credential_is_in_the_file(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "films.jsonl"
    session = simulator.create_session()
    fetched(
        variant, simulator, [1, 2], append=["account_states"], resume=file,
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
def test_after_a_kill_and_many_faults_every_id_is_there_once(
    simulator: Simulator, variant: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    lock = threading.Lock()
    injected: collections.Counter[str] = collections.Counter()

    def by_chance(name: str) -> Callable[[Any], bool]:
        def struck(_: Any) -> bool:
            with lock:
                if chance.random() >= 0.01:
                    return False
                injected[name] += 1
                return True

        return struck

    for name, fault in FAULTS.items():
        simulator.fail_next(**fault, times=None, where=by_chance(name))
    file = tmp_path / "films.jsonl"
    command = [sys.executable, str(PROGRAM), simulator.base_url, str(file), str(COUNT), variant]
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
    assert sorted(line["row"] for line in lines) == list(range(1, COUNT + 1))
    assert all(line["value"]["id"] == line["row"] for line in lines)
    asked_again = {request.path for request in simulator.requests}
    assert not asked_again & {f"/3/movie/{line['row']}" for line in lines[:kept]}
    assert injected.keys() == FAULTS.keys()
