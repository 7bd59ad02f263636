"""Logging a user in and out, and what a client does with the session."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import httpx
import pytest
from scenes import decide, play, result_of, set_clock

from tmdb_ext import (
    TMDB,
    APIError,
    AsyncTMDB,
    AuthenticationError,
    ConfigurationError,
    Credentials,
    GuestPolicy,
    InvalidArgument,
    LoginDenied,
    LoginError,
    LoginExpired,
    LoginMismatch,
    LoginPending,
    Secret,
    SessionDenied,
    UserSession,
)
from tmdb_ext._auth.receiver import LoopbackReceiver
from tmdb_ext.testing import Clock, Simulator

CONVERT = "authentication-create-session-from-v4-token"
NEW_SESSION = "authentication-create-session"
NEW_GUEST = "authentication-create-guest-session"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=Clock(), strict=True) as running:
        yield running


def token_in(url: str) -> str:
    return urlsplit(url).path.split("/")[2]


def held_port(url: str) -> int:
    redirect_to = parse_qs(urlsplit(url).query)["redirect_to"][0]
    port = urlsplit(redirect_to).port
    assert port is not None
    return port


# Approval on TMDB's site


def test_an_approved_login_becomes_the_session_of_the_client(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        assert login.url == f"{simulator.base_url}/authenticate/{login.request_token.reveal()}"
        assert timedelta(minutes=59) < login.expires_at - datetime.now(UTC) <= timedelta(minutes=60)
        assert tmdb.auth.session is None
        decide(login.url, "allow")
        session = await result_of(login.complete())
        assert isinstance(session, UserSession)
        assert (session.source, session.account_id) == ("login", None)
        assert tmdb.auth.session is session
        assert await result_of(login.complete()) is session
        await result_of(tmdb.movies.add_rating(11, value=8.5))
        assert await result_of(tmdb.account.id()) == simulator.user.id == session.account_id
        assert tmdb.auth.explain("movie-add-rating").source == "held"

    play(variant, simulator, scene)
    assert (simulator.count(NEW_SESSION), simulator.count(NEW_GUEST)) == (1, 0)


def test_by_default_users_approve_on_tmdbs_site(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        login = tmdb.auth.begin_login(redirect_to="https://example.org/back?x=1&y=2")
        assert login.url == (
            f"https://www.themoviedb.org/authenticate/{login.request_token.reveal()}"
            "?redirect_to=https%3A%2F%2Fexample.org%2Fback%3Fx%3D1%26y%3D2"
        )


def test_a_login_that_is_not_approved_yet_says_so(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        with pytest.raises(LoginPending, match="has not approved the login yet, or has denied it") as caught:
            await result_of(login.complete())
        assert caught.value.retryable
        assert caught.value.operation == NEW_SESSION
        simulator.fail_next(tmdb_code=41, operation=NEW_SESSION)
        with pytest.raises(LoginPending, match=r"has not approved the login yet\.$"):
            await result_of(login.complete())
        # TMDB has told the two apart, so the other answer now means what it says.
        simulator.deny(login.request_token.reveal())
        with pytest.raises(LoginDenied, match="has denied the login"):
            await result_of(login.complete())
        assert tmdb.auth.session is None

    play(variant, simulator, scene)


def test_a_login_that_has_expired_says_so(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        simulator.clock.advance(timedelta(minutes=61))
        with pytest.raises(LoginExpired, match="Begin a new one"):
            await result_of(login.complete())
        with pytest.raises(LoginExpired):
            await result_of(login.wait(5, interval=0.01))

    play(variant, simulator, scene)


def test_an_answer_of_another_kind_stays_what_it_is(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        simulator.fail_next(tmdb_code=10)
        with pytest.raises(AuthenticationError, match="suspended"):
            await result_of(login.complete())
        simulator.fail_next(200, body={"success": True})
        with pytest.raises(Exception, match="no usable session_id"):
            await result_of(login.complete())

    play(variant, simulator, scene)


def test_waiting_asks_until_the_user_has_approved(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        # Nothing of this ends the wait: TMDB is busy, the connection breaks.
        simulator.fail_next(503, operation=NEW_SESSION)
        simulator.fail_next(429, retry_after=0.01, operation=NEW_SESSION)
        simulator.fail_next(disconnect=True, operation=NEW_SESSION)
        approve = threading.Timer(0.3, simulator.approve, [login.request_token.reveal()])
        approve.start()
        session = await result_of(login.wait(30, interval=0.05))
        assert tmdb.auth.session is session

    play(variant, simulator, scene)
    assert 4 <= simulator.count(NEW_SESSION) < 20


def test_waiting_ends_in_time(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        with pytest.raises(LoginPending, match=r"not approved the login within 0\.2 seconds"):
            await result_of(login.wait(0.2, interval=0.15))
        for arguments in ((0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (float("inf"), 1.0), ("5", 1.0)):
            with pytest.raises(InvalidArgument, match="must be a number of seconds above 0"):
                await result_of(login.wait(arguments[0], interval=arguments[1]))

    play(variant, simulator, scene)
    assert simulator.count(NEW_SESSION) <= 3


def test_a_login_is_taken_up_in_another_client(simulator: Simulator, variant: str) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as first:
        login = first.auth.begin_login(redirect_to="https://example.org/back")
        simulator.approve(login.request_token.reveal())

    async def scene(tmdb: Any) -> None:
        session = await result_of(tmdb.auth.resume_login(login.request_token.reveal()).complete())
        assert tmdb.auth.session is None
        assert (await result_of(tmdb.for_user(session).account.details())).id == simulator.user.id
        with pytest.raises(InvalidArgument, match="letters, digits"):
            tmdb.auth.resume_login("../account")
        for nothing in (None, 7, b"a"):
            with pytest.raises(InvalidArgument, match="request_token must be a text, not"):
                tmdb.auth.resume_login(nothing)
            with pytest.raises(InvalidArgument, match="request_token must be a text, not"):
                tmdb.v4.auth.resume_login(nothing)

    play(variant, simulator, scene)


@pytest.mark.parametrize(
    "redirect_to", ["", "example.org/back", "/back", "https://", "https://example.org/a b", "https://x.org/\n", 3]
)
def test_an_address_that_no_browser_can_be_sent_to_is_refused(simulator: Simulator, redirect_to: Any) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        with pytest.raises(InvalidArgument, match="redirect_to must be an absolute address"):
            tmdb.auth.begin_login(redirect_to=redirect_to)
        assert tmdb.auth.begin_login(redirect_to="myapp://back").url.endswith("?redirect_to=myapp%3A%2F%2Fback")
        with pytest.raises(InvalidArgument, match="not both"):
            tmdb.auth.begin_login(redirect_to="https://example.org", loopback=True)
    assert simulator.count("authentication-create-request-token") == 1


@pytest.mark.parametrize("site_url", ["themoviedb.org", "ftp://x.org", "https://u:p@x.org", "https://x.org/?a=1", 3])
def test_a_site_that_cannot_be_opened_is_refused(simulator: Simulator, site_url: Any) -> None:
    with pytest.raises(ConfigurationError, match="site_url must be an http or https address"):
        TMDB(access_token=simulator.access_token, site_url=site_url)


# The loopback address


def test_the_browser_comes_back_to_a_loopback_port(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> int:
        login = await result_of(tmdb.auth.begin_login(loopback=True))
        port = held_port(login.url)
        threading.Timer(0.1, decide, [login.url, "allow"]).start()
        session = await result_of(login.receive(20))
        assert tmdb.auth.session is session
        return port

    port = play(variant, simulator, scene)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_denial_in_the_browser_is_told(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login(loopback=True))
        answer: list[httpx.Response] = []
        threading.Timer(0.05, lambda: answer.append(decide(login.url, "deny"))).start()
        with pytest.raises(LoginDenied):
            await result_of(login.receive(20))
        assert (answer[0].status_code, answer[0].headers["referrer-policy"]) == (200, "no-referrer")
        assert login.request_token.reveal() not in answer[0].text

    play(variant, simulator, scene)
    assert simulator.count(NEW_SESSION) == 0


def test_only_the_redirect_of_this_login_counts(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login(loopback=True))
        address = parse_qs(urlsplit(login.url).query)["redirect_to"][0]
        origin, token = f"http://127.0.0.1:{held_port(login.url)}", login.request_token.reveal()
        good = {"request_token": token, "approved": "true"}
        strays = [
            httpx.get(origin, params=good),
            httpx.get(address),
            httpx.get(address, params={**good, "request_token": token[::-1]}),
            httpx.get(f"{address}/more", params=good),
            httpx.get(address, params=good, headers={"host": "evil.example"}),
        ]
        assert [answer.status_code for answer in strays] == [404] * 5
        assert httpx.put(address, params=good).status_code == 405
        with pytest.raises(LoginPending, match=r"within 0\.1 seconds"):
            await result_of(login.receive(0.1))
        with pytest.raises(httpx.ConnectError):
            httpx.get(address, params=good)

    play(variant, simulator, scene)


def test_giving_up_a_login_closes_its_port(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        with tmdb.auth.begin_login(loopback=True) as login:
            port = held_port(login.url)
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        login.close()
        with pytest.raises(ConfigurationError, match="loopback=True"):
            tmdb.auth.begin_login().receive(1)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_the_wait_for_the_browser_closes_the_port(simulator: Simulator, backend: str) -> None:
    async def main() -> int:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            login = await tmdb.auth.begin_login(loopback=True)
            with anyio.move_on_after(0.1) as scope:
                await login.receive(60)
            assert scope.cancelled_caught
            return held_port(login.url)

    port = anyio.run(main, backend=backend)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def landing(login: Any) -> tuple[str, dict[str, str]]:
    """Where the browser comes back to, and what it brings."""
    address = parse_qs(urlsplit(login.url).query)["redirect_to"][0]
    return address, {"request_token": login.request_token.reveal(), "approved": "true"}


def spoken(address: str, request: bytes) -> bytes:
    """What the loopback address answers to bytes, until it closes."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def test_a_browser_that_closes_at_once_has_decided_all_the_same(
    simulator: Simulator, variant: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scene(tmdb: Any) -> None:
        for _ in range(10):
            login = await result_of(tmdb.auth.begin_login(loopback=True))
            simulator.approve(login.request_token.reveal())
            address, brought = landing(login)
            parts = urlsplit(address)
            with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as browser:
                target = f"{parts.path}?{urlencode(brought)}"
                browser.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            await result_of(login.receive(20))

    play(variant, simulator, scene)
    assert capfd.readouterr().err == ""


def test_the_verdict_is_known_before_the_page_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = LoopbackReceiver()
    receiver.expect("t" * 40)
    known: list[object] = []
    write = BaseHTTPRequestHandler.send_response_only

    def looked_at(self: Any, *arguments: Any) -> None:
        known.append(receiver.verdict)
        write(self, *arguments)

    monkeypatch.setattr(BaseHTTPRequestHandler, "send_response_only", looked_at)
    with contextlib.closing(receiver):
        assert httpx.get(receiver.address, params={"request_token": "t" * 40, "denied": "true"}).status_code == 200
    assert known == ["denied"]


def test_the_loopback_address_answers_every_method(capfd: pytest.CaptureFixture[str]) -> None:
    for method, status in (("OPTIONS", 405), ("PUT", 405), ("DELETE", 405), ("BREW", 405), ("HEAD", 200)):
        receiver = LoopbackReceiver()
        receiver.expect("t" * 40)
        with contextlib.closing(receiver):
            answer = httpx.request(method, receiver.address, params={"request_token": "t" * 40})
            assert (answer.status_code, receiver.verdict) == (status, None)
            assert answer.headers.get("allow") == ("GET, HEAD, POST" if status == 405 else None)
            assert httpx.request(method, f"{receiver.address}/more").status_code == 404
            # A redirect that keeps the method of the approval form.
            posted = httpx.post(
                receiver.address, params={"request_token": "t" * 40, "approved": "true"}, content=b"x" * 4096
            )
            assert (posted.status_code, receiver.verdict) == (200, "approved")
            target = urlsplit(receiver.address).path.encode()
            assert b" 404 " in spoken(receiver.address, b"POST " + target + b" HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
            for noise in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET //[ HTTP/1.1\r\n\r\n", b"\r\n\r\n", b"GET\r\n"):
                spoken(receiver.address, noise)
    assert capfd.readouterr().err == ""


def test_a_login_that_is_dropped_lets_go_of_port_and_threads(simulator: Simulator, variant: str) -> None:
    threads = set(threading.enumerate())

    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login(loopback=True))
        port = held_port(login.url)
        with socket.create_connection(("127.0.0.1", port)) as idle:  # as browsers open them, to be quick later
            del login
            gc.collect()
            idle.settimeout(20)
            assert idle.recv(1) == b""
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=1)

    play(variant, simulator, scene)
    for thread in set(threading.enumerate()) - threads:
        if thread.name == "tmdb-login" or "process_request_thread" in thread.name:
            thread.join(20)
            assert not thread.is_alive()


# Name and password


def test_a_name_and_a_password_become_a_session(simulator: Simulator, variant: str) -> None:
    simulator.create_user("ottoline", "lighthouse")

    async def scene(tmdb: Any) -> None:
        session = await result_of(tmdb.auth.login("ottoline", "lighthouse"))
        assert (session.source, tmdb.auth.session) == ("login", session)
        assert (await result_of(tmdb.account.details())).username == "ottoline"
        # Another user takes over, and with the session goes the account.
        first = await result_of(tmdb.account.id())
        await result_of(tmdb.auth.login(simulator.user.username, Secret(simulator.user.password)))
        assert await result_of(tmdb.account.id()) == simulator.user.id != first

    play(variant, simulator, scene)


@pytest.mark.parametrize(
    ("standing", "password", "code"),
    [
        ("active", "wrong", 30),
        ("active", "", 26),
        ("disabled", "sample password", 31),
        ("unverified", "sample password", 32),
        ("suspended", "sample password", 45),
    ],
)
def test_a_login_that_tmdb_refuses_says_why(
    simulator: Simulator, variant: str, standing: Any, password: str, code: int
) -> None:
    simulator.user.standing = standing

    async def scene(tmdb: Any) -> None:
        with pytest.raises(APIError) as caught:
            await result_of(tmdb.auth.login(simulator.user.username, password))
        assert caught.value.tmdb_code == code
        assert tmdb.auth.session is None

    play(variant, simulator, scene)
    assert simulator.count(NEW_SESSION) == 0


# Logging out


def test_logging_out_ends_the_session_there_and_here(simulator: Simulator, variant: str) -> None:
    session = simulator.create_session()

    async def scene(tmdb: Any) -> None:
        assert await result_of(tmdb.account.id()) == simulator.user.id
        assert await result_of(tmdb.auth.logout()) is True
        assert tmdb.auth.session is None
        assert tmdb.auth.held == ("access_token",)
        with pytest.raises(ConfigurationError, match="takes a user session only"):
            await result_of(tmdb.account.details())
        assert await result_of(tmdb.auth.logout()) is True

    play(variant, simulator, scene, session_id=session)
    assert [item.json() for item in simulator.requests if item.method == "DELETE"] == [{"session_id": session}]


def test_logging_out_forgets_the_session_even_where_tmdb_does_not_confirm(
    simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(tmdb: Any) -> None:
        simulator.fail_next(disconnect=True)
        assert await result_of(tmdb.auth.logout()) is False
        assert tmdb.auth.session is None

    for number in range(2):
        play(variant, simulator, scene, session_id=simulator.create_session())
        assert caplog.text.count("Logged out here, but TMDB did not confirm it (TransportError)") == number + 1


def test_a_session_that_is_gone_already_counts_as_ended(simulator: Simulator, variant: str) -> None:
    session = simulator.create_session()
    simulator.forget_session(session)

    async def scene(tmdb: Any) -> None:
        assert await result_of(tmdb.auth.logout()) is True

    play(variant, simulator, scene, session_id=session)


def test_after_a_logout_the_user_access_token_makes_no_session(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        assert (await result_of(tmdb.auth.convert())).source == "converted"
        assert await result_of(tmdb.auth.logout()) is True
        with pytest.raises(ConfigurationError, match="takes a user session only"):
            await result_of(tmdb.account.details())
        with pytest.raises(ConfigurationError, match="no user access token"):
            await result_of(tmdb.auth.convert())
        await result_of(tmdb.movies.add_rating(11, value=5))  # as a guest
        await result_of(tmdb.auth.login(simulator.user.username, simulator.user.password))
        assert await result_of(tmdb.account.id()) == simulator.user.id

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())
    assert (simulator.count(CONVERT), simulator.count(NEW_GUEST)) == (1, 1)


# Conversion


def test_only_a_token_that_a_user_approved_can_be_converted(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(AuthenticationError) as caught:
            await result_of(tmdb.account.details())
        assert caught.value.tmdb_code == 36

    play(variant, simulator, scene, user_access_token=simulator.access_token)

    async def without(tmdb: Any) -> None:
        with pytest.raises(ConfigurationError, match="no user access token"):
            await result_of(tmdb.auth.convert())

    play(variant, simulator, without)


def test_a_converted_session_that_was_ended_is_made_anew_once(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        session = await result_of(tmdb.auth.convert())
        simulator.forget_session(session.id.reveal())
        await result_of(tmdb.lists.create(name="mine"))
        assert tmdb.auth.session.id != session.id
        # A refusal that has another reason costs no session: TMDB still knows this one.
        simulator.fail_next(tmdb_code=3, operation="list-create", times=2)
        with pytest.raises(SessionDenied):
            await result_of(tmdb.lists.create(name="mine"))

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())
    assert simulator.count(CONVERT) == 2


def test_a_session_that_the_client_cannot_make_is_not_replaced(simulator: Simulator, variant: str) -> None:
    session = simulator.create_session()
    simulator.forget_session(session)

    async def scene(tmdb: Any) -> None:
        with pytest.raises(SessionDenied, match="user session sent with it"):
            await result_of(tmdb.lists.create(name="mine"))

    play(variant, simulator, scene, session_id=session)
    play(variant, simulator, scene, session_id=session, user_access_token=simulator.create_user_access_token())
    assert simulator.count(CONVERT) == 0


# Modes for a call, credentials in one object, and the generated layer


def test_a_mode_can_be_set_for_one_call(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        guest = tmdb.acting_as("guest")
        await result_of(guest.movies.add_rating(11, value=8))
        await result_of(tmdb.movies.add_rating(12, value=8))
        assert tmdb.auth.mode == "auto"
        with pytest.raises(ConfigurationError, match="mode 'guest'"):
            await result_of(guest.account.id())
        assert await result_of(tmdb.acting_as("session").account.id()) == simulator.user.id
        with pytest.raises(ConfigurationError, match="mode must be one of"):
            tmdb.acting_as("nobody")
        with guest as entered:
            assert entered is guest
            await result_of(tmdb.movies.add_rating(13, value=8))
        assert repr(guest) == "<acting as 'guest'>"

    play(variant, simulator, scene, session_id=simulator.create_session())
    sent = [set(item.params) for item in simulator.requests if item.method == "POST"]
    assert sent == [{"guest_session_id"}, {"session_id"}, {"guest_session_id"}]


def test_credentials_come_in_one_object_too(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_SESSION_ID", simulator.create_session())
    credentials = Credentials(api_key=simulator.api_key)
    with TMDB(credentials=credentials, base_url=simulator.base_url) as tmdb:
        assert tmdb.auth.held == ("api_key",)  # nothing of the environment
        tmdb.movies.details(11)
    with pytest.raises(ConfigurationError, match="Pass credentials= or access_token=, not both"):
        TMDB(credentials=credentials, access_token=simulator.access_token)
    with pytest.raises(ConfigurationError, match="No application credential"):
        TMDB(credentials=Credentials(session_id=simulator.create_session()))


def test_the_generated_functions_of_the_other_variant_are_refused(simulator: Simulator) -> None:
    async def scene(tmdb: AsyncTMDB) -> None:
        with pytest.raises(ConfigurationError, match="sync and sync_detailed need a TMDB"):
            tmdb.low_level.get_httpx_client()

    play("async", simulator, scene)
    refused = pytest.raises(ConfigurationError, match="asyncio and asyncio_detailed need an AsyncTMDB")
    with TMDB(access_token=simulator.access_token) as tmdb, refused:
        tmdb.low_level.get_async_httpx_client()


# How long a guest session is used


@pytest.mark.parametrize(
    ("policy", "pauses", "made"),
    [
        (GuestPolicy(idle_limit=600), [300, 300, 601], 2),
        (GuestPolicy(idle_limit=600), [300, 300, 599], 1),
        (GuestPolicy(margin=0), [1799, 1799], 1),
        (GuestPolicy(margin=360), [1700, 1600], 2),
        (GuestPolicy(margin=100_000), [3000], 1),  # at most a tenth of the session's life
        (GuestPolicy(make=False), [4000], 0),
    ],
)
def test_a_policy_says_how_long_a_guest_session_is_used(policy: GuestPolicy, pauses: list[int], made: int) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    count = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal count
        if request.url.path.endswith("/new"):
            count += 1
            expiry = f"{now + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC"
            return httpx.Response(200, json={"guest_session_id": f"g{count}", "expires_at": expiry})
        return httpx.Response(201, json={"success": True})

    transport = httpx.MockTransport(answer)
    with TMDB(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9", transport=transport, guest=policy) as tmdb:
        set_clock(tmdb, lambda: now)
        for pause in [0, *pauses]:
            now += timedelta(seconds=pause)
            try:
                tmdb.movies.add_rating(11, value=5)
            except ConfigurationError:
                assert not policy.make
    assert count == made


def test_a_guest_session_that_was_never_used_is_given_up(simulator: Simulator) -> None:
    policy = GuestPolicy(unused_limit=60)
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, guest=policy) as tmdb:
        tmdb.guest.start()
        later = datetime.now(UTC) + timedelta(seconds=61)
        set_clock(tmdb, lambda: later)
        tmdb.movies.add_rating(11, value=5)
    assert simulator.count(NEW_GUEST) == 2


@pytest.mark.parametrize("name", ["margin", "idle_limit", "unused_limit"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "60"])
def test_a_period_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be a number of seconds, 0 or more"):
        GuestPolicy(**{name: value})


def test_login_errors_have_one_base() -> None:
    assert {LoginPending, LoginDenied, LoginExpired, LoginMismatch} == set(LoginError.__subclasses__())


def test_nothing_of_a_login_is_logged_but_that_it_was(
    simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tmdb_ext")

    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        simulator.approve(login.request_token.reveal())
        session = await result_of(login.complete())
        assert "done" in repr(login)
        for secret in (login.request_token, session.id):
            assert secret.reveal() not in caplog.text + repr(login) + repr(session) + repr(tmdb.auth)

    play(variant, simulator, scene)
    assert "Logged in: made a user session." in caplog.text
