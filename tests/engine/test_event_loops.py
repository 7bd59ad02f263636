"""One `AsyncTMDB` in several event loops, one after the other and at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import run_program
from wire import ACCOUNT, CONVERT, NEW_GUEST, Act, Request, film, serving, then

CALLS_OF_A_LOOP = 10

SCENES = [
    ("asyncio, four times", "httpx", 4),
    ("asyncio, four times", "aiohttp", 4),
    ("trio, twice", "httpx", 2),
    ("asyncio, then trio, then asyncio", "httpx", 3),
    ("two loops at once", "httpx", 6),
    ("two loops at once", "aiohttp", 6),
    ("asyncio and trio at once", "httpx", 6),
]


def play(address: str, scene: str, transport: str) -> Any:
    return run_program("use_loops", address, scene, transport, seconds=15, options=("-W", "always::ResourceWarning"))


@pytest.mark.parametrize(("scene", "transport", "loops"), SCENES, ids=[f"{scene[0]}, {scene[1]}" for scene in SCENES])
def test_each_loop_gets_its_own_answers_and_nothing_is_left_open(scene: str, transport: str, loops: int) -> None:
    with serving() as server:
        told = play(server.address, scene, transport)
    assert (told["errors"][:3], told["wrong"], told["right"]) == ([], 0, loops * CALLS_OF_A_LOOP)
    assert "Warning" not in told["stderr"]
    assert "Traceback" not in told["stderr"]


def slowly(request: Request) -> bytes | Act:
    """What is made once takes a while, so that all who need it ask meanwhile."""
    return then(0.2, film(request)) if request.path in (NEW_GUEST, CONVERT, ACCOUNT) else film(request)


def test_one_guest_session_is_made_among_all_loops() -> None:
    with serving(slowly) as server:
        told = play(server.address, "one guest session", "httpx")
        assert (told["errors"][:3], told["right"]) == ([], 4 * CALLS_OF_A_LOOP)
        assert server.count(NEW_GUEST) == 1


def test_one_token_is_converted_and_one_account_looked_up_among_all_loops() -> None:
    with serving(slowly) as server:
        told = play(server.address, "one conversion", "httpx")
        assert (told["errors"][:3], told["right"]) == ([], 3 * CALLS_OF_A_LOOP)
        assert (server.count(CONVERT), server.count(ACCOUNT)) == (1, 1)


SUITE = """
import anyio
import pytest

from tmdb_ext import AsyncTMDB


@pytest.fixture(scope="session")
def tmdb():
    client = AsyncTMDB(access_token="header.payload.signature", base_url={address!r}, timeout=5)
    yield client
    anyio.run(client.aclose)


@pytest.fixture(params=["asyncio", "trio", "asyncio"])
def anyio_backend(request):
    return request.param


@pytest.mark.anyio
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_film(tmdb, number):
    assert (await tmdb.movies.details(number)).id == number


@pytest.mark.anyio
async def test_a_rating(tmdb):
    await tmdb.movies.add_rating(11, value=5)
"""


def test_a_suite_may_have_one_client_for_its_session(tmp_path: Path) -> None:
    with serving() as server:
        (tmp_path / "test_mine.py").write_text(SUITE.format(address=server.address))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error"]
        done = subprocess.run(
            [*command, str(tmp_path)], cwd=tmp_path, env=dict(os.environ),
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        assert server.count(NEW_GUEST) == 1
