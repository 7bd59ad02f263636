"""openapi/releases.toml: which published document each API release is."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

from .source import Published

HEADING = """\
# The published documents that this project has been generated from, by the day that TMDB last changed them (the day
# taken, where that is not known). `current` names the release that generated/ is made from.
"""


def load_releases(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {"current": {}, "release": []}


def current_release(releases: dict[str, Any], api: str) -> dict[str, Any] | None:
    name = releases["current"].get(api)
    return next((r for r in releases["release"] if r["api"] == api and r["name"] == name), None)


def release_of(releases: dict[str, Any], api: str, published: Published) -> dict[str, Any] | None:
    """The recorded release that `published` is, byte for byte, or None."""
    return next((r for r in releases["release"] if r["api"] == api and r["sha256"] == published.sha256), None)


def new_release(api: str, published: Published, operations: int, today: datetime.date) -> dict[str, Any]:
    changed = published.last_modified
    release: dict[str, Any] = {"api": api, "name": (changed.date() if changed else today).isoformat()}
    if changed:
        release["last_modified"] = changed
    return {
        **release,
        "taken": today,
        "source": published.source,
        "sha256": published.sha256,
        "size": published.size,
        "operations": operations,
    }


def dump_releases(releases: dict[str, Any]) -> str:
    lines = [HEADING, "[current]"]
    lines += [f'{api} = "{name}"' for api, name in sorted(releases["current"].items())]
    for release in sorted(releases["release"], key=lambda r: (r["api"], r["name"])):
        lines += ["", "[[release]]"]
        lines += [f"{key} = {_value(value)}" for key, value in release.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date | int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
