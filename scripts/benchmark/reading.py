"""How a program reads what was decoded: the same for models and for plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def everything(value: Any, names: dict[type, list[str]], names_of: Callable[[type], list[str]]) -> int:
    """Read every attribute of every object, and every value of every dictionary and list; return how many there are.

    Args:
        value: what was decoded.
        names: the attributes of the classes that were met before.
        names_of: what gives the attributes of a class.
    """
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return 1
    if kind is list:
        return sum([everything(item, names, names_of) for item in value])
    if kind is dict:
        return sum([everything(value[key], names, names_of) for key in value])
    if kind.__module__ == "datetime":
        return 1
    if kind not in names:
        names[kind] = names_of(kind)
    return sum([everything(getattr(value, name), names, names_of) for name in names[kind]])


def ten_of_models(film: Any, underscore: str = "") -> list[Any]:
    """Read ten values of a movie, as a page about it would."""
    shown_with = getattr(film, f"credits{underscore}")
    return [
        film.title, film.release_date, film.runtime, film.vote_average, film.genres[0].name,
        shown_with.cast[0].name, shown_with.cast[0].character, shown_with.crew[0].job,
        film.images.posters[0].file_path, film.videos.results[0].key,
    ]  # fmt: skip


def ten_of_dictionaries(film: Any) -> list[Any]:
    """The same of plain dictionaries."""
    shown_with = film["credits"]
    return [
        film["title"], film["release_date"], film["runtime"], film["vote_average"], film["genres"][0]["name"],
        shown_with["cast"][0]["name"], shown_with["cast"][0]["character"], shown_with["crew"][0]["job"],
        film["images"]["posters"][0]["file_path"], film["videos"]["results"][0]["key"],
    ]  # fmt: skip
