"""Version 4: logging in and out, the account object id, and lists that both versions share."""

from __future__ import annotations

import logging
import pickle
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest
from pipeline.truth import contradictions, unknown_keys
from recording import recording
from scenes import decide, play, result_of
from tmdb_api_client.v4 import AuthenticatedClient
from tmdb_api_client.v4.api.lists import list_create, list_details
from tmdb_api_client.v4.models import (
    CommentedListItem,
    ListBody,
    ListDetails,
    ListItem,
    ListSort,
    MovieSummary,
    TvSeriesSummary,
)

from tmdb_ext import (
    TMDB,
    APIError,
    AsyncTMDB,
    AuthenticationError,
    ConfigurationError,
    DecodeError,
    FileStore,
    InvalidArgument,
    LoginDenied,
    LoginExpired,
    LoginPending,
    MemoryStore,
    NotFound,
    Secret,
    ServerError,
    UserAccessToken,
)
from tmdb_ext._operations import operation_of
from tmdb_ext.testing import Clock, Simulator
from tmdb_ext.testing._state import jwt_like

CONVERT = "authentication-create-session-from-v4-token"
NEW_TOKEN = "v4/auth-create-access-token"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=Clock(), strict=True) as running:
        yield running


async def log_in(tmdb: Any, simulator: Simulator, user: Any = None) -> UserAccessToken:
    login = await result_of(tmdb.v4.auth.begin_login())
    simulator.approve(login.request_token.reveal(), user)
    made: UserAccessToken = await result_of(login.complete())
    return made


# Logging in


def test_an_approved_login_gives_the_client_a_user_access_token(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.v4.auth.begin_login())
        assert login.url == f"{simulator.base_url}/auth/access?request_token={login.request_token.reveal()}"
        assert timedelta(minutes=14) < login.expires_at - datetime.now(UTC) <= timedelta(minutes=15)
        assert tmdb.v4.auth.token is None
        assert decide(login.url, "approve").status_code == 200
        token = await result_of(login.complete())
        assert isinstance(token, UserAccessToken)
        assert (token.source, token.account_object_id) == ("login", simulator.user.object_id)
        assert tmdb.v4.auth.token is token
        assert await result_of(login.complete()) is token
        assert tmdb.v4.account.id() == simulator.user.object_id
        await result_of(tmdb.v4.lists.create(name="mine", iso_639_1="en"))

    play(variant, simulator, scene)
    made = simulator.requests[-1]
    assert (simulator.count(NEW_TOKEN), made.operation, made.http_status) == (1, "v4/list-create", 201)
    assert made.headers["authorization"] != f"Bearer {simulator.access_token}"


def test_a_v4_login_unlocks_the_operations_of_v3_by_one_conversion(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(ConfigurationError, match="takes a user session only"):
            await result_of(tmdb.account.details())
        await log_in(tmdb, simulator)
        assert (await result_of(tmdb.account.details())).id == simulator.user.id
        await result_of(tmdb.account.add_favorite(media_type="movie", media_id=11, favorite=True))
        favourites = await result_of(tmdb.v4.account.favorite_movies())
        assert [film.id for film in favourites.results] == [11]
        assert tmdb.auth.session.source == "converted"

    play(variant, simulator, scene)
    assert simulator.count(CONVERT) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_tasks_after_a_login_convert_once(simulator: Simulator, backend: str) -> None:
    async def main() -> None:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            await log_in(tmdb, simulator)
            async with anyio.create_task_group() as tasks:
                for number in range(40):
                    tasks.start_soon(tmdb.account.lists)
                    tasks.start_soon(tmdb.v4.lists.details, 1 + number)

    anyio.run(main, backend=backend)
    assert (simulator.count(CONVERT), simulator.count("account-details")) == (1, 1)


def test_what_a_login_meets_is_told(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.v4.auth.begin_login())
        with pytest.raises(LoginPending, match=r"has not approved the login yet\.$") as caught:
            await result_of(login.complete())
        assert (caught.value.operation, caught.value.retryable) == (NEW_TOKEN, True)
        simulator.deny(login.request_token.reveal())
        with pytest.raises(LoginDenied):
            await result_of(login.complete())
        late = await result_of(tmdb.v4.auth.begin_login())
        simulator.clock.advance(timedelta(minutes=16))
        with pytest.raises(LoginExpired, match="Begin a new one"):
            await result_of(late.complete())
        once = await result_of(tmdb.v4.auth.begin_login())
        simulator.approve(once.request_token.reveal())
        await result_of(tmdb.v4.auth.resume_login(once.request_token).complete())
        with pytest.raises(LoginExpired):
            await result_of(once.complete())
        simulator.fail_next(200, body={"success": True, "access_token": "short"}, operation=NEW_TOKEN)
        with pytest.raises(DecodeError, match="no usable access_token"):
            await result_of((await result_of(tmdb.v4.auth.begin_login())).complete())
        simulator.fail_next(tmdb_code=10)
        with pytest.raises(AuthenticationError, match="suspended"):
            await result_of(tmdb.v4.auth.begin_login())

    play(variant, simulator, scene)


def test_a_denial_that_comes_without_a_question_before_may_be_one(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        login = tmdb.v4.auth.begin_login()
        simulator.deny(login.request_token.reveal())
        with pytest.raises(LoginPending, match="or has denied it"):
            login.complete()


def test_waiting_asks_until_the_user_has_approved(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.v4.auth.begin_login())
        simulator.fail_next(503, operation=NEW_TOKEN)
        threading.Timer(0.2, simulator.approve, [login.request_token.reveal()]).start()
        assert await result_of(login.wait(30, interval=0.05)) is tmdb.v4.auth.token

    play(variant, simulator, scene)
    assert 2 < simulator.count(NEW_TOKEN) < 20


def redirect_of(simulator: Simulator) -> str:
    (asked,) = [request for request in simulator.requests if request.operation == "v4/auth-create-request-token"]
    address: str = asked.json()["redirect_to"]
    return address


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_the_browser_comes_back_to_a_loopback_port(simulator: Simulator, variant: str, decision: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.v4.auth.begin_login(loopback=True))
        threading.Timer(0.05, decide, [login.url, decision]).start()
        if decision == "approve":
            assert await result_of(login.receive(20)) is tmdb.v4.auth.token
        else:
            with pytest.raises(LoginDenied):
                await result_of(login.receive(20))

    play(variant, simulator, scene)
    port = urlsplit(redirect_of(simulator)).port
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_only_the_redirect_of_this_login_counts(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        login = tmdb.v4.auth.begin_login(loopback=True)
        address = redirect_of(simulator)
        strays = [
            httpx.get(address.rpartition("/")[0] + "/"),
            httpx.get(address, params={"request_token": "x.y.z"}),
            httpx.get(address, headers={"host": "evil.example"}),
        ]
        assert [answer.status_code for answer in strays] == [404] * 3
        with pytest.raises(LoginPending, match="within"):
            login.receive(0.1)


def test_a_login_that_cannot_begin_leaves_no_port_open(simulator: Simulator, variant: str) -> None:
    ports: list[int] = []

    async def scene(tmdb: Any) -> None:
        simulator.fail_next(500)
        with pytest.raises(Exception, match="500"):
            await result_of(tmdb.v4.auth.begin_login(loopback=True))
        ports.append(urlsplit(redirect_of(simulator)).port or 0)

    play(variant, simulator, scene)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=1)


def test_a_redirect_goes_where_the_program_said(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, site_url=simulator.base_url) as tmdb:
        login = tmdb.v4.auth.begin_login(redirect_to="https://example.org/back?x=1")
        answer = httpx.get(login.url.replace("/access?", "/access/approve?"))
        assert (answer.status_code, answer.headers["location"]) == (302, "https://example.org/back?x=1")
        for redirect_to in ("/back", "https://x.org/a b"):
            with pytest.raises(InvalidArgument, match="redirect_to must be an absolute address"):
                tmdb.v4.auth.begin_login(redirect_to=redirect_to)
        with pytest.raises(InvalidArgument, match="not both"):
            tmdb.v4.auth.begin_login(redirect_to="https://x.org", loopback=True)
        with pytest.raises(InvalidArgument, match="three parts"):
            tmdb.v4.auth.resume_login("0" * 40)
    assert simulator.count("v4/auth-create-request-token") == 1


def test_a_login_of_one_version_does_not_complete_in_the_other(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        four = tmdb.v4.auth.begin_login()
        simulator.approve(four.request_token.reveal())
        with pytest.raises(InvalidArgument, match="request_token"):
            tmdb.auth.resume_login(four.request_token)
        with pytest.raises(AuthenticationError) as caught:
            tmdb.authentication.create_session(request_token=four.request_token.reveal())
        assert caught.value.tmdb_code == 33


# Which token


REFUSALS: dict[str, dict[str, str]] = {
    "an API key": {"api_key": "key"},
    "a read-only token": {"access_token": "bearer"},
    "a session": {"api_key": "key", "session_id": "session"},
    "a read-only token, passed as a user's": {"user_access_token": "bearer"},
}


@pytest.mark.parametrize("holding", REFUSALS)
def test_what_cannot_act_for_a_user_is_told_before_anything_is_sent(
    simulator: Simulator, variant: str, holding: str
) -> None:
    values = {"key": simulator.api_key, "bearer": simulator.access_token, "session": simulator.create_session()}
    options: dict[str, Any] = {"access_token": None}
    options |= {name: values[kind] for name, kind in REFUSALS[holding].items()}

    async def scene(tmdb: Any) -> None:
        messages = []
        for call in (
            lambda: tmdb.v4.lists.create(name="mine", iso_639_1="en"),
            lambda: tmdb.v4.account.lists(),
            lambda: tmdb.v4.account.rated_movies(account_object_id="0" * 24),
        ):
            with pytest.raises(ConfigurationError, match="takes a user access token only") as caught:
                await result_of(call())
            assert caught.value.accepts == ("a user access token",)
            messages.append(str(caught.value))
        assert caught.value.operation == "v4/account-rated-movies"
        assert all("tmdb.v4.auth.begin_login()" in message for message in messages)
        assert all(("says that it only reads" in message) == ("read-only" in holding) for message in messages)
        assert ("accepts no API key" in messages[0]) == ("read-only" not in holding)

    play(variant, simulator, scene, **options)
    assert simulator.requests == []


def test_v4s_auth_operations_take_no_api_key(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for call in (tmdb.v4.auth.begin_login, tmdb.v4.auth.create_request_token):
            with pytest.raises(ConfigurationError, match="bearer token only, and TMDB accepts no API key for it"):
                await result_of(call())
        assert (await result_of(tmdb.v4.lists.details(1))).item_count == 29

    play(variant, simulator, scene, access_token=None, api_key=simulator.api_key)
    assert [request.operation for request in simulator.requests] == ["v4/list-details"]


def test_a_token_that_cannot_be_read_is_left_to_tmdb(simulator: Simulator, variant: str) -> None:
    opaque = "eyJhbGciOiJIUzI1NiJ9.bm90IEpTT04.c2lnbmF0dXJl"

    async def scene(tmdb: Any) -> None:
        assert "does not say whether" in str(tmdb.auth.explain("v4/list-create"))
        with pytest.raises(AuthenticationError, match="may have ended the user access token"):
            await result_of(tmdb.v4.lists.create(name="mine", iso_639_1="en"))
        with pytest.raises(ConfigurationError, match=r"the token does not tell it\. Pass account_object_id="):
            await result_of(tmdb.v4.account.lists())
        with pytest.raises(ConfigurationError, match="the token does not tell it"):
            tmdb.v4.account.id()
        with pytest.raises(AuthenticationError):
            await result_of(tmdb.v4.account.lists(account_object_id="0" * 24))

    play(variant, simulator, scene, access_token=opaque)
    assert [request.path for request in simulator.requests] == ["/4/list", f"/4/account/{'0' * 24}/lists"]


def test_a_users_token_given_as_the_access_token_is_recognised(
    simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = simulator.create_user_access_token()

    async def scene(tmdb: Any) -> None:
        assert tmdb.auth.held == ("user_access_token",)
        assert tmdb.v4.auth.token.source == "given"
        assert (await result_of(tmdb.v4.account.lists())).total_results == 0
        assert tmdb.v4.account.id() == simulator.user.object_id
        assert (await result_of(tmdb.account.details())).id == simulator.user.id

    play(variant, simulator, scene, access_token=token)
    assert "access_token is the token of a user" in caplog.text
    assert token not in caplog.text
    with TMDB(access_token=token, user_access_token=token, base_url=simulator.base_url) as tmdb:
        assert tmdb.v4.account.id() == simulator.user.object_id
    other = simulator.create_user_access_token(simulator.create_user("ottoline", "lighthouse"))
    with pytest.raises(ConfigurationError, match="of another one than user_access_token") as caught:
        TMDB(access_token=token, user_access_token=other)
    assert token not in str(caught.value)


def test_the_claims_of_a_token_are_hints(simulator: Simulator) -> None:
    for claims in ({"sub": 7}, {"sub": "../x", "scopes": "api_read"}, {"scopes": []}, {"sub": "A" * 24}):
        token = jwt_like({"scopes": ["api_read", "api_write"], **claims})
        with TMDB(user_access_token=token, base_url=simulator.base_url) as tmdb:
            assert tmdb.v4.auth.token is not None
            assert tmdb.v4.auth.token.account_object_id is None
            with pytest.raises(ConfigurationError, match="Pass account_object_id="):
                tmdb.v4.account.tv_watchlist()
            with pytest.raises(AuthenticationError):
                tmdb.v4.account.tv_watchlist(account_object_id="0" * 24)


def test_the_modes_hold_for_v4(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for mode in ("guest", "application"):
            with pytest.raises(ConfigurationError, match=f"The mode '{mode}' rules that out"):
                await result_of(tmdb.acting_as(mode).v4.account.lists())
            with tmdb.acting_as(mode):
                assert tmdb.auth.explain("v4/list-details").user is None
                with pytest.raises(ConfigurationError, match="rules that out"):
                    await result_of(tmdb.v4.lists.clear(1))
        assert tmdb.auth.explain("v4/list-details").user == "user_access_token"
        assert (await result_of(tmdb.acting_as("session").v4.account.lists())).results == []

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())


def test_the_generated_functions_of_v4_go_through_the_client(simulator: Simulator) -> None:
    with TMDB(user_access_token=simulator.create_user_access_token(), base_url=simulator.base_url) as tmdb:
        made = tmdb.v4.lists.create(name="mine", iso_639_1="en", public=False).id
        assert made is not None
        answer = list_details.sync_detailed(made, client=tmdb.v4.low_level)
        assert answer.status_code == 200
        with pytest.raises(ConfigurationError, match="asyncio"):
            tmdb.v4.low_level.get_async_httpx_client()

    async def main() -> int:
        async with AsyncTMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
            return int((await list_details.asyncio_detailed(1, client=tmdb.v4.low_level)).status_code)

    assert anyio.run(main) == 200


def test_explaining_tells_the_versions_apart(simulator: Simulator) -> None:
    with TMDB(user_access_token=simulator.create_user_access_token()) as tmdb:
        assert tmdb.auth.explain("list-create").user == "session_id"
        plan = tmdb.auth.explain("v4/list-create")
        assert (plan.operation, plan.application, plan.user) == ("v4/list-create",) + ("user_access_token",) * 2
        assert str(plan).startswith("v4/list-create carries user_access_token in the Authorization header: ")
        assert "account_object_id in the path" in tmdb.auth.explain("v4/account-lists").carries
        with pytest.raises(ConfigurationError, match="Close to it: v4/list-item-status"):
            tmdb.auth.explain("list-item-status")
        with pytest.raises(ConfigurationError, match="no operation called 'v5/list-create'"):
            tmdb.auth.explain("v5/list-create")


# Stores, and logging out


def test_a_login_is_kept_and_found_again(simulator: Simulator, variant: str, tmp_path: Path) -> None:
    async def first(tmdb: Any) -> None:
        await log_in(tmdb, simulator)
        await result_of(tmdb.account.details())

    async def second(tmdb: Any) -> None:
        token = tmdb.v4.auth.token
        assert (token.source, token.account_object_id) == ("stored", simulator.user.object_id)
        await result_of(tmdb.v4.account.lists())
        await result_of(tmdb.account.lists())

    play(variant, simulator, first, store=FileStore(tmp_path / "sessions.json"))
    play(variant, simulator, second, store=FileStore(tmp_path / "sessions.json"))
    assert (simulator.count(CONVERT), simulator.count(NEW_TOKEN)) == (1, 1)

    async def given(tmdb: Any) -> None:
        assert tmdb.v4.auth.token is None  # whose session that is nobody knows

    play(variant, simulator, given, store=FileStore(tmp_path / "sessions.json"), session_id=simulator.create_session())


@pytest.mark.parametrize("record", [{"access_token": 3}, {"access_token": "x"}, {}, {"access_token": None}])
def test_a_record_that_holds_no_token_is_passed_over(simulator: Simulator, record: Any) -> None:
    store = MemoryStore()
    store.save(f"{simulator.base_url}/user-v4", record)
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, store=store) as tmdb:
        assert tmdb.v4.auth.token is None


def test_a_new_login_leaves_the_former_users_session_behind(simulator: Simulator, variant: str) -> None:
    other = simulator.create_user("ottoline", "lighthouse")

    async def scene(tmdb: Any) -> None:
        assert (await result_of(tmdb.account.details())).username == simulator.user.username
        assert tmdb.v4.account.id() == simulator.user.object_id
        await log_in(tmdb, simulator, other)
        assert tmdb.auth.session is None
        assert tmdb.v4.account.id() == other.object_id
        assert await result_of(tmdb.account.id()) == other.id

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())
    assert simulator.count(CONVERT) == 2


def test_logging_out_ends_the_token_and_the_session_made_from_it(
    simulator: Simulator, variant: str, tmp_path: Path
) -> None:
    async def scene(tmdb: Any) -> None:
        token = await log_in(tmdb, simulator)
        session = await result_of(tmdb.auth.convert())
        assert await result_of(tmdb.v4.auth.logout()) is True
        assert (tmdb.v4.auth.token, tmdb.auth.session) == (None, None)
        assert tmdb.auth.held == ("access_token",)
        assert await result_of(tmdb.v4.auth.logout()) is True
        sent = [request.json() for request in simulator.requests if request.method == "DELETE"]
        assert sent == [{"session_id": session.id.reveal()}, {"access_token": token.token.reveal()}]

    path = tmp_path / "sessions.json"
    play(variant, simulator, scene, store=FileStore(path))
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, store=FileStore(path)) as tmdb:
        assert (tmdb.v4.auth.token, tmdb.auth.session) == (None, None)


def test_a_login_in_either_version_replaces_the_user_in_both(simulator: Simulator, variant: str) -> None:
    other = simulator.create_user("ottoline", "lighthouse")

    async def scene(tmdb: Any) -> None:
        await log_in(tmdb, simulator, other)
        assert tmdb.auth.session is None
        assert (await result_of(tmdb.account.details())).id == other.id
        login = await result_of(tmdb.auth.begin_login())
        simulator.approve(login.request_token.reveal())
        await result_of(login.complete())
        assert tmdb.v4.auth.token is None
        assert (await result_of(tmdb.account.details())).id == simulator.user.id
        with pytest.raises(ConfigurationError, match="takes a user access token only"):
            await result_of(tmdb.v4.account.lists())

    play(variant, simulator, scene, session_id=simulator.create_session())


def test_a_login_that_would_leave_no_credential_is_refused(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(ConfigurationError, match="which a login of v3 would replace"):
            await result_of(tmdb.auth.begin_login())
        with pytest.raises(ConfigurationError, match="which a login of v3 would replace"):
            tmdb.auth.resume_login("a" * 40, keep=True)
        assert simulator.requests == []
        login = await result_of(tmdb.auth.begin_login(keep=False))
        simulator.approve(login.request_token.reveal())
        assert (await result_of(login.complete())).source == "login"
        assert tmdb.auth.held == ("user_access_token",)

    play(variant, simulator, scene, access_token=None, user_access_token=simulator.create_user_access_token())


def test_a_client_with_nothing_but_the_token_logs_out_with_it(simulator: Simulator, variant: str) -> None:
    token = simulator.create_user_access_token()

    async def scene(tmdb: Any) -> None:
        assert await result_of(tmdb.v4.auth.logout()) is True
        with pytest.raises(ConfigurationError, match="holds no credential"):
            await result_of(tmdb.movies.details(11))

    play(variant, simulator, scene, access_token=None, user_access_token=token)
    assert simulator.requests[-1].headers["authorization"] == f"Bearer {token}"
    # It is gone at TMDB now, which is what a second logout wants.
    play(variant, simulator, scene, access_token=None, user_access_token=token)
    assert simulator.requests[-1].http_status == 401


def test_logging_out_forgets_the_token_even_where_tmdb_does_not_confirm(
    simulator: Simulator, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(tmdb: Any) -> None:
        for fault in ({"disconnect": True}, {"tmdb_code": 7}):
            await log_in(tmdb, simulator)
            caplog.clear()
            simulator.fail_next(operation="v4/auth-logout", **fault)
            with caplog.at_level(logging.WARNING, "tmdb_ext"):
                assert await result_of(tmdb.v4.auth.logout()) is False
            assert "the user access token may still be valid there" in caplog.text
            assert tmdb.v4.auth.token is None

    play(variant, simulator, scene)


def test_a_token_that_another_thread_ended_is_not_sent(simulator: Simulator) -> None:
    with TMDB(user_access_token=simulator.create_user_access_token(), base_url=simulator.base_url) as tmdb:
        flow = tmdb._calls.flow
        held = flow.held

        def ended_after() -> Any:
            found = held()
            flow.sessions.token = None
            return found

        flow.held = ended_after  # type: ignore[method-assign]
        with pytest.raises(ConfigurationError, match="has been logged out"):
            tmdb.v4.account.lists()
    assert simulator.requests == []


# Lists


def test_the_life_of_a_list(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="Rainy days", iso_639_1="en", description="For a sofa."))).id
        film, series = ListItem(media_id=11, media_type="movie"), ListItem(media_id=41, media_type="tv")
        added = await result_of(lists.add_items(made, items=[film, series, film]))
        assert [result.success for result in added.results] == [True, True, False]
        assert (await result_of(lists.item_status(made, 41, "tv"))).success
        assert await result_of(lists.item_status(made, 41, "movie")) is None
        comment = CommentedListItem(media_id=11, media_type="movie", comment="the first")
        assert (await result_of(lists.update_items(made, items=[comment]))).results[0].success
        assert (await result_of(lists.update(made, name="Rainy nights", sort_by="original_order.desc"))).success
        shown = await result_of(lists.details(made))
        assert (shown.name, shown.item_count, shown.created_by.id) == ("Rainy nights", 2, simulator.user.object_id)
        assert [type(item) for item in shown.results] == [TvSeriesSummary, MovieSummary]
        assert shown.comments == {"tv:41": None, "movie:11": "the first"}
        assert (shown.comment_of(shown.results[0]), shown.comment_of(shown.results[1])) == (None, "the first")
        (summary,) = (await result_of(tmdb.v4.account.lists())).results
        assert (summary.name, summary.number_of_items, summary.public) == ("Rainy nights", 2, 1)
        # What v4 has made v3 shows.
        assert [one.name for one in (await result_of(tmdb.account.lists())).results] == ["Rainy nights"]
        assert [item.id for item in (await result_of(tmdb.lists.details(made))).items] == [11, 41]
        removed = await result_of(lists.remove_items(made, items=[series, series]))
        assert [result.success for result in removed.results] == [True, False]
        assert (await result_of(lists.clear(made))).items_deleted == 1
        empty = await result_of(lists.details(made))
        assert (empty.results, empty.comments) == ([], {})
        assert (await result_of(lists.delete(made))).success
        with pytest.raises(NotFound):
            await result_of(lists.details(made))

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())


SORTED_BY = {
    "vote_average": lambda item: item.vote_average,
    "primary_release_date": lambda item: getattr(item, "release_date", None) or item.first_air_date,
    "release_date": lambda item: getattr(item, "release_date", None) or item.first_air_date,
    "title": lambda item: (getattr(item, "title", None) or item.name).casefold(),
}
ORDERS = get_args(ListSort)
ITEMS = [
    *(ListItem(media_id=number, media_type="movie") for number in (11, 7, 300, 42)),
    *(ListItem(media_id=number, media_type="tv") for number in (41, 5)),
]


def test_a_list_is_read_in_any_of_ten_orders(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="Rainy days", iso_639_1="en"))).id
        await result_of(lists.add_items(made, items=ITEMS))
        original = [item.id for item in (await result_of(lists.details(made))).results]
        assert original == [item.media_id for item in ITEMS]
        seen = set()
        for order in ORDERS:
            shown = await result_of(lists.details(made, sort_by=order))
            name, _, direction = order.partition(".")
            assert simulator.requests[-1].params["sort_by"] == order
            ids = [item.id for item in shown.results]
            assert sorted(ids) == sorted(original)
            if name == "original_order":
                assert ids == (original if direction == "asc" else original[::-1])
            else:
                keys = [SORTED_BY[name](item) for item in shown.results]
                assert keys == sorted(keys, reverse=direction == "desc")
            seen.add(tuple(ids))
            # The list's own order is another matter.
            assert [item.id for item in (await result_of(lists.details(made))).results] == original
        assert len(seen) >= 6

    assert len(ORDERS) == 10
    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())


def test_a_list_is_made_and_changed_with_an_order(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="Rainy days", iso_639_1="en", sort_by="original_order.desc"))).id
        assert simulator.requests[-1].json() == {
            "iso_639_1": "en", "name": "Rainy days", "sort_by": "original_order.desc",
        }  # fmt: skip
        await result_of(lists.add_items(made, items=ITEMS))
        shown = await result_of(lists.details(made))
        assert shown.sort_by == "original_order.desc"
        assert [item.id for item in shown.results] == [item.media_id for item in reversed(ITEMS)]
        await result_of(lists.update(made, sort_by="vote_average.asc"))
        shown = await result_of(lists.details(made))
        scores = [item.vote_average for item in shown.results]
        assert (shown.sort_by, scores) == ("vote_average.asc", sorted(scores))

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())


@pytest.mark.parametrize("order", ["popularity.desc", "runtime.asc", "first_air_date.asc", "title", "title.ASC", ""])
def test_the_simulator_refuses_an_order_that_tmdb_does_not_take(simulator: Simulator, order: str) -> None:
    with TMDB(user_access_token=simulator.create_user_access_token(), base_url=simulator.base_url) as tmdb:
        made = tmdb.v4.lists.create(name="mine", iso_639_1="en").id
        assert made is not None
        wrong: Any = order
        for attempt in (
            lambda: tmdb.v4.lists.details(made, sort_by=wrong),
            lambda: tmdb.v4.lists.update(made, sort_by=wrong),
            lambda: tmdb.v4.lists.create(name="ours", iso_639_1="en", sort_by=wrong),
        ):
            with pytest.raises(APIError):
                attempt()
        assert tmdb.v4.lists.details(made).sort_by == "original_order.asc"
        assert len(tmdb.v4.account.lists().results) == 1


def test_a_comment_is_kept_by_an_update_and_dropped_with_a_new_item(simulator: Simulator, variant: str) -> None:
    token = simulator.create_user_access_token()
    film = {"media_type": "movie", "media_id": 11}

    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="Rainy days", iso_639_1="en"))).id
        added = httpx.post(
            f"{simulator.base_url}/4/list/{made}/items",
            headers={"authorization": f"Bearer {token}"},
            json={"items": [{**film, "comment": "lost", "rank": 1}]},
        ).json()
        assert (added["success"], added["results"]) == (True, [{**film, "success": True}])
        shown = await result_of(lists.details(made))
        assert (shown.comments, shown.comment_of(shown.results[0])) == ({"movie:11": None}, None)
        await result_of(lists.update_items(made, items=[CommentedListItem(**film, comment="kept")]))
        shown = await result_of(lists.details(made))
        assert shown.comments == {"movie:11": "kept"}
        assert shown.comment_of(shown.results[0]) == "kept"
        assert shown.comment_of(ListItem(media_type="movie", media_id=11)) == "kept"
        assert shown.comment_of(ListItem(media_type="tv", media_id=11)) is None
        assert shown.comment_of(ListItem(media_type="movie", media_id=12)) is None

    play(variant, simulator, scene, user_access_token=token)


def test_the_comment_of_an_item_is_found_by_its_kind_and_id() -> None:
    results = [{"id": 1, "title": "A"}, {"id": 2, "name": "B", "first_air_date": ""}, {"id": 3, "media_type": "opera"}]
    comments = {"movie:1": "one", "tv:2": "two", "opera:3": "three", "movie:3": "not this"}
    shown = ListDetails.from_dict({"comments": comments, "results": results})
    assert [shown.comment_of(item) for item in shown.results] == ["one", "two", "three"]
    again = pickle.loads(pickle.dumps(shown))
    assert again == shown
    assert again.comment_of(again.results[1]) == "two"
    for strange in (None, [], "none", {}):
        assert ListDetails.from_dict({"comments": strange}).comment_of(shown.results[0]) is None


def test_an_item_that_is_not_on_a_list_is_told_from_a_list_that_is_not_there(
    simulator: Simulator, variant: str
) -> None:
    other = simulator.create_user("ottoline", "lighthouse")
    with TMDB(user_access_token=simulator.create_user_access_token(other), base_url=simulator.base_url) as stranger:
        secret = stranger.v4.lists.create(name="theirs", iso_639_1="en", public=False).id

    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="mine", iso_639_1="en"))).id
        await result_of(lists.add_items(made, items=[ListItem(media_id=41, media_type="tv")]))
        simulator.clear_requests()
        found = await result_of(lists.item_status(made, 41, "tv"))
        assert (found.id, found.media_id, found.media_type, found.success) == (made, 41, "tv", True)
        assert [request.operation for request in simulator.requests] == ["v4/list-item-status"]
        simulator.clear_requests()
        assert await result_of(lists.item_status(made, 41, "movie")) is None
        assert await result_of(lists.item_status(media_type="tv", media_id=42, list_id=made)) is None
        asked = [request.operation for request in simulator.requests]
        assert asked == ["v4/list-item-status", "v4/list-details"] * 2
        assert simulator.requests[0].http_status == 404
        await result_of(lists.delete(made))
        with pytest.raises(NotFound) as missing:
            await result_of(lists.item_status(made, 41, "tv"))
        assert missing.value.operation == "v4/list-details"
        assert missing.value.__context__ is None
        with pytest.raises(AuthenticationError):
            await result_of(lists.item_status(secret, 41, "tv"))
        simulator.fail_next(tmdb_code=9, operation="v4/list-item-status")
        with pytest.raises(ServerError):  # that tells nothing of the item
            await result_of(lists.item_status(made, 41, "tv"))

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token(), retries=False)


def test_a_write_tells_of_the_request_and_its_results_of_the_items(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="mine", iso_639_1="en"))).id
        film, unknown = ListItem(media_id=11, media_type="movie"), ListItem(media_id=999_999_999, media_type="tv")
        added = await result_of(lists.add_items(made, items=[film, film, unknown]))
        assert added.success is True
        assert [(one.media_type, one.media_id, one.success) for one in added.results] == [
            ("movie", 11, True), ("movie", 11, False), ("tv", 999_999_999, False),
        ]  # fmt: skip
        assert [len(one.error) for one in added.results] == [0, 1, 1]
        assert "already" in added.results[1].error[0]
        assert "error" not in added.results[0].to_dict()
        comment = CommentedListItem(media_id=12, media_type="movie", comment="not there")
        for answer in (lists.update_items(made, items=[comment]), lists.remove_items(made, items=[unknown])):
            changed = await result_of(answer)
            assert (changed.success, [(one.success, one.error) for one in changed.results]) == (True, [(False, [])])

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())


def test_the_simulator_answers_in_the_form_of_the_live_api(simulator: Simulator) -> None:
    """As seen in 2025 and 2026: statuses, codes, and types that differ between operations."""
    token = simulator.create_user_access_token()
    account = simulator.user.object_id
    with httpx.Client(base_url=f"{simulator.base_url}/4", headers={"authorization": f"Bearer {token}"}) as http:
        made = http.post("/list", json={"name": "mine", "iso_639_1": "en"})
        number = made.json()["id"]
        assert (made.status_code, made.json()["success"]) == (201, True)
        http.post(f"/list/{number}/items", json={"items": [{"media_type": "movie", "media_id": 11}]})
        changed = http.put(f"/list/{number}", json={"name": "ours"})
        assert (changed.status_code, changed.json()["status_code"]) == (201, 12)
        details = http.get(f"/list/{number}").json()
        assert [type(details[key]) for key in ("public", "sort_by", "runtime", "revenue")] == [bool, str, int, int]
        assert details.keys().isdisjoint({"adult", "featured", "created_at"})
        assert (details["comments"], details["object_ids"]) == ({"movie:11": None}, {})
        (summary,) = http.get(f"/account/{account}/lists").json()["results"]
        assert [type(summary[key]) for key in ("public", "sort_by", "adult", "featured", "revenue")] == [int] * 5
        assert type(summary["runtime"]) is str
        for key in ("created_at", "updated_at"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", summary[key])
        assert http.post(f"/list/{number}/clear").status_code == 404
        cleared = http.get(f"/list/{number}/clear").json()
        assert (cleared["id"], cleared["items_deleted"], cleared["success"]) == (number, 1, True)
        assert http.delete(f"/list/{number}").json()["status_code"] == 13
        assert http.get("/no/such/thing").status_code == 404
        assert httpx.get(f"{simulator.base_url}/4/no/such/thing").status_code == 401
        assert http.request("DELETE", "/auth/access_token", json={"access_token": token}).json()["status_code"] == 13


def test_what_the_simulator_says_of_lists_contradicts_no_annotation(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        lists = tmdb.v4.lists
        made = (await result_of(lists.create(name="mine", iso_639_1="en", public=False))).id
        await result_of(tmdb.movies.add_rating(11, value=8.5))
        answers = [
            await result_of(lists.add_items(made, items=[*ITEMS, ITEMS[0]])),
            await result_of(lists.update_items(made, items=[CommentedListItem(**ITEMS[0].to_dict(), comment="x")])),
            await result_of(lists.details(made)),
            await result_of(lists.details(1)),
            await result_of(lists.item_status(made, 11, "movie")),
            await result_of(tmdb.v4.account.lists()),
            await result_of(tmdb.v4.account.rated_movies()),
            await result_of(lists.clear(made)),
        ]
        for answer in answers:
            assert [place for place, contradicts in contradictions(answer) if contradicts] == []
            assert list(unknown_keys(answer)) == []

    play(variant, simulator, scene, user_access_token=simulator.create_user_access_token())


def test_a_method_that_ours_overrides_is_still_known_by_its_operation(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        for method, name in (
            (tmdb.v4.lists.item_status, "list-item-status"),
            (tmdb.v4.lists.details, "list-details"),
            (tmdb.account.lists, "account-lists"),
        ):
            operation = operation_of(method)
            assert operation is not None
            assert operation.id == name
        assert operation_of(tmdb.account.id) is None
        assert operation_of(len) is None


def test_a_list_made_in_v3_is_changed_in_v4(simulator: Simulator) -> None:
    with TMDB(user_access_token=simulator.create_user_access_token(), base_url=simulator.base_url) as tmdb:
        made = tmdb.lists.create(name="mine").list_id
        assert made is not None
        tmdb.lists.add_movie(made, media_id=11)
        assert tmdb.v4.lists.details(made).item_count == 1
        tmdb.v4.lists.update(made, description="ours")
        assert tmdb.lists.details(made).description == "ours"


def test_a_private_list_shows_itself_to_its_owner_only(simulator: Simulator) -> None:
    other = simulator.create_user("ottoline", "lighthouse")
    mine, theirs = simulator.create_user_access_token(), simulator.create_user_access_token(other)
    with (
        TMDB(user_access_token=mine, base_url=simulator.base_url) as tmdb,
        TMDB(user_access_token=theirs, base_url=simulator.base_url) as stranger,
    ):
        made = tmdb.v4.lists.create(name="mine", iso_639_1="en", public=False).id
        assert made is not None
        assert tmdb.v4.lists.details(made).public is False
        for attempt in (
            lambda: stranger.v4.lists.details(made),
            lambda: tmdb.acting_as("application").v4.lists.details(made) is not None
            and stranger.v4.lists.item_status(made, 1, "tv"),
            lambda: stranger.v4.lists.delete(made),
            lambda: stranger.v4.account.lists(account_object_id=simulator.user.object_id),
        ):
            with pytest.raises(AuthenticationError):
                attempt()


def test_a_list_asked_to_be_private_is_sent_as_the_integer_that_tmdb_heeds(variant: str) -> None:
    """TMDB ignores false: a list that is asked for with it is public."""
    token = jwt_like({"scopes": ["api_write"]})
    bodies: list[bytes] = []

    async def scene(tmdb: Any) -> None:
        lists, body = tmdb.v4.lists, ListBody(name="mine", iso_639_1="en", public=False)
        await result_of(lists.create(name="mine", iso_639_1="en", public=False))
        if variant == "sync":
            list_create.sync(body=body, client=tmdb.v4.low_level)
            with AuthenticatedClient(base_url=address, token=token) as plain:
                list_create.sync_detailed(body=body, client=plain)
        else:
            await list_create.asyncio(body=body, client=tmdb.v4.low_level)
            async with AuthenticatedClient(base_url=address, token=token) as plain:
                await list_create.asyncio_detailed(body=body, client=plain)
        await result_of(lists.create(name="ours", iso_639_1="en", public=True))
        await result_of(lists.create(name="any", iso_639_1="en"))
        await result_of(lists.update(1, public=False))
        await result_of(lists.update(1, name="new"))

    with recording(bodies) as (address, _):
        play(variant, SimpleNamespace(access_token=token, base_url=address), scene, user_access_token=token)
    assert [body.replace(b": ", b":").replace(b", ", b",") for body in bodies] == [
        *[b'{"iso_639_1":"en","name":"mine","public":0}'] * 3,
        b'{"iso_639_1":"en","name":"ours","public":1}',
        b'{"iso_639_1":"en","name":"any"}',
        b'{"public":0}',
        b'{"name":"new"}',
    ]


def test_the_simulator_ignores_false_where_a_list_is_made_and_heeds_it_where_one_is_changed(
    simulator: Simulator,
) -> None:
    headers = {"authorization": f"Bearer {simulator.create_user_access_token()}"}
    with httpx.Client(base_url=f"{simulator.base_url}/4", headers=headers) as http:

        def public_after(sent: dict[str, Any]) -> bool:
            made = http.post("/list", json={"name": "mine", "iso_639_1": "en", **sent}).json()["id"]
            return bool(http.get(f"/list/{made}").json()["public"])

        assert public_after({"public": False}) is True
        assert public_after({"public": 0}) is False
        assert [public_after(sent) for sent in ({"public": True}, {"public": 1}, {})] == [True] * 3
        made = http.post("/list", json={"name": "mine", "iso_639_1": "en"}).json()["id"]
        for sent, expected in ((False, False), (1, True), (0, False), (True, True)):
            assert http.put(f"/list/{made}", json={"public": sent}).json()["success"] is True
            assert http.get(f"/list/{made}").json()["public"] is expected


def test_what_is_rated_in_v3_shows_in_v4(simulator: Simulator) -> None:
    with TMDB(user_access_token=simulator.create_user_access_token(), base_url=simulator.base_url) as tmdb:
        tmdb.movies.add_rating(11, value=8.5)
        tmdb.tv_series.add_rating(41, value=7)
        tmdb.account.add_to_watchlist(media_type="tv", media_id=41, watchlist=True)
        (rated,) = tmdb.v4.account.rated_movies().results
        assert rated.account_rating is not None
        assert (rated.id, rated.account_rating.value) == (11, 8.5)
        assert rated.account_rating.created_at is not None
        assert [one.id for one in tmdb.v4.account.rated_tv().results] == [41]
        assert [one.id for one in tmdb.v4.account.tv_watchlist().results] == [41]
        assert 11 not in [one.id for one in tmdb.v4.account.movie_recommendations().results]
        assert tmdb.v4.account.tv_recommendations(page=2).page == 2


def test_a_user_access_token_does_not_show_itself() -> None:
    token = UserAccessToken(Secret(jwt_like({"sub": "0" * 24, "scopes": ["api_write"]})), "given")
    assert repr(token) == "UserAccessToken(token=Secret('**********'), source='given')"
    assert token.account_object_id == "0" * 24


def test_a_query_of_the_approval_page_is_kept(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url, site_url=simulator.base_url) as tmdb:
        url = tmdb.v4.auth.begin_login().url
    (token,) = parse_qs(urlsplit(url).query)["request_token"]
    assert httpx.get(url).text.count(token) == 2
    assert httpx.get(url, params={"request_token": "x"}).status_code == 404
    assert httpx.put(url).status_code == 405
