"""scripts/truth: decode real responses with the client and hold every attribute against its annotation.

What the client promises: every response decodes, `to_dict()` gives it back, an attribute is what its annotation says.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tmdb_api_client import v3, v4
from tmdb_api_client.v3.models import Status
from tmdb_api_client.v3.operations import Operation
from tmdb_api_client.v4.models import Status as StatusV4

from .agreement import annotations_of, contradictions, encode, is_model
from .evidence import PAYLOADS, PAYLOADS_V4, read_payloads, version_of

__all__ = ("annotations_of", "contradictions", "decode", "encode", "endpoint_of", "main", "rows", "unknown_keys")


def decode(operation: str, status: int, body: Any) -> Any:
    """What the client makes of a body; `operation` is the method and the path template."""
    if status >= 400:
        return (StatusV4 if version_of(operation) == "v4" else Status).from_dict(body)
    return endpoint_of(rows()[operation]).decode(body)


def endpoint_of(row: Operation) -> Any:
    """The endpoint of an operation."""
    return getattr(import_module(row.module), row.endpoint)


def unknown_keys(value: Any) -> Iterator[str]:
    """Class.key for every key that the document does not know."""
    if isinstance(value, list):
        for item in value:
            yield from unknown_keys(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknown_keys(item)
    elif is_model(value):
        yield from (f"{type(value).__name__}.{key}" for key in value.additional_keys)
        for name in annotations_of(type(value)):
            yield from unknown_keys(getattr(value, name))


@cache
def rows() -> dict[str, Operation]:
    """The operations of all versions, by method and path template."""
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
