"""Taking a mutated document, in process: what the report says, what does not work, what can be called."""

from __future__ import annotations

import importlib
import inspect
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.build import PACKAGE, build, load_table
from pipeline.distil import distil, operations
from pipeline.errors import PipelineError
from pipeline.generate import settle_common
from pipeline.identity import History
from pipeline.verify import Problem, imported, verify
from project import ROOT

RELEASE = {"api": "v3", "name": "2026-12-24", "sha256": "0" * 64, "operations": 1}


@dataclass
class Taken:
    """What came of a document."""

    refused: str | None = None
    said: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    methods: dict[str, list[str]] = field(default_factory=dict)
    """movies.details -> the names of its arguments."""
    operations: set[str] = field(default_factory=set)


@cache
def history() -> History:
    known = History()
    known.add(
        json.loads((ROOT / "openapi/distilled/tmdb-v3-2026-03-23.json").read_bytes()), load_table("names-v3.toml")
    )
    return known


def taken(document: dict[str, Any], folder: Path, *, types: bool = False, cache: Path | None = None) -> Taken:
    """Generate the client of a document into a folder and verify it; `types` and `cache` are those of `verify`."""
    known = history()
    try:
        distilled = distil(document, known.ids)
        ours, report = build(
            distilled, "v3", folder, release=RELEASE, pinned=False, history=known, formatted=False,
        )  # fmt: skip
    except PipelineError as error:
        return Taken(refused=str(error))
    settle_common(folder / PACKAGE)
    result = Taken(said=report.lines(), problems=verify(folder, {"v3": ours}, types=types, cache=cache))
    result.operations = {f"{m} {p}" for p, m, o in operations(ours) if "x-undocumented" not in o}
    if not result.problems:
        with imported(folder):
            holder = importlib.import_module(f"{PACKAGE}.v3").Resources()
            rows = importlib.import_module(f"{PACKAGE}.v3.operations").OPERATIONS.values()
            for row in rows:
                resource = getattr(holder, row.tag)
                method = getattr(resource, row.resource, None) or getattr(resource, f"{row.resource}_")
                result.methods[f"{row.tag}.{method.__name__}"] = list(inspect.signature(method).parameters)
    return result
