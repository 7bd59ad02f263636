"""What all endpoints share: how parameters are written into a path and into a query."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

T = TypeVar("T")

Filter: TypeAlias = T | Sequence[T] | str
"""A value, or several: a sequence means all of them, `any_of(...)` any of them; a string goes as it is."""


class AnyOf(tuple[T, ...]):
    """Values of which any will do: TMDB's pipe."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"any_of({', '.join(map(repr, self))})"


def any_of(*values: T) -> AnyOf[T]:
    """Values of which any will do, for a filter: `with_genres=any_of(28, 12)`; a list means all of them."""
    return AnyOf(values)


class Unlisted(str):
    """A value that the document does not list, for a parameter whose values it does: `append=[Unlisted("awards")]`."""

    __slots__ = ()


def segment(value: object, name: str) -> str:
    """`value` as one segment of a path; no text makes it raise, since the value may be a secret.

    What would be no segment, or another path, becomes `{!name}`: no path of TMDB's, and whoever sends it can tell why.
    """
    text = "" if value is None or isinstance(value, (bool, float)) else str(value)
    return _unfit(name) if text in ("", ".", "..") else quote(text, safe="", errors="surrogatepass")


def number(value: object, name: str) -> str:
    """`value`, which has to be a whole number, as one segment of a path; anything else becomes `{!name}`.

    A placeholder that whoever sends the call fills in stays one.
    """
    text = "" if isinstance(value, (bool, float)) else str(value)
    is_placeholder = text[:1] == "{" and text[-1:] == "}" and text[1:-1].isidentifier()
    is_number = text.removeprefix("-").isdecimal() and text.isascii()
    return quote(text, safe="") if is_number or is_placeholder else _unfit(name)


def _unfit(name: str) -> str:
    return f"%7B%21{name}%7D"


def query(values: Mapping[str, Any], unset: object) -> dict[str, Any]:
    """The query parameters to send: those that are neither None nor `unset`, nor a filter without a value."""
    written = {name: _written(value) for name, value in values.items() if value is not None and value is not unset}
    return {name: value for name, value in written.items() if value is not None}


def _written(value: Any) -> Any:
    """A value as TMDB reads it: dates as YYYY-MM-DD, several values with commas (all) or pipes (any)."""
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return ("|" if isinstance(value, AnyOf) else ",").join(_text(item) for item in items) or None
    return value


def _text(item: Any) -> str:
    if item is None:
        return "null"
    return str(item).lower() if isinstance(item, bool) else str(_written(item))
