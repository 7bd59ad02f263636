"""`tmdb.images`: addresses of images in the size that is wanted, and the images themselves."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, Protocol, overload

from tmdb_api_client.v3 import models

from ._errors import DecodeError, InvalidArgument, RateLimited, ServerError, TMDBError, TransportError
from ._http.messages import Headers, Request, Response, WireFailure
from ._http.responses import refusal_of
from ._http.translation import error_of
from ._http.urls import split_url

ImageKind = Literal["backdrop", "logo", "poster", "profile", "still"]
Progress = Callable[[int, int | None], object]

KINDS: Final[tuple[ImageKind, ...]] = ("backdrop", "logo", "poster", "profile", "still")
BASE_URL: Final = "https://image.tmdb.org/t/p/"
SIZES: Final[Mapping[ImageKind, tuple[str, ...]]] = {
    "backdrop": ("w300", "w780", "w1280", "original"),
    "logo": ("w45", "w92", "w154", "w185", "w300", "w500", "original"),
    "poster": ("w92", "w154", "w185", "w342", "w500", "w780", "original"),
    "profile": ("w45", "w185", "h632", "original"),
    "still": ("w92", "w185", "w300", "original"),
}
"""What TMDB's configuration said in 2026; its answer of today goes before."""
ORIGINAL: Final = "original"
OFFLINE_FOR: Final = 300.0
"""Seconds for which the built-in sizes are used after TMDB's could not be had."""

_PATH: Final = re.compile(r"/?[\w-]+\.(jpe?g|png|svg|webp)", re.ASCII | re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"/?(https://[^\s\"'<>]+)")
_SIZE: Final = re.compile(r"([wh])(\d+)")
USEFUL: Final = (TransportError, ServerError, RateLimited)

_logger = logging.getLogger("tmdb_ext")


class ImageSizes:
    """Which sizes TMDB has of each kind of image, and where they are."""

    __slots__ = ("base_url", "sizes")

    def __init__(self, base_url: str = BASE_URL, sizes: Mapping[ImageKind, tuple[str, ...]] = SIZES) -> None:
        self.base_url: str = base_url if base_url.endswith("/") else f"{base_url}/"
        self.sizes: Mapping[ImageKind, tuple[str, ...]] = sizes

    @overload
    def url(
        self,
        path: None,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> None: ...
    @overload
    def url(
        self,
        path: str,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> str: ...
    @overload
    def url(
        self,
        path: str | None,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> str | None: ...
    def url(
        self,
        path: str | None,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> str | None:
        """Return the address of an image, in one of TMDB's sizes or in the one nearest to a width or height.

        https://developer.themoviedb.org/docs/image-basics

        Args:
            path: a path as in `poster_path`; None gives None.
            size: one of TMDB's sizes: `w500`, `h632`, `original`. Without a size, the image is as it was uploaded.
            width: in pixels, in place of `size`; the nearest size is taken.
            height: in pixels, in place of `size`; the nearest size is taken.
            kind: which kind of image it is; without it, the sizes of all kinds count.

        Raises:
            InvalidArgument: the path is not one of an image, TMDB does not have the size, or a width or height is not
                a number of pixels.
        """
        if path is None:
            return None
        if elsewhere := _ELSEWHERE.fullmatch(path):  # avatars that are not TMDB's own
            return elsewhere[1]
        if not _PATH.fullmatch(path):
            raise InvalidArgument("The path of an image looks like /name.jpg, as in poster_path.")
        taken = self._size(size, width, height, kind)
        if path.lower().endswith(".svg") and taken != ORIGINAL:
            path = f"{path[:-4]}.png"  # TMDB draws an SVG in a size as PNG
        return f"{self.base_url}{taken}/{path.removeprefix('/')}"

    def _size(self, size: str | None, width: int | None, height: int | None, kind: ImageKind | None) -> str:
        if kind is not None and kind not in KINDS:
            raise InvalidArgument(f"kind must be one of {', '.join(KINDS)}, not {kind!r}.")
        if width is not None and height is not None:
            raise InvalidArgument("Give width or height, not both: images keep their proportions.")
        kinds = KINDS if kind is None else (kind,)
        listed = [each for one in kinds for each in self.sizes.get(one, ())]
        if size is not None:
            if width is not None or height is not None:
                raise InvalidArgument("Give size, or width or height, not both.")
            known_sizes = sorted({*listed, ORIGINAL}, key=_order)
            if size not in known_sizes:
                what = f"TMDB has no {kind} of size" if kind else "TMDB has no images of size"
                raise InvalidArgument(f"{what} {size!r}. Sizes are {', '.join(known_sizes)}.")
            return size
        if width is None and height is None:
            return ORIGINAL
        wanted, side = (width, "w") if width is not None else (height, "h")
        if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
            raise InvalidArgument(f"A size must be a number of pixels, 1 or more, not {wanted!r}.")
        known = {int(match[2]) for each in listed if (match := _SIZE.fullmatch(each)) and match[1] == side}
        if not known or wanted > max(known):
            return ORIGINAL
        # Of two that are equally near the larger one, which loses nothing.
        return f"{side}{min(known, key=lambda pixels: (abs(pixels - wanted), -pixels))}"

    def __repr__(self) -> str:
        return f"ImageSizes({self.base_url!r})"


def _order(size: str) -> tuple[str, int]:
    """Sizes by height, then those by width, the original last."""
    match = _SIZE.fullmatch(size)
    return (match[1], int(match[2])) if match else ("z", 0)


class Streamed(Protocol):
    """A response whose body is still to be read."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Headers:
        """Names in lower case."""

    def header(self, name: str) -> str | None:
        """Return the first header of a name in lower case, or None."""


class KnownSizes:
    """What is known of the sizes, and since when. Clients that are derived from one another share it."""

    def __init__(self) -> None:
        self.sizes: ImageSizes | None = None
        self.offline_until = 0.0


class ImagesView:
    """Images, as far as they need no network."""

    def __init__(self, known: KnownSizes) -> None:
        self._known = known

    def ready(self) -> ImageSizes | None:
        if self._known.sizes is None and time.monotonic() < self._known.offline_until:
            return ImageSizes()
        return self._known.sizes

    def note(self, details: models.ApiConfiguration) -> ImageSizes:
        images = details.images
        if images is None or not images.secure_base_url:
            return ImageSizes()
        found = {kind: tuple(getattr(images, f"{kind}_sizes")) for kind in KINDS}
        self._known.sizes = ImageSizes(images.secure_base_url, found)
        return self._known.sizes

    def go_without(self, error: TMDBError) -> ImageSizes:
        self._known.offline_until = time.monotonic() + OFFLINE_FOR
        _logger.warning("Could not fetch TMDB's image sizes (%s); using the built-in ones.", type(error).__name__)
        return ImageSizes()


@contextlib.contextmanager
def replaced(file: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a file beside `file` to write to; put it in place at the end, or take it away."""
    target = Path(file)
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise InvalidArgument("Name a file in a folder that exists.")
    part = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def checked(path: str, response: Streamed) -> int | None:
    """Return how many bytes there will be, where that is known.

    Raises:
        APIError: the server refused.
        DecodeError: the answer is no image.
    """
    if response.status != 200:
        raise refusal_of("GET", path, Response(response.status, response.headers, b""))
    kind = response.header("content-type") or ""
    if not kind.startswith("image/"):
        raise DecodeError(
            f"GET {path}: the answer is not an image", http_status=200, content_type=kind, method="GET", path=path
        )
    length = response.header("content-length") or ""
    return int(length) if length.isdecimal() and response.header("content-encoding") is None else None


def request_of(url: str, headers: Headers) -> Request:
    """Return the request for an image, which carries no credential."""
    origin, target = split_url(url)
    kept = [(name, value) for name, value in headers if name not in ("accept", "accept-encoding")]
    return Request("GET", origin, target, [("accept", "image/*"), *kept])


def error_for(failure: WireFailure, path: str) -> TMDBError:
    """Return the error for a failure on the way."""
    return error_of(failure, {"operation": None, "method": "GET", "path": path})
