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

# What converts a plain value -> the function that does.
PLAIN = {"date": "as_date", "time": "as_datetime", "whole": "as_int"}
# What the registry says of an operation if nothing else is said.
_USUAL = {
    "user_auth": "none",
    "bearer_only": False,
    "query": (),
    "pages": None,
    "last_page": None,
    "documented": True,
    "plain": False,
}
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
    """Without None; models by their names in `models`."""
    item: str | None = None
    """What converts one value: `whole`, `date` or `time`, or an expression for a model; None if it stays as it came."""
    models: set[str] = field(default_factory=set)
    is_list: bool = False
    map: str | None = None
    """The specifier of a map of such values."""
    is_any: bool = False

    @property
    def specifier(self) -> str | None:
        """The function in `_fields` that stands for such a field; None for one that is as it came."""
        if self.is_list:
            return "values" if self.item is None else f"{self.item}s" if self.item in PLAIN else "many"
        return self.map or (self.item if self.item in PLAIN or self.item is None else "one")

    @property
    def argument(self) -> str | None:
        """The first argument of the specifier."""
        return None if self.item in PLAIN else self.item

    @property
    def answer(self) -> str | None:
        """The conversion in `_fields` of a whole body that is of this type; None if it stays as it came."""
        name = "" if self.specifier is None else self.specifier.title().replace("_", "")
        if self.item in PLAIN and not self.map:
            convert = f"_convert.{PLAIN[self.item]}"
            return f"_fields.Values({convert})" if self.is_list else f"_fields.Plain({convert})"
        if self.annotation == "None":
            return "_fields.Nothing()"
        return f"_fields.{name}({self.argument or ''})" if name else None


@dataclass
class Field:
    name: str
    annotation: str
    default: str
    description: str | None


@dataclass
class ModelView:
    name: str
    description: str
    fields: list[Field]
    sent_as_integers: list[str]
    """The keys of truth values that are sent as 1 and 0."""
    base: str | None
    """The class of ours, in `_bases`, that it is made from; None for a plain model."""
    bases: list[str]
    items: str | None
    """The attribute that has the items, if it is a page."""

    @property
    def documented(self) -> list[Field]:
        return [f for f in self.fields if f.description]


class Views:
    """The views of one document. `modules` and `attributes` hold the names that the generator gave."""

    def __init__(self, document: Json, attributes: dict[str, str]) -> None:
        from openapi_python_client.strings import PythonIdentifier

        self.document = document
        self.bindings = Bindings(document)
        self.schemas: Json = document["components"]["schemas"]
        self.attributes = attributes
        self.modules: dict[str, str] = {}
        listed = [operation for _, _, operation in operations(document)]
        self.by_name: Json = {str(PythonIdentifier(o["operationId"], prefix="field_")): o for o in listed}
        """Name of the generator's endpoint -> operation."""
        self.pages = {ref_name(_answer(operation)): items for operation in listed if (items := self._pages(operation))}
        """The property that has the items, by the name of a model that is a page."""

    def type_of(self, schema: Json) -> Type:
        name = ref_name(schema)
        if name is not None:
            target = self.schemas[name]
            if "enum" in target:
                return Type(f"models.{name}", models={name})
            if "properties" in target:
                return Type(f"models.{name}", f'"{name}"', {name})
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
            return Type(f"list[{item.annotation}]", item.item, item.models, is_list=True)
        if kind == "object" and "additionalProperties" in schema:
            return self._map(schema["additionalProperties"])
        if kind == "string":
            formats = {"date": ("datetime.date", "date"), "date-time": ("datetime.datetime", "time")}
            return Type(*formats.get(schema.get("format", ""), ("str", None)))
        if kind == "integer":
            return Type("int", "whole")
        if kind == "null":
            return Type("None")
        plain = {"number": "float", "boolean": "bool"}.get(str(kind))
        return Type(plain) if plain else Type("Any", is_any=True)

    def _map(self, schema: Json) -> Type:
        value = self.type_of(schema)
        annotation = f"{value.annotation} | None" if _takes_null(schema) else value.annotation
        if value.item is None or value.item in PLAIN:
            return Type(f"dict[str, {annotation}]", map="entries")
        kind = "mapped_lists" if value.is_list else "mapped"
        return Type(f"dict[str, {annotation}]", value.item, value.models, map=kind)

    def _union(self, schema: Json, members: list[Json]) -> Type:
        if len(members) == 1:
            return self.type_of(members[0])
        types = [self.type_of(member) for member in members]
        annotation = " | ".join(t.annotation for t in types)
        models = set().union(*(t.models for t in types))
        if "discriminator" in schema:
            mapping = {tag: ref_name({"$ref": target}) for tag, target in schema["discriminator"]["mapping"].items()}
            fallback = next(name for m in members if (name := ref_name(m)) not in mapping.values())
            table = ", ".join(f'"{tag}": "{name}"' for tag, name in mapping.items())
            return Type(annotation, f'_fields.ByMediaType({{{table}}}, "{fallback}")', models)
        return Type(annotation, next((t.item for t in types if t.models), None), models)

    def model(self, model: Any) -> ModelView:
        name = str(model.class_info.name)
        schema = self.schemas[name]
        required = schema.get("required", [])
        fields = []
        for key, prop in sorted(schema["properties"].items(), key=lambda kv: (kv[0] not in required, kv[0])):
            attribute = self._attribute(name, key)
            kind = self.type_of(prop)
            renamed = key if attribute != key else None
            if key in required:
                fields.append(
                    Field(attribute, kind.annotation, _required(kind, renamed), _docstring(prop.get("description")))
                )
                continue
            annotation = kind.annotation if kind.is_list or kind.is_any else f"{kind.annotation} | None"
            fields.append(Field(attribute, annotation, _default(kind, renamed), _docstring(prop.get("description"))))
        fields += self._numbered(schema)
        integers = sorted(key for key, prop in schema["properties"].items() if prop.get("x-sent") == "integer")
        description = _docstring(schema["description"]) or name
        base = schema.get("x-base")
        items = self.pages.get(name)
        bases = [base] if base else []
        if items:
            annotation = self.type_of(schema["properties"][items]).annotation
            bases.append(f'Page["{annotation.removeprefix("list[").removesuffix("]")}"]')
        return ModelView(name, description, fields, integers, base, bases or ["Model"], items)

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
                    annotation=f"dict[int, {kind.annotation}]",
                    default=f" = _fields.numbered({prefix!r}, {kind.argument})",
                    description=f"What was appended as `{prefix}1` and so on, and as `{prefix}1/...`, by number.",
                )
            )
        return fields

    def endpoints(self, tag: str, endpoints: list[Any]) -> dict[str, Any]:
        """The module of a tag."""
        return {
            "title": title(tag),
            "endpoints": [self._endpoint(e) for e in sorted(endpoints, key=lambda e: str(e.name))],
        }

    def _endpoint(self, endpoint: Any) -> dict[str, Any]:
        operation = self.find(endpoint)
        kind = self.type_of(_answer(operation))
        bound = self._parameters(operation)
        texts = [(name, _docstring(p["description"])) for name, p in bound.items()]
        texts.insert(sum(p["in"] == "path" for p in bound.values()), ("client", "The client that sends the request."))
        if "requestBody" in operation:
            texts.append(("body", "What to send."))
        append = self._append(operation)
        sent = {
            place: [(repr(p["name"]), self._sent(name, p, append)) for name, p in bound.items() if p["in"] == place]
            for place in ("query", "header", "cookie")
        }
        return {
            "name": str(endpoint.name),
            "signature": ", ".join(self._arguments(operation, bound, append)),
            "method": repr(endpoint.method),
            "path": repr(str(endpoint.path.get_untrusted_value())),
            "in_path": [(name, _writer(p["schema"])) for name, p in bound.items() if p["in"] == "path"],
            "sent": {place: pairs for place, pairs in sent.items() if pairs},
            "body": "requestBody" in operation,
            "append": append,
            "deprecated": operation.get("deprecated", False),
            "published_id": repr(operation["x-published-id"]),
            "returns": kind.annotation,
            "answer": kind.answer,
            "summary": _summary(operation),
            "reference": _reference(operation),
            "parameters": texts,
        }

    def _arguments(self, operation: Json, bound: Json, append: Json | None) -> list[str]:
        """The signature of an endpoint."""
        first, named = [], ["client: AuthenticatedClient"]
        if "requestBody" in operation:
            named.append(f"body: {self.type_of(_body_of(operation)).annotation}")
        for name, parameter in bound.items():
            annotation = self.type_of(parameter["schema"]).annotation
            if parameter["in"] == "path":
                first.append(f"{name}: {annotation}")
                continue
            if annotation.startswith("list["):
                more = append["type"] if append and _is_append(parameter) else ""
                annotation = f"Sequence[{annotation[5:-1]} | Unlisted{more}]"
            named.append(f"{name}: {annotation}{'' if parameter.get('required') else ' | None | Unset = UNSET'}")
        return [*first, "*", *named]

    def _sent(self, name: str, parameter: Json, append: Json | None) -> str:
        """What is sent for an argument."""
        if append and _is_append(parameter):
            return f"_appended({name}, {append['known']}, {append['numbered']}, UNSET)"
        return name

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

    def find(self, endpoint: Any) -> Json:
        """The operation in the document that an endpoint of the generator is."""
        return dict(self.by_name[str(endpoint.name)])

    def operations(self, endpoints: dict[str, str]) -> list[dict[str, Any]]:
        """Rows of the registry; `endpoints` maps an operation id to the name of its endpoint."""
        rows = []
        for path, method, operation in operations(self.document):
            tag, _, resource = operation["x-resource"].partition(".")
            more = {
                "user_auth": user_auth(operation),
                "bearer_only": bearer_only(operation),
                "query": tuple(sorted(_query_names(operation))),
                "pages": self._pages(operation),
                "last_page": _last_page(operation),
                "documented": "x-undocumented" not in operation,
                "plain": self._is_plain(operation),
            }
            rows.append(
                {
                    "id": repr(operation["x-published-id"]),
                    "method": method.upper(),
                    "path": repr(path),
                    "tag": tag,
                    "endpoint": endpoints[operation["operationId"]],
                    "resource": resource,
                    "more": {key: repr(value) for key, value in more.items() if value != _USUAL[key]},
                }
            )
        return sorted(rows, key=lambda row: row["id"])

    def _is_plain(self, operation: Json) -> bool:
        """Whether an operation may answer with what is neither an object nor a list."""
        kind = self.type_of(_answer(operation))
        return not (kind.is_list or kind.map or kind.models)

    def _pages(self, operation: Json) -> str | None:
        """The property that has the items of a page, where the operation answers with pages."""
        properties = self.schemas.get(ref_name(_answer(operation)) or "", {}).get("properties", {})
        if "page" not in _query_names(operation):
            return None
        lists = [key for key, prop in sorted(properties.items()) if self.type_of(prop).is_list]
        return next((key for key in ("results", *lists) if key in lists), None)

    def resource(self, tag: str, endpoints: list[Any]) -> dict[str, Any]:
        methods = sorted((self._method(tag, endpoint) for endpoint in endpoints), key=lambda m: m["name"])
        return {
            "title": title(tag),
            "class_name": class_name(tag),
            "methods": methods,
        }

    def _method(self, tag: str, endpoint: Any) -> dict[str, Any]:
        operation = self.find(endpoint)
        kind = self.type_of(_answer(operation))
        described = self._parameters(operation)
        first: list[str] = []
        named: list[str] = []
        passed: list[tuple[str, str]] = []
        texts: list[tuple[str, str | None]] = []
        for prop in endpoint.path_parameters:
            python = str(prop.python_name)
            key = described[python]["name"]
            kind_of = self.type_of(described[python]["schema"])
            text = _docstring(described[python]["description"])
            if key in SUPPLIED:
                named.append(f"{python}: {kind_of.annotation} | None = None")
                passed.append((python, f"{key.upper()} if {python} is None else {python}"))
                text = f"{text} Left out, the one of the {SUPPLIED[key]} that the call carries."
            else:
                first.append(f"{python}: {kind_of.annotation}")
                passed.append((python, python))
            texts.append((python, text))
        body = self._body(operation, named, texts)
        if body:
            fields = ", ".join(f"{attribute}={argument}" for attribute, argument in body["fields"])
            passed.append(("body", f"models.{body['class']}({fields})"))
        for prop in sorted(endpoint.query_parameters, key=lambda p: not p.required):
            python = str(prop.python_name)
            key = described[python]["name"]
            if key in {"session_id", "guest_session_id"} and described[python]["in"] == "query":
                continue
            kind_of = self.type_of(described[python]["schema"])
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
            "summary": _summary(operation),
            "reference": _reference(operation),
            "arguments": texts,
            "secrets": sorted(SECRETS & {name for name, _ in texts}),
        }

    def _body(self, operation: Json, named: list[str], texts: list[tuple[str, str | None]]) -> dict[str, Any] | None:
        if "requestBody" not in operation:
            return None
        name = ref_name(_body_of(operation)) or ""
        schema = self.schemas[name]
        arguments = self.bindings.body_arguments(operation, schema)
        for key, prop in sorted(schema["properties"].items()):
            kind = self.type_of(prop)
            optional = key not in schema.get("required", [])
            named.append(f"{arguments[key]}: {kind.annotation}" + (" | None = None" if optional else ""))
            texts.append((arguments[key], _docstring(prop.get("description"))))
        fields = [(self._attribute(name, key), arguments[key]) for key in sorted(schema["properties"])]
        return {"class": name, "fields": fields}


def _default(kind: Type, key: str | None) -> str:
    """What stands behind the annotation of a field that may be missing."""
    specifier = kind.specifier or ("renamed" if key else None)
    if specifier is None:
        return " = None"
    arguments = [kind.argument] if kind.argument else []
    if key:
        arguments.append(f"key={key!r}")
    return f" = _fields.{specifier}({', '.join(arguments)})"


def _required(kind: Type, key: str | None) -> str:
    """The same for a field of a body, which has to be given."""
    metadata = [f"'key': {key!r}"] if key else []
    if kind.argument:
        metadata.append(f"'conversion': _fields.{'Many' if kind.is_list else 'One'}({kind.argument})")
    return f" = _attrs_field(metadata={{{', '.join(metadata)}}})" if metadata else ""


def _is_append(parameter: Json) -> bool:
    return bool(parameter["name"] == "append_to_response" and parameter["in"] == "query")


def _body_of(operation: Json) -> Json:
    """The schema of what an operation is sent."""
    schema: Json = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema


def _answer(operation: Json) -> Json:
    """The schema of a successful answer."""
    schema: Json = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


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
