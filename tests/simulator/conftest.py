"""What the tests of the simulator share: a simulator that takes what TMDB takes, and somebody who calls it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tmdb_ext.testing import Clock, Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=Clock(datetime(2031, 5, 4, 12, 0, tzinfo=UTC))) as running:
        yield running


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    """Calls version 3 with the application's read token."""
    headers = {"Authorization": f"Bearer {simulator.access_token}"}
    with httpx.Client(base_url=f"{simulator.base_url}/3", headers=headers) as client:
        yield client


@pytest.fixture
def session(simulator: Simulator) -> dict[str, str]:
    """The query of a user's request."""
    return {"session_id": simulator.create_session()}
