"""Rows and answers as JSON has them, and rows as they were."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tmdb_api_client._endpoint import AnyOf

from tmdb_ext._errors import InvalidArgument

_ANY_OF: Final = "any_of"


def to_plain(value: Any) -> Any:
    """Return a value as JSON has it; `any_of(...)` stays apart from a list, which means something else.

    Raises:
        InvalidArgument: JSON has no such thing.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, AnyOf):
        return {_ANY_OF: [to_plain(item) for item in value]}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((to_plain(item) for item in value), key=str)
    if isinstance(value, date):
        return value.isoformat()
    whole = whole_number(value)
    if whole is None:
        raise InvalidArgument(f"A value of the kind {type(value).__name__} cannot be kept in a file.")
    return whole


def row_of(plain: Any) -> Any:
    """Return the row that JSON has kept."""
    if isinstance(plain, list):
        return tuple(row_of(item) if isinstance(item, dict) else item for item in plain)
    if isinstance(plain, dict):
        return {
            name: AnyOf(item[_ANY_OF]) if isinstance(item, dict) and item.keys() == {_ANY_OF} else item
            for name, item in plain.items()
        }
    return plain


def whole_number(value: object) -> int | None:
    """Return a whole number of any type (numpy has its own) as an int; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type] # it raises what is caught here
    except TypeError:
        return None
