"""Operations of which only the ids in the path are known: the rest of the answer comes from the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tmdb_ext.testing import _catalogue
from tmdb_ext.testing._call import Call, Handler, Reply

Browser = Callable[[Call], Any]
"""Gives what is known of a body that depends on the request alone."""


class Registry(dict[str, Handler]):
    """Handlers by TMDB's operation id."""

    def answers(self, *operations: str) -> Callable[[Browser], Browser]:
        """Registers what gives the bodies of some operations."""

        def register(function: Browser) -> Browser:
            self.update(dict.fromkeys(operations, lambda call: Reply(function(call))))
            return function

        return register


def generic(call: Call) -> Reply:
    """Any other operation: only the ids in its path are known, the rest comes from the schema."""
    for name in call.path:
        if name.endswith("_id") and call.path[name].isdecimal():
            call.id(name)
    if "season_number" in call.path:
        _catalogue.check_season(call.id("series_id"), call.number("season_number"))
    if "episode_number" in call.path:
        _catalogue.check_episode(
            call.id("series_id"), call.number("season_number"), call.number("episode_number")
        )  # fmt: skip
    page = int(call.query.get("page") or 1)
    given: dict[str, Any] = {"id": own_id(call), "page": page, "total_pages": 1, "total_results": 3}
    if page > 1:
        given["results"] = given["changes"] = []
    return Reply(given)


def film_id(text: str) -> int:
    """The id of the film that an IMDb id belongs to.

    Raises:
        StatusError: With code 34, because it belongs to none.
    """
    return _catalogue.film_of_imdb_id(text)


def own_id(call: Call) -> int | str:
    """The id of what the path names: a number, or a string where TMDB's id is one."""
    if "episode_number" in call.path:
        return _catalogue.episode_id(call.id("series_id"), call.number("season_number"), call.number("episode_number"))
    if "season_number" in call.path:
        return _catalogue.season_id(call.id("series_id"), call.number("season_number"))
    value = next(iter(call.path.values()), "1")
    return int(value) if value.isdecimal() else value
