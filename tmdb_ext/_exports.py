"""TMDB's daily id exports: every id of a kind, one row at a time, from TMDB or from a file.

An export of films has more than a million lines, so nothing here holds more than a piece of one. What is done with the
bytes is in `_Unpacker` and `_Rows`; where they come from, in the four sources, two sync and two async.

https://developer.themoviedb.org/docs/daily-id-exports
"""

from __future__ import annotations

import contextlib
import os
import secrets
import ssl
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Final,
    Generic,
    Literal,
    NamedTuple,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

from ._errors import ConfigurationError, DecodeError, InvalidArgument, NotFound, TMDBError, UnexpectedRedirect, cleaned
from ._http.deadline import NEVER
from ._http.messages import Request, Response, Timeouts, WireFailure, WireSettings
from ._http.responses import refusal_of
from ._http.settings import (
    TimeoutSetting,
    address_of,
    checked_proxy,
    checked_verify,
    headers_of,
    timeouts_of,
)
from ._http.translation import error_of
from ._http.urls import split_url
from ._json import loads
from ._redaction import install_log_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    import httpx

    from ._http._async.exchange import AsyncOpening, AsyncStreaming
    from ._http._async.transport import AsyncTransportWire
    from ._http._async.wire import AsyncPoolWire
    from ._http._sync.exchange import Opening, Streaming
    from ._http._sync.transport import TransportWire
    from ._http._sync.wire import PoolWire
    from ._images import Streamed

EXPORTS_URL: Final = "https://files.tmdb.org"
READY_AT: Final = 8
"""The hour (UTC) by which TMDB has written the exports of a day."""
LONGEST_LINE: Final = 1024 * 1024
"""Bytes; the lines of real exports have some hundred."""
DEFAULT_TIMEOUT: Final = Timeouts()
_PIECE: Final = 64 * 1024
_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
"""zlib's number for gzip with the largest window."""
# Identity, since an export is a gzip file by itself; anything else would be packed twice.
_HEADERS: Final = {"accept": "*/*", "accept-encoding": "identity"}
ADULT_SINCE: Final = date(2023, 7, 5)
"""The day of TMDB's first exports of adult ids; the other exports leave those out."""
_AVAILABLE: Final = "Exports are ready by 08:00 UTC and kept for about three months."

ExportKind: TypeAlias = Literal[
    "movie",
    "tv_series",
    "person",
    "collection",
    "tv_network",
    "keyword",
    "production_company",
    "adult_movie",
    "adult_tv_series",
    "adult_person",
]
NamedKind: TypeAlias = Literal["collection", "tv_network", "keyword", "production_company"]


class MovieId(NamedTuple):
    """A line of the export of movies. What the line does not have is None."""

    id: int
    original_title: str | None
    popularity: float | None
    adult: bool | None
    video: bool | None


class TvSeriesId(NamedTuple):
    """A line of the export of TV series. What the line does not have is None."""

    id: int
    original_name: str | None
    popularity: float | None


class PersonId(NamedTuple):
    """A line of the export of people. What the line does not have is None."""

    id: int
    name: str | None
    popularity: float | None
    adult: bool | None


class NamedId(NamedTuple):
    """A line of the export of collections, TV networks, keywords or production companies."""

    id: int
    name: str | None


Row = TypeVar("Row", MovieId, TvSeriesId, PersonId, NamedId)

_ROWS: Final[Mapping[str, type[Any]]] = {
    "movie": MovieId,
    "tv_series": TvSeriesId,
    "person": PersonId,
    "collection": NamedId,
    "tv_network": NamedId,
    "keyword": NamedId,
    "production_company": NamedId,
    "adult_movie": MovieId,
    "adult_tv_series": TvSeriesId,
    "adult_person": PersonId,
}


class DailyIds(Generic[Row]):
    """The rows of one export, read once from beginning to end: with ``for``, or with ``async for``.

    The connection or file is opened for the first row and closed after the last one. Use it as a context manager, or
    call `close` (`aclose`), where you leave before the end.
    """

    def __init__(self, export: _Export) -> None:
        self._export = export
        self._rows = _Rows(export)
        self._ready: Iterator[Any] = iter(())
        self._source: _Download | _File | None = None
        self._async_source: _AsyncDownload | _AsyncFile | None = None
        self._closed = False

    @property
    def kind(self) -> ExportKind:
        """What the ids are of."""
        return self._export.kind

    @property
    def day(self) -> date | None:
        """The day of the export; None for one that is read from a file."""
        return self._export.day

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        row: Row | None = next(self._ready, None)
        return self._next() if row is None else row

    def _next(self) -> Row:
        try:
            if self._source is None:
                self._begin()
                self._source = _Download(self._export) if self._export.path is None else _File(self._export)
            while True:
                row: Row | None = next(self._ready, None)
                if row is not None:
                    return row
                if self._rows.ended:
                    break
                self._ready = self._rows.of(self._source.read(self._rows.line))
        except BaseException:
            self.close()
            raise
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Close the connection or file. There are no rows after that; closing again does nothing."""
        self._end()
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_source", None) is not None:
            self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Row:
        row: Row | None = next(self._ready, None)
        return await self._anext() if row is None else row

    async def _anext(self) -> Row:
        try:
            if self._async_source is None:
                self._begin()
                chosen = _AsyncDownload if self._export.path is None else _AsyncFile
                self._async_source = chosen(self._export)
            while True:
                row: Row | None = next(self._ready, None)
                if row is not None:
                    return row
                if self._rows.ended:
                    break
                self._ready = self._rows.of(await self._async_source.read(self._rows.line))
        except BaseException:
            await self.aclose()
            raise
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the connection or file. There are no rows after that; closing again does nothing."""
        self._end()
        if self._async_source is not None:
            await self._async_source.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _begin(self) -> None:
        if self._source is not None or self._async_source is not None:
            raise ConfigurationError("These rows are being read with for or async for already: use one of them.")

    def _end(self) -> None:
        self._rows.ended = True
        self._ready = iter(())

    def __repr__(self) -> str:
        return f"<{self._export.name}, line {self._rows.line}>"


@overload
def daily_ids(
    kind: Literal["movie", "adult_movie"],
    day: date | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,
    **way: Unpack[Way],
) -> DailyIds[MovieId]: ...
@overload
def daily_ids(
    kind: Literal["tv_series", "adult_tv_series"],
    day: date | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,
    **way: Unpack[Way],
) -> DailyIds[TvSeriesId]: ...
@overload
def daily_ids(
    kind: Literal["person", "adult_person"],
    day: date | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,
    **way: Unpack[Way],
) -> DailyIds[PersonId]: ...
@overload
def daily_ids(
    kind: NamedKind,
    day: date | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,
    **way: Unpack[Way],
) -> DailyIds[NamedId]: ...
def daily_ids(
    kind: ExportKind,
    day: date | None = None,
    *,
    source: str | os.PathLike[str] | None = None,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,
    **way: Unpack[Way],
) -> DailyIds[Any]:
    """Read every id of a kind from TMDB's export of a day, with ``for`` or ``async for``; memory stays small.

    No credential is sent, and none is needed.

    https://developer.themoviedb.org/docs/daily-id-exports

    Args:
        kind: ``movie``, ``tv_series``, ``person``, ``collection``, ``tv_network``, ``keyword`` or
            ``production_company``; ``adult_movie``, ``adult_tv_series`` or ``adult_person`` for adult ids, which TMDB
            exports apart since 2023-07-05.
        day: the day (UTC) of the export; the latest one that is ready if None: today's after 08:00 UTC.
        source: a file to read in place of TMDB, as `download_daily_ids` leaves it or unpacked.
        base_url: scheme, host and port to read from.
        timeout: seconds for each phase (connect, read, write, pool), or an `httpx.Timeout`; None waits for ever.
        way: `proxy`, `verify`, `headers` and `transport`, each as a client takes it. A transport is not closed.

    Returns:
        An iterator over the rows, in TMDB's order. Reading it raises:
        `NotFound` where there is no export of the day; `DecodeError`, with the line's number, for what is not an export
        or is cut short; `ConfigurationError` for a file that cannot be read; another `APIError` or `TransportError`.

    Raises:
        InvalidArgument: there is no such kind, the day is in the future or before the first export of adult ids, or
            `source` is given together with `day`.
        ConfigurationError: `base_url` is not usable.
    """
    if source is not None and day is not None:
        raise InvalidArgument("Give day or source, not both: a file is of the day on which it was made.")
    if source is not None:
        return DailyIds(_Export(_checked_kind(kind), path=Path(source)))
    return DailyIds(_published(kind, day, base_url, timeout, way))


def download_daily_ids(
    kind: ExportKind,
    path: str | os.PathLike[str],
    day: date | None = None,
    *,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,
    **way: Unpack[Way],
) -> Path:
    """Save TMDB's export of a day, packed as it comes, for ``daily_ids(kind, source=path)``.

    The file is there when all of it has come and its checksum is right; until then what was at `path` stays.

    https://developer.themoviedb.org/docs/daily-id-exports

    Args:
        kind: as for `daily_ids`.
        path: where to save it, such as ``movies.json.gz``; a file that is there is replaced.
        day: the day (UTC) of the export; the latest one that is ready if None.
        base_url: scheme, host and port to read from.
        timeout: seconds for each phase, or an `httpx.Timeout`; None waits for ever.
        way: as for `daily_ids`.

    Returns:
        The path.

    Raises:
        InvalidArgument: there is no such kind, or the day is in the future or before the first export of adult ids.
        ConfigurationError: the file cannot be written.
        NotFound: there is no export of the day.
        DecodeError: what came is not an export, or is cut short.
        APIError: TMDB refused for another reason.
        TransportError: no answer came, or the connection broke.
    """
    export = _published(kind, day, base_url, timeout, way)
    with _saving(Path(path)) as write, contextlib.closing(_Download(export)) as source:
        unpacker = _Unpacker(export, packed=True)
        while piece := source.read(0):
            unpacker.check(piece)
            write(piece)
        unpacker.finish(0)
    return Path(path)


async def adownload_daily_ids(
    kind: ExportKind,
    path: str | os.PathLike[str],
    day: date | None = None,
    *,
    base_url: str = EXPORTS_URL,
    timeout: TimeoutSetting = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - httpx's, for each phase
    **way: Unpack[Way],
) -> Path:
    """Save TMDB's export of a day, packed as it comes: `download_daily_ids`, awaited. On asyncio or trio."""
    from anyio.to_thread import run_sync  # noqa: PLC0415 - only async programs need it

    export = _published(kind, day, base_url, timeout, way)
    source = _AsyncDownload(export)
    with _saving(Path(path)) as write:
        try:
            unpacker = _Unpacker(export, packed=True)
            while piece := await source.read(0):
                unpacker.check(piece)
                await run_sync(write, piece)
            unpacker.finish(0)
        finally:
            await source.aclose()
    return Path(path)


def latest_day(now: datetime) -> date:
    """Return the day of the latest export that is ready at a time (aware)."""
    return (now.astimezone(UTC) - timedelta(hours=READY_AT)).date()


def _now() -> datetime:
    return datetime.now(UTC)


class Way(TypedDict, total=False):
    """How an export is fetched, if not as the environment says."""

    proxy: str | httpx.Proxy | None
    verify: ssl.SSLContext | None
    headers: Mapping[str, str]
    transport: Any


class _Export(NamedTuple):
    """Which export is read, and from where."""

    kind: ExportKind
    day: date | None = None
    url: str = ""
    path: Path | None = None
    timeout: TimeoutSetting = None
    way: Way | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        of = f"export of {self.kind} ids"
        return f"{of} in {self.path}" if self.path is not None else f"{of} of {self.day}"

    @property
    def context(self) -> dict[str, Any]:
        """How errors name the request."""
        if self.path is not None:
            return {}
        return {"method": "GET", "path": split_url(self.url)[1]}

    def broken(self, problem: str, line: int) -> DecodeError:
        """Return the error for what cannot be read after that many lines; it quotes nothing of the content."""
        place = f" (line {line})" if line else ""
        return DecodeError(f"The {self.name}{place}: {problem}.", **self.context)


def _checked_kind(kind: ExportKind) -> ExportKind:
    if kind not in _ROWS:
        raise InvalidArgument(f"TMDB has no export of {str(kind)[:40]!r}; kind is one of {', '.join(_ROWS)}.")
    return kind


def _published(kind: ExportKind, day: date | None, base_url: str, timeout: TimeoutSetting, way: Way) -> _Export:
    """Return the export of a day at TMDB."""
    _checked_kind(kind)
    address = str(address_of(base_url))
    now = _now()
    if day is None:
        day = latest_day(now)
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidArgument(f"day must be a datetime.date, not {type(day).__name__}.")
    if day > now.date():
        raise InvalidArgument(f"day is {day}, which is in the future: it is {now.date()} in UTC. {_AVAILABLE}")
    if kind.startswith("adult_") and day < ADULT_SINCE:
        raise InvalidArgument(
            f"day is {day}: TMDB exports adult ids since {ADULT_SINCE}, and has no {kind} before that."
        )
    return _Export(kind, day, f"{address}/p/exports/{kind}_ids_{day:%m_%d_%Y}.json.gz", None, timeout, way)


# What is done with the bytes


class _Unpacker:
    """Unpacks gzip bit by bit; what is not packed goes through as it is."""

    def __init__(self, export: _Export, *, packed: bool = False) -> None:
        self._export = export
        self._only_packed = packed
        self._start: bytes | None = b""
        self._member: Any = None
        self._packed = True

    def pieces(self, data: bytes, line: Callable[[], int]) -> Iterator[bytes]:
        """Unpack some bytes into pieces of a limited size. Exhaust it before the next call."""
        if self._start is not None:
            data = self._start + data
            self._start = data
            if len(data) < len(_GZIP):
                return
            self._start = None
            self._packed = data.startswith(_GZIP)
            if not self._packed and (self._only_packed or not data.lstrip().startswith(b"{")):
                what = "an HTML page" if data.lstrip()[:1] == b"<" else "something else"
                raise self._export.broken(f"this is neither gzip nor JSON lines but {what}", 0)
        if not self._packed:
            yield data
            return
        more = False
        while data or more:
            if self._member is None:
                data = data.lstrip(b"\0")  # padding after a member
                if not data:
                    return
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error:
                raise self._export.broken("its gzip compression is broken", line()) from None
            data = self._member.unconsumed_tail
            more = len(piece) == _PIECE
            if self._member.eof:
                data = self._member.unused_data
                self._member = None
                more = False
            if piece:
                yield piece

    def check(self, data: bytes) -> None:
        """Unpack some bytes and forget them."""
        for _ in self.pieces(data, lambda: 0):
            pass

    def finish(self, line: int) -> None:
        """Check that the bytes were all.

        Raises:
            DecodeError: they are cut short.
        """
        if self._start is not None:
            problem = "it is cut short" if self._start else "it is empty"
            raise self._export.broken(problem, line)
        if self._member is not None:
            raise self._export.broken("it is cut short, its gzip compression has no end", line)


class _Rows:
    """Makes rows of bytes as they come."""

    def __init__(self, export: _Export) -> None:
        self.line = 0
        """How many lines were read."""
        self.ended = False
        """Whether the last row was made."""
        self._export = export
        self._make: type[Any] = _ROWS[export.kind]
        self._unpacker = _Unpacker(export)
        self._rest = b""

    def of(self, data: bytes) -> Iterator[Any]:
        """Make the rows that end in some bytes; no bytes at all mean the end. Exhaust it before the next call."""
        if not data:
            self._unpacker.finish(self.line)
            self.ended = True
            if self._rest.strip():
                yield self._row(self._rest)
            return
        for piece in self._unpacker.pieces(data, lambda: self.line):
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                row = self._row(line)
                if row is not None:
                    yield row
            if len(self._rest) > LONGEST_LINE:
                raise self._export.broken(f"a line is longer than {LONGEST_LINE} bytes", self.line + 1)

    def _row(self, line: bytes) -> Any:
        self.line += 1
        try:
            found = loads(line)
        except (ValueError, RecursionError):
            if not line.strip():
                return None
            found = None
        if not isinstance(found, dict):
            raise self._export.broken("this is not a JSON object", self.line)
        if type(found.get("id")) is not int:
            raise self._export.broken("there is no id", self.line)
        return self._make(*map(found.get, self._make._fields))


# Where the bytes come from


def _settings(way: Way | None) -> WireSettings:
    given = way or {}
    return WireSettings(proxy=checked_proxy(given.get("proxy")), verify=checked_verify(given.get("verify")))


def _request(export: _Export) -> Request:
    """Return the request for an export. It has no credential: not by argument, not from the environment."""
    install_log_filter()
    origin, target = split_url(export.url)
    given = dict(headers_of((export.way or {}).get("headers")))
    return Request("GET", origin, target, [*{**given, **_HEADERS, "user-agent": given["user-agent"]}.items()])


def _refusal(export: _Export, response: Streamed) -> TMDBError | None:
    """Return what an answer means that is not an export."""
    status = response.status
    if status == 200:
        return None
    if status in (403, 404):
        message = f"There is no {export.name} (HTTP {status}). {_AVAILABLE}"
        return NotFound(message, http_status=status, **export.context)
    if 300 <= status < 400:
        message = f"The {export.name}: HTTP {status}, the server points elsewhere; redirects are not followed."
        return UnexpectedRedirect(message, http_status=status, **export.context)
    return refusal_of("GET", export.context["path"], Response(status, response.headers, b""))


def _failure(export: _Export, failure: WireFailure, line: int) -> TMDBError:
    error = error_of(failure, {"operation": None, **export.context})
    if line:
        error.args = (f"{error} (after line {line})",)
    return error


class _Download:
    def __init__(self, export: _Export) -> None:
        self._export = export
        self._opening: Opening | None = None
        self._streaming: Streaming | None = None
        self._wire: PoolWire | None = None

    def read(self, line: int) -> bytes:
        """Return the next bytes, or none at the end."""
        export = self._export
        try:
            if self._streaming is None:
                request = _request(export)
                transport = (export.way or {}).get("transport")
                wire: PoolWire | TransportWire
                if transport is None:
                    from ._http._sync.wire import PoolWire  # noqa: PLC0415 - only sync programs need it

                    wire = self._wire = PoolWire(_settings(export.way), [request.origin])
                else:
                    from ._http._sync.transport import TransportWire  # noqa: PLC0415 - the same

                    wire = TransportWire(transport)
                self._opening = wire.open(request, timeouts_of(export.timeout), NEVER)
                self._streaming = self._opening.__enter__()
                refusal = _refusal(export, self._streaming)
                if refusal is not None:
                    raise refusal
            return next(self._streaming, b"")
        except WireFailure as failure:
            error: BaseException = _failure(export, failure, line)
        except BaseException as caught:  # noqa: BLE001 - a proxy's password may be in the frames behind it
            error = caught
        raise cleaned(error)

    def close(self) -> None:
        if self._opening is not None:
            self._opening.__exit__(None, None, None)
        if self._wire is not None:
            self._wire.close()


class _AsyncDownload:
    def __init__(self, export: _Export) -> None:
        self._export = export
        self._opening: AsyncOpening | None = None
        self._streaming: AsyncStreaming | None = None
        self._wire: AsyncPoolWire | None = None

    async def read(self, line: int) -> bytes:
        """Return the next bytes, or none at the end."""
        export = self._export
        try:
            if self._streaming is None:
                request = _request(export)
                transport = (export.way or {}).get("transport")
                wire: AsyncPoolWire | AsyncTransportWire
                if transport is None:
                    from ._http._async.wire import AsyncPoolWire  # noqa: PLC0415 - only async programs need it

                    wire = self._wire = AsyncPoolWire(_settings(export.way), [request.origin])
                else:
                    from ._http._async.transport import AsyncTransportWire  # noqa: PLC0415 - the same

                    wire = AsyncTransportWire(transport)
                self._opening = wire.open(request, timeouts_of(export.timeout), NEVER)
                self._streaming = await self._opening.__aenter__()
                refusal = _refusal(export, self._streaming)
                if refusal is not None:
                    raise refusal
            return await anext(self._streaming, b"")
        except WireFailure as failure:
            error: BaseException = _failure(export, failure, line)
        except BaseException as caught:  # noqa: BLE001 - a proxy's password may be in the frames behind it
            error = caught
        raise cleaned(error)

    async def aclose(self) -> None:
        if self._opening is not None:
            await self._opening.__aexit__(None, None, None)
        if self._wire is not None:
            await self._wire.aclose()


class _File:
    def __init__(self, export: _Export) -> None:
        self._export = export
        self._file: BinaryIO | None = None

    def read(self, line: int) -> bytes:
        """Return the next bytes, or none at the end."""
        try:
            if self._file is None:
                assert self._export.path is not None  # noqa: S101 - that is what the class is for
                self._file = self._export.path.expanduser().open("rb")
            return self._file.read(_PIECE)
        except OSError as error:
            problem = error.strerror
        where = f" (after line {line})" if line else ""
        raise ConfigurationError(f"The file {self._export.path} cannot be read{where}: {problem}.")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class _AsyncFile:
    def __init__(self, export: _Export) -> None:
        self._file = _File(export)

    async def read(self, line: int) -> bytes:
        """Return the next bytes, or none at the end."""
        from anyio.to_thread import run_sync  # noqa: PLC0415 - only async programs need it

        return await run_sync(self._file.read, line)

    async def aclose(self) -> None:
        self._file.close()


@contextlib.contextmanager
def _saving(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Give a function that writes to a new file beside `path`, which takes that place in the end or goes away."""
    path = path.expanduser()
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder; name a file in it.")
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with new.open("xb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        return
    except OSError as error:
        if isinstance(error, TMDBError):  # one of those that are builtin errors as well
            raise
        problem = error.strerror
    finally:
        with contextlib.suppress(OSError):
            new.unlink()
    raise ConfigurationError(f"The file {path} cannot be written: {problem}.")
