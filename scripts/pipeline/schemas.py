"""What a published schema says, reduced to the few forms that the steps after this one know.

A schema comes out as one of: nothing known (`{}`), a scalar (with `format`, `enum` and limits), an object with
`properties`, a map with `additionalProperties`, an array with `items`, a union of those (`anyOf`), or a reference to
a schema that contains itself. Whatever else OpenAPI allows is reduced to these; what cannot be is left untyped, and
said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import reduce
from typing import Any
from urllib.parse import unquote

from .errors import PipelineError
from .notation import REF_PREFIX

Json = dict[str, Any]
Say = Callable[[str], None]

KEPT_LIMITS = ("minimum", "maximum", "minLength", "maxLength")
KEPT_FORMATS = ("date", "date-time")
SCALARS = ("boolean", "integer", "number", "string")
# What documents write in place of the names of types.
OTHER_NAMES = {
    "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "float": "number", "double": "number", "decimal": "number",
    "bool": "boolean", "str": "string", "text": "string", "uuid": "string", "uri": "string",
    "list": "array", "dict": "object", "map": "object", "none": "null",
    "date": "string", "datetime": "string", "date-time": "string",
}  # fmt: skip
FORMATS_OF_NAMES = {"date": "date", "datetime": "date-time", "date-time": "date-time"}
# Keys that tell a type where none is given.
TELLING = {
    "object": ("properties", "additionalProperties", "patternProperties", "propertyNames", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("pattern", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
# ISO 3166-1 country codes, with the sub-divisions that certifications have (CA-QC).
COUNTRY_KEY = re.compile(r"[A-Z]{2}(-[A-Z]{1,3})?")
# A movie or series of the example, as the key of what is said of it (movie:11).
MEDIA_KEY = re.compile(r"(movie|tv):\d+")
DEEPEST = 40
"""How many schemas may be inside each other: what is deeper is left untyped."""
LARGEST_LIMIT = 2**63
"""A limit of this size or more limits nothing."""
LARGEST = 2_000_000
"""How many schemas a document may come to when its references are followed."""


class Schemas:
    """Reads the schemas of one published document, following its references."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._done: dict[tuple[str, bool], Json] = {}
        self._open: list[str] = []
        self._recursive: dict[str, str] = {}
        self._count = 0
        self.trail: list[str] = []
        """Where in the body the schema that is being read stands: `.results`, `[]`."""
        self.components: Json = {}
        """The schemas that contain themselves, by name."""

    def find(self, node: Any, say: Say) -> Any:
        """Return what `node` refers to, if it is a reference; None if that is not there."""
        for _ in range(DEEPEST):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return node
            found = self._at(node["$ref"])
            if not isinstance(found, dict):
                say(f"refers to {node['$ref']}, which is not in the document")
                return None
            rest = {key: value for key, value in node.items() if key != "$ref"}
            node = {**found, **rest} if rest and "$ref" not in found else found
        say(f"refers to {node['$ref']}, which refers to itself")
        return None

    def read(self, schema: Any, say: Say, *, body: bool = False, depth: int = 0) -> Json:
        """Return the facts of a schema; `body` keeps which properties are required."""
        self._count += 1
        if self._count > LARGEST:
            raise PipelineError(f"the document comes to more than {LARGEST:,} schemas when its references are followed")
        if schema is True or schema is None or schema == {}:
            return {}
        if not isinstance(schema, dict):
            say("has `false` for a schema" if schema is False else f"has a {type(schema).__name__} for a schema")
            return {}
        if depth > DEEPEST:
            say(f"has more than {DEEPEST} schemas inside each other")
            return {}
        if isinstance(schema.get("$ref"), str):
            target = self._read_target(schema["$ref"], say, body=body, depth=depth)
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            beside = self.read(rest, say, body=body, depth=depth + 1) if rest else {}
            return self._both([target, beside], say)
        parts = [part for part in listed(schema.get("allOf")) if part != {}]
        unions = [listed(schema[key]) for key in ("oneOf", "anyOf") if listed(schema.get(key))]
        if parts or unions:
            own = {key: value for key, value in schema.items() if key not in ("allOf", "oneOf", "anyOf")}
            read = [self.read(part, say, body=body, depth=depth + 1) for part in parts]
            for members in unions:
                alternatives = [self.read(member, say, body=body, depth=depth + 1) for member in members]
                read.append(self._either(alternatives, say))
            return self._both([self._own(own, say, body=body, depth=depth), *read], say)
        return self._own(schema, say, body=body, depth=depth)

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return None
        node: Any = self._document
        for part in reference[1:].split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
                node = node[int(key)]
            elif isinstance(node, dict) and key in node:
                node = node[key]
            else:
                return None
        return node

    def _read_target(self, reference: str, say: Say, *, body: bool, depth: int) -> Json:
        if reference in self._recursive and reference not in self._open:
            return {"$ref": REF_PREFIX + self._recursive[reference]}
        if reference in self._open:
            name = self._recursive.setdefault(reference, self._name_for(reference))
            return {"$ref": REF_PREFIX + name}
        if (reference, body) in self._done:
            return self._done[reference, body]
        target = self._at(reference)
        if target is None:
            say(f"refers to {reference}, which is not in the document")
            return {}
        self._open.append(reference)
        try:
            found = self.read(target, say, body=body, depth=depth + 1)
        finally:
            self._open.pop()
        if reference in self._recursive:
            name = self._recursive[reference]
            if found == {"$ref": REF_PREFIX + name}:
                say(f"refers to {reference}, which is nothing but itself")
                found = {}
            self.components[name] = found
            found = {"$ref": REF_PREFIX + name}
        self._done[reference, body] = found
        return found

    def _below(self, part: str, schema: Any, say: Say, *, body: bool, depth: int) -> Json:
        self.trail.append(part)
        try:
            found = self.read(schema, say, body=body, depth=depth + 1)
            return {} if found == {"type": "null"} else found  # an example that was null says nothing
        finally:
            self.trail.pop()

    def _name_for(self, reference: str) -> str:
        stem = re.sub(r"\W+", "", unquote(reference).rpartition("/")[2]) or "Schema"
        name, number = stem, 1
        while name in self._recursive.values():
            number += 1
            name = f"{stem}{number}"
        return name

    def _own(self, schema: Json, say: Say, *, body: bool, depth: int) -> Json:
        """The facts of a schema without references and compositions."""
        kinds = _kinds(schema, say)
        if len(kinds) > 1:
            read = [self._of_kind(kind, schema, say, body=body, depth=depth) for kind in kinds]
            return self._either(read, say)
        return self._of_kind(kinds[0], schema, say, body=body, depth=depth) if kinds else {}

    def _of_kind(self, kind: str, schema: Json, say: Say, *, body: bool, depth: int) -> Json:
        if kind == "object":
            return self._object(schema, say, body=body, depth=depth)
        if kind == "array":
            return _array(merged(self._below("[]", item, say, body=False, depth=depth) for item in _items(schema)))
        if kind == "null":
            return {"type": "null"}
        return _scalar(kind, schema)

    def _object(self, schema: Json, say: Say, *, body: bool, depth: int) -> Json:
        published = schema.get("properties")
        if not isinstance(published, dict):
            published = {}
        properties = {
            str(key): self._below(f".{key}", value, say, body=body, depth=depth)
            for key, value in sorted(published.items(), key=lambda item: str(item[0]))
        }
        if are_keys_of_a_map(properties):
            return {"type": "object", "additionalProperties": merged(properties.values())}
        if not properties:
            patterns = schema.get("patternProperties")
            others = [*patterns.values()] if isinstance(patterns, dict) else []
            if "additionalProperties" in schema and schema["additionalProperties"] is not False:
                others.append(schema["additionalProperties"])
            if others:
                values = [self._below("{}", value, say, body=False, depth=depth) for value in others]
                return {"type": "object", "additionalProperties": merged(values)}
        shape: Json = {"type": "object", "properties": properties}
        if body and (required := sorted({*map(str, listed(schema.get("required")))} & properties.keys())):
            shape["required"] = required
        return shape

    def _both(self, parts: Iterable[Json], say: Say) -> Json:
        """What fits all parts: the union of the properties of objects; of other types, the one that says most."""
        known = [part for part in parts if part]
        if len(known) > 1:
            known = [self._shape_of(part) for part in known]
        result: Json = {}
        for part in known:
            if not result or result == part:
                result = part
            elif result.get("type") == part.get("type") == "object":
                result = merge(result, part)
            elif result.get("type") == part.get("type") and "type" in part:
                result = {**result, **part}
            elif {result.get("type"), part.get("type")} == {"integer", "number"}:
                result = {**result, **part, "type": "integer"}
            elif "anyOf" in result:
                result = part
            elif "anyOf" not in part:
                say(f"is to be {_shown(result)} and {_shown(part)} at once")
                return {}
        return result

    def _either(self, members: Iterable[Json], say: Say) -> Json:
        """What any of the members is: objects are united, numbers widen, other types form a union."""
        flat = [one for member in members for one in member.get("anyOf", [member])]
        flat = [member for member in flat if member != {"type": "null"}]
        if not flat:
            return {}
        if any(not member for member in flat):
            if any(flat):
                say("may be anything, beside what is typed")
            return {}
        if all(member == flat[0] for member in flat):
            return dict(flat[0])
        found: dict[str, Json] = {}
        for member in (self._shape_of(member) for member in flat):
            kind = str(member.get("type"))
            found[kind] = merge(found[kind], member) if kind in found else member
        return union(found.values(), say)

    def _shape_of(self, schema: Json) -> Json:
        """The schema itself, in place of a reference to one that contains itself."""
        target = schema.get("$ref")
        if isinstance(target, str):
            return dict(self.components.get(target.removeprefix(REF_PREFIX), schema))
        return schema


def union(members: Iterable[Json], say: Say) -> Json:
    """One schema for values of any of the members, which are of different types."""
    found = {str(member.get("type")): member for member in members}
    if "number" in found:
        found.pop("integer", None)
    if "string" in found and len(found) > 1:
        found["string"] = {"type": "string"}
    if len(found) == 1:
        return next(iter(found.values()))
    structured = found.keys() - {*SCALARS}
    if len(structured) > 1 or "array" in structured:
        say(f"may be {' or '.join(sorted(map(_shown, found.values())))}")
        return {}
    return {"anyOf": [found[kind] for kind in sorted(found)]}


def _shown(schema: Json) -> str:
    kind = str(schema.get("type") or ("a reference" if "$ref" in schema else "a union"))
    return {"array": "a list", "object": "an object"}.get(kind, kind)


def listed(value: Any) -> list[Any]:
    """A list, or an empty one if the document has something else in its place."""
    return value if isinstance(value, list) else []


def _kinds(schema: Json, say: Say) -> list[str]:
    """The types that a schema names, or that its other keys tell; without null."""
    named = schema.get("type")
    if named is None:
        if "const" in schema or isinstance(schema.get("enum"), list):
            kinds = {json_type(value) for value in [*listed(schema.get("enum")), *_const(schema)]}
            kinds -= {"integer"} if "number" in kinds else set()
            return sorted(kinds - {"null"})
        for kind, keys in TELLING.items():
            if any(key in schema for key in keys):
                return [kind]
        if schema.get("format") in (*KEPT_FORMATS, "uri", "uuid", "email"):
            return ["string"]
        if schema.get("format") in ("int32", "int64", "float", "double"):
            return ["integer" if str(schema["format"]).startswith("int") else "number"]
        return []
    kinds_named = [str(kind).lower() for kind in (named if isinstance(named, list) else [named])]
    kinds_named = [OTHER_NAMES.get(kind, kind) for kind in kinds_named]
    if unknown := [kind for kind in kinds_named if kind not in (*SCALARS, "object", "array", "null")]:
        say(f"has a type called {unknown[0]!r}")
        return []
    if "object" not in kinds_named and "properties" in schema and kinds_named != ["array"]:
        kinds_named = ["object"]
    only_null = [*dict.fromkeys(kinds_named)] == ["null"]
    return ["null"] if only_null else [kind for kind in dict.fromkeys(kinds_named) if kind != "null"]


def _const(schema: Json) -> list[Any]:
    return [schema["const"]] if "const" in schema else []


def json_type(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "string"


def _items(schema: Json) -> list[Any]:
    """The schemas of what an array holds; of a tuple, of each of its places."""
    items = schema.get("items")
    found = [*items] if isinstance(items, list) else [items] if items not in (None, True, False, {}) else []
    return [*listed(schema.get("prefixItems")), *found]


def _scalar(kind: str, schema: Json) -> Json:
    distilled: Json = {"type": kind}
    form = FORMATS_OF_NAMES.get(str(schema.get("type")).lower(), schema.get("format"))
    if kind == "string" and form in KEPT_FORMATS:
        distilled["format"] = form
    values = _values(kind, [*listed(schema.get("enum")), *_const(schema)])
    if values:
        distilled["enum"] = values
    for limit in KEPT_LIMITS:
        if type(schema.get(limit)) in (int, float) and abs(schema[limit]) < LARGEST_LIMIT:  # nor is NaN
            distilled[limit] = schema[limit]
    return distilled


def _values(kind: str, published: list[Any]) -> list[Any]:
    """The values of an enumeration: of strings and whole numbers; what is of other types is not enumerated.

    An empty value is the documentation site's way to say that none is chosen.
    """
    if kind == "integer":
        whole = {int(value) for value in published if str(value).strip().removeprefix("-").isdecimal()}
        return sorted(whole) if len(whole) == len([value for value in published if value not in (None, "")]) else []
    if kind == "string":
        texts = [str(value) for value in published if isinstance(value, (str, int, float, bool)) and value != ""]
        return sorted(set(texts))
    return []


def _array(items: Json) -> Json:
    return {"type": "array", "items": items} if items else {"type": "array"}


def are_keys_of_a_map(names: Collection[str]) -> bool:
    """Whether property names are data: the countries, movies and series that the example happens to have."""
    if len(names) > 1 and all(COUNTRY_KEY.fullmatch(name) for name in names):
        return True
    return bool(names) and all(MEDIA_KEY.fullmatch(name) for name in names)


def inferred(value: Any) -> Json:
    """The schema of an example."""
    match json_type(value):
        case "null":
            return {}
        case "array":
            return _array(merged(map(inferred, value)))
        case "object":
            return {"type": "object", "properties": {str(key): inferred(item) for key, item in sorted(value.items())}}
        case scalar:
            return {"type": scalar}


def merged(schemas: Iterable[Json]) -> Json:
    """The schema that all schemas fit; of none, nothing known."""
    return reduce(merge, schemas, {})


def merge(one: Json, other: Json) -> Json:
    """The schema that both schemas fit: what is untyped gives way, integers widen, objects are united."""
    if not one or one == other:
        return other
    if not other:
        return one
    kinds = {_kind(one), _kind(other)}
    if kinds == {"integer", "number"}:
        return {"type": "number"}
    if len(kinds) > 1 or kinds & {"anyOf", "$ref", "x-conflict"}:
        return {"x-conflict": sorted({*_names(one), *_names(other)})}
    kind = kinds.pop()
    if kind == "array":
        return _array(merge(one.get("items", {}), other.get("items", {})))
    if kind == "object":
        return _merge_objects(one, other)
    result: Json = {"type": kind}
    if one.get("format") == other.get("format") and "format" in one:
        result["format"] = one["format"]
    if "enum" in one and "enum" in other:
        result["enum"] = sorted({*one["enum"], *other["enum"]}, key=str)
    return result


def _merge_objects(one: Json, other: Json) -> Json:
    if "additionalProperties" in one or "additionalProperties" in other:
        parts = [s["additionalProperties"] for s in (one, other) if "additionalProperties" in s]
        return {"type": "object", "additionalProperties": merge(parts[0], parts[-1])}
    left, right = one.get("properties", {}), other.get("properties", {})
    keys = sorted({*left, *right})
    result: Json = {"type": "object", "properties": {k: merge(left.get(k, {}), right.get(k, {})) for k in keys}}
    if required := sorted({*one.get("required", [])} & {*other.get("required", [])}):
        result["required"] = required
    if "x-required" in one and "x-required" in other:
        result["x-required"] = True
    return result


def _kind(schema: Json) -> str:
    return next((key for key in ("anyOf", "$ref", "x-conflict") if key in schema), str(schema.get("type")))


def _names(schema: Json) -> list[str]:
    if "x-conflict" in schema:
        return [str(name) for name in schema["x-conflict"]]
    if "anyOf" in schema:
        return [name for member in schema["anyOf"] for name in _names(member)]
    return [str(schema.get("type") or str(schema.get("$ref")).removeprefix(REF_PREFIX))]
