"""A model in a program's hands: as a page, as a mapping, printed, and given to other tools."""

from __future__ import annotations

import copy
import datetime
import importlib
import inspect
import json
import pickle
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from pipeline.evidence import read_payloads
from pipeline.truth import decode
from tmdb_api_client import v3, v4
from tmdb_api_client._model import Model, Page
from tmdb_api_client.v3 import models

from tmdb_ext import TMDB, AsyncTMDB

FILM: dict[str, Any] = {
    "id": 7,
    "title": "The Long Tide",
    "release_date": "1999-03-31",
    "runtime": 120.0,
    "status": None,
    "genres": [{"id": 1, "name": "Drama"}],
    "awards": [{"year": 2000}],
}
PAGE: dict[str, Any] = {
    "page": 2,
    "results": [{"id": 1, "title": "One"}, {"id": 2, "title": "Two", "release_date": "2001-05-06"}, {"id": 3}],
    "total_pages": 9,
    "total_results": 27,
}
NAMES = ("keys", "get", "to_dict", "from_dict", "additional_keys", "additional_properties", "_made", "_sent",
         "__dict__", "_slots", "_kept", "_known", "_numbered", "_whole", "_items", "_listed", "_repr_html_",
         "__class__", "__reduce_ex__", "__deepcopy__", "__eq__", "__getitem__", "__setattr__",
         "__attrs_attrs__")  # fmt: skip


def film() -> models.MovieDetails:
    return models.MovieDetails.from_dict(copy.deepcopy(FILM))


def page() -> models.MovieSummaryPage:
    return models.MovieSummaryPage.from_dict(copy.deepcopy(PAGE))


# A page is its items


def test_a_page_is_its_items() -> None:
    films = page()
    assert [one.id for one in films] == [1, 2, 3]
    assert films[0] is films.results[0]
    assert films[-1].id == 3
    assert [one.id for one in films[:2]] == [1, 2]
    assert len(films) == 3
    assert films[1] in films
    assert models.MovieSummary(id=9) not in films
    assert list(reversed(films)) == films.results[::-1]
    assert (films.page, films.total_pages, films.total_results) == (2, 9, 27)


def test_a_page_shows_its_keys_too() -> None:
    films = page()
    assert films["page"] == 2
    assert films["results"] == PAGE["results"]
    assert "total_pages" in films
    assert "id" not in films
    assert dict(films) == PAGE


def test_a_page_without_items_is_empty() -> None:
    assert not models.MovieSummaryPage.from_dict({})
    assert list(models.MovieSummaryPage.from_dict({"results": None})) == []
    assert len(models.MovieSummaryPage.from_dict({"results": "none"})) == 0
    assert models.MovieDetails.from_dict({})


@pytest.mark.parametrize("package", [v3, v4], ids=["v3", "v4"])
def test_what_has_pages_answers_with_a_page_of_what_it_lists(package: Any) -> None:
    listing = [operation for operation in package.OPERATIONS.values() if operation.pages]
    assert len(listing) > 5
    for operation in listing:
        endpoint = getattr(importlib.import_module(operation.module), operation.endpoint)
        answer = endpoint.decode({operation.pages: [{"id": 5}], "page": 1})
        assert isinstance(answer, Page)
        assert answer[0] is getattr(answer, operation.pages)[0]
        assert type(answer[0]) is not dict


@pytest.mark.parametrize("index", [3, -4])
def test_an_item_that_is_not_there_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        page()[index]


# A model is the JSON object that TMDB sent


def test_a_model_reads_as_the_json_object() -> None:
    read = film()
    assert isinstance(read, Mapping)
    assert read["title"] == "The Long Tide"
    assert read["release_date"] == "1999-03-31"
    assert type(read["runtime"]) is float
    assert type(read.runtime) is int
    assert read["genres"] == [{"id": 1, "name": "Drama"}]
    assert read["awards"] == [{"year": 2000}]
    assert read["status"] is None
    assert "status" in read
    assert "overview" not in read
    assert read.get("overview") is None
    assert read.get("overview", "…") == "…"
    assert list(read.keys()) == list(FILM)
    assert dict(read) == {**read} == read.to_dict() == FILM
    with pytest.raises(KeyError, match="overview"):
        read["overview"]
    match read:
        case {"title": title, "genres": [{"name": name}]}:
            assert (title, name) == ("The Long Tide", "Drama")
        case _:
            pytest.fail("it matches no mapping")


def test_setting_a_key_sets_the_attribute() -> None:
    read = film()
    read["title"] = "X"
    read["release_date"] = "2001-02-03"
    read["genres"] = [{"id": 2, "name": "War"}]
    read["note"] = 1
    assert read.title == "X"
    assert read.release_date == datetime.date(2001, 2, 3)
    assert read.genres == [models.Genre(id=2, name="War")]
    assert read.additional_properties == {"awards": [{"year": 2000}], "note": 1}


def test_setting_an_attribute_sets_the_key() -> None:
    read = film()
    read.release_date = datetime.date(2001, 2, 3)
    read.genres.append(models.Genre(id=2, name="War"))
    read.runtime = 90
    read.belongs_to_collection = models.CollectionSummary(id=3)
    assert read["release_date"] == "2001-02-03"
    assert read["genres"] == [{"id": 1, "name": "Drama"}, {"id": 2, "name": "War"}]
    assert read["runtime"] == 90
    assert read["belongs_to_collection"] == {"id": 3}
    assert "belongs_to_collection" in read
    assert dict(read) == read.to_dict()


def test_a_key_can_be_deleted() -> None:
    read = film()
    assert read.genres
    del read["genres"], read["awards"], read["title"]
    assert read.genres == []
    assert read.title is None
    assert list(read.keys()) == ["id", "release_date", "runtime", "status"]
    with pytest.raises(KeyError, match="title"):
        del read["title"]


def test_iterating_over_a_model_that_is_no_page_says_what_to_do() -> None:
    for attempt in (iter, list, tuple, set, lambda read: [*read]):
        with pytest.raises(
            TypeError, match=r"a MovieDetails is not a list of items: iterate over \.genres, or use dict"
        ):
            attempt(film())  # type: ignore[operator] # that it cannot be iterated over is what is tried
    with pytest.raises(TypeError, match="an Account is not a list of items: use dict"):
        iter(models.Account(id=1))  # type: ignore[call-overload] # the same
    with pytest.raises(TypeError, match="keys of a MovieDetails are strings, such as 'id', not 0"):
        film()[0]  # type: ignore[index] # the same


def test_an_object_is_read_and_never_written_to() -> None:
    given = copy.deepcopy(FILM)
    read, other = models.MovieDetails.from_dict(given), models.MovieDetails.from_dict(given)
    read["title"] = "X"
    read.status = "Y"
    read.genres[0].name = "Z"
    del read["awards"]
    assert given == FILM
    assert other.to_dict() == FILM


@pytest.mark.parametrize("name", NAMES)
def test_a_key_with_the_name_of_something_of_ours_hides_nothing(name: str) -> None:
    for cls, body in ((models.MovieDetails, FILM), (models.MovieSummaryPage, PAGE)):
        sent = {**copy.deepcopy(body), name: "from TMDB"}
        read = cls.from_dict(sent)
        assert read[name] == "from TMDB"
        assert read.get(name) == "from TMDB"
        assert name in list(read.keys())
        assert read.to_dict() == dict(read) == sent
        assert read.additional_properties[name] == "from TMDB"
        assert read == copy.copy(read) == copy.deepcopy(read) == pickle.loads(pickle.dumps(read))
        assert attrs.evolve(read).to_dict() == sent
        assert len(repr(read)) < 300
        read[name] = 5
        read["page"] = 7
        assert read[name] == 5
        assert type(read) is cls
    assert [one.id for one in page()] == [1, 2, 3]


def test_whatever_was_recorded_reads_as_it_came(shared: Path) -> None:
    read = 0
    for row, body in read_payloads(shared / "payloads", None):
        if row["status"] != 200:
            continue
        for model, sent in models_in(decode(row["operation"], row["status"], body), body):
            read += 1
            assert {**model} == sent
            assert list(model.keys()) == list(sent)
            assert all(key in model and model[key] == value for key, value in sent.items())
            assert len(repr(model)) <= 300
            assert "None" not in repr(model).replace('"None', "")
            assert len(str(model)) <= 300
    assert read > 50_000


def models_in(value: Any, sent: Any) -> typing.Iterator[tuple[Model, Any]]:
    """Every model in what was decoded, with what it was decoded from."""
    if isinstance(value, Model):
        yield value, sent
        for attribute in attrs.fields(type(value)):
            key = attribute.metadata.get("key") or attribute.name
            if key in sent:
                yield from models_in(getattr(value, attribute.name), sent[key])
    elif isinstance(value, list) and isinstance(sent, list):
        for item, before in zip(value, sent, strict=True):
            yield from models_in(item, before)
    elif isinstance(value, dict) and isinstance(sent, dict):
        for key in value.keys() & sent.keys():
            yield from models_in(value[key], sent[key])


# Printed


@pytest.mark.parametrize(
    ("model", "short", "readable"),
    [
        (film(), '<MovieDetails 7 "The Long Tide" 1999>', "The Long Tide (1999)"),
        (page(), "<MovieSummaryPage 2 of 9: 3 × MovieSummary>", None),
        (models.MovieSummaryPage(), "<MovieSummaryPage page: empty>", "nothing"),
        (models.Genre(id=1), "<Genre 1>", "<Genre 1>"),
        (models.CastMember(id=5, name="Ada", character="Herself"), '<CastMember 5 "Ada">', "Ada as Herself"),
        (models.Credits(cast=[models.CastMember(), models.CastMember()]), "<Credits 2 × CastMember>", None),
        (models.TvSeriesSummary(id=2, name="x" * 400), f'<TvSeriesSummary 2 "{"x" * 59}…">', None),
        (models.RequestToken(request_token="5ec3e7"), "<RequestToken request_token=…>", None),
        (models.CreatedSession(session_id="5ec3e7", success=True), "<CreatedSession session_id=…, success=True>", None),
        (models.Status(status_code=34), "<Status status_code=34>", None),
        (models.Account(), "<Account>", None),
    ],
)  # fmt: skip
def test_a_model_is_short_to_a_programmer_and_readable_to_a_person(
    model: Model, short: str, readable: str | None
) -> None:
    assert repr(model) == short
    assert readable is None or str(model) == readable


def test_a_page_reads_as_what_is_on_it() -> None:
    assert str(page()) == "One, Two (2001), <MovieSummary 3> (page 2 of 9, 27 in all)"


def test_no_secret_is_in_what_is_printed() -> None:
    for model in (
        models.CreatedSession(session_id="5ec3e7"),
        models.RequestTokenBody(request_token="5ec3e7"),
        models.LoginBody(username="a", password="5ec3e7", request_token="5ec3e7"),
        models.AccessTokenBody(access_token="5ec3e7"),
        models.CreatedGuestSession(guest_session_id="5ec3e7"),
    ):
        for shown in (repr(model), str(model), model._repr_html_()):
            assert "5ec3e7" not in shown


def test_a_notebook_shows_a_page_as_a_table_and_a_film_as_a_card() -> None:
    table = page()._repr_html_()
    assert table.startswith("<table>")
    assert table.count("<tr>") == 4
    assert "<th>title</th>" in table
    assert "<td>2001-05-06</td>" in table
    card = models.MovieDetails(id=7, title="Tide", poster_path="/a.jpg", overview="A & B")._repr_html_()
    assert 'src="https://image.tmdb.org/t/p/w185/a.jpg"' in card
    assert "A &amp; B" in card


def test_what_tmdb_sent_is_escaped() -> None:
    bad = "\"><script>alert('x')</script>"
    for model in (
        models.MovieDetails.from_dict(
            dict.fromkeys(("title", "overview", "tagline"), bad) | {"poster_path": f"/{bad}"}
        ),
        models.MovieSummaryPage.from_dict({"results": [{"title": bad, "id": bad}], "page": bad}),
        models.Status.from_dict({"status_message": bad}),
    ):
        assert "<script" not in model._repr_html_()


def test_clients_and_resources_say_what_they_are() -> None:
    for client in (TMDB(access_token="a.5ec3e7.c"), AsyncTMDB(access_token="a.5ec3e7.c")):
        for thing in (client, client.movies, client.account, client.v4, client.v4.lists, client.auth, client.images):
            assert " object at 0x" not in repr(thing)
            assert "5ec3e7" not in repr(thing)
            assert len(repr(thing)) <= 300
        assert repr(client.genres) == f"<{type(client.genres).__name__}: movies, movies_of, tv>"


# In other tools


def test_json_has_one_way() -> None:
    read = film()
    read.release_date = datetime.date(2001, 2, 3)
    assert json.loads(json.dumps({"films": [read]}, default=dict)) == {
        "films": [{**FILM, "release_date": "2001-02-03"}]
    }
    assert json.loads(json.dumps(page(), default=dict)) == PAGE


def test_asdict_shows_what_a_model_has() -> None:
    shown = attrs.asdict(film())
    assert shown["genres"] == [{"additional_properties": {}, "id": 1, "name": "Drama"}]
    assert not [name for name in shown if name.startswith("_")]
    assert attrs.evolve(film(), title="X").to_dict() == {**FILM, "title": "X"}


def test_pandas_makes_columns_of_a_page() -> None:
    pandas = pytest.importorskip("pandas")
    for shown in (pandas.DataFrame(page()), pandas.DataFrame(page()[:]), pandas.DataFrame(list(page()))):
        assert list(shown.columns) == ["id", "title", "release_date"]
        assert shown["title"].tolist()[:2] == ["One", "Two"]


def test_fastapi_answers_with_a_model() -> None:
    fastapi = pytest.importorskip("fastapi")
    from fastapi.encoders import jsonable_encoder
    from fastapi.testclient import TestClient

    app = fastapi.FastAPI()

    @app.get("/film")
    def one() -> models.MovieDetails:
        return film()

    @app.get("/films")
    def several() -> list[models.MovieSummary]:
        return page()[:]

    @app.get("/page")
    def a_page() -> models.MovieSummaryPage:
        return page()

    @app.get("/plain")
    def plain() -> Any:
        return {"film": film()}

    @app.post("/taken")
    def taken(sent: models.MovieDetails) -> str:
        return f"{sent.title} {sent.release_date!r}"

    client = TestClient(app)
    assert client.get("/film").json() == FILM
    assert client.get("/films").json() == PAGE["results"]
    assert client.get("/page").json() == PAGE
    assert client.get("/plain").json() == {"film": FILM}
    assert client.post("/taken", json=FILM).json() == "The Long Tide datetime.date(1999, 3, 31)"
    assert client.post("/taken", json=[1]).status_code == 422
    assert jsonable_encoder(film()) == FILM
    schema = client.get("/openapi.json").json()["components"]["schemas"]["MovieDetails"]
    assert schema["type"] == "object"
    assert "title" in schema["properties"]


def annotated() -> dict[str, Any]:
    """The models, and the methods of all resources."""
    found: dict[str, Any] = {}
    for package in (v3, v4):
        names = importlib.import_module(f"{package.__name__}.models")
        found |= {f"{package.__name__}.{name}": getattr(names, name) for name in names.__all__
                  if isinstance(getattr(names, name), type)}  # fmt: skip
    for client in (TMDB(access_token="a.b.c"), AsyncTMDB(access_token="a.b.c")):
        for holder in (client, client.v4):
            for name, value in inspect.getmembers(type(holder), lambda value: hasattr(value, "func")):
                assert value.func.__name__ == name
                found |= methods_of(getattr(holder, name))
    return found


def methods_of(thing: Any) -> dict[str, Any]:
    return {
        f"{type(thing).__name__}.{name}": getattr(type(thing), name)
        for name in dir(thing)
        if not name.startswith("_") and inspect.isfunction(getattr(type(thing), name, None))
    }


def test_annotations_of_models_and_resource_methods_resolve_at_run_time() -> None:
    listed = annotated()
    assert len(listed) > 600
    for name, thing in listed.items():
        try:
            hints = typing.get_type_hints(thing)
        except (NameError, TypeError) as error:
            pytest.fail(f"{name}: {error!r}")
        assert hints or not inspect.isfunction(thing), name
