"""scripts/regenerate as its users run it: a process, a document, a folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline.distil import distil, dumps, operations
from pipeline.swap import LOCK
from pipeline.tree import read_tree
from project import ROOT, regenerate, serving, snapshot

ADDED = ["company-movies", "genre-movies", "movie-releases"]
RELEASE = "2026-03-23"


def small_document() -> dict[str, object]:
    """A published document in TMDB's style, ours: one operation it has, one it will have tomorrow."""
    integer = {"type": "integer", "format": "int32"}
    movie = {
        "type": "object",
        "properties": {"id": {**integer, "example": 7, "default": 0}, "title": {"type": "string"}},
    }
    award = {"type": "object", "properties": {"year": integer, "festival": {"type": "string"}}}
    path_id = {"name": "movie_id", "in": "path", "required": True, "schema": integer}
    session = {"name": "session_id", "in": "query", "schema": {"type": "string"}}

    def operation(name: str, schema: object, *parameters: object) -> dict[str, object]:
        content = {"application/json": {"schema": schema}}
        return {"operationId": name, "parameters": list(parameters), "responses": {"200": {"content": content}}}

    awards = {"type": "object", "properties": {"results": {"type": "array", "items": award}}}
    body_example = {"value": {"name": "x", "stars": 4.5, "tags": ["a"]}}
    raw = {"type": "object", "properties": {"RAW_BODY": {"type": "string", "format": "json"}}}
    write = operation("award-add", {"type": "object", "properties": {"success": {"type": "boolean"}}}, session)
    write["requestBody"] = {"content": {"application/json": {"schema": raw, "examples": {"one": body_example}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "tmdb", "version": "3"},
        "servers": [{"url": "https://api.themoviedb.org"}],
        "paths": {
            "/3/movie/{movie_id}": {"get": operation("movie-details", movie, path_id)},
            "/3/movie/{movie_id}/awards": {"get": operation("movie-awards", awards, path_id)},
            "/3/award": {"post": write},
        },
    }


def test_the_committed_client_is_what_the_committed_document_produces() -> None:
    done = regenerate(ROOT, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing differs" in done.stdout


@pytest.mark.parametrize(
    "name",
    ["generated/tmdb_api_client/v3/models/genre.py", "openapi/tmdb-v3.json", "generated/tmdb_api_client/extra.py"],
)
def test_check_tells_what_differs_and_writes_nothing(checkout: Path, name: str) -> None:
    path = checkout / name
    path.write_text((path.read_text() if path.exists() else "") + "\n# by hand\n")
    before = snapshot(checkout)
    done = regenerate(checkout, "--check")
    assert done.returncode == 1
    assert name in done.stdout
    assert snapshot(checkout) == before


def test_regenerating_mends_a_changed_and_a_lost_file(checkout: Path) -> None:
    before = snapshot(checkout)
    (checkout / "generated/tmdb_api_client/v3/models/genre.py").unlink()
    (checkout / "openapi/tmdb-v3.json").write_text("{}")
    done = regenerate(checkout)
    assert done.returncode == 0, done.stderr
    assert snapshot(checkout) == before


def test_two_runs_are_equal_whatever_the_hash_seed_and_the_folder(tmp_path: Path) -> None:
    for number, folder in enumerate((ROOT, tmp_path)):
        done = regenerate(ROOT, "--output", str(tmp_path / str(number)), cwd=folder, hash_seed=str(number * 31 + 1))
        assert done.returncode == 0, done.stderr
    first, second = (read_tree(tmp_path / name) for name in "01")
    assert first
    assert first == second


@pytest.mark.parametrize("day", ["2024-08-20", "2025-10-03", RELEASE])
def test_every_published_document_generates_whole(shared: Path, tmp_path: Path, day: str) -> None:
    before = snapshot(ROOT)
    source = shared / "openapi" / f"tmdb-v3-{day}.json"
    done = regenerate(ROOT, "--source", str(source), "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "operations      152" in done.stdout
    assert "added           3" in done.stdout
    assert "shapes without a name of their own: 0" in done.stdout
    if day == RELEASE:
        assert "warnings: 0" in done.stdout
        assert read_tree(tmp_path / "tmdb_api_client") == read_tree(ROOT / "generated/tmdb_api_client")
        assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK, "tmdb_api_client"]
    assert snapshot(ROOT) == before


def test_the_distilled_document_is_the_published_one_distilled(shared: Path) -> None:
    published = json.loads((shared / "openapi" / f"tmdb-v3-{RELEASE}.json").read_bytes())
    committed = (ROOT / "openapi" / "distilled" / f"tmdb-v3-{RELEASE}.json").read_text(encoding="utf-8")
    assert dumps(distil(published)) == committed


def test_nothing_of_the_published_prose_and_examples_is_committed(shared: Path) -> None:
    prose: set[str] = set()

    def walk(node: object, key: str = "") -> None:
        if isinstance(node, dict):
            for name, value in node.items():
                walk(value, name)
        elif isinstance(node, list):
            for value in node:
                walk(value, key)
        elif (
            isinstance(node, str)
            and key in {"description", "summary", "example", "value"}
            and len(node) > 12
            and " " in node
        ):
            prose.add(node)

    for path in (shared / "openapi").glob("tmdb-*.json"):
        walk(json.loads(path.read_bytes()))
    assert len(prose) > 200
    committed = "\n".join(
        content.decode() for content in (*read_tree(ROOT / "openapi").values(), *read_tree(ROOT / "generated").values())
    )
    assert [text for text in prose if text in committed] == []
    assert "RAW_BODY" not in committed
    assert "Response200" not in committed


def test_a_document_served_over_http_becomes_a_release(checkout: Path) -> None:
    body = json.dumps(small_document()).encode()
    with serving(body, Last_Modified="Thu, 01 Oct 2026 08:00:00 GMT") as url:
        done = regenerate(checkout, "--source", url)
    assert done.returncode == 11, done.stderr  # most of the operations are gone
    assert 'name = "2026-10-01"' in (checkout / "openapi/releases.toml").read_text()
    assert (checkout / "openapi/distilled/tmdb-v3-2026-10-01.json").exists()
    assert regenerate(checkout, "--check").returncode in {0, 2}


def test_what_tmdb_adds_tomorrow_comes_out_complete_under_a_derived_name(tmp_path: Path) -> None:
    source = tmp_path / "published.json"
    source.write_text(json.dumps(small_document()))
    done = regenerate(ROOT, "--source", str(source), "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "MovieAwardsResult  from movie-awards.results[]" in done.stdout
    package = tmp_path / "out" / "tmdb_api_client" / "v3"
    assert "class MovieAwardsResult" in (package / "models/movie_awards_result.py").read_text()
    operations_module = (package / "operations.py").read_text()
    assert "movie-awards" in operations_module
    assert '"add", user_auth="session"' in " ".join(operations_module.split())
    assert "stars: float" in (package / "resources/award.py").read_text()
    program = (
        "from tmdb_api_client.v3.models import MovieAwards; print(MovieAwards.from_dict({'results': [{'year': 1}]}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 × MovieAwardsResult" in run.stdout


def test_the_order_of_keys_changes_nothing() -> None:
    document = small_document()

    def reversed_keys(node: object) -> object:
        if isinstance(node, dict):
            return {key: reversed_keys(value) for key, value in reversed(node.items())}
        return [reversed_keys(item) for item in node] if isinstance(node, list) else node

    turned = reversed_keys(document)
    assert isinstance(turned, dict)
    assert list(turned) != list(document)
    assert dumps(distil(turned)) == dumps(distil(document))


def refused(name: str) -> bytes:
    good = json.dumps(small_document())
    return {
        "truncated": good[: len(good) // 2].encode(),
        "html": b"<!DOCTYPE html><html><body>Sorry</body></html>",
        "v5": good.replace("/3/", "/5/").replace('"version": "3"', '"version": "5"').encode(),
        "v3 and v4": good.replace('"/3/award"', '"/4/award"').encode(),
        "too large": b" " * (100 * 1024 * 1024),
        "a list": b"[]",
        "no paths": b'{"openapi": "3.1.0", "info": {"version": "3"}, "paths": {}}',
        "swagger": good.replace('"openapi": "3.1.0"', '"swagger": "2.0"').encode(),
        "invalid utf-8": b'{"openapi": "\xff"}',
    }[name]


@pytest.mark.parametrize(
    "name", ["truncated", "html", "v5", "v3 and v4", "too large", "a list", "no paths", "swagger", "invalid utf-8"]
)
def test_what_is_not_a_document_for_this_api_is_refused_in_one_line(checkout: Path, name: str) -> None:
    before = snapshot(checkout)
    with serving(refused(name)) as url:
        done = regenerate(checkout, "--source", url)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("regenerate: ")
    assert snapshot(checkout) == before


def dead_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/openapi.json"


@pytest.mark.parametrize(
    "source", ["nobody listens", "http://example.invalid/openapi.json", "no/such/file.json", "ftp://x/y"]
)
def test_a_source_that_cannot_be_read_is_one_clear_line(checkout: Path, source: str) -> None:
    source = dead_address() if source == "nobody listens" else source
    before = snapshot(checkout)
    done = regenerate(checkout, "--source", source)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert snapshot(checkout) == before


def test_a_failure_while_generating_leaves_the_tree_as_it_was(checkout: Path) -> None:
    overlay = checkout / "openapi/overlay-v3.toml"
    overlay.write_text(overlay.read_text() + '\n[[mend]]\ntarget = "property:no_such"\ntype = "int"\nreason = "x"\n')
    before = snapshot(checkout)
    done = regenerate(checkout)
    assert done.returncode == 2
    assert "overlay entry without effect: property:no_such" in done.stderr
    assert snapshot(checkout) == before
    assert [path.name for path in (checkout / "generated").iterdir()] == ["tmdb_api_client"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('target = "property:title"\ntype = "int"', "gives no reason"),
        ('target = "title"\ntype = "int"\nreason = "x"', "is not one of"),
        ('target = "property:title"\ntype = "integer"\nreason = "x"', "is not a type"),
        ('target = "property:title"\ntyp = "int"\nreason = "x"', "unknown key 'typ'"),
        ('target = "body:RatingBody.value"\nsent = "text"\nreason = "x"', "sent is for body:… and one of integer"),
        ('target = "property:title"\nsent = "integer"\nreason = "x"', "sent is for body:… and one of integer"),
    ],
)
def test_a_malformed_overlay_entry_is_named(checkout: Path, entry: str, message: str) -> None:
    overlay = checkout / "openapi/overlay-v3.toml"
    overlay.write_text(f"{overlay.read_text()}\n[[mend]]\n{entry}\n")
    done = regenerate(checkout)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_shape_without_a_name_fails_on_the_pinned_document(checkout: Path) -> None:
    names = checkout / "openapi/names-v3.toml"
    names.write_text(names.read_text().replace('Gravatar = ["account-details.avatar.gravatar"]\n', ""))
    done = regenerate(checkout)
    assert done.returncode == 2
    assert "shape without a name: account-details.avatar.gravatar" in done.stderr


def test_an_operation_without_a_response_comes_out_untyped_and_is_reported(tmp_path: Path) -> None:
    document = json.loads(json.dumps(small_document()))
    document["paths"]["/3/movie/{movie_id}/awards"]["get"]["responses"] = {"200": {"description": "x"}}
    source = tmp_path / "published.json"
    source.write_text(json.dumps(document))
    done = regenerate(ROOT, "--source", str(source), "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "no documented response, left untyped: movie-awards" in done.stdout
    resource = (tmp_path / "out/tmdb_api_client/v3/resources/movies.py").read_text()
    assert "def awards(self, movie_id: int) -> Any:" in resource


def test_the_committed_document_has_every_operation_tagged_described_and_secured() -> None:
    document = json.loads((ROOT / "openapi/tmdb-v3.json").read_bytes())
    rows = operations(document)
    assert len(rows) == 155
    assert sorted(operation["operationId"] for _, _, operation in rows if "externalDocs" not in operation) == ADDED
    for path, method, operation in rows:
        assert operation["tags"], (method, path)
        assert operation["summary"].endswith("."), (method, path)
        assert operation["security"], (method, path)
        assert all(parameter["description"] for parameter in operation["parameters"]), (method, path)
    assert all(schema["description"] for schema in document["components"]["schemas"].values())


def test_an_operation_that_tmdb_has_come_to_document_is_told(checkout: Path) -> None:
    overlay = checkout / "openapi/overlay-v3.toml"
    entry = (
        '[[mend]]\ntarget = "operation:film-credits"\nadd = true\npath = "/3/movie/{movie_id}/credits"\n'
        'parameters = { movie_id = "int" }\ntype = "Credits"\nreason = "x"\n'
    )
    overlay.write_text(f"{overlay.read_text()}\n{entry}")
    done = regenerate(checkout)
    assert done.returncode == 2
    assert "overlay entry without effect: operation:film-credits" in done.stderr


def test_an_operation_of_the_overlay_survives_a_document_without_its_model(tmp_path: Path) -> None:
    source = tmp_path / "published.json"
    source.write_text(json.dumps(small_document()))
    done = regenerate(ROOT, "--source", str(source), "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "no documented response, left untyped: company-movies" in done.stdout
    resource = (tmp_path / "out/tmdb_api_client/v3/resources/companies.py").read_text()
    assert (
        "def movies(self, company_id: int, *, language: str | None = None, page: int | None = None) -> Any:" in resource
    )


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("overlay-v3", "", 'target = "model:MoveDetails.tilte"\ntype = "str"', "close to it: MovieDetails.title"),
        (
            "overlay-v3",
            "",
            'target = "model:MovieDetails.title"\nadd = true\ntype = "str"',
            "the document has it already",
        ),
        ("overlay-v3", "", 'target = "model:MovieDetails.title"\ntype = "str"', "it is so already"),
        ("overlay-v3", "", 'target = "property:tilte"\ntype = "str"', "close to it: title"),
        ("overlay-v3", "", 'target = "body:RatingBody.valeu"\ntype = "int"', "close to it: RatingBody.value"),
        ("overlay-v3", "", 'target = "parameter:movie-details.langage"\ntype = "int"', "movie-details.language"),
        ("overlay-v3", "", 'target = "parameter:movie-details.language"\nadd = true\ntype = "int"', "has it already"),
        ("overlay-v3", "", 'target = "operation:movie-detials"\nabsent = true', "close to it: movie-details"),
        ("overlay-v3", "", 'target = "model:Film"\nadd = true\ncopy = "MovieDetials"', "close to it: MovieDetails"),
        ("overlay-v3", "", 'target = "model:MovieDetails"\nadd = true\ncopy = "Genre"', "a model of that name already"),
        ("overlay-v3", "", 'target = "model:Variant"\nvalues = ["a"]', "no such enumeration (add = true makes one)"),
        (
            "overlay-v3",
            "",
            'target = "model:TimeWindow"\nadd = true\nvalues = ["a"]',
            "enumeration of that name already",
        ),
        (
            "overlay-v3",
            "",
            'target = "append:movie-details.credits"\nadd = true\ntype = "Credits"',
            "the document has it",
        ),
        (
            "overlay-v3",
            "",
            'target = "append:movie-detials.x"\nadd = true\ntype = "Credits"',
            "close to it: movie-details",
        ),
        ("overlay-v3", "", 'target = "append:movie-details.x"\ntype = "Credits"', "say add = true"),
        ("overlay-v3", "", 'target = "property:id"\nto = ["Genre"]\ntype = "int"', "say add = true"),
        ("overlay-v3", "", 'target = "property:id"\nadd = true\nto = ["Genre"]\ntype = "int"', "Genre has it already"),
        ("overlay-v3", "", 'target = "property:x"\nadd = true\nto = ["Gerne"]\ntype = "int"', "close to it: Genre"),
        (
            "overlay-v3",
            "",
            'target = "property:title"\ntype = "MovieSumary"',
            "there is no model MovieSumary; close to it: MovieSumm",
        ),
        (
            "names-v3",
            "[methods]\n",
            '[methods]\nmovie-detials = "x"\n',
            "[methods] movie-detials; close to it: movie-details",
        ),
        ("names-v3", "[tags]\n", '[tags]\nfilms = ["/3/moive"]\n', "[tags] films: /3/moive; close to it: /3/movie"),
        ("names-v3", "[attributes]\n", '[attributes]\ntilte = "x"\n', "[attributes] tilte; close to it: title"),
        ("names-v3", "[models]\n", '[models]\nX = ["movie-detials"]\n', "close to it: movie-details"),
        ("names-v3", "[operation_ids]\n", '[operation_ids]\nmovie-detials = "x"\n', "close to it: movie-details"),
        ("descriptions", "[operations]\n", '[operations]\nmovie-detials = "X."\n', "close to it: movie-details"),
        ("descriptions", "[models]\n", '[models]\nMovieDetials = "X."\n', "close to it: MovieDetails"),
        ("descriptions", "[bodies]\n", '[bodies]\nvaleu = "X."\n', "close to it: value"),
        ("descriptions", "[parameters]\n", '[parameters]\nlangage = "X."\n', "close to it: language"),
    ],
)
def test_what_the_tables_say_in_vain_is_an_error_with_the_nearest_names(
    checkout: Path, table: str, old: str, new: str, message: str
) -> None:
    path = checkout / f"openapi/{table}.toml"
    text = path.read_text()
    if old:
        assert old in text
        path.write_text(text.replace(old, new, 1))
    else:
        path.write_text(f'{text}\n[[mend]]\n{new}\nreason = "x"\n')
    done = regenerate(checkout, "--check")
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("regenerate: ")
