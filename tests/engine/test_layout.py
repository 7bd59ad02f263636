"""How the engine is built: rooms whose doors open one way, composed of public parts of what it stands on."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tmdb_ext

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "tmdb_ext"
FILES = sorted(PACKAGE.rglob("*.py"))
FOREIGN = frozenset(
    {"aiohttp", "anyio", "hishel", "httpcore", "httpcore2", "httpx", "httpx2", "httpx_aiohttp", "redis"}
)
"""What is used by its public parts only."""
OF_NAMED_TUPLES = frozenset({"_asdict", "_field_defaults", "_fields", "_make", "_replace"})
"""Public, in spite of their names."""
WITH_HTTPX = {
    "tmdb_ext/aiohttp.py",
    "tmdb_ext/cli/_api.py",
    "tmdb_ext/_client/low_level.py",
    # For annotations: what a caller may pass.
    "tmdb_ext/_client/_async/client.py",
    "tmdb_ext/_client/_sync/client.py",
    "tmdb_ext/_exports.py",
    # The simulator's transports, and what passes requests on to TMDB.
    "tmdb_ext/testing/_in_process.py",
    "tmdb_ext/testing/_recording.py",
    "tmdb_ext/testing/_simulator.py",
}
"""Modules outside of the engine's room that may import httpx."""
MOST_WITH_HTTPX = 17


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """Absolute names of what a file imports, wherever in it."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module or ""]))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def defined(tree: ast.AST) -> set[str]:
    """Private names that code gives to its own: attributes, methods, fields, slots, functions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
            if node.id == "__slots__":
                found |= {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and _is_text(one.value)}
    return {name for name in found if is_private(name)}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def reached(path: Path) -> Iterator[tuple[int, str]]:
    """Private attributes of something other than `self`, by line and name, also those that `getattr` takes."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and not is_self(node.value):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            name = node.args[1]
            takes_a_name = node.func.id in ("getattr", "setattr", "hasattr", "delattr")
            is_hidden = isinstance(name, ast.Constant) and is_private(str(name.value))
            if takes_a_name and is_hidden and not is_self(node.args[0]):
                yield node.lineno, ast.literal_eval(name)


def modules() -> list[ModuleType]:
    names = [module.name for module in pkgutil.walk_packages(tmdb_ext.__path__, "tmdb_ext.")]
    return [importlib.import_module(name) for name in names if not name.endswith("__main__")]


def classes() -> list[type[Any]]:
    """All classes that tmdb_ext defines."""
    found = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__.partition(".")[0] == "tmdb_ext"
    }
    return sorted(found, key=lambda one: (one.__module__, one.__qualname__))


def test_no_private_attribute_of_another_package_is_touched() -> None:
    own = OF_NAMED_TUPLES | set().union(*(defined(tree_of(path)) for path in FILES))
    places = [f"{name_of(path)}:{line} {name}" for path in FILES for line, name in reached(path) if name not in own]
    assert places == []


def test_no_private_attribute_is_touched_from_another_module() -> None:
    """Names that are ours by chance, such as `_client`, are not a way to theirs."""
    places = []
    for path in FILES:
        own = OF_NAMED_TUPLES | defined(tree_of(path))
        places += [f"{name_of(path)}:{line} {name}" for line, name in reached(path) if name not in own]
    assert places == []


def test_no_class_of_ours_uses_what_a_class_of_theirs_keeps_for_itself() -> None:
    places = []
    for kind in classes():
        theirs = [base for base in kind.__mro__ if base.__module__.partition(".")[0] in FOREIGN]
        hidden = set().union(*(private_of(base) for base in theirs)) if theirs else set()
        places += [f"{kind.__module__}.{kind.__qualname__}: {name}" for name in sorted(hidden & used_by(kind))]
    assert places == []


def private_of(kind: type[Any]) -> set[str]:
    """Private names that a class sets or has."""
    return {name for name in defined(ast.parse(source_of(kind))) | set(vars(kind)) if is_private(name)}


def used_by(kind: type[Any]) -> set[str]:
    """Private names that a class reads or sets on itself."""
    nodes = ast.walk(ast.parse(source_of(kind)))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and is_self(node.value)}


def source_of(kind: type[Any]) -> str:
    try:
        return inspect.cleandoc("\n" + inspect.getsource(kind))
    except (OSError, TypeError):
        return ""


@pytest.mark.parametrize("package", ["httpx", "httpx2"])
def test_no_class_of_ours_is_a_client_of_httpx(package: str) -> None:
    theirs = pytest.importorskip(package)
    ours = [kind for kind in classes() if issubclass(kind, theirs.Client | theirs.AsyncClient)]
    assert [f"{kind.__module__}.{kind.__qualname__}" for kind in ours] == []


def test_httpx_is_imported_in_few_modules() -> None:
    roots = {path: {name.partition(".")[0] for name in imported(path)} for path in FILES}
    found = {name_of(path) for path, names in roots.items() if names & {"httpx", "httpx2"}}
    assert {name for name in found if not name.startswith("tmdb_ext/_http/")} <= WITH_HTTPX
    assert len(found) <= MOST_WITH_HTTPX


@pytest.mark.parametrize(
    ("room", "closed"),
    [("_http", ("_auth", "_client", "_credentials", "cli", "testing")), ("_auth", ("_client", "cli", "testing"))],
)
def test_the_rooms_have_doors_that_open_one_way(room: str, closed: tuple[str, ...]) -> None:
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert len(files) > 3, f"there is no room {room}"
    places = [
        f"{name_of(path)} imports {name}"
        for path in files
        for name in sorted(imported(path))
        if name.startswith(tuple(f"tmdb_ext.{other}" for other in closed))
    ]
    assert places == []


def test_the_engine_knows_no_credential() -> None:
    words = re.compile(r"api_key|access_token|session_id|request_token|authorization", re.IGNORECASE)
    files = sorted((PACKAGE / "_http").rglob("*.py"))
    places = [
        f"{name_of(path)}:{node.lineno}"
        for path in files
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Name) and words.search(node.id))
        or (isinstance(node, ast.Attribute) and words.search(node.attr))
        or (isinstance(node, ast.arg) and words.search(node.arg))
    ]
    assert len(files) > 3
    assert places == []


def test_one_request_extension_carries_what_belongs_to_a_call() -> None:
    """Names of request extensions are keys that begin with ``tmdb_``; those of the generated endpoints are two."""
    keys = {
        node.value
        for path in FILES
        if "testing" not in path.parts and "cli" not in path.parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and _is_text(node.value) and re.fullmatch(r"tmdb_[a-z_]+", node.value)
    }
    of_ours = {
        key
        for key in keys - {"tmdb_api", "tmdb_operation", "tmdb_code", "tmdb_message", "tmdb_errors"}
        if not key.startswith("tmdb_ext")
    }
    assert len(of_ours) <= 1, of_ours
