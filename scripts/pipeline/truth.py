"""scripts/truth: decode real responses with the client and hold every attribute against its annotation.

What the client promises: every response decodes, `to_dict()` gives it back, an attribute is what its annotation says.
"""

from __future__ import annotations

import argparse
import sys
import types
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from tmdb_api_client import v3, v4
from tmdb_api_client._model import Model
from tmdb_api_client.v3.models import Status
from tmdb_api_client.v3.operations import Operation
from tmdb_api_client.v4.models import Status as StatusV4

from .evidence import PAYLOADS, PAYLOADS_V4, read_payloads, version_of

BASE = {"additional_properties", "_source", "_pending"}


def decode(operation: str, status: int, body: Any) -> Any:
    """What the client makes of a body; `operation` is the method and the path template."""
    if status >= 400:
        return (StatusV4 if version_of(operation) == "v4" else Status).from_dict(body)
    row = _rows()[operation]
    endpoint = getattr(import_module(row.module), row.endpoint)
    return endpoint.decode(body)


def encode(value: Any) -> Any:
    """The JSON of what `decode` gave."""
    if isinstance(value, Model):
        return value.to_dict()
    return [encode(item) for item in value] if isinstance(value, list) else value


def contradictions(value: Any) -> Iterator[tuple[str, bool]]:
    """(Class.attribute, whether it contradicts its annotation) for every attribute of every nested model."""
    if isinstance(value, list):
        for item in value:
            yield from contradictions(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from contradictions(item)
    elif isinstance(value, Model):
        for name, annotation in annotations_of(type(value)).items():
            attribute = getattr(value, name)
            yield f"{type(value).__name__}.{name}", not agrees(attribute, annotation)
            yield from contradictions(attribute)


def unknown_keys(value: Any) -> Iterator[str]:
    """Class.key for every key that the document does not know."""
    if isinstance(value, list):
        for item in value:
            yield from unknown_keys(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknown_keys(item)
    elif isinstance(value, Model):
        yield from (f"{type(value).__name__}.{key}" for key in value.additional_keys)
        for name in annotations_of(type(value)):
            yield from unknown_keys(getattr(value, name))


_ANNOTATIONS: dict[type[Any], dict[str, Any]] = {}


def annotations_of(cls: type[Any]) -> dict[str, Any]:
    """The resolved annotations of a model's own attributes."""
    if cls not in _ANNOTATIONS:
        models = import_module(cls.__module__.rpartition(".")[0])
        hints = get_type_hints(cls, localns={name: getattr(models, name) for name in models.__all__})
        _ANNOTATIONS[cls] = {name: hint for name, hint in hints.items() if name not in BASE}
    return _ANNOTATIONS[cls]


def agrees(value: Any, annotation: Any) -> bool:
    """Whether a value is of an annotation; a whole number passes for a float, as it does for type checkers."""
    if annotation is Any:
        return True
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType}:
        return any(agrees(value, member) for member in get_args(annotation))
    if origin is list:
        return isinstance(value, list) and all(agrees(item, get_args(annotation)[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(agrees(item, get_args(annotation)[1]) for item in value.values())
    if annotation is float:
        return type(value) in {int, float}
    if annotation in {None, type(None)}:
        return value is None
    return type(value) is annotation


@cache
def _rows() -> dict[str, Operation]:
    operations = [*v3.OPERATIONS.values(), *v4.OPERATIONS.values()]
    return {f"{operation.method} {operation.path}": operation for operation in operations}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/truth", description="Decode real responses and hold every attribute against its annotation."
    )
    parser.add_argument("folder", nargs="*", type=Path, help="folders of responses with index.jsonl; the shared ones")
    parser.add_argument(
        "--since", metavar="YYYY-MM-DD", default="2022-01-01", help="annotations are to hold since then"
    )
    options = parser.parse_args(arguments)
    failed = False
    for folder in options.folder or (PAYLOADS, PAYLOADS_V4):
        if (folder / "index.jsonl").exists():
            failed |= _report(folder, options.since)
        else:
            print(f"truth: skipped, {folder.name}/index.jsonl is not there", file=sys.stderr)
    return int(failed)


def _report(folder: Path, since: str) -> bool:
    """Print what the responses in a folder show of the client; return whether it does not keep its promise."""
    bodies = checked = lossy = 0
    wrong: Counter[str] = Counter()
    unknown: dict[str, set[str]] = {}
    for row, body in read_payloads(folder, None):
        decoded = decode(row["operation"], row["status"], body)
        bodies += 1
        lossy += encode(decoded) != body
        if (row["recorded"] or "") < since:
            continue
        for place, contradicts in contradictions(decoded):
            checked += 1
            wrong[place] += contradicts
        for key in unknown_keys(decoded):
            unknown.setdefault(key, set()).add(row["file"])
    repeated = sorted(key for key, files in unknown.items() if len(files) > 1)
    print(f"{folder.name}: {bodies} responses decoded, {bodies - lossy} given back unchanged")
    print(f"{checked:,} attribute values since {since} checked, {wrong.total()} contradict their annotation")
    for place, count in wrong.most_common():
        if count:
            print(f"  {count:>6}  {place}")
    print(f"keys that the document does not know, in more than one response: {', '.join(repeated) or 'none'}")
    return bool(lossy or wrong.total() or repeated)


if __name__ == "__main__":
    raise SystemExit(main())
