"""`tmdb.images`: addresses of images in the size that is wanted, and the images themselves."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, overload

from tmdb_ext._auth._async.caller import AsyncCaller
from tmdb_ext._errors import TMDBError
from tmdb_ext._http._async.concurrency import AsyncLock, in_thread
from tmdb_ext._http.deadline import NEVER
from tmdb_ext._http.messages import WireFailure
from tmdb_ext._http.urls import split_url
from tmdb_ext._images import (
    USEFUL,
    ImageKind,
    ImageSizes,
    ImagesView,
    KnownSizes,
    Progress,
    checked,
    error_for,
    replaced,
    request_of,
)

if TYPE_CHECKING:
    from tmdb_api_client.v3.resources.configuration import AsyncConfigurationResource

    from tmdb_ext._http._async.transport import AsyncTransportWire
    from tmdb_ext._http._async.wire import AsyncPoolWire


class AsyncImages(ImagesView):
    """Addresses of images, and the images, async."""

    def __init__(
        self,
        configuration: AsyncConfigurationResource,
        wire: AsyncPoolWire | AsyncTransportWire,
        calls: AsyncCaller,
        known: KnownSizes,
    ) -> None:
        super().__init__(known)
        self._configuration = configuration
        self._wire = wire
        self._calls = calls
        self._lock = AsyncLock()

    async def sizes(self) -> ImageSizes:
        """Return the sizes that TMDB has, asked for once; the built-in ones where it cannot be reached.

        In a loop, take `sizes` first: its `url` is not awaited.

        Raises:
            APIError: TMDB refused the credentials.
        """
        async with self._lock:
            ready = self.ready()
            if ready is not None:
                return ready
            try:
                return self.note(await self._configuration.details())
            except USEFUL as error:
                return self.go_without(error)

    @overload
    async def url(
        self,
        path: None,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> None: ...
    @overload
    async def url(
        self,
        path: str,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> str: ...
    @overload
    async def url(
        self,
        path: str | None,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> str | None: ...
    async def url(
        self,
        path: str | None,
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
    ) -> str | None:
        """Return the address of an image in a size: ``await tmdb.images.url(film.poster_path, size="w500")``.

        TMDB is asked for its sizes once. Arguments and errors are those of `ImageSizes.url`.
        """
        return (
            None if path is None else (await self.sizes()).url(path, size=size, width=width, height=height, kind=kind)
        )

    async def download(
        self,
        path: str,
        file: str | os.PathLike[str],
        *,
        size: str | None = None,
        width: int | None = None,
        height: int | None = None,
        kind: ImageKind | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Fetch an image into a file; no credential is sent.

        Args:
            path: a path as in `poster_path`.
            file: where to put it. What is there is replaced when the image is complete, and left alone otherwise.
            size: one of TMDB's sizes: `w500`, `h632`, `original`. Without a size, the image is as it was uploaded.
            width: in pixels, in place of `size`; the nearest size is taken.
            height: in pixels, in place of `size`; the nearest size is taken.
            kind: which kind of image it is.
            progress: called with the bytes so far and, where it is known, their number in all.

        Returns:
            The file's path.

        Raises:
            InvalidArgument: the path is not one of an image, or the size is none that TMDB has.
            NotFound: there is no such image.
            APIError: the server refused.
            TransportError: no answer came, or not all of it.
            DecodeError: the answer is no image.
        """
        url = await self.url(path, size=size, width=width, height=height, kind=kind)
        where = split_url(url)[1]
        error: TMDBError | None = None
        try:
            with replaced(file) as part:
                request = request_of(url, self._calls.settings.headers)
                async with self._wire.open(request, self._calls.settings.timeouts, NEVER) as response:
                    total = checked(where, response)
                    with part.open("wb") as target:
                        async for chunk in response:
                            await in_thread(partial(target.write, chunk))
                            if progress is not None:
                                progress(response.received, total)
        except WireFailure as failure:
            error = error_for(failure, where)
        if error is not None:
            raise error
        return Path(file)

    def __repr__(self) -> str:
        return f"AsyncImages({self._known.sizes!r})"
