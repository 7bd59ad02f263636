"""Reading and writing JSON: reading with msgspec if the extra `fast` is installed, and to the same effect without."""

from __future__ import annotations

import json
from typing import Any, Final

try:
    from msgspec import DecodeError as _Refusal
    from msgspec.json import decode as _fast
except ModuleNotFoundError:
    _fast = None  # type: ignore[assignment] # the other branch has it
    _Refusal = ValueError  # type: ignore[misc, assignment] # the same


def dumps(value: object) -> bytes:
    """Return a value as a JSON text in UTF-8, as short as it can be.

    Raises:
        ValueError: JSON has no such value.
        TypeError: the same.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)


def loads(content: bytes) -> Any:
    """Return the value of a JSON text in UTF-8, with or without a byte-order mark.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    if _fast is not None:
        try:
            return _fast(content)
        except (ValueError, _Refusal):
            pass  # msgspec is stricter; what it refuses is rare and small
    return _DECODER.decode(content.decode("utf-8-sig"))
