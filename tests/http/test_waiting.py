"""What waits without a network: locks, signals, limits; values of one event loop; what is closed later."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import trio
from wires import Variant

from tmdb_ext._http import forks
from tmdb_ext._http._async import concurrency as waiting
from tmdb_ext._http._sync import concurrency as sync_waiting

LIBRARIES = pytest.mark.parametrize("library", ["asyncio", "trio"])


def in_threads(*functions: Callable[[], Any]) -> None:
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_one_lock_serves_threads_and_event_loops_of_both_kinds() -> None:
    lock = waiting.AsyncLock()
    inside: list[str] = []
    most = []

    async def use(name: str) -> None:
        for _ in range(20):
            assert await lock.acquire(30)
            inside.append(name)
            most.append(len(inside))
            await waiting.sleep(0.001)
            inside.remove(name)
            lock.release()

    async def many_tasks(name: str) -> None:
        await asyncio.gather(*(use(f"{name} {number}") for number in range(3)))

    async def many_on_trio() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(use, f"trio {number}")

    in_threads(
        lambda: asyncio.run(many_tasks("first")),
        lambda: asyncio.run(many_tasks("second")),
        lambda: trio.run(many_on_trio),
    )
    assert len(most) == 9 * 20
    assert max(most) == 1


@LIBRARIES
def test_waiting_for_a_lock_has_an_end_and_the_first_comes_first(library: str) -> None:
    async def main() -> None:
        lock = waiting.AsyncLock()
        assert await lock.acquire()
        assert not await lock.acquire(0.05)
        assert not await lock.acquire(0)
        order: list[int] = []

        async def queue(number: int) -> None:
            await waiting.sleep(number * 0.02)
            async with lock:
                order.append(number)

        async def release() -> None:
            await waiting.sleep(0.3)
            lock.release()

        await Variant(library).at_once(*(lambda number=number: queue(number) for number in range(5)), release)
        assert order == list(range(5))

    Variant(library).run(main)


@LIBRARIES
def test_one_who_is_cancelled_while_waiting_for_a_lock_does_not_keep_it(library: str) -> None:
    async def main() -> None:
        lock = waiting.AsyncLock()
        await lock.acquire()
        if library == "trio":
            with trio.move_on_after(0.05):
                await lock.acquire()
        else:
            task = asyncio.create_task(lock.acquire())
            await asyncio.sleep(0.05)
            task.cancel()
            # Both at once: the lock comes, and the task is cancelled.
            late = asyncio.create_task(lock.acquire())
            await asyncio.sleep(0.05)
            lock.release()
            late.cancel()
            await asyncio.wait([task, late])
            assert await lock.acquire(1)
        lock.release()
        assert await lock.acquire(1)

    Variant(library).run(main)


def test_a_lock_passes_over_an_event_loop_that_has_ended() -> None:
    lock = waiting.AsyncLock()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(lock.acquire())
    task = loop.create_task(lock.acquire())
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    lock.release()
    assert asyncio.run(lock.acquire(1))
    task._log_destroy_pending = False
    del task


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_in_a_forked_child_every_lock_is_free() -> None:
    locks = [sync_waiting.Lock(), waiting.AsyncLock()]
    locks[0].acquire()
    asyncio.run(locks[1].acquire())
    pid = os.fork()
    if not pid:
        good = locks[0].acquire(1) and asyncio.run(locks[1].acquire(1))
        for lock in locks:
            lock.release()
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not locks[0].acquire(0)
    assert not asyncio.run(locks[1].acquire(0))


def test_a_sync_lock_has_an_end_too() -> None:
    lock = sync_waiting.Lock()
    with lock:
        assert not lock.acquire(0.01)
    assert lock.acquire(0.01)
    lock.release()


@LIBRARIES
def test_any_thread_may_give_a_signal(library: str) -> None:
    async def main() -> None:
        signal = waiting.Signal()
        assert not await signal.wait(0.01)
        threading.Timer(0.05, signal.set).start()
        assert await signal.wait(30)
        assert await signal.wait(0)
        mine = waiting.Signal()
        assert mine.set()
        assert await mine.wait()
        ended.append(waiting.Signal())

    ended: list[waiting.Signal] = []
    Variant(library).run(main)
    assert not ended[0].set()


@LIBRARIES
def test_a_limit_ends_what_is_in_it_and_nothing_else(library: str) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with waiting.limit(0.02):
                await waiting.sleep(60)
        async with waiting.limit(None):
            await waiting.sleep(0.01)
        async with waiting.limit(60):
            await waiting.sleep(0.01)

    Variant(library).run(main)


@LIBRARIES
def test_slow_work_is_done_in_a_thread(library: str) -> None:
    async def main() -> None:
        assert await waiting.in_thread(threading.current_thread) is not threading.current_thread()
        with pytest.raises(LookupError):
            await waiting.in_thread(fail)

    def fail() -> None:
        raise LookupError

    Variant(library).run(main)
    assert sync_waiting.in_thread(threading.current_thread) is threading.current_thread()


@LIBRARIES
def test_each_event_loop_has_a_value_of_its_own_which_is_closed_with_it(library: str) -> None:
    made: list[int] = []
    closed: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    async def close(value: int) -> None:
        await waiting.sleep(0)
        closed.append(value)

    async def main(expected: int) -> None:
        assert values.get() is None
        assert await values.ready() == expected
        assert values.get() == expected
        assert await values.ready() == expected

    values = waiting.PerLoop(make, close)
    for number in range(3):
        Variant(library).run(lambda number=number: main(number))
        assert closed == made == list(range(number + 1))


@LIBRARIES
def test_a_value_may_be_closed_before_its_event_loop_ends(library: str) -> None:
    closed: list[str] = []

    async def close(value: str) -> None:
        closed.append(value)

    async def main() -> None:
        values = waiting.PerLoop(lambda: "value", close)
        await values.aclose()
        await values.ready()
        await values.aclose()
        assert closed == ["value"]
        assert values.get() is None
        await values.ready()

    Variant(library).run(main)
    assert closed == ["value", "value"]


def test_a_value_is_made_once_for_all_threads_and_tasks() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        time.sleep(0.05)
        return len(made)

    value = forks.PerProcess(make)
    results: list[int] = []
    in_threads(*[lambda: results.append(value.get())] * 10)
    assert results == [1] * 10
    assert value.pop() == 1
    assert value.pop() is None


@LIBRARIES
def test_what_is_to_be_closed_later_is_closed_if_the_loop_still_runs(library: str) -> None:
    closed: list[int] = []

    async def close(number: int) -> None:
        closed.append(number)
        if number == 1:
            raise LookupError

    async def main() -> None:
        for number, seconds in ((1, 0.02), (2, 0.04), (3, 600.0)):
            waiting.close_later(lambda number=number: close(number), seconds)
        end = time.monotonic() + 30
        while len(closed) < 2 and time.monotonic() < end:
            await waiting.sleep(0.01)

    Variant(library).run(main)
    gc.collect()
    assert closed == [1, 2]


def test_threads_close_later_in_the_order_of_time() -> None:
    closed: list[int] = []

    def close(number: int) -> None:
        closed.append(number)
        if number == 1:
            raise LookupError

    for number, seconds in ((2, 0.1), (1, 0.02), (3, 0.2)):
        sync_waiting.close_later(lambda number=number: close(number), seconds)
    end = time.monotonic() + 30
    while len(closed) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert closed == [1, 2, 3]
