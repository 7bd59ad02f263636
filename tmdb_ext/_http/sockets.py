"""What both halves ask of a socket."""

from __future__ import annotations

import select


def is_readable(number: int) -> bool:
    """Whether there is something to read, which for an idle connection means that the server has closed it.

    Args:
        number: of the socket, negative if it has been closed on our side.
    """
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
