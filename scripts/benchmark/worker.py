"""A process that holds one subject: reads orders from standard input and answers with the seconds each took.

`python -m benchmark.worker MODULE NAME BASE_URL`; an order is a line, ``{"run": …, "calls": …, "at_once": …}``.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")

FAST = "msgspec"
"""What the extra `fast` brings; each answer says whether it has been imported."""

Order = Callable[[int], Any]


class Worker:
    """Runs the operations of a subject, made by a function or a coroutine function."""

    def __init__(self, make: Callable[[str], Any], base_url: str) -> None:
        self._loop = asyncio.Runner()
        self._threads: dict[int, ThreadPoolExecutor] = {}
        self._numbers = count(11)  # no movie is asked for twice
        self._is_async = inspect.iscoroutinefunction(make)
        self._operations = self._awaited(make(base_url)) if self._is_async else make(base_url)

    def seconds(self, operation: str, calls: int, at_once: int) -> float:
        """Seconds of so many calls, some of them under way at once."""
        call, gathered = self._operations[operation], range(calls)
        numbers = iter([next(self._numbers) for _ in gathered])
        gc.collect()
        if self._is_async:
            return self._awaited(_timed_tasks(call, numbers, at_once))
        if at_once == 1:
            began = time.perf_counter()
            _drain(call, numbers)
            return time.perf_counter() - began
        return self._in_threads(call, numbers, at_once)

    def _in_threads(self, call: Order, numbers: Iterator[int], at_once: int) -> float:
        pool = self._threads.setdefault(at_once, ThreadPoolExecutor(at_once))
        began = time.perf_counter()
        for running in [pool.submit(_drain, call, numbers) for _ in range(at_once)]:
            running.result()
        return time.perf_counter() - began

    def _awaited(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(coroutine)


def _drain(call: Order, numbers: Iterator[int]) -> None:
    for number in numbers:
        call(number)


async def _timed_tasks(call: Callable[[int], Awaitable[Any]], numbers: Iterator[int], at_once: int) -> float:
    async def drain() -> None:
        for number in numbers:
            await call(number)

    began = time.perf_counter()
    if at_once == 1:
        await drain()
    else:
        await asyncio.gather(*(drain() for _ in range(at_once)))
    return time.perf_counter() - began


def main(module: str, name: str, base_url: str) -> None:
    """Carry out orders until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a client prints is not an answer
    worker = Worker(getattr(importlib.import_module(f"benchmark.{module}"), name), base_url)
    for line in sys.stdin:
        order = json.loads(line)
        seconds = worker.seconds(order["run"], order["calls"], order["at_once"])
        print(json.dumps({"seconds": seconds, "fast": FAST in sys.modules}), file=answers, flush=True)
    os._exit(0)  # the clients stay open: nothing is to be waited for


if __name__ == "__main__":
    main(*sys.argv[1:])
