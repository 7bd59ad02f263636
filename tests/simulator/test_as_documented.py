"""How the simulator behaves, seen over a real socket."""

from __future__ import annotations

import ast
import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

import tmdb_ext.testing
from tmdb_ext import STATUS_CODES
from tmdb_ext.testing import Clock, Simulator

DOCUMENT: dict[str, Any] = json.loads((files("tmdb_api_client.v3") / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=Clock(datetime(2031, 5, 4, 12, 0, tzinfo=UTC)), strict=True) as running:
        yield running


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    """Calls version 3 with the application's read token."""
    headers = {"Authorization": f"Bearer {simulator.access_token}"}
    with httpx.Client(base_url=f"{simulator.base_url}/3", headers=headers) as client:
        yield client


@pytest.fixture
def session(simulator: Simulator) -> dict[str, str]:
    """The query of a user's request."""
    return {"session_id": simulator.create_session()}


@pytest.fixture
def guest(http: httpx.Client) -> dict[str, str]:
    """The query of a guest's request."""
    return {"guest_session_id": http.get("/authentication/guest_session/new").json()["guest_session_id"]}


def refused(response: httpx.Response, status: int, code: int) -> bool:
    body = response.json()
    return (response.status_code, body["status_code"], body["success"]) == (status, code, False)


def titles(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [result.get("title") or result["name"] for result in response.json()["results"]]


# ------------------------------------------------------------------------------------------------ every operation

PATH_VALUES = {
    "movie_id": "11", "series_id": "41", "season_number": "1", "episode_number": "2", "person_id": "2",
    "collection_id": "10", "company_id": "1", "genre_id": "28", "network_id": "61", "keyword_id": "809",
    "time_window": "week", "external_id": "tt0076759", "season_id": "4101",
    "episode_id": "410102",
}  # fmt: skip
QUERY_VALUES = {"query": "a", "external_source": "imdb_id", "confirm": "true", "movie_id": "11"}
BODIES: dict[str, dict[str, Any]] = {
    "account-add-favorite": {"media_type": "movie", "media_id": 12, "favorite": True},
    "account-add-to-watchlist": {"media_type": "tv", "media_id": 42, "watchlist": True},
    "list-create": {"name": "Rainy days", "description": "", "language": "en"},
    "list-add-movie": {"media_id": 12},
    "list-remove-movie": {"media_id": 11},
}


def all_operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), template, operation)
        for template, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def faults_of(schema: dict[str, Any], value: Any, where: str = "$") -> list[str]:
    """What is wrong with a value, by a small part of JSON Schema."""
    if "$ref" in schema:
        return faults_of(SCHEMAS[schema["$ref"].rpartition("/")[2]], value, where)
    variants = schema.get("oneOf") or schema.get("anyOf")
    if variants:
        if "discriminator" in schema and isinstance(value, dict):
            told_by = schema["discriminator"]["propertyName"]
            target = schema["discriminator"]["mapping"].get(value.get(told_by))
            if target is None:
                return [f"{where}: unexpected {told_by} {value.get(told_by)!r}"]
            return faults_of({"$ref": target}, {**value}, where)
        tried = [faults_of(variant, value, where) for variant in variants]
        return [] if any(not faults for faults in tried) else min(tried, key=len)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_kind(kind, value) for kind in kinds):
        return [f"{where}: {value!r} is not {kinds}"]
    faults = []
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{where}: {value!r} is not listed")
    if schema.get("format") == "date" and value is not None and date.fromisoformat(value).isoformat() != value:
        faults.append(f"{where}: {value!r} is no date")
    if isinstance(value, list):
        for index, item in enumerate(value):
            faults += faults_of(schema.get("items", {}), item, f"{where}[{index}]")
    if isinstance(value, dict) and kinds:
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        faults += [f"{where}: no {name}" for name in schema.get("required", ()) if name not in value]
        for name, child in value.items():
            if name in properties:
                faults += faults_of(properties[name], child, f"{where}.{name}")
            elif isinstance(rest, dict):
                faults += faults_of(rest, child, f"{where}.{name}")
            elif name != "media_type":  # tells the variants of a union apart, declared or not
                faults.append(f"{where}: {name} is undeclared")
    return faults


def is_kind(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    kinds: dict[str, Any] = {
        "string": str, "integer": int, "number": (int, float), "object": dict, "array": list, "null": type(None),
        "boolean": bool,
    }  # fmt: skip
    return isinstance(value, kinds[kind])


@pytest.fixture(scope="module")
def populated() -> Iterator[tuple[Simulator, httpx.Client]]:
    with Simulator(strict=True) as running:
        headers = {"Authorization": f"Bearer {running.access_token}"}
        with httpx.Client(base_url=running.base_url, headers=headers) as client:
            yield running, client


def prepare(simulator: Simulator, client: httpx.Client, operation: dict[str, Any]) -> dict[str, Any]:
    """The account, list, ratings and marks that an operation shows or changes."""
    user = simulator.create_user(f"user_of_{operation['x-published-id']}", "password")
    session = simulator.create_session(user)
    query = {"session_id": session}
    account = f"/3/account/{user.id}"
    made = client.post("/3/list", params=query, json={"name": "Rainy days"}).json()["list_id"]
    client.post(f"/3/list/{made}/add_item", params=query, json={"media_id": 11})
    guest = client.get("/3/authentication/guest_session/new").json()["guest_session_id"]
    for kind, number in (("movie", 11), ("tv", 41)):
        for mark in ("favorite", "watchlist"):
            client.post(f"{account}/{mark}", params=query, json={"media_type": kind, "media_id": number, mark: True})
    for address in ("movie/11", "tv/41", "tv/41/season/1/episode/2"):
        for whose in (query, {"guest_session_id": guest}):
            client.post(f"/3/{address}/rating", params=whose, json={"value": 7.5})
    token = client.get("/3/authentication/token/new").json()["request_token"]
    simulator.approve(token, user)
    return {
        "account_id": str(user.id), "list_id": str(made), "guest_session_id": guest, "session_id": session,
        "request_token": token, "access_token": simulator.create_user_access_token(user), "username": user.username,
        "password": "password", "value": 8.5,
        "credit_id": client.get("/3/movie/11/credits").json()["cast"][0]["credit_id"],
        "review_id": client.get("/3/movie/11/reviews").json()["results"][0]["id"],
        "tv_episode_group_id": client.get("/3/tv/41/episode_groups").json()["results"][0]["id"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "template", "operation"), all_operations(), ids=[entry[2]["operationId"] for entry in all_operations()]
)
def test_every_operation_answers_with_a_body_of_its_schema(
    populated: tuple[Simulator, httpx.Client], method: str, template: str, operation: dict[str, Any]
) -> None:
    simulator, client = populated
    known = prepare(simulator, client, operation)
    path = template.format(**{**PATH_VALUES, **known})
    query = {
        parameter["name"]: QUERY_VALUES[parameter["name"]]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] in QUERY_VALUES
    }
    if any("session" in schemes for schemes in operation["security"]):
        query["session_id"] = known["session_id"]
    body = None
    if "requestBody" in operation:
        schema = SCHEMAS[operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        body = BODIES.get(operation["x-published-id"]) or {name: known[name] for name in schema["properties"]}

    response = client.request(method, path, params=query, json=body)

    assert str(response.status_code) in operation["responses"], response.text
    schema = operation["responses"][str(response.status_code)]["content"]["application/json"]["schema"]
    answered = response.json()
    assert not faults_of(schema, answered)
    assert answered
    if isinstance(answered, dict):
        assert answered.get("results") not in ([], {})
    assert simulator.requests[-1].operation == operation["x-published-id"]


def test_the_document_has_all_operations() -> None:
    added = [operation["x-published-id"] for _, _, operation in all_operations() if operation.get("x-undocumented")]
    assert sorted(added) == ["company-movies", "genre-movies", "movie-releases"]
    assert len(all_operations()) == 152 + len(added)


def test_the_same_request_gets_the_same_body_from_another_simulator() -> None:
    def bodies() -> list[bytes]:
        with Simulator(strict=True) as running:
            query = {"api_key": running.api_key}
            paths = ("/3/movie/11", "/3/movie/popular", "/3/tv/777/reviews", "/3/person/changes", "/3/movie/5/images")
            return [httpx.get(running.base_url + path, params=query).content for path in paths]

    assert bodies() == bodies()


# ------------------------------------------------------------------------------------------------ the sample


def test_film_11_is_star_wars_with_its_cast(http: httpx.Client) -> None:
    film = http.get("/movie/11", params={"append_to_response": "credits"}).json()
    assert (film["title"], film["release_date"], film["imdb_id"]) == ("Star Wars", "1977-05-25", "tt0076759")
    cast = {member["name"]: member["character"] for member in film["credits"]["cast"]}
    assert cast["Mark Hamill"] == "Luke Skywalker"
    assert cast["Carrie Fisher"] == "Princess Leia Organa"


def test_a_search_finds_titles_by_any_part_of_them(http: httpx.Client) -> None:
    assert titles(http.get("/search/movie", params={"query": "sTAR wAr"})) == ["Star Wars", "The Star Warden"]
    assert titles(http.get("/search/movie", params={"query": "star war", "year": 1999})) == ["The Star Warden"]
    assert titles(http.get("/search/movie", params={"query": "no such film"})) == []


def test_an_imdb_id_finds_the_film_it_belongs_to(http: httpx.Client) -> None:
    found = http.get("/find/tt0076759", params={"external_source": "imdb_id"}).json()
    assert [film["id"] for film in found["movie_results"]] == [11]
    assert found["tv_results"] == []
    assert found["movie_results"][0]["media_type"] == "movie"


def test_mixed_listings_say_of_each_entry_what_it_is(http: httpx.Client) -> None:
    for path, query, kinds in (
        ("/trending/all/day", {}, {"movie", "tv"}),
        ("/search/multi", {"query": "a"}, {"movie", "tv", "person"}),
    ):
        results = http.get(path, params=query).json()["results"]
        assert {result["media_type"] for result in results} == kinds
        assert all(("title" in result) == (result["media_type"] == "movie") for result in results)


def test_a_persons_combined_credits_mix_films_and_series(http: httpx.Client) -> None:
    cast = http.get("/person/21/combined_credits").json()["cast"]
    assert {entry["media_type"] for entry in cast} == {"movie", "tv"}


def test_a_credit_id_leads_back_to_its_credit(http: httpx.Client) -> None:
    member = http.get("/movie/11/credits").json()["cast"][1]
    credit = http.get(f"/credit/{member['credit_id']}").json()
    assert credit["person"]["name"] == member["name"]
    assert credit["media"]["title"] == "Star Wars"
    assert credit["media"]["character"] == member["character"]


def test_the_lists_that_a_film_is_on_can_be_read(http: httpx.Client) -> None:
    for one in http.get("/movie/11/lists").json()["results"]:
        assert http.get(f"/list/{one['id']}").json()["items"]


@pytest.mark.parametrize(
    "path",
    [
        "/movie/899999999", "/movie/900000001", "/movie/0", "/movie/900000001/images", "/tv/899999999", "/person/70000",
        "/tv/41/season/9", "/tv/41/season/1/episode/99", "/company/899999", "/network/899999", "/keyword/899999",
        "/collection/899999", "/genre/1/movies", "/list/7999999", "/credit/5f0c0ffee0ddba11facade99",
        "/review/5f0c0ffee0ddba11facade98", "/tv/episode_group/5f0c0ffee0ddba11facade97", "/tv/season/99999/changes",
        "/tv/episode/99999999/changes",
    ],
)  # fmt: skip
def test_what_is_not_in_the_sample_does_not_exist(http: httpx.Client, path: str) -> None:
    assert refused(http.get(path), 404, 34)


def test_ids_outside_the_sample_can_be_invented() -> None:
    with Simulator(strict=True, any_id=True) as simulator:
        http = httpx.Client(base_url=f"{simulator.base_url}/3", params={"api_key": simulator.api_key})
        assert http.get("/movie/899999999").json()["id"] == 899_999_999
        assert http.get("/tv/70000/season/1").json()["episodes"]
        assert http.get("/person/70000").json()["name"]
        assert refused(http.get("/movie/900000001"), 404, 34)
        http.close()


# ------------------------------------------------------------------------------------------------ routing


def test_a_literal_path_wins_over_an_id(simulator: Simulator, http: httpx.Client) -> None:
    assert len(http.get("/movie/popular").json()["results"]) == 20
    assert simulator.requests[-1].operation == "movie-popular-list"
    http.get("/tv/episode/410102/changes")
    assert simulator.requests[-1].operation == "tv-episode-changes-by-id"


def test_paths_are_percent_decoded(simulator: Simulator, http: httpx.Client) -> None:
    assert http.get("/movie/%31%31").json()["id"] == 11


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, 34),
        ("GET", "/movie/11/nothing", 404, 34),
        ("GET", "/movie/eleven", 404, 6),
        ("GET", "/movie/eleven/keywords", 404, 6),
        ("GET", "/trending/movie/month", 404, 34),
        ("PUT", "/movie/11", 405, 42),
        ("POST", "/movie/popular", 405, 42),
    ],
)
def test_wrong_addresses_and_methods_are_refused(
    http: httpx.Client, method: str, path: str, status: int, code: int
) -> None:
    assert refused(http.request(method, path), status, code)


# ------------------------------------------------------------------------------------------------ application


def test_a_bearer_token_or_an_api_key_or_both_let_an_application_in(simulator: Simulator) -> None:
    url = f"{simulator.base_url}/3/configuration"
    bearer = {"Authorization": f"Bearer {simulator.access_token}"}
    user_bearer = {"Authorization": f"Bearer {simulator.create_user_access_token()}"}
    assert httpx.get(url, headers=bearer).status_code == 200
    assert httpx.get(url, headers=user_bearer).status_code == 200
    assert httpx.get(url, params={"api_key": simulator.api_key}).status_code == 200
    assert httpx.get(url, params={"api_key": simulator.api_key}, headers=bearer).status_code == 200


def test_a_missing_or_wrong_application_credential_is_refused(simulator: Simulator) -> None:
    url = f"{simulator.base_url}/3/configuration"
    assert refused(httpx.get(url), 401, 7)
    assert refused(httpx.get(url, params={"api_key": "0" * 32}), 401, 7)
    assert refused(httpx.get(url, headers={"Authorization": "Bearer e30.e30.e30"}), 401, 7)
    assert refused(httpx.get(url, headers={"Authorization": simulator.access_token}), 401, 7)
    assert refused(
        httpx.get(url, params={"api_key": simulator.api_key}, headers={"Authorization": "Bearer no"}), 401, 7
    )


def test_access_tokens_look_as_tmdbs_do(simulator: Simulator) -> None:
    def claims(token: str) -> dict[str, Any]:
        _, payload, _ = token.split(".")
        decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return decoded

    assert claims(simulator.access_token)["scopes"] == ["api_read"]
    assert claims(simulator.access_token)["aud"] == simulator.api_key
    user = claims(simulator.create_user_access_token())
    assert user["scopes"] == ["api_read", "api_write"]
    assert user["sub"] == simulator.user.object_id
    assert "exp" not in user


# ------------------------------------------------------------------------------------------------ sent values


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/movie/11", {"lang": "de"}, 422, 5),
        ("/movie/11", {"session_id": "0" * 40}, 422, 5),
        ("/search/movie", {"query": "a", "include_adult": "yes"}, 422, 5),
        ("/discover/movie", {"sort_by": "luck.desc"}, 422, 5),
        ("/discover/movie", {"with_runtime.gte": "long"}, 422, 5),
        ("/discover/movie", {"vote_average.gte": "nan"}, 422, 5),
        ("/discover/movie", {"release_date.gte": "04/05/2031"}, 400, 23),
        ("/find/tt0076759", {"external_source": "myspace_id"}, 422, 5),
        ("/movie/popular", {"page": "0"}, 400, 22),
        ("/movie/popular", {"page": "501"}, 400, 22),
        ("/movie/popular", {"page": "two"}, 400, 22),
        ("/movie/changes", {"start_date": "2031-02-30"}, 400, 23),
        ("/movie/changes", {"start_date": "2031-01-01", "end_date": "2031-01-16"}, 422, 20),
        ("/movie/changes", {"start_date": "2031-01-02", "end_date": "2031-01-01"}, 422, 20),
        ("/movie/11", {"append_to_response": ",".join(f"x{number}" for number in range(21))}, 400, 27),
    ],
)
def test_wrong_parameters_are_refused(
    http: httpx.Client, path: str, query: dict[str, str], status: int, code: int
) -> None:
    assert refused(http.get(path, params=query), status, code)


def test_a_change_range_of_fourteen_days_is_allowed(http: httpx.Client) -> None:
    query = {"start_date": "2031-01-01", "end_date": "2031-01-15"}
    assert http.get("/movie/changes", params=query).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 47),
        (b"{", 47),
        (b"[8.5]", 47),
        (b'{"value": 8.5, "note": "good"}', 47),
        (b"{}", 18),
        (b'{"value": "8.5"}', 18),
        (b'{"value": true}', 18),
        (b'{"value": 0}', 18),
        (b'{"value": 10.5}', 18),
        (b'{"value": 7.75}', 18),
    ],
)
def test_wrong_bodies_are_refused(http: httpx.Client, session: dict[str, str], body: bytes, code: int) -> None:
    headers = {"content-type": "application/json"}
    assert refused(http.post("/movie/11/rating", params=session, content=body, headers=headers), 400, code)


def test_a_body_that_is_not_declared_to_be_json_is_refused(http: httpx.Client, session: dict[str, str]) -> None:
    assert refused(http.post("/movie/11/rating", params=session, content=b'{"value": 8.5}'), 400, 47)


def test_a_body_in_chunks_is_read(http: httpx.Client, session: dict[str, str]) -> None:
    parts = iter([b'{"val', b'ue": 8.5}'])
    headers = {"content-type": "application/json"}
    assert http.post("/movie/11/rating", params=session, content=parts, headers=headers).status_code == 201


# ------------------------------------------------------------------------------------------------ pages, appending


def test_pages_add_up_to_the_whole_listing(http: httpx.Client) -> None:
    first = http.get("/movie/popular").json()
    assert first["total_pages"] >= 3
    pages = [http.get("/movie/popular", params={"page": n + 1}).json() for n in range(first["total_pages"])]
    ids = [film["id"] for page in pages for film in page["results"]]
    assert [page["page"] for page in pages] == list(range(1, first["total_pages"] + 1))
    assert len(ids) == len(set(ids)) == first["total_results"]
    assert len(first["results"]) == 20


def test_a_page_past_the_end_is_empty(http: httpx.Client) -> None:
    page = http.get("/movie/popular", params={"page": 400}).json()
    assert page["results"] == []
    assert page["page"] == 400


def test_appended_sub_resources_come_without_their_id(http: httpx.Client) -> None:
    query = {"append_to_response": "credits,watch/providers"}
    film = http.get("/movie/11", params=query).json()
    alone = http.get("/movie/11/credits").json()
    assert film["credits"] == {name: value for name, value in alone.items() if name != "id"}
    assert "US" in film["watch/providers"]["results"]


def test_nothing_is_appended_unasked(http: httpx.Client) -> None:
    for path in ("/movie/11", "/movie/latest", "/tv/41", "/tv/41/season/1", "/tv/41/season/1/episode/1", "/person/2"):
        assert not http.get(path).json().keys() & {"credits", "images", "external_ids", "translations", "changes"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/tv/41", "aggregate_credits"),
        ("/tv/41", "season/1"),
        ("/tv/41/season/1", "videos"),
        ("/tv/41/season/1/episode/1", "images"),
        ("/person/2", "movie_credits"),
    ],
)
def test_every_details_page_appends(http: httpx.Client, path: str, name: str) -> None:
    assert http.get(path, params={"append_to_response": name}).json()[name]


def test_parameters_of_an_appended_sub_resource_are_taken(http: httpx.Client) -> None:
    query = {"append_to_response": "alternative_titles", "country": "US"}
    assert "titles" in http.get("/movie/11", params=query).json()["alternative_titles"]
    del query["append_to_response"]
    assert refused(http.get("/movie/11", params=query), 422, 5)


def test_account_states_are_appended_for_a_session(http: httpx.Client, session: dict[str, str]) -> None:
    http.post("/movie/11/rating", params=session, json={"value": 9})
    query = {"append_to_response": "account_states"}
    assert http.get("/movie/11", params=query | session).json()["account_states"]["rated"] == {"value": 9.0}
    assert "account_states" not in http.get("/movie/11", params=query).json()


# ------------------------------------------------------------------------------------------------ user sessions


def request_token(http: httpx.Client) -> str:
    token: str = http.get("/authentication/token/new").json()["request_token"]
    return token


def new_session(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/authentication/session/new", json={"request_token": token})


def test_an_approved_request_token_becomes_a_session_once(simulator: Simulator, http: httpx.Client) -> None:
    token = request_token(http)
    assert refused(new_session(http, token), 401, 17)
    simulator.approve(token)
    session = new_session(http, token).json()["session_id"]
    assert len(session) == 40
    assert http.get("/account", params={"session_id": session}).json()["username"] == simulator.user.username
    assert refused(new_session(http, token), 401, 33)


def test_a_denied_request_token_gives_no_session(simulator: Simulator, http: httpx.Client) -> None:
    token = request_token(http)
    simulator.deny(token)
    simulator.approve(token)  # too late: the user has said no
    assert refused(new_session(http, token), 401, 17)


def test_a_user_decides_on_the_sites_page(simulator: Simulator, http: httpx.Client) -> None:
    token = request_token(http)
    page = f"{simulator.base_url}/authenticate/{token}"
    back = {"redirect_to": "http://127.0.0.1:9/back?x=1"}
    shown = httpx.get(page, params=back)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert shown.text.count("redirect_to=http%3A%2F%2F127.0.0.1%3A9%2Fback%3Fx%3D1") == 2
    assert refused(new_session(http, token), 401, 17)  # looking is not deciding
    approved = httpx.post(f"{page}/allow", params=back)
    assert approved.status_code == 302
    assert approved.headers["location"] == f"http://127.0.0.1:9/back?x=1&request_token={token}&approved=true"
    assert new_session(http, token).status_code == 200
    assert httpx.get(page).status_code == 404
    assert httpx.delete(f"{simulator.base_url}/authenticate/{request_token(http)}").status_code == 405


def test_a_user_says_no_on_the_sites_page(simulator: Simulator, http: httpx.Client) -> None:
    token = request_token(http)
    page = f"{simulator.base_url}/authenticate/{token}"
    denied = httpx.get(f"{page}/deny", params={"redirect_to": "myapp://back"})
    assert denied.headers["location"] == f"myapp://back?request_token={token}&denied=true"
    assert "Approved" in httpx.post(f"{page}/allow").text  # too late
    assert refused(new_session(http, token), 401, 17)


@pytest.mark.parametrize(
    ("standing", "status", "code"), [("disabled", 401, 31), ("unverified", 401, 32), ("suspended", 403, 45)]
)
def test_a_user_who_is_not_let_in_is_told_why(
    simulator: Simulator, http: httpx.Client, session: dict[str, str], standing: Any, status: int, code: int
) -> None:
    simulator.user.standing = standing
    assert refused(http.get("/account", params=session), status, code)
    login = {"username": simulator.user.username, "password": simulator.user.password}
    body = login | {"request_token": request_token(http)}
    assert refused(http.post("/authentication/token/validate_with_login", json=body), status, code)
    assert http.get("/movie/11").status_code == 200


def test_a_suspended_application_is_refused_everything(simulator: Simulator, http: httpx.Client) -> None:
    simulator.suspend_application()
    assert refused(http.get("/movie/11"), 401, 10)
    assert refused(http.get("/authentication/guest_session/new"), 401, 10)


@pytest.mark.parametrize("code", [code for code in range(1, 48) if code not in (1, 12, 13)])
def test_any_of_tmdbs_status_codes_can_be_asked_for(simulator: Simulator, http: httpx.Client, code: int) -> None:
    simulator.fail_next(tmdb_code=code)
    response = http.get("/movie/11")
    assert (response.status_code, response.json()["status_code"]) == (STATUS_CODES[code].http_status, code)


def test_a_request_token_lives_sixty_minutes(simulator: Simulator, http: httpx.Client) -> None:
    body = http.get("/authentication/token/new").json()
    assert body["expires_at"] == "2031-05-04 13:00:00 UTC"
    simulator.approve(body["request_token"])
    simulator.clock.advance(timedelta(minutes=60))
    assert refused(new_session(http, body["request_token"]), 401, 33)
    with pytest.raises(ValueError, match="expired"):
        simulator.approve(body["request_token"])


def test_username_and_password_approve_a_request_token(simulator: Simulator, http: httpx.Client) -> None:
    simulator.create_user("ottoline", "lighthouse")
    token = request_token(http)
    path = "/authentication/token/validate_with_login"
    login = {"username": "ottoline", "password": "lighthouse", "request_token": token}
    assert refused(http.post(path, json={"request_token": token}), 400, 26)
    assert refused(http.post(path, json=login | {"password": "lamp"}), 401, 30)
    assert refused(http.post(path, json=login | {"request_token": "0" * 40}), 401, 33)
    assert http.post(path, json=login).json()["request_token"] == token
    session = new_session(http, token).json()["session_id"]
    assert http.get("/account", params={"session_id": session}).json()["username"] == "ottoline"


def test_only_a_users_access_token_converts_into_a_session(simulator: Simulator, http: httpx.Client) -> None:
    path = "/authentication/session/convert/4"
    converted = http.post(path, json={"access_token": simulator.create_user_access_token()}).json()["session_id"]
    assert http.get("/account", params={"session_id": converted}).json()["id"] == simulator.user.id
    assert refused(http.post(path, json={"access_token": simulator.access_token}), 401, 36)
    assert refused(http.post(path, json={"access_token": "e30.e30.e30"}), 401, 35)


def test_a_deleted_session_is_gone(http: httpx.Client, session: dict[str, str]) -> None:
    assert http.request("DELETE", "/authentication/session", json=session).json() == {"success": True}
    assert refused(http.get("/account", params=session), 401, 3)
    assert refused(http.request("DELETE", "/authentication/session", json=session), 404, 37)


def test_the_account_is_the_sessions_own(simulator: Simulator, http: httpx.Client, session: dict[str, str]) -> None:
    for path in ("/account", "/account/me", "/account/1"):
        assert http.get(path, params=session).json()["id"] == simulator.user.id
    assert http.get(f"/account/{simulator.user.id}/lists", params=session).status_code == 200
    assert refused(http.get("/account/1/lists", params=session), 401, 3)
    assert refused(http.get("/account"), 401, 3)


@pytest.mark.parametrize("query", [{}, {"session_id": "0" * 40}, {"guest_session_id": "0" * 32}])
def test_an_operation_for_users_refuses_anybody_else(
    simulator: Simulator, http: httpx.Client, query: dict[str, str]
) -> None:
    assert refused(http.post("/movie/11/rating", params=query, json={"value": 8}), 401, 3)
    assert refused(http.get(f"/account/{simulator.user.id}/lists", params=query), 401, 3)


# ------------------------------------------------------------------------------------------------ guest sessions


def test_a_guest_session_says_when_it_expires(http: httpx.Client) -> None:
    body = http.get("/authentication/guest_session/new").json()
    assert len(body["guest_session_id"]) == 32
    assert body["expires_at"] == "2031-05-04 13:00:00 UTC"
    assert body["success"] is True


def test_a_guest_session_rates_and_reads_its_ratings_back(http: httpx.Client, guest: dict[str, str]) -> None:
    assert http.post("/movie/11/rating", params=guest, json={"value": 8.5}).status_code == 201
    assert http.post("/tv/41/season/1/episode/2/rating", params=guest, json={"value": 4}).status_code == 201
    listed = f"/guest_session/{guest['guest_session_id']}/rated"
    assert [(film["id"], film["rating"]) for film in http.get(f"{listed}/movies").json()["results"]] == [(11, 8.5)]
    assert [one["episode_number"] for one in http.get(f"{listed}/tv/episodes").json()["results"]] == [2]
    assert refused(http.get(f"{listed}/tv"), 404, 34)
    assert http.get("/movie/11/account_states", params=guest).json()["rated"] == {"value": 8.5}


def test_a_guest_session_does_not_fit_where_a_session_is_needed(
    simulator: Simulator, http: httpx.Client, guest: dict[str, str]
) -> None:
    mark = {"media_type": "movie", "media_id": 11, "favorite": True}
    assert refused(http.post(f"/account/{simulator.user.id}/favorite", params=guest, json=mark), 401, 3)
    assert refused(http.post("/list", params=guest, json={"name": "Mine"}), 401, 3)


def test_a_guest_session_expires_by_inactivity(simulator: Simulator, http: httpx.Client, guest: dict[str, str]) -> None:
    for _ in range(3):
        simulator.clock.advance(timedelta(minutes=59))
        assert http.get("/movie/11/account_states", params=guest).status_code == 200
    simulator.clock.advance(timedelta(minutes=60))
    assert refused(http.get("/movie/11/account_states", params=guest), 401, 3)
    assert refused(http.get(f"/guest_session/{guest['guest_session_id']}/rated/tv"), 401, 3)


def test_a_guest_session_that_is_never_used_expires_by_itself() -> None:
    with Simulator(clock=Clock(), guest_session_idle=timedelta(days=9)) as simulator:
        query = {"api_key": simulator.api_key}
        new = f"{simulator.base_url}/3/authentication/guest_session/new"
        used, unused = (httpx.get(new, params=query).json()["guest_session_id"] for _ in range(2))
        states = f"{simulator.base_url}/3/movie/11/account_states"
        assert httpx.get(states, params=query | {"guest_session_id": used}).status_code == 200
        simulator.clock.advance(timedelta(hours=25))
        assert httpx.get(states, params=query | {"guest_session_id": used}).status_code == 200
        assert refused(httpx.get(states, params=query | {"guest_session_id": unused}), 401, 3)


def test_a_guest_session_can_be_forgotten_at_any_time(
    simulator: Simulator, http: httpx.Client, guest: dict[str, str]
) -> None:
    simulator.forget_guest_session(guest["guest_session_id"])
    assert refused(http.post("/movie/11/rating", params=guest, json={"value": 8}), 401, 3)


# ------------------------------------------------------------------------------------------------ ratings, marks


def test_a_rating_is_made_then_changed_then_deleted(http: httpx.Client, session: dict[str, str]) -> None:
    states = [http.get("/movie/11/account_states", params=session).json()["rated"]]
    codes = []
    for value in (8.5, 3):
        response = http.post("/movie/11/rating", params=session, json={"value": value})
        codes.append((response.status_code, response.json()["status_code"], response.json()["success"]))
        states.append(http.get("/movie/11/account_states", params=session).json()["rated"])
    response = http.delete("/movie/11/rating", params=session)
    codes.append((response.status_code, response.json()["status_code"], response.json()["success"]))
    states.append(http.get("/movie/11/account_states", params=session).json()["rated"])
    assert codes == [(201, 1, True), (201, 12, True), (200, 13, True)]
    assert states == [False, {"value": 8.5}, {"value": 3.0}, False]


def test_a_season_shows_the_ratings_of_its_episodes(http: httpx.Client, session: dict[str, str]) -> None:
    http.post("/tv/41/season/1/episode/2/rating", params=session, json={"value": 6})
    results = http.get("/tv/41/season/1/account_states", params=session).json()["results"]
    assert {one["episode_number"]: one["rated"] for one in results if one["rated"]} == {2: {"value": 6.0}}
    assert len(results) == 6


def test_ratings_belong_to_the_account_and_not_to_the_session(simulator: Simulator, http: httpx.Client) -> None:
    one, two = ({"session_id": simulator.create_session()} for _ in range(2))
    other = {"session_id": simulator.create_session(simulator.create_user("other", "password"))}
    http.post("/movie/11/rating", params=one, json={"value": 8})
    assert http.get("/movie/11/account_states", params=two).json()["rated"] == {"value": 8.0}
    assert http.get("/movie/11/account_states", params=other).json()["rated"] is False


def test_rated_listings_are_paged_and_sorted(simulator: Simulator, http: httpx.Client, session: dict[str, str]) -> None:
    for number in range(101, 122):
        http.post(f"/movie/{number}/rating", params=session, json={"value": 5})
    path = f"/account/{simulator.user.id}/rated/movies"
    first = http.get(path, params=session).json()
    second = http.get(path, params=session | {"page": "2"}).json()
    newest = http.get(path, params=session | {"sort_by": "created_at.desc"}).json()
    assert [film["id"] for film in first["results"]] == list(range(101, 121))
    assert [film["id"] for film in second["results"]] == [121]
    assert (first["total_pages"], first["total_results"]) == (2, 21)
    assert newest["results"][0]["id"] == 121


@pytest.mark.parametrize("mark", ["favorite", "watchlist"])
def test_marks_are_set_listed_and_taken_off(
    simulator: Simulator, http: httpx.Client, session: dict[str, str], mark: str
) -> None:
    account = f"/account/{simulator.user.id}"

    def put(kind: str, number: int, wanted: bool) -> tuple[int, int]:
        body = {"media_type": kind, "media_id": number, mark: wanted}
        response = http.post(f"{account}/{mark}", params=session, json=body)
        return response.status_code, response.json()["status_code"]

    assert put("movie", 11, True) == (201, 1)
    assert put("movie", 11, True) == (201, 12)
    assert put("tv", 41, True) == (201, 1)
    assert titles(http.get(f"{account}/{mark}/movies", params=session)) == ["Star Wars"]
    assert titles(http.get(f"{account}/{mark}/tv", params=session)) == ["Harbour Nights"]
    assert http.get("/movie/11/account_states", params=session).json()[mark] is True
    assert put("movie", 11, False) == (200, 13)
    assert titles(http.get(f"{account}/{mark}/movies", params=session)) == []


def test_a_mark_on_something_else_than_film_or_series_is_refused(
    simulator: Simulator, http: httpx.Client, session: dict[str, str]
) -> None:
    path = f"/account/{simulator.user.id}/favorite"
    body = {"media_type": "person", "media_id": 2, "favorite": True}
    assert refused(http.post(path, params=session, json=body), 400, 18)
    assert refused(http.post(path, params=session, json={"media_id": 11, "favorite": True}), 400, 18)


# ------------------------------------------------------------------------------------------------ lists


def make_list(http: httpx.Client, session: dict[str, str]) -> int:
    response = http.post("/list", params=session, json={"name": "Rainy days", "description": "For later"})
    assert response.status_code == 201
    made: int = response.json()["list_id"]
    return made


def items(http: httpx.Client, number: int) -> list[int]:
    return [item["id"] for item in http.get(f"/list/{number}").json()["items"]]


def test_a_list_is_filled_and_emptied(simulator: Simulator, http: httpx.Client, session: dict[str, str]) -> None:
    number = make_list(http, session)
    for film in (11, 12):
        response = http.post(f"/list/{number}/add_item", params=session, json={"media_id": film})
        assert (response.status_code, response.json()["status_code"]) == (201, 12)
    assert refused(http.post(f"/list/{number}/add_item", params=session, json={"media_id": 11}), 403, 8)
    assert items(http, number) == [11, 12]
    assert http.get(f"/list/{number}/item_status", params={"movie_id": 11}).json()["item_present"] is True
    assert http.post(f"/list/{number}/remove_item", params=session, json={"media_id": 11}).status_code == 200
    assert refused(http.post(f"/list/{number}/remove_item", params=session, json={"media_id": 11}), 200, 21)
    assert http.get(f"/list/{number}/item_status", params={"movie_id": 11}).json()["item_present"] is False
    assert items(http, number) == [12]
    mine = http.get(f"/account/{simulator.user.id}/lists", params=session).json()["results"]
    assert [(one["name"], one["item_count"]) for one in mine] == [("Rainy days", 1)]


def test_a_list_is_cleared_only_when_confirmed(http: httpx.Client, session: dict[str, str]) -> None:
    number = make_list(http, session)
    http.post(f"/list/{number}/add_item", params=session, json={"media_id": 11})
    assert refused(http.post(f"/list/{number}/clear", params=session), 400, 29)
    assert refused(http.post(f"/list/{number}/clear", params=session | {"confirm": "false"}), 400, 29)
    assert items(http, number) == [11]
    assert http.post(f"/list/{number}/clear", params=session | {"confirm": "true"}).status_code == 201
    assert items(http, number) == []


def test_a_deleted_list_is_gone(http: httpx.Client, session: dict[str, str]) -> None:
    number = make_list(http, session)
    assert http.delete(f"/list/{number}", params=session).json()["status_code"] == 13
    assert refused(http.get(f"/list/{number}"), 404, 34)
    assert refused(http.delete(f"/list/{number}", params=session), 404, 34)


def test_a_list_is_changed_by_its_owner_alone(
    simulator: Simulator, http: httpx.Client, session: dict[str, str]
) -> None:
    other = {"session_id": simulator.create_session(simulator.create_user("other", "password"))}
    number = make_list(http, session)
    assert refused(http.delete(f"/list/{number}", params=other), 401, 38)
    assert refused(http.post("/list/5/add_item", params=session, json={"media_id": 11}), 401, 38)
    assert http.get("/list/5").json()["items"]


# ------------------------------------------------------------------------------------------------ faults


def test_a_fault_happens_as_often_as_asked_and_where_asked(simulator: Simulator, http: httpx.Client) -> None:
    simulator.fail_next(503, operation="movie-details", times=2)
    statuses = [http.get(path).status_code for path in ("/tv/41", "/movie/11", "/movie/11", "/movie/11")]
    assert statuses == [200, 503, 503, 200]


def test_a_fault_carries_what_it_is_told_to(simulator: Simulator, http: httpx.Client) -> None:
    simulator.fail_next(429, retry_after=7)
    response = http.get("/movie/11")
    assert refused(response, 429, 25)
    assert response.headers["retry-after"] == "7"
    simulator.fail_next(503, tmdb_code=46)
    assert refused(http.get("/movie/11"), 503, 46)
    simulator.fail_next(200, body=b"{not json")
    assert http.get("/movie/11").content == b"{not json"
    simulator.fail_next(502, body="<html>bad gateway</html>")
    assert http.get("/movie/11").text == "<html>bad gateway</html>"


def test_a_dropped_connection_is_an_error_of_the_transport(simulator: Simulator, http: httpx.Client) -> None:
    simulator.fail_next(disconnect=True)
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/movie/11")
    assert http.get("/movie/11").status_code == 200
    assert [request.http_status for request in simulator.requests] == [None, 200]


def test_a_request_can_be_carried_out_although_its_answer_is_lost(
    simulator: Simulator, http: httpx.Client, session: dict[str, str]
) -> None:
    simulator.fail_next(disconnect=True, perform=True)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/list", params=session, json={"name": "Once"})
    lists = http.get(f"/account/{simulator.user.id}/lists", params=session).json()
    assert [one["name"] for one in lists["results"]] == ["Once"]


def test_a_delay_alone_only_delays(simulator: Simulator, http: httpx.Client) -> None:
    simulator.fail_next(delay=0.3)
    with pytest.raises(httpx.ReadTimeout):
        http.get("/movie/11", timeout=0.1)
    simulator.fail_next(delay=0.01)
    assert http.get("/movie/11").json()["id"] == 11


def test_faults_that_have_not_happened_can_be_taken_back(simulator: Simulator, http: httpx.Client) -> None:
    simulator.fail_next(500, times=5)
    simulator.clear_faults()
    assert http.get("/movie/11").status_code == 200


def test_a_rate_limit_refuses_until_the_second_is_over() -> None:
    clock = Clock(datetime(2031, 5, 4, tzinfo=UTC))
    with Simulator(clock=clock, requests_per_second=2) as simulator, httpx.Client() as client:
        url, query = f"{simulator.base_url}/3/configuration", {"api_key": simulator.api_key}
        responses = [client.get(url, params=query) for _ in range(3)]
        assert [response.status_code for response in responses] == [200, 200, 429]
        assert responses[2].headers["retry-after"] == "1"
        clock.advance(timedelta(seconds=1))
        assert client.get(url, params=query).status_code == 200


# ------------------------------------------------------------------------------------------------ the server


def test_requests_are_recorded_as_they_were_sent(simulator: Simulator, http: httpx.Client) -> None:
    session = simulator.create_session()
    http.post("/movie/11/rating", params={"session_id": session}, json={"value": 8.5}, headers={"X-Kind": "Test"})
    recorded = simulator.requests[-1]
    assert (recorded.method, recorded.path, recorded.http_status) == ("POST", "/3/movie/11/rating", 201)
    assert recorded.operation == "movie-add-rating"
    assert recorded.query == [("session_id", session)]
    assert recorded.headers["x-kind"] == "Test"
    assert recorded.json() == {"value": 8.5}
    assert simulator.count("movie-add-rating") == 1
    simulator.clear_requests()
    assert simulator.requests == []


def test_a_recorded_request_shows_no_credential_in_its_repr(simulator: Simulator, http: httpx.Client) -> None:
    session = simulator.create_session()
    http.get("/account", params={"session_id": session, "api_key": simulator.api_key})
    shown = repr(simulator.requests)
    assert not any(secret in shown for secret in (session, simulator.api_key, simulator.access_token))


def test_an_unchanged_body_is_answered_with_304(http: httpx.Client) -> None:
    first = http.get("/movie/11")
    assert "public" in first.headers["cache-control"]
    again = http.get("/movie/11", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = http.get("/movie/12", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_every_answer_says_that_it_may_be_kept_as_tmdb_does(http: httpx.Client, session: dict[str, str]) -> None:
    ages = {
        path: http.get(path, params=session if path == "/account" else {}).headers["cache-control"]
        for path in ("/account", "/movie/11", "/movie/12", "/movie/13", "/trending/movie/day", "/configuration")
    }
    assert ages["/account"] == "public, max-age=300"
    assert all(age.startswith("public, max-age=") for age in ages.values())
    assert len(set(ages.values())) > 3


def test_many_threads_are_served_at_once(simulator: Simulator) -> None:
    session = simulator.create_session()
    failures: list[int] = []

    def rate(first: int) -> None:
        query = {"api_key": simulator.api_key, "session_id": session}
        with httpx.Client(base_url=simulator.base_url, params=query) as client:
            for number in range(first, first + 10):
                status = client.post(f"/3/movie/{number}/rating", json={"value": 5}).status_code
                if status != 201:
                    failures.append(status)

    threads = [threading.Thread(target=rate, args=(1000 + 10 * index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    query = {"api_key": simulator.api_key, "session_id": session}
    rated = httpx.get(f"{simulator.base_url}/3/account/{simulator.user.id}/rated/movies", params=query).json()
    assert rated["total_results"] == 80


def test_connections_are_kept_alive(simulator: Simulator) -> None:
    connection = HTTPConnection(simulator.base_url.removeprefix("http://"))
    connection.connect()
    ours = connection.sock.getsockname()
    for _ in range(3):
        connection.request("GET", f"/3/configuration?api_key={simulator.api_key}")
        assert connection.getresponse().read()
    assert connection.sock.getsockname() == ours
    connection.close()


def test_a_closed_simulator_serves_no_more_and_can_be_started_again() -> None:
    simulator = Simulator(strict=True)
    with pytest.raises(RuntimeError):
        _ = simulator.base_url
    simulator.start()
    simulator.start()
    url, query = f"{simulator.base_url}/3/configuration", {"api_key": simulator.api_key}
    with httpx.Client() as client:
        assert client.get(url, params=query).status_code == 200
        simulator.close()
        simulator.close()
        with pytest.raises(httpx.TransportError):
            client.get(url, params=query)
    with simulator:
        assert httpx.get(f"{simulator.base_url}/3/configuration", params=query).status_code == 200


def test_two_simulators_share_nothing() -> None:
    with Simulator(strict=True) as one, Simulator(strict=True) as two:
        assert refused(httpx.get(f"{two.base_url}/3/configuration", params={"api_key": one.api_key}), 401, 7)


def test_a_clock_moves_forward_only() -> None:
    start = datetime(2031, 5, 4, tzinfo=UTC)
    clock = Clock(start)
    clock.advance(timedelta(minutes=1))
    assert clock.now() == start + timedelta(minutes=1)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_imports_the_standard_library_and_itself_alone() -> None:
    folder = Path(tmdb_ext.testing.__file__).parent
    imported = set()
    others = {"plugin.py", "_in_process.py", "_recording.py", "_tls.py"}  # for pytest, httpx and trustme
    for module in [path for path in folder.glob("*.py") if path.name not in others]:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(node.module or "")
    imported -= {"httpx"}  # for annotations
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign
    assert all(name == "tmdb_ext.testing" or name.startswith("tmdb_ext.testing.") for name in foreign)


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_the_package_does_not_import_its_test_tool() -> None:
    program = "import sys, tmdb_ext; print('tmdb_ext.testing' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=child_environment(), check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_the_public_names_are_these() -> None:
    assert tmdb_ext.testing.__all__ == ["Clock", "Complaint", "RecordedRequest", "Simulator", "User"]
