"""Reduce a published OpenAPI document to its facts.

Kept: paths, methods, operation ids, parameters, request body fields, response schemas, types, formats, enumerations,
limits, what is deprecated, and the defaults of parameters. Dropped: every sentence, every example, every `default` of a
response property (the publisher's tool invents them), and the order of keys. Two documents that differ in nothing else
give equal bytes.

References are followed and compositions are resolved, so that the steps after this one know a handful of forms only;
see `schemas`. What cannot be taken is left out or left untyped, and said; the rest comes out whole.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .errors import PipelineError
from .schemas import SCALARS, Json, Say, Schemas, inferred, listed, merged
from .words import from_path, kebab, unique

__all__ = ("METHODS", "Json", "address_of", "distil", "dumps", "operations")

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
# Members of a path item that are no operations.
NO_METHODS = {"parameters", "summary", "description", "servers", "$ref"}
# What the documentation site puts the reader's own value in place of.
SITE_PLACEHOLDER = re.compile(r"<<.*>>")
HOST = "api.themoviedb.org"
BODY_ARTEFACT = "RAW_BODY"
PLACES = ("path", "query", "header", "cookie")
OF_CLIENT = {
    "header": (
        "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "cookie", "host",
        "transfer-encoding",
    ),
    "query": ("api_key",),
}  # fmt: skip
"""Parameters that are the client's own: credentials of the application, and what every request has."""
PLACEHOLDER = re.compile(r"{([^{}]*)}")
Address = tuple[str, str]


TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header or of a cookie (RFC 9110)."""
UNREADABLE = re.compile("[\0\ud800-\udfff]")


@dataclass
class _Found:
    """An operation of the published document."""

    path: str
    method: str
    published: Json
    shared: list[Any]
    identifier: str = ""

    @property
    def shown(self) -> str:
        return f"{self.method.upper()} {self.path}"


class _LeftOut(Exception):  # noqa: N818 - what it says, not an error of the run
    """The client cannot have an operation; says why."""


def distil(published: Json, known: Mapping[Address, str] | None = None) -> Json:
    """Return the facts of `published`, an OpenAPI document, in a canonical order.

    What could not be taken as it is stands in `x-notes`; operations that the client cannot have stand in `x-left-out`,
    each with the reason.

    Args:
        published: The document.
        known: The operation ids of earlier releases by address, for operations whose ids are missing or not unique.
    """
    return _Reading(published).distilled(known or {})


def address_of(method: str, path: str) -> Address:
    """HTTP method and path, without the names of the path's parameters."""
    return method.lower(), PLACEHOLDER.sub("{}", path)


def dumps(document: Json) -> str:
    """The text of a committed JSON document: stable, and readable in a review."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def operations(document: Json) -> list[tuple[str, str, Json]]:
    """Every (path, method, operation) of a document, sorted."""
    return [
        (path, method, item[method])
        for path, item in sorted(document["paths"].items())
        for method in METHODS
        if method in item
    ]


def version_of(published: Json) -> str | None:
    """The version of the API that most paths of a document are for: `3`; None if they do not say."""
    prefix = prefix_of(published)
    first = Counter(
        found[1] if (found := re.match(r"/(\d+)(/|$)", prefix + path)) else None
        for path in published["paths"]
        if isinstance(path, str) and path.startswith("/")
    )
    return first.most_common(1)[0][0] if first else None


def prefix_of(published: Json) -> str:
    """What stands before paths without a version: `/3`, of the address of a server, or of the version of the document.

    A server may be named for the document, for a path or for an operation.
    """
    paths = [path for path in published["paths"] if isinstance(path, str) and path.startswith("/")]
    with_version = sum(bool(re.match(r"/\d+(/|$)", path)) for path in paths)
    if with_version * 2 > len(paths):
        return ""
    items = [item for item in published["paths"].values() if isinstance(item, dict)]
    below = [operation for item in items for operation in item.values() if isinstance(operation, dict)]
    for holder in (published, *items, *below):
        for server in _dicts(holder.get("servers")):
            if found := _version_in(server):
                return f"/{found}"
    stated = str((published.get("info") or {}).get("version", "")).partition(".")[0] if not with_version else ""
    return f"/{stated}" if stated in ("3", "4") else ""


def _version_in(server: Json) -> str | None:
    """The version that the address of a server ends in, if it does."""
    url = str(server.get("url") or "")
    variables = server.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        if isinstance(variable, dict) and "default" in variable:
            url = url.replace(f"{{{name}}}", str(variable["default"]))
    address = _split(url)
    found = re.search(r"/(\d+)/?$", address.path) if address else None
    return found[1] if found else None


def _readable(node: Any, odd: list[str]) -> Any:
    """A document with U+FFFD for what UTF-8 or a program's text cannot have in it; `odd` gets the texts that had."""
    if isinstance(node, dict):
        return {_readable(key, odd): _readable(value, odd) for key, value in node.items()}
    if isinstance(node, list):
        return [_readable(item, odd) for item in node]
    if isinstance(node, str) and UNREADABLE.search(node):
        odd.append(UNREADABLE.sub("\ufffd", node)[:60])
        return UNREADABLE.sub("\ufffd", node)
    return node


def _split(url: str) -> SplitResult | None:
    """The parts of an address; None if it is none."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname or not parts.netloc else None
    except ValueError:
        return None


class _Reading:
    """One document being read."""

    def __init__(self, published: Json) -> None:
        odd: list[str] = []
        self._published = published = _readable(published, odd)
        self._schemas = Schemas(published)
        self._notes: list[str] = []
        self._left_out: list[str] = []
        if odd:
            self._notes.append(f"{len(odd)} texts have characters that no text can have; replaced by \ufffd: {odd[0]}")

    def distilled(self, known: Mapping[Address, str]) -> Json:
        found = [one for one in self._find() if self._is_ours(one)]
        self._identify(found, known)
        paths: Json = {}
        for one in found:
            try:
                operation = self._operation(one)
            except _LeftOut as reason:
                self._leave_out(one, str(reason))
            except PipelineError:
                raise
            except Exception as error:  # noqa: BLE001 - one operation that is not understood must not stop the others
                self._leave_out(one, f"it cannot be read ({type(error).__name__}: {error})")
            else:
                paths.setdefault(one.path, {})[one.method] = operation
        if not paths:
            more = f": {self._left_out[0]}" if self._left_out else ""
            raise PipelineError(f"the document has no operation that the client can have{more}")
        document: Json = {
            "openapi": "3.1.0",
            "info": {"title": "TMDB API", "version": self._version(paths)},
            "servers": self._servers(),
            "paths": paths,
        }
        if self._schemas.components:
            document["components"] = {"schemas": dict(sorted(self._schemas.components.items()))}
        if self._left_out:
            document["x-left-out"] = self._left_out
        if self._notes:
            document["x-notes"] = self._notes
        return document

    def _version(self, paths: Json) -> str:
        number = version_of({"paths": paths})
        stated = str((self._published.get("info") or {}).get("version", ""))
        return stated if number is None or stated.partition(".")[0] == number else number

    def _servers(self) -> list[Json]:
        """The servers, without a version at the end, which is part of the paths."""
        prefix = prefix_of(self._published)
        urls = [str(server.get("url") or "") for server in _dicts(self._published.get("servers"))]
        for url in urls:
            address = _split(url)
            if address is None or (address.hostname and address.hostname != HOST):
                self._notes.append(f"the document names the server {url}; the client calls https://{HOST}")
        return [{"url": url.rstrip("/").removesuffix(prefix) if prefix else url} for url in urls if url]

    # Which operations there are

    def _find(self) -> Iterator[_Found]:
        prefix = prefix_of(self._published)
        for path, item in sorted(self._published["paths"].items(), key=lambda pair: str(pair[0])):
            if str(path).startswith("x-"):
                continue
            said: list[str] = []
            found = self._schemas.find(item, said.append)
            if not isinstance(found, dict):
                if found is not None or said:
                    self._left_out.append(f"{path}: {said[0] if said else 'is not an object'}")
                continue
            shared = found.get("parameters") or []
            for method, operation in found.items():
                if str(method).lower() in METHODS and isinstance(operation, dict):
                    yield _Found(prefix + str(path), str(method).lower(), operation, shared)
                elif method not in NO_METHODS and not str(method).startswith("x-") and operation:
                    what = "is not an object" if str(method).lower() in METHODS else "is no HTTP method that is known"
                    self._left_out.append(f"{str(method).upper()} {path}: {what}")

    def _is_ours(self, one: _Found) -> bool:
        """Whether an operation is of the API version of the document, at an address that can be called."""
        path = one.path.partition("#")[0]
        number = version_of(self._published)
        if not path.startswith("/") or (number and not re.match(rf"/{number}(/|$)", path)):
            self._leave_out(one, f"its path does not begin with /{number}/")
        elif "?" in path or re.search(r"[{}]", PLACEHOLDER.sub("", path)) or "{}" in path:
            self._leave_out(one, "its path is not a template: it has a query, or braces without a name between them")
        elif re.search(r"(^|/)\.\.?(/|$)", path):
            self._leave_out(one, "its path has a segment . or ..")
        else:
            one.path = _distinct_placeholders(_encoded(path))
            return True
        return False

    def _leave_out(self, one: _Found, reason: str) -> None:
        name = f" ({one.identifier})" if one.identifier else ""
        self._left_out.append(f"{one.shown}{name}: {reason}")

    def _identify(self, found: list[_Found], known: Mapping[Address, str]) -> None:
        """Give each operation an id that no other has: its own, that of an earlier release, or one from its path."""
        found.sort(key=lambda one: (one.path, METHODS.index(one.method)))
        self._keep_ids(found, known)

        def is_new(one: _Found) -> bool:
            return known.get(address_of(one.method, one.path)) != _id_of(one)

        addresses: dict[Address, _Found] = {}
        for one in sorted(found, key=is_new):
            address = address_of(one.method, one.path)
            if address in addresses:
                self._leave_out(one, f"it is the same request as {addresses[address].shown}")
                found.remove(one)
            addresses.setdefault(address, one)
        # Who had an id before keeps it; of others, the first by path.
        owners: dict[str, _Found] = {}
        for one in sorted(found, key=is_new):
            if _id_of(one):
                owners.setdefault(_id_of(one), one)
        for identifier, one in owners.items():
            one.identifier = identifier
        taken = set(owners)
        for one in found:
            if not one.identifier:
                before = known.get(address_of(one.method, one.path))
                own = before if before and before not in taken else from_path(one.path, one.method)
                one.identifier = unique(own, taken).replace("_", "-") if own in taken else own
                taken.add(one.identifier)
                twin = owners.get(_id_of(one))
                why = (
                    f"the operationId {_id_of(one)!r} is also that of {twin.shown}" if twin else "it has no operationId"
                )
                self._notes.append(f"{one.shown}: {why}; it is called {one.identifier} here")

    def _keep_ids(self, found: list[_Found], known: Mapping[Address, str]) -> None:
        """Keep the ids of earlier releases if many are others at once: then TMDB's tool has changed, not what it names.

        Each method would have another name, and no entry of our tables would find what it is for.
        """
        pairs = [(one, known.get(address_of(one.method, one.path))) for one in found if _id_of(one)]
        there = [(one, before) for one, before in pairs if before]
        changed = [(one, before) for one, before in there if kebab(_id_of(one)) != kebab(before)]
        if len(changed) * 3 <= len(there):
            return
        first, before = changed[0]
        self._notes.append(
            f"{len(changed)} of {len(there)} operations have another id than before, such as {_id_of(first)!r} in "
            f"place of {before}: they keep the earlier one"
        )
        for one, before in changed:
            one.published = {**one.published, "operationId": before}

    # What an operation is

    def _operation(self, one: _Found) -> Json:
        def say(text: str) -> None:
            place = kebab(one.identifier) + "".join(self._schemas.trail)
            self._notes.append(f"{place}: {text}; it is left untyped")

        published = one.published
        distilled: Json = {"operationId": one.identifier}
        if published.get("deprecated") is True:
            distilled["deprecated"] = True
        order = [unquote(name) for name in PLACEHOLDER.findall(one.path)]
        parameters: dict[tuple[str, str], Json] = {}
        for item in [*listed(one.shared), *listed(published.get("parameters"))]:
            parameter = self._parameter(item, one, order, say)
            if parameter:
                parameters[parameter["in"], parameter["name"]] = parameter
        distilled["parameters"] = sorted(
            parameters.values(),
            key=lambda p: (p["in"] != "path", order.index(p["name"]) if p["name"] in order else 0, p["name"], p["in"]),
        )
        body = self._schemas.find(published.get("requestBody"), say)
        if isinstance(body, dict) and body.get("content"):
            distilled["requestBody"] = self._body(body, one, say)
        distilled |= self._response(published.get("responses"), one, say)
        return distilled

    def _parameter(self, item: Any, one: _Found, order: list[str], say: Say) -> Json | None:
        parameter = self._schemas.find(item, say)
        name = parameter.get("name") if isinstance(parameter, dict) else None
        if not isinstance(parameter, dict) or not isinstance(name, str) or not name:
            self._note(one, "a parameter without a name is left out")
            return None
        place = str(parameter.get("in") or ("path" if name in order else "query")).lower()
        if place not in PLACES:
            self._note(one, f"the parameter {name} is left out: it is in {place!r}")
            return None
        if place == "path" and name not in order:
            self._note(one, f"the parameter {name} is left out: the path has no place for it")
            return None
        if name.lower() in OF_CLIENT.get(place, ()):
            return None
        if place in ("header", "cookie") and not TOKEN.fullmatch(name):
            self._note(one, f"the parameter {name!r} is left out: no {place} can have that name")
            return None
        published = parameter.get("schema")
        if published is None and isinstance(parameter.get("content"), dict) and parameter["content"]:
            published = {"type": "string"}
            self._note(one, f"the parameter {name} is sent as a text: give it the JSON that TMDB asks for")
        raw = self._schemas.find(published, say)
        schema = self._schemas.read(published, say)
        default = raw.get("default") if isinstance(raw, dict) else None
        schema = self._sendable(schema, name, place, one)
        if isinstance(default, (str, int, float)) and default != "" and not SITE_PLACEHOLDER.fullmatch(str(default)):
            schema = {**schema, "default": default}
        result = {
            "name": name,
            "in": place,
            "required": place == "path" or bool(parameter.get("required", False)),
            "schema": schema,
        }
        if parameter.get("deprecated") is True:
            result["deprecated"] = True
        return result

    def _sendable(self, schema: Json, name: str, place: str, one: _Found) -> Json:
        """A schema of what can be written into an address or a header."""
        members = schema.get("anyOf", [schema])
        kinds = {member.get("type") for member in members if member}
        if place == "path":
            if kinds == {"integer"} or not kinds:
                return schema
            return {key: value for key, value in schema.items() if key != "format"} if kinds == {"string"} else _TEXT
        if kinds == {"array"}:
            items = schema.get("items", {})
            if not items or items.get("type") in SCALARS or "anyOf" in items:
                return schema
            kinds = {"object"}
        if kinds - {*SCALARS}:
            self._note(one, f"the parameter {name} is an object, and is sent as a text")
            return dict(_TEXT)
        return schema

    def _body(self, body: Json, one: _Found, say: Say) -> Json:
        """Request bodies are published as one string with an example: the example's names and types are the facts."""
        content = self._json_content(body["content"], say)
        if content is None:
            kinds = ", ".join(sorted(map(str, body["content"])))
            raise _LeftOut(f"it takes a body of {kinds}, and the client sends JSON")
        examples = self._examples(content, say)
        schema = self._schemas.find(content.get("schema"), say)
        typed: Json = {}
        if BODY_ARTEFACT not in ((schema or {}).get("properties") or {} if isinstance(schema, dict) else {}):
            typed = self._schemas.read(content.get("schema"), say, body=True)
        if not typed:
            typed = merged(inferred(example) for example in examples if isinstance(example, dict))
        if typed.get("type") == "array" or typed.get("type") in SCALARS:
            raise _LeftOut("it takes a body that is no object, which a method with named arguments cannot send")
        if "$ref" in typed:
            typed = self._schemas.components[typed["$ref"].rpartition("/")[2]]
        if "properties" not in typed or not typed["properties"]:
            self._note(
                one,
                "nothing is known of its body, and its method sends an empty object: add its fields to the overlay, "
                'each with target = "body:MODEL.FIELD" and add = true',
            )
            return {"type": "object", "properties": {}}
        return typed

    def _examples(self, content: Json, say: Say) -> list[Any]:
        named = content.get("examples")
        found = [self._schemas.find(e, say) for e in named.values()] if isinstance(named, dict) else []
        values = [example.get("value") for example in found if isinstance(example, dict)]
        read = []
        for value in values or [content.get("example")]:
            try:
                read.append(json.loads(value) if isinstance(value, str) else value)
            except ValueError:
                continue
        return read

    def _response(self, published: Any, one: _Found, say: Say) -> Json:
        """The answer of a success: that of 200, with what other successes have; else `default`'s."""
        responses = (
            {str(code).upper(): found for code, found in published.items()} if isinstance(published, dict) else {}
        )
        codes = sorted(code for code in responses if code.startswith("2")) or [
            c for c in ("DEFAULT",) if c in responses
        ]
        if not codes or one.method == "head":
            if one.method == "head":
                return {"response": {"type": "null"}}
            return {"response": {}}
        found = [self._schemas.find(responses[code], say) for code in codes]
        contents: list[Json] = [
            f["content"] for f in found if isinstance(f, dict) and isinstance(f.get("content"), dict)
        ]
        contents = [content for content in contents if content]
        numbers = {match[0] for code in codes if (match := re.match(r"2[0-9X]{2}(?![0-9])", code))}
        other = {number.replace("X", "0") for number in numbers} - {"200", "201"}
        extra = {"successes": sorted(other)} if other else {}
        if not contents:
            empty = {*codes} <= {"204", "205"}
            return {"response": {"type": "null"} if empty else {}, **extra}
        schemas: list[Json] = []
        for content in contents:
            json_content = self._json_content(content, say)
            if json_content is None:
                self._note(one, f"answers {', '.join(sorted(map(str, content)))}, which the client reads as JSON")
                json_content = next((c for c in content.values() if isinstance(c, dict)), {})
                schema = self._schemas.read(json_content.get("schema"), say)
                schemas.append(schema if schema.get("type") in ("object", "array") else {})
            else:
                schemas.append(self._schemas.read(json_content.get("schema"), say))
        result = merged(schemas)
        if "anyOf" in result:
            say("answers one of several kinds")
            result = {}
        if "x-conflict" in result:
            say(f"answers {' or '.join(map(str, result['x-conflict']))}")
            result = {}
        return {"response": result, **extra}

    def _json_content(self, content: Any, say: Say) -> Json | None:
        """What is said of JSON in the `content` of a body or an answer."""
        if not isinstance(content, dict):
            return None
        best: tuple[int, Json] | None = None
        for kind, value in sorted(content.items(), key=lambda pair: str(pair[0])):
            rank = _json_rank(str(kind))
            found = self._schemas.find(value, say) if rank is not None else None
            if rank is not None and (best is None or rank < best[0]):
                best = rank, found if isinstance(found, dict) else {}
        return best[1] if best else None

    def _note(self, one: _Found, text: str) -> None:
        self._notes.append(f"{kebab(one.identifier)}: {text}")


_TEXT: Json = {"type": "string"}


def _id_of(one: _Found) -> str:
    identifier = one.published.get("operationId")
    return str(identifier).strip() if isinstance(identifier, (str, int)) and kebab(str(identifier)) else ""


def _json_rank(kind: str) -> int | None:
    """How plainly a media type means JSON; None if it does not."""
    essence = kind.partition(";")[0].strip().lower()
    if essence == "application/json":
        return 0
    if essence.endswith(("/json", "+json")):
        return 1
    return 2 if essence in ("*/*", "application/*", "") else None


def _encoded(path: str) -> str:
    """A path whose literal parts can be sent as they are."""
    return "".join(
        part if part.startswith("{") else quote(part, safe="/%!$&'()*+,;=:@-._~")
        for part in re.split(r"({[^{}]*})", path)
    )


def _distinct_placeholders(path: str) -> str:
    """A path in which no placeholder occurs twice."""
    seen: set[str] = set()

    def distinct(match: re.Match[str]) -> str:
        name = unique(match[1], seen)
        seen.add(name)
        return f"{{{name}}}"

    return PLACEHOLDER.sub(distinct, path)


def _dicts(value: Any) -> list[Json]:
    return [item for item in listed(value) if isinstance(item, dict)]
