"""scripts/regenerate: from TMDB's published document, or from the committed one, to the committed client."""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .build import GENERATED, OPENAPI, PACKAGE, ROOT, build, load_distilled
from .distil import Json, distil, dumps, operations
from .errors import PipelineError
from .releases import current_release, dump_releases, load_releases, new_release, release_of
from .source import read_published
from .tree import differences, read_tree, replace_file, replace_tree

PUBLISHED = {"v3": "https://developer.themoviedb.org/openapi/tmdb-api.json"}
SHOWN_DIFFERENCES = 20
OK, DIFFERENT, FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return regenerate(options)
    except (PipelineError, OSError) as error:
        print(f"regenerate: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/regenerate",
        description="Generate the client from TMDB's OpenAPI document. Without a source, from the committed one.",
        epilog="Exit code: 0 done (or nothing differs), 1 --check found differences, 2 failed and nothing was changed.",
    )
    parser.add_argument("--source", metavar="URL|FILE", help="a published document to take, not the committed one")
    parser.add_argument("--refresh", action="store_true", help="take the document that TMDB publishes now")
    parser.add_argument("--output", metavar="DIR", type=Path, help="write the client there; nothing else is touched")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything would change")
    return parser


def regenerate(options: argparse.Namespace) -> int:
    api = "v3"
    progress = _Progress()
    releases = load_releases(OPENAPI / "releases.toml")
    current = current_release(releases, api)
    files: dict[Path, str] = {}

    source = options.source or (PUBLISHED[api] if options.refresh else None)
    if source:
        published = read_published(source, api)
        progress.done(f"read {published.source}, {published.size:,} bytes")
        distilled = distil(published.document)
        release = release_of(releases, api, published)
        pinned = release is not None and release == current
        if release is None:
            release = new_release(
                api, published, len(operations(distilled)), datetime.datetime.now(datetime.UTC).date()
            )
            releases["release"] = [
                r for r in releases["release"] if (r["api"], r["name"]) != (api, release["name"])
            ] + [release]
        releases["current"][api] = release["name"]
        files[OPENAPI / "releases.toml"] = dump_releases(releases)
        files[_distilled_path(api, release["name"])] = dumps(distilled)
    else:
        if current is None:
            raise PipelineError("openapi/releases.toml names no current release: give a --source")
        distilled = load_distilled(_distilled_path(api, current["name"]))
        pinned = True
        progress.done(f"read release {current['name']}")
        _require_complete(distilled, current)
    progress.done(f"distilled {len(operations(distilled))} operations")

    parent = _staging_parent(options)
    with tempfile.TemporaryDirectory(prefix=".regenerate-", dir=parent) as staging:
        text, report = build(distilled, api, Path(staging), pinned=pinned)
        files[OPENAPI / f"tmdb-{api}.json"] = text
        progress.done(f"generated {report.counts['models']} models, {report.counts['lines']:,} lines")
        target = (options.output or GENERATED) / PACKAGE
        built = Path(staging) / PACKAGE
        if options.check:
            found = differences(read_tree(built), read_tree(target), f"{_shown(target)}/")
            if not options.output:
                expected = {_shown(path): content.encode() for path, content in files.items()}
                actual = {_shown(path): path.read_bytes() for path in files if path.exists()}
                found = differences(expected, actual) + found
            return _report_check(found)
        if not options.output:
            for path, content in files.items():
                if not path.exists() or path.read_text(encoding="utf-8") != content:
                    replace_file(path, content)
        replace_tree(built, target)
    progress.done(f"wrote {_shown(target)}")
    print("\n".join(report.lines()))
    return OK


def _require_complete(distilled: Json, release: Json) -> None:
    if len(operations(distilled)) != release["operations"]:
        raise PipelineError(
            f"release {release['name']} has {release['operations']} operations, "
            f"its distilled document {len(operations(distilled))}"
        )


def _distilled_path(api: str, release: str) -> Path:
    return OPENAPI / "distilled" / f"tmdb-{api}-{release}.json"


def _staging_parent(options: argparse.Namespace) -> Path | None:
    """Where to build: beside the target, so that it can be renamed into place; elsewhere when nothing is written."""
    if options.check:
        return None
    parent: Path = options.output or GENERATED
    parent.mkdir(parents=True, exist_ok=True)
    return parent


def _shown(path: Path) -> str:
    path = path.resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _report_check(found: list[str]) -> int:
    if not found:
        print("nothing differs: generated/ and openapi/ are what the inputs produce")
        return OK
    print(f"{len(found)} differences between what the inputs produce and what is there:")
    print("\n".join(f"  {line}" for line in found[:SHOWN_DIFFERENCES]))
    if len(found) > SHOWN_DIFFERENCES:
        print(f"  and {len(found) - SHOWN_DIFFERENCES} more")
    return DIFFERENT


class _Progress:
    """A line per step, with the seconds it took, on standard error."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {now - self._last:5.1f} s  {what}", file=sys.stderr, flush=True)
        self._last = now
