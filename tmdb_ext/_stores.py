"""Where sessions are kept: in memory, or in a file that several processes share."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from ._errors import ConfigurationError
from ._http.forks import PerProcess

if TYPE_CHECKING:
    from filelock import FileLock

_logger = logging.getLogger("tmdb_ext")

Record: TypeAlias = Mapping[str, str | float | bool | None]
"""A stored session: JSON values by name. It holds a credential."""

VERSION: Final = 1
WRITE_PATIENCE: Final = 1.0
"""Seconds to wait for another process that is writing; a write takes milliseconds."""


class SessionStore(Protocol):
    """Keeps guest and user sessions by a key. What is kept is a credential: whoever reads it can act with it.

    All but `release` may wait, and all may be called from any thread. `acquire` and `release` guard the making of the
    session of a key, so that all who share a store make one session between them. `compare_and_set` keeps those apart
    that did not wait for each other: a holder of the lock that was stopped does not overwrite its successor.

    A `ConfigurationError` that `load` or `acquire` raises ends the call, before anything is sent. After any other error
    the call goes on without the store, and the log says so.
    """

    def load(self, key: str) -> Record | None:
        """Return what was saved under `key`, or None."""

    def save(self, key: str, record: Record) -> None:
        """Keep `record`, which JSON can hold, under `key` in place of what was there."""

    def compare_and_set(self, key: str, former: Record | None, record: Record | None) -> Record | None:
        """Keep `record` under `key` if what is there equals `former`, in one step.

        Args:
            key: the key.
            former: what has to be there; None if nothing.
            record: what to keep; None forgets what is there.

        Returns:
            What is there afterwards: `record`, or what another has saved meanwhile.
        """

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`, if anything is."""

    def acquire(self, key: str) -> bool:
        """Take the lock of `key` and return True, or return False at once where somebody else has it."""

    def release(self, key: str) -> None:
        """Give the lock of `key` back."""


class _Locks:
    """Who is making what in this process. A forked child begins afresh: whoever held a lock is in the other process."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.write_guard = threading.Lock()
        self.held: dict[str, FileLock | None] = {}


class MemoryStore:
    """Keeps sessions while the process runs: the default. Clients that are given the same one share their sessions."""

    is_in_memory: Final = True

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Any]] = {}
        self._locks = PerProcess(_Locks)

    def load(self, key: str) -> Record | None:
        """Return what was saved under `key`, or None."""
        with self._guard:
            record = self._records.get(key)
            return None if record is None else dict(record)

    def save(self, key: str, record: Record) -> None:
        """Keep `record` under `key`."""
        with self._guard:
            self._records[key] = dict(record)

    def compare_and_set(self, key: str, former: Record | None, record: Record | None) -> Record | None:
        """Keep `record` under `key` if `former` is there, and return what is there afterwards."""
        with self._guard:
            _replace(self._records, key, former, record)
            kept = self._records.get(key)
            return None if kept is None else dict(kept)

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`."""
        with self._guard:
            self._records.pop(key, None)

    def acquire(self, key: str) -> bool:
        """Take the lock of `key`, or return False."""
        locks = self._locks.get()
        with locks.guard:
            if key in locks.held:
                return False
            locks.held[key] = None
            return True

    def release(self, key: str) -> None:
        """Give the lock of `key` back."""
        self._locks.get().held.pop(key, None)

    @property
    def _guard(self) -> threading.Lock:
        return self._locks.get().guard

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._records)} sessions)"


class FileStore:
    """Keeps sessions in a JSON file that only its owner can read, shared by all processes that name it.

    Writing replaces the file in one step, so a process that is killed leaves the former content; a symbolic link is
    followed. A file that cannot be read counts as empty. If it cannot be written, each process keeps its sessions in
    memory. The log has a warning of both. Use one file per application, since a session belongs to one.

    Args:
        path: the file; its folder is made if it is missing.

    Raises:
        ConfigurationError: the path is that of a folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path).expanduser().absolute()
        self._said: set[str] = set()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self._warn_once(f"The folder of the session file {self.path} cannot be made ({error.strerror}).")
        if self.path.is_dir():
            raise ConfigurationError("The session file is a folder; name a file.")
        self._locks = PerProcess(_Locks)

    def load(self, key: str) -> Record | None:
        """Return what was saved under `key`, or None.

        Raises:
            ConfigurationError: a later version of this package wrote the file.
        """
        try:
            record = self._read().get(key)
        except OSError as error:
            self._warn_once(f"The session file {self.path} cannot be read ({error.strerror}) and counts as empty.")
            return None
        return record if isinstance(record, dict) else None

    def save(self, key: str, record: Record) -> None:
        """Keep `record` under `key`.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        with self._writing():
            self._write({**self._read(), key: dict(record)})

    def compare_and_set(self, key: str, former: Record | None, record: Record | None) -> Record | None:
        """Keep `record` under `key` if `former` is there, and return what is there afterwards.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        with self._writing():
            records = self._read()
            if _replace(records, key, former, record):
                self._write(records)
            kept = records.get(key)
        return kept if isinstance(kept, dict) else None

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        with self._writing():
            records = self._read()
            if records.pop(key, None) is not None:
                self._write(records)

    def acquire(self, key: str) -> bool:
        """Take the lock of `key`, which the system gives back when the process ends, or return False.

        If no lock file can be made beside the file, the lock holds for this process alone.
        """
        lock = self._lock(hashlib.sha256(key.encode()).hexdigest()[:12])
        locks = self._locks.get()
        with locks.guard:
            if key in locks.held:
                return False
            held: FileLock | None = lock
            try:
                if not taken(lock, seconds=0):
                    return False
            except OSError as error:
                self._warn_once(
                    f"No lock file can be made beside the session file {self.path} ({error.strerror}): "
                    "other processes may make sessions of their own."
                )
                held = None
            locks.held[key] = held
            return True

    def release(self, key: str) -> None:
        """Give the lock of `key` back."""
        locks = self._locks.get()
        with locks.guard:
            lock = locks.held.pop(key, None)
            if lock is not None:
                lock.release()

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"

    def _warn_once(self, text: str) -> None:
        """Log a warning; the same one again only after the file has been read or written well."""
        if text not in self._said:
            self._said.add(text)
            _logger.warning("%s", text)

    def _target(self) -> Path:
        """Return the file itself, if the path is a symbolic link to it."""
        return Path(os.path.realpath(self.path))

    def _lock(self, name: str) -> FileLock:
        from filelock import FileLock  # noqa: PLC0415 - only file stores need it

        target = self._target()
        return FileLock(target.with_name(f".{target.name}.{name}.lock"), mode=0o600, thread_local=False)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        reason: str | None = None
        with self._locks.get().write_guard:
            try:
                lock = self._lock("write")
                if not taken(lock, seconds=WRITE_PATIENCE):
                    raise ConfigurationError(
                        f"Another process has been writing the session file for more than {WRITE_PATIENCE:.0f} seconds."
                    )
                try:
                    yield
                finally:
                    lock.release()
            except OSError as error:
                reason = error.strerror
        if reason is not None:
            raise ConfigurationError(f"The session file {self.path} cannot be written: {reason}.")
        self._said.clear()

    def _read(self) -> dict[str, Any]:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            content = json.loads(text)
            version, records = content["version"], content["sessions"]
        except (ValueError, LookupError, TypeError, RecursionError):
            version = records = None
        if isinstance(version, int) and version > VERSION:
            raise ConfigurationError(f"A later version of this package wrote the session file {self.path}.")
        if not isinstance(records, dict):
            self._warn_once(f"The content of the session file {self.path} is damaged and counts as empty.")
            return {}
        self._close_to_others()
        return records

    def _close_to_others(self) -> None:
        """Take away what others may do with the file, as when it was copied there."""
        with contextlib.suppress(OSError):
            mode = stat.S_IMODE(self.path.stat().st_mode)
            if os.name == "posix" and mode & 0o077:
                self.path.chmod(0o600)
                _logger.warning("The session file %s was open to others; it is closed to them now.", self.path)

    def _write(self, records: dict[str, Any]) -> None:
        # One name for the new content, under the lock: a process that is killed leaves one file behind, not many.
        target = self._target()
        new = target.with_name(f".{target.name}.new")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"version": VERSION, "sessions": records}, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            new.replace(target)
        except BaseException:  # a full disk among them
            with contextlib.suppress(OSError):
                new.unlink()
            raise


def _replace(records: dict[str, Any], key: str, former: Record | None, record: Record | None) -> bool:
    """Replace `former` by `record` if it is there; return whether it was."""
    kept = records.get(key)
    if (kept if isinstance(kept, dict) else None) != (None if former is None else dict(former)):
        return False
    if record is None:
        records.pop(key, None)
    else:
        records[key] = dict(record)
    return True


def taken(lock: FileLock, *, seconds: float) -> bool:
    """Take a lock between processes; return whether it was taken within `seconds`.

    Raises:
        OSError: the lock file cannot be made.
    """
    from filelock import Timeout  # noqa: PLC0415 - only file stores need it

    try:
        lock.acquire(timeout=seconds)
    except Timeout:  # it is an OSError as well
        return False
    return True
