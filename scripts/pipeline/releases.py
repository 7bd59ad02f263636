"""openapi/releases.toml: which published document each API release is, and the package version that carries it."""

from __future__ import annotations

import datetime
import re
import tomllib
from pathlib import Path
from typing import Any

from .errors import PipelineError
from .source import Published

HEADING = """\
# The published documents that this project has been generated from: the API releases. A release is called after the day
# that TMDB last changed the document (the day taken, where that is not known).
#
# source     where TMDB publishes each API's document, for --refresh
# current    the release that generated/ is made from
# major      the first number of the package versions that carry the release
# client     SHA-256 over the names and contents of the generated files, for --release
"""
MAIN = "v3"
"""The API whose release the package version carries; what changes in another one raises its last number."""
FIRST_MAJOR = 1
VERSION_FILE = '''\
"""The version of the package, and the API release that it carries: written by scripts/regenerate."""

__version__ = "{version}"
API_RELEASE = "{release}"
'''
VERSION = re.compile(r'^__version__ = "(\d+)\.(\d+)\.(\d+)"$', re.MULTILINE)


class Releases:
    """The table, in memory."""

    def __init__(self, path: Path) -> None:
        table = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.sources: dict[str, str] = table.get("source", {})
        self.current_names: dict[str, str] = table.get("current", {})
        self.rows: list[dict[str, Any]] = table.get("release", [])

    def current(self, api: str) -> dict[str, Any] | None:
        name = self.current_names.get(api)
        return next((row for row in self.rows if row["api"] == api and row["name"] == name), None)

    def newest(self, api: str) -> dict[str, Any] | None:
        return max((row for row in self.rows if row["api"] == api), key=lambda row: str(row["name"]), default=None)

    def named(self, name: str, api: str | None) -> dict[str, Any]:
        """The release called `name`; raises PipelineError where there is none, or one of each API."""
        found = [row for row in self.rows if row["name"] == name and api in (None, row["api"])]
        if not found:
            known = ", ".join(f"{row['name']} ({row['api']})" for row in self.rows)
            raise PipelineError(f"openapi/releases.toml records no release {name}; there is {known}")
        if len(found) > 1:
            raise PipelineError(f"there is a release {name} of {found[0]['api']} and of {found[1]['api']}: give --api")
        return found[0]

    def of(self, published: Published) -> dict[str, Any] | None:
        """The recorded release that `published` is, byte for byte, or None."""
        known = (row for row in self.rows if row["api"] == published.api and row["sha256"] == published.sha256)
        return next(known, None)

    def add(self, row: dict[str, Any]) -> None:
        """Record a release, in place of an earlier one of the same day."""
        self.rows = [r for r in self.rows if (r["api"], r["name"]) != (row["api"], row["name"])] + [row]

    def day(self) -> str:
        """The day of the current release of the main API, as in a version: 20260323."""
        return self.current_names[MAIN].replace("-", "")

    def version(self, patch: int = 0) -> str:
        """The package version for what is current."""
        rows = [row for api in self.current_names if (row := self.current(api))]
        return f"{max(row['major'] for row in rows)}.{self.day()}.{patch}"

    def dumps(self) -> str:
        lines = [HEADING, "[source]"]
        lines += [f"{api} = {_value(address)}" for api, address in sorted(self.sources.items())]
        lines += ["", "[current]"]
        lines += [f'{api} = "{name}"' for api, name in sorted(self.current_names.items())]
        for release in sorted(self.rows, key=lambda r: (r["api"], r["name"])):
            lines += ["", "[[release]]"]
            lines += [f"{key} = {_value(value)}" for key, value in release.items()]
        return "\n".join(lines) + "\n"


def new_release(
    published: Published, operations: int, *, today: datetime.date, released: datetime.date | None, major: int
) -> dict[str, Any]:
    """The row of a document that was not known."""
    changed = published.last_modified
    day = released or (changed.date() if changed else today)
    row: dict[str, Any] = {"api": published.api, "name": day.isoformat(), "major": major}
    if changed:
        row["last_modified"] = changed
    return {
        **row,
        "taken": today,
        "source": published.source,
        "sha256": published.sha256,
        "size": published.size,
        "operations": operations,
    }


def version_file(text: str, releases: Releases, *, changed: bool) -> str:
    """The text of tmdb_ext/_version.py for what is current.

    The patch number counts within one day of the main API; a change that leaves the day alone raises it, unless it
    raises the major number.
    """
    match = VERSION.search(text)
    patch = 0
    if match and match[2] == releases.day():
        stays = releases.version().startswith(f"{match[1]}.")
        patch = int(match[3]) + changed if stays else 0
    return VERSION_FILE.format(version=releases.version(patch), release=releases.current_names[MAIN])


def _value(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date | int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
