"""What a package was generated from: one release of the API's document, as this project names them."""

from __future__ import annotations

from typing import NamedTuple


class Release(NamedTuple):
    """One release of the published document of an API version."""

    api: str
    """The version of the API: v3."""
    name: str
    """The day that TMDB last changed the document, or the day it was taken where that is not known: 2026-03-23."""
    sha256: str
    """SHA-256 of the published document, in hexadecimal digits."""
    operations: int
    """The number of operations in it."""
