"""Fetching many things: a few at once, results as they come, and a file to go on from.

The client's retries and its rate limit hold for each call. What is decided is shared; a thread pool and a task group do
the work.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, Self, TypeVar

from ._errors import AuthenticationError, ConfigurationError, DecodeError, InvalidArgument, TMDBError, cleaned
from ._operations import name_of, operation_of

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from filelock import FileLock

T = TypeVar("T")
M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)

FORMAT: Final = "tmdb-ext fetched 1"
"""The first line of a file of results names it, so that another file is not mistaken for one."""
SECRET_ARGUMENTS: Final = frozenset(
    {"access_token", "guest_session_id", "password", "request_token", "session_id", "user_access_token"}
)
_OF_THE_KEY: Final = frozenset({7, 10})
"""TMDB's status codes that every call of this client would get."""


class Fetched(Generic[T]):
    """What came of one id: the value, or the error."""

    __slots__ = ("error", "id", "value")

    def __init__(self, id: int | str, value: T | None = None, error: TMDBError | None = None) -> None:  # noqa: A002
        self.id = id
        """The id that was asked for."""
        self.value = value
        """What TMDB has of it; None where that failed."""
        self.error = error
        """Why there is no value."""

    def result(self) -> T:
        """Return the value.

        Raises:
            TMDBError: there is none; the error is that of the call.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]

    def __repr__(self) -> str:
        came = type(self.value).__name__ if self.error is None else repr(self.error)
        return f"<Fetched {self.id!r}: {came}>"


class Progress(NamedTuple):
    """How far a run is."""

    done: int
    """How many ids have a value, those of former runs included."""
    failed: int
    """How many have failed in this run."""
    total: int | None
    """How many there are, where `ids` has a length."""


class Model(Protocol[M_co]):
    """A class of the generated models."""

    def from_dict(self, src_dict: Mapping[str, Any], /) -> M_co:
        """Read what TMDB has sent."""


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


class FetchMany(Generic[T]):
    """The results of a run, in the order in which they come. Each iteration is a run."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __iter__(self) -> Iterator[Fetched[T]]:
        job = self._job
        pending: dict[Future[Any], int | str] = {}
        pool = ThreadPoolExecutor(job.concurrency, thread_name_prefix="tmdb-fetch")
        try:
            ids = job.begin()
            while True:
                for one in _first(ids, job.concurrency - len(pending)):
                    # Each call sees the modes that hold here.
                    call = functools.partial(job.method, one, **job.arguments)
                    pending[pool.submit(contextvars.copy_context().run, call)] = one
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    one = pending.pop(future)
                    error = future.exception()
                    if error is None:
                        yield job.fetched(one, future.result())
                    elif isinstance(error, TMDBError):
                        yield job.failed(one, error)
                    else:
                        raise error
        finally:
            pool.shutdown(cancel_futures=True)
            job.end()

    def __repr__(self) -> str:
        return f"<FetchMany {self._job!r}>"


class AsyncFetchMany(Generic[T]):
    """The results of a run, in the order in which they come: ``async with tmdb.fetch_many(...) as results``.

    The block is what ends the calls under way when the loop is left early.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._tasks: TaskGroup | None = None
        self._results: MemoryObjectReceiveStream[Fetched[T] | BaseException] | None = None

    async def __aenter__(self) -> Self:
        import anyio  # noqa: PLC0415 - only async clients need it

        if self._tasks is not None:
            raise ConfigurationError("This run has begun already: call fetch_many() again for another one.")
        ids = self._job.begin()
        send, self._results = anyio.create_memory_object_stream[Fetched[T] | BaseException]()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        for _ in range(self._job.concurrency):
            self._tasks.start_soon(self._work, ids, send.clone())
        send.close()
        return self

    async def _work(self, ids: Iterator[int | str], send: MemoryObjectSendStream[Fetched[T] | BaseException]) -> None:
        """Fetch one after the other. What is wrong for all goes to whoever reads the results."""
        job = self._job
        with send:
            for one in ids:
                try:
                    value = await job.method(one, **job.arguments)
                except TMDBError as error:
                    came = _outcome(job.failed, one, error)
                else:
                    came = _outcome(job.fetched, one, value)
                await send.send(came)
                if isinstance(came, BaseException):
                    return

    def __aiter__(self) -> Self:
        if self._results is None:
            raise ConfigurationError("Write: async with tmdb.fetch_many(...) as results, and iterate over results.")
        return self

    async def __anext__(self) -> Fetched[T]:
        if self._results is None:
            raise StopAsyncIteration
        came = await anext(self._results)
        if isinstance(came, BaseException):
            raise came
        return came

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks, results = self._tasks, self._results
        if tasks is None or results is None:
            return
        try:
            tasks.cancel_scope.cancel()
            # Not told of an error in the block, which it would put into a group.
            await tasks.__aexit__(None, None, None)
        finally:
            results.close()
            self._job.end()

    def __repr__(self) -> str:
        return f"<AsyncFetchMany {self._job!r}>"


def _outcome(note: Callable[[int | str, Any], Fetched[Any]], one: int | str, came: Any) -> Fetched[Any] | BaseException:
    try:
        return note(one, came)
    except Exception as error:  # noqa: BLE001 - it is raised where the results are read
        return error


def _first(ids: Iterator[int | str], count: int) -> Iterator[int | str]:
    for _, one in zip(range(count), ids, strict=False):
        yield one


# The file


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
