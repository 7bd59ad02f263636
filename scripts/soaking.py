"""A mixed load for a long time against a TMDB in another process that fails now and then.

Threads with a sync client, tasks with an async one and tasks with a cache read, page, rate and make lists. In the end
what TMDB holds is compared with what the calls said: a list whose making was confirmed is there once, one whose making
failed at most once, and a film whose rating was confirmed has it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from tmdb_ext import TMDB, AsyncTMDB, RetryPolicy, TMDBError
from tmdb_ext.testing import Simulator

THREADS, TASKS, CACHED_TASKS = 4, 8, 2
SAMPLE_EVERY = 2.0
LIST_EVERY = 0.8
"""Seconds between two lists that one worker makes: TMDB pages through 10,000 of them and no more."""
MOST_GROWTH = 0.05
"""By how much of itself the memory may have grown from the second quarter of the time to the last one."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"http_status": 500},
    {"http_status": 502, "body": "<html>Bad gateway</html>"},
    {"http_status": 503},
    {"retry_after": 0.05},
    {"disconnect": True},
    {"disconnect": True, "perform": True},
    {"http_status": 504, "perform": True},
    {"delay": 0.3},
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--faults", type=float, default=0.05, help="the share of requests that fail (default: 0.05)")
    parser.add_argument("--seed", type=int, default=11, help="of what is chosen at random (default: 11)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        serve(options.faults, options.seed)
        return 0
    command = [sys.executable, __file__, "--serve", f"--faults={options.faults}", f"--seed={options.seed}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("a process that was started with pipes has them")
        soak = Soak(json.loads(server.stdout.readline()), options.minutes * 60)
        anyio.run(soak.run)
        server.stdin.write("calm\n")
        server.stdin.flush()
        served = json.loads(server.stdout.readline())
        failures = soak.report(served)
        server.stdin.close()
    for failure in failures:
        print(f"soak: {failure}", file=sys.stderr)
    return bool(failures)


class _Formatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    pass


def serve(share: float, seed: int) -> None:
    """Be the TMDB: print where, fail a share of the requests until a line comes, then print how many there were."""
    chance = random.Random(seed)  # noqa: S311 - no secret comes of it
    with Simulator() as simulator:
        settings = {"base_url": simulator.base_url, "access_token": simulator.access_token}
        print(json.dumps(settings | {"session_id": simulator.create_session()}), flush=True)
        calm = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.readline(), calm.set()), daemon=True).start()
        seen = faults = 0
        while not calm.wait(0.02):
            seen += len(simulator.requests)
            simulator.clear_requests()
            while faults < seen * share:
                simulator.fail_next(**chance.choice(FAULTS))
                faults += 1
        simulator.clear_faults()
        print(json.dumps({"requests": seen, "faults": faults}), flush=True)
        sys.stdin.read()


class Soak:
    """The load, what it was told, and what it took."""

    def __init__(self, settings: dict[str, Any], seconds: float) -> None:
        self.settings = settings
        self.until = time.monotonic() + seconds
        self.confirmed: list[str] = []
        self.doubtful: list[str] = []
        self.rated: set[int] = set()
        self.calls = 0
        self.errors: Counter[str] = Counter()
        self.retries = 0
        self.samples: list[tuple[int, int]] = []

    def client(self, kind: Callable[..., Any], **more: Any) -> Any:
        """Make a client that is quick to try again."""
        policy = RetryPolicy(attempts=4, backoff=0.01, on_retry=self._note_retry)
        return kind(**self.settings, timeout=0.25, retries=policy, **more)

    def _note_retry(self, _: object) -> None:
        self.retries += 1

    async def run(self) -> None:
        """Run the load until the time is over."""
        with self.client(TMDB) as tmdb:
            async with self.client(AsyncTMDB) as other, self.client(AsyncTMDB, cache=True) as cached:
                async with anyio.create_task_group() as group:
                    for number in range(THREADS):
                        group.start_soon(anyio.to_thread.run_sync, self.in_thread, tmdb, Worker(self, number))
                    for number in range(THREADS, THREADS + TASKS):
                        group.start_soon(self.in_task, other, Worker(self, number))
                    for number in range(CACHED_TASKS):
                        group.start_soon(self.in_task, cached, Reader(self, number))
                    group.start_soon(self.sample)

    def in_thread(self, tmdb: TMDB, worker: Worker) -> None:
        """Work in a thread."""
        while time.monotonic() < self.until:
            call, done = worker.next_call(tmdb)
            self.calls += 1
            try:
                call()
            except TMDBError as error:
                self.errors[type(error).__name__] += 1
                done(error)
            else:
                done(None)

    async def in_task(self, tmdb: AsyncTMDB, worker: Worker) -> None:
        """Work in a task."""
        while time.monotonic() < self.until:
            call, done = worker.next_call(tmdb)
            self.calls += 1
            try:
                await call()
            except TMDBError as error:
                self.errors[type(error).__name__] += 1
                done(error)
            else:
                done(None)

    async def sample(self) -> None:
        """Note memory and open files every now and then."""
        while time.monotonic() < self.until:
            await anyio.sleep(SAMPLE_EVERY)
            self.samples.append((resident(), open_files()))

    def report(self, served: dict[str, int]) -> list[str]:
        """Print what there was; return what is wrong."""
        gc.collect()
        quarter = max(len(self.samples) // 4, 1)
        early, late = self.samples[quarter : 2 * quarter] or self.samples, self.samples[-quarter:]
        memory = [statistics.median(size for size, _ in part) / 1e6 for part in (early, late)]
        files = [max(count for _, count in part) for part in (early, late)]
        with self.client(TMDB) as tmdb:
            made = Counter(str(one.name) for one in tmdb.paginate(tmdb.account.lists))
            rated = {one.id: one.rating for one in tmdb.paginate(tmdb.account.rated_movies)}
        lost = [name for name in self.confirmed if not made[name]]
        twice = [name for name, count in made.items() if count > 1]
        invented = set(made) - set(self.confirmed) - set(self.doubtful)
        wrong = [film for film in self.rated if rated.get(film) != rating_of(film)]
        print(f"requests {served['requests']:,}, of which failed on purpose {served['faults']:,}")
        print(f"calls {self.calls:,}, sent again {self.retries:,}, errors {dict(self.errors)}")
        print(f"lists made {len(self.confirmed):,}, in doubt {len(self.doubtful):,}; films rated {len(self.rated):,}")
        print(f"lost {len(lost)}, twice {len(twice)}, never asked for {len(invented)}, wrong ratings {len(wrong)}")
        print(f"memory {memory[0]:.1f} MB in the second quarter, {memory[1]:.1f} MB in the last")
        print(f"open files at most {files[0]} in the second quarter, {files[1]} in the last")
        failures = {
            "a write was lost": lost,
            "a write was done twice": twice,
            "a list is there that nobody asked for": invented,
            "a rating that was confirmed is not there": wrong,
            "memory grew": memory[1] > memory[0] * (1 + MOST_GROWTH),
            "open files grew": files[1] > files[0],
            "nothing was written": not (self.confirmed and self.rated),
            "nothing failed": not self.retries and served["faults"] > 0,
        }
        return [what for what, wrong in failures.items() if wrong]


class Worker:
    """One that reads and writes, in turns that chance decides; its films are its own."""

    def __init__(self, soak: Soak, number: int) -> None:
        self.soak = soak
        self.number = number
        self.chance = random.Random(number)  # noqa: S311 - no secret comes of it
        self.made = 0
        self.list_due = 0.0

    def next_call(self, tmdb: Any) -> tuple[Callable[[], Any], Callable[[TMDBError | None], None]]:
        """Return the next call, and what to tell its outcome."""
        if time.monotonic() >= self.list_due:
            self.list_due = time.monotonic() + LIST_EVERY
            return self._list(tmdb)
        if self.chance.random() < 0.2:
            return self._rating(tmdb)
        return self.read(tmdb), _ignore

    def read(self, tmdb: Any) -> Callable[[], Any]:
        """Return a call that reads."""
        film = self.chance.randrange(1, 300)
        return self.chance.choice(
            [
                lambda: tmdb.movies.details(film, append=["credits", "images"]),
                lambda: tmdb.movies.credits(film),
                lambda: tmdb.search.movie("film", page=film % 3 + 1),
                lambda: tmdb.discover.movie(with_genres=[28]),
                lambda: tmdb.account.rated_movies(),
                lambda: tmdb.configuration.details(),
            ]
        )

    def _list(self, tmdb: Any) -> tuple[Callable[[], Any], Callable[[TMDBError | None], None]]:
        self.made += 1
        name = f"list {self.number}-{self.made}"

        def done(error: TMDBError | None) -> None:
            (self.soak.confirmed if error is None else self.soak.doubtful).append(name)

        return lambda: tmdb.lists.create(name=name, description="", language="en"), done

    def _rating(self, tmdb: Any) -> tuple[Callable[[], Any], Callable[[TMDBError | None], None]]:
        film = 1000 + self.number * 100 + self.chance.randrange(50)

        def done(error: TMDBError | None) -> None:
            if error is None:
                self.soak.rated.add(film)

        return lambda: tmdb.movies.add_rating(film, value=rating_of(film)), done


class Reader(Worker):
    """One that only reads, so that a cache has something to do."""

    def next_call(self, tmdb: Any) -> tuple[Callable[[], Any], Callable[[TMDBError | None], None]]:
        """Return the next call."""
        return self.read(tmdb), _ignore


def rating_of(film: int) -> float:
    """Return the rating that a film always gets: one whose answer was late may be carried out after a later one."""
    return film % 20 / 2 + 0.5


def _ignore(_: TMDBError | None) -> None:
    """A reading call that failed leaves nothing behind."""


def resident() -> int:
    """Bytes of memory that this process has now."""
    status = Path("/proc/self/statm")
    if not status.exists():
        raise SystemExit("soak: memory can be read on Linux only")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a listing, of no files to be looked at


if __name__ == "__main__":
    sys.exit(main())
