"""Sessions in Redis: saved by compare-and-set, made under a lock that has a number."""

from __future__ import annotations

import copy
import json
import logging
import threading
import time
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, Literal

from tmdb_ext._errors import ConfigurationError, TMDBError, TransportError
from tmdb_ext._http.forks import PerProcess

from .server import PATIENCE, VERSION, Connection, Outage, Script, checked_choice, named

if TYPE_CHECKING:
    from tmdb_ext._stores import Record

LOCK_LIFETIME: Final = 15.0
"""Seconds after which the lock of a holder that has died is free again; one that lives renews it."""
LIFETIME: Final = 90 * 86400.0
"""Seconds for which a record is kept after its last use."""
GRACE: Final = 86400.0
"""Seconds for which the record of a guest session is kept after TMDB says that it expires."""
_FENCE_LIFETIME: Final = 7 * 86400
_ATTEMPTS: Final = 3

_logger = logging.getLogger("tmdb_ext")

# KEYS: the record. A record that was read was used, and lives on.
_LOAD: Final = Script("""
local kept = redis.call('GET', KEYS[1])
if kept then
  local is_read, content = pcall(cjson.decode, kept)
  if is_read and type(content) == 'table' and type(content.lifetime) == 'number' then
    redis.call('PEXPIRE', KEYS[1], math.floor(content.lifetime))
  end
end
return kept
""")
# KEYS: the record, the number of its lock. Returns whether it was written, and what is kept now.
_SAVE: Final = Script("""
local number, condition, former, record, lifetime = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local kept = redis.call('GET', KEYS[1])
if number ~= '' and redis.call('GET', KEYS[2]) ~= number then return {0, kept} end
if condition == 'same' and (kept or '') ~= former then return {0, kept} end
if record == '' then
  redis.call('DEL', KEYS[1])
  return {1, false}
end
redis.call('SET', KEYS[1], record, 'PX', lifetime)
return {1, record}
""")
# KEYS: the lock, its number. A number is higher than all before it, also if Redis has forgotten those.
_ACQUIRE: Final = Script(f"""
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
local clock = redis.call('TIME')
local number = math.max(clock[1] * 1000000 + clock[2], tonumber(redis.call('GET', KEYS[2]) or 0) + 1)
local text = string.format('%.0f', number)
redis.call('SET', KEYS[2], text, 'EX', {_FENCE_LIFETIME})
return text
""")
_EXTEND: Final = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")
_RELEASE: Final = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
""")


class _Own:
    """What belongs to one process. A forked child begins afresh."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.locks: dict[str, _KeptLock | None] = {}


class RedisStore:
    """Keeps sessions in Redis, for all processes and machines that name the same server and prefix.

    Among them one guest session is made, and one session from a user access token: whoever makes it holds a lock, which
    lapses if its holder dies. A worker that finds the session of another one in place of its own uses that. What is
    kept are credentials: protect the server, and use ``rediss://`` beyond one machine.

    Args:
        server: a URL (``redis://``, ``rediss://`` or ``unix://``), or a `redis.Redis` or `redis.RedisCluster` of yours.
        prefix: what the names of all keys begin with. By default it has a digest of the application's API key or token
            in it, so that applications never share a session.
        lifetime: seconds for which a session is kept after its last use, 90 days by default. A guest session is kept
            until a day after TMDB says that it expires.
        on_outage: what a call does that needs a session while Redis cannot be asked. ``"alone"``, the default: it goes
            on, and this process makes a guest session of its own, until it finds that of the others. ``"fail"``: it
            raises a `TransportError` that is `retryable`; nothing is sent.

    Raises:
        ConfigurationError: `server` is not usable, `prefix` is empty, or `lifetime` is out of range.
    """

    is_remote: Final = True

    def __init__(
        self,
        server: object,
        *,
        prefix: str | None = None,
        lifetime: float = LIFETIME,
        on_outage: Literal["alone", "fail"] = "alone",
    ) -> None:
        if isinstance(lifetime, bool) or not (isinstance(lifetime, int | float) and 60 <= lifetime < 10 * 366 * 86400):
            raise ConfigurationError(f"lifetime must be a number of seconds, from 60 to ten years, not {lifetime!r}.")
        self._on_outage = checked_choice(on_outage, ("alone", "fail"), "on_outage")
        self._lifetime = lifetime
        self._is_named = prefix is not None
        self._prefix = named("tmdb-ext" if prefix is None else prefix, "prefix")
        self._connection = Connection(server, "the session store")
        self._own = PerProcess(_Own)

    def for_application(self, name: str) -> RedisStore:
        """Return the store of an application, which shares nothing with others, unless this one has a prefix.

        Args:
            name: tells applications apart, and gives nothing away.
        """
        if self._is_named:
            return self
        store = copy.copy(self)
        store._call(f"{self._prefix}:{name}")  # noqa: SLF001 - it is one of ours
        return store

    def _call(self, prefix: str) -> None:
        self._prefix, self._is_named = prefix, True

    def load(self, key: str) -> Record | None:
        """Return what was saved under `key`, or None.

        Raises:
            ConfigurationError: Redis refuses, or a later version of this package wrote the record.
            TransportError: Redis cannot be asked, and ``on_outage`` is ``"fail"``.
        """
        return self._read(self._run(_LOAD, [self._name(key)], []))

    def save(self, key: str, record: Record) -> None:
        """Keep `record` under `key`, whatever is there.

        If this process has had the lock of `key`, and another one has it by now, what that one saves stays.
        """
        name = self._name(key)
        text, lifetime = self._text(record)
        self._run(_SAVE, [name, f"{name}:number"], [self._number(key), "any", "", text, lifetime])

    def compare_and_set(self, key: str, former: Record | None, record: Record | None) -> Record | None:
        """Keep `record` under `key` if `former` is there, and return what is there afterwards.

        If this process has had the lock of `key`, and another one has it by now, nothing is written.
        """
        name = self._name(key)
        text, lifetime = ("", 0) if record is None else self._text(record)
        expected = "" if former is None else self._text(former)[0]
        kept: Record | None = None
        for _ in range(_ATTEMPTS):
            arguments: list[str | int] = [self._number(key), "same", expected, text, lifetime]
            has_written, there = self._run(_SAVE, [name, f"{name}:number"], arguments)
            kept = self._read(there)
            if has_written or kept != (None if former is None else dict(former)):
                break
            # It is the same, and written in another way.
            expected = _decoded(there)
        return kept

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`."""
        name = self._name(key)
        self._run(_SAVE, [name, f"{name}:number"], ["", "any", "", "", 0])

    def acquire(self, key: str) -> bool:
        """Take the lock of `key`, or return False if somebody else has it.

        If Redis cannot be asked, there is nobody to agree with, and the caller goes on; or, with ``on_outage="fail"``,
        it does not.

        Raises:
            ConfigurationError: Redis refuses.
            TransportError: Redis cannot be asked, and ``on_outage`` is ``"fail"``.
        """
        own, name = self._own.get(), self._name(key)
        with own.guard:
            if name in own.locks:
                return False
            own.locks[name] = None  # whoever asks meanwhile need not wait for Redis
        lock: _KeptLock | None = _KeptLock(self._connection, name)
        is_free = True
        try:
            is_free = lock is not None and lock.acquire()
        except Outage as outage:
            lock = None
            self._refuse_outage(outage)
            if outage.is_news:
                _logger.warning("The lock in Redis could not be taken (%s); going on without.", outage)
        except BaseException:
            is_free = False
            raise
        finally:
            with own.guard:
                if is_free:
                    own.locks[name] = lock
                else:
                    own.locks.pop(name, None)
        return is_free

    def release(self, key: str) -> None:
        """Give the lock of `key` back; this does not wait for Redis."""
        own = self._own.get()
        with own.guard:
            lock = own.locks.pop(self._name(key), None)
        if lock is not None:
            lock.release()

    def _run(self, script: Script, keys: list[str], arguments: list[str | int]) -> Any:
        try:
            return self._connection.run(script, keys, arguments)
        except Outage as outage:
            self._refuse_outage(outage)
            raise

    def _refuse_outage(self, outage: Outage) -> None:
        if self._on_outage == "fail":
            raise TransportError(
                f"The session store in Redis cannot be asked ({outage}). Nothing was sent.", retryable=True
            ) from None

    def _number(self, key: str) -> str:
        """Return the number of the lock of `key`, if this process has it."""
        own = self._own.get()
        with own.guard:
            lock = own.locks.get(self._name(key))
        return "" if lock is None else lock.number

    def _text(self, record: Record) -> tuple[str, int]:
        """Return a record as it is kept, and for how many milliseconds."""
        content: dict[str, Any] = {"version": VERSION, "record": dict(record)}
        left = _left(record)
        lifetime = round(1000 * self._lifetime)
        if left is None:
            content["lifetime"] = lifetime
        else:
            lifetime = min(lifetime, round(1000 * (left + GRACE)))
        return json.dumps(content, sort_keys=True), max(lifetime, 60_000)

    def _read(self, text: Any) -> Record | None:
        try:
            content = None if text is None else json.loads(text)
            if content is None:
                return None
            version, record = content["version"], content["record"]
        except (ValueError, LookupError, TypeError, RecursionError):
            version = record = None
        if isinstance(version, int) and version > VERSION:
            raise ConfigurationError(
                "A later version of this package wrote a session in Redis. Use that version in all workers, or another "
                "prefix in this one."
            )
        if not isinstance(record, dict):
            _logger.warning("A session in Redis is damaged and counts as missing.")
            return None
        return record

    def _name(self, key: str) -> str:
        # The record, its lock and the lock's number lie together in a cluster; the records of users are spread.
        return f"{self._prefix}:{{{key.replace('{', '%7B').replace('}', '%7D')}}}"

    def __repr__(self) -> str:
        return f"RedisStore(prefix={self._prefix!r})"


class _KeptLock:
    """A lock in Redis that a thread keeps alive while its holder lives, and gives back."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._keys = [f"{name}:lock", f"{name}:number"]
        self._token = token_hex(16)
        self._done = threading.Event()
        self.number = ""
        """Higher than the numbers of all holders before."""

    def acquire(self) -> bool:
        """Take the lock, or return False."""
        number = self._connection.run(_ACQUIRE, self._keys, [self._token, round(1000 * LOCK_LIFETIME)])
        if number is None:
            return False
        self.number = _decoded(number)
        threading.Thread(target=self._keep, name="tmdb-ext lock").start()
        return True

    def release(self) -> None:
        """Have it given back."""
        self._done.set()

    def _keep(self) -> None:
        due = time.monotonic() + LOCK_LIFETIME / 3
        # The program may end without a release; then this thread must not keep it.
        while not self._done.wait(0.5) and threading.main_thread().is_alive():
            if time.monotonic() >= due:
                due = time.monotonic() + LOCK_LIFETIME / 3
                self._try(_EXTEND, [round(1000 * LOCK_LIFETIME)])
        # A server that is silent keeps the program from ending for a moment only.
        giving_back = threading.Thread(target=self._try, args=(_RELEASE, []), name="tmdb-ext lock", daemon=True)
        giving_back.start()
        giving_back.join(2 * PATIENCE)

    def _try(self, script: Script, arguments: list[int]) -> None:
        try:
            if not self._connection.run(script, self._keys[:1], [self._token, *arguments]):
                self._done.set()  # it lapsed, and somebody else may have it
        except (Outage, TMDBError) as error:
            _logger.warning("The lock in Redis could not be kept (%s).", type(error).__name__)


def _left(record: Record) -> float | None:
    """Return in how many seconds a session expires, as its record says; None if it does not say so."""
    text = record.get("expires_at")
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment - datetime.now(UTC)).total_seconds()


def _decoded(text: Any) -> str:
    return text.decode("utf-8") if isinstance(text, bytes) else str(text)
