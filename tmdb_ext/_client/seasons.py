"""Which seasons of a series to ask for, and in which requests: the part that needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmdb_api_client.v3 import season

from tmdb_ext._arguments import MOST_APPENDED
from tmdb_ext._errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmdb_api_client._endpoint import AppendedSeason
    from tmdb_api_client.v3.models import SeasonAppend, SeasonDetails, TvSeriesDetails


class Seasons:
    """The seasons of a series, as far as they have come.

    The first request asks for the numbers that most series have; TMDB leaves out a season that is not there. Its answer
    lists the seasons, and whatever is missing then is asked for.
    """

    def __init__(self, append: Sequence[SeasonAppend]) -> None:
        if isinstance(append, str):
            raise InvalidArgument(f"append must be a list of names, such as [{append!r}].")
        self._append = tuple(dict.fromkeys(append))
        if len(self._append) >= MOST_APPENDED:
            raise InvalidArgument(
                f"{len(self._append)} sub-resources and the season itself: TMDB takes {MOST_APPENDED} in one request."
            )
        self._found: dict[int, SeasonDetails] = {}
        self._asked: set[int] = set()
        self._size = MOST_APPENDED // (1 + len(self._append))
        self._listed: list[int] | None = None

    def next(self) -> list[int]:
        """Return the numbers of the seasons to ask for now; none if all have been asked for."""
        wanted = range(self._size) if self._listed is None else self._listed
        numbers = [number for number in wanted if number not in self._asked][: self._size]
        self._asked.update(numbers)
        return numbers

    def names(self, numbers: Sequence[int]) -> list[AppendedSeason]:
        """Return what to append to the series for these seasons."""
        return [season(number, below) for number in numbers for below in (None, *self._append)]

    def take(self, series: TvSeriesDetails) -> None:
        """Take what has come."""
        self._found.update(series.seasons_appended)
        if self._listed is None:
            self._listed = [one.season_number for one in series.seasons if one.season_number is not None]

    def found(self) -> list[SeasonDetails]:
        """Return the seasons that the series lists, in the order of their numbers."""
        numbers = set(self._listed or self._found)
        return [self._found[number] for number in sorted(numbers & self._found.keys())]
