"""The way is the same for everything: calls, the flow's own requests, logins, images and exports."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from certificates import Authority
from proxies import Proxy, proxying
from variants import result_of, with_client
from wire import NEW_GUEST, Request, Server, film, json_reply, reply, serving

from tmdb_ext import __version__, adownload_daily_ids, daily_ids, download_daily_ids

API, IMAGES, FILES = "https://api.tmdb.test", "https://image.tmdb.test", "https://files.tmdb.test"
HOSTS = ("api.tmdb.test", "image.tmdb.test", "files.tmdb.test")
DAY = date(2026, 3, 23)
EXPORT = gzip.compress(b'{"id": 11, "original_title": "Star Wars"}\n')
VARIANTS = pytest.mark.parametrize("variant", ["sync", "asyncio", "trio"])


def everything_of_tmdb(request: Request) -> bytes:
    """The API, the images and the exports, which are three hosts and here one server."""
    if request.path.startswith("/t/p/"):
        return reply(b"\x89PNG", content_type="image/png")
    if request.path.startswith("/p/exports/"):
        return reply(EXPORT, content_type="application/gzip")
    if request.path == "/3/configuration":
        return json_reply({"images": {"secure_base_url": f"{IMAGES}/t/p/", "poster_sizes": ["w92"]}})
    if request.path == "/3/authentication/token/new":
        return json_reply({"success": True, "request_token": "c" * 40, "expires_at": "2099-01-01 00:00:00 UTC"})
    return film(request)


class World(NamedTuple):
    """A TMDB that is reached through a proxy alone, since its names lead nowhere."""

    server: Server
    proxy: Proxy


@pytest.fixture
def world(authority: Authority) -> Iterator[World]:
    with (
        serving(everything_of_tmdb, tls=authority.serving(*HOSTS)) as server,
        proxying(secure=server.port) as proxy,
    ):
        yield World(server, proxy)


def tunnels(proxy: Proxy) -> set[str]:
    """The hosts that the proxy was asked for."""
    return {line.split()[1].partition(":")[0] for line in proxy.asked if line.startswith("CONNECT ")}


async def use(tmdb: Any, folder: Path) -> None:
    """A call, a guest session, a login, and an image."""
    assert (await result_of(tmdb.movies.details(11))).id == 11
    await result_of(tmdb.movies.add_rating(11, value=5))
    await result_of(tmdb.auth.begin_login())
    saved = await result_of(tmdb.images.download("/a.jpg", folder / "a.png", width=92))
    assert saved.read_bytes() == b"\x89PNG"


async def export(variant: str, folder: Path, **options: Any) -> None:
    """An export, read and saved."""
    rows = daily_ids("movie", DAY, base_url=FILES, **options)
    if variant == "sync":
        assert [row.id for row in rows] == [11]
        download_daily_ids("movie", folder / "films.gz", DAY, base_url=FILES, **options)
    else:
        assert [row.id async for row in rows] == [11]
        await adownload_daily_ids("movie", folder / "films.gz", DAY, base_url=FILES, **options)
    assert (folder / "films.gz").read_bytes() == EXPORT


def run(variant: str, scene: Callable[[Any], Any], **options: Any) -> None:
    with_client(variant, scene, base_url=API, timeout=5, retries=False, **options)


@VARIANTS
def test_the_proxy_and_certificates_of_the_environment_are_for_everything(
    variant: str, world: World, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", world.proxy.address)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))

    async def scene(tmdb: Any) -> None:
        await use(tmdb, tmp_path)
        await export(variant, tmp_path)

    run(variant, scene)
    assert tunnels(world.proxy) == set(HOSTS)


@VARIANTS
def test_a_proxy_and_certificates_that_are_given_are_for_everything(
    variant: str, world: World, authority: Authority, tmp_path: Path
) -> None:
    trusting = authority.trusting()

    async def scene(tmdb: Any) -> None:
        await use(tmdb, tmp_path)
        await export(variant, tmp_path, proxy=world.proxy.address, verify=trusting)

    run(variant, scene, proxy=world.proxy.address, verify=trusting)
    assert tunnels(world.proxy) == set(HOSTS)


@VARIANTS
def test_a_transport_that_is_given_carries_images_too(
    variant: str, world: World, authority: Authority, tmp_path: Path
) -> None:
    kind: Any = httpx.HTTPTransport if variant == "sync" else httpx.AsyncHTTPTransport
    transport = kind(proxy=httpx.Proxy(world.proxy.address), verify=authority.trusting())
    run(variant, lambda tmdb: use(tmdb, tmp_path), transport=transport)
    assert tunnels(world.proxy) == {"api.tmdb.test", "image.tmdb.test"}


@VARIANTS
def test_a_transport_that_is_given_carries_an_export(
    variant: str, world: World, authority: Authority, tmp_path: Path
) -> None:
    kind: Any = httpx.HTTPTransport if variant == "sync" else httpx.AsyncHTTPTransport
    transport = kind(proxy=httpx.Proxy(world.proxy.address), verify=authority.trusting())

    async def scene(_: Any) -> None:
        for _ in range(2):  # it stays the caller's, who closes it
            rows = daily_ids("movie", DAY, base_url=FILES, transport=transport)
            found = [row.id for row in rows] if variant == "sync" else [row.id async for row in rows]
            assert found == [11]
        if variant == "sync":
            transport.close()
        else:
            await transport.aclose()

    run(variant, scene)
    assert tunnels(world.proxy) == {"files.tmdb.test"}


@VARIANTS
def test_a_transport_that_is_given_still_serves_after_an_image(
    variant: str, world: World, authority: Authority, tmp_path: Path
) -> None:
    """Fetching an image closes its answer, and not what is the caller's."""
    kind: Any = httpx.HTTPTransport if variant == "sync" else httpx.AsyncHTTPTransport
    transport = kind(proxy=httpx.Proxy(world.proxy.address), verify=authority.trusting())

    async def scene(tmdb: Any) -> None:
        for _ in range(2):
            await use(tmdb, tmp_path)

    run(variant, scene, transport=transport)


@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])
def test_headers_of_the_program_and_our_version_go_with_every_request(variant: str, tmp_path: Path) -> None:
    with serving(plain_world) as server:

        async def scene(tmdb: Any) -> None:
            await use(tmdb, tmp_path)

        with_client(variant, scene, base_url=server.address, retries=False, headers={"X-Team": "films"})
        paths = {request.path for request in server.requests}
        assert {"/3/movie/11", NEW_GUEST, "/3/configuration", "/3/authentication/token/new"} < paths
        for request in server.requests:
            assert request.headers["x-team"] == "films", request.path
            assert re.search(rf"\btmdb-ext/{re.escape(__version__)}\b", request.headers["user-agent"]), request.path


def plain_world(request: Request) -> bytes:
    """As above over http, where the images are on the same host."""
    if request.path == "/3/configuration":
        address = f"http://{request.headers['host']}/t/p/"
        return json_reply({"images": {"secure_base_url": address, "poster_sizes": ["w92"]}})
    return everything_of_tmdb(request)


@VARIANTS
def test_an_image_is_asked_for_with_the_programs_headers_and_without_credentials(variant: str, tmp_path: Path) -> None:
    with serving(plain_world) as server:
        with_client(
            variant, lambda tmdb: use(tmdb, tmp_path), base_url=server.address, headers={"X-Team": "films"},
            session_id="b" * 40, retries=False,
        )  # fmt: skip
        (image,) = [request for request in server.requests if request.path.startswith("/t/p/")]
        assert image.headers["x-team"] == "films"
        assert f"tmdb-ext/{__version__}" in image.headers["user-agent"]
        assert not {"authorization", "cookie"} & set(image.headers)
        assert "?" not in image.target


@VARIANTS
def test_an_export_is_asked_for_with_our_version_and_the_programs_headers(variant: str) -> None:
    with serving(plain_world) as server:

        async def scene(_: Any) -> None:
            for options in ({}, {"headers": {"X-Team": "films"}}):
                rows: Any = daily_ids("movie", DAY, base_url=server.address, **options)  # type: ignore[call-overload]
                assert len(list(rows) if variant == "sync" else [row async for row in rows]) == 1

        with_client(variant, scene, base_url=server.address)
        plain, with_headers = server.requests
        assert all(f"tmdb-ext/{__version__}" in request.headers["user-agent"] for request in server.requests)
        assert "x-team" not in plain.headers
        assert with_headers.headers["x-team"] == "films"
        assert not {"authorization", "cookie"} & {*plain.headers, *with_headers.headers}


@VARIANTS
def test_a_server_that_is_not_to_be_trusted_gets_no_request(variant: str, authority: Authority, tmp_path: Path) -> None:
    """Without `verify=`, the authority of the test is nobody's."""
    with serving(tls=authority.serving("127.0.0.1")) as server:

        async def scene(tmdb: Any) -> None:
            with pytest.raises(ConnectionError):
                await result_of(tmdb.movies.details(11))

        with_client(variant, scene, base_url=server.address, retries=False)
        assert server.requests == []
        with_client(
            variant, lambda tmdb: result_of(tmdb.movies.details(11)), base_url=server.address, retries=False,
            verify=authority.trusting(),
        )  # fmt: skip
        assert len(server.requests) == 1


def test_the_body_of_a_write_goes_through_a_proxy_as_it_is(world: World, authority: Authority) -> None:
    run(
        "sync", lambda tmdb: result_of(tmdb.movies.add_rating(11, value=8.5)),
        proxy=world.proxy.address, verify=authority.trusting(),
    )  # fmt: skip
    assert json.loads(world.server.requests[-1].body) == {"value": 8.5}
