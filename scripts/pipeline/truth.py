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

from tmdb_api_client._model import Model
from tmdb_api_client.v3 import models
from tmdb_api_client.v3.operations import OPERATIONS, Operation

from .evidence import PAYLOADS, read_payloads

BASE = {"additional_properties", "_source", "_pending"}


def decode(operation: str, status: int, body: Any) -> Any:
    """What the client makes of a body; `operation` is the method and the path template."""
    if status >= 400:
        return models.Status.from_dict(body)
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


_ANNOTATIONS: dict[str, dict[str, Any]] = {}


def annotations_of(cls: type[Any]) -> dict[str, Any]:
    """The resolved annotations of a model's own attributes."""
    if cls.__name__ not in _ANNOTATIONS:
        namespace = {name: getattr(models, name) for name in models.__all__}
        hints = get_type_hints(cls, localns=namespace)
        _ANNOTATIONS[cls.__name__] = {name: hint for name, hint in hints.items() if name not in BASE}
    return _ANNOTATIONS[cls.__name__]


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
    return {f"{operation.method} {operation.path}": operation for operation in OPERATIONS.values()}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/truth", description="Decode real responses and hold every attribute against its annotation."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=PAYLOADS, help="a folder of responses with index.jsonl")
    parser.add_argument(
        "--since", metavar="YYYY-MM-DD", default="2022-01-01", help="annotations are to hold since then"
    )
    options = parser.parse_args(arguments)
    if not (options.folder / "index.jsonl").exists():
        print(f"truth: skipped, {options.folder.name}/index.jsonl is not there", file=sys.stderr)
        return 0
    bodies = checked = lossy = 0
    wrong: Counter[str] = Counter()
    unknown: dict[str, set[str]] = {}
    for row, body in read_payloads(options.folder, None):
        decoded = decode(row["operation"], row["status"], body)
        bodies += 1
        lossy += encode(decoded) != body
        if (row["recorded"] or "") < options.since:
            continue
        for place, contradicts in contradictions(decoded):
            checked += 1
            wrong[place] += contradicts
        for key in unknown_keys(decoded):
            unknown.setdefault(key, set()).add(row["file"])
    repeated = sorted(key for key, files in unknown.items() if len(files) > 1)
    print(f"{bodies} responses decoded, {bodies - lossy} given back unchanged")
    print(f"{checked:,} attribute values since {options.since} checked, {wrong.total()} contradict their annotation")
    for place, count in wrong.most_common():
        if count:
            print(f"  {count:>6}  {place}")
    print(f"keys that the document does not know, in more than one response: {', '.join(repeated) or 'none'}")
    return 1 if lossy or wrong.total() or repeated else 0


if __name__ == "__main__":
    raise SystemExit(main())
