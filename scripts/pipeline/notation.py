"""The short notation for types that the overlay is written in, read into JSON schemas.

`str`, `int`, `float`, `bool`, `date`, `datetime`, `imdb` (an IMDb id), `any`, `null`, `Model`, `[item]`, `{value}`,
`A | B`, `media(movie: A, tv: B; Fallback)` for a union told apart by `media_type`, and `filter(item)` for a parameter
that takes one value or several.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import PipelineError

SCALARS: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "imdb": {"type": "string", "pattern": "^tt[0-9]{7,12}$"},
    "any": {},
    "null": {"type": "null"},
}
MODEL_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
REF_PREFIX = "#/components/schemas/"


def ref(name: str) -> dict[str, Any]:
    """A reference to the component `name`."""
    return {"$ref": REF_PREFIX + name}


def ref_name(schema: dict[str, Any]) -> str | None:
    """The component that `schema` refers to, or None."""
    target = schema.get("$ref")
    return target.removeprefix(REF_PREFIX) if isinstance(target, str) else None


def parse_type(text: str) -> dict[str, Any]:
    """Read one type; raises PipelineError where it is not in the notation."""
    text = text.strip()
    if text in SCALARS:
        return dict(SCALARS[text])
    if MODEL_NAME.fullmatch(text):
        return ref(text)
    if text.startswith("[") and text.endswith("]"):
        return {"type": "array", "items": parse_type(text[1:-1])}
    if text.startswith("filter(") and text.endswith(")"):
        return {"type": "array", "items": parse_type(text[7:-1]), "x-filter": True}
    if text.startswith("{") and text.endswith("}"):
        return {"type": "object", "additionalProperties": parse_type(text[1:-1])}
    if media := re.fullmatch(r"media\((.+);\s*(\w+)\)", text):
        members = dict(re.split(r":\s*", member.strip(), maxsplit=1) for member in media[1].split(","))
        models = [*members.values(), media[2]]
        return {
            "oneOf": [ref(model) for model in dict.fromkeys(models)],
            "discriminator": {
                "propertyName": "media_type",
                "mapping": {tag: REF_PREFIX + model for tag, model in members.items()},
            },
        }
    if " | " in text:
        return {"anyOf": [parse_type(part) for part in text.split(" | ")]}
    raise PipelineError(f"overlay: {text!r} is not a type")


def write_type(schema: dict[str, Any]) -> str:
    """Write a schema in the notation; `parse_type` reads it back. What the notation has no words for is any."""
    name = ref_name(schema)
    if name is not None:
        return name
    if "discriminator" in schema:
        mapping = {tag: target.removeprefix(REF_PREFIX) for tag, target in schema["discriminator"]["mapping"].items()}
        others = [ref_name(member) for member in schema["oneOf"] if member != {"type": "null"}]
        fallback = next((other for other in others if other not in mapping.values()), others[-1])
        return f"media({', '.join(f'{tag}: {model}' for tag, model in mapping.items())}; {fallback})"
    if "anyOf" in schema:
        return " | ".join(write_type(member) for member in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{write_type(schema.get('items', {}))}]"
    if schema.get("type") == "object" and "additionalProperties" in schema:
        return f"{{{write_type(schema['additionalProperties'])}}}"
    return next((word for word, scalar in SCALARS.items() if scalar == schema), "any")
