"""What TMDB would refuse is refused before it is sent, and what a client takes for granted is added."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tmdb_api_client._endpoint import query as write_query

from ._errors import InvalidArgument
from ._redaction import redact

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

MOST_APPENDED: Final = 20
"""How many sub-resources TMDB appends to one response (status code 27)."""
LAST_PAGE: Final = 500
"""The last page that TMDB serves of a listing (status code 22), unless the operation says otherwise."""
LONGEST_RANGE: Final = timedelta(days=14)
"""The longest range of changes that TMDB takes (status code 20)."""

SECRET: Final = frozenset(
    {"access_token", "api_key", "guest_session_id", "password", "request_token", "session_id", "user_access_token"}
)
"""Names of arguments whose values are not shown."""

_LONGEST_SHOWN: Final = 100
_LANGUAGE: Final = r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?"
_REGION: Final = r"[A-Z]{2}"


def fault_of(params: Mapping[str, Any], last_page: int | None = None) -> str | None:
    """Return what is wrong with the query parameters of a call and what to do, or None.

    Args:
        params: the parameters, as they are sent.
        last_page: the last page that TMDB serves of the operation.
    """
    for name, value in params.items():
        if isinstance(value, float) and not isfinite(value):
            return f"{name}={value} is not a finite number"
        if not isinstance(value, str | int | float) or not is_encodable(value):
            return f"{shown(name, value)} cannot be sent: give a text, a number or a boolean"
    appended = params.get("append_to_response")
    if isinstance(appended, str) and (count := appended.count(",") + 1) > MOST_APPENDED:
        return f"{count} sub-resources are to be appended, TMDB takes {MOST_APPENDED} at most: make more than one call"
    page = params.get("page")
    last_page = last_page or LAST_PAGE
    if isinstance(page, int) and not 1 <= page <= last_page:
        return f"page {page}: TMDB has pages 1 to {last_page}"
    start, end = (_day(params.get(name)) for name in ("start_date", "end_date"))
    if start is None or end is None:
        return None
    if end < start:
        return f"end_date {end} is before start_date {start}"
    if end - start > LONGEST_RANGE:
        return (
            f"{(end - start).days} days from start_date to end_date: TMDB takes {LONGEST_RANGE.days} at most; "
            "walk a longer range with changes_between()"
        )
    return None


def fault_of_body(body: object) -> str | None:
    """Return what is wrong with the JSON object that a call sends and what to do, or None."""
    for name, value in body.items() if isinstance(body, dict) else ():
        try:
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):  # a lone surrogate among them
            return f"{shown(name, value)} cannot be sent: give a value that JSON has"
    return None


def extra_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return further query parameters as TMDB reads them.

    Raises:
        InvalidArgument: a name is not one of a query parameter, or is a credential's.
    """
    for name in query:
        if not isinstance(name, str) or not name or not is_encodable(name):
            raise InvalidArgument(f"query: {name!r} is not the name of a query parameter.")
        if name in SECRET:
            raise InvalidArgument(
                f"query: {name} is a credential; give it to the client, which sends it where it may go."
            )
    written = write_query(query, None)
    fault = fault_of(written)
    if fault is not None:
        raise InvalidArgument(f"query: {fault}.")
    return written


def shown(name: str, value: object) -> str:
    """Return an argument as a message shows it: without a value that may be a secret, or is of no plain type."""
    if name in SECRET or not isinstance(value, str | bytes | int | float | list | tuple | dict | None):
        return f"{name} (of type {type(value).__name__})"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the caller's own objects may be in a list
        text = f"a {type(value).__name__}"
    return f"{name}={redact(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '…')}"


def is_encodable(value: object) -> bool:
    """Return whether the text of a value can be sent: a lone surrogate cannot."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def windows(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Yield the ranges that TMDB takes between two days.

    Each begins on the day on which the one before ends, so that no change between them is missed.

    Raises:
        InvalidArgument: `end` is before `start`.
    """
    if end < start:
        raise InvalidArgument(f"The end {end} is before the start {start}.")
    while True:
        until = min(start + LONGEST_RANGE, end)
        yield start, until
        if until == end:
            return
        start = until


class Defaults(NamedTuple):
    """Values of query parameters that a client sends wherever an operation takes them and a call gives none."""

    language: str | None = None
    region: str | None = None
    include_adult: bool | None = None
    include_image_language: str | None = None

    def added_to(self, params: dict[str, Any], operation: Operation) -> dict[str, Any]:
        """Return the query parameters of a call with those that are missing."""
        for name, value in zip(self._fields, self, strict=True):
            if value is None or name not in operation.query or name in params:
                continue
            if name == "include_image_language" and not _shows_images(operation.query, params):
                continue
            params = {**params, name: value}
        return params


def _shows_images(query: tuple[str, ...], params: Mapping[str, Any]) -> bool:
    """Return whether there will be images in the answer: a details operation has them where they are appended."""
    if "append_to_response" not in query:
        return True
    return "images" in str(params.get("append_to_response", "")).split(",")


def defaults(
    language: str | None, region: str | None, include_adult: bool | None, include_image_language: object
) -> Defaults:
    """Return the defaults of a client.

    Raises:
        InvalidArgument: one of them is not what TMDB takes.
    """
    if language is not None and not (isinstance(language, str) and re.fullmatch(_LANGUAGE, language)):
        raise InvalidArgument(f"language={language!r}: write it as ISO 639-1, with or without a country: de or pt-BR.")
    if region is not None and not (isinstance(region, str) and re.fullmatch(_REGION, region)):
        raise InvalidArgument(f"region={region!r}: write it as ISO 3166-1, two capitals: DE.")
    if include_adult is not None and not isinstance(include_adult, bool):
        raise InvalidArgument(f"include_adult={include_adult!r}: write True or False.")
    listed = include_image_language
    if isinstance(listed, list | tuple):
        listed = ",".join("null" if item is None else str(item) for item in listed)
    if listed is not None and not isinstance(listed, str):
        raise InvalidArgument(f"include_image_language={listed!r}: write a list of languages, ISO 639-1.")
    return Defaults(language, region, include_adult, listed or None)
