"""No credential is told to anyone: whatever fails, whatever is logged, wherever a redirect leads."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
from leaks import Collector, everything
from scenes import nowhere, result_of

import tmdb_ext
from tmdb_ext import TMDB, AsyncTMDB, FileStore, LoginError, TMDBError
from tmdb_ext.testing import Simulator

MANY = 1000
USERNAME, PASSWORD = "ada", "correct horse battery staple"
Scene = Callable[[Any, "Stage"], Awaitable[Any]]


class Stage(NamedTuple):
    """What a scene may use."""

    simulator: Simulator
    folder: Path
    seen: list[Any]
    """What the scene had in its hands; shown afterwards as a program would."""


# What people do, each with the credentials that they do it with and the operations that may fail on the way.


async def read(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.movies.details(11))


async def rate(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.movies.add_rating(11, value=8.5))


async def list_ratings(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.guest_sessions.rated_movies())


async def lists(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.account.lists())


async def start_guest_session(tmdb: Any, stage: Stage) -> None:
    stage.seen.append(await result_of(tmdb.guest.start()))


async def complete_login(tmdb: Any, stage: Stage) -> None:
    login = await result_of(tmdb.auth.begin_login())
    stage.seen.append(login)
    stage.simulator.approve(login.request_token.reveal())
    stage.seen.append(await result_of(login.complete()))


async def wait_in_vain(tmdb: Any, stage: Stage) -> None:
    login = await result_of(tmdb.auth.begin_login())
    stage.seen.append(login)
    await result_of(login.wait(timeout=0.02, interval=0.01))


async def complete_a_denied_login(tmdb: Any, stage: Stage) -> None:
    login = await result_of(tmdb.auth.begin_login(redirect_to="https://example.org/back"))
    stage.simulator.deny(login.request_token.reveal())
    await result_of(login.complete())


async def resume_an_unknown_login(tmdb: Any, stage: Stage) -> None:
    login = tmdb.auth.resume_login(secret_of(stage))
    stage.seen.append(login)
    await result_of(login.complete())


async def log_in_with_a_password(tmdb: Any, stage: Stage) -> None:
    stage.seen.append(await result_of(tmdb.auth.login(USERNAME, PASSWORD)))


async def log_in_with_a_wrong_password(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.auth.login(USERNAME, PASSWORD + "!"))


async def log_out(tmdb: Any, stage: Stage) -> None:
    stage.seen.append(await result_of(tmdb.auth.logout()))


async def make_a_v4_list(tmdb: Any, stage: Stage) -> None:
    stage.seen.extend([tmdb.v4.auth.token, await result_of(tmdb.v4.lists.create(name="mine", iso_639_1="en"))])


async def read_a_v4_list(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.v4.lists.details(1))


async def lists_in_v4(tmdb: Any, stage: Stage) -> None:
    await result_of(tmdb.v4.account.lists())


async def log_in_to_v4(tmdb: Any, stage: Stage) -> None:
    login = await result_of(tmdb.v4.auth.begin_login(redirect_to="https://example.org/back"))
    stage.seen.append(login)
    stage.simulator.approve(login.request_token.reveal())
    stage.seen.extend([await result_of(login.complete()), tmdb.v4.auth.token])
    await result_of(tmdb.account.details())


async def complete_a_denied_v4_login(tmdb: Any, stage: Stage) -> None:
    login = await result_of(tmdb.v4.auth.begin_login())
    stage.simulator.deny(login.request_token.reveal())
    await result_of(login.complete())


async def log_in_to_v4_by_hand(tmdb: Any, stage: Stage) -> None:
    token = (await result_of(tmdb.v4.auth.create_request_token())).request_token
    stage.simulator.approve(token)
    made = await result_of(tmdb.v4.auth.create_access_token(request_token=token))
    await result_of(tmdb.v4.auth.delete_access_token(access_token=made.access_token))


async def log_out_of_v4(tmdb: Any, stage: Stage) -> None:
    stage.seen.append(await result_of(tmdb.v4.auth.logout()))


def secret_of(stage: Stage) -> str:
    token = stage.simulator.create_session()
    stage.simulator.forget_session(token)
    FORGOTTEN.append(token)
    return token


FORGOTTEN: list[str] = []
CREATE_GUEST = "authentication-create-guest-session"
CONVERT = "authentication-create-session-from-v4-token"
NEW_TOKEN = "authentication-create-request-token"
NEW_SESSION = "authentication-create-session"
PASSWORD_LOGIN = "authentication-create-session-from-login"

SCENES: dict[str, tuple[Scene, str, tuple[str | None, ...]]] = {
    "read with an API key": (read, "key", ("movie-details",)),
    "read with a bearer": (read, "bearer", ("movie-details",)),
    "rate with a session": (rate, "key, session", ("movie-add-rating",)),
    "rate as a guest": (rate, "bearer", (CREATE_GUEST, "movie-add-rating")),
    "rate as a guest whose session is kept": (rate, "key, file", (CREATE_GUEST, "movie-add-rating")),
    "list a guest's ratings": (list_ratings, "bearer, guest", ("guest-session-rated-movies",)),
    "list a guest's ratings, with a key": (list_ratings, "key", (CREATE_GUEST, "guest-session-rated-movies")),
    "lists of an account": (lists, "key, session", ("account-details", "account-lists")),
    "lists of an account, with a user token": (
        lists,
        "user token, file",
        (CONVERT, "account-details", "account-lists"),
    ),
    "start a guest session": (start_guest_session, "key", (CREATE_GUEST,)),
    "log in": (complete_login, "bearer, file", (NEW_TOKEN, NEW_SESSION)),
    "log in, with a key": (complete_login, "key", (NEW_TOKEN, NEW_SESSION)),
    "wait for a login": (wait_in_vain, "bearer", (NEW_SESSION, None)),
    "a denied login": (complete_a_denied_login, "key", (NEW_SESSION, None)),
    "an unknown login": (resume_an_unknown_login, "bearer", (NEW_SESSION, None)),
    "a password": (log_in_with_a_password, "key", (NEW_TOKEN, PASSWORD_LOGIN, NEW_SESSION)),
    "a wrong password": (log_in_with_a_wrong_password, "bearer", (PASSWORD_LOGIN, None)),
    "make a v4 list": (make_a_v4_list, "user token", ("v4/list-create",)),
    "read a v4 list with a key": (read_a_v4_list, "key", ("v4/list-details",)),
    "lists of an account in v4": (lists_in_v4, "bearer, user token, file", ("v4/account-lists",)),
    "log in to v4": (
        log_in_to_v4,
        "bearer, file",
        ("v4/auth-create-request-token", "v4/auth-create-access-token", CONVERT, "account-details"),
    ),
    "a denied login to v4": (complete_a_denied_v4_login, "key, bearer", ("v4/auth-create-access-token", None)),
    "log in to v4 by hand": (log_in_to_v4_by_hand, "bearer", ("v4/auth-create-access-token", "v4/auth-logout")),
    "log out of v4": (log_out_of_v4, "user token", ("v4/auth-logout", None)),
    "log out": (log_out, "key, session", ("authentication-delete-session", None)),
}
LOGOUTS = (log_out, log_out_of_v4)
STATUSES: dict[str, dict[str, Any]] = {
    "401": {"tmdb_code": 7},
    "401 for the session": {"tmdb_code": 3, "http_status": 401},
    "404": {"tmdb_code": 6},  # not 34, which means an empty page for a guest's ratings
    "429": {"http_status": 429, "retry_after": 0.01},
    "500": {"http_status": 500},
    "bad JSON": {"body": b'{"success": tru'},
    "not the JSON that was expected": {"body": b'"text"'},
    "no answer": {"disconnect": True},
    "a late answer": {"delay": 0.2},
}
# The two variants share the decision: each tries other statuses.
REDIRECTS = [(301, "sync"), (308, "async")]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(strict=True) as running:
        running.create_user(USERNAME, PASSWORD)
        yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Simulator]:
    with Simulator(strict=True) as running:
        yield running


def options(held: str, simulator: Simulator, folder: Path) -> dict[str, Any]:
    kinds = held.split(", ")
    found: dict[str, Any] = {}
    if "key" in kinds:
        found["api_key"] = simulator.api_key
    if "bearer" in kinds:
        found["access_token"] = simulator.access_token
    if "user token" in kinds:
        found["user_access_token"] = simulator.create_user_access_token()
    if "session" in kinds:
        found["session_id"] = simulator.create_session()
    if "guest" in kinds:
        with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            found["guest_session_id"] = tmdb.guest.start().id.reveal()
    if "file" in kinds:
        found["store"] = FileStore(folder / "sessions.json")
    return found


def secrets(simulator: Simulator) -> list[str]:
    """Every credential there is, those made on the way included."""
    state = simulator._state
    made = [*state.sessions, *state.guest_sessions, *state.request_tokens, *state.access_tokens]
    return [simulator.api_key, simulator.access_token, PASSWORD, *made, *FORGOTTEN]


def told(variant: str, scene: Scene, stage: Stage, log: Collector, **settings: Any) -> tuple[TMDBError | None, str]:
    """Play a scene; return its error, and all that anybody could see of it."""
    shown: list[str] = []
    outcome: list[TMDBError] = []

    async def main() -> None:
        client: Any = AsyncTMDB(**settings) if variant == "async" else TMDB(**settings)
        try:
            await scene(client, stage)
        except TMDBError as error:
            outcome.append(error)
        stage.seen.extend([client, client.auth, client.guest, client.account, client.auth.held, client.low_level])
        shown.extend(f"{thing!r} {thing!s}" for thing in stage.seen)
        await result_of(client.aclose() if variant == "async" else client.close())

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        anyio.run(main)
    shown += [str(warning) for warning in caught]
    shown += [everything(error) for error in outcome]
    shown += log.lines
    assert log.lines, "nothing was logged: this looks at nothing"
    return (outcome[0] if outcome else None), "\n".join(shown)


@pytest.mark.parametrize("fault", ["none", *STATUSES])
@pytest.mark.parametrize("name", SCENES)
def test_a_failure_tells_no_credential(
    name: str, fault: str, variant: str, simulator: Simulator, tmp_path: Path, log: Collector
) -> None:
    scene, held, operations = SCENES[name]
    for number, operation in enumerate(operations if fault != "none" else (None,)):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = options(held, simulator, folder)
        if operation is not None:
            simulator.fail_next(operation=operation, times=MANY, **STATUSES[fault])
        timeout = 0.05 if fault == "a late answer" else 5.0
        stage = Stage(simulator, folder, [settings.get("store")])
        error, shown = told(variant, scene, stage, log, base_url=simulator.base_url, timeout=timeout, **settings)
        simulator.clear_faults()
        if operation is not None and scene not in LOGOUTS:
            assert error is not None
        assert not [secret for secret in secrets(simulator) if secret in shown]


@pytest.mark.parametrize("name", SCENES)
def test_a_refused_connection_tells_no_credential(
    name: str, variant: str, simulator: Simulator, tmp_path: Path, log: Collector
) -> None:
    scene, held, _ = SCENES[name]
    stage = Stage(simulator, tmp_path, [])
    with nowhere() as address:
        error, shown = told(variant, scene, stage, log, base_url=address, **options(held, simulator, tmp_path))
    assert error is not None or scene in LOGOUTS
    assert not [secret for secret in secrets(simulator) if secret in shown]


@pytest.mark.parametrize("name", SCENES)
def test_a_connection_that_is_not_made_in_time_tells_no_credential(
    name: str, variant: str, simulator: Simulator, tmp_path: Path, log: Collector
) -> None:
    scene, held, _ = SCENES[name]

    def late(request: httpx.Request) -> httpx.Response:
        log.lines.append("asked")
        raise httpx.ConnectTimeout(f"no connection for {request.url}", request=request)

    stage = Stage(simulator, tmp_path, [])
    settings = options(held, simulator, tmp_path)
    error, shown = told(
        variant, scene, stage, log, base_url="http://192.0.2.1", transport=httpx.MockTransport(late), **settings
    )
    assert error is not None or scene in LOGOUTS
    assert not [secret for secret in secrets(simulator) if secret in shown]


@pytest.mark.parametrize(("status", "variant"), REDIRECTS)
@pytest.mark.parametrize("name", SCENES)
def test_a_redirect_takes_no_credential_along(
    name: str, status: int, variant: str, simulator: Simulator, elsewhere: Simulator, tmp_path: Path, log: Collector
) -> None:
    scene, held, operations = SCENES[name]
    for number, operation in enumerate(operations):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = options(held, simulator, folder)
        if operation is not None:
            location = f"{elsewhere.base_url}/3/movie/11"
            simulator.fail_next(status, operation=operation, times=MANY, headers={"location": location})
        stage = Stage(simulator, folder, [])
        error, shown = told(variant, scene, stage, log, base_url=simulator.base_url, **settings)
        simulator.clear_faults()
        assert error is not None or scene in LOGOUTS
        assert not [secret for secret in secrets(simulator) if secret in shown]
    assert elsewhere.requests == []


def test_the_scenes_do_what_they_say(variant: str, simulator: Simulator, tmp_path: Path, log: Collector) -> None:
    """Without a fault only those end in an error that are meant to."""
    failed = {}
    for name, (scene, held, _) in SCENES.items():
        stage = Stage(simulator, tmp_path, [])
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        error, _ = told(variant, scene, stage, log, base_url=simulator.base_url, **options(held, simulator, folder))
        if error is not None:
            failed[name] = type(error)
    assert set(failed) == {
        "wait for a login", "a denied login", "an unknown login", "a wrong password", "a denied login to v4",
    }  # fmt: skip
    assert all(issubclass(failed[name], LoginError) for name in failed if name != "a wrong password")


def test_an_interruption_shows_no_credential_in_frames_of_ours(simulator: Simulator, tmp_path: Path) -> None:
    """What httpx holds in its own frames is httpx's; ours hold the request as it was asked for."""

    def interrupted(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    package = Path(tmdb_ext.__file__).parent
    settings = options("key, session", simulator, tmp_path)
    with (
        TMDB(transport=httpx.MockTransport(interrupted), **settings) as tmdb,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        tmdb.movies.account_states(11)
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    report.stack[:] = [frame for frame in report.stack if Path(frame.filename).is_relative_to(package)]  # type: ignore[index]
    assert report.stack
    shown = "".join(report.format())
    assert not [secret for secret in secrets(simulator) if secret in shown]
