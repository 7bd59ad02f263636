"""scripts/regenerate: from TMDB's published documents, or from the committed ones, to the committed client."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .build import GENERATED, PACKAGE, ROOT
from .changes import Change, compare, render
from .distil import distil, operations
from .errors import PipelineError
from .making import (
    PUBLISHED,
    TABLE,
    VERSION,
    Input,
    Made,
    build_input,
    committed,
    finish,
    known_ids,
    make,
    says_the_same,
    surface_of,
)
from .releases import Releases, new_release, order_of
from .source import APIS, ATTEMPTS, NotFetched, Published, read_published
from .state import Publication
from .summary import summarise
from .surface import read_surface
from .swap import recover, writing
from .tree import differences, digest, read_tree

SHOWN_DIFFERENCES = 20
OK, DIFFERENT, FAILED, NOT_FETCHED, COMPATIBLE, BREAKING = 0, 1, 2, 3, 10, 11
EPILOG = """\
Exit code: 0 done, and nothing changed for users of the client; 1 --check found differences; 2 failed, and nothing was
changed; 3 a document could not be fetched; the output says what became of the others; 10 done, and every change for
users is compatible; 11 done, and a change breaks programs of users.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        with _interruptible():
            return _run(options)
    except PipelineError as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = "interrupted; nothing was changed"
    except OSError as error:
        problem = f"cannot read or write {error.filename or 'a file'}: {error.strerror or error}"
    except RecursionError:
        problem = "the document is nested too deeply"
    except Exception as error:  # noqa: BLE001 - a person at a terminal needs one line, not a traceback
        if options.debug:
            traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        problem = (
            f"a fault of the pipeline itself, {type(error).__name__} in {Path(where.filename).name}:{where.lineno} "
            f"({_one_line(str(error))}); nothing was changed. Run it again with --debug to see where"
        )
    print(f"regenerate: {_one_line(problem)}", file=sys.stderr)
    return FAILED


def _run(options: argparse.Namespace) -> int:
    recover(ROOT)
    if options.compare:
        return compare_releases(options)
    if options.since:
        return compare_with(options.since, options.api)
    if options.record:
        return record()
    if options.published:
        return note_publication()
    return regenerate(options)


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
    what.add_argument(
        "--published",
        action="store_true",
        help="record that the version in the tree has been published; the next changes are compared with it",
    )
    parser.add_argument(
        "--released", metavar="DAY", type=_day, help="the day that TMDB last changed the document, if known"
    )
    parser.add_argument(
        "--attempts", metavar="N", type=int, default=ATTEMPTS, help="how often to ask for a document (3)"
    )
    parser.add_argument("--output", metavar="DIR", type=Path, help="write the client there; nothing else is touched")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything would change")
    parser.add_argument("--dry-run", action="store_true", help="write nothing; print report, changes and version")
    parser.add_argument("--summary", metavar="FILE", type=Path, help="write what a reviewer needs there, in Markdown")
    parser.add_argument("--quick", action="store_true", help="look for undefined names instead of checking the types")
    parser.add_argument("--debug", action="store_true", help="print a traceback if the pipeline itself fails")
    return parser


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write YYYY-MM-DD") from None


@dataclass
class Asked:
    """What to generate from, and a verdict on each document that was asked for."""

    inputs: list[Input]
    verdicts: list[str]
    missing: bool = False
    """Whether one could not be fetched."""


def regenerate(options: argparse.Namespace) -> int:
    progress = _Progress()
    releases = Releases(TABLE)
    asked = _inputs(options, releases)
    if not asked.inputs:
        print("\n".join(asked.verdicts))
        if asked.missing:
            return NOT_FETCHED
        print("nothing changed: TMDB publishes what the client was generated from")
        return OK
    root = options.output or ROOT
    target = (options.output or GENERATED) / PACKAGE
    if options.check or options.dry_run:
        with tempfile.TemporaryDirectory(prefix="regenerate-") as folder:
            made = _make(options, asked.inputs, releases, Path(folder), progress)
            if options.check:
                return _check(made, target, with_files=not options.output)
            _print(options, asked, made, written=False)
            return _code(options, asked, made)
    with writing(root) as swap:
        made = _make(options, asked.inputs, releases, swap.staging, progress)
        files = {} if options.output else {path: text for path, text in made.files.items() if not _is(path, text)}
        swap.commit({target: made.package}, files, made.gone if not options.output else [])
        progress.done(f"wrote {_shown(target)}")
    _print(options, asked, made, written=True)
    return _code(options, asked, made)


def _make(
    options: argparse.Namespace, inputs: list[Input], releases: Releases, staging: Path, progress: _Progress
) -> Made:
    made = make(
        inputs,
        releases,
        staging,
        progress.done,
        checked=not options.check,
        types=not options.quick,
        verify_digest=bool(options.release) and not options.output,
    )
    if not options.output:
        finish(made, inputs, releases)
    return made


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_bytes() == text.encode()


def compare_releases(options: argparse.Namespace) -> int:
    """Print what changed between two recorded releases; exit as if the second were taken after the first."""
    releases = Releases(TABLE)
    old, new = (releases.named(name, options.api) for name in options.compare)
    if old["api"] != new["api"]:
        raise PipelineError(f"{old['name']} is a release of {old['api']}, {new['name']} one of {new['api']}")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        changes = compare(surface_of(old, releases, Path(one)), surface_of(new, releases, Path(other)))
    print(render(changes, f"{new['api']}: {old['name']} to {new['name']}"), end="")
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
    with writing(ROOT) as swap:
        releases = Releases(TABLE)
        for row in releases.rows:
            with tempfile.TemporaryDirectory() as staging:
                build_input(committed(row, releases), releases, Path(staging))
                row["client"] = digest(Path(staging) / PACKAGE, row["api"])
            print(f"{row['api']} {row['name']}  {row['client']}")
        swap.commit({}, {TABLE: releases.dumps()}, [])
    return OK


def note_publication() -> int:
    """Record the version in the tree and what it offers; the next changes are compared with that."""
    with writing(ROOT) as swap:
        releases = Releases(TABLE)
        releases.has_ours = False
        version = VERSION.read_text(encoding="utf-8").split('"')[-4]
        surfaces = {api: read_surface(GENERATED / PACKAGE / api) for api in APIS}
        publication = Publication(version, dict(releases.current_names), surfaces)
        publication.numbers  # noqa: B018 - raises if the version is not one of ours
        swap.commit({}, {PUBLISHED: publication.dumps(), TABLE: releases.dumps()}, [])
    print(f"published: {version}, of {', '.join(f'{a} {n}' for a, n in sorted(releases.current_names.items()))}")
    return OK


def _inputs(options: argparse.Namespace, releases: Releases) -> Asked:
    """What to generate from; with --refresh, only the documents that have changed since the client was generated."""
    if options.attempts < 1:
        raise PipelineError("--attempts: give a number of at least 1")
    if options.released and not options.source:
        raise PipelineError("--released says the day of the document that --source names: give --source")
    if options.release:
        return Asked([committed(releases.named(options.release, options.api), releases)], [])
    if options.source:
        published = read_published(options.source, options.api, attempts=options.attempts)
        return Asked([_taken(published, releases, options.released)], [])
    apis = [options.api] if options.api else list(APIS)
    if options.refresh:
        return _asked_now(apis, releases, options.attempts)
    rows = {api: releases.current(api) for api in apis}
    if missing := [api for api, row in rows.items() if row is None]:
        raise PipelineError(f"openapi/releases.toml names no current release of {missing[0]}: give a --source")
    return Asked([committed(row, releases) for row in rows.values() if row is not None], [])


def _asked_now(apis: Sequence[str], releases: Releases, attempts: int) -> Asked:
    """Ask for each published document; a verdict on each."""
    result = Asked([], [])
    for api in apis:
        address = releases.sources.get(api)
        try:
            if not address:
                raise NotFetched("openapi/releases.toml does not say where it is published: write it to [source]")
            published = read_published(address, api, attempts=attempts)
        except PipelineError as error:
            result.missing = True
            result.verdicts.append(f"{api}: not fetched: {_one_line(str(error))}")
            print(f"regenerate: {result.verdicts[-1]}", file=sys.stderr)
            continue
        item = _taken(published, releases, None)
        name = item.release["name"]
        if item.is_new or releases.current(api) is None:
            result.inputs.append(item)
            result.verdicts.append(f"{api}: changed: it becomes release {name}")
        else:
            same = "the same bytes" if item.release["sha256"] == published.sha256 else "the same facts in other words"
            result.verdicts.append(f"{api}: unchanged: {address} publishes release {name}, {same}")
            result.verdicts += [f"{api}: {note}" for note in item.notes]
    return result


def _taken(published: Published, releases: Releases, released: datetime.date | None) -> Input:
    """A published document as an input; it is a new release unless it says what the current one says."""
    api, current = published.api, releases.current(published.api)
    distilled = distil(published.document, known_ids(api, releases))
    known, notes = releases.of(published), list(published.notes)
    if current is not None:
        item = committed(current, releases)
        if known is current or says_the_same(distilled, item.distilled):
            return replace(item, notes=notes)
    if known is not None and (current is None or order_of(known["name"]) > order_of(current["name"])):
        return Input(api, committed(known, releases).distilled, known, is_new=True, notes=notes)
    today = datetime.datetime.now(datetime.UTC).date()
    row, more = new_release(releases, published, len(operations(distilled)), today=today, released=released)
    return Input(api, distilled, row, is_new=True, notes=notes + more)


def _shown(path: Path) -> str:
    path = path.resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _check(made: Made, target: Path, *, with_files: bool) -> int:
    found = differences(read_tree(made.package), read_tree(target), f"{_shown(target)}/")
    if with_files:
        expected = {_shown(path): content.encode() for path, content in made.files.items()}
        actual = {_shown(path): path.read_bytes() for path in [*made.files, *made.gone] if path.exists()}
        found = differences(expected, actual) + found
    if not found:
        print("nothing differs: generated/ and openapi/ are what the inputs produce")
        return OK
    print(f"{len(found)} differences between what the inputs produce and what is there:")
    print("\n".join(f"  {line}" for line in found[:SHOWN_DIFFERENCES]))
    if len(found) > SHOWN_DIFFERENCES:
        print(f"  and {len(found) - SHOWN_DIFFERENCES} more")
    return DIFFERENT


def _print(options: argparse.Namespace, asked: Asked, made: Made, *, written: bool) -> None:
    """Say what was made, and what it changes for users of the client."""
    for verdict in asked.verdicts:
        print(verdict)
    if asked.verdicts:
        print()
    if options.summary:
        taken = {item.api: str(item.release["name"]) for item in asked.inputs}
        options.summary.write_text(summarise(asked.verdicts, made.reports, made.state, taken), encoding="utf-8")
    print("\n\n".join("\n".join([api, *report.lines()]) for api, report in made.reports.items()))
    if made.state is None or options.release:
        return
    was = "written to" if written else "would be written to"
    for name, text in sorted(made.state.reports.items()):
        print(f"\n{text}")
        print(f"{was} openapi/changes/{name}")
    if made.state.reports or any(made.changes.values()):
        release = made.state.release
        print(f"next version: {made.state.version} (in {_shown(VERSION)}; the API release is {release})")
    if not written:
        print("nothing was written")


def _code(options: argparse.Namespace, asked: Asked, made: Made) -> int:
    if asked.missing:
        return NOT_FETCHED
    if options.output or options.release:
        return OK
    return max((_exit_code(listed) for listed in made.changes.values()), default=OK)


def _exit_code(changes: list[Change]) -> int:
    if not changes:
        return OK
    return BREAKING if any(change.breaking for change in changes) else COMPATIBLE


def _one_line(text: str) -> str:
    return " ".join(text.split())


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt, so that a run that is told to end clears up like one that fails."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Progress:
    """A line per step, with the seconds it took, on standard error."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {now - self._last:5.1f} s  {what}", file=sys.stderr, flush=True)
        self._last = now
