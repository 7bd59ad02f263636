"""The simulator's sense of time, which a test can move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that a test can push forward, so that an hour's idleness takes no time at all.

    Args:
        start: An aware time to stand still at; only `advance` moves the clock then. Without it the clock runs with
            the machine's, and `advance` adds to that.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        self._start = start.astimezone(UTC) if start is not None else None
        self._offset = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present moment, as an aware datetime in UTC."""
        with self._lock:
            return (self._start or datetime.now(UTC)) + self._offset

    def advance(self, by: timedelta) -> None:
        """Moves the clock forward.

        Args:
            by: How far; a negative step is refused, because nothing that the simulator keeps could become un-expired.
        """
        if by < timedelta(0):
            raise ValueError("a clock only moves forward")
        with self._lock:
            self._offset += by


def utc_text(moment: datetime) -> str:
    """A time the way that TMDB writes expiries: `2031-05-04 17:00:00 UTC`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
