"""What belongs to the things of the sample: credits, images, videos, translations, ratings, offers and so on.

A part is in TMDB's shape without the ids and pages around it; credits name people by their id, and translations are
`{"language": "de", "data": {…}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from tmdb_ext.testing import _cores
from tmdb_ext.testing._cores import path
from tmdb_ext.testing._fill import stable, stable_hex, words
from tmdb_ext.testing._rules import TITLE_OF, phrase
from tmdb_ext.testing._tables import CERTIFICATIONS, HOME_OF, PROVIDERS, SERIES_CERTIFICATIONS, WATCH_REGIONS
from tmdb_ext.testing._world import Entry, World

_IMAGES = {
    "movie": ("backdrops", "logos", "posters"), "tv": ("backdrops", "logos", "posters"), "season": ("posters",),
    "episode": ("stills",), "person": ("profiles",), "collection": ("backdrops", "posters"), "company": ("logos",),
    "network": ("logos",),
}  # fmt: skip
IMAGE_TYPES = {"backdrop": "backdrops", "logo": "logos", "poster": "posters", "still": "stills", "profile": "profiles"}
OWN_IMAGE = {
    "backdrops": "backdrop_path", "posters": "poster_path", "stills": "still_path", "profiles": "profile_path",
    "logos": "logo_path",
}  # fmt: skip
"""The property of an own page that shows the first image of a sort."""

_SIZES = {"backdrops": (1920, 1080), "stills": (1920, 1080), "posters": (1000, 1500), "profiles": (1000, 1500)}
_IMAGE_LANGUAGES: dict[str, tuple[str | None, ...]] = {
    "backdrops": (None, None, "en", "de"), "posters": ("en", "de", "fr", None, "es"), "logos": ("en", "de"),
    "stills": (None, None), "profiles": (None, None, None),
}  # fmt: skip


def image(kind: str, language: str | None, file_path: str, seed: object = 0) -> dict[str, Any]:
    """An image as listings of images show it.

    Args:
        kind: `backdrops`, `logos`, `posters`, `stills` or `profiles`.
        language: Its ISO 639-1 code, or None.
        file_path: Its path.
        seed: What its size and votes depend on.
    """
    number = stable("image", file_path, seed)
    width, height = _SIZES.get(kind, (500, 120 + number % 100))
    return {
        "aspect_ratio": round(width / height, 3),
        "height": height,
        "iso_3166_1": HOME_OF.get(language) if language else None,
        "iso_639_1": language,
        "file_path": file_path,
        "vote_average": 0 if number % 4 == 0 else round(4 + number % 20 / 10, 3),
        "vote_count": 0 if number % 4 == 0 else number % 30,
        "width": width,
    }


def _images(_: World, entry: Entry) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for kind in _IMAGES[entry.kind]:
        ending = "png" if kind == "logos" else "jpg"
        first, rows = entry.core.get(OWN_IMAGE[kind]), []
        if entry.kind in ("company", "network"):
            rows = [_logo(first)] if first else []
        elif first or kind == "logos":
            for index, language in enumerate(_IMAGE_LANGUAGES[kind]):
                own = first if index == 0 and first else path(kind, entry.kind, entry.key, index, ending=ending)
                rows.append(image(kind, language, own))
        found[kind] = rows
    return found


def _logo(file_path: str) -> dict[str, Any]:
    shown = image("logos", None, file_path)
    del shown["iso_639_1"], shown["iso_3166_1"]
    return {**shown, "id": stable_hex(24, "logo", file_path), "file_type": f".{file_path.rpartition('.')[2]}"}


def _credits(world: World, entry: Entry) -> dict[str, list[dict[str, Any]]]:
    if entry.kind == "movie":
        one: Any = world.rules.film(entry.key)
    else:
        number = entry.key if entry.kind == "tv" else entry.key[0]
        series = world.entry("tv", number)
        if "credits" in series.parts:
            return {"guest_stars": [], **series.parts["credits"]}
        one = world.rules.series(number)
    cast = [{"id": who, "character": role} for who, role in one.cast]
    crew = [{"id": who, "job": job} for who, job in one.crew]
    if entry.kind != "episode":
        return {"cast": cast, "crew": crew}
    guest = 100 + stable("guest", entry.key) % 300
    return {
        "cast": cast, "crew": crew, "guest_stars": [{"id": guest, "character": words(1, "guest", entry.key).title()}]
    }  # fmt: skip


def _videos(_: World, entry: Entry) -> list[dict[str, Any]]:
    shown = entry.core.get("release_date") or entry.core.get("first_air_date") or entry.core.get("air_date")
    published = (date.fromisoformat(shown or "2001-01-01") - timedelta(days=60)).isoformat()
    return [
        {
            "iso_639_1": language,
            "iso_3166_1": HOME_OF[language],
            "name": name,
            "key": stable_hex(11, "key", entry.kind, entry.key, name),
            "site": "YouTube",
            "size": 1080,
            "type": kind,
            "official": True,
            "published_at": f"{published}T17:00:00.000Z",
            "id": stable_hex(24, "video", entry.kind, entry.key, name),
        }
        for language, kind, name in (
            ("en", "Trailer", "Official Trailer"), ("en", "Teaser", "Official Teaser"),
            ("de", "Trailer", "Offizieller Trailer"), ("fr", "Trailer", "Bande-annonce"),
        )
    ]  # fmt: skip


def _translations(world: World, entry: Entry) -> list[dict[str, Any]]:
    return world.rules.remember(
        ("translations", entry.kind, entry.key), lambda: _cores.translations(world.rules, entry.kind, entry.key)
    )


def _external_ids(_: World, entry: Entry) -> dict[str, Any]:
    number = stable("external", entry.kind, entry.key)
    wikidata = f"Q{number % 1_000_000 + 1}"
    some = None if number % 3 == 0 else f"sample{number % 10_000}"
    social = {"facebook_id": some, "instagram_id": some, "twitter_id": None if number % 2 else some}
    other: dict[str, Any] = {
        "freebase_mid": f"/m/0{number % 10_000:04x}", "freebase_id": None,
        "tvdb_id": number % 400_000 + 1, "tvrage_id": None if number % 2 else number % 50_000,
    }  # fmt: skip
    if entry.kind == "movie":
        return {"imdb_id": entry.core["imdb_id"], "wikidata_id": wikidata, **social}
    if entry.kind == "tv":
        return {"imdb_id": f"tt98{entry.key:07d}", **other, "wikidata_id": wikidata, **social}
    if entry.kind == "person":
        del other["tvdb_id"]
        videos = {"tiktok_id": None, "youtube_id": some}
        return {**other, "imdb_id": entry.core["imdb_id"], "wikidata_id": wikidata, **social, **videos}
    if entry.kind == "episode":
        return {"imdb_id": f"tt97{entry.id % 10_000_000:07d}", **other, "wikidata_id": wikidata}
    return {**other, "wikidata_id": wikidata}


def _alternative_titles(_: World, entry: Entry) -> list[dict[str, Any]]:
    name = entry.core.get("title") or entry.core["name"]
    working = f"Project {words(1, 'working', entry.kind, entry.key).title()}"
    return [
        {"iso_3166_1": "US", "title": working, "type": "working title"},
        {"iso_3166_1": "GB", "title": f"{name}: The Whole Story", "type": ""},
        {"iso_3166_1": "JP", "title": phrase("ja", TITLE_OF, "alternative", entry.kind, entry.key), "type": ""},
    ]


def _alternative_names(_: World, entry: Entry) -> list[dict[str, Any]]:
    return [] if entry.key % 4 == 3 else [{"name": f"{entry.core['name']} International", "type": ""}]


def _release_dates(_: World, entry: Entry) -> list[dict[str, Any]]:
    first, home = date.fromisoformat(entry.core["release_date"]), entry.core["origin_country"][0]
    found = []
    for index, country in enumerate(dict.fromkeys([home, "US", "GB", "DE", "FR"])):
        ratings = CERTIFICATIONS.get(country, ("",))
        rating = ratings[stable("rating", entry.key, country) % len(ratings)]
        days = [(3, 14 * index)]
        if index == 0 and entry.key % 5 == 0:
            days.insert(0, (1, 0))
        if country == "US":
            days += [(4, 14 * index + 90), (5, 14 * index + 150)]
        if country == "GB" and entry.key % 3 == 0:
            days = [(2, 14 * index - 7 if index else 0), *days, (6, 400)]
        found.append(
            {
                "iso_3166_1": country,
                "release_dates": [
                    {
                        "certification": rating,
                        "descriptors": [],
                        "iso_639_1": "",
                        "note": "" if kind != 4 else "Digital",
                        "release_date": f"{(first + timedelta(days=later)).isoformat()}T00:00:00.000Z",
                        "type": kind,
                    }
                    for kind, later in days
                ],
            }
        )
    return found


def _content_ratings(_: World, entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "descriptors": [],
            "iso_3166_1": country,
            "rating": ratings[stable("rating", entry.key, country) % len(ratings)],
        }
        for country, ratings in SERIES_CERTIFICATIONS.items()
    ]


def _keywords(_: World, entry: Entry) -> list[int]:
    if entry.kind == "movie" and entry.key == 11:
        return [809]
    named = [801 + (entry.key + step) % 12 for step in (0, 5)] if entry.key < 100 else []
    return [*named, *(1 + stable("keyword", entry.kind, entry.key, index) % 300 for index in range(2))]


def review_ids(kind: str, number: int) -> list[str]:
    """The ids of the reviews of a film or series of the sample."""
    return [stable_hex(24, "review", kind, number, index) for index in range(3 if number == 11 else number % 3)]


def _reviews(_: World, entry: Entry) -> list[dict[str, Any]]:
    found = []
    for index, identifier in enumerate(review_ids(entry.kind, entry.key)):
        who, written = words(1, "reviewer", identifier), f"20{10 + index}-0{1 + index}-11T12:34:56.789Z"
        found.append(
            {
                "author": who,
                "author_details": {
                    "name": who.title() if index else "",
                    "username": who,
                    "avatar_path": None if index == 1 else path("avatar", who),
                    "rating": None if index == 2 else float(1 + stable("stars", identifier) % 10),
                },
                "content": f"About {words(8, 'review', identifier)}.",
                "created_at": written,
                "id": identifier,
                "updated_at": written,
                "url": f"https://www.themoviedb.org/review/{identifier}",
            }
        )
    return found


def offer(provider: int, world: World) -> dict[str, Any]:
    """A provider as offers name it."""
    core = world.entry("provider", provider).core
    return {name: core[name] for name in ("logo_path", "provider_id", "provider_name", "display_priority")}


def _watch_providers(world: World, entry: Entry) -> dict[str, Any]:
    kind, key = ("tv", entry.key[0]) if entry.kind == "season" else (entry.kind, entry.key)
    ids = tuple(PROVIDERS)
    found: dict[str, Any] = {}
    for region in WATCH_REGIONS:
        pick = stable("offers", kind, key, region)
        if pick % 4 == 0:
            continue
        offers: dict[str, Any] = {"link": f"https://www.themoviedb.org/{kind}/{key}/watch?locale={region}"}
        offers["flatrate"] = [offer(ids[pick % len(ids)], world)]
        if kind == "movie" and pick % 3 == 0:
            offers["rent"] = offers["buy"] = [offer(ids[(pick + 2) % len(ids)], world)]
        if pick % 11 == 0:
            offers["ads"] = [offer(ids[(pick + 1) % len(ids)], world)]
        if pick % 13 == 0:
            offers["free"] = [offer(ids[(pick + 3) % len(ids)], world)]
        found[region] = offers
    return found


def episode_group_ids(number: int) -> list[str]:
    """The ids of the episode groups of a series of the sample."""
    return [stable_hex(24, "episode-group", number, index) for index in range(2 if number % 4 == 1 else number % 2)]


def _episode_groups(world: World, entry: Entry) -> list[dict[str, Any]]:
    found = []
    seasons = [one for one in world.seasons(entry.key) if one]
    for index, identifier in enumerate(episode_group_ids(entry.key)):
        groups: list[dict[str, Any]] = []
        for place, season in enumerate(seasons if index == 0 else seasons[::-1]):
            episodes = []
            for order, number in enumerate(world.episodes(entry.key, season)):
                shown = world.episode(world.entry("episode", (entry.key, season, number)))
                episodes.append({**shown, "order": order})
            group = stable_hex(24, "group", identifier, place)
            groups.append(
                {"id": group, "name": f"Part {place + 1}", "order": place + 1, "episodes": episodes, "locked": True}
            )
        found.append(
            {
                "description": "" if index else f"The {words(1, 'order', identifier)} order.",
                "episode_count": sum(len(one["episodes"]) for one in groups),
                "group_count": len(groups),
                "groups": groups,
                "id": identifier,
                "name": ("Original Order", "From the End")[index],
                "network": None if index else world.company(entry.core["networks"][0], "network"),
                "type": (1, 6)[index],
            }
        )
    return found


def _screened_theatrically(world: World, entry: Entry) -> list[dict[str, Any]]:
    if not world.seasons(entry.key):
        return []
    first = next(one for one in world.seasons(entry.key) if one)
    return [
        {"id": world.entry("episode", (entry.key, first, number)).id, "episode_number": number, "season_number": first}
        for number in world.episodes(entry.key, first)[:2]
        if entry.key % 2
    ]


def related(ids: list[int], number: int, what: str, most: int) -> list[int]:
    """Other ids in an order of a listing's own."""
    start, step = stable(what, number), 7 + 2 * (stable("step", what, number) % 20)
    found = dict.fromkeys(ids[(start + step * index) % len(ids)] for index in range(most + 1))
    return [one for one in found if one != number][:most]


def _related(what: str) -> Callable[[World, Entry], list[int]]:
    return lambda world, entry: related(world.ids(entry.kind), entry.key, what, 40)


_MEDIA: dict[str, Callable[[World, Entry], Any]] = {
    "credits": _credits, "images": _images, "videos": _videos, "translations": _translations,
    "external_ids": _external_ids,
}  # fmt: skip
_TITLES: dict[str, Callable[[World, Entry], Any]] = {
    **_MEDIA, "alternative_titles": _alternative_titles, "keywords": _keywords, "reviews": _reviews,
    "watch/providers": _watch_providers, "recommendations": _related("recommended"), "similar": _related("similar"),
}  # fmt: skip
_MAKERS: dict[str, dict[str, Callable[[World, Entry], Any]]] = {
    "movie": {**_TITLES, "release_dates": _release_dates},
    "tv": {
        **_TITLES, "content_ratings": _content_ratings, "episode_groups": _episode_groups,
        "screened_theatrically": _screened_theatrically,
    },
    "season": {**_MEDIA, "watch/providers": _watch_providers},
    "episode": _MEDIA,
    "person": {"images": _images, "translations": _translations, "external_ids": _external_ids},
    "collection": {"images": _images, "translations": _translations},
    "company": {"images": _images, "alternative_names": _alternative_names},
    "network": {"images": _images, "alternative_names": _alternative_names},
}  # fmt: skip
NAMES: dict[str, frozenset[str]] = {kind: frozenset(makers) for kind, makers in _MAKERS.items()}
"""By kind, what belongs to a thing apart from its own page."""


def part(world: World, entry: Entry, name: str) -> Any:
    """What belongs to a thing if a test has not given it: made by rules for the sample, else empty."""
    maker = _MAKERS.get(entry.kind, {}).get(name)
    if entry.sample and maker is not None:
        return maker(world, entry)
    return _blank(entry, name)


def _blank(entry: Entry, name: str) -> Any:
    if name == "credits":
        groups = ("cast", "crew", "guest_stars") if entry.kind == "episode" else ("cast", "crew")
        return {group: [] for group in groups}
    if name == "images":
        return {kind: _own_image(entry, kind) for kind in _IMAGES[entry.kind]}
    if name == "external_ids":
        known = {"imdb_id": entry.core["imdb_id"]} if "imdb_id" in entry.core else {}
        names = {
            "movie": ("wikidata_id", "facebook_id", "instagram_id", "twitter_id"),
            "person": ("freebase_mid", "freebase_id", "tvrage_id", "wikidata_id", "facebook_id", "instagram_id",
                       "tiktok_id", "twitter_id", "youtube_id"),
            "tv": ("imdb_id", "freebase_mid", "freebase_id", "tvdb_id", "tvrage_id", "wikidata_id", "facebook_id",
                   "instagram_id", "twitter_id"),
            "episode": ("imdb_id", "freebase_mid", "freebase_id", "tvdb_id", "tvrage_id", "wikidata_id"),
        }.get(entry.kind, ("freebase_mid", "freebase_id", "tvdb_id", "tvrage_id", "wikidata_id"))  # fmt: skip
        return {**dict.fromkeys(names), **known}
    return {} if name == "watch/providers" else []


def _own_image(entry: Entry, kind: str) -> list[dict[str, Any]]:
    own = entry.core.get(OWN_IMAGE[kind])
    if not own:
        return []
    return [_logo(own) if entry.kind in ("company", "network") else image(kind, None, own)]


def changes(entry: Entry, first: date, last: date) -> Iterator[dict[str, Any]]:
    """What was changed of a thing in a span of days."""
    country = {"iso_639_1": "en", "iso_3166_1": "US"}
    own = entry.core.get("poster_path") or entry.core.get("profile_path") or entry.core.get("still_path")
    values: dict[str, dict[str, Any]] = {}
    if "overview" in entry.core:
        values["overview"] = {**country, "value": entry.core["overview"], "original_value": "Nothing yet."}
    if own:
        sort = "profile" if entry.kind == "person" else "still" if entry.kind == "episode" else "poster"
        values["images"] = {**country, "value": {sort: {"file_path": own}}}
    if entry.kind == "person":
        values["gender"] = {**country, "value": entry.core["gender"], "original_value": 0}
    for index, (key, value) in enumerate(values.items()):
        day = last - timedelta(days=(stable("changed", key, entry.kind, entry.key) + index) % ((last - first).days + 1))
        yield {
            "key": key,
            "items": [
                {
                    "id": stable_hex(24, "change", key, entry.kind, entry.key),
                    "action": "updated" if "original_value" in value else "added",
                    "time": f"{day.isoformat()} 0{index}:15:00 UTC",
                    **value,
                }
            ],
        }
