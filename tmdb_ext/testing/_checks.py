"""Whether a request is one that TMDB would take: names, types and ranges of parameters, and bodies."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from tmdb_ext.testing._document import Document, Operation, Parameter, Schema
from tmdb_ext.testing._fill import fits_kind
from tmdb_ext.testing._status import StatusError

LONGEST_CHANGE_RANGE = timedelta(days=14)
LAST_PAGE = 500
MOST_APPENDED = 20
CREDENTIAL_NAMES = frozenset({"api_key", "session_id", "guest_session_id"})

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_INTEGER = re.compile(r"-?\d+\Z")


def check_path(document: Document, operation: Operation, values: dict[str, str]) -> None:
    """Checks the placeholders' values.

    Raises:
        StatusError: With code 6 for a value of the wrong type.
    """
    for parameter in operation.path_parameters:
        schema = document.resolve(parameter.schema)
        if not _accepts(document, schema, values.get(parameter.name, "")):
            # what is no integer is a malformed id; anything else is an address that does not exist
            raise StatusError(6 if "enum" not in schema else 34)


def check_query(
    document: Document, operations: Iterable[Operation], query: list[tuple[str, str]], *, strict: bool
) -> dict[str, str]:
    """Checks the query.

    Args:
        document: The document that the schemas are in.
        operations: The operation that is asked for, and after it those that it appends, whose parameters count too.
        query: The pairs of the query, decoded.
        strict: Whether to refuse parameters that none of the operations has. TMDB ignores them.

    Returns:
        The query by name, without the parameters that are ignored; where a name comes twice the last one counts.

    Raises:
        StatusError: With code 5, or with the code for pages, dates, ranges and appended items.
    """
    asked, *appended = operations
    known = {parameter.name: parameter for other in appended for parameter in other.query_parameters}
    known.update({parameter.name: parameter for parameter in asked.query_parameters})
    sent = dict(query)
    values = {name: value for name, value in sent.items() if _is_known(name, known, [asked, *appended])}
    if strict and (unknown := sorted(sent.keys() - values.keys())):
        raise StatusError(5, message=f"Unknown query parameters: {', '.join(unknown)}.")
    for name, value in values.items():
        if name not in CREDENTIAL_NAMES:
            _check_value(document, known[name], value)
    for parameter in asked.query_parameters:
        if parameter.required and not values.get(parameter.name) and parameter.name not in CREDENTIAL_NAMES:
            raise StatusError(29 if parameter.name == "confirm" else 5)
    _check_range(values)
    return values


def _is_known(name: str, known: Mapping[str, Parameter], operations: list[Operation]) -> bool:
    """A session is unknown to an operation that knows neither sort."""
    if name in CREDENTIAL_NAMES and name != "api_key":
        return any(one.takes_session or one.takes_guest_session for one in operations)
    return name in known or name in CREDENTIAL_NAMES


def _check_value(document: Document, parameter: Parameter, value: str) -> None:
    if parameter.name == "page":
        last = document.resolve(parameter.schema).get("maximum", LAST_PAGE)
        if not (_INTEGER.match(value) and len(value) < 9 and 1 <= int(value) <= last):
            raise StatusError(22)
        return
    if parameter.name == "append_to_response":
        if len([item for item in value.split(",") if item]) > MOST_APPENDED:
            raise StatusError(27)
        return
    if parameter.name == "confirm":
        if value != "true":
            raise StatusError(29)
        return
    schema = document.resolve(parameter.schema)
    if parameter.name in ("start_date", "end_date") or schema.get("format") == "date" or _is_date_union(schema):
        if not _is_date(value):
            raise StatusError(23)
        return
    if not _accepts(document, schema, value):
        raise StatusError(5)


def _is_date_union(schema: Schema) -> bool:
    variants = [variant for key in ("anyOf", "oneOf") for variant in schema.get(key, ())]
    return any(variant.get("format") == "date" for variant in variants)


def _is_date(value: str) -> bool:
    if not _DATE.match(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _check_range(values: dict[str, str]) -> None:
    start, end = values.get("start_date"), values.get("end_date")
    if start and end:
        span = date.fromisoformat(end) - date.fromisoformat(start)
        if not timedelta(0) <= span <= LONGEST_CHANGE_RANGE:
            raise StatusError(20)


def _accepts(document: Document, schema: Schema, text: str) -> bool:
    """Whether a string in a URL can stand for a value of a schema."""
    schema = document.resolve(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return any(_accepts(document, variant, text) for variant in schema[keyword])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in kinds:
        several = re.split(r"[,|]" if schema.get("x-filter") else ",", text)
        return all(_accepts(document, schema.get("items", {}), item) for item in several)
    if not kinds:
        return "enum" not in schema or text in [str(value) for value in schema["enum"]]
    return any(_accepts_kind(kind, schema, text) for kind in kinds)


def _accepts_kind(kind: str, schema: Schema, text: str) -> bool:
    value: Any = text
    if kind == "integer":
        if not _INTEGER.match(text) or len(text) > 19:
            return False
        value = int(text)
    elif kind == "number":
        try:
            value = float(text)
        except ValueError:
            return False
        if not math.isfinite(value):
            return False
    elif kind == "boolean":
        if text not in ("true", "false"):
            return False
        value = text == "true"
    elif kind != "string":
        return False
    if schema.get("format") == "date" and not _is_date(text):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if kind in ("integer", "number"):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def check_body(
    document: Document, operation: Operation, headers: dict[str, str], body: bytes, *, strict: bool
) -> dict[str, Any]:
    """Checks a request body.

    Args:
        document: The document that the schemas are in.
        operation: The operation that is asked for.
        headers: The request's headers.
        body: The request's body.
        strict: Whether to refuse keys that the operation does not know, and a body where it takes none. TMDB ignores
            them.

    Returns:
        The body's object, without the keys that are ignored; an empty one where the operation takes no body.

    Raises:
        StatusError: With code 47 if it is not a JSON object or, strictly, has what the operation does not know; 18 if
            something is missing or has a value that it cannot have.
    """
    if operation.body_schema is None:
        if strict and body.strip() not in (b"", b"{}"):
            raise StatusError(47)
        return {}
    if not headers.get("content-type", "").lower().startswith("application/json"):
        raise StatusError(47)
    try:
        sent = json.loads(body)
    except ValueError:
        raise StatusError(47) from None
    if not isinstance(sent, dict):
        raise StatusError(47)
    schema = document.resolve(operation.body_schema)
    properties = schema.get("properties", {})
    if strict and (unknown := sorted(sent.keys() - properties.keys())):
        raise StatusError(47, message=f"Unknown keys in the body: {', '.join(unknown)}.")
    sent = {name: value for name, value in sent.items() if name in properties}
    if {"username", "password"} <= properties.keys() and not (sent.get("username") and sent.get("password")):
        raise StatusError(26)
    if set(schema.get("required", ())) - sent.keys():
        raise StatusError(18)
    for name, value in sent.items():
        if not _is_valid(document, properties[name], value):
            raise StatusError(18)
    return sent


def check_rating(value: float) -> None:
    """Checks that a rating is one of 0.5, 1, … 10.

    Raises:
        StatusError: With code 18.
    """
    if not 0.5 <= value <= 10 or (value * 2) % 1:
        raise StatusError(18)


def _is_valid(document: Document, schema: Schema, value: Any) -> bool:
    schema = document.resolve(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return any(_is_valid(document, variant, value) for variant in schema[keyword])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    kinds += [schema["x-sent"]] if "x-sent" in schema else []
    if kinds and not any(fits_kind(kind, value) for kind in kinds):
        return False
    return "enum" not in schema or value in schema["enum"]
