"""What can go wrong on the way to TMDB and back, over real sockets, sync and async."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
import warnings
from typing import Any

import anyio
import pytest
from faults import FAULTS, Fault, reply, serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tmdb_ext
from tmdb_ext import TMDB, APIError, AsyncTMDB, ConfigurationError, ConnectError, RetryPolicy, TMDBError
from tmdb_ext.aiohttp import AiohttpTransport

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwIn0.c2lnbmF0dXJl"


@pytest.fixture(params=["sync", "async", "aiohttp"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def over(variant: str) -> dict[str, Any]:
    return {"transport": AiohttpTransport()} if variant == "aiohttp" else {}


def outcome(variant: str, address: str, **more: Any) -> str:
    """What reading film 11 gives: its title, or the class of the error."""
    options: dict[str, Any] = {"access_token": TOKEN, "base_url": address, "timeout": 0.5} | more

    async def main() -> str:
        try:
            if variant == "sync":
                with TMDB(**options) as tmdb:
                    return f"the film {tmdb.movies.details(11).title}"
            async with AsyncTMDB(**options, **over(variant)) as other:
                return f"the film {(await other.movies.details(11)).title}"
        except TMDBError as error:
            errors.append(error)
            return type(error).__name__

    errors: list[TMDBError] = []
    given = anyio.run(main)
    assert TOKEN not in f"{errors!r} {[vars(error) for error in errors]}"
    return given


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.what for fault in FAULTS])
def test_a_fault_gives_what_the_table_says(fault: Fault, variant: str) -> None:
    patient = RetryPolicy(attempts=1, budget=0.4 if "trickles" in fault.what else 30.0)
    timeout = 10.0 if "30 MB" in fault.what else 0.5
    with serving(fault.act) as (address, came):
        given = outcome(variant, address, retries=patient, timeout=timeout)
        assert given == ("the film Star Wars" if fault.gives == "the film" else fault.gives)
        assert len(came) == (fault.act is not None)
    with serving(fault.act) as (address, came):
        told: list[Any] = []
        outcome(
            variant,
            address,
            retries=RetryPolicy(attempts=2, backoff=0.01, budget=1.2, on_retry=told.append),
            timeout=timeout,
        )
        assert bool(told) == fault.repeated
        assert len(came) == (1 + fault.repeated if fault.act is not None else 0)


def test_a_name_that_leads_nowhere_is_a_connect_error(variant: str) -> None:
    assert outcome(variant, "http://nowhere.invalid") == "ConnectError"


def test_a_server_that_cannot_be_trusted_is_a_connect_error(variant: str) -> None:
    with serving(reply("200 OK"), eager=True) as (address, _):
        assert outcome(variant, address.replace("http:", "https:")) == "ConnectError"
    assert issubclass(ConnectError, ConnectionError)


# Life cycle


def test_closing_twice_and_use_after_closing() -> None:
    with serving(reply("200 OK")) as (address, _):
        tmdb = TMDB(access_token=TOKEN, base_url=address)
        assert tmdb.movies.details(11).id == 11
        tmdb.close()
        tmdb.close()
        with pytest.raises(ConfigurationError, match="this client is closed"):
            tmdb.movies.details(11)
        with pytest.raises(ConfigurationError, match="this client is closed"):
            tmdb.auth.begin_login()

        async def main() -> None:
            other = AsyncTMDB(access_token=TOKEN, base_url=address)
            await other.movies.details(11)
            await other.aclose()
            await other.aclose()
            with pytest.raises(ConfigurationError, match="this client is closed"):
                await other.movies.details(11)

        anyio.run(main)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_client_goes_on_in_a_forked_process() -> None:
    with serving(reply("200 OK")) as (address, came), TMDB(access_token=TOKEN, base_url=address) as tmdb:
        tmdb.movies.details(11)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # there are threads: the server's
            child = os.fork()
        if child == 0:
            signal.alarm(20)
            os._exit(0 if tmdb.movies.details(11).id == 11 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert tmdb.movies.details(11).id == 11
        assert len(came) == 3


def test_a_client_that_is_not_closed_says_so_and_leaks_nothing() -> None:
    with serving(reply("200 OK")) as (address, _):
        tmdb = TMDB(access_token=TOKEN, base_url=address)
        tmdb.movies.details(11)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del tmdb
            gc.collect()
        assert "A TMDB was not closed" in str([str(warning.message) for warning in caught])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            unused = TMDB(access_token=TOKEN, base_url=address)
            del unused
            gc.collect()


@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_a_client_is_not_pickled(kind: Any) -> None:
    with pytest.raises(TypeError, match="Make one in each process"):
        pickle.dumps(kind(access_token=TOKEN))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_in_the_middle_of_a_body_closes_the_connection(backend: str) -> None:
    trickling = next(fault for fault in FAULTS if "trickles" in fault.what)

    async def main() -> None:
        ended = []

        def trickle(connection: socket.socket) -> None:
            trickling.act(connection)
            connection.settimeout(5)
            ended.append(connection.recv(1))  # an error, or nothing: the client has gone away

        with serving(trickle) as (address, _):
            async with AsyncTMDB(access_token=TOKEN, base_url=address, timeout=5) as tmdb:
                for _ in range(3):
                    with anyio.move_on_after(0.1) as scope:
                        await tmdb.movies.details(11)
                    assert scope.cancelled_caught
                with anyio.fail_after(10):
                    while len(ended) < 3:
                        await anyio.sleep(0.01)
        assert ended == [b""] * 3

    anyio.run(main, backend=backend)


def test_a_deadline_of_asyncio_ends_a_call() -> None:
    import asyncio

    silent = next(fault for fault in FAULTS if fault.what == "no answer in time")

    async def main() -> None:
        with serving(silent.act) as (address, _):
            async with AsyncTMDB(access_token=TOKEN, base_url=address, timeout=5) as tmdb:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await tmdb.movies.details(11)

    asyncio.run(main())


# What callers put in


HOSTILE = [
    "..",
    ".",
    "a/b",
    "?x=1",
    "#x",
    "%2e%2e",
    "",
    "ü",
    "x" * 5000,
    "\r\nX: y",
    "\x00",
    "-1",
    "../../4/list",
    "a b",
    "🎬",
]


@pytest.mark.parametrize("text", HOSTILE, ids=[ascii(text)[:20] for text in HOSTILE])
def test_no_text_in_a_path_leads_to_another_path(text: str, variant: str) -> None:
    with serving(reply("200 OK", b'{"id": "x"}')) as (address, came):

        async def main() -> None:
            if variant == "sync":
                with TMDB(access_token=TOKEN, base_url=address) as tmdb:
                    tmdb.reviews.details(text)
                return
            async with AsyncTMDB(access_token=TOKEN, base_url=address, **over(variant)) as other:
                await other.reviews.details(text)

        try:
            anyio.run(main)
        except tmdb_ext.InvalidArgument:
            assert came == []
            return
        (line, *_) = came[0].split(b"\r\n")
        assert line.count(b" ") == 2
        assert line.startswith(b"GET /3/review/")
        assert b"/" not in line.split(b" ")[1].removeprefix(b"/3/review/")
        assert not {b"..", b"."} & {
            line.split(b" ")[1].removeprefix(b"/3/review/").replace(b"%2e", b".").replace(b"%2E", b".")
        }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(language=st.text(max_size=30), query=st.text(max_size=60), review=st.text(max_size=30))
def test_no_argument_leaves_its_place(language: str, query: str, review: str) -> None:
    with serving(reply("200 OK", b"{}")) as (address, came), TMDB(access_token=TOKEN, base_url=address) as tmdb:
        for call in (
            lambda: tmdb.search.movie(query, language=language),
            lambda: tmdb.movies.details(11, language=language),
            lambda: tmdb.reviews.details(review),
        ):
            try:
                call()
            except tmdb_ext.InvalidArgument:
                continue
        for head in came:
            line, *headers = head.split(b"\r\n")
            method, target, version = line.split(b" ")
            assert (method, version) == (b"GET", b"HTTP/1.1")
            path, _, asked = target.partition(b"?")
            assert path in (b"/3/search/movie", b"/3/movie/11") or (
                path.startswith(b"/3/review/") and path.count(b"/") == 3
            )
            assert asked.count(b"&") <= 1
            assert len([name for name in headers if name.lower().startswith(b"authorization")]) == 1


@pytest.mark.parametrize("number", [True, 1.5, "11/..", None])
def test_an_id_that_is_no_number_is_refused(number: Any) -> None:
    with serving(reply("200 OK")) as (address, came), TMDB(access_token=TOKEN, base_url=address) as tmdb:
        with pytest.raises(tmdb_ext.InvalidArgument, match=r"movie_id is .*: give a whole number"):
            tmdb.movies.details(number)
        assert came == []


def test_a_negative_id_is_left_to_tmdb() -> None:
    with serving(reply("404 Not Found", b"{}")) as (address, came), TMDB(access_token=TOKEN, base_url=address) as tmdb:
        with pytest.raises(APIError):
            tmdb.movies.details(-5)
        assert came[0].startswith(b"GET /3/movie/-5 ")
