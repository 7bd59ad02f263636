"""scripts/evidence: hold real responses against our document, and say what contradicts it.

A finding is grouped by property (`Model.property`) with the operations it was seen in, so that it becomes one overlay
entry. Kinds: `type`, `unknown` (a key that the document does not have), `untyped` (a place that it leaves open) and
`unlisted` (a value that an enumeration lacks).
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .build import OPENAPI, ROOT
from .distil import Json, operations
from .notation import ref_name
from .schemas import json_type, merge, merged

PAYLOADS = ROOT.parent / "shared" / "payloads"
PAYLOADS_V4 = ROOT.parent / "shared" / "payloads-v4"
KINDS = ("type", "unlisted", "unknown", "untyped")
SHOWN_OPERATIONS = 4


@dataclass
class Finding:
    """One way in which responses contradict the document at one place."""

    kind: str
    place: str
    """Model.property"""
    what: str
    """What was found there: a JSON type with its format."""
    shape: Json = field(default_factory=dict)
    """The schema of what was found there, as far as the values tell."""
    count: int = 0
    bodies: set[str] = field(default_factory=set)
    operations: Counter[str] = field(default_factory=Counter)


class Evidence:
    """Collects findings over bodies; `checked` counts the values that were compared."""

    def __init__(self, document: Json) -> None:
        self._schemas: Json = document["components"]["schemas"]
        self._responses = {
            f"{method.upper()} {path}": operation["responses"]["200"]["content"]["application/json"]["schema"]
            for path, method, operation in operations(document)
        }
        self._status = {"$ref": "#/components/schemas/Status"}
        self._findings: dict[tuple[str, str, str], Finding] = {}
        self._where = ("", "")
        self.checked = 0

    @property
    def findings(self) -> list[Finding]:
        return sorted(self._findings.values(), key=lambda f: (KINDS.index(f.kind), f.place, f.what))

    def add(self, operation: str, status: int, name: str, body: Any) -> None:
        """Compare one body with the document."""
        self._where = (operation, name)
        self._compare(self._responses[operation] if status < 400 else self._status, body, operation)

    def _found(self, kind: str, place: str, what: str, value: Any = None) -> None:
        finding = self._findings.setdefault((kind, place, what), Finding(kind, place, what))
        finding.shape = merge(finding.shape, shape_of(value))
        finding.count += 1
        finding.bodies.add(self._where[1])
        finding.operations[self._where[0]] += 1

    def _compare(self, schema: Json, value: Any, place: str) -> None:
        name = ref_name(schema)
        if name is not None:
            schema = self._schemas[name]
            place = name if "properties" in schema and isinstance(value, dict) else place
        self.checked += 1
        union: list[Json] = schema.get("oneOf") or schema.get("anyOf") or []
        members = [s for s in union if s != {"type": "null"}]
        if value is None:
            return
        if members:
            self._compare_union(schema, members, value, place)
        elif isinstance(value, dict) and "properties" in schema:
            for key, item in value.items():
                where = f"{place}.{key}"
                known = schema["properties"].get(key, _by_pattern(schema, key))
                if known is not None:
                    self._compare(known, item, where)
                else:
                    self._found("unknown", where, kind_of(item), item)
        elif isinstance(value, dict) and "additionalProperties" in schema:
            for item in value.values():
                self._compare(schema["additionalProperties"], item, f"{place}{{}}")
        elif isinstance(value, list) and "array" in types_of(schema):
            for item in value:
                self._compare(schema.get("items", {}), item, f"{place}[]")
        else:
            self._compare_plain(schema, value, place)

    def _compare_plain(self, schema: Json, value: Any, place: str) -> None:
        if not types_of(schema) and "properties" not in schema:
            if "description" not in schema or not schema["description"].startswith("Any "):
                self._found("untyped", place, kind_of(value), value)
        elif not fits(schema, value):
            self._found("type", place, kind_of(value), value)
        elif "enum" in schema and value not in schema["enum"]:
            self._found("unlisted", place, repr(value))

    def _best(self, mapping: dict[str, str], value: Json) -> str:
        """Where TMDB leaves `media_type` out: the member that knows most of the keys."""
        models = {target: self._schemas[ref_name({"$ref": target}) or ""]["properties"] for target in mapping.values()}
        return max(models, key=lambda target: len(models[target].keys() & value.keys()))

    def _compare_union(self, schema: Json, members: list[Json], value: Any, place: str) -> None:
        if "discriminator" in schema and isinstance(value, dict):
            mapping = schema["discriminator"]["mapping"]
            kind = value.get("media_type")
            target = mapping.get(kind) if kind else self._best(mapping, value)
            if target is None:
                self._found("unlisted", f"{place}.media_type", repr(value.get("media_type")))
                return
            self._compare({"$ref": target}, value, place)
            return
        if isinstance(value, dict):
            objects = [m for m in members if "$ref" in m]
            if objects:
                self._compare(objects[0], value, place)
                return
        if not any(fits(self._schemas.get(ref_name(m) or "", m), value) for m in members):
            self._found("type", place, kind_of(value), value)


def _by_pattern(schema: Json, key: str) -> Json | None:
    patterns: Json = schema.get("patternProperties", {})
    return next((known for pattern, known in patterns.items() if re.search(pattern, key)), None)


def types_of(schema: Json) -> set[str]:
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def fits(schema: Json, value: Any) -> bool:
    """Whether a value is of the schema's type and format; an empty string passes for a date."""
    types = types_of(schema)
    match value:
        case bool():
            return "boolean" in types
        case int():
            return bool({"integer", "number"} & types)
        case float():
            return "number" in types or ("integer" in types and value.is_integer())
        case str():
            return "string" in types and (not value or _is_of_format(schema.get("format"), value))
        case dict():
            return "object" in types
        case list():
            return "array" in types
    return "null" in types


def _is_of_format(name: str | None, value: str) -> bool:
    try:
        if name == "date":
            return len(value) == 10 and bool(datetime.date.fromisoformat(value))
        if name == "date-time":
            return bool(datetime.datetime.fromisoformat(value.replace(" UTC", "+00:00")))
    except ValueError:
        return False
    return True


def kind_of(value: Any) -> str:
    """The JSON type of a value, with the format of a string and what a list holds."""
    match value:
        case str():
            for name in ("date", "date-time"):
                if value and _is_of_format(name, value):
                    return name
            return "string" if value else "empty string"
        case list():
            return f"list of {', '.join(sorted({kind_of(item) for item in value})) or 'nothing'}"
        case _:
            return json_type(value)


def shape_of(value: Any) -> Json:
    """The schema of a value, as far as the value tells: null and an empty string tell nothing."""
    match value:
        case dict():
            return {"type": "object", "properties": {key: shape_of(item) for key, item in value.items()}}
        case list():
            items = merged(map(shape_of, value))
            return {"type": "array", "items": items} if items else {"type": "array"}
        case "" | None:
            return {}
    kind = kind_of(value)
    return {"type": "string", "format": kind} if kind in ("date", "date-time") else {"type": kind}


def version_of(operation: str) -> str:
    """The version of the API that an operation, its method and path template, belongs to."""
    return "v4" if operation.partition(" ")[2].startswith("/4/") else "v3"


def read_payloads(folder: Path, since: str | None) -> Iterator[tuple[Json, Any]]:
    """Rows of the folder's index.jsonl with their bodies; `since` leaves out what was recorded before that day."""
    with (folder / "index.jsonl").open(encoding="utf-8") as index:
        for line in index:
            row = json.loads(line)
            if since is None or (row["recorded"] or "") >= since:
                yield row, json.loads((folder / row["file"]).read_bytes())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/evidence",
        description="Hold real responses against openapi/tmdb-v?.json and print what contradicts it.",
        epilog="Exit code: 0 nothing contradicts, 1 something does, 2 there are no responses.",
    )
    parser.add_argument("folder", nargs="*", type=Path, help="folders of responses with index.jsonl; the shared ones")
    parser.add_argument("--since", metavar="YYYY-MM-DD", help="leave out what was recorded before that day")
    parser.add_argument("--once", action="store_true", help="also show what occurs in one response alone")
    parser.add_argument("--skip-missing", action="store_true", help="exit 0 if there are no responses")
    options = parser.parse_args(arguments)
    contradicted = False
    for folder in options.folder or (PAYLOADS, PAYLOADS_V4):
        if not (folder / "index.jsonl").exists():
            print(f"evidence: {folder.name} has no index.jsonl", file=sys.stderr)
            if options.skip_missing:
                continue
            return 2
        contradicted |= _report(folder, options.since, once=options.once)
    return int(contradicted)


def _report(folder: Path, since: str | None, *, once: bool) -> bool:
    """Print what the responses in a folder contradict; return whether they do."""
    by_version = {api: Evidence(json.loads((OPENAPI / f"tmdb-{api}.json").read_bytes())) for api in ("v3", "v4")}
    bodies = 0
    for row, body in read_payloads(folder, since):
        by_version[version_of(row["operation"])].add(row["operation"], row["status"], row["file"], body)
        bodies += 1
    findings = [finding for evidence in by_version.values() for finding in evidence.findings]
    shown = [finding for finding in findings if once or len(finding.bodies) > 1]
    for finding in shown:
        seen = ", ".join(operation for operation, _ in finding.operations.most_common(SHOWN_OPERATIONS))
        print(f"{finding.kind:<9}{finding.place:<44}{finding.what:<24}{len(finding.bodies):>4} bodies  {seen}")
    checked = sum(evidence.checked for evidence in by_version.values())
    print(f"{folder.name}: {checked:,} values in {bodies} responses compared; {len(shown)} contradictions")
    return bool(shown)


if __name__ == "__main__":
    raise SystemExit(main())
