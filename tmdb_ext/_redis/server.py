"""A Redis server as a fleet sees it: there, out of reach, or set up wrongly."""

from __future__ import annotations

import hashlib
import logging
import random
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

from tmdb_ext._errors import ConfigurationError
from tmdb_ext._extras import extra
from tmdb_ext._http.forks import PerProcess

with extra("redis", "Sessions and rates in Redis need", "redis"):
    import redis
    from redis import exceptions
    from redis.backoff import NoBackoff
    from redis.retry import Retry

PATIENCE: Final = 1.0
"""Seconds to wait for Redis, to connect and to answer."""
PAUSE: Final = 2.0
"""Seconds without asking Redis, after it could not be reached; the first pauses are shorter."""
_FIRST_PAUSE: Final = 0.125
_UNTIL_A_CONNECTION_IS_FREE: Final = 0.01
_NO_CONNECTION_LEFT: Final = ("Too many connections", "No connection available.")
VERSION: Final = 1
"""Of what is kept in Redis. What a later version has written is left alone."""

Server: TypeAlias = "redis.Redis | redis.RedisCluster"

_logger = logging.getLogger("tmdb_ext")

# What passes, though it is an error that Redis answers with: full memory, a disk that cannot be written, a cluster or a
# replica that looks for its other half, a script that runs for long.
_PASSING: Final = (
    "OOM",
    "MISCONF",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "MASTERDOWN",
    "TRYAGAIN",
    "LOADING",
    "BUSY",
    "UNKILLABLE",
)
_LATER_VERSION: Final = "TMDBEXT-LATER"


class Outage(Exception):  # noqa: N818 - it is not an error of the caller's
    """Redis cannot be asked just now. The text says why, in a word or two, and holds nothing secret."""

    is_news = True
    """False while a pause lasts that has been told of."""


class Busy(Outage):
    """All connections of the caller's client are in use: no reason to leave the server alone."""


class Script:
    """A script, known by its digest once the server has it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class _Mood:
    """How one process has found the server lately."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.out_until = 0.0
        self.reason = ""
        self.failures = 0


class Connection:
    """Asks a server, and leaves it alone for a while after it could not be reached.

    Args:
        server: a URL, a `redis.Redis` or a `redis.RedisCluster`.
        what: what is kept there, for the log and for errors: "the rate limit".

    Raises:
        ConfigurationError: `server` is none of these.
    """

    def __init__(self, server: object, what: str) -> None:
        self._what = what
        self._server = connected(server)
        self._mood = PerProcess(_Mood)

    @property
    def is_out(self) -> bool:
        """Whether a pause lasts, after the server could not be reached."""
        return time.monotonic() < self._mood.get().out_until

    @property
    def reason(self) -> str:
        """Why it could not be reached, for people."""
        return f"{self._what} is in Redis, which cannot be asked ({self._mood.get().reason})"

    def run(self, script: Script, keys: list[str], arguments: list[str | int]) -> Any:
        """Run a script; return what it returns.

        Raises:
            Outage: the server cannot be reached, or cannot do it just now.
            ConfigurationError: the server refuses, and will go on refusing until somebody changes something.
        """
        mood = self._mood.get()
        if time.monotonic() < mood.out_until:
            outage = Outage(mood.reason)
            outage.is_news = False
            raise outage
        problem: Exception | None = None
        try:
            answer = self._run(script, keys, arguments)
        except (exceptions.RedisError, exceptions.RedisClusterException, OSError) as error:
            problem = self._judged(error)
        if problem is None:
            self._has_answered(mood)
            return answer
        if isinstance(problem, Outage) and not isinstance(problem, Busy):
            self.note_outage(str(problem))
        try:
            raise problem
        finally:
            del problem

    def _run(self, script: Script, keys: list[str], arguments: list[str | int]) -> Any:
        server: Any = self._server
        until = time.monotonic() + PATIENCE
        while True:
            try:
                try:
                    return server.evalsha(script.digest, len(keys), *keys, *arguments)
                except exceptions.NoScriptError:
                    return server.eval(script.text, len(keys), *keys, *arguments)
            except exceptions.ConnectionError as error:
                if not _is_busy(error) or time.monotonic() >= until:
                    raise
            time.sleep(_UNTIL_A_CONNECTION_IS_FREE)

    def note_outage(self, reason: str) -> None:
        """Leave the server alone for a while."""
        mood = self._mood.get()
        with mood.guard:
            if time.monotonic() < mood.out_until:
                return  # several have asked at once
            mood.failures += 1
            # With jitter: workers that failed together do not ask together, and one of them finds it soon.
            pause = min(PAUSE, _FIRST_PAUSE * 2 ** min(mood.failures, 30)) * random.uniform(0.5, 1)  # noqa: S311
            mood.out_until = time.monotonic() + pause
            is_first, mood.reason = mood.failures == 1, reason
        if is_first:
            _logger.warning("Redis cannot be asked (%s) for %s; asking again every %g s.", reason, self._what, PAUSE)

    def _has_answered(self, mood: _Mood) -> None:
        if mood.failures:
            with mood.guard:
                was_out, mood.failures = mood.failures > 0, 0
            if was_out:
                _logger.warning("Redis answers again, for %s.", self._what)

    def _judged(self, error: Exception) -> Exception:
        """Return what an error means: an `Outage`, or a `ConfigurationError` if somebody has to change something."""
        if _is_busy(error):
            return Busy("all connections of its client are in use")
        what = misconfigured(error)
        if what is None:
            return Outage(type(error).__name__)
        return ConfigurationError(f"Redis does not serve {self._what}: {what}. Nothing was sent.")


def misconfigured(error: BaseException) -> str | None:
    """Return what is wrong with how the server or the connection to it is set up; None for what passes.

    The server's own words are left out: they may quote what was to be written.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(error, exceptions.AuthenticationError):
        return "the user name or the password is wrong or missing"
    if isinstance(error, exceptions.NoPermissionError | exceptions.AuthorizationError):
        return "the user lacks a right; the page on workers lists the commands that it needs"
    if isinstance(error, exceptions.ReadOnlyError):
        return "it is a replica that can only be read; name the primary, or ask Sentinel for it"
    if isinstance(error, exceptions.ClusterCrossSlotError | exceptions.MovedError):
        return "it is a node of a cluster; pass a redis.RedisCluster"
    if isinstance(error, exceptions.ConnectionError) and str(error) == "Invalid Database":
        return "it has no database of that number"
    if not isinstance(error, exceptions.ResponseError) or isinstance(error, exceptions.ClusterError):
        return None
    text = str(error)
    if isinstance(error, exceptions.OutOfMemoryError | exceptions.TryAgainError) or text.startswith(_PASSING):
        return None
    if any(f"{word} " in text for word in ("-OOM", "-MISCONF", "-NOREPLICAS")) or "OOM command not allowed" in text:
        return None  # said by a command of a script
    if _LATER_VERSION in text:
        return "a later version of this package keeps its records under this name; use that version everywhere"
    if "READONLY" in text:
        return "it is a replica that can only be read; name the primary, or ask Sentinel for it"
    if "NOPERM" in text or "can't run this command" in text or "permission" in text.lower():
        return "the user lacks a right; the page on workers lists the commands that it needs"
    if "WRONGTYPE" in text:
        return "something else is kept under the names of its keys; choose another prefix or key"
    if "DB index" in text:
        return "it has no database of that number"
    if "max number of clients" in text:
        return None
    return f"it refuses the command ({type(error).__name__})"


def _is_busy(error: BaseException) -> bool:
    """Whether the client's own pool has no connection left: that says nothing about the server."""
    return isinstance(error, exceptions.ConnectionError) and str(error) in _NO_CONNECTION_LEFT


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def connected(server: object) -> Server:
    """Return the client for a server.

    Raises:
        ConfigurationError: it is nothing that a client can be made of.
    """
    if isinstance(server, redis.Redis | redis.RedisCluster):
        return server
    kind = type(server)
    problem = f"not a URL, redis.Redis or redis.RedisCluster, but of type {kind.__name__}"
    if isinstance(server, str):
        try:
            return redis.Redis.from_url(
                server,
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                # Once more for a connection that the server has closed meanwhile; a silent server is not asked twice.
                retry=Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,)),
            )
        except (ValueError, TypeError):
            # Not its text: a URL may hold a password.
            problem = "not a URL that begins with redis://, rediss:// or unix://"
    elif kind.__module__.startswith("redis.asyncio"):
        problem = (
            f"a {kind.__module__.partition('.client')[0]} {kind.__name__}, whose connections belong to one event loop; "
            "pass its URL, or a redis.Redis: an async client asks it in a thread, and the event loop goes on"
        )
    elif kind.__name__ == "Sentinel":
        problem = "a Sentinel; pass what its master_for(name) returns"
    elif kind.__module__.partition(".")[0] == "valkey":
        problem = "a client for Valkey; pass its URL as redis://, which Valkey answers to"
    raise ConfigurationError(f"The Redis server is {problem}.")


def named(text: object, what: str) -> str:
    """Return a name that keys begin with.

    Raises:
        ConfigurationError: it is none.
    """
    if not (isinstance(text, str) and text and "{" not in text and "}" not in text):
        raise ConfigurationError(f"{what} must be a name that is not empty and has no braces.")
    return text


def checked_choice(value: object, choices: tuple[str, ...], what: str) -> Any:
    """Return one of several words.

    Raises:
        ConfigurationError: it is none of them.
    """
    if value not in choices:
        raise ConfigurationError(f"{what} must be one of {', '.join(choices)}, not {value!r}.")
    return value


OnOutage = Literal["wait", "share", "fail"]
