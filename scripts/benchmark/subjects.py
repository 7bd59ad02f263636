"""What is measured in the development environment: this client, httpx by hand, and the stock generator's output.

A subject is made in its worker's process, and is a table of operations. Each takes the number of the call.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any, Final

from . import bodies
from .reading import everything, ten_of_dictionaries, ten_of_models

Operations = dict[str, Callable[[int], Any]]

TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJiZW5jaCJ9.c2lnbmF0dXJl"  # noqa: S105 - it opens nothing
LANGUAGE: Final = "en-US"


def reader(content: bytes, model: Any) -> Callable[[], Any]:
    """From the bytes of an answer to a model, as the wrapped client does it: the one place that knows the seam."""
    from tmdb_ext._json import loads

    return lambda: model.from_dict(loads(content))


def ext(base_url: str) -> Operations:
    """This client, with the settings that a user has who sets none."""
    from tmdb_api_client.v3.models import MovieDetails

    from tmdb_ext import TMDB

    tmdb = TMDB(access_token=TOKEN, base_url=base_url)
    movie = reader(bodies.encoded(bodies.movie()), MovieDetails)
    names: dict[type, list[str]] = {}
    return {
        "genres": lambda _: tmdb.genres.movies(language=LANGUAGE),
        "details": lambda number: tmdb.movies.details(number, language=LANGUAGE),
        "everything": lambda _: everything(movie(), names, _attributes),
        "ten": lambda _: ten_of_models(movie()),
    }


async def ext_async(base_url: str) -> Operations:
    """The same, awaited."""
    return _awaited(base_url)


async def ext_aiohttp(base_url: str) -> Operations:
    """The same over the transport that an extra brings."""
    from tmdb_ext.aiohttp import AiohttpTransport

    return _awaited(base_url, transport=AiohttpTransport())


def _awaited(base_url: str, **settings: Any) -> Operations:
    from tmdb_ext import AsyncTMDB

    tmdb = AsyncTMDB(access_token=TOKEN, base_url=base_url, **settings)
    return {
        "genres": lambda _: tmdb.genres.movies(language=LANGUAGE),
        "details": lambda number: tmdb.movies.details(number, language=LANGUAGE),
    }


def raw(base_url: str) -> Operations:
    """httpx and `json.loads`, by hand."""
    import httpx

    http = httpx.Client(base_url=base_url, headers=headers())
    movie = bodies.encoded(bodies.movie())

    def get(path: str) -> Any:
        return json.loads(http.get(path, params={"language": LANGUAGE}).content)

    return {
        "genres": lambda _: get("/3/genre/movie/list"),
        "details": lambda number: get(f"/3/movie/{number}"),
        "everything": lambda _: everything(json.loads(movie), {}, _attributes),
        "ten": lambda _: ten_of_dictionaries(json.loads(movie)),
    }


async def raw_async(base_url: str) -> Operations:
    """The same, awaited."""
    import httpx

    http = httpx.AsyncClient(base_url=base_url, headers=headers())

    async def get(path: str) -> Any:
        return json.loads((await http.get(path, params={"language": LANGUAGE})).content)

    return {
        "genres": lambda _: get("/3/genre/movie/list"),
        "details": lambda number: get(f"/3/movie/{number}"),
    }


def stock(base_url: str) -> Operations:
    """What openapi-python-client makes of the same document with its own templates."""
    models = importlib.import_module("stock_tmdb.models")
    genres = importlib.import_module("stock_tmdb.api.genres.genre_movie_list")
    details = importlib.import_module("stock_tmdb.api.movies.movie_details")
    client = importlib.import_module("stock_tmdb.client").AuthenticatedClient(base_url=base_url, token=TOKEN)
    movie, names = bodies.encoded(bodies.movie()), dict[type, list[str]]()

    def decoded() -> Any:
        return models.MovieDetails.from_dict(json.loads(movie))

    return {
        "genres": lambda _: genres.sync(client=client, language=LANGUAGE),
        "details": lambda number: details.sync(number, client=client, language=LANGUAGE),
        "everything": lambda _: everything(decoded(), names, _attributes),
        "ten": lambda _: ten_of_models(decoded(), "_"),
    }


def headers() -> dict[str, str]:
    """What this client sends too, that TMDB looks at."""
    return {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}


def _attributes(cls: type) -> list[str]:
    """The attributes of a class of attrs that come from an answer."""
    fields: Any = getattr(cls, "__attrs_attrs__", ())
    return [field.name for field in fields if field.name != "additional_properties"]
