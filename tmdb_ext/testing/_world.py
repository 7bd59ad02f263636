"""What there is: the sample, and what a test has added to it or changed in it.

A thing is what its own page says (`core`) and what belongs to it (`parts`: credits, images, …), both in TMDB's own
shape. What it refers to may be there as an id alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from tmdb_ext.testing import _cores
from tmdb_ext.testing._cores import BLANK, CORES, Core
from tmdb_ext.testing._fill import Facts, stable_hex
from tmdb_ext.testing._rules import FILM_IDS, LARGEST_ID, PERSON_IDS, SERIES_IDS, Rules, rules
from tmdb_ext.testing._sample import COLLECTIONS, KEYWORDS, NETWORKS
from tmdb_ext.testing._status import StatusError
from tmdb_ext.testing._tables import (
    COUNTRY_NAMES,
    FILM_GENRES,
    GENRE_NAMES,
    JOBS,
    LANGUAGE_NAMES,
    PROVIDERS,
    SERIES_GENRES,
    TRANSLATED,
)

MOST_SEASONS = 99
FOLLOWING = frozenset({
    "number_of_seasons", "number_of_episodes", "last_episode_to_air", "last_air_date", "next_episode_to_air",
})  # fmt: skip
"""What follows from the seasons of a series."""
_JOINED = frozenset({"credits", "images", "external_ids"})
"""Parts of which a test may give some; the rest stays as it was."""

_SAMPLE: dict[str, frozenset[int]] = {
    "movie": frozenset(FILM_IDS),
    "tv": frozenset(SERIES_IDS),
    "person": frozenset(PERSON_IDS),
    "company": frozenset(range(1, 201)),
    "network": frozenset({*range(1, 61), *NETWORKS, 213, 1024, 2739}),
    "collection": frozenset(COLLECTIONS),
    "keyword": frozenset({*range(1, 301), *KEYWORDS, 818, 1721, 4344, 9715, 9748, 180547, 210024}),
    "provider": frozenset(PROVIDERS),
}


@dataclass
class Entry:
    """A thing that there is.

    Attributes:
        kind: `movie`, `tv`, `season`, `episode`, `person`, `company`, `network`, `collection`, `keyword`, `provider`.
        key: Its id; of a season the series' id and the number, of an episode the episode's number besides.
        core: What its own page says.
        parts: What belongs to it, as far as a test has said.
        sample: Whether the rest comes from the sample; what a test has added has nothing else.
        said: Which fields that follow from the seasons of a series a test has given all the same.
    """

    kind: str
    key: Any
    core: Core
    parts: dict[str, Any] = field(default_factory=dict)
    sample: bool = True
    said: frozenset[str] = frozenset()

    @property
    def id(self) -> int:
        """TMDB's id."""
        number: int = self.core["id"]
        return number


@dataclass(frozen=True)
class Locale:
    """The language and the region that an answer is asked for in; None is English, or no region."""

    language: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Locale:
        """The locale of a request: `language` is `de` or `de-DE`, `region` is `DE`."""
        language = query.get("language", "").replace("_", "-").partition("-")[0].lower()
        return cls(
            language if language.isalpha() and language != "en" else None, query.get("region", "").upper() or None
        )


ENGLISH = Locale()


class World:
    """Everything that there is.

    Args:
        today: The day that new films and series count from.
        make_part: Makes what belongs to a thing, of which a test has said nothing.
        part_names: By kind, the names of what belongs to a thing apart from its own page.
        any_id: Whether what is not in the sample is invented when it is asked for.
    """

    def __init__(
        self,
        today: date,
        make_part: Callable[[World, Entry, str], Any],
        part_names: Mapping[str, frozenset[str]],
        *,
        any_id: bool = False,
    ) -> None:
        self._make_part, self._part_names = make_part, part_names
        self.rules: Rules = rules(today)
        self.any_id = any_id
        self.genres = _sample_genres()
        self._changed: dict[tuple[str, Any], Entry] = {}
        self._kept: dict[Any, Any] = {}

    # what there is

    def has(self, kind: str, key: Any) -> bool:
        """Whether there is such a thing."""
        if (kind, key) in self._changed:
            return True
        if kind in ("season", "episode"):
            return self.has("tv", key[0]) and self._in_series(kind, key)
        if kind == "collection":
            return key in self._films_of_collections()
        return key in _SAMPLE.get(kind, ()) or (self.any_id and kind != "provider" and 0 < key <= LARGEST_ID)

    def _in_series(self, kind: str, key: tuple[int, ...]) -> bool:
        series = self.entry("tv", key[0])
        if not series.sample or key[1] > MOST_SEASONS:
            return False
        count = _cores.episode_count(self.rules, key[0], key[1])
        return count > 0 if kind == "season" else 1 <= key[2] <= count

    def entry(self, kind: str, key: Any) -> Entry:
        """A thing.

        Raises:
            StatusError: With code 34, because there is no such thing.
        """
        found = self._changed.get((kind, key)) or self._kept.get((kind, key))
        if found is None:
            if not self.has(kind, key):
                raise StatusError(34)
            core = self.rules.remember((kind, key), lambda: CORES[kind](self.rules, key))
            found = self._kept[kind, key] = Entry(kind, key, core)
        return found

    def ids(self, kind: str) -> list[Any]:
        """The ids of all things of a kind."""
        if kind == "collection":
            return list(self._films_of_collections())
        found = self._kept.get(("ids", kind))
        if found is None:
            added = [key for one, key in list(self._changed) if one == kind and key not in _SAMPLE.get(kind, ())]
            found = self._kept["ids", kind] = sorted(_SAMPLE.get(kind, ())) + added
        return list(found)

    def entries(self, kind: str) -> list[Entry]:
        """All things of a kind."""
        return [self.entry(kind, key) for key in self.ids(kind)]

    def part(self, entry: Entry, name: str) -> Any:
        """What belongs to a thing, such as its `credits`: as a test has said, else from the sample."""
        if name in entry.parts:
            return entry.parts[name]
        return self._make_part(self, entry, name)

    def _films_of_collections(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] | None = self._kept.get("collections")
        if found is None:
            found = {number: [] for number in COLLECTIONS}
            found |= {key: [] for kind, key in list(self._changed) if kind == "collection"}
            for entry in self.entries("movie"):
                collection = entry.core["belongs_to_collection"]
                number = collection["id"] if isinstance(collection, Mapping) else collection
                if number:
                    found.setdefault(number, []).append(entry.key)
            self._kept["collections"] = found
        return found

    def collection_parts(self, number: int) -> list[int]:
        """The ids of a collection's films."""
        return self._films_of_collections().get(number, [])

    # seasons and episodes

    def seasons(self, series: int) -> list[int]:
        """The numbers of a series' seasons, specials first."""
        entry = self.entry("tv", series)
        found = {key[1] for kind, key in list(self._changed) if kind == "season" and key[0] == series}
        if entry.sample:
            count = len(self.rules.series(series).seasons)
            found |= {number for number in range(count + 1) if _cores.episode_count(self.rules, series, number)}
        return sorted(found)

    def episodes(self, series: int, season: int) -> list[int]:
        """The numbers of a season's episodes."""
        found = {key[2] for kind, key in list(self._changed) if kind == "episode" and key[:2] == (series, season)}
        if self.entry("tv", series).sample and 0 <= season <= MOST_SEASONS:
            found |= set(range(1, _cores.episode_count(self.rules, series, season) + 1))
        return sorted(found)

    def season_of_id(self, number: int) -> Entry:
        """The season of an id.

        Raises:
            StatusError: With code 34, because no season has it.
        """
        for (kind, _), entry in list(self._changed.items()):
            if kind == "season" and entry.id == number:
                return entry
        return self._with_id(self.entry("season", divmod(number, 100)), number)

    def episode_of_id(self, number: int) -> Entry:
        """The episode of an id. Raises what `season_of_id` does."""
        for (kind, _), entry in list(self._changed.items()):
            if kind == "episode" and entry.id == number:
                return entry
        series, rest = divmod(number, 10_000)
        return self._with_id(self.entry("episode", (series, *divmod(rest, 100))), number)

    @staticmethod
    def _with_id(entry: Entry, number: int) -> Entry:
        if entry.id != number:
            raise StatusError(34)
        return entry

    def film_of_imdb_id(self, imdb_id: str) -> int:
        """The id of the film that has an IMDb id.

        Raises:
            StatusError: With code 34, because none has.
        """
        known: dict[str, int] | None = self._kept.get("imdb")
        if known is None:
            known = self._kept["imdb"] = {
                entry.core["imdb_id"]: entry.key for entry in self.entries("movie") if entry.core["imdb_id"]
            }
        if imdb_id not in known:
            raise StatusError(34)
        return known[imdb_id]

    # changing it

    def put(self, kind: str, key: Any, fields: Mapping[str, Any]) -> Entry:
        """Adds a thing, or changes those fields of it that are given.

        Args:
            kind: Which kind.
            key: Its key.
            fields: What its page says and what belongs to it, in TMDB's shape.
        """
        there = self.has(kind, key)
        entry = copy.deepcopy(self.entry(kind, key)) if there else Entry(kind, key, dict(BLANK[kind]), {}, sample=False)
        parts = {}
        for name, value in fields.items():
            part = name.replace("watch_providers", "watch/providers")
            if part in self._part_names.get(kind, ()):
                parts[part] = copy.deepcopy(value)
            else:
                entry.core[name] = copy.deepcopy(value)
        for part, value in parts.items():  # after the page, whose images and ids they have too
            entry.parts[part] = {**copy.deepcopy(self.part(entry, part)), **value} if part in _JOINED else value
        if "imdb_id" in entry.core and "external_ids" in entry.parts:
            if "imdb_id" in fields:
                entry.parts["external_ids"]["imdb_id"] = entry.core["imdb_id"]
            entry.core["imdb_id"] = entry.parts["external_ids"].get("imdb_id")
        self._changed[kind, key] = entry
        if kind in ("season", "episode") and ("tv", key[0]) in self._changed:
            self._changed["tv", key[0]].said = frozenset()
        self.changed()
        return entry

    def say(self, series: int, names: Iterable[str]) -> None:
        """Takes note of what a test has given of a series although it follows from the seasons; a new one undoes it."""
        self._changed["tv", series].said |= FOLLOWING.intersection(names)

    def reset(self) -> None:
        """Leaves nothing but the sample."""
        self._changed.clear()
        self.genres = _sample_genres()
        self.changed()

    def changed(self) -> None:
        """Forgets what was derived from what there was."""
        self._kept.clear()

    # texts

    def text(self, entry: Entry, name: str, locale: Locale) -> Any:
        """A text in a language. If there is none, TMDB shows the name in English and leaves other texts empty."""
        usual = entry.core[name]
        if locale.language is None:
            return usual
        for one in self.part(entry, "translations"):
            if one["language"] == locale.language and one["data"].get(name):
                return one["data"][name]
        if name in ("title", "name"):
            is_original = entry.core.get("original_language") == locale.language
            return entry.core.get(f"original_{name}", usual) if is_original else usual
        return usual if entry.core.get("original_language") == locale.language and not entry.sample else ""

    def genre(self, kind: str, number: Any, locale: Locale) -> dict[str, Any]:
        """A genre of films (`movie`) or series (`tv`)."""
        if isinstance(number, Mapping):
            return dict(number)
        names = self.genres[kind].get(number) or GENRE_NAMES.get(number, (str(number),))
        index = TRANSLATED.index(locale.language) if locale.language in TRANSLATED else 0
        return {"id": number, "name": names[min(index, len(names) - 1)]}

    # what listings show

    def movie(self, entry: Entry, locale: Locale = ENGLISH, **more: Any) -> Facts:
        """A film as listings show it, with the listing's own properties."""
        core = entry.core
        shown = Facts({name: core[name] for name in _MOVIE_SUMMARY if name in core})
        shown["genre_ids"] = mentioned(core["genres"])
        if locale.language is not None:
            shown["title"], shown["overview"] = (self.text(entry, name, locale) for name in ("title", "overview"))
        if locale.region is not None:
            shown["release_date"] = self.release_date(entry, locale.region)
        return Facts(shown, **more)

    def series(self, entry: Entry, locale: Locale = ENGLISH, **more: Any) -> Facts:
        """A series as listings show it."""
        core = entry.core
        shown = Facts({name: core[name] for name in _SERIES_SUMMARY if name in core})
        shown["genre_ids"] = mentioned(core["genres"])
        if locale.language is not None:
            shown["name"], shown["overview"] = (self.text(entry, name, locale) for name in ("name", "overview"))
        return Facts(shown, **more)

    def person_core(self, entry: Entry, **more: Any) -> Facts:
        """A person as credits show them."""
        core = entry.core
        shown = Facts({name: core[name] for name in _PERSON_SUMMARY if name in core})
        shown["original_name"] = core.get("original_name", core["name"])
        return Facts(shown, **more)

    def person(self, entry: Entry, locale: Locale = ENGLISH, **more: Any) -> Facts:
        """A person as listings show them, with what they are known for."""
        known = []
        for kind, key in dict.fromkeys((one.kind, one.key) for one in self.credits_of(entry.key)):
            known.append(self.media(kind, key, locale, media_type=kind))
            if len(known) == 3:
                break
        return self.person_core(entry, known_for=known, **more)

    def season(self, entry: Entry, locale: Locale = ENGLISH, **more: Any) -> Facts:
        """A season as its series lists it."""
        core, key = entry.core, entry.key
        return Facts(
            air_date=core["air_date"],
            episode_count=len(self.episodes(*key)),
            id=core["id"],
            name=self.text(entry, "name", locale),
            overview=self.text(entry, "overview", locale),
            poster_path=core["poster_path"],
            season_number=core["season_number"],
            vote_average=core["vote_average"],
            **more,
        )

    def episode(self, entry: Entry, locale: Locale = ENGLISH, **more: Any) -> Facts:
        """An episode as listings show it."""
        core = entry.core
        shown = Facts({name: core[name] for name in BLANK["episode"] if name not in ("crew", "guest_stars")})
        for name in ("name", "overview"):
            shown[name] = self.text(entry, name, locale)
        return Facts(shown, show_id=entry.key[0], **more)

    def media(self, kind: str, key: Any, locale: Locale = ENGLISH, **more: Any) -> Facts:
        """A film, series, person, season or episode in a listing that has several sorts."""
        shown: dict[str, Callable[..., Facts]] = {
            "movie": self.movie, "tv": self.series, "person": self.person, "season": self.season,
            "episode": self.episode,
        }  # fmt: skip
        return shown[kind](self.entry(kind, key), locale, **more)

    def company(self, number: Any, kind: str = "company") -> dict[str, Any]:
        """A company or a network as films and series mention it."""
        if isinstance(number, Mapping):
            return dict(number)
        core = self.entry(kind, number).core if self.has(kind, number) else {**BLANK[kind], "id": number}
        return {name: core[name] for name in ("id", "logo_path", "name", "origin_country")} | (
            {"origin_country": core["origin_country"] or ""}
        )

    def collection(self, number: Any, locale: Locale = ENGLISH) -> dict[str, Any] | None:
        """A collection as its films mention it."""
        if number is None or isinstance(number, Mapping):
            return None if number is None else dict(number)
        entry = self.entry("collection", number)
        return {name: entry.core[name] for name in ("id", "name", "poster_path", "backdrop_path")} | {
            "name": self.title_of_collection(entry, locale)
        }

    def title_of_collection(self, entry: Entry, locale: Locale) -> str:
        """A collection's name, which its translations call a title."""
        for one in self.part(entry, "translations") if locale.language else ():
            if one["language"] == locale.language and one["data"].get("title"):
                return str(one["data"]["title"])
        return str(entry.core["name"])

    # details

    def movie_details(self, entry: Entry, locale: Locale = ENGLISH) -> dict[str, Any]:
        """A film with all that its own page has."""
        core = dict(entry.core)
        core["belongs_to_collection"] = self.collection(core["belongs_to_collection"], locale)
        self._expand(core, "movie", entry, ("title", "overview", "tagline", "homepage"), locale)
        return core

    def series_details(self, entry: Entry, locale: Locale = ENGLISH) -> dict[str, Any]:
        """A series with all that its own page has."""
        core, number = dict(entry.core), entry.key
        self._expand(core, "tv", entry, ("name", "overview", "tagline", "homepage"), locale)
        core["networks"] = [self.company(one, "network") for one in core["networks"]]
        if not core["created_by"]:
            core["created_by"] = [
                {name: row[name] for name in ("id", "credit_id", "name", "original_name", "gender", "profile_path")}
                for row in self.cast_and_crew(entry)["crew"]
                if row["job"] == "Creator"
            ]
        seasons = self.seasons(number)
        if seasons and not core["seasons"]:
            core["seasons"] = [self.season(self.entry("season", (number, one)), locale) for one in seasons]
            last, coming = self._around_today(number, [one for one in seasons if one])
            following = {
                "number_of_seasons": sum(one > 0 for one in seasons),
                "number_of_episodes": sum(len(self.episodes(number, one)) for one in seasons if one),
                "last_episode_to_air": None if last is None else self.episode(last, locale),
                "last_air_date": None if last is None else last.core["air_date"],
                "next_episode_to_air": None if coming is None else self.episode(coming, locale),
            }
            core |= {name: value for name, value in following.items() if name not in entry.said}
        return core

    def _around_today(self, number: int, seasons: list[int]) -> tuple[Entry | None, Entry | None]:
        """The last episode shown and the next one."""
        today, last, coming = self.rules.today.isoformat(), None, None
        for season in seasons:
            for episode in self.episodes(number, season):
                entry = self.entry("episode", (number, season, episode))
                if entry.core["air_date"] and entry.core["air_date"] <= today:
                    last = entry
                elif coming is None and entry.core["air_date"]:
                    coming = entry
        return last, coming

    def _expand(self, core: Core, kind: str, entry: Entry, texts: Iterable[str], locale: Locale) -> None:
        for name in texts:
            core[name] = self.text(entry, name, locale)
        core["genres"] = [self.genre(kind, one, locale) for one in core["genres"]]
        core["production_companies"] = [self.company(one) for one in core["production_companies"]]
        core["production_countries"] = [
            {"iso_3166_1": one, "name": COUNTRY_NAMES.get(one, (one,))[0]} if isinstance(one, str) else one
            for one in core["production_countries"]
        ]
        core["spoken_languages"] = [
            {"english_name": english, "iso_639_1": one, "name": native}
            for one in core["spoken_languages"]
            for english, native in [LANGUAGE_NAMES.get(one, (one, one))]
        ] if all(isinstance(one, str) for one in core["spoken_languages"]) else core["spoken_languages"]  # fmt: skip

    def season_details(self, entry: Entry, locale: Locale = ENGLISH) -> dict[str, Any]:
        """A season with its episodes."""
        series, number = entry.key
        core = {
            **entry.core,
            "name": self.text(entry, "name", locale),
            "overview": self.text(entry, "overview", locale),
        }
        core["networks"] = [self.company(one, "network") for one in core["networks"]]
        if not core["episodes"]:
            entries = [self.entry("episode", (series, number, one)) for one in self.episodes(series, number)]
            core["episodes"] = [self.episode(one, locale, **self._crew_and_guests(one)) for one in entries]
        return core

    def _crew_and_guests(self, entry: Entry) -> dict[str, Any]:
        found = self.cast_and_crew(entry)
        return {"crew": found["crew"], "guest_stars": found["guest_stars"]}

    def episode_details(self, entry: Entry, locale: Locale = ENGLISH) -> dict[str, Any]:
        """An episode with its crew and guest stars."""
        shown = self.episode(entry, locale, **self._crew_and_guests(entry))
        shown.pop("show_id")
        return {**entry.core, **shown}

    # credits

    def cast_and_crew(self, entry: Entry) -> dict[str, Any]:
        """Cast, crew and, of an episode, guest stars, each with the person."""
        given = self.part(entry, "credits")
        found: dict[str, Any] = {}
        for group in ("cast", "crew", "guest_stars"):
            if group == "guest_stars" and entry.kind != "episode":
                continue
            rows = given.get(group, ())
            found[group] = [self.credit_row(entry, group, index, row) for index, row in enumerate(rows)]
        return found

    def credit_row(self, entry: Entry, group: str, index: int, row: Mapping[str, Any]) -> Facts:
        """A row of a cast or crew: the person's facts with the role."""
        who = row["id"]
        role = str(row.get("job") if group == "crew" else row.get("character", ""))
        person = self.person_core(self.entry("person", who)) if self.has("person", who) else Facts(_UNKNOWN_PERSON)
        shown = Facts(person, credit_id=credit_id(entry, who, role))
        if group == "crew":
            shown.update(department=JOBS.get(role, "Crew"), job=role)
        else:
            shown.update(character=role, order=index)
            if entry.kind == "movie":
                shown["cast_id"] = index + 1
        return Facts(shown | dict(row))

    def credits_of(self, who: int) -> list[Credit]:
        """All that a person did in films and series."""
        return self._credits()[0].get(who, [])

    def credit(self, identifier: str) -> Credit:
        """The credit of an id.

        Raises:
            StatusError: With code 34, because there is none.
        """
        found = self._credits()[1].get(identifier)
        if found is None:
            raise StatusError(34)
        return found

    def _credits(self) -> tuple[dict[int, list[Credit]], dict[str, Credit]]:
        found: tuple[dict[int, list[Credit]], dict[str, Credit]] | None = self._kept.get("credits")
        if found is None:
            by_person: dict[int, list[Credit]] = {}
            by_id: dict[str, Credit] = {}
            for kind in ("movie", "tv"):
                for entry in self.entries(kind):
                    if (kind, entry.key) in self._changed:
                        rows = self._credits_in(entry)
                    else:
                        key = ("credits", kind, entry.key)
                        rows = self.rules.remember(key, partial(self._credits_in, entry))
                    for identifier, one in rows:
                        by_person.setdefault(one.row["id"], []).append(one)
                        by_id[identifier] = one
            found = self._kept["credits"] = (by_person, by_id)
        return found

    def _credits_in(self, entry: Entry) -> list[tuple[str, Credit]]:
        made = []
        for group, rows in self.part(entry, "credits").items():
            for index, row in enumerate(rows):
                role = str(row.get("job") if group == "crew" else row.get("character", ""))
                identifier = row.get("credit_id") or credit_id(entry, row["id"], role)
                made.append((identifier, Credit(entry.kind, entry.key, group, index, row)))
        return made

    # dates

    def release_date(self, entry: Entry, region: str) -> str:
        """A film's first release in a country; its first of all if it has none there."""
        for one in self.part(entry, "release_dates"):
            if one["iso_3166_1"] == region:
                return str(min(each["release_date"] for each in one["release_dates"])[:10])
        return str(entry.core["release_date"])


@dataclass(frozen=True)
class Credit:
    """What somebody did in a film or a series."""

    kind: str
    key: int
    group: str
    index: int
    row: Mapping[str, Any]


def credit_id(entry: Entry, who: int, role: str) -> str:
    """The id that joins a person to what they did in a film or series."""
    known = entry.key if isinstance(entry.key, int) else entry.key[0]
    return stable_hex(24, "credit", "movie" if entry.kind == "movie" else "tv", known, who, role)


def _sample_genres() -> dict[str, dict[int, tuple[str, ...]]]:
    return {
        "movie": {number: GENRE_NAMES[number] for number in FILM_GENRES},
        "tv": {number: GENRE_NAMES[number] for number in SERIES_GENRES},
    }


def mentioned(rows: Iterable[Any]) -> list[Any]:
    """The ids in a list of ids, or of objects that have one."""
    return [one["id"] if isinstance(one, Mapping) else one for one in rows]


_MOVIE_SUMMARY = (
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title", "overview", "popularity",
    "poster_path", "release_date", "softcore", "title", "video", "vote_average", "vote_count",
)  # fmt: skip
_SERIES_SUMMARY = (
    "adult", "backdrop_path", "first_air_date", "genre_ids", "id", "name", "origin_country", "original_language",
    "original_name", "overview", "popularity", "poster_path", "softcore", "vote_average", "vote_count",
)  # fmt: skip
_PERSON_SUMMARY = (
    "adult", "gender", "id", "known_for_department", "name", "original_name", "popularity", "profile_path",
)  # fmt: skip
_UNKNOWN_PERSON = {**{name: BLANK["person"].get(name) for name in _PERSON_SUMMARY}, "original_name": ""}
