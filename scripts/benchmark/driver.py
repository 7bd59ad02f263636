"""The processes of a run: the server, a worker for each subject, and what is installed or generated for them once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".bench"
PEERS: Final = Path(__file__).with_name("peers.txt")
EXTRAS: Final = {
    "plain": [],
    "fast": ["msgspec==0.22.0"],
    "aiohttp": ["aiohttp==3.14.5", "httpx-aiohttp==0.2.0"],
    "decoders": ["msgspec==0.22.0", "pydantic==2.14.4"],
}
DOCUMENT: Final = ROOT / "openapi" / "tmdb-v3.json"


def environment(*paths: Path, **variables: str) -> dict[str, str]:
    """The environment of a process that has these folders to import from, and no setting of the user's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TMDB_", "PYTHON"))}
    # Compiled code is kept, as it is of what pip has installed; beside the tree, not in it.
    python = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}
    return {**kept, **python, **variables}


def own_environment(**variables: str) -> dict[str, str]:
    """The environment of a process that imports this tree, and the stock client where it was generated."""
    return environment(ROOT, ROOT / "generated", ROOT / "scripts", CACHE / "stock", **variables)


def ready_stock() -> None:
    """Generate the stock client, unless it was generated from the same document."""
    target, stamp = CACHE / "stock" / "stock_tmdb", hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()

    def make() -> None:
        config = CACHE / "stock.json"
        names = {"project_name_override": "stock-tmdb", "package_name_override": "stock_tmdb", "post_hooks": []}
        config.write_text(json.dumps(names), encoding="utf-8")
        generator = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(DOCUMENT)]
        options = ["--config", str(config), "--meta", "none", "--output-path", str(target), "--overwrite"]
        _run([*generator, *options])

    _once(CACHE / "stock", stamp, make)


def peers_python() -> Path:
    """The interpreter of the peers' environment; makes the environment where it is missing or out of date."""
    return _python("peers", ["-r", str(PEERS)], PEERS.read_text(encoding="utf-8"))


def own_python(mode: str = "plain") -> Path:
    """The interpreter of an environment with what the client depends on and what an extra brings.

    httpx imports click and rich where they are installed, as they are for development, and then looks slow beside us.
    """
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = ["httpcore", *(re.split(r"[^\w-]", requirement)[0] for requirement in declared)]
    wanted = [f"{name}=={metadata.version(name)}" for name in names] + EXTRAS[mode]
    return _python(mode, wanted, " ".join(wanted))


def _python(name: str, wanted: list[str], contents: str) -> Path:
    folder, stamp = CACHE / name, hashlib.sha256(f"{contents}\0{sys.version}".encode()).hexdigest()
    executable = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def make() -> None:
        print(f"Making the environment .bench/{name} (once) …", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(executable), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])

    _once(folder, stamp, make)
    return executable


def _once(folder: Path, stamp: str, make: Callable[[], None]) -> None:
    """Make a folder anew, unless it was made from the same."""
    note = folder / ".made-from"
    if note.exists() and note.read_text(encoding="utf-8") == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make()
    note.write_text(stamp, encoding="utf-8")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment())
    if done.returncode:
        raise SystemExit(f"bench: {Path(command[2]).name} failed: {(done.stderr or done.stdout).strip()[-500:]}")


class Process:
    """A process that answers a line with a line."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)

    def ask(self, line: str | None) -> str:
        """Send a line, if there is one, and wait for the answer."""
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        if line is not None:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"bench: a worker ended: {' '.join(map(str, self._process.args[2:]))}")  # type: ignore[index]
        return answer

    def close(self) -> None:
        """End it: its input ends, and so does it."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=20)


class Driver:
    """Starts processes when they are first needed, and ends them all."""

    def __init__(self, *, with_peers: bool) -> None:
        self.with_peers = with_peers
        self.used: dict[tuple[str, str], bool] = {}
        """Whether a worker has imported what the extra `fast` brings, after its last order."""
        self._workers: dict[tuple[str, str], Process] = {}
        self._server = Process([sys.executable, "-m", "benchmark.server"], own_environment())
        self.base_url = f"http://127.0.0.1:{int(self._server.ask(None))}"

    def seconds(self, subject: str, operation: str, calls: int, at_once: int, mode: str = "plain") -> float:
        """Let a subject run an operation so many times; return the seconds it took."""
        order = json.dumps({"run": operation, "calls": calls, "at_once": at_once})
        answer: dict[str, Any] = json.loads(self._worker(subject, mode).ask(order))
        self.used[subject, mode] = bool(answer["fast"])
        return float(answer["seconds"])

    def _worker(self, subject: str, mode: str) -> Process:
        if (subject, mode) not in self._workers:
            module, name = subject.split(":")
            if module in {"peers", "floor"}:
                python, env = peers_python(), environment(ROOT / "scripts")
            else:
                own = {"ext_aiohttp": "aiohttp"}.get(name, module if module in EXTRAS else mode)
                python, env = own_python(own), own_environment()
            if name == "stock":
                ready_stock()
            command = [str(python), "-m", "benchmark.worker", module, name, self.base_url]
            self._workers[subject, mode] = Process(command, env)
        return self._workers[subject, mode]

    def close(self) -> None:
        """End the workers, and then the server."""
        for process in [*self._workers.values(), self._server]:
            process.close()


@contextlib.contextmanager
def driving(*, with_peers: bool) -> Iterator[Driver]:
    """A driver for a block."""
    driver = Driver(with_peers=with_peers)
    try:
        yield driver
    finally:
        driver.close()
