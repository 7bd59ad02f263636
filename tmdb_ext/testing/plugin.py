"""A pytest plugin: the fixture `tmdb_simulator`. It comes with the package; there is nothing to switch on.

`@pytest.mark.tmdb(strict=True, data="tests/data")` gives `Simulator` its arguments; `tmdb_simulator_module` and
`tmdb_simulator_session` are shared by the tests of a module, or by all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tmdb_ext.testing import Simulator


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line(
        "markers",
        "tmdb(unfired_faults='fail', **arguments): arguments of the tmdb_ext.testing.Simulator behind tmdb_simulator "
        "or tmdb_simulator_module; unfired_faults='ignore' lets a test pass whose faults did not happen.",
    )


@pytest.fixture(scope="session")
def tmdb_simulator_options() -> dict[str, Any]:
    """Arguments for every simulator of the fixtures. Override it in `conftest.py`; a marker's arguments win."""
    return {}


@pytest.fixture
def tmdb_simulator(request: pytest.FixtureRequest, tmdb_simulator_options: dict[str, Any]) -> Iterator[Simulator]:
    """A running simulator of TMDB that every client made in the test talks to.

    The environment names its address and its access token, and nothing of the developer's own, so `TMDB()` and
    `AsyncTMDB()` need no arguments; a program started by the test inherits that. What was sent is in
    `tmdb_simulator.requests`, and `tmdb_simulator.fail_next(...)` makes TMDB fail. A fault that has not happened when
    the test ends is an error: the test tests something else than it says.
    """
    options = _options(request, tmdb_simulator_options)
    unfired = options.pop("unfired_faults", "fail")
    with _running(options) as simulator:
        yield simulator
        faults = simulator.unfired_faults
    if faults and unfired == "fail":
        pytest.fail(f"these faults never happened: {'; '.join(faults)}", pytrace=False)


@pytest.fixture(scope="module")
def tmdb_simulator_module(
    request: pytest.FixtureRequest, tmdb_simulator_options: dict[str, Any]
) -> Iterator[Simulator]:
    """As `tmdb_simulator`, one for all tests of a module. `pytestmark = pytest.mark.tmdb(...)` gives its arguments."""
    options = _options(request, tmdb_simulator_options)
    options.pop("unfired_faults", None)
    with _running(options) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def tmdb_simulator_session(tmdb_simulator_options: dict[str, Any]) -> Iterator[Simulator]:
    """As `tmdb_simulator`, one for all tests. `tmdb_simulator_options` gives its arguments."""
    with _running(dict(tmdb_simulator_options)) as simulator:
        yield simulator


def _options(request: pytest.FixtureRequest, usual: dict[str, Any]) -> dict[str, Any]:
    marker = request.node.get_closest_marker("tmdb")
    if marker is not None and marker.args:
        raise pytest.UsageError("pytest.mark.tmdb takes arguments by name, such as strict=True")
    return {**usual, **(marker.kwargs if marker is not None else {})}


@contextlib.contextmanager
def _running(options: dict[str, Any]) -> Iterator[Simulator]:
    from tmdb_ext.testing import Simulator  # noqa: PLC0415 - a run whose tests do not use it should not pay for it

    with pytest.MonkeyPatch.context() as patch, Simulator(**options) as simulator:
        for name in [name for name in os.environ if name.startswith("TMDB_")]:
            patch.delenv(name)
        patch.setenv("TMDB_BASE_URL", simulator.base_url)
        patch.setenv("TMDB_SITE_URL", simulator.base_url)
        patch.setenv("TMDB_ACCESS_TOKEN", simulator.access_token)
        if simulator.ca_file is not None:
            patch.setenv("SSL_CERT_FILE", str(simulator.ca_file))
        for name in ("NO_PROXY", "no_proxy"):  # its traffic stays on this machine
            others = os.environ.get(name)
            patch.setenv(name, f"{others},127.0.0.1" if others else "127.0.0.1")
        yield simulator
