"""What the sample says of each thing by itself: the fields of its own page, with ids for what it refers to.

What TMDB says of something newly entered, of which nothing but the name is known, is in `BLANK`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tmdb_ext.testing._fill import stable, stable_hex, words
from tmdb_ext.testing._rules import PLOT_OF, TITLE_OF, WORDS, Rules, phrase
from tmdb_ext.testing._sample import COLLECTIONS, COMPANIES, KEYWORDS, NETWORKS
from tmdb_ext.testing._tables import PROVIDERS

Core = dict[str, Any]

BLANK: dict[str, Core] = {
    "movie": {
        "adult": False, "backdrop_path": None, "belongs_to_collection": None, "budget": 0, "genres": [], "homepage": "",
        "id": 0, "imdb_id": None, "origin_country": [], "original_language": "en", "original_title": "", "overview": "",
        "popularity": 0.0, "poster_path": None, "production_companies": [], "production_countries": [],
        "release_date": "", "revenue": 0, "runtime": 0, "softcore": False, "spoken_languages": [],
        "status": "Released", "tagline": "", "title": "", "video": False, "vote_average": 0.0, "vote_count": 0,
    },
    "tv": {
        "adult": False, "backdrop_path": None, "created_by": [], "episode_run_time": [], "first_air_date": "",
        "genres": [], "homepage": "", "id": 0, "in_production": False, "languages": [], "last_air_date": None,
        "last_episode_to_air": None, "name": "", "next_episode_to_air": None, "networks": [], "number_of_episodes": 0,
        "number_of_seasons": 0, "origin_country": [], "original_language": "en", "original_name": "", "overview": "",
        "popularity": 0.0, "poster_path": None, "production_companies": [], "production_countries": [], "seasons": [],
        "softcore": False, "spoken_languages": [], "status": "Returning Series", "tagline": "", "type": "Scripted",
        "vote_average": 0.0, "vote_count": 0,
    },
    "season": {
        "_id": "", "air_date": None, "episodes": [], "name": "", "networks": [], "overview": "", "id": 0,
        "poster_path": None, "season_number": 0, "vote_average": 0.0,
    },
    "episode": {
        "air_date": None, "crew": [], "episode_number": 0, "episode_type": "standard", "guest_stars": [], "id": 0,
        "name": "", "overview": "", "production_code": "", "runtime": None, "season_number": 0, "still_path": None,
        "vote_average": 0.0, "vote_count": 0,
    },
    "person": {
        "adult": False, "also_known_as": [], "biography": "", "birthday": None, "deathday": None, "gender": 0,
        "homepage": None, "id": 0, "imdb_id": None, "known_for_department": "Acting", "name": "",
        "place_of_birth": None, "popularity": 0.0, "profile_path": None,
    },
    "company": {
        "description": "", "headquarters": "", "homepage": "", "id": 0, "logo_path": None, "name": "",
        "origin_country": "", "parent_company": None,
    },
    "network": {
        "headquarters": "", "homepage": "", "id": 0, "logo_path": None, "name": "", "origin_country": "",
    },
    "collection": {
        "id": 0, "name": "", "original_language": "en", "original_name": "", "overview": "", "poster_path": None,
        "backdrop_path": None, "parts": [],
    },
    "keyword": {"id": 0, "name": ""},
    "genre": {"id": 0, "name": ""},
    "provider": {
        "display_priorities": {}, "display_priority": 0, "logo_path": None, "provider_id": 0, "provider_name": "",
    },
}  # fmt: skip
"""By kind, all that an own page has: the keys in TMDB's order, with what TMDB has there if nothing is known."""


def path(*parts: object, ending: str = "jpg") -> str:
    """The path of a file on TMDB's image server."""
    return f"/{stable_hex(24, *parts)}.{ending}"


def popularity(kind: str, number: int, *, known: bool = True) -> float:
    """How popular something is; what has no image is less popular."""
    return round(1 + stable("popularity", kind, number) % (90_000 if known else 900) / 1000, 3)


def film_imdb_id(rules: Rules, number: int) -> str | None:
    """A film's IMDb id; invented films have one that IMDb does not, and some have none."""
    return rules.film(number).imdb_id or (None if number % 50 == 49 else f"tt99{number:07d}")


def original(language: str, name: str, *parts: object) -> str:
    """A name in the language of the original."""
    return phrase(language, TITLE_OF, *map(str, parts)) if language in WORDS else name


def _movie(rules: Rules, number: int) -> Core:
    one = rules.film(number)
    new = one.released > rules.today.isoformat()
    return {
        **BLANK["movie"],
        "adult": number % 97 == 0,
        "backdrop_path": None if number % 7 == 5 else path("film-backdrop", number),
        "belongs_to_collection": one.collection,
        "budget": 11_000_000 if number == 11 else 500_000 * (stable("budget", number) % 200),
        "genres": list(one.genres),
        "homepage": "" if number % 3 else f"https://example.com/film/{number}",
        "id": number,
        "imdb_id": film_imdb_id(rules, number),
        "origin_country": [one.country],
        "original_language": one.language,
        "original_title": original(one.language, one.title, "original", number),
        "overview": one.overview,
        "popularity": popularity("film", number, known=number % 7 < 5),
        "poster_path": None if number % 7 == 6 else path("film-poster", number),
        "production_companies": list(one.companies),
        "production_countries": [one.country],
        "release_date": one.released,
        "revenue": 0 if new else 1_000_000 * (stable("revenue", number) % 800),
        "runtime": one.minutes,
        "spoken_languages": [one.language],
        "status": "Post Production" if new else "Released",
        "tagline": "" if number % 4 == 3 else f"Before the {words(2, 'tagline', number)}.",
        "title": one.title,
        "video": number % 53 == 0,
        "vote_average": 0.0 if new else one.score,
        "vote_count": 0 if new else 10 + stable("votes", number) % (9000 if number % 7 < 5 else 200),
    }


def _series(rules: Rules, number: int) -> Core:
    one = rules.series(number)
    return {
        **BLANK["tv"],
        "adult": number % 97 == 96,
        "backdrop_path": None if number % 7 == 5 else path("series-backdrop", number),
        "episode_run_time": [] if number % 3 == 0 else [one.minutes],
        "first_air_date": one.began,
        "genres": list(one.genres),
        "homepage": "" if number % 3 else f"https://example.com/series/{number}",
        "id": number,
        "in_production": one.running,
        "languages": [one.language],
        "name": one.name,
        "networks": [one.network],
        "origin_country": [one.country],
        "original_language": one.language,
        "original_name": original(one.language, one.name, "original-tv", number),
        "overview": one.overview,
        "popularity": popularity("series", number, known=number % 7 < 5),
        "poster_path": None if number % 7 == 6 else path("series-poster", number),
        "production_companies": [2 + number % 3],
        "production_countries": [one.country],
        "spoken_languages": [one.language],
        "status": "Returning Series" if one.running else ("Ended", "Canceled")[number % 5 == 0],
        "tagline": f"After the {words(2, 'tvtagline', number)}.",
        "type": "Documentary" if 99 in one.genres else ("Scripted", "Miniseries")[len(one.seasons) == 1],
        "vote_average": one.score,
        "vote_count": 10 + stable("tvvotes", number) % (4000 if number % 7 < 5 else 200),
    }


def air_date(rules: Rules, number: int, season: int, episode: int) -> str:
    """When an episode was first shown: weekly, and each season a year after the one before."""
    began = date.fromisoformat(rules.series(number).began)
    return (began + timedelta(days=364 * max(season - 1, 0) + 7 * (episode - 1))).isoformat()


def episode_count(rules: Rules, number: int, season: int) -> int:
    """How many episodes a season of the sample has; none if there is no such season. Specials are two."""
    seasons = rules.series(number).seasons
    return seasons[season - 1] if 1 <= season <= len(seasons) else 2 * (season == 0 and number % 2)


def _season(rules: Rules, key: tuple[int, int]) -> Core:
    number, season = key
    return {
        **BLANK["season"],
        "_id": stable_hex(24, "season", number, season),
        "air_date": None if season == 0 and number % 3 == 0 else air_date(rules, number, season, 1),
        "id": 100 * number + season,
        "name": f"Season {season}" if season else "Specials",
        "networks": [rules.series(number).network],
        "overview": f"The {words(2, 'season', number, season)} year." if number % 4 else "",
        "poster_path": None if (number + season) % 9 == 8 else path("season", number, season),
        "season_number": season,
        "vote_average": rules.series(number).score,
    }


def _episode(rules: Rules, key: tuple[int, int, int]) -> Core:
    number, season, episode = key
    one = rules.series(number)
    count = episode_count(rules, number, season)
    shown = air_date(rules, number, season, episode) <= rules.today.isoformat()
    return {
        **BLANK["episode"],
        "air_date": air_date(rules, number, season, episode),
        "episode_number": episode,
        "episode_type": "finale" if episode == count else "standard",
        "id": 10_000 * number + 100 * season + episode,
        "name": words(3, "episode", number, season, episode).capitalize(),
        "overview": f"In which {words(4, 'episode-plot', number, season, episode)}.",
        "runtime": one.minutes if (shown or episode % 2) and (number + episode) % 9 else None,
        "season_number": season,
        "still_path": None if episode % 5 == 0 else path("still", number, season, episode),
        "vote_average": one.score if shown else 0.0,
        "vote_count": 1 + stable("episode-votes", number, season, episode) % 200 if shown else 0,
    }


def _person(rules: Rules, number: int) -> Core:
    one = rules.person(number)
    died = one.born is not None and one.born < "1935" and number % 2
    return {
        **BLANK["person"],
        "adult": number % 151 == 150,
        "also_known_as": [] if number % 2 else [f"{one.name.split()[0]} {words(1, 'also', number).title()}"],
        "biography": f"{one.name} works in {one.department.lower()}.",
        "birthday": one.born,
        "deathday": "2015-03-14" if died else None,
        "gender": one.gender,
        "id": number,
        "imdb_id": None if number % 50 == 49 else f"nm99{number:07d}",
        "known_for_department": one.department,
        "name": one.name,
        "place_of_birth": one.birthplace,
        "popularity": popularity("person", number, known=number % 5 < 4),
        "profile_path": None if number % 5 == 4 else path("person", number),
    }


def _company(_: Rules, number: int) -> Core:
    name, country = COMPANIES.get(number, (f"{words(1, 'company', number).title()} Films", "US"))
    return {
        **BLANK["company"],
        "headquarters": "Whitby, England" if country == "GB" else "",
        "homepage": f"https://example.com/company/{number}",
        "id": number,
        "logo_path": None if number % 3 == 0 else path("company", number, ending="png"),
        "name": name,
        "origin_country": None if number % 25 == 5 else country,
    }


def _network(_: Rules, number: int) -> Core:
    name, country = NETWORKS.get(number, (f"{words(1, 'network', number).title()} TV", "US"))
    return {
        **BLANK["network"],
        "headquarters": "Whitby, England" if country == "GB" else "",
        "homepage": f"https://example.com/network/{number}",
        "id": number,
        "logo_path": path("network", number, ending="png"),
        "name": name,
        "origin_country": country,
    }


def _collection(_: Rules, number: int) -> Core:
    name = COLLECTIONS.get(number, f"{words(1, 'collection', number).title()} Collection")
    return {
        **BLANK["collection"],
        "backdrop_path": path("collection-backdrop", number),
        "id": number,
        "name": name,
        "original_name": name,
        "overview": f"All films of the {name}.",
        "poster_path": path("collection-poster", number),
    }


def _keyword(_: Rules, number: int) -> Core:
    return {"id": number, "name": KEYWORDS.get(number, words(2, "keyword", number))}


def _provider(_: Rules, number: int) -> Core:
    index = list(PROVIDERS).index(number)
    return {
        "display_priorities": {"US": index, "GB": index + 1, "DE": index + 2},
        "display_priority": index,
        "logo_path": path("provider", number),
        "provider_id": number,
        "provider_name": PROVIDERS[number],
    }


CORES: dict[str, Callable[[Rules, Any], Core]] = {
    "movie": _movie, "tv": _series, "season": _season, "episode": _episode, "person": _person, "company": _company,
    "network": _network, "collection": _collection, "keyword": _keyword, "provider": _provider,
}  # fmt: skip
"""What makes the fields of a thing of the sample, by kind."""


def translations(rules: Rules, kind: str, key: Any) -> list[dict[str, Any]]:
    """The texts of a thing of the sample in other languages, as its list of translations has them."""
    named = key if isinstance(key, tuple) else (key,)
    homepage = {"homepage": ""}
    data: dict[str, Any]
    found = []
    for language in ("de", "fr", "es", "ja"):
        if stable("untranslated", language, kind, *named) % 11 == 0 or (language == "ja" and named[0] % 2):
            continue
        name, plot = phrase(language, TITLE_OF, kind, *named), phrase(language, PLOT_OF, kind, *named)
        if kind == "movie":
            title = STAR_WARS.get(language, name) if named == (11,) else name
            data = {
                **homepage,
                "overview": plot,
                "runtime": rules.film(named[0]).minutes,
                "tagline": "",
                "title": title,
            }
        elif kind == "collection":
            data = {**homepage, "overview": plot, "title": name}
        elif kind == "tv":
            data = {**homepage, "name": name, "overview": plot, "tagline": ""}
        elif kind == "person":
            data = {"biography": plot, "name": ""}
        else:
            data = {"name": name, "overview": plot}
        found.append({"language": language, "data": data})
    return found


STAR_WARS = {"de": "Krieg der Sterne", "fr": "La Guerre des étoiles", "es": "La guerra de las galaxias"}
