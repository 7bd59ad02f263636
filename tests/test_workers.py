"""The programs of the page on workers, run for real: Celery, RQ, gunicorn with FastAPI, and a cache for all."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import redis
import redis.asyncio
from hishel import AsyncRedisStorage, RedisStorage
from redis_server import RedisServer
from scenes import play, result_of

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError
from tmdb_ext.testing import Simulator

PAGE = Path(__file__).resolve().parent.parent / "docs/pages/workers.md"
FILES = dict(re.findall(r'```python title="([^"]+)"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL))
NEW_GUEST = "authentication-create-guest-session"
QUICK = "RedisRateLimit(server, rate=400)"
MANY = 2000 if os.environ.get("CI") else 400

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(strict=True, requests_per_second=450) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    running = RedisServer(tmp_path / "redis")
    yield running
    running.stop()


@pytest.fixture
def run(server: RedisServer, simulator: Simulator, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts programs where the files of the page are, with the server and the simulator in their environment."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("RedisRateLimit(server)", QUICK), encoding="utf-8")
    environment = {
        **os.environ,
        "REDIS_URL": server.url,
        "TMDB_BASE_URL": simulator.base_url,
        "TMDB_ACCESS_TOKEN": simulator.access_token,
        "PYTHONWARNINGS": "ignore",
        "C_FORCE_ROOT": "1",  # where tests run as root, Celery wants to be asked twice for pickle
    }
    started: list[subprocess.Popen[str]] = []

    def start(*command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def output(process: subprocess.Popen[str], seconds: float = 100) -> str:
    out, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, out[-3000:]
    return out


def test_a_program_for_workers_has_at_most_five_lines_more() -> None:
    """Beside what it needs for one process."""
    for text in FILES.values():
        assert sum(line.count("Redis") + line.count("REDIS_URL") > 0 for line in text.splitlines()) <= 5


@pytest.mark.parametrize(("serializer", "count"), [("json", MANY), ("pickle", 100)])
def test_celery_does_all_tasks_at_one_rate(
    run: Callable[..., Any], simulator: Simulator, tmp_path: Path, serializer: str, count: int
) -> None:
    """The simulator refuses more than a few above the rate with 429."""
    tasks = FILES["tasks.py"].replace("RedisRateLimit(server)", QUICK)
    if serializer == "pickle":
        tasks = tasks.replace("movies.details(movie_id).title", "movies.details(movie_id)")
    tasks += f"""

# The client is used before the fork.
tmdb.configuration.details()
app.conf.update(
    task_serializer="{serializer}", result_serializer="{serializer}", accept_content=["{serializer}"],
    broker_connection_retry_on_startup=False,
)
"""
    (tmp_path / "tasks.py").write_text(tasks, encoding="utf-8")
    (tmp_path / "ask.py").write_text(
        f"""
from celery import group
from tasks import rate, title_of

asked = group([title_of.s(11) for _ in range({count})] + [rate.s(11, 8) for _ in range(10)]).apply_async()
results = asked.get(timeout=60)
titles = [result if isinstance(result, str) else result.title for result in results[:-10]]
print(titles.count("Star Wars"), results[-10:].count(None))
""",
        encoding="utf-8",
    )
    worker = run(
        "-m", "celery", "-A", "tasks", "worker", "--concurrency", "4", "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    )  # fmt: skip
    told = output(run("ask.py"))
    assert told.split() == [str(count), "10"], told
    worker.send_signal(signal.SIGTERM)
    output(worker)
    details = [request for request in simulator.requests if request.operation == "movie-details"]
    assert [request.http_status for request in details] == [200] * count
    assert simulator.count(NEW_GUEST) == 1


def test_rq_shares_one_guest_session(run: Callable[..., Any], simulator: Simulator, server: RedisServer) -> None:
    from rq import Queue

    with redis.Redis.from_url(server.url) as client:
        jobs = [Queue("films", connection=client).enqueue("jobs.rate", 11, 8.0) for _ in range(6)]
        workers = [
            run(
                "-c",
                "from rq.cli import main; main()",
                "worker",
                "films",
                "--url",
                server.url,
                "--burst",
                "--path",
                ".",
            )
            for _ in range(2)
        ]
        for worker in workers:
            output(worker)
        assert [job.return_value() for job in jobs] == ["Star Wars"] * 6
    assert simulator.count("movie-add-rating") == 6
    assert simulator.count(NEW_GUEST) == 1


def test_gunicorn_with_fastapi_shares_one_guest_session(run: Callable[..., Any], simulator: Simulator) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = run(
        "-m", "gunicorn", "web_app:app", "--preload", "--workers", "4", "--bind", f"127.0.0.1:{port}",
        "--worker-class", "uvicorn_worker.UvicornWorker", "--log-level", "warning",
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"

    async def visit(client: httpx.AsyncClient) -> None:
        assert (await client.post(f"{base}/films/11/rating/8")).status_code == 200
        assert (await client.get(f"{base}/films/11")).json()["title"] == "Star Wars"

    async def main() -> None:
        # No connection is kept, so that each visit may meet another worker.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client, anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(visit, client)

    until = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{base}/films/11")
            break
        except httpx.ConnectError:
            assert web.poll() is None, web.stdout.read()
            assert time.monotonic() < until
            time.sleep(0.05)
    anyio.run(main)
    web.send_signal(signal.SIGTERM)
    output(web)
    assert simulator.count("movie-add-rating") == 40
    assert simulator.count(NEW_GUEST) == 1


# A cache for all


async def read(tmdb: Any) -> None:
    assert (await result_of(tmdb.movies.details(11))).title == "Star Wars"


def test_machines_share_a_cache(server: RedisServer, simulator: Simulator) -> None:
    for _ in range(2):  # two machines
        storage = RedisStorage(client=redis.Redis.from_url(server.url), key_prefix="films:cache")
        play("sync", simulator, read, cache=storage)
    assert simulator.count("movie-details") == 1

    async def main() -> None:
        async with redis.asyncio.Redis.from_url(server.url) as client:
            storage = AsyncRedisStorage(client=client, key_prefix="films:cache")
            settings = {"access_token": simulator.access_token, "base_url": simulator.base_url}
            async with AsyncTMDB(**settings, cache=storage) as tmdb:
                await read(tmdb)

    anyio.run(main)
    assert simulator.count("movie-details") == 1
    with server.client() as client:
        kept = b"".join(redis.Redis.from_url(server.url).dump(key) or b"" for key in client.scan_iter("films:cache:*"))
    assert kept
    assert simulator.access_token.encode() not in kept


def test_on_trio_a_cache_for_asyncio_is_refused_in_plain_words(server: RedisServer, simulator: Simulator) -> None:
    async def main() -> None:
        storage = AsyncRedisStorage(client=redis.asyncio.Redis.from_url(server.url))
        settings = {"access_token": simulator.access_token, "base_url": simulator.base_url}
        async with AsyncTMDB(**settings, cache=storage) as tmdb:
            await tmdb.movies.details(11)

    with pytest.raises(ConfigurationError, match=r"AsyncRedisStorage is for asyncio"):
        anyio.run(main, backend="trio")
    assert simulator.requests == []


def test_a_cache_that_cannot_be_reached_fails_no_call(server: RedisServer, simulator: Simulator) -> None:
    url = server.url
    server.stop()
    with redis.Redis.from_url(url, retry=None, socket_timeout=1) as client:
        play("sync", simulator, read, cache=RedisStorage(client=client))

    async def main() -> None:
        async with redis.asyncio.Redis.from_url(url, socket_timeout=1) as client:
            settings = {"access_token": simulator.access_token, "base_url": simulator.base_url}
            async with AsyncTMDB(**settings, cache=AsyncRedisStorage(client=client)) as tmdb:
                await read(tmdb)

    anyio.run(main)
    assert simulator.count("movie-details") == 2


def test_a_client_with_a_shared_cache_needs_no_more(server: RedisServer, simulator: Simulator) -> None:
    storage = RedisStorage(client=redis.Redis.from_url(server.url))
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, cache=storage) as tmdb:
        tmdb.movies.add_rating(11, value=8)
        tmdb.guest_sessions.rated_movies()
    with server.client() as client:
        guest = tmdb._calls.flow.sessions.guest.id.reveal().encode()
        assert not any(guest in (redis.Redis.from_url(server.url).dump(key) or b"") for key in client.scan_iter("*"))
