"""Reading JSON: with orjson where the extra `fast` is installed, and to the same effect without.

Only a whole number of more than 64 bits differs: orjson makes a float of it. TMDB sends none.
"""

from __future__ import annotations

import json
from typing import Any, Final

try:
    from orjson import loads as _fast
except ModuleNotFoundError:
    _fast = None  # type: ignore[assignment] # the other branch has it


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
        except ValueError:
            pass  # it is stricter; what it refuses is seldom, and may be small matter
    return _DECODER.decode(content.decode("utf-8-sig"))
