"""Reading JSON and form bodies, and writing JSON, whatever comes."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import parse_qsl

from tmdb_ext.testing._status import StatusError

_MOST_FIELDS = 1000


def encode(body: Any) -> bytes:
    """A body as JSON bytes. What UTF-8 cannot say, such as half of a surrogate pair, is escaped."""
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number too large")
    return number


def decode(body: bytes) -> Any:
    """The value of a JSON body.

    Raises:
        ValueError: Because it is not JSON, has numbers that are not JSON's, or nests too deeply.
    """
    try:
        return json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_object(headers: dict[str, str], body: bytes) -> tuple[dict[str, Any], str | None]:
    """The names and values in a request's body.

    Args:
        headers: The request's headers, by lower-case name.
        body: The body, which may be JSON or a form, with or without a content type that says so.

    Returns:
        The values, and what the document does not provide for: a sentence, or None.

    Raises:
        StatusError: With code 47, because the body is neither an object in JSON nor a form.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body.strip():
        return {}, None
    is_form = kind == "application/x-www-form-urlencoded"
    try:
        value = decode(body)
    except ValueError:
        if not is_form:
            raise StatusError(47) from None
    else:
        if not isinstance(value, dict):
            raise StatusError(47)
        said = None if kind == "application/json" else f"The body is JSON, and its content type is {kind or 'missing'}."
        return value, said
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise StatusError(47) from None
    return dict(pairs), "The body is a form; JSON is documented."
