"""What users of a generated package can name: its operations, parameters, models, properties and enumerations.

Read from the generated code itself, so that what is compared is what people import.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ASSUMED = re.compile(r"^\s+(?P<name>\w+): .*TMDB assumes (?P<value>.+)\.$", re.MULTILINE)
DEPRECATED = "Deprecated by TMDB."
PLACEHOLDER = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Parameter:
    """An argument of a resource method."""

    name: str
    annotation: str
    required: bool
    positional: bool
    assumed: str | None
    """What TMDB assumes where the caller gives nothing."""


@dataclass(frozen=True)
class Operation:
    """An operation, as a method of a resource and as an endpoint."""

    method: str
    """How it is called: movies.details."""
    endpoint: str
    """Where its endpoint is: api.movies.movie_details."""
    address: tuple[str, str]
    """HTTP method and path, without the names of the path's parameters."""
    parameters: tuple[Parameter, ...]
    returns: str
    takes: str
    """The credentials that it takes, in words."""
    served_by: frozenset[tuple[str, str]]
    """The same as what one may hold: an application-level credential, and a user-level one or none."""
    deprecated: bool = False
    """Whether TMDB has deprecated it."""


@dataclass
class Surface:
    """What users of one API version's package can name."""

    operations: dict[tuple[str, str], Operation] = field(default_factory=dict)
    """By address."""
    models: dict[str, dict[str, str]] = field(default_factory=dict)
    """Model -> property -> annotation."""
    required: dict[str, frozenset[str]] = field(default_factory=dict)
    """Model -> the properties without which it cannot be made."""
    bodies: set[str] = field(default_factory=set)
    """Models whose properties are the arguments of a method."""
    inputs: set[str] = field(default_factory=set)
    """Models that callers make to send them, the bodies among them."""
    enumerations: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_surface(package: Path) -> Surface:
    """Return what the generated package of one API version offers."""
    surface = Surface()
    for path in sorted((package / "models").glob("[!_]*.py")):
        _read_model(ast.parse(path.read_text(encoding="utf-8")), surface)
    methods: dict[tuple[str, str], ast.FunctionDef] = {}
    for path in sorted((package / "resources").glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        resource = next(n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("Async"))
        for item in resource.body:
            if isinstance(item, ast.FunctionDef):
                methods[path.stem, item.name] = item
                methods.setdefault((path.stem, item.name.removesuffix("_")), item)
    for row in _rows(package / "operations.py"):
        http_method, template, tag, endpoint, method = row.named
        user_auth, bearer_only = str(row.more.get("user_auth", "none")), bool(row.more.get("bearer_only", False))
        definition = methods[tag, method]
        surface.bodies |= _body_of(definition)
        address = (http_method, PLACEHOLDER.sub("{}", template))
        surface.operations[address] = Operation(
            f"{tag}.{method}",
            f"api.{tag}.{endpoint}",
            address,
            tuple(_parameters(definition)),
            _annotation(definition.returns) if definition.returns else "None",
            _takes(user_auth, bearer_only=bearer_only),
            _served_by(user_auth, bearer_only=bearer_only),
            DEPRECATED in (ast.get_docstring(definition) or "").partition("\n")[0],
        )
    surface.inputs = _reachable(surface.bodies, surface.models)
    return surface


class _Row(NamedTuple):
    """A row of the registry."""

    named: list[str]
    """HTTP method, path, tag, endpoint, method of the resource."""
    more: dict[str | None, object]


def _rows(path: Path) -> list[_Row]:
    calls = (
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Operation"
    )
    return [
        _Row(
            [ast.literal_eval(argument) for argument in call.args[1:]],
            {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords},
        )
        for call in calls
    ]


def _annotation(node: ast.expr) -> str:
    """An annotation, with the names of models alone."""
    return re.sub(r"\bmodels\.", "", ast.unparse(node))


def _parameters(definition: ast.FunctionDef) -> list[Parameter]:
    assumed = {m["name"]: m["value"] for m in ASSUMED.finditer(ast.get_docstring(definition, clean=False) or "")}
    arguments = definition.args
    positional = arguments.args[1:]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    listed = [(argument, default, True) for argument, default in zip(positional, defaults, strict=True)]
    listed += [(a, d, False) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return [
        Parameter(
            argument.arg,
            _annotation(argument.annotation) if argument.annotation else "Any",
            default is None,
            is_positional,
            assumed.get(argument.arg),
        )
        for argument, default, is_positional in listed
    ]


def _body_of(definition: ast.FunctionDef) -> set[str]:
    return {
        value.func.attr
        for node in ast.walk(definition)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and key.value == "body"
        and isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
    }


def _read_model(tree: ast.Module, surface: Surface) -> None:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            fields = [
                item for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            ]
            named = {item.target.id: item for item in fields if isinstance(item.target, ast.Name)}
            surface.models[node.name] = {
                name: _annotation(item.annotation) for name, item in named.items() if not name.startswith("_")
            }
            surface.required[node.name] = frozenset(name for name, item in named.items() if _is_required(item.value))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            target, literal = node.targets[0], node.value
            if isinstance(target, ast.Name) and ast.unparse(literal.value) == "Literal":
                values = literal.slice.elts if isinstance(literal.slice, ast.Tuple) else [literal.slice]
                surface.enumerations[target.id] = tuple(str(ast.literal_eval(value)) for value in values)


def _is_required(default: ast.expr | None) -> bool:
    """Whether nothing stands for a field that is not given; a field's specifier always has a default."""
    if isinstance(default, ast.Call) and ast.unparse(default.func) == "_attrs_field":
        return not {"default", "factory"} & {keyword.arg for keyword in default.keywords}
    return default is None


def _reachable(roots: set[str], models: dict[str, dict[str, str]]) -> set[str]:
    found, waiting = set(roots), list(roots)
    while waiting:
        for annotation in models.get(waiting.pop(), {}).values():
            new = {name for name in re.findall(r"\w+", annotation) if name in models} - found
            found |= new
            waiting += new
    return found


def _takes(user_auth: str, *, bearer_only: bool) -> str:
    application = "a bearer token" if bearer_only else "a bearer token or an API key"
    user = {
        "none": "",
        "session": " and a user session",
        "guest_session": " and a guest session",
        "either": " and a user session or a guest session",
        "user_access_token": " of a user",
        "optional_user_access_token": ", of a user or not",
    }
    return application + user[user_auth]


def _served_by(user_auth: str, *, bearer_only: bool) -> frozenset[tuple[str, str]]:
    everyone = ("nobody", "session", "guest_session", "user_access_token")
    users = {"either": ("session", "guest_session"), "none": everyone, "optional_user_access_token": everyone}
    applications = ("bearer",) if bearer_only else ("bearer", "api_key")
    return frozenset((application, user) for application in applications for user in users.get(user_auth, (user_auth,)))
