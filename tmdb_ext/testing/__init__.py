"""A TMDB to test against: a real HTTP server on loopback that behaves as TMDB does.

    from tmdb_ext.testing import Simulator

    with Simulator() as tmdb:
        ...  # point a client at tmdb.base_url, with tmdb.api_key or tmdb.access_token

`python -m tmdb_ext.testing` serves until it is interrupted.
"""

from tmdb_ext.testing._clock import Clock
from tmdb_ext.testing._simulator import RecordedRequest, Simulator
from tmdb_ext.testing._state import User

__all__ = ["Clock", "RecordedRequest", "Simulator", "User"]
