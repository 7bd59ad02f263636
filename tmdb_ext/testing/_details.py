"""Own pages, and what belongs to films, series, people and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from tmdb_ext.testing import _parts
from tmdb_ext.testing._call import PAGE_SIZE, Call
from tmdb_ext.testing._fill import Facts, stable, stable_hex
from tmdb_ext.testing._generic import Registry
from tmdb_ext.testing._status import StatusError
from tmdb_ext.testing._tables import (
    CERTIFICATIONS,
    CHANGE_KEYS,
    COUNTRY_NAMES,
    HOME_OF,
    JOBS,
    LANGUAGE_NAMES,
    PRIMARY_TRANSLATIONS,
    SERIES_CERTIFICATIONS,
    TIMEZONES,
    WATCH_REGIONS,
)
from tmdb_ext.testing._world import Entry

DETAILS = Registry()

# own pages


@DETAILS.answers("movie-details")
def _movie(call: Call) -> dict[str, Any]:
    return call.world.movie_details(call.entry(), call.locale)


@DETAILS.answers("movie-latest-id")
def _latest_movie(call: Call) -> dict[str, Any]:
    return call.world.movie_details(_latest(call, "movie"))


@DETAILS.answers("tv-series-details")
def _series(call: Call) -> dict[str, Any]:
    return call.world.series_details(call.entry(), call.locale)


@DETAILS.answers("tv-series-latest-id")
def _latest_series(call: Call) -> dict[str, Any]:
    return call.world.series_details(_latest(call, "tv"))


@DETAILS.answers("tv-season-details")
def _season(call: Call) -> dict[str, Any]:
    return call.world.season_details(call.entry(), call.locale)


@DETAILS.answers("tv-episode-details")
def _episode(call: Call) -> dict[str, Any]:
    return call.world.episode_details(call.entry(), call.locale)


@DETAILS.answers("person-details")
def _person(call: Call) -> dict[str, Any]:
    entry = call.entry()
    return {**entry.core, "biography": call.world.text(entry, "biography", call.locale)}


@DETAILS.answers("person-latest-id")
def _latest_person(call: Call) -> dict[str, Any]:
    return _latest(call, "person").core


def _latest(call: Call, kind: str) -> Entry:
    return call.world.entry(kind, max(call.world.ids(kind)))


@DETAILS.answers("company-details", "network-details", "keyword-details")
def _plain(call: Call) -> dict[str, Any]:
    return call.entry().core


@DETAILS.answers("collection-details")
def _collection(call: Call) -> dict[str, Any]:
    entry, world = call.entry(), call.world
    parts = entry.core["parts"] or [
        world.movie(world.entry("movie", one), call.locale, media_type="movie")
        for one in world.collection_parts(entry.key)
    ]
    name = world.title_of_collection(entry, call.locale)
    return {**entry.core, "name": name, "overview": world.text(entry, "overview", call.locale), "parts": parts}


@DETAILS.answers("credit-details")
def _credit(call: Call) -> dict[str, Any]:
    world, credit = call.world, call.world.credit(call.path["credit_id"])
    media = world.media(credit.kind, credit.key, call.locale, media_type=credit.kind)
    row = world.credit_row(world.entry(credit.kind, credit.key), credit.group, credit.index, credit.row)
    world.entry("person", row["id"])
    acted = credit.group != "crew"
    media["character"] = row["character"] if acted else ""
    if credit.kind == "tv":
        media["episodes"] = []
        media["seasons"] = [
            Facts(world.season(world.entry("season", (credit.key, one))), media_type="tv_season", show_id=credit.key)
            for one in world.seasons(credit.key)
        ]
    return {
        "credit_type": "cast" if acted else "creator" if row["job"] == "Creator" else "crew",
        "department": "Acting" if acted else row["department"],
        "job": "Actor" if acted else row["job"],
        "media": media,
        "media_type": credit.kind,
        "id": call.path["credit_id"],
        "person": world.person_core(world.entry("person", row["id"]), media_type="person"),
    }


@DETAILS.answers("review-details")
def _review(call: Call) -> dict[str, Any]:
    for entry, review in _reviewed(call):
        if review["id"] == call.path["review_id"]:
            title = entry.core.get("title") or entry.core["name"]
            about = {"iso_639_1": "en", "media_id": entry.key, "media_title": title, "media_type": entry.kind}
            return {**review, **about}
    raise StatusError(34)


def _reviewed(call: Call) -> Iterable[tuple[Entry, dict[str, Any]]]:
    wanted = call.path["review_id"]
    for kind in ("movie", "tv"):
        for entry in call.world.entries(kind):
            if "reviews" in entry.parts or (entry.sample and wanted in _parts.review_ids(kind, entry.key)):
                yield from ((entry, review) for review in call.world.part(entry, "reviews"))


@DETAILS.answers("tv-episode-group-details")
def _episode_group(call: Call) -> dict[str, Any]:
    wanted = call.path["tv_episode_group_id"]
    for entry in call.world.entries("tv"):
        if "episode_groups" in entry.parts or (entry.sample and wanted in _parts.episode_group_ids(entry.key)):
            for group in call.world.part(entry, "episode_groups"):
                if group["id"] == wanted:
                    return dict(group)
    raise StatusError(34)


# credits


@DETAILS.answers("movie-credits", "tv-series-credits", "tv-season-credits", "tv-episode-credits")
def _credits(call: Call) -> dict[str, Any]:
    entry = call.entry()
    return {"id": entry.id, **call.world.cast_and_crew(entry)}


@DETAILS.answers("tv-series-aggregate-credits", "tv-season-aggregate-credits")
def _aggregate(call: Call) -> dict[str, Any]:
    entry, world = call.entry(), call.world
    seasons = [entry.key[1]] if entry.kind == "season" else world.seasons(entry.key)
    series = entry.key[0] if entry.kind == "season" else entry.key
    count = sum(len(world.episodes(series, one)) for one in seasons if one or entry.kind == "season")
    found: dict[str, list[Facts]] = {"cast": [], "crew": []}
    for group, (plural, name) in {"cast": ("roles", "character"), "crew": ("jobs", "job")}.items():
        for row in world.cast_and_crew(entry)[group]:
            role = {"credit_id": row.pop("credit_id"), name: row.pop(name), "episode_count": count}
            found[group].append(Facts(row, **{plural: [role]}, total_episode_count=count))
    return {"id": entry.id, **found}


@DETAILS.answers("person-movie-credits")
def _person_movie_credits(call: Call) -> dict[str, Any]:
    return _credits_of(call, ("movie",), typed=False)


@DETAILS.answers("person-tv-credits")
def _person_tv_credits(call: Call) -> dict[str, Any]:
    return _credits_of(call, ("tv",), typed=False)


@DETAILS.answers("person-combined-credits")
def _person_combined_credits(call: Call) -> dict[str, Any]:
    return _credits_of(call, ("movie", "tv"), typed=True)


def _credits_of(call: Call, kinds: tuple[str, ...], *, typed: bool) -> dict[str, Any]:
    person, world = call.entry(), call.world
    found: dict[str, list[Facts]] = {"cast": [], "crew": []}
    for kind in kinds:
        for credit in world.credits_of(person.key):
            if credit.kind != kind:
                continue
            entry = world.entry(kind, credit.key)
            row = world.credit_row(entry, credit.group, credit.index, credit.row)
            role = {"credit_id": row["credit_id"]}
            if credit.group == "crew":
                role |= {"department": row["department"], "job": row["job"]}
            else:
                role["character"] = row["character"] or (None if kind == "tv" else "")
            if kind == "tv":
                role["first_credit_air_date"] = entry.core["first_air_date"] or None
                role["episode_count"] = sum(len(world.episodes(credit.key, one)) for one in world.seasons(credit.key))
            elif credit.group != "crew":
                role["order"] = row["order"]
            more = {"media_type": kind} if typed else {}
            found["crew" if credit.group == "crew" else "cast"].append(
                world.media(kind, credit.key, call.locale, **role, **more)
            )
    return {"id": person.key, **found}


@DETAILS.answers("person-tagged-images")
def _tagged_images(call: Call) -> dict[str, Any]:
    person, world = call.entry(), call.world
    media: list[tuple[str, Facts]] = []
    for kind, key in dict.fromkeys((one.kind, one.key) for one in world.credits_of(person.key)):
        media.append((kind, world.media(kind, key, media_type=kind)))
        if kind == "tv" and world.seasons(key) and len(media) < _TAGGED_MEDIA:
            season = world.seasons(key)[-1]
            media.append(("season", world.media("season", (key, season), media_type="tv_season", show_id=key)))
            media += [
                ("episode", world.media("episode", (key, season, episode), media_type="tv_episode"))
                for episode in world.episodes(key, season)[:1]
            ]
    images = [_tagged(person.key, kind, of, index) for index in range(_TAGGED_EACH) for kind, of in media]
    whole = call.page(images)  # for the totals; whatever page is asked for, TMDB sends the first and calls it 0
    return Facts(whole, id=person.key, page=0, results=images[:PAGE_SIZE])


_TAGGED_EACH = 8
"""How many images of each film, series, season and episode a person is tagged in."""
_TAGGED_MEDIA = 12


def _tagged(number: int, kind: str, media: Facts, index: int) -> Facts:
    parts = ("tagged", number, kind, media["id"], index)
    language = "en" if index % 4 else None
    shown = _parts.image("backdrops", language, f"/{stable_hex(24, *parts)}.jpg")
    return Facts(
        {**shown, "id": stable_hex(24, "id", *parts), "image_type": "backdrop", "media": media, "media_type": kind}
    )


# what belongs to something


def _simple(*operations: str, name: str, under: str) -> None:
    """Operations that answer with the id and one part of a thing."""

    def answer(call: Call) -> dict[str, Any]:
        entry = call.entry()
        return {"id": entry.id, under: call.world.part(entry, name)}

    DETAILS.answers(*operations)(answer)


_simple("tv-series-alternative-titles", name="alternative_titles", under="results")
_simple("company-alternative-names", "details-copy", name="alternative_names", under="results")
_simple("movie-release-dates", name="release_dates", under="results")
_simple("tv-series-content-ratings", name="content_ratings", under="results")
_simple("tv-series-screened-theatrically", name="screened_theatrically", under="results")
_simple(
    "movie-watch-providers", "tv-series-watch-providers", "tv-season-watch-providers", name="watch/providers",
    under="results",
)  # fmt: skip


@DETAILS.answers("movie-alternative-titles")
def _movie_alternative_titles(call: Call) -> dict[str, Any]:
    entry, country = call.entry(), call.query.get("country", "").upper()
    titles = call.world.part(entry, "alternative_titles")
    return {"id": entry.id, "titles": [one for one in titles if not country or one["iso_3166_1"] == country]}


@DETAILS.answers("movie-releases")
def _movie_releases(call: Call) -> dict[str, Any]:
    entry = call.entry()
    countries = [
        {
            "certification": one["release_dates"][0]["certification"],
            "descriptors": [],
            "iso_3166_1": one["iso_3166_1"],
            "primary": index == 0,
            "release_date": min(each["release_date"] for each in one["release_dates"])[:10],
        }
        for index, one in enumerate(call.world.part(entry, "release_dates"))
    ]
    return {"id": entry.id, "countries": countries}


@DETAILS.answers(
    "movie-external-ids", "tv-series-external-ids", "tv-season-external-ids", "tv-episode-external-ids",
    "person-external-ids",
)  # fmt: skip
def _external_ids(call: Call) -> dict[str, Any]:
    entry = call.entry()
    return {"id": entry.id, **call.world.part(entry, "external_ids")}


@DETAILS.answers("movie-keywords")
def _movie_keywords(call: Call) -> dict[str, Any]:
    return {"id": call.entry().id, "keywords": _keywords(call)}


@DETAILS.answers("tv-series-keywords")
def _series_keywords(call: Call) -> dict[str, Any]:
    return {"id": call.entry().id, "results": _keywords(call)}


def _keywords(call: Call) -> list[dict[str, Any]]:
    rows = call.world.part(call.entry(), "keywords")
    return [one if isinstance(one, dict) else call.world.entry("keyword", one).core for one in rows]


def _languages_wanted(call: Call, parameter: str) -> set[str | None] | None:
    """The languages of images or videos that a request asks for; None for all."""
    asked = call.query.get(parameter)
    if not asked and call.query.get("language") is None:
        return None
    found: set[str | None] = {
        None if one == "null" else one.partition("-")[0] for one in (asked or "").split(",") if one
    }
    if call.query.get("language"):
        found.add(call.locale.language or "en")
    return found


@DETAILS.answers(
    "movie-images", "tv-series-images", "tv-season-images", "tv-episode-images", "person-images", "collection-images",
    "company-images", "alternative-names-copy",
)  # fmt: skip
def _images(call: Call) -> dict[str, Any]:
    entry, wanted = call.entry(), _languages_wanted(call, "include_image_language")
    shown = {}
    for kind, images in call.world.part(entry, "images").items():
        by_language = wanted is not None and kind not in ("profiles",) and entry.kind not in ("company", "network")
        shown[kind] = [one for one in images if not by_language or one.get("iso_639_1") in (wanted or ())]
    return {"id": entry.id, **shown}


@DETAILS.answers("movie-videos", "tv-series-videos", "tv-season-videos", "tv-episode-videos")
def _videos(call: Call) -> dict[str, Any]:
    entry, wanted = call.entry(), _languages_wanted(call, "include_video_language") or {"en"}
    videos = call.world.part(entry, "videos")
    return {"id": entry.id, "results": [one for one in videos if one.get("iso_639_1") in wanted]}


@DETAILS.answers(
    "movie-translations", "tv-series-translations", "tv-season-translations", "tv-episode-translations", "translations",
    "collection-translations",
)  # fmt: skip
def _translations(call: Call) -> dict[str, Any]:
    entry = call.entry()
    texts = {"movie": ("homepage", "overview", "runtime", "tagline", "title"), "person": ("biography",)}
    own = texts.get(entry.kind, ("name", "overview"))
    english = {name: entry.core[name] for name in own if name in entry.core}
    if entry.kind == "tv":
        english |= {"homepage": entry.core["homepage"], "tagline": entry.core["tagline"]}
    if entry.kind == "collection":
        english = {"homepage": "", "overview": entry.core["overview"], "title": entry.core["name"]}
    rows = [{"language": "en", "data": english}, *call.world.part(entry, "translations")]
    shown = [
        {
            "iso_3166_1": row.get("country") or HOME_OF.get(row["language"], row["language"].upper()),
            "iso_639_1": row["language"],
            "name": native,
            "english_name": name,
            "data": {key: value for key, value in row["data"].items() if key in english},
        }
        for row in rows
        for name, native in [LANGUAGE_NAMES.get(row["language"], (row["language"], row["language"]))]
    ]
    return {"id": entry.id, "translations": shown}


@DETAILS.answers("movie-reviews", "tv-series-reviews")
def _reviews(call: Call) -> dict[str, Any]:
    entry = call.entry()
    return Facts(call.page(call.world.part(entry, "reviews")), id=entry.id)


@DETAILS.answers("tv-series-episode-groups")
def _episode_groups(call: Call) -> dict[str, Any]:
    entry = call.entry()
    groups = call.world.part(entry, "episode_groups")
    return {"id": entry.id, "results": [{k: v for k, v in one.items() if k != "groups"} for one in groups]}


def _changes(find: Callable[[Call], Entry]) -> Callable[[Call], dict[str, Any]]:
    def answer(call: Call) -> dict[str, Any]:
        first, last = span(call)
        return {"changes": list(_parts.changes(find(call), first, last))}

    return answer


def span(call: Call) -> tuple[date, date]:
    """The days that changes are asked for: the last day if nothing is said."""
    end = date.fromisoformat(call.query["end_date"]) if "end_date" in call.query else None
    start = date.fromisoformat(call.query["start_date"]) if "start_date" in call.query else None
    end = end or (call.today if start is None else min(call.today, start + timedelta(days=13)))
    if start is None:
        start = end - timedelta(days=1) if end.toordinal() > 1 else end
    return min(start, end), end


for _operation in ("movie-changes", "tv-series-changes", "person-changes"):
    DETAILS.answers(_operation)(_changes(Call.entry))
DETAILS.answers("tv-season-changes-by-id")(_changes(lambda call: call.world.season_of_id(call.number("season_id"))))
DETAILS.answers("tv-episode-changes-by-id")(_changes(lambda call: call.world.episode_of_id(call.number("episode_id"))))


# the same for everybody


@DETAILS.answers("genre-movie-list")
def _movie_genres(call: Call) -> dict[str, Any]:
    return {"genres": [call.world.genre("movie", number, call.locale) for number in call.world.genres["movie"]]}


@DETAILS.answers("genre-tv-list")
def _tv_genres(call: Call) -> dict[str, Any]:
    return {"genres": [call.world.genre("tv", number, call.locale) for number in call.world.genres["tv"]]}


def _country(code: str) -> dict[str, str]:
    english, native = COUNTRY_NAMES[code]
    return {"iso_3166_1": code, "english_name": english, "native_name": native}


@DETAILS.answers("configuration-countries")
def _countries(_: Call) -> list[dict[str, str]]:
    return [_country(code) for code in COUNTRY_NAMES]


@DETAILS.answers("watch-providers-available-regions")
def _regions(_: Call) -> dict[str, Any]:
    return {"results": [_country(code) for code in WATCH_REGIONS]}


@DETAILS.answers("configuration-languages")
def _languages(_: Call) -> list[dict[str, Any]]:
    return [
        {"iso_639_1": code, "english_name": english, "name": native}
        for code, (english, native) in LANGUAGE_NAMES.items()
    ]


@DETAILS.answers("configuration-primary-translations")
def _primary_translations(_: Call) -> list[str]:
    return list(PRIMARY_TRANSLATIONS)


@DETAILS.answers("configuration-timezones")
def _timezones(_: Call) -> list[dict[str, Any]]:
    return [{"iso_3166_1": country, "zones": list(zones)} for country, zones in TIMEZONES.items()]


@DETAILS.answers("configuration-jobs")
def _jobs(_: Call) -> list[dict[str, Any]]:
    departments: dict[str, list[str]] = {}
    for job, department in JOBS.items():
        departments.setdefault(department, []).append(job)
    return [{"department": department, "jobs": jobs} for department, jobs in departments.items()]


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
        "change_keys": list(CHANGE_KEYS),
    }


def _certifications(known: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    return {
        "certifications": {
            country: [
                {"certification": name, "meaning": f"For those whom {name} suits.", "order": order}
                for order, name in enumerate(names)
            ]
            for country, names in known.items()
        }
    }


@DETAILS.answers("certification-movie-list")
def _movie_certifications(_: Call) -> dict[str, Any]:
    return _certifications(CERTIFICATIONS)


@DETAILS.answers("certifications-tv-list")
def _tv_certifications(_: Call) -> dict[str, Any]:
    return _certifications(SERIES_CERTIFICATIONS)


@DETAILS.answers("watch-providers-movie-list", "watch-provider-tv-list")
def _providers(call: Call) -> dict[str, Any]:
    region = call.query.get("watch_region", "").upper()
    cores = [entry.core for entry in call.world.entries("provider")]
    return {"results": [core for core in cores if not region or stable("at", region, core["provider_id"]) % 5]}
