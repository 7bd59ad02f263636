"""scripts/regenerate: from TMDB's published documents, or from the committed ones, to the committed client."""

from __future__ import annotations

import argparse
import datetime
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .build import GENERATED, OPENAPI, PACKAGE, ROOT, Report, build, load_distilled
from .changes import Change, compare, render
from .distil import Json, distil, dumps, operations
from .errors import PipelineError
from .releases import FIRST_MAJOR, MAIN, Releases, new_release, version_file
from .source import APIS, Published, read_published
from .surface import Surface, read_surface
from .tree import IGNORED, differences, digest, read_tree, replace_file, replace_tree

SHOWN_DIFFERENCES = 20
OK, DIFFERENT, FAILED, COMPATIBLE, BREAKING = 0, 1, 2, 10, 11
EPILOG = """\
Exit code: 0 done, and nothing changed for users of the client; 1 --check found differences; 2 failed, and nothing was
changed; 10 a new document was taken, and what it changes is compatible; 11 the same, and it breaks something.
"""
VERSION = ROOT / "tmdb_ext" / "_version.py"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.compare:
            return compare_releases(options)
        if options.since:
            return compare_with(options.since, options.api)
        if options.record:
            return record()
        return regenerate(options)
    except (PipelineError, OSError) as error:
        print(f"regenerate: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/regenerate",
        description="Generate the client from TMDB's OpenAPI documents. Without a source, from the committed ones.",
        epilog=EPILOG,
    )
    parser.add_argument("--api", choices=APIS, help="this version of the API alone")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--source", metavar="URL|FILE", help="take a published document")
    what.add_argument("--refresh", action="store_true", help="take the documents that TMDB publishes now")
    what.add_argument("--release", metavar="NAME", help="go to a recorded release, such as 2026-03-23")
    what.add_argument("--compare", nargs=2, metavar=("OLD", "NEW"), help="say what changed between recorded releases")
    what.add_argument(
        "--since", metavar="REVISION", help="say what the committed client changes since a revision, whatever the cause"
    )
    what.add_argument("--record", action="store_true", help="record what the pipeline makes of every release")
    parser.add_argument(
        "--released", metavar="DAY", type=_day, help="the day that TMDB last changed the document, where it is known"
    )
    parser.add_argument("--output", metavar="DIR", type=Path, help="write the client there; nothing else is touched")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything would change")
    return parser


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write YYYY-MM-DD") from None


@dataclass
class Input:
    """What one API version is generated from."""

    api: str
    distilled: Json
    release: dict[str, Any]
    former: dict[str, Any] | None = None
    """The release that this one takes the place of."""
    pinned: bool = False
    """Whether our tables are to fit it exactly."""


def regenerate(options: argparse.Namespace) -> int:
    progress = _Progress()
    releases = Releases(OPENAPI / "releases.toml")
    inputs = _inputs(options, releases)
    if not inputs:
        print("nothing changed: TMDB publishes what the client was generated from")
        return OK
    target = (options.output or GENERATED) / PACKAGE
    files: dict[Path, str] = {}
    reports: dict[str, Report] = {}
    changes: dict[str, list[Change]] = {}

    with tempfile.TemporaryDirectory(prefix=".regenerate-", dir=_staging_parent(options)) as staging:
        built = Path(staging) / PACKAGE
        for item in inputs:
            api = item.api
            files[OPENAPI / f"tmdb-{api}.json"], reports[api] = _build(item, Path(staging))
            files[_distilled_path(item.release)] = dumps(item.distilled)
            progress.done(f"{api}: {reports[api].counts['lines']:,} lines for release {item.release['name']}")
            _note_client(item.release, digest(built, api), verify=bool(options.release) and not options.output)
            if item.former is not None and not (options.output or options.check):
                changes[api] = compare(_surface_of(item.former), read_surface(built / api))
                _keep_report(item, changes[api], files)
                progress.done(f"{api}: compared with release {item.former['name']}")
            _make_current(item, releases, breaking=any(change.breaking for change in changes.get(api, [])))
        files[OPENAPI / "releases.toml"] = releases.dumps()
        files[VERSION] = version_file(VERSION.read_text(encoding="utf-8"), releases, changed=any(changes.values()))
        _keep_the_others(GENERATED / PACKAGE, built, reports)
        if options.check:
            return _check(files, built, target, with_files=not options.output)
        if not options.output:
            for path, content in files.items():
                if not path.exists() or path.read_text(encoding="utf-8") != content:
                    replace_file(path, content)
        replace_tree(built, target)
    progress.done(f"wrote {_shown(target)}")
    print("\n\n".join("\n".join([api, *report.lines()]) for api, report in reports.items()))
    return _verdict(inputs, changes, releases, options)


def compare_releases(options: argparse.Namespace) -> int:
    """Print what changed between two recorded releases; exit as if the second were taken after the first."""
    releases = Releases(OPENAPI / "releases.toml")
    old, new = (releases.named(name, options.api) for name in options.compare)
    if old["api"] != new["api"]:
        raise PipelineError(f"{old['name']} is a release of {old['api']}, {new['name']} one of {new['api']}")
    changes = compare(_surface_of(old), _surface_of(new))
    print(render(changes, _title(old, new)), end="")
    return _exit_code(changes)


def compare_with(revision: str, api: str | None) -> int:
    """Print what the client in the tree changes for its users since a revision of the repository."""
    changes: list[Change] = []
    for version in [api] if api else APIS:
        folder = (GENERATED / PACKAGE / version).relative_to(ROOT).as_posix()
        command = ["git", "-C", str(ROOT), "archive", "--format=tar", revision, folder]
        packed = subprocess.run(command, capture_output=True, check=False)
        if packed.returncode:
            raise PipelineError(f"git has no {folder} at {revision!r}: {packed.stderr.decode().strip()}")
        with tempfile.TemporaryDirectory() as staging, tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(staging, filter="data")
            found = compare(read_surface(Path(staging) / folder), read_surface(ROOT / folder))
        print(render(found, f"{version} since {revision}"), end="")
        changes += found
    return _exit_code(changes)


def record() -> int:
    """Build every recorded release, and note what comes out, so that --release can tell the same from another."""
    releases = Releases(OPENAPI / "releases.toml")
    for row in releases.rows:
        with tempfile.TemporaryDirectory() as staging:
            _build(_committed(row, releases), Path(staging))
            row["client"] = digest(Path(staging) / PACKAGE, row["api"])
        print(f"{row['api']} {row['name']}  {row['client']}")
    replace_file(OPENAPI / "releases.toml", releases.dumps())
    return OK


def _inputs(options: argparse.Namespace, releases: Releases) -> list[Input]:
    """What to generate from; of what TMDB publishes now, only what is not what the client was generated from."""
    if options.release:
        row = releases.named(options.release, options.api)
        return [_committed(row, releases)]
    if options.source:
        return [_taken(read_published(options.source, options.api), releases, options.released)]
    apis = [options.api] if options.api else list(APIS)
    if options.refresh:
        found = [_taken(published, releases, None) for published in _fetched(apis, releases)]
        return [item for item in found if item.former is not None or releases.current(item.api) is None]
    rows = {api: releases.current(api) for api in apis}
    if missing := [api for api, row in rows.items() if row is None]:
        raise PipelineError(f"openapi/releases.toml names no current release of {missing[0]}: give a --source")
    return [_committed(row, releases) for row in rows.values() if row is not None]


def _fetched(apis: Sequence[str], releases: Releases) -> list[Published]:
    addresses = {api: address for api in apis if (address := releases.sources.get(api))}
    if not addresses:
        raise PipelineError(f"openapi/releases.toml does not say where {' and '.join(apis)} can be fetched from")
    found, failures = [], []
    for api, address in addresses.items():
        try:
            found.append(read_published(address, api))
        except PipelineError as error:
            failures.append(str(error))
    if not found:
        raise PipelineError("; ".join(failures))
    for failure in failures:
        print(f"regenerate: going on without: {failure}", file=sys.stderr)
    return found


def _taken(published: Published, releases: Releases, released: datetime.date | None) -> Input:
    """A published document as an input; it is a new release unless it says what the current one says."""
    api, distilled, current = published.api, distil(published.document), releases.current(published.api)
    known = releases.of(published)
    if current is not None and (known is current or distilled == _committed(current, releases).distilled):
        return Input(api, distilled, current, pinned=current is releases.newest(api))
    row = known or new_release(
        published,
        len(operations(distilled)),
        today=datetime.datetime.now(datetime.UTC).date(),
        released=released,
        major=current["major"] if current else FIRST_MAJOR,
    )
    return Input(api, distilled, row, former=current)


def _committed(row: dict[str, Any], releases: Releases) -> Input:
    distilled = load_distilled(_distilled_path(row))
    count = len(operations(distilled))
    if count != row["operations"]:
        raise PipelineError(f"release {row['name']} has {row['operations']} operations, its distilled document {count}")
    return Input(row["api"], distilled, row, pinned=row is releases.newest(row["api"]))


def _build(item: Input, staging: Path) -> tuple[str, Report]:
    return build(item.distilled, item.api, staging, release=item.release, pinned=item.pinned)


def _surface_of(row: dict[str, Any]) -> Surface:
    """What the client of a recorded release offers, with the tables and templates of today."""
    with tempfile.TemporaryDirectory() as staging:
        item = Input(row["api"], load_distilled(_distilled_path(row)), row)
        _build(item, Path(staging))
        return read_surface(Path(staging) / PACKAGE / row["api"])


def _note_client(row: dict[str, Any], client: str, *, verify: bool) -> None:
    if verify and row.get("client") not in (None, client):
        raise PipelineError(
            f"the client of release {row['name']} would not be the recorded one: the pipeline has changed since. Check "
            "out the version that was released with it, or record the new one with --record"
        )
    row["client"] = client


def _keep_report(item: Input, changes: list[Change], files: dict[Path, str]) -> None:
    if item.former is not None:
        files[_report_path(item.former, item.release)] = render(changes, _title(item.former, item.release))


def _make_current(item: Input, releases: Releases, *, breaking: bool) -> None:
    if item.release not in releases.rows:
        item.release["major"] += breaking
        releases.add(item.release)
    releases.current_names[item.api] = item.release["name"]


def _keep_the_others(source: Path, built: Path, apis: Collection[str]) -> None:
    """Take over into `built` the packages of the APIs that are not regenerated, so that it can replace the target."""
    for api in APIS:
        if api not in apis and (source / api).exists():
            shutil.copytree(source / api, built / api, ignore=shutil.ignore_patterns(*IGNORED))


def _distilled_path(row: dict[str, Any]) -> Path:
    return OPENAPI / "distilled" / f"tmdb-{row['api']}-{row['name']}.json"


def _report_path(old: dict[str, Any], new: dict[str, Any]) -> Path:
    return OPENAPI / "changes" / f"{new['api']}-{old['name']}-to-{new['name']}.md"


def _title(old: dict[str, Any], new: dict[str, Any]) -> str:
    return f"{new['api']}: {old['name']} to {new['name']}"


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


def _check(files: dict[Path, str], built: Path, target: Path, *, with_files: bool) -> int:
    found = differences(read_tree(built), read_tree(target), f"{_shown(target)}/")
    if with_files:
        expected = {_shown(path): content.encode() for path, content in files.items()}
        actual = {_shown(path): path.read_bytes() for path in files if path.exists()}
        found = differences(expected, actual) + found
    if not found:
        print("nothing differs: generated/ and openapi/ are what the inputs produce")
        return OK
    print(f"{len(found)} differences between what the inputs produce and what is there:")
    print("\n".join(f"  {line}" for line in found[:SHOWN_DIFFERENCES]))
    if len(found) > SHOWN_DIFFERENCES:
        print(f"  and {len(found) - SHOWN_DIFFERENCES} more")
    return DIFFERENT


def _verdict(
    inputs: list[Input], changes: dict[str, list[Change]], releases: Releases, options: argparse.Namespace
) -> int:
    """Say what changed for users of the client; return the exit code that tells it."""
    if options.output or options.release:
        return OK
    for item in inputs:
        if item.former is not None:
            print(f"\n{render(changes[item.api], _title(item.former, item.release))}")
            print(f"written to {_shown(_report_path(item.former, item.release))}")
    if any(changes.values()):
        version = VERSION.read_text(encoding="utf-8").split('"')[-4]
        print(f"next version: {version} (in {_shown(VERSION)}; the API release is {releases.current_names[MAIN]})")
    return max((_exit_code(listed) for listed in changes.values()), default=OK)


def _exit_code(changes: list[Change]) -> int:
    if not changes:
        return OK
    return BREAKING if any(change.breaking for change in changes) else COMPATIBLE


class _Progress:
    """A line per step, with the seconds it took, on standard error."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {now - self._last:5.1f} s  {what}", file=sys.stderr, flush=True)
        self._last = now
