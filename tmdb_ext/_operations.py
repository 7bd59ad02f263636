"""The generated table of operations, reached lazily: importing this package does not import the generated one."""

# ruff: noqa: PLC0415 - the generated table is imported when it is first needed
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import ConfigurationError

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

EXTENSION = "tmdb_operation"
"""The request extension in which generated endpoints pass the operation's name."""


def find_operation(name: object) -> Operation | None:
    """Return the operation that TMDB calls `name`, or None where there is none."""
    from tmdb_api_client.v3.operations import OPERATIONS

    return OPERATIONS.get(name) if isinstance(name, str) else None


def get_operation(name: str) -> Operation:
    """Return the operation that TMDB calls `name`.

    Raises:
        ConfigurationError: there is no such operation; the message offers names that are close.
    """
    operation = find_operation(name)
    if operation is not None:
        return operation
    import difflib

    from tmdb_api_client.v3.operations import OPERATIONS

    close = difflib.get_close_matches(name, OPERATIONS, n=3)
    hint = f" Close to it: {', '.join(close)}." if close else ""
    raise ConfigurationError(f"TMDB has no operation called {name!r}.{hint}", operation=name)


def describe(method: str, path: str, extensions: Any) -> dict[str, str | None]:
    """Return how errors name a request: the operation, the method, and the path template in place of the URL."""
    from ._redaction import redact

    operation = find_operation(extensions.get(EXTENSION))
    if operation is not None:
        return {"operation": operation.id, "method": operation.method.upper(), "path": operation.path}
    return {"operation": None, "method": method, "path": redact(path)}
