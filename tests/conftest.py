from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from leaks import Collector

from tmdb_ext import RetryPolicy
from tmdb_ext.testing import Simulator

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_configure() -> None:
    """Have the programs that tests start end when they are interrupted.

    A shell that starts the suite in the background has it ignore interrupts, and its children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_credentials_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own credentials must neither decide a test nor reach one."""
    for name in [name for name in os.environ if name.startswith("TMDB_") and "_REQUIRE_" not in name]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that makes one request fail means that failure, and none has to wait; those about it say how."""
    monkeypatch.setattr("tmdb_ext._http.retry.DEFAULT", RetryPolicy(attempts=1))
    monkeypatch.setattr("tmdb_ext._http.limit.TMDB_RATE", 1e9)
    monkeypatch.setattr("tmdb_ext._http.limit._shared", {})


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A strict simulator, fresh for each test; a file that needs another has a fixture of this name."""
    with Simulator(strict=True) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def variant(request: pytest.FixtureRequest) -> str:
    """Which client plays a scene: see scenes.play."""
    return str(request.param)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared test data (published documents, recorded responses); CI must have it, others need not."""
    if not (SHARED / "openapi").is_dir():
        if os.environ.get("TMDB_EXT_REQUIRE_SHARED"):
            pytest.fail("the shared test data is missing, and CI must run the tests that need it")
        pytest.skip("needs the shared test data")
    return SHARED


@pytest.fixture
def log() -> Iterator[Collector]:
    collector = Collector()
    root = logging.getLogger()
    level = root.level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    yield collector
    root.removeHandler(collector)
    root.setLevel(level)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project that a test may change."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("openapi", "generated", "scripts"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tmdb_ext").mkdir()
    shutil.copy(ROOT / "tmdb_ext/_version.py", copy / "tmdb_ext/_version.py")
    return copy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one of them in the end."""
    longest = (
        "test_changes",
        "test_secrets",
        "test_wire",
        "test_sending_rate",
        "test_errors",
        "test_regenerate",
        "test_workflows",
        "test_fleet",
        "test_workers",
    )
    items.sort(key=lambda item: not item.path.name.startswith(longest))
