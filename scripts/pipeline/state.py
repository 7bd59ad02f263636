"""What the next version of the package is to be called, and what it changes for users.

Both follow from two things alone: the client that was published last, and the client that is in the tree now. It does
not matter what brought a change about, nor in how many runs: a document, the overlay, names or templates. What is
mended is therefore gone from the report and from the version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .changes import Change, compare, render
from .errors import PipelineError
from .releases import MAIN, Releases, day_of, order_of
from .surface import Operation, Parameter, Surface

VERSION_FILE = '''\
"""The version of the package, and the API release that it carries: written by scripts/regenerate."""

__version__ = "{version}"
API_RELEASE = "{release}"
'''


@dataclass
class Publication:
    """The version that was published last: what it is called, what it was generated from, what it offers."""

    version: str
    releases: dict[str, str]
    """API version -> the release that it carries."""
    surfaces: dict[str, Surface] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The numbers of the version: major, day, patch."""
        major, day, patch = map(int, self.version.split("."))
        return major, day, patch

    def dumps(self) -> str:
        """The text of openapi/published.json."""
        table = {
            "version": self.version,
            "releases": self.releases,
            "surfaces": {api: _packed(surface) for api, surface in self.surfaces.items()},
        }
        return json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def load_publication(path: Path) -> Publication:
    """Read openapi/published.json.

    Raises:
        PipelineError: it is not there, or not what `dumps` writes.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        surfaces = {api: _unpacked(packed) for api, packed in table["surfaces"].items()}
        publication = Publication(table["version"], dict(table["releases"]), surfaces)
        publication.numbers  # noqa: B018 - raises what is caught here
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PipelineError(
            f"openapi/{path.name} cannot be read ({type(error).__name__}): take it from the repository, or write it "
            "anew with scripts/regenerate --published"
        ) from None
    return publication


@dataclass
class State:
    """What is in the tree, compared with what was published."""

    version: str
    release: str
    """The release of the main API."""
    changes: dict[str, list[Change]]
    reports: dict[str, str]
    """Name of a file in openapi/changes -> its text."""
    gone: list[str]
    """Files there that report changes which no longer exist."""

    @property
    def version_file(self) -> str:
        """The text of tmdb_ext/_version.py."""
        return VERSION_FILE.format(version=self.version, release=self.release)


def state_of(publication: Publication, surfaces: Mapping[str, Surface], releases: Releases, there: list[str]) -> State:
    """Return the version and the reports for what is in the tree.

    Args:
        publication: What was published last.
        surfaces: What the client in the tree offers, by API version.
        releases: The table, with what is current.
        there: The files that are in openapi/changes.
    """
    current = releases.current_names
    changes = {
        api: compare(publication.surfaces[api], surface) if api in publication.surfaces else []
        for api, surface in sorted(surfaces.items())
    }
    major, day, patch = publication.numbers
    if order_of(current[MAIN]) < order_of(publication.releases[MAIN]):
        # Gone back to a release of old: its own version, and nothing to report.
        row = releases.current(MAIN)
        old = f"{row['major'] if row else major}.{day_of(current[MAIN]):%Y%m%d}.0"
        return State(old, current[MAIN], {}, {}, [])
    breaking = any(change.breaking for listed in changes.values() for change in listed)
    differs = any(changes.values()) or releases.has_ours or current != publication.releases
    now = (major + breaking, max(day, int(f"{day_of(current[MAIN]):%Y%m%d}")))
    number = patch + differs if now == (major, day) else 0
    reports, prefixes = {}, []
    for api, listed in changes.items():
        old, new = publication.releases.get(api, current[api]), current[api]
        prefixes.append(f"{api}-{old}-")
        if new != old:
            reports[f"{api}-{old}-to-{new}.md"] = render(listed, f"{api}: {old} to {new}")
        elif listed:
            reports[f"{api}-{old}-mended.md"] = render(listed, f"{api}: {old}, mended")
    gone = [name for name in there if name.startswith(tuple(prefixes)) and name not in reports]
    return State(f"{now[0]}.{now[1]}.{number}", current[MAIN], changes, reports, gone)


def _packed(surface: Surface) -> dict[str, Any]:
    return {
        "operations": [
            {**asdict(operation), "served_by": sorted(map(list, operation.served_by))}
            for _, operation in sorted(surface.operations.items())
        ],
        "models": surface.models,
        "required": {name: sorted(required) for name, required in surface.required.items() if required},
        "bodies": sorted(surface.bodies),
        "inputs": sorted(surface.inputs),
        "enumerations": {name: list(values) for name, values in surface.enumerations.items()},
    }


def _unpacked(packed: dict[str, Any]) -> Surface:
    operations = [
        Operation(
            **{
                **row,
                "address": tuple(row["address"]),
                "parameters": tuple(Parameter(**parameter) for parameter in row["parameters"]),
                "served_by": frozenset(tuple(pair) for pair in row["served_by"]),
            }
        )
        for row in packed["operations"]
    ]
    return Surface(
        operations={operation.address: operation for operation in operations},
        models=packed["models"],
        required={name: frozenset(packed["required"].get(name, ())) for name in packed["models"]},
        bodies=set(packed["bodies"]),
        inputs=set(packed["inputs"]),
        enumerations={name: tuple(values) for name, values in packed["enumerations"].items()},
    )
