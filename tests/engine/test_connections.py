"""Connections are kept while they are of use, and not beyond: those that the server closed are closed here too."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest
from variants import TOKEN, over
from wire import Request, Server, film, serving

from tmdb_ext import TMDB, AsyncTMDB

TABLE = Path("/proc/self/net/tcp")
CLOSE_WAIT = "08"
MANY = 40

needs_the_table = pytest.mark.skipif(not TABLE.exists(), reason="this system has no table of connections to read")


def half_closed(server: Server) -> int:
    """Connections to the server that it has closed and this process has not."""
    host = socket.inet_aton(server.host)[::-1].hex().upper()
    lines = [line.split() for line in TABLE.read_text().splitlines()[1:]]
    return sum(line[2] == f"{host}:{server.port:04X}" and line[3] == CLOSE_WAIT for line in lines)


def slow_film(request: Request) -> bytes:
    time.sleep(0.05)  # so that the calls really are under way at once
    return film(request)


def closed_by(server: Server) -> None:
    """Close all connections at the server's end, and wait until that has arrived here."""
    server.hang_up()
    end = time.monotonic() + 5
    while half_closed(server) == 0 and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.1)


@needs_the_table
def test_connections_that_many_threads_have_left_are_closed() -> None:
    with serving(slow_film) as server, TMDB(access_token=TOKEN, base_url=server.address) as tmdb:
        barrier = threading.Barrier(MANY)

        def one(number: int) -> int | None:
            barrier.wait()
            return tmdb.movies.details(number).id

        with ThreadPoolExecutor(MANY) as pool:
            assert list(pool.map(one, range(1, MANY + 1))) == list(range(1, MANY + 1))
        closed_by(server)
        for number in range(3):
            assert tmdb.movies.details(number).id == number
        assert half_closed(server) == 0


@needs_the_table
@pytest.mark.parametrize("variant", ["asyncio", "trio", "aiohttp"])
def test_connections_that_many_tasks_have_left_are_closed(variant: str) -> None:
    async def main() -> None:
        with serving(slow_film) as server:
            async with AsyncTMDB(access_token=TOKEN, base_url=server.address, **over(variant)) as tmdb:
                async with anyio.create_task_group() as group:
                    for number in range(MANY):
                        group.start_soon(tmdb.movies.details, number + 1)
                await anyio.to_thread.run_sync(closed_by, server)
                for number in range(3):
                    assert (await tmdb.movies.details(number)).id == number
                assert half_closed(server) == 0

    anyio.run(main, backend="trio" if variant == "trio" else "asyncio")


def test_a_call_that_follows_another_takes_its_connection() -> None:
    with serving() as server, TMDB(access_token=TOKEN, base_url=server.address) as tmdb:
        for number in range(1, 6):
            tmdb.movies.details(number)
        assert server.opened == 1


def test_threads_use_no_more_connections_than_calls_under_way() -> None:
    with serving(slow_film) as server, TMDB(access_token=TOKEN, base_url=server.address) as tmdb:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(tmdb.movies.details, range(1, 81)))
        assert server.opened <= 8


@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])
def test_closing_a_client_closes_its_connections(variant: str) -> None:
    async def call(server: Server) -> None:
        async with (
            AsyncTMDB(access_token=TOKEN, base_url=server.address, **over(variant)) as tmdb,
            anyio.create_task_group() as group,
        ):
            for number in range(5):
                group.start_soon(tmdb.movies.details, number + 1)

    with serving() as server:
        if variant == "sync":
            with TMDB(access_token=TOKEN, base_url=server.address) as tmdb, ThreadPoolExecutor(5) as pool:
                list(pool.map(tmdb.movies.details, range(1, 6)))
        else:
            anyio.run(call, server, backend="trio" if variant == "trio" else "asyncio")
        end = time.monotonic() + 5
        while server.is_connected and time.monotonic() < end:
            time.sleep(0.01)
        assert not server.is_connected


def test_a_connection_that_went_while_nobody_used_it_costs_no_call() -> None:
    """The server closes between two calls, again and again; reads and writes go through all the same."""
    with serving() as server:
        with TMDB(access_token=TOKEN, base_url=server.address, session_id="b" * 40) as tmdb:
            for number in range(1, 4):
                assert tmdb.movies.details(number).id == number
                server.hang_up()
                time.sleep(0.05)
                tmdb.lists.create(name="x", description="x", language="en")
                server.hang_up()
                time.sleep(0.05)
        methods = [request.method for request in server.requests]
        assert methods == ["GET", "POST"] * 3
