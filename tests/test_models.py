"""What a model does with what TMDB sends: the promises of decoding, on bodies of our own."""

from __future__ import annotations

import copy
import datetime
import json
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline.truth import annotations_of, contradictions, decode, encode, unknown_keys
from tmdb_api_client.v3 import models
from tmdb_api_client.v3.operations import OPERATIONS
from tmdb_api_client.v4 import models as models_v4

from tmdb_ext.testing import Simulator

FILM = {
    "id": 7,
    "title": "The Long Tide",
    "release_date": "1999-03-31",
    "vote_average": 7,
    "runtime": 120.0,
    "imdb_id": None,
    "genres": [{"id": 1, "name": "Drama"}, None, "Comedy"],
    "spoken_languages": None,
    "belongs_to_collection": {"id": 3, "name": "Tides"},
    "awards": [{"year": 2000}],
    "status": 4,
}


def test_a_film_decodes_into_python_values() -> None:
    film = models.MovieDetails.from_dict(FILM)
    assert film.release_date == datetime.date(1999, 3, 31)
    assert film.runtime == 120
    assert type(film.runtime) is int
    assert film.genres[0] == models.Genre(id=1, name="Drama")
    assert film.belongs_to_collection is not None
    assert film.belongs_to_collection.name == "Tides"


def test_missing_and_null_are_none_or_an_empty_list() -> None:
    film = models.MovieDetails.from_dict(FILM)
    assert film.imdb_id is None
    assert film.overview is None
    assert film.spoken_languages == []
    assert film.production_companies == []
    assert film.credits is None


def test_unknown_keys_are_kept_and_reachable() -> None:
    film = models.MovieDetails.from_dict(FILM)
    assert film.additional_keys == ["awards"]
    assert film["awards"] == [{"year": 2000}]
    assert "awards" in film
    del film["awards"]
    film["prizes"] = 2
    assert film.to_dict() == {**{k: v for k, v in FILM.items() if k != "awards"}, "prizes": 2}


def test_a_value_that_contradicts_its_schema_is_kept() -> None:
    film = models.MovieDetails.from_dict({"status": 4, "release_date": "soon", "genres": "none", "credits": 5})
    kept: list[Any] = [film.status, film.release_date, film.genres, film.credits]
    assert kept == [4, "soon", "none", 5]
    assert film.to_dict() == {"status": 4, "release_date": "soon", "genres": "none", "credits": 5}


def test_what_was_sent_is_given_back() -> None:
    assert models.MovieDetails.from_dict(FILM).to_dict() == FILM
    assert models.MovieDetails.from_dict({}).to_dict() == {}


def test_what_was_changed_since_is_given_back_changed() -> None:
    film = models.MovieDetails.from_dict(FILM)
    film.title = None
    film.imdb_id = "tt1"
    film.overview = "New."
    film.release_date = datetime.date(2000, 1, 1)
    film.genres = []
    changed = {"title": None, "imdb_id": "tt1", "overview": "New.", "release_date": "2000-01-01", "genres": []}
    assert film.to_dict() == {**FILM, **changed}


def test_what_was_decoded_from_is_not_changed() -> None:
    sent = copy.deepcopy(FILM)
    film = models.MovieDetails.from_dict(sent)
    film.genres.append(models.Genre(id=2))
    film["awards"] = None
    film.title = "x"
    assert sent == FILM


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2016-04-29T18:23:38.435Z", datetime.datetime(2016, 4, 29, 18, 23, 38, 435000, datetime.UTC)),
        ("2016-08-26 17:04:11 UTC", datetime.datetime(2016, 8, 26, 17, 4, 11, 0, datetime.UTC)),
        ("2016-08-26T17:04:11", datetime.datetime(2016, 8, 26, 17, 4, 11, 0, datetime.UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times_are_aware_and_go_back_as_they_came(sent: str | None, expected: datetime.datetime | None) -> None:
    review = models.Review.from_dict({"created_at": sent})
    assert review.created_at == expected
    assert review.to_dict() == {"created_at": sent}


def test_members_of_a_mixed_list_are_told_apart_by_media_type() -> None:
    results = [
        {"media_type": "movie", "title": "A"},
        {"media_type": "tv", "name": "B"},
        {"media_type": "person", "known_for": [{"media_type": "tv"}]},
        {"media_type": "hologram", "depth": 3},
        {"media_type": 5},
        {"name": "C", "first_air_date": "2001-01-01", "origin_country": ["DE"]},
    ]
    page = models.MultiSearchPage.from_dict({"results": results})
    kinds = [type(result).__name__ for result in page.results]
    assert kinds == [
        "MovieSummary", "TvSeriesSummary", "PersonSummary", "UnknownMedia", "UnknownMedia", "TvSeriesSummary",
    ]  # fmt: skip
    hologram = page.results[3]
    assert isinstance(hologram, models.UnknownMedia)
    assert hologram["depth"] == 3
    assert page.to_dict() == {"results": results}


def test_rated_is_false_or_a_rating() -> None:
    assert models.AccountStates.from_dict({"rated": False}).rated is False
    rated = models.AccountStates.from_dict({"rated": {"value": 8.5}}).rated
    assert isinstance(rated, models.RatingValue)
    assert rated.value == 8.5


def test_maps_by_country_are_dicts() -> None:
    offers = {"DE": {"link": "x", "flatrate": [{"provider_id": 1}]}, "FR": {}}
    providers = models.WatchProviders.from_dict({"results": offers})
    assert providers.results is not None
    assert providers.results["DE"].flatrate[0].provider_id == 1
    assert providers.to_dict() == {"results": offers}
    empty: Any = models.WatchProviders.from_dict({"results": []})
    assert empty.results == []


def test_models_compare_copy_and_pickle_by_value() -> None:
    one, other = models.MovieDetails.from_dict(FILM), models.MovieDetails.from_dict(copy.deepcopy(FILM))
    assert one == other
    assert pickle.loads(pickle.dumps(one)) == one
    assert pickle.loads(pickle.dumps(one)).to_dict() == FILM
    assert copy.deepcopy(one).to_dict() == FILM
    assert "The Long Tide" in repr(one)
    other.title = "x"
    assert one != other


def test_a_request_body_sends_what_was_given() -> None:
    assert models.ListBody(name="mine").to_dict() == {"name": "mine"}
    assert models.FavoriteBody(media_type="tv", media_id=1, favorite=False).to_dict() == {
        "media_type": "tv",
        "media_id": 1,
        "favorite": False,
    }


@pytest.mark.parametrize("models", [models, models_v4], ids=["v3", "v4"])
def test_no_annotation_of_a_response_is_open_and_none_has_a_third_state(models: Any) -> None:
    for name in models.__all__:
        model = getattr(models, name)
        if not isinstance(model, type):
            continue
        for attribute, annotation in annotations_of(model).items():
            assert annotation is not Any, f"{name}.{attribute}"
            assert "Unset" not in str(annotation), f"{name}.{attribute}"


@pytest.mark.parametrize("models", [models, models_v4], ids=["v3", "v4"])
def test_null_and_missing_contradict_no_annotation_of_a_response(models: Any) -> None:
    checked = 0
    for name in models.__all__:
        model = getattr(models, name)
        if isinstance(model, type) and not any(attribute.default is attrs.NOTHING for attribute in attrs.fields(model)):
            keys = [attribute.metadata.get("key", attribute.name) for attribute in attrs.fields(model)]
            for sent in ({}, dict.fromkeys(keys)):
                wrong = [place for place, contradicts in contradictions(model.from_dict(sent)) if contradicts]
                assert wrong == [], name
                checked += 1
    assert checked > 40


@pytest.fixture(scope="module")
def bodies() -> list[tuple[str, Any]]:
    """A body of every operation without parameters to think of, from the simulator: (operation, body)."""
    import httpx

    found = []
    with Simulator(strict=True) as simulator, httpx.Client(base_url=simulator.base_url) as http:
        for operation in OPERATIONS.values():
            if operation.method == "GET" and operation.user_auth == "none":
                path = operation.path.format_map(Ones())
                params = {"api_key": simulator.api_key, "query": "star", "external_source": "imdb_id"}
                known = (
                    {"query"}
                    if operation.tag == "search"
                    else {"external_source"}
                    if operation.tag == "find"
                    else set()
                )
                answer = http.get(path, params={k: v for k, v in params.items() if k in known | {"api_key"}})
                if answer.status_code == 200:
                    found.append((f"{operation.method} {operation.path}", answer.json()))
    assert len(found) > 100
    return found


class Ones(dict[str, str]):
    """Fills every path parameter."""

    def __missing__(self, key: str) -> str:
        return "day" if key == "time_window" else "tt0000001" if key == "external_id" else "1"


NESTED: Any = {"deep": 1}
for _ in range(60):
    NESTED = {"deep": [NESTED]}
STRANGE = st.sampled_from(
    [
        None,
        "",
        0,
        -1,
        10**30,
        1.5,
        1e308,
        True,
        [],
        {},
        [None],
        [[]],
        {"x": None},
        "ünïcödé ✓ 日本",
        "2001-02-30",
        NESTED,
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


def mutated(body: Any, data: st.DataObject) -> Any:
    """A copy of a body with up to four changes: a key dropped, added or replaced by something strange."""
    body = copy.deepcopy(body)
    for _ in range(data.draw(st.integers(1, 4))):
        where = places(body)
        if not where:
            break
        *path, last = data.draw(st.sampled_from(where))
        holder = body
        for key in path:
            holder = holder[key]
        match data.draw(st.sampled_from(["drop", "add", "replace"])):
            case "drop":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[data.draw(st.text(max_size=8))] = copy.deepcopy(data.draw(STRANGE))
            case _:
                holder[last] = copy.deepcopy(data.draw(STRANGE))
    return body


@settings(max_examples=1500, deadline=None, database=None)
@given(data=st.data())
def test_a_mutated_body_decodes_and_loses_nothing(bodies: list[tuple[str, Any]], data: st.DataObject) -> None:
    operation, body = data.draw(st.sampled_from(bodies))
    changed = mutated(body, data)
    before = json.dumps(changed)
    decoded = decode(operation, 200, changed)
    list(unknown_keys(decoded))
    assert encode(decoded) == changed
    assert json.dumps(changed) == before


# An object is decoded when one of its attributes is first read; nobody need notice


def test_an_object_that_nobody_has_read_is_worth_as_much_as_another() -> None:
    read = models.MovieDetails.from_dict(FILM)
    assert read.title
    assert models.MovieDetails.from_dict(FILM) == read
    assert read == models.MovieDetails.from_dict(FILM)
    assert models.MovieDetails.from_dict(FILM) == models.MovieDetails.from_dict(copy.deepcopy(FILM))
    assert models.MovieDetails.from_dict(FILM) != models.MovieDetails.from_dict({**FILM, "id": 8})
    assert repr(models.MovieDetails.from_dict(FILM)) == repr(read)
    assert models.MovieDetails.from_dict(FILM).to_dict() == FILM
    assert models.MovieDetails.from_dict(FILM).additional_properties == read.additional_properties
    assert attrs.asdict(models.MovieDetails.from_dict(FILM)) == attrs.asdict(read)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda film: pickle.loads(pickle.dumps(film))], ids=["copy", "deep", "pickle"]
)
def test_an_object_that_nobody_has_read_is_copied_whole(copied: Any) -> None:
    film = copied(models.MovieDetails.from_dict(FILM))
    assert film == models.MovieDetails.from_dict(FILM)
    assert film.to_dict() == FILM


def test_what_is_set_before_anything_is_read_stays() -> None:
    film = models.MovieDetails.from_dict(FILM)
    film.title = "Mine"
    film["note"] = 1
    assert film.id == FILM["id"]
    assert film.title == "Mine"
    assert film.to_dict() == {**FILM, "title": "Mine", "note": 1}


def test_what_a_model_does_not_have_is_no_attribute() -> None:
    film: Any = models.MovieDetails.from_dict(FILM)
    assert not hasattr(film, "titel")
    with pytest.raises(AttributeError, match="titel"):
        film.titel
    with pytest.raises(AttributeError, match="titel"):
        film.titel = 1
    assert film.title == FILM["title"]


def test_threads_that_read_an_object_first_find_the_same_in_it() -> None:
    for _ in range(50):
        film = models.MovieDetails.from_dict(FILM)
        barrier = threading.Barrier(8)

        def read(film: models.MovieDetails = film, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            return id(film.genres)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda _, read=read: read(), range(8)))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_forked_while_other_threads_decode_can_decode() -> None:
    stopped = threading.Event()

    def decode_without_end() -> None:
        while not stopped.is_set():
            assert models.MovieDetails.from_dict(FILM).genres[0].id == 1

    threads = [threading.Thread(target=decode_without_end, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if decoded_in_a_thread() else 1)
            _, status = os.waitpid(child, 0)
            assert status == 0
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def decoded_in_a_thread() -> bool:
    names: list[Any] = []
    thread = threading.Thread(
        target=lambda: names.append(models.MovieDetails.from_dict(FILM).genres[0].name), daemon=True
    )
    thread.start()
    thread.join(30)
    return names == ["Drama"]
