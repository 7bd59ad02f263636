"""Whether a request is one that TMDB would take: names, types and ranges of parameters, and bodies.

TMDB ignores what it does not know and takes several spellings of a value. So do these checks. They report each case
to an `Objections`, which refuses the request if the simulator is strict.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from tmdb_ext.testing._body import read_object
from tmdb_ext.testing._document import Document, Operation, Parameter, Schema
from tmdb_ext.testing._fill import fits_kind, kinds_of
from tmdb_ext.testing._objections import Objections, unknown
from tmdb_ext.testing._status import StatusError

LONGEST_CHANGE_RANGE = timedelta(days=14)
LAST_PAGE = 500
MOST_APPENDED = 20
CREDENTIAL_NAMES = frozenset({"api_key", "session_id", "guest_session_id"})
NOT_AN_ACCOUNT = "0"
"""Stands in a path for an account id that is none; the session says whose account it is."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_INTEGER = re.compile(r"-?\d+\Z", re.ASCII)
_LEADING = re.compile(r"\d+", re.ASCII)
_ALSO_TAKEN = {
    "external_source": frozenset({"freebase_mid", "freebase_id", "tvrage_id"}),
    "sort_by": frozenset({"release_date.asc", "release_date.desc"}),
}
"""Values that TMDB still takes, although it no longer lists them."""
_TRUTHS = {
    "true": "true",
    "1": "true",
    "t": "true",
    "yes": "true",
    "false": "false",
    "0": "false",
    "f": "false",
    "no": "false",
}


def check_path(
    document: Document, operation: Operation, values: dict[str, str], objections: Objections
) -> dict[str, str]:
    """Checks the placeholders' values.

    Returns:
        The values as TMDB reads them: of an id such as `550-fight-club` or `509ec17b` the leading number.

    Raises:
        StatusError: With code 6 for a value of the wrong type, 34 for one that is not listed.
    """
    read = dict(values)
    for parameter in operation.path_parameters:
        schema, text = document.resolve(parameter.schema), values.get(parameter.name, "")
        if _accepts(document, schema, text):
            continue
        leading = _LEADING.match(text)
        if not any("integer" in str(one.get("type")) for one in (schema, *schema.get("anyOf", ()))):
            raise StatusError(6 if "enum" not in schema else 34)
        if parameter.name == "account_id":
            objections(6, "account_id in the path is not a number.")
            read[parameter.name] = NOT_AN_ACCOUNT
        elif leading and not _INTEGER.match(text):
            objections(6, f"{parameter.name} in the path is not a number, but begins with one.")
            read[parameter.name] = leading.group()
        elif _INTEGER.match(text):
            raise StatusError(34)  # TMDB has nothing of such a number
        else:
            raise StatusError(6)
    return read


def check_query(
    document: Document, operations: Iterable[Operation], query: Mapping[str, str], objections: Objections
) -> dict[str, str]:
    """Checks the query.

    Args:
        document: The document that the schemas are in.
        operations: The operation that is asked for, and after it those that it appends, whose parameters count too.
        query: The query by name, decoded.
        objections: Takes note of what TMDB ignores.

    Returns:
        The query without the parameters and values that are ignored; booleans are `true` or `false`.

    Raises:
        StatusError: With code 5, or with the code for pages, dates, ranges and appended items.
    """
    asked, *appended = operations
    known = {parameter.name: parameter for other in appended for parameter in other.query_parameters}
    known.update({parameter.name: parameter for parameter in asked.query_parameters})
    values = {name: value for name, value in query.items() if _is_known(name, known, [asked, *appended])}
    if strange := sorted(query.keys() - values.keys()):
        objections(5, unknown("query parameters", strange, known.keys() - values.keys()))
    read = {}
    for name, value in values.items():
        if name in CREDENTIAL_NAMES:
            read[name] = value
        elif (taken := _read(document, known[name], value, objections)) is not None:
            read[name] = taken
    for parameter in asked.query_parameters:
        if parameter.required and not read.get(parameter.name) and parameter.name not in CREDENTIAL_NAMES:
            if parameter.name == "query":
                raise StatusError(5, errors=["The parameter query is missing."])
            raise StatusError(
                29 if parameter.name == "confirm" else 5, message=f"{parameter.name} is missing or wrong."
            )
    _check_range(read)
    return read


def _is_known(name: str, known: Mapping[str, Parameter], operations: list[Operation]) -> bool:
    """Whether the operations take a parameter. A session of either sort will do if they take one of them."""
    if name in CREDENTIAL_NAMES and name != "api_key":
        return any(one.takes_session or one.takes_guest_session for one in operations)
    return name in known or name in CREDENTIAL_NAMES


def _read(document: Document, parameter: Parameter, value: str, objections: Objections) -> str | None:
    """A parameter's value as TMDB takes it, or None if it ignores it."""
    name, schema = parameter.name, document.resolve(parameter.schema)
    if name == "page":
        if not value:
            objections(22, "page is empty.")
            return None
        if not (_INTEGER.match(value) and len(value) < 9 and 1 <= int(value) <= schema.get("maximum", LAST_PAGE)):
            raise StatusError(22)
    elif name == "append_to_response":
        if len([item for item in value.split(",") if item]) > MOST_APPENDED:
            raise StatusError(27)
        if not value:
            objections(27, "append_to_response is empty.")
    elif name == "confirm":
        if value.lower() not in ("true", "1"):
            raise StatusError(29)
        if value != "true":
            objections(29, "confirm is not true.")
    elif name in ("start_date", "end_date"):
        return _read_day(name, value, objections)
    elif not _accepts(document, schema, value):
        is_date = schema.get("format") == "date" or _is_date_union(schema)
        objections(23 if is_date else 5, f"{name} has a value that the document does not list.")
        if value in _ALSO_TAKEN.get(name, ()):
            return value
        return _TRUTHS.get(value.lower()) if "boolean" in str(schema.get("type")) else None
    return value


def _read_day(name: str, value: str, objections: Objections) -> str | None:
    if not value:
        objections(23, f"{name} is empty.")
        return None
    if not _is_date(value[:10]) or value[10:11] not in ("", "T", " "):
        raise StatusError(23)
    if value[10:]:
        objections(23, f"{name} has a time behind the day.")
    return value[:10]


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
    kinds = kinds_of(schema)
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
    if kind == "string" and "pattern" in schema and not re.search(schema["pattern"], text):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if kind in ("integer", "number"):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def check_body(
    document: Document,
    operation: Operation,
    headers: dict[str, str],
    body: bytes,
    query: Mapping[str, str],
    objections: Objections,
) -> dict[str, Any]:
    """Checks a request body.

    Args:
        document: The document that the schemas are in.
        operation: The operation that is asked for.
        headers: The request's headers.
        body: The request's body.
        query: The query by name: TMDB takes a body's values from there as well.
        objections: Takes note of what TMDB ignores, or takes although it is not documented.

    Returns:
        The body's object, without the keys that are ignored; an empty one where the operation takes no body.

    Raises:
        StatusError: With code 47 if it is neither JSON nor a form, 26 if username or password is missing, 18 if
            something else is missing or has a value that it cannot have.
    """
    if operation.body_schema is None:
        if body.strip() not in (b"", b"{}"):
            objections(47, "A body, and the operation takes none.")
        return {}
    sent, undocumented = read_object(headers, body)
    if undocumented:
        objections(47, undocumented)
    schema = document.resolve(operation.body_schema)
    properties = schema.get("properties", {})
    if schema.get("required") and not body.strip():
        objections(47, "The body is missing.")
    if strange := sorted(sent.keys() - properties.keys()):
        objections(47, unknown("keys in the body", strange, properties.keys() - sent.keys()))
    sent = {name: value for name, value in sent.items() if name in properties}
    for name in properties.keys() & query.keys() - sent.keys():
        if name not in operation.query_names:
            objections(47, f"{name} is in the query and belongs in the body.")
            sent[name] = query[name]
    if {"username", "password"} <= properties.keys() and not (sent.get("username") and sent.get("password")):
        raise StatusError(26)
    if missing := sorted(set(schema.get("required", ())) - sent.keys()):
        raise StatusError(18, errors=[f"{name} is missing" for name in missing], message="A value is missing.")
    for name, value in sent.items():
        if not _is_valid(document, properties[name], value):
            read = _coerced(document.resolve(properties[name]), value)
            if read is None or not _is_valid(document, properties[name], read):
                raise StatusError(18, errors=[f"{name} has a value that it cannot have"])
            if not isinstance(value, float):  # 84.0 is an integer
                objections(18, f"{name} in the body has another type than is documented.")
            sent[name] = read
    return sent


def _coerced(schema: Schema, value: Any) -> Any:
    """A value in the type of its schema, as TMDB reads `"11"` for 11 and `1` for true; None if there is no way."""
    kinds = kinds_of(schema)
    text = str(value)
    if "boolean" in kinds:
        return {"true": True, "false": False}.get(_TRUTHS.get(text.lower(), ""))
    if "integer" in kinds and (leading := re.fullmatch(r"(-?\d{1,18})(\.0+)?", text, re.ASCII)):
        return int(leading.group(1))
    if "number" in kinds and isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    if "string" in kinds and isinstance(value, (int, float)):
        return text
    return None


def check_rating(value: float) -> None:
    """Checks that a rating is one of 0.5, 1, … 10.

    Raises:
        StatusError: With code 18.
    """
    if not 0.5 <= value <= 10 or (value * 2) % 1:
        raise StatusError(18, message="A rating is 0.5 to 10, in steps of 0.5.")


def _is_valid(document: Document, schema: Schema, value: Any) -> bool:
    schema = document.resolve(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return any(_is_valid(document, variant, value) for variant in schema[keyword])
    kinds = kinds_of(schema)
    kinds += [schema["x-sent"]] if "x-sent" in schema else []
    if kinds and not any(fits_kind(kind, value) for kind in kinds):
        return False
    return "enum" not in schema or value in schema["enum"]
