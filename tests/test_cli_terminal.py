"""The command line at a real terminal: a person types, reads tables, approves in a browser, and says yes."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scenes import decide

from tmdb_ext.testing import Simulator

pexpect: Any = pytest.importorskip("pexpect")
if not hasattr(pexpect, "spawn"):
    pytest.skip("there is no pseudo-terminal here", allow_module_level=True)

Spawn = Callable[..., Any]
TIMEOUT = 30


@pytest.fixture
def environment(simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TMDB_", "XDG_", "SSL_"))}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        kept.pop(name, None)
    return kept | {
        "HOME": str(tmp_path),
        "SSL_CERT_DIR": str(tmp_path),  # nothing here speaks TLS
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "TERM": "xterm-256color",
        "TMDB_BASE_URL": simulator.base_url,
        "TMDB_SITE_URL": simulator.base_url,
    }


@pytest.fixture
def spawn(environment: dict[str, str]) -> Spawn:
    def begin(*arguments: str, columns: int = 100) -> Any:
        command = ["-m", "tmdb_ext.cli", *arguments]
        return pexpect.spawn(
            sys.executable, command, env=environment, encoding="utf-8", timeout=TIMEOUT, dimensions=(40, columns)
        )

    return begin


@pytest.fixture
def tmdb(spawn: Spawn) -> Callable[..., str]:
    def run(*arguments: str, code: int = 0, columns: int = 100) -> str:
        return ended(spawn(*arguments, columns=columns), code)

    return run


def ended(child: Any, code: int = 0) -> str:
    """What a command has written, after it has ended."""
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code, child.before
    return plain(child.before)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")


def approve(child: Any, action: str) -> None:
    child.expect(r"(http://\S+/auth\S+)\r\n")
    threading.Thread(target=decide, args=(child.match.group(1), action)).start()


def stored(tmp_path: Path) -> Path:
    return tmp_path / "config" / "tmdb-ext" / "sessions.json"


def test_a_person_logs_in_rates_keeps_a_list_and_logs_out(
    spawn: Spawn, tmdb: Callable[..., str], simulator: Simulator, tmp_path: Path
) -> None:
    child = spawn("auth", "token")
    child.expect("Token or key: ")
    child.sendline(simulator.access_token)
    shown = ended(child)
    assert "is kept in" in shown
    assert simulator.access_token not in shown

    child = spawn("auth", "login", "--no-browser", "--interval", "0.1")
    approve(child, "allow")
    assert "Logged in as sample_user" in ended(child)
    assert stat.S_IMODE(stored(tmp_path).stat().st_mode) == 0o600
    assert re.search(r"Account +sample_user", tmdb("auth", "status"))

    assert "Rated movie 11: 8.5." in tmdb("rate", "movie", "11", "8.5")
    assert re.search(r"movie +11 +Star Wars +1977 +8\.5", tmdb("rated"))

    (number,) = re.findall(r"Made list (\d+): Rainy days", tmdb("list", "create", "Rainy days"))
    assert "Put movie:11" in tmdb("list", "add", number, "movie:11")
    shown = tmdb("list", "show", number)
    assert "Rainy days" in shown
    assert re.search(r"movie +11 +Star Wars", shown)

    child = spawn("list", "delete", number)
    child.expect(r"Delete list \d+\? \[y/N\]: ")
    child.sendline("n")
    assert "Nothing was changed" in ended(child, 1)
    child = spawn("list", "delete", number)
    child.expect(r"\[y/N\]: ")
    child.sendline("y")
    assert f"Deleted list {number}." in ended(child)

    assert "Logged out" in tmdb("auth", "logout")
    assert "tmdb auth login" in tmdb("list", "ls", code=3)
    assert "session_id" not in stored(tmp_path).read_text(encoding="utf-8")


def test_a_person_logs_in_for_v4_and_puts_a_series_on_a_list(
    spawn: Spawn, tmdb: Callable[..., str], environment: dict[str, str], simulator: Simulator, tmp_path: Path
) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    child = spawn("auth", "login", "--v4", "--no-browser", "--interval", "0.1")
    approve(child, "approve")
    assert "Logged in as account " in ended(child)
    records = json.loads(stored(tmp_path).read_text(encoding="utf-8"))["sessions"]
    assert records.keys() == {f"{simulator.base_url}/user-v4"}
    assert "user access token" in tmdb("auth", "status")
    (number,) = re.findall(r"Made list (\d+)", tmdb("list", "create", "Both kinds"))
    tmdb("list", "add", number, "movie:11", "tv:41")
    assert re.search(r"tv +41 +Harbour Nights", tmdb("list", "show", number))
    assert "Logged out" in tmdb("auth", "logout")
    assert json.loads(stored(tmp_path).read_text(encoding="utf-8"))["sessions"] == {}


def test_name_and_password_are_asked_for_and_the_password_is_not_shown(
    spawn: Spawn, environment: dict[str, str], simulator: Simulator
) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    child = spawn("auth", "login", "--password")
    child.expect("Name at TMDB: ")
    child.sendline("sample_user")
    child.expect("Password: ")
    child.sendline("sample password")
    shown = ended(child)
    assert "Logged in as sample_user" in shown
    assert "sample password" not in shown


def test_interrupting_a_question_ends_with_130(spawn: Spawn, environment: dict[str, str], simulator: Simulator) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    child = spawn("auth", "login", "--password")
    child.expect("Name at TMDB: ")
    child.sendintr()
    ended(child, 130)


def test_tables_fit_the_terminal_and_can_do_without_colour(
    spawn: Spawn, tmdb: Callable[..., str], environment: dict[str, str], simulator: Simulator
) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    for columns in (40, 100):
        shown = tmdb("discover", "movie", "--limit", "20", columns=columns)
        assert "Title" in shown
        assert max(map(len, shown.splitlines())) <= columns
    child = spawn("movie", "11", "--no-color")
    child.expect(pexpect.EOF)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", child.before)
    assert "Star Wars" in plain(child.before)


def test_columns_that_matter_are_not_cut_and_a_single_operation_is_shown_whole(tmdb: Callable[..., str]) -> None:
    shown = tmdb("operations", "rating", columns=70)
    assert re.search(r"^ +tv-epi\S*… +DELETE +/3/tv\S*… +session or guest session", shown, re.MULTILINE)
    assert "https://developer.themoviedb.org/reference/movie-popular-list" in tmdb("operations", "movie-popular")


def test_json_is_indented_for_people(
    tmdb: Callable[..., str], environment: dict[str, str], simulator: Simulator
) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    assert '\n  "title": "Star Wars"' in tmdb("api", "GET", "/3/movie/11")
    assert json.loads(tmdb("search", "star wars", "--json", "--limit", "1"))[0]["id"] == 11


def test_work_over_several_pages_shows_how_far_it_is(
    spawn: Spawn, environment: dict[str, str], simulator: Simulator
) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    child = spawn("discover", "movie", "--limit", "60")
    child.expect("Fetching")
    child.expect("Title")
    ended(child)
    assert simulator.count("discover-movie") == 3


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc")
def test_no_secret_is_among_the_arguments_of_the_process(
    spawn: Spawn, environment: dict[str, str], simulator: Simulator
) -> None:
    environment["TMDB_ACCESS_TOKEN"] = simulator.access_token
    child = spawn("auth", "login", "--no-browser", "--interval", "0.1")
    child.expect(r"/authenticate/(\w+)\r\n")
    token = child.match.group(1)
    seen = Path(f"/proc/{child.pid}/cmdline").read_bytes().decode()
    assert token not in seen
    assert simulator.access_token not in seen
    child.sendintr()
    ended(child, 130)
