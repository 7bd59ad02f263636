"""Every filter, order and language changes what is shown, and in the way that it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tmdb_ext.testing import Simulator


def results(http: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    body = http.get(path, params={name.replace("__", "."): value for name, value in query.items()}).json()
    assert 0 < body["total_results"] < 1230, body["total_results"]
    return list(body["results"])


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"with_genres": "18"}, lambda one: 18 in one["genre_ids"]),
        ({"with_genres": "18,35"}, lambda one: {18, 35} <= set(one["genre_ids"])),
        ({"with_genres": "18|35"}, lambda one: {18, 35} & set(one["genre_ids"])),
        ({"without_genres": "18,35"}, lambda one: not {18, 35} & set(one["genre_ids"])),
        ({"primary_release_year": "2001"}, lambda one: one["release_date"].startswith("2001")),
        ({"primary_release_date__gte": "2010-01-01"}, lambda one: one["release_date"] >= "2010-01-01"),
        ({"primary_release_date__lte": "1990-01-01"}, lambda one: one["release_date"] <= "1990-01-01"),
        ({"vote_average__gte": "7"}, lambda one: one["vote_average"] >= 7),
        ({"vote_average__lte": "5"}, lambda one: one["vote_average"] <= 5),
        ({"vote_count__gte": "5000"}, lambda one: one["vote_count"] >= 5000),
        ({"vote_count__lte": "100"}, lambda one: one["vote_count"] <= 100),
        ({"with_original_language": "fr"}, lambda one: one["original_language"] == "fr"),
        ({"with_original_language": "fr|de"}, lambda one: one["original_language"] in ("fr", "de")),
    ],
)
def test_films_are_filtered(http: httpx.Client, query: dict[str, str], fits: Any) -> None:
    assert all(fits(one) for one in results(http, "/discover/movie", **query))


@pytest.mark.parametrize(
    ("query", "path", "fits"),
    [
        ({"with_runtime.gte": "140"}, "", lambda one: one["runtime"] >= 140),
        ({"with_runtime.lte": "90"}, "", lambda one: one["runtime"] <= 90),
        ({"with_companies": "2"}, "", lambda one: 2 in [each["id"] for each in one["production_companies"]]),
        ({"without_companies": "2"}, "", lambda one: 2 not in [each["id"] for each in one["production_companies"]]),
        ({"with_origin_country": "DE"}, "", lambda one: "DE" in one["origin_country"]),
        ({"with_keywords": "809|7"}, "/keywords", lambda one: {809, 7} & {each["id"] for each in one["keywords"]}),
        ({"without_keywords": "7"}, "/keywords", lambda one: 7 not in {each["id"] for each in one["keywords"]}),
        ({"with_cast": "120"}, "/credits", lambda one: 120 in [each["id"] for each in one["cast"]]),
        ({"with_crew": "120"}, "/credits", lambda one: 120 in [each["id"] for each in one["crew"]]),
        ({"with_people": "120"}, "/credits", lambda one: 120 in [each["id"] for each in one["cast"] + one["crew"]]),
        ({"region": "DE", "with_release_type": "2|3"}, "/release_dates",
         lambda one: any(each["type"] in (2, 3) for row in one["results"] if row["iso_3166_1"] == "DE"
                         for each in row["release_dates"])),
        ({"certification_country": "US", "certification": "PG"}, "/release_dates",
         lambda one: [row["release_dates"][0]["certification"] for row in one["results"] if row["iso_3166_1"] == "US"]
         == ["PG"]),
        ({"certification_country": "US", "certification.lte": "PG"}, "/release_dates",
         lambda one: {"NR", "G", "PG"}
         & {row["release_dates"][0]["certification"] for row in one["results"] if row["iso_3166_1"] == "US"}),
        ({"watch_region": "DE", "with_watch_providers": "8"}, "/watch/providers",
         lambda one: 8 in [each["provider_id"] for name, rows in one["results"]["DE"].items() if name != "link"
                           for each in rows]),
        ({"watch_region": "DE", "with_watch_monetization_types": "buy"}, "/watch/providers",
         lambda one: "buy" in one["results"]["DE"]),
        ({"watch_region": "DE", "without_watch_providers": "8"}, "/watch/providers",
         lambda one: 8 not in [each["provider_id"] for each in one["results"].get("DE", {}).get("flatrate", [])]),
    ],
)  # fmt: skip
def test_films_are_filtered_by_what_belongs_to_them(
    http: httpx.Client, query: dict[str, str], path: str, fits: Any
) -> None:
    for one in results(http, "/discover/movie", **query)[:5]:
        assert fits(http.get(f"/movie/{one['id']}{path}").json())


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"with_genres": "18"}, lambda one: 18 in [each["id"] for each in one["genres"]]),
        ({"without_genres": "18"}, lambda one: 18 not in [each["id"] for each in one["genres"]]),
        ({"first_air_date_year": "2003"}, lambda one: one["first_air_date"].startswith("2003")),
        ({"first_air_date.gte": "2015-01-01"}, lambda one: one["first_air_date"] >= "2015-01-01"),
        ({"with_networks": "61"}, lambda one: one["networks"][0]["id"] == 61),
        ({"with_status": "3"}, lambda one: one["status"] == "Ended"),
        ({"with_type": "2"}, lambda one: one["type"] == "Miniseries"),
        ({"with_runtime.lte": "25"}, lambda one: (one["episode_run_time"] or [0])[0] <= 25),
        ({"with_original_language": "ja"}, lambda one: one["original_language"] == "ja"),
        ({"vote_average.gte": "8"}, lambda one: one["vote_average"] >= 8),
        ({"air_date.gte": "2010-01-01", "air_date.lte": "2010-12-31"},
         lambda one: one["first_air_date"] <= "2010-12-31" and one["last_air_date"] >= "2010-01-01"),
    ],
)  # fmt: skip
def test_series_are_filtered(http: httpx.Client, query: dict[str, str], fits: Any) -> None:
    for one in results(http, "/discover/tv", **query)[:5]:
        assert fits(http.get(f"/tv/{one['id']}").json())


FILM_ORDERS = ["original_title", "popularity", "revenue", "primary_release_date", "title", "vote_average", "vote_count"]
SERIES_ORDERS = ["first_air_date", "name", "original_name", "popularity", "vote_average", "vote_count"]


@pytest.mark.parametrize(
    ("kind", "name"), [*(("movie", one) for one in FILM_ORDERS), *(("tv", one) for one in SERIES_ORDERS)]
)
def test_every_order_orders(http: httpx.Client, kind: str, name: str) -> None:
    def value(one: dict[str, Any]) -> Any:
        if name == "revenue":
            return http.get(f"/movie/{one['id']}").json()["revenue"]
        shown = one["release_date" if name == "primary_release_date" else name]
        return shown.casefold() if isinstance(shown, str) else shown

    up, down = (
        [value(one) for one in http.get(f"/discover/{kind}", params={"sort_by": f"{name}.{way}"}).json()["results"]]
        for way in ("asc", "desc")
    )
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert up[0] < down[0]


def test_a_long_walk_meets_a_thousand_films_once_each(http: httpx.Client) -> None:
    first = http.get("/discover/movie").json()
    assert first["total_results"] >= 1000
    seen = [
        one["id"]
        for page in range(1, first["total_pages"] + 1)
        for one in http.get("/discover/movie", params={"page": page}).json()["results"]
    ]
    assert len(seen) == len(set(seen)) == first["total_results"]


def test_search_takes_words_in_any_order_and_every_name(http: httpx.Client) -> None:
    for query in ("star wars", "Wars STAR", "krieg sterne", "guerre étoiles", "star wars whole story"):
        assert 11 in [one["id"] for one in http.get("/search/movie", params={"query": query}).json()["results"]], query
    assert http.get("/search/movie", params={"query": "star wars", "year": "1977"}).json()["total_results"] == 1
    assert (
        http.get("/search/movie", params={"query": "star wars", "primary_release_year": "1978"}).json()["results"] == []
    )


@pytest.mark.parametrize(("language", "title"), [("de-DE", "Krieg der Sterne"), ("fr", "La Guerre des étoiles"),
                                                 ("en-GB", "Star Wars"), ("xx", "Star Wars")])  # fmt: skip
def test_texts_come_in_the_language_that_is_asked_for(http: httpx.Client, language: str, title: str) -> None:
    usual = http.get("/movie/11").json()
    film = http.get("/movie/11", params={"language": language}).json()
    assert film["title"] == title
    if language in ("de-DE", "fr"):
        assert film["overview"]
        assert film["overview"] != usual["overview"]
        assert film["genres"] != usual["genres"]


def test_images_come_in_the_languages_that_are_asked_for(http: httpx.Client) -> None:
    def languages(**query: str) -> set[str | None]:
        return {one["iso_639_1"] for one in http.get("/movie/11/images", params=query).json()["posters"]}

    assert languages() == {"en", "de", "fr", "es", None}
    assert languages(language="de") == {"de"}
    assert languages(language="de", include_image_language="en,null") == {"de", "en", None}


def test_adult_films_are_shown_on_demand(http: httpx.Client) -> None:
    without, with_them = (
        http.get("/discover/movie", params={"include_adult": one}).json()["total_results"] for one in ("false", "true")
    )
    assert without < with_them


@pytest.mark.parametrize("path", ["/movie/now_playing", "/movie/upcoming"])
def test_dated_lists_have_films_of_their_dates(http: httpx.Client, path: str) -> None:
    for region in ({}, {"region": "DE"}):
        body = http.get(path, params=region).json()
        assert body["results"]
        assert all(
            body["dates"]["minimum"] <= one["release_date"] <= body["dates"]["maximum"] for one in body["results"]
        )


def test_dated_lists_move_on_with_the_clock(simulator: Simulator, http: httpx.Client) -> None:
    before = http.get("/movie/now_playing").json()["dates"]["maximum"]
    simulator.clock.advance(timedelta(days=2))
    after = http.get("/movie/now_playing").json()["dates"]["maximum"]
    assert (before, after) == ("2031-05-04", "2031-05-06")


def test_the_lists_of_a_film_change_with_the_lists(http: httpx.Client, session: dict[str, str]) -> None:
    before = http.get("/movie/12/lists").json()["total_results"]
    made = http.post("/list", params=session, json={"name": "Rain"}).json()["list_id"]
    http.post(f"/list/{made}/add_item", params=session, json={"media_id": 12})
    after = http.get("/movie/12/lists").json()
    assert after["total_results"] == before + 1
    assert made in [one["id"] for one in after["results"]]


def test_changes_come_a_hundred_to_a_page_and_within_the_days(http: httpx.Client) -> None:
    days = {"start_date": "2031-04-25", "end_date": "2031-05-02"}
    listed = http.get("/movie/changes", params=days).json()
    assert len(listed["results"]) == 100
    assert listed["total_pages"] > 1
    for change in http.get("/movie/11/changes", params=days).json()["changes"]:
        assert all("2031-04-25" <= item["time"][:10] <= "2031-05-02" for item in change["items"])


def test_series_that_air_today_do(http: httpx.Client) -> None:
    for one in results(http, "/tv/airing_today")[:5]:
        series = http.get(f"/tv/{one['id']}").json()
        dates = [(series[name] or {}).get("air_date") for name in ("last_episode_to_air", "next_episode_to_air")]
        assert "2031-05-04" in dates


@pytest.mark.parametrize("query", ["guerre etoiles", "GUERRE ÉTOILES", "étoiles guerre"])
def test_search_heeds_no_accents(http: httpx.Client, query: str) -> None:
    assert [one["id"] for one in http.get("/search/movie", params={"query": query}).json()["results"]] == [11]


def test_films_can_be_ordered_by_their_release_in_a_region(simulator: Simulator, http: httpx.Client) -> None:
    simulator.add("movie", id=900901, release_date="2020-01-01", release_dates={"DE": "1950-01-02", "US": "2020-01-01"})
    first = {"sort_by": "release_date.asc"}
    assert http.get("/discover/movie", params={**first, "region": "DE"}).json()["results"][0]["id"] == 900901
    assert http.get("/discover/movie", params=first).json()["results"][0]["id"] != 900901
