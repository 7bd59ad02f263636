"""The documentation: its examples run, its tables are whole, and nothing public is missing from it."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pipeline.site import PAGES, USER_AUTH
from redis_server import RedisServer
from tmdb_api_client.v3.operations import OPERATIONS
from tmdb_api_client.v3.resources import Resources
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS
from tmdb_api_client.v4.resources import Resources as V4Resources

import tmdb_ext
from tmdb_ext import STATUS_CODES, TMDB, TMDBError, testing
from tmdb_ext.testing import Simulator

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "docs/pages").glob("*.md"))
EXAMPLES = {
    page.stem: re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL) for page in SOURCES
}

FILES = {
    page.stem: dict(re.findall(r'```python title="([^"]+)"\n(.*?)```', page.read_text(encoding="utf-8"), re.DOTALL))
    for page in SOURCES
}
"""Examples that are files of their own, by page and name."""
SERVED: Final = "web-applications"
"""The page whose files are servers: see test_web_applications.py."""
PROGRAMS = [
    (page, name)
    for page, files in FILES.items()
    if page != SERVED
    for name, text in files.items()
    if "__main__" in text
]

PRELOADED = """
import multiprocessing

import web


def answer(_):
    return b"".join(web.app({}, lambda status, headers: None)).decode()


with multiprocessing.get_context("fork").Pool(3) as pool:
    print(answer(0), *pool.map(answer, range(12)))
"""
"""What gunicorn does with an application that it has loaded before it forks."""


def approve(url: str) -> None:
    """Do what a browser does when its user approves."""
    page = url.replace("?redirect_to", "/allow?redirect_to").replace("/auth/access?", "/auth/access/approve?")
    assert httpx.post(page, follow_redirects=True).status_code == 200


@pytest.fixture
def redis_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Starts a Redis server for a page whose examples name one."""
    running: list[RedisServer] = []

    def start(page: str) -> None:
        if any("REDIS_URL" in example for example in EXAMPLES[page]):
            running.append(RedisServer(tmp_path / "redis"))
            monkeypatch.setenv("REDIS_URL", running[0].url)

    yield start
    for server in running:
        server.stop()


@pytest.mark.parametrize("page", [page for page, examples in EXAMPLES.items() if examples])
def test_the_examples_of_a_page_run(
    page: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    tmdb_simulator: Simulator,
    redis_for: Callable[[str], None],
) -> None:
    redis_for(page)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda url: threading.Timer(0.1, approve, [url]).start())
    names: dict[str, Any] = {"__name__": "example"}
    for number, example in enumerate(EXAMPLES[page]):
        exec(compile(example, f"{page}, example {number}", "exec"), names)
    for name, value in list(names.items()):
        if name.startswith("test_"):
            tmdb_simulator.clear_requests()
            value(tmdb_simulator)
    printed = capsys.readouterr().out
    state = tmdb_simulator._state
    held = [*state.access_tokens, *state.sessions, *state.guest_sessions, *state.request_tokens, state.api_key]
    assert not [secret for secret in held if secret in printed]
    assert printed


def run(folder: Path, *command: str) -> str:
    """Run a command in a folder that has the files of a page; return what it prints."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stderr == ""
    return done.stdout


def written(page: str, folder: Path) -> Path:
    for name, text in FILES[page].items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("page", "name"), [(page, name) for page, files in FILES.items() for name in files])
def test_an_example_that_is_a_file_compiles(page: str, name: str) -> None:
    compile(FILES[page][name], name, "exec")


@pytest.mark.usefixtures("tmdb_simulator")
@pytest.mark.parametrize(("page", "name"), PROGRAMS)
def test_an_example_that_is_a_program_runs(page: str, name: str, tmp_path: Path) -> None:
    if "httpx2" in name and importlib.util.find_spec("httpx2") is None:
        pytest.skip("httpx2 is not here")
    assert "Star Wars" in run(written(page, tmp_path), name)


@pytest.mark.usefixtures("tmdb_simulator")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_the_example_of_a_server_that_forks_answers(tmp_path: Path) -> None:
    assert run(written("processes", tmp_path), "-W", "ignore", "-c", PRELOADED).count("Star Wars") == 13


def test_the_example_of_a_suite_passes(tmp_path: Path) -> None:
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error")
    assert "2 passed" in run(written("processes", tmp_path), *command)


def test_there_are_examples() -> None:
    assert sum(map(len, EXAMPLES.values())) >= 35
    without = {"command-line", "design", "mutations", "regenerating", "speed-figures"}
    assert {page for page, examples in EXAMPLES.items() if not examples} == without


def rows_of(page: str) -> list[list[str]]:
    """The rows of the tables of a page that is made from the code."""
    lines = [line for line in "\n".join(PAGES[page]()).split("\n") if line.startswith("| ") and "| --- |" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_operation_is_listed_with_a_call_that_exists() -> None:
    rows = [row for row in rows_of("operations.md") if row[0].startswith("`")]
    assert len(rows) == len(OPERATIONS) + len(V4_OPERATIONS) == 173 + 3
    undocumented = []
    for call, _, auth, last_page, link in rows:
        four = call.startswith("`tmdb.v4.")
        tag, method = call.strip("`").removeprefix("tmdb.").removeprefix("v4.").split(".")
        resource = getattr((V4Resources if four else Resources)(), tag)
        assert callable(getattr(resource, method))
        known = V4_OPERATIONS if four else OPERATIONS
        if link == "none":
            undocumented.append(call)
            continue
        (identifier,) = re.findall(r"\[(.*)\]", link)
        assert last_page == (f"{known[identifier].last_page:,}" if known[identifier].pages else "")
        assert known[identifier].resource == method
        assert f"https://developer.themoviedb.org/{'v4/' * four}reference/{identifier})" in link
        assert auth.startswith(USER_AUTH[known[identifier].user_auth])
    assert undocumented == ["`tmdb.companies.movies`", "`tmdb.genres.movies_of`", "`tmdb.movies.releases`"]


@pytest.mark.parametrize("row", [row for row in rows_of("status-codes.md") if row[0] != "code"], ids=lambda row: row[0])
def test_a_status_code_raises_what_its_row_says(row: list[str], tmdb_simulator: Simulator) -> None:
    code, http, _, raises, _ = row
    tmdb_simulator.fail_next(tmdb_code=int(code), operation="movie-details")
    with TMDB() as tmdb:
        try:
            tmdb.movies.details(11)
            given = "nothing"
        except TMDBError as error:
            given = f"`{type(error).__name__}`"
    assert given == raises
    assert tmdb_simulator.requests[-1].http_status == int(http)
    assert STATUS_CODES[int(code)].http_status == int(http)


def test_all_status_codes_are_there() -> None:
    assert [row[0] for row in rows_of("status-codes.md") if row[0] != "code"] == [str(code) for code in range(1, 48)]


def test_everything_public_is_in_the_reference() -> None:
    text = "\n".join([*PAGES["reference.md"](), *PAGES["reference-errors.md"]()])
    for name in [*tmdb_ext.__all__, *testing.__all__]:
        assert re.search(rf"^::: [\w.]+\.{name}$", text, re.MULTILINE), name
    undocumented = [
        name
        for name in tmdb_ext.__all__
        if isinstance(getattr(tmdb_ext, name), type) and not inspect.getdoc(getattr(tmdb_ext, name))
    ]
    assert undocumented == []


def test_every_resource_is_in_the_reference() -> None:
    text = "\n".join(PAGES["resources.md"]())
    tags = [name for holder in (Resources, V4Resources) for name in vars(holder) if not name.startswith("_")]
    assert len(re.findall(r"^::: ", text, re.MULTILINE)) == len(tags)


def test_faults_are_in_a_table() -> None:
    rows = [row for row in rows_of("faults.md") if row[0] != "what happens"]
    assert len(rows) >= 29
    assert all(gives == "the result" or hasattr(tmdb_ext, gives.strip("`")) for _, gives, _ in rows)
