"""Discover: every filter and every order of films and series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tmdb_ext.testing._call import Call
from tmdb_ext.testing._fill import Facts, stable
from tmdb_ext.testing._generic import Registry
from tmdb_ext.testing._listings import airs, decent, release_days, shown
from tmdb_ext.testing._tables import CERTIFICATIONS, SERIES_STATUSES, SERIES_TYPES
from tmdb_ext.testing._world import Entry, World, mentioned

DISCOVER = Registry()

Test = Callable[[Entry], bool]

_FIRST, _LAST = "0000-00-00", "9999-99-99"


def _listed(wanted: str, have: Iterable[Any]) -> bool:
    """Whether values suit a filter: `|` between means any of them, `,` all of them."""
    known = {str(one).casefold() for one in have}
    if "|" in wanted:
        return any(one.strip() in known for one in wanted.casefold().split("|"))
    return all(one.strip() in known for one in wanted.casefold().split(",") if one.strip())


def _any_of(unwanted: str, have: Iterable[Any]) -> bool:
    return _listed(unwanted.replace(",", "|") + "|", have)


class Filters:
    """The filters of one request.

    Args:
        call: The request.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.query: Mapping[str, str] = call.query
        self.world: World = call.world
        self.tests: list[Test] = []

    def within(self, name: str, value: Callable[[Entry], float]) -> None:
        """The bounds `name.gte` and `name.lte` of a number."""
        low, high = self.query.get(f"{name}.gte"), self.query.get(f"{name}.lte")
        if low or high:
            least, most = float(low) if low else float("-inf"), float(high) if high else float("inf")
            self.tests.append(lambda entry: least <= value(entry) <= most)

    def with_and_without(self, name: str, values: Callable[[Entry], Iterable[Any]]) -> None:
        """The filters `with_name` and `without_name`."""
        if wanted := self.query.get(f"with_{name}"):
            self.tests.append(lambda entry: _listed(wanted, values(entry)))
        if unwanted := self.query.get(f"without_{name}"):
            self.tests.append(lambda entry: not _any_of(unwanted, values(entry)))

    def span(self, name: str) -> tuple[str, str] | None:
        """The days that `name.gte` and `name.lte` bound, or None if neither is there."""
        low, high = self.query.get(f"{name}.gte"), self.query.get(f"{name}.lte")
        return (low or _FIRST, high or _LAST) if low or high else None

    def shared(self) -> None:
        """The filters that films and series have in common."""
        self.within("vote_average", lambda entry: float(entry.core["vote_average"]))
        self.within("vote_count", lambda entry: float(entry.core["vote_count"]))
        self.with_and_without("genres", lambda entry: mentioned(entry.core["genres"]))
        self.with_and_without("companies", lambda entry: mentioned(entry.core["production_companies"]))
        self.with_and_without("keywords", lambda entry: mentioned(self.world.part(entry, "keywords")))
        self.with_and_without("origin_country", lambda entry: entry.core["origin_country"])
        self.with_and_without("original_language", lambda entry: [entry.core["original_language"]])
        self._offers()

    def _offers(self) -> None:
        region = self.query.get("watch_region", "").upper()
        ways = self.query.get("with_watch_monetization_types", "")
        wanted, unwanted = self.query.get("with_watch_providers"), self.query.get("without_watch_providers")

        def offers(entry: Entry) -> Mapping[str, Any]:
            known = self.world.part(entry, "watch/providers").get(region, {})
            return {way: [one["provider_id"] for one in rows] for way, rows in known.items() if way != "link"}

        if not region:
            return  # TMDB takes these filters with a region alone
        if ways:
            self.tests.append(lambda entry: _any_of(ways, offers(entry)))
        if wanted:
            self.tests.append(
                lambda entry: _listed(
                    wanted,
                    [one for way, ids in offers(entry).items() if not ways or _any_of(ways, [way]) for one in ids],
                )
            )
        if unwanted:
            self.tests.append(
                lambda entry: not _any_of(unwanted, [one for ids in offers(entry).values() for one in ids])
            )

    def films(self) -> None:
        """The filters of films."""
        query, world = self.query, self.world
        self.shared()
        if query.get("include_video") != "true":
            self.tests.append(lambda entry: not entry.core["video"])
        self.within("with_runtime", lambda entry: float(entry.core["runtime"] or 0))
        region, kinds = query.get("region", "").upper() or None, _split(query.get("with_release_type", ""))
        if days := self.span("primary_release_date"):
            self.tests.append(lambda entry: days[0] <= (entry.core["release_date"] or _LAST + "~") <= days[1])
        if first_year := query.get("primary_release_year"):
            self.tests.append(lambda entry: bool(entry.core["release_date"].startswith(f"{first_year}-")))
        if year := query.get("year"):
            self.tests.append(
                lambda entry: any(day.startswith(f"{year}-") for day in release_days(world, entry, region, kinds))
            )
        if span := self.span("release_date"):
            self.tests.append(
                lambda entry: any(span[0] <= day <= span[1] for day in release_days(world, entry, region, kinds))
            )
        elif region or kinds:
            self.tests.append(lambda entry: bool(release_days(world, entry, region, kinds)))
        self._people()
        self._certification(region)

    def _people(self) -> None:
        def who(entry: Entry, *groups: str) -> list[int]:
            found = self.world.part(entry, "credits")
            return [row["id"] for group in groups for row in found.get(group, ())]

        for name, groups in {"cast": ("cast",), "crew": ("crew",), "people": ("cast", "crew")}.items():
            self.with_and_without(name, lambda entry, groups=groups: who(entry, *groups))  # type: ignore[misc]

    def _certification(self, region: str | None) -> None:
        country = self.query.get("certification_country", "").upper() or region
        exact, low, high = (self.query.get(f"certification{end}") for end in ("", ".gte", ".lte"))
        if not country or not (exact or low or high):
            return
        order = CERTIFICATIONS.get(country, ())

        def rating(entry: Entry) -> str:
            for one in self.world.part(entry, "release_dates"):
                if one["iso_3166_1"] == country:
                    return str(next((each["certification"] for each in one["release_dates"]), ""))
            return ""

        def place(name: str | None, default: int) -> int:
            return order.index(name) if name in order else default

        def fits(entry: Entry) -> bool:
            own = rating(entry)
            if exact and own not in _split(exact):
                return False
            return own in order and place(low, 0) <= order.index(own) <= place(high, len(order))

        self.tests.append(fits)

    def series(self) -> None:
        """The filters of series."""
        query, world = self.query, self.world
        self.shared()
        self.within("with_runtime", lambda entry: float(next(iter(entry.core["episode_run_time"]), 0)))
        self.with_and_without("networks", lambda entry: mentioned(entry.core["networks"]))
        self.with_and_without("status", lambda entry: [_place(SERIES_STATUSES, entry.core["status"])])
        self.with_and_without("type", lambda entry: [_place(SERIES_TYPES, entry.core["type"])])
        if days := self.span("first_air_date"):
            undated = query.get("include_null_first_air_dates") == "true"
            self.tests.append(
                lambda entry: days[0] <= entry.core["first_air_date"] <= days[1]
                if entry.core["first_air_date"]
                else undated
            )
        if year := query.get("first_air_date_year"):
            self.tests.append(lambda entry: bool(entry.core["first_air_date"].startswith(f"{year}-")))
        if span := self.span("air_date"):
            self.tests.append(lambda entry: airs(world, entry, *span))
        if query.get("screened_theatrically") == "true":
            self.tests.append(lambda entry: bool(world.part(entry, "screened_theatrically")))

    def found(self, kind: str) -> list[Entry]:
        """What passes all filters."""
        entries = decent(self.call, self.world.entries(kind))
        for test in self.tests:
            entries = [entry for entry in entries if test(entry)]
        return entries


def _split(text: str) -> list[str]:
    return [one.strip() for one in text.replace("|", ",").split(",") if one.strip()]


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1


def in_order(call: Call, entries: list[Entry], usual: str = "popularity.desc") -> list[Entry]:
    """Entries in the order that `sort_by` asks for."""
    name, _, direction = (call.query.get("sort_by") or usual).rpartition(".")
    field = {"primary_release_date": "release_date"}.get(name, name)

    def key(entry: Entry) -> tuple[Any, int]:
        if name == "release_date" and entry.kind == "movie" and call.locale.region:
            return (call.world.release_date(entry, call.locale.region), stable("tie", entry.key))
        value = entry.core.get(field) or ("" if isinstance(entry.core.get(field), str) else 0)
        return (value.casefold() if isinstance(value, str) else value, stable("tie", entry.key))

    return sorted(entries, key=key, reverse=direction == "desc")


@DISCOVER.answers("discover-movie")
def _discover_movie(call: Call) -> Facts:
    filters = Filters(call)
    filters.films()
    return shown(call, in_order(call, filters.found("movie")))


@DISCOVER.answers("discover-tv")
def _discover_tv(call: Call) -> Facts:
    filters = Filters(call)
    filters.series()
    return shown(call, in_order(call, filters.found("tv")))
