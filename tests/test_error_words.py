"""A message names the thing that was asked for, and ends with TMDB's own words; what is a user's stays hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import anyio
import httpx
import pytest
from scenes import result_of

from tmdb_ext import TMDB, APIError, AsyncTMDB, InvalidArgument, NotFound, any_of

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SESSION = "5e55105e55105e55105e55105e55105e55105e55"
GUEST = "90e5790e5790e5790e5790e5790e5790"
OBJECT_ID = "0123456789abcdef01234567"

Scene = Callable[[Any], Any]
CALLS: list[tuple[Scene, str]] = [
    (lambda tmdb: tmdb.movies.details(999999999), "/3/movie/999999999"),
    (lambda tmdb: tmdb.tv_episodes.details(1396, 2, 3), "/3/tv/1396/season/2/episode/3"),
    (lambda tmdb: tmdb.credits.details("5e959bd8d4"), "/3/credit/5e959bd8d4"),
    (lambda tmdb: tmdb.find.by_id("tt0076759", "imdb_id"), "/3/find/tt0076759"),
    (lambda tmdb: tmdb.lists.details(7), "/3/list/7"),
    (lambda tmdb: tmdb.find.by_id("a b?", "imdb_id"), "/3/find/a%20b%3F"),
    (lambda tmdb: tmdb.account.favorite_movies(account_id=548), "/3/account/{account_id}/favorite/movies"),
    (
        lambda tmdb: tmdb.guest_sessions.rated_movies(guest_session_id=GUEST),
        "/3/guest_session/{guest_session_id}/rated/movies",
    ),
    (lambda tmdb: tmdb.v4.lists.details(8), "/4/list/8"),
    (
        lambda tmdb: tmdb.v4.account.lists(account_object_id=OBJECT_ID),
        "/4/account/{account_object_id}/lists",
    ),
]


def refusing(status: int, body: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status, json=body))


@pytest.mark.parametrize("prefix", ["", "/behind/a/proxy"])
@pytest.mark.parametrize(("scene", "path"), CALLS)
@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_an_error_names_the_thing_and_no_user(kind: Any, scene: Scene, path: str, prefix: str) -> None:
    async def main() -> APIError:
        tmdb = kind(
            api_key=KEY,
            session_id=SESSION,
            user_access_token="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2VjcmV0LXNpZ25hdHVyZQ",
            base_url=f"http://127.0.0.1:1{prefix}",
            # Not 34, which means an empty page for a guest's ratings.
            transport=refusing(404, {"success": False, "status_code": 6, "status_message": "Nothing here."}),
        )
        with pytest.raises(NotFound) as caught:
            await result_of(scene(tmdb))
        await result_of(tmdb.close() if kind is TMDB else tmdb.aclose())
        return caught.value

    error = anyio.run(main)
    assert error.path == path
    assert f" {path}: HTTP 404, TMDB status 6" in str(error)
    for hidden in ("548", GUEST, OBJECT_ID, KEY, SESSION):
        assert hidden not in str(error) + repr(error.__dict__)


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (
            {"status_code": 34, "status_message": "The thing is not here."},
            "TMDB status 34: there is no such resource. TMDB says: The thing is not here.",
        ),
        ({"errors": ["query must be provided"]}, "HTTP 404. TMDB says: query must be provided"),
        (
            {"success": False, "status_code": 18, "status_message": "No.", "errors": ["Value too high: 11", "spam"]},
            ". TMDB says: No.; Value too high: 11; spam",
        ),
        ({"errors": "nonsense", "status_message": ["x"]}, "HTTP 404: Not Found"),
        ({"errors": [1, None, "", {"a": 1}]}, "HTTP 404: Not Found"),
        ({}, "HTTP 404: Not Found"),
    ],
)
def test_a_message_ends_with_tmdbs_words(body: dict[str, Any], end: str) -> None:
    with TMDB(api_key=KEY, transport=refusing(404, body)) as tmdb, pytest.raises(NotFound) as caught:
        tmdb.movies.details(11)
    assert str(caught.value).endswith(end)
    assert caught.value.tmdb_code == body.get("status_code")


def test_tmdbs_words_are_cleaned_of_what_was_sent() -> None:
    said = {
        "status_message": f"bad key {KEY}",
        "errors": [f"session_id={SESSION}\n\x1b[31m", f"no session {SESSION}", "x" * 1000, *["more"] * 100],
    }
    transport = refusing(400, said)
    with TMDB(api_key=KEY, session_id=SESSION, transport=transport) as tmdb, pytest.raises(APIError) as caught:
        tmdb.lists.create(name="x", description="", language="en")
    shown = str(caught.value) + json.dumps(caught.value.tmdb_errors)
    assert KEY not in shown
    assert SESSION not in shown
    assert str(caught.value).isprintable()
    assert len(caught.value.tmdb_errors) == 20
    assert max(map(len, caught.value.tmdb_errors)) == 300


@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_an_extra_query_parameter_is_sent_by_any_method(kind: Any) -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.url.path, dict(request.url.params)))
        return httpx.Response(200, json={})

    async def main() -> None:
        tmdb = kind(access_token="a.b.c", language="de", transport=httpx.MockTransport(answer))
        extra = tmdb.with_options(query={"page": 2, "with_any": any_of(1, 2), "since": date(2026, 1, 2), "x": None})
        await result_of(extra.movies.popular())
        await result_of(extra.movies.popular(page=3))
        await result_of(extra.v4.lists.details(1))
        await result_of(tmdb.movies.popular())
        await result_of(tmdb.close() if kind is TMDB else tmdb.aclose())

    anyio.run(main)
    more = {"with_any": "1|2", "since": "2026-01-02", "language": "de"}
    assert sent == [
        ("/3/movie/popular", {"page": "2", **more}),
        ("/3/movie/popular", {"page": "3", **more}),
        ("/4/list/1", {"page": "2", **more}),
        ("/3/movie/popular", {"language": "de"}),
    ]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"session_id": SESSION}, "session_id is a credential"),
        ({"api_key": KEY}, "api_key is a credential"),
        ({"": 1}, "'' is not the name of a query parameter"),
        ({1: 1}, "1 is not the name of a query parameter"),
        ({"a": object()}, r"a \(of type object\) cannot be sent"),
        ({"page": 0}, "page 0: TMDB has pages 1 to"),
    ],
)
@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_an_extra_query_parameter_that_cannot_be_sent_is_refused(kind: Any, query: Any, says: str) -> None:
    tmdb = kind(api_key=KEY)
    with pytest.raises(InvalidArgument, match=says) as caught:
        tmdb.with_options(query=query)
    assert SESSION not in str(caught.value)


def test_the_parameters_of_a_request_are_refused_with_their_values() -> None:
    with TMDB(api_key=KEY, transport=refusing(500, {})) as tmdb:
        with pytest.raises(InvalidArgument, match=r"^GET /3/movie/popular: page 501: TMDB has pages 1 to 500"):
            tmdb.movies.popular(page=501)
        with pytest.raises(InvalidArgument, match=r"^POST /3/movie/\{movie_id\}/rating: value=nan cannot be sent"):
            tmdb.movies.add_rating(11, value=float("nan"))
        with pytest.raises(InvalidArgument) as caught:
            tmdb.authentication.create_session_from_login(username="me", password=b"pass", request_token="t")
    assert "password (of type bytes)" in str(caught.value)
