"""Give every object shape of a distilled document a name in TMDB's words, and merge shapes of one name.

The table (openapi/names-*.toml) maps a name to the places whose shape it is. A place is an operation id followed by
property names: `movie-credits.cast[]`; `[]` is a list's item, `{}` a map's value, `:body` the request body. What the
table does not know gets a name derived from its place, and is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .distil import Json, operations
from .errors import PipelineError
from .identity import History, identify, nearest
from .notation import REF_PREFIX, ref, ref_name
from .schemas import merge
from .templates import names_of_templates
from .words import shortened

PLAIN = ("string", "integer", "number", "boolean")


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
    notes: list[str] = field(default_factory=list)
    """What could not be named or typed as it is published."""
    places: list[str] = field(default_factory=list)
    """Every place that has been asked for, for messages that offer the nearest."""

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
            waiting += schema.get("anyOf", [])
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
    def unused(self) -> list[tuple[str, str]]:
        """(name, pattern) of what matched no place."""
        return [(name, pattern) for _, pattern, name in self._patterns if pattern not in self.used]


def name_shapes(document: Json, names: dict[str, Any], history: History) -> Named:
    """Return `document` with references in place of shapes, and the components they refer to.

    Args:
        document: The distilled document.
        names: The table.
        history: What earlier releases called their operations.
    """
    return _Naming(document, names, history).run()


class _Naming:
    def __init__(self, document: Json, names: dict[str, Any], history: History) -> None:
        self._document = document
        self._names = names
        self._history = history
        self._models = PatternTable(names.get("models", {}))
        self._enums = PatternTable(names.get("enums", {}))
        rest = {key: value for key, value in document.items() if key != "components" and not key.startswith("x-")}
        self._named = Named(document={**rest, "paths": {}})
        known = {*names.get("models", {}), *names.get("enums", {}), "Status"}
        self._taken = {name.lower() for name in known | names_of_templates()}
        self._of_place: dict[str, str] = {}
        self._recursive: dict[str, str] = {}

    def run(self) -> Named:
        named = self._named
        identities = identify(self._document, self._names, self._history)
        named.notes += identities.notes
        named.unused += identities.unused
        schemas = self._document.get("components", {}).get("schemas", {})
        for name in sorted(schemas):
            self._recursive[name] = self._models.find(f"#{name}") or self._derive(f"#{name}")
        for name, schema in sorted(schemas.items()):
            self._name_recursive(name, schema)
        for path, method, operation in operations(self._document):
            identifier = identities.of[path, method]
            result = {
                **operation, "operationId": identifier, "x-published-id": operation["operationId"], "parameters": [],
            }  # fmt: skip
            for parameter in operation["parameters"]:
                place = f"{identifier}.{parameter['name']}"
                result["parameters"].append({**parameter, "schema": self._parameter(parameter["schema"], place)})
            if "requestBody" in operation:
                result["requestBody"] = self._replace(operation["requestBody"], f"{identifier}:body")
            result["response"] = self._replace(operation["response"], identifier)
            named.document["paths"].setdefault(path, {})[method] = result
        for table, patterns in (("models", self._models), ("enums", self._enums)):
            named.unused += [
                f"[{table}] {name}: {pattern}{nearest(pattern, named.places)}" for name, pattern in patterns.unused
            ]
        return named

    def _name_recursive(self, published: str, schema: Json) -> None:
        """A schema that contains itself: a component, also if it is no object."""
        name = self._recursive[published]
        place = f"#{published}"
        if schema.get("type") == "object" and "properties" in schema:
            properties = {key: self._replace(value, f"{place}.{key}") for key, value in schema["properties"].items()}
            self._merge(name, {"type": "object", "properties": properties})
        else:
            self._named.notes.append(f"{place}: contains itself and is no object; it is left untyped")
            self._named.derived.pop(name, None)
            self._recursive[published] = ""

    def _parameter(self, schema: Json, place: str) -> Json:
        default = {"default": schema["default"]} if "default" in schema else {}
        if "enum" in schema:
            return {**self._enumerate(schema, place), **default}
        if "enum" in schema.get("items", {}):
            return {"type": "array", "items": self._enumerate(schema["items"], f"{place}[]"), **default}
        if "anyOf" in schema:
            members = [{key: value for key, value in one.items() if key != "enum"} for one in schema["anyOf"]]
            return {"anyOf": members, **default}
        return schema

    def _enumerate(self, schema: Json, place: str) -> Json:
        """A reference to the enumeration at a place."""
        self._named.places.append(place)
        name = self._enums.find(place) or self._derive(place)
        self._merge(name, {"type": schema["type"], "enum": schema["enum"]})
        return ref(name)

    def _replace(self, schema: Json, place: str) -> Json:
        """`schema` with a reference in place of each shape."""
        if "$ref" in schema:
            name = self._recursive[schema["$ref"].removeprefix(REF_PREFIX)]
            return ref(name) if name else {}
        if "anyOf" in schema:
            return {"anyOf": [self._replace(member, place) for member in schema["anyOf"]]}
        if "additionalProperties" in schema:
            value = self._replace(schema["additionalProperties"], place + "{}")
            return {"type": "object", "additionalProperties": self._held(value, place + "{}", in_map=True)}
        if schema.get("type") == "object":
            properties = {key: self._replace(value, f"{place}.{key}") for key, value in schema["properties"].items()}
            shape: Json = {"type": "object", "properties": properties}
            if "required" in schema:
                shape |= {"required": schema["required"], "x-required": True}
            name = self._find(place) or self._derive(place)
            self._merge(name, shape)
            return ref(name)
        if "items" in schema:
            items = self._replace(schema["items"], place + "[]")
            return {"type": "array", "items": self._held(items, place + "[]")}
        if "enum" in schema:
            if ":body" in place:
                return self._enumerate(schema, place)
            return {key: value for key, value in schema.items() if key != "enum"}
        return schema

    def _find(self, place: str) -> str | None:
        self._named.places.append(place)
        return self._models.find(place)

    def _held(self, schema: Json, place: str, *, in_map: bool = False) -> Json:
        """What a list or a map holds; what has to be decoded in a container in a container is left untyped."""
        inner = schema.get("items") if schema.get("type") == "array" else schema.get("additionalProperties")
        is_list = schema.get("type") == "array"
        if inner is None:
            if in_map and schema.get("format"):
                return {key: value for key, value in schema.items() if key != "format"}
            return schema
        deeper = inner.get("items") if inner.get("type") == "array" else inner.get("additionalProperties")
        plain = not inner or (inner.get("type") in PLAIN and "format" not in inner)
        if plain or (in_map and is_list and ref_name(inner)) or (deeper is not None and _is_plain(deeper)):
            return schema
        shown = "a list or map of what has a shape"
        self._named.notes.append(f"{place}: {shown} inside a list or map; what is in it is left untyped")
        return {**schema, ("items" if is_list else "additionalProperties"): {}}

    def _merge(self, name: str, shape: Json) -> None:
        known = self._named.components.get(name)
        merged = merge(known, shape) if known else shape
        if (
            "x-conflict" in merged
            or merged.get("type") != shape.get("type")
            or ("enum" in shape and "enum" not in merged)
        ):
            self._named.notes.append(f"{name}: is the name of things of different kinds; see the tables of names")
            return
        self._named.components[name] = merged

    def _derive(self, place: str) -> str:
        if place in self._of_place:
            return self._of_place[place]
        name = derived_name(place)
        if name.endswith("Resource"):
            name += "Shape"
        while name.lower() in self._taken:
            name += "Shape"
        self._taken.add(name.lower())
        self._of_place[place] = name
        self._named.derived[name] = place
        return name


def _is_plain(schema: Json) -> bool:
    inner = schema.get("items", schema.get("additionalProperties"))
    if inner is not None:
        return _is_plain(inner)
    return not schema or (schema.get("type") in PLAIN and "format" not in schema)


def derived_name(place: str) -> str:
    """A class name for a place that the table does not know: `movie-awards.results[]` -> MovieAwardsResult."""
    from openapi_python_client.strings import ClassName

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
    name = shortened(name if name[:1].isalpha() else f"Model{name}")
    for _ in range(5):  # the generator spells names in its own way: until it leaves this one as it is
        spelt = str(ClassName(name, "Model"))
        if spelt == name:
            return name
        name = spelt.rstrip("_") + ("Shape" if spelt.endswith("_") else "")
    raise PipelineError(f"no name can be derived for the shape at {place}: give it one in the table of names, [models]")
