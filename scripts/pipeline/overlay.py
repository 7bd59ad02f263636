"""Mend the named document with the entries of openapi/overlay-*.toml: data, each with a target and a reason."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .distil import Json, operations
from .errors import PipelineError
from .identity import nearest
from .naming import Named
from .notation import parse_type, ref_name

KINDS = ("operation", "parameter", "property", "model", "body", "append")
KEYS = {
    "absent", "add", "base", "copy", "drop", "maximum", "method", "numbers", "only", "parameters", "path", "reason",
    "required", "sent", "target", "to", "type", "values",
}  # fmt: skip
# What a value of a body can be sent as, where that is not its own type.
SENT_AS = ("integer",)


@dataclass
class Mended:
    """What the overlay did."""

    counts: list[tuple[str, int]] = field(default_factory=list)
    """(target, number of places changed) per entry."""
    misses: list[str] = field(default_factory=list)
    """Entries that change nothing, or that add what is there already, each with the reason."""

    any_on_purpose: set[tuple[str, str]] = field(default_factory=set)
    """(model, property) of what an entry says is of any type."""
    gone: list[str] = field(default_factory=list)
    """Where a model is named that the document does not have."""


def apply_overlay(named: Named, overlay: dict[str, Any]) -> Mended:
    """Apply the entries in their order: parameters and bodies, properties by name, then single properties."""
    mended = Mended()
    bodies = named.bodies()
    for entry in overlay.get("mend", []):
        kind, pattern = _checked(entry)
        if kind == "operation":
            count = (_add_operation if entry.get("add") else _mend_operation)(named, pattern, entry)
        elif kind == "parameter":
            count = _mend_parameters(named, pattern, entry)
        elif kind == "append":
            count = _append(named, pattern, entry, mended)
        elif "copy" in entry:
            count = _copy(named, pattern, entry, mended)
        elif "base" in entry:
            count = _base(named, pattern, entry)
        elif "values" in entry:
            count = _enumerate(named, pattern, entry, mended)
        elif "to" in entry:
            count = _add(named, pattern, entry, mended)
        elif entry.get("add") and kind != "property":
            count = _create(named, pattern, entry, mended)
        else:
            count = _mend_properties(named, bodies, kind, pattern, entry, mended)
        mended.counts.append((entry["target"], count))
        if not count and not any(miss.startswith(f"{entry['target']}: ") for miss in mended.misses):
            mended.misses.append(f"{entry['target']}: {_why_nothing(named, bodies, kind, pattern, entry)}")
    mended.gone = _drop_unknown_references(named)
    return mended


def _checked(entry: Json) -> tuple[str, str]:
    target = entry.get("target", "")
    kind, _, pattern = target.partition(":")
    if kind not in KINDS or not pattern:
        raise PipelineError(f"overlay: target {target!r} is not one of {', '.join(f'{k}:…' for k in KINDS)}")
    if not entry.get("reason"):
        raise PipelineError(f"overlay: {target} gives no reason")
    if unknown := set(entry) - KEYS:
        raise PipelineError(f"overlay: {target} has an unknown key {sorted(unknown)[0]!r}")
    if creates := [key for key in ("copy", "numbers", "to") if key in entry and not entry.get("add")]:
        raise PipelineError(f"overlay: {target}: {creates[0]} adds something: say add = true")
    if kind == "append" and not entry.get("add"):
        raise PipelineError(f"overlay: {target}: a sub-resource is added: say add = true")
    if (
        kind in ("model", "body")
        and "copy" not in entry
        and not {"base", "values"} & entry.keys()
        and "." not in pattern
    ):
        raise PipelineError(f"overlay: {target}: name a property, {kind}:MODEL.PROPERTY")
    if "sent" in entry and (kind != "body" or entry["sent"] not in SENT_AS):
        raise PipelineError(f"overlay: {target}: sent is for body:… and one of {', '.join(SENT_AS)}")
    return kind, pattern


def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


def _mend_operation(named: Named, identifier: str, entry: Json) -> int:
    """Give an operation another path, or say that TMDB answers 404 where the answer is no."""
    paths = named.document["paths"]
    for path, method, operation in operations(named.document):
        if operation["operationId"] != identifier:
            continue
        if "absent" in entry and "x-absent" not in operation:
            operation["x-absent"] = entry["absent"]
            return 1
        if path != entry.get("path", path):
            del paths[path][method]
            paths.setdefault(entry["path"], {})[method] = operation
            return 1
    return 0


def _add_operation(named: Named, identifier: str, entry: Json) -> int:
    """Add an operation that TMDB serves and does not document; none once the document has it."""
    path, method = entry["path"], entry.get("method", "get")
    taken = {operation["operationId"] for _, _, operation in operations(named.document)}
    if identifier in taken or method in named.document["paths"].get(path, {}):
        return 0
    named.document["paths"].setdefault(path, {})[method] = {
        "operationId": identifier,
        "x-published-id": identifier,
        "x-undocumented": True,
        "parameters": [_parameter(path, name, parse_type(text)) for name, text in entry["parameters"].items()],
        "response": parse_type(entry["type"]),
    }
    return 1


def _parameter(path: str, name: str, schema: Json) -> Json:
    in_path = f"{{{name}}}" in path
    return {"name": name, "in": "path" if in_path else "query", "required": in_path, "schema": schema}


def _base(named: Named, name: str, entry: Json) -> int:
    """Give a model a base class that has methods of ours."""
    component = named.components.get(name)
    if component is None or component.get("x-base") == entry["base"]:
        return 0
    component["x-base"] = entry["base"]
    return 1


def _mend_parameters(named: Named, pattern: str, entry: Json) -> int:
    expression = _expression(pattern)
    count = 0
    identifiers, _, name = pattern.partition(".")
    for path, _, operation in operations(named.document):
        if entry.get("add"):
            known = any(parameter["name"] == name for parameter in operation["parameters"])
            if _expression(identifiers).fullmatch(operation["operationId"]) and not known:
                limit = {"maximum": entry["maximum"]} if "maximum" in entry else {}
                operation["parameters"].append(_parameter(path, name, {**parse_type(entry["type"]), **limit}))
                count += 1
            continue
        kept = []
        for parameter in operation["parameters"]:
            before = deepcopy(parameter)
            if expression.fullmatch(f"{operation['operationId']}.{parameter['name']}"):
                if entry.get("drop"):
                    count += 1
                    continue
                if "type" in entry:
                    default = {k: v for k, v in parameter["schema"].items() if k == "default"}
                    parameter["schema"] = {**parse_type(entry["type"]), **default}
                if "required" in entry:
                    parameter["required"] = entry["required"]
                count += parameter != before
            kept.append(parameter)
        operation["parameters"] = kept
    return count


def _append(named: Named, pattern: str, entry: Json, mended: Mended) -> int:
    identifier, _, name = pattern.partition(".")
    listed = {operation["operationId"]: path for path, _, operation in operations(named.document)}
    if identifier not in listed:
        mended.misses.append(f"append:{pattern}: there is no operation {identifier}{nearest(identifier, listed)}")
        return 0
    if "*" not in name and "get" in named.document["paths"].get(f"{listed[identifier]}/{name}", {}):
        mended.misses.append(f"append:{pattern}: the document has it: {listed[identifier]}/{name}")
        return 0
    numbers = {"x-numbers": entry["numbers"]} if "numbers" in entry else {}
    named.appends.setdefault(identifier, {})[name] = {**parse_type(entry["type"]), **numbers}
    return 1


def _add(named: Named, prop: str, entry: Json, mended: Mended) -> int:
    """Add a property to the models that lack it."""
    count = 0
    for model in entry["to"]:
        component = named.components.get(model)
        if component is None or "properties" not in component:
            mended.misses.append(f"property:{prop}: there is no model {model}{nearest(model, _models(named))}")
        elif prop in component["properties"]:
            mended.misses.append(f"property:{prop}: {model} has it already")
        else:
            component["properties"][prop] = parse_type(entry["type"])
            count += 1
    return count


def _create(named: Named, pattern: str, entry: Json, mended: Mended) -> int:
    """Add a property to a model that lacks it, or a model that there is not."""
    model, _, prop = pattern.partition(".")
    component = named.components.get(model)
    if component is not None and "properties" not in component:
        mended.misses.append(f"{entry['target']}: {model} has no properties")
        return 0
    if component is None:
        component = named.components[model] = {"type": "object", "properties": {}}
    if prop in component["properties"]:
        mended.misses.append(f"{entry['target']}: the document has it already")
        return 0
    component["properties"][prop] = parse_type(entry["type"])
    if "any" in re.findall(r"\w+", entry["type"]):
        mended.any_on_purpose.add((model, prop))
    if entry.get("required"):
        _require(component, prop, required=True)
    if "sent" in entry:
        component["properties"][prop]["x-sent"] = entry["sent"]
    return 1


def _copy(named: Named, name: str, entry: Json, mended: Mended) -> int:
    if entry["copy"] not in named.components:
        close = nearest(entry["copy"], _models(named))
        mended.misses.append(f"model:{name}: there is no model {entry['copy']} to copy{close}")
        return 0
    if name in named.components:
        mended.misses.append(f"model:{name}: there is a model of that name already")
        return 0
    named.components[name] = deepcopy(named.components[entry["copy"]])
    return 1


def _enumerate(named: Named, name: str, entry: Json, mended: Mended) -> int:
    before = named.components.get(name)
    if entry.get("add") and before is not None:
        mended.misses.append(f"model:{name}: there is an enumeration of that name already")
        return 0
    if not entry.get("add") and before is None:
        known = [one for one, schema in named.components.items() if "enum" in schema]
        mended.misses.append(f"model:{name}: there is no such enumeration (add = true makes one){nearest(name, known)}")
        return 0
    named.components[name] = {"type": "string", "enum": sorted(entry["values"])}
    return int(named.components[name] != before)


def _models(named: Named) -> list[str]:
    return [name for name, schema in named.components.items() if "properties" in schema]


def _why_nothing(named: Named, bodies: set[str], kind: str, pattern: str, entry: Json) -> str:
    """Why an entry changes nothing: there is no such thing, with the nearest names, or it is so already."""
    listed = operations(named.document)
    if kind == "operation":
        known = [operation["operationId"] for _, _, operation in listed]
    elif kind == "parameter":
        known = [
            f"{operation['operationId']}.{p['name']}" for _, _, operation in listed for p in operation["parameters"]
        ]
        if entry.get("add"):
            identifiers = pattern.partition(".")[0]
            matches = [o["operationId"] for _, _, o in listed if _expression(identifiers).fullmatch(o["operationId"])]
            if matches:
                return "the document has it already"
            return (
                f"there is no operation {identifiers}{nearest(identifiers, [o['operationId'] for _, _, o in listed])}"
            )
    elif kind == "model" and "base" in entry:
        known = _models(named)
    else:
        chosen = [name for name in _models(named) if (name in bodies) == (kind == "body")]
        known = [
            prop if kind == "property" else f"{name}.{prop}"
            for name in chosen
            for prop in named.components[name]["properties"]
        ]
    expression = _expression(pattern)
    found = [name for name in known if expression.fullmatch(name)]
    if kind == "operation" and entry.get("add"):
        return "the document has it already"
    if found:
        return "it is so already"
    more = "" if kind not in ("model", "body") or "*" in pattern else " (add = true makes one)"
    return f"there is no such thing in the document{more}{nearest(pattern, known)}"


def _mend_properties(named: Named, bodies: set[str], kind: str, pattern: str, entry: Json, mended: Mended) -> int:
    expression = _expression(pattern)
    count = 0
    for name, component in sorted(named.components.items()):
        if "properties" not in component or (name in bodies) != (kind == "body"):
            continue
        for prop, schema in component["properties"].items():
            place = prop if kind == "property" else f"{name}.{prop}"
            if not expression.fullmatch(place):
                continue
            if entry.get("only") == "untyped" and not _untyped(schema):
                continue
            if "any" in re.findall(r"\w+", entry.get("type", "")):
                mended.any_on_purpose.add((name, prop))
            if "type" in entry and schema != (mend := parse_type(entry["type"])):
                component["properties"][prop] = mend
                count += 1
            # A body that says itself what is required is not what a rule for those that say nothing is about.
            if "required" in entry and not ("*" in pattern and component.get("x-required")):
                count += _require(component, prop, required=entry["required"])
            if "sent" in entry and schema.get("x-sent") != entry["sent"]:
                component["properties"][prop] = {**component["properties"][prop], "x-sent": entry["sent"]}
                count += 1
    return count


def _untyped(schema: Json) -> bool:
    return not schema or "x-conflict" in schema


def _require(component: Json, prop: str, *, required: bool) -> bool:
    before = set(component.get("required", []))
    after = before | {prop} if required else before - {prop}
    component["required"] = sorted(after)
    return before != after


def _drop_unknown_references(named: Named) -> list[str]:
    """Leave out what refers to models that a newer document no longer has; return where."""
    gone: list[str] = []

    def settled(schema: Any, place: str) -> Any:
        if isinstance(schema, list):
            return [settled(item, place) for item in schema]
        if not isinstance(schema, dict):
            return schema
        name = ref_name(schema)
        if name and name not in named.components:
            gone.append(f"{place}: there is no model {name}{nearest(name, named.components)}")
            return {}
        if "discriminator" in schema:
            return _without(schema, named.components, gone, place)
        for union in ("anyOf", "oneOf"):
            if union in schema:
                members = [member for member in settled(schema[union], place) if member]
                return {**schema, union: members} if len(members) > 1 else members[0] if members else {}
        return {
            key: settled(value, f"{place}.{key}" if key != "properties" else place) for key, value in schema.items()
        }

    for name, component in list(named.components.items()):
        named.components[name] = settled(component, name)
    for identifier, told in named.appends.items():
        found = {sub: settled(response, f"{identifier}.{sub}") for sub, response in told.items()}
        named.appends[identifier] = {
            sub: response for sub, response in found.items() if response.keys() - {"x-numbers"}
        }
    for _, _, operation in operations(named.document):
        operation["response"] = settled(operation["response"], operation["operationId"])
        for parameter in operation["parameters"]:
            parameter["schema"] = settled(parameter["schema"], f"{operation['operationId']}.{parameter['name']}")
    return gone


def _without(schema: Json, components: Json, gone: list[str], place: str) -> Json:
    """A union told apart by a property, without the members that are not there."""
    members = [member for member in schema["oneOf"] if ref_name(member) in components]
    gone += [
        f"{place}: there is no model {ref_name(member)}{nearest(str(ref_name(member)), components)}"
        for member in schema["oneOf"]
        if member not in members and member != {"type": "null"}
    ]
    mapping = schema["discriminator"]["mapping"]
    mapping = {tag: target for tag, target in mapping.items() if ref_name({"$ref": target}) in components}
    fallbacks = [member for member in members if member["$ref"] not in mapping.values()]
    if not mapping or not fallbacks:
        return {} if not members else members[0] if len(members) == 1 else {}
    return {**schema, "oneOf": members, "discriminator": {**schema["discriminator"], "mapping": mapping}}
