"""Addresses of images in the size that is wanted, and fetching them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import nowhere, play, result_of

from tmdb_ext import (
    TMDB,
    AsyncTMDB,
    AuthenticationError,
    ConnectError,
    DecodeError,
    ImageSizes,
    InvalidArgument,
    NotFound,
    TMDBError,
    TransportError,
)
from tmdb_ext._images import SIZES
from tmdb_ext.testing import Simulator

CONFIGURATION = "configuration-details"
BASE = "https://image.tmdb.org/t/p"


def size_of(file: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    found: tuple[int, int] = struct.unpack(">II", file.read_bytes()[16:24])
    return found


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, "original"),
        ({"width": 500}, "w500"),
        ({"width": 400, "kind": "poster"}, "w342"),
        ({"width": 430, "kind": "poster"}, "w500"),
        ({"width": 421, "kind": "poster"}, "w500"),  # halfway: the larger one
        ({"width": 1, "kind": "poster"}, "w92"),
        ({"width": 2000}, "original"),
        ({"width": 600, "kind": "backdrop"}, "w780"),
        ({"width": 1000}, "w780"),
        ({"height": 600}, "h632"),
        ({"height": 600, "kind": "profile"}, "h632"),
        ({"height": 600, "kind": "poster"}, "original"),
        ({"height": 700}, "original"),
    ],
)
def test_the_nearest_size_is_taken(asked: dict[str, Any], size: str) -> None:
    assert ImageSizes().url("/a-b_c.jpg", **asked) == f"{BASE}/{size}/a-b_c.jpg"


@given(st.integers(1, 5000), st.sampled_from([None, *SIZES]))
def test_a_size_is_one_that_tmdb_has(width: int, kind: Any) -> None:
    size = ImageSizes().url("/a.jpg", width=width, kind=kind).split("/")[-2]
    listed = SIZES[kind] if kind else [size for sizes in SIZES.values() for size in sizes]
    assert size in listed
    if size != "original":
        distances = [abs(int(one[1:]) - width) for one in listed if one.startswith("w")]
        assert abs(int(size[1:]) - width) == min(distances)


@pytest.mark.parametrize(
    "asked",
    [{"size": "w500"}, {"size": "original"}, {"size": "h632"}, {"size": "h632", "kind": "profile"},
     {"size": "original", "kind": "still"}],
)  # fmt: skip
def test_a_size_of_tmdbs_is_taken_as_it_is(asked: dict[str, Any]) -> None:
    assert ImageSizes().url("/a.jpg", **asked) == f"{BASE}/{asked['size']}/a.jpg"


def test_a_size_that_tmdb_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(InvalidArgument) as caught:
        ImageSizes().url("/a.jpg", size="w501")
    assert str(caught.value) == (
        "TMDB has no images of size 'w501'. "
        "Sizes are h632, w45, w92, w154, w185, w300, w342, w500, w780, w1280, original."
    )
    with pytest.raises(InvalidArgument) as caught:
        ImageSizes().url("/a.jpg", size="h632", kind="still")
    assert str(caught.value) == "TMDB has no still of size 'h632'. Sizes are w92, w185, w300, original."
    with pytest.raises(InvalidArgument, match="Sizes are w33, original"):
        ImageSizes(sizes={"poster": ("w33",)}).url("/a.jpg", size="w500")


def test_a_size_can_be_named(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    async def scene(tmdb: Any) -> None:
        assert (await result_of(tmdb.images.url("/p.jpg", size="w500"))).endswith("/w500/p.jpg")
        assert (await result_of(tmdb.images.url("/p.svg", size="w500"))).endswith("/w500/p.png")
        with pytest.raises(InvalidArgument, match="Sizes are w92"):
            await result_of(tmdb.images.download("/p.jpg", tmp_path / "p.jpg", size="w501", kind="poster"))
        file = await result_of(tmdb.images.download("/p.png", tmp_path / "p.png", size="w185", kind="poster"))
        assert size_of(file)[0] == 185

    play(variant, simulator, scene)


def test_a_logo_that_is_svg_comes_as_png_in_a_size() -> None:
    sizes = ImageSizes()
    assert sizes.url("/logo.svg") == f"{BASE}/original/logo.svg"
    assert sizes.url("/logo.svg", width=300, kind="logo") == f"{BASE}/w300/logo.png"
    assert sizes.url("/logo.SVG", width=5000) == f"{BASE}/original/logo.SVG"


def test_no_path_has_no_address(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        assert await result_of(tmdb.images.url(None, width=500)) is None
        assert ImageSizes().url(None) is None

    play(variant, simulator, scene)
    assert simulator.requests == []


def test_an_avatar_elsewhere_keeps_its_address() -> None:
    assert ImageSizes().url("/https://secure.gravatar.com/avatar/x.jpg", width=90) == (
        "https://secure.gravatar.com/avatar/x.jpg"
    )


@pytest.mark.parametrize(
    "path", ["", "/", "poster", "/../a.jpg", "/a.jpg?x=1", "/a/b.jpg", "http://x.org/a.jpg", "/a.exe", "/ä.jpg"]
)
def test_what_is_no_path_of_an_image_is_refused(path: str) -> None:
    with pytest.raises(InvalidArgument, match="looks like /name"):
        ImageSizes().url(path)


@pytest.mark.parametrize(
    "asked",
    [{"width": 0}, {"width": -1}, {"width": 1.5}, {"width": True}, {"height": "w500"}, {"width": 1, "height": 1},
     {"kind": "banner"}, {"size": ""}, {"size": 500}, {"size": "W500"}, {"size": "w500", "width": 500},
     {"size": "w500", "height": 500}],
)  # fmt: skip
def test_what_is_no_size_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        ImageSizes().url("/a.jpg", **asked)


def test_tmdbs_sizes_are_asked_for_once(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        film = await result_of(tmdb.movies.details(11))
        first = await result_of(tmdb.images.url(film.poster_path, width=500))
        assert first == f"{simulator.base_url}/t/p/w500{film.poster_path}"
        assert (await result_of(tmdb.images.sizes())).url("/a.jpg", width=90, kind="poster").endswith("/w92/a.jpg")

    play(variant, simulator, scene)
    assert simulator.count(CONFIGURATION) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_tasks_ask_once(simulator: Simulator, backend: str) -> None:
    async def main() -> None:
        async with (
            AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(30):
                tasks.start_soon(tmdb.images.url, "/a.jpg")

    anyio.run(main, backend=backend)
    assert simulator.count(CONFIGURATION) == 1


@pytest.mark.parametrize("fault", [{"disconnect": True}, {"http_status": 500}, {"http_status": 429}])
def test_without_tmdb_the_built_in_sizes_serve(
    simulator: Simulator, variant: str, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    simulator.fail_next(times=9, **fault)

    async def scene(tmdb: Any) -> None:
        for _ in range(3):
            assert await result_of(tmdb.images.url("/a.jpg", width=500)) == f"{BASE}/w500/a.jpg"

    play(variant, simulator, scene)
    assert "using the built-in ones" in caplog.text
    assert simulator.count(CONFIGURATION) == 1  # and is left in peace for a while


def test_a_refused_credential_is_not_passed_over(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(AuthenticationError):
            await result_of(tmdb.images.url("/a.jpg"))

    play(variant, simulator, scene, access_token=None, api_key="0" * 31 + "1")


# Fetching


def test_an_image_is_fetched_into_a_file(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []

    async def scene(tmdb: Any) -> Path:
        film = await result_of(tmdb.movies.details(11))
        saved: Path = await result_of(
            tmdb.images.download(
                film.poster_path, tmp_path / "poster.png", width=342, progress=lambda *step: steps.append(step)
            )
        )
        await result_of(tmdb.images.download("/logo.svg", tmp_path / "logo.svg"))
        return saved

    saved = play(variant, simulator, scene)
    assert size_of(saved) == (342, 513)
    assert (tmp_path / "logo.svg").read_text().startswith("<svg")
    assert steps[-1] == (saved.stat().st_size,) * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logo.svg", "poster.png"]


Answer = Callable[[httpx.Request], httpx.Response]


class BesideTheImages(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport to the simulator that notes requests for images, and answers them if it is told how."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.seen: list[httpx.Request] = []
        self._answer = answer
        self._sync = httpx.HTTPTransport()
        self._async = httpx.AsyncHTTPTransport()

    def _noted(self, request: httpx.Request) -> httpx.Response | None:
        if "/t/p/" not in request.url.path:
            return None
        self.seen.append(request)
        return None if self._answer is None else self._answer(request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._noted(request) or self._sync.handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._noted(request) or await self._async.handle_async_request(request)

    def close(self) -> None:
        self._sync.close()

    async def aclose(self) -> None:
        await self._async.aclose()


def test_no_credential_goes_to_the_image_server(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    transport = BesideTheImages()

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.images.download("/a.jpg", tmp_path / "a.png", width=92))

    play(variant, simulator, scene, session_id=simulator.create_session(), transport=transport)
    (request,) = transport.seen
    assert request.url.query == b""
    assert not {"authorization", "cookie"} & set(request.headers)
    assert request.headers["user-agent"].startswith("tmdb-ext/")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda _: httpx.Response(404), NotFound),
        (lambda _: httpx.Response(200, text="<html>", headers={"content-type": "text/html"}), DecodeError),
        (lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example/"}), TMDBError),
    ],
)
def test_what_fails_leaves_the_former_file(
    simulator: Simulator, variant: str, tmp_path: Path, answer: Answer, error: type[TMDBError]
) -> None:
    file = tmp_path / "poster.png"
    file.write_text("former")
    transport = BesideTheImages(answer)

    async def scene(tmdb: Any) -> None:
        with pytest.raises(error, match=r"^GET /t/p/original/a\.jpg: "):
            await result_of(tmdb.images.download("/a.jpg", file))

    play(variant, simulator, scene, transport=transport)
    assert len(transport.seen) == 1
    assert file.read_text() == "former"
    assert list(tmp_path.iterdir()) == [file]


def test_a_body_that_breaks_off_leaves_no_file(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"\x89PNG"
            raise httpx.ReadError("the connection broke")

        async def __aiter__(self) -> Any:
            yield b"\x89PNG"
            raise httpx.ReadError("the connection broke")

    transport = BesideTheImages(lambda _: httpx.Response(200, headers={"content-type": "image/png"}, stream=Broken()))

    async def scene(tmdb: Any) -> None:
        with pytest.raises(TransportError, match="the connection broke"):
            await result_of(tmdb.images.download("/a.jpg", tmp_path / "a.png"))

    play(variant, simulator, scene, transport=transport)
    assert len(transport.seen) == 1
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_folder_nothing_is_fetched(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    async def scene(tmdb: Any) -> None:
        for file in (tmp_path, tmp_path / "none" / "a.png"):
            with pytest.raises(InvalidArgument, match="in a folder that exists"):
                await result_of(tmdb.images.download("/a.jpg", file))

    play(variant, simulator, scene)


def test_an_image_server_that_cannot_be_reached_is_a_connect_error(tmp_path: Path) -> None:
    with nowhere() as address, TMDB(api_key="0" * 31 + "1", base_url=address) as tmdb:
        tmdb.images._known.sizes = ImageSizes(address)
        with pytest.raises(ConnectError):
            tmdb.images.download("/a.jpg", tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
