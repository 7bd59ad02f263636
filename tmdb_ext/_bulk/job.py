"""What is to be called, and what came of it: decisions, without any waiting."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tmdb_ext._arguments import SECRET
from tmdb_ext._errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    DecodeError,
    InvalidArgument,
    OutcomeUnknown,
    ServerError,
    SessionDenied,
    TMDBError,
    TransportError,
    cleaned,
)
from tmdb_ext._http.attempts import can_be_repeated

from .clients import settings_of
from .journal import Journal, line_of, record_of
from .plain import to_plain
from .results import Fetched, Progress
from .rows import Asked, Called, Row
from .writes import STATES, is_write, target_of

_OF_THE_KEY: Final = frozenset({7, 10})
"""TMDB's status codes that every call of this client would get."""
_WITH_SECRETS: Final = frozenset({"auth", "authentication"})
"""Resources whose answers have credentials in them."""
_LOOKED_AT: Final = 20
"""Rows of which one at least has to fit the method, for a run to begin."""


class Job:
    """The rows of a run, and what came of them."""

    def __init__(
        self,
        method: Callable[..., Any],
        rows: Iterable[Row],
        arguments: Mapping[str, Any],
        *,
        concurrency: int,
        resume: str | os.PathLike[str] | None,
        progress: Callable[[Progress], object] | None,
        writes: bool = False,
        repeat_unknown: bool = False,
    ) -> None:
        called = Called(method, arguments)
        if is_write(called.operation) and not writes:
            raise InvalidArgument(f"{called.shown} changes something at TMDB: use write_many.", operation=called.name)
        if writes and not is_write(called.operation):
            raise InvalidArgument(f"{called.shown} only reads: use fetch_many.", operation=called.name)
        if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
            raise InvalidArgument(f"concurrency must be a whole number, 1 or more, not {concurrency!r}.")
        if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
            raise InvalidArgument(f"Give several rows, such as a list of ids, not one {type(rows).__name__}.")
        if isinstance(rows, Sequence):
            _check_fit(called, rows)
        if resume is not None and (secret := SECRET & called.shared.keys()):
            raise InvalidArgument(f"{min(secret)} does not go into a file: leave it to the client, or give no resume=.")
        if resume is not None and called.operation.tag in _WITH_SECRETS:
            raise InvalidArgument(f"What {called.shown} answers does not go into a file: give no resume=.")
        self.called = called
        self.concurrency = concurrency
        self.writes = writes
        self.resume = resume
        self.failures: list[Fetched[Any]] = []
        """Of a run that writes: the rows that have failed."""
        self.can_repeat: bool = can_be_repeated(called.operation.method, called.operation)
        """Whether making a call twice does no more than making it once."""
        self._repeat_unknown = repeat_unknown
        self._rows = rows
        self._progress = progress
        self._total = len(rows) if isinstance(rows, Sized) else None
        self._shared = None if resume is None else to_plain(dict(called.shared))
        self._journal: Journal | None = None
        self._guest: str | None = None
        self._finished: set[Hashable] = set()
        self._doubtful: set[Hashable] = set()
        self._targets: dict[str, Hashable] = {}
        self._done = 0
        self._failed = 0

    # The run

    def begin(self, user: str | None) -> Iterator[Asked]:
        """Open the file, and return the rows, each once.

        Args:
            user: what tells whose credential the calls carry, as `tag_of` makes it; None for the application's alone.
        """
        self.failures = []
        self._finished, self._doubtful, self._targets, self._done, self._failed = set(), set(), {}, 0, 0
        self._guest = user if user is not None and user == self._guest_in_use() else None
        if self.resume is not None:
            self._journal = Journal(Path(self.resume), self._head(user), self._take, private=user is not None)
        return self._fresh()

    def _head(self, user: str | None) -> dict[str, Any]:
        called = self.called
        settings = {k: v for k, v in settings_of(called.client, called.operation).items() if k not in called.shared}
        return {"operation": called.name, "arguments": self._shared, **to_plain(settings), "user": user}

    def _take(self, row: Any, content: Mapping[str, Any]) -> None:
        """Take a line of the file."""
        asked = self.called.read(row)
        key = asked.key
        if key is None:
            return  # it does not fit the method any more
        if "value" in content:
            self._finished.add(key)
            self._doubtful.discard(key)
        elif content.get("sent") or content.get("unknown"):
            self._doubtful.add(key)
        else:
            self._doubtful.discard(key)
        if (key in self._finished or key in self._doubtful) and (target := self._target(asked)) is not None:
            self._targets[target] = key

    def _fresh(self) -> Iterator[Asked]:
        begun: set[Hashable] = set()
        doubtful: list[Asked] = []
        for row in self._rows:
            asked = self.called.read(row)
            key = asked.key
            if key is not None and key in begun:
                continue
            begun.add(key)
            if key in self._finished:
                self._done += 1
                continue
            if asked.error is None:
                self._prepare(asked)
            if asked.is_doubtful and asked.error is None:
                doubtful.append(asked)
            else:
                yield asked
        # Last: what the former run sent has the more time to take effect before TMDB is asked.
        yield from doubtful

    def _prepare(self, asked: Asked) -> None:
        """Look whether a row can be sent, and what is known of it."""
        asked.is_doubtful = asked.key in self._doubtful
        if self._journal is not None and asked.secrets:
            asked.error = InvalidArgument(f"{min(asked.secrets)} does not go into a file: leave it to the client.")
        elif self._journal is not None and asked.key is None:
            asked.error = InvalidArgument("The row has a value that cannot be kept in a file.")
        elif asked.is_doubtful and not self.can_repeat and not self._repeat_unknown:
            asked.error = OutcomeUnknown(
                f"{self.called.shown}: a former run sent this row, and ended before TMDB's answer came. Look at TMDB "
                "whether it was carried out; repeat_unknown=True sends it again.",
                operation=self.called.name,
            )
        elif (target := self._target(asked)) is not None and self._targets.setdefault(target, asked.key) != asked.key:
            state = STATES[self.called.operation.id].argument
            asked.error = InvalidArgument(
                f"{self.called.shown}: a row before has set another {state} for {asked.id!r}. "
                "Give one row for each; after a run, a value that has changed needs another file.",
                operation=self.called.name,
            )

    def _target(self, asked: Asked) -> str | None:
        """Return what a row that writes sets the state of."""
        if not self.writes or asked.error is not None:
            return None
        target = target_of(self.called.operation, asked.arguments)
        return None if target is None else self.called.key_of(target)

    def sending(self, asked: Asked) -> None:
        """Note that a row is about to be sent."""
        if self.writes:
            self._write(asked, {"sent": True}, durable=not self.can_repeat)

    def fetched(self, asked: Asked, value: object) -> Fetched[Any]:
        """Note TMDB's answer.

        Raises:
            SessionDenied: TMDB has dropped the guest session that the rows before belong to.
        """
        if self._journal is not None and self._guest is not None and self._guest != self._guest_in_use():
            raise SessionDenied(
                f"{self.called.shown}: TMDB dropped the guest session during the run. What the rows before have set is "
                "lost with it: begin again, with another file.",
                http_status=401,
                operation=self.called.name,
            )
        self._write(asked, {"value": to_plain(value)})
        self._done += 1
        self._tell()
        return Fetched(asked.id, value, row=asked.row)

    def failed(self, asked: Asked, error: TMDBError) -> Fetched[Any]:
        """Note that there is no answer, or a refusal.

        Raises:
            TMDBError: the error, if all other rows would get it as well.
        """
        self._keep(asked, error)
        if self._is_for_all(error):
            raise cleaned(error)
        self._failed += 1
        self._tell()
        result: Fetched[Any] = Fetched(asked.id, error=cleaned(error), row=asked.row)
        if self.writes:
            self.failures.append(result)
        return result

    def settle(self, asked: Asked, future: Future[Any]) -> None:
        """Note what came of a row after the run was left."""
        if future.cancelled():
            if self.writes:
                self._write(asked, {"sent": False})
            return
        error = future.exception()
        if error is None:
            if self._guest is None or self._guest == self._guest_in_use():
                self._write(asked, {"value": to_plain(future.result())})
        elif isinstance(error, TMDBError):
            self._keep(asked, error)

    def _keep(self, asked: Asked, error: TMDBError) -> None:
        """Write down why a write failed. A row that was not sent, because of what it is, is not in the file."""
        if self.writes and asked.error is None:
            unknown = {"unknown": True} if asked.is_doubtful or self._is_unknown(error) else {}
            self._write(asked, {"error": record_of(error), **unknown})

    def _is_unknown(self, error: TMDBError) -> bool:
        """Return whether a write that failed may have been carried out all the same."""
        if not isinstance(error, TransportError | ServerError | DecodeError):
            return False
        # What can be repeated has been: of the attempts before, the error says nothing.
        return self.can_repeat or not (error.retryable or isinstance(error, ConnectError))

    def _is_for_all(self, error: TMDBError) -> bool:
        if isinstance(error, AuthenticationError) and error.tmdb_code in _OF_THE_KEY:
            return True
        if isinstance(error, SessionDenied) and self.called.operation.id in STATES:
            return True
        return isinstance(error, ConfigurationError)

    def _write(self, asked: Asked, content: Mapping[str, Any], *, durable: bool = False) -> None:
        if self._journal is not None:
            self._journal.write({**line_of(asked.row, asked.id), **content}, durable=durable)

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(Progress(self._done, self._failed, self._total))

    def _guest_in_use(self) -> str | None:
        guest = self.called.client.guest.info()
        return None if guest is None else tag_of("guest session", guest.id.reveal())

    def end(self) -> None:
        """Close the file."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def __repr__(self) -> str:
        return f"{self.called.name}, {self._done} done, {self._failed} failed"


def tag_of(kind: str, value: str) -> str:
    """Return what tells an account or a guest session from another one, without giving it away."""
    return f"{kind} {hashlib.sha256(f'tmdb-ext {kind} {value}'.encode()).hexdigest()[:32]}"


def _check_fit(called: Called, rows: Sequence[Any]) -> None:
    """Refuse rows none of which fits the method: ids in place of tuples, or a name that is misspelt in each.

    Raises:
        TypeError: so it is.
    """
    problems = [called.read(row).error for row in islice(rows, _LOOKED_AT)]
    if problems and None not in problems:
        raise TypeError(str(problems[0]))
