"""`tmdb list`: the lists of a user, in v4 where a user access token is held and in v3 otherwise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import typer

from tmdb_ext._errors import ConfigurationError

from ._exit import Refusal
from ._media import MIXED, Item, parsed
from ._settings import Settings
from ._show import Column, ask, details, done, is_terminal, note, table, walk

if TYPE_CHECKING:
    from tmdb_ext import TMDB

app = typer.Typer(
    help="Your lists. After 'tmdb auth login --v4' they hold movies and series; after 'tmdb auth login' movies only."
)

ListId = Annotated[int, typer.Argument(metavar="ID", min=1, help="TMDB's id of the list.")]
Items = Annotated[list[str], typer.Argument(metavar="ITEM...", help="movie:11, tv:41 …")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]

_COLUMNS = (
    Column("ID", lambda item: item.get("id"), right=True),
    Column("Name", lambda item: item.get("name"), wide=True),
    Column("Items", lambda item: item.get("number_of_items", item.get("item_count")), right=True),
    Column("Description", lambda item: item.get("description"), wide=True),
)


class _Lists(Protocol):
    """What both versions of the API can do with lists."""

    def all(self, limit: int) -> list[dict[str, Any]]: ...
    def show(self, list_id: int, limit: int) -> tuple[dict[str, Any], list[dict[str, Any]]]: ...
    def create(self, name: str, description: str | None, public: bool | None) -> dict[str, Any]: ...
    def add(self, list_id: int, items: list[Item]) -> Any: ...
    def remove(self, list_id: int, items: list[Item]) -> Any: ...
    def clear(self, list_id: int) -> Any: ...
    def delete(self, list_id: int) -> Any: ...


class _V3:
    def __init__(self, settings: Settings, tmdb: TMDB) -> None:
        self._settings = settings
        self._tmdb = tmdb

    def all(self, limit: int) -> list[dict[str, Any]]:
        return walk(self._settings, self._tmdb.account.lists, limit=limit)

    def show(self, list_id: int, limit: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return _shown(self._settings, self._tmdb.lists.details, list_id, limit, "items")

    def create(self, name: str, description: str | None, public: bool | None) -> dict[str, Any]:
        if public is not None:
            raise ConfigurationError("Only lists of v4 can be public or private. Run: tmdb auth login --v4")
        made = self._tmdb.lists.create(name=name, description=description, language=self._settings.language)
        return {**made.to_dict(), "id": made.list_id}

    def add(self, list_id: int, items: list[Item]) -> Any:
        return self._each(self._tmdb.lists.add_movie, list_id, items)

    def remove(self, list_id: int, items: list[Item]) -> Any:
        return self._each(self._tmdb.lists.remove_movie, list_id, items)

    def clear(self, list_id: int) -> Any:
        return self._tmdb.lists.clear(list_id, confirm=True).to_dict()

    def delete(self, list_id: int) -> Any:
        return self._tmdb.lists.delete(list_id).to_dict()

    def _each(self, operation: Any, list_id: int, items: list[Item]) -> list[Any]:
        series = next((item for item in items if item.kind != "movie"), None)
        if series is not None:
            raise ConfigurationError(
                f"{series}: with a session of v3 lists take movies only. Nothing was sent. Run: tmdb auth login --v4"
            )
        return [operation(list_id, media_id=item.id).to_dict() for item in items]


class _V4:
    def __init__(self, settings: Settings, tmdb: TMDB) -> None:
        self._settings = settings
        self._tmdb = tmdb

    def all(self, limit: int) -> list[dict[str, Any]]:
        return walk(self._settings, self._tmdb.v4.account.lists, limit=limit)

    def show(self, list_id: int, limit: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return _shown(self._settings, self._tmdb.v4.lists.details, list_id, limit, "results")

    def create(self, name: str, description: str | None, public: bool | None) -> dict[str, Any]:
        language = (self._settings.language or "en").partition("-")[0]
        made = self._tmdb.v4.lists.create(
            name=name, description=description, public=public, iso_639_1=language, iso_3166_1=self._settings.region
        )
        return made.to_dict()

    def add(self, list_id: int, items: list[Item]) -> Any:
        return self._checked(self._tmdb.v4.lists.add_items(list_id, items=self._given(items)))

    def remove(self, list_id: int, items: list[Item]) -> Any:
        return self._checked(self._tmdb.v4.lists.remove_items(list_id, items=self._given(items)))

    def clear(self, list_id: int) -> Any:
        return self._tmdb.v4.lists.clear(list_id).to_dict()

    def delete(self, list_id: int) -> Any:
        return self._tmdb.v4.lists.delete(list_id).to_dict()

    def _given(self, items: list[Item]) -> Any:
        from tmdb_api_client.v4.models.list_item import ListItem

        return [ListItem(media_id=item.id, media_type=item.kind) for item in items]

    def _checked(self, answer: Any) -> Any:
        """Return what TMDB says of each item; an error names those that it has not taken."""
        refused = [f"{item.media_type}:{item.media_id}" for item in answer.results if item.success is False]
        if refused:
            raise Refusal(f"TMDB did not take {', '.join(refused)}: there already, not there, or unknown.")
        return answer.to_dict()


def _lists(settings: Settings, tmdb: TMDB) -> _Lists:
    return _V4(settings, tmdb) if tmdb.v4.auth.token is not None else _V3(settings, tmdb)


def _shown(
    settings: Settings, operation: Any, list_id: int, limit: int, results: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    fetch = partial(operation, list_id, **settings.localised(operation))
    first = fetch()
    items = [item.to_dict() for item in getattr(first, results)][:limit]
    if len(items) < limit and (first.total_pages or 1) > 1:
        items += walk(settings, fetch, limit=limit - len(items), page=2)
    return {**first.to_dict(), results: items}, items


@app.command("ls")
def ls(context: typer.Context, limit: Limit = 100) -> None:
    """Show your lists.

    Example: tmdb list ls
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        table(settings, _COLUMNS, _lists(settings, tmdb).all(limit))


@app.command("show")
def show(context: typer.Context, list_id: ListId, limit: Limit = 100) -> None:
    """Show what is on a list, your own or a public one.

    Example: tmdb list show 1
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        about, items = _lists(settings, tmdb).show(list_id, limit)
    if settings.json:
        details(settings, [], about)
        return
    if _for_people():
        note(f"{about.get('name')}: {about.get('description') or 'no description'}")
    table(settings, MIXED, items)


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the list is called.")],
    description: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    public: Annotated[
        bool | None, typer.Option("--public/--private", help="Who may see it (v4 only).", show_default=False)
    ] = None,
) -> None:
    """Make a list, and tell its id; in a pipe the id is all that is written.

    Example: tmdb list create "Rainy days" --description "For November"
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        made = _lists(settings, tmdb).create(name, description, public)
    done(settings, f"Made list {made.get('id')}: {name}." if _for_people() else str(made.get("id")), made)


def _for_people() -> bool:
    import sys

    return is_terminal(sys.stdout)


@app.command("add")
def add(context: typer.Context, list_id: ListId, items: Items) -> None:
    """Put movies and series on a list.

    Example: tmdb list add 1 movie:11 tv:41
    """
    _change(cast(Settings, context.obj), list_id, items, "add", "Put {} on list {}.")


@app.command("remove")
def remove(context: typer.Context, list_id: ListId, items: Items) -> None:
    """Take movies and series off a list.

    Example: tmdb list remove 1 tv:41
    """
    _change(cast(Settings, context.obj), list_id, items, "remove", "Took {} off list {}.")


def _change(settings: Settings, list_id: int, items: list[str], what: str, sentence: str) -> None:
    chosen = parsed(items)
    with settings.client() as tmdb:
        answer = getattr(_lists(settings, tmdb), what)(list_id, chosen)
    done(settings, sentence.format(", ".join(map(str, chosen)), list_id), answer)


@app.command("clear")
def clear(context: typer.Context, list_id: ListId, yes: Yes = False) -> None:
    """Take everything off a list. It asks first, unless --yes is given.

    Example: tmdb list clear 1 --yes
    """
    settings = cast(Settings, context.obj)
    ask(f"Take everything off list {list_id}?", yes=yes)
    with settings.client() as tmdb:
        answer = _lists(settings, tmdb).clear(list_id)
    done(settings, f"Took everything off list {list_id}.", answer)


@app.command("delete")
def delete(context: typer.Context, list_id: ListId, yes: Yes = False) -> None:
    """Delete a list. It asks first, unless --yes is given.

    Example: tmdb list delete 1
    """
    settings = cast(Settings, context.obj)
    ask(f"Delete list {list_id}?", yes=yes)
    with settings.client() as tmdb:
        answer = _lists(settings, tmdb).delete(list_id)
    done(settings, f"Deleted list {list_id}.", answer)
