"""The OpenAPI document as the simulator uses it: operations, their parameters, and a router over their paths."""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any]

_BEARERS = frozenset({"bearer", "user_bearer"})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Parameter:
    """A path or query parameter of an operation."""

    name: str
    place: str
    required: bool
    schema: Schema


@dataclass(frozen=True)
class Operation:
    """One operation of the document, known by the id that TMDB publishes it under."""

    id: str
    own_id: str
    method: str
    template: str
    path_parameters: tuple[Parameter, ...]
    query_parameters: tuple[Parameter, ...]
    body_schema: Schema | None
    status: int
    response_schema: Schema
    statuses: frozenset[int]
    """The 2xx statuses that the document declares."""
    needs_session: bool
    """Whether every way of calling it takes a user session or a guest session."""
    takes_session: bool
    takes_guest_session: bool
    bearer_only: bool
    """Whether no way of calling it does without a bearer token."""
    needs_user_token: bool
    """Whether that token has to be a user's."""

    @property
    def query_names(self) -> frozenset[str]:
        """The names of the query parameters that it takes, credentials of the application apart."""
        return frozenset(parameter.name for parameter in self.query_parameters)

    @property
    def appends(self) -> bool:
        """Whether it takes `append_to_response`."""
        return "append_to_response" in self.query_names


@dataclass(frozen=True)
class Match:
    """An operation that serves a path, and the values of the path's placeholders, percent-decoded."""

    operation: Operation
    path: dict[str, str]


class Document:
    """An OpenAPI document.

    Args:
        source: The document itself.
    """

    def __init__(self, source: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Schema] = source.get("components", {}).get("schemas", {})
        self.operations: dict[str, Operation] = {}
        self._routes: list[tuple[tuple[str, ...], dict[str, Operation]]] = []
        for template, methods in source["paths"].items():
            route: dict[str, Operation] = {}
            for method, item in methods.items():
                if method in ("get", "post", "put", "delete", "patch"):
                    operation = _operation(method.upper(), template, item)
                    route[operation.method] = self.operations[operation.id] = operation
            self._routes.append((tuple(template.strip("/").split("/")), route))
        # a literal segment wins over a placeholder at the first place where two templates differ
        self._routes.sort(key=lambda route: [_PLACEHOLDER.fullmatch(part) is not None for part in route[0]])
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for entry in self._routes:
            self._by_length.setdefault(len(entry[0]), []).append(entry)

    def add_alias(self, template: str, operation_id: str) -> None:
        """Serves an existing operation at a further address that the document does not have."""
        operation = self.operations[operation_id]
        parts = tuple(template.strip("/").split("/"))
        self._by_length.setdefault(len(parts), []).insert(0, (parts, {operation.method: operation}))

    def resolve(self, schema: Schema) -> Schema:
        """The schema that a reference leads to."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def match(self, method: str, path: str) -> tuple[Match | None, bool]:
        """Finds the operation for a request.

        Args:
            method: The HTTP method, in capitals.
            path: The path as `resolve_path` gives it.

        Returns:
            The match, or None; and whether the path exists with whatever method.
        """
        segments = path.strip("/").split("/")
        known = False
        for parts, methods in self._by_length.get(len(segments), ()):
            values = _match_segments(parts, segments)
            if values is None:
                continue
            known = True
            if method in methods:
                return Match(methods[method], values), True
        return None, known

    def listed(self, operation: Operation, parameter: str) -> frozenset[str]:
        """The values that the items of a parameter of the query can have; none if it has no items."""
        for one in operation.query_parameters:
            if one.name == parameter:
                return frozenset(self.resolve(self.resolve(one.schema).get("items", {})).get("enum", ()))
        return frozenset()

    @cache  # noqa: B019 - a document lives as long as the simulator
    def appendable(self, operation_id: str) -> frozenset[str]:
        """The names of the sub-resources below a details operation, such as `credits` and `watch/providers`."""
        prefix = self.operations[operation_id].template + "/"
        names = (
            operation.template[len(prefix) :]
            for operation in self.operations.values()
            if operation.method == "GET" and operation.template.startswith(prefix)
        )
        return frozenset(name for name in names if "{" not in name)


def resolve_path(path: str) -> str:
    """The resource that TMDB sees in a request's path: percent-decoded exactly once, and `.` and `..` resolved then."""
    segments: list[str] = []
    for segment in unquote(path).split("/"):
        if segment == "..":
            del segments[max(len(segments) - 1, 1) :]
        elif segment != ".":
            segments.append(segment)
    return "/".join(segments)


def _match_segments(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            if not segment:
                return None
            values[part[1:-1]] = segment
        elif part != segment:
            return None
    return values


def _operation(method: str, template: str, item: Mapping[str, Any]) -> Operation:
    parameters = [
        Parameter(entry["name"], entry["in"], bool(entry.get("required")), entry.get("schema", {}))
        for entry in item.get("parameters", ())
    ]
    successes = sorted(int(status) for status in item["responses"] if status.startswith("2") and status.isdigit())
    status = successes[0] if successes else 200
    content = item["responses"].get(str(status), {}).get("content", {})
    body = item.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    security = item.get("security", [])
    return Operation(
        id=item.get("x-published-id", item["operationId"]),
        own_id=item["operationId"],
        method=method,
        template=template,
        path_parameters=tuple(parameter for parameter in parameters if parameter.place == "path"),
        query_parameters=tuple(parameter for parameter in parameters if parameter.place == "query"),
        body_schema=body,
        status=status,
        response_schema=content.get("application/json", {}).get("schema", {}),
        statuses=frozenset(successes),
        needs_session=bool(security)
        and all("session" in schemes or "guest_session" in schemes for schemes in security),
        takes_session=any("session" in schemes for schemes in security),
        takes_guest_session=any("guest_session" in schemes for schemes in security),
        bearer_only=bool(security) and all(not _BEARERS.isdisjoint(schemes) for schemes in security),
        needs_user_token=bool(security) and all("user_bearer" in schemes for schemes in security),
    )


def load_document(source: Path | str | Mapping[str, Any] | None, package: str) -> Document:
    """Reads a document.

    Args:
        source: The document, or the path of a file that holds it; None for the one shipped with `package`.
        package: The import package whose data has `openapi.json`.
    """
    if isinstance(source, Mapping):
        return Document(source)
    if source is not None:
        return Document(json.loads(Path(source).read_text(encoding="utf-8")))
    return Document(_shipped(package))


@cache
def _shipped(package: str) -> Mapping[str, Any]:
    text = (importlib.resources.files(package) / "openapi.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded
