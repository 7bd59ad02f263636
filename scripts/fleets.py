"""How a fleet of workers on one Redis keeps to its rate when things go wrong: 16 processes, a real Redis, a table.

Each scene runs for some seconds; in the middle of it something happens to Redis or to the workers. The server that the
workers ask notes when each request arrives. The table has the most requests in any sliding second, which are at most
the rate and the burst, and the requests of each stretch of the scene.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

import anyio  # noqa: E402
import redis  # noqa: E402 - the path comes first
import trio  # noqa: E402
from redis_server import RedisServer  # noqa: E402

from tmdb_ext import TMDB, AsyncTMDB, RetryPolicy, TMDBError  # noqa: E402
from tmdb_ext.redis import RedisRateLimit, RedisStore  # noqa: E402

RATE: Final = 40.0
BURST: Final = 4
MARGIN: Final = 6
"""Requests that were sent in time and arrive together, on a busy machine."""
AT_ONCE: Final = 3
"""Calls that each worker makes at the same time."""
TOKEN: Final = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJmbGVldCIsInNjb3BlcyI6WyJhcGlfcmVhZCJdfQ.c2lnbmF0dXJl"  # noqa: S105 - it opens nothing
HOUR: Final = 3600 * 1_000_000


class Recorder:
    """A server that answers everything like TMDB's details of a film, and notes the times."""

    def __init__(self) -> None:
        self.times: list[float] = []
        times = self.times
        self.guests = 0
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                times.append(time.monotonic())
                body: dict[str, Any] = {"id": 11, "title": "A Film"}
                if "guest_session/new" in self.path:
                    recorder.guests += 1
                    body = {"success": True, "guest_session_id": f"{recorder.guests:032x}"}
                content = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Say nothing of a worker that was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class Fleet:
    """The workers of a scene, forked from this process after their clients have been made."""

    def __init__(
        self, workers: int, url: str, address: str, seconds: float, limit: dict[str, Any], *, rates: bool
    ) -> None:
        self._workers = workers
        self._rates = rates
        self._until = time.monotonic() + seconds
        shared: dict[str, Any] = {
            "access_token": TOKEN,
            "base_url": address,
            "rate_limit": RedisRateLimit(url, rate=RATE, **limit),
            "store": RedisStore(url),
            "retries": RetryPolicy(budget=4.0),
        }
        # What a server does that forks its workers: they begin at once.
        TMDB.warm_up()
        asyncio.run(AsyncTMDB.warm_up())
        self._sync, self._async = TMDB(**shared), AsyncTMDB(**shared)
        self.pids: list[int] = []
        self._pipes: list[int] = []

    def start(self) -> None:
        """Fork the workers: a third of them each sync, on asyncio and on trio."""
        for number in range(self._workers):
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reading)
                self._work(number, writing)
            os.close(writing)
            self.pids.append(pid)
            self._pipes.append(reading)

    def _work(self, number: int, pipe: int) -> None:
        outcomes: Counter[str] = Counter()
        try:
            if number % 3 == 0:
                self._work_in_threads(outcomes)
            elif number % 3 == 1:
                asyncio.run(self._work_in_tasks(outcomes))
            else:
                trio.run(self._work_in_tasks, outcomes)
        except BaseException as error:  # noqa: BLE001 - the parent shows it
            outcomes[f"the worker ended: {error!r}"] += 1
        os.write(pipe, json.dumps(outcomes).encode())
        os._exit(0)

    def _work_in_threads(self, outcomes: Counter[str]) -> None:
        def calls() -> None:
            while time.monotonic() < self._until:
                try:
                    if self._rates:
                        self._sync.movies.add_rating(11, value=8)
                    else:
                        self._sync.movies.details(11)
                    outcomes["answered"] += 1
                except TMDBError as error:
                    outcomes[type(error).__name__] += 1
                    time.sleep(0.2)

        threads = [threading.Thread(target=calls) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    async def _work_in_tasks(self, outcomes: Counter[str]) -> None:
        async def calls() -> None:
            while time.monotonic() < self._until:
                try:
                    if self._rates:
                        await self._async.movies.add_rating(11, value=8)
                    else:
                        await self._async.movies.details(11)
                    outcomes["answered"] += 1
                except TMDBError as error:
                    outcomes[type(error).__name__] += 1
                    await anyio.sleep(0.2)

        async with anyio.create_task_group() as group:
            for _ in range(AT_ONCE):
                group.start_soon(calls)

    def outcomes(self) -> Counter[str]:
        """Return what has come of the calls, when all workers have ended."""
        outcomes: Counter[str] = Counter()
        for pipe, pid in zip(self._pipes, self.pids, strict=True):
            content = b""
            while piece := os.read(pipe, 65536):
                content += piece
            os.close(pipe)
            os.waitpid(pid, 0)
            outcomes.update(json.loads(content or b"{}"))
        return outcomes


class Scene(NamedTuple):
    """What happens, for how long, and what is undone afterwards."""

    name: str
    happens: Callable[[RedisServer, Fleet], object] = lambda _server, _fleet: None
    ends: Callable[[RedisServer, Fleet], object] = lambda _server, _fleet: None
    lasts: float = 3.0
    limit: dict[str, Any] = {}  # noqa: RUF012 - it is never changed
    rates: bool = False


def restart_empty(server: RedisServer, _: Fleet) -> None:
    """Kill Redis and start it without what it had."""
    server.stop()
    server.start()


def configure(**options: str) -> Callable[[RedisServer, Fleet], None]:
    """Return what sets options of the server."""

    def happen(server: RedisServer, _: Fleet) -> None:
        with redis.Redis.from_url(server.url) as client:
            for name, value in options.items():
                client.config_set(name.replace("_", "-"), value)

    return happen


def put_clock_back(server: RedisServer, _: Fleet) -> None:
    """Make all times in Redis what they are after its clock was put back by an hour."""
    shift_clock(server.url, HOUR)


def shift_clock(url: str, by: int) -> None:
    """Move all times that a rate limit keeps, as if Redis's clock had stepped the other way."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        for key in client.scan_iter("{tmdb-ext}:*"):
            if key.endswith(("leases", "workers")):
                for member, score in client.zrange(key, 0, -1, withscores=True):
                    client.zadd(key, {member: score + by})
            elif key.endswith("turns"):
                for name in ("due", "blocked"):
                    client.hincrby(key, name, by)


def signal_half(number: int) -> Callable[[RedisServer, Fleet], None]:
    """Return what sends a signal to every second worker."""

    def happen(_: RedisServer, fleet: Fleet) -> None:
        for pid in fleet.pids[::2]:
            os.kill(pid, number)

    return happen


SHARE: Final = {"on_outage": "share"}
SCENES: Final = (
    Scene("all is well"),
    Scene("all is well, ratings", rates=True),
    Scene("Redis is killed", lambda server, _: server.stop(), lambda server, _: server.start()),
    Scene("Redis is killed; share", lambda server, _: server.stop(), lambda server, _: server.start(), limit=SHARE),
    Scene("Redis is stopped", lambda server, _: server.freeze(), lambda server, _: server.thaw()),
    Scene("Redis is stopped; share", lambda server, _: server.freeze(), lambda server, _: server.thaw(), limit=SHARE),
    Scene("Redis is stopped; fail", lambda s, _: s.freeze(), lambda s, _: s.thaw(), limit={"on_outage": "fail"}),
    Scene("Redis restarts empty", restart_empty, lasts=0),
    Scene("Redis restarts empty; share", restart_empty, lasts=0, limit=SHARE),
    Scene("memory is full", configure(maxmemory="1"), configure(maxmemory="0")),
    Scene("memory is full; share", configure(maxmemory="1"), configure(maxmemory="0"), limit=SHARE),
    Scene("it turns into a replica", lambda s, _: s.follow("127.0.0.1", 1), lambda s, _: s.follow(None, 0)),
    Scene("its clock goes back an hour", put_clock_back, lasts=0),
    Scene("its clock goes on an hour", lambda server, _: shift_clock(server.url, -HOUR), lasts=0),
    Scene("half of the workers are killed", signal_half(signal.SIGKILL), lasts=0),
    Scene("half of them are stopped", signal_half(signal.SIGSTOP), signal_half(signal.SIGCONT)),
)


def most_in_a_second(times: list[float]) -> int:
    """Return how many requests came at most within any sliding second."""
    times, most, first = sorted(times), 0, 0
    for last, moment in enumerate(times):
        while moment - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def play(scene: Scene, workers: int, before: float) -> tuple[str, int]:
    """Play a scene; return its row of the table, and the most requests in a sliding second."""
    with tempfile.TemporaryDirectory() as folder:
        server, recorder = RedisServer(Path(folder)), Recorder()
        begun = time.monotonic()
        seconds = 2 * before + scene.lasts
        fleet = Fleet(workers, server.url, recorder.address, seconds, scene.limit, rates=scene.rates)
        try:
            fleet.start()
            time.sleep(before)
            happened = time.monotonic()
            scene.happens(server, fleet)
            time.sleep(scene.lasts)
            ended = time.monotonic()
            scene.ends(server, fleet)
            outcomes = fleet.outcomes()
        finally:
            server.thaw()
            server.stop()
            recorder.close()
    times = sorted(recorder.times)
    stretches = ((begun, happened), (happened, ended), (ended, times[-1] if times else ended))
    counts = "  ".join(
        f"{sum(a <= at < b for at in times) / (b - a):5.1f}" if b - a > 0.5 else "    –" for a, b in stretches
    )
    others = ", ".join(f"{name} {count}" for name, count in outcomes.items() if name != "answered")
    guests = f", {recorder.guests} guest sessions" if scene.rates else ""
    most = most_in_a_second(times)
    return f"{scene.name:34}{most:5}   {counts}   {outcomes['answered']:5}  {others}{guests}", most


def measure_peers() -> int:
    """Measure libraries for rate limits, in an environment that is made for them and removed again."""
    here = Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(here / "fleet_peers.txt")], check=True)
        return subprocess.run([python, str(here / "fleet_peers.py")], check=False).returncode


def main(arguments: list[str] | None = None) -> int:
    """Play the scenes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", help="words that the names of the scenes have in them; all by default")
    parser.add_argument("--workers", type=int, default=16, help="how many processes; 16 by default")
    parser.add_argument("--before", type=float, default=3.0, help="seconds before and after what happens; 3 by default")
    parser.add_argument("--peers", action="store_true", help="measure libraries for rate limits beside ours instead")
    chosen = parser.parse_args(arguments)
    if chosen.peers:
        return measure_peers()
    logging.getLogger("tmdb_ext").addHandler(logging.NullHandler())
    print(f"{chosen.workers} workers with {AT_ONCE} calls each, {RATE:g} requests a second and a burst of {BURST}")
    print(f"{'':34} most   requests a second: before, while it lasts, after;  answered; other outcomes")
    too_many = 0
    for scene in SCENES:
        if not chosen.scenes or any(word in scene.name for word in chosen.scenes):
            row, most = play(scene, chosen.workers, chosen.before)
            print(row, flush=True)
            too_many += most > RATE + BURST + MARGIN
    if too_many:
        print(f"{too_many} scenes had more than {RATE + BURST + MARGIN:g} requests in a second.")
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
