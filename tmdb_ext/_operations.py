"""The generated tables of operations, reached lazily: importing this package does not import the generated one.

Some of v4's operations have the name of one of v3's. Here and in messages v4's are written ``v4/list-create``.
"""

# ruff: noqa: PLC0415 - the generated tables are imported when they are first needed
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._errors import ConfigurationError
from ._redaction import redact

if TYPE_CHECKING:
    from tmdb_api_client._resource import Endpoint
    from tmdb_api_client.v3.operations import Operation

_LONGEST_SHOWN = 100
EXTENSION = "tmdb_operation"
"""The request extension in which generated endpoints pass the operation's published name."""
API = "tmdb_api"
"""The request extension in which they pass the version of the API that it belongs to."""


def name_of(operation: Operation) -> str:
    """Return how we write the name of an operation."""
    return f"v4/{operation.id}" if operation.path.startswith("/4/") else operation.id


def extensions_of(operation: Operation) -> dict[str, str]:
    """Return the request extensions that the generated endpoint of an operation passes."""
    return {API: "v4" if operation.path.startswith("/4/") else "v3", EXTENSION: operation.id}


def operation_of_endpoint(endpoint: Endpoint[Any]) -> Operation:
    """Return the operation of a generated endpoint."""
    return _table(endpoint.api)[endpoint.operation_id]


def find_operation(extensions: Mapping[str, Any]) -> Operation | None:
    """Return the operation that a request's extensions name, or None where they name none."""
    name = extensions.get(EXTENSION)
    if not isinstance(name, str):
        return None
    return _table(extensions.get(API)).get(name)


def get_operation(name: str) -> Operation:
    """Return the operation of a name: TMDB's own, which for v4 follows ``v4/``.

    Raises:
        ConfigurationError: there is no such operation; the message offers names that are close.
    """
    version, _, published = name.rpartition("/")
    operation = _table(version or "v3").get(published)
    if operation is not None:
        return operation
    import difflib

    known = {name_of(one): one for version in ("v3", "v4") for one in _table(version).values()}
    close = difflib.get_close_matches(name, known, n=3) or [f"v4/{name}"] * (f"v4/{name}" in known)
    hint = f" Close to it: {', '.join(close)}." if close else ""
    raise ConfigurationError(f"TMDB has no operation called {name!r}.{hint}", operation=name)


def operation_of(method: object) -> Operation | None:
    """Return the operation that a method of a resource calls; None where it is something else."""
    name = getattr(method, "__name__", "")
    for owner in type(getattr(method, "__self__", None)).__mro__:  # a class of ours may override the generated method
        package, _, tag = owner.__module__.rpartition(".resources.")
        if package in ("tmdb_api_client.v3", "tmdb_api_client.v4") and name in vars(owner):
            rows = _table(package.rpartition(".")[2]).values()
            return next((row for row in rows if row.tag == tag and row.resource == name.rstrip("_")), None)
    return None


def describe(operation: Operation | None, method: str, target: str) -> dict[str, Any]:
    """Return how errors name a request: the operation, the method, and the path, without what is a user's or secret.

    Args:
        operation: the operation, or None if it is not known.
        method: the HTTP method.
        target: path and query, as they are sent.
    """
    path = target.partition("?")[0]
    if operation is None:
        return {"operation": None, "method": method, "path": redact(path)}
    return {**describe_operation(operation), "path": _filled(operation.path, path)}


def describe_operation(operation: Operation) -> dict[str, Any]:
    """Return how errors name a request that has not been made; the path is the template."""
    return {"operation": name_of(operation), "method": operation.method.upper(), "path": operation.path}


def _filled(template: str, path: str) -> str:
    """Return `template` with the values that `path` has for it, other than those that are not to be shown."""
    from tmdb_api_client._endpoint import PERSONAL

    ours = template.strip("/").split("/")
    sent = path.strip("/").split("/")[-len(ours) :]  # a base address may have a path of its own
    if len(sent) != len(ours):
        return template
    shown = []
    for part, value in zip(ours, sent, strict=True):
        if not part.startswith("{"):
            if part != value:
                return template
            shown.append(part)
        else:
            shown.append(part if part[1:-1] in PERSONAL else redact(value[:_LONGEST_SHOWN]))
    return "/" + "/".join(shown)


def _table(version: object) -> Mapping[str, Operation]:
    if version == "v4":
        from tmdb_api_client.v4.operations import OPERATIONS as V4

        return V4
    from tmdb_api_client.v3.operations import OPERATIONS as V3

    return V3 if version in ("v3", None) else {}
