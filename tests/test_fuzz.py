"""Whatever is passed to whatever operation: on the socket is the operation's path and nothing else, or nothing."""

from __future__ import annotations

import inspect
import itertools
import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording import recording
from scenes import result_of
from tmdb_api_client.v3.operations import OPERATIONS, Operation
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, InvalidArgument, TMDBError, any_of

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1NjcifQ.c2lnbmF0dXJl"
ALL = [*OPERATIONS.values(), *V4_OPERATIONS.values()]
CREDENTIALS = {"session_id", "guest_session_id"}
HEADERS = {b"host", b"accept", b"accept-encoding", b"connection", b"user-agent", b"authorization"}
WITH_A_BODY = {b"content-length", b"content-type"}
NASTY: list[Any] = [
    "..",
    "a/../b",
    "?x=1&api_key=2",
    "#x",
    "%2e%2e%2f",
    "x/../../../4/list/8000001/clear",
    ".",
    "a/b",
    "50%",
    "",
    "🎬 ü\u202e",
    "x" * 3000,
    "1\r\nX-Evil: 1\r\n\r\nGET /3/evil HTTP/1.1\r\n\r\n",
    "\x00\x7f",
    "\ud800",
    -1,
    10**30,
    True,
    1.5,
    float("nan"),
    None,
    ["..", "a&b", None, 3],
    any_of("a|b", "c,d"),
    {"a": "b"},
    b"bytes",
    object(),
]

Values = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="./?#&=%|,\r\n\t \\:@;\x00", min_size=1, max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=8), max_size=3),
)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[bytes]]]:
    with recording() as running:
        yield running


def call(tmdb: Any, operation: Operation, values: Iterator[Any]) -> Any:
    """Call an operation with a value for each of its parameters."""
    owner = tmdb.v4 if operation.path.startswith("/4/") else tmdb
    resource = getattr(owner, operation.tag)
    method = getattr(resource, operation.resource, None) or getattr(resource, f"{operation.resource}_")
    parameters = inspect.signature(method).parameters.values()
    positional = [next(values) for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    return method(*positional, **{one.name: next(values) for one in parameters if one.kind is one.KEYWORD_ONLY})


def check(operation: Operation, heads: list[bytes]) -> None:
    """The requests of one call: at most its own, and before it what the auth flow looks up."""
    *before, last = heads
    assert all(head.startswith(b"GET /3/account?session_id=") for head in before)
    line, *headers = last.split(b"\r\n")
    method, target, version = line.split(b" ")
    assert (method.decode(), version) == (operation.method, b"HTTP/1.1")
    path, _, query = target.decode("ascii").partition("?")
    # What counts is what the peer makes of it: TMDB decodes a path once, and resolves `..` after that.
    arrived = posixpath.normpath(unquote(path))
    assert arrived == unquote(path)
    assert re.fullmatch(re.sub(r"\{\w+\}", r"[^/%\\x00-\\x1f\\x7f]+", operation.path), arrived), arrived
    names = [pair.partition("=")[0] for pair in query.split("&") if pair]
    assert len(names) == len(set(names))
    assert set(names) <= {*operation.query, *CREDENTIALS}
    sent = {header.partition(b":")[0].lower() for header in headers}
    assert sent <= HEADERS | WITH_A_BODY
    assert len(sent) == len(headers)


def attempt(tmdb: Any, operation: Operation, values: Iterator[Any], heads: list[bytes]) -> Any:
    """Make one call; look at what came of it. What a client refuses, it refuses before anything is sent."""
    heads.clear()

    async def run() -> bool:
        try:
            await result_of(call(tmdb, operation, values))
        except (InvalidArgument, ConfigurationError):
            assert [head for head in heads if not head.startswith(b"GET /3/account?")] == []
            return False
        except TMDBError:
            return True  # the answer is no answer to this operation
        return True

    return run()


HOLD = {"user_access_token": TOKEN, "session_id": "5" * 40, "guest_session_id": "6" * 32, "rate_limit": None}


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_nothing_nasty_leaves_its_place_in_any_operation(server: tuple[str, list[bytes]], variant: str) -> None:
    address, heads = server
    sent = refused = 0

    async def main(tmdb: Any) -> None:
        nonlocal sent, refused
        for operation in ALL:
            for value in NASTY:
                if await attempt(tmdb, operation, itertools.repeat(value), heads):
                    check(operation, heads)
                    sent += 1
                else:
                    refused += 1

    async def run() -> None:
        if variant == "sync":
            with TMDB(base_url=address, **HOLD) as tmdb:
                await main(tmdb)
            return
        async with AsyncTMDB(base_url=address, **HOLD) as other:
            await main(other)

    anyio.run(run)
    assert sent + refused == len(ALL) * len(NASTY)
    assert min(sent, refused) > 500


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=120)
@given(operation=st.sampled_from(ALL), values=st.lists(Values, min_size=45, max_size=45))
def test_no_values_leave_their_place(server: tuple[str, list[bytes]], operation: Operation, values: list[Any]) -> None:
    address, heads = server
    with TMDB(base_url=address, **HOLD) as tmdb:
        if anyio.run(lambda: attempt(tmdb, operation, iter(values), heads)):
            check(operation, heads)


@pytest.mark.parametrize("evil", ["x\r\nX-Evil: 1", "x\ny", "x\x00", "x y", "ü", "x\u2028y"])
@pytest.mark.parametrize("name", ["access_token", "api_key", "session_id", "guest_session_id", "user_access_token"])
def test_a_credential_that_would_be_more_than_one_is_refused(name: str, evil: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TMDB(**{"api_key": "0123456789abcdef" * 2, name: evil})
    assert evil not in str(caught.value)


@pytest.mark.parametrize("name", ["language", "region"])
def test_a_default_that_would_be_a_header_is_none(server: tuple[str, list[bytes]], name: str) -> None:
    address, heads = server
    heads.clear()
    try:
        with TMDB(base_url=address, api_key="0123456789abcdef" * 2, **{name: "de\r\nX-Evil: 1"}) as tmdb:
            tmdb.movies.now_playing()
    except InvalidArgument:
        assert heads == []
        return
    assert b"\r\nX-Evil" not in heads[0]
