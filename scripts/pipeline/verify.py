"""Prove that a generated tree works, before it is put in place.

Every module is compiled and imported, names are unique, every operation is called once, sync, async and through its
resource, against a mock that is made from our document: the request has to be what the document says, the answer has
to be what its annotations say and has to come back unchanged. mypy checks the types; if that would take too long,
ruff looks for names that are not defined or defined twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import httpx

from . import agreement
from .bindings import Bindings
from .distil import PLACEHOLDER, Json, operations
from .notation import ref_name
from .sample import sample

PACKAGE = "tmdb_api_client"
BASE_URL = "http://mock.invalid"
SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """Something in the generated tree that does not work."""

    text: str
    api: str | None = None
    operation: str | None = None
    """The id of the operation in our document, if it is known which one it is."""

    def __str__(self) -> str:
        return f"{self.operation}: {self.text}" if self.operation else self.text


def verify(
    tree: Path, documents: Mapping[str, Json], *, types: bool = True, cache: Path | None = None
) -> list[Problem]:
    """Return what does not work in the package below the folder `tree`; nothing if all does.

    Args:
        tree: The folder that has the package.
        documents: API version -> our document, for the versions that are to be called.
        types: Whether mypy is to check the types; otherwise ruff looks for names.
        cache: Where mypy keeps what it has learnt, for the next tree; None for nowhere.
    """
    problems = _compiled(tree, documents)
    if problems:
        return problems
    with imported(tree):
        for api, document in documents.items():
            problems += _used(api, document)
    if not problems:
        problems = _typed(tree, documents, cache) if types else _named(tree, documents)
    return problems


def shown(problems: list[Problem]) -> str:
    """The problems as a part of one line."""
    more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
    return "; ".join(map(str, problems[:SHOWN])) + more


@contextlib.contextmanager
def imported(tree: Path) -> Iterator[None]:
    """While this is open, the package is imported from `tree`, whatever had been imported before."""
    before = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    writes = sys.dont_write_bytecode
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, str(tree))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        sys.path.remove(str(tree))
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(before)
        importlib.invalidate_caches()
        agreement.forget()


def _is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


# Without running it


def _compiled(tree: Path, documents: Mapping[str, Json]) -> list[Problem]:
    problems = []
    for path in sorted((tree / PACKAGE).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        try:
            compile(text, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            problems.append(_located(tree, path, line, f"does not compile: {error}", documents))
    seen: dict[str, Path] = {}
    for path in sorted((tree / PACKAGE).rglob("*.py")):
        other = seen.setdefault(str(path).lower(), path)
        if other != path:
            problems.append(Problem(f"{path.relative_to(tree)} and {other.name} differ in case alone"))
    return problems


def _typed(tree: Path, documents: Mapping[str, Json], cache: Path | None) -> list[Problem]:
    command = [
        sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", "--no-error-summary", "--no-color-output",
        "--config-file", os.devnull, "--cache-dir", str(cache or os.devnull), "--package", PACKAGE,
    ]  # fmt: skip
    environment = {**os.environ, "MYPYPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    problems = []
    for line in done.stdout.splitlines():
        found = re.match(r"(.+?):(\d+): error: (.*)", line)
        if found:
            problems.append(_located(tree, tree / found[1], int(found[2]), found[3], documents))
    return problems or [Problem(f"mypy failed: {(done.stderr or done.stdout).strip()[-300:]}")]


def _named(tree: Path, documents: Mapping[str, Json]) -> list[Problem]:
    """Names that are not defined, or defined twice."""
    command = [
        sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "--output-format", "json",
        "--target-version", "py311", "--select", "F402,F601,F811,F821,F822,F823,F831", str(tree),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [
        _located(tree, Path(row["filename"]), row["location"]["row"], row["message"], documents)
        for row in json.loads(done.stdout or "[]")
    ]


def _located(tree: Path, path: Path, line: int, text: str, documents: Mapping[str, Json]) -> Problem:
    """A problem in a file, with the operation whose code stands at that line."""
    where = path.resolve().relative_to(tree.resolve()).as_posix()
    parts = where.split("/")
    api = parts[1] if len(parts) > 2 else None
    message = f"{where}:{line}: {text}"
    if api is None or api not in documents or parts[2] not in ("api", "resources") or not path.exists():
        return Problem(message, api)
    lines = path.read_text(encoding="utf-8").splitlines()[:line]
    expression = r"def (\w+)\(" if parts[2] == "api" else r"    (?:async )?def (\w+)\("
    name = next((found[1] for row in reversed(lines) if (found := re.match(expression, row))), None)
    tag = path.stem
    for _, _, operation in operations(documents[api]):
        called = operation["x-resource"].partition(".")
        spelt = re.sub(r"\W", "_", operation["operationId"])
        if (
            called[0] == tag
            and name is not None
            and name.rstrip("_") in (spelt, f"field_{spelt}", called[2].rstrip("_"))
        ):
            return Problem(message, api, operation["operationId"])
    return Problem(message, api)


# By running it


class _Mock:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: tuple[int, Any] = (200, None)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, body = self.answer
        content = b"" if body is _NOTHING else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers={"content-type": "application/json"})


_NOTHING = object()


def _used(api: str, document: Json) -> list[Problem]:
    try:
        package = importlib.import_module(f"{PACKAGE}.{api}")
        rows = importlib.import_module(f"{PACKAGE}.{api}.operations").OPERATIONS
        models = importlib.import_module(f"{PACKAGE}.{api}.models")
        for name in (*package.__all__, *models.__all__):
            getattr(package if name in package.__all__ else models, name)
        client_class = package.AuthenticatedClient
    except Exception as error:  # noqa: BLE001 - whatever generated code raises is what this is to find out
        return [Problem(f"{api} cannot be imported: {_last_line(error)}", api)]
    listed = {operation["x-published-id"]: operation for _, _, operation in operations(document)}
    problems = [
        Problem("is not in the registry", api, operation["operationId"])
        for published, operation in listed.items()
        if published not in rows
    ]
    if len(rows) != len(operations(document)):
        problems.append(Problem(f"{api} has {len(operations(document))} operations, its registry {len(rows)}", api))
    for what, counted in (
        ("method", Counter(f"{row.tag}.{row.resource}" for row in rows.values())),
        ("endpoint", Counter(f"{row.module}.{row.endpoint}" for row in rows.values())),
    ):
        problems += [
            Problem(f"{name} is the {what} of {count} operations", api) for name, count in counted.items() if count > 1
        ]
    if problems:
        return problems
    bindings = Bindings(document)
    calls = [
        _Call(api, path, method, operation, document, bindings, models)
        for path, method, operation in operations(document)
    ]
    mock = _Mock()
    transport = httpx.MockTransport(mock)
    client = client_class(base_url=BASE_URL, token="token", httpx_args={"transport": transport})  # noqa: S106 - of nobody

    async def every_call() -> None:
        async with client as opened:
            for call in calls:
                problems.extend(await call.tried_async(rows[call.published], opened, mock))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for call in calls:
            problems += call.tried(rows[call.published], client, mock)
            problems += call.tried_as_method(rows[call.published], package)
        asyncio.run(every_call())
    client.get_httpx_client().close()
    return problems


class _Call:
    """One operation: what to give it, what it is to ask for, what is answered."""

    def __init__(
        self, api: str, path: str, method: str, operation: Json, document: Json, bindings: Bindings, models: Any
    ) -> None:
        self.api, self.path, self.method, self.operation, self.models = api, path, method, operation, models
        self.published: str = operation["x-published-id"]
        components = document["components"]["schemas"]
        by_key = {(p["in"], p["name"]): p for p in operation["parameters"]}
        self.bound = {name: by_key[key] for name, key in bindings.parameters[operation["operationId"]].items()}
        self.values = {name: sample(p["schema"], components) for name, p in self.bound.items()}
        self.body: Json | None = None
        self.body_arguments: dict[str, str] = {}
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            self.body = sample(schema, components)
            self.body_arguments = bindings.body_arguments(operation, components[ref_name(schema) or ""])
            self.body_model = ref_name(schema) or ""
        responses = operation["responses"]
        self.schema = responses["200"]["content"]["application/json"]["schema"]
        status = 200
        if self.schema == {"type": "null"}:
            status = next((int(code) for code in ("204", "205") if code in responses), 200)
        self.data = _NOTHING if self.schema == {"type": "null"} else sample(self.schema, components)
        self.answer = (status, self.data)

    def tried(self, row: Any, client: Any, mock: _Mock) -> list[Problem]:
        try:
            endpoint = getattr(importlib.import_module(row.module), row.endpoint)
            mock.answer, mock.asked = self.answer, []
            return self._judged(endpoint.sync(**self._arguments(), client=client), mock)
        except Exception as error:  # noqa: BLE001 - whatever generated code raises is what this is to find out
            return [self._problem(f"a call of its endpoint raises {_last_line(error)}")]

    async def tried_async(self, row: Any, client: Any, mock: _Mock) -> list[Problem]:
        try:
            endpoint = getattr(importlib.import_module(row.module), row.endpoint)
            mock.answer, mock.asked = self.answer, []
            return self._judged(await endpoint.asyncio(**self._arguments(), client=client), mock)
        except Exception as error:  # noqa: BLE001 - whatever generated code raises is what this is to find out
            return [self._problem(f"an async call of its endpoint raises {_last_line(error)}")]

    def tried_as_method(self, row: Any, package: Any) -> list[Problem]:
        """Call the method of the resource, with what it needs and, a second time, with what it takes."""
        data = None if self.data is _NOTHING else self.data
        asked: list[dict[str, Any]] = []

        class Caller(package.Resources):  # type: ignore[misc] # it is imported while this runs
            def _call(self, endpoint: Any, arguments: dict[str, Any]) -> Any:
                asked.append(endpoint.get_kwargs(**arguments))
                return endpoint.decode(data)

        try:
            resource = getattr(Caller(), row.tag)
            name = row.resource if hasattr(resource, row.resource) else f"{row.resource}_"
            method = getattr(resource, name)
            for everything in (False, True):
                value = method(**self._named_arguments(method, everything=everything))
                if problems := self._decoded(value):
                    return problems
            if asked[-1]["method"].lower() != self.method:
                return [self._problem(f"{row.tag}.{name} sends {asked[-1]['method']}")]
            if self.body is not None and {*asked[-1].get("json", {})} != {*self.body}:
                return [self._problem(f"{row.tag}.{name} sends {sorted(asked[-1].get('json', {}))} in its body")]
        except Exception as error:  # noqa: BLE001 - whatever generated code raises is what this is to find out
            return [self._problem(f"a call of {row.tag}.{row.resource} raises {_last_line(error)}")]
        return []

    def _arguments(self) -> dict[str, Any]:
        arguments = dict(self.values)
        if self.body is not None:
            arguments["body"] = getattr(self.models, self.body_model).from_dict(self.body)
        return arguments

    def _named_arguments(self, method: Any, *, everything: bool) -> dict[str, Any]:
        by_argument = {argument: (self.body or {}).get(key) for key, argument in self.body_arguments.items()}
        given: dict[str, Any] = {}
        for name, parameter in inspect.signature(method).parameters.items():
            if parameter.default is not parameter.empty and not everything:
                continue
            if name == "append" and name not in self.values:
                given[name] = self.values["append_to_response"]
            elif name in self.values:
                given[name] = self.values[name]
            else:
                given[name] = by_argument[name]
        return given

    def _judged(self, value: Any, mock: _Mock) -> list[Problem]:
        if len(mock.asked) != 1:
            return [self._problem(f"a call sends {len(mock.asked)} requests")]
        request = mock.asked[0]
        return [*self._requested(request), *self._decoded(value)]

    def _requested(self, request: httpx.Request) -> Iterator[Problem]:
        """Hold a request against the document."""
        if request.method.lower() != self.method:
            yield self._problem(f"its endpoint sends {request.method}")
        names = {p["name"]: name for name, p in self.bound.items() if p["in"] == "path"}
        expected = PLACEHOLDER.sub(lambda found: quote(str(self.values[names[found[1]]]), safe=""), self.path)
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        if path != expected:
            yield self._problem(f"its endpoint asks for {path}, not for {expected}")
        sent = parse_qs(query, keep_blank_values=True)
        wanted = {p["name"]: name for name, p in self.bound.items() if p["in"] == "query" and self.values[name] != []}
        if sent.keys() != wanted.keys():
            yield self._problem(f"its endpoint sends the query {sorted(sent)}, not {sorted(wanted)}")
        for name, parameter in self.bound.items():
            if parameter["in"] == "header" and parameter["name"].lower() not in request.headers:
                yield self._problem(f"its endpoint does not send the header {parameter['name']}")
            if parameter["in"] == "cookie" and f"{parameter['name']}=" not in request.headers.get("cookie", ""):
                yield self._problem(f"its endpoint does not send the cookie {parameter['name']}, which is {name}")
        if self.body is not None and {*json.loads(request.content or b"{}")} != {*self.body}:
            yield self._problem("its endpoint does not send the body that it was given")

    def _decoded(self, value: Any) -> list[Problem]:
        """Hold what came of the answer against its annotations, and against the answer."""
        if self.data is _NOTHING:
            return [] if value is None else [self._problem(f"returns {type(value).__name__} where nothing is answered")]
        name = ref_name(self.schema)
        components = getattr(self.models, name, None) if name else None
        if isinstance(components, type) and not isinstance(value, components):
            return [self._problem(f"returns {type(value).__name__}, not {name}")]
        wrong = sorted({place for place, contradicts in agreement.contradictions(value) if contradicts})
        if wrong:
            return [self._problem(f"{', '.join(wrong[:3])} contradicts its annotation")]
        if agreement.encode(value) != self.data:
            return [self._problem("what it decodes does not come back as it was sent")]
        return []

    def _problem(self, text: str) -> Problem:
        return Problem(text, self.api, self.operation["operationId"])


def _last_line(error: BaseException) -> str:
    return " ".join("".join(traceback.format_exception_only(error)).split())[:300]
