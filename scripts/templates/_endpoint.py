"""What all endpoint modules share: how parameters are written into a query."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from .types import Unset


class Unlisted(str):
    """A value that the document does not list, for a parameter whose values it does: `append=[Unlisted("awards")]`."""

    __slots__ = ()


def query(values: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters to send: those that were given, dates as YYYY-MM-DD, lists joined with commas."""
    return {
        name: _written(value) for name, value in values.items() if value is not None and not isinstance(value, Unset)
    }


def _written(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return value
