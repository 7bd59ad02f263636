"""Build openapi/tmdb-v3.json and tmdb-v4.json from the named, mended shapes: an OpenAPI 3.1 document in our own words.

What the published document leaves unsaid is added here by rules that hold for every operation, also for one that TMDB
adds tomorrow: the tag from its path, the security from its parameters (v3) or its path (v4), the sub-resources that a
details operation can append from the paths below it, TMDB's status body for errors, null for every response property.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from .distil import PLACEHOLDER, Json, operations
from .identity import History, is_below, name_methods, nearest
from .naming import Named, derived_name
from .notation import REF_PREFIX, ref, ref_name

REFERENCE_PAGES = {
    "v3": "https://developer.themoviedb.org/reference/",
    "v4": "https://developer.themoviedb.org/v4/reference/",
}
STATUS_MODEL = "Status"
STATUS_SHAPE: Json = {
    "type": "object",
    "properties": {
        "status_code": {"type": "integer"},
        "status_message": {"type": "string"},
        "success": {"type": "boolean"},
    },
}
BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API Read Access Token or a user access token.",
}
SESSION_SCHEMES: Json = {
    "bearer": BEARER,
    "api_key": {"type": "apiKey", "in": "query", "name": "api_key", "description": "An API key (v3)."},
    "session": {"type": "apiKey", "in": "query", "name": "session_id", "description": "A user session."},
    "guest_session": {
        "type": "apiKey",
        "in": "query",
        "name": "guest_session_id",
        "description": "A guest session; in the path of the guest session operations.",
    },
}
TOKEN_SCHEMES: Json = {
    "bearer": BEARER,
    "api_key": {"type": "apiKey", "in": "query", "name": "api_key", "description": "An API key, for what only reads."},
    "user_bearer": {"type": "http", "scheme": "bearer", "description": "A user access token."},
}
SECURITY_SCHEMES = {"v3": SESSION_SCHEMES, "v4": TOKEN_SCHEMES}
SESSIONS = {"session_id": "session", "guest_session_id": "guest_session"}
"""The query parameters that carry a user's credential, and their schemes."""
APPLICATION_SCHEMES = ("bearer", "api_key")
LAST_PAGE = 500
"""The last page that TMDB serves of a listing, where nothing else is known (status code 22)."""
PARTS = {"items": "[]", "additionalProperties": "{}"}
"""How the place of a schema inside another is written."""
NUMBER = "[0-9]+"
"""The pattern of what stands for * in the name of a sub-resource that is appended by its number."""


@dataclass
class Words:
    """Our descriptions, from openapi/descriptions.toml, and what they leave out.

    The table of an API version takes precedence over the one for all versions.
    """

    table: dict[str, Any]
    api: str
    missing: list[str] = field(default_factory=list)
    used: set[tuple[str, ...]] = field(default_factory=set)
    """The entries that were asked for: their section and name, after the API version if it has the section."""
    asked: dict[str, set[str]] = field(default_factory=dict)
    """What was asked for in each section, for messages that offer the nearest."""

    def unused(self) -> dict[tuple[str, ...], str]:
        """The entries that nothing asked for, each with what a message says of it.

        Those of all versions are unused only if no version asks for them.
        """
        found = {}
        for prefix, table in (((), self.table), ((self.api,), self.table.get(self.api, {}))):
            for section, entries in table.items():
                if section.startswith("v") and section[1:].isdigit():
                    continue
                for name, text in entries.items():
                    keys = [(name, sub) for sub in text] if isinstance(text, dict) else [(name,)]
                    for key in keys:
                        if (*prefix, section, *key) not in self.used:
                            shown = ".".join((*prefix, section))
                            close = nearest(key[-1], self.asked.get(section, ()))
                            found[*prefix, section, *key] = f"[{shown}] {'.'.join(key)}{close}"
        return found

    def of_operation(self, published: str, path: str, method: str) -> str:
        return self._get("operations", published) or f"Call {method.upper()} {path}."

    def of_parameter(self, published: str, name: str) -> str:
        special = self._find("parameters", published)
        if isinstance(special, dict) and name in special:
            prefix = (self.api,) if published in self.table.get(self.api, {}).get("parameters", {}) else ()
            self.used.add((*prefix, "parameters", published, name))
            self.asked.setdefault("parameters", set()).add(name)
            return str(special[name])
        return self._get("parameters", name) or f"The {name.replace('_', ' ')}."

    def of_field(self, name: str) -> str:
        return self._get("bodies", name) or f"The {name.replace('_', ' ')}."

    def of_model(self, name: str) -> str:
        return self._get("models", name) or re.sub(r"(?<!^)(?=[A-Z])", " ", name).capitalize() + "."

    def of_property(self, model: str, name: str) -> str | None:
        text = self._find("properties", f"{model}.{name}") or self._find("properties", name)
        return text if isinstance(text, str) else None

    def _get(self, section: str, name: str) -> str:
        text = self._find(section, name)
        if not isinstance(text, str):
            self.missing.append(f"{section}: {name}")
            return ""
        return text

    def _find(self, section: str, name: str) -> Any:
        own = self.table.get(self.api, {}).get(section, {})
        self.asked.setdefault(section, set()).add(name)
        if name in own:
            self.used.add((self.api, section, name))
            return own[name]
        self.used.add((section, name))
        return self.table.get(section, {}).get(name)


def declare_path_parameters(named: Named) -> list[str]:
    """Declare, as strings, the path parameters that the document forgets; return which."""
    declared = []
    for path, _, operation in operations(named.document):
        known = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        for name in PLACEHOLDER.findall(path):
            if name not in known:
                parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                operation["parameters"].append(parameter)
                declared.append(f"{operation['operationId']}.{name}")
        # Those of the path in the order of the path, then the others as they are.
        order = PLACEHOLDER.findall(path)
        operation["parameters"].sort(key=lambda p: order.index(p["name"]) if p["in"] == "path" else len(order))
    return declared


def build_document(named: Named, names: Json, words: Words, api: str, history: History) -> Json:
    """Return the OpenAPI document that the client is generated from."""
    components = {name: deepcopy(schema) for name, schema in named.components.items()}
    bodies = named.bodies()
    components.setdefault(STATUS_MODEL, deepcopy(STATUS_SHAPE))
    appended = _append(named, components)
    paths: Json = {}
    listed = [(path, method, operation["operationId"]) for path, method, operation in operations(named.document)]
    methods, notes = name_methods(listed, names, history)
    named.notes += notes
    for path, method, operation in operations(named.document):
        resource = methods[operation["operationId"]]
        paths.setdefault(path, {})[method] = _operation(path, method, operation, resource, names, words, api)
    reachable = _reachable([paths, ref(STATUS_MODEL)], components)
    for name in reachable:
        schema = components[name]
        schema["description"] = words.of_model(name)
        schema.pop("x-required", None)
        if "properties" in schema:
            is_body = name in bodies
            schema["properties"] = {
                prop: _described(
                    value if is_body else nullable(value),
                    words.of_field(prop) if is_body else words.of_property(name, prop),
                )
                for prop, value in schema["properties"].items()
            }
            if not schema.get("required"):
                schema.pop("required", None)
    tags = sorted({operation["tags"][0] for item in paths.values() for operation in item.values()})
    document = {
        **named.document,
        "info": {
            **named.document["info"],
            "description": "Distilled and mended by tmdb-ext from the document that TMDB publishes.",
        },
        "tags": [{"name": tag} for tag in tags],
        "components": {
            "securitySchemes": SECURITY_SCHEMES[api],
            "schemas": {name: components[name] for name in reachable},
        },
        "paths": paths,
        "x-append": appended,
    }
    _check_conflicts(document)
    return document


def unused_names(document: Json, names: Json) -> list[str]:
    """The entries of the tables of methods, writes, tags and attributes that nothing in our document answers to."""
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    found = [
        f"[{section}] {name}{nearest(name, ids)}"
        for section in ("methods", "writes")
        for name in sorted({*names.get(section, [])} - {*ids})
    ]
    paths = [path for path, _, _ in operations(document)]
    above = {"/".join(path.split("/")[:number]) for path in paths for number in range(3, len(path.split("/")) + 1)}
    found += [
        f"[tags] {tag}: {prefix}{nearest(prefix, above)}"
        for tag, prefixes in sorted(names.get("tags", {}).items())
        for prefix in prefixes
        if not any(is_below(path, prefix) for path in paths)
    ]
    keys = {key for schema in document["components"]["schemas"].values() for key in schema.get("properties", {})}
    found += [f"[attributes] {key}{nearest(key, keys)}" for key in sorted({*names.get("attributes", {})} - keys)]
    return found


def nullable(schema: Json) -> Json:
    """`schema`, or null: any property of a response can be missing or null."""
    if not schema:
        return schema
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return {**schema, union: [*schema[union], {"type": "null"}]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return schema


def _described(schema: Json, text: str | None) -> Json:
    return {**schema, "description": text} if text else schema


def _operation(path: str, method: str, operation: Json, resource: str, names: Json, words: Words, api: str) -> Json:
    published, identifier = operation["x-published-id"], operation["operationId"]
    success = {"description": "Success.", "content": {"application/json": {"schema": operation["response"]}}}
    failure = {"description": "TMDB's status.", "content": {"application/json": {"schema": ref(STATUS_MODEL)}}}
    result: Json = {
        "operationId": identifier,
        "x-published-id": published,
        "x-resource": resource,
        "tags": [resource.partition(".")[0]],
        "summary": words.of_operation(published, path, method),
        **_told_by(operation, api),
        "parameters": [_described_parameter(published, parameter, words) for parameter in operation["parameters"]],
        "responses": {
            "200": success,
            **({"201": success} if method in ("post", "put") else {}),
            **dict.fromkeys(operation.get("successes", []), success),
            "4XX": failure,
            "5XX": failure,
        },
        "security": _security(path, method, operation, names, api),
    }
    for key in ("deprecated", "x-absent"):
        if key in operation:
            result[key] = operation[key]
    if "requestBody" in operation:
        result["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation["requestBody"]}},
        }
    return result


def _told_by(operation: Json, api: str) -> Json:
    """TMDB's page of an operation, or the mark of one that has none."""
    if "x-undocumented" in operation:
        return {"x-undocumented": True}
    return {"externalDocs": {"url": REFERENCE_PAGES[api] + quote(operation["x-published-id"], safe="")}}


def _described_parameter(published: str, parameter: Json, words: Words) -> Json:
    schema = {key: value for key, value in parameter["schema"].items() if key != "default"}
    text = words.of_parameter(published, parameter["name"])
    if parameter["name"] == "page":
        schema.setdefault("maximum", LAST_PAGE)
        text = text.replace("{maximum}", f"{schema['maximum']:,}")
    described = _with_default(text, parameter["schema"].get("default"))
    # A session is a credential, which the auth layer supplies: whatever the document says, no call has to give it.
    is_credential = parameter["in"] == "query" and parameter["name"] in SESSIONS
    return {
        **{key: value for key, value in parameter.items() if key != "schema"},
        "required": parameter["required"] and not is_credential,
        "schema": schema,
        "description": f"{described} Deprecated by TMDB." if parameter.get("deprecated") else described,
        **({"explode": False} if schema.get("type") == "array" else {}),
    }


def _with_default(text: str, default: Any) -> str:
    if default is None:
        return text
    shown = str(default).lower() if isinstance(default, bool) else default
    return f"{text} TMDB assumes {shown}."


def _security(path: str, method: str, operation: Json, names: Json, api: str) -> list[Json]:
    if api == "v3":
        return session_security(operation["parameters"])
    write = method != "get" or operation["operationId"] in names.get("writes", [])
    return token_security(path, write=write)


def session_security(parameters: list[Json]) -> list[Json]:
    """The combinations of credentials that an operation of v3 accepts, told from its parameters."""
    named = {parameter["name"] for parameter in parameters}
    users = [scheme for name, scheme in SESSIONS.items() if name in named]
    if not users:
        return [{application: []} for application in APPLICATION_SCHEMES]
    return [{application: [], user: []} for user in users for application in APPLICATION_SCHEMES]


def token_security(path: str, *, write: bool) -> list[Json]:
    """The combinations of credentials that an operation of v4 accepts, told from its path and from whether it writes.

    Writes and what tokens are made with take no API key. What a user has collected takes the token of that user, and
    an API key may come with it; what else is read takes it too, since a private list needs it.
    """
    if path.startswith("/4/auth/"):
        return [{"bearer": []}]
    if write:
        return [{"user_bearer": []}]
    if path.startswith("/4/account/"):
        return [{"user_bearer": []}, {"api_key": [], "user_bearer": []}]
    return [{scheme: []} for scheme in (*APPLICATION_SCHEMES, "user_bearer")]


def _append(named: Named, components: Json) -> Json:
    """Type `append_to_response`: an enumeration of the sub-resources, and an optional property for each."""
    appended: Json = {}
    table: Json = named.document["paths"]
    for path, item in sorted(table.items()):
        operation = item.get("get")
        parameter = next(
            (p for p in (operation or {}).get("parameters", []) if p["name"] == "append_to_response"), None
        )
        model = ref_name(operation["response"]) if operation else None
        if operation is None or parameter is None or model is None:
            continue
        subs = {
            below.removeprefix(path).strip("/"): table[below]["get"]["response"]
            for below in sorted(table)
            if below.startswith(path + "/")
            and below.removeprefix(path).strip("/")
            and "{" not in below.removeprefix(path)
            and "get" in table[below]
            and table[below]["get"]["response"] != {"type": "null"}
        }
        told = named.appends.get(operation["operationId"], {})
        subs |= {sub: response for sub, response in told.items() if "*" not in sub}
        own = components[model].get("properties")
        if own is None or parameter["in"] != "query":
            continue
        for sub in sorted(subs.keys() & own.keys()):
            if model not in {entry["model"] for entry in appended.values() if sub in entry["properties"]}:
                named.notes.append(
                    f"{model}.{sub}: is a property, and a sub-resource too; appending it is left out, since TMDB would "
                    "put one in the place of the other: its operation is called by itself"
                )
                del subs[sub]
        if not subs:
            continue
        name = _enumeration_of(model)
        numbered = {sub: response for sub, response in told.items() if "*" in sub}
        before = components.get(name, {}).get("enum", [])
        components[name] = {"type": "string", "enum": sorted({*before, *subs, *_spelt_out(numbered)})}
        parameter["schema"] = {"type": "array", "items": ref(name), "maxItems": 20}
        for sub, response in numbered.items():
            patterns = components[model].setdefault("patternProperties", {})
            patterns[_pattern(sub)] = {key: value for key, value in response.items() if key != "x-numbers"}
        for sub, response in subs.items():
            components[model]["properties"][sub] = response
        appended[operation["operationId"]] = {
            "model": model,
            "properties": sorted(subs),
            "enumeration": name,
            "numbered": {
                sub.partition("/")[0]: _enumeration_of(ref_name(response) or "")
                for sub, response in numbered.items()
                if "x-numbers" in response
            },
        }
    for entry in appended.values():
        entry["numbered"] = {group: name for group, name in entry["numbered"].items() if name in components}
    _append_below_numbers(components, appended)
    return appended


def _enumeration_of(model: str) -> str:
    """The enumeration of what can be appended to a model."""
    return derived_name(f"{model.removesuffix('Details')}-append")


def _spelt_out(numbered: Json) -> list[str]:
    """The names for the numbers that an editor is to offer: season/0, season/1 and so on."""
    return [
        sub.replace("*", str(number))
        for sub, response in numbered.items()
        if "x-numbers" in response
        for number in range(response["x-numbers"][0], response["x-numbers"][1] + 1)
    ]


def _pattern(sub: str) -> str:
    return f"^{sub.replace('*', NUMBER)}$"


def _append_below_numbers(components: Json, appended: Json) -> None:
    """Say that what a model can append comes below its number as well: season/1/credits, appended to a series."""
    properties = {entry["model"]: entry["properties"] for entry in appended.values()}
    for model in properties:
        patterns: Json = components[model].get("patternProperties", {})
        for pattern, response in list(patterns.items()):
            below = ref_name(response) or ""
            for sub in properties.get(below, []):
                patterns[f"{pattern.removesuffix('$')}/{sub}$"] = components[below]["properties"][sub]


def _reachable(roots: list[Any], components: Json) -> list[str]:
    found: set[str] = set()
    waiting: list[Any] = [*roots]

    def walk(schema: Any) -> None:
        if isinstance(schema, dict):
            target = schema.get("$ref")
            if isinstance(target, str):
                name = target.removeprefix(REF_PREFIX)
                if name in components and name not in found:
                    found.add(name)
                    waiting.append(components[name])
            for value in schema.values():
                walk(value)
        elif isinstance(schema, list):
            for value in schema:
                walk(value)

    while waiting:
        walk(waiting.pop())
    return sorted(found)


def _check_conflicts(document: Json) -> None:
    """Shapes of one name that disagree on a property's type leave it untyped; say where."""
    conflicts: dict[str, str] = document.setdefault("x-conflicts", {})

    def walk(schema: Any, place: str) -> None:
        if isinstance(schema, dict):
            if "x-conflict" in schema:
                kinds = schema.pop("x-conflict")
                schema.pop("type", None)
                conflicts[place] = ", ".join(map(str, kinds))
            for key, value in schema.items():
                if key == "properties":
                    for name, of_property in value.items():
                        walk(of_property, f"{place}.{name}")
                else:
                    walk(value, f"{place}{PARTS.get(key, '')}")
        elif isinstance(schema, list):
            for value in schema:
                walk(value, place)

    for name, component in document["components"]["schemas"].items():
        walk(component, name)
