"""What a request has that TMDB passes over and a strict simulator refuses."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from tmdb_ext.testing._status import StatusError

_log = logging.getLogger("tmdb_ext.testing")


@dataclass(frozen=True)
class Complaint:
    """Something that TMDB ignores in a request, or takes although its document does not say so.

    Attributes:
        method: The request's HTTP method.
        path: The path's template; the path as it came if there is no operation for it.
        operation: The name of the operation.
        message: What a strict simulator answers. It names parameters and keys, and no values.
    """

    method: str
    path: str
    operation: str
    message: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.message}"


class Objections:
    """Collects what a strict simulator objects to in one request.

    Args:
        strict: Whether to refuse the request at the first objection.
    """

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.messages: list[str] = []

    def __call__(self, code: int, message: str) -> None:
        """Notes an objection.

        Args:
            code: TMDB's status code that a strict simulator refuses the request with.
            message: What is wrong. It has no values of the request in it.

        Raises:
            StatusError: With that code and message, if the simulator is strict.
        """
        if message not in self.messages:
            self.messages.append(message)
        if self.strict:
            raise StatusError(code, message=message)

    def complaints(self, method: str, path: str, operation: str) -> list[Complaint]:
        """The objections as complaints, which are logged: as warnings if strict, else for debugging."""
        made = [Complaint(method, path, operation, message) for message in self.messages]
        for complaint in made:
            _log.log(
                logging.WARNING if self.strict else logging.DEBUG, "%s: %s", complaint.operation, complaint.message
            )
        return made


def unknown(what: str, names: Iterable[str], known: Iterable[str]) -> str:
    """A sentence that names what is unknown, and the known name that each may have been meant for."""
    known, told = sorted(known), []
    for name in names:
        near = difflib.get_close_matches(name, known, 1, 0.5) or [one for one in known if one.startswith(name)][:1]
        told.append(f"{name} (did you mean {near[0]}?)" if near else name)
    return f"Unknown {what}: {', '.join(told)}."
