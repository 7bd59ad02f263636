"""What the environment says of proxies and certificates: followed if it can be, and named if it cannot."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from frames import secrets_in
from leaks import everything
from proxies import proxying
from variants import TOKEN, outcome
from wire import serving

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, daily_ids

PASSWORD = "pr0xy-s3cret"
KINDS = pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])

UNUSABLE = {
    "a scheme that is none": ("ALL_PROXY", f"socks://user:{PASSWORD}@127.0.0.1:1080"),
    "a scheme that is none, in small letters": ("all_proxy", f"socks://user:{PASSWORD}@127.0.0.1:1080"),
    "a port that is none": ("HTTPS_PROXY", f"http://user:{PASSWORD}/w0rd@proxy.test:3128"),
    "a port beyond the last": ("HTTPS_PROXY", f"http://user:{PASSWORD}@proxy.test:99999"),
    "an address in brackets that is none": ("HTTPS_PROXY", f"http://user:{PASSWORD}@[::1:3128"),
    "no host": ("HTTPS_PROXY", f"http://user:{PASSWORD}@"),
    "a control character": ("HTTPS_PROXY", f"http://user:{PASSWORD}\x07@proxy.test:3128"),
}


def refused(kind: Any, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(access_token=TOKEN)
    error = caught.value
    assert name in str(error)
    shown = everything(error)
    assert PASSWORD not in shown
    assert value not in shown
    assert secrets_in(error, {"the password": PASSWORD}) == []
    assert error.__cause__ is None
    assert error.__context__ is None


@KINDS
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_proxy_that_cannot_be_one_is_named_and_its_password_is_not_shown(
    what: str, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, value = UNUSABLE[what]
    monkeypatch.setenv(name, value)
    refused(kind, name, value)


@KINDS
@pytest.mark.skipif(importlib.util.find_spec("socksio") is not None, reason="socksio is here, so SOCKS works")
def test_a_proxy_that_needs_what_is_not_installed_is_named(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    value = f"socks5://user:{PASSWORD}@127.0.0.1:1080"
    monkeypatch.setenv("ALL_PROXY", value)
    refused(kind, "ALL_PROXY", value)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY"])
def test_an_export_says_it_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f"http://user:{PASSWORD}/w0rd@proxy.test:3128")
    scheme = name.partition("_")[0].lower()
    with pytest.raises(ConfigurationError) as caught:
        list(daily_ids("movie", date(2026, 3, 23), base_url=f"{scheme}://files.test"))
    assert name in str(caught.value)
    assert PASSWORD not in everything(caught.value)


@KINDS
@pytest.mark.parametrize("content", [None, "no certificate", ""], ids=["missing", "no certificate", "empty"])
def test_a_file_of_certificates_that_cannot_be_used_is_named(
    content: str | None, kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigurationError) as caught:
        kind(access_token=TOKEN)
    assert "SSL_CERT_FILE" in str(caught.value)
    assert str(file) not in str(caught.value)
    assert caught.value.__context__ is None


NO_PROXY = ["[::1]", "::1", "::1/128", "fe80::/10,::1", "[::1],localhost", "::/0", "127.0.0.0/8,::1"]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("value", NO_PROXY)
@pytest.mark.parametrize("variant", ["sync", "asyncio"])
def test_addresses_of_ipv6_without_a_proxy_are_followed_or_the_variable_is_named(
    variant: str, value: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying() as proxy, serving(host="::1") as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv(name, value)
        refusal: ConfigurationError | None = None
        try:
            came = outcome(variant, lambda tmdb: tmdb.movies.details(11), base_url=server.address, retries=False)
        except ConfigurationError as error:  # from the constructor
            refusal = error
        if refusal is not None:
            assert name in str(refusal)
            assert value not in str(refusal)
        else:
            assert came.error is None
            assert len(server.requests) == 1
        assert proxy.asked == []


@pytest.mark.parametrize("variant", ["sync", "asyncio"])
@pytest.mark.parametrize("value", ["127.0.0.1", "localhost,127.0.0.1", "*", ".test, 127.0.0.1"])
def test_a_host_of_no_proxy_is_asked_directly(value: str, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying() as proxy, serving() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv("NO_PROXY", value)
        assert outcome(variant, lambda tmdb: tmdb.movies.details(11), base_url=server.address).error is None
        assert proxy.asked == []


# The simulator

SUITE = """
import subprocess
import sys

import anyio

from tmdb_ext import TMDB, AsyncTMDB


def test_sync(tmdb_simulator):
    with TMDB() as tmdb:
        tmdb.movies.add_rating(11, value=8.5)
    assert tmdb_simulator.count("movie-add-rating") == 1


def test_async(tmdb_simulator):
    async def main():
        async with AsyncTMDB() as tmdb:
            await tmdb.movies.details(11)

    anyio.run(main)
    assert tmdb_simulator.count("movie-details") == 1


def test_an_image(tmdb_simulator, tmp_path):
    with TMDB() as tmdb:
        tmdb.images.download("/a.jpg", tmp_path / "a.png", width=92)


def test_a_program_that_is_started(tmdb_simulator):
    program = "from tmdb_ext import TMDB; print(TMDB().movies.details(11).title)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "Star Wars"
"""


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_the_traffic_of_the_simulator_never_goes_to_a_proxy(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_mine.py").write_text(SUITE)
    with proxying() as proxy:
        monkeypatch.setenv(name, proxy.address)
        monkeypatch.setenv("NO_PROXY", "intern.test")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert proxy.asked == []
    assert done.returncode == 0, done.stdout[-3000:]
