"""`tmdb search`, `movie`, `tv`, `person`, `discover` and `trending`: what needs no user."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, Literal, cast

import typer

from ._exit import Misuse
from ._media import COMPANIES, MIXED, NAMES, PEOPLE, TITLES, title_of
from ._settings import Settings
from ._show import Column, details, table, walk


class Searched(StrEnum):
    """What can be searched for."""

    MOVIE = "movie"
    TV = "tv"
    PERSON = "person"
    MULTI = "multi"
    COMPANY = "company"
    COLLECTION = "collection"
    KEYWORD = "keyword"


class Discovered(StrEnum):
    """What can be discovered."""

    MOVIE = "movie"
    TV = "tv"


class Trend(StrEnum):
    """What trends."""

    ALL = "all"
    MOVIE = "movie"
    TV = "tv"
    PERSON = "person"


class Window(StrEnum):
    """How far back a trend looks."""

    DAY = "day"
    WEEK = "week"


_COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "movie": TITLES,
    "tv": TITLES,
    "person": PEOPLE,
    "multi": MIXED,
    "all": MIXED,
    "company": COMPANIES,
    "collection": NAMES,
    "keyword": NAMES,
}

Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most; as many pages as that takes.")]
Page = Annotated[int, typer.Option("--page", min=1, max=500, help="The page to begin with; a page has 20.")]


def completed(kind: Literal["movie", "tv", "person"]) -> Any:
    """Return what completes the values of ``--append`` of a kind of thing."""

    def complete(incomplete: str) -> list[str]:
        former, comma, last = incomplete.rpartition(",")
        return [f"{former}{comma}{value}" for value in appendable(kind) if value.startswith(last)]

    return complete


def appendable(kind: Literal["movie", "tv", "person"]) -> list[str]:
    """Return what can be appended to the details of a kind of thing."""
    if kind == "movie":
        from tmdb_api_client.v3.models.movie_append import MOVIE_APPEND_VALUES

        return sorted(MOVIE_APPEND_VALUES)
    if kind == "tv":
        from tmdb_api_client.v3.models.tv_series_append import TV_SERIES_APPEND_VALUES

        return sorted(TV_SERIES_APPEND_VALUES)
    from tmdb_api_client.v3.models.person_append import PERSON_APPEND_VALUES

    return sorted(PERSON_APPEND_VALUES)


def search(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="[KIND] QUERY...", help="The kind of thing, and the words to search for.")
    ],
    year: Annotated[int | None, typer.Option(min=1870, max=2200, help="Year: movies and series only.")] = None,
    page: Page = 1,
    limit: Limit = 20,
) -> None:
    """Search by name or title.

    KIND is movie, tv, person, multi, company, collection or keyword.

    Without it movies, series and people are searched, as with multi.

    Example: tmdb search movie "star wars" --year 1977
    """
    settings = cast(Settings, context.obj)
    kind = Searched.MULTI
    if len(words) > 1 and words[0] in list(Searched):
        kind, words = Searched(words[0]), words[1:]
    if year is not None and kind not in (Searched.MOVIE, Searched.TV):
        raise Misuse("--year goes with movie and tv only: tmdb search movie QUERY --year 1977.")
    with settings.client() as tmdb:
        operation = getattr(tmdb.search, kind.value)
        arguments = {"year": year} if year is not None else {}
        fetch = partial(operation, " ".join(words), **arguments, **settings.localised(operation))
        table(settings, _COLUMNS[kind], walk(settings, fetch, limit=limit, page=page))


def movie(
    context: typer.Context,
    movie_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="TMDB's id of the movie.")],
    append: Annotated[
        list[str] | None,
        typer.Option(help="What to fetch along: credits,videos …", autocompletion=completed("movie")),
    ] = None,
) -> None:
    """Show a movie.

    Example: tmdb movie 11 --append credits,videos
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        operation = tmdb.movies.details
        found = operation(movie_id, append=_appended("movie", append), **settings.localised(operation)).to_dict()
    _show_details(settings, _about_title(found), found, _sections(append))


def tv(
    context: typer.Context,
    series_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="TMDB's id of the series.")],
    append: Annotated[
        list[str] | None,
        typer.Option(help="What to fetch along: credits,videos …", autocompletion=completed("tv")),
    ] = None,
) -> None:
    """Show a series.

    Example: tmdb tv 41 --append aggregate_credits
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        operation = tmdb.tv_series.details
        found = operation(series_id, append=_appended("tv", append), **settings.localised(operation)).to_dict()
    _show_details(settings, _about_title(found), found, _sections(append))


def person(
    context: typer.Context,
    person_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="TMDB's id of the person.")],
    append: Annotated[
        list[str] | None,
        typer.Option(help="What to fetch along: combined_credits …", autocompletion=completed("person")),
    ] = None,
) -> None:
    """Show a person.

    Example: tmdb person 2 --append combined_credits
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        operation = tmdb.people.details
        found = operation(person_id, append=_appended("person", append), **settings.localised(operation)).to_dict()
    pairs: list[tuple[str, object]] = [
        ("Name", found.get("name")),
        ("ID", found.get("id")),
        ("Known for", found.get("known_for_department")),
        ("Born", _joined(found.get("birthday"), found.get("place_of_birth"))),
        ("Died", found.get("deathday")),
        ("IMDb", found.get("imdb_id")),
        ("Homepage", found.get("homepage")),
        ("Biography", found.get("biography")),
    ]
    _show_details(settings, pairs, found, _sections(append))


def discover(
    context: typer.Context,
    kind: Annotated[Discovered, typer.Argument(metavar="movie|tv", help="What to look for.")],
    genre: Annotated[
        list[str] | None, typer.Option(help="A genre, by name or id; given again: all of them.", show_default=False)
    ] = None,
    sort_by: Annotated[
        str | None,
        typer.Option(help="The order, such as vote_average.desc.", autocompletion=lambda: _orders("movie")),
    ] = None,
    year: Annotated[int | None, typer.Option(min=1870, max=2200, help="Year of release, or of the start.")] = None,
    page: Page = 1,
    limit: Limit = 20,
) -> None:
    """Find movies or series by what they are.

    Example: tmdb discover movie --genre "science fiction" --year 1977 --sort-by vote_count.desc
    """
    settings = cast(Settings, context.obj)
    if sort_by is not None and sort_by not in _orders(kind.value):
        raise Misuse(f"--sort-by must be one of {', '.join(_orders(kind.value))}.")
    with settings.client() as tmdb:
        operation = tmdb.discover.movie if kind is Discovered.MOVIE else tmdb.discover.tv
        arguments = {
            "with_genres": _genre_ids(tmdb, kind.value, genre) if genre else None,
            "sort_by": sort_by,
            "primary_release_year" if kind is Discovered.MOVIE else "first_air_date_year": year,
            **settings.localised(operation),
        }
        given = {name: value for name, value in arguments.items() if value is not None}
        table(settings, TITLES, walk(settings, partial(operation, **given), limit=limit, page=page))


def trending(
    context: typer.Context,
    kind: Annotated[Trend, typer.Argument(metavar="[all|movie|tv|person]", help="What.")] = Trend.ALL,
    window: Annotated[Window, typer.Argument(metavar="[day|week]", help="Since when.")] = Window.DAY,
) -> None:
    """Show what people look at today, or this week: one page.

    Example: tmdb trending tv week
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        names = {Trend.ALL: "all", Trend.MOVIE: "movies", Trend.TV: "tv", Trend.PERSON: "people"}
        operation = getattr(tmdb.trending, names[kind])
        page = operation(window.value, **settings.localised(operation))
    table(settings, _COLUMNS[kind], [item.to_dict() for item in page.results])


def _orders(kind: str) -> list[str]:
    if kind == "movie":
        from tmdb_api_client.v3.models.movie_sort import MOVIE_SORT_VALUES

        return sorted(MOVIE_SORT_VALUES)
    from tmdb_api_client.v3.models.tv_series_sort import TV_SERIES_SORT_VALUES

    return sorted(TV_SERIES_SORT_VALUES)


def _genre_ids(tmdb: Any, kind: str, asked: list[str]) -> str:
    """Return the ids of genres that are given by name or by id."""
    if all(name.isdigit() for name in asked):
        return ",".join(asked)
    genres = (tmdb.genres.movies if kind == "movie" else tmdb.genres.tv)().genres
    ids = {str(genre.name).casefold(): str(genre.id) for genre in genres}
    unknown = [name for name in asked if not name.isdigit() and name.casefold() not in ids]
    if unknown:
        known = ", ".join(sorted(str(genre.name) for genre in genres))
        raise Misuse(f"There is no genre {unknown[0]!r} for {kind}. There are: {known}.")
    return ",".join(name if name.isdigit() else ids[name.casefold()] for name in asked)


def _sections(append: list[str] | None) -> list[str]:
    return [name for part in append or [] for name in part.split(",") if name]


def _appended(kind: Literal["movie", "tv", "person"], append: list[str] | None) -> Any:
    """Return the sections to append, checked.

    Raises:
        Misuse: one of them does not belong to this kind of thing.
    """
    asked, known = _sections(append), appendable(kind)
    for name in asked:
        if name not in known:
            raise Misuse(f"--append: there is no {name!r} for {kind}. There are: {', '.join(known)}.")
    return asked


def _joined(*values: object) -> str:
    return ", ".join(str(value) for value in values if value)


def _about_title(found: Mapping[str, Any]) -> list[tuple[str, object]]:
    original = found.get("original_title") or found.get("original_name")
    score, votes = found.get("vote_average"), found.get("vote_count")
    seasons, episodes = found.get("number_of_seasons"), found.get("number_of_episodes")
    minutes = found.get("runtime") or next(iter(found.get("episode_run_time") or []), None)
    return [
        ("Title", title_of(found)),
        ("Original", original if original != title_of(found) else None),
        ("ID", found.get("id")),
        ("Released", found.get("release_date")),
        ("On air", " to ".join(filter(None, [found.get("first_air_date"), found.get("last_air_date")]))),
        ("Status", found.get("status")),
        ("Seasons", f"{seasons}, {episodes} episodes" if seasons else None),
        ("Runtime", f"{minutes} minutes" if minutes else None),
        ("Genres", [genre.get("name") for genre in found.get("genres") or []]),
        ("Score", f"{score:.1f} of {votes} votes" if isinstance(score, int | float) else None),
        ("IMDb", found.get("imdb_id")),
        ("Homepage", found.get("homepage")),
        ("Tagline", found.get("tagline")),
        ("Overview", found.get("overview")),
    ]


def _show_details(
    settings: Settings, pairs: list[tuple[str, object]], found: Mapping[str, Any], sections: list[str]
) -> None:
    more = [(name.replace("_", " ").capitalize(), _summary(found.get(name))) for name in sections]
    details(settings, [*pairs, *more], found)


def _summary(section: object) -> str:
    """Return what an appended section holds, in a few words; ``--json`` has all of it."""
    if not isinstance(section, Mapping):
        return "none"
    lists = {name: value for name, value in section.items() if isinstance(value, list)}
    if not lists:
        return _joined(*(f"{name} {value}" for name, value in section.items() if value and name != "id")) or "none"
    return "; ".join(f"{_few(items)} ({len(items)} {name})" if items else f"no {name}" for name, items in lists.items())


def _few(items: list[Any]) -> str:
    names: list[str] = []
    for item in items[:5]:
        if isinstance(item, Mapping):
            role = item.get("character") or item.get("job")
            name = title_of(item) or item.get("iso_3166_1") or item.get("author") or item.get("file_path") or ""
            names.append(f"{name} ({role})" if role else str(name))
        else:
            names.append(str(item))
    return ", ".join(filter(None, names)) + (" …" if len(items) > 5 else "")
