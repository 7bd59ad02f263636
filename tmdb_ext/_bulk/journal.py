"""The file of a run: a line for each value, so that a run that was killed goes on from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tmdb_ext._errors import ConfigurationError, DecodeError

from .results import Fetched, Model

if TYPE_CHECKING:
    from filelock import FileLock

M = TypeVar("M")

FORMAT: Final = "tmdb-ext fetched 1"
"""The first line of a file of results names it, so that another file is not mistaken for one."""


class Journal:
    """A file with a line for each value, written whole: what a run that was killed had fetched is there."""

    def __init__(self, path: Path, operation: str, arguments: Mapping[str, Any]) -> None:
        self.ids: set[int | str] = set()
        self._path = path.expanduser().absolute()
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise ConfigurationError(f"{self._path} cannot be written: name a file in a folder that exists.")
        self._lock = _locked(self._path)
        self._file = -1
        try:
            self._open({"format": FORMAT, "operation": operation, "arguments": _plain(arguments)})
        except BaseException:
            self.close()
            raise

    def _open(self, head: Mapping[str, Any]) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
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
                    self.ids.add(content["id"])
                kept += len(line)
        os.ftruncate(self._file, kept)
        if kept == 0:
            self._write(head)

    def _check(self, found: Mapping[str, Any], head: Mapping[str, Any]) -> None:
        for name, what in (("format", "format"), ("operation", "operation"), ("arguments", "arguments")):
            if found.get(name) != head[name]:
                raise ConfigurationError(
                    f"The file {self._path} holds results of another {what} ({found.get(name)!r}, not {head[name]!r}): "
                    "name another file, or go on with the same call."
                )

    def add(self, one: int | str, value: object) -> None:
        """Keep a value."""
        self._write({"id": one, "value": _plain(value)})

    def _write(self, content: Mapping[str, Any]) -> None:
        line = (json.dumps(content, separators=(",", ":")) + "\n").encode()
        while line:
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._lock.release()


def read_fetched(path: str | os.PathLike[str], model: Model[M]) -> Iterator[Fetched[M]]:
    """Read what `fetch_many` has put into a file, with the model that its method returns.

    Args:
        path: the file that was given as ``resume=``.
        model: the class of the values, such as `MovieDetails`.

    Raises:
        ConfigurationError: it is no such file.
        OSError: it cannot be read.
    """
    source = Path(path).expanduser()
    with source.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            content = _line(line, number, source)
            if number == 1 and content.get("format") != FORMAT:
                raise ConfigurationError(f"{source} is not a file of fetch_many: its first line does not say so.")
            if number > 1:
                yield Fetched(content["id"], model.from_dict(content["value"]))


def _line(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        content = None
    if not isinstance(content, dict) or (number > 1 and not {"id", "value"} <= content.keys()):
        raise ConfigurationError(f"Line {number} of {path} is not one of fetch_many: the file is damaged, or another.")
    return content


def _locked(path: Path) -> FileLock:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only files of results need it

    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        reason: str | None = "another run is writing it"
    except OSError as error:
        reason = error.strerror
    else:
        return lock
    raise ConfigurationError(f"The file {path} cannot be used: {reason}.")


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    raise DecodeError(f"A value of the kind {type(value).__name__} cannot be kept in a file.")
