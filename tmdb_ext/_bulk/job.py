"""What is to be fetched, and what has been: decisions, without any waiting."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any, Final

from tmdb_ext._errors import AuthenticationError, ConfigurationError, InvalidArgument, TMDBError, cleaned
from tmdb_ext._operations import name_of, operation_of

from .journal import Journal
from .results import Fetched, Progress

SECRET_ARGUMENTS: Final = frozenset(
    {"access_token", "guest_session_id", "password", "request_token", "session_id", "user_access_token"}
)
_OF_THE_KEY: Final = frozenset({7, 10})
"""TMDB's status codes that every call of this client would get."""


class Job:
    """What is to be fetched, and what has been: the part without any waiting."""

    def __init__(
        self,
        method: Callable[..., Any],
        ids: Iterable[int | str],
        arguments: Mapping[str, Any],
        *,
        concurrency: int,
        resume: str | os.PathLike[str] | None,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        operation = operation_of(method)
        if operation is None:
            raise InvalidArgument("Give a method of the client, such as tmdb.movies.details.")
        if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
            raise InvalidArgument(f"concurrency must be a whole number, 1 or more, not {concurrency!r}.")
        if isinstance(ids, str | bytes):
            raise InvalidArgument("ids must be several ids, such as a list, not one text.")
        try:
            inspect.signature(method).bind(0, **arguments)
        except TypeError as error:
            raise TypeError(f"{operation.tag}.{operation.resource}: {error}") from None
        if resume is not None and (secret := SECRET_ARGUMENTS & arguments.keys()):
            raise InvalidArgument(f"{min(secret)} does not go into a file: leave it to the client, or give no resume=.")
        self.method = method
        self.arguments = arguments
        self.concurrency = concurrency
        self._ids = ids
        self._progress = progress
        self._total = len(ids) if isinstance(ids, Sized) else None
        self._name = name_of(operation)
        self._resume = resume
        self._journal: Journal | None = None
        self._seen: set[int | str] = set()
        self._done = 0
        self._failed = 0

    def begin(self) -> Iterator[int | str]:
        """Open the file, and return the ids that are to be fetched, each once."""
        self._seen, self._done, self._failed = set(), 0, 0
        if self._resume is not None:
            self._journal = Journal(Path(self._resume), self._name, self.arguments)
            self._seen |= self._journal.ids
        return self._fresh()

    def _fresh(self) -> Iterator[int | str]:
        before = frozenset(self._seen)
        for one in self._ids:
            if one in before:
                self._done += 1
            if one not in self._seen:
                self._seen.add(one)
                yield one

    def fetched(self, one: int | str, value: object) -> Fetched[Any]:
        """Note that a value has come."""
        if self._journal is not None:
            self._journal.add(one, value)
        self._done += 1
        self._tell()
        return Fetched(one, value)

    def failed(self, one: int | str, error: TMDBError) -> Fetched[Any]:
        """Note that there is no value.

        Raises:
            TMDBError: the error, where all other ids would get it as well.
        """
        if isinstance(error, ConfigurationError | InvalidArgument) or (
            isinstance(error, AuthenticationError) and error.tmdb_code in _OF_THE_KEY
        ):
            raise cleaned(error)
        self._failed += 1
        self._tell()
        return Fetched(one, error=cleaned(error))

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(Progress(self._done, self._failed, self._total))

    def end(self) -> None:
        """Close the file."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def __repr__(self) -> str:
        return f"{self._name}, {self._done} done, {self._failed} failed"
