"""Serving from a shell: `tmdb serve`, `python -m tmdb_ext.testing` and the container have the same options and ends."""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tmdb_ext.testing import Simulator
from tmdb_ext.testing.__main__ import parser
from tmdb_ext.testing._serving import HELP

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = {
    "python -m tmdb_ext.testing": ([sys.executable, "-m", "tmdb_ext.testing"], ["--json"], []),
    "tmdb serve": ([sys.executable, "-m", "tmdb_ext.cli"], [], ["--json", "serve"]),
}


def command(entry: str, *options: str) -> list[str]:
    program, after, before = ENTRIES[entry]
    return [*program, *before, *options, *after]


def ignoring_signals(arguments: list[str]) -> list[str]:
    """A command as a shell runs it in the background, without interrupts."""
    return ["/bin/sh", "-c", f"trap '' INT TERM; exec {shlex.join(arguments)}"]


@contextmanager
def running(arguments: list[str], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A program that serves, with what it says of itself."""
    environment = {**os.environ, "HOME": str(tmp_path), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        said = ""
        try:
            while "}" not in said and (line := process.stdout.readline()):
                said += line
            yield process, json.loads(said)
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="no signals for one process")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("entry", ENTRIES)
def test_it_ends_when_asked_also_in_the_background(tmp_path: Path, entry: str, sent: signal.Signals) -> None:
    with running(ignoring_signals(command(entry)), tmp_path) as (process, served):
        query = {"api_key": served["api_key"]}
        assert httpx.get(f"{served['base_url']}/3/movie/11", params=query).json()["id"] == 11
        process.send_signal(sent)
        assert process.wait() == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_both_entries_have_the_simulators_arguments_as_options() -> None:
    from tmdb_ext.cli._serve import serve

    taken = {name for name in inspect.signature(serve).parameters if name != "context"}
    assert taken == HELP.keys() == {action.dest for action in parser()._actions} - {"help", "json"}
    assert taken - {"log"} <= inspect.signature(Simulator).parameters.keys()
    by_name = {action.dest: action.help for action in parser()._actions}
    assert {name: by_name[name] for name in HELP} == HELP


@pytest.mark.parametrize("entry", ENTRIES)
def test_its_options_reach_the_simulator(tmp_path: Path, entry: str) -> None:
    data, authority = tmp_path / "movie.json", tmp_path / "ca.pem"
    data.write_text('{"id": 900900, "title": "Rain"}')
    pytest.importorskip("trustme")
    options = ["--access-token", "a.b.c", "--api-key", "k" * 32, "--data", str(data), "--strict", "--any-id", "--log"]
    options += ["--tls", "--ca-file", str(authority), "--public-url", "https://tmdb:8080", "--port", "0"]
    with running(command(entry, *options), tmp_path) as (process, served):
        assert (served["access_token"], served["api_key"], served["ca_file"]) == ("a.b.c", "k" * 32, str(authority))
        assert served["base_url"] == "https://tmdb:8080"
        assert "BEGIN CERTIFICATE" in authority.read_text()
        assert process.poll() is None


@pytest.mark.parametrize(
    ("options", "said"), [(["--data", "nowhere"], "nowhere cannot be read"), (["--replay", "nowhere"], "no folder")]
)
def test_a_wrong_option_is_told_without_a_traceback(tmp_path: Path, options: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tmdb_ext.testing", *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_it_shows_what_is_asked_for_without_a_credential(tmp_path: Path) -> None:
    with running(command("python -m tmdb_ext.testing", "--log"), tmp_path) as (process, served):
        httpx.get(f"{served['base_url']}/3/movie/11", params={"api_key": served["api_key"]})
        httpx.get(f"{served['base_url']}/3/guest_session/0123456789abcdef/rated/movies")
        assert process.stderr is not None
        assert process.stderr.readline() == "GET /3/movie/11 200 movie-details\n"
        assert process.stderr.readline() == "GET /3/guest_session/…/rated/movies 401 guest-session-rated-movies\n"


# the container


def instruction(name: str) -> list[str]:
    text = (ROOT / "scripts" / "simulator.Dockerfile").read_text(encoding="utf-8")
    found = re.search(rf"^{name} (\[.*\])$", text, re.MULTILINE)
    assert found is not None
    listed: list[str] = json.loads(found[1])
    return listed


def test_the_command_of_the_container_serves_on_the_port_that_it_exposes(tmp_path: Path) -> None:
    entry, options = instruction("ENTRYPOINT"), instruction("CMD")
    assert entry[:2] == ["tmdb", "serve"]
    exposed = re.search(r"^EXPOSE (\d+)$", (ROOT / "scripts" / "simulator.Dockerfile").read_text(), re.MULTILINE)
    assert exposed is not None
    port = entry.index("--port") + 1
    assert entry[port] == exposed[1]
    here = [*entry[2:port], "0", *entry[port + 1 :], *options]  # the port itself may be taken on this machine
    with running(command("tmdb serve", *here), tmp_path) as (_, served):
        assert served["base_url"].startswith("http://127.0.0.1:")
        described = httpx.get(f"{served['base_url']}/simulator").json()
        assert described["api_key"] == served["api_key"]


def test_the_container_installs_what_the_command_needs() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    installed = re.search(r"/src\[([\w,]+)\]", (ROOT / "scripts" / "simulator.Dockerfile").read_text(encoding="utf-8"))
    assert installed is not None
    assert {"cli", "tls"} <= set(installed[1].split(",")) <= extras.keys()
