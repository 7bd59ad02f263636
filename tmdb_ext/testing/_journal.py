"""What was sent to the simulator and what it answered, as far back as there is room for."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from tmdb_ext.testing._objections import Complaint

MOST_BYTES = 64 * 1024 * 1024
"""How much of bodies and answers is kept; the oldest requests go first."""


@dataclass(frozen=True)
class RecordedRequest:
    """A request that the simulator got.

    Attributes:
        method: The HTTP method.
        path: The path, percent-encoded as it came and without the query.
        query: The query's pairs in their order, decoded.
        headers: The headers, by lower-case name.
        body: The body's bytes.
        operation: The name of the operation that serves the path, or None if there is none: TMDB's id of it, with `v4/`
            before it in version 4.
        http_status: The HTTP status that was answered, or None if the connection was dropped.
        answer_headers: The headers of the answer, by lower-case name.
        answer: The body of the answer, before it is compressed.
    """

    method: str
    path: str
    query: list[tuple[str, str]] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    operation: str | None
    http_status: int | None
    answer_headers: dict[str, str] = field(default_factory=dict, repr=False)
    answer: bytes = field(default=b"", repr=False)

    @property
    def params(self) -> dict[str, str]:
        """The query by name; where a name comes twice the last value counts."""
        return dict(self.query)

    def json(self) -> Any:
        """The body, decoded from JSON."""
        return json.loads(self.body)

    def answer_json(self) -> Any:
        """The answer's body, decoded from JSON."""
        return json.loads(self.answer)

    @property
    def size(self) -> int:
        """How many bytes its bodies have."""
        return len(self.body) + len(self.answer)


class Journal:
    """Keeps requests and complaints, the newest ones. It may be used from many threads.

    Args:
        most: How many of each it keeps.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._requests: deque[RecordedRequest] = deque()
        self._complaints: deque[Complaint] = deque(maxlen=most)
        self._counts: Counter[str] = Counter()
        self._bytes = 0

    def add(self, request: RecordedRequest, complaints: list[Complaint]) -> None:
        """Keeps a request and what there was to complain of in it."""
        with self._lock:
            self._requests.append(request)
            self._bytes += request.size
            while len(self._requests) > max(self._most, 1) or (self._bytes > MOST_BYTES and len(self._requests) > 1):
                self._bytes -= self._requests.popleft().size
            self._complaints.extend(complaints)
            if request.operation is not None:
                self._counts[request.operation] += 1

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests, oldest first."""
        with self._lock:
            return list(self._requests)

    @property
    def complaints(self) -> list[Complaint]:
        """The complaints, oldest first."""
        with self._lock:
            return list(self._complaints)

    def count(self, operation: str) -> int:
        """How many requests an operation got, including those that are no longer kept."""
        with self._lock:
            return self._counts[operation]

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._requests.clear()
            self._complaints.clear()
            self._counts.clear()
            self._bytes = 0
