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
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from ._errors import DecodeError, InvalidArgument, RateLimited, ServerError, TMDBError, TransportError, cleaned
from ._responses import refusal_of
from ._sending import TRANSLATED, astream, stream, translated

if TYPE_CHECKING:
    import httpx
    from tmdb_api_client.v3.models import ConfigurationDetails
    from tmdb_api_client.v3.resources.configuration import AsyncConfigurationResource, ConfigurationResource

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
_USEFUL: Final = (TransportError, ServerError, RateLimited)

_logger = logging.getLogger("tmdb_ext")


class ImageSizes:
    """Which sizes TMDB has of each kind of image, and where they are."""

    __slots__ = ("base_url", "sizes")

    def __init__(self, base_url: str = BASE_URL, sizes: Mapping[ImageKind, tuple[str, ...]] = SIZES) -> None:
        self.base_url = base_url if base_url.endswith("/") else f"{base_url}/"
        self.sizes = sizes

    @overload
    def url(
        self, path: None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> None: ...
    @overload
    def url(
        self, path: str, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str: ...
    @overload
    def url(
        self, path: str | None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str | None: ...
    def url(
        self, path: str | None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str | None:
        """Return the address of an image, in the size that is nearest to the one asked for.

        https://developer.themoviedb.org/docs/image-basics

        Args:
            path: a path as in `poster_path`; None gives None.
            width: in pixels; without it and `height`, the image as it was uploaded.
            height: in pixels, in place of `width`.
            kind: which kind of image it is; without it, the sizes of all kinds count.

        Raises:
            InvalidArgument: the path is not one of an image, or a size is not a number of pixels.
        """
        if path is None:
            return None
        if elsewhere := _ELSEWHERE.fullmatch(path):  # avatars that are not TMDB's own
            return elsewhere[1]
        if not _PATH.fullmatch(path):
            raise InvalidArgument("The path of an image looks like /name.jpg, as in poster_path.")
        size = self._size(width, height, kind)
        if path.lower().endswith(".svg") and size != ORIGINAL:
            path = f"{path[:-4]}.png"  # TMDB draws an SVG in a size as PNG
        return f"{self.base_url}{size}/{path.removeprefix('/')}"

    def _size(self, width: int | None, height: int | None, kind: ImageKind | None) -> str:
        if kind is not None and kind not in KINDS:
            raise InvalidArgument(f"kind must be one of {', '.join(KINDS)}, not {kind!r}.")
        if width is not None and height is not None:
            raise InvalidArgument("Give width or height, not both: images keep their proportions.")
        if width is None and height is None:
            return ORIGINAL
        wanted, side = (width, "w") if width is not None else (height, "h")
        if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
            raise InvalidArgument(f"A size must be a number of pixels, 1 or more, not {wanted!r}.")
        listed = [size for one in ([kind] if kind else KINDS) for size in self.sizes.get(one, ())]
        known = {int(match[2]) for size in listed if (match := _SIZE.fullmatch(size)) and match[1] == side}
        if not known or wanted > max(known):
            return ORIGINAL
        # Of two that are equally near the larger one, which loses nothing.
        return f"{side}{min(known, key=lambda pixels: (abs(pixels - wanted), -pixels))}"

    def __repr__(self) -> str:
        return f"ImageSizes({self.base_url!r})"


class _ImagesView:
    """What is known of the sizes, and since when."""

    def __init__(self, timeout: Any) -> None:
        self._timeout = timeout
        self._known: ImageSizes | None = None
        self._offline_until = 0.0

    def _ready(self) -> ImageSizes | None:
        if self._known is None and time.monotonic() < self._offline_until:
            return ImageSizes()
        return self._known

    def _note(self, details: ConfigurationDetails) -> ImageSizes:
        images = details.images
        if images is None or not images.secure_base_url:
            return ImageSizes()
        found = {kind: tuple(getattr(images, f"{kind}_sizes")) for kind in KINDS}
        self._known = ImageSizes(images.secure_base_url, found)
        return self._known

    def _go_without(self, error: TMDBError) -> ImageSizes:
        self._offline_until = time.monotonic() + OFFLINE_FOR
        _logger.warning("TMDB's image sizes could not be had (%s); using the built-in ones.", type(error).__name__)
        return ImageSizes()


class Images(_ImagesView):
    """Addresses of images, and the images."""

    def __init__(self, configuration: ConfigurationResource, timeout: Any) -> None:
        super().__init__(timeout)
        self._configuration = configuration
        self._lock = threading.Lock()

    def sizes(self) -> ImageSizes:
        """Return the sizes that TMDB has, asked for once; the built-in ones where it cannot be reached.

        Raises:
            APIError: TMDB refused the credentials.
        """
        with self._lock:
            ready = self._ready()
            if ready is not None:
                return ready
            try:
                return self._note(self._configuration.details())
            except _USEFUL as error:
                return self._go_without(error)

    @overload
    def url(
        self, path: None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> None: ...
    @overload
    def url(
        self, path: str, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str: ...
    @overload
    def url(
        self, path: str | None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str | None: ...
    def url(
        self, path: str | None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str | None:
        """Return the address of an image in the nearest size: ``tmdb.images.url(film.poster_path, width=500)``.

        TMDB is asked for its sizes once. Arguments and errors are those of `ImageSizes.url`.
        """
        return None if path is None else self.sizes().url(path, width=width, height=height, kind=kind)

    def download(
        self,
        path: str,
        file: str | os.PathLike[str],
        *,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Fetch an image into a file; no credential is sent.

        Args:
            path: a path as in `poster_path`.
            file: where to put it. What is there is replaced when the image is complete, and left alone otherwise.
            width: in pixels; the nearest size is taken.
            height: in pixels, in place of `width`.
            kind: which kind of image it is.
            progress: called with the bytes so far and, where it is known, their number in all.

        Returns:
            The file's path.

        Raises:
            InvalidArgument: the path is not one of an image.
            NotFound: there is no such image.
            APIError: the server refused.
            TransportError: no answer came, or not all of it.
            DecodeError: the answer is no image.
        """
        url = self.url(path, width=width, height=height, kind=kind)
        error: TMDBError | None = None
        try:
            with _replaced(file) as part, stream(url, self._timeout) as response:
                total = _checked(response)
                with part.open("wb") as target:
                    for chunk in response.iter_bytes():
                        target.write(chunk)
                        if progress is not None:
                            progress(response.num_bytes_downloaded, total)
        except TMDBError as exception:
            error = exception
        except TRANSLATED as exception:
            error = _error(exception)
        if error is not None:
            raise cleaned(error)
        return Path(file)

    def __repr__(self) -> str:
        return f"Images({self._known!r})"


class AsyncImages(_ImagesView):
    """Addresses of images, and the images, async."""

    def __init__(self, configuration: AsyncConfigurationResource, timeout: Any) -> None:
        super().__init__(timeout)
        self._configuration = configuration
        self._lock: Any = None

    async def sizes(self) -> ImageSizes:
        """Return the sizes that TMDB has, asked for once; the built-in ones where it cannot be reached.

        In a loop, take `sizes` first: its `url` is not awaited.

        Raises:
            APIError: TMDB refused the credentials.
        """
        if self._lock is None:
            import anyio  # noqa: PLC0415 - only async clients need it

            self._lock = anyio.Lock()
        async with self._lock:
            ready = self._ready()
            if ready is not None:
                return ready
            try:
                return self._note(await self._configuration.details())
            except _USEFUL as error:
                return self._go_without(error)

    @overload
    async def url(
        self, path: None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> None: ...
    @overload
    async def url(
        self, path: str, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str: ...
    @overload
    async def url(
        self, path: str | None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str | None: ...
    async def url(
        self, path: str | None, *, width: int | None = None, height: int | None = None, kind: ImageKind | None = None
    ) -> str | None:
        """Return the address of an image in the nearest size: ``await tmdb.images.url(film.poster_path, width=500)``.

        TMDB is asked for its sizes once. Arguments and errors are those of `ImageSizes.url`.
        """
        return None if path is None else (await self.sizes()).url(path, width=width, height=height, kind=kind)

    async def download(
        self,
        path: str,
        file: str | os.PathLike[str],
        *,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Fetch an image into a file; no credential is sent.

        Args:
            path: a path as in `poster_path`.
            file: where to put it. What is there is replaced when the image is complete, and left alone otherwise.
            width: in pixels; the nearest size is taken.
            height: in pixels, in place of `width`.
            kind: which kind of image it is.
            progress: called with the bytes so far and, where it is known, their number in all.

        Returns:
            The file's path.

        Raises:
            InvalidArgument: the path is not one of an image.
            NotFound: there is no such image.
            APIError: the server refused.
            TransportError: no answer came, or not all of it.
            DecodeError: the answer is no image.
        """
        import anyio  # noqa: PLC0415 - only async clients need it

        url = await self.url(path, width=width, height=height, kind=kind)
        error: TMDBError | None = None
        try:
            with _replaced(file) as part:
                async with astream(url, self._timeout) as response:
                    total = _checked(response)
                    async with await anyio.open_file(part, "wb") as target:
                        async for chunk in response.aiter_bytes():
                            await target.write(chunk)
                            if progress is not None:
                                progress(response.num_bytes_downloaded, total)
        except TMDBError as exception:
            error = exception
        except TRANSLATED as exception:
            error = _error(exception)
        if error is not None:
            raise cleaned(error)
        return Path(file)

    def __repr__(self) -> str:
        return f"AsyncImages({self._known!r})"


@contextlib.contextmanager
def _replaced(file: str | os.PathLike[str]) -> Iterator[Path]:
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


def _checked(response: httpx.Response) -> int | None:
    """Return how many bytes there will be, where that is known.

    Raises:
        APIError: the server refused.
        DecodeError: the answer is no image.
    """
    if response.status_code != 200:
        raise refusal_of(response)
    kind = response.headers.get("content-type", "")
    if not kind.startswith("image/"):
        raise DecodeError("The answer is not an image.", http_status=200, method="GET", path=response.request.url.path)
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in response.headers else None


def _error(exception: Exception) -> TMDBError:
    return translated(exception, {"operation": None, "method": "GET", "path": "the image"})
