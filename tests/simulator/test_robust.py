"""Nothing that is sent makes the simulator fail, and nothing that is sent fills the memory."""

from __future__ import annotations

import socket

import httpx
import pytest

from tmdb_ext.testing import Simulator


def exchange(simulator: Simulator, sent: bytes) -> bytes:
    """What comes back on a socket, until the simulator closes it."""
    host, port = simulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


NUMBERS = ["9" * 400, "99999999999", "0", "-1", "٣", "1e5", "%00", "1.5", "0x10"]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_in_a_path_makes_it_fail(simulator: Simulator, http: httpx.Client, number: str) -> None:
    paths = [
        f"/movie/{number}", f"/movie/{number}/credits", f"/tv/{number}", f"/tv/41/season/{number}",
        f"/tv/41/season/1/episode/{number}", f"/tv/41/season/{number}/episode/{number}", f"/person/{number}",
        f"/list/{number}", f"/company/{number}", f"/collection/{number}", f"/keyword/{number}", f"/network/{number}",
        f"/tv/season/{number}/changes", f"/tv/episode/{number}/changes", f"/credit/{number}", f"/review/{number}",
        f"/genre/{number}/movies", f"/find/{number}?external_source=imdb_id", f"/account/{number}/lists",
    ]  # fmt: skip
    assert {http.get(path).status_code for path in paths} <= {200, 400, 401, 404}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"value":' * 50_000,
        b'{"value": 1e999}',
        b'{"value": NaN}',
        b'{"value": -Infinity}',
        b'{"value": ' + b"9" * 10_000 + b"}",
        b'{"value": {"value": []}}',
        b'{"value": "\xff\xfe"}',
        b"\x00\x01\x02",
        b"null",
        b'"text"',
    ],
)
def test_no_body_makes_it_fail(http: httpx.Client, session: dict[str, str], body: bytes) -> None:
    assert http.post("/movie/11/rating", params=session, content=body).status_code == 400


def test_half_a_surrogate_pair_comes_back_as_it_came(http: httpx.Client, session: dict[str, str]) -> None:
    made = http.post("/list", params=session, content=b'{"name": "\\ud83d rain", "description": "\\u0000"}').json()
    assert http.get(f"/list/{made['list_id']}").json()["name"] == "\ud83d rain"


@pytest.mark.parametrize(
    "query", ["query=%ff%fe", "query=%00", "query=" + "a" * 30_000, "&&&=&=", "query=[", "a&" * 2000]
)
def test_no_query_makes_it_fail(http: httpx.Client, query: str) -> None:
    for path in ("/search/multi", "/discover/movie", "/search/keyword"):
        assert http.get(f"{path}?{query}").status_code in (200, 400, 422)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 300 + b"\r\n", b"431"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"GET http://[/3 HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"\x16\x03\x01\x00\xa5\n", b"400"),
    ],
)
def test_no_head_makes_it_fail(simulator: Simulator, sent: bytes, status: bytes) -> None:
    assert exchange(simulator, sent).split(b" ")[1] == status


def test_a_client_that_waits_for_leave_to_send_gets_it(simulator: Simulator) -> None:
    body = b'{"value": 8}'
    head = (
        f"POST /3/movie/11/rating?api_key={simulator.api_key}&session_id={simulator.create_session()} HTTP/1.1\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    answer = exchange(simulator, head.encode() + body)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ")


def test_no_address_can_end_a_header(simulator: Simulator, http: httpx.Client) -> None:
    token = http.get("/authentication/token/new").json()["request_token"]
    query = {"redirect_to": "http://localhost/\r\nset-cookie: a=b\r\n\r\nü日本"}
    answer = httpx.get(f"{simulator.base_url}/authenticate/{token}/allow", params=query)
    assert answer.status_code == 302
    assert "set-cookie" not in answer.headers


def test_the_journal_keeps_the_newest_and_counts_all() -> None:
    with Simulator(journal_size=3) as simulator, httpx.Client(params={"api_key": simulator.api_key}) as client:
        for number in range(11, 19):
            client.get(f"{simulator.base_url}/3/movie/{number}", params={"x": "y"})
        assert [request.path for request in simulator.requests] == ["/3/movie/16", "/3/movie/17", "/3/movie/18"]
        assert simulator.requests[-1].answer_json()["id"] == 18
        assert simulator.requests[-1].answer_headers["content-type"].startswith("application/json")
        assert simulator.count("movie-details") == 8
        assert len(simulator.complaints) == 3
        simulator.clear_requests()
        assert (simulator.requests, simulator.complaints, simulator.count("movie-details")) == ([], [], 0)


def test_a_journal_of_large_answers_stays_within_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmdb_ext.testing._journal.MOST_BYTES", 100_000)
    with Simulator() as simulator, httpx.Client(params={"api_key": simulator.api_key}) as client:
        for _ in range(30):
            client.get(f"{simulator.base_url}/3/movie/popular")
        assert 0 < sum(len(request.answer) for request in simulator.requests) <= 100_000


def test_tokens_and_guests_that_have_expired_are_not_kept_for_ever(simulator: Simulator, http: httpx.Client) -> None:
    from datetime import timedelta

    for _ in range(3):
        for _ in range(5):
            http.get("/authentication/token/new")
            http.get("/authentication/guest_session/new")
        simulator.clock.advance(timedelta(days=2))
    http.get("/authentication/token/new")
    http.get("/authentication/guest_session/new")
    state = simulator._state
    assert (len(state.request_tokens), len(state.guest_sessions)) == (1, 1)
