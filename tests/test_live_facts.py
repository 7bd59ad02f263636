"""What TMDB takes and sends although its document does not say so, through the client and against the simulator."""

from __future__ import annotations

import datetime
import inspect
import json
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.evidence import Evidence
from pipeline.truth import contradictions, unknown_keys
from project import ROOT
from scenes import play, result_of
from tmdb_api_client.v3 import UnknownAppend, Unlisted
from tmdb_api_client.v3.api.movies import movie_details
from tmdb_api_client.v3.client import AuthenticatedClient
from tmdb_api_client.v3.models import (
    CompanyDetails,
    CompanySummary,
    CreditDetails,
    EpisodeDetails,
    ListDetails,
    ListSummary,
    ListSummaryPage,
    MovieCreditMedia,
    MovieReleases,
    MovieSummary,
    SeasonDetails,
    Translations,
    TvCreditMedia,
    TvSeriesDetails,
    TvSeriesSummary,
)
from tmdb_api_client.v3.operations import OPERATIONS

from tmdb_ext import TMDB, InvalidArgument, NotFound, season
from tmdb_ext.testing import Simulator

ADDED = ["company-movies", "genre-movies", "movie-releases"]


# Operations


def test_the_registry_tells_what_tmdb_documents_from_what_it_only_serves() -> None:
    assert sorted(row.id for row in OPERATIONS.values() if not row.documented) == ADDED
    assert {row.id for row in OPERATIONS.values() if row.last_page == 1000} == {
        "trending-all", "trending-movies", "trending-people", "trending-tv",
    }  # fmt: skip
    assert all((row.last_page is None) == ("page" not in row.query) for row in OPERATIONS.values())


def test_what_is_served_and_not_documented_can_be_called(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        of_a_company = await result_of(tmdb.companies.movies(1, page=2, language="de"))
        of_a_genre = await result_of(tmdb.genres.movies_of(28, include_adult=False))
        assert (of_a_company.id, of_a_company.page, of_a_genre.id) == (1, 2, 28)
        assert all(type(film) is MovieSummary for page in (of_a_company, of_a_genre) for film in page.results)
        releases = await result_of(tmdb.movies.releases(11))
        assert type(releases) is MovieReleases
        assert releases.id == 11
        (first, *_) = releases.countries
        assert (first.iso_3166_1, first.primary, first.release_date) == ("US", True, datetime.date(1977, 5, 25))
        assert (await result_of(tmdb.genres.movies())).genres[0].name

    play(variant, simulator, scene)
    assert [request.path for request in simulator.requests[:3]] == [
        "/3/company/1/movies", "/3/genre/28/movies", "/3/movie/11/releases",
    ]  # fmt: skip


def test_what_can_be_called_can_be_appended_as_before(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        film = await result_of(tmdb.movies.details(11, append=["releases"]))
        assert film.releases.countries[0].certification == "G"
        assert "id" not in film.to_dict()["releases"]
        company = await result_of(tmdb.companies.details(1, append=["movies"]))
        assert company.movies.results

    play(variant, simulator, scene)


def test_the_configuration_brings_lists_along(simulator: Simulator, variant: str) -> None:
    names = ["countries", "jobs", "languages", "primary_translations", "timezones"]

    async def scene(tmdb: Any) -> None:
        whole = await result_of(tmdb.configuration.details(append=names))
        assert whole.countries == await result_of(tmdb.configuration.countries())
        assert whole.jobs[0].jobs == ["Director"]
        assert "de-DE" in whole.primary_translations
        assert whole.timezones[0].zones
        assert whole.languages[0].english_name
        assert whole.additional_keys == []
        assert (await result_of(tmdb.configuration.details())).countries == []

    play(variant, simulator, scene)


# IMDb ids


def test_a_movie_is_found_by_its_imdb_id_with_what_is_appended(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        film = await result_of(tmdb.movies.details("tt0076759", append=["credits", "releases"]))
        assert (film.id, film.title, film.imdb_id) == (11, "Star Wars", "tt0076759")
        assert film.credits.cast[0].name == "Mark Hamill"
        assert film.releases.countries
        with pytest.raises(NotFound):
            await result_of(tmdb.movies.details("tt0000001"))

    play(variant, simulator, scene)
    assert simulator.requests[0].path == "/3/movie/tt0076759"


@pytest.mark.parametrize(
    "wrong",
    ["tt", "tt12", "tt00767x9", "TT0076759", "nm0000434", "tt0076759/credits", "tt0076759 ", "star wars", "", None],
)
def test_what_is_no_id_of_a_movie_is_refused_and_told_how_to_find_it(
    simulator: Simulator, variant: str, wrong: Any
) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(InvalidArgument, match=r"movie_id is .*IMDb id such as tt0076759; find\.by_id"):
            await result_of(tmdb.movies.details(wrong))

    play(variant, simulator, scene)
    assert simulator.requests == []


def test_the_operations_below_a_movie_take_tmdbs_id_alone(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(InvalidArgument, match=r"movie_id is 'tt0076759': give a whole number$"):
            await result_of(tmdb.movies.credits("tt0076759"))

    play(variant, simulator, scene)
    assert simulator.requests == []


# Seasons that are appended to a series


def test_a_season_that_is_appended_is_a_season(simulator: Simulator, variant: str) -> None:
    names = ["season/1", season(1, "credits"), "credits", season(2, "watch/providers"), Unlisted("season/1/episode/2")]

    async def scene(tmdb: Any) -> None:
        series = await result_of(tmdb.tv_series.details(41, append=names))
        alone = await result_of(tmdb.tv_seasons.details(41, 1))
        first, second = series.seasons_appended[1], series.seasons_appended[2]
        assert sorted(series.seasons_appended) == [1, 2]
        assert type(first) is type(second) is SeasonDetails
        assert (first.id, first.name, len(first.episodes)) == (alone.id, "Season 1", len(alone.episodes))
        assert first.credits.cast[0].name == series.credits.cast[0].name
        assert type(first.episodes_appended[2]) is EpisodeDetails
        assert first.episodes_appended[2].episode_number == 2
        assert (second.name, second.credits) == (None, None)
        assert "US" in second.watch_providers.results
        assert series.additional_keys == []
        sent = series.to_dict()
        assert {name for name in sent if name.startswith("season/")} == set(names) - {"credits"}
        assert sent["season/1"].keys() >= {"_id", "id", "episodes"}
        assert "credits" not in sent["season/1"]

    play(variant, simulator, scene)


@pytest.mark.parametrize("number", [0, 1, 20, 21, 99])
def test_any_season_can_be_appended(simulator: Simulator, variant: str, number: int) -> None:
    async def scene(tmdb: Any) -> None:
        simulator.add("tv", id=777, name="Long", seasons=[{"season_number": one} for one in range(100)])
        series = await result_of(tmdb.tv_series.details(777, append=[season(number)]))
        assert series.seasons_appended[number].season_number == number
        by_name = await result_of(tmdb.tv_series.details(777, append=[f"season/{number}"]))
        assert by_name == series

    play(variant, simulator, scene)


def test_twenty_seasons_are_appended_and_no_more(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        simulator.add("tv", id=777, name="Long", seasons=[{"season_number": one} for one in range(20)])
        series = await result_of(tmdb.tv_series.details(777, append=[season(number) for number in range(20)]))
        assert sorted(series.seasons_appended) == list(range(20))
        with pytest.raises(InvalidArgument, match="21 sub-resources"):
            await result_of(tmdb.tv_series.details(777, append=[season(number) for number in range(21)]))

    play(variant, simulator, scene)
    assert len(simulator.requests) == 1


def test_a_season_that_is_not_there_is_left_out(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        series = await result_of(tmdb.tv_series.details(41, append=[season(1), season(77)]))
        assert list(series.seasons_appended) == [1]

    play(variant, simulator, scene)


SERIES: list[dict[str, Any]] = [
    {"id": 1, "season/1": {"name": "a", "episodes": []}},
    {"season/1/credits": {"cast": [{"id": 1}]}},
    {"season/1": {"name": "a"}, "season/1/credits": {"cast": []}, "season/2/videos": None, "season/10": {}},
    {"season/1": None},
    {"season/1": None, "season/1/credits": {"cast": []}},
    {"season/1": "gone", "season/1/": {}, "season/": {}, "season/01": {}, "season/x": {"a": 1}, "season/-1": {}},
    {"season/1": {"credits": {"cast": []}}, "season/1/credits": {"crew": []}},
    {"season/1/strange/thing": [1, 2], "season/1/episode/2": {"name": "b"}, "season/1/episode/2/credits": {"cast": []}},
    {"season/123456789012": {"name": "far"}},
]


@pytest.mark.parametrize("sent", SERIES)
def test_whatever_comes_under_a_season_is_given_back(sent: dict[str, Any]) -> None:
    before = json.dumps(sent)
    series = TvSeriesDetails.from_dict(sent)
    assert all(type(one) is SeasonDetails for one in series.seasons_appended.values())
    assert series.to_dict() == sent
    assert json.dumps(sent) == before


Keys = st.lists(
    st.sampled_from(["season", "episode", "credits", "videos", "", "1", "2", "02", "x"]), min_size=1, max_size=5
).map("/".join)
Values = st.sampled_from([None, 5, "", [], {}, {"id": 1}, {"credits": None}, {"episode/1": {"name": "a"}}])


@given(st.dictionaries(Keys, Values, max_size=8))
def test_no_key_is_lost_however_it_is_put_together(sent: dict[str, Any]) -> None:
    series = TvSeriesDetails.from_dict(sent)
    assert series.to_dict() == sent
    assert [one for one in series.seasons_appended.values() if type(one) is not SeasonDetails] == []


def test_what_is_changed_in_an_appended_season_is_given_back_changed() -> None:
    series = TvSeriesDetails.from_dict({"season/1": {"name": "a"}, "season/1/videos": {"results": []}})
    series.seasons_appended[1].name = "b"
    series.seasons_appended[3] = SeasonDetails(name="c")
    assert series.to_dict() == {
        "season/1": {"name": "b"}, "season/1/videos": {"results": []}, "season/3": {"name": "c"},
    }  # fmt: skip
    del series.seasons_appended[1]
    assert series.to_dict() == {"season/3": {"name": "c"}}


def test_the_document_knows_what_is_appended_by_number() -> None:
    evidence = Evidence(json.loads((ROOT / "openapi/tmdb-v3.json").read_bytes()))
    body = {"id": 1, "season/1": {"id": 2, "name": 5}, "season/1/credits": {"cast": [{"name": 7}]}, "season/x": {}}
    evidence.add("GET /3/tv/{series_id}", 200, "body", body)
    assert [(finding.kind, finding.place) for finding in evidence.findings] == [
        ("type", "CastMember.name"), ("type", "SeasonDetails.name"), ("unknown", "TvSeriesDetails.season/x"),
    ]  # fmt: skip


# A slip in what is to be appended


@pytest.mark.parametrize(
    ("resource", "arguments", "append", "message"),
    [
        ("movies", [11], ["credit"], "has 'credit', which cannot be appended here: close to it: credits;"),
        ("movies", [11], ["videos", "image"], "has 'image', which cannot be appended here: close to it: images;"),
        ("movies", [11], "credits,video", "has 'video', which cannot be appended here: close to it: videos;"),
        ("movies", [11], [season(1)], "has 'season/1', which cannot be appended here: what TMDB takes"),
        ("movies", [11], ["xyz"], r"has 'xyz', which cannot be appended here: what TMDB takes .* as Unlisted\(...\)"),
        ("tv_series", [1], ["season/1/credit"], "close to it: season/1/credits"),
        ("tv_series", [1], ["season/one"], "close to it: season/"),
        ("tv_series", [1], ["season/1/"], "has 'season/1/'"),
        ("tv_seasons", [1, 1], ["credits "], "close to it: credits"),
        ("configuration", [], ["country"], "close to it: countries"),
        ("keywords", [1], {"movie"}, "close to it: movies"),
    ],
)
def test_a_slip_in_what_to_append_is_refused_with_the_nearest_names(
    simulator: Simulator, variant: str, resource: str, arguments: list[Any], append: Any, message: str
) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(InvalidArgument, match=message) as caught:
            await result_of(getattr(tmdb, resource).details(*arguments, append=append))
        assert caught.value.operation is not None

    play(variant, simulator, scene)
    assert simulator.requests == []


def test_the_endpoint_functions_refuse_a_slip_too(simulator: Simulator) -> None:
    slip: Any = ["credit"]
    with AuthenticatedClient(base_url=simulator.base_url, token=simulator.access_token) as client:
        with pytest.raises(UnknownAppend, match="close to it: credits"):
            movie_details.sync(11, client=client, append_to_response=slip)
        with pytest.raises(UnknownAppend, match="close to it: credits"):
            anyio.run(lambda: movie_details.asyncio(11, client=client, append_to_response=slip))
        assert simulator.requests == []
    with (
        Simulator() as lenient,
        AuthenticatedClient(base_url=lenient.base_url, token=lenient.access_token) as client,
    ):
        found = movie_details.sync(11, client=client, append_to_response=[Unlisted("credit"), "credits"])
        assert len(lenient.complaints) == 1
    assert getattr(found, "credits", None)


def test_every_name_that_is_listed_is_taken(simulator: Simulator) -> None:
    document = json.loads((ROOT / "openapi/tmdb-v3.json").read_bytes())
    asked = 0
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        for operation, entry in document["x-append"].items():
            names = document["components"]["schemas"][entry["enumeration"]]["enum"]
            assert set(entry["properties"]) <= set(names)
            details = getattr(tmdb, OPERATIONS[operation].tag).details
            needed = [p for p in inspect.signature(details).parameters.values() if p.default is p.empty]
            for begin in range(0, len(names), 20):
                found = details(*[1] * len(needed), append=names[begin : begin + 20])
                asked += len(simulator.requests[-1].params["append_to_response"].split(","))
                assert found.additional_keys == []
    assert asked == 91


# Images without text


@pytest.mark.parametrize("languages", [["de", None], ("de", None), "de,null"])
def test_images_without_text_can_be_asked_for_in_one_call(simulator: Simulator, variant: str, languages: Any) -> None:
    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.movies.images(11, include_image_language=languages))
        await result_of(tmdb.movies.details(11, append=["images"], include_image_language=languages))

    play(variant, simulator, scene)
    assert [request.params["include_image_language"] for request in simulator.requests] == ["de,null"] * 2


# What may be null or empty


def truthful(model: Any, sent: dict[str, Any]) -> Any:
    """The model of a body, of which nothing contradicts an annotation, is unknown or is lost."""
    decoded = model.from_dict(sent)
    assert [place for place, contradicts in contradictions(decoded) if contradicts] == []
    assert list(unknown_keys(decoded)) == []
    assert decoded.to_dict() == sent
    return decoded


@pytest.mark.parametrize("credit_type", ["cast", "crew", "creator"])
@pytest.mark.parametrize("kind", ["movie", "tv"])
def test_a_credit_may_be_a_creators_and_its_media_without_date_and_images(credit_type: str, kind: str) -> None:
    dated = {"movie": "release_date", "tv": "first_air_date"}[kind]
    media = {"id": 1, dated: "", "backdrop_path": None, "poster_path": None, "media_type": kind}
    person = {"id": 2, "profile_path": None, "known_for_department": None}
    sent = {"credit_type": credit_type, "media": media, "media_type": kind, "person": person}
    credit = truthful(CreditDetails, sent)
    assert credit.credit_type == credit_type
    assert type(credit.media) is {"movie": MovieCreditMedia, "tv": TvCreditMedia}[kind]
    assert getattr(credit.media, dated) is None


def test_a_company_may_have_no_logo_and_no_country() -> None:
    company = truthful(CompanyDetails, {"id": 1, "logo_path": None, "origin_country": None, "parent_company": None})
    assert (company.logo_path, company.origin_country) == (None, None)
    assert truthful(CompanySummary, {"id": 1, "logo_path": None, "origin_country": ""}).origin_country == ""


def test_a_translations_homepage_may_be_empty() -> None:
    page = truthful(Translations, {"id": 1, "translations": [{"iso_639_1": "de", "data": {"homepage": ""}}]})
    assert page.translations[0].data.homepage == ""


def test_a_list_mixes_movies_and_series_each_with_its_own_keys() -> None:
    film = {"media_type": "movie", "id": 11, "title": "a", "release_date": "1977-05-25", "video": False}
    series = {"media_type": "tv", "id": 41, "name": "b", "first_air_date": "", "origin_country": ["DE"]}
    found = truthful(ListDetails, {"id": 1, "items": [film, series]})
    assert [type(item) for item in found.items] == [MovieSummary, TvSeriesSummary]


def test_the_lists_of_a_series_are_summaries(simulator: Simulator, variant: str) -> None:
    truthful(ListSummaryPage, {"id": 41, "page": 1, "results": [{"id": 3, "name": "c", "poster_path": None}]})

    async def scene(tmdb: Any) -> None:
        page = await result_of(tmdb.tv_series.lists(41))
        assert page.results
        assert all(type(one) is ListSummary for one in page.results)

    play(variant, simulator, scene)


def test_the_simulator_shows_a_creators_credit_and_a_company_without_country(
    simulator: Simulator, variant: str
) -> None:
    async def scene(tmdb: Any) -> None:
        series = await result_of(tmdb.tv_series.details(301))
        credit = await result_of(tmdb.credits.details(series.created_by[0].credit_id))
        assert (credit.credit_type, credit.job) == ("creator", "Creator")
        company = await result_of(tmdb.companies.details(30))
        assert (company.logo_path, company.origin_country) == (None, None)

    play(variant, simulator, scene)


# What the simulator takes


@pytest.mark.parametrize("path", ["/3/movie/11", "/3/movie/popular", "/3/configuration", "/3/movie/11/account_states"])
def test_the_simulator_ignores_unknown_parameters_as_tmdb_does(path: str) -> None:
    with Simulator() as simulator:
        query = {"api_key": simulator.api_key}
        if path.endswith("states"):
            query["session_id"] = simulator.create_session()
        plain = httpx.get(simulator.base_url + path, params=query)
        more = httpx.get(simulator.base_url + path, params={**query, "lang": "de", "zzz": ""})
    assert (plain.status_code, more.status_code) == (200, 200)
    assert more.json() == plain.json()


def test_the_simulator_ignores_a_session_where_none_is_taken() -> None:
    with Simulator() as simulator:
        query = {"api_key": simulator.api_key, "session_id": "0" * 40}
        assert httpx.get(f"{simulator.base_url}/3/movie/11", params=query).status_code == 200


def test_the_simulator_ignores_unknown_keys_of_a_body_as_tmdb_does() -> None:
    with Simulator() as simulator:
        query = {"api_key": simulator.api_key, "session_id": simulator.create_session()}
        address = f"{simulator.base_url}/3/movie/11"
        answer = httpx.post(f"{address}/rating", params=query, json={"value": 8.5, "note": "good"})
        assert (answer.status_code, answer.json()["success"]) == (201, True)
        assert httpx.get(f"{address}/account_states", params=query).json()["rated"] == {"value": 8.5}
        token = {"Authorization": f"Bearer {simulator.create_user_access_token()}"}
        body = {"name": "mine", "iso_639_1": "en", "variant": "red"}
        made = httpx.post(f"{simulator.base_url}/4/list", headers=token, json=body)
        assert (made.status_code, made.json()["success"]) == (201, True)


def test_a_strict_simulator_refuses_what_tmdb_ignores_and_names_it() -> None:
    with Simulator(strict=True) as simulator:
        query = {"api_key": simulator.api_key, "session_id": simulator.create_session()}
        key = {"api_key": simulator.api_key}
        address = f"{simulator.base_url}/3/movie/11"
        asked = httpx.get(address, params={**key, "lang": "de", "zzz": ""})
        sent = httpx.post(f"{address}/rating", params=query, json={"value": 8.5, "note": "good"})
    assert (asked.status_code, asked.json()["status_code"]) == (422, 5)
    assert asked.json()["status_message"] == "Unknown query parameters: lang (did you mean language?), zzz."
    assert (sent.status_code, sent.json()["status_code"]) == (400, 47)
    assert sent.json()["status_message"] == "Unknown keys in the body: note."


def test_the_simulator_finds_a_made_up_film_by_the_imdb_id_that_it_gives(simulator: Simulator) -> None:
    query = {"api_key": simulator.api_key}
    for number in (13, 2, 1136):
        film = httpx.get(f"{simulator.base_url}/3/movie/{number}", params=query).json()
        found = httpx.get(f"{simulator.base_url}/3/movie/{film['imdb_id']}", params=query).json()
        assert found == film
    assert httpx.get(f"{simulator.base_url}/3/movie/tt0076759/credits", params=query).status_code == 404
