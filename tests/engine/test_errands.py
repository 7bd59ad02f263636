"""Work in threads that can be left: its result comes, or goes to somebody else, and never to nobody."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
import pytest

from tmdb_ext._http._async import concurrency as in_loops
from tmdb_ext._http._sync import concurrency as in_threads
from tmdb_ext._http.errands import Errand, send

VARIANTS = pytest.mark.parametrize("variant", ["sync", "asyncio", "trio"])


def leavable(variant: str, function: Any, seconds: float | None = None, late: Any = None) -> Any:
    if variant == "sync":
        return in_threads.leavable(function, seconds, late)

    async def main() -> Any:
        return await in_loops.leavable(function, seconds, late)

    return anyio.run(main, backend=variant)


def until(condition: Any) -> bool:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


@VARIANTS
def test_what_it_returns_and_raises_comes_back(variant: str) -> None:
    assert leavable(variant, lambda: 7) == 7
    assert leavable(variant, lambda: None, 10.0) is None
    with pytest.raises(ZeroDivisionError):
        leavable(variant, lambda: 1 / 0)


@VARIANTS
def test_a_result_that_comes_late_goes_to_somebody_else(variant: str) -> None:
    over = threading.Event()
    late: list[int] = []

    def slow() -> int:
        over.wait(30)
        return 7

    with pytest.raises(TimeoutError):
        leavable(variant, slow, 0.05, late.append)
    assert late == []
    over.set()
    assert until(lambda: late == [7])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_that_is_cancelled_leaves_at_once(backend: str) -> None:
    over = threading.Event()
    late: list[bool] = []

    async def main() -> None:
        with anyio.move_on_after(0.05):
            await in_loops.leavable(lambda: over.wait(30), None, late.append)

    anyio.run(main, backend=backend)  # which ends, though the thread goes on
    assert late == []
    over.set()
    assert until(lambda: late == [True])


def test_a_result_that_is_there_when_it_is_left_is_not_lost() -> None:
    late: list[int] = []
    told = threading.Event()
    errand = Errand(lambda: 7, late.append, told.set)
    errand.start()
    assert told.wait(10)
    errand.leave()
    assert late == [7]


def test_many_are_run_by_a_few_threads_which_end() -> None:
    over = threading.Event()
    ran: list[int] = []
    most = 0
    for number in range(100):
        send(lambda number=number: (over.wait(30), ran.append(number)))  # type: ignore[misc]
        most = max(most, sum(thread.name == "tmdb-ext errand" for thread in threading.enumerate()))
    assert most <= 16
    over.set()
    assert until(lambda: sorted(ran) == list(range(100)))
    assert until(lambda: not any(thread.name == "tmdb-ext errand" for thread in threading.enumerate()))


def test_one_that_is_left_before_its_turn_is_not_run() -> None:
    over = threading.Event()
    ran: list[str] = []
    for _ in range(16):
        send(lambda: over.wait(30))
    errand = Errand(lambda: ran.append("left"), None, lambda: None)
    errand.start()
    errand.leave()
    send(lambda: ran.append("last"))
    over.set()
    assert until(lambda: "last" in ran)
    assert ran == ["last"]
