"""Movies, series, episodes and people: how they are named on the command line, and the columns they are shown in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, cast

from ._exit import Misuse
from ._show import Column


class Item(NamedTuple):
    """A movie or a series."""

    kind: Literal["movie", "tv"]
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def parsed(items: Sequence[str]) -> list[Item]:
    """Return what the user has named as ``movie:11`` or ``tv:41``.

    Raises:
        Misuse: one of them is something else.
    """
    found = []
    for item in items:
        kind, _, number = item.partition(":")
        if kind not in ("movie", "tv") or not (number.isascii() and number.isdigit()):
            raise Misuse(f"{item!r} is neither a movie nor a series: write movie:11 or tv:41.")
        found.append(Item(cast(Literal["movie", "tv"], kind), int(number)))
    return found


def kind_of(item: Mapping[str, Any]) -> object:
    """Return what a thing is: movie, tv, person and so on."""
    if item.get("media_type"):
        return item["media_type"]
    if "show_id" in item:
        return "episode"
    return "movie" if "title" in item else "tv" if "first_air_date" in item else None


def title_of(item: Mapping[str, Any]) -> object:
    """Return the title of a movie, or the name of anything else."""
    return item.get("title") or item.get("name")


def year_of(item: Mapping[str, Any]) -> str:
    """Return the year of a movie, a series or an episode."""
    return str(item.get("release_date") or item.get("first_air_date") or item.get("air_date") or "")[:4]


def _known_for(item: Mapping[str, Any]) -> list[object]:
    return [title_of(one) for one in item.get("known_for") or [] if isinstance(one, Mapping)]


def _number(name: str) -> Any:
    def value(item: Mapping[str, Any]) -> object:
        found = item.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else found

    return value


def _plain(name: str) -> Any:
    return lambda item: item.get(name)


ID: Final = Column("ID", _plain("id"), right=True)
KIND: Final = Column("Kind", kind_of)
TITLE: Final = Column("Title", title_of, wide=True)
NAME: Final = Column("Name", title_of, wide=True)
YEAR: Final = Column("Year", year_of, right=True)
SCORE: Final = Column("Score", _number("vote_average"), right=True)
VOTES: Final = Column("Votes", _plain("vote_count"), right=True)
RATING: Final = Column("Rating", _number("rating"), right=True)

TITLES: Final = (ID, TITLE, YEAR, SCORE, VOTES)
MIXED: Final = (KIND, ID, TITLE, YEAR, SCORE, VOTES)
PEOPLE: Final = (
    ID,
    NAME,
    Column("Department", _plain("known_for_department")),
    Column("Known for", _known_for, wide=True),
)
NAMES: Final = (ID, NAME)
COMPANIES: Final = (ID, NAME, Column("Country", _plain("origin_country")))
RATED: Final = (
    KIND,
    ID,
    TITLE,
    YEAR,
    RATING,
    Column(
        "Episode",
        lambda item: f"{item['show_id']} S{item.get('season_number')}E{item.get('episode_number')}"
        if "show_id" in item
        else "",
    ),
)
