"""Work that may take its time, in threads that can be left: whoever has waited for long enough goes on without."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from .forks import PerProcess

T = TypeVar("T")

_MOST: Final = 16
"""Threads that run errands at once. Further errands wait for one of them."""


class Errand(Generic[T]):
    """A function that runs in another thread, and what it returns or raises.

    Args:
        function: what to run.
        late: takes the result if nobody waits for it any more. It must not block.
        tell: is called when the result is there.
    """

    __slots__ = ("_error", "_function", "_guard", "_is_done", "_is_left", "_late", "_result", "_tell")

    def __init__(
        self, function: Callable[[], T], late: Callable[[T], object] | None, tell: Callable[[], object]
    ) -> None:
        self._function = function
        self._late = late
        self._tell = tell
        self._guard = threading.Lock()
        self._is_done = False
        self._is_left = False
        self._result: list[T] = []
        self._error: BaseException | None = None

    def start(self) -> None:
        """Have it run."""
        _crew.get().run(self)

    def run(self) -> None:
        """Run the function, in a thread of the crew."""
        if self._was_left():
            return
        result: list[T] = []
        error: BaseException | None = None
        try:
            result.append(self._function())
        except BaseException as caught:  # noqa: BLE001 - it is raised where the errand was begun
            error = caught
        with self._guard:
            self._result, self._error, self._is_done = result, error, True
        if self._was_left():
            self._give_away()
        else:
            self._tell()

    def leave(self) -> None:
        """Wait for it no more. A result that is there, or comes later, goes to `late`."""
        with self._guard:
            self._is_left = True
            is_done = self._is_done
        if is_done:
            self._give_away()

    def result(self) -> T:
        """Return what the function has returned.

        Raises:
            BaseException: what the function has raised.
        """
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error
        return self._result.pop()

    def _was_left(self) -> bool:
        with self._guard:
            return self._is_left

    def _give_away(self) -> None:
        with self._guard:
            result, self._result = self._result, []
        if self._late is not None and result:
            self._late(result[0])


def send(function: Callable[[], object]) -> None:
    """Run a function in another thread; nobody waits for it, and what it raises is dropped."""
    Errand(function, None, lambda: None).start()


class _Crew:
    """The threads of one process. They end when there is nothing to do: a fork then finds one thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[Errand[object]] = deque()
        self._threads = 0

    def run(self, errand: Errand[T]) -> None:
        """Have an errand run by a thread of the crew."""
        with self._guard:
            self._queue.append(errand)  # type: ignore[arg-type]  # what it returns goes to whoever began it
            if self._threads >= _MOST:
                return
            self._threads += 1
        threading.Thread(target=self._work, name="tmdb-ext errand", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._guard:
                if not self._queue:
                    self._threads -= 1
                    return
                errand = self._queue.popleft()
            errand.run()
            del errand


_crew: Final = PerProcess(_Crew)
