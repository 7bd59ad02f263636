"""Values that fit a schema of our document: what a call may be given, and what TMDB may answer."""

from __future__ import annotations

from typing import Any

from .distil import Json
from .notation import ref_name

DEEPEST = 5
"""How many models are inside each other, at most; what is deeper is null, as any property may be."""


def sample(schema: Json, components: Json, depth: int = 0) -> Any:
    """A value of a schema, with every property that it knows."""
    name = ref_name(schema)
    if name is not None:
        if depth >= DEEPEST:
            return None
        return sample(components[name], components, depth + 1)
    if "enum" in schema:
        return schema["enum"][0]
    if "discriminator" in schema:
        kind, target = sorted(schema["discriminator"]["mapping"].items())[0]
        value = sample({"$ref": target}, components, depth)
        return {**value, schema["discriminator"]["propertyName"]: kind} if isinstance(value, dict) else value
    for union in ("oneOf", "anyOf"):
        if union in schema:
            members = [member for member in schema[union] if member != {"type": "null"}]
            return sample(members[0], components, depth) if members else None
    kinds = schema.get("type", [])
    kind = next((k for k in ([kinds] if isinstance(kinds, str) else kinds) if k != "null"), None)
    if kind == "array":
        item = sample(schema.get("items", {}), components, depth)
        return [] if item is None else [item]
    if "properties" in schema:
        return {key: sample(value, components, depth) for key, value in schema["properties"].items()}
    if kind == "object":
        value = sample(schema.get("additionalProperties", {}), components, depth)
        return {} if value is None else {"DE": value}
    return _scalar(kind, schema)


def _scalar(kind: str | None, schema: Json) -> Any:
    match kind:
        case "integer":
            return max(1, int(schema.get("minimum", 1)))
        case "number":
            return 1.5
        case "boolean":
            return True
        case "string":
            if "pattern" in schema:
                return "tt0000001"
            return {"date": "2026-01-02", "date-time": "2026-01-02 03:04:05 UTC"}.get(schema.get("format", ""), "text")
    return None if kind is None and schema.get("type") == "null" else "anything"
