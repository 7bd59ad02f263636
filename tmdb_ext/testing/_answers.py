"""Answers that a test has prepared, in place of the simulator's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Generic, Protocol, TypeVar

from tmdb_ext.testing._body import encode
from tmdb_ext.testing._journal import RecordedRequest

Where = Mapping[str, Any] | Callable[[RecordedRequest], bool]
Body = bytes | str | Mapping[str, Any] | list[Any] | Callable[[RecordedRequest], Any]


@dataclass
class Condition:
    """Which requests something is for.

    Attributes:
        operation: The operation's name; None for any.
        path: A path, or a pattern with `*` and `?`, without the query; None for any.
        where: What has to be in the query, the path or the body, by name; or a function that says yes.
    """

    operation: str | None = None
    path: str | None = None
    where: Where | None = None

    def suits(self, request: RecordedRequest, values: Mapping[str, str]) -> bool:
        """Whether a request is meant.

        Args:
            request: The request.
            values: The values of the placeholders in its path.
        """
        if self.operation not in (None, request.operation):
            return False
        if self.path is not None and not fnmatchcase(request.path, self.path):
            return False
        if self.where is None:
            return True
        if callable(self.where):
            return bool(self.where(request))
        have = {**_body_values(request), **request.params, **values}
        return all(name in have and _same(value, have[name]) for name, value in self.where.items())


def _body_values(request: RecordedRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _same(wanted: Any, have: Any) -> bool:
    if isinstance(wanted, (list, tuple, set, frozenset)):
        return any(_same(one, have) for one in wanted)
    if isinstance(wanted, bool) or isinstance(have, bool):
        return str(wanted).lower() == str(have).lower()
    return str(wanted) == str(have)


class _Waits(Protocol):
    """Something that waits for requests that suit a condition."""

    condition: Condition
    left: int | None

    def strikes(self) -> bool:
        """Whether it is for this request; called for each that suits."""


_T = TypeVar("_T", bound=_Waits)


class Waiting(Generic[_T]):
    """What waits for requests, in the order in which it is tried. It may be used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_T] = []

    def add(self, one: _T, *, first: bool = False) -> None:
        """Adds one, behind the others or before them."""
        with self._lock:
            self._waiting.insert(0 if first else len(self._waiting), one)

    def clear(self) -> None:
        """Takes back all that wait."""
        with self._lock:
            self._waiting.clear()

    def take(self, request: RecordedRequest, values: Mapping[str, str]) -> _T | None:
        """The first that a request meets, or None; one that has no more requests left is gone then."""
        with self._lock:
            for one in self._waiting:
                if one.condition.suits(request, values) and one.strikes():
                    if one.left is not None and one.left <= 0:
                        self._waiting.remove(one)
                    return one
        return None

    @property
    def all(self) -> list[_T]:
        """All that wait, in a list of the caller's own."""
        with self._lock:
            return list(self._waiting)


@dataclass
class Prepared:
    """An answer that a test has prepared, and how often it is still given (None: always)."""

    condition: Condition
    body: Body
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    left: int | None = None

    def strikes(self) -> bool:
        """Counts a request; it is for each that suits."""
        if self.left is not None:
            self.left -= 1
        return True

    def render(self, request: RecordedRequest) -> bytes:
        """The body to send."""
        body = self.body(request) if callable(self.body) else self.body
        if isinstance(body, bytes):
            return body
        return body.encode() if isinstance(body, str) else encode(body)
