"""A pytest plugin: the fixture `tmdb_simulator`. It comes with the package; there is nothing to switch on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tmdb_ext.testing import Simulator


@pytest.fixture
def tmdb_simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A running simulator of TMDB that every client made in the test talks to.

    The environment names its address and its access token, and nothing of the developer's own, so `TMDB()` and
    `AsyncTMDB()` need no arguments; a program started by the test inherits that. What was sent is in
    `tmdb_simulator.requests`, and `tmdb_simulator.fail_next(...)` makes TMDB fail.
    """
    from tmdb_ext.testing import Simulator  # noqa: PLC0415 - a run whose tests do not use it should not pay for it

    for name in [name for name in os.environ if name.startswith("TMDB_")]:
        monkeypatch.delenv(name)
    with Simulator() as simulator:
        monkeypatch.setenv("TMDB_BASE_URL", simulator.base_url)
        monkeypatch.setenv("TMDB_SITE_URL", simulator.base_url)
        monkeypatch.setenv("TMDB_ACCESS_TOKEN", simulator.access_token)
        for name in ("NO_PROXY", "no_proxy"):  # its traffic stays on this machine
            others = os.environ.get(name)
            monkeypatch.setenv(name, f"{others},127.0.0.1" if others else "127.0.0.1")
        yield simulator
