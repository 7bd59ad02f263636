"""Listings, search and find."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from tmdb_ext.testing._call import PAGE_SIZE, Call
from tmdb_ext.testing._details import span
from tmdb_ext.testing._fill import Facts, stable
from tmdb_ext.testing._generic import Registry
from tmdb_ext.testing._status import StatusError
from tmdb_ext.testing._world import Entry, World, mentioned

LISTINGS = Registry()
TRENDING_PAGES = 1000
CHANGES_PAGE = 100
_WINDOW = timedelta(days=45)
_SOON = timedelta(days=28)


def shown(call: Call, entries: Sequence[Entry], **more: Any) -> Facts:
    """A page of films, series or people."""
    return call.page(entries, lambda entry: call.world.media(entry.kind, entry.key, call.locale, **more))


def mixed(call: Call, entry: Entry) -> Facts:
    """An entry of a listing that has several sorts."""
    return call.world.media(entry.kind, entry.key, call.locale, media_type=entry.kind)


def by_popularity(entries: Iterable[Entry]) -> list[Entry]:
    """The most popular first."""
    return sorted(entries, key=lambda entry: (-entry.core["popularity"], entry.key))


def by_votes(entries: Iterable[Entry]) -> list[Entry]:
    """The best rated first, of those that enough people have rated."""
    rated = [entry for entry in entries if entry.core["vote_count"] >= 300]
    return sorted(rated, key=lambda entry: (-entry.core["vote_average"], entry.key))


def decent(call: Call, entries: Iterable[Entry]) -> list[Entry]:
    """Without what is for adults, unless that is asked for."""
    wanted = call.query.get("include_adult") == "true"
    return [entry for entry in entries if wanted or not entry.core["adult"]]


@LISTINGS.answers("movie-popular-list")
def _popular_movies(call: Call) -> Facts:
    return shown(call, by_popularity(decent(call, call.world.entries("movie"))))


@LISTINGS.answers("movie-top-rated-list")
def _top_rated_movies(call: Call) -> Facts:
    return shown(call, by_votes(decent(call, call.world.entries("movie"))))


@LISTINGS.answers("movie-now-playing-list")
def _now_playing(call: Call) -> Facts:
    return _released_between(call, call.today - _WINDOW, call.today)


@LISTINGS.answers("movie-upcoming-list")
def _upcoming(call: Call) -> Facts:
    return _released_between(call, call.today + timedelta(days=1), call.today + _SOON)


def _released_between(call: Call, first: date, last: date) -> Facts:
    world, region = call.world, call.locale.region
    dates = {"maximum": last.isoformat(), "minimum": first.isoformat()}

    def fits(entry: Entry) -> bool:
        released = world.release_date(entry, region) if region else entry.core["release_date"]
        return bool(dates["minimum"] <= released <= dates["maximum"])

    return Facts(
        shown(call, by_popularity(decent(call, (one for one in world.entries("movie") if fits(one))))), dates=dates
    )


@LISTINGS.answers("tv-series-popular-list")
def _popular_series(call: Call) -> Facts:
    return shown(call, by_popularity(decent(call, call.world.entries("tv"))))


@LISTINGS.answers("tv-series-top-rated-list")
def _top_rated_series(call: Call) -> Facts:
    return shown(call, by_votes(decent(call, call.world.entries("tv"))))


@LISTINGS.answers("tv-series-airing-today-list")
def _airing_today(call: Call) -> Facts:
    return _aired_between(call, call.today, call.today)


@LISTINGS.answers("tv-series-on-the-air-list")
def _on_the_air(call: Call) -> Facts:
    return _aired_between(call, call.today, call.today + timedelta(days=6))


def _aired_between(call: Call, first: date, last: date) -> Facts:
    found = [
        entry for entry in call.world.entries("tv") if airs(call.world, entry, first.isoformat(), last.isoformat())
    ]
    return shown(call, by_popularity(decent(call, found)))


def airs(world: World, entry: Entry, first: str, last: str) -> bool:
    """Whether a series has an episode that is shown in a span of days."""
    began = entry.core["first_air_date"]
    if entry.sample and (began > last or not began):
        return False
    for season in world.seasons(entry.key):
        for number in world.episodes(entry.key, season):
            if first <= (world.entry("episode", (entry.key, season, number)).core["air_date"] or "") <= last:
                return True
    return False


@LISTINGS.answers("person-popular-list")
def _popular_people(call: Call) -> Facts:
    return shown(call, by_popularity(decent(call, call.world.entries("person"))))


class _Repeated(Sequence[Any]):
    """Entries over and over, as long as TMDB's trending lists are."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return TRENDING_PAGES * PAGE_SIZE if self._entries else 0

    def __getitem__(self, index: Any) -> Any:
        places = range(len(self))[index]
        return [self._entries[place % len(self._entries)] for place in places]


def _trending(call: Call, *kinds: str) -> Facts:
    window = call.path["time_window"]
    found = [entry for kind in kinds for entry in decent(call, call.world.entries(kind))]
    found.sort(key=lambda entry: stable("trending", window, entry.kind, entry.key))
    return call.page(_Repeated(found), lambda one: mixed(call, one))


@LISTINGS.answers("trending-movies")
def _trending_movies(call: Call) -> Facts:
    return _trending(call, "movie")


@LISTINGS.answers("trending-tv")
def _trending_shows(call: Call) -> Facts:
    return _trending(call, "tv")


@LISTINGS.answers("trending-people")
def _trending_people(call: Call) -> Facts:
    page = _trending(call, "person")
    for person in page["results"]:
        person["known_for"] = [Facts({k: v for k, v in one.items() if k != "softcore"}) for one in person["known_for"]]
    return page


@LISTINGS.answers("trending-all")
def _trending_all(call: Call) -> Facts:
    return _trending(call, "movie", "tv")


# what belongs together


@LISTINGS.answers("company-movies", "genre-movies", "keyword-movies")
def _movies_of(call: Call) -> Facts:
    world, name = call.world, next(iter(call.path))
    number = call.number(name)
    if name == "genre_id":
        if number not in world.genres["movie"]:
            raise StatusError(34)
        found = [one for one in world.entries("movie") if number in mentioned(one.core["genres"])]
    else:
        call.entry()
        found = [
            one
            for one in world.entries("movie")
            if number in mentioned(
                one.core["production_companies"] if name == "company_id" else world.part(one, "keywords")
            )
        ]  # fmt: skip
    return Facts(shown(call, by_popularity(decent(call, found))), id=number)


@LISTINGS.answers("movie-similar", "tv-series-similar")
def _similar(call: Call) -> Facts:
    return _others(call, "similar")


@LISTINGS.answers("movie-recommendations", "tv-series-recommendations")
def _recommendations(call: Call) -> Facts:
    return _others(call, "recommendations", media_type=call.entry().kind)


def _others(call: Call, part: str, **more: Any) -> Facts:
    entry, world = call.entry(), call.world
    keys = mentioned(world.part(entry, part))
    return shown(
        call, decent(call, [world.entry(entry.kind, key) for key in keys if world.has(entry.kind, key)]), **more
    )


@LISTINGS.answers("changes-movie-list", "changes-tv-list", "changes-people-list")
def _changed(call: Call) -> Facts:
    kind = {"changes-movie-list": "movie", "changes-tv-list": "tv", "changes-people-list": "person"}[call.operation.id]
    first, last = span(call)
    days = (last - first).days + 1
    entries = call.world.entries(kind)
    found = [one for one in entries if stable("changed", kind, one.key, first.isoformat()) % 30 < 6 + 2 * days]

    def render(entry: Entry) -> Facts:
        deleted = entry.key % 37 == 36  # TMDB knows nothing more of what is gone
        return Facts(id=entry.key, adult=None if deleted else entry.core["adult"], softcore=None if deleted else False)

    return call.page(found, render, CHANGES_PAGE)


# search


def _folded(text: str) -> str:
    """A text in small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in letters if not unicodedata.combining(one))


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", _folded(text))


def _fits(call: Call) -> Callable[[Iterable[str]], bool]:
    """Whether names have all the words that are searched for, in any order; a word may be the beginning of one."""
    wanted = _words(call.query["query"])

    def fits(names: Iterable[str]) -> bool:
        text = _folded(" ".join(names))
        return bool(wanted) and all(word in text for word in wanted)

    return fits


def names_of(world: World, entry: Entry) -> list[str]:
    """All names of a thing: its own, the original's, those in other languages and the alternative ones."""
    core = entry.core
    names = [str(core[name]) for name in ("title", "name", "original_title", "original_name") if core.get(name)]
    if entry.kind in ("movie", "tv"):
        names += [
            one["data"].get("title") or one["data"].get("name") or "" for one in world.part(entry, "translations")
        ]
        names += [one["title"] for one in world.part(entry, "alternative_titles")]
    return [*names, *core.get("also_known_as", ())]


def _found(call: Call, *kinds: str) -> list[Entry]:
    fits, world = _fits(call), call.world
    found = [entry for kind in kinds for entry in decent(call, world.entries(kind)) if fits(names_of(world, entry))]
    wanted = _words(call.query["query"])

    def rank(entry: Entry) -> tuple[bool, float, str, Any]:
        name = entry.core.get("title") or entry.core.get("name") or ""
        return (_words(name) != wanted, -entry.core.get("popularity", 0.0), entry.kind, entry.key)

    return sorted(found, key=rank)


def _in_year(released: str, year: str | None) -> bool:
    return not year or released.startswith(f"{year}-")


@LISTINGS.answers("search-movie")
def _search_movie(call: Call) -> Facts:
    world, query = call.world, call.query
    found = [
        one for one in _found(call, "movie") if _in_year(one.core["release_date"], query.get("primary_release_year"))
    ]
    if year := query.get("year"):
        found = [one for one in found if any(_in_year(day, year) for day in release_days(world, one))]
    return shown(call, found)


def release_days(world: World, entry: Entry, region: str | None = None, kinds: Iterable[str] = ()) -> list[str]:
    """The days on which a film comes out somewhere, or in a region, or in certain ways."""
    wanted = set(kinds)
    days = [
        each["release_date"][:10]
        for one in world.part(entry, "release_dates")
        if region in (None, one["iso_3166_1"])
        for each in one["release_dates"]
        if not wanted or str(each["type"]) in wanted
    ]
    return days if days or region or wanted else [entry.core["release_date"]]


@LISTINGS.answers("search-tv")
def _search_tv(call: Call) -> Facts:
    world, query = call.world, call.query
    found = [
        one for one in _found(call, "tv") if _in_year(one.core["first_air_date"], query.get("first_air_date_year"))
    ]
    if year := query.get("year"):
        found = [
            one
            for one in found
            if _in_year(one.core["first_air_date"], year) or airs(world, one, f"{year}-01-01", f"{year}-12-31")
        ]
    return shown(call, found)


@LISTINGS.answers("search-person")
def _search_person(call: Call) -> Facts:
    return shown(call, _found(call, "person"))


@LISTINGS.answers("search-multi")
def _search_multi(call: Call) -> Facts:
    return call.page(_found(call, "movie", "tv", "person"), lambda one: mixed(call, one))


def _named(call: Call, kind: str) -> list[Entry]:
    fits = _fits(call)
    return [entry for entry in call.world.entries(kind) if fits([entry.core["name"]])]


@LISTINGS.answers("search-company")
def _search_company(call: Call) -> Facts:
    return call.page(_named(call, "company"), lambda entry: call.world.company(entry.key))


@LISTINGS.answers("search-collection")
def _search_collection(call: Call) -> Facts:
    def render(entry: Entry) -> Facts:
        core = Facts({name: value for name, value in entry.core.items() if name != "parts"}, adult=False)
        return Facts(core, name=call.world.title_of_collection(entry, call.locale))

    return call.page(_named(call, "collection"), render)


@LISTINGS.answers("search-keyword")
def _search_keyword(call: Call) -> Facts:
    return call.page(_named(call, "keyword"), lambda entry: entry.core)


@LISTINGS.answers("find-by-id")
def _find(call: Call) -> dict[str, Any]:
    wanted, source, world = call.path["external_id"], call.query["external_source"], call.world
    results = {
        "movie": "movie_results", "person": "person_results", "tv": "tv_results", "episode": "tv_episode_results",
        "season": "tv_season_results",
    }  # fmt: skip
    found: dict[str, Any] = {name: [] for name in results.values()}

    def look(entry: Entry) -> None:
        ids = world.part(entry, "external_ids")
        if str(ids.get(source) or "") == wanted:
            media_type = {"episode": "tv_episode", "season": "tv_season"}.get(entry.kind, entry.kind)
            more = {"show_id": entry.key[0]} if entry.kind == "season" else {}
            found[results[entry.kind]].append(
                world.media(entry.kind, entry.key, call.locale, media_type=media_type, **more)
            )

    for kind in ("movie", "person", "tv"):
        for entry in world.entries(kind):
            look(entry)
    for series in world.entries("tv") if source in ("tvdb_id", "wikidata_id") or wanted.startswith("tt97") else ():
        for season in world.seasons(series.key):
            look(world.entry("season", (series.key, season)))
            for episode in world.episodes(series.key, season):
                look(world.entry("episode", (series.key, season, episode)))
    return found
