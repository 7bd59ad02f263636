"""What becomes of refusals, of broken connections and of unreadable answers; and that no error tells a secret."""

from __future__ import annotations

import copy
import email.utils
import gc
import json
import logging
import pickle
import socket
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leaks import Collector, everything
from scenes import MadeEndpoint
from tmdb_api_client.v3.api.movies import movie_account_states

import tmdb_ext
from tmdb_ext import (
    STATUS_CODES,
    TMDB,
    APIError,
    AsyncTMDB,
    AuthenticationError,
    BadRequest,
    ConfigurationError,
    ConnectError,
    DecodeError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestTimeout,
    ServerError,
    SessionDenied,
    TMDBError,
    TransportError,
    UnexpectedRedirect,
    ValidationError,
)
from tmdb_ext._http.messages import Response
from tmdb_ext._http.responses import retry_after
from tmdb_ext._redaction import redact
from tmdb_ext.aiohttp import AiohttpTransport
from tmdb_ext.testing import Simulator

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SESSION = "5e55105e55105e55105e55105e55105e55105e55"
GUEST = "90e5790e5790e5790e5790e5790e5790"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2VjcmV0LXNpZ25hdHVyZQ"
SECRETS = (KEY, SESSION, GUEST, TOKEN)

Handler = Callable[[httpx.Request], httpx.Response]
Ask = Callable[..., TMDBError]


def ask_sync(handler: Handler, call: str = "movies.details", **options: Any) -> TMDBError:
    """Make a call that must fail, and return its error."""
    settings = {"access_token": TOKEN, "transport": httpx.MockTransport(handler), "rate_limit": None} | options
    resource, method = call.split(".")
    values = {"movie_id": 11} | ({"value": 5} if "add" in method else {})
    with TMDB(**settings) as tmdb:
        bound = getattr(getattr(tmdb, resource), method)
        with pytest.raises(TMDBError) as caught:
            bound(**values)
    return caught.value


def ask_async(handler: Handler, call: str = "movies.details", **options: Any) -> TMDBError:
    """Make a call that must fail, and return its error."""
    settings = {"access_token": TOKEN, "transport": httpx.MockTransport(handler), "rate_limit": None} | options
    resource, method = call.split(".")
    values = {"movie_id": 11} | ({"value": 5} if "add" in method else {})

    async def main() -> TMDBError:
        async with AsyncTMDB(**settings) as tmdb:
            bound = getattr(getattr(tmdb, resource), method)
            with pytest.raises(TMDBError) as caught:
                await bound(**values)
        return caught.value

    return anyio.run(main)


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return ask_sync if request.param == "sync" else ask_async


def answering(status: int, body: Any = None, **headers: str) -> Handler:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, content=content, headers=names)


def test_the_table_has_tmdbs_numbers_and_statuses_in_words_of_ours(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "status-codes.tsv").read_text().splitlines()[1:]]
    assert {int(code): int(http) for code, http, _ in rows} == {
        row.tmdb_code: row.http_status for row in STATUS_CODES.values()
    }
    copied = [
        row for code, _, message in rows if (row := STATUS_CODES[int(code)]).meaning == message.rstrip(".").lower()
    ]
    assert not copied


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (400, 22, BadRequest, False),
        (401, 7, AuthenticationError, False),
        (401, 30, AuthenticationError, False),
        (401, 17, SessionDenied, False),
        (403, 45, PermissionDenied, False),
        (404, 34, NotFound, False),
        (405, 42, BadRequest, False),
        (406, 19, BadRequest, False),
        (418, None, APIError, False),
        (422, 20, ValidationError, False),
        (429, 25, RateLimited, True),
        (500, 11, ServerError, True),
        (500, 44, ServerError, False),
        (501, 2, ServerError, False),
        (502, 43, ServerError, True),
        (503, 46, ServerError, True),
        (504, 24, ServerError, True),
    ],
)
def test_a_refusal_becomes_the_error_of_its_status(
    ask: Ask, status: int, code: int | None, kind: type[APIError], retryable: bool
) -> None:
    body = {"success": False, "status_message": "words", **({"status_code": code} if code else {})}
    error = ask(answering(status, body))
    assert type(error) is kind
    assert isinstance(error, APIError)
    assert (error.http_status, error.tmdb_code, error.tmdb_message) == (status, code, "words")
    assert (error.method, error.path, error.operation) == ("GET", "/3/movie/11", "movie-details")
    assert error.retryable is retryable
    assert str(error).startswith(f"GET /3/movie/11: HTTP {status}")


@pytest.mark.parametrize(("code", "kind"), [(21, NotFound), (40, APIError), (34, NotFound), (None, APIError)])
def test_a_body_that_says_no_is_an_error_even_with_http_200(ask: Ask, code: int | None, kind: type[APIError]) -> None:
    error = ask(answering(200, {"success": False, "status_code": code, "status_message": "no"}))
    assert type(error) is kind
    assert isinstance(error, APIError)
    assert error.http_status == 200


@pytest.mark.parametrize(("status", "retryable"), [(429, True), (503, True), (500, False), (502, False), (504, False)])
def test_a_write_is_called_retryable_only_where_it_was_turned_away(ask: Ask, status: int, retryable: bool) -> None:
    error = ask(answering(status, {"status_code": 11}), "movies.add_rating", session_id=SESSION)
    assert (error.method, error.retryable) == ("POST", retryable)


def test_a_refused_session_is_told_from_a_refused_key(ask: Ask) -> None:
    refusal = answering(401, {"success": False, "status_code": 3, "status_message": "x"})
    assert type(ask(refusal)) is AuthenticationError
    error = ask(refusal, "movies.account_states", session_id=SESSION)
    assert type(error) is SessionDenied
    assert "The user session sent with it" in str(error)


@pytest.mark.parametrize("content", [b"", b"<html>Bad gateway</html>", b"\xff\xfe\x00", b"null", b'"text"'])
def test_an_error_page_that_is_not_json_keeps_its_status(ask: Ask, content: bytes) -> None:
    error = ask(answering(502, content))
    assert isinstance(error, ServerError)
    assert (error.http_status, error.tmdb_code, error.tmdb_message) == (502, None, None)
    assert "html" not in str(error)


def test_the_older_form_of_errors_is_read(ask: Ask) -> None:
    error = ask(answering(422, {"errors": ["page must be greater than 0"]}))
    assert isinstance(error, ValidationError)
    assert (error.tmdb_message, error.tmdb_errors) == (None, ("page must be greater than 0",))
    assert str(error) == "GET /3/movie/11: HTTP 422. TMDB says: page must be greater than 0"


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"{", b'"text"', b"17", b"null", b"\xff\xfe", b"[" * 100_000, b'{"id":' + b"9" * 5000 + b"}"],
)
def test_an_answer_that_is_not_json_is_a_decode_error(ask: Ask, content: bytes) -> None:
    error = ask(answering(200, content))
    assert type(error) is DecodeError
    assert (error.http_status, error.path) == (200, "/3/movie/11")


def test_broken_compression_is_a_decode_error(ask: Ask) -> None:
    class Raw(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"not gzip"

        async def __aiter__(self) -> Any:
            yield b"not gzip"

    assert type(ask(lambda _: httpx.Response(200, stream=Raw(), headers={"content-encoding": "gzip"}))) is DecodeError


def test_an_answer_that_is_no_object_and_no_list_is_a_decode_error_that_quotes_nothing(ask: Ask) -> None:
    error = ask(answering(200, SESSION))
    assert type(error) is DecodeError
    assert SESSION not in everything(error)


def test_a_decoder_that_fails_is_a_decode_error_that_quotes_nothing() -> None:
    def decode(payload: dict[str, Any]) -> None:
        raise KeyError(payload["session_id"])

    transport = httpx.MockTransport(answering(200, {"session_id": SESSION}))
    with TMDB(access_token=TOKEN, transport=transport) as tmdb, pytest.raises(DecodeError, match="KeyError") as caught:
        tmdb._call(MadeEndpoint("movie-details", {"method": "get", "url": "/3/movie/11"}, decode), {})
    assert SESSION not in everything(caught.value)


@pytest.mark.parametrize(
    ("raised", "kind", "get_retryable", "post_retryable"),
    [
        (httpx.ConnectError("refused"), ConnectError, True, True),
        (httpx.ConnectTimeout("t"), RequestTimeout, True, True),
        (httpx.PoolTimeout("t"), RequestTimeout, True, True),
        (httpx.ReadTimeout("t"), RequestTimeout, True, False),
        (httpx.WriteTimeout("t"), RequestTimeout, True, False),
        (httpx.ReadError("reset"), TransportError, True, False),
        (httpx.RemoteProtocolError("junk"), TransportError, True, False),
        (httpx.ProxyError("407"), TransportError, True, False),
        (OSError("disk"), TransportError, True, False),
        (httpx.UnsupportedProtocol("x"), ConfigurationError, False, False),
    ],
)
def test_what_goes_wrong_on_the_way_becomes_a_transport_error(
    ask: Ask, raised: Exception, kind: type[TMDBError], get_retryable: bool, post_retryable: bool
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    error = ask(fail)
    assert type(error) is kind
    assert (error.method, error.path, error.retryable) == ("GET", "/3/movie/11", get_retryable)
    error = ask(fail, "movies.add_rating", session_id=SESSION)
    assert error.retryable is post_retryable
    assert error.__cause__ is None
    assert error.__context__ is None


def test_timeouts_and_failed_connections_are_also_the_builtin_errors(ask: Ask) -> None:
    def slow(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("t")

    error = ask(slow)
    assert isinstance(error, TimeoutError)
    assert isinstance(error, RequestTimeout)
    assert error.phase == "connect"
    assert issubclass(ConnectError, ConnectionError)


@pytest.mark.parametrize(
    ("target", "says"),
    [("https://elsewhere.example/3/x", "https://elsewhere.example"), ("/3/other", "another address on the same host")],
)
def test_a_redirect_is_not_followed(ask: Ask, target: str, says: str) -> None:
    seen = []

    def redirect(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(302, headers={"location": f"{target}?api_key={KEY}"})

    error = ask(redirect)
    assert type(error) is UnexpectedRedirect
    assert says in str(error)
    assert KEY not in str(error)
    assert seen == ["api.themoviedb.org"]


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        (email.utils.format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (email.utils.format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("", None),
        ("-3", None),
        ("soon", None),
        ("nan", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(Response(429, [("retry-after", value)], b""), NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_read_without_an_exception(value: str) -> None:
    seconds = retry_after(Response(429, [("retry-after", value)], b""), NOW)
    assert seconds is None or seconds >= 0


def test_a_date_in_retry_after_is_read_by_the_servers_clock() -> None:
    later = email.utils.format_datetime(NOW + timedelta(seconds=30), usegmt=True)
    headers = [("retry-after", later), ("date", email.utils.format_datetime(NOW, usegmt=True))]
    assert retry_after(Response(429, headers, b""), NOW + timedelta(days=3)) == 30.0


def test_rate_limiting_carries_the_seconds_to_wait(ask: Ask) -> None:
    error = ask(answering(429, {"status_code": 25}, retry_after="3"))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 3.0


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_copied_and_pickled(clone: Callable[[TMDBError], TMDBError]) -> None:
    errors: list[TMDBError] = [
        ask_sync(answering(429, {"status_code": 25, "status_message": "m"}, retry_after="3")),
        ask_sync(answering(200, b"")),
        RequestTimeout("m", phase="pool", method="GET", path="/3/x", retryable=True),
        ConfigurationError("m", accepts=("a user session",), held=("api_key",)),
    ]
    for error in errors:
        twin = clone(error)
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_every_error_has_the_one_base() -> None:
    exceptions = [item for name in tmdb_ext.__all__ if isinstance(item := getattr(tmdb_ext, name), type)]
    errors = [item for item in exceptions if issubclass(item, Exception)]
    assert len(errors) == 25
    assert all(issubclass(error, TMDBError) for error in errors)


# No secret, whatever goes wrong


FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"http_status": 401},
    "session denied": {"http_status": 401, "tmdb_code": 3},
    "not found": {"http_status": 404},
    "too many": {"http_status": 429, "retry_after": 1},
    "server error": {"http_status": 500},
    "disconnect": {"disconnect": True},
    "timeout": {"delay": 0.5},
    "bad json": {"http_status": 200, "body": b"{"},
    "html": {"http_status": 200, "body": b"<html>"},
}
CALLS = ("movies.details", "movies.add_rating", "account.favorite_movies", "guest_sessions.rated_movies", "lists.clear")


def arguments(call: str) -> dict[str, Any]:
    return {
        "movies.details": {"movie_id": 11},
        "movies.add_rating": {"movie_id": 11, "value": 5},
        "lists.clear": {"list_id": 1, "confirm": True},
    }.get(call, {})


@pytest.mark.parametrize("variant", ["sync", "async", "sync, cached", "async, cached", "aiohttp"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_shows_when_something_goes_wrong(fault: str, variant: str, log: Collector) -> None:
    with Simulator(strict=True) as simulator, warnings.catch_warnings(record=True) as warned:
        secrets = [simulator.api_key, simulator.access_token, simulator.create_session()]
        options: list[dict[str, Any]] = [
            {"api_key": secrets[0], "session_id": secrets[2]},
            {"access_token": secrets[1], "session_id": secrets[2]},
            {"api_key": secrets[0], "mode": "guest"},
        ]
        errors: list[TMDBError] = []
        for chosen in options:
            settings = chosen | {"base_url": simulator.base_url, "timeout": 0.1 if fault == "timeout" else 5.0}
            settings["cache"] = "cached" in variant
            for call in CALLS:
                simulator.clear_faults()
                simulator.fail_next(**FAULTS[fault], times=3)
                resource, method = call.split(".")
                errors += (
                    call_sync(settings, resource, method, secrets)
                    if variant.startswith("sync")
                    else anyio.run(call_async, settings, resource, method, secrets, variant == "aiohttp")
                )
        assert len(errors) == len(options) * len(CALLS)
        gc.collect()
    shown = "\n".join([*map(everything, errors), *log.lines, *(str(item.message) for item in warned)])
    assert ": HTTP " in "\n".join(log.lines) or fault in ("disconnect", "timeout")
    assert not [secret for secret in secrets if secret in shown]


def call_sync(settings: dict[str, Any], resource: str, method: str, secrets: list[str]) -> list[TMDBError]:
    with TMDB(**settings) as tmdb:
        try:
            getattr(getattr(tmdb, resource), method)(**arguments(f"{resource}.{method}"))
        except TMDBError as error:
            guest = tmdb.guest.info()
            secrets += [guest.id.reveal()] if guest else []
            return [error]
    return []


async def call_async(
    settings: dict[str, Any], resource: str, method: str, secrets: list[str], over_aiohttp: bool
) -> list[TMDBError]:
    async with AsyncTMDB(**settings, transport=AiohttpTransport() if over_aiohttp else None) as tmdb:
        try:
            await getattr(getattr(tmdb, resource), method)(**arguments(f"{resource}.{method}"))
        except TMDBError as error:
            guest = tmdb.guest.info()
            secrets += [guest.id.reveal()] if guest else []
            return [error]
    return []


def test_no_secret_shows_when_the_connection_is_refused(log: Collector) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        error = ask_sync(
            lambda _: httpx.Response(200), transport=None, base_url=base_url, api_key=KEY, access_token=None
        )
    assert type(error) is ConnectError
    assert KEY not in everything(error) + "\n".join(log.lines)


@pytest.mark.parametrize("raised", [httpx.ReadTimeout("t"), httpx.ConnectError("refused")])
def test_no_secret_shows_through_the_generated_functions(raised: Exception, log: Collector) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    async def main() -> list[TMDBError]:
        async with AsyncTMDB(api_key=KEY, session_id=SESSION, transport=httpx.MockTransport(fail)) as tmdb:
            with pytest.raises(TransportError) as caught:
                await movie_account_states.asyncio_detailed(11, client=tmdb.low_level)
            with pytest.raises(TransportError) as looked_up:
                await tmdb.auth.account_id()
            with pytest.raises(TransportError) as started:
                await tmdb.guest.start()
        return [caught.value, looked_up.value, started.value]

    with TMDB(api_key=KEY, session_id=SESSION, transport=httpx.MockTransport(fail)) as tmdb:
        with pytest.raises(TransportError) as caught:
            movie_account_states.sync_detailed(11, client=tmdb.low_level)
        with pytest.raises(TransportError) as looked_up:
            tmdb.auth.account_id()
        with pytest.raises(TransportError) as started:
            tmdb.guest.start()
    shown = "".join(map(everything, [caught.value, looked_up.value, started.value, *anyio.run(main)])) + "\n".join(
        log.lines
    )
    assert not [secret for secret in SECRETS if secret in shown]


def test_no_secret_shows_when_the_server_repeats_it(ask: Ask, log: Collector) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        said = f"{request.url} {request.headers.get('authorization')} {request.url.params.get('session_id')}"
        return httpx.Response(403, json={"status_message": said, "status_code": 45})

    for credential in ({"access_token": TOKEN}, {"api_key": KEY, "access_token": None}):
        error = ask(echo, "movies.account_states", session_id=SESSION, **credential)
        assert not [secret for secret in SECRETS if secret in everything(error) + "\n".join(log.lines)]


def test_no_secret_shows_when_a_header_is_illegal(log: Collector) -> None:
    def illegal(_: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'")

    assert TOKEN not in everything(ask_sync(illegal)) + "\n".join(log.lines)


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://api.themoviedb.org/3/movie/11?api_key={KEY}&language=en",
        f"https://x.example/login?to=%2F3%2Fmovie%3Fsession_id%3D{SESSION}%26language%3Den",
        f"/3/guest_session/{GUEST}/rated/movies",
        f"[(b'authorization', b'Bearer {TOKEN}')]",
        f"(b'authentication-callback', b'https://www.themoviedb.org/authenticate/{SESSION}')",
        f'{{"session_id": "{SESSION}"}}',
        f"{{'guest_session_id': '{GUEST}'}}",
        f"token {TOKEN} as such",
    ],
)
def test_text_is_redacted_by_its_shape(text: str) -> None:
    assert not [secret for secret in SECRETS if secret in redact(text)]
    assert "[hidden]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "/3/authentication/guest_session/new",
        "GET https://api.themoviedb.org/3/movie/11?page=2",
        "session_id is missing",
    ],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_other_arguments_of_a_log_record_keep_their_type(log: Collector) -> None:
    with TMDB(api_key=KEY):
        logging.getLogger("httpx").info("%s took %d ms (%.1f)", "it", 17, 2.5)
        logging.getLogger("httpcore.http11").debug("a=%(a)s", {"a": f"?api_key={KEY}"})
    assert "it took 17 ms (2.5)" in log.lines
    assert "a=?api_key=[hidden]" in log.lines
