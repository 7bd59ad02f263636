"""One build: from a distilled document and our tables to the document and the client, held in memory and a folder."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .distil import Json, operations
from .document import Words, build_document, declare_path_parameters, unused_names
from .errors import PipelineError
from .generate import generate, write_common
from .identity import History
from .naming import name_shapes
from .overlay import apply_overlay

ROOT = Path(__file__).resolve().parents[2]
OPENAPI = ROOT / "openapi"
GENERATED = ROOT / "generated"
PACKAGE = "tmdb_api_client"


@dataclass
class Report:
    """What a person wants to know of a build."""

    counts: dict[str, int] = field(default_factory=dict)
    mended: list[tuple[str, int]] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    """What our tables lack, and entries of theirs without effect."""
    left_out: list[str] = field(default_factory=list)
    """Operations that the client does not have, each with the reason."""
    notes: list[str] = field(default_factory=list)
    """What could not be taken as it is published."""

    undescribed: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Descriptions that this version of the API does not use."""

    @property
    def problems(self) -> list[str]:
        """What is to be mended in our tables, so that they fit the document."""
        return [f"shape without a name: {place}" for place in self.derived.values()] + self.warnings

    def lines(self) -> list[str]:
        lines = [f"{name:<16}{count}" for name, count in self.counts.items()]
        lines += ["", "overlay: places mended by each entry"]
        lines += [f"  {count:>4}  {target}" for target, count in self.mended]
        lines += ["", f"shapes without a name of their own: {len(self.derived)}"]
        lines += [f"  {name}  from {place}" for name, place in sorted(self.derived.items())]
        lines += ["", f"warnings: {len(self.warnings)}"]
        lines += [f"  {warning}" for warning in self.warnings]
        if self.left_out:
            lines += ["", f"operations left out: {len(self.left_out)}"]
            lines += [f"  left out: {line}" for line in self.left_out]
        if self.notes:
            lines += ["", f"taken otherwise than published: {len(self.notes)}"]
            lines += [f"  {note}" for note in self.notes]
        return lines


def load_table(name: str) -> Json:
    path = OPENAPI / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"openapi/{name} is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise PipelineError(f"openapi/{name}: {error}") from None


def build(
    distilled: Json,
    api: str,
    target: Path,
    *,
    release: Json,
    pinned: bool,
    history: History | None = None,
    formatted: bool = True,
) -> tuple[Json, Report]:
    """Build the document and, in `target`/tmdb_api_client, the client; return the document and a report.

    On the pinned document what our tables no longer match is an error; on any other it is reported.
    """
    names = load_table(f"names-{api}.toml")
    words = Words(load_table("descriptions.toml"), api)
    history = history or History()
    named = name_shapes(distilled, names, history)
    mended = apply_overlay(named, load_table(f"overlay-{api}.toml"))
    undeclared = declare_path_parameters(named)
    document = build_document(named, names, words, api, history)
    conflicts = document.pop("x-conflicts")
    named.unused += unused_names(document, names)

    report = Report(mended=mended.counts, derived=named.derived, undescribed=words.unused())
    own = [text for key, text in report.undescribed.items() if key[0] == api]
    report.warnings += [f"description of nothing: {text}" for text in own]
    report.left_out += distilled.get("x-left-out", [])
    report.notes += [*distilled.get("x-notes", []), *named.notes]
    report.warnings += [f"overlay entry without effect: {miss}" for miss in mended.misses]
    report.warnings += mended.gone
    report.warnings += [f"name without a place: {pattern}" for pattern in named.unused]
    report.warnings += [f"no documented response, left untyped: {place}" for place in _unanswered(named.document)]
    report.warnings += [f"path parameter that is not declared, taken for a string: {place}" for place in undeclared]
    report.warnings += [f"no description: {name}" for name in sorted(set(words.missing))]
    report.warnings += [
        f"types disagree ({kinds}), left untyped: {place} ({_entry(place)})" for place, kinds in conflicts.items()
    ]
    report.warnings += [
        f"left untyped, the document says nothing of it: {place} ({_entry(place)})"
        for place in untyped(document, mended.any_on_purpose)
        if place not in conflicts
    ]
    if pinned and (problems := report.problems):
        more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
        raise PipelineError("on the pinned document, " + "; ".join(problems[:5]) + more)

    package = target / PACKAGE
    write_common(package)
    counts = generate(document, names.get("attributes", {}), release, package / api, formatted=formatted)
    if counts["operations"] != len(operations(distilled)):
        raise PipelineError(f"{len(operations(distilled))} operations went in, {counts['operations']} came out")
    report.counts = counts
    return document, report


def _entry(place: str) -> str:
    """What to write into the overlay for a property that has no type."""
    return f'overlay: target = "model:{place.rstrip("[]{}")}", type = "..."'


def untyped(document: Json, on_purpose: set[tuple[str, str]]) -> list[str]:
    """Model.property, of what the document leaves untyped and the overlay does not."""
    found = []
    for name, schema in sorted(document["components"]["schemas"].items()):
        for key, value in schema.get("properties", {}).items():
            if (name, key) not in on_purpose and _says_nothing(value):
                found.append(f"{name}.{key}")
    return found


def _says_nothing(schema: Json) -> bool:
    facts = {key: value for key, value in schema.items() if key != "description"}
    if not facts:
        return True
    for key in ("items", "additionalProperties"):
        if key in facts:
            return _says_nothing(facts[key])
    return facts.get("type") in ("array", ["array", "null"])


def _unanswered(document: Json) -> list[str]:
    return [o["operationId"] for _, _, o in operations(document) if not o["response"]]


def load_distilled(path: Path) -> Json:
    try:
        loaded: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{path.relative_to(ROOT)} is missing") from None
    except ValueError as error:
        raise PipelineError(f"{path.relative_to(ROOT)} is not JSON: {error}") from None
    if not isinstance(loaded, dict) or "paths" not in loaded:
        raise PipelineError(f"{path.relative_to(ROOT)} is not a distilled document")
    return loaded
