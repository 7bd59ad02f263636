"""The names of Python that stand for the names of a document, and the document as the generator can take it.

The generator makes names of its own, and drops what it cannot tell apart or name. What it is given has names that it
leaves as they are, and none that it or a template needs for something else; the views map them back.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from .distil import PLACEHOLDER, Json, operations
from .templates import TEMPLATES
from .words import identifier, unique

# What functions and methods of ours have beside the parameters of an operation.
ARGUMENTS = frozenset(
    {"append", "arguments", "body", "client", "cls", "data", "datetime", "endpoint", "kwargs", "self", "url"}
)
# What a model's methods and its annotations need.
OF_MODELS = frozenset({"cls", "datetime", "self"})
# Of parameters with one name, the first in this order keeps it; the others get their place as a suffix.
ORDER = ("path", "query", "header", "cookie")


class Bindings:
    """Names of Python, of the parameters of operations and the properties of models."""

    def __init__(self, document: Json) -> None:
        self.parameters: dict[str, dict[str, tuple[str, str]]] = {}
        """Operation id -> name of Python -> (place, published name)."""
        self.properties: dict[str, dict[str, str]] = {}
        """Model -> property -> attribute."""
        for _, _, operation in operations(document):
            listed = sorted(operation["parameters"], key=lambda p: ORDER.index(p["in"]))
            keys = [(p["in"], p["name"]) for p in listed]
            names = spelt((f"{name}\0{place}" for place, name in keys), ARGUMENTS)
            self.parameters[operation["operationId"]] = {
                names[f"{name}\0{place}"]: (place, name) for place, name in keys
            }
        for name, schema in document["components"]["schemas"].items():
            if "properties" in schema:
                self.properties[name] = spelt(schema["properties"], OF_MODELS | names_of_models())

    def name(self, operation: str, place: str, parameter: str) -> str:
        """The argument that a parameter is."""
        found = self.parameters[operation]
        return next(python for python, key in found.items() if key == (place, parameter))

    def body_arguments(self, operation: Json, schema: Json) -> dict[str, str]:
        """Property of a body -> the argument of the resource's method that it is."""
        taken = {*self.parameters[operation["operationId"]], *ARGUMENTS}
        return spelt(sorted(schema["properties"]), taken)

    def for_generator(self, document: Json) -> Json:
        """The document, in a form of which the generator drops nothing; the views write what is sent and answered."""
        paths: Json = {}
        for path, method, operation in operations(document):
            identifier = operation["operationId"]
            parameters = [
                {
                    **parameter,
                    "name": self.name(identifier, parameter["in"], parameter["name"]),
                    "in": "path" if parameter["in"] == "path" else "query",
                    "schema": {},
                }
                for parameter in operation["parameters"]
            ]
            own = {
                p["name"]: self.name(identifier, "path", p["name"])
                for p in operation["parameters"]
                if p["in"] == "path"
            }
            safe = PLACEHOLDER.sub(lambda match: f"{{{own[match[1]]}}}", path)  # noqa: B023 - used at once
            found = {key: value for key, value in operation.items() if key != "requestBody"}
            found["parameters"] = parameters
            found["responses"] = {"200": {"description": "", "content": {"application/json": {"schema": {}}}}}
            paths.setdefault(safe, {})[method] = _plain(found)
        components = {name: self._component(name, schema) for name, schema in document["components"]["schemas"].items()}
        return {
            **{key: value for key, value in document.items() if not key.startswith("x-")},
            "paths": paths,
            "components": {**document["components"], "schemas": components},
        }

    def _component(self, name: str, schema: Json) -> Json:
        if "properties" not in schema:
            return schema
        names = self.properties[name]
        result = {**schema, "properties": {names[key]: _plain(value) for key, value in schema["properties"].items()}}
        if "required" in schema:
            result["required"] = [names[key] for key in schema["required"]]
        return result


def spelt(keys: Iterable[str], reserved: Collection[str]) -> dict[str, str]:
    """Names of Python for the names of a document, all different, none of `reserved`.

    They are spelt as the generator spells them, and so that it leaves them as they are. What follows a NUL in a key
    tells it from others of its name, and becomes a part of its name of Python if it has to.
    """
    from openapi_python_client.strings import PythonIdentifier

    def spell(name: str) -> str:
        return str(PythonIdentifier(name, prefix="field_"))

    listed = list(keys)
    wire = {key: key.partition("\0")[0] for key in listed}
    result: dict[str, str] = {}
    # Names that are fit already come first, then those that Python has, with an underscore.
    for is_word in (False, True):
        for key in listed:
            name = spell(wire[key])
            if (
                key not in result
                and name.isascii()
                and name.endswith("_") is is_word
                and name not in {*reserved, *result.values()}
                and spell(name) == name
            ):
                result[key] = name
    for key in listed:
        if key in result:
            continue
        place = key.partition("\0")[2]
        name = identifier(wire[key]).rstrip("_")
        if place and wire[key] in {wire[one] for one in result}:
            name = f"{name}_{place}"
        if name in reserved or spell(name) != name:
            name = f"{name}_value"
        result[key] = unique(name, {*reserved, *result.values()})
    return {key: result[key] for key in listed}


@cache
def names_of_models() -> frozenset[str]:
    """The attributes and methods that all models have, which a property cannot hide."""
    found: set[str] = set()
    for name in ("_model.py", "_bases.py"):
        for node in ast.parse((TEMPLATES / name).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and (name == "_bases.py" or node.name in {"_Object", "Model", "Page"}):
                for item in ast.walk(node):
                    if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        found.add(item.name)
                found |= _fields(node) if node.name == "Model" else set()
    return frozenset(name for name in found if not name.startswith("__"))


def _fields(node: ast.ClassDef) -> set[str]:
    return {
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }


def _plain(node: Any) -> Any:
    """A schema of which the generator takes everything: a list says what it holds, nothing else is said of values."""
    if isinstance(node, dict):
        result = {key: _plain(value) for key, value in node.items()}
        if node.get("type") in ("array", ["array", "null"]) and "items" not in node:
            result["items"] = {}
        return result
    return [_plain(item) for item in node] if isinstance(node, list) else node
