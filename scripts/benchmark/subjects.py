"""What is measured in the development environment: this client, httpx by hand, and the stock generator's output.

A subject is made in its worker's process, and is a table of operations. Each takes the number of the call.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any, Final

from . import bodies

Operations = dict[str, Callable[[int], Any]]

TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJiZW5jaCJ9.c2lnbmF0dXJl"  # noqa: S105 - it opens nothing
LANGUAGE: Final = "en-US"


def reader(content: bytes, model: Any) -> Callable[[], Any]:
    """From the bytes of an answer to a model, as the wrapped client does it: the one place that knows the seam."""
    from tmdb_ext._json import loads

    return lambda: model.from_dict(loads(content))


def ext(base_url: str) -> Operations:
    """This client, with the settings that a user has who sets none."""
    from tmdb_api_client.v3.models import MovieDetails, MovieSummaryPage

    from tmdb_ext import TMDB

    tmdb = TMDB(access_token=TOKEN, base_url=base_url)
    movie = reader(bodies.encoded(bodies.movie()), MovieDetails)
    search = reader(bodies.encoded(bodies.search()), MovieSummaryPage)
    return {
        "genres": lambda _: tmdb.genres.movies(language=LANGUAGE),
        "details": lambda number: tmdb.movies.details(number, language=LANGUAGE),
        "movie": lambda _: movie(),
        "movie-read": lambda _: _models_read(movie(), "credits"),
        "search": lambda _: search(),
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
    movie, search = bodies.encoded(bodies.movie()), bodies.encoded(bodies.search())

    def get(path: str) -> Any:
        return json.loads(http.get(path, params={"language": LANGUAGE}).content)

    return {
        "genres": lambda _: get("/3/genre/movie/list"),
        "details": lambda number: get(f"/3/movie/{number}"),
        "movie": lambda _: json.loads(movie),
        "movie-read": lambda _: _values_read(json.loads(movie)),
        "search": lambda _: json.loads(search),
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
    movie, search = bodies.encoded(bodies.movie()), bodies.encoded(bodies.search())
    return {
        "genres": lambda _: genres.sync(client=client, language=LANGUAGE),
        "details": lambda number: details.sync(number, client=client, language=LANGUAGE),
        "movie": lambda _: models.MovieDetails.from_dict(json.loads(movie)),
        "movie-read": lambda _: _models_read(models.MovieDetails.from_dict(json.loads(movie)), "credits_"),
        "search": lambda _: models.MovieSummaryPage.from_dict(json.loads(search)),
    }


def headers() -> dict[str, str]:
    """What this client sends too, that TMDB looks at."""
    return {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}


def _models_read(film: Any, credits_name: str) -> int:
    """Read one attribute of everything that a program would list."""
    shown_with = getattr(film, credits_name)
    lists = (shown_with.cast, shown_with.crew)
    images = (film.images.posters, film.images.backdrops, film.images.logos)
    names = [person.name for people in lists for person in people] + [video.name for video in film.videos.results]
    return len(names) + len([image.file_path for shown in images for image in shown])


def _values_read(film: Any) -> int:
    lists = (film["credits"]["cast"], film["credits"]["crew"])
    images = (film["images"]["posters"], film["images"]["backdrops"], film["images"]["logos"])
    names = [person["name"] for people in lists for person in people]
    names += [video["name"] for video in film["videos"]["results"]]
    return len(names) + len([image["file_path"] for shown in images for image in shown])
