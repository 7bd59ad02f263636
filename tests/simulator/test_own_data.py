"""Data, answers and faults of a test's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tmdb_ext.testing import Simulator


def test_a_film_of_a_tests_own_is_everywhere(simulator: Simulator, http: httpx.Client) -> None:
    added = simulator.add(
        "movie", id=900900, title="Zinnober", release_date="2024-05-31", genres=[18], poster_path=None, vote_average=8,
        production_companies=[2], translations={"de": {"title": "Zinnober auf Deutsch"}},
        cast=[{"id": 21, "character": "The Gardener"}], release_dates={"DE": "2024-06-07"},
    )  # fmt: skip
    assert added == 900900
    film = http.get("/movie/900900", params={"append_to_response": "credits,images,release_dates"}).json()
    assert (film["title"], film["original_title"], film["poster_path"], film["overview"]) == (
        "Zinnober",
        "Zinnober",
        None,
        "",
    )
    assert film["genres"] == [{"id": 18, "name": "Drama"}]
    assert film["credits"]["cast"][0]["name"] == "Ottoline Marsh"
    assert film["images"]["posters"] == []
    assert film["production_companies"][0]["name"] == "Saltmarsh Pictures"
    assert http.get("/movie/900900", params={"language": "de"}).json()["title"] == "Zinnober auf Deutsch"
    assert http.get("/search/movie", params={"query": "deutsch zinnober"}).json()["results"][0]["id"] == 900900
    day = {"primary_release_date.gte": "2024-05-31", "primary_release_date.lte": "2024-05-31", "with_cast": "21"}
    assert http.get("/discover/movie", params=day).json()["total_results"] == 1
    played = http.get("/person/21/movie_credits").json()["cast"]
    assert [one["character"] for one in played if one["id"] == 900900] == ["The Gardener"]
    credit = film["credits"]["cast"][0]["credit_id"]
    assert http.get(f"/credit/{credit}").json()["media"]["id"] == 900900
    assert http.get("/movie/900901").status_code == 404


@pytest.mark.parametrize(
    ("kind", "date", "paths"),
    [
        ("movie", "release_date", ["discover/movie?sort_by=primary_release_date.desc", "movie/now_playing"]),
        ("movie", "release_date", ["movie/upcoming", "discover/movie?primary_release_year=2020", "movie/900900"]),
        ("tv", "first_air_date", ["discover/tv?first_air_date_year=2020", "tv/on_the_air", "tv/900900"]),
    ],
)
def test_something_without_a_date_breaks_no_list(
    simulator: Simulator, http: httpx.Client, kind: str, date: str, paths: list[str]
) -> None:
    simulator.add(kind, id=900900, **{date: None})
    for path in paths:
        answer = http.get(f"/{path}")
        assert answer.status_code == 200
    assert answer.json().get(date, "") == ""


def test_a_field_of_the_sample_can_be_changed(simulator: Simulator, http: httpx.Client) -> None:
    before = http.get("/movie/11").json()
    simulator.add("movie", id=11, runtime=7)
    assert http.get("/movie/11").json() == {**before, "runtime": 7}
    simulator.reset()
    assert http.get("/movie/11").json() == before


def test_a_series_with_seasons_and_episodes(simulator: Simulator, http: httpx.Client) -> None:
    simulator.add("tv", id=900, name="Quay", seasons=[{"season_number": 1, "episode_count": 2}])
    simulator.add("episode", series_id=900, season_number=2, episode_number=1, name="Back", air_date="2020-01-01")
    series = http.get("/tv/900").json()
    assert (series["number_of_seasons"], series["number_of_episodes"]) == (2, 3)
    assert series["last_episode_to_air"]["name"] == "Back"
    assert [one["name"] for one in http.get("/tv/900/season/1").json()["episodes"]] == ["Episode 1", "Episode 2"]
    assert http.get("/tv/900/season/2/episode/1").json()["name"] == "Back"
    assert http.get("/tv/900/season/3").status_code == 404


def test_credits_images_reviews_and_lists_are_added_one_by_one(simulator: Simulator, http: httpx.Client) -> None:
    credit = simulator.add("credit", movie=12, person=2, job="Editor")
    assert http.get(f"/credit/{credit}").json()["job"] == "Editor"
    path = simulator.add("image", movie=12, type="poster", iso_639_1="de")
    posters = http.get("/movie/12/images", params={"language": "de"}).json()["posters"]
    assert path in [one["file_path"] for one in posters]
    assert all((one["width"], one["height"]) == (1000, 1500) for one in posters)
    review = simulator.add("review", movie=12, author="me", content="Good.")
    assert http.get(f"/review/{review}").json()["content"] == "Good."
    number = simulator.add("list", id=77_000, name="Mine", items=[("movie", 12), ("tv", 41)])
    assert [one["media_type"] for one in http.get(f"/list/{number}").json()["items"]] == ["movie", "tv"]
    simulator.add("genre", id=4711, name="Heimat", media_type="movie")
    assert {"id": 4711, "name": "Heimat"} in http.get("/genre/movie/list").json()["genres"]


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("moive", {"id": 1}, "did you mean movie"),
        ("movie", {"titel": "x"}, "did you mean title"),
        ("movie", {"title": 5}, "title of a movie is a text"),
        ("movie", {"id": "5"}, "id of a movie is a whole number"),
        ("movie", {"release_date": "31.5.2024"}, "a date such as"),
        ("season", {"series_id": 41}, "season_number is missing"),
        ("episode", {"series_id": 9_999_999, "season_number": 1, "episode_number": 1}, "there is no tv"),
        ("credit", {"movie": 11, "person": 9_999_999, "character": "x"}, "there is no person"),
        ("image", {"movie": 11, "type": "still"}, "a movie has no stills"),
        ("movie", {"release_dates": [{"iso_3166_1": "DE", "release_dates": [{"type": 7}]}]}, "1 to 6"),
    ],
)
def test_data_that_cannot_be_is_refused_with_a_reason(kind: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Simulator().add(kind, **fields)


def test_a_folder_is_loaded_and_again_after_a_reset(tmp_path: Path) -> None:
    (tmp_path / "movie").mkdir()
    (tmp_path / "movie" / "900900.json").write_text(json.dumps({"id": 900900, "title": "Rain", "new_field": 1}))
    (tmp_path / "all.json").write_text(json.dumps({"person": [{"id": 900901, "name": "Ada"}]}))
    with Simulator(data=tmp_path) as simulator, httpx.Client(params={"api_key": simulator.api_key}) as client:
        for _ in range(2):
            assert client.get(f"{simulator.base_url}/3/movie/900900").json()["new_field"] == 1
            assert client.get(f"{simulator.base_url}/3/person/900901").json()["name"] == "Ada"
            simulator.reset()
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError, match=r"bad\.json is not JSON"):
        Simulator(data=tmp_path)


def test_a_recorded_answer_can_be_loaded(simulator: Simulator, http: httpx.Client) -> None:
    whole = http.get("/movie/12", params={"append_to_response": "credits,images,keywords,videos,release_dates"}).json()
    with Simulator(data={"movie": [{**whole, "id": 900900}]}) as other:
        client = httpx.Client(base_url=f"{other.base_url}/3", params={"api_key": other.api_key})
        again = client.get("/movie/900900", params={"append_to_response": "credits,images,keywords,videos"}).json()
        assert again["genres"] == whole["genres"]
        assert again["images"] == whole["images"]
        assert [one["credit_id"] for one in again["credits"]["cast"]] == [
            one["credit_id"] for one in whole["credits"]["cast"]
        ]
        client.close()


def test_links_meet(http: httpx.Client) -> None:
    for review in http.get("/movie/11/reviews").json()["results"]:
        found = http.get(f"/review/{review['id']}").json()
        assert {name: found[name] for name in review} == review
        assert found["media_id"] == 11
    for group in http.get("/tv/41/episode_groups").json()["results"]:
        found = http.get(f"/tv/episode_group/{group['id']}").json()
        assert sum(len(one["episodes"]) for one in found["groups"]) == found["episode_count"] == group["episode_count"]
        assert len(found["groups"]) == group["group_count"]
    for country in http.get("/movie/12/release_dates").json()["results"]:
        assert all(1 <= one["type"] <= 6 for one in country["release_dates"])


def test_answers_are_prepared_by_name_value_path_and_function(simulator: Simulator, http: httpx.Client) -> None:
    simulator.answer("movie-details", where={"movie_id": [11, 12]}, body={"id": 0})
    simulator.answer(path="/3/tv/*", status=418, body="tea", times=1)
    simulator.answer(
        "search-movie", where=lambda one: "x" in one.params, body=lambda one: {"asked": one.params["query"]}
    )
    assert [http.get(f"/movie/{number}").json()["id"] for number in (11, 12, 13)] == [0, 0, 13]
    assert [http.get("/tv/41").status_code for _ in range(2)] == [418, 200]
    assert http.get("/search/movie", params={"query": "q", "x": "1"}).json() == {"asked": "q"}
    with pytest.raises(ValueError, match="did you mean movie-details"):
        simulator.answer("movie-detail", body={})
    simulator.clear_answers()
    assert http.get("/movie/11").json()["id"] == 11


def test_the_same_seed_makes_the_same_ids() -> None:
    def ids(simulator: Simulator) -> list[str]:
        first = [simulator.api_key, simulator.create_session(), simulator.create_user_access_token()]
        simulator.reset()
        return [*first, simulator.create_session()]

    from datetime import UTC, datetime

    from tmdb_ext.testing import Clock

    noon = datetime(2031, 5, 4, tzinfo=UTC)
    assert ids(Simulator(seed=7, clock=Clock(noon))) == ids(Simulator(seed=7, clock=Clock(noon)))
    assert ids(Simulator(seed=7)) != ids(Simulator(seed=8))
    given = Simulator(api_key="a" * 32, access_token="b.c.d")
    assert (given.api_key, given.access_token) == ("a" * 32, "b.c.d")
    with pytest.raises(ValueError, match="api_key"):
        Simulator(api_key="two words")


def test_parts_that_are_given_in_part_keep_the_rest(simulator: Simulator, http: httpx.Client) -> None:
    before = http.get("/movie/12", params={"append_to_response": "credits,images,external_ids"}).json()
    simulator.add("movie", id=12, cast=[{"id": 21}], images={"logos": []}, external_ids={"imdb_id": "tt0000012"})
    after = http.get("/movie/12", params={"append_to_response": "credits,images,external_ids"}).json()
    assert [one["id"] for one in after["credits"]["cast"]] == [21]
    assert after["credits"]["crew"] == before["credits"]["crew"]
    assert (after["images"]["logos"], after["images"]["posters"]) == ([], before["images"]["posters"])
    assert after["external_ids"] == {**before["external_ids"], "imdb_id": "tt0000012"}
    assert after["imdb_id"] == "tt0000012"
    simulator.add("tv", id=900900, external_ids={"tvdb_id": 5})
    assert http.get("/tv/900900/external_ids").json().keys() == http.get("/tv/41/external_ids").json().keys()
    simulator.add("movie", id=12, imdb_id="tt0000099")
    assert http.get("/movie/12/external_ids").json()["imdb_id"] == "tt0000099"


def test_a_list_takes_only_what_there_is(simulator: Simulator, http: httpx.Client, session: dict[str, str]) -> None:
    made = http.post("/list", params=session, json={"name": "Rain"}).json()["list_id"]
    assert http.post(f"/list/{made}/add_item", params=session, json={"media_id": 900900}).json()["status_code"] == 34
    assert http.get(f"/list/{made}").json()["items"] == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"keywords": ["rain"]}, "keywords of a movie: ids or objects are needed, not 'rain'"),
        ({"reviews": [1]}, "reviews of a movie: objects are needed"),
        ({"release_dates": [{"iso_3166_1": "DE"}]}, "release_dates is missing"),
        ({"alternative_titles": [{"title": "x"}]}, "iso_3166_1 is missing"),
        ({"external_ids": ["tt0000001"]}, "external_ids of a movie: external_ids are {"),
        ({"belongs_to_collection": "Rain"}, "has ids, or objects with an id"),
        ({"production_companies": ["Saltmarsh"]}, "has ids, or objects with an id"),
        ({"id": 2**70}, "whole number from 1 on"),
    ],
)
def test_data_of_a_wrong_shape_is_refused_when_it_is_given(
    simulator: Simulator, http: httpx.Client, fields: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        simulator.add("movie", **{"id": 900900, "title": "Rain", **fields})
    assert http.get("/search/multi", params={"query": "rain"}).status_code == 200


def test_what_is_said_of_a_series_holds_until_a_season_is_added(simulator: Simulator, http: httpx.Client) -> None:
    said = {"last_air_date": "2019-05-19", "next_episode_to_air": None, "number_of_episodes": 73}
    simulator.load({"tv": [{"id": 41, **said, "popularity": "7.5", "seasons": [{"season_number": 1, "id": 4101}]}]})
    simulator.add("tv", id=41, name="Harbour Nights Again")
    shown = http.get("/tv/41").json()
    assert {name: shown[name] for name in said} == said
    assert (shown["name"], shown["popularity"]) == ("Harbour Nights Again", 7.5)
    simulator.add("episode", series_id=41, season_number=9, episode_number=1, air_date="2031-05-05")
    shown = http.get("/tv/41").json()
    assert shown["next_episode_to_air"]["season_number"] == 9
    assert shown["number_of_episodes"] != 73


def test_recorded_pages_can_be_loaded_and_come_back(shared: Path) -> None:
    kinds = {"movie/{movie_id}": "movie", "tv/{series_id}": "tv", "person/{person_id}": "person",
             "collection/{collection_id}": "collection", "company/{company_id}": "company"}  # fmt: skip
    folder, count = shared / "payloads", 0
    for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        kind = kinds.get(row["operation"].removeprefix("GET /3/"))
        if kind is None or row["status"] != 200:
            continue
        body = json.loads((folder / row["file"]).read_text(encoding="utf-8"))
        simulator = Simulator()
        simulator.load({kind: [body]})
        with httpx.Client(transport=simulator.transport, params={"api_key": simulator.api_key}) as client:
            shown = client.get(f"https://api.themoviedb.org/3/{kind}/{body['id']}").json()
        own = {"adult", "popularity", "seasons", *row["append"]}  # of other types once; seasons have more keys now
        assert {name: shown[name] for name in body if name not in own} == {
            name: value for name, value in body.items() if name not in own
        }
        count += 1
    assert count > 100
