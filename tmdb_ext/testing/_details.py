"""Films, series, people and what belongs to them. The answers depend on the request alone."""

from __future__ import annotations

from typing import Any

from tmdb_ext.testing import _catalogue
from tmdb_ext.testing._call import PAGE_SIZE, Call
from tmdb_ext.testing._fill import Facts, stable, stable_hex, words
from tmdb_ext.testing._generic import Registry, generic
from tmdb_ext.testing._listings import render_mixed
from tmdb_ext.testing._sample import COUNTRY_NAMES, FILM_GENRES, LANGUAGE_NAMES, SERIES_GENRES

DETAILS = Registry()

# single things


@DETAILS.answers("movie-details")
def _movie(call: Call) -> dict[str, Any]:
    return _catalogue.movie_details(call.id("movie_id"))


@DETAILS.answers("movie-latest-id")
def _latest_movie(_: Call) -> dict[str, Any]:
    return _catalogue.movie_details(_catalogue.FILM_IDS[-1])


@DETAILS.answers("tv-series-details")
def _series(call: Call) -> dict[str, Any]:
    return _catalogue.series_details(call.id("series_id"))


@DETAILS.answers("tv-series-latest-id")
def _latest_series(_: Call) -> dict[str, Any]:
    return _catalogue.series_details(_catalogue.SERIES_IDS[-1])


@DETAILS.answers("person-details")
def _person(call: Call) -> dict[str, Any]:
    return _catalogue.person_details(call.id("person_id"))


@DETAILS.answers("person-latest-id")
def _latest_person(_: Call) -> dict[str, Any]:
    return _catalogue.person_details(_catalogue.PERSON_IDS[-1])


def _season_of(call: Call) -> tuple[int, int]:
    series, season = call.id("series_id"), call.number("season_number")
    _catalogue.check_season(series, season)
    return series, season


def _episode_of(call: Call) -> tuple[int, int, int]:
    series, season = _season_of(call)
    episode = call.number("episode_number")
    _catalogue.check_episode(series, season, episode)
    return series, season, episode


@DETAILS.answers("tv-season-details")
def _season(call: Call) -> dict[str, Any]:
    return _catalogue.season_details(*_season_of(call))


@DETAILS.answers("tv-episode-details")
def _episode(call: Call) -> dict[str, Any]:
    return _catalogue.episode_details(*_episode_of(call))


@DETAILS.answers("company-details")
def _company(call: Call) -> dict[str, Any]:
    number = call.id("company_id")
    found = {**_catalogue.company_summary(number), "parent_company": None}
    return {**found, "origin_country": None} if number % 5 == 0 else found


@DETAILS.answers("network-details")
def _network(call: Call) -> dict[str, Any]:
    return dict(_catalogue.network_summary(call.id("network_id")))


@DETAILS.answers("collection-details")
def _collection(call: Call) -> dict[str, Any]:
    number = call.id("collection_id")
    parts = [
        Facts(
            _catalogue.movie_summary(one, media_type="movie"),
            name=_catalogue.film(one).title,
            original_name=_catalogue.film(one).title,
        )
        for one in _catalogue.collection_parts(number)
    ]
    return {**_catalogue.collection_summary(number), "parts": parts}


@DETAILS.answers("keyword-details")
def _keyword(call: Call) -> dict[str, Any]:
    return _catalogue.keyword(call.id("keyword_id"))


@DETAILS.answers("credit-details")
def _credit(call: Call) -> dict[str, Any]:
    return _catalogue.credit(call.path["credit_id"])


@DETAILS.answers("review-details")
def _review(call: Call) -> dict[str, Any]:
    review = call.path["review_id"]
    number = _catalogue.FILM_IDS[stable(review) % len(_catalogue.FILM_IDS)]
    return {
        "id": review, "media_id": number, "media_title": _catalogue.film(number).title, "media_type": "movie",
        "iso_639_1": "en",
    }  # fmt: skip


# what belongs to a film, a series or a person


@DETAILS.answers("movie-credits")
def _movie_credits(call: Call) -> dict[str, Any]:
    number = call.id("movie_id")
    return {"id": number, **_catalogue.credits_for("movie", number)}


@DETAILS.answers("tv-series-credits")
def _series_credits(call: Call) -> dict[str, Any]:
    number = call.id("series_id")
    return {"id": number, **_catalogue.credits_for("tv", number)}


@DETAILS.answers("tv-season-credits")
def _season_credits(call: Call) -> dict[str, Any]:
    series, season = _season_of(call)
    return {"id": _catalogue.season_id(series, season), **_catalogue.credits_for("tv", series)}


@DETAILS.answers("tv-episode-credits")
def _episode_credits(call: Call) -> dict[str, Any]:
    series, season, episode = _episode_of(call)
    return {"id": _catalogue.episode_id(series, season, episode), **_catalogue.credits_for("tv", series)}


@DETAILS.answers("tv-series-aggregate-credits")
def _series_aggregate(call: Call) -> dict[str, Any]:
    number = call.id("series_id")
    return {"id": number, **_catalogue.aggregate_credits(number, sum(_catalogue.series(number).seasons))}


@DETAILS.answers("tv-season-aggregate-credits")
def _season_aggregate(call: Call) -> dict[str, Any]:
    series, season = _season_of(call)
    shared = _catalogue.aggregate_credits(series, _catalogue.episode_count(series, season))
    return {"id": _catalogue.season_id(series, season), **shared}


@DETAILS.answers("person-movie-credits")
def _person_movie_credits(call: Call) -> dict[str, Any]:
    number = call.id("person_id")
    return {"id": number, **_catalogue.credits_of(number, films=True, shows=False, typed=False)}


@DETAILS.answers("person-tv-credits")
def _person_tv_credits(call: Call) -> dict[str, Any]:
    number = call.id("person_id")
    return {"id": number, **_catalogue.credits_of(number, films=False, shows=True, typed=False)}


@DETAILS.answers("person-combined-credits")
def _person_combined_credits(call: Call) -> dict[str, Any]:
    number = call.id("person_id")
    return {"id": number, **_catalogue.credits_of(number, films=True, shows=True, typed=True)}


@DETAILS.answers("person-tagged-images")
def _tagged_images(call: Call) -> dict[str, Any]:
    number = call.id("person_id")
    media = [(kind, render_mixed((kind, one))) for kind, one in _appearances(number)]
    for show in _catalogue.series_of(number)[:1]:
        media.append(("episode", _catalogue.episode_summary(show, 1, 1, media_type="tv_episode")))
        media.append(("season", Facts(_catalogue.season_summary(show, 1), media_type="tv_season")))
    images = [_tagged(number, kind, of, index) for index in range(_TAGGED_EACH) for kind, of in media]
    whole = call.page(images)  # for the totals; whatever page is asked for, TMDB sends the first and calls it 0
    return Facts(whole, id=number, page=0, results=images[:PAGE_SIZE])


_TAGGED_EACH = 8
"""How many images of each film, series, season and episode a person is tagged in."""


def _appearances(number: int) -> list[tuple[str, int]]:
    films = [("movie", one) for one in _catalogue.films_of(number)] or [("movie", 11)]
    return films + [("tv", one) for one in _catalogue.series_of(number)]


def _tagged(number: int, kind: str, media: Facts, index: int) -> Facts:
    parts = ("tagged", number, kind, media["id"], index)
    return Facts(
        aspect_ratio=1.778,
        file_path=f"/{stable_hex(24, *parts)}.jpg",
        height=1080,
        id=stable_hex(24, "id", *parts),
        image_type="backdrop",
        iso_639_1=None,
        media=media,
        media_type=kind,
        vote_average=5.3,
        vote_count=stable(*parts) % 20,
        width=1920,
    )


@DETAILS.answers("movie-releases")
def _movie_releases(call: Call) -> dict[str, Any]:
    number = call.id("movie_id")
    countries = [
        {
            "certification": "PG",
            "descriptors": [],
            "iso_3166_1": country,
            "primary": country == _catalogue.film(number).country,
            "release_date": _catalogue.film(number).released,
        }
        for country in dict.fromkeys([_catalogue.film(number).country, "US", "DE"])
    ]
    return {"id": number, "countries": countries}


@DETAILS.answers("movie-external-ids")
def _movie_external_ids(call: Call) -> dict[str, Any]:
    number = call.id("movie_id")
    return {"id": number, "imdb_id": _catalogue.film_imdb_id(number)}


@DETAILS.answers("tv-series-external-ids")
def _series_external_ids(call: Call) -> dict[str, Any]:
    number = call.id("series_id")
    return {"id": number, "imdb_id": _catalogue.series_imdb_id(number)}


@DETAILS.answers("person-external-ids")
def _person_external_ids(call: Call) -> dict[str, Any]:
    number = call.id("person_id")
    return {"id": number, "imdb_id": _catalogue.person_imdb_id(number)}


@DETAILS.answers("movie-keywords")
def _movie_keywords(call: Call) -> dict[str, Any]:
    number = call.id("movie_id")
    return {"id": number, "keywords": _catalogue.keywords_of(number)}


@DETAILS.answers("tv-series-keywords")
def _series_keywords(call: Call) -> dict[str, Any]:
    number = call.id("series_id")
    return {"id": number, "results": _catalogue.keywords_of(number)}


@DETAILS.answers("movie-videos", "tv-series-videos", "tv-season-videos", "tv-episode-videos")
def _videos(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = generic(call).given
    seed = " ".join(call.path.values())
    given["results"] = [
        {
            "id": stable_hex(24, "video", seed, kind),
            "iso_639_1": "en",
            "iso_3166_1": "US",
            "key": stable_hex(11, "key", seed, kind),
            "name": f"Official {kind}",
            "site": "YouTube",
            "size": 1080,
            "type": kind,
            "official": True,
        }
        for kind in ("Trailer", "Teaser")
    ]
    return given


_TRANSLATED = {
    "collection-translations": ("title", "overview", "homepage"),
    "movie-translations": ("title", "overview", "homepage", "runtime", "tagline"),
    "translations": ("biography", "name"),
    "tv-series-translations": ("name", "overview", "homepage", "tagline"),
    "tv-season-translations": ("name", "overview"),
    "tv-episode-translations": ("name", "overview"),
}


def _translated(name: str, seed: str) -> str | int:
    known: dict[str, str | int] = {"homepage": "", "runtime": 97}
    return known.get(name, f"{words(3, name, seed).capitalize()}.")


@DETAILS.answers(*_TRANSLATED)
def _translations(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = generic(call).given
    seed = " ".join(call.path.values())
    countries = ("US", "DE", "FR", "JP")
    given["translations"] = [
        {
            "iso_3166_1": country,
            "iso_639_1": code,
            "name": native,
            "english_name": english,
            "data": Facts({name: _translated(name, f"{seed} {code}") for name in _TRANSLATED[call.operation.id]}),
        }
        for country, (code, (english, native)) in zip(countries, LANGUAGE_NAMES.items(), strict=False)
    ]
    return given


@DETAILS.answers("movie-lists", "lists-copy")
def _lists_with_it(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = generic(call).given
    first = 1 + stable(call.operation.id, *call.path.values()) % 1_000_000  # other people's lists, which can be read
    return {**given, "results": [{"id": first + step} for step in range(3)] if given["page"] == 1 else []}


# the same for everybody


@DETAILS.answers("genre-movie-list")
def _movie_genres(_: Call) -> dict[str, Any]:
    return {"genres": [{"id": number, "name": name} for number, name in FILM_GENRES.items()]}


@DETAILS.answers("genre-tv-list")
def _tv_genres(_: Call) -> dict[str, Any]:
    return {"genres": [{"id": number, "name": name} for number, name in SERIES_GENRES.items()]}


_COUNTRIES = [{"iso_3166_1": code, "english_name": name, "native_name": name} for code, name in COUNTRY_NAMES.items()]


@DETAILS.answers("configuration-countries")
def _countries(_: Call) -> list[dict[str, Any]]:
    return _COUNTRIES


@DETAILS.answers("watch-providers-available-regions")
def _regions(_: Call) -> dict[str, Any]:
    return {"results": _COUNTRIES}


@DETAILS.answers("configuration-languages")
def _languages(_: Call) -> list[dict[str, Any]]:
    return [
        {"iso_639_1": code, "english_name": english, "name": native}
        for code, (english, native) in LANGUAGE_NAMES.items()
    ]


@DETAILS.answers("configuration-primary-translations")
def _primary_translations(_: Call) -> list[str]:
    return ["en-US", "en-GB", "de-DE", "fr-FR", "it-IT", "ja-JP", "pt-BR"]


@DETAILS.answers("configuration-timezones")
def _timezones(_: Call) -> list[dict[str, Any]]:
    return [
        {"iso_3166_1": "US", "zones": ["America/New_York", "America/Chicago"]},
        {"iso_3166_1": "DE", "zones": ["Europe/Berlin"]},
        {"iso_3166_1": "JP", "zones": ["Asia/Tokyo"]},
    ]


@DETAILS.answers("configuration-jobs")
def _jobs(_: Call) -> list[dict[str, Any]]:
    return [
        {"department": "Directing", "jobs": ["Director"]},
        {"department": "Writing", "jobs": ["Writer", "Screenplay"]},
        {"department": "Camera", "jobs": ["Director of Photography"]},
    ]


@DETAILS.answers("configuration-details")
def _configuration(call: Call) -> dict[str, Any]:
    return {
        "images": {
            "base_url": call.state.image_base_url,
            "secure_base_url": call.state.image_base_url,
            "backdrop_sizes": ["w300", "w780", "w1280", "original"],
            "logo_sizes": ["w45", "w92", "w154", "w185", "w300", "w500", "original"],
            "poster_sizes": ["w92", "w154", "w185", "w342", "w500", "w780", "original"],
            "profile_sizes": ["w45", "w185", "h632", "original"],
            "still_sizes": ["w92", "w185", "w300", "original"],
        },
        "change_keys": ["cast", "crew", "images", "overview", "title"],
    }


@DETAILS.answers("watch-providers-movie-list", "watch-provider-tv-list")
def _providers(_: Call) -> dict[str, Any]:
    names = ("Lanternbox", "Hillside Play", "Cinevine")
    return {
        "results": [
            {
                "display_priorities": {"US": index, "GB": index + 1},
                "display_priority": index,
                "provider_id": 700 + index,
                "provider_name": name,
            }
            for index, name in enumerate(names)
        ]
    }
