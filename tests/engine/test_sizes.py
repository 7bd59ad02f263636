"""A response has a limit: what would be too large is an error of ours, before it fills the memory."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import date
from functools import cache
from typing import Any

import pytest
from running import run_program
from variants import VARIANTS, outcome
from wire import Request, film, json_reply, reply, serving, then_close

import tmdb_ext
from tmdb_ext import DecodeError, RetryPolicy, daily_ids

LIMIT = 1_000_000
MIB = 1024 * 1024
ONCE = RetryPolicy(attempts=1)
every_variant = pytest.mark.parametrize("variant", VARIANTS)


def body_of(size: int) -> bytes:
    """A film that is so many bytes of JSON."""
    begin = json.dumps({"id": 11, "overview": ""}).encode()[:-2]
    return begin + b"x" * (size - len(begin) - 2) + b'"}'


def chunked(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"


def ways(size: int) -> dict[str, Any]:
    """How a body of so many bytes may come."""
    body = body_of(size)
    return {
        "with a length": reply(body),
        "in chunks": chunked(body),
        "until the end": then_close(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + body),
        "as gzip": reply(gzip.compress(body), content_encoding="gzip"),
    }


WAYS = list(ways(100))


@every_variant
@pytest.mark.parametrize("way", WAYS)
def test_a_response_that_is_larger_than_the_limit_is_refused(way: str, variant: str) -> None:
    with serving(ways(5 * LIMIT)[way]) as server:
        came = outcome(
            variant, lambda tmdb: tmdb.movies.details(11), base_url=server.address, retries=ONCE,
            max_response_size=LIMIT,
        )  # fmt: skip
    assert isinstance(came.error, tmdb_ext.ResponseTooLarge)  # type: ignore[attr-defined]
    assert isinstance(came.error, DecodeError)
    assert came.error.operation == "movie-details"
    assert "max_response_size" in str(came.error)


@every_variant
@pytest.mark.parametrize("way", WAYS)
def test_a_response_within_the_limit_is_read(way: str, variant: str) -> None:
    with serving(ways(LIMIT)[way]) as server:
        came = outcome(
            variant, lambda tmdb: tmdb.movies.details(11), base_url=server.address, retries=ONCE,
            max_response_size=LIMIT,
        )  # fmt: skip
    assert came.error is None
    assert came.value.id == 11


@every_variant
def test_a_refusal_that_is_too_large_does_not_fill_the_memory_either(variant: str) -> None:
    page = gzip.compress(b" " * (5 * LIMIT))
    with serving(reply(page, "503 Service Unavailable", content_encoding="gzip")) as server:
        came = outcome(
            variant, lambda tmdb: tmdb.movies.details(11), base_url=server.address, retries=ONCE,
            max_response_size=LIMIT,
        )  # fmt: skip
    assert came.error is not None


@pytest.mark.parametrize("size", [0, -1, 1.5, "64", True])
def test_a_limit_that_is_no_number_of_bytes_is_refused(size: Any) -> None:
    with pytest.raises(tmdb_ext.ConfigurationError, match="max_response_size"):
        tmdb_ext.TMDB(api_key="0" * 31 + "1", max_response_size=size)  # type: ignore[call-arg]


@cache
def bomb(size: int) -> bytes:
    """A film of so many bytes, packed into about a thousandth of them."""
    packer = zlib.compressobj(level=1, wbits=31)
    pieces = [packer.compress(b'{"id": 11, "overview": "')]
    pieces += [packer.compress(b"x" * MIB) for _ in range(size // MIB)]
    return b"".join([*pieces, packer.compress(b'"}'), packer.flush()])


@every_variant
def test_without_a_setting_nothing_beyond_64_mib_is_unpacked(variant: str) -> None:
    def answer(request: Request) -> bytes:
        return reply(bomb(400 * MIB), content_encoding="gzip") if request.path == "/3/movie/2" else film(request)

    with serving(answer) as server:
        told = run_program("read_something_large", server.address, variant)
    assert told["came"] == "ResponseTooLarge"
    assert told["grown"] < 3 * 64 * MIB


def test_an_export_may_be_as_large_as_it_is() -> None:
    """It is read row by row, so there is nothing to limit."""
    line = b'{"id": 1, "original_title": "' + b"x" * 1000 + b'"}\n'
    packer = zlib.compressobj(level=1, wbits=31)
    packed = b"".join([packer.compress(line * 1000) for _ in range(70)] + [packer.flush()])
    with serving(reply(packed, content_type="application/gzip")) as server:
        rows = sum(1 for _ in daily_ids("movie", date(2026, 3, 23), base_url=server.address))
    assert rows == 70_000
    assert rows * len(line) > 64 * MIB


def test_a_list_of_many_results_is_no_large_response() -> None:
    with serving(json_reply({"results": [{"id": number} for number in range(20_000)]})) as server:
        came = outcome("sync", lambda tmdb: tmdb.search.movie("x"), base_url=server.address)
    assert len(came.value.results) == 20_000
