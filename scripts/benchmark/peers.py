"""Other clients, called as their users do and pointed at the server of the bench. Runs in an environment of its own.

Each is asked for another movie with each call: one of them remembers what it was asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

Operations = dict[str, Callable[[int], Any]]

KEY: Final = "0123456789abcdef0123456789abcdef"


def tmdbsimple(base_url: str) -> Operations:
    """tmdbsimple, with the session that its manual advises; it asks for a new connection all the same."""
    tmdb, requests = _module("tmdbsimple"), _module("requests")
    tmdb.API_KEY, tmdb.REQUESTS_SESSION = KEY, requests.Session()
    # Its address is written into the constructor of its base class.
    tmdb.base.TMDB._get_complete_url = lambda _, path: f"{base_url}/3/{path}"  # noqa: SLF001
    return {"details": lambda number: tmdb.Movies(number).info(language="en-US")}


def tmdbv3api(base_url: str) -> Operations:
    """tmdbv3api, with its cache, which never hits here."""
    tmdb = _module("tmdbv3api")
    tmdb.TMDb().api_key = KEY
    movie = tmdb.Movie()
    movie._base = f"{base_url}/3"  # noqa: SLF001 - each object has its address written in
    return {"details": movie.details}


def themoviedb(base_url: str) -> Operations:
    """themoviedb over requests, with the connections kept, which takes a `with` there."""
    tmdb = _module("themoviedb").TMDb(api_key=KEY, language="en-US")
    tmdb._config.host = base_url  # noqa: SLF001 - no argument for it
    tmdb.__enter__()
    return {"details": lambda number: tmdb.movie(number).details()}


async def themoviedb_async(base_url: str) -> Operations:
    """The same over aiohttp."""
    tmdb = _module("themoviedb").aioTMDb(api_key=KEY, language="en-US")
    tmdb._config.host = base_url  # noqa: SLF001 - no argument for it
    await tmdb.__aenter__()
    return {"details": lambda number: tmdb.movie(number).details()}


def tmdbapis(base_url: str) -> Operations:
    """tmdbapis. It always asks for all that can be appended; here it is spared the decoding of it."""
    # Its address is a constant of its module.
    _module("tmdbapis.api3").base_url = f"{base_url}/3"
    tmdb = _module("tmdbapis").TMDbAPIs(KEY)
    return {"details": tmdb.movie}


def _module(name: str) -> Any:
    """A module that is there in the peers' environment only."""
    return importlib.import_module(name)
