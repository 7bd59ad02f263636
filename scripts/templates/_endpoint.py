"""What all endpoint modules share: how parameters are written into a path and into a query."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote


class Unlisted(str):
    """A value that the document does not list, for a parameter whose values it does: `append=[Unlisted("awards")]`."""

    __slots__ = ()


def segment(value: object) -> str:
    """`value` as one segment of a path; no text makes it raise, since the value may be a secret."""
    return quote(str(value), safe="", errors="surrogatepass")


def query(values: Mapping[str, Any], unset: object) -> dict[str, Any]:
    """The query parameters to send: those that are neither None nor `unset`, dates as YYYY-MM-DD, lists with commas."""
    return {name: _written(value) for name, value in values.items() if value is not None and value is not unset}


def _written(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return value
