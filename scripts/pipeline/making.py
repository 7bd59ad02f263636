"""Make the client of some inputs in a folder of its own, and prove that it works before it is put in place."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .build import GENERATED, OPENAPI, PACKAGE, ROOT, Report, build, load_distilled, load_table
from .changes import Change, compare
from .distil import Address, Json, address_of, dumps, operations
from .errors import PipelineError
from .generate import settle_common
from .identity import History
from .releases import Releases
from .source import APIS
from .state import State, load_publication, state_of
from .surface import Surface, read_surface
from .tree import IGNORED, digest
from .verify import Problem, shown, verify

VERSION = ROOT / "tmdb_ext" / "_version.py"
PUBLISHED = OPENAPI / "published.json"
CHANGES = OPENAPI / "changes"
TABLE = OPENAPI / "releases.toml"
MOST_LEFT_OUT = 20
"""How many operations may turn out not to work before the document is refused as a whole."""


@dataclass
class Input:
    """What one API version is generated from."""

    api: str
    distilled: Json
    release: dict[str, Any]
    is_new: bool = False
    """Whether the release is not what the client was generated from before."""
    pinned: bool = False
    """Whether our tables are to fit it exactly."""
    notes: list[str] = field(default_factory=list)


@dataclass
class Made:
    """A client that is ready to be put in place, with the files that go with it."""

    package: Path
    files: dict[Path, str] = field(default_factory=dict)
    gone: list[Path] = field(default_factory=list)
    reports: dict[str, Report] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    """What differs, for users, from the client that is in the tree."""
    state: State | None = None


def committed(row: dict[str, Any], releases: Releases) -> Input:
    """A recorded release as an input."""
    distilled = load_distilled(distilled_path(row))
    count = len(operations(distilled))
    if count != row["operations"]:
        raise PipelineError(f"release {row['name']} has {row['operations']} operations, its distilled document {count}")
    pinned = row is releases.newest(row["api"]) and row.get("mended", True)
    return Input(row["api"], distilled, row, pinned=pinned)


def distilled_path(row: dict[str, Any]) -> Path:
    return OPENAPI / "distilled" / f"tmdb-{row['api']}-{row['name']}.json"


def history_before(row: dict[str, Any], releases: Releases) -> History:
    """What the releases before one called their operations."""
    names = load_table(f"names-{row['api']}.toml")
    history = History()
    for earlier in releases.before(row):
        history.add(load_distilled(distilled_path(earlier)), names)
    return history


def known_ids(api: str, releases: Releases) -> dict[Address, str]:
    """The published ids of the operations that the recorded releases of an API have."""
    known: dict[Address, str] = {}
    for row in sorted((row for row in releases.rows if row["api"] == api), key=lambda row: str(row["name"])):
        for path, method, operation in operations(load_distilled(distilled_path(row))):
            known[address_of(method, path)] = operation["operationId"]
    return known


def build_input(item: Input, releases: Releases, staging: Path) -> tuple[Json, Report]:
    """Build the document and the client of one input into a folder."""
    history = history_before(item.release, releases)
    return build(item.distilled, item.api, staging, release=item.release, pinned=item.pinned, history=history)


def surface_of(row: dict[str, Any], releases: Releases, staging: Path) -> Surface:
    """What the client of a recorded release offers, with the tables and templates of today."""
    build_input(Input(row["api"], load_distilled(distilled_path(row)), row), releases, staging)
    return read_surface(staging / PACKAGE / row["api"])


def make(
    inputs: list[Input],
    releases: Releases,
    staging: Path,
    done: Callable[[str], None],
    *,
    checked: bool,
    types: bool,
    verify_digest: bool,
) -> Made:
    """Make the client of `inputs`, with the packages of the other API versions as they are.

    Args:
        inputs: What to generate from; an operation that turns out not to work is taken out of a new one.
        releases: The table, which is changed to what is made.
        staging: An empty folder.
        done: Is told of each step.
        checked: Whether to prove that the client works.
        types: Whether mypy is to check its types.
        verify_digest: Whether the client has to be what is recorded of its release.

    Raises:
        PipelineError: it cannot be made, or does not work.
    """
    made = Made(staging / PACKAGE)
    documents: dict[str, Json] = {}
    for item in inputs:
        _build_whole(item, releases, staging, made, documents)
        done(f"{item.api}: {made.reports[item.api].counts['lines']:,} lines for release {item.release['name']}")
        _note_client(item.release, digest(made.package, item.api), verify=verify_digest)
    for api in APIS:
        source = GENERATED / PACKAGE / api
        if api not in documents and source.exists():
            shutil.copytree(source, made.package / api, ignore=shutil.ignore_patterns(*IGNORED))
    for missing in settle_common(made.package):
        next(iter(made.reports.values())).notes.append(missing)
    if checked:
        _prove(inputs, releases, staging, made, documents, types=types)
        done(f"every module compiled and imported, every operation called, {'types' if types else 'names'} checked")
    _require_used_descriptions(inputs, made)
    for item in inputs:
        made.reports[item.api].notes += item.notes
        made.files[OPENAPI / f"tmdb-{item.api}.json"] = dumps(documents[item.api])
        made.files[distilled_path(item.release)] = dumps(item.distilled)
        if item.release not in releases.rows:
            releases.add(item.release)
        releases.current_names[item.api] = item.release["name"]
        if not made.reports[item.api].problems and item.release is releases.newest(item.api):
            item.release.pop("mended", None)
    for line in _broken_imports(made.package):
        next(iter(made.reports.values())).notes.append(line)
    return made


def finish(made: Made, inputs: Collection[Input], releases: Releases) -> None:
    """Add the files that describe the client: the version, the reports, the table of releases."""
    surfaces: dict[str, Surface] = {}
    for api in APIS:
        if (made.package / api).exists():
            surfaces[api] = read_surface(made.package / api)
    there = sorted(path.name for path in CHANGES.glob("*.md"))
    publication = load_publication(PUBLISHED)
    made.state = state = state_of(publication, surfaces, releases, there)
    for api in state.changes:
        row = releases.current(api)
        if row is not None and row["name"] != publication.releases.get(api):
            row["major"] = int(state.version.partition(".")[0])
    said = {VERSION: state.version_file} | {CHANGES / name: text for name, text in state.reports.items()}
    made.files |= said
    is_said = all(path.exists() and path.read_text(encoding="utf-8") == text for path, text in said.items())
    for item in inputs:
        before = _surface_in_tree(item.api)
        if before is not None:
            made.changes[item.api] = compare(before, surfaces[item.api])
        else:
            made.changes[item.api] = [] if is_said else state.changes.get(item.api, [])
    made.gone = [CHANGES / name for name in state.gone]
    made.files[TABLE] = releases.dumps()


def _surface_in_tree(api: str) -> Surface | None:
    """What the client in the tree offers; None if it is not what was made last, or cannot be read."""
    row = Releases(TABLE).current(api)
    package = GENERATED / PACKAGE
    if row is None or not package.exists() or row.get("client") != digest(package, api):
        return None
    return read_surface(package / api)


def _require_used_descriptions(inputs: list[Input], made: Made) -> None:
    """Of the descriptions that all versions share, those that none uses: an error if all documents are pinned."""
    if {item.api for item in inputs} != {*APIS}:
        return
    reports = [made.reports[item.api] for item in inputs]
    everywhere = [key for key in reports[0].undescribed if all(key in report.undescribed for report in reports)]
    unused = [f"description of nothing: {reports[0].undescribed[key]}" for key in everywhere]
    if unused and all(item.pinned for item in inputs):
        more = f" (and {len(unused) - 5} more)" if len(unused) > 5 else ""
        raise PipelineError("on the pinned documents, " + "; ".join(unused[:5]) + more)
    reports[0].warnings += unused


def _build_whole(item: Input, releases: Releases, staging: Path, made: Made, documents: dict[str, Json]) -> None:
    shutil.rmtree(made.package / item.api, ignore_errors=True)
    documents[item.api], made.reports[item.api] = build_input(item, releases, staging)


def _prove(
    inputs: list[Input], releases: Releases, staging: Path, made: Made, documents: dict[str, Json], *, types: bool
) -> None:
    """Verify the tree; take operations that do not work out of documents that are new, and verify what is left."""
    problems = verify(staging, documents, types=types)
    for _ in range(MOST_LEFT_OUT):
        if not problems:
            return
        by_api = {item.api: item for item in inputs if item.is_new}
        if any(problem.operation is None or problem.api not in by_api for problem in problems):
            break
        for api in sorted({str(problem.api) for problem in problems}):
            _take_out(by_api[api], documents[api], [one for one in problems if one.api == api])
            _build_whole(by_api[api], releases, staging, made, documents)
            _note_client(by_api[api].release, digest(made.package, api), verify=False)
        settle_common(made.package)
        problems = verify(staging, documents, types=types)
    raise PipelineError(f"the new client does not work, and was not put in place: {shown(problems)}")


def _take_out(item: Input, document: Json, problems: list[Problem]) -> None:
    """Take operations out of a distilled document, and say why."""
    reasons: dict[str, str] = {}
    for problem in problems:
        reasons.setdefault(str(problem.operation), problem.text)
    for path, method, operation in operations(document):
        reason = reasons.get(operation["operationId"])
        if reason is None or method not in item.distilled["paths"].get(path, {}):
            continue
        del item.distilled["paths"][path][method]
        if not item.distilled["paths"][path]:
            del item.distilled["paths"][path]
        line = f"{method.upper()} {path} ({operation['operationId']}): its client does not work: {reason}"
        item.distilled.setdefault("x-left-out", []).append(line)
        item.distilled.setdefault("x-taken-out", []).append([path, method])
    item.release["operations"] = len(operations(item.distilled))


def says_the_same(distilled: Json, other: Json) -> bool:
    """Whether a document says what a recorded one says, apart from operations that were taken out of that one."""
    for path, method in other.get("x-taken-out", []):
        if method in distilled["paths"].get(path, {}):
            distilled = {**distilled, "paths": {**distilled["paths"]}}
            item = {key: value for key, value in distilled["paths"].pop(path).items() if key != method}
            if item:
                distilled["paths"][path] = item
    return _facts(distilled) == _facts(other)


def _facts(distilled: Json) -> Json:
    return {key: value for key, value in distilled.items() if not key.startswith("x-")}


def _note_client(row: dict[str, Any], client: str, *, verify: bool) -> None:
    if verify and row.get("client") not in (None, client):
        raise PipelineError(
            f"the client of release {row['name']} would not be the recorded one: the pipeline has changed since. Check "
            "out the version that was released with it, or record the new one with --record"
        )
    row["client"] = client


def _broken_imports(package: Path) -> list[str]:
    """What the hand-written layer imports from the client, or takes from its models, and does not find any more."""
    broken = []
    for path in sorted((ROOT / "tmdb_ext").rglob("*.py")):
        for module, name in _taken_from_client(ast.parse(path.read_text(encoding="utf-8"))):
            where = package.joinpath(*module.split(".")[1:])
            source = where / "__init__.py" if where.is_dir() else where.with_suffix(".py")
            text = source.read_text(encoding="utf-8") if source.exists() else ""
            if not ast_has(text, name) and not (where / name).is_dir() and not (where / f"{name}.py").exists():
                file = path.relative_to(ROOT).as_posix()
                broken.append(f"tmdb_ext takes {name} from {module}, which is not there any more: mend {file} by hand")
    return [*dict.fromkeys(broken)]


def _taken_from_client(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(Module, name) for what a module of ours takes from the client: imports, and attributes of what was imported."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}.v"):
            for alias in node.names:
                yield str(node.module), alias.name
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id, "")
            if module.endswith(".models"):
                yield module, node.attr


def ast_has(text: str, name: str) -> bool:
    """Whether a module's text has a name in it."""
    return f'"{name}"' in text or any(
        word in text for word in (f"class {name}", f"{name} =", f"{name}:", f"import {name}")
    )
