"""Faults on the way, carriers without a socket, the admin API, TLS, IPv6, and what HTTP asks for."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from tmdb_ext.testing import Simulator


@pytest.fixture(params=["socket", "in process"])
def client(request: pytest.FixtureRequest, simulator: Simulator) -> Any:
    query = {"api_key": simulator.api_key}
    transport = None if request.param == "socket" else simulator.transport
    with httpx.Client(base_url=f"{simulator.base_url}/3", params=query, transport=transport) as made:
        yield made


def test_a_reset_a_cut_and_garbage_are_errors_of_the_transport(simulator: Simulator, client: httpx.Client) -> None:
    for fault, error in (
        ({"reset": True}, httpx.ReadError),
        ({"disconnect": True}, httpx.RemoteProtocolError),
        ({"truncate": 40}, httpx.RemoteProtocolError),
        ({"truncate": 40, "reset": True}, httpx.TransportError),
        ({"garbage": b"\x00\x01 no response\r\n\r\n"}, httpx.RemoteProtocolError),
    ):
        simulator.fail_next(**fault)
        with pytest.raises(error):
            client.get("/movie/11")
        assert client.get("/movie/11").json()["id"] == 11


def test_a_slow_body_arrives_whole_or_times_out(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail_next(drip=0.001, drip_size=200, body_delay=0.01)
    assert client.get("/movie/11").json()["id"] == 11


def test_faults_hit_every_third_a_fraction_a_path_or_what_a_function_says(
    simulator: Simulator, client: httpx.Client
) -> None:
    simulator.fail_next(503, every=3, times=None, operation="movie-details")
    assert [client.get("/movie/11").status_code for _ in range(6)] == [200, 200, 503] * 2
    simulator.clear_faults()
    simulator.fail_next(503, fraction=0.5, seed=1, times=None)
    statuses = [client.get("/movie/11").status_code for _ in range(40)]
    assert 8 < statuses.count(503) < 32
    simulator.clear_faults()
    simulator.fail_next(503, path="/3/tv/*")
    simulator.fail_next(500, where={"movie_id": 12})
    simulator.fail_next(502, where=lambda one: one.params.get("language") == "de")
    asked = [("/movie/11", {}), ("/movie/12", {}), ("/tv/41", {}), ("/movie/11", {"language": "de"})]
    assert [client.get(path, params=query).status_code for path, query in asked] == [200, 500, 503, 502]


@pytest.mark.parametrize("fault", [{"disconnect": True}, {"truncate": 4}, {"http_status": 503}, {"delay": 0.001}])
def test_a_request_that_is_carried_out_all_the_same_is_carried_out_once(
    simulator: Simulator, client: httpx.Client, fault: dict[str, Any]
) -> None:
    session = {"session_id": simulator.create_session()}
    simulator.fail_next(perform=True, **fault)
    with contextlib.suppress(httpx.TransportError):
        client.post("/list", params=session, json={"name": "Rain"})
    lists = client.get(f"/account/{simulator.user.id}/lists", params=session).json()["results"]
    assert [one["name"] for one in lists] == ["Rain"]


def test_images_and_pages_fail_too(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail_next(503, operation="image")
    simulator.fail_next(500, operation="site")
    assert client.get("/movie/11").status_code == 200
    assert client.get(f"{simulator.base_url}/t/p/w92/a.jpg").status_code == 503
    assert client.get(f"{simulator.base_url}/authenticate/x").status_code == 500


def test_a_wrong_name_is_an_error_and_what_has_not_happened_is_told(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="did you mean movie-details"):
        simulator.fail_next(503, operation="movie-detials")
    with pytest.raises(ValueError, match="there is no operation"):
        simulator.count("movie_details_")
    with pytest.raises(ValueError, match="fraction"):
        simulator.fail_next(503, fraction=2)
    for wrong in ({"http_status": 42}, {"delay": -1}, {"drip_size": 0}, {"path": "3/movie"}, {"every": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            simulator.fail_next(**{"http_status": 503, **wrong})
    for wrong in ({"headers": {"a": [1]}}, {"headers": {"a b": "c"}}, {"delay": 1e308}, {"drip": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            simulator.fail_next(503, **wrong)
    with pytest.raises(ValueError, match="nothing would fail"):
        simulator.fail_next(operation="movie-details", perform=True)
    with pytest.raises(ValueError, match="status is 100 to 599"):
        simulator.answer("movie-details", status=42)
    simulator.fail_next(503, operation="tv-series-details", times=2)
    assert simulator.unfired_faults == ["fail_next(503, operation='tv-series-details', times=2)"]


def test_head_options_and_wrong_methods(client: httpx.Client) -> None:
    whole, head = client.get("/movie/11"), client.head("/movie/11")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]
    options = client.options("/movie/11/rating")
    assert (options.status_code, options.headers["allow"]) == (204, "POST, DELETE, HEAD, OPTIONS")
    wrong = client.put("/movie/11")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    asked = {"origin": "http://app.test", "access-control-request-method": "POST",
             "access-control-request-headers": "authorization"}  # fmt: skip
    preflight = client.options("/movie/11/rating", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "authorization"
    assert whole.headers["access-control-allow-origin"] == "*"


def test_bodies_are_compressed_for_who_takes_that(client: httpx.Client) -> None:
    packed = client.get("/movie/popular", headers={"accept-encoding": "gzip"})
    plain = client.get("/movie/popular", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_carriers_need_no_socket(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    simulator = Simulator()

    async def main() -> None:
        if backend == "trio":  # asyncio's own loop makes a pair of sockets
            monkeypatch.setattr(socket.socket, "connect", None)
        for transport in (simulator.async_transport, httpx.ASGITransport(simulator.asgi)):
            async with httpx.AsyncClient(transport=transport, params={"api_key": simulator.api_key}) as client:
                found = await client.get("https://api.themoviedb.org/3/movie/11", params={"language": "de"})
                assert found.json()["title"] == "Krieg der Sterne"
                session = simulator.create_session()
                rated = await client.post(
                    "https://api.themoviedb.org/3/movie/11/rating", params={"session_id": session}, json={"value": 8}
                )
                assert rated.status_code == 201
                simulator.fail_next(disconnect=True)
                with pytest.raises((httpx.RemoteProtocolError, ConnectionResetError)):
                    await client.get("https://api.themoviedb.org/3/movie/11")

    anyio.run(main, backend=backend)
    assert simulator.count("movie-details") == 4


@pytest.mark.parametrize("given", ["body", "where"])
def test_a_function_of_a_test_that_fails_is_told_in_the_answer(
    simulator: Simulator, client: httpx.Client, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    simulator.answer("movie-details", **{given: lambda _: 1 / 0})
    answer = client.get("/movie/11")
    assert (answer.status_code, answer.json()["status_message"]) == (500, "What a test gave failed: ZeroDivisionError.")
    assert "ZeroDivisionError" in caplog.text
    assert client.get("/movie/popular").status_code == 200


def test_headers_of_an_answer_may_be_numbers(simulator: Simulator, client: httpx.Client) -> None:
    simulator.answer("movie-details", body={}, headers={"X-Left": 3})
    assert client.get("/movie/11").headers["x-left"] == "3"


def test_a_larger_application_can_mount_it() -> None:
    pytest.importorskip("fastapi")
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    simulator = Simulator()
    whole = FastAPI()
    whole.mount("/tmdb", simulator.asgi)
    with TestClient(whole) as client:
        found = client.get("/tmdb/3/movie/11%2F..%2F12", params={"api_key": simulator.api_key})
        assert found.json()["id"] == 12
        assert client.get("/tmdb/simulator").json()["api_key"] == simulator.api_key


def test_it_serves_on_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Simulator(host="::1") as simulator:
        assert simulator.base_url.startswith("http://[::1]:")
        assert httpx.get(f"{simulator.base_url}/3/movie/11", params={"api_key": simulator.api_key}).json()["id"] == 11


def test_it_serves_https_under_an_authority_of_its_own(tmp_path: Path) -> None:
    import ssl

    pytest.importorskip("trustme")
    with Simulator(tls=True, ca_file=tmp_path / "ca.pem") as simulator:
        assert simulator.base_url.startswith("https://")
        context = ssl.create_default_context(cafile=str(simulator.ca_file))
        query = {"api_key": simulator.api_key}
        assert httpx.get(f"{simulator.base_url}/3/movie/11", params=query, verify=context).json()["id"] == 11
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{simulator.base_url}/3/movie/11", params=query)


def test_a_public_address_is_what_images_are_named_under() -> None:
    with Simulator(public_url="http://tmdb:8080/") as simulator:
        assert simulator.base_url == "http://tmdb:8080"
        client = httpx.Client(transport=simulator.transport, params={"api_key": simulator.api_key})
        images = client.get("http://tmdb:8080/3/configuration").json()["images"]
        assert images["base_url"] == "http://tmdb:8080/t/p/"


# the admin API


def test_the_admin_api_drives_it(simulator: Simulator) -> None:
    with httpx.Client(base_url=f"{simulator.base_url}/simulator") as admin:
        query = {"api_key": admin.get("").json()["api_key"]}
        film = f"{simulator.base_url}/3/movie"
        admin.post("/data", json={"movie": [{"id": 900900, "title": "Rain"}]})
        assert admin.get(f"{film}/900900", params=query).json()["title"] == "Rain"
        admin.post("/faults", json={"http_status": 503, "operation": "movie-details"})
        assert admin.get("/faults").json()["unfired"]
        assert admin.get(f"{film}/11", params=query).status_code == 503
        admin.post("/answers", json={"path": "/3/movie/7", "body": {"id": 7, "title": "Seven"}})
        assert admin.get(f"{film}/7", params=query).json()["title"] == "Seven"
        before = admin.get("/clock").json()["now"]
        assert admin.post("/clock", json={"seconds": 3600}).json()["now"] > before
        assert admin.post("/users", json={"username": "ada", "password": "secret"}).json()["standing"] == "active"
        session = admin.post("/sessions", json={"username": "ada"}).json()["session_id"]
        account = admin.get(f"{simulator.base_url}/3/account", params={**query, "session_id": session}).json()
        assert account["username"] == "ada"
        token = admin.get(f"{simulator.base_url}/3/authentication/token/new", params=query).json()["request_token"]
        assert admin.post("/approve", json={"request_token": token, "username": "ada"}).status_code == 200
        listed = admin.get("/requests", params={"operation": "movie-details"}).json()
        assert [one["http_status"] for one in listed["requests"]] == [200, 503, 200]
        admin.post("/reset")
        assert admin.get("/requests").json()["requests"] == []
        assert admin.get(f"{film}/900900", params=query).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/faults", {"operation": "x"}, 400, "there is no operation"),
        ("POST", "/faults", {"delay": "long"}, 400, "delay is number"),
        ("POST", "/faults", {"nothing": 1}, 400, "unknown: nothing"),
        ("POST", "/clock", {}, 400, "missing: seconds"),
        ("POST", "/clock", {"seconds": -1}, 400, "out of range"),
        ("POST", "/clock", {"seconds": 1e300}, 400, "far too large"),
        ("POST", "/data", {"moive": []}, 400, "name the file"),
        ("POST", "/sessions", {"username": "nobody"}, 404, "no user"),
        ("POST", "/approve", {"request_token": "x"}, 400, "unknown, used or expired"),
        ("PUT", "/users/sample_user/standing", {"standing": "odd"}, 400, "one of"),
        ("GET", "/nothing", None, 404, "no such path"),
        ("PUT", "/faults", {}, 405, "other methods"),
    ],
)
def test_the_admin_api_says_what_is_wrong(
    simulator: Simulator, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answer = httpx.request(method, f"{simulator.base_url}/simulator{path}", json=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]


def test_the_admin_api_is_documented(simulator: Simulator) -> None:
    document = httpx.get(f"{simulator.base_url}/simulator/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(names) == len(set(names)) > 15
    for wanted in ("addFault", "advanceClock", "createUser", "approve", "deny", "listRequests", "reset", "addData"):
        assert wanted in names


NODE = """
const base = process.argv[1];
const json = async (method, path, body) => (await fetch(base + path, {
  method, body: body && JSON.stringify(body), headers: {'content-type': 'application/json'}})).json();
(async () => {
  const {api_key} = await json('GET', '/simulator');
  await json('POST', '/simulator/data', {movie: [{id: 900900, title: 'Rain'}]});
  await json('POST', '/simulator/faults', {http_status: 503, times: 1, operation: 'movie-details'});
  const first = await fetch(`${base}/3/movie/900900?api_key=${api_key}`);
  const second = await json('GET', `/3/movie/900900?api_key=${api_key}`);
  const {requests} = await json('GET', '/simulator/requests');
  console.log(JSON.stringify([first.status, second.title, requests.length]));
})();
"""


def test_a_node_program_drives_it(simulator: Simulator) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    done = subprocess.run(
        [node, "-e", NODE, simulator.base_url], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == [503, "Rain", 2]


# recording and replaying


def test_what_is_recorded_is_served_later_without_a_credential(tmp_path: Path) -> None:
    with Simulator(data={"movie": [{"id": 900900, "title": "Rain"}]}) as upstream:
        query = {"api_key": upstream.api_key}
        session = upstream.create_session()
        with Simulator(record=tmp_path / "tape", upstream=upstream.base_url) as recorder:
            base = f"{recorder.base_url}/3"
            assert httpx.get(f"{base}/movie/900900", params=query).json()["title"] == "Rain"
            headers = {"authorization": f"Bearer {upstream.access_token}"}
            assert httpx.get(f"{base}/movie/900900", params={"language": "de"}, headers=headers).status_code == 200
            account = httpx.get(f"{base}/account", params={**query, "session_id": session}).json()
            assert account["username"] == "sample_user"
            states = httpx.get(f"{base}/movie/11/account_states", params={**query, "session_id": session})
            assert states.status_code == 200
            guest = httpx.get(f"{base}/authentication/guest_session/new", params=query)
            assert guest.status_code == 200
            assert httpx.get(f"{base}/movie/900900", params={"api_key": "wrong"}).status_code == 401
        stored = "".join(one.read_text() for one in (tmp_path / "tape").iterdir())
        assert len(list((tmp_path / "tape").iterdir())) == 2
        for secret in (
            upstream.api_key,
            upstream.access_token,
            session,
            guest.json()["guest_session_id"],
            "sample_user",
        ):
            assert secret not in stored
    with Simulator(replay=tmp_path / "tape") as player:
        base = f"{player.base_url}/3"
        assert httpx.get(f"{base}/movie/900900", params={"api_key": "whatever"}).json()["title"] == "Rain"
        assert httpx.get(f"{base}/movie/11", params={"api_key": player.api_key}).json()["id"] == 11
        player.fail_next(503)
        assert httpx.get(f"{base}/movie/900900", params={"api_key": "whatever"}).status_code == 503
        assert player.count("movie-details") == 3
    with pytest.raises(ValueError, match="exclude each other"):
        Simulator(record=tmp_path, replay=tmp_path)
    with pytest.raises(ValueError, match="no folder"):
        Simulator(replay=tmp_path / "nothing")


def test_an_upstream_that_is_away_is_a_bad_gateway(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Simulator(record=tmp_path, upstream=f"http://127.0.0.1:{port}") as recorder:
        answer = httpx.get(f"{recorder.base_url}/3/movie/11", params={"api_key": "a" * 32})
        assert answer.status_code == 502
        assert list(tmp_path.iterdir()) == []
