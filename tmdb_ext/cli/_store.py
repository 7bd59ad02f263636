"""Where the command line keeps sessions and the application's credential: the system's keyring, or a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tmdb_ext._errors import ConfigurationError
from tmdb_ext._stores import WRITE_PATIENCE, FileStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from filelock import FileLock
    from keyring.backend import KeyringBackend

    from tmdb_ext._stores import Record

SERVICE: Final = "tmdb-ext"
"""The name under which the keyring keeps what is ours, and that of our folders."""
FILE_VARIABLE: Final = "TMDB_SESSION_FILE"


class KeyringStore:
    """Keeps sessions in the keyring of the system, one entry for each key.

    Processes agree on who makes a session by lock files in the user's state folder.

    Args:
        backend: the keyring.
        locks: the folder of the lock files; it is made if it is missing.
    """

    def __init__(self, backend: KeyringBackend, locks: Path) -> None:
        self._backend = backend
        self._locks = locks
        self._making: dict[str, FileLock] = {}
        self._guard = threading.Lock()

    def load(self, key: str) -> Record | None:
        """Return what was saved under `key`, or None.

        Raises:
            ConfigurationError: the keyring is locked or out of order.
        """
        text = self._ask("read", lambda: self._backend.get_password(SERVICE, key))
        try:
            record = json.loads(text) if text else None
        except (ValueError, RecursionError):
            return None
        return record if isinstance(record, dict) else None

    def save(self, key: str, record: Record) -> None:
        """Keep `record` under `key`.

        Raises:
            ConfigurationError: the keyring is locked or out of order.
        """
        self._ask("written", lambda: self._backend.set_password(SERVICE, key, json.dumps(dict(record))))

    def compare_and_set(self, key: str, former: Record | None, record: Record | None) -> Record | None:
        """Keep `record` under `key` if `former` is there, and return what is there afterwards.

        Raises:
            ConfigurationError: the keyring is locked or out of order, or another process writes for too long.
        """
        with self._writing(key):
            kept = self.load(key)
            if (None if kept is None else dict(kept)) != (None if former is None else dict(former)):
                return kept
            if record is None:
                self.delete(key)
            else:
                self.save(key, record)
            return record

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`.

        Raises:
            ConfigurationError: the keyring is locked or out of order.
        """
        from keyring.errors import PasswordDeleteError

        def forget() -> None:
            try:
                self._backend.delete_password(SERVICE, key)
            except PasswordDeleteError:
                # Backends say so of an entry that is not there, too.
                if self._backend.get_password(SERVICE, key) is not None:
                    raise

        self._ask("written", forget)

    def acquire(self, key: str) -> bool:
        """Take the lock of `key`, or return False."""
        from filelock import FileLock, Timeout

        name = hashlib.sha256(key.encode()).hexdigest()[:12]
        with self._guard:
            if key in self._making:
                return False
            reason: str | None = None
            try:
                self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = FileLock(self._locks / f"{name}.lock", mode=0o600, thread_local=False)
                lock.acquire(timeout=0)
            except Timeout:
                return False
            except OSError as error:
                reason = error.strerror
            if reason is not None:
                raise ConfigurationError(f"No lock file can be made in {self._locks}: {reason}.")
            self._making[key] = lock
            return True

    def release(self, key: str) -> None:
        """Give the lock of `key` back."""
        with self._guard:
            self._making.pop(key).release()

    @contextlib.contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        """Keep others from writing an entry: a keyring cannot compare and set."""
        from filelock import FileLock, Timeout

        name = hashlib.sha256(key.encode()).hexdigest()[:12]
        reason: str | None = None
        try:
            self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self._locks / f"{name}.write.lock", mode=0o600, thread_local=False)
            lock.acquire(timeout=WRITE_PATIENCE)
        except Timeout:
            reason = "another process holds it"
        except OSError as error:
            reason = error.strerror
        if reason is not None:
            raise ConfigurationError(f"No lock can be had in {self._locks}: {reason}.")
        try:
            yield
        finally:
            lock.release()

    def __repr__(self) -> str:
        return f"KeyringStore({self._backend.name!r})"

    @property
    def name(self) -> str:
        """What people call the keyring."""
        return str(self._backend.name)

    def _ask(self, what: str, step: Callable[[], Any]) -> Any:
        """Take a step with the keyring. What a backend raises may quote an entry, so only its kind is told."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - backends raise what their system raises
            kind = type(error).__name__
        raise ConfigurationError(
            f"The keyring ({self.name}) could not be {what}: {kind}. "
            f"Unlock it, or name a file to use in {FILE_VARIABLE}."
        )


CliStore: TypeAlias = KeyringStore | FileStore


def choose_store() -> CliStore:
    """Return the store of this user: the file named in ``TMDB_SESSION_FILE``, else the keyring, else a file of ours.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return FileStore(named)
    import platformdirs

    backend = usable_keyring()
    if backend is not None:
        return KeyringStore(backend, platformdirs.user_state_path(SERVICE, appauthor=False))
    return FileStore(platformdirs.user_config_path(SERVICE, appauthor=False) / "sessions.json")


def usable_keyring() -> KeyringBackend | None:
    """Return the keyring of the system, or None where it has none."""
    import keyring

    try:
        backend = keyring.get_keyring()
        return backend if backend.priority > 0 else None
    except Exception:  # noqa: BLE001 - a backend that cannot be asked is none
        return None


def place_of(store: CliStore) -> str:
    """Return in words where a store keeps things."""
    return f"the keyring {store.name}" if isinstance(store, KeyringStore) else f"the file {store.path}"
