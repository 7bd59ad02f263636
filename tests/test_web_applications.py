"""The web applications of the documentation, run as their readers would: servers, browsers, two users at once."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tmdb_ext.testing import Simulator, User

PAGE = Path(__file__).resolve().parent.parent / "docs/pages/web-applications.md"
PROGRAMS = dict(re.findall(r'```python title="([^"]+)"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL))
COMMANDS = {
    "with_fastapi.py": ["-m", "uvicorn", "--log-level", "warning", "--port", "{port}", "with_fastapi:app"],
    "with_flask.py": ["-m", "flask", "--app", "with_flask", "run", "--port", "{port}"],
    "with_django.py": ["with_django.py", "runserver", "--noreload", "{port}"],
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(params=sorted(COMMANDS))
def site(request: pytest.FixtureRequest, simulator: Simulator, tmp_path: Path) -> Iterator[str]:
    """The address of a server that runs the program of the page."""
    (tmp_path / request.param).write_text(PROGRAMS[request.param], encoding="utf-8")
    port = free_port()
    environment = {
        **os.environ,
        "TMDB_BASE_URL": simulator.base_url,
        "TMDB_SITE_URL": simulator.base_url,
        "TMDB_ACCESS_TOKEN": simulator.access_token,
        "SECRET_KEY": "a key for tests",
        "PYTHONPATH": str(tmp_path),
    }
    command = [sys.executable, *(part.format(port=port) for part in COMMANDS[request.param])]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(1200):
            assert server.poll() is None, (tmp_path / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)
    said = (tmp_path / "log").read_text()
    held = [*simulator._state.sessions, *simulator._state.guest_sessions, simulator.access_token]
    assert not [secret for secret in held if secret in said]


def begun(browser: httpx.Client) -> tuple[str, str]:
    """Begin a login; return the request token, and where TMDB sends the browser afterwards."""
    approval = urlsplit(browser.get("/login").headers["location"])
    return approval.path.rpartition("/")[2], parse_qs(approval.query)["redirect_to"][0]


def log_in(browser: httpx.Client, simulator: Simulator, user: User) -> None:
    token, back = begun(browser)
    simulator.approve(token, user)
    answer = browser.get(back, params={"request_token": token, "approved": "true"})
    assert answer.is_redirect, answer.text


def test_two_users_at_once_log_in_rate_and_log_out(site: str, simulator: Simulator) -> None:
    users = [simulator.user, simulator.create_user("ottoline", "lighthouse")]
    with httpx.Client(base_url=site) as first, httpx.Client(base_url=site) as second:
        browsers = [first, second]
        assert [browser.get("/").json()["user"] for browser in browsers] == [None, None]
        for browser, user in zip(browsers, users, strict=True):
            log_in(browser, simulator, user)

        def one(number: int) -> None:
            browser, user = browsers[number % 2], users[number % 2]
            assert browser.get("/").json()["user"] == user.username
            value = float(number % 2 + 3)
            assert browser.post(f"/rate/11/{value}").json() == {"rated": value}

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(24)))
        assert simulator.count("authentication-create-guest-session") == 0
        assert first.post("/logout").json() == {"ended": True}
        assert [browser.get("/").json()["user"] for browser in browsers] == [None, "ottoline"]


def test_a_visitor_rates_as_a_guest_in_a_language_of_their_own(site: str, simulator: Simulator) -> None:
    with httpx.Client(base_url=site, headers={"accept-language": "de-AT,de;q=0.8"}) as first:
        assert first.post("/rate/11/4.5").json() == {"rated": 4.5}
        assert first.get("/").json()["user"] is None
    with httpx.Client(base_url=site, headers={"accept-language": "fr"}) as second:
        assert second.post("/rate/11/7.5").json() == {"rated": 7.5}
        second.get("/")
    assert simulator.count("authentication-create-guest-session") == 2
    languages = [sent.params.get("language") for sent in simulator.requests if sent.operation == "movie-details"]
    assert languages == ["de", "fr"]


def test_a_login_is_denied_or_belongs_to_another_browser(site: str, simulator: Simulator) -> None:
    with httpx.Client(base_url=site) as victim, httpx.Client(base_url=site) as attacker:
        token, back = begun(victim)
        answer = victim.get(back, params={"request_token": token, "denied": "true"})
        assert (answer.status_code, "denied" in answer.text) == (403, True)
        token, back = begun(attacker)
        simulator.approve(token)
        begun(victim)
        for browser in (victim, httpx.Client(base_url=site)):
            answer = browser.get(back, params={"request_token": token, "approved": "true"})
            assert (answer.status_code, "no login that this browser has begun" in answer.text) == (403, True)
            assert token not in answer.text
            browser.close()
    assert simulator.count("authentication-create-session") == 0
