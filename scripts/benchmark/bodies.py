"""Bodies of answers, invented here: the keys are those of TMDB's document, and every value is made from a count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

CAST, CREW, VIDEOS, POSTERS, BACKDROPS, LOGOS = 60, 120, 30, 60, 30, 10
FIRST = ("Ada", "Bo", "Cleo", "Dimitri", "Eun-ji", "Farid", "Greta", "Hélène", "Ivo", "João", "Kaya")
LAST = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ironwood", "Juniper")
WORDS = ("harbour", "lantern", "orchard", "signal", "winter", "paper", "engine", "letter", "island", "quiet", "seven")
JOBS = (("Directing", "Director"), ("Writing", "Writer"), ("Sound", "Foley Artist"), ("Art", "Set Designer"))
LANGUAGES = ("en", "de", "fr", "ja", "pt", None)
COUNTRIES = ("US", "DE", "FR", "JP", "BR")
GENRES = ("Action", "Adventure", "Comedy", "Crime", "Drama", "Family", "Fantasy", "History", "Mystery", "Western")


def _of(values: tuple[Any, ...], number: int) -> Any:
    return values[number % len(values)]


def _hex(*what: object, length: int = 24) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:length]


def _path(*what: object) -> str:
    return f"/{_hex('path', *what, length=27)}.jpg"


def _sentence(number: int, words: int) -> str:
    return " ".join(_of(WORDS, number + place * (number % 3 + 1)) for place in range(words)).capitalize() + "."


def _person(number: int) -> Json:
    name = f"{_of(FIRST, number)} {_of(LAST, number * 3)}"
    return {
        "adult": False,
        "gender": number % 3,
        "id": 1000 + number,
        "known_for_department": _of(JOBS, number)[0] if number % 4 else "Acting",
        "name": name,
        "original_name": name,
        "popularity": round(0.13 + number * 0.377, 4),
        "profile_path": _path("profile", number) if number % 5 else None,
    }


def _cast(number: int) -> Json:
    role = {"cast_id": number, "character": _sentence(number, 2)[:-1], "credit_id": _hex("cast", number)}
    return {**_person(number), **role, "order": number}


def _crew(number: int) -> Json:
    department, job = _of(JOBS, number)
    return {**_person(500 + number), "credit_id": _hex("crew", number), "department": department, "job": job}


def _video(number: int) -> Json:
    return {
        "iso_639_1": "en",
        "iso_3166_1": "US",
        "name": _sentence(number, 5)[:-1],
        "key": _hex("video", number, length=11),
        "site": "YouTube",
        "size": 1080,
        "type": "Trailer" if number % 3 else "Featurette",
        "official": number % 4 != 0,
        "published_at": f"20{10 + number % 15}-0{1 + number % 9}-1{number % 10}T1{number % 10}:30:00.000Z",
        "id": _hex("video-id", number),
    }


def _images(kind: str, count: int) -> list[Json]:
    return [
        {
            "aspect_ratio": 0.667 if kind == "poster" else 1.778,
            "height": 2160,
            "iso_639_1": _of(LANGUAGES, number),
            "file_path": _path(kind, number),
            "vote_average": round(number * 0.31 % 10, 3),
            "vote_count": number * 7 % 90,
            "width": 1440 if kind == "poster" else 3840,
        }
        for number in range(count)
    ]


def _summary(number: int) -> Json:
    return {
        "adult": False,
        "backdrop_path": _path("backdrop", number) if number % 6 else None,
        "genre_ids": [12 + number % 5, 28, 878],
        "id": 11 + number,
        "original_language": "en",
        "original_title": _sentence(number, 3)[:-1],
        "overview": " ".join(_sentence(number + at, 14) for at in range(3)),
        "popularity": round(3.1 + number * 1.237, 4),
        "poster_path": _path("poster", number),
        "release_date": f"19{70 + number}-0{1 + number % 9}-2{number % 9}",
        "title": _sentence(number, 3)[:-1],
        "video": False,
        "vote_average": round(4 + number * 0.21, 3),
        "vote_count": 100 + number * 37,
    }


def details() -> Json:
    """A movie without anything appended."""
    summary = _summary(0)
    del summary["genre_ids"]
    collection = {"id": 10, "name": "Lantern Collection", "poster_path": _path("c"), "backdrop_path": _path("d")}
    return {
        **summary,
        "belongs_to_collection": collection,
        "budget": 11_000_000,
        "genres": genres()["genres"][:3],
        "homepage": "https://example.com/lantern",
        "imdb_id": "tt0000011",
        "origin_country": ["US"],
        "production_companies": [
            {"id": at, "logo_path": _path("company", at), "name": _sentence(at, 2)[:-1], "origin_country": "US"}
            for at in range(1, 4)
        ],
        "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
        "release_date": "1977-05-25",
        "revenue": 775_398_007,
        "runtime": 121,
        "softcore": False,
        "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
        "status": "Released",
        "tagline": _sentence(4, 9),
    }


def movie() -> Json:
    """A movie with much appended, 60 to 100 kilobytes, and one key that no document knows."""
    return {
        **details(),
        "credits": {"cast": [_cast(at) for at in range(CAST)], "crew": [_crew(at) for at in range(CREW)]},
        "videos": {"results": [_video(at) for at in range(VIDEOS)]},
        "images": {
            "backdrops": _images("backdrop", BACKDROPS),
            "logos": _images("logo", LOGOS),
            "posters": _images("poster", POSTERS),
        },
        "keywords": {"keywords": [{"id": 800 + at, "name": _of(WORDS, at)} for at in range(20)]},
        "newly_added": "x",
    }


def search() -> Json:
    """A page of search results."""
    return {"page": 1, "results": [_summary(at) for at in range(20)], "total_pages": 9, "total_results": 171}


def genres() -> Json:
    """The genres of movies."""
    return {"genres": [{"id": 10 + at, "name": name} for at, name in enumerate(GENRES)]}


def configuration() -> Json:
    """What the API says of images."""
    sizes = {
        f"{kind}_sizes": ["w300", "w780", "original"] for kind in ("backdrop", "logo", "poster", "profile", "still")
    }
    address = "image.example.com/t/p/"
    images = {"base_url": f"http://{address}", "secure_base_url": f"https://{address}", **sizes}
    return {"images": images, "change_keys": ["title", "overview"]}


def configuration_lists() -> dict[str, Any]:
    """The lists of the configuration, by their paths."""
    return {
        "/3/configuration/countries": [
            {"iso_3166_1": code, "english_name": code, "native_name": code} for code in COUNTRIES
        ],
        "/3/configuration/jobs": [{"department": department, "jobs": [job]} for department, job in JOBS],
        "/3/configuration/languages": [
            {"iso_639_1": code, "english_name": code, "name": code} for code in LANGUAGES if code
        ],
        "/3/configuration/primary_translations": ["de-DE", "en-US", "fr-FR"],
        "/3/configuration/timezones": [{"iso_3166_1": "DE", "zones": ["Europe/Berlin"]}],
    }


def paths() -> dict[str, Any]:
    """What the server answers, by path; every movie is the same one."""
    return {
        "/3/movie/": details(),
        "/3/genre/movie/list": genres(),
        "/3/genre/tv/list": genres(),
        "/3/configuration": configuration(),
        **configuration_lists(),
    }


def encoded(value: Any) -> bytes:
    """JSON as TMDB writes it: compact, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sizes(names: Iterable[str] = ("movie", "search", "details", "genres")) -> dict[str, int]:
    """Bytes of each body that is measured."""
    return {name: len(encoded(globals()[name]())) for name in names}
