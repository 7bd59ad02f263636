"""openapi/releases.toml: which published document each API release is, and the package version that carries it."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

from .errors import PipelineError
from .source import FIRST_DAY, Published, is_possible

HEADING = """\
# The published documents that this project has been generated from: the API releases. A release is called after the day
# that TMDB last changed the document (the day taken, where that is not known).
#
# source     where TMDB publishes each API's document, for --refresh
# current    the release that generated/ is made from
# version    ours = true: the next version has changes of our own, so that it differs from the one published last
# major      the first number of the package versions that carry the release
# mended     false: the tables do not fit it yet; the line goes by itself once they do
# client     SHA-256 over the names and contents of the generated files, for --release
"""
MAIN = "v3"
"""The API whose release the package version carries; what changes in another one raises its last number."""
FIRST_MAJOR = 1


class Releases:
    """The table, in memory."""

    def __init__(self, path: Path) -> None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PipelineError(f"openapi/{path.name}: {error}") from None
        self.has_ours = bool(table.get("version", {}).get("ours", False))
        self.sources: dict[str, str] = table.get("source", {})
        self.current_names: dict[str, str] = table.get("current", {})
        self.rows: list[dict[str, Any]] = table.get("release", [])

    def current(self, api: str) -> dict[str, Any] | None:
        name = self.current_names.get(api)
        return next((row for row in self.rows if row["api"] == api and row["name"] == name), None)

    def newest(self, api: str) -> dict[str, Any] | None:
        return max((row for row in self.rows if row["api"] == api), key=lambda row: order_of(row["name"]), default=None)

    def before(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The releases of the same API that are older than one, which need not be recorded, oldest first."""
        older = [r for r in self.rows if r["api"] == row["api"] and order_of(r["name"]) < order_of(row["name"])]
        return sorted(older, key=lambda r: order_of(r["name"]))

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
        """Record a release."""
        self.rows.append(row)

    def free_name(self, api: str, day: datetime.date) -> str:
        """A name for a release of a day: the day, with a number after it if there is one of that day already."""
        taken = {row["name"] for row in self.rows if row["api"] == api}
        name, number = day.isoformat(), 1
        while name in taken:
            number += 1
            name = f"{day.isoformat()}.{number}"
        return name

    def dumps(self) -> str:
        lines = [HEADING, "[source]"]
        lines += [f"{api} = {_value(address)}" for api, address in sorted(self.sources.items())]
        lines += ["", "[current]"]
        lines += [f'{api} = "{name}"' for api, name in sorted(self.current_names.items())]
        if self.has_ours:
            lines += ["", "[version]", "ours = true"]
        for release in sorted(self.rows, key=lambda r: (r["api"], order_of(r["name"]))):
            lines += ["", "[[release]]"]
            lines += [f"{key} = {_value(value)}" for key, value in release.items()]
        return "\n".join(lines) + "\n"


def order_of(name: str) -> tuple[str, int]:
    """What tells which of two releases is newer: the day, then the number within the day."""
    day, _, number = name.partition(".")
    return day, int(number or 1)


def day_of(name: str) -> datetime.date:
    """The day that a release is called after."""
    return datetime.date.fromisoformat(name.partition(".")[0])


def new_release(
    releases: Releases,
    published: Published,
    operations: int,
    *,
    today: datetime.date,
    released: datetime.date | None,
) -> tuple[dict[str, Any], list[str]]:
    """The row of a document that was not known, and what is to be said of its day.

    Raises:
        PipelineError: the day that was given cannot be.
    """
    notes = []
    changed = published.last_modified
    newest = releases.newest(published.api)
    oldest_possible = day_of(newest["name"]) if newest else FIRST_DAY
    if released is not None:
        if not is_possible(released):
            raise PipelineError(f"--released {released}: a document cannot have been changed on that day")
        if released < oldest_possible:
            raise PipelineError(
                f"--released {released}: that is before {oldest_possible}, the day of the newest recorded release"
            )
        day = released
    else:
        day = changed.date() if changed else today
        if day < oldest_possible:
            notes.append(
                f"the server says that the document changed on {day}, before the newest recorded release: the day that "
                "it was taken counts"
            )
            day, changed = max(today, oldest_possible), None
    row: dict[str, Any] = {"api": published.api, "name": releases.free_name(published.api, day), "major": FIRST_MAJOR}
    if changed:
        row["last_modified"] = changed
    return {
        **row,
        "taken": today,
        "source": published.source,
        "sha256": published.sha256,
        "size": published.size,
        "operations": operations,
        "mended": False,
    }, notes


def _value(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date | int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
