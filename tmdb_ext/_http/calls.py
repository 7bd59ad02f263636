"""What the network has to know of the call that it works for: how long it may wait, and what has been written."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .deadline import Deadline


class Call:
    """One request on its way. The streams that httpcore reads and writes find it in `CALL`."""

    __slots__ = ("at_end", "before_sending", "deadline", "opened", "out_of_budget", "sent")

    def __init__(self, deadline: Deadline, before_sending: Callable[[], Any] | None = None) -> None:
        self.deadline = deadline
        self.before_sending = before_sending
        """Called at the moment of sending, if there is something to wait for; async in an async client."""
        self.opened: Any = None
        """The stream that was opened for this call, to the server or to a proxy; None if there was one already."""
        self.sent = False
        """Whether anything of the request may have reached the server."""
        self.at_end = False
        """Whether the server has closed the connection."""
        self.out_of_budget = False
        """Whether the latest wait was cut short by the deadline, not by its own time-out."""

    def within(self, seconds: float | None) -> float | None:
        """Return how long a wait may take that has a time-out of its own; 0 if no time is left."""
        left = self.deadline.left()
        self.out_of_budget = left is not None and (seconds is None or left < seconds)
        return left if self.out_of_budget else seconds


CALL: Final[ContextVar[Call]] = ContextVar("tmdb_ext_call")
