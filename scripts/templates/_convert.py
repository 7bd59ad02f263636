"""From a JSON value to the value of an attribute and back; pure functions."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

T = TypeVar("T")


def as_int(value: Any) -> int | None:
    """A whole number, also where it was sent as n.0; anything else is kept as it came."""
    whole: int | None = int(value) if type(value) is float and value.is_integer() else value
    return whole


def as_date(value: Any) -> datetime.date | None:
    """A date from YYYY-MM-DD; an empty string is None, what is not a date is kept as it came."""
    if isinstance(value, str):
        if len(value) == 10:
            try:
                return datetime.date.fromisoformat(value)
            except ValueError:
                return cast(datetime.date | None, value)
        if not value:
            return None
    return cast(datetime.date | None, value)


def as_datetime(value: Any) -> datetime.datetime | None:
    """An aware time from ISO 8601 or "YYYY-MM-DD HH:MM:SS UTC"; an empty string is None, else as it came."""
    if not isinstance(value, str):
        return cast(datetime.datetime | None, value)
    if not value:
        return None
    text = value[:-4] + "+00:00" if value.endswith(" UTC") else value
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return cast(datetime.datetime | None, value)
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def as_each(decode: Callable[[Any], T | None], value: Any) -> list[T]:
    """Decode the plain values of a list; null and missing are an empty list, what is not a list is kept as it came."""
    if not isinstance(value, list):
        return [] if value is None else cast(list[T], value)
    return [cast(T, decode(item)) for item in value]


def as_values(value: Any) -> list[Any]:
    """A list of plain values; null and missing are an empty list, what is not a list is kept as it came."""
    return list(value) if isinstance(value, list) else [] if value is None else cast(list[Any], value)


def container(value: Any) -> Any:
    """An object or a list, as it came; TypeError is raised for anything else."""
    if isinstance(value, (dict, list)):
        return value
    kind = {str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
    raise TypeError(f"expected a JSON object or list, not {kind}")


def numbered(prefix: str, json: Mapping[str, Any]) -> dict[int, tuple[bool, dict[str, Any]]]:
    """What was appended by its number: whether the object itself was, and what was appended below it."""
    found: dict[int, tuple[bool, dict[str, Any]]] = {}
    for key, value in json.items():
        digits, slash, name = key.removeprefix(prefix).partition("/")
        if not key.startswith(prefix) or not _is_number(digits):
            continue
        is_whole, below = found.setdefault(int(digits), (isinstance(json.get(prefix + digits), dict), {}))
        if slash and not (is_whole and name in json[prefix + digits]):
            below[name] = value
    return {number: (is_whole, below) for number, (is_whole, below) in found.items() if is_whole or below}


def numbered_keys(prefix: str, json: Mapping[str, Any]) -> set[str]:
    """The keys of what was appended by its number."""
    return {
        key
        for number, (is_whole, below) in numbered(prefix, json).items()
        for key in [f"{prefix}{number}"] * is_whole + [f"{prefix}{number}/{name}" for name in below]
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and str(int(text)) == text


def sent_as_integers(body: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """A request body with 1 and 0 in place of true and false under `keys`."""
    return {**body, **{key: int(body[key]) for key in keys if isinstance(body.get(key), bool)}}


def encoded(value: Any, sent: Any = ()) -> Any:
    """The JSON value of an attribute, in lists and objects of its own.

    Args:
        value: the value of the attribute.
        sent: what it was decoded from, which is given back if it still means the same; an empty tuple for nothing.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return sent if type(sent) is float and sent == value else value
    if isinstance(value, dict):
        old = sent if isinstance(sent, dict) else {}
        return {key: encoded(item, old.get(key, ())) for key, item in value.items()}
    if isinstance(value, list):
        if not value and sent is None:
            return None
        before: Iterable[Any] = sent if isinstance(sent, list) and len(sent) == len(value) else [()] * len(value)
        return [encoded(item, old) for item, old in zip(value, before, strict=True)]
    if isinstance(value, datetime.datetime):
        return sent if as_datetime(sent) == value else value.isoformat()
    if isinstance(value, datetime.date):
        return sent if as_date(sent) == value else value.isoformat()
    return value.to_dict() if hasattr(value, "to_dict") else value
