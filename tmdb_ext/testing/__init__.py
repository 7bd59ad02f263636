"""A TMDB to test against: a real HTTP server on loopback that behaves as TMDB does.

    from tmdb_ext.testing import Simulator

    with Simulator() as tmdb:
        ...  # point a client at tmdb.base_url, with tmdb.api_key or tmdb.access_token

In pytest, the fixture `tmdb_simulator` does that. `python -m tmdb_ext.testing` serves until it is interrupted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tmdb_ext.testing._clock import Clock
    from tmdb_ext.testing._journal import RecordedRequest
    from tmdb_ext.testing._objections import Complaint
    from tmdb_ext.testing._simulator import Simulator
    from tmdb_ext.testing._state import User

__all__ = ["Clock", "Complaint", "RecordedRequest", "Simulator", "User"]

_ELSEWHERE = {
    "Clock": "_clock",
    "Complaint": "_objections",
    "RecordedRequest": "_journal",
    "Simulator": "_simulator",
    "User": "_state",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
