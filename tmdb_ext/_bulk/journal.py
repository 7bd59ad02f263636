"""The file of a run: a line for each thing that happened, so that a run that was killed goes on from it.

The first line says what the rows were called with, all of it apart from credentials. Each other line has a row and

- `value`: TMDB's answer. The row is done.
- `sent`: true before a write is sent; false if it was not sent after all.
- `error`: why a write failed; `unknown` with it if TMDB may have carried it out all the same.

A line is written whole or, if the process is killed meanwhile, has no line break: then it is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tmdb_ext import _errors
from tmdb_ext._errors import ConfigurationError, OutcomeUnknown, TMDBError
from tmdb_ext._stores import taken

from .plain import row_of, to_plain
from .results import Fetched, Model

if TYPE_CHECKING:
    from filelock import FileLock

M = TypeVar("M")

FORMAT: Final = "tmdb-ext rows 1"
"""The first line of the file names it, so that another file is not mistaken for one."""
_KINDS: Final = ("value", "sent", "error")
_TOLD: Final = {"arguments": "other arguments", "base_url": "another base address", "query": "other query parameters"}
_NOT_SHOWN: Final = frozenset({"user"})


class Journal:
    """The file, locked while a run writes it."""

    def __init__(
        self, path: Path, head: Mapping[str, Any], take: Callable[[Any, Mapping[str, Any]], None], *, private: bool
    ) -> None:
        """Open the file, or make it.

        Args:
            path: where it is.
            head: what its first line has to say.
            take: called with the row and the content of each line that is there.
            private: whether a new file is for its owner only, as a user's ratings are.

        Raises:
            ConfigurationError: the file cannot be used, or says something else.
        """
        self._path = path.expanduser().absolute()
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise ConfigurationError(f"{self._path} cannot be written: name a file in a folder that exists.")
        self._lock = _locked(self._path)
        self._file = -1
        try:
            self._open({"format": FORMAT, **head}, take, 0o600 if private else 0o666)
        except BaseException:
            self.close()
            raise

    def _open(self, head: Mapping[str, Any], take: Callable[[Any, Mapping[str, Any]], None], mode: int) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode)
        except OSError as error:
            reason = error.strerror
        else:
            reason = None
        if reason is not None:
            raise ConfigurationError(f"The file {self._path} cannot be written: {reason}.")
        kept = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break  # what a kill has torn
                content = _line(line, number, self._path)
                if number == 1:
                    self._check(content, head)
                else:
                    take(row_of(content["row"]), content)
                kept += len(line)
        os.ftruncate(self._file, kept)
        if kept == 0:
            self.write(head)

    def _check(self, found: Mapping[str, Any], head: Mapping[str, Any]) -> None:
        for name in dict.fromkeys([*head, *found]):
            former, now = found.get(name), head.get(name)
            if former == now:
                continue
            which = "" if name in _NOT_SHOWN else f" ({former!r}, not {now!r})"
            raise ConfigurationError(
                f"The file {self._path} belongs to a run with {_TOLD.get(name, f'another {name}')}{which}: "
                f"name another file, or go on as before.{_advice(name, former, now)}"
            )

    def write(self, content: Mapping[str, Any], *, durable: bool = False) -> None:
        """Write a line; `durable`: so that it outlives a failure of the machine's power."""
        line = (json.dumps(content, separators=(",", ":")) + "\n").encode()
        while line:
            line = line[os.write(self._file, line) :]
        if durable:
            os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._lock.release()


def _advice(name: str, former: object, now: object) -> str:
    """Return what to do about another user, where that was or is a guest."""
    if name == "user" and "guest session" in f"{former} {now}":
        return (
            " What a guest session has rated belongs to it alone: to go on with it, keep it in a FileStore, "
            "TMDB(store=FileStore(...)), or pass guest_session_id=."
        )
    return ""


def read_fetched(path: str | os.PathLike[str], model: Model[M]) -> Iterator[Fetched[M]]:
    """Read what `fetch_many` or `write_many` has put into a file, with the model that the method returns.

    Of a run that fetched, it gives the values; what failed is not in the file. Of a run that wrote, it gives what came
    of each row that was sent, failures included: `OutcomeUnknown` if a run ended before TMDB's answer came.

    Args:
        path: the file that was given as ``resume=``.
        model: the class of the values, such as `MovieDetails`, or `Status` for ratings.

    Raises:
        ConfigurationError: it is no such file.
        OSError: it cannot be read.
    """
    source = Path(path).expanduser()
    unsettled: dict[str, Fetched[M]] = {}
    for content in _lines_of(source):
        row = row_of(content["row"])
        one: Fetched[M] = Fetched(row_of(content["id"]) if "id" in content else row, row=row)
        which = json.dumps(content["row"])
        unsettled.pop(which, None)
        if "value" in content:
            one.value = None if content["value"] is None else model.from_dict(content["value"])
            yield one
            continue
        if "error" in content:
            one.error = error_of(content["error"])
        elif content["sent"]:
            one.error = OutcomeUnknown("It was sent by a run that ended before TMDB's answer came.")
        else:
            continue
        unsettled[which] = one
    yield from unsettled.values()


def _lines_of(source: Path) -> Iterator[dict[str, Any]]:
    with source.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            content = _line(line, number, source)
            if number > 1:
                yield content
            elif content.get("format") != FORMAT:
                raise ConfigurationError(
                    f"{source} is not a file of fetch_many or write_many: its first line does not say so."
                )


def line_of(row: Any, id: Any) -> dict[str, Any]:  # noqa: A002 - the name that the attribute has
    """Return what names a row in the file."""
    plain = to_plain(row)
    return {"row": plain} if to_plain(id) == plain else {"row": plain, "id": to_plain(id)}


def record_of(error: TMDBError) -> dict[str, Any]:
    """Return an error as JSON has it. No error holds a credential."""
    return {"kind": type(error).__name__, "message": str(error), "attributes": to_plain(vars(error))}


def error_of(record: Mapping[str, Any]) -> TMDBError:
    """Return the error that a record stands for."""
    kind = getattr(_errors, str(record.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, TMDBError)):
        kind = TMDBError
    error: TMDBError = kind.__new__(kind)
    error.args = (record.get("message"),)
    for name, value in record.get("attributes", {}).items():
        setattr(error, name, tuple(value) if isinstance(value, list) else value)
    return error


def _line(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        content = None
    if not isinstance(content, dict) or (number > 1 and not ("row" in content and any(k in content for k in _KINDS))):
        raise ConfigurationError(
            f"Line {number} of {path} is not one of fetch_many or write_many: the file is damaged, or another."
        )
    return content


def _locked(path: Path) -> FileLock:
    from filelock import FileLock  # noqa: PLC0415 - only files of results need it

    lock = FileLock(path.with_name(f"{path.name}.lock"))
    reason: str | None = "another run is writing it"
    try:
        if taken(lock, seconds=0):
            return lock
    except OSError as error:
        reason = error.strerror
    raise ConfigurationError(f"The file {path} cannot be used: {reason}.")
