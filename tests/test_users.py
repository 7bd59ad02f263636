"""Clients that are derived from one another: for users, and with other options."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from scenes import play, result_of

from tmdb_ext import (
    TMDB,
    AsyncTMDB,
    ConfigurationError,
    Credentials,
    FileStore,
    InvalidArgument,
    MemoryStore,
    RequestTimeout,
    RetryPolicy,
    Secret,
    ServerError,
    SessionStore,
    UserAccessToken,
    UserSession,
)
from tmdb_ext.testing import Simulator, User

CONVERT = "authentication-create-session-from-v4-token"
ACCOUNT = "account-details"
NEW_GUEST = "authentication-create-guest-session"
SESSION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def ottoline(simulator: Simulator) -> User:
    return simulator.create_user("ottoline", "lighthouse")


def client(simulator: Simulator, **options: Any) -> TMDB:
    return TMDB(**{"access_token": simulator.access_token, "base_url": simulator.base_url, **options})


# A client for a user


def test_a_client_for_a_user_acts_for_that_user_alone(simulator: Simulator, ottoline: User, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        sample = tmdb.for_user(session_id=simulator.create_session())
        other = tmdb.for_user(session_id=simulator.create_session(ottoline))
        for user, name in ((sample, "sample_user"), (other, "ottoline"), (sample, "sample_user")):
            assert type(user) is type(tmdb)
            assert (await result_of(user.account.details())).username == name
        await result_of(other.movies.add_rating(11, value=9))
        await result_of(sample.movies.add_rating(11, value=2))
        rated = [(await result_of(user.account.rated_movies())).results[0].rating for user in (sample, other)]
        assert rated == [2, 9]
        assert tmdb.auth.session is None
        with pytest.raises(ConfigurationError, match="takes a user session only"):
            await result_of(tmdb.account.details())

    play(variant, simulator, scene)
    assert simulator.count(NEW_GUEST) == 0


def test_what_a_login_returned_is_enough(simulator: Simulator, ottoline: User, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        session = await result_of(tmdb.auth.login("ottoline", "lighthouse", keep=False))
        assert tmdb.auth.session is None
        assert isinstance(session, UserSession)
        assert (await result_of(tmdb.for_user(session).account.details())).id == ottoline.id
        login = await result_of(tmdb.v4.auth.begin_login(keep=False))
        simulator.approve(login.request_token.reveal(), ottoline)
        token = await result_of(login.complete())
        assert isinstance(token, UserAccessToken)
        assert tmdb.v4.auth.token is None
        theirs = tmdb.for_user(token)
        assert theirs.v4.account.id() == ottoline.object_id
        assert (await result_of(theirs.v4.account.lists())).total_results == 0
        assert (await result_of(theirs.account.details())).id == ottoline.id
        guest = await result_of(tmdb.guest.start())
        await result_of(tmdb.for_user(guest).movies.add_rating(11, value=5))
        assert (await result_of(tmdb.guest_sessions.rated_movies())).results[0].id == 11

    play(variant, simulator, scene)


def test_a_known_account_id_is_not_looked_up(simulator: Simulator, ottoline: User, variant: str) -> None:
    session, token = simulator.create_session(ottoline), simulator.create_user_access_token(ottoline)

    async def scene(tmdb: Any) -> None:
        told = tmdb.for_user(session_id=session, account_id=ottoline.id)
        assert await result_of(told.account.id()) == ottoline.id
        assert (await result_of(told.account.favorite_movies())).total_results == 0
        by_token = tmdb.for_user(user_access_token=token, account_id=ottoline.id, account_object_id="0" * 24)
        assert (await result_of(by_token.account.favorite_movies())).total_results == 0
        assert by_token.v4.account.id() == "0" * 24
        assert simulator.count(ACCOUNT) == 0
        # One that was looked up is known to later clients for the same session.
        for _ in range(3):
            user = tmdb.for_user(session_id=simulator_session)
            assert (await result_of(user.account.favorite_movies())).total_results == 0
        assert simulator.count(ACCOUNT) == 1

    simulator_session = simulator.create_session()
    play(variant, simulator, scene)


def test_clients_for_one_token_convert_it_once(simulator: Simulator, ottoline: User) -> None:
    token = simulator.create_user_access_token(ottoline)

    async def main() -> None:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:

            async def one() -> None:
                assert (await tmdb.for_user(user_access_token=token).account.details()).id == ottoline.id

            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(one)

    anyio.run(main)
    assert simulator.count(CONVERT) == 1
    with client(simulator) as tmdb, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: tmdb.for_user(user_access_token=token).account.id(), range(20)))
    assert set(found) == {ottoline.id}
    assert simulator.count(CONVERT) == 2


def test_two_users_at_once_are_never_mixed(simulator: Simulator, ottoline: User) -> None:
    users = [simulator.user, ottoline]
    sessions = [simulator.create_session(user) for user in users]
    tokens = [simulator.create_user_access_token(user) for user in users]

    def identity(number: int) -> dict[str, Any]:
        who = number % 2
        return {"session_id": sessions[who]} if number % 4 < 2 else {"user_access_token": tokens[who]}

    async def scene() -> None:
        async with AsyncTMDB(
            access_token=simulator.access_token, base_url=simulator.base_url, rate_limit=None, cache=True
        ) as tmdb:

            async def one(number: int) -> None:
                user = tmdb.for_user(**identity(number))
                assert (await user.movies.details(11)).id == 11
                assert (await user.account.details()).id == users[number % 2].id
                assert await user.account.id() == users[number % 2].id

            async with anyio.create_task_group() as group:
                for number in range(400):
                    group.start_soon(one, number)

    anyio.run(scene)
    with client(simulator, rate_limit=None) as tmdb, ThreadPoolExecutor(8) as pool:

        def one(number: int) -> int:
            return tmdb.for_user(**identity(number)).account.details().id or 0

        assert list(pool.map(one, range(400))) == [users[number % 2].id for number in range(400)]
    for request in simulator.requests:
        if request.operation == "movie-details":
            assert "session_id" not in request.params


def test_nothing_of_the_clients_own_user_goes_to_another(simulator: Simulator, ottoline: User, variant: str) -> None:
    own = simulator.create_user_access_token()

    async def scene(tmdb: Any) -> None:
        await result_of(tmdb.guest.start())
        theirs = tmdb.for_user(session_id=simulator.create_session(ottoline))
        assert theirs.auth.held == ("access_token", "session_id")
        assert theirs.guest.info() is None
        with pytest.raises(ConfigurationError, match="takes a user access token only"):
            await result_of(theirs.v4.account.lists())
        simulator.clear_requests()
        await result_of(theirs.movies.details(11))
        assert simulator.requests[0].headers["authorization"] == f"Bearer {simulator.access_token}"

    play(variant, simulator, scene, user_access_token=own)


def test_a_users_token_alone_does_not_act_for_others(simulator: Simulator) -> None:
    for name in ("access_token", "user_access_token"):
        with TMDB(**{name: simulator.create_user_access_token()}, base_url=simulator.base_url) as tmdb:
            with pytest.raises(ConfigurationError, match="No application credential"):
                tmdb.for_user(session_id=simulator.create_session())
            token = simulator.create_user_access_token()
            assert tmdb.for_user(user_access_token=token).account.id() == simulator.user.id


def test_closing_a_client_for_a_user_does_nothing_to_others(simulator: Simulator, variant: str) -> None:
    session = simulator.create_session()

    async def scene(tmdb: Any) -> None:
        user = tmdb.for_user(session_id=session)
        deeper = user.with_options(language="de").for_user(session_id=session)
        for derived in (deeper, user):
            await result_of(derived.account.details())
            await result_of(derived.aclose() if variant == "async" else derived.close())
        assert (await result_of(user.account.details())).id == simulator.user.id
        assert (await result_of(tmdb.movies.details(11))).id == 11
        made.append(user)

    made: list[Any] = []
    play(variant, simulator, scene)

    async def after_the_end() -> None:
        with pytest.raises(ConfigurationError, match="this client is closed"):
            await result_of(made[0].account.details())

    anyio.run(after_the_end)


def test_derived_clients_share_connections_and_the_cache(simulator: Simulator, variant: str) -> None:
    sessions = [simulator.create_session() for _ in range(5)]

    async def scene(tmdb: Any) -> None:
        for session in sessions:
            user = tmdb.for_user(session_id=session)
            await result_of(user.movies.details(11))
            await result_of(user.account.details())
        assert len(simulator._server._connections) == 1

    play(variant, simulator, scene, cache=True)
    assert simulator.count("movie-details") == 1
    assert simulator.count(ACCOUNT) == 2 * len(sessions)  # each needs its id first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "for_user needs a user"),
        ({"session_id": ""}, "for_user needs a user"),
        ({"session_id": None, "user_access_token": None}, "for_user needs a user"),
        ({"session_id": "a" * 32}, "session_id= looks like an API key or a guest session id"),
        ({"session_id": 7}, "session_id= must be a string, not int"),
        ({"session_id": SESSION, "account_id": "7"}, "account_id must be the number"),
        ({"session_id": SESSION, "account_id": 0}, "account_id must be the number"),
        ({"session_id": SESSION, "account_object_id": "a" * 24}, "account_object_id= goes with user_access_token="),
        ({"session_id": SESSION, "account_object_id": "a"}, "24 hexadecimal digits"),
        ({"store_key": ""}, "store_key must name the user"),
        ({"store_key": 7}, "store_key must be a text that names the user for your program, such as '17', not int"),
        ({"store_key": "\ud800"}, "store_key must name the user"),
    ],
)
def test_a_user_that_is_none_is_refused(arguments: dict[str, Any], message: str) -> None:
    with TMDB(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9") as tmdb:
        with pytest.raises(ConfigurationError, match=message) as caught:
            tmdb.for_user(**arguments)
        assert SESSION not in str(caught.value)


def test_a_user_named_twice_or_by_something_else_is_refused() -> None:
    with TMDB(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9") as tmdb:
        session = UserSession(Secret(SESSION), "login")
        with pytest.raises(ConfigurationError, match="what a login returned or session_id=, not both"):
            tmdb.for_user(session, session_id=SESSION)
        something: Any = SESSION
        with pytest.raises(ConfigurationError, match="or a credential by its name") as caught:
            tmdb.for_user(something)
        assert SESSION not in str(caught.value)


# Stores that hold many users


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "sessions.json")


def test_a_store_keeps_users_apart_by_their_names(simulator: Simulator, ottoline: User, store: SessionStore) -> None:
    with client(simulator, store=store) as tmdb:
        for name, user in (("1", simulator.user), ("2", ottoline)):
            tmdb.for_user(store_key=name).auth.login(user.username, user.password)
    with client(simulator, store=store) as tmdb:
        assert tmdb.auth.session is None
        assert tmdb.for_user(store_key="1").account.details().username == simulator.user.username
        assert tmdb.for_user(store_key="2").account.id() == ottoline.id
        assert tmdb.for_user(store_key="3").auth.session is None
        assert tmdb.for_user(store_key="2").auth.logout()
    with client(simulator, store=store, store_key="2") as tmdb:
        assert tmdb.auth.session is None
    with client(simulator, store=store, store_key="1") as tmdb:
        assert tmdb.account.id() == simulator.user.id


def test_no_name_leads_to_somebody_elses_records(simulator: Simulator, store: SessionStore) -> None:
    names = ["a", "a#b", "a%23b", "a/guest", "a/", "../a", "a b", "ä", "A", "#", "/", "%"]
    with client(simulator, store=store) as tmdb:
        ids = [tmdb.for_user(store_key=name).guest.start().id for name in names]
        ids.append(tmdb.guest.start().id)
        again = [tmdb.for_user(store_key=name).guest.start().id for name in names]
    assert len(set(ids)) == len(names) + 1
    assert ids[:-1] == again
    with client(simulator, store=store, base_url=f"{simulator.base_url}/mirror") as tmdb:
        assert tmdb.for_user(store_key="a").guest.info() is None


def test_what_comes_from_a_given_token_is_for_that_token_alone(simulator: Simulator, store: SessionStore) -> None:
    token = simulator.create_user_access_token()
    with client(simulator, store=store, user_access_token=token) as tmdb:
        tmdb.account.id()
    with client(simulator, store=store) as tmdb:
        assert tmdb.auth.session is None
        assert tmdb.for_user(user_access_token=token).account.id() == simulator.user.id
    assert simulator.count(CONVERT) == 1


def test_a_worker_whose_session_was_ended_takes_the_one_of_a_new_login(
    simulator: Simulator, ottoline: User, store: SessionStore
) -> None:
    with client(simulator, store=store) as first, client(simulator, store=store) as second:
        first.auth.login(simulator.user.username, simulator.user.password)
        assert second.account.favorite_movies().total_results == 0
        old = first.auth.session
        assert first.auth.logout()
        # Another user, even: the account in the path is the new one's.
        first.auth.login(ottoline.username, ottoline.password)
        assert second.account.favorite_movies().total_results == 0
        assert second.auth.session is not None
        assert old is not None
        assert second.auth.session.id != old.id
        assert second.account.id() == ottoline.id


def test_a_worker_whose_token_was_ended_takes_the_one_of_a_new_login(
    simulator: Simulator, ottoline: User, store: SessionStore, variant: str
) -> None:
    def log_in(tmdb: TMDB, user: User) -> None:
        login = tmdb.v4.auth.begin_login()
        simulator.approve(login.request_token.reveal(), user)
        login.complete()

    async def scene(worker: Any) -> None:
        with client(simulator, store=store) as first:
            log_in(first, simulator.user)
            assert (await result_of(worker.v4.account.lists())).total_results == 0
            assert (await result_of(worker.account.details())).id == simulator.user.id
            assert first.v4.auth.logout()
            log_in(first, ottoline)
        assert (await result_of(worker.v4.account.lists())).total_results == 0
        assert worker.v4.account.id() == ottoline.object_id
        assert (await result_of(worker.account.details())).id == ottoline.id

    play(variant, simulator, scene, store=store)


def test_a_session_that_was_refused_for_good_stays_refused(simulator: Simulator, store: SessionStore) -> None:
    with client(simulator, store=store) as tmdb:
        session = tmdb.auth.login(simulator.user.username, simulator.user.password)
        simulator.forget_session(session.id.reveal())
        for _ in range(2):
            with pytest.raises(Exception, match="user session sent with it"):
                tmdb.account.details()


# Other options


def test_options_hold_for_the_derived_client_alone(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        german = tmdb.with_options(language="de", region="DE", include_adult=False, headers={"X-Trace": "7"})
        deeper = german.with_options(language=None, headers={"x-more": "8"}, query={"page": 2})
        assert type(german) is type(tmdb)
        await result_of(tmdb.movies.popular())
        await result_of(german.movies.popular())
        await result_of(deeper.movies.popular())
        await result_of(german.movies.popular(language="fr"))
        await result_of(german.search.movie("star"))

    play(variant, simulator, scene)
    params = [request.params for request in simulator.requests]
    assert params[:4] == [
        {},
        {"language": "de", "region": "DE"},
        {"region": "DE", "page": "2"},
        {"language": "fr", "region": "DE"},
    ]
    assert params[4] == {"query": "star", "language": "de", "region": "DE", "include_adult": "false"}
    headers = [request.headers for request in simulator.requests]
    assert [(head.get("x-trace"), head.get("x-more")) for head in headers[:3]] == [
        (None, None),
        ("7", None),
        ("7", "8"),
    ]


def test_retries_and_timeouts_are_options(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        simulator.fail_next(503, times=2)
        with pytest.raises(ServerError):
            await result_of(tmdb.with_options(retries=False).movies.details(11))
        assert len(simulator.requests) == 1
        await result_of(tmdb.with_options(retries=RetryPolicy(backoff=0)).movies.details(11))
        assert len(simulator.requests) == 3
        simulator.fail_next(delay=30, times=3)
        with pytest.raises(RequestTimeout):
            await result_of(tmdb.with_options(retries=RetryPolicy(budget=0.2)).movies.details(11))
        with pytest.raises(RequestTimeout):
            await result_of(tmdb.with_options(timeout=0.2, retries=False).movies.details(11))

    play(variant, simulator, scene, retries=RetryPolicy(backoff=0))


def test_options_are_those_of_a_users_client_too(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        user = tmdb.with_options(language="de").for_user(session_id=simulator.create_session())
        await result_of(user.movies.details(11))
        again = user.with_options(region="AT")
        assert (await result_of(again.account.details())).id == simulator.user.id
        assert simulator.requests[0].params == {"language": "de"}

    play(variant, simulator, scene)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"language": "german"}, InvalidArgument, "language='german'"),
        ({"region": "de"}, InvalidArgument, "region='de'"),
        ({"include_adult": "yes"}, InvalidArgument, "include_adult"),
        ({"timeout": 0}, ConfigurationError, "timeout must be a number"),
        ({"mode": "both"}, ConfigurationError, "mode must be one of"),
        ({"headers": {"authorization": "x"}}, ConfigurationError, "authorization is sent by the client itself"),
        ({"query": {"api_key": "x"}}, InvalidArgument, "api_key is a credential"),
    ],
)
def test_an_option_that_is_none_is_refused(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with TMDB(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9") as tmdb, pytest.raises(kind, match=message):
        tmdb.with_options(**options)


def test_image_sizes_are_asked_for_once_by_all(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for session in (simulator.create_session(), simulator.create_session()):
            await result_of(tmdb.for_user(session_id=session).images.url("/a.jpg", width=500))
        await result_of(tmdb.with_options(language="de").images.url("/a.jpg", width=500))

    play(variant, simulator, scene)
    assert simulator.count("configuration-details") == 1


# Modes in blocks


def test_tasks_may_share_one_block(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncTMDB(
            access_token=simulator.access_token, session_id=simulator.create_session(), base_url=simulator.base_url
        ) as tmdb:
            block = tmdb.acting_as("guest")
            steps = [asyncio.Event() for _ in range(3)]

            async def first() -> None:
                async with tmdb.acting_as("application"):
                    async with block:
                        steps[0].set()
                        await steps[1].wait()
                    assert tmdb.auth.mode == "application"
                    steps[2].set()
                assert tmdb.auth.mode == "auto"

            async def second() -> None:
                await steps[0].wait()
                async with block:
                    assert tmdb.auth.mode == "guest"
                    steps[1].set()
                    await steps[2].wait()
                    assert tmdb.auth.mode == "guest"
                assert tmdb.auth.mode == "auto"

            await asyncio.gather(first(), second())

    anyio.run(main)


def test_a_task_that_outlives_a_block_hands_its_mode_to_nobody(simulator: Simulator) -> None:
    contexts: list[contextvars.Context] = []
    for _ in range(200):
        tmdb = client(simulator)
        with tmdb.acting_as("application"):
            contexts.append(contextvars.copy_context())
        tmdb.close()
        del tmdb
    with client(simulator) as tmdb:
        assert {context.run(lambda: tmdb.auth.mode) for context in contexts} == {"auto"}


def test_a_block_left_elsewhere_changes_nothing(simulator: Simulator) -> None:
    with client(simulator) as tmdb:
        block = tmdb.acting_as("guest")
        contextvars.copy_context().run(block.__enter__)
        block.__exit__(None, None, None)
        assert tmdb.auth.mode == "auto"


def test_a_block_of_one_client_does_not_hold_for_its_users(simulator: Simulator) -> None:
    with client(simulator) as tmdb:
        user = tmdb.for_user(session_id=simulator.create_session())
        with tmdb.acting_as("application"):
            assert (tmdb.auth.mode, user.auth.mode) == ("application", "auto")
            assert tmdb.with_options(language="de").auth.mode == "application"
            assert tmdb.with_options(mode="guest").auth.mode == "guest"


# How a client is made and held


def test_the_first_argument_is_told_by_its_form(simulator: Simulator, variant: str) -> None:
    kind: Any = AsyncTMDB if variant == "async" else TMDB
    for value, held in ((simulator.access_token, "access_token"), (simulator.api_key, "api_key")):
        for credential in (value, Secret(value)):
            made = kind(credential, base_url=simulator.base_url)
            assert made.auth.held == (held,)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((SESSION,), {}, "looks like a session id: it has to be an access token or an API key"),
        (("eyJhbGciOiJIUzI1NiJ9",), {}, "cut short"),
        (("nothing",), {}, "is neither an access token nor an API key"),
        ((" " + "a" * 32,), {}, "white space"),
        ((7,), {}, "must be a string, an access token or an API key, not int"),
        ((Credentials(api_key="a" * 32),), {}, "not Credentials. Pass anything else by its name"),
        (("a" * 32,), {"api_key": "b" * 32}, "Pass the first argument or api_key=, not both"),
        (("a" * 32,), {"credentials": Credentials(api_key="b" * 32)}, "or credentials=, not both"),
    ],
)
def test_a_first_argument_that_is_none_is_refused(
    arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        TMDB(*arguments, **options)
    assert str(arguments[0]) not in str(caught.value) or len(str(arguments[0])) < 10


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("language", "make the client with language=, or derive one with tmdb.with_options(language=...)"),
        ("timeout", "or derive one with tmdb.with_options(timeout=...)"),
        ("mode", "or derive one with tmdb.with_options(mode=...)"),
        ("session_id", "or derive one with tmdb.for_user(session_id=...)"),
        ("api_key", "make the client with api_key="),
        ("base_url", "make the client with base_url="),
        ("moveis", "Settings are given when the client is made"),
    ],
)
def test_an_attribute_that_would_do_nothing_cannot_be_set(name: str, advice: str) -> None:
    for kind in (TMDB, AsyncTMDB):
        made: Any = kind(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9")
        with pytest.raises(AttributeError) as caught:
            setattr(made, name, "fr")
        assert f"has no attribute {name!r} to set" in str(caught.value)
        assert advice in str(caught.value)
        assert not hasattr(made, name)


def test_a_resource_can_be_replaced_as_tests_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with TMDB(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9") as tmdb:
        fake: Any = object()
        monkeypatch.setattr(tmdb, "movies", fake)
        assert tmdb.movies is fake
        monkeypatch.undo()
        assert tmdb.movies is not fake


def test_the_users_of_a_file_are_not_shown(simulator: Simulator, tmp_path: Path, caplog: Any) -> None:
    token, session = simulator.create_user_access_token(), simulator.create_session()
    caplog.set_level(logging.DEBUG)
    with client(simulator, store=FileStore(tmp_path / "s.json")) as tmdb:
        user = tmdb.for_user(user_access_token=token)
        user.account.id()
        shown = [repr(user), repr(tmdb.for_user(session_id=session)), str(user.auth), repr(user.guest), caplog.text]
    kept = json.loads((tmp_path / "s.json").read_text())
    assert token not in str(kept)
    assert [text for text in shown if token in text or session in text] == []


def test_a_thousand_derived_clients_cost_less_than_ten_of_httpx() -> None:
    def seconds(make: Callable[[], object], count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            make()
        return time.perf_counter() - began

    with TMDB(api_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9") as tmdb:
        tmdb.for_user(session_id=SESSION)
        baseline = seconds(httpx.Client, 10)
        assert seconds(lambda: tmdb.for_user(session_id=SESSION, account_id=7), 1000) < baseline
        assert seconds(lambda: tmdb.with_options(language="de", timeout=5), 1000) < baseline
