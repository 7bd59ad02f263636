"""The simulator takes what TMDB takes, and says what a strict one would have refused."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from tmdb_ext.testing import Simulator


def messages(simulator: Simulator) -> list[str]:
    return [complaint.message for complaint in simulator.complaints]


def test_unknown_parameters_and_keys_are_ignored_and_told_of(
    simulator: Simulator, http: httpx.Client, session: dict[str, str]
) -> None:
    assert http.get("/movie/11", params={"lang": "de", "x": "1"}).json()["title"] == "Star Wars"
    rated = http.post("/movie/11/rating", params=session, json={"value": 8, "guest": True})
    assert rated.status_code == 201
    assert messages(simulator) == [
        "Unknown query parameters: lang (did you mean language?), x.",
        "Unknown keys in the body: guest.",
    ]
    assert simulator.complaints[0].operation == "movie-details"
    assert str(simulator.complaints[0]).startswith("GET /3/movie/{movie_id}: Unknown")


def test_a_strict_simulator_refuses_and_names_the_parameter_in_its_answer_and_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Simulator(strict=True) as simulator:
        query = {"api_key": simulator.api_key, "lang": "de"}
        answer = httpx.get(f"{simulator.base_url}/3/movie/11", params=query)
        assert (answer.status_code, answer.json()["status_code"]) == (422, 5)
        assert "lang" in answer.json()["status_message"]
        assert "lang" in messages(simulator)[0]
        warned = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        assert warned == [f"movie-details: {messages(simulator)[0]}"]


def test_a_documented_request_gives_no_reason_to_complain(
    simulator: Simulator, http: httpx.Client, session: dict[str, str]
) -> None:
    http.get("/movie/11", params={"append_to_response": "images", "include_image_language": "en,null"})
    http.get("/discover/movie", params={"with_genres": "28|12", "include_adult": "false", "page": "2"})
    http.post("/movie/11/rating", params=session, json={"value": 8})
    http.get("/account/1", params=session)
    assert simulator.complaints == []


@pytest.mark.parametrize("spelling", ["True", "true", "1", "TRUE"])
def test_a_truth_has_several_spellings(
    simulator: Simulator, http: httpx.Client, session: dict[str, str], spelling: str
) -> None:
    made = http.post("/list", params=session, json={"name": "Rain"}).json()["list_id"]
    assert http.post(f"/list/{made}/clear", params={**session, "confirm": spelling}).json()["success"]
    assert http.get("/search/movie", params={"query": "star", "include_adult": spelling}).status_code == 200
    body = {"media_type": "movie", "media_id": 11, "favorite": spelling}
    assert http.post("/account/1/favorite", params=session, json=body).status_code in (201, 401)


def test_a_value_that_no_parameter_can_have_is_ignored(simulator: Simulator, http: httpx.Client) -> None:
    usual = http.get("/discover/movie").json()
    odd = {"sort_by": "luck.desc", "with_runtime.gte": "long", "vote_average.gte": "nan", "include_adult": "perhaps"}
    assert http.get("/discover/movie", params=odd).json() == usual
    assert len(simulator.complaints) == 4


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b'{"value": 8.5}'},
        {"content": b'{"value": "8.5"}', "headers": {"content-type": "text/plain"}},
        {"data": {"value": "8.5"}},
        {"content": b"value=8.5", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"params": {"value": "8.5"}},
    ],
)
def test_a_body_needs_no_content_type_and_may_be_a_form_or_in_the_query(
    simulator: Simulator, http: httpx.Client, session: dict[str, str], sent: dict[str, Any]
) -> None:
    sent = {**sent, "params": {**session, **sent.get("params", {})}}
    assert http.post("/movie/11/rating", **sent).json()["status_code"] == 1
    assert http.get("/movie/11/account_states", params=session).json()["rated"] == {"value": 8.5}
    assert simulator.complaints


def test_credentials_may_be_in_the_body(simulator: Simulator) -> None:
    session = simulator.create_session()
    with httpx.Client(base_url=f"{simulator.base_url}/3") as client:
        body = {"api_key": simulator.api_key, "session_id": session, "value": 8}
        assert client.post("/movie/11/rating", json=body).status_code == 201
        body.pop("value")
        assert client.request("DELETE", "/movie/11/rating", json=body).json()["status_code"] == 13
        ended = client.request("DELETE", "/authentication/session", json=body)
        assert ended.json() == {"success": True}
        assert client.get("/account", params={"api_key": simulator.api_key, "session_id": session}).status_code == 401
    shown = " ".join(map(repr, simulator.complaints))
    assert simulator.api_key not in shown
    assert session not in shown


def test_the_old_authentication_addresses_are_read_with_get(simulator: Simulator, http: httpx.Client) -> None:
    token = http.get("/authentication/token/new").json()["request_token"]
    login = {"request_token": token, "username": simulator.user.username, "password": simulator.user.password}
    assert http.get("/authentication/token/validate_with_login", params=login).json()["success"]
    made = http.get("/authentication/session/new", params={"request_token": token}).json()
    assert http.get("/account", params={"session_id": made["session_id"]}).json()["username"] == "sample_user"


def test_an_id_is_read_by_its_leading_number(simulator: Simulator, http: httpx.Client, session: dict[str, str]) -> None:
    assert http.get("/movie/11-star-wars").json()["id"] == 11
    assert http.get("/tv/41-harbour-nights/season/1st").json()["season_number"] == 1
    made = http.post("/list", params=session, json={"name": "Rain"}).json()["list_id"]
    assert str(http.get(f"/list/{made}abcdef").json()["id"]) == str(made)
    assert http.get("/movie/star-wars").json()["status_code"] == 6


def test_a_films_imdb_id_stands_for_it_in_every_address(http: httpx.Client) -> None:
    assert http.get("/movie/tt0076759").json()["id"] == 11
    assert http.get("/movie/tt0076759/credits").json()["id"] == 11
    assert http.get("/movie/tt0000001").status_code == 404


@pytest.mark.parametrize("account", ["{account_id}", "%7Baccount_id%7D", "null", "me"])
def test_the_session_says_whose_account_it_is(
    simulator: Simulator, http: httpx.Client, session: dict[str, str], account: str
) -> None:
    body = {"media_type": "movie", "media_id": 11, "favorite": True}
    assert http.post(f"/account/{account}/favorite", params=session, json=body).status_code == 201
    listed = http.get(f"/account/{account}/favorite/movies", params=session).json()
    assert [one["id"] for one in listed["results"]] == [11]
    assert http.get(f"/account/{simulator.user.id + 1}/lists", params=session).status_code == 401


def test_a_day_may_have_a_time_behind_it(http: httpx.Client) -> None:
    days = {"start_date": "2031-01-01T23:59:59Z", "end_date": "2031-01-05 00:00"}
    assert http.get("/movie/changes", params=days).status_code == 200


def test_anything_can_be_appended_to_where_there_is_something_below(simulator: Simulator, http: httpx.Client) -> None:
    assert "countries" in http.get("/configuration", params={"append_to_response": "countries"}).json()
    body = http.get("/tv/41", params={"append_to_response": "season/1,season/1/credits"}).json()
    assert body["season/1"]["season_number"] == 1
    assert body["season/1/credits"]["cast"]
    assert simulator.complaints == []


def test_a_name_that_cannot_be_appended_is_left_out_and_told_of(simulator: Simulator, http: httpx.Client) -> None:
    body = http.get("/movie/11", params={"append_to_response": "credit,images,nothing"}).json()
    assert body.keys() & {"credit", "images", "nothing"} == {"images"}
    assert messages(simulator) == [
        "Unknown names in append_to_response: credit (did you mean credits?), nothing.",
    ]


def test_slashes_too_many_are_passed_over(http: httpx.Client) -> None:
    assert http.get("/movie/11/").json()["id"] == 11
    assert http.get("/movie//11").json()["id"] == 11


def test_errors_have_tmdbs_three_shapes(http: httpx.Client, session: dict[str, str]) -> None:
    assert http.get("/search/movie").json().keys() == {"errors"}
    assert http.get("/movie/eleven").json().keys() == {"success", "status_code", "status_message"}
    denied = http.post("/authentication/session/new", json={"request_token": "0" * 40})
    assert denied.json()["status_code"] == 33
    token = http.get("/authentication/token/new").json()["request_token"]
    refused = http.post("/authentication/session/new", json={"request_token": token}).json()
    assert refused.keys() == {"success", "failure", "status_code", "status_message"}
    missing = http.post("/list", params=session, json={})
    assert (missing.status_code, missing.json()["status_code"]) == (400, 18)
    assert missing.json()["errors"] == ["name is missing"]


@pytest.mark.parametrize("path", ["/find/%2Fm%2F041", "/find//m/041", "/find/m/041"])
def test_what_freebase_called_a_series_finds_it(simulator: Simulator, http: httpx.Client, path: str) -> None:
    simulator.add("tv", id=41, external_ids={"freebase_mid": "/m/041", "freebase_id": "/en/harbour", "tvrage_id": 9})
    found = http.get(path, params={"external_source": "freebase_mid"}).json()
    assert [one["id"] for one in found["tv_results"]] == [41]
    for other, source in (("/find/%2Fen%2Fharbour", "freebase_id"), ("/find/9", "tvrage_id")):
        assert http.get(other, params={"external_source": source}).json()["tv_results"][0]["id"] == 41
    assert all("external_source" in one for one in messages(simulator))
    assert len(simulator.complaints) == 3


def test_a_former_address_is_taken(simulator: Simulator, http: httpx.Client) -> None:
    assert http.get("/movie/11/similar_movies").json() == http.get("/movie/11/similar").json()
    assert messages(simulator) == ["The path is a former one."]


def test_parameters_may_be_in_the_body(simulator: Simulator, http: httpx.Client, session: dict[str, str]) -> None:
    made = http.post("/list", params=session, json={"name": "Rain"}).json()["list_id"]
    assert http.post(f"/list/{made}/clear", json={**session, "confirm": True}).json()["success"]
    assert messages(simulator)[0] == "confirm is in the body and belongs in the query."
    assert http.post(f"/list/{made}/clear", json={**session, "confirm": False}).json()["status_code"] == 29
