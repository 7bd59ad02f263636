"""Which proxy is chosen, what a malformed one says, and how requests go through one."""

from __future__ import annotations

import importlib.util
import platform
import urllib.request
from typing import Any

import httpx
import pytest
from leaks import Collector
from proxy_server import http_proxy, socks_proxy
from raw_server import Peer, RawServer
from wires import TLS, Variant, ask, get

from tmdb_ext import ConfigurationError
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http._sync.wire import PoolWire
from tmdb_ext._http.messages import Origin, WireFailure, WireSettings
from tmdb_ext._http.proxies import Proxies, read

API = Origin("https", "api.themoviedb.org", 443)
PROXY = "http://proxy.test:3128"


def chosen(environment: dict[str, str], origin: Origin = API) -> str | None:
    proxy = Proxies(WireSettings(environment=environment)).choose(origin)
    return None if proxy is None else f"{proxy.scheme}://{proxy.host}:{proxy.port}"


@pytest.mark.parametrize(
    ("environment", "result"),
    [
        ({}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTP_PROXY": PROXY}, None),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"all_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": "http://other.test:1", "https_proxy": PROXY}, PROXY),
        ({"ALL_PROXY": "http://other.test:1", "HTTPS_PROXY": PROXY}, PROXY),
        ({"ALL_PROXY": PROXY, "https_proxy": ""}, None),
        ({"HTTPS_PROXY": "proxy.test:3128"}, PROXY),
        ({"HTTPS_PROXY": "proxy.test"}, "http://proxy.test:80"),
        ({"HTTPS_PROXY": " http://proxy.test:3128/ "}, PROXY),
        ({"HTTPS_PROXY": "HTTPS://proxy.test"}, "https://proxy.test:443"),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://::1:3128"),
        ({"ALL_PROXY": "socks://proxy.test"}, "socks5h://proxy.test:1080"),
        ({"ALL_PROXY": "socks5://proxy.test:9"}, "socks5h://proxy.test:9"),
        ({"ALL_PROXY": "socks5h://proxy.test:9"}, "socks5h://proxy.test:9"),
        ({"HTTPS_PROXY": "http://bücher.test:1"}, "http://xn--bcher-kva.test:1"),
    ],
)
def test_the_environment_names_the_proxy(
    environment: dict[str, str], result: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("tmdb_ext._http.proxies.find_spec", lambda name: name == "socksio" or find(name))
    assert chosen(environment) == result


@pytest.mark.parametrize(
    ("exceptions", "origin", "direct"),
    [
        ("*", API, True),
        ("themoviedb.org", API, True),
        (".themoviedb.org", API, True),
        ("*.themoviedb.org", API, True),
        ("API.TheMovieDB.org", API, True),
        ("api.themoviedb.org:443", API, True),
        ("api.themoviedb.org:80", API, False),
        ("https://api.themoviedb.org", API, True),
        ("moviedb.org", API, False),
        ("example.org, themoviedb.org", API, True),
        ("example.org themoviedb.org", API, True),
        ("", API, False),
        (",,", API, False),
        ("localhost", Origin("https", "localhost", 8000), True),
        ("[::1]", Origin("https", "::1", 8000), True),
        ("::1", Origin("https", "::1", 8000), True),
        ("[::1]:8000", Origin("https", "::1", 8000), True),
        ("[::1]:8001", Origin("https", "::1", 8000), False),
        ("0:0:0:0:0:0:0:1", Origin("https", "::1", 8000), True),
        ("fd00::/8", Origin("https", "fd12::5", 8000), True),
        ("[fd00::]/8", Origin("https", "fd12::5", 8000), True),
        ("fd00::/8", Origin("https", "fe80::5", 8000), False),
        ("10.0.0.0/8", Origin("https", "10.1.2.3", 8000), True),
        ("10.0.0.0/8", Origin("https", "11.1.2.3", 8000), False),
        ("10.0.0.0/8", Origin("https", "10.example.org", 8000), False),
        ("10.1.2.3", Origin("https", "10.1.2.3", 8000), True),
        ("10.1.2.3:9", Origin("https", "10.1.2.3", 8000), False),
        ("10.0.0.0/99", Origin("https", "10.1.2.3", 8000), False),
        ("[fd00::/8", Origin("https", "fd12::5", 8000), False),
    ],
)
def test_no_proxy_names_what_is_reached_directly(exceptions: str, origin: Origin, direct: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        assert (chosen({"HTTPS_PROXY": PROXY, name: exceptions}, origin) is None) is direct


def test_in_a_cgi_program_the_header_proxy_chooses_nothing() -> None:
    plain = Origin("http", "127.0.0.1", 80)
    assert chosen({"HTTP_PROXY": PROXY}, plain) == PROXY
    assert chosen({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, plain) is None
    assert chosen({"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, plain) == PROXY


def test_the_callers_proxy_comes_before_the_environment() -> None:
    settings = WireSettings(proxy="http://mine.test:1", environment={"HTTPS_PROXY": PROXY, "NO_PROXY": "*"})
    proxy = Proxies(settings).choose(API)
    assert proxy is not None
    assert proxy.host == "mine.test"


def test_the_environment_is_left_alone_if_it_is_not_trusted() -> None:
    settings = WireSettings(trust_env=False, environment={"HTTPS_PROXY": "no address at all"})
    assert Proxies(settings, [API]).choose(API) is None


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_the_systems_own_setting_counts_if_the_environment_has_none(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"https": PROXY})
    monkeypatch.setattr(urllib.request, "proxy_bypass", lambda host: host == "inside.test")
    proxies = Proxies(WireSettings())
    proxy = proxies.choose(API)
    assert proxy is not None
    assert proxy.host == "proxy.test"
    assert proxies.choose(Origin("https", "inside.test", 443)) is None


MALFORMED = [
    "http://u:hunter2@host:port", "http://[::1", "ftp://hunter2@a", "http://", "http://a b", "http://a:99999",
    "http://a:0", "http://a/hunter2", "http://a?hunter2", "hunter2 x", "a\nb", "http://a\\b", "http://a,b:3", "://a",
]  # fmt: skip


@pytest.mark.parametrize("value", MALFORMED)
@pytest.mark.parametrize("wire", [PoolWire, AsyncPoolWire])
def test_a_malformed_proxy_is_named_and_not_shown(wire: Any, value: str) -> None:
    for settings, name in (
        (WireSettings(proxy=value), "proxy="),
        (WireSettings(environment={"HTTPS_PROXY": value}), "HTTPS_PROXY"),
        (WireSettings(environment={"all_proxy": value}), "all_proxy"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            wire(settings)
        assert str(caught.value).startswith(f"{name} is not the address of a proxy: ")
        assert "hunter2" not in str(caught.value)
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None


def test_a_malformed_proxy_that_is_not_on_the_way_does_not_matter() -> None:
    environment = {"HTTPS_PROXY": PROXY, "ALL_PROXY": "socks4://old.test", "HTTP_PROXY": "a b"}
    PoolWire(WireSettings(environment=environment)).close()
    environment = {"HTTPS_PROXY": "a b", "NO_PROXY": "api.themoviedb.org"}
    PoolWire(WireSettings(environment=environment), [API]).close()
    with pytest.raises(ConfigurationError, match=r"^HTTPS_PROXY is not"):
        PoolWire(WireSettings(environment=environment), [API, Origin("https", "image.tmdb.org", 443)])


def test_a_socks_proxy_without_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("tmdb_ext._http.proxies.find_spec", lambda name: None if name == "socksio" else find(name))
    for settings, name in (
        (WireSettings(proxy="socks5://u:hunter2@a"), "proxy="),
        (WireSettings(environment={"ALL_PROXY": "socks://u:hunter2@a"}), "ALL_PROXY"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            PoolWire(settings)
        assert str(caught.value) == f"{name} is a SOCKS proxy, which needs an extra: pip install 'tmdb-ext[socks]'"


def test_a_proxy_shows_no_password() -> None:
    for value in ("http://user:hunter2@proxy.test", httpx.Proxy("http://proxy.test", auth=("user", "hunter2"))):
        proxy = read(value, "proxy=")
        assert proxy.auth == (b"user", b"hunter2")
        assert "hunter2" not in repr(proxy)


def test_a_proxy_of_httpx_keeps_what_it_was_given(tls: TLS) -> None:
    given = httpx.Proxy("https://user:p%40ss@proxy.test:1", headers={"X-Via": "us"}, ssl_context=tls.client)
    proxy = read(given, "proxy=")
    assert (proxy.scheme, proxy.host, proxy.port, proxy.auth) == ("https", "proxy.test", 1, (b"user", b"p@ss"))
    assert list(proxy.headers) == [(b"X-Via", b"us")]
    assert proxy.ssl_context is tls.client


# Through a proxy.


def test_plain_requests_are_handed_to_an_http_proxy(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(environment={"http_proxy": f"u:p@127.0.0.1:{proxy.port}"}))
        for _ in range(2):
            assert (await ask(wire, get(80, host="tmdb.test"))).content == b'{"by": "proxy"}'
        await wire.aclose()

    asked: list[str] = []
    with RawServer(http_proxy(asked)) as proxy:
        variant.run(main)
        assert proxy.connections == 1
    assert asked[0].startswith("GET http://tmdb.test/3/movie/11 HTTP/1.1\r\n")
    assert "proxy-authorization: basic dtpw" in asked[0].lower()


@pytest.mark.parametrize("secure", [False, True])
def test_tls_goes_through_a_tunnel(variant: Variant, tls: TLS, secure: bool) -> None:
    async def main() -> None:
        address = f"{'https' if secure else 'http'}://u:p@localhost:{proxy.port}"
        wire = variant.pool_wire(WireSettings(proxy=address, verify=tls.client))
        for _ in range(2):
            assert (await ask(wire, get(server.port, scheme="https"))).content == b'{"ok": true}'
        await wire.aclose()

    asked: list[str] = []
    with (
        RawServer(tls=tls.server) as server,
        RawServer(http_proxy(asked, server.port), tls=tls.server if secure else None) as proxy,
    ):
        variant.run(main)
        assert proxy.connections == 1
    assert len(asked) == 1
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
    assert "proxy-authorization: basic dtpw" in asked[0].lower()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_requests_go_through_a_socks_proxy(variant: Variant, tls: TLS, scheme: str, log: Collector) -> None:
    pytest.importorskip("socksio", reason="needs the extra socks")

    async def main() -> None:
        wire = variant.pool_wire(WireSettings(proxy=f"socks://user:hunter2@127.0.0.1:{proxy.port}", verify=tls.client))
        for _ in range(2):
            response = await ask(wire, get(server.port, scheme=scheme, host="localhost"))
            assert response.content == b'{"ok": true}'
        await wire.aclose()

    asked: list[str] = []
    with (
        RawServer(tls=tls.server if scheme == "https" else None) as server,
        RawServer(socks_proxy(asked, server.port)) as proxy,
    ):
        variant.run(main)
        assert proxy.connections == 1
    assert asked == ["user:hunter2", f"localhost:{server.port}"]
    assert "setup_socks5_connection" in str(log.lines)
    assert "hunter2" not in str(log.lines)


def dumb(peer: Peer) -> None:
    """Accept, and say nothing."""
    peer.server.wait(60)


def babble(peer: Peer) -> None:
    peer.sock.recv(100)
    peer.send(b"\5\0 what is this? \5\5\5")
    peer.sock.recv(100)
    peer.send(b"\1\2\3")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_what_fails_at_a_proxy_was_not_sent(variant: Variant, tls: TLS, scheme: str) -> None:
    if scheme == "socks5":
        pytest.importorskip("socksio", reason="needs the extra socks")
    handlers = {
        "refuses": (http_proxy([]) if scheme == "http" else socks_proxy([], 1, reply=2), "proxy"),
        "silent": (dumb, "timeout"),
        "babbles": (babble, None),
        "closes": (lambda peer: None, None),
    }

    async def main() -> None:
        for name, (handler, kind) in handlers.items():
            with RawServer(handler) as proxy:
                address = f"{scheme}://u:hunter2@127.0.0.1:{proxy.port}"
                wire = variant.pool_wire(WireSettings(proxy=address, max_connections=1))
                for _ in range(2):
                    with pytest.raises(WireFailure) as caught:
                        await ask(wire, get(443, scheme="https", host="tmdb.test"), seconds=0.5)
                    failure = caught.value
                    assert not failure.sent, name
                    assert kind in {None, failure.kind}, name
                    assert "hunter2" not in repr(failure)
                    assert failure.__context__ is None
                await wire.aclose()

    variant.run(main)


def test_a_proxy_that_is_not_there_is_a_failure_of_the_proxy(variant: Variant) -> None:
    with RawServer() as gone:
        port = gone.port

    async def main() -> None:
        wire = variant.pool_wire(WireSettings(proxy=f"http://127.0.0.1:{port}"))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(443, scheme="https", host="tmdb.test"))
        assert (caught.value.kind, caught.value.sent, caught.value.detail) == ("proxy", False, "Connection refused")
        await wire.aclose()

    variant.run(main)


def test_a_failure_of_the_server_behind_a_proxy_is_the_servers(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(proxy=f"http://127.0.0.1:{proxy.port}"))
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(443, scheme="https", host="tmdb.test"))
        assert (caught.value.kind, caught.value.sent) == ("connect", False)
        await wire.aclose()

    def plain(peer: Peer) -> None:
        peer.sock.recv(100)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(plain) as server, RawServer(http_proxy([], server.port)) as proxy:
        variant.run(main)


def test_loopback_follows_the_environment_as_any_other_host_does() -> None:
    loopback = Origin("http", "127.0.0.1", 8000)
    assert chosen({"HTTP_PROXY": PROXY}, loopback) == PROXY
    assert chosen({"HTTP_PROXY": PROXY, "NO_PROXY": "127.0.0.1,localhost"}, loopback) is None
