"""The connections of one event loop: who has which, who waits for one, and which have been idle for too long.

httpcore makes the connections and speaks HTTP on them. Its own pool looks at every connection for every request, and
asks the system about each idle one; this one looks at the connection that it hands out.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from . import concurrency

if TYPE_CHECKING:
    import httpcore

    from tmdb_ext._http.messages import Origin, WireSettings

LOOK_AFTER: Final = 1.0
"""Seconds between two looks at the idle connections. A server that has closed one waits no longer for our end."""


class AsyncLine:
    """A connection and what the pool knows of it."""

    __slots__ = ("connection", "is_sound", "multiplexes", "origin", "users")

    def __init__(self, connection: httpcore.AsyncConnectionInterface, origin: Origin) -> None:
        self.connection = connection
        self.origin = origin
        self.users = 0
        """Requests that have it now."""
        self.multiplexes = False
        """Whether it takes several requests at once (HTTP/2)."""
        self.is_sound = True
        """Whether it may take another request. One whose exchange was broken off takes none."""


class _Waiter:
    __slots__ = ("line", "origin", "signal")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.signal = concurrency.Signal()
        self.line: AsyncLine | None = None


class AsyncPool:
    """Hands out connections.

    Args:
        settings: how many there may be, and for how long an idle one is kept.
        make: makes a connection to an origin, which connects when it is first used.
    """

    def __init__(self, settings: WireSettings, make: Callable[[Origin], httpcore.AsyncConnectionInterface]) -> None:
        self._make = make
        self._most = settings.max_connections
        self._most_idle = settings.max_keepalive
        self._guard = threading.Lock()
        self._count = 0
        self._idle: dict[Origin, deque[AsyncLine]] = {}
        self._idle_count = 0
        self._shared: list[AsyncLine] = []
        self._waiting: deque[_Waiter] = deque()
        self._is_closed = False
        self._is_looked_after = False

    async def take(self, origin: Origin, seconds: float | None) -> AsyncLine | None:
        """Return a connection to an origin, or None if none is free in so many seconds."""
        surplus: list[AsyncLine] = []
        with self._guard:
            line = self._take(origin, surplus)
            if line is None:
                waiter = _Waiter(origin)
                self._waiting.append(waiter)
        if line is None:
            try:
                await self._close(surplus)
                await waiter.signal.wait(seconds)
            except BaseException:
                line = self._leave(waiter)
                if line is not None:
                    await self.give(line)
                raise
            return self._leave(waiter)
        if surplus:
            try:
                await self._close(surplus)
            except BaseException:
                await self.give(line)
                raise
        return line

    def _leave(self, waiter: _Waiter) -> AsyncLine | None:
        """Wait no more; return the connection if one has come."""
        with self._guard:
            if waiter.line is None:
                self._waiting.remove(waiter)
            return waiter.line

    def _take(self, origin: Origin, surplus: list[AsyncLine]) -> AsyncLine | None:
        for line in self._shared:
            if line.origin == origin and line.is_sound and line.connection.is_available():
                line.users += 1
                return line
        idle = self._idle.get(origin)
        while idle:
            line = idle.pop()
            self._idle_count -= 1
            if line.connection.has_expired() or not line.connection.is_available():
                self._count -= 1
                surplus.append(line)
                continue
            line.users += 1
            if line.multiplexes:
                self._shared.append(line)
            return line
        if self._count >= self._most:
            oldest = self._oldest_idle()
            if oldest is None:
                return None
            surplus.append(oldest)
        self._count += 1
        line = AsyncLine(self._make(origin), origin)
        line.users += 1
        return line

    def _oldest_idle(self) -> AsyncLine | None:
        """Take away a connection that is idle, to whichever origin; None if all are in use."""
        for idle in self._idle.values():
            if idle:
                self._idle_count -= 1
                self._count -= 1
                return idle.popleft()
        return None

    async def give(self, line: AsyncLine) -> None:
        """Take back a connection. It is closed unless it can be used again."""
        surplus: list[AsyncLine] = []
        with self._guard:
            line.users -= 1
            self._put_back(line, surplus)
            looks = self._idle_count > 0 and not self._is_looked_after
            self._is_looked_after |= looks
        if surplus:
            await self._close(surplus)
        if looks:
            self._look_later()

    def _put_back(self, line: AsyncLine, surplus: list[AsyncLine]) -> None:
        first = self._waiting[0].origin if self._waiting else None
        if line.users:
            if first == line.origin and line.is_sound and line.connection.is_available():
                self._hand(line)
            return
        if line in self._shared:
            self._shared.remove(line)
        if line.is_sound and not self._is_closed and line.connection.is_idle() and first in {None, line.origin}:
            if first is None:
                self._keep(line, surplus)
            else:
                self._hand(line)
            return
        surplus.append(line)
        if first is None:
            self._count -= 1
        else:
            self._hand(AsyncLine(self._make(first), first))

    def _keep(self, line: AsyncLine, surplus: list[AsyncLine]) -> None:
        idle = self._idle.setdefault(line.origin, deque())
        idle.append(line)
        self._idle_count += 1
        if self._idle_count > self._most_idle:
            surplus.append(idle.popleft())
            self._idle_count -= 1
            self._count -= 1

    def _hand(self, line: AsyncLine) -> None:
        waiter = self._waiting.popleft()
        line.users += 1
        if line.multiplexes and line not in self._shared:
            self._shared.append(line)
        waiter.line = line
        waiter.signal.set()

    def _look_later(self) -> None:
        concurrency.close_later(partial(_tend, weakref.ref(self)), LOOK_AFTER)

    async def tend(self) -> None:
        """Close the connections that have been idle for too long, or that the server has closed."""
        surplus: list[AsyncLine] = []
        with self._guard:
            for idle in self._idle.values():
                gone = [line for line in idle if line.connection.has_expired()]
                surplus += gone
                for line in gone:
                    idle.remove(line)
            self._idle_count -= len(surplus)
            self._count -= len(surplus)
            looks = self._is_looked_after = self._idle_count > 0
        await self._close(surplus)
        if looks:
            self._look_later()

    async def aclose(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        with self._guard:
            self._is_closed = True
            surplus = [line for idle in self._idle.values() for line in idle]
            self._idle.clear()
            self._idle_count = 0
            self._count -= len(surplus)
        await self._close(surplus)

    async def _close(self, lines: list[AsyncLine]) -> None:
        interrupted: BaseException | None = None
        for line in lines:
            try:
                await line.connection.aclose()
            except Exception:  # noqa: BLE001, S110 - it is of no use any more, however its end goes
                pass
            except BaseException as interrupt:  # noqa: BLE001 - the others are to be closed too
                interrupted = interrupt
        if interrupted is not None:
            raise interrupted


async def _tend(reference: weakref.ref[AsyncPool]) -> None:
    pool = reference()
    if pool is not None:
        await pool.tend()
