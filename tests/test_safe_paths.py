"""No value of a path parameter can name another resource, for a server that decodes a path before it resolves it."""

from __future__ import annotations

import inspect
import pickle
import posixpath
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording import recording
from scenes import result_of
from tmdb_api_client._endpoint import InvalidPathParameter, number, segment
from tmdb_api_client.v3.operations import OPERATIONS, Operation
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import TMDB, AsyncTMDB, InvalidArgument, TMDBError
from tmdb_ext.testing import Simulator

API_KEY = "0123456789abcdef" * 2
WITH_A_PATH_PARAMETER = [one for one in [*OPERATIONS.values(), *V4_OPERATIONS.values()] if "{" in one.path]
REFUSED = [
    "",
    ".",
    "..",
    "/",
    "a/b",
    "x/../../../4/list/8000001/clear",
    "abc/..",
    "%",
    "%2e%2e",
    "%2F",
    "a%252Fb",
    "50%",
    "a\nb",
    "\0",
    "\x1f",
    "\x7f",
    "\ud800",
    None,
    True,
    1.5,
    b"11",
]
TAKEN = ["tt0076759", "a..b", "...", "a.", "ü", "a b", "a?b#c", "a\\b", "a;b=c", "a／b", "{x}", "@a:b&c=d"]
Texts = st.one_of(st.text(max_size=20), st.text(alphabet="./%\\;?#abc25eEfF\x00\x1f\x7f ／", max_size=14))


def parameters(operation: Operation) -> list[str]:
    return re.findall(r"\{(\w+)\}", operation.path)


def endpoint_of(operation: Operation) -> Any:
    return getattr(import_module(operation.module), operation.endpoint)


def arguments(operation: Operation, value: object, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of an endpoint: those of the path, `value` among them, and what else it needs."""
    signature = inspect.signature(endpoint_of(operation).get_kwargs)
    path = {name: value if name == place else 1 for name in parameters(operation)}
    needed = {
        one.name: stand_in(one.name)
        for one in signature.parameters.values()
        if one.default is one.empty and one.name not in {*path, "client"}
    }
    return path, needed


class Body:
    def to_dict(self) -> dict[str, Any]:
        return {}


def stand_in(name: str) -> Any:
    return Body() if name == "body" else "x"


@pytest.mark.parametrize("value", REFUSED)
def test_a_value_that_is_not_one_segment_after_decoding_is_refused(value: object) -> None:
    with pytest.raises(InvalidPathParameter, match=r"^external_id") as caught:
        segment(value, "external_id")
    assert caught.value.name == "external_id"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("value", TAKEN)
def test_a_value_that_is_one_segment_arrives_as_it_is(value: str) -> None:
    assert unquote(segment(value, "external_id")) == value


@pytest.mark.parametrize(
    "value",
    [*REFUSED, "tt1", "1.0", "0x1", "１", "1 ", "+1", "9" * 21, pytest.param(10**5000, id="huge"), "{movie_id}"],
)
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidPathParameter, match=r"^movie_id is .*: give a whole number$"):
        number(value, "movie_id")


@pytest.mark.parametrize(("value", "sent"), [(11, "11"), ("11", "11"), (-1, "-1"), ("007", "007")])
def test_a_whole_number_is_taken(value: object, sent: str) -> None:
    assert number(value, "movie_id") == sent


def test_a_placeholder_stands_for_its_own_parameter_alone() -> None:
    assert number("{account_id}", "account_id") == "%7Baccount_id%7D"
    for name in ("movie_id", "account_object_id"):
        with pytest.raises(InvalidPathParameter):
            number("{account_id}", name)


def test_a_message_shows_the_value_unless_it_may_be_a_secret() -> None:
    with pytest.raises(InvalidPathParameter) as caught:
        segment("abc/..", "external_id")
    assert str(caught.value).startswith("external_id is 'abc/..': give a text without '/'")
    with pytest.raises(InvalidPathParameter) as hidden:
        segment("5ec3e7/", "guest_session_id")
    assert "5ec3e7" not in str(hidden.value)
    with pytest.raises(InvalidPathParameter) as long:
        segment("/" * 10_000, "external_id")
    assert len(str(long.value)) < 200


@pytest.mark.parametrize("operation", WITH_A_PATH_PARAMETER, ids=lambda one: one.path)
def test_every_endpoint_function_refuses_each_parameter_before_anything_is_sent(operation: Operation) -> None:
    endpoint = endpoint_of(operation)
    for place in parameters(operation):
        path, needed = arguments(operation, "abc/..", place)
        with pytest.raises(InvalidPathParameter, match=f"^{place}"):
            endpoint.sync(**path, **needed, client=None)  # no client is asked
        with pytest.raises(InvalidPathParameter, match=f"^{place}"):
            anyio.run(lambda p=path, n=needed: endpoint.asyncio(**p, **n, client=None))


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=200)
@given(operation=st.sampled_from(WITH_A_PATH_PARAMETER), value=Texts, data=st.data())
def test_what_arrives_is_the_operation_with_that_value(operation: Operation, value: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(parameters(operation)))
    path, needed = arguments(operation, value, place)
    try:
        url = endpoint_of(operation).get_kwargs(**path, **needed)["url"]
    except InvalidPathParameter:
        return
    arrived = unquote(url)
    assert posixpath.normpath(arrived) == arrived
    values = dict.fromkeys(parameters(operation), "1") | {place: value}
    assert arrived == operation.path.format(**values)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[bytes]]]:
    with recording() as running:
        yield running


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_a_wrapped_client_sends_nothing_and_names_the_parameter(server: tuple[str, list[bytes]], variant: str) -> None:
    address, heads = server
    heads.clear()

    async def main() -> None:
        client = (TMDB if variant == "sync" else AsyncTMDB)(base_url=address, api_key=API_KEY, session_id="5" * 40)
        calls = [
            lambda: client.find.by_id("x/../../../4/list/8000001/clear", "imdb_id"),
            lambda: client.v4.account.lists(account_object_id="a/.."),
            lambda: client.guest_sessions.rated_movies(guest_session_id="%2e%2e"),
            lambda: client.acting_as("application").reviews.details(".."),
        ]
        messages = []
        for call in calls:
            with pytest.raises(InvalidArgument) as caught:
                await result_of(call())
            messages.append(str(caught.value))
        assert "GET /3/find/{external_id}: external_id is 'x/../../../4/list/8000001/clear'" in messages[0]
        assert "account_object_id: give" in messages[1]
        assert "%2e" not in messages[2]
        await result_of(client.close() if variant == "sync" else client.aclose())

    anyio.run(main)
    assert heads == []


def test_the_simulator_resolves_a_path_as_tmdb_does() -> None:
    with Simulator(strict=True) as simulator:
        list_id = None
        token = simulator.create_user_access_token()
        with TMDB(base_url=simulator.base_url, user_access_token=token, access_token=simulator.access_token) as tmdb:
            list_id = tmdb.v4.lists.create(name="Mine", iso_639_1="en").id
            tmdb.v4.lists.add_items(list_id, items=[{"media_type": "movie", "media_id": 11}])
            assert len(tmdb.v4.lists.details(list_id).results) == 1
            headers = {"authorization": f"Bearer {token}"}
            for path in (
                f"/3/find/x%252F..%252F..%252F..%252F4%252Flist%252F{list_id}%252Fclear",
                f"/3/find/x\\..\\..\\..\\4\\list\\{list_id}\\clear",
                "/3/credit/x%00",
            ):
                assert httpx.get(simulator.base_url + path, headers=headers).status_code >= 400
            assert len(tmdb.v4.lists.details(list_id).results) == 1
            httpx.get(f"{simulator.base_url}/3/find/x%2F..%2f%2e%2e/..%2F4%2Flist%2F{list_id}%2Fclear", headers=headers)
            assert tmdb.v4.lists.details(list_id).results == []
            assert simulator.requests[-2].operation == "v4/list-clear"
            with pytest.raises(TMDBError):
                tmdb.movies.details(0)
            film = httpx.get(f"{simulator.base_url}/3/credit/x%2F..%2F..%2Fmovie%2F11", headers=headers)
            assert film.json()["id"] == 11
