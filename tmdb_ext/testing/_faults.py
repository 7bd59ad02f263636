"""Making requests fail: which ones, how often, and how."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tmdb_ext.testing._answers import Condition, Waiting
from tmdb_ext.testing._http import Wire


@dataclass
class Fault:
    """What happens to some of the requests that a condition suits.

    Attributes:
        condition: Which requests.
        status: The HTTP status to answer; None leaves the answer as it is.
        headers: Headers of the answer.
        body: Its body.
        wire: How it travels.
        perform: Whether the request is carried out all the same.
        left: How many more requests fail; None for any number.
        every: Only every nth matching request fails; 1 for each.
        fraction: The share of them that fails, at random; None for all.
    """

    condition: Condition
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    wire: Wire = Wire()  # noqa: RUF009 - it cannot be changed
    perform: bool = False
    left: int | None = 1
    every: int = 1
    fraction: float | None = None
    seed: int = 0
    met: int = 0
    fired: int = 0
    told: str = ""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - no secret depends on it

    def strikes(self) -> bool:
        """Whether a matching request fails."""
        self.met += 1
        if self.met % self.every:
            return False
        if self.fraction is not None and self._random.random() >= self.fraction:
            return False
        self.fired += 1
        if self.left is not None:
            self.left -= 1
        return True


class Faults(Waiting[Fault]):
    """Faults that wait for requests."""

    @property
    def unfired(self) -> list[str]:
        """The faults that have not happened even once, as they were asked for."""
        return [fault.told for fault in self.all if not fault.fired]


def told(arguments: Mapping[str, Any]) -> str:
    """How a fault was asked for: `fail_next(503, operation='movie-details')`."""
    shown = [f"{value!r}" if name == "http_status" else f"{name}={value!r}" for name, value in arguments.items()]
    return f"fail_next({', '.join(shown)})"


def check_name(operation: str | None, known: Iterable[str]) -> None:
    """Refuses the name of an operation that does not exist.

    Raises:
        ValueError: It names the operation, and others that may be meant.
    """
    import difflib  # noqa: PLC0415 - for a mistake alone

    if operation is None or operation in (names := set(known)):
        return
    near = difflib.get_close_matches(operation, sorted(names), 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "operations are named as TMDB's documentation names them"
    raise ValueError(f"there is no operation {operation!r}; {hint}")
