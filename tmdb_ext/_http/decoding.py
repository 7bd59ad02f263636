"""Decompressing a body piece by piece, so that a small one cannot become an endless one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

from .messages import Headers, WireFailure

PIECE: Final = 64 * 1024
"""Bytes that one step of decompression makes at most, if its library can be told so."""

_MOST_ENCODINGS: Final = 4

_LITTLE: Final = 128
"""Bytes that are decompressed at once by a library that cannot be told: four of zstd may make 128 KiB."""


class Decoder(Protocol):
    """Decompresses what it is fed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decompresses to."""

    def is_complete(self) -> bool:
        """Whether the data so far is all of it, or nothing at all."""


class _Zlib:
    """gzip, of one member or several, and deflate, with or without its header."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inner = zlib.decompressobj(bits)
        self._held = b""
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._bits == _DEFLATE and not self._begun:
            data = self._held = self._held + data
            if len(data) < 2:
                return
            if data[0] & 15 != zlib.DEFLATED or int.from_bytes(data[:2], "big") % 31:
                # Some servers leave the header of zlib out.
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        while data:
            if self._inner.eof:
                if self._bits != _GZIP or not data.startswith(b"\x1f"):
                    return  # padding
                self._inner = zlib.decompressobj(self._bits)
            self._begun = True
            yield self._inner.decompress(data, PIECE)
            data = self._inner.unconsumed_tail or self._inner.unused_data

    def is_complete(self) -> bool:
        return self._inner.eof if self._begun else not self._held


class _Brotli:
    """br, with brotli or brotlicffi, which name one method differently."""

    def __init__(self, library: str) -> None:
        self._inner: Any = import_module(library).Decompressor()
        self._process = getattr(self._inner, "process", None) or self._inner.decompress
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = True
        yield self._process(data, output_buffer_limit=PIECE)
        while not self._inner.can_accept_more_data():
            yield self._process(b"", output_buffer_limit=PIECE)

    def is_complete(self) -> bool:
        return not self._begun or bool(self._inner.is_finished())


class _Zstd:
    """zstd, with Python's own module or its backport."""

    def __init__(self, library: str) -> None:
        self._make: Callable[[], Any] = import_module(library).ZstdDecompressor
        self._inner = self._make()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inner.eof:
                self._inner = self._make()
            self._begun = True
            yield self._inner.decompress(data, PIECE)
            while not self._inner.needs_input and not self._inner.eof:
                yield self._inner.decompress(b"", PIECE)
            data = self._inner.unused_data

    def is_complete(self) -> bool:
        return not self._begun or bool(self._inner.eof)


class _Zstandard:
    """zstd, with the older library that httpx takes. Its output has no limit, so it gets little at a time."""

    def __init__(self) -> None:
        self._make: Callable[[], Any] = import_module("zstandard").ZstdDecompressor().decompressobj
        self._inner = self._make()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _LITTLE):
            rest = data[start : start + _LITTLE]
            while rest:
                if self._inner.eof:
                    self._inner = self._make()
                self._begun = True
                yield self._inner.decompress(rest)
                rest = self._inner.unused_data

    def is_complete(self) -> bool:
        return not self._begun or bool(self._inner.eof)


class _Chain:
    """Several encodings, the last one outermost."""

    def __init__(self, decoders: list[Decoder]) -> None:
        self._inner, self._outer = decoders[0], decoders[1] if len(decoders) == 2 else _Chain(decoders[1:])

    def feed(self, data: bytes) -> Iterator[bytes]:
        for piece in self._outer.feed(data):
            yield from self._inner.feed(piece)

    def is_complete(self) -> bool:
        return self._outer.is_complete() and self._inner.is_complete()


_GZIP: Final = 16 + zlib.MAX_WBITS
_DEFLATE: Final = zlib.MAX_WBITS


def _installed(*names: str) -> str | None:
    for name in names:
        try:
            if find_spec(name):
                return name
        except ModuleNotFoundError:  # nor the package that it would be in
            continue
    return None


@cache
def makers() -> dict[str, Callable[[], Decoder]]:
    """Return what decompresses, by the name of the encoding. Which libraries there are is looked up once."""
    found: dict[str, Callable[[], Decoder]] = {
        "gzip": lambda: _Zlib(_GZIP),
        "x-gzip": lambda: _Zlib(_GZIP),
        "deflate": lambda: _Zlib(_DEFLATE),
    }
    brotli = _installed("brotli", "brotlicffi")
    if brotli and hasattr(import_module(brotli).Decompressor, "can_accept_more_data"):
        # Before 1.2, a few hundred bytes could become hundreds of millions in one step.
        found["br"] = lambda: _Brotli(brotli)
    zstd = _installed("compression.zstd", "backports.zstd")
    if zstd:
        found["zstd"] = lambda: _Zstd(zstd)
    elif _installed("zstandard"):
        found["zstd"] = _Zstandard
    return found


@cache
def accept_encoding() -> str:
    """Return what a request says that it accepts."""
    return ", ".join(name for name in makers() if name != "x-gzip")


def encodings(headers: Headers) -> list[str]:
    """Return the encodings of a response, in the order in which they were applied."""
    found = [part.strip().lower() for name, value in headers if name == "content-encoding" for part in value.split(",")]
    return [part for part in found if part not in {"", "identity"}]


def decoder(names: list[str]) -> Decoder | None:
    """Return what undoes some encodings; None if nothing does. A body in one that nobody asked for is left as it is."""
    if not names or not all(name in makers() for name in names):
        return None
    if len(names) > _MOST_ENCODINGS:
        raise WireFailure("compression", "too many encodings", sent=True)
    decoders = [makers()[name]() for name in names]
    return decoders[0] if len(decoders) == 1 else _Chain(decoders)


class Reader:
    """Collects the decompressed bytes of one response.

    Args:
        headers: of the response, names in lower case.
        most: bytes that there may be; None for any number.
    """

    def __init__(self, headers: Headers, most: int | None) -> None:
        names = encodings(headers)
        self._decoder = decoder(names)
        self._most = most
        self._size = 0
        self.received = 0
        """Bytes that came, as they came."""
        if most is not None and not names:
            length = next((value for name, value in headers if name == "content-length"), "")
            if length.isascii() and length.isdigit() and int(length) > most:
                raise _too_large(most)

    def headers(self, headers: Headers) -> Headers:
        """Return headers without those that are true of the compressed bytes only."""
        if self._decoder is None:
            return headers
        return [(name, value) for name, value in headers if name not in {"content-encoding", "content-length"}]

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return what some data decompresses to."""
        self.received += len(data)
        if self._decoder is None:
            self._count(data)
            return (data,)
        return self._decompressed(self._decoder, data)

    def finish(self) -> None:
        """Raise a `WireFailure` if the data ended too early."""
        if self._decoder is not None and not self._decoder.is_complete():
            raise WireFailure("compression", sent=True)

    def _decompressed(self, decoder: Decoder, data: bytes) -> Iterator[bytes]:
        pieces = decoder.feed(data)
        while True:
            try:
                piece = next(pieces, None)
            except Exception:  # noqa: BLE001 - each library has its own
                break
            if piece is None:
                return
            if piece:
                self._count(piece)
                yield piece
        raise WireFailure("compression", sent=True)

    def _count(self, data: bytes) -> None:
        self._size += len(data)
        if self._most is not None and self._size > self._most:
            raise _too_large(self._most)


def _too_large(most: int) -> WireFailure:
    return WireFailure("too large", f"more than {most} bytes", sent=True)
