"""What JSON bodies look like, place by place: which keys, of which types."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

MAPS = {"$.certifications", "$.results", "$.results[].display_priorities", "$.comments", "$.object_ids"}
"""Places whose keys are values: countries, and what has been commented."""


def kind_of(value: Any) -> str:
    """The JSON type; a whole number counts as a number, since TMDB writes 7.0 as 7 where it likes."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    names = {int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


class Shape:
    """The shapes of several bodies laid over each other.

    Attributes:
        kinds: How often each type was found at a place.
        objects: How many objects there are at a place that could have a key.
    """

    def __init__(self, bodies: Iterable[Any] = (), *, appended: Iterable[str] = ()) -> None:
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self.objects: Counter[str] = Counter()
        for body in bodies:
            self.add(body, appended)

    def add(self, body: Any, appended: Iterable[str] = ()) -> None:
        """Lays a body over the others, without what was appended to it."""
        if isinstance(body, Mapping):
            body = {name: value for name, value in body.items() if name not in set(appended)}
        self._walk("$", body)

    def _walk(self, place: str, value: Any) -> None:
        self.kinds[place][kind_of(value)] += 1
        if isinstance(value, dict):
            is_map = place in MAPS
            self.objects[place] += 1
            for name, item in value.items():
                self._walk(place + ("{}" if is_map else f".{name}"), item)
        elif isinstance(value, list):
            for item in value:
                self._walk(f"{place}[]", item)

    def share(self, place: str) -> float:
        """In which part of the objects that could have a key it is there."""
        parent, _, _ = place.rpartition(".")
        return sum(self.kinds[place].values()) / max(self.objects[parent], 1)

    @property
    def places(self) -> set[str]:
        """The places of all keys."""
        return {
            place
            for place in self.kinds
            if place.rpartition(".")[2] and "." in place and not place.endswith(("]", "}"))
        }
