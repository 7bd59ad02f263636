"""What TMDB would refuse is refused before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_APPENDED = 20
"""How many sub-resources TMDB appends to one response (status code 27)."""


def fault_of(params: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the query parameters of a call and what to do, or None."""
    appended = params.get("append_to_response")
    if isinstance(appended, str) and (count := appended.count(",") + 1) > MOST_APPENDED:
        return f"{count} sub-resources are to be appended, TMDB takes {MOST_APPENDED} at most: make more than one call"
    return None
