"""One deadline for a call, which every wait in it keeps to."""

from __future__ import annotations

import time


class Deadline:
    """The moment by which a call has to be done. It is made once for each call and handed into every wait."""

    __slots__ = ("at",)

    def __init__(self, seconds: float | None) -> None:
        self.at: float | None = None if seconds is None else time.monotonic() + seconds
        """On the monotonic clock; None if there is none."""

    def left(self) -> float | None:
        """Return the seconds that are left, 0 or more; None if there is no deadline."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())

    def within(self, seconds: float | None) -> float | None:
        """Return the shorter of `seconds` and what is left; None waits for ever."""
        left = self.left()
        if left is None or seconds is None:
            return seconds if left is None else left
        return min(seconds, left)

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.at is not None and time.monotonic() >= self.at


NEVER = Deadline(None)
