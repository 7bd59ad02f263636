"""Runs the peers and says what passes.

The tests of tmdbsimple and tmdbv3api come with their sdists. Those of themoviedb never ask TMDB, and TMDbAPIs ships
none: of these two every public method is called.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx

from peering.data import DATA, FAVORITES, PEERS_OWN
from tmdb_ext.testing import Simulator

HERE = Path(__file__).resolve().parent
ENOUGH = 0.95
SUITES = {"tmdbsimple": "__init__.py", "tmdbv3api": "util.py"}
"""Peers that ship their tests, and the module of these that is not shipped; ours is in `asked_by_….py`."""
DRIVEN = ("tmdbapis", "themoviedb")
OF_NODE = "moviedb-promise"
"""A client in JavaScript, which is tried where Node and npm are installed."""
ALL = (*SUITES, *DRIVEN, OF_NODE)


@dataclass(frozen=True)
class Outcome:
    """What came of one test or call: `error` is None if it passed."""

    name: str
    error: str | None


def _run(*command: str | Path, **named: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(one) for one in command], check=True, text=True, **named)


def install(folder: Path) -> Path:
    """Makes an environment with the peers, and unpacks the tests that come with them; returns its interpreter."""
    interpreter = folder / "venv" / "bin" / "python"
    pip: list[str | Path] = [interpreter, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    if not (folder / "sdists").exists():
        _run(sys.executable, "-m", "venv", folder / "venv")
        _run(*pip, "install", "-r", HERE / "peers.txt")
    pins = (HERE / "peers.txt").read_text(encoding="utf-8").splitlines()
    for name, missing in SUITES.items():
        target = folder / name
        if target.exists():
            continue
        pin = next(line for line in pins if line.startswith(f"{name}=="))
        _run(*pip, "download", "--no-deps", "--no-binary", ":all:", "-d", folder / "sdists", pin)
        with tarfile.open(folder / "sdists" / f"{pin.replace('==', '-')}.tar.gz") as packed:
            packed.extractall(target, filter="data")
        (inner,) = target.iterdir()
        (inner / "tests" / missing).write_bytes((HERE / f"asked_by_{name}.py").read_bytes())
    return interpreter


def environment(simulator: Simulator, port: int) -> dict[str, str]:
    """What a peer's process needs to know."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    return {
        **kept,
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SSL_CERT_FILE": str(simulator.ca_file),
        "REQUESTS_CA_BUNDLE": str(simulator.ca_file),
        "TMDB_PORT": str(port),
        "TMDB_API_KEY": simulator.api_key,
        "TMDB_ACCESS_TOKEN": simulator.access_token,
        "TMDB_USER_TOKEN": simulator.create_user_access_token(),
        "TMDB_SESSION_ID": simulator.create_session(),
        "TMDB_USERNAME": simulator.user.username,
        "TMDB_PASSWORD": simulator.user.password,
        "TMDB_FACTS": json.dumps(facts(simulator)),
    }


def facts(simulator: Simulator) -> dict[str, Any]:
    """Ids that the simulator made up, which the methods of some peers have to be given."""
    with httpx.Client(transport=simulator.transport, params={"api_key": simulator.api_key}) as client:

        def get(path: str) -> Any:
            return client.get(f"https://api.themoviedb.org/3/{path}").json()

        return {
            "credit_id": get("movie/11/credits")["cast"][0]["credit_id"],
            "review_id": get("movie/11/reviews")["results"][0]["id"],
            "episode_group_id": get("tv/41/episode_groups")["results"][0]["id"],
            "season_id": get("tv/41/season/1")["id"],
            "episode_id": get("tv/41/season/1/episode/1")["id"],
            **{name: value for name, value in get("tv/41/external_ids").items() if name != "id"},
        }


def mark(simulator: Simulator, session: str) -> None:
    """Marks what the user is said to have marked before."""
    query = {"api_key": simulator.api_key, "session_id": session}
    with httpx.Client(transport=simulator.transport, params=query) as client:
        for where, kind, number in FAVORITES:
            body = {"media_type": kind, "media_id": number, where: True}
            client.post(f"https://api.themoviedb.org/3/account/me/{where}", json=body).raise_for_status()


def suite(name: str, folder: Path, interpreter: Path, known: dict[str, str]) -> Iterator[Outcome]:
    """Runs the tests that a peer ships."""
    (inner,) = (folder / name).iterdir()
    found = folder / f"{name}.xml"
    command = (
        interpreter,
        "-m",
        "pytest",
        "-q",
        "-p",
        "there",
        "-p",
        "no:cacheprovider",
        f"--junitxml={found}",
        "tests",
    )
    here = {**known, "PYTHONPATH": f"{known['PYTHONPATH']}{os.pathsep}{inner / 'tests'}"}
    subprocess.run([str(one) for one in command], cwd=inner, env=here, check=False, stdout=subprocess.DEVNULL)
    for case in ET.parse(found).iter("testcase"):  # noqa: S314 - we have just had it written
        bad = next((one for one in case if one.tag in ("failure", "error")), None)
        yield Outcome(
            f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}",
            bad.get("message") if bad is not None else None,
        )


def driven(name: str, interpreter: Path, known: dict[str, str]) -> Iterator[Outcome]:
    """Calls the methods of a peer."""
    done = _run(interpreter, HERE / "drive.py", name, env=known, stdout=subprocess.PIPE)
    for line in done.stdout.splitlines():
        yield Outcome(*json.loads(line))


def install_of_node(folder: Path) -> bool:
    """Installs the client in JavaScript; returns whether there is one now."""
    pin = next(line[2:] for line in (HERE / "peers.txt").read_text().splitlines() if OF_NODE in line)
    if shutil.which("node") is None or (npm := shutil.which("npm")) is None:
        print(f"Without {OF_NODE}: Node and npm are not installed.", file=sys.stderr)
        return False
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), pin]
    if not (folder / "node_modules" / OF_NODE).exists() and subprocess.run(command, check=False).returncode:
        print(f"Without {OF_NODE}: npm could not install it.", file=sys.stderr)
        return False
    return True


def of_node(folder: Path) -> list[Outcome]:
    """Calls the methods of the client in JavaScript, which takes an address for TMDB."""
    with Simulator() as simulator:
        simulator.create_user("regina.phalange", "the password of another user")
        simulator.load(DATA)
        known = {
            **os.environ, "TMDB_BASE": simulator.base_url, "TMDB_API_KEY": simulator.api_key,
            "TMDB_FACTS": json.dumps(facts(simulator)), "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        command = ("node", HERE / "drive.mjs", folder / "package.json")
        done = _run(*command, env=known, stdout=subprocess.PIPE)
    return [Outcome(*json.loads(line)) for line in done.stdout.splitlines()]


def reason(peer: str, outcome: Outcome) -> str | None:
    """Why something does not pass, if that is the peer's own matter; None if no reason is known."""
    for pattern, said in PEERS_OWN.items():
        if fnmatchcase(f"{peer}: {outcome.name}", pattern):
            return said
    return None


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def outcomes(peer: str, folder: Path, interpreter: Path) -> list[Outcome]:
    """Runs a peer against a simulator of its own."""
    port = free_port()
    authority = folder / f"{peer}.pem"
    with Simulator(port=port, tls=True, ca_file=authority, public_url="https://api.themoviedb.org") as simulator:
        simulator.create_user("regina.phalange", "the password of another user")
        simulator.load(DATA)
        known = environment(simulator, port)
        mark(simulator, known["TMDB_SESSION_ID"])
        if peer in SUITES:
            return list(suite(peer, folder, interpreter, known))
        return list(driven(peer, interpreter, known))


def main() -> int:
    """Runs them, prints a table in Markdown, and returns 1 if something fails that should not."""
    parser = argparse.ArgumentParser(prog="scripts/peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("peer", nargs="*", help=f"which ones of {', '.join(ALL)} (default: all)")
    parser.add_argument("--folder", type=Path, help="keep the environment here, and take it if it is there")
    options = parser.parse_args()
    if unknown := set(options.peer) - {*ALL}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    rows, whys, bad = [], [], False
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        interpreter = install(folder)
        for peer in options.peer or ALL:
            if peer == OF_NODE and not install_of_node(folder):
                continue
            found = of_node(folder) if peer == OF_NODE else outcomes(peer, folder, interpreter)
            failed = [(one, reason(peer, one)) for one in found if one.error is not None]
            passed = len(found) - len(failed)
            bad |= passed < ENOUGH * len(found) or any(why is None for _, why in failed)
            how = "the tests that it ships" if peer in SUITES else "each public method"
            rows.append(f"| {peer} | {how} | {len(found)} | {passed} | {passed / len(found):.1%} |")
            whys += [f"- {peer}: {one.name}: {why or f'NOT EXPLAINED: {one.error}'}" for one, why in failed]
    print("| client | what is run | of these | pass | share |")
    print("| --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    print("\n".join(["", *whys]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
