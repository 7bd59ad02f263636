"""Listings, search and find. Their answers depend on the request alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tmdb_ext.testing import _catalogue
from tmdb_ext.testing._call import PAGE_SIZE, Call
from tmdb_ext.testing._fill import Facts
from tmdb_ext.testing._generic import Registry
from tmdb_ext.testing._sample import COLLECTIONS, COMPANIES, KEYWORDS

LISTINGS = Registry()
TRENDING_PAGES = 1000

# listings of films, series and people


def _films(call: Call, ids: list[int], **more: Any) -> Facts:
    return call.page(ids, lambda number: _catalogue.movie_summary(number, **more))


def _shows(call: Call, ids: list[int], **more: Any) -> Facts:
    return call.page(ids, lambda number: _catalogue.series_summary(number, **more))


def _people(call: Call, ids: list[int], **more: Any) -> Facts:
    return call.page(ids, lambda number: _catalogue.person_summary(number, **more))


@LISTINGS.answers("movie-popular-list", "movie-top-rated-list")
def _movie_list(call: Call) -> dict[str, Any]:
    return _films(call, _catalogue.rotated(_catalogue.FILM_IDS, call.operation.id))


@LISTINGS.answers("movie-now-playing-list", "movie-upcoming-list")
def _dated_movie_list(call: Call) -> dict[str, Any]:
    return Facts(_movie_list(call), dates={"maximum": "2031-06-18", "minimum": "2031-05-07"})


@LISTINGS.answers(
    "tv-series-popular-list", "tv-series-top-rated-list", "tv-series-airing-today-list", "tv-series-on-the-air-list"
)
def _series_list(call: Call) -> dict[str, Any]:
    return _shows(call, _catalogue.rotated(_catalogue.SERIES_IDS, call.operation.id))


@LISTINGS.answers("person-popular-list")
def _person_list(call: Call) -> dict[str, Any]:
    return _people(call, _catalogue.rotated(_catalogue.PERSON_IDS, call.operation.id))


@LISTINGS.answers("trending-movies")
def _trending_movies(call: Call) -> dict[str, Any]:
    return _films(call, _trending(call, _catalogue.FILM_IDS), media_type="movie")


@LISTINGS.answers("trending-tv")
def _trending_shows(call: Call) -> dict[str, Any]:
    return _shows(call, _trending(call, _catalogue.SERIES_IDS), media_type="tv")


@LISTINGS.answers("trending-people")
def _trending_people(call: Call) -> dict[str, Any]:
    return _people(call, _trending(call, _catalogue.PERSON_IDS), media_type="person")


def _trending(call: Call, ids: tuple[int, ...]) -> list[int]:
    known = _catalogue.rotated(ids, f"trending {call.path['time_window']}")
    return [*known, *_made_up(len(known))]


def _made_up(known: int) -> range:
    """Ids that fill up what is trending, of which TMDB has 1,000 pages."""
    return range(200_000, 200_000 + TRENDING_PAGES * PAGE_SIZE - known)


@LISTINGS.answers("trending-all")
def _trending_all(call: Call) -> Facts:
    known = _mixed(lambda _: True)
    return call.page([*known, *(("movie", number) for number in _made_up(len(known)))], render_mixed)


def _mixed(fits: Callable[[str], bool]) -> list[tuple[str, int]]:
    """Films, series and people whose name fits, taking turns."""
    films = [("movie", one) for one in _catalogue.FILM_IDS if fits(_catalogue.film(one).title)]
    shows = [("tv", one) for one in _catalogue.SERIES_IDS if fits(_catalogue.series(one).name)]
    people = [("person", one) for one in _catalogue.PERSON_IDS if fits(_catalogue.person(one).name)]
    turns = [(index, entry) for kind in (films, shows, people) for index, entry in enumerate(kind)]
    return [entry for _, entry in sorted(turns, key=lambda turn: turn[0])]


def render_mixed(entry: tuple[str, int]) -> Facts:
    """A film, series or person in a listing that has several sorts."""
    kind, number = entry
    render = {
        "movie": _catalogue.movie_summary, "tv": _catalogue.series_summary, "person": _catalogue.person_summary,
    }[kind]  # fmt: skip
    return render(number, media_type=kind)


@LISTINGS.answers("discover-movie")
def _discover_movie(call: Call) -> dict[str, Any]:
    query = call.query
    year = query.get("primary_release_year") or query.get("year") or ""
    ids = [
        one
        for one in _catalogue.rotated(_catalogue.FILM_IDS, "discover")
        if _catalogue.film(one).released.startswith(year)
        and _has_genres(query.get("with_genres"), _catalogue.film(one).genres)
        and float(query.get("vote_average.gte") or 0)
        <= _catalogue.film(one).score
        <= float(query.get("vote_average.lte") or 10)
    ]
    keys: dict[str, Callable[[int], Any]] = {
        "popularity": lambda one: _catalogue.movie_summary(one)["popularity"],
        "vote_average": lambda one: _catalogue.film(one).score,
        "primary_release_date": lambda one: _catalogue.film(one).released,
        "title": lambda one: _catalogue.film(one).title,
    }
    return _films(call, _sorted(ids, query, keys))


@LISTINGS.answers("discover-tv")
def _discover_tv(call: Call) -> dict[str, Any]:
    query = call.query
    ids = [
        one
        for one in _catalogue.rotated(_catalogue.SERIES_IDS, "discover")
        if _catalogue.series(one).began.startswith(query.get("first_air_date_year") or "")
        and _has_genres(query.get("with_genres"), _catalogue.series(one).genres)
    ]
    keys: dict[str, Callable[[int], Any]] = {
        "popularity": lambda one: _catalogue.series_summary(one)["popularity"],
        "vote_average": lambda one: _catalogue.series(one).score,
        "first_air_date": lambda one: _catalogue.series(one).began,
        "name": lambda one: _catalogue.series(one).name,
    }
    return _shows(call, _sorted(ids, query, keys))


def _has_genres(wanted: str | None, genres: tuple[int, ...]) -> bool:
    """Whether genres suit a filter: `|` between ids means any of them, `,` all of them."""
    if not wanted:
        return True
    if "|" in wanted:
        return any(str(genre) in wanted.split("|") for genre in genres)
    return all(one in map(str, genres) for one in wanted.split(","))


def _sorted(ids: list[int], query: dict[str, str], keys: dict[str, Callable[[int], Any]]) -> list[int]:
    name, _, direction = (query.get("sort_by") or "popularity.desc").rpartition(".")
    return sorted(ids, key=keys[name], reverse=direction == "desc") if name in keys else ids


@LISTINGS.answers("company-movies", "genre-movies", "keyword-movies", "movie-similar")
def _related_movies(call: Call) -> dict[str, Any]:
    number = call.id(next(iter(call.path)))
    ids = [one for one in _catalogue.rotated(_catalogue.FILM_IDS, f"{call.operation.id} {number}") if one != number]
    return Facts(_films(call, ids[:45]), id=number)


@LISTINGS.answers("movie-recommendations")
def _movie_recommendations(call: Call) -> dict[str, Any]:
    number = call.id("movie_id")
    ids = [one for one in _catalogue.rotated(_catalogue.FILM_IDS, f"recommended {number}") if one != number]
    return _films(call, ids[:40], media_type="movie")


@LISTINGS.answers("tv-series-similar")
def _similar_series(call: Call) -> dict[str, Any]:
    number = call.id("series_id")
    ids = [one for one in _catalogue.rotated(_catalogue.SERIES_IDS, f"similar {number}") if one != number]
    return _shows(call, ids[:45])


@LISTINGS.answers("tv-series-recommendations")
def _series_recommendations(call: Call) -> dict[str, Any]:
    number = call.id("series_id")
    ids = [one for one in _catalogue.rotated(_catalogue.SERIES_IDS, f"recommended {number}") if one != number]
    return _shows(call, ids[:40], media_type="tv")


@LISTINGS.answers("changes-movie-list", "changes-tv-list", "changes-people-list")
def _changed(call: Call) -> dict[str, Any]:
    ids = {
        "changes-movie-list": _catalogue.FILM_IDS,
        "changes-tv-list": _catalogue.SERIES_IDS,
        "changes-people-list": _catalogue.PERSON_IDS,
    }[call.operation.id]
    return call.page(_catalogue.rotated(ids, "changes"), lambda number: Facts(id=number, adult=False))


# search


def _asked_for(call: Call) -> Callable[[str], bool]:
    wanted = call.query["query"].strip().casefold()
    return lambda name: bool(wanted) and wanted in name.casefold()


@LISTINGS.answers("search-movie")
def _search_movie(call: Call) -> dict[str, Any]:
    fits = _asked_for(call)
    year = call.query.get("primary_release_year") or call.query.get("year") or ""
    return _films(
        call,
        [
            one
            for one in _catalogue.FILM_IDS
            if fits(_catalogue.film(one).title) and _catalogue.film(one).released.startswith(year)
        ],
    )


@LISTINGS.answers("search-tv")
def _search_tv(call: Call) -> dict[str, Any]:
    fits = _asked_for(call)
    year = call.query.get("first_air_date_year") or call.query.get("year") or ""
    return _shows(
        call,
        [
            one
            for one in _catalogue.SERIES_IDS
            if fits(_catalogue.series(one).name) and _catalogue.series(one).began.startswith(year)
        ],
    )


@LISTINGS.answers("search-person")
def _search_person(call: Call) -> dict[str, Any]:
    fits = _asked_for(call)
    return _people(call, [one for one in _catalogue.PERSON_IDS if fits(_catalogue.person(one).name)])


@LISTINGS.answers("search-multi")
def _search_multi(call: Call) -> Facts:
    return call.page(_mixed(_asked_for(call)), render_mixed)


@LISTINGS.answers("search-company")
def _search_company(call: Call) -> dict[str, Any]:
    fits = _asked_for(call)
    return call.page([one for one, (name, _) in COMPANIES.items() if fits(name)], _catalogue.company_summary)


@LISTINGS.answers("search-collection")
def _search_collection(call: Call) -> dict[str, Any]:
    fits = _asked_for(call)
    return call.page([one for one, name in COLLECTIONS.items() if fits(name)], _catalogue.collection_summary)


@LISTINGS.answers("search-keyword")
def _search_keyword(call: Call) -> dict[str, Any]:
    fits = _asked_for(call)
    return call.page([one for one, name in KEYWORDS.items() if fits(name)], _catalogue.keyword)


@LISTINGS.answers("find-by-id")
def _find(call: Call) -> dict[str, Any]:
    return _catalogue.find(call.path["external_id"], call.query["external_source"])
