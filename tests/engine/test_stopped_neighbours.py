"""Another process that was stopped while it held a lock of the session file costs no call more than its budget."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from running import PROGRAMS
from variants import TOKEN, Outcome, outcome
from wire import NEW_GUEST, Act, Request, film, json_reply, serving, then_silence

from tmdb_ext import TMDB, FileStore, RetryPolicy

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")

BUDGET = 1.0
LATEST = 5 * BUDGET
PATIENT = RetryPolicy(budget=BUDGET, backoff=0.05)
VARIANTS = pytest.mark.parametrize("variant", ["sync", "asyncio", "trio"])


@contextlib.contextmanager
def program(name: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A program under way, which is ended in the end even if it was stopped."""
    command = [sys.executable, str(PROGRAMS / f"{name}.py"), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def rating(tmdb: Any) -> Any:
    return tmdb.movies.add_rating(11, value=5)


def within(process: subprocess.Popen[str], variant: str, **options: Any) -> Outcome:
    """What comes of a rating; the other process is ended when that takes too long, so that the test is not as long."""
    rescue = threading.Timer(LATEST + 1, process.kill)
    rescue.start()
    try:
        return outcome(variant, rating, retries=PATIENT, timeout=5, **options)
    finally:
        rescue.cancel()


def ended_in_time(came: Outcome) -> None:
    """It went on without the lock, or says that trying again may help."""
    assert came.seconds < LATEST
    assert came.error is None or came.error.retryable


@VARIANTS
def test_a_process_stopped_while_it_makes_the_guest_session(variant: str, tmp_path: Path) -> None:
    file = tmp_path / "sessions.json"
    first = threading.Event()

    def answer(request: Request) -> bytes | Act:
        if request.path == NEW_GUEST and not first.is_set():
            first.set()
            return then_silence()
        return film(request)

    with serving(answer) as server, program("share_a_store", file, server.address, TOKEN, "guest", 1) as other:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        assert first.wait(20)
        other.send_signal(signal.SIGSTOP)
        ended_in_time(within(other, variant, base_url=server.address, store=FileStore(file)))


@VARIANTS
def test_a_process_stopped_while_it_holds_every_lock_of_the_file(variant: str, tmp_path: Path) -> None:
    file = tmp_path / "sessions.json"
    forgotten = threading.Event()

    def answer(request: Request) -> bytes | Act:
        if forgotten.is_set() and request.path == "/3/movie/11/rating" and "a" * 32 in request.target:
            return json_reply({"success": False, "status_code": 3}, "401 Unauthorized")
        if forgotten.is_set() and request.path == NEW_GUEST:
            expires = "2099-01-01 00:00:00 UTC"
            return json_reply({"success": True, "guest_session_id": "c" * 32, "expires_at": expires})
        return film(request)

    with serving(answer) as server:
        with TMDB(access_token=TOKEN, base_url=server.address, store=FileStore(file)) as tmdb:
            rating(tmdb)
        forgotten.set()  # so that the next call has to make one, and to write it
        with program("hold_the_locks", file) as other:
            assert other.stdout is not None
            assert int(other.stdout.readline()) >= 1
            os.waitid(os.P_PID, other.pid, os.WSTOPPED | os.WNOWAIT)
            ended_in_time(within(other, variant, base_url=server.address, store=FileStore(file)))


def test_many_threads_do_not_wait_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "sessions.json"
    first = threading.Event()

    def answer(request: Request) -> bytes | Act:
        if request.path == NEW_GUEST and not first.is_set():
            first.set()
            return then_silence()
        return film(request)

    with (
        serving(answer) as server,
        program("share_a_store", file, server.address, TOKEN, "guest", 1) as other,
        ThreadPoolExecutor(8) as pool,
    ):
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        assert first.wait(20)
        other.send_signal(signal.SIGSTOP)
        rescue = threading.Timer(LATEST + 1, other.kill)
        rescue.start()
        options: dict[str, Any] = {"base_url": server.address, "store": FileStore(file), "timeout": 5}
        for came in list(pool.map(lambda _: outcome("sync", rating, retries=PATIENT, **options), range(8))):
            ended_in_time(came)
        rescue.cancel()
