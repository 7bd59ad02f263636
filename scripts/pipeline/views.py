"""What the templates print: the document's schemas as Python annotations, decoders, signatures.

The generator parses the document and names modules, classes and arguments; the views add what it has no notion of:
that a missing or null property is None or an empty list, maps as dicts, unions told apart by `media_type`.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any

from .bindings import Bindings
from .distil import Json, operations
from .document import LAST_PAGE, NUMBER
from .notation import ref_name
from .surface import DEPRECATED

PLAIN_DECODERS = {"as_date", "as_datetime", "as_int"}
# Path parameters that whoever sends the call can fill in -> what it carries then.
SUPPLIED = {
    "account_id": "session",
    "account_object_id": "user access token",
    "guest_session_id": "session",
}
# Arguments that a resource method does not keep while its call is under way.
SECRETS = {"access_token", "guest_session_id", "password", "request_token", "session_id", "user_access_token"}


@dataclass
class Type:
    """A schema as Python."""

    annotation: str
    """Without None."""
    item_decoder: str | None = None
    """An expression for a function that decodes one value, or None where the JSON value is the value."""
    models: set[str] = field(default_factory=set)
    is_list: bool = False
    map_decoder: str | None = None
    """The function that decodes a map of such values."""
    is_any: bool = False


@dataclass
class Field:
    name: str
    key: str
    annotation: str
    default: str
    decode: str
    empty: str
    """What it is where nothing was sent."""
    appended: bool
    prefix: str | None
    """What the keys of appended sub-resources with a number begin with: season/."""
    imports: list[tuple[str, str]]
    description: str | None


@dataclass
class ModelView:
    name: str
    description: str
    fields: list[Field]
    eager_imports: list[tuple[str, str]]
    all_imports: list[tuple[str, str]]
    sent_as_integers: list[str]
    """The keys of truth values that are sent as 1 and 0."""
    base: str | None
    """The class of ours, in `_bases`, that it is made from; None for a plain model."""

    @property
    def documented(self) -> list[Field]:
        return [f for f in self.fields if f.description]


class Views:
    """The views of one document. `modules` and `attributes` hold the names that the generator gave."""

    def __init__(self, document: Json, attributes: dict[str, str], api: str) -> None:
        from openapi_python_client.strings import PythonIdentifier

        self.document = document
        self.bindings = Bindings(document)
        self.api = api
        self.schemas: Json = document["components"]["schemas"]
        self.attributes = attributes
        self.modules: dict[str, str] = {}
        self.appended = {
            (entry["model"], prop) for entry in document["x-append"].values() for prop in entry["properties"]
        }
        listed = [operation for _, _, operation in operations(document)]
        self.by_name: Json = {str(PythonIdentifier(o["operationId"], prefix="field_")): o for o in listed}
        """Name of the generator's endpoint -> operation."""

    def type_of(self, schema: Json) -> Type:
        name = ref_name(schema)
        if name is not None:
            target = self.schemas[name]
            if "enum" in target:
                return Type(name, models={name})
            if "properties" in target:
                return Type(name, f"{name}.from_dict", {name})
            return self.type_of(target)
        for union in ("oneOf", "anyOf"):
            if union in schema:
                return self._union(schema, [s for s in schema[union] if s != {"type": "null"}])
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "null")
        if kind == "array":
            item = self.type_of(schema.get("items", {}))
            if schema.get("x-filter"):
                annotation = f"{item.annotation} | None" if _takes_null(schema["items"]) else item.annotation
                return Type(f"Filter[{annotation}]", models=item.models)
            return Type(f"list[{item.annotation}]", item.item_decoder, item.models, is_list=True)
        if kind == "object" and "additionalProperties" in schema:
            value = self.type_of(schema["additionalProperties"])
            kind_of_map = "as_map_of_lists" if value.is_list else "as_map"
            annotation = (
                f"{value.annotation} | None" if _takes_null(schema["additionalProperties"]) else value.annotation
            )
            return Type(f"dict[str, {annotation}]", value.item_decoder, value.models, map_decoder=kind_of_map)
        if kind == "string":
            formats = {"date": ("datetime.date", "as_date"), "date-time": ("datetime.datetime", "as_datetime")}
            annotation, decoder = formats.get(schema.get("format", ""), ("str", None))
            return Type(annotation, decoder)
        if kind == "integer":
            return Type("int", "as_int")
        if kind == "null":
            return Type("None")
        plain = {"number": "float", "boolean": "bool"}.get(str(kind))
        return Type(plain) if plain else Type("Any", is_any=True)

    def _union(self, schema: Json, members: list[Json]) -> Type:
        if len(members) == 1:
            return self.type_of(members[0])
        types = [self.type_of(member) for member in members]
        annotation = " | ".join(t.annotation for t in types)
        models = set().union(*(t.models for t in types))
        if "discriminator" in schema:
            mapping = {tag: ref_name({"$ref": target}) for tag, target in schema["discriminator"]["mapping"].items()}
            fallback = next(name for m in members if (name := ref_name(m)) not in mapping.values())
            table = ", ".join(f"{tag!r}: {name}" for tag, name in mapping.items())
            return Type(annotation, f"by_media_type({{{table}}}, {fallback})", models)
        decoder = next((t.item_decoder for t in types if t.models), None)
        return Type(annotation, decoder, models)

    def decode(self, kind: Type, value: str) -> str:
        """An expression that decodes the expression `value`."""
        if kind.is_list:
            if kind.item_decoder in PLAIN_DECODERS:
                return f"as_each({kind.item_decoder}, {value})"
            return f"as_list({kind.item_decoder}, {value})" if kind.item_decoder else f"as_values({value})"
        if kind.map_decoder:
            structured = kind.item_decoder and kind.item_decoder not in PLAIN_DECODERS
            return f"{kind.map_decoder}({kind.item_decoder}, {value})" if structured else value
        if kind.item_decoder in PLAIN_DECODERS:
            return f"{kind.item_decoder}({value})"
        return f"as_model({kind.item_decoder}, {value})" if kind.item_decoder else value

    def imports(self, names: set[str], without: str = "") -> list[tuple[str, str]]:
        return sorted((self.modules[name], name) for name in names if name != without)

    def model(self, model: Any) -> ModelView:
        name = str(model.class_info.name)
        schema = self.schemas[name]
        required = schema.get("required", [])
        fields = []
        for key, prop in sorted(schema["properties"].items(), key=lambda kv: (kv[0] not in required, kv[0])):
            kind = self.type_of(prop)
            attribute = self._attribute(name, key)
            metadata = f", metadata={{'key': {key!r}}}" if attribute != key else ""
            if key in required:
                annotation, default = kind.annotation, f" = _attrs_field({metadata[2:]})" if metadata else ""
            elif kind.is_list:
                annotation, default = kind.annotation, f" = _attrs_field(factory=list{metadata})"
            else:
                annotation = kind.annotation if kind.is_any else f"{kind.annotation} | None"
                default = f" = _attrs_field(default=None{metadata})" if metadata else " = None"
            appended = (name, key) in self.appended
            source = f"source[{key!r}]" if appended else f"get({key!r})"
            fields.append(
                Field(
                    attribute,
                    repr(key),
                    annotation,
                    default,
                    source if key in required and kind.item_decoder in PLAIN_DECODERS else self.decode(kind, source),
                    "[]" if kind.is_list else "None",
                    appended,
                    None,
                    self.imports(kind.models, name),
                    _docstring(prop.get("description")),
                )
            )
        fields += self._numbered(schema)
        eager = {pair for f in fields if not (f.appended or f.prefix) for pair in f.imports}
        every = {pair for f in fields for pair in f.imports}
        integers = sorted(key for key, prop in schema["properties"].items() if prop.get("x-sent") == "integer")
        description = _docstring(schema["description"]) or name
        base = schema.get("x-base")
        return ModelView(name, description, fields, sorted(eager), sorted(every), integers, base)

    def _attribute(self, model: str, key: str) -> str:
        """The attribute of a property: by the table, unless another property has that name."""
        names = self.bindings.properties[model]
        told = self.attributes.get(key)
        if told is None or any(told == name for other, name in names.items() if other != key):
            return names[key]
        return told

    def _numbered(self, schema: Json) -> list[Field]:
        """The attributes for sub-resources that are appended by their number."""
        fields = []
        for pattern, response in sorted(schema.get("patternProperties", {}).items()):
            prefix, is_one, _ = pattern.removeprefix("^").rpartition(f"{NUMBER}$")
            if not is_one:
                continue  # what is below a number is part of what has the number
            kind = self.type_of(response)
            fields.append(
                Field(
                    name=f"{prefix.rstrip('/')}s_appended",
                    key="",
                    annotation=f"dict[int, {kind.annotation}]",
                    default=f" = _attrs_field(factory=dict, metadata={{'prefix': {prefix!r}}})",
                    decode=f"as_numbered({kind.item_decoder}, {prefix!r}, source)",
                    empty="{}",
                    appended=False,
                    prefix=repr(prefix),
                    imports=self.imports(kind.models),
                    description=f"What was appended as `{prefix}1` and so on, and as `{prefix}1/...`, by number.",
                )
            )
        return fields

    def endpoints(self, tag: str, endpoints: list[Any]) -> dict[str, Any]:
        """The module of a tag. The generator's imports are for modules one folder further down."""
        lines = {line for e in endpoints for line in e.relative_imports if line.startswith("from ...models.")}
        views = [(e, self._endpoint(e)) for e in sorted(endpoints, key=lambda e: str(e.name))]
        lines |= {f"from ...models.{module} import {name}" for _, view in views for module, name in view["models"]}
        return {
            "title": title(tag),
            "imports": sorted(line.replace("from ...", "from ..", 1) for line in lines),
            "endpoints": views,
        }

    def _endpoint(self, endpoint: Any) -> dict[str, Any]:
        operation = self.find(endpoint)
        response = operation["responses"]["200"]["content"]["application/json"]["schema"]
        kind = self.type_of(response)
        bound = self._parameters(operation)
        texts = [(name, _docstring(p["description"])) for name, p in bound.items()]
        if "requestBody" in operation:
            texts.append(("body", "What to send."))
        filters = {name: self.type_of(p["schema"]).annotation for name, p in bound.items() if is_filter(p)}
        writers = {name: _writer(p["schema"]) for name, p in bound.items() if p["in"] == "path"}
        return {
            "sent": {
                place: [(repr(p["name"]), name) for name, p in bound.items() if p["in"] == place]
                for place in ("query", "header", "cookie")
            },
            "appends": {name for name, p in bound.items() if p["name"] == "append_to_response" and p["in"] == "query"},
            "deprecated": operation.get("deprecated", False),
            "filters": filters,
            "writers": writers,
            "append": self._append(operation),
            "path": repr(str(endpoint.path.get_untrusted_value())),
            "api": repr(self.api),
            "published_id": repr(operation["x-published-id"]),
            "returns": kind.annotation,
            # The generator would make a class of a map.
            "response": f"{kind.annotation} | Status" if kind.map_decoder else None,
            "models": self.imports(kind.models),
            "decode": self._decode_root(kind),
            "summary": _summary(operation),
            "reference": _reference(operation),
            "parameters": texts,
        }

    def _parameters(self, operation: Json) -> Json:
        """The parameters of an operation, by the name of the argument."""
        by_key = {(p["in"], p["name"]): p for p in operation["parameters"]}
        return {name: by_key[key] for name, key in self.bindings.parameters[operation["operationId"]].items()}

    def _append(self, operation: Json) -> dict[str, Any] | None:
        """What the names to append are held against, where an operation takes them."""
        entry = self.document["x-append"].get(operation["operationId"])
        if entry is None:
            return None
        modules = {name: self.modules[name] for name in (entry["enumeration"], *entry["numbered"].values())}
        values = {name: f"{module.upper()}_VALUES" for name, module in modules.items()}
        numbered = ", ".join(f"{group!r}: {values[name]}" for group, name in entry["numbered"].items())
        return {
            "imports": [(modules[name], values[name]) for name in sorted(modules)],
            "known": values[entry["enumeration"]],
            "numbered": f"{{{numbered}}}",
            "type": " | AppendedSeason" if numbered else "",
        }

    def _decode_root(self, kind: Type) -> str:
        structured = kind.item_decoder if kind.item_decoder not in PLAIN_DECODERS else None
        if kind.is_list:
            if kind.item_decoder in PLAIN_DECODERS:
                return f"as_each({kind.item_decoder}, as_root_values(data))"
            return f"as_root_list({structured}, data)" if structured else "as_root_values(data)"
        if kind.map_decoder and structured:
            return f"as_root_{kind.map_decoder.removeprefix('as_')}({structured}, data)"
        if structured:
            return f"as_root({structured}, data)"
        if kind.annotation in ("Any", "None"):
            return "data" if kind.is_any else "None"
        return f"as_root_plain({kind.annotation}, data)"

    def find(self, endpoint: Any) -> Json:
        """The operation in the document that an endpoint of the generator is."""
        return dict(self.by_name[str(endpoint.name)])

    def operations(self, package: str, endpoints: dict[str, str]) -> list[dict[str, str]]:
        """Rows of the registry; `endpoints` maps an operation id to the name of its endpoint."""
        rows = []
        for path, method, operation in operations(self.document):
            tag, _, resource = operation["x-resource"].partition(".")
            rows.append(
                {
                    "id": repr(operation["x-published-id"]),
                    "method": method.upper(),
                    "path": repr(path),
                    "tag": tag,
                    "module": f"{package}.api.{tag}",
                    "endpoint": endpoints[operation["operationId"]],
                    "resource": resource,
                    "user_auth": user_auth(operation),
                    "bearer_only": str(bearer_only(operation)),
                    "query": repr(tuple(sorted(_query_names(operation)))),
                    "pages": repr(self._pages(operation)),
                    "last_page": repr(_last_page(operation)),
                    "documented": repr("x-undocumented" not in operation),
                    "plain": self._is_plain(operation),
                }
            )
        return sorted(rows, key=lambda row: row["id"])

    def _is_plain(self, operation: Json) -> bool:
        """Whether an operation may answer with what is neither an object nor a list."""
        kind = self.type_of(operation["responses"]["200"]["content"]["application/json"]["schema"])
        return not (kind.is_list or kind.map_decoder or kind.models)

    def _pages(self, operation: Json) -> str | None:
        """The property that has the items of a page, where the operation answers with pages."""
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        properties = self.schemas.get(ref_name(schema) or "", {}).get("properties", {})
        if "page" not in _query_names(operation):
            return None
        lists = [key for key, prop in sorted(properties.items()) if self.type_of(prop).is_list]
        return next((key for key in ("results", *lists) if key in lists), None)

    def resource(self, tag: str, endpoints: list[Any]) -> dict[str, Any]:
        methods = sorted((self._method(tag, endpoint) for endpoint in endpoints), key=lambda m: m["name"])
        used = set().union(*(m["models"] for m in methods))
        return {
            "title": title(tag),
            "class_name": class_name(tag),
            "imports": self.imports(used),
            "methods": methods,
        }

    def _method(self, tag: str, endpoint: Any) -> dict[str, Any]:
        operation = self.find(endpoint)
        kind = self.type_of(operation["responses"]["200"]["content"]["application/json"]["schema"])
        models = set(kind.models)
        described = self._parameters(operation)
        first: list[str] = []
        named: list[str] = []
        passed: list[tuple[str, str]] = []
        texts: list[tuple[str, str | None]] = []
        for prop in endpoint.path_parameters:
            python = str(prop.python_name)
            key = described[python]["name"]
            kind_of = self.type_of(described[python]["schema"])
            models |= kind_of.models
            text = _docstring(described[python]["description"])
            if key in SUPPLIED:
                named.append(f"{python}: {kind_of.annotation} | None = None")
                passed.append((python, f"{key.upper()} if {python} is None else {python}"))
                text = f"{text} Left out, the one of the {SUPPLIED[key]} that the call carries."
            else:
                first.append(f"{python}: {kind_of.annotation}")
                passed.append((python, python))
            texts.append((python, text))
        body = self._body(operation, named, texts, models)
        if body:
            fields = ", ".join(f"{attribute}={argument}" for attribute, argument in body["fields"])
            passed.append(("body", f"{body['class']}({fields})"))
        for prop in sorted(endpoint.query_parameters, key=lambda p: not p.required):
            python = str(prop.python_name)
            key = described[python]["name"]
            if key in {"session_id", "guest_session_id"} and described[python]["in"] == "query":
                continue
            kind_of = self.type_of(described[python]["schema"])
            models |= kind_of.models
            text = _docstring(described[python]["description"])
            if key == "append_to_response" and kind_of.is_list:
                takes = (self._append(operation) or {}).get("type", "")
                named.append(f"append: Sequence[{kind_of.annotation[5:-1]} | Unlisted{takes}] = ()")
                passed.append((python, "append or None"))
                texts.append(("append", f"{text} One that the document does not list goes as `Unlisted(...)`."))
                continue
            if prop.required:
                first.append(f"{python}: {kind_of.annotation}")
            else:
                named.append(f"{python}: {kind_of.annotation} | None = None")
            passed.append((python, python))
            texts.append((python, text))
        signature = ", ".join([*first, *(["*", *sorted(named, key=lambda a: "= " in a)] if named else [])])
        return {
            "name": safe_name(operation["x-resource"].partition(".")[2]),
            "tag": tag,
            "endpoint": str(endpoint.name),
            "signature": signature,
            "passed": ", ".join(f"{name!r}: {expression}" for name, expression in passed),
            "returns": f"{kind.annotation} | None" if operation.get("x-absent") else kind.annotation,
            "models": models,
            "summary": _summary(operation),
            "reference": _reference(operation),
            "arguments": texts,
            "secrets": sorted(SECRETS & {name for name, _ in texts}),
            "body": (self.modules[body["class"]], body["class"]) if body else None,
        }

    def _body(
        self, operation: Json, named: list[str], texts: list[tuple[str, str | None]], models: set[str]
    ) -> dict[str, Any] | None:
        if "requestBody" not in operation:
            return None
        name = ref_name(operation["requestBody"]["content"]["application/json"]["schema"]) or ""
        schema = self.schemas[name]
        arguments = self.bindings.body_arguments(operation, schema)
        for key, prop in sorted(schema["properties"].items()):
            kind = self.type_of(prop)
            models |= kind.models
            optional = key not in schema.get("required", [])
            named.append(f"{arguments[key]}: {kind.annotation}" + (" | None = None" if optional else ""))
            texts.append((arguments[key], _docstring(prop.get("description"))))
        fields = [(self._attribute(name, key), arguments[key]) for key in sorted(schema["properties"])]
        return {"class": name, "fields": fields}


def is_filter(parameter: Json) -> bool:
    """Whether a parameter takes one value or several."""
    return bool(parameter["schema"].get("x-filter"))


def _query_names(operation: Json) -> set[str]:
    """The names of the query parameters, credentials apart."""
    names = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
    return names - {"session_id", "guest_session_id"}


def _writer(schema: Json) -> str:
    """The function that writes a path parameter."""
    kinds = [member.get("pattern") or member.get("type") for member in schema.get("anyOf", [schema])]
    if "integer" not in kinds:
        return "segment"
    return "number" if len(kinds) == 1 else "number_or_imdb_id"


def _last_page(operation: Json) -> int | None:
    """The last page that TMDB serves, where the operation takes a page."""
    schemas = [p["schema"] for p in operation["parameters"] if p["name"] == "page"]
    return int(schemas[0].get("maximum", LAST_PAGE)) if schemas else None


def _summary(operation: Json) -> str | None:
    text = _docstring(operation["summary"])
    return f"{text} {DEPRECATED}" if operation.get("deprecated") else text


def _reference(operation: Json) -> str:
    """Where TMDB documents an operation, as a docstring says it."""
    page = operation.get("externalDocs")
    return f"TMDB's reference: {page['url']}" if page else "TMDB serves this and does not document it."


def _takes_null(schema: Json) -> bool:
    return any({"type": "null"} in schema.get(union, []) for union in ("oneOf", "anyOf"))


def user_auth(operation: Json) -> str:
    """Which user-level credentials an operation accepts, as the registry says it."""
    schemes = {scheme for alternative in operation["security"] for scheme in alternative}
    if "user_bearer" in schemes:
        needed = all("user_bearer" in alternative for alternative in operation["security"])
        return "user_access_token" if needed else "optional_user_access_token"
    accepted = schemes & {"session", "guest_session"}
    return "either" if len(accepted) == 2 else next(iter(accepted), "none")


def bearer_only(operation: Json) -> bool:
    """Whether no way of calling an operation takes an API key."""
    return not any("api_key" in alternative for alternative in operation["security"])


def class_name(tag: str) -> str:
    return "".join(word.capitalize() for word in tag.split("_")) + "Resource"


def title(tag: str) -> str:
    words = tag.replace("_", " ")
    return (words[:1].upper() + words[1:]).replace("Tv ", "TV ")


def safe_name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _docstring(text: str | None) -> str | None:
    """Our own words, made fit for a docstring: one line, no quotes that end it, no escapes."""
    if text is None:
        return None
    return shorten(text.replace("\\", "/").replace('"""', "'''"), 10_000)
