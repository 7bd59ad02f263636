"""An attempt ends when the body has been read and is JSON: what breaks before that is asked again, and never kept."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from variants import TOKEN, VARIANTS, come_of, outcome, result_of, with_client
from wire import NEW_GUEST, Act, Request, film, in_turn, reply, serving, then_close, then_reset, then_silence

from tmdb_ext import TMDB, AsyncTMDB, DecodeError, RequestTimeout, Retry, RetryPolicy, TransportError

BODY = json.dumps({"id": 11, "title": "Star Wars"}).encode()
GOOD = reply(BODY)
ZIPPED = gzip.compress(BODY * 100)
DAMAGED = ZIPPED[:40] + b"\0\0\0\0" + ZIPPED[44:]
PAGE = b"<html><title>Sign in to the hotel's network</title></html>"
HALF = reply(BODY)[:-9]
FOR_AN_HOUR = {"cache_control": "public, max-age=3600", "etag": 'W/"x"'}


class Fault(NamedTuple):
    what: str
    answer: bytes | Act
    error: type[Exception]
    """What comes of it when it does not pass."""


BROKEN = [
    Fault("cut", then_close(HALF), TransportError),
    Fault("reset", then_reset(HALF), TransportError),
    Fault("stalled", then_silence(HALF), RequestTimeout),
    Fault("a chunk cut", then_close(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"), TransportError),
    Fault("gzip that is none", reply(BODY, content_encoding="gzip"), DecodeError),
    Fault("gzip cut short", reply(ZIPPED[:60], content_encoding="gzip"), DecodeError),
    Fault("gzip with a wrong byte", reply(DAMAGED, content_encoding="gzip"), DecodeError),
]


class Unreadable(NamedTuple):
    what: str
    body: bytes
    content_type: str


UNREADABLE = [
    Unreadable("bare gzip", ZIPPED, "application/json;charset=utf-8"),
    Unreadable("a provider's page", PAGE, "text/html; charset=utf-8"),
    Unreadable("cut JSON", BODY[:-5], "application/json;charset=utf-8"),
    Unreadable("nothing", b"", "application/json;charset=utf-8"),
]
ALL = [(one.what, one.answer) for one in BROKEN] + [
    (one.what, reply(one.body, content_type=one.content_type)) for one in UNREADABLE
]
every_fault = pytest.mark.parametrize(("what", "answer"), ALL, ids=[what for what, _ in ALL])
every_variant = pytest.mark.parametrize("variant", VARIANTS)
OPTIONS: dict[str, Any] = {"timeout": 0.4}


def details(tmdb: Any) -> Any:
    return tmdb.movies.details(11)


@every_variant
@every_fault
def test_a_read_is_asked_again(what: str, answer: bytes | Act, variant: str) -> None:
    told: list[Retry] = []
    policy = RetryPolicy(attempts=3, backoff=0.01, budget=20, on_retry=told.append)
    with serving(in_turn(answer, GOOD)) as server:
        came = outcome(variant, details, base_url=server.address, retries=policy, **OPTIONS)
        assert came.error is None
        assert came.value.title == "Star Wars"
        assert len(server.requests) == 2
    assert [(retry.operation, retry.attempt) for retry in told] == [("movie-details", 2)]


@every_variant
@every_fault
def test_a_rating_is_sent_again_since_the_second_finds_what_the_first_has_set(
    what: str, answer: bytes | Act, variant: str
) -> None:
    policy = RetryPolicy(attempts=3, backoff=0.01, budget=20)
    with serving(in_turn(answer, reply(b'{"success": true, "status_code": 1}', "201 Created"))) as server:
        came = outcome(
            variant, lambda tmdb: tmdb.movies.add_rating(11, value=8.5), base_url=server.address,
            session_id="b" * 40, retries=policy, **OPTIONS,
        )  # fmt: skip
        assert came.error is None
        assert [request.method for request in server.requests] == ["POST", "POST"]


@every_variant
@every_fault
def test_a_write_that_may_have_happened_is_sent_once(what: str, answer: bytes | Act, variant: str) -> None:
    policy = RetryPolicy(attempts=3, backoff=0.01, budget=20)
    with serving(in_turn(answer, reply(b'{"success": true, "list_id": 5}', "201 Created"))) as server:
        came = outcome(
            variant, lambda tmdb: tmdb.lists.create(name="x", description="x", language="en"), base_url=server.address,
            session_id="b" * 40, retries=policy, **OPTIONS,
        )  # fmt: skip
        assert came.error is not None
        assert came.error.retryable is False
        assert len(server.requests) == 1


@every_variant
@pytest.mark.parametrize("fault", BROKEN, ids=[fault.what for fault in BROKEN])
def test_a_body_that_breaks_each_time_ends_in_an_error_after_all_attempts(fault: Fault, variant: str) -> None:
    policy = RetryPolicy(attempts=2, backoff=0.01, budget=20)
    with serving(fault.answer) as server:
        came = outcome(variant, details, base_url=server.address, retries=policy, **OPTIONS)
        assert isinstance(came.error, fault.error)
        assert came.error.retryable is True
        assert len(server.requests) == 2


@every_variant
@pytest.mark.parametrize("fault", UNREADABLE, ids=[fault.what for fault in UNREADABLE])
def test_what_is_no_json_each_time_ends_in_an_error_that_says_what_came(fault: Unreadable, variant: str) -> None:
    policy = RetryPolicy(attempts=2, backoff=0.01, budget=20)
    with serving(reply(fault.body, content_type=fault.content_type)) as server:
        came = outcome(variant, details, base_url=server.address, retries=policy, **OPTIONS)
        assert len(server.requests) == 2
    assert type(came.error) is DecodeError
    assert (came.error.content_type, came.error.size) == (fault.content_type, len(fault.body))  # type: ignore[attr-defined]
    assert fault.content_type.partition(";")[0] in str(came.error)
    assert f"{len(fault.body)} byte" in str(came.error)
    assert came.error.http_status == 200


@pytest.mark.parametrize("variant", ["sync", "asyncio"])
@pytest.mark.parametrize("fault", UNREADABLE, ids=[fault.what for fault in UNREADABLE])
def test_what_cannot_be_read_is_not_kept_in_memory(fault: Unreadable, variant: str) -> None:
    bad = reply(fault.body, content_type=fault.content_type, **FOR_AN_HOUR)
    with serving(in_turn(bad, reply(BODY, **FOR_AN_HOUR))) as server:

        async def scene(tmdb: Any) -> None:
            assert isinstance((await come_of(details, tmdb)).error, DecodeError)
            for _ in range(2):
                assert (await result_of(details(tmdb))).title == "Star Wars"

        with_client(variant, scene, base_url=server.address, retries=RetryPolicy(attempts=1), cache=True)
        assert len(server.requests) == 2  # and the good one was kept


@pytest.mark.parametrize("variant", ["sync", "asyncio"])
@pytest.mark.parametrize("fault", UNREADABLE, ids=[fault.what for fault in UNREADABLE])
def test_what_cannot_be_read_is_not_kept_in_a_file(fault: Unreadable, variant: str, tmp_path: Path) -> None:
    bad = reply(fault.body, content_type=fault.content_type, **FOR_AN_HOUR)
    options: dict[str, Any] = {"retries": RetryPolicy(attempts=1), "cache": tmp_path / "kept"}
    with serving(in_turn(bad, reply(BODY, **FOR_AN_HOUR))) as server:
        assert isinstance(outcome(variant, details, base_url=server.address, **options).error, DecodeError)
        for _ in range(2):
            assert outcome(variant, details, base_url=server.address, **options).value.title == "Star Wars"
        assert len(server.requests) == 2


@pytest.mark.parametrize("variant", ["sync", "asyncio"])
def test_a_body_that_broke_off_is_not_kept(variant: str) -> None:
    half = reply(BODY, **FOR_AN_HOUR)[:-9]
    with serving(in_turn(then_close(half), reply(BODY, **FOR_AN_HOUR))) as server:
        came = outcome(
            variant, details, base_url=server.address, retries=RetryPolicy(attempts=2, backoff=0.01), cache=True
        )
        assert came.error is None
        assert came.value.title == "Star Wars"
        assert len(server.requests) == 2


def test_the_extra_requests_of_a_call_are_asked_again_too() -> None:
    made: list[Request] = []

    def answer(request: Request) -> bytes | Act:
        if request.path == NEW_GUEST:
            made.append(request)
        return then_close(HALF) if made == [request] else film(request)

    with (
        serving(answer) as server,
        TMDB(access_token=TOKEN, base_url=server.address, retries=RetryPolicy(attempts=3, backoff=0.01)) as tmdb,
    ):
        tmdb.movies.add_rating(11, value=5)
        assert server.count(NEW_GUEST) == 2


def test_reads_that_wait_for_the_same_answer_do_not_share_a_broken_one() -> None:
    """With a cache, reads that are under way together are one request; a broken answer is asked again for all."""
    import anyio

    half = reply(BODY, **FOR_AN_HOUR)[:-9]

    async def main() -> list[Any]:
        found: list[Any] = []
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(serving(in_turn(then_close(half), reply(BODY, **FOR_AN_HOUR))))
            async with AsyncTMDB(
                access_token=TOKEN, base_url=server.address, cache=True, retries=RetryPolicy(attempts=2, backoff=0.01)
            ) as tmdb:

                async def one() -> None:
                    found.append(await come_of(details, tmdb))

                async with anyio.create_task_group() as group:
                    for _ in range(5):
                        group.start_soon(one)
            assert len(server.requests) == 2
        return found

    assert [came.error for came in anyio.run(main)] == [None] * 5
