"""Reduce a published OpenAPI document to its facts.

Kept: paths, methods, operation ids, parameters, request body fields, response schemas, types, formats, enumerations,
limits and the defaults of parameters. Dropped: every sentence, every example, every `default` of a response property
(the publisher's tool invents them), and the order of keys. Two documents that differ in nothing else give equal bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from .errors import PipelineError

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")
KEPT_LIMITS = ("minimum", "maximum", "minLength", "maxLength")
KEPT_FORMATS = ("date", "date-time")
# ISO 3166-1 country codes, with the sub-divisions that certifications have (CA-QC).
COUNTRY_KEY = re.compile(r"[A-Z]{2}(-[A-Z]{1,3})?")
# A movie or series of the example, as the key of what is said of it (movie:11).
MEDIA_KEY = re.compile(r"(movie|tv):\d+")
# What the documentation site puts the reader's own value in place of.
SITE_PLACEHOLDER = re.compile(r"<<.*>>")
BODY_ARTEFACT = "RAW_BODY"


def distil(published: Json) -> Json:
    """Return the facts of `published`, an OpenAPI document, in a canonical order."""
    paths: Json = {}
    for path, item in sorted(published["paths"].items()):
        shared = item.get("parameters", [])
        paths[path] = {method: _operation(path, method, item[method], shared) for method in METHODS if method in item}
    return {
        "openapi": "3.1.0",
        "info": {"title": "TMDB API", "version": str(published["info"]["version"])},
        "servers": [{"url": server["url"]} for server in published.get("servers", [])],
        "paths": paths,
    }


def dumps(document: Json) -> str:
    """The text of a committed JSON document: stable, and readable in a review."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def operations(document: Json) -> list[tuple[str, str, Json]]:
    """Every (path, method, operation) of a document, sorted."""
    return [
        (path, method, item[method])
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    ]


def _operation(path: str, method: str, operation: Json, shared: list[Json]) -> Json:
    name = f"{method.upper()} {path}"
    if not operation.get("operationId"):
        raise PipelineError(f"{name} has no operationId")
    distilled: Json = {"operationId": operation["operationId"]}
    order = re.findall(r"{([^}]+)}", path)
    parameters = {(p["in"], p["name"]): p for p in [*shared, *operation.get("parameters", [])]}
    distilled["parameters"] = sorted(
        (_parameter(parameter) for parameter in parameters.values()),
        key=lambda p: (p["in"] != "path", order.index(p["name"]) if p["name"] in order else 0, p["name"]),
    )
    if "requestBody" in operation:
        distilled["requestBody"] = _body(name, operation["requestBody"])
    response = next((r for code, r in sorted(operation.get("responses", {}).items()) if code.startswith("2")), None)
    content = (response or {}).get("content", {}).get("application/json", {})
    distilled["response"] = _schema(content.get("schema", {}))
    return distilled


def _parameter(parameter: Json) -> Json:
    schema = _schema(parameter.get("schema", {}))
    default = parameter.get("schema", {}).get("default")
    if default not in (None, "") and not SITE_PLACEHOLDER.fullmatch(str(default)):
        schema["default"] = default
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": bool(parameter.get("required", False)),
        "schema": schema,
    }


def _body(name: str, body: Json) -> Json:
    """Request bodies are published as one string with an example: the example's names and types are the facts."""
    content = body.get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    if BODY_ARTEFACT not in schema.get("properties", {}):
        typed = _schema(schema)
        if not typed:
            raise PipelineError(f"{name} has a request body of which nothing is known")
        return typed
    examples = content.get("examples", {}).values() or [{"value": content.get("example")}]
    merged: Json = {}
    for example in examples:
        value = example.get("value")
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = None
        if isinstance(value, dict):
            merged.update(value)
    if not merged:
        raise PipelineError(f"{name} has a request body of which nothing is known")
    return _inferred(merged)


def _inferred(value: Any) -> Json:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            items: Json = {}
            for item in value:
                items = merge(items, _inferred(item)) if items else _inferred(item)
            return {"type": "array", "items": items} if items else {"type": "array"}
        case dict():
            return {"type": "object", "properties": {key: _inferred(item) for key, item in sorted(value.items())}}
        case _:
            return {}


def _schema(schema: Json) -> Json:
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [k for k in kind if k != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    if kind == "object" or "properties" in schema:
        return _object(schema)
    if kind == "array":
        items = schema.get("items")
        return {"type": "array", "items": _schema(items)} if items else {"type": "array"}
    if kind is None:
        return {}
    distilled: Json = {"type": kind}
    if schema.get("format") in KEPT_FORMATS:
        distilled["format"] = schema["format"]
    if "enum" in schema:
        # An empty value is the documentation site's way to say that none is chosen.
        distilled["enum"] = sorted(set(schema["enum"]) - {""}, key=str)
    distilled.update({limit: schema[limit] for limit in KEPT_LIMITS if limit in schema})
    return distilled


def _object(schema: Json) -> Json:
    properties = {key: _schema(value) for key, value in sorted(schema.get("properties", {}).items())}
    if _are_keys_of_a_map(properties):
        values: Json = {}
        for value in properties.values():
            values = merge(values, value)
        return {"type": "object", "additionalProperties": values}
    return {"type": "object", "properties": properties}


def _are_keys_of_a_map(names: Collection[str]) -> bool:
    """Whether property names are data: the countries, movies and series that the example happens to have."""
    if len(names) > 1 and all(COUNTRY_KEY.fullmatch(name) for name in names):
        return True
    return bool(names) and all(MEDIA_KEY.fullmatch(name) for name in names)


def merge(one: Json, other: Json) -> Json:
    """The schema that both schemas fit: what is untyped gives way, integers widen, objects are united."""
    if not one or one == other:
        return other
    if not other:
        return one
    kinds = {one.get("type"), other.get("type")}
    if kinds == {"integer", "number"}:
        return {"type": "number"}
    if len(kinds) > 1:
        return {
            "x-conflict": sorted(
                {*one.get("x-conflict", [one.get("type")]), *other.get("x-conflict", [other.get("type")])}, key=str
            )
        }
    kind = kinds.pop()
    if kind == "array":
        items = merge(one.get("items", {}), other.get("items", {}))
        return {"type": "array", "items": items} if items else {"type": "array"}
    if kind == "object":
        if "additionalProperties" in one or "additionalProperties" in other:
            parts = [s["additionalProperties"] for s in (one, other) if "additionalProperties" in s]
            return {"type": "object", "additionalProperties": merge(parts[0], parts[-1])}
        left, right = one.get("properties", {}), other.get("properties", {})
        keys = sorted({*left, *right})
        return {"type": "object", "properties": {k: merge(left.get(k, {}), right.get(k, {})) for k in keys}}
    merged: Json = {"type": kind}
    if one.get("format") == other.get("format") and "format" in one:
        merged["format"] = one["format"]
    if "enum" in one and "enum" in other:
        merged["enum"] = sorted({*one["enum"], *other["enum"]}, key=str)
    return merged
