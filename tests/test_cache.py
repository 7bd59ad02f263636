"""The HTTP cache: what is kept, what never is, and reads that are under way together."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hishel import AsyncSqliteStorage, SqliteStorage
from scenes import CountingLimit, play, result_of
from tmdb_api_client.v3.api.movies import movie_details
from tmdb_api_client.v3.operations import OPERATIONS
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, NotFound, RequestTimeout, RetryPolicy, ServerError
from tmdb_ext._auth.carrying import Credentialed
from tmdb_ext._http.cache import is_public
from tmdb_ext._http.call import Call
from tmdb_ext._http.deadline import Deadline
from tmdb_ext._http.messages import Origin, Request
from tmdb_ext._operations import extensions_of, get_operation
from tmdb_ext.testing import Simulator

ORIGIN = Origin("https", "host", 443)
DETAILS = "movie-details"
LIST = "list-details"


def details(*ids: int, **more: Any) -> Any:
    async def scene(tmdb: Any) -> list[str]:
        return [(await result_of(tmdb.movies.details(one, **more))).title for one in ids]

    return scene


# What is kept


def test_a_second_read_is_answered_from_the_cache(simulator: Simulator, variant: str) -> None:
    first, second = play(variant, simulator, details(11, 11), cache=True)
    assert first == second
    assert simulator.count(DETAILS) == 1


def test_without_a_cache_every_read_is_sent(simulator: Simulator, variant: str) -> None:
    play(variant, simulator, details(11, 11))
    assert simulator.count(DETAILS) == 2


def test_what_differs_is_kept_apart(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for _ in range(2):
            await result_of(tmdb.movies.details(11))
            await result_of(tmdb.movies.details(12))
            await result_of(tmdb.movies.details(11, language="de-DE"))
            await result_of(tmdb.movies.details(11, append=["credits"]))

    play(variant, simulator, scene, cache=True)
    assert simulator.count(DETAILS) == 4


def answering(*answers: httpx.Response) -> tuple[Any, list[httpx.Request]]:
    """A transport of either variant that gives one answer after the other, the last one again and again."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        chosen = answers[min(len(seen), len(answers)) - 1]
        return httpx.Response(chosen.status_code, headers=chosen.headers.multi_items(), content=chosen.content)

    return httpx.MockTransport(answer), seen


def movie(**headers: str) -> httpx.Response:
    return httpx.Response(
        200, json={"id": 11, "title": "A film"}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_what_has_grown_old_is_asked_for_with_its_tag(simulator: Simulator, variant: str) -> None:
    transport, seen = answering(
        movie(cache_control="public, max-age=0", etag='"a"'),
        httpx.Response(304, headers={"etag": '"a"', "cache-control": "public, max-age=60"}),
    )
    titles = play(variant, simulator, details(11, 11, 11), cache=True, transport=transport)
    assert titles == ["A film"] * 3
    assert [request.headers.get("if-none-match") for request in seen] == [None, '"a"']
    assert [request.headers["authorization"][:7] for request in seen] == ["Bearer "] * 2


@pytest.mark.parametrize("directives", ["no-store", "private, max-age=600", "no-cache", ""])
def test_what_tmdb_does_not_let_be_kept_is_asked_for_again(simulator: Simulator, variant: str, directives: str) -> None:
    transport, seen = answering(movie(cache_control=directives) if directives else movie())
    play(variant, simulator, details(11, 11), cache=True, transport=transport)
    assert len(seen) == 2


def test_a_failure_is_not_kept(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(ServerError):
            await result_of(tmdb.movies.details(11))
        await result_of(tmdb.movies.details(11))

    simulator.fail_next(500)
    play(variant, simulator, scene, cache=True)
    assert simulator.count(DETAILS) == 2


def test_an_answer_from_the_cache_takes_no_turn(simulator: Simulator, variant: str) -> None:
    limit = CountingLimit()
    play(variant, simulator, details(11, 11, 11), cache=True, rate_limit=limit)
    assert limit.reserved == 1


def test_a_file_is_shared_and_survives(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "folder" / "cache.db"
    for chosen in (variant, "sync", "async"):
        play(chosen, simulator, details(11), cache=file)
    assert simulator.count(DETAILS) == 1
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir() if not path.name.startswith("cache.db")] == []


def test_a_storage_of_the_callers_own_stays_open(simulator: Simulator) -> None:
    storage = SqliteStorage(connection=sqlite3.connect(":memory:", check_same_thread=False))
    for _ in range(2):
        play("sync", simulator, details(11), cache=storage)
    assert simulator.count(DETAILS) == 1
    storage.close()


def test_an_application_key_in_the_address_is_no_difference(simulator: Simulator, tmp_path: Path) -> None:
    play("sync", simulator, details(11), cache=tmp_path / "c")
    play("sync", simulator, details(11), cache=tmp_path / "c", api_key=simulator.api_key, access_token=None)
    assert simulator.count(DETAILS) == 1


# What never is


def test_nothing_of_a_users_is_kept(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    session = simulator.create_session()

    async def scene(tmdb: Any) -> None:
        for _ in range(2):
            await result_of(tmdb.account.details())
            await result_of(tmdb.account.rated_movies())
            await result_of(tmdb.movies.account_states(11))

    play(variant, simulator, scene, cache=tmp_path / "c", session_id=session)
    assert simulator.count("movie-account-states") == 2
    assert simulator.count("account-rated-movies") == 2
    assert stored(tmp_path / "c") == b""


def test_nothing_that_a_users_token_reads_is_kept(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    token = simulator.create_user_access_token()
    play(variant, simulator, details(11, 11), cache=tmp_path / "c", user_access_token=token, access_token=None)
    assert simulator.count(DETAILS) == 2
    assert stored(tmp_path / "c") == b""


def test_nothing_read_with_a_session_in_the_call_is_kept(simulator: Simulator, tmp_path: Path) -> None:
    session = simulator.create_session()

    def scene(tmdb: TMDB) -> None:
        client = tmdb.low_level.get_httpx_client()
        extensions = extensions_of(get_operation(DETAILS))
        for _ in range(2):
            client.get("/3/movie/11", params={"session_id": session}, extensions=extensions)
            client.get(
                "/3/movie/11", headers={"authorization": f"Bearer {simulator.access_token}"}, extensions=extensions
            )

    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, cache=tmp_path / "c") as tmdb:
        scene(tmdb)
        assert simulator.count(DETAILS) == 4
        assert movie_details.sync(11, client=tmdb.low_level) == movie_details.sync(11, client=tmdb.low_level)
        assert simulator.count(DETAILS) == 5
    assert session.encode() not in stored(tmp_path / "c")


@pytest.mark.parametrize("table", [OPERATIONS, V4_OPERATIONS])
def test_only_reads_that_are_the_same_for_everybody_are_public(table: Any) -> None:
    for operation in table.values():
        call = Call(operation)
        request = Request(operation.method, ORIGIN, operation.path, carried=Credentialed())
        expected = operation.method == "GET" and operation.user_auth == "none" and operation.tag != "authentication"
        assert is_public(request, call) is expected
        assert not is_public(request, Call(None))
        for target in (f"{operation.path}?session_id=a", f"{operation.path}?language=de&guest_session_id=a"):
            assert not is_public(Request(operation.method, ORIGIN, target, carried=Credentialed()), call)
        for carried in (Credentialed(is_personal=True), Credentialed(user="session_id")):
            assert not is_public(Request(operation.method, ORIGIN, operation.path, carried=carried), call)
        headers = [("authorization", "Bearer x")]
        assert not is_public(Request(operation.method, ORIGIN, operation.path, headers, carried=Credentialed()), call)


def stored(file: Path) -> bytes:
    """All that is in the cache file."""
    with sqlite3.connect(file) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for table in tables
            for row in connection.execute(f"select * from {table}")
            for value in row
        )


@pytest.mark.parametrize("kind", ["access_token", "api_key"])
def test_no_credential_is_in_a_key_or_in_what_is_stored(
    simulator: Simulator, variant: str, kind: str, tmp_path: Path
) -> None:
    secret = getattr(simulator, kind)
    headers = {"cache-control": "public, max-age=600", "set-cookie": "track=c00kie", "x-echo": f"you sent {secret}"}
    transport, seen = answering(movie(**headers))
    credentials = {"access_token": None, kind: secret}
    play(variant, simulator, details(11, 11), cache=tmp_path / "c", transport=transport, **credentials)
    assert len(seen) == 1
    assert secret in str(seen[0].url) + str(seen[0].headers.get("authorization"))
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir()) + stored(tmp_path / "c")
    assert b"A film" in content
    assert secret.encode() not in content
    assert b"c00kie" not in content
    assert not re.search(rb"authorization|cookie", content, re.IGNORECASE)


def test_making_a_guest_session_is_never_answered_from_the_cache(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        one = await result_of(tmdb.guest.start())
        await result_of(tmdb.guest.forget())
        other = await result_of(tmdb.guest.start())
        assert one.id != other.id

    play(variant, simulator, scene, cache=True)


# Reads that are under way together


def test_threads_that_read_the_same_share_one_request(simulator: Simulator) -> None:
    simulator.fail_next(delay=0.3)
    titles: list[str] = []
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, cache=True) as tmdb:
        threads = [threading.Thread(target=lambda: titles.append(tmdb.movies.details(11).title)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(titles) == 20
    assert len(set(titles)) == 1
    assert simulator.count(DETAILS) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_that_read_the_same_share_one_request_kept_or_not(backend: str) -> None:
    sent = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        await anyio.sleep(0.05)
        return movie(cache_control="no-store")

    async def main() -> None:
        async with (
            AsyncTMDB(api_key="0123456789abcdef" * 2, transport=httpx.MockTransport(answer), cache=True) as tmdb,
            anyio.create_task_group() as group,
        ):
            for one in [11, 12] * 50:
                group.start_soon(tmdb.movies.details, one)

    anyio.run(main, backend=backend)
    assert sent == 2


def test_reads_with_other_headers_are_other_reads(simulator: Simulator) -> None:
    simulator.fail_next(delay=0.3, times=2)
    statuses: list[int] = []
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, cache=True) as tmdb:
        http = tmdb.low_level.get_httpx_client()
        tag = http.get("/3/movie/12", extensions=extensions_of(get_operation(DETAILS))).headers["etag"]

        extensions = extensions_of(get_operation(DETAILS))

        def read(headers: dict[str, str]) -> None:
            statuses.append(http.get("/3/movie/11", headers=headers, extensions=extensions).status_code)

        threads = [threading.Thread(target=read, args=(one,)) for one in ({}, {"if-none-match": tag})]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200, 200]
    assert simulator.count(DETAILS) == 3


def test_all_who_wait_learn_of_the_failure(simulator: Simulator) -> None:
    simulator.fail_next(delay=0.2, disconnect=True)
    errors: list[str] = []

    async def one(tmdb: AsyncTMDB) -> None:
        try:
            await tmdb.movies.details(11)
        except Exception as error:  # noqa: BLE001
            errors.append(type(error).__name__)

    async def main() -> None:
        settings: dict[str, Any] = {"retries": RetryPolicy(attempts=1), "cache": True}
        async with (
            AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url, **settings) as tmdb,
            anyio.create_task_group() as group,
        ):
            for _ in range(5):
                group.start_soon(one, tmdb)

    anyio.run(main)
    assert errors == ["TransportError"] * 5
    assert simulator.count(DETAILS) <= 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_one_who_is_cancelled_leaves_the_read_to_the_others(simulator: Simulator, backend: str) -> None:
    simulator.fail_next(delay=0.4)
    titles: list[str] = []

    async def first(tmdb: AsyncTMDB) -> None:
        with anyio.move_on_after(0.1):
            await tmdb.movies.details(11)

    async def other(tmdb: AsyncTMDB) -> None:
        await anyio.sleep(0.05)
        titles.append((await tmdb.movies.details(11)).title)

    async def main() -> None:
        async with (
            AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url, cache=True) as tmdb,
            anyio.create_task_group() as group,
        ):
            group.start_soon(first, tmdb)
            for _ in range(5):
                group.start_soon(other, tmdb)

    anyio.run(main, backend=backend)
    assert len(titles) == 5
    assert simulator.count(DETAILS) <= 2


def test_one_who_waits_does_so_within_its_own_budget(simulator: Simulator) -> None:
    simulator.fail_next(delay=1.5)
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, cache=True) as tmdb:
        thread = threading.Thread(target=lambda: tmdb.movies.details(11))
        thread.start()
        while not tmdb._cache._places.get().flights.under_way:
            time.sleep(0.01)
        call = Call(get_operation(DETAILS), deadline=Deadline(0.1))
        asked = Request("GET", tmdb._address.origin, "/3/movie/11", tmdb._calls.settings.headers)
        with pytest.raises(RequestTimeout, match="made earlier, took too long") as caught:
            tmdb._cache.send(asked, call)
        assert caught.value.phase == "budget"
        thread.join()


def test_answers_that_are_shared_are_objects_of_their_own(simulator: Simulator) -> None:
    async def scene(tmdb: Any) -> None:
        one, other = tmdb.movies.details(11), tmdb.movies.details(11)
        one.title = "another"
        assert other.title != "another"

    play("sync", simulator, scene, cache=True)


def test_an_error_of_tmdbs_comes_as_ever(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for _ in range(2):
            with pytest.raises(NotFound):
                await result_of(tmdb.movies.details(10**9))

    play(variant, simulator, scene, cache=True)


# What is refused


@pytest.mark.parametrize("make", [TMDB, AsyncTMDB])
@pytest.mark.parametrize("cache", [None, 7, object()])
def test_what_is_no_cache_is_refused(make: Any, cache: Any) -> None:
    with pytest.raises(ConfigurationError, match="cache must be True, the name of a file or a hishel"):
        make(api_key="0123456789abcdef" * 2, cache=cache)


def test_a_storage_of_the_other_variant_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"hishel\.BaseStorage"):
        TMDB(api_key="0123456789abcdef" * 2, cache=AsyncSqliteStorage())
    with pytest.raises(ConfigurationError, match=r"hishel\.AsyncBaseStorage"):
        AsyncTMDB(api_key="0123456789abcdef" * 2, cache=SqliteStorage())


def test_a_folder_is_no_cache_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be made"):
        TMDB(api_key="0123456789abcdef" * 2, cache=tmp_path)


def test_a_file_that_is_no_cache_is_left_alone(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("my notes, which are not a database" * 100)
    play(variant, simulator, details(11, 11), cache=file)
    assert file.read_text().startswith("my notes")
    assert simulator.count(DETAILS) == 2


def test_without_the_extra_it_is_named() -> None:
    program = "import sys; sys.modules['hishel'] = None; import tmdb_ext; tmdb_ext.TMDB(api_key='0' * 32, cache=True)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "pip install 'tmdb-ext[cache]'" in ended.stderr
