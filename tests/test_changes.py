"""API releases: what changed between two of them for users of the client, and going from one to another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import tmdb_api_client.v3
import tmdb_api_client.v4
from pipeline.build import PACKAGE, build
from pipeline.changes import compare, render
from pipeline.cli import BREAKING, COMPATIBLE, FAILED, OK
from pipeline.distil import distil, operations
from pipeline.releases import Releases
from pipeline.surface import Operation, Parameter, Surface, read_surface
from pipeline.tree import digest, read_tree
from project import ROOT, published, regenerate, serving, snapshot

import tmdb_ext

V3 = ("2024-08-20", "2025-10-03", "2026-03-23")
NEWEST = V3[-1]
FROM_2024_TO_2025 = {
    "+ property CollectionDetails.original_language",
    "+ property CollectionDetails.original_name",
    "+ property CollectionPart.name",
    "+ property CollectionPart.original_name",
    "+ property EpisodeDetails.episode_type",
    "+ property SeasonDetails.networks",
}
FROM_2025_TO_2026 = {
    "+ parameter credits.details(language)",
    "= parameter find.by_id(language)",
    "= property MovieDetails.belongs_to_collection",
    "+ property MovieDetails.origin_country",
}
TURNED = str.maketrans("+-", "-+")

Document = dict[str, Any]


def surface_of(distilled: Document, folder: Path) -> Surface:
    release = {"api": "v3", "name": "2026-06-24", "sha256": "0" * 64, "operations": len(operations(distilled))}
    build(distilled, "v3", folder, release=release, pinned=False)
    return read_surface(folder / PACKAGE / "v3")


def committed(row: Document) -> Document:
    path = ROOT / f"openapi/distilled/tmdb-{row['api']}-{row['name']}.json"
    loaded: Document = json.loads(path.read_bytes())
    return loaded


def short(changes: list[Any]) -> set[str]:
    """Each change as +, - or = and what it is of."""
    signs = [("+" if c.text.startswith("added") else "-" if c.text == "removed" else "=") for c in changes]
    return {f"{sign} {change.section} {change.subject}" for sign, change in zip(signs, changes, strict=True)}


# Between what TMDB has published


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The package that the pipeline makes of each recorded release, by "v3 2026-03-23"."""
    folders = {}
    for row in Releases(ROOT / "openapi/releases.toml").rows:
        folder = tmp_path_factory.mktemp(row["name"])
        build(committed(row), row["api"], folder, release=row, pinned=False)
        folders[f"{row['api']} {row['name']}"] = folder / PACKAGE
    return folders


@pytest.fixture(scope="module")
def surfaces(built: dict[str, Path]) -> dict[str, Surface]:
    return {name: read_surface(built[f"v3 {name}"] / "v3") for name in V3}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (V3[0], V3[1], FROM_2024_TO_2025),
        (V3[1], V3[2], FROM_2025_TO_2026),
        (V3[0], V3[2], FROM_2024_TO_2025 | FROM_2025_TO_2026),
    ],
)
def test_what_tmdb_changed_is_named_and_nothing_else(
    old: str, new: str, expected: set[str], surfaces: dict[str, Surface]
) -> None:
    assert short(compare(surfaces[old], surfaces[new])) == expected
    assert short(compare(surfaces[new], surfaces[old])) == {line.translate(TURNED) for line in expected}


@pytest.mark.parametrize("name", V3)
def test_a_release_compared_with_itself_has_no_changes(name: str, surfaces: dict[str, Surface]) -> None:
    assert compare(surfaces[name], surfaces[name]) == []


@pytest.mark.parametrize(("old", "new", "code"), [(V3[0], V3[1], COMPATIBLE), (V3[1], V3[0], BREAKING)])
def test_the_command_compares_recorded_releases(old: str, new: str, code: int) -> None:
    before = snapshot(ROOT)
    done = regenerate(ROOT, "--compare", old, new)
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith(f"# v3: {old} to {new}\n")
    assert "`SeasonDetails.networks`: " in done.stdout
    assert snapshot(ROOT) == before


# Altered on purpose


Alteration = Callable[[Document], None]
KEPT = ("/3/movie/", "/3/discover/movie", "/3/trending/", "/3/review/", "/3/search/tv")


def some_operations() -> Document:
    """A part of the newest document: what the alterations need, and little more, since each is generated from."""
    document = committed({"api": "v3", "name": NEWEST})
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(KEPT)}
    return document


@pytest.fixture(scope="module")
def unaltered(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    return surface_of(some_operations(), tmp_path_factory.mktemp("unaltered"))


def movie(document: Document) -> Document:
    found: Document = document["paths"]["/3/movie/{movie_id}"]["get"]
    return found


def parameter(document: Document, path: str, name: str) -> Document:
    return next(p for p in document["paths"][path]["get"]["parameters"] if p["name"] == name)


def add_an_operation(document: Document) -> None:
    shape = {"type": "object", "properties": {"year": {"type": "integer"}, "festival": {"type": "string"}}}
    session = {"name": "session_id", "in": "query", "required": False, "schema": {"type": "string"}}
    document["paths"]["/3/movie/{movie_id}/awards"] = {
        "get": {
            "operationId": "movie-awards",
            "parameters": [movie(document)["parameters"][0], session],
            "response": {"type": "object", "properties": {"results": {"type": "array", "items": shape}}},
        }
    }


def remove_an_operation(document: Document) -> None:
    del document["paths"]["/3/movie/{movie_id}/similar"]


def rename_an_operation(document: Document) -> None:
    document["paths"]["/3/review/{review_id}"]["get"]["operationId"] = "review-text"


def add_a_property(document: Document) -> None:
    movie(document)["response"]["properties"]["mood"] = {"type": "string"}


def remove_a_property(document: Document) -> None:
    del movie(document)["response"]["properties"]["homepage"]


def retype_a_property(document: Document) -> None:
    for path in ("/3/movie/{movie_id}", "/3/movie/latest"):
        document["paths"][path]["get"]["response"]["properties"]["budget"] = {"type": "string"}


def require_a_parameter(document: Document) -> None:
    parameter(document, "/3/discover/movie", "region")["required"] = True


def add_a_value(document: Document) -> None:
    parameter(document, "/3/trending/all/{time_window}", "time_window")["schema"]["enum"].append("month")


def remove_a_value(document: Document) -> None:
    parameter(document, "/3/trending/all/{time_window}", "time_window")["schema"]["enum"].remove("week")
    for kind in ("movie", "person", "tv"):
        parameter(document, f"/3/trending/{kind}/{{time_window}}", "time_window")["schema"]["enum"].remove("week")


def rename_a_path_parameter(document: Document) -> None:
    item = document["paths"].pop("/3/review/{review_id}")
    item["get"]["parameters"][0]["name"] = "id"
    document["paths"]["/3/review/{id}"] = item


def retype_a_parameter(document: Document) -> None:
    parameter(document, "/3/search/tv", "first_air_date_year")["schema"]["type"] = "string"


def take_a_session(document: Document) -> None:
    session = {"name": "session_id", "in": "query", "required": False, "schema": {"type": "string"}}
    document["paths"]["/3/review/{review_id}"]["get"]["parameters"].append(session)


def turn_the_keys(document: Document) -> None:
    def turned(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: turned(value) for key, value in reversed(node.items())}
        return [turned(item) for item in node] if isinstance(node, list) else node

    paths = turned(document["paths"])
    document["paths"].clear()
    document["paths"].update(paths)


@pytest.mark.parametrize(
    ("alter", "breaking", "expected"),
    [
        (
            add_an_operation,
            False,
            {
                "operation movies.awards: added (GET /3/movie/{}/awards)",
                "model MovieAwards: added",
                "model MovieAwardsResult: added",
                "property MovieDetails.awards: added, MovieAwards | None",
                "enumeration MovieAppend: value 'awards' added",
            },
        ),
        (
            remove_an_operation,
            True,
            {
                "operation movies.similar: removed (GET /3/movie/{}/similar)",
                "property MovieDetails.similar: removed",
                "enumeration MovieAppend: value 'similar' removed",
            },
        ),
        (
            rename_an_operation,
            True,
            {
                "operation reviews.details: is now reviews.text",
                "operation api.reviews.review_details: the endpoint is now api.reviews.review_text",
                "return type reviews.text: ReviewText; was Review",
                "model ReviewText: added",
                # Of the shapes that are Review, only this one had them.
                "property Review.iso_639_1: removed",
                "property Review.media_id: removed",
                "property Review.media_title: removed",
                "property Review.media_type: removed",
            },
        ),
        (add_a_property, False, {"property MovieDetails.mood: added, str | None"}),
        (retype_a_property, True, {"property MovieDetails.budget: str | None; was int | None"}),
        (require_a_parameter, True, {"parameter discover.movie(region): required; was optional"}),
        (add_a_value, False, {"enumeration TimeWindow: value 'month' added"}),
        (remove_a_value, True, {"enumeration TimeWindow: value 'week' removed"}),
        (rename_a_path_parameter, True, {"parameter reviews.details(review_id): is now called id"}),
        (retype_a_parameter, True, {"parameter search.tv(first_air_date_year): str; was int"}),
        (
            take_a_session,
            True,
            {
                "credentials reviews.details: takes a bearer token or an API key and a user session; "
                "took a bearer token or an API key"
            },
        ),
        (turn_the_keys, None, set()),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_an_alteration_is_reported_in_python_names(
    alter: Alteration, breaking: bool | None, expected: set[str], unaltered: Surface, tmp_path: Path
) -> None:
    document = some_operations()
    alter(document)
    changes = compare(unaltered, surface_of(document, tmp_path))
    assert {f"{change.section} {change}" for change in changes} == expected
    assert (any(change.breaking for change in changes) if changes else None) is breaking
    report = render(changes, "title")
    assert all(change.text in report for change in changes)
    assert ("## Breaking" in report) is bool(breaking)


def test_a_method_that_calls_something_else_is_breaking(unaltered: Surface, tmp_path: Path) -> None:
    """An operation moves to another path and keeps its id."""
    document = some_operations()
    document["paths"]["/3/review/by/{review_id}"] = document["paths"].pop("/3/review/{review_id}")
    changes = compare(unaltered, surface_of(document, tmp_path))
    assert "reviews.details: calls GET /3/review/by/{}; called GET /3/review/{}" in [
        str(c) for c in changes if c.breaking
    ]
    assert "reviews.details: removed (GET /3/review/{})" in [str(c) for c in changes if c.breaking]


def test_what_is_deprecated_is_said_in_report_and_docstring_and_warned_of(unaltered: Surface, tmp_path: Path) -> None:
    document = some_operations()
    document["paths"]["/3/review/{review_id}"]["get"]["deprecated"] = True
    changes = compare(unaltered, surface_of(document, tmp_path))
    assert [(str(change), change.breaking) for change in changes] == [("reviews.details: deprecated by TMDB", False)]
    program = """
import asyncio, warnings, httpx
from tmdb_ext import TMDB, AsyncTMDB
from tmdb_api_client.v3.api.reviews import review_details
answer = httpx.MockTransport(lambda request: httpx.Response(200, json={"id": "1"}))
token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"
async def fetch():
    async with AsyncTMDB(access_token=token, transport=answer) as tmdb:
        await tmdb.reviews.details("1")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with TMDB(access_token=token, transport=answer) as tmdb:
        tmdb.reviews.details("1")
    asyncio.run(fetch())
print(*(f"{w.category.__name__} {w.filename} {w.message}" for w in caught), sep="\\n")
print("Deprecated by TMDB." in review_details.__doc__)
"""
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    warning = "DeprecationWarning <string> TMDB has deprecated the operation review-details."
    assert done.stdout.splitlines() == [warning, warning, "True"], done.stderr


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        ("int", "Filter[int]", True),
        ("Filter[int]", "Filter[int | None]", True),
        ("Filter[int | None]", "Filter[int]", False),
        ("str", "Filter[int]", True),
        ("Sequence[Kind | Unlisted]", "Sequence[str]", True),
        ("list[int]", "Sequence[float]", True),
        ("Sequence[int]", "list[int]", False),
        ("list[int]", "list[float]", False),
        ("Kind", "str", True),
        ("str", "Kind", False),
        ("int", "int | str", True),
        ("int | str", "int", False),
        ("int", "float", True),
        ("float", "int", False),
        ("Filter[Kind]", "Filter[str]", True),
        ("Filter[int]", "int", False),
        ("int", "Any", True),
        ("Any", "int", False),
        ("dict[str, int]", "dict[str, int | None]", False),
        ("datetime.datetime", "datetime.date", True),
    ],
)
def test_an_argument_that_may_still_be_given_is_compatible(old: str, new: str, taken: bool) -> None:
    def surface(annotation: str) -> Surface:
        parameter = Parameter("x", annotation, required=True, positional=True, assumed=None)
        address = ("GET", "/3/x")
        operation = Operation("a.b", "api.a.b", address, (parameter,), "None", "", frozenset())
        return Surface(operations={address: operation}, enumerations={"Kind": ("a",)})

    assert [change.breaking for change in compare(surface(old), surface(new))] == [not taken]


def test_a_property_that_is_gone_from_one_shape_of_a_model_is_still_there(unaltered: Surface, tmp_path: Path) -> None:
    """movie-latest-id has it, too, and both are MovieDetails: users notice nothing."""
    document = some_operations()
    remove_a_property(document)
    assert compare(unaltered, surface_of(document, tmp_path / "one")) == []
    del document["paths"]["/3/movie/latest"]["get"]["response"]["properties"]["homepage"]
    changes = compare(unaltered, surface_of(document, tmp_path / "both"))
    assert [(str(change), change.breaking) for change in changes] == [("MovieDetails.homepage: removed", True)]


def test_what_is_new_and_unknown_to_our_tables_can_be_used(tmp_path: Path) -> None:
    document = some_operations()
    add_an_operation(document)
    add_a_property(document)
    surface_of(document, tmp_path)
    program = """
import httpx
from tmdb_ext import TMDB, ConfigurationError

def answer(request):
    if request.url.path == "/3/movie/11/awards":
        assert request.url.params["session_id"] == "5" * 40
        return httpx.Response(200, json={"results": [{"year": 1978, "festival": "x"}]})
    return httpx.Response(200, json={"id": 11, "mood": "bright"})

transport = httpx.MockTransport(answer)
with TMDB(access_token="eyJhbGciOiJIUzI1NiJ9.e30.c2ln", session_id="5" * 40, transport=transport) as tmdb:
    print(tmdb.movies.awards(11).results[0].year, tmdb.movies.details(11, append=["awards"]).mood)
    print(tmdb.auth.explain("movie-awards").user)
with TMDB(access_token="eyJhbGciOiJIUzI1NiJ9.e30.c2ln", transport=transport) as tmdb:
    try:
        tmdb.movies.awards(11)
    except ConfigurationError as error:
        print("refused", "user session" in str(error))
"""
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n") == ["1978 bright", "session_id", "refused True", ""], done.stderr


# From one release to another


def refreshed(checkout: Path, alter: Alteration, **headers: str) -> subprocess.CompletedProcess[str]:
    """Run --refresh against a server that publishes an altered document, and v4's as it is."""
    document = json.loads((checkout / f"openapi/distilled/tmdb-v3-{NEWEST}.json").read_bytes())
    alter(document)
    assert distil(json.loads(published(document))) == document
    same = json.loads((checkout / "openapi/distilled/tmdb-v4-2025-05-01.json").read_bytes())
    with serving(published(document), **headers) as url, serving(published(same)) as url_of_v4:
        table = checkout / "openapi/releases.toml"
        text = table.read_text()
        sources = Releases(table).sources
        table.write_text(text.replace(sources["v3"], url, 1).replace(sources["v4"], url_of_v4, 1))
        before = snapshot(checkout)
        done = regenerate(checkout, "--refresh")
        if done.returncode in (OK, FAILED):
            assert snapshot(checkout) == before
    return done


def version_in(checkout: Path) -> str:
    return (checkout / "tmdb_ext/_version.py").read_text().split('"')[-4]


def test_a_refresh_without_a_change_writes_nothing_and_says_so(checkout: Path) -> None:
    done = refreshed(checkout, turn_the_keys)
    assert done.returncode == OK, done.stderr
    assert "nothing changed" in done.stdout
    for api in ("v3", "v4"):
        assert f"{api}: unchanged: http://127.0.0.1:" in done.stdout
    assert "the same facts in other words" in done.stdout


@pytest.mark.parametrize(
    ("alter", "code", "version"),
    [(add_a_property, COMPATIBLE, "1.20260624.0"), (require_a_parameter, BREAKING, "2.20260624.0")],
)
def test_a_refresh_tells_what_changed_and_proposes_a_version(
    checkout: Path, alter: Alteration, code: int, version: str
) -> None:
    done = refreshed(checkout, alter, Last_Modified="Wed, 24 Jun 2026 08:00:00 GMT")
    assert done.returncode == code, done.stderr
    report = (checkout / f"openapi/changes/v3-{NEWEST}-to-2026-06-24.md").read_text()
    assert report in done.stdout
    assert f"next version: {version}" in done.stdout
    assert version_in(checkout) == version
    assert (checkout / "openapi/distilled/tmdb-v3-2026-06-24.json").exists()
    releases = Releases(checkout / "openapi/releases.toml")
    assert releases.current_names == {"v3": "2026-06-24", "v4": "2025-05-01"}
    package = read_tree(checkout / "generated/tmdb_api_client")
    assert b'Release("v3", "2026-06-24"' in package["v3/__init__.py"]
    assert package["v4/__init__.py"] == (ROOT / "generated/tmdb_api_client/v4/__init__.py").read_bytes()


def test_a_change_of_v4_raises_the_last_number_or_the_first(checkout: Path) -> None:
    document = json.loads((checkout / "openapi/distilled/tmdb-v4-2025-05-01.json").read_bytes())
    details = document["paths"]["/4/list/{list_id}"]["get"]
    details["response"]["properties"]["mood"] = {"type": "string"}
    source = checkout / "published.json"
    source.write_bytes(published(document))
    done = regenerate(checkout, "--source", str(source), "--released", "2026-06-24")
    assert (done.returncode, version_in(checkout)) == (COMPATIBLE, "1.20260323.1"), done.stderr
    del details["response"]["properties"]["name"]
    source.write_bytes(published(document))
    done = regenerate(checkout, "--source", str(source), "--released", "2026-06-25")
    assert (done.returncode, version_in(checkout)) == (BREAKING, "2.20260323.0"), done.stderr
    assert "`ListDetails.name`: removed" in done.stdout


def test_an_earlier_release_comes_back_byte_for_byte(checkout: Path) -> None:
    before = snapshot(checkout)
    for name in (V3[0], V3[1]):
        done = regenerate(checkout, "--release", name, hash_seed=name[:4])
        assert done.returncode == OK, done.stderr
        releases = Releases(checkout / "openapi/releases.toml")
        recorded = releases.named(name, "v3")["client"]
        assert digest(checkout / "generated/tmdb_api_client", "v3") == recorded
        assert version_in(checkout) == f"1.{name.replace('-', '')}.0"
    assert regenerate(checkout, "--release", NEWEST).returncode == OK
    assert snapshot(checkout) == before


def test_a_release_that_would_come_out_otherwise_is_refused(checkout: Path) -> None:
    template = checkout / "scripts/templates/_release.py"
    template.write_text(template.read_text() + "\n# other\n")
    before = snapshot(checkout)
    done = regenerate(checkout, "--release", V3[0])
    assert done.returncode == FAILED
    assert "the pipeline has changed since" in done.stderr
    assert snapshot(checkout) == before


def test_an_unknown_release_is_refused_with_those_that_there_are(checkout: Path) -> None:
    done = regenerate(checkout, "--release", "2020-01-01")
    assert done.returncode == FAILED
    assert f"no release 2020-01-01; there is {V3[0]} (v3)" in done.stderr


def test_what_is_recorded_is_what_the_pipeline_makes_of_every_release(built: dict[str, Path]) -> None:
    for row in Releases(ROOT / "openapi/releases.toml").rows:
        package = built[f"{row['api']} {row['name']}"]
        assert digest(package, row["api"]) == row["client"], "run scripts/regenerate --record"


def test_every_recorded_release_is_what_was_published(shared: Path) -> None:
    for row in Releases(ROOT / "openapi/releases.toml").rows:
        (path,) = (shared / "openapi").glob(f"tmdb-{row['api']}-{row['name'][:7]}*.json")
        assert distil(json.loads(path.read_bytes())) == committed(row)
        assert path.stat().st_size == row["size"]


def test_the_client_says_at_run_time_what_it_was_generated_from() -> None:
    releases = Releases(ROOT / "openapi/releases.toml")
    for package, api in ((tmdb_api_client.v3, "v3"), (tmdb_api_client.v4, "v4")):
        row = releases.current(api)
        assert row is not None
        assert (api, row["name"], row["sha256"], row["operations"]) == package.RELEASE
        assert package.__spec__.api_release is package.RELEASE
    assert tmdb_api_client.v3.RELEASE.name == tmdb_ext.API_RELEASE
    assert tmdb_ext.__version__.split(".")[1] == tmdb_ext.API_RELEASE.replace("-", "")


# Wheels


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of every v3 release."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in V3:
        copied = tmp_path_factory.mktemp(f"release-{name}") / "checkout"
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "tests", ".hypothesis")
        shutil.copytree(ROOT, copied, ignore=ignored)
        assert regenerate(copied, "--release", name).returncode == OK
        done = subprocess.run(
            [sys.executable, str(copied / "scripts/wheel"), "--here", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_each_release_has_a_wheel_with_its_version(wheels: Path) -> None:
    names = sorted(path.name for path in wheels.iterdir())
    assert names == [f"tmdb_ext-1.{name.replace('-', '')}.0-py3-none-any.whl" for name in V3]


@pytest.mark.parametrize(
    ("pin", "release", "has"),
    [
        ("tmdb-ext==1.20240820.*", V3[0], (False, False)),
        ("tmdb-ext~=1.20251003.0", V3[1], (True, False)),
        ("tmdb-ext>=1.20240820,<1.20260101", V3[1], (True, False)),
        ("tmdb-ext>=1.20240820,<2", V3[2], (True, True)),
    ],
)
def test_pip_picks_the_release_that_is_pinned(
    pin: str, release: str, has: tuple[bool, bool], wheels: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    python = tmp_path / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--find-links", str(wheels), pin], check=True, capture_output=True)
    (site,) = tmp_path.glob("lib/python*/site-packages")
    # The dependencies: from here, after what the environment itself has.
    (site / "dependencies.pth").write_text(f"{Path(httpx.__file__).parent.parent}\n")
    program = """
import tmdb_ext, tmdb_api_client.v3 as v3
from tmdb_api_client.v3.models import MovieDetails, SeasonDetails
print(tmdb_ext.API_RELEASE, v3.RELEASE.name)
print(hasattr(SeasonDetails(), "networks"), hasattr(MovieDetails(), "origin_country"))
print(tmdb_ext.__file__)
"""
    done = subprocess.run([str(python), "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    named, properties, where = done.stdout.splitlines()
    assert named == f"{release} {release}"
    assert properties == f"{has[0]} {has[1]}"
    assert Path(where).is_relative_to(tmp_path)


def test_what_the_tree_changes_since_a_revision_is_told(checkout: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(checkout), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", "generated")
    git("commit", "-qm", "before")
    same = regenerate(checkout, "--since", "HEAD")
    assert (same.returncode, same.stdout.count("Nothing changed")) == (0, 2), same.stdout
    model = checkout / "generated/tmdb_api_client/v3/models/genre.py"
    model.write_text(model.read_text().replace("    name: str | None", "    title: str | None"))
    changed = regenerate(checkout, "--since", "HEAD", "--api", "v3")
    assert changed.returncode == 11
    assert "`Genre.name`: removed" in changed.stdout
    unknown = regenerate(checkout, "--since", "nowhere")
    assert (unknown.returncode, "nowhere" in unknown.stderr) == (2, True)
