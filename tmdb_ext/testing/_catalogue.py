"""What the simulator knows of films, series, people and the rest: the sample by name, any other id made up.

Each function gives TMDB's property names. `Facts` are complete, so that a schema shared by several listings is not
padded with properties which the listing at hand does not have; plain dicts are filled up from the schema.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from tmdb_ext.testing._fill import COUNTRIES, LANGUAGES, Facts, stable, stable_date, stable_hex, words
from tmdb_ext.testing._sample import (
    COLLECTIONS,
    COMPANIES,
    COUNTRY_NAMES,
    FILM_GENRES,
    FILMS,
    KEYWORDS,
    LANGUAGE_NAMES,
    NETWORKS,
    PEOPLE,
    SERIES,
    SERIES_GENRES,
    Film,
    Person,
    Series,
)
from tmdb_ext.testing._status import StatusError

LARGEST_ID = 900_000_000
"""Ids above this belong to nothing; every other one does."""

_JOBS = {
    "Director": "Directing", "Writer": "Writing", "Screenplay": "Writing", "Creator": "Writing",
    "Director of Photography": "Camera", "Sound Designer": "Sound",
}  # fmt: skip
_UNIVERSE = 60
"""How many made-up films, series and people the long listings have besides the sample ones."""


def check_id(number: int) -> int:
    """The id, if it belongs to something.

    Raises:
        StatusError: With code 34, because it is not positive or larger than `LARGEST_ID`.
    """
    if not 0 < number <= LARGEST_ID:
        raise StatusError(34)
    return number


@cache
def film(number: int) -> Film:
    """The film of an id."""
    if number in FILMS:
        return FILMS[number]
    genres = tuple(FILM_GENRES)
    return Film(
        title=f"The {words(2, 'film', number).title()}",
        released=stable_date("film", number),
        genres=(genres[stable("g", number) % len(genres)], genres[stable("h", number) % len(genres)]),
        minutes=75 + stable("minutes", number) % 80,
        score=round(4 + stable("score", number) % 50 / 10, 1),
        overview=f"A story of {words(5, 'plot', number)}.",
        cast=tuple((100 + stable("cast", number, index) % _UNIVERSE, words(1, "role", number, index).title())
                   for index in range(3)),
        crew=((100 + stable("crew", number) % _UNIVERSE, "Director"),),
        companies=(2 + number % 3,),
        country=COUNTRIES[number % len(COUNTRIES)],
        language=LANGUAGES[number % len(LANGUAGES)],
    )  # fmt: skip


@cache
def series(number: int) -> Series:
    """The series of an id."""
    if number in SERIES:
        return SERIES[number]
    genres = tuple(SERIES_GENRES)
    return Series(
        name=words(2, "series", number).title(),
        began=stable_date("series", number),
        genres=(genres[stable("g", number) % len(genres)],),
        minutes=20 + stable("minutes", number) % 40,
        score=round(4 + stable("score", number) % 50 / 10, 1),
        overview=f"Episodes about {words(5, 'plot', number)}.",
        cast=tuple((100 + stable("tvcast", number, index) % _UNIVERSE, words(1, "role", number, index).title())
                   for index in range(3)),
        crew=((100 + stable("tvcrew", number) % _UNIVERSE, "Creator"),),
        network=61 + number % 3,
        seasons=tuple(4 + stable("season", number, index) % 5 for index in range(1 + number % 3)),
        running=number % 2 == 0,
        country=COUNTRIES[number % len(COUNTRIES)],
        language=LANGUAGES[number % len(LANGUAGES)],
    )  # fmt: skip


@cache
def person(number: int) -> Person:
    """The person of an id."""
    if number in PEOPLE:
        return PEOPLE[number]
    return Person(
        words(2, "person", number).title(), number % 4, ("Acting", "Directing", "Writing")[number % 3],
        stable_date("born", number), None,
    )  # fmt: skip


FILM_IDS = (*FILMS, *range(2001, 2001 + _UNIVERSE))
SERIES_IDS = (*SERIES, *range(3001, 3001 + _UNIVERSE))
PERSON_IDS = (*PEOPLE, *range(100, 100 + _UNIVERSE))


def rotated(ids: tuple[int, ...], key: str) -> list[int]:
    """The ids in an order of a listing's own."""
    return sorted(ids, key=lambda number: stable(key, number))


def _path(*parts: object) -> str:
    return f"/{stable_hex(24, *parts)}.jpg"


def _popularity(kind: str, number: int) -> float:
    return round(1 + stable("popularity", kind, number) % 90_000 / 1000, 3)


@cache
def _movie_summary(number: int) -> Facts:
    one = film(number)
    return Facts(
        adult=False,
        backdrop_path=None if number % 7 == 5 else _path("film-backdrop", number),
        genre_ids=list(one.genres),
        id=number,
        original_language=one.language,
        original_title=one.title,
        overview=one.overview,
        popularity=_popularity("film", number),
        poster_path=None if number % 7 == 6 else _path("film-poster", number),
        release_date=one.released,
        title=one.title,
        video=False,
        vote_average=one.score,
        vote_count=10 + stable("votes", number) % 9000,
    )


def movie_summary(number: int, **more: Any) -> Facts:
    """A film as listings show it, with the listing's own properties."""
    return Facts(_movie_summary(number), **more)


@cache
def _series_summary(number: int) -> Facts:
    one = series(number)
    return Facts(
        adult=False,
        backdrop_path=None if number % 7 == 5 else _path("series-backdrop", number),
        first_air_date=one.began,
        genre_ids=list(one.genres),
        id=number,
        name=one.name,
        origin_country=[one.country],
        original_language=one.language,
        original_name=one.name,
        overview=one.overview,
        popularity=_popularity("series", number),
        poster_path=None if number % 7 == 6 else _path("series-poster", number),
        vote_average=one.score,
        vote_count=10 + stable("tvvotes", number) % 4000,
    )


def series_summary(number: int, **more: Any) -> Facts:
    """A series as listings show it."""
    return Facts(_series_summary(number), **more)


def person_core(number: int, **more: Any) -> Facts:
    """A person as credits show them."""
    one = person(number)
    return Facts(
        adult=False,
        gender=one.gender,
        id=number,
        known_for_department=one.department,
        name=one.name,
        original_name=one.name,
        popularity=_popularity("person", number),
        profile_path=None if number % 5 == 4 else _path("person", number),
        **more,
    )


def person_summary(number: int, **more: Any) -> Facts:
    """A person as listings show them, with what they are known for."""
    films = [movie_summary(one, media_type="movie") for one in films_of(number)[:2]]
    shows = [series_summary(one, media_type="tv") for one in series_of(number)[:1]]
    known = films + shows or [movie_summary(FILM_IDS[stable("known", number) % len(FILM_IDS)], media_type="movie")]
    return person_core(number, known_for=known, **more)


@cache
def films_of(number: int) -> list[int]:
    """The ids of the films that a person acts in or works on."""
    return [one for one in FILM_IDS if any(number == who for who, _ in film(one).cast + film(one).crew)]


@cache
def series_of(number: int) -> list[int]:
    """The ids of the series that a person acts in or works on."""
    return [one for one in SERIES_IDS if any(number == who for who, _ in series(one).cast + series(one).crew)]


def movie_details(number: int) -> dict[str, Any]:
    """A film with all that its own page has."""
    one = film(number)
    return {
        **movie_summary(number),
        "belongs_to_collection": _collection_mention(one.collection) if one.collection else None,
        "budget": 11_000_000 if number == 11 else 500_000 * (stable("budget", number) % 200),
        "genres": [{"id": genre, "name": FILM_GENRES[genre]} for genre in one.genres],
        "imdb_id": film_imdb_id(number),
        "origin_country": [one.country],
        "production_companies": [company_summary(company) for company in one.companies],
        "production_countries": [{"iso_3166_1": one.country, "name": COUNTRY_NAMES[one.country]}],
        "revenue": 1_000_000 * (stable("revenue", number) % 800),
        "runtime": one.minutes,
        "softcore": False,
        "spoken_languages": [_spoken(one.language)],
        "status": "Released",
        "tagline": f"Beyond the {words(2, 'tagline', number)}.",
    }


def series_details(number: int) -> dict[str, Any]:
    """A series with all that its own page has."""
    one = series(number)
    last = len(one.seasons)
    episodes = sum(one.seasons)
    return {
        **series_summary(number),
        "created_by": [
            {**person_core(who), "credit_id": credit_id("tv", number, who, job)}
            for who, job in one.crew
            if job == "Creator"
        ],
        "episode_run_time": [one.minutes],
        "genres": [{"id": genre, "name": SERIES_GENRES[genre]} for genre in one.genres],
        "in_production": one.running,
        "languages": [one.language],
        "last_air_date": episode_air_date(number, last, one.seasons[-1]),
        "last_episode_to_air": episode_summary(number, last, one.seasons[-1]),
        "networks": [network_summary(one.network)],
        "next_episode_to_air": None,
        "number_of_episodes": episodes,
        "number_of_seasons": last,
        "production_companies": [company_summary(2 + number % 3)],
        "production_countries": [{"iso_3166_1": one.country, "name": COUNTRY_NAMES[one.country]}],
        "seasons": [season_summary(number, season) for season in range(1, last + 1)],
        "softcore": False,
        "spoken_languages": [_spoken(one.language)],
        "status": "Returning Series" if one.running else "Ended",
        "tagline": f"After the {words(2, 'tvtagline', number)}.",
        "type": "Scripted",
    }


def check_season(number: int, season: int) -> None:
    """Refuses a season that the series does not have.

    Raises:
        StatusError: With code 34. The sample series have the seasons that they have, made-up ones have them all.
    """
    check_id(number)
    if season < 0 or (number in SERIES and season > len(SERIES[number].seasons)):
        raise StatusError(34)


def check_episode(number: int, season: int, episode: int) -> None:
    """Refuses an episode that the series does not have.

    Raises:
        StatusError: With code 34.
    """
    check_season(number, season)
    if episode < 1 or (number in SERIES and episode > episode_count(number, season)):
        raise StatusError(34)


def episode_count(number: int, season: int) -> int:
    """How many episodes a season has; specials, season 0, are always two."""
    seasons = series(number).seasons
    return seasons[season - 1] if 1 <= season <= len(seasons) else 2


def season_id(number: int, season: int) -> int:
    """The id of a season."""
    return 1 + stable("season-id", number, season) % LARGEST_ID


def episode_id(number: int, season: int, episode: int) -> int:
    """The id of an episode."""
    return 1 + stable("episode-id", number, season, episode) % LARGEST_ID


def episode_air_date(number: int, season: int, episode: int) -> str:
    """When an episode was first shown: weekly, and each season a year after the one before."""
    began = date.fromisoformat(series(number).began)
    return (began + timedelta(days=364 * max(season - 1, 0) + 7 * (episode - 1))).isoformat()


def season_summary(number: int, season: int) -> Facts:
    """A season as its series lists it."""
    return Facts(
        air_date=episode_air_date(number, season, 1),
        episode_count=episode_count(number, season),
        id=season_id(number, season),
        name=f"Season {season}" if season else "Specials",
        overview=f"The {words(2, 'season', number, season)} year.",
        poster_path=_path("season", number, season),
        season_number=season,
        show_id=number,
        vote_average=series(number).score,
    )


def season_details(number: int, season: int) -> dict[str, Any]:
    """A season with its episodes."""
    return {
        **season_summary(number, season),
        "_id": stable_hex(24, "season", number, season),
        "episodes": [
            Facts(
                episode_summary(number, season, episode), crew=_crew("tv", number)[:1], guest_stars=_cast("tv", number)
            )
            for episode in range(1, episode_count(number, season) + 1)
        ],
        "networks": [network_summary(series(number).network)],
    }


def episode_summary(number: int, season: int, episode: int, **more: Any) -> Facts:
    """An episode as listings show it."""
    return Facts(
        air_date=episode_air_date(number, season, episode),
        episode_number=episode,
        episode_type="finale" if episode == episode_count(number, season) else "standard",
        id=episode_id(number, season, episode),
        name=words(3, "episode", number, season, episode).capitalize(),
        overview=f"In which {words(4, 'episode-plot', number, season, episode)}.",
        production_code="",
        runtime=series(number).minutes,
        season_number=season,
        show_id=number,
        still_path=None if episode % 5 == 0 else _path("still", number, season, episode),
        vote_average=series(number).score,
        vote_count=1 + stable("episode-votes", number, season, episode) % 200,
        **more,
    )


def episode_details(number: int, season: int, episode: int) -> dict[str, Any]:
    """An episode with its crew and guest stars."""
    return {**episode_summary(number, season, episode), "crew": _crew("tv", number), "guest_stars": _cast("tv", number)}


def person_details(number: int) -> dict[str, Any]:
    """A person with all that their own page has."""
    one = person(number)
    return {
        **person_core(number),
        "also_known_as": [],
        "biography": f"{one.name} works in {one.department.lower()}.",
        "birthday": one.born,
        "deathday": None,
        "imdb_id": person_imdb_id(number),
        "place_of_birth": one.birthplace,
    }


def company_summary(number: int) -> Facts:
    """A production company."""
    name, country = COMPANIES.get(number, (f"{words(1, 'company', number).title()} Films", "US"))
    logo = None if number % 3 == 0 else _path("company", number)
    return Facts(id=number, logo_path=logo, name=name, origin_country=country)


def network_summary(number: int) -> Facts:
    """A television network."""
    name, country = NETWORKS.get(number, (f"{words(1, 'network', number).title()} TV", "US"))
    return Facts(id=number, logo_path=_path("network", number), name=name, origin_country=country)


def collection_summary(number: int) -> Facts:
    """A collection of films."""
    name = COLLECTIONS.get(number, f"{words(1, 'collection', number).title()} Collection")
    return Facts(
        adult=False,
        backdrop_path=_path("collection-backdrop", number),
        id=number,
        name=name,
        original_language="en",
        original_name=name,
        overview=f"All films of the {name}.",
        poster_path=_path("collection-poster", number),
    )


def _collection_mention(number: int) -> Facts:
    whole = collection_summary(number)
    return Facts({name: whole[name] for name in ("id", "name", "poster_path", "backdrop_path")})


def collection_parts(number: int) -> list[int]:
    """The ids of a collection's films."""
    return [one for one, facts in FILMS.items() if facts.collection == number] or [2001 + number % _UNIVERSE]


def keyword(number: int) -> Facts:
    """A keyword."""
    return Facts(id=number, name=KEYWORDS.get(number, words(2, "keyword", number)))


def keywords_of(number: int) -> list[Facts]:
    """The keywords of a film or a series."""
    ids = tuple(KEYWORDS)
    return [keyword(809)] if number == 11 else [keyword(ids[(number + step) % len(ids)]) for step in (0, 5)]


def _spoken(code: str) -> dict[str, str]:
    english, native = LANGUAGE_NAMES[code]
    return {"english_name": english, "iso_639_1": code, "name": native}


def film_imdb_id(number: int) -> str:
    """A film's IMDb id; invented films have one that IMDb does not."""
    return film(number).imdb_id or f"tt99{number:07d}"


def film_of_imdb_id(imdb_id: str) -> int:
    """The film that has an IMDb id.

    Raises:
        StatusError: With code 34, because none has.
    """
    known = {one.imdb_id: number for number, one in FILMS.items() if one.imdb_id}
    digits = imdb_id.removeprefix("tt99")
    number = known.get(imdb_id) or (int(digits) if digits.isdecimal() and len(digits) < 10 else 0)
    if film_imdb_id(check_id(number)) != imdb_id:
        raise StatusError(34)
    return number


def person_imdb_id(number: int) -> str:
    """A person's invented IMDb id."""
    return f"nm99{number:07d}"


def series_imdb_id(number: int) -> str:
    """A series' invented IMDb id."""
    return f"tt98{number:07d}"


def credit_id(kind: str, media: int, who: int, role: str) -> str:
    """The id that joins a person to what they did in a film or series."""
    return stable_hex(24, "credit", kind, media, who, role)


def _media(kind: str, number: int) -> Film | Series:
    return film(number) if kind == "movie" else series(number)


def _cast(kind: str, number: int) -> list[Facts]:
    return [
        person_core(who, cast_id=order + 1, character=role, credit_id=credit_id(kind, number, who, role), order=order)
        for order, (who, role) in enumerate(_media(kind, number).cast)
    ]


def _crew(kind: str, number: int) -> list[Facts]:
    return [
        person_core(who, department=_JOBS.get(job, "Crew"), job=job, credit_id=credit_id(kind, number, who, job))
        for who, job in _media(kind, number).crew
    ]


def credits_for(kind: str, number: int) -> dict[str, Any]:
    """Cast and crew of a film (`movie`) or a series (`tv`); episodes and seasons share their series'."""
    return {"cast": _cast(kind, number), "crew": _crew(kind, number), "guest_stars": _cast(kind, number)[-1:]}


def aggregate_credits(number: int, episodes: int) -> dict[str, Any]:
    """Cast and crew of a series over several episodes."""
    cast = [
        Facts(
            one,
            roles=[{"credit_id": one["credit_id"], "character": one["character"], "episode_count": episodes}],
            total_episode_count=episodes,
        )
        for one in _cast("tv", number)
    ]
    crew = [
        Facts(
            one,
            jobs=[{"credit_id": one["credit_id"], "job": one["job"], "episode_count": episodes}],
            total_episode_count=episodes,
        )
        for one in _crew("tv", number)
    ]
    for entry in cast + crew:
        for single in ("credit_id", "character", "job", "cast_id"):
            entry.pop(single, None)
    return {"cast": cast, "crew": crew}


def credits_of(who: int, *, films: bool, shows: bool, typed: bool) -> dict[str, Any]:
    """What a person acted in and worked on.

    Args:
        who: The person's id.
        films: Whether to give films.
        shows: Whether to give series.
        typed: Whether entries say their `media_type`.
    """
    cast: list[Facts] = []
    crew: list[Facts] = []
    for number in films_of(who) if films else ():
        more = {"media_type": "movie"} if typed else {}
        for order, (one, role) in enumerate(film(number).cast):
            if one == who:
                cast.append(
                    movie_summary(
                        number, character=role, order=order, credit_id=credit_id("movie", number, who, role), **more
                    )
                )
        for one, job in film(number).crew:
            if one == who:
                crew.append(movie_summary(number, department=_JOBS.get(job, "Crew"), job=job,
                                          credit_id=credit_id("movie", number, who, job), **more))  # fmt: skip
    for number in series_of(who) if shows else ():
        more = {"media_type": "tv"} if typed else {}
        count = sum(series(number).seasons)
        for one, role in series(number).cast:
            if one == who:
                cast.append(
                    series_summary(
                        number,
                        character=role,
                        episode_count=count,
                        credit_id=credit_id("tv", number, who, role),
                        **more,
                    )
                )
        for one, job in series(number).crew:
            if one == who:
                crew.append(series_summary(number, department=_JOBS.get(job, "Crew"), job=job, episode_count=count,
                                           credit_id=credit_id("tv", number, who, job), **more))  # fmt: skip
    return {"cast": cast, "crew": crew}


@cache
def _credit_index() -> dict[str, tuple[str, int, int, str, bool]]:
    index = {}
    for kind, ids in (("movie", FILM_IDS), ("tv", SERIES_IDS)):
        for number in ids:
            one = _media(kind, number)
            for acted, entries in ((True, one.cast), (False, one.crew)):
                for who, role in entries:
                    index[credit_id(kind, number, who, role)] = (kind, number, who, role, acted)
    return index


def credit(identifier: str) -> dict[str, Any]:
    """What a credit id joins; an unknown one is made to stand for some credit or other."""
    index = _credit_index()
    entries = sorted(index.values())
    kind, number, who, role, acted = index.get(identifier) or entries[stable(identifier) % len(entries)]
    media: Facts = movie_summary(number, media_type="movie") if kind == "movie" else series_summary(
        number, media_type="tv", episodes=[], seasons=[season_summary(number, 1)]
    )  # fmt: skip
    if acted:
        media["character"] = role
    return {
        "id": identifier,
        "credit_type": "cast" if acted else "creator" if role == "Creator" else "crew",
        "department": "Acting" if acted else _JOBS.get(role, "Crew"),
        "job": "Actor" if acted else role,
        "media": media,
        "media_type": kind,
        "person": person_core(who, media_type="person"),
    }


def find(identifier: str, source: str) -> dict[str, Any]:
    """What an id of another site belongs to.

    Args:
        identifier: The other site's id.
        source: Which site's, as TMDB names them. IMDb's ids of the sample are known and no others; ids of the other
            sites are made to find one of each kind.
    """
    found: dict[str, Any] = {
        "movie_results": [], "person_results": [], "tv_results": [], "tv_episode_results": [], "tv_season_results": [],
    }  # fmt: skip
    if source == "imdb_id":
        found["movie_results"] = [
            movie_summary(one, media_type="movie") for one in FILM_IDS if film_imdb_id(one) == identifier
        ]
        found["tv_results"] = [
            series_summary(one, media_type="tv") for one in SERIES_IDS if series_imdb_id(one) == identifier
        ]
        found["person_results"] = [
            person_summary(one, media_type="person") for one in PERSON_IDS if person_imdb_id(one) == identifier
        ]
        return found
    pick = stable(source, identifier)
    show = tuple(SERIES)[pick % len(SERIES)]
    found["movie_results"] = [movie_summary(FILM_IDS[pick % len(FILM_IDS)], media_type="movie")]
    found["person_results"] = [person_summary(PERSON_IDS[pick % len(PERSON_IDS)], media_type="person")]
    found["tv_results"] = [series_summary(show, media_type="tv")]
    found["tv_episode_results"] = [episode_summary(show, 1, 1, media_type="tv_episode")]
    found["tv_season_results"] = [Facts(season_summary(show, 1), media_type="tv_season")]
    return found
