"""Whatever leaves a client's call, of any kind, leaves without a frame that holds a credential."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
import trio
from frames import exceptions_of, secrets_in
from variants import backend_of, over
from wire import NEW_GUEST, Act, Request, black_hole, json_reply, reply, serving, then_close, then_silence

from tmdb_ext import TMDB, AsyncTMDB, RetryPolicy, TransportError

KEY = "0123456789abcdef0123456789abcdef"
SESSION = "5e551015e551015e551015e551015e551015e551"
GUEST_SESSION = "9e5709e5709e5709e5709e5709e57090"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.YWNjZXNzLXRva2VuLXNpZ25hdHVyZQ"
USERS_TOKEN = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0YmM4ODkyYTAxN2EzYzBmOTIwMDAwMDIiLCJzY29wZXMiOlsiYXBpX3dyaXRlIl19.dXNlcnM"
)
PASSWORD = "correct-horse-battery-staple"
REQUEST_TOKEN = "7e0e577e0e577e0e577e0e577e0e577e0e577e0e"
SECRETS = {
    "the API key": KEY,
    "the session": SESSION,
    "the guest session": GUEST_SESSION,
    "the access token": TOKEN,
    "the user's token": USERS_TOKEN,
    "the password": PASSWORD,
    "the request token": REQUEST_TOKEN,
}
ONCE = RetryPolicy(attempts=1)


class Scene(NamedTuple):
    """A call that carries secrets."""

    credentials: dict[str, str]
    call: Callable[[Any], Any]


def generated(tmdb: Any) -> Any:
    from tmdb_api_client.v3.api.movies import movie_details

    send = movie_details.sync_detailed if isinstance(tmdb, TMDB) else movie_details.asyncio_detailed
    return send(11, client=tmdb.low_level)


SCENES = {
    "a key and a session": Scene({"api_key": KEY, "session_id": SESSION}, lambda tmdb: tmdb.account.details()),
    "a token": Scene({"access_token": TOKEN}, lambda tmdb: tmdb.movies.details(11)),
    "a key and a guest session": Scene(
        {"api_key": KEY, "guest_session_id": GUEST_SESSION}, lambda tmdb: tmdb.movies.add_rating(11, value=5)
    ),
    "a user's token": Scene({"user_access_token": USERS_TOKEN}, lambda tmdb: tmdb.v4.account.lists()),
    "a token that is converted": Scene({"user_access_token": USERS_TOKEN}, lambda tmdb: tmdb.account.favorite_movies()),
    "a password": Scene(
        {"access_token": TOKEN},
        lambda tmdb: tmdb.authentication.create_session_from_login(
            username="somebody", password=PASSWORD, request_token=REQUEST_TOKEN
        ),
    ),
    "a login": Scene({"access_token": TOKEN}, lambda tmdb: tmdb.auth.login("somebody", PASSWORD)),
    "a request token": Scene(
        {"api_key": KEY}, lambda tmdb: tmdb.authentication.create_session(request_token=REQUEST_TOKEN)
    ),
    "a session that is ended": Scene(
        {"api_key": KEY}, lambda tmdb: tmdb.authentication.delete_session(session_id=SESSION)
    ),
    "the generated layer": Scene({"api_key": KEY}, generated),
}
every_scene = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)


class Interrupted(Exception):  # noqa: N818 - it is no error
    """What a handler of a signal raises."""


def kind_of(how: str) -> type[BaseException]:
    kinds: dict[str, type[BaseException]] = {"Ctrl-C": KeyboardInterrupt, "exit": SystemExit, "handler": Interrupted}
    return kinds[how]


@contextlib.contextmanager
def raising(how: str) -> Iterator[Callable[[], None]]:
    """Have a signal raise in the main thread; gives what sends it."""
    number = signal.SIGINT if how == "Ctrl-C" else signal.SIGUSR1

    def handler(*_: object) -> None:
        raise kind_of(how)

    before = signal.signal(number, signal.default_int_handler if how == "Ctrl-C" else handler)
    main = threading.main_thread().ident
    assert main is not None
    try:
        yield lambda: signal.pthread_kill(main, number)
    finally:
        signal.signal(number, before)


def begin(request: Request) -> bytes | None:
    """What a login gets before the request that matters."""
    if request.path == "/3/authentication/token/new":
        expires = "2099-01-01 00:00:00 UTC"
        return json_reply({"success": True, "request_token": REQUEST_TOKEN, "expires_at": expires})
    return None


def interrupting(interrupt: Callable[[], None], sent: bytes = b"") -> Callable[[Request], bytes | Act]:
    """A server that interrupts the client once its request has come, having sent this."""

    def act(connection: Any, is_over: threading.Event) -> None:
        connection.sendall(sent)
        time.sleep(0.03)
        interrupt()
        is_over.wait(10)

    return lambda request: begin(request) or act


def without_secrets(arrived: list[BaseException], *kinds: type[BaseException]) -> None:
    assert arrived
    assert any(isinstance(one, kinds) for error in arrived for one in exceptions_of(error)), arrived
    assert [place for error in arrived for place in secrets_in(error, SECRETS)] == []


def arrives_sync(call: Callable[[Any], Any], **options: Any) -> list[BaseException]:
    """What arrives at the caller of a sync client."""
    with TMDB(timeout=20, **options) as tmdb:
        try:
            call(tmdb)
        except BaseException as error:  # noqa: BLE001 - whatever it is
            return [error]
    return []


def arrives_async(
    variant: str, call: Callable[[Any], Any], *, around: Callable[[Any], Any] | None = None, **options: Any
) -> list[BaseException]:
    """What arrives at the caller of an async client, and what leaves the event loop; `around` makes the call end."""
    arrived: list[BaseException] = []

    async def watched(tmdb: Any) -> None:
        try:
            await call(tmdb)
        except BaseException as error:
            arrived.append(error)
            raise

    async def main() -> None:
        async with AsyncTMDB(timeout=20, **over(variant), **options) as tmdb:
            await (watched(tmdb) if around is None else around(watched(tmdb)))

    try:
        anyio.run(main, backend=backend_of(variant))
    except BaseException as error:  # noqa: BLE001 - whatever it is
        arrived.append(error)
    return arrived


def arrives(variant: str, call: Callable[[Any], Any], **options: Any) -> list[BaseException]:
    return arrives_sync(call, **options) if variant == "sync" else arrives_async(variant, call, **options)


# Signals


@pytest.mark.parametrize("how", ["Ctrl-C", "exit", "handler"])
@every_scene
def test_a_signal_while_a_sync_call_waits_for_its_answer(scene: Scene, how: str) -> None:
    with raising(how) as interrupt, serving(interrupting(interrupt)) as server:
        arrived = arrives_sync(scene.call, base_url=server.address, retries=ONCE, **scene.credentials)
    without_secrets(arrived, kind_of(how))


@pytest.mark.parametrize(
    ("variant", "how"),
    # trio does not survive a handler of a signal that raises.
    [("asyncio", "Ctrl-C"), ("asyncio", "handler"), ("aiohttp", "Ctrl-C"), ("aiohttp", "handler"), ("trio", "Ctrl-C")],
)
@every_scene
def test_a_signal_while_an_async_call_waits_for_its_answer(scene: Scene, how: str, variant: str) -> None:
    with raising(how) as interrupt, serving(interrupting(interrupt)) as server:
        arrived = arrives_async(variant, scene.call, base_url=server.address, retries=ONCE, **scene.credentials)
    without_secrets(arrived, kind_of(how))


PHASES = {
    "in the head": b"HTTP/1.1 200 OK\r\ncontent-",
    "in the body": b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id": 7,',
    "in a pause": reply(b"{}", "503 Service Unavailable", retry_after="9"),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("how", ["Ctrl-C", "handler"])
def test_a_signal_in_each_phase_of_a_sync_call(phase: str, how: str) -> None:
    scene = SCENES["a key and a session"]
    with raising(how) as interrupt, serving(interrupting(interrupt, PHASES[phase])) as server:
        arrived = arrives_sync(
            scene.call, base_url=server.address, retries=RetryPolicy(attempts=3), **scene.credentials
        )
    without_secrets(arrived, kind_of(how))


@pytest.mark.parametrize("variant", ["asyncio", "aiohttp"])
@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_in_each_phase_of_an_async_call(phase: str, variant: str) -> None:
    scene = SCENES["a key and a session"]
    with raising("Ctrl-C") as interrupt, serving(interrupting(interrupt, PHASES[phase])) as server:
        arrived = arrives_async(
            variant, scene.call, base_url=server.address, retries=RetryPolicy(attempts=3), **scene.credentials
        )
    without_secrets(arrived, KeyboardInterrupt)


def test_a_signal_while_a_sync_call_connects() -> None:
    scene = SCENES["a key and a session"]
    with raising("handler") as interrupt, black_hole() as (host, port):
        timer = threading.Timer(0.3, interrupt)
        timer.start()
        arrived = arrives_sync(scene.call, base_url=f"http://{host}:{port}", retries=ONCE, **scene.credentials)
        timer.join()
    without_secrets(arrived, Interrupted)


def test_a_signal_while_a_sync_call_waits_for_its_turn() -> None:
    scene = SCENES["a key and a session"]

    def five(tmdb: Any) -> None:
        for _ in range(9):
            scene.call(tmdb)

    with raising("handler") as interrupt, serving() as server:
        timer = threading.Timer(0.5, interrupt)
        timer.start()
        arrived = arrives_sync(five, base_url=server.address, rate_limit=0.1, **scene.credentials)
        timer.join()
    without_secrets(arrived, Interrupted)


def test_a_signal_while_a_sync_call_waits_for_anothers_guest_session() -> None:
    silent = then_silence(seconds=1.0)

    def call(tmdb: Any) -> None:
        def make() -> None:
            with contextlib.suppress(TransportError):
                tmdb.movies.add_rating(1, value=5)

        other = threading.Thread(target=make)
        other.start()
        try:
            server.wait_for(NEW_GUEST)
            timer.start()
            tmdb.movies.add_rating(11, value=5)
        finally:
            other.join()

    with raising("handler") as interrupt, serving(silent) as server:
        timer = threading.Timer(0.2, interrupt)
        arrived = arrives_sync(call, base_url=server.address, retries=ONCE, api_key=KEY)
    without_secrets(arrived, Interrupted)


# Tasks that are ended


async def cancelled(awaitable: Any) -> None:
    task = asyncio.ensure_future(awaitable)
    await asyncio.sleep(0.15)
    task.cancel()
    await task


async def timed(awaitable: Any) -> None:
    async with asyncio.timeout(0.15):
        await awaitable


async def waited_for(awaitable: Any) -> None:
    await asyncio.wait_for(awaitable, 0.15)


async def in_a_group(awaitable: Any) -> None:
    async def fail() -> None:
        await asyncio.sleep(0.15)
        raise Interrupted

    async with asyncio.TaskGroup() as group:
        group.create_task(awaitable)
        group.create_task(fail())


async def failed_after(awaitable: Any) -> None:
    with anyio.fail_after(0.15):
        await awaitable


ENDS = {
    "task.cancel": (cancelled, asyncio.CancelledError),
    "asyncio.timeout": (timed, TimeoutError),
    "asyncio.wait_for": (waited_for, TimeoutError),
    "a task group": (in_a_group, Interrupted),
    "anyio.fail_after": (failed_after, TimeoutError),
}


@pytest.mark.parametrize("variant", ["asyncio", "aiohttp"])
@pytest.mark.parametrize("end", ["task.cancel", "asyncio.timeout"])
@every_scene
def test_a_task_that_is_ended(scene: Scene, end: str, variant: str) -> None:
    around, kind = ENDS[end]
    with serving(interrupting(lambda: None)) as server:
        arrived = arrives_async(
            variant, scene.call, around=around, base_url=server.address, retries=ONCE, **scene.credentials
        )
    without_secrets(arrived, kind)


@pytest.mark.parametrize("variant", ["asyncio", "aiohttp"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("end", ENDS)
def test_a_task_that_is_ended_in_each_phase_and_way(end: str, phase: str, variant: str) -> None:
    around, kind = ENDS[end]
    scene = SCENES["a key and a session"]
    with serving(interrupting(lambda: None, PHASES[phase])) as server:
        arrived = arrives_async(
            variant, scene.call, around=around, base_url=server.address, retries=RetryPolicy(attempts=3),
            **scene.credentials,
        )  # fmt: skip
    without_secrets(arrived, kind)


@every_scene
def test_a_task_of_trio_that_is_cancelled(scene: Scene) -> None:
    with serving(interrupting(lambda: None)) as server:
        arrived = arrives_async(
            "trio", scene.call, around=failed_after, base_url=server.address, retries=ONCE, **scene.credentials
        )
    without_secrets(arrived, trio.Cancelled)


# Errors


@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])
@every_scene
def test_an_error_of_ours(scene: Scene, variant: str) -> None:
    with serving(lambda request: begin(request) or then_close(b"")) as server:
        arrived = arrives(variant, scene.call, base_url=server.address, retries=ONCE, **scene.credentials)
    without_secrets(arrived, TransportError)


class FailingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport of the caller's with a fault of its own."""

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise self.kind

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self.kind


@pytest.mark.parametrize("kind", [ZeroDivisionError, MemoryError, RecursionError, GeneratorExit])
@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio"])
def test_whatever_a_transport_of_the_callers_raises(kind: type[BaseException], variant: str) -> None:
    scene = SCENES["a key and a session"]
    options: dict[str, Any] = {"transport": FailingTransport(kind), "retries": ONCE, **scene.credentials}
    arrived = arrives(variant, scene.call, **options)
    without_secrets(arrived, kind, RuntimeError)


def test_what_a_server_gives_is_a_secret_too() -> None:
    """A session that TMDB has just made is half here when the call is interrupted."""
    body = json.dumps({"success": True, "session_id": SESSION}).encode()
    sent = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + body[:-1]
    with raising("Ctrl-C") as interrupt, serving(interrupting(interrupt, sent)) as server:
        arrived = arrives_sync(
            lambda tmdb: tmdb.authentication.create_session(request_token=REQUEST_TOKEN),
            base_url=server.address, retries=ONCE, api_key=KEY,
        )  # fmt: skip
    without_secrets(arrived, KeyboardInterrupt)


def test_the_walk_finds_what_is_there() -> None:
    """The other tests would pass if it found nothing: httpx by itself shows what it carries."""
    with raising("handler") as interrupt, serving(interrupting(interrupt)) as server:
        with pytest.raises(Interrupted) as caught:
            httpx.get(f"{server.address}/3/movie/11?api_key={KEY}", headers={"authorization": f"Bearer {TOKEN}"})
        found = " ".join(secrets_in(caught.value, SECRETS))
    assert "the API key in" in found
    assert "the access token in" in found
    assert "httpcore" in found
