"""Everyday questions: what TMDB sent is enough to answer them, and what is not there is said."""

from __future__ import annotations

import copy
import inspect
import json
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pipeline.evidence import read_payloads
from pipeline.truth import decode
from tmdb_api_client import v4
from tmdb_api_client.v3.models import (
    AggregateCredits,
    CollectionDetails,
    CollectionPart,
    CollectionSummary,
    ContentRatings,
    Credits,
    EpisodeDetails,
    EpisodeSummary,
    ExternalIds,
    Genre,
    Genres,
    MovieDetails,
    MovieSummary,
    PersonDetails,
    PersonSummary,
    ReleaseDates,
    SeasonDetails,
    SeasonSummary,
    Translations,
    TvSeriesDetails,
    TvSeriesSummary,
    UnknownMedia,
    Video,
    Videos,
    WatchProviders,
)
from tmdb_api_client.v4.models import ListSummary, RatedMovie

from tmdb_ext import InvalidArgument, NotAppended, TMDBError, facts

Payloads = dict[str, Any]


def person(number: int | None, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, **more}


def translation(code: str, **data: Any) -> dict[str, Any]:
    language, _, region = code.partition("-")
    return {"iso_639_1": language, "iso_3166_1": region, "data": data}


def video(name: str, **more: Any) -> dict[str, Any]:
    usual = {"key": name, "site": "YouTube", "type": "Trailer", "official": True, "iso_639_1": "en", "iso_3166_1": "US"}
    return {"name": name, **usual, "published_at": "2020-01-01T00:00:00.000Z", **more}


CREDITS = {
    "cast": [
        person(3, "Third", order=2),
        person(1, "First", order=0),
        person(4, "Unplaced"),
        person(2, "Second", order=1),
    ],
    "crew": [
        person(10, "Ann", job="Director", department="Directing"),
        person(10, "Ann", job="Screenplay", department="Writing"),
        person(11, "Ben", job="Second Unit Director", department="Directing"),
        person(12, "Cid", job="Writer", department="Writing"),
        person(12, "Cid", job="Story", department="Writing"),
        person(13, "Dee", job="Novel", department="Writing"),
        person(14, "Eve", job="Director", department="Directing"),
        person(None, "Nobody", job="Director"),
        person(None, "Nobody else", job="Director"),
    ],
}
AGGREGATE = {
    "cast": [person(2, "Two", order=5), person(1, "One", order=1)],
    "crew": [
        person(10, "Once", jobs=[{"job": "Director", "episode_count": 1}]),
        person(11, "Often", jobs=[{"job": "Director", "episode_count": 9}, {"job": "Writer", "episode_count": 1}]),
        person(12, "Never", jobs=[{"job": "Editor", "episode_count": 99}]),
    ],
}
RELEASES = {
    "results": [
        {
            "iso_3166_1": "US",
            "release_dates": [
                {"certification": "PG", "release_date": "1970-01-01T00:00:00.000Z", "type": 4},
                {"certification": "R", "release_date": "1990-01-01T00:00:00.000Z", "type": 3},
                {"certification": "X", "release_date": "1971-01-01T00:00:00.000Z", "type": 3},
                {"certification": "", "release_date": "1969-01-01T00:00:00.000Z", "type": 3},
            ],
        },
        {"iso_3166_1": "FR", "release_dates": [{"certification": "", "type": 3}]},
        {
            "iso_3166_1": "GB",
            "release_dates": [{"certification": "18", "type": 9}, {"certification": "15", "type": 6}],
        },
    ]
}
RATINGS = {
    "results": [{"iso_3166_1": "US", "rating": ""}, {"iso_3166_1": "US", "rating": "TV-MA"}, {"iso_3166_1": "DE"}]
}
TRANSLATIONS = {
    "translations": [
        translation("pt-BR", title="No Brasil", overview="Brasil.", tagline=" "),
        translation("pt-PT", title="Em Portugal", overview="", tagline="Lema."),
        translation("de-AT", title="", overview="Ein Film.", tagline=""),
        translation("ja-JP", title="", overview="映画", tagline=""),
        {"iso_639_1": "fr", "iso_3166_1": "FR"},
    ]
}
OFFERS = {
    "results": {
        "DE": {
            "link": "https://www.themoviedb.org/movie/1/watch?locale=DE",
            "flatrate": [
                {"provider_id": 1, "provider_name": "Late", "display_priority": 9},
                {"provider_id": 2, "provider_name": "Early", "display_priority": 1},
            ],
            "rent": [{"provider_id": 3, "provider_name": "Shop"}],
        },
        "FR": {"link": "javascript:alert(1)", "ads": [{"provider_id": 4, "provider_name": "Ads"}]},
    }
}
VIDEOS = {
    "results": [
        video("old", published_at="2010-01-01T00:00:00.000Z"),
        video("new", published_at="2024-01-01T00:00:00.000Z"),
        video("fan", official=False, published_at="2025-01-01T00:00:00.000Z"),
        video("de", iso_639_1="de", iso_3166_1="DE", official=False),
        video("76979871", site="Vimeo", iso_639_1="fr", iso_3166_1="FR"),
        video("teaser", type="Teaser"),
        video("elsewhere", site="Dailymotion"),
        video("a key&of=another", published_at="2026-01-01T00:00:00.000Z"),
    ]
}
MOVIE = {
    "id": 1,
    "title": "The Film",
    "original_title": "映画の題",
    "original_language": "ja",
    "overview": "A film.",
    "tagline": "See it.",
    "imdb_id": "tt0000001",
    "release_date": "1977-05-25",
    "runtime": 121,
    "genres": [{"id": 1, "name": "Drama"}, {"id": 2, "name": ""}],
    "credits": CREDITS,
    "release_dates": RELEASES,
    "translations": TRANSLATIONS,
    "videos": VIDEOS,
    "watch/providers": OFFERS,
    "external_ids": {"imdb_id": "tt0000001"},
}
SERIES = {
    "id": 2,
    "name": "The Series",
    "original_name": "The Series",
    "original_language": "en",
    "overview": "A series.",
    "tagline": "",
    "first_air_date": "2008-01-20",
    "episode_run_time": [0, 45],
    "last_episode_to_air": {"runtime": 50},
    "created_by": [person(20, "Maker"), person(20, "Maker")],
    "genres": [{"id": 1, "name": "Drama"}],
    "aggregate_credits": AGGREGATE,
    "content_ratings": RATINGS,
    "translations": {"translations": [translation("de-DE", name="Die Serie", overview="Eine Serie.")]},
    "videos": VIDEOS,
    "watch/providers": OFFERS,
    "external_ids": {"imdb_id": "tt0000002"},
}
EPISODE = {
    "id": 3,
    "name": "Pilot",
    "overview": "It begins.",
    "air_date": "2008-01-20",
    "runtime": 60,
    "crew": CREDITS["crew"],
    "credits": {**CREDITS, "guest_stars": [person(9, "Guest", order=0)]},
    "external_ids": {"imdb_id": "tt0000003"},
    "translations": {"translations": [translation("de-DE", name="Der Anfang", overview="")]},
    "videos": VIDEOS,
}
PERSON = {
    "id": 4,
    "name": "Somebody",
    "biography": "Born.",
    "imdb_id": "nm0000004",
    "external_ids": {"imdb_id": "nm0000004"},
    "translations": {"translations": [translation("de-DE", biography="Geboren.")]},
}
COLLECTION = {
    "id": 5,
    "name": "The Collection",
    "overview": "Some films.",
    "translations": {"translations": [translation("de-DE", title="Die Reihe", overview="Filme.")]},
}


def movie(**more: Any) -> MovieDetails:
    return MovieDetails.from_dict({**MOVIE, **more})


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in names}


def names(people: Any) -> list[str | None]:
    return [one.name for one in people]


# When and how long


@pytest.mark.parametrize(
    ("of", "year"),
    [
        (movie(), 1977),
        (movie(release_date=""), None),
        (movie(release_date=None), None),
        (MovieDetails.from_dict({}), None),
        (movie(release_date="1977"), 1977),
        (movie(release_date="1977-00-00"), 1977),
        (movie(release_date="0000-00-00"), None),
        (movie(release_date="soon"), None),
        (movie(release_date=1977), None),
        (TvSeriesDetails.from_dict(SERIES), 2008),
        (TvSeriesSummary.from_dict({"first_air_date": "2008-01-20"}), 2008),
        (SeasonSummary.from_dict({"air_date": "2009-03-08"}), 2009),
        (EpisodeDetails.from_dict(EPISODE), 2008),
        (CollectionPart.from_dict({"release_date": "1980-05-21"}), 1980),
        (RatedMovie.from_dict({"release_date": "1980-05-21"}), 1980),
        (PersonSummary.from_dict({"name": "Somebody"}), None),
        (CollectionSummary.from_dict({"name": "The Collection"}), None),
        (UnknownMedia.from_dict({"media_type": "opera", "release_date": "1876-08-13"}), 1876),
        (v4.models.UnknownMedia.from_dict({"media_type": "opera"}), None),
    ],
)  # fmt: skip
def test_the_year_is_that_of_the_first_release_or_airing(of: Any, year: int | None) -> None:
    assert facts.year(of) == year


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (121, "2 h 1 min"),
        (120, "2 h"),
        (45, "45 min"),
        (0, None),
        (-3, None),
        (movie(), "2 h 1 min"),
        (movie(runtime=None), None),
        (movie(runtime=0), None),
        (movie(runtime=True), None),
        (movie(runtime="121 min"), None),
        (ListSummary.from_dict({"runtime": "600"}), "10 h"),
        (EpisodeSummary.from_dict({"runtime": 61}), "1 h 1 min"),
        (TvSeriesDetails.from_dict(SERIES), "45 min"),
        (TvSeriesDetails.from_dict({**SERIES, "episode_run_time": []}), "50 min"),
        (TvSeriesDetails.from_dict({}), None),
    ],
)
def test_a_run_time_is_a_text(of: Any, text: str | None) -> None:
    assert facts.runtime(of) == text


# Who


def test_directors_and_writers_are_named_once() -> None:
    assert names(facts.directors(movie())) == ["Ann", "Eve", "Nobody", "Nobody else"]
    assert names(facts.writers(movie())) == ["Ann", "Cid"]
    assert names(facts.crew(movie(), "Novel", "Second Unit Director")) == ["Ben", "Dee"]
    assert facts.crew(movie(), "Gaffer") == []


def test_credits_can_be_given_themselves() -> None:
    assert names(facts.directors(Credits.from_dict(CREDITS))) == names(facts.directors(movie()))
    assert names(facts.cast(Credits.from_dict(CREDITS), 1)) == ["First"]
    assert names(facts.directors(AggregateCredits.from_dict(AGGREGATE))) == ["Often", "Once"]


def test_the_cast_is_in_the_order_of_billing() -> None:
    assert names(facts.cast(movie())) == ["First", "Second", "Third", "Unplaced"]
    assert names(facts.cast(movie(), 2)) == ["First", "Second"]
    assert facts.cast(movie(), 0) == []
    for wrong in (-1, True, 1.5):
        with pytest.raises(InvalidArgument, match="first must be a number of people"):
            facts.cast(movie(), wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [TvSeriesDetails, SeasonDetails])
def test_a_series_has_the_credits_of_all_episodes_if_they_are_there(kind: Any) -> None:
    both = kind.from_dict({"aggregate_credits": AGGREGATE, "credits": CREDITS})
    assert names(facts.directors(both)) == ["Often", "Once"]
    assert names(facts.writers(both)) == ["Often"]
    assert names(facts.cast(both)) == ["One", "Two"]
    assert names(facts.writers(kind.from_dict({"credits": CREDITS}))) == ["Ann", "Cid"]
    assert names(facts.writers(kind.from_dict({"aggregate_credits": None, "credits": CREDITS}))) == ["Ann", "Cid"]
    with pytest.raises(NotAppended) as caught:
        facts.directors(kind.from_dict({}))
    assert caught.value.append == ("aggregate_credits",)


def test_the_creators_of_a_series_need_nothing() -> None:
    assert names(facts.creators(TvSeriesDetails.from_dict(SERIES))) == ["Maker"]
    assert facts.creators(TvSeriesDetails.from_dict({})) == []


def test_an_episode_has_its_crew_without_appending() -> None:
    bare = EpisodeDetails.from_dict(without(EPISODE, "credits"))
    assert names(facts.directors(bare)) == names(facts.directors(EpisodeDetails.from_dict(EPISODE)))
    assert names(facts.cast(EpisodeDetails.from_dict(EPISODE), 1)) == ["First"]
    with pytest.raises(NotAppended):
        facts.cast(bare)
    with pytest.raises(NotAppended):
        facts.directors(EpisodeDetails.from_dict({"name": "Pilot"}))


# Certification


def test_a_theatrical_release_decides_and_the_earliest_of_them() -> None:
    assert facts.certification(movie(), "US") == "X"
    assert facts.certification(movie(), "us") == "X"
    assert facts.certification(movie(), "GB") == "15"
    assert facts.certification(movie(), "FR") is None
    assert facts.certification(movie(), "DE") is None
    assert facts.certification(ReleaseDates.from_dict(RELEASES), "US") == "X"


def test_a_series_has_content_ratings() -> None:
    assert facts.certification(TvSeriesDetails.from_dict(SERIES), "US") == "TV-MA"
    assert facts.certification(ContentRatings.from_dict(RATINGS), "DE") is None


@pytest.mark.parametrize("country", ["", "USA", "U", "ß1", None, "U\n"])
def test_a_country_is_two_letters(country: Any) -> None:
    with pytest.raises(InvalidArgument, match="A country is two letters"):
        facts.certification(movie(), country)
    with pytest.raises(InvalidArgument, match="A country is two letters"):
        facts.where_to_watch(movie(), country)


# Videos


@pytest.mark.parametrize(
    ("languages", "types", "found"),
    [
        ((), "Trailer", "youtube.com/watch?v=new"),
        ("de", "Trailer", "youtube.com/watch?v=de"),
        ("de-DE", "Trailer", "youtube.com/watch?v=de"),
        ("de-AT", "Trailer", "youtube.com/watch?v=new"),
        (["es", "fr", "en"], "Trailer", "vimeo.com/76979871"),
        (["en", "de"], "Trailer", "youtube.com/watch?v=new"),
        ("de", ["Teaser", "Trailer"], "youtube.com/watch?v=teaser"),
        ((), "Clip", None),
    ],
)
def test_the_trailer_is_in_the_first_language_that_there_is(languages: Any, types: Any, found: str | None) -> None:
    address = facts.trailer(movie(), languages, types=types)
    assert address == (found if found is None else f"https://{'www.' * ('youtube' in found)}{found}")


def test_official_videos_come_first_then_new_ones() -> None:
    order = ["new", "76979871", "old", "fan", "de"]
    assert names(facts.videos(movie())) == order
    assert names(facts.videos(movie(), "en")) == ["new", "old", "fan", "76979871", "de"]
    assert names(facts.videos(Videos.from_dict(VIDEOS))) == order


@pytest.mark.parametrize(
    ("site", "key", "address"),
    [
        ("YouTube", "x-_9", "https://www.youtube.com/watch?v=x-_9"),
        ("vimeo", "123/ab0", "https://vimeo.com/123/ab0"),
        ("Vimeo", "../x", None),
        ("YouTube", "x&y", None),
        ("YouTube", None, None),
        ("YouTube", "", None),
        (None, "x", None),
        (7, "x", None),
    ],
)
def test_a_video_has_an_address(site: Any, key: Any, address: str | None) -> None:
    assert facts.video_url(Video.from_dict({"site": site, "key": key})) == address


# IMDb


@pytest.mark.parametrize(
    ("of", "address"),
    [
        (MovieDetails.from_dict({"imdb_id": "tt0076759"}), "title/tt0076759"),
        (MovieDetails.from_dict({"imdb_id": "", "external_ids": {"imdb_id": "tt0076759"}}), "title/tt0076759"),
        (MovieDetails.from_dict({"imdb_id": None}), None),
        (MovieDetails.from_dict({"imdb_id": None, "external_ids": {"imdb_id": None}}), None),
        (MovieDetails.from_dict({"imdb_id": "tt00/../x"}), None),
        (PersonDetails.from_dict({"imdb_id": "nm0000434"}), "name/nm0000434"),
        (TvSeriesDetails.from_dict(SERIES), "title/tt0000002"),
        (EpisodeDetails.from_dict(EPISODE), "title/tt0000003"),
        (ExternalIds.from_dict({"imdb_id": "nm0000434"}), "name/nm0000434"),
        (ExternalIds.from_dict({}), None),
    ],
)
def test_the_imdb_address_is_that_of_a_title_or_a_person(of: Any, address: str | None) -> None:
    assert facts.imdb_url(of) == (address and f"https://www.imdb.com/{address}/")


# Genres


def test_genres_have_names() -> None:
    movies = Genres.from_dict({"genres": [{"id": 1, "name": "Drama"}, {"id": 2, "name": "War"}]})
    series = [Genre.from_dict({"id": 3, "name": "Talk"}), Genre.from_dict({"id": 4, "name": None})]
    found = MovieSummary.from_dict({"genre_ids": [2, 3, 4, 99, 1]})
    assert facts.genre_names(found, movies) == ["War", "Drama"]
    assert facts.genre_names(found, movies, series) == ["War", "Talk", "Drama"]
    assert facts.genre_names([1, 2], movies) == ["Drama", "War"]
    assert facts.genre_names(movie()) == facts.genre_names(movie(), movies) == ["Drama"]
    assert facts.genre_names(PersonSummary.from_dict({}), movies) == []
    assert facts.genre_names(MovieSummary.from_dict({"genre_ids": None}), movies) == []
    with pytest.raises(InvalidArgument, match=r"tmdb\.genres\.movies"):
        facts.genre_names(found)
    for wrong in (None, "12", 5):
        with pytest.raises(InvalidArgument, match="takes a movie or series, or ids"):
            facts.genre_names(wrong, movies)  # type: ignore[arg-type]


# Languages


@pytest.mark.parametrize(
    ("languages", "title"),
    [
        ((), "The Film"),
        ("pt", "Em Portugal"),
        ("PT-br", "No Brasil"),
        (["pt-AO", "pt-BR"], "No Brasil"),
        ("de", "The Film"),
        (["de", "ja"], "映画の題"),
        ("ja-JP", "映画の題"),
        ("ja-US", "映画の題"),
        (["fr", "pt"], "Em Portugal"),
        ("xx", "The Film"),
    ],
)
def test_a_title_is_in_the_first_language_that_has_one(languages: Any, title: str) -> None:
    assert facts.title(movie(), languages) == title


def test_the_main_region_goes_before_the_original_title() -> None:
    listed = [translation("en-GB", title="Stone"), translation("en-US", title="Sorcerer")]
    film = movie(original_language="en", original_title="Philosopher", translations={"translations": listed})
    assert facts.title(film, "en") == "Sorcerer"
    assert facts.title(film, "en-GB") == "Stone"
    assert facts.title(film, "en-AU") == "Philosopher"
    film["translations"] = {"translations": listed[:1]}
    assert facts.title(film, "en") == "Philosopher"


@pytest.mark.parametrize(
    ("of", "own", "german"),
    [
        (TvSeriesDetails.from_dict(SERIES), "The Series", "Die Serie"),
        (EpisodeDetails.from_dict(EPISODE), "Pilot", "Der Anfang"),
        (CollectionDetails.from_dict(COLLECTION), "The Collection", "Die Reihe"),
        (PersonDetails.from_dict(PERSON), "Somebody", "Somebody"),
    ],
)
def test_whatever_has_a_name_has_a_title(of: Any, own: str, german: str) -> None:
    assert facts.title(of) == own
    assert facts.title(of, "de") == german
    assert facts.title(of, ["fr", "de"]) == german


def test_items_of_lists_have_titles() -> None:
    given = Translations.from_dict(TRANSLATIONS)
    found = MovieSummary.from_dict(without(MOVIE, *(key for key in MOVIE if isinstance(MOVIE[key], dict))))
    assert facts.title(found) == "The Film"
    assert facts.title(found, "pt", translations=given) == "Em Portugal"
    assert facts.title(found, "ja", translations=given) == "映画の題"
    assert facts.overview(found, "pt", translations=given) == "Brasil."
    assert facts.title(MovieSummary.from_dict({"title": "", "original_title": "Original"})) == "Original"
    assert facts.title(UnknownMedia.from_dict({"name": "An opera"})) == "An opera"
    assert facts.title(UnknownMedia.from_dict({})) is None
    assert facts.overview(PersonSummary.from_dict({"name": "Somebody"})) is None
    with pytest.raises(NotAppended, match=r'tmdb\.movies\.details\(1, append=\["translations"\]\)'):
        facts.title(found, "pt")


def test_an_empty_text_is_none() -> None:
    assert facts.overview(movie()) == "A film."
    assert facts.overview(movie(), "pt") == "Brasil."
    assert facts.overview(movie(), "pt-PT") == "A film."
    assert facts.overview(movie(overview=" "), "pt-PT") is None
    assert facts.tagline(movie(), ["pt-BR", "de"]) == "See it."
    assert facts.tagline(movie(), ["pt-BR", "pt"]) == "Lema."
    assert facts.tagline(TvSeriesDetails.from_dict(SERIES)) is None
    assert facts.biography(PersonDetails.from_dict(PERSON)) == "Born."
    assert facts.biography(PersonDetails.from_dict(PERSON), ["fr", "de-DE"]) == "Geboren."


@pytest.mark.parametrize("language", ["", "german", "de_DE", "de-DEU", "d", None, 5, "de\n"])
def test_a_language_is_written_as_tmdb_writes_it(language: Any) -> None:
    for ask in (facts.title, facts.overview, facts.trailer):
        with pytest.raises(InvalidArgument, match="A language is written as in de or pt-BR"):
            ask(movie(), [language])


# Where to watch


def test_offers_are_of_one_country_and_in_order() -> None:
    offers = facts.where_to_watch(movie(), "de")
    assert offers
    assert offers.country == "DE"
    assert [one.provider_name for one in offers.stream] == ["Early", "Late"]
    assert [one.provider_name for one in offers.rent] == ["Shop"]
    assert offers.buy == offers.free == offers.ads == []
    assert offers.link == "https://www.themoviedb.org/movie/1/watch?locale=DE"
    assert repr(offers) == "<Offers DE: stream 2, rent 1>"
    french = facts.where_to_watch(WatchProviders.from_dict(OFFERS), "FR")
    assert french.link is None
    assert len(french.ads) == 1
    nowhere = facts.where_to_watch(movie(), "US")
    assert not nowhere
    assert nowhere == facts.Offers("US")
    assert repr(nowhere) == "<Offers US: none>"


# What is not there


Question = Callable[[Any], object]
NEEDS: dict[str, tuple[Question, dict[Any, str]]] = {
    "directors": (facts.directors, {MovieDetails: "credits", TvSeriesDetails: "aggregate_credits"}),
    "writers": (facts.writers, {MovieDetails: "credits", SeasonDetails: "aggregate_credits"}),
    "crew": (lambda of: facts.crew(of, "Director"), {MovieDetails: "credits"}),
    "cast": (facts.cast, {MovieDetails: "credits", EpisodeDetails: "credits"}),
    "certification": (
        lambda of: facts.certification(of, "US"),
        {MovieDetails: "release_dates", TvSeriesDetails: "content_ratings"},
    ),
    "trailer": (
        facts.trailer,
        dict.fromkeys((MovieDetails, TvSeriesDetails, SeasonDetails, EpisodeDetails), "videos"),
    ),
    "videos": (facts.videos, {MovieDetails: "videos"}),
    "imdb_url": (facts.imdb_url, {TvSeriesDetails: "external_ids", EpisodeDetails: "external_ids"}),
    "title": (
        lambda of: facts.title(of, "de"),
        dict.fromkeys((MovieDetails, SeasonDetails, EpisodeDetails, CollectionDetails), "translations"),
    ),
    "overview": (lambda of: facts.overview(of, "de"), {TvSeriesDetails: "translations"}),
    "tagline": (lambda of: facts.tagline(of, "de"), {MovieDetails: "translations"}),
    "biography": (lambda of: facts.biography(of, "de"), {PersonDetails: "translations"}),
    "where_to_watch": (
        lambda of: facts.where_to_watch(of, "DE"),
        dict.fromkeys((MovieDetails, TvSeriesDetails, SeasonDetails), "watch/providers"),
    ),
}
OTHERS: dict[str, Question] = {
    "year": facts.year,
    "runtime": facts.runtime,
    "genre_names": lambda of: facts.genre_names(of, []),
    "creators": facts.creators,
    "video_url": facts.video_url,
}
QUESTIONS: dict[str, Question] = {name: ask for name, (ask, _) in NEEDS.items()} | OTHERS


@pytest.mark.parametrize(
    ("name", "kind", "key"), [(name, kind, key) for name, (_, kinds) in NEEDS.items() for kind, key in kinds.items()]
)
def test_what_was_not_appended_is_an_error_that_says_what_to_append(name: str, kind: Any, key: str) -> None:
    ask = QUESTIONS[name]
    with pytest.raises(NotAppended, match=f"facts.{name if name != 'trailer' else 'videos'} needs {key!r}") as caught:
        ask(kind.from_dict({"id": 7}))
    assert f'.details({"…" if kind in (SeasonDetails, EpisodeDetails) else 7}, append=["{key}"])' in str(caught.value)
    assert caught.value.append == (key,)
    assert not ask(kind.from_dict({"id": 7, key: None}))
    assert not ask(kind.from_dict({"id": 7, key: {}}))


UNASKABLE = [None, {}, "11", object(), Genre.from_dict({"id": 1})]


@pytest.mark.parametrize(
    ("name", "of"),
    # A genre has a name, which is what `title` returns.
    [(name, of) for name in QUESTIONS for of in UNASKABLE[: -1 if name == "title" else None]],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_have_an_answer_is_refused(name: str, of: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^facts\."):
        QUESTIONS[name](of)


def test_a_question_that_a_type_checker_refuses_is_refused_when_it_runs() -> None:
    film, collection = movie(), CollectionDetails.from_dict(COLLECTION)
    for ask, of in [(facts.biography, film), (facts.tagline, collection), (facts.cast, collection),
                    (facts.creators, film), (facts.runtime, collection), (facts.year, collection)]:  # fmt: skip
        with pytest.raises(InvalidArgument):
            ask(of)  # type: ignore[operator]


# What contradicts its annotation

ODD: tuple[Any, ...] = (None, "", "odd", 7, -1.5, True, [], {}, [None, 1, "x", [], {}], {"": 1, "DE": 5, "US": []})


def spoilt(body: Any) -> Iterator[Any]:
    """The body with each value in it replaced by each odd one."""

    def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            if isinstance(item, (dict, list)):
                yield from places(item, (*path, key))

    for *path, last in places(body):
        for odd in ODD:
            broken = copy.deepcopy(body)
            below = broken
            for key in path:
                below = below[key]
            below[last] = odd
            yield broken


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MovieDetails, MOVIE),
        (TvSeriesDetails, SERIES),
        (SeasonDetails, without(SERIES, "content_ratings")),
        (EpisodeDetails, EPISODE),
        (PersonDetails, PERSON),
        (CollectionDetails, COLLECTION),
        (MovieSummary, {"genre_ids": [1], "release_date": "1977-05-25", "title": "x", "original_language": "en"}),
    ],
)
def test_a_value_that_contradicts_its_annotation_is_no_crash(kind: Any, body: dict[str, Any]) -> None:
    asked = [*QUESTIONS.values(), facts.title, facts.overview, lambda of: facts.title(of, ["pt", "ja", "en"])]
    tried = 0
    for broken in spoilt(body):
        of = kind.from_dict(broken)
        for ask in asked:
            try:
                ask(of)
            except TMDBError:
                continue
            tried += 1
    assert tried > 50


# What TMDB really sent


@pytest.fixture(scope="module")
def recorded(shared: Any) -> list[tuple[dict[str, Any], Any]]:
    return [(row, body) for row, body in read_payloads(shared / "payloads", None) if row["status"] == 200]


def models_in(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value[:20]:
            yield from models_in(item)
    elif hasattr(value, "additional_keys"):
        yield value
        for key in ("results", "items", "parts", "episodes", "seasons", "cast", "crew"):
            yield from models_in(getattr(value, key, None))


def test_every_recorded_object_can_be_asked_everything(recorded: Payloads) -> None:
    answers: dict[str, int] = dict.fromkeys(QUESTIONS, 0)
    for row, body in recorded:
        for of in models_in(decode(row["operation"], 200, body)):
            for name, ask in QUESTIONS.items():
                try:
                    answers[name] += bool(ask(of))
                except (NotAppended, InvalidArgument):
                    continue
    assert [name for name, count in answers.items() if not count] == []
    assert answers["year"] > 2000


def test_recorded_answers_are_right(recorded: Payloads) -> None:
    found: dict[tuple[str, int], list[Any]] = {}
    for row, body in recorded:
        of = decode(row["operation"], 200, body)
        if hasattr(of, "id"):
            found.setdefault((type(of).__name__, of.id), []).append(of)

    def one_with(kind: str, number: int, *keys: str) -> Any:
        return next(of for of in found[kind, number] if all(of.get(key) for key in keys))

    riddick = one_with("MovieDetails", 87421, "credits", "release_dates", "watch/providers")
    assert (facts.year(riddick), facts.runtime(riddick)) == (2013, "1 h 59 min")
    assert names(facts.directors(riddick)) == ["David Twohy"]
    assert names(facts.cast(riddick, 2)) == ["Vin Diesel", "Karl Urban"]
    assert facts.certification(riddick, "US") == "R"
    assert facts.imdb_url(riddick) == "https://www.imdb.com/title/tt1411250/"
    assert facts.where_to_watch(riddick, "DE").stream

    club = one_with("MovieDetails", 550, "videos", "translations")
    assert (facts.trailer(club) or "").startswith("https://www.youtube.com/watch?v=")
    assert facts.title(club, ["az", "en"]) == "Döyüshçü Klubu"
    assert facts.title(club, ["ar", "en"]) == "Fight Club"
    assert facts.overview(club, "ar") != facts.overview(club)

    saga = one_with("CollectionDetails", 10, "translations")
    assert facts.title(saga, "de") == "Star Wars Filmreihe"
    assert facts.title(saga, "en") == "Star Wars Collection"

    boys = one_with("TvSeriesDetails", 76479, "translations")
    assert facts.title(boys, ["da", "de"]) == "The Boys"
    assert facts.overview(boys, "de") != facts.overview(boys, "da")


# The module itself


def test_importing_it_loads_no_model_and_no_httpx() -> None:
    program = (
        "import sys; from tmdb_ext import facts; "
        "print([name for name in sys.modules if name == 'httpx' or name.endswith('.models.movie_details')])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


@pytest.mark.parametrize("name", facts.__all__)
def test_annotations_can_be_read(name: str) -> None:
    public = getattr(facts, name)
    if inspect.isfunction(public):
        assert typing.get_type_hints(public)["return"] is not None
        for overload in typing.get_overloads(public):
            assert typing.get_type_hints(overload)["return"] is not None


def test_nothing_is_changed_by_asking() -> None:
    before = json.dumps(MOVIE, sort_keys=True)
    film = movie()
    for ask in QUESTIONS.values():
        try:
            ask(film)
        except TMDBError:
            continue
    assert json.dumps(MOVIE, sort_keys=True) == json.dumps(film.to_dict(), sort_keys=True) == before
