"""Decompressing: every encoding that is offered, in pieces of any size, up to a limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from tmdb_ext._http import decoding
from tmdb_ext._http.decoding import Reader, accept_encoding
from tmdb_ext._http.messages import WireFailure


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "two members": ("gzip", lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:])),
    "deflate": ("deflate", zlib.compress),
    "deflate without a header": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "two frames": ("zstd", lambda data: zstd.compress(data[:7]) + zstd.compress(data[7:])),
    "twice": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    "thrice": ("br, deflate, gzip", lambda data: gzip.compress(zlib.compress(brotli.compress(data)))),
    "identity": ("identity", lambda data: data),
}
every = pytest.mark.parametrize(("name", "compress"), ENCODINGS.values(), ids=ENCODINGS)
every_with_an_end = pytest.mark.parametrize(
    ("name", "compress"), [pair for key, pair in ENCODINGS.items() if key != "identity"]
)


@pytest.fixture(params=["new", "old"])
def zstd_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both libraries for zstd, whichever is preferred."""
    if request.param == "old":
        monkeypatch.setitem(decoding.makers(), "zstd", decoding._Zstandard)


def read(name: str, data: bytes, size: int = 1000, most: int | None = None) -> bytes:
    reader = Reader([("content-encoding", name)], most)
    pieces = [piece for start in range(0, len(data), size) for piece in reader.feed(data[start : start + size])]
    reader.finish()
    assert reader.received == len(data)
    return b"".join(pieces)


def test_all_encodings_are_offered() -> None:
    assert accept_encoding() == "gzip, deflate, br, zstd"


@every
@pytest.mark.usefixtures("zstd_library")
@pytest.mark.parametrize("size", [1, 13, 100_000])
def test_what_was_compressed_comes_back(name: str, compress: Callable[[bytes], bytes], size: int) -> None:
    data = bytes(range(256)) * 300
    assert read(name, compress(data), size) == data
    assert read(name, compress(b""), size) == b""
    assert read(name, b"", size) == b""


@given(st.binary(max_size=500), st.sampled_from(list(ENCODINGS)), st.integers(1, 600))
def test_any_bytes_come_back(data: bytes, kind: str, size: int) -> None:
    name, compress = ENCODINGS[kind]
    assert read(name, compress(data), size) == data


@every_with_an_end
@pytest.mark.usefixtures("zstd_library")
def test_what_was_cut_is_a_failure(name: str, compress: Callable[[bytes], bytes]) -> None:
    data = compress(bytes(range(256)) * 10)
    with pytest.raises(WireFailure) as caught:
        read(name, data[:-5] if compress is not raw_deflate else data[:-1])
    assert (caught.value.kind, caught.value.sent) == ("compression", True)
    assert caught.value.__context__ is None


@pytest.mark.usefixtures("zstd_library")
@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "deflate, gzip"])
def test_what_is_no_compressed_data_is_a_failure(name: str) -> None:
    with pytest.raises(WireFailure) as caught:
        read(name, b"\xff<html>not compressed at all</html>" * 10)
    assert caught.value.kind == "compression"


@pytest.mark.usefixtures("zstd_library")
@pytest.mark.parametrize("kind", ["gzip", "deflate", "deflate without a header", "br", "zstd", "twice"])
def test_a_small_body_that_becomes_a_large_one_is_given_up_before_memory_is_used(kind: str) -> None:
    name, compress = ENCODINGS[kind]
    body = compress(b"\0" * 200_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(WireFailure, match="too large"):
            read(name, body, 65536, most=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_limit_holds_for_what_is_not_compressed() -> None:
    assert read("identity", b"a" * 1000, 10, most=1000) == b"a" * 1000
    with pytest.raises(WireFailure, match="more than 999 bytes"):
        read("identity", b"a" * 1000, 10, most=999)
    for length in ("1000", "999999999999999999999"):
        with pytest.raises(WireFailure, match="more than 999 bytes"):
            Reader([("content-length", length)], 999)
    for length in ("", "-1", "x", "²"):
        Reader([("content-length", length)], 999)


def test_an_encoding_that_nobody_offered_is_left_as_it_is() -> None:
    headers = [("content-encoding", "lzma"), ("content-length", "3")]
    reader = Reader(headers, None)
    assert list(reader.feed(b"abc")) == [b"abc"]
    assert reader.headers(headers) == headers


def test_headers_are_true_of_what_was_decompressed() -> None:
    headers = [("content-encoding", "gzip"), ("content-type", "a"), ("content-length", "3")]
    assert Reader(headers, None).headers(headers) == [("content-type", "a")]


def test_nobody_has_to_undo_a_thousand_encodings() -> None:
    with pytest.raises(WireFailure, match="too many encodings"):
        Reader([("content-encoding", "gzip, " * 1000)], None)


def test_what_follows_a_gzip_member_and_is_none_is_padding() -> None:
    assert read("gzip", gzip.compress(b"abc") + b"\0" * 100) == b"abc"


def test_a_library_that_cannot_be_limited_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Decompressor:
        """What brotli had before 1.2."""

    def modules(name: str) -> Any:
        return type("module", (), {"Decompressor": Decompressor})

    monkeypatch.setattr(decoding, "import_module", modules)
    assert "br" not in decoding.makers.__wrapped__()
    monkeypatch.setattr(decoding, "_installed", lambda *names: None)
    assert list(decoding.makers.__wrapped__()) == ["gzip", "x-gzip", "deflate"]


def test_the_old_library_for_zstd_is_used_if_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_installed", lambda *names: "zstandard" if names == ("zstandard",) else None)
    assert decoding.makers.__wrapped__()["zstd"] is decoding._Zstandard
