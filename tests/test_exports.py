"""TMDB's daily id exports: read as they come, saved whole or not at all, and never with a credential."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from leaks import everything

from tmdb_ext import (
    APIError,
    ConfigurationError,
    ConnectError,
    DecodeError,
    InvalidArgument,
    MovieId,
    NamedId,
    NotFound,
    PersonId,
    RateLimited,
    RequestTimeout,
    ServerError,
    TMDBError,
    TransportError,
    TvSeriesId,
    UnexpectedRedirect,
    _exports,
    adownload_daily_ids,
    daily_ids,
    download_daily_ids,
)

DAY = date(2026, 3, 23)
PROGRAM = Path(__file__).parent / "programs" / "read_an_export.py"
VARIANTS = ["sync", "asyncio", "trio"]
LINES = [
    {"adult": False, "id": 11, "original_title": "Star Wars", "popularity": 20.5, "video": False},
    {"adult": True, "id": 12, "original_title": "Ünïcode\u2028 ☃", "popularity": 0, "video": True},
    {"id": 13},
    {"id": 14, "original_title": None, "awards": 3},
]


def lines_of(*values: Any) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


class Files:
    """An http server with files by path; it notes what it was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Path] = {}
        self.status = 200
        self.headers: dict[str, str] = {}
        self.cut: int | None = None
        self.stall = False
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.done = threading.Event()
        """Set when a connection has ended."""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.close_connection = True
                found = outer.files.get(self.path)
                self.send_response(404 if found is None else outer.status)
                body = found.read_bytes() if isinstance(found, Path) else found
                body = b"<html>nothing</html>" if body is None else body
                for name, value in {"Content-Length": str(len(body)), **outer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body[: outer.cut])
                    if outer.stall:
                        self.connection.recv(1)  # until the client goes away
                outer.done.set()

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, body: bytes | Path, kind: str = "movie", day: date = DAY) -> None:
        self.files[f"/p/exports/{kind}_ids_{day:%m_%d_%Y}.json.gz"] = body


@pytest.fixture
def server() -> Iterator[Files]:
    files = Files()
    thread = threading.Thread(target=files.server.serve_forever, args=(0.02,))
    thread.start()
    yield files
    files.server.shutdown()
    thread.join()
    files.server.server_close()


@pytest.fixture(params=VARIANTS)
def read(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """All rows of an export, read in the variant and on the backend; `most` leaves after some."""

    def sync(*arguments: Any, most: int | None = None, **options: Any) -> list[Any]:
        found = []
        with daily_ids(*arguments, **options) as rows:
            for row in rows:
                found.append(row)
                if len(found) == most:
                    break
        return found

    def asynchronous(*arguments: Any, most: int | None = None, **options: Any) -> list[Any]:
        found = []

        async def main() -> None:
            async with daily_ids(*arguments, **options) as rows:
                async for row in rows:
                    found.append(row)
                    if len(found) == most:
                        break

        anyio.run(main, backend=request.param)
        return found

    return sync if request.param == "sync" else asynchronous


@pytest.fixture(params=VARIANTS)
def download(request: pytest.FixtureRequest) -> Callable[..., Path]:
    def asynchronous(*arguments: Any, **options: Any) -> Path:
        return anyio.run(lambda: adownload_daily_ids(*arguments, **options), backend=request.param)

    return download_daily_ids if request.param == "sync" else asynchronous


# Rows


def test_rows_are_what_the_lines_say(server: Files, read: Callable[..., list[Any]]) -> None:
    server.put(packed(lines_of(*LINES)))
    assert read("movie", DAY, base_url=server.base_url) == [
        MovieId(11, "Star Wars", 20.5, adult=False, video=False),
        MovieId(12, "Ünïcode\u2028 ☃", 0, adult=True, video=True),
        MovieId(13, None, None, None, None),
        MovieId(14, None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("kind", "line", "row"),
    [
        ("tv_series", {"id": 1, "original_name": "a", "popularity": 2.5}, TvSeriesId(1, "a", 2.5)),
        ("person", {"adult": False, "id": 2, "name": "b", "popularity": 1}, PersonId(2, "b", 1, adult=False)),
        ("collection", {"id": 3, "name": "c"}, NamedId(3, "c")),
        ("tv_network", {"id": 4, "name": "d"}, NamedId(4, "d")),
        ("keyword", {"id": 5, "name": "e"}, NamedId(5, "e")),
        ("production_company", {"id": 6, "name": "f"}, NamedId(6, "f")),
        ("adult_movie", {"adult": True, "id": 7, "original_title": "g"}, MovieId(7, "g", None, True, None)),
        ("adult_tv_series", {"id": 8, "original_name": "h", "popularity": 1.5}, TvSeriesId(8, "h", 1.5)),
        ("adult_person", {"adult": True, "id": 9, "name": "i"}, PersonId(9, "i", None, adult=True)),
    ],
)
def test_each_kind_has_rows_of_its_own(server: Files, kind: Any, line: dict[str, Any], row: Any) -> None:
    server.put(packed(lines_of(line)), kind)
    with daily_ids(kind, DAY, base_url=server.base_url) as rows:
        assert (rows.kind, rows.day) == (kind, DAY)
        assert list(rows) == [row]


@pytest.mark.parametrize("kind", ["adult_movie", "adult_tv_series", "adult_person"])
def test_adult_ids_before_their_first_export_are_refused(
    server: Files, download: Callable[..., Path], tmp_path: Path, kind: Any
) -> None:
    before, first = date(2023, 7, 4), date(2023, 7, 5)
    for attempt in (
        lambda: daily_ids(kind, before, base_url=server.base_url),
        lambda: download(kind, tmp_path / "ids", before, base_url=server.base_url),
    ):
        with pytest.raises(InvalidArgument, match=f"TMDB exports adult ids since 2023-07-05, and has no {kind}"):
            attempt()
    assert server.asked == []
    server.put(packed(lines_of({"id": 1})), kind, first)
    with daily_ids(kind, first, base_url=server.base_url) as rows:
        assert [row.id for row in rows] == [1]
    server.put(packed(lines_of({"id": 2})), kind.removeprefix("adult_"), before)
    with daily_ids(kind.removeprefix("adult_"), before, base_url=server.base_url) as rows:
        assert [row.id for row in rows] == [2]


@pytest.mark.parametrize(
    "body",
    [
        packed(lines_of(*LINES)),
        packed(lines_of(*LINES).rstrip(b"\n")),
        packed(lines_of(*LINES).replace(b"\n", b"\r\n\r\n")),
        packed(lines_of(*LINES[:2])) + packed(lines_of(*LINES[2:])),
        packed(lines_of(*LINES)[:40]) + packed(b"") + packed(lines_of(*LINES)[40:]) + b"\0" * 100,
        lines_of(*LINES),
    ],
    ids=["usual", "no last line break", "blank lines", "two members", "split line and padding", "unpacked"],
)
def test_the_form_does_not_matter(server: Files, read: Callable[..., list[Any]], body: bytes, tmp_path: Path) -> None:
    server.put(body)
    assert [row.id for row in read("movie", DAY, base_url=server.base_url)] == [11, 12, 13, 14]
    (tmp_path / "movies").write_bytes(body)
    assert [row.id for row in read("movie", source=tmp_path / "movies")] == [11, 12, 13, 14]


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 1_000_000])
def test_every_size_of_content_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    """Where what is unpacked fills the last piece exactly, the end still is the end."""
    line = lines_of({"id": 1, "name": ""})
    body = b" " * (size - len(line)) + line if size else b""
    (tmp_path / "file").write_bytes(packed(body))
    assert list(daily_ids("keyword", source=tmp_path / "file")) == [NamedId(1, "")] * bool(size)


def test_an_export_of_nothing_has_no_rows(server: Files, read: Callable[..., list[Any]]) -> None:
    server.put(packed(b""))
    assert read("movie", DAY, base_url=server.base_url) == []


def test_the_rows_are_there_once(server: Files) -> None:
    server.put(packed(lines_of(*LINES)))
    rows = daily_ids("movie", DAY, base_url=server.base_url)
    assert len(list(rows)) == 4
    assert list(rows) == []
    assert len(server.asked) == 1


def test_nothing_is_sent_before_the_first_row_is_asked_for(server: Files) -> None:
    server.put(packed(lines_of(*LINES)))
    with daily_ids("movie", DAY, base_url=server.base_url) as rows:
        assert server.asked == []
    assert list(rows) == []
    assert server.asked == []


def test_rows_are_read_in_one_variant(server: Files) -> None:
    server.put(packed(lines_of(*LINES)))

    async def main() -> None:
        async with daily_ids("movie", DAY, base_url=server.base_url) as rows:
            assert (await anext(rows)).id == 11
            rows._ready = iter(())
            next(rows)

    with pytest.raises(ConfigurationError, match="for or async for"):
        anyio.run(main)


def test_leaving_early_closes_the_connection(server: Files, read: Callable[..., list[Any]]) -> None:
    server.put(packed(lines_of(*LINES)) + packed(os.urandom(3_000_000)))
    server.cut = 200_000
    server.stall = True
    assert [row.id for row in read("movie", DAY, base_url=server.base_url, most=2)] == [11, 12]
    assert server.done.wait(10)


def test_forgetting_the_rows_closes_the_connection(server: Files) -> None:
    server.put(packed(lines_of(*LINES)) + packed(os.urandom(3_000_000)))
    server.cut = 200_000
    server.stall = True
    for row in daily_ids("movie", DAY, base_url=server.base_url):
        assert row.id == 11
        break
    assert server.done.wait(10)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_closes_the_connection(server: Files, backend: str) -> None:
    server.put(packed(lines_of(*LINES)) + b"\0" * 3_000_000)
    server.cut = 200_000
    server.stall = True
    found = []

    async def main() -> None:
        with anyio.move_on_after(0.3) as scope:
            async with daily_ids("movie", DAY, base_url=server.base_url) as rows:
                async for row in rows:
                    found.append(row.id)  # noqa: PERF401 - what came before the end counts
        assert scope.cancelled_caught

    anyio.run(main, backend=backend)
    assert found == [11, 12, 13, 14]
    assert server.done.wait(10)


# What cannot be read


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "it is empty"),
        (b"\x1f", "cut short"),
        (packed(lines_of(*LINES))[:-9], "cut short"),
        (packed(lines_of(*LINES))[:5], "cut short"),
        (packed(lines_of(*LINES))[:-8] + b"12345678", "compression is broken"),
        (b"\x1f\x8b" + os.urandom(100), "compression is broken"),
        (packed(lines_of(*LINES)) + b"garbage", "compression is broken"),
        (b"<!doctype html><title>Sorry</title>", "neither gzip nor JSON lines but an HTML page"),
        (b"Sorry", "neither gzip nor JSON lines but something else"),
        (packed(b"<html>Sorry</html>"), r"\(line 1\): this is not a JSON object"),
        (packed(lines_of(*LINES) + b"{Sorry}\n"), r"\(line 5\): this is not a JSON object"),
        (packed(lines_of(*LINES) + b"[1]\n"), r"\(line 5\): this is not a JSON object"),
        (packed(lines_of(*LINES) + b'{"id": 15, "original_tit'), r"\(line 5\): this is not a JSON object"),
        (packed(lines_of(*LINES) + b"\xff\n"), r"\(line 5\): this is not a JSON object"),
        (packed(lines_of({"original_title": "Sorry"})), r"\(line 1\): there is no id"),
        (packed(lines_of({"id": "Sorry"})), r"\(line 1\): there is no id"),
        (packed(lines_of({"id": True})), r"\(line 1\): there is no id"),
        (packed(lines_of(*LINES) + b" " * 1_200_000), r"\(line 5\): a line is longer than 1048576 bytes"),
        (packed(b"[" * 200_000 + b"\n"), r"\(line 1\): this is not a JSON object"),
    ],
)
def test_what_is_not_an_export_is_a_decode_error(
    server: Files, read: Callable[..., list[Any]], body: bytes, says: str, tmp_path: Path
) -> None:
    server.put(body)
    with pytest.raises(DecodeError, match=says) as caught:
        read("movie", DAY, base_url=server.base_url)
    assert "export of movie ids of 2026-03-23" in str(caught.value)
    assert (caught.value.method, caught.value.path) == ("GET", "/p/exports/movie_ids_03_23_2026.json.gz")
    (tmp_path / "movies").write_bytes(body)
    with pytest.raises(DecodeError, match=says) as in_file:
        read("movie", source=tmp_path / "movies")
    for error in (caught.value, in_file.value):
        assert "Sorry" not in str(error)
        assert len(str(error)) < 300


def test_the_rows_before_the_fault_are_given(server: Files, read: Callable[..., list[Any]]) -> None:
    server.put(packed(lines_of(*LINES) + b"{Sorry}\n"))
    assert len(read("movie", DAY, base_url=server.base_url, most=4)) == 4


def test_after_an_error_there_are_no_rows(server: Files) -> None:
    server.put(packed(b"Sorry\n" + lines_of(*LINES)))
    rows = daily_ids("movie", DAY, base_url=server.base_url)
    with pytest.raises(DecodeError):
        next(rows)
    assert list(rows) == []


@pytest.mark.parametrize("status", [403, 404])
def test_an_export_that_is_not_there_is_not_found(server: Files, read: Callable[..., list[Any]], status: int) -> None:
    server.put(b"<Error>AccessDenied</Error>")
    server.status = status
    with pytest.raises(NotFound, match="08:00 UTC and kept for about three months") as caught:
        read("movie", DAY, base_url=server.base_url)
    assert (caught.value.http_status, caught.value.retryable) == (status, False)


@pytest.mark.parametrize(("status", "kind"), [(500, ServerError), (429, RateLimited), (418, APIError)])
def test_a_refusal_is_an_error_of_its_status(
    server: Files, read: Callable[..., list[Any]], status: int, kind: type[APIError]
) -> None:
    server.put(b"Sorry")
    server.status = status
    server.headers = {"Retry-After": "7"}
    with pytest.raises(kind) as caught:
        read("movie", DAY, base_url=server.base_url)
    assert (caught.value.http_status, caught.value.retry_after) == (status, 7)


def test_redirects_are_not_followed(server: Files, read: Callable[..., list[Any]]) -> None:
    server.put(b"")
    server.status = 302
    server.headers = {"Location": "https://elsewhere.example/"}
    with pytest.raises(UnexpectedRedirect):
        read("movie", DAY, base_url=server.base_url)
    assert len(server.asked) == 1


def test_a_connection_that_breaks_says_after_which_line(server: Files, read: Callable[..., list[Any]]) -> None:
    server.put(zlib.compress(b"", wbits=31) + packed(lines_of(*LINES)) + b"\0" * 300_000)
    server.cut = 200_000
    with pytest.raises(TransportError, match="after line 4") as caught:
        read("movie", DAY, base_url=server.base_url)
    assert caught.value.retryable


def test_no_answer_is_an_error_of_the_transport(server: Files, read: Callable[..., list[Any]]) -> None:
    with pytest.raises(ConnectError):
        read("movie", DAY, base_url="http://127.0.0.1:9")
    server.put(packed(lines_of(*LINES)) + b"\0" * 300_000)
    server.cut, server.stall = 200_000, True
    with pytest.raises(RequestTimeout):
        read("movie", DAY, base_url=server.base_url, timeout=0.2)


# What cannot be asked for


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (["film"], {}, "kind is one of movie, tv_series"),
        (["movie", datetime(2026, 3, 23, tzinfo=UTC)], {}, "datetime.date, not datetime"),
        (["movie", "2026-03-23"], {}, "datetime.date, not str"),
        (["movie", DAY], {"source": "movies.json"}, "day or source"),
    ],
)
def test_bad_arguments_are_refused(arguments: list[Any], options: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        daily_ids(*arguments, **options)


def test_the_future_is_refused_before_anything_is_sent(
    server: Files, tmp_path: Path, download: Callable[..., Path]
) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with pytest.raises(InvalidArgument, match="in the future"):
        daily_ids("movie", tomorrow, base_url=server.base_url)
    with pytest.raises(InvalidArgument, match="in the future"):
        download("movie", tmp_path / "movies", tomorrow, base_url=server.base_url)
    assert (server.asked, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    "base_url", ["", "files.tmdb.org", "ftp://files.tmdb.org", "https://a:b@files.tmdb.org", "https://files.tmdb.org?a"]
)
def test_an_unusable_address_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        daily_ids("movie", base_url=base_url)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 23, 7, 59, 59, tzinfo=UTC), date(2026, 3, 22)),
        (datetime(2026, 3, 23, 8, 0, tzinfo=UTC), date(2026, 3, 23)),
        (datetime(2026, 1, 1, 3, 0, tzinfo=UTC), date(2025, 12, 31)),
    ],
)
def test_the_latest_export_is_of_today_after_eight(
    server: Files, monkeypatch: pytest.MonkeyPatch, now: datetime, day: date
) -> None:
    monkeypatch.setattr(_exports, "_now", lambda: now)
    server.put(packed(lines_of({"id": 1})), "keyword", day)
    rows = daily_ids("keyword", base_url=server.base_url)
    assert (rows.day, list(rows)) == (day, [NamedId(1, None)])


def test_a_file_that_is_not_there_is_named(tmp_path: Path, read: Callable[..., list[Any]]) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigurationError, match=str(path)):
            read("movie", source=path)


# Saved


def test_what_is_saved_is_what_came(server: Files, download: Callable[..., Path], tmp_path: Path) -> None:
    body = packed(lines_of(*LINES))
    server.put(body)
    path = tmp_path / "movies.json.gz"
    path.write_text("the former one")
    assert download("movie", path, DAY, base_url=server.base_url) == path
    assert path.read_bytes() == body
    assert [path.name for path in tmp_path.iterdir()] == ["movies.json.gz"]
    assert [row.id for row in daily_ids("movie", source=path)] == [11, 12, 13, 14]


@pytest.mark.parametrize(
    ("body", "cut", "error"),
    [
        (packed(lines_of(*LINES))[:-3], None, DecodeError),
        (b"<html>", None, DecodeError),
        (lines_of(*LINES), None, DecodeError),
        (b"", None, DecodeError),
        (packed(os.urandom(300_000)), 200_000, TransportError),
        (None, None, NotFound),
    ],
)
def test_nothing_is_left_where_saving_fails(
    server: Files,
    download: Callable[..., Path],
    tmp_path: Path,
    body: bytes | None,
    cut: int | None,
    error: type[TMDBError],
) -> None:
    if body is not None:
        server.put(body)
    server.cut = cut
    with pytest.raises(error):
        download("movie", tmp_path / "new.json.gz", DAY, base_url=server.base_url)
    assert [path.name for path in tmp_path.iterdir()] == []
    (tmp_path / "movies.json.gz").write_text("the former one")
    with pytest.raises(error):
        download("movie", tmp_path / "movies.json.gz", DAY, base_url=server.base_url)
    assert [path.name for path in tmp_path.iterdir()] == ["movies.json.gz"]
    assert (tmp_path / "movies.json.gz").read_text() == "the former one"


def test_a_place_that_cannot_be_written_is_named(server: Files, download: Callable[..., Path], tmp_path: Path) -> None:
    server.put(packed(lines_of(*LINES)))
    for path in (tmp_path, tmp_path / "none" / "movies.json.gz"):
        with pytest.raises(ConfigurationError, match=str(path)):
            download("movie", path, DAY, base_url=server.base_url)
    assert (server.asked, [path.name for path in tmp_path.iterdir()]) == ([], [])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_nothing_is_left_where_saving_is_cancelled(server: Files, tmp_path: Path, backend: str) -> None:
    server.put(packed(os.urandom(300_000)))
    server.cut, server.stall = 200_000, True

    async def main() -> None:
        with anyio.move_on_after(0.3) as scope:
            await adownload_daily_ids("movie", tmp_path / "movies.json.gz", DAY, base_url=server.base_url)
        assert scope.cancelled_caught

    anyio.run(main, backend=backend)
    assert [path.name for path in tmp_path.iterdir()] == []
    assert server.done.wait(10)


# No credential


def test_no_credential_is_sent(
    server: Files, read: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = "c0ffee" * 6
    for name in ("ACCESS_TOKEN", "API_KEY", "USER_ACCESS_TOKEN", "SESSION_ID", "GUEST_SESSION_ID"):
        monkeypatch.setenv(f"TMDB_{name}", secret)
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {secret}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.put(packed(lines_of(*LINES)))
    read("movie", DAY, base_url=server.base_url)
    with pytest.raises(NotFound) as caught:
        read("keyword", DAY, base_url=server.base_url)
    assert len(server.asked) == 2
    for path, headers in server.asked:
        assert "?" not in path
        assert secret not in repr(headers)
        assert headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}
    assert secret not in everything(caught.value)


# Memory


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Exports by their number of lines."""
    made = {}
    for count in (10_000, 1_000_000):
        made[count] = tmp_path_factory.mktemp("exports") / f"{count}.json.gz"
        with gzip.GzipFile(made[count], "wb", compresslevel=1, mtime=0) as file:
            for start in range(1, count + 1, 10_000):
                file.write(
                    "".join(
                        f'{{"adult":false,"id":{number},"original_title":"The film number {number * 7919}",'
                        f'"popularity":{number % 977 / 8},"video":false}}\n'
                        for number in range(start, start + 10_000)
                    ).encode()
                )
    return made


@pytest.mark.skipif(os.name != "posix", reason="needs the peak memory of a process")
@pytest.mark.parametrize("how", VARIANTS)
def test_a_million_lines_take_no_more_memory_than_ten_thousand(
    server: Files, exports: dict[int, Path], how: str
) -> None:
    peaks = {}
    for count, path in exports.items():
        server.put(path)
        command = [sys.executable, str(PROGRAM), how, server.base_url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        rows, ids, peaks[count] = map(int, done.stdout.split())
        assert (rows, ids) == (count, count * (count + 1) // 2)
    print(f"peak, {how}: { ({count: f'{peak / 2**20:.1f} MB' for count, peak in peaks.items()}) }")
    assert peaks[1_000_000] - peaks[10_000] < 20 * 2**20
