"""Answers that a test has prepared, in place of the simulator's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

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


@dataclass
class Prepared:
    """An answer that a test has prepared, and how often it is still given (None: always)."""

    condition: Condition
    body: Body
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    left: int | None = None

    def render(self, request: RecordedRequest) -> bytes:
        """The body to send."""
        body = self.body(request) if callable(self.body) else self.body
        if isinstance(body, bytes):
            return body
        return body.encode() if isinstance(body, str) else encode(body)
