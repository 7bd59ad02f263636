"""Calls every public method of another client, in a process of that client's own, and prints what came of each.

A line of output is a JSON array: the method, and null or what went wrong. Arguments are chosen by their names; each
call that ends something, such as a session or a list, is given one that was made for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import requests

BASE = f"https://{importlib.import_module('there').HOST}"
KEY, SESSION = os.environ["TMDB_API_KEY"], os.environ["TMDB_SESSION_ID"]
FACTS: dict[str, Any] = json.loads(os.environ["TMDB_FACTS"])
USER_TOKEN = os.environ["TMDB_USER_TOKEN"]


def call(method: str, path: str, body: Any = None, **query: Any) -> Any:
    """A request of the driver's own."""
    headers = {"Authorization": f"Bearer {USER_TOKEN}"} if path.startswith("/4/") else {}
    answer = requests.request(
        method, BASE + path, params={"api_key": KEY, **query}, json=body, headers=headers, timeout=60
    )
    answer.raise_for_status()
    return answer.json()


def _session() -> str:
    made: str = call("POST", "/simulator/sessions", {})["session_id"]
    return made


def _user_token() -> str:
    made: str = call("POST", "/simulator/user_access_tokens", {})["access_token"]
    return made


def _approved(version: int) -> str:
    if version == 3:
        token = call("GET", "/3/authentication/token/new")["request_token"]
    else:
        token = call("POST", "/4/auth/request_token", {})["request_token"]
    call("POST", "/simulator/approve", {"request_token": token})
    return str(token)


def _guest() -> str:
    guest = call("GET", "/3/authentication/guest_session/new")["guest_session_id"]
    for path in ("movie/11", "tv/41", "tv/41/season/1/episode/1"):
        call("POST", f"/3/{path}/rating", {"value": 8}, guest_session_id=guest)
    return str(guest)


def _list(version: int) -> int:
    if version == 3:
        made = call("POST", "/3/list", {"name": "Rain", "description": ""}, session_id=SESSION)["list_id"]
        call("POST", f"/3/list/{made}/add_item", {"media_id": 12}, session_id=SESSION)
    else:
        made = call("POST", "/4/list", {"name": "Rain", "iso_639_1": "en"})["id"]
        call("POST", f"/4/list/{made}/items", {"items": [{"media_type": "movie", "media_id": 12}]})
    return int(made)


USUAL: dict[str, Callable[[int], Any] | Any] = {
    **FACTS,
    "query": "star", "movie_id": 11, "tv_id": 41, "person_id": 21, "company_id": 1, "network_id": 61,
    "collection_id": 10, "keyword_id": 809, "season_number": 1, "episode_number": 1,
    "media_id": 12, "media_type": "movie", "time_window": "day", "external_source": "imdb_id",
    "external_id": FACTS["imdb_id"], "value": 8.0, "rating": 8.0, "favorite": True, "watchlist": True, "confirm": True,
    "name": "Rain", "iso_639_1": "en", "username": os.environ["TMDB_USERNAME"],
    "password": os.environ["TMDB_PASSWORD"], "items": [{"media_type": "movie", "media_id": 12}],
    "list_id": _list, "session_id": lambda _: _session(), "request_token": _approved,
    "access_token": lambda _: _user_token(), "guest_session_id": lambda _: _guest(),
}  # fmt: skip


def arguments(method: Callable[..., Any], owner: str, version: int = 3) -> dict[str, Any]:
    """Values for the parameters of a method that have no default."""
    found = {}
    for name, parameter in inspect.signature(method).parameters.items():
        special = SPECIAL.get((owner, method.__name__), {})
        if name in special:
            value = special[name]
        elif parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD:
            continue
        else:
            value = USUAL[name]
        found[name] = value(version) if callable(value) else value
    return found


SPECIAL: dict[tuple[str, str], dict[str, Any]] = {
    # one of them has to be given, though each has a default
    ("TMDbAPIs", "find_by_id"): {"imdb_id": FACTS["imdb_id"]},
    # whose name may be left out as far as its signature goes
    ("API3", "lists_create_list"): {"name": "Rain"},
    ("API3", "lists_remove_movie"): {"movie_id": 12},  # it is on the list, see _list
    ("API3", "tv_seasons_get_changes"): {"season_id": FACTS["season_id"]},
    ("API3", "tv_episodes_get_changes"): {"episode_id": FACTS["episode_id"]},
    ("TMDbAPIs", "company_search"): {"query": "Sony"},
    ("TMDbAPIs", "keyword_search"): {"query": "alien"},
    ("TMDbAPIs", "people_search"): {"query": "Will Smith"},
    ("TMDbAPIs", "tv_search"): {"query": "Breaking Bad"},
    # a session or token that is ended has to be another than the one that all calls carry
    ("API3", "authentication_delete_session"): {"session_id": lambda _: _session()},
    ("API4", "list_update_list"): {"name": "Rain and wind"},
    ("TMDbList", "update"): {"name": "Rain and wind"},
    ("API4", "list_update_items"): {"items": [{"media_type": "movie", "media_id": 12, "comment": "wet"}]},
    # what themoviedb calls ids are numbers
    ("client", "season"): {"season_id": 1},
    ("client", "episode"): {"season_id": 1, "episode_id": 1},
    ("TMDbAPIs", "list"): {"list_id": lambda _: _list(4)},
    ("TMDbAPIs", "v4_access"): {"access_token": os.environ["TMDB_ACCESS_TOKEN"]},
    ("TMDbAPIs", "trending"): {"media_type": "tv"},
    ("TMDbList", "has_item"): {"item": (12, "movie")},
    ("TMDbList", "add_items"): {"items": [(13, "movie"), (41, "tv")]},
    ("TMDbList", "remove_items"): {"items": [(13, "movie")]},
    ("TMDbList", "update_items"): {"items": [((12, "movie"), "wet")]},
}


def public(owner: type) -> Iterator[str]:
    """The public methods of a class in the order in which they are written, those of its bases first."""
    names: dict[str, None] = {}
    for base in reversed(owner.__mro__):
        for name, value in vars(base).items():
            if not name.startswith("_") and inspect.isfunction(value):
                names[name] = None
    yield from names


@contextlib.contextmanager
def reported(name: str) -> Iterator[None]:
    """Prints what comes of a call."""
    error = None
    try:
        yield
    except Exception as caught:  # noqa: BLE001 - whatever a peer raises is the finding
        error = f"{type(caught).__name__}: {caught}"
    print(json.dumps([name, error]), flush=True)


# TMDbAPIs


def touch(found: Any) -> Any:
    """Reads all that a result has, with everything that is fetched when it is read."""
    for one in found if isinstance(found, list) else [found]:
        str(one)
        if not type(one).__module__.startswith("tmdbapis."):
            continue
        for name in dir(type(one)) + list(getattr(one, "__dict__", ())):
            if not name.startswith("_"):
                getattr(one, name)
        if hasattr(one, "results"):
            one.load_page(1)
    return found


def tmdbapis() -> None:
    """The two raw APIs, the objects, and their methods."""
    api3, api4 = importlib.import_module("tmdbapis.api3"), importlib.import_module("tmdbapis.api4")
    objects = importlib.import_module("tmdbapis.tmdb")

    def fresh() -> Any:
        made = objects.TMDbAPIs(KEY, session_id=_session(), v4_access_token=os.environ["TMDB_ACCESS_TOKEN"])
        call("POST", "/simulator/approve", {"request_token": made.v4_authenticate().rpartition("=")[2]})
        made.v4_approved()
        return made

    every(api3.API3(KEY, session_id=_session()), 3)
    raw = api4.API4(os.environ["TMDB_ACCESS_TOKEN"])
    raw.auth_create_access_token(_approved(4))
    every(raw, 4)
    whole = fresh()
    seen: dict[type, Any] = {}
    for name in public(objects.TMDbAPIs):
        if name == "v4_approved":
            continue  # fresh() has called it
        one = fresh() if name in ("logout", "authenticate", "v4_access", "v4_authenticate") else whole
        found = attempt(one, name)
        if type(found).__module__.startswith("tmdbapis.objs"):
            seen.setdefault(type(found), found)
    for found in seen.values():
        every(found, skip=("load_next", "load_page", "get_results"))  # one kind of page is as good as another
    pages = whole.discover_movies()
    attempt(pages, "load_next")
    attempt(pages, "load_page", page=3)
    attempt(pages, "get_results", amount=50)


def every(one: Any, version: int = 3, skip: tuple[str, ...] = ()) -> None:
    """Calls all public methods of an object."""
    for name in public(type(one)):
        if name not in skip:
            attempt(one, name, version)


def attempt(one: Any, name: str, version: int = 3, **given: Any) -> Any:
    """Calls a method and reads all of what it returns."""
    method = getattr(one, name)
    label = f"{type(one).__name__}.{name}"
    with reported(label):
        return touch(method(**(given or arguments(method, type(one).__name__, version))))


# themoviedb


def themoviedb() -> None:
    """All methods of all its resources, sync and async."""
    module = importlib.import_module("themoviedb")
    for resource, name in resources(module.TMDb(api_key=KEY)):
        attempt(resource, name)
    asyncio.run(_async(module))


async def _async(module: Any) -> None:
    async with module.aioTMDb(api_key=KEY) as client:
        for resource, name in resources(client):
            method, owner = getattr(resource, name), type(resource).__name__
            with reported(f"async {owner}.{name}"):
                touch(await method(**arguments(method, owner)))


def resources(client: Any) -> Iterator[tuple[Any, str]]:
    """Each resource of a client, with each of its methods."""
    for factory in public(type(client)):
        if factory in ITS_OWN:
            continue
        make = getattr(client, factory)
        resource = make(**arguments(make, "client"))
        yield from ((resource, name) for name in public(type(resource)) if name not in ITS_OWN)


ITS_OWN = ("close", "aclose", "request")
"""What is about the connection."""


if __name__ == "__main__":
    {"tmdbapis": tmdbapis, "themoviedb": themoviedb}[sys.argv[1]]()
