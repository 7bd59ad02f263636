"""A refresh tells the truth: what was fetched, what changed, what it is called, and what it breaks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pipeline.cli import BREAKING, COMPATIBLE, DIFFERENT, FAILED, NOT_FETCHED, OK
from pipeline.releases import Releases
from project import ROOT, published, regenerate, snapshot
from publishing import Answer, cut_off, facts, gives, in_turn, never, point_to, publishing, redirects

V3, V4 = "2026-03-23", "2025-05-01"
Document = dict[str, Any]


def version_in(checkout: Path) -> str:
    return (checkout / "tmdb_ext/_version.py").read_text().split('"')[-4]


def changed(api: str, change: Callable[[Document], object]) -> bytes:
    document = facts(api)
    change(document)
    return published(document)


def with_mood(document: Document) -> None:
    """Add a property to the details of a list of v4, or of a movie of v3."""
    paths = document["paths"]
    item = paths.get("/4/list/{list_id}") or paths["/3/movie/{movie_id}"]
    item["get"]["response"]["properties"]["mood"] = {"type": "string"}


def without_name(document: Document) -> None:
    del document["paths"]["/4/list/{list_id}"]["get"]["response"]["properties"]["name"]


def without_reviews(document: Document) -> None:
    del document["paths"]["/3/movie/{movie_id}/reviews"]


def take(checkout: Path, body: bytes, *more: str) -> Any:
    source = checkout.parent / "published.json"
    source.write_bytes(body)
    return regenerate(checkout, "--source", str(source), *more)


# Fetching


GOOD = gives(published(facts("v3")))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (gives(b"gone", 404), "status 404: the document is not there any more"),
        (gives(b"gone", 410), "status 410: the document is not there any more"),
        (gives(b"<html>Sorry</html>"), "is not an OpenAPI document: it is a web page"),
        (redirects("/docs"), "leads to a web page"),
        (redirects("/docs", 301), "leads to a web page"),
        (redirects("/v3"), "more than 3 redirects"),
        (redirects("http://example.org/"), "only https is fetched"),
        (cut_off(published(facts("v3"))), "cannot fetch"),
        (gives(published(facts("v3"))[:5000]), "cut off or not JSON"),
        (gives(published(facts("v4"))), "is a document for version 4 of the API"),
        (gives(b"{}"), "is not an OpenAPI 3 document"),
        (gives(b"", 503), "status 503 (asked 2 times)"),
        (gives(b"", 403), "status 403"),
        (never, "(asked 2 times)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_that_is_not_fetched_is_never_unchanged(checkout: Path, answer: Answer, why: str) -> None:
    with publishing(v3=answer, docs=gives(b"<html>Documentation</html>")) as address:
        point_to(checkout, address)
        before = snapshot(checkout)
        done = regenerate(checkout, "--refresh", "--attempts", "2")
    assert done.returncode == NOT_FETCHED, done.stderr
    assert why in done.stderr
    assert done.stderr.strip().splitlines()[0].startswith("regenerate: v3: not fetched: ")
    assert "v4: unchanged: " in done.stdout
    assert "nothing changed" not in done.stdout
    assert "Traceback" not in done.stderr
    assert snapshot(checkout) == before


def test_what_passes_is_asked_again_and_what_moved_for_good_is_said(checkout: Path) -> None:
    with publishing(v3=in_turn(gives(b"", 503), redirects("/new", 308)), new=GOOD) as address:
        point_to(checkout, address)
        done = regenerate(checkout, "--refresh")
    assert done.returncode == OK, done.stderr
    assert "v3: unchanged" in done.stdout
    assert f"has moved for good, to {address}/new: write that to [source]" in done.stdout


def test_a_redirect_for_now_is_followed_without_a_word(checkout: Path) -> None:
    with publishing(v3=redirects("/new"), new=GOOD) as address:
        point_to(checkout, address)
        done = regenerate(checkout, "--refresh")
    assert (done.returncode, "moved" in done.stdout) == (OK, False)


def test_what_could_be_fetched_is_taken_and_the_rest_is_still_a_failure(checkout: Path) -> None:
    with publishing(v3=gives(b"", 404), v4=gives(changed("v4", with_mood))) as address:
        point_to(checkout, address)
        done = regenerate(checkout, "--refresh")
    assert done.returncode == NOT_FETCHED, done.stderr
    assert "v4: changed: it becomes release " in done.stdout
    assert "`ListDetails.mood`: added" in done.stdout
    assert "mood" in (checkout / "generated/tmdb_api_client/v4/models/list_details.py").read_text()


def test_an_address_that_is_not_written_down_is_not_fetched(checkout: Path) -> None:
    table = checkout / "openapi/releases.toml"
    releases = Releases(table)
    releases.sources = {}
    table.write_text(releases.dumps())
    done = regenerate(checkout, "--refresh")
    assert done.returncode == NOT_FETCHED
    assert done.stdout.count("does not say where it is published") == 2


def test_yaml_is_read_as_json_is(checkout: Path, tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    source = tmp_path / "published.yaml"
    YAML(typ="safe").dump(json.loads(published(facts("v4"))), source)
    done = regenerate(checkout, "--source", str(source))
    assert done.returncode == OK, done.stderr
    assert "4: unchanged" not in done.stdout
    assert Releases(checkout / "openapi/releases.toml").current_names == {"v3": V3, "v4": V4}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"openapi: 3.1.0\npaths: {a: [\n", "cut off or not YAML"),
        (b"\xef\xbb\xbf{", "cut off or not JSON"),
        (b"[" * 100_000, "cut off or not JSON"),
        (b"\x00\xff", "cut off or not JSON"),
        (b"openapi: 3.1.0\npaths: &a {/3/x: *a}\n", "cut off or not YAML"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(checkout: Path, body: bytes, why: str) -> None:
    done = take(checkout, body)
    assert done.returncode == FAILED
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


# Days and names


@pytest.mark.parametrize("header", ["Thu, 01 Jan 1970 00:00:00 GMT", "Tue, 01 Jan 2041 00:00:00 GMT", "yesterday"])
def test_a_day_that_cannot_be_is_not_believed(checkout: Path, header: str) -> None:
    with publishing(v4=gives(changed("v4", with_mood), Last_Modified=header)) as address:
        point_to(checkout, address)
        done = regenerate(checkout, "--refresh", "--api", "v4")
    assert done.returncode == COMPATIBLE, done.stderr
    row = Releases(checkout / "openapi/releases.toml").current("v4")
    assert row is not None
    assert row["name"] == row["taken"].isoformat()
    assert ("which cannot be" in done.stdout) is (header != "yesterday")


@pytest.mark.parametrize(
    ("day", "why"),
    [("1970-01-01", "on that day"), ("2041-01-01", "on that day"), ("2025-04-30", "that is before 2025-05-01")],
)
def test_a_day_that_cannot_be_is_refused(checkout: Path, day: str, why: str) -> None:
    before = snapshot(checkout)
    done = take(checkout, changed("v4", with_mood), "--released", day)
    assert (done.returncode, why in done.stderr) == (FAILED, True), done.stderr
    assert snapshot(checkout) == before


def test_a_day_before_the_newest_release_does_not_lower_the_version(checkout: Path) -> None:
    header = "Mon, 05 Jan 2026 00:00:00 GMT"
    with publishing(v3=gives(changed("v3", with_mood), Last_Modified=header)) as address:
        point_to(checkout, address)
        done = regenerate(checkout, "--refresh", "--api", "v3")
    assert done.returncode == COMPATIBLE, done.stderr
    assert "before the newest recorded release" in done.stdout
    assert int(version_in(checkout).split(".")[1]) > 20260323


def test_a_second_document_of_a_day_has_a_name_of_its_own(checkout: Path) -> None:
    done = take(checkout, changed("v3", with_mood), "--released", V3)
    assert done.returncode == COMPATIBLE, done.stderr
    releases = Releases(checkout / "openapi/releases.toml")
    assert releases.current_names["v3"] == f"{V3}.2"
    published_row = releases.named(V3, "v3")
    assert published_row == Releases(ROOT / "openapi/releases.toml").named(V3, "v3")
    assert version_in(checkout) == "1.20260323.1"
    assert regenerate(checkout, "--check").returncode == OK
    back = regenerate(checkout, "--release", V3)
    assert back.returncode == OK, back.stderr
    assert "mood" not in (checkout / "generated/tmdb_api_client/v3/models/movie_details.py").read_text()


# Versions and reports


def test_a_breaking_change_of_each_version_since_a_publication_raises_the_major_once(checkout: Path) -> None:
    assert take(checkout, changed("v4", without_name), "--released", "2026-06-24").returncode == BREAKING
    assert version_in(checkout) == "2.20260323.0"
    assert take(checkout, changed("v3", without_reviews), "--released", "2026-06-25").returncode == BREAKING
    assert version_in(checkout) == "2.20260625.0"
    reports = sorted(path.name for path in (checkout / "openapi/changes").iterdir())
    assert reports == [f"v3-{V3}-to-2026-06-25.md", f"v4-{V4}-to-2026-06-24.md"]


def test_after_a_publication_the_next_breaking_change_raises_the_major_again(checkout: Path) -> None:
    assert take(checkout, changed("v4", without_name), "--released", "2026-06-24").returncode == BREAKING
    noted = regenerate(checkout, "--published")
    assert (noted.returncode, "published: 2.20260323.0" in noted.stdout) == (OK, True)
    assert regenerate(checkout, "--check").returncode == OK
    assert take(checkout, changed("v3", without_reviews), "--released", "2026-06-25").returncode == BREAKING
    assert version_in(checkout) == "3.20260625.0"


OVERLAY_ENTRY = '\n[[mend]]\ntarget = "model:MovieDetails.budget"\ntype = "str"\nreason = "x"\n'


def test_a_breaking_edit_of_the_overlay_is_breaking_and_mending_it_takes_it_back(checkout: Path) -> None:
    overlay = checkout / "openapi/overlay-v3.toml"
    text = overlay.read_text()
    before = snapshot(checkout), version_in(checkout)
    overlay.write_text(text + OVERLAY_ENTRY)
    done = regenerate(checkout)
    assert done.returncode == BREAKING, done.stderr
    assert version_in(checkout) == "2.20260323.0"
    report = (checkout / f"openapi/changes/v3-{V3}-mended.md").read_text()
    assert "`MovieDetails.budget`: str | None; was int | None" in report
    again = regenerate(checkout)
    assert again.returncode == OK  # nothing more has changed
    assert report in again.stdout
    overlay.write_text(text)
    assert regenerate(checkout).returncode == BREAKING  # as it was, it breaks who has written str
    assert (snapshot(checkout), version_in(checkout)) == before


def test_what_is_mended_is_gone_from_report_and_version(checkout: Path) -> None:
    """TMDB calls a whole number a text; the overlay knows better."""

    def as_text(document: Document) -> None:
        for path in ("/3/movie/{movie_id}", "/3/movie/latest"):
            document["paths"][path]["get"]["response"]["properties"]["budget"] = {"type": "string"}

    assert take(checkout, changed("v3", as_text), "--released", "2026-06-24").returncode == BREAKING
    report = checkout / f"openapi/changes/v3-{V3}-to-2026-06-24.md"
    assert (version_in(checkout), "## Breaking" in report.read_text()) == ("2.20260624.0", True)
    overlay = checkout / "openapi/overlay-v3.toml"
    overlay.write_text(overlay.read_text() + OVERLAY_ENTRY.replace('"str"', '"int"'))
    regenerate(checkout)
    assert version_in(checkout) == "1.20260624.0"
    assert "Nothing changed for users of the client." in report.read_text()
    assert Releases(checkout / "openapi/releases.toml").current("v3")["major"] == 1  # type: ignore[index]


def test_a_preview_prints_what_would_be_and_writes_nothing(checkout: Path) -> None:
    before = snapshot(checkout), version_in(checkout)
    done = take(checkout, changed("v3", without_reviews), "--released", "2026-06-25", "--dry-run")
    assert done.returncode == BREAKING, done.stderr
    assert "next version: 2.20260625.0" in done.stdout
    assert "movies.reviews`: removed" in done.stdout
    assert f"would be written to openapi/changes/v3-{V3}-to-2026-06-25.md" in done.stdout
    assert (snapshot(checkout), version_in(checkout)) == before
    assert sorted(path.name for path in checkout.iterdir()) == ["generated", "openapi", "scripts", "tmdb_ext"]


def test_changes_of_our_own_raise_the_last_number(checkout: Path) -> None:
    table = checkout / "openapi/releases.toml"
    table.write_text(table.read_text().replace("[[release]]", "[version]\nours = true\n\n[[release]]", 1))
    assert regenerate(checkout).returncode == OK
    assert version_in(checkout) == "1.20260323.1"
    assert regenerate(checkout, "--published").returncode == OK
    assert regenerate(checkout).returncode == OK
    assert version_in(checkout) == "1.20260323.1"


def with_much_that_is_new(document: Document) -> None:
    """Nameless shapes, a method that another operation has, an untyped list, a wrong type."""
    paths = document["paths"]

    def shape(**properties: Any) -> Document:
        return {"type": "object", "properties": properties}

    award = shape(year={"type": "integer"})
    awards = shape(results={"type": "array", "items": award}, nominations={"type": "array"})
    movie = paths["/3/movie/{movie_id}"]["get"]
    paths["/3/movie/{movie_id}/awards"] = {
        "get": {"operationId": "movie-awards", "parameters": movie["parameters"][:1], "response": awards}
    }
    paths["/3/person/{person_id}/portraits"] = {
        "get": {**paths["/3/person/{person_id}/images"]["get"], "operationId": "people-images", "response": shape(
            portraits={"type": "array", "items": shape(width={"type": "integer"})}
        )}
    }  # fmt: skip
    movie["response"]["properties"]["budget"] = {"type": "string"}


MENDS = {
    "openapi/names-v3.toml": {
        "[methods]": 'people-images = "portraits"',
        "[models]": """\
Awards = ["movie-awards"]
Award = ["movie-awards.results[]"]
Portraits = ["people-images"]
Portrait = ["people-images.portraits[]"]""",
    },
    "openapi/descriptions.toml": {
        "[operations]": 'movie-awards = "List the awards."\npeople-images = "List the portraits."',
        "[models]": 'Awards = "Awards."\nAward = "An award."\nPortraits = "Portraits."\nPortrait = "A portrait."',
    },
    "openapi/overlay-v3.toml": {
        "": """
[[mend]]
target = "model:MovieDetails.budget"
type = "int"
reason = "x"

[[mend]]
target = "model:Awards.nominations"
type = "[Award]"
reason = "x"
""",
    },
}


def test_the_hour_of_a_maintainer(checkout: Path) -> None:
    """What openapi/README.md says to do when TMDB has changed its document."""
    done = take(checkout, changed("v3", with_much_that_is_new), "--released", "2026-06-24")
    assert done.returncode == BREAKING, done.stderr
    for line in (
        "MovieAwardsResult  from movie-awards.results[]",
        "people.images is person-images; this one is people.people_images: name it in the table of names, [methods]",
        'types disagree (integer, string), left untyped: MovieDetails.budget (overlay: target = "model:',
        'left untyped, the document says nothing of it: MovieAwards.nominations (overlay: target = "model:',
        "no description: operations: movie-awards",
        "next version: 2.20260624.0",
    ):
        assert line in done.stdout
    row = Releases(checkout / "openapi/releases.toml").current("v3")
    assert row is not None
    assert row["mended"] is False
    assert regenerate(checkout, "--check").returncode == OK
    for name, sections in MENDS.items():
        path = checkout / name
        text = path.read_text()
        for section, lines in sections.items():
            text = text.replace(f"{section}\n", f"{section}\n{lines}\n", 1) if section else text + lines
        path.write_text(text)
    done = regenerate(checkout)
    assert re.search(r"^warnings: 0$", done.stdout, re.MULTILINE), done.stdout[-2000:] + done.stderr
    assert "This release is compatible: 0 breaking" in done.stdout
    assert "`people.portraits`: added" in done.stdout
    assert version_in(checkout) == "1.20260624.0"
    row = Releases(checkout / "openapi/releases.toml").current("v3")
    assert row is not None
    assert "mended" not in row
    names = checkout / "openapi/names-v3.toml"
    names.write_text(names.read_text().replace('Award = ["movie-awards.results[]"]\n', ""))
    strict = regenerate(checkout, "--check")
    assert (strict.returncode, "shape without a name: movie-awards.results[]" in strict.stderr) == (FAILED, True)


# Nothing goes in unseen


def test_a_client_that_does_not_work_is_not_put_in_place(checkout: Path) -> None:
    template = checkout / "scripts/templates/_fields.py"
    text = template.read_text()
    assert "return model_of(self._class or self._class_of(json), json)" in text
    template.write_text(text.replace("self._class_of(json), json)", "self._class_of(json), None)", 1))
    before = snapshot(checkout)
    done = regenerate(checkout)
    assert done.returncode == FAILED
    assert "the new client does not work, and was not put in place: " in done.stderr
    assert re.search(r"place: [a-z-]+: a call of its endpoint raises", done.stderr)
    assert snapshot(checkout) == before


def test_a_fault_of_the_pipeline_is_a_line_that_says_where(checkout: Path) -> None:
    module = checkout / "scripts/pipeline/surface.py"
    module.write_text(module.read_text().replace("    surface = Surface()\n", "    surface = None.x\n", 1))
    before = snapshot(checkout)
    done = regenerate(checkout)
    assert done.returncode == FAILED
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("regenerate: a fault of the pipeline itself, AttributeError in surface.py:")
    assert "Traceback" not in done.stderr
    assert snapshot(checkout) == before
    assert "Traceback" in regenerate(checkout, "--debug").stderr


def test_an_operation_that_does_not_work_is_left_out_and_named(checkout: Path) -> None:
    """A template that cannot cope with an operation: the others come out, and the report says why."""
    template = checkout / "scripts/templates/api.py.jinja"
    template.write_text(
        template.read_text().replace(
            "    return _Request(",
            "    return _Request({% if e.name == 'movie_awards' %}oops, {% endif %}",
        )
    )

    def with_awards(document: Document) -> None:
        document["paths"]["/3/movie/{movie_id}/awards"] = {
            "get": {"operationId": "movie-awards", "parameters": [], "response": {"type": "object", "properties": {}}}
        }

    done = take(checkout, changed("v3", with_awards), "--released", "2026-06-24")
    assert done.returncode in (OK, COMPATIBLE, BREAKING), done.stderr
    assert "left out: GET /3/movie/{movie_id}/awards (movie-awards): its client does not work" in done.stdout
    assert "movie-awards" not in (checkout / "generated/tmdb_api_client/v3/operations.py").read_text()
    assert "movie-details" in (checkout / "generated/tmdb_api_client/v3/operations.py").read_text()
    assert regenerate(checkout, "--check").returncode in (OK, DIFFERENT)
    # The same document again is no new release.
    again = take(checkout, changed("v3", with_awards))
    assert Releases(checkout / "openapi/releases.toml").current_names["v3"] == "2026-06-24", again.stderr
