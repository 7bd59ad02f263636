"""The pytest plugin, as a user's own test suite meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError
from tmdb_ext.testing import Simulator

SUITE = """
import anyio
import subprocess
import sys

import pytest
from tmdb_ext import TMDB, AsyncTMDB, RateLimited


def test_a_program_without_arguments_talks_to_the_simulator(tmdb_simulator):
    with TMDB() as tmdb:
        tmdb.movies.add_rating(11, value=8.5)
        assert tmdb.guest_sessions.rated_movies().results[0].rating == 8.5
    assert tmdb_simulator.count("movie-add-rating") == 1
    assert tmdb_simulator.requests[-1].operation == "guest-session-rated-movies"


def test_another_test_gets_another_one(tmdb_simulator):
    assert tmdb_simulator.requests == []
    tmdb_simulator.fail_next(429, retry_after=31)  # longer than the client waits

    async def main():
        async with AsyncTMDB() as tmdb:
            with pytest.raises(RateLimited) as caught:
                await tmdb.movies.details(11)
            return caught.value.retry_after

    assert anyio.run(main) == 31


def test_a_program_that_is_started_inherits_it(tmdb_simulator):
    program = "from tmdb_ext import TMDB; print(TMDB().movies.details(11).title)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "Star Wars"
    assert tmdb_simulator.count("movie-details") == 1
"""


def test_a_users_suite_runs_offline(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(SUITE)
    environment = {**os.environ, "TMDB_API_KEY": "0" * 31 + "1", "TMDB_SESSION_ID": "0" * 40}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tmp_path)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


MARKED = """
import httpx
import pytest

pytestmark = pytest.mark.tmdb(data={"movie": [{"id": 900900, "title": "Rain"}]})


@pytest.mark.tmdb(strict=True)
def test_a_marker_gives_arguments(tmdb_simulator):
    query = {"api_key": tmdb_simulator.api_key, "lang": "de"}
    assert httpx.get(f"{tmdb_simulator.base_url}/3/movie/11", params=query).status_code == 422


def test_a_module_has_one_of_its_own(tmdb_simulator_module):
    query = {"api_key": tmdb_simulator_module.api_key}
    assert httpx.get(f"{tmdb_simulator_module.base_url}/3/movie/900900", params=query).json()["title"] == "Rain"


def test_and_keeps_it(tmdb_simulator_module, tmdb_simulator_session):
    assert tmdb_simulator_module.count("movie-details") == 1
    assert tmdb_simulator_session.requests == []


def test_a_fault_that_never_happens_is_an_error(tmdb_simulator):
    tmdb_simulator.fail_next(503, operation="tv-series-details")


@pytest.mark.tmdb(unfired_faults="ignore")
def test_unless_that_is_meant(tmdb_simulator):
    tmdb_simulator.fail_next(503)
"""


def test_a_marker_configures_and_a_fault_that_never_happened_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(MARKED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "5 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "these faults never happened: fail_next(503, operation='tv-series-details')" in done.stdout


def test_loading_the_plugin_loads_no_simulator() -> None:
    program = (
        "import sys, tmdb_ext.testing.plugin\n"
        "print(sorted(name for name in sys.modules if name.startswith('tmdb_') or name == 'httpx'))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert loaded.strip() == "['tmdb_ext', 'tmdb_ext.testing', 'tmdb_ext.testing.plugin']"


def test_the_fixture_serves_here_too(tmdb_simulator: Simulator) -> None:
    with TMDB() as tmdb:
        assert str(tmdb.low_level.get_httpx_client().base_url).rstrip("/") == tmdb_simulator.base_url
        assert tmdb.auth.begin_login().url.startswith(tmdb_simulator.base_url)


@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_an_address_in_the_environment_is_checked_and_an_argument_goes_before(
    kind: type[TMDB] | type[AsyncTMDB], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "0" * 31 + "1")
    monkeypatch.setenv("TMDB_BASE_URL", "ftp://x")
    with pytest.raises(ConfigurationError, match="base_url must be an http or https address"):
        kind()
    assert "http://127.0.0.1:9" in repr(kind(base_url="http://127.0.0.1:9"))
    monkeypatch.setenv("TMDB_BASE_URL", "")
    assert httpx.URL("https://api.themoviedb.org").host in repr(kind())
