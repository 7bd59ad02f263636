"""What a measurement comes to: medians, ratios and their spread, and whether a target is reached."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A limit, and the side of it to be on."""

    limit: float
    sign: str = "≤"
    absolute: bool = False
    """Whether it is for the candidate itself, and not for its ratio to the baseline."""

    def is_reached(self, value: float) -> bool:
        """Whether a value is on the right side."""
        return {
            "≤": value <= self.limit,
            "≥": value >= self.limit,
            "<": value < self.limit,
            ">": value > self.limit,
        }[self.sign]


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    row: str
    measure: str
    candidate: str
    baseline: str
    unit: str
    of_candidate: float
    of_baseline: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    target: Target | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one."""
        value = self.of_candidate if self.target and self.target.absolute else self.ratio
        return None if self.target is None or value is None else self.target.is_reached(value)

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return {**asdict(self), "reached": self.reached}


def compared(
    row: str,
    measure: str,
    names: tuple[str, str],
    values: tuple[Sequence[float], Sequence[float]],
    unit: str,
    target: Target | None = None,
) -> Figure:
    """A figure from the values of candidate and baseline, round by round.

    The ratio is the median of the rounds' ratios: what disturbs a round mostly disturbs both. The spread is the middle
    half of them.
    """
    candidate, baseline = values
    ratios = [one / other for one, other in zip(candidate, baseline, strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
    medians = statistics.median(candidate), statistics.median(baseline)
    return Figure(row, measure, *names, unit, *medians, statistics.median(ratios), low, high, target)


def in_turn(takers: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Take a value from each in turn, for so many rounds after one that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in takers}
    for number in range(rounds + 1):
        for name, take in takers.items():
            value = take()
            if number:
                taken[name].append(value)
    return taken
