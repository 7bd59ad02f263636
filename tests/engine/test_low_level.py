"""`low_level` hands out a real client of httpx that carries our credentials, as httpx documents it."""

from __future__ import annotations

import contextlib
import importlib.util
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from tmdb_api_client.v3.api.movies import movie_details
from variants import TOKEN
from wire import film, json_reply, serving, then_again_and_again

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, RetryPolicy

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def test_it_is_a_client_of_httpx_and_not_one_of_ours() -> None:
    with TMDB(access_token=TOKEN, base_url="http://127.0.0.1:1") as tmdb:
        assert type(tmdb.low_level.get_httpx_client()) is httpx.Client

    async def main() -> None:
        async with AsyncTMDB(access_token=TOKEN, base_url="http://127.0.0.1:1") as other:
            assert type(other.low_level.get_async_httpx_client()) is httpx.AsyncClient

    anyio.run(main)


def test_an_answer_says_how_long_it_took() -> None:
    with serving() as server, TMDB(access_token=TOKEN, base_url=server.address) as tmdb:
        response = tmdb.low_level.get_httpx_client().get("/3/movie/11")
        assert timedelta(0) < response.elapsed < timedelta(seconds=30)
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@BACKENDS
def test_an_answer_says_how_long_it_took_async(backend: str) -> None:
    async def main() -> None:
        with serving() as server:
            async with AsyncTMDB(access_token=TOKEN, base_url=server.address) as tmdb:
                response = await tmdb.low_level.get_async_httpx_client().get("/3/movie/11")
                assert timedelta(0) < response.elapsed < timedelta(seconds=30)
                assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"

    anyio.run(main, backend=backend)


def test_hooks_are_called() -> None:
    seen: list[Any] = []
    with serving() as server, TMDB(access_token=TOKEN, base_url=server.address) as tmdb:
        client = tmdb.low_level.get_httpx_client()
        client.event_hooks = {
            "request": [lambda request: seen.append(request.method)],
            "response": [lambda response: seen.append(response.status_code)],
        }
        client.get("/3/movie/11")
        assert seen == ["GET", 200]


@BACKENDS
def test_hooks_are_awaited(backend: str) -> None:
    seen: list[Any] = []

    async def note(what: httpx.Request | httpx.Response) -> None:
        seen.append(type(what).__name__)

    async def main() -> None:
        with serving() as server:
            async with AsyncTMDB(access_token=TOKEN, base_url=server.address) as tmdb:
                client = tmdb.low_level.get_async_httpx_client()
                client.event_hooks = {"request": [note], "response": [note]}
                await client.get("/3/movie/11")

    anyio.run(main, backend=backend)
    assert seen == ["Request", "Response"]


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
ENDLESS = then_again_and_again(HEAD, b"4\r\nabcd\r\n", pause=0.02, seconds=4)


def test_a_body_is_streamed_as_it_comes() -> None:
    with (
        serving(ENDLESS) as server,
        TMDB(access_token=TOKEN, base_url=server.address) as tmdb,
        tmdb.low_level.get_httpx_client().stream("GET", "/3/movie/11") as response,
    ):
        pieces = response.iter_bytes()
        assert next(pieces)[:4] == b"abcd"
        assert next(pieces)[:4] == b"abcd"


# httpx leaves a generator of its own behind if a stream is not read to its end; trio complains of it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@BACKENDS
def test_a_body_is_streamed_as_it_comes_async(backend: str) -> None:
    async def main() -> None:
        with serving(ENDLESS) as server:
            async with AsyncTMDB(access_token=TOKEN, base_url=server.address) as tmdb:
                client = tmdb.low_level.get_async_httpx_client()
                async with (
                    client.stream("GET", "/3/movie/11") as response,
                    contextlib.aclosing(response.aiter_raw()) as pieces,  # type: ignore[type-var]
                ):
                    assert (await anext(pieces))[:4] == b"abcd"

    anyio.run(main, backend=backend)


def test_the_generated_endpoints_go_through_it_with_our_retries() -> None:
    policy = RetryPolicy(attempts=3, backoff=0.01)
    answers = iter([json_reply({}, "503 Service Unavailable"), None, json_reply({"status_code": 34}, "404 Not Found")])
    with serving(lambda request: next(answers) or film(request)) as server:
        with TMDB(access_token=TOKEN, base_url=server.address, retries=policy) as tmdb:
            response = movie_details.sync_detailed(11, client=tmdb.low_level)
            assert response.status_code == 200
            assert movie_details.sync_detailed(12, client=tmdb.low_level).status_code == 404
        assert len(server.requests) == 3


def test_it_goes_to_no_other_origin_with_our_credentials() -> None:
    with serving() as server, serving() as elsewhere:
        with TMDB(access_token=TOKEN, base_url=server.address) as tmdb, pytest.raises(ConfigurationError):
            tmdb.low_level.get_httpx_client().get(f"{elsewhere.address}/3/movie/11")
        assert elsewhere.requests == []


def test_http_2_needs_an_extra_which_the_error_names() -> None:
    options: dict[str, Any] = {"access_token": TOKEN, "http2": True}
    if importlib.util.find_spec("h2") is None:
        with pytest.raises(ConfigurationError, match=r"tmdb-ext\[http2\]"):
            TMDB(**options)
    else:
        TMDB(**options).close()
