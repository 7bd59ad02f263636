"""Give every object shape of a distilled document a name in TMDB's words, and merge shapes of one name.

The table (openapi/names-*.toml) maps a name to the places whose shape it is. A place is an operation id followed by
property names: `movie-credits.cast[]`; `[]` is a list's item, `{}` a map's value, `:body` the request body. What the
table does not know gets a name derived from its place, and is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .distil import Json, merge, operations
from .errors import PipelineError
from .notation import ref, ref_name


@dataclass
class Named:
    """A document whose shapes have become components."""

    document: Json
    components: dict[str, Json] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    """Derived name -> the place it was derived from: shapes that the table does not know."""
    appends: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Operation id -> sub-resources that it can append although the document has no operation for them."""
    unused: list[str] = field(default_factory=list)
    """Patterns of the table that matched no place."""

    def bodies(self) -> set[str]:
        """The components that request bodies are made of."""
        found: set[str] = set()
        waiting = [
            operation["requestBody"] for _, _, operation in operations(self.document) if "requestBody" in operation
        ]
        while waiting:
            schema = waiting.pop()
            name = ref_name(schema)
            if name and name in self.components and name not in found:
                found.add(name)
                schema = self.components[name]
            waiting += [schema[key] for key in ("items", "additionalProperties") if key in schema]
            waiting += schema.get("properties", {}).values()
        return found


class PatternTable:
    """Name -> patterns; the pattern with most literal characters wins."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self._patterns = sorted(
            (-len(pattern.replace("*", "")), pattern, name) for name, patterns in table.items() for pattern in patterns
        )
        self._expressions = [
            (re.compile(".*".join(map(re.escape, pattern.split("*")))), pattern, name)
            for _, pattern, name in self._patterns
        ]
        self.used: set[str] = set()

    def find(self, place: str) -> str | None:
        for expression, pattern, name in self._expressions:
            if expression.fullmatch(place):
                self.used.add(pattern)
                return name
        return None

    @property
    def unused(self) -> list[str]:
        return [f"{name}: {pattern}" for _, pattern, name in self._patterns if pattern not in self.used]


def name_shapes(document: Json, names: dict[str, Any]) -> Named:
    """Return `document` with references in place of shapes, and the components they refer to."""
    models = PatternTable(names.get("models", {}))
    enums = PatternTable(names.get("enums", {}))
    better_ids: dict[str, str] = names.get("operation_ids", {})
    named = Named(document={**document, "paths": {}})

    def derive(place: str) -> str:
        name = derived_name(place)
        while name in named.components and named.derived.get(name) != place:
            name += "Shape"
        named.derived[name] = place
        return name

    def replace(schema: Json, place: str) -> Json:
        if "additionalProperties" in schema:
            value = replace(schema["additionalProperties"], place + "{}")
            return {"type": "object", "additionalProperties": value}
        if schema.get("type") == "object":
            properties = {key: replace(value, f"{place}.{key}") for key, value in schema["properties"].items()}
            shape = {"type": "object", "properties": properties}
            name: str = models.find(place) or derive(place)
            known = named.components.get(name)
            named.components[name] = merge(known, shape) if known else shape
            return ref(name)
        if "items" in schema:
            return {"type": "array", "items": replace(schema["items"], place + "[]")}
        return schema

    operation_at: dict[str, str] = {}
    for path, method, operation in operations(document):
        published = operation["operationId"]
        identifier = str(better_ids.get(published, published))
        if identifier in operation_at:
            raise PipelineError(f"{method.upper()} {path} and {operation_at[identifier]} are both called {identifier}")
        operation_at[identifier] = f"{method.upper()} {path}"
        result = {**operation, "operationId": identifier, "x-published-id": published, "parameters": []}
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            if "enum" in schema:
                place = f"{identifier}.{parameter['name']}"
                enum = enums.find(place) or derive(place)
                bare = {"type": schema["type"], "enum": schema["enum"]}
                known = named.components.get(enum, bare)
                named.components[enum] = merge(known, bare)
                schema = {**ref(enum), **({"default": schema["default"]} if "default" in schema else {})}
            result["parameters"].append({**parameter, "schema": schema})
        if "requestBody" in operation:
            result["requestBody"] = replace(operation["requestBody"], f"{identifier}:body")
        result["response"] = replace(operation["response"], identifier)
        named.document["paths"].setdefault(path, {})[method] = result
    missing = sorted(set(better_ids) - {o["operationId"] for _, _, o in operations(document)})
    named.unused = [*models.unused, *enums.unused, *(f"operation_ids: {identifier}" for identifier in missing)]
    named.unused += [f"writes: {identifier}" for identifier in sorted({*names.get("writes", [])} - operation_at.keys())]
    return named


def derived_name(place: str) -> str:
    """A class name for a place that the table does not know: `movie-awards.results[]` -> MovieAwardsResult."""
    parts = []
    for part in re.split(r"[.:]", place):
        single = part.endswith(("[]", "{}"))
        word = part.replace("[]", "").replace("{}", "")
        if single and word.endswith("ies"):
            word = word[:-3] + "y"
        elif single and word.endswith("s"):
            word = word[:-1]
        parts.append(word)
    words = re.findall(r"[A-Za-z0-9]+", " ".join(parts))
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Model{name}"
