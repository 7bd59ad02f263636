"""`tmdb rate`, `rated`, `favorite` and `watchlist`: what a user or a guest thinks of things."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tmdb_ext._errors import ConfigurationError

from ._exit import Misuse
from ._media import MIXED, RATED, Item, parsed
from ._settings import Settings
from ._show import done, table, walk

if TYPE_CHECKING:
    from tmdb_ext import TMDB

rate = typer.Typer(help="Rate a movie, a series or an episode; as a guest where nobody is logged in.")
favorite = typer.Typer(help="Your favourite movies and series.")
watchlist = typer.Typer(help="The movies and series that you want to see.")


class Rated(StrEnum):
    """What can have been rated."""

    ALL = "all"
    MOVIE = "movie"
    TV = "tv"
    EPISODE = "episode"


class Listed(StrEnum):
    """What can be a favourite, or on the watchlist."""

    ALL = "all"
    MOVIE = "movie"
    TV = "tv"


Value = Annotated[
    float | None,
    typer.Argument(
        metavar="VALUE", min=0.5, max=10, help="The rating: 0.5 to 10, in steps of 0.5.", show_default=False
    ),
]
Delete = Annotated[bool, typer.Option("--delete", help="Take the rating back.")]
Items = Annotated[list[str], typer.Argument(metavar="ITEM...", help="movie:11, tv:41 …")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many of each kind at most.")]


@rate.command("movie")
def rate_movie(
    context: typer.Context,
    movie_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="TMDB's id of the movie.")],
    value: Value = None,
    delete: Delete = False,
) -> None:
    """Rate a movie.

    Example: tmdb rate movie 11 8.5
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        _rate(settings, tmdb.movies, (movie_id,), f"movie {movie_id}", value, delete=delete)


@rate.command("tv")
def rate_tv(
    context: typer.Context,
    series_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="TMDB's id of the series.")],
    value: Value = None,
    delete: Delete = False,
) -> None:
    """Rate a series.

    Example: tmdb rate tv 41 --delete
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        _rate(settings, tmdb.tv_series, (series_id,), f"series {series_id}", value, delete=delete)


@rate.command("episode")
def rate_episode(
    context: typer.Context,
    series_id: Annotated[int, typer.Argument(metavar="SERIES", min=1, help="TMDB's id of the series.")],
    season: Annotated[int, typer.Argument(metavar="SEASON", min=0, help="The season; 0 for specials.")],
    episode: Annotated[int, typer.Argument(metavar="EPISODE", min=0, help="The episode of the season.")],
    value: Value = None,
    delete: Delete = False,
) -> None:
    """Rate an episode.

    Example: tmdb rate episode 41 1 2 7.5
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        what = f"series {series_id}, season {season}, episode {episode}"
        _rate(settings, tmdb.tv_episodes, (series_id, season, episode), what, value, delete=delete)


def _rate(
    settings: Settings, resource: Any, ids: tuple[int, ...], what: str, value: float | None, *, delete: bool
) -> None:
    if (value is None) != delete:
        raise Misuse("Give a rating from 0.5 to 10, or --delete, and not both.")
    if delete:
        answer = resource.delete_rating(*ids)
        done(settings, f"Took back the rating of {what}.", answer.to_dict())
    else:
        answer = resource.add_rating(*ids, value=value)
        done(settings, f"Rated {what}: {value:g}.", answer.to_dict())


def rated(
    context: typer.Context,
    kind: Annotated[Rated, typer.Argument(metavar="[all|movie|tv|episode]", help="What.")] = Rated.ALL,
    limit: Limit = 100,
) -> None:
    """Show your own ratings: the user's, or the guest's where nobody is logged in.

    Example: tmdb rated movie --limit 10
    """
    settings = cast(Settings, context.obj)
    kinds = [one for one in Rated if one is not Rated.ALL] if kind is Rated.ALL else [kind]
    with settings.client() as tmdb:
        resource: Any = tmdb.account if is_user(tmdb) else tmdb.guest_sessions
        if not is_user(tmdb) and tmdb.guest.info() is None:
            raise ConfigurationError(
                "Nobody is logged in, and there is no guest session that could have rated. "
                "Run: tmdb auth login (or tmdb auth guest)"
            )
        names = {Rated.MOVIE: "rated_movies", Rated.TV: "rated_tv", Rated.EPISODE: "rated_tv_episodes"}
        found = []
        for one in kinds:
            operation = getattr(resource, names[one])
            fetch = partial(operation, **settings.localised(operation))
            found += [{**item, "media_type": one.value} for item in walk(settings, fetch, limit=limit)]
    table(settings, RATED, found)


def is_user(tmdb: TMDB) -> bool:
    """Return whether a client acts for a user."""
    return bool({"session_id", "user_access_token"} & set(tmdb.auth.held))


@favorite.command("show")
def favorite_show(
    context: typer.Context,
    kind: Annotated[Listed, typer.Argument(metavar="[all|movie|tv]", help="What.")] = Listed.ALL,
    limit: Limit = 100,
) -> None:
    """Show your favourites.

    Example: tmdb favorite show tv
    """
    _show_marked(cast(Settings, context.obj), kind, limit, {"movie": "favorite_movies", "tv": "favorite_tv"})


@favorite.command("add")
def favorite_add(context: typer.Context, items: Items) -> None:
    """Make things your favourites.

    Example: tmdb favorite add movie:11 tv:41
    """
    _mark(cast(Settings, context.obj), items, "add_favorite", "favorite", "Added {} to your favourites.", on=True)


@favorite.command("remove")
def favorite_remove(context: typer.Context, items: Items) -> None:
    """Take things off your favourites.

    Example: tmdb favorite remove movie:11
    """
    _mark(cast(Settings, context.obj), items, "add_favorite", "favorite", "Took {} off your favourites.", on=False)


@watchlist.command("show")
def watchlist_show(
    context: typer.Context,
    kind: Annotated[Listed, typer.Argument(metavar="[all|movie|tv]", help="What.")] = Listed.ALL,
    limit: Limit = 100,
) -> None:
    """Show what you want to see.

    Example: tmdb watchlist show movie
    """
    _show_marked(cast(Settings, context.obj), kind, limit, {"movie": "watchlist_movies", "tv": "watchlist_tv"})


@watchlist.command("add")
def watchlist_add(context: typer.Context, items: Items) -> None:
    """Put things on your watchlist.

    Example: tmdb watchlist add movie:11 tv:41
    """
    settings = cast(Settings, context.obj)
    _mark(settings, items, "add_to_watchlist", "watchlist", "Put {} on your watchlist.", on=True)


@watchlist.command("remove")
def watchlist_remove(context: typer.Context, items: Items) -> None:
    """Take things off your watchlist.

    Example: tmdb watchlist remove tv:41
    """
    settings = cast(Settings, context.obj)
    _mark(settings, items, "add_to_watchlist", "watchlist", "Took {} off your watchlist.", on=False)


def _show_marked(settings: Settings, kind: Listed, limit: int, names: dict[str, str]) -> None:
    found = []
    with settings.client() as tmdb:
        for one in names if kind is Listed.ALL else [kind.value]:
            operation = getattr(tmdb.account, names[one])
            fetch = partial(operation, **settings.localised(operation))
            found += [{**item, "media_type": one} for item in walk(settings, fetch, limit=limit)]
    table(settings, MIXED, found)


def _mark(settings: Settings, items: list[str], operation: str, flag: str, sentence: str, *, on: bool) -> None:
    chosen = parsed(items)
    with settings.client() as tmdb:
        answers = [
            getattr(tmdb.account, operation)(media_id=item.id, media_type=item.kind, **{flag: on}).to_dict()
            for item in chosen
        ]
    done(settings, sentence.format(listed(chosen)), answers)


def listed(items: list[Item]) -> str:
    """Return things in words."""
    return ", ".join(map(str, items))
