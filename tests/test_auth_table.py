"""Every operation with everything that a client can hold: what arrives over the socket, or which error is raised.

The expectation is told from the registry by an oracle of a few lines, which knows TMDB's rules and nothing of the code.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import anyio
import pytest
from scenes import result_of
from tmdb_api_client.v3.operations import OPERATIONS, Operation
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import TMDB, APIError, AsyncTMDB, ConfigurationError
from tmdb_ext.testing import RecordedRequest, Simulator

NEW_GUEST = "/3/authentication/guest_session/new"
CONVERT = "/3/authentication/session/convert/4"
LOOKUP = "/3/account"
HOLDINGS = (
    "API key",
    "bearer",
    "API key and session",
    "bearer and session",
    "bearer and guest session",
    "bearer, guest sessions on demand",
    "v4 user token",
)
USER_LEVEL = {
    "none": (),
    "session": ("a user session",),
    "guest_session": ("a guest session",),
    "either": ("a user session", "a guest session"),
}


class Holder(NamedTuple):
    """A way of holding credentials: the client's arguments, and the values to look for."""

    options: dict[str, Any]
    bearer: str | None
    key: str | None
    session: str | None
    guest: str | None


class Expected(NamedTuple):
    """What one call puts on the wire, as a test of it sees it."""

    bearer: str | None
    query: dict[str, str]
    path: str


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(strict=True) as running:
        yield running


def holder(holding: str, simulator: Simulator) -> Holder:
    token = simulator.access_token if "bearer" in holding else None
    if holding == "v4 user token":
        token = simulator.create_user_access_token()
    key = simulator.api_key if "key" in holding else None
    session = simulator.create_session() if holding.endswith("and session") else None
    guest = None
    if holding == "bearer and guest session":
        with TMDB(access_token=token, base_url=simulator.base_url) as tmdb:
            guest = tmdb.guest.start().id.reveal()
    options = {
        "user_access_token" if holding == "v4 user token" else "access_token": token,
        "api_key": key,
        "session_id": session,
        "guest_session_id": guest,
        "guest": holding == "bearer, guest sessions on demand",
        "base_url": simulator.base_url,
    }
    return Holder(options, token, key, session, guest)


def oracle(operation: Operation, holding: str, held: Holder, account_id: int) -> Expected | None:
    """What the call carries; None where nothing that is held can serve it."""
    has_user = holding.endswith("and session") or holding == "v4 user token"
    has_guest = "guest" in holding
    carries = {
        "none": "nothing",
        "session": "session" if has_user else None,
        "guest_session": "guest" if has_guest else None,
        "either": "session" if has_user else "guest" if has_guest else None,
    }[operation.user_auth]
    if carries is None:
        return None
    path = operation.path.replace("{account_id}", str(account_id))
    query = {} if held.bearer else {"api_key": held.key}
    if carries == "session":
        query["session_id"] = held.session
    if carries == "guest" and "{guest_session_id}" not in path:
        query["guest_session_id"] = held.guest
    return Expected(held.bearer, query, path.replace("{guest_session_id}", str(held.guest)))


def arguments(method: Any) -> dict[str, Any]:
    """What a caller must give; whether TMDB likes it is not the point here."""
    values = {
        "value": 8.5, "media_type": "movie", "favorite": True, "watchlist": True, "name": "mine", "query": "star",
        "confirm": True, "external_id": "tt0076759", "external_source": "imdb_id", "time_window": "day",
        "username": "u", "password": "p", "request_token": "0" * 40, "session_id": "0" * 40, "access_token": "a.b.c",
    }  # fmt: skip
    needed = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty]
    return {name: values.get(name, 11) for name in needed}


def pattern_of(path: str) -> re.Pattern[str]:
    """A path in which the caller's own arguments may be anything of one segment."""
    return re.compile("/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")))


CREDENTIALS = {"api_key", "session_id", "guest_session_id"}


def check_arrived(operation: Operation, expected: Expected, requests: list[RecordedRequest], first: bool) -> None:
    extra = [request.path for request in requests if request.path in (NEW_GUEST, CONVERT, LOOKUP)]
    own = [request for request in requests if request.operation == operation.id and request.path != LOOKUP]
    if operation.id.startswith("authentication-"):
        extra = [path for path in extra if path != own[0].path]
    assert len(extra) == len(set(extra)), "each extra request is made once"
    assert not extra or first or extra == [LOOKUP]
    assert len(own) == 1
    assert len(requests) == len(own) + len(extra)
    (request,) = own
    assert request.method == operation.method
    assert request.headers.get("authorization") == (None if expected.bearer is None else f"Bearer {expected.bearer}")
    assert {name: value for name, value in request.query if name in CREDENTIALS} == expected.query
    assert len([name for name, _ in request.query if name in CREDENTIALS]) == len(expected.query)
    assert pattern_of(expected.path).fullmatch(request.path)


def check_explained(tmdb: Any, operation: Operation, expected: Expected, held: Holder) -> None:
    plan = tmdb.auth.explain(operation.id)
    assert plan.operation == operation.id
    assert (plan.application == "api_key") == ("api_key" in expected.query)
    in_path = "{guest_session_id}" in operation.path
    carried = (set(expected.query) - {"api_key"}) | ({"guest_session_id"} if in_path else set())
    assert ({plan.user} if plan.user else set()) == carried
    assert not [value for value in (held.bearer, held.key, held.session, held.guest) if value and value in str(plan)]


def check_refused(error: ConfigurationError, operation: Operation, tmdb: Any) -> None:
    assert error.operation == operation.id
    assert error.accepts == USER_LEVEL[operation.user_auth]
    assert error.held == tmdb.auth.held
    message = str(error)
    assert message.startswith(f"{operation.id} takes {' or '.join(error.accepts)}")
    assert message.endswith("Nothing was sent.")
    if operation.user_auth == "session":
        assert ("A guest session cannot call it" in message) == ("guest_session_id" in error.held)
        assert "tmdb.auth.begin_login()" in message
        assert "TMDB_SESSION_ID" in message
    else:
        assert "guest=True" in message


def learn(held: Holder, tmdb: Any) -> Holder:
    """The holder with the sessions that the client has made meanwhile."""
    guest, user = tmdb.guest.info(), tmdb.auth.session
    return held._replace(
        guest=guest.id.reveal() if guest else held.guest, session=user.id.reveal() if user else held.session
    )


async def every_operation(tmdb: Any, holding: str, held: Holder, simulator: Simulator) -> tuple[int, int]:
    """Call every operation and check each; return how many were served and how many refused."""
    served, refused = 0, 0
    made = False
    for operation in OPERATIONS.values():
        simulator.clear_requests()
        method = getattr(getattr(tmdb, operation.tag), operation.resource)
        try:
            await result_of(method(**arguments(method)))
        except APIError:
            pass
        except ConfigurationError as error:
            assert oracle(operation, holding, held, simulator.user.id) is None, operation.id
            check_refused(error, operation, tmdb)
            with pytest.raises(ConfigurationError, match=re.escape(str(error))):
                tmdb.auth.explain(operation.id)
            assert simulator.requests == []
            refused += 1
            continue
        held = learn(held, tmdb)
        expected = oracle(operation, holding, held, simulator.user.id)
        assert expected is not None, operation.id
        check_arrived(operation, expected, simulator.requests, first=not made)
        check_explained(tmdb, operation, expected, held)
        made = made or bool(expected.query.keys() & {"session_id", "guest_session_id"})
        served += 1
    return served, refused


SERVED = {"API key": 126, "bearer": 126, "bearer and guest session": 139, "bearer, guest sessions on demand": 139}


@pytest.mark.parametrize("variant", ["sync", "async"])
@pytest.mark.parametrize("holding", HOLDINGS)
def test_every_operation_carries_what_the_rules_say_or_is_refused(
    simulator: Simulator, holding: str, variant: str
) -> None:
    held = holder(holding, simulator)

    async def main() -> tuple[int, int]:
        if variant == "sync":
            with TMDB(**held.options) as tmdb:
                return await every_operation(tmdb, holding, held, simulator)
        async with AsyncTMDB(**held.options) as tmdb:
            return await every_operation(tmdb, holding, held, simulator)

    served, refused = anyio.run(main)
    assert served == SERVED.get(holding, 152)  # with a user session, all but the three lists of a guest's ratings
    assert served + refused == 155


@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_without_anything_there_is_no_client(simulator: Simulator, kind: Any) -> None:
    simulator.clear_requests()
    with pytest.raises(ConfigurationError, match="every TMDB call needs one") as caught:
        kind(base_url=simulator.base_url)
    assert caught.value.held == ()
    assert "TMDB_ACCESS_TOKEN" in str(caught.value)
    assert simulator.requests == []


# Version 4, where the bearer says who the user is


V4_HOLDINGS = {
    "API key": ("key",),
    "bearer": ("bearer",),
    "API key and session": ("key", "session"),
    "bearer that cannot be read": ("opaque",),
    "bearer that is a user's": ("user's bearer",),
    "v4 user token": ("user token",),
    "bearer and v4 user token": ("bearer", "user token"),
    "API key and v4 user token": ("key", "user token"),
}
OPAQUE = "eyJhbGciOiJIUzI1NiJ9.bm90IEpTT04.c2lnbmF0dXJl"
V4_SERVED = {"API key": 2, "API key and session": 2, "bearer": 5}


def v4_holder(holding: str, simulator: Simulator) -> tuple[dict[str, Any], dict[str, str]]:
    """The client's arguments, and the value of each credential by the name that `V4_HOLDINGS` gives it."""
    values = {
        "key": ("api_key", simulator.api_key),
        "bearer": ("access_token", simulator.access_token),
        "opaque": ("access_token", OPAQUE),
        "user's bearer": ("access_token", simulator.create_user_access_token()),
        "user token": ("user_access_token", simulator.create_user_access_token()),
        "session": ("session_id", simulator.create_session()),
    }
    held = {kind: values[kind] for kind in V4_HOLDINGS[holding]}
    return dict(held.values()) | {"base_url": simulator.base_url}, {kind: value for kind, (_, value) in held.items()}


def v4_oracle(operation: Operation, held: dict[str, str]) -> tuple[str | None, str | None] | None:
    """The bearer and the API key that a call carries; None where nothing that is held can serve it."""
    a_users = [held[kind] for kind in ("user token", "user's bearer") if kind in held]
    not_told = [held[kind] for kind in ("opaque",) if kind in held]
    an_applications = [held[kind] for kind in ("bearer", "opaque", "user's bearer", "user token") if kind in held]
    if operation.user_auth == "user_access_token":
        bearers = a_users + not_told
    elif operation.user_auth == "optional_user_access_token":
        bearers = a_users + an_applications
    else:
        bearers = an_applications
    if bearers:
        return bearers[0], None
    if "key" in held and not operation.bearer_only and operation.user_auth != "user_access_token":
        return None, held["key"]
    return None


def v4_arguments(operation: Operation, method: Any, opaque: bool, simulator: Simulator) -> dict[str, Any]:
    values = arguments(method) | ({"items": []} if operation.path.endswith("/items") else {})
    if "iso_639_1" in values:
        values["iso_639_1"] = "en"
    if opaque and "{account_object_id}" in operation.path:
        values["account_object_id"] = simulator.user.object_id
    return values


def check_v4_refused(error: ConfigurationError, operation: Operation, tmdb: Any, *, by_key: bool) -> None:
    assert error.operation == f"v4/{operation.id}"
    assert error.held == tmdb.auth.held
    assert str(error).endswith("Nothing was sent.")
    assert ("accepts no API key" in str(error)) == by_key, str(error)


async def every_v4_operation(tmdb: Any, held: dict[str, str], simulator: Simulator) -> tuple[int, int]:
    """Call every operation of v4 and check each; return how many were served and how many refused."""
    served, refused = 0, 0
    for operation in V4_OPERATIONS.values():
        simulator.clear_requests()
        method = getattr(getattr(tmdb.v4, operation.tag), operation.resource)
        expected = v4_oracle(operation, held)
        try:
            await result_of(method(**v4_arguments(operation, method, "opaque" in held, simulator)))
        except APIError:
            pass
        except ConfigurationError as error:
            assert expected is None, operation.id
            check_v4_refused(error, operation, tmdb, by_key=operation.bearer_only and "key" in held)
            with pytest.raises(ConfigurationError, match=re.escape(str(error))):
                tmdb.auth.explain(f"v4/{operation.id}")
            assert simulator.requests == []
            refused += 1
            continue
        assert expected is not None, operation.id
        bearer, key = expected
        request, *more = simulator.requests
        assert (request.operation, request.method) == (f"v4/{operation.id}", operation.method)
        # What is not on a list is told from a list that is not there by asking for the list, in the same way.
        absent = operation.id == "list-item-status" and request.http_status == 404
        assert [other.operation for other in more] == ["v4/list-details"] * absent
        for sent in (request, *more):
            assert sent.headers.get("authorization") == (None if bearer is None else f"Bearer {bearer}")
            assert [value for name, value in sent.query if name in CREDENTIALS] == ([] if key is None else [key])
        path = operation.path.replace("{account_object_id}", simulator.user.object_id)
        assert pattern_of(path).fullmatch(request.path)
        plan = tmdb.auth.explain(f"v4/{operation.id}")
        assert (plan.application == "api_key") == (key is not None)
        assert not [value for value in held.values() if value in str(plan)]
        served += 1
    return served, refused


@pytest.mark.parametrize("variant", ["sync", "async"])
@pytest.mark.parametrize("holding", V4_HOLDINGS)
def test_every_v4_operation_carries_what_the_rules_say_or_is_refused(
    simulator: Simulator, holding: str, variant: str
) -> None:
    options, held = v4_holder(holding, simulator)

    async def main() -> tuple[int, int]:
        if variant == "sync":
            with TMDB(**options) as tmdb:
                return await every_v4_operation(tmdb, held, simulator)
        async with AsyncTMDB(**options) as tmdb:
            return await every_v4_operation(tmdb, held, simulator)

    served, refused = anyio.run(main)
    assert served == V4_SERVED.get(holding, 21)
    assert served + refused == 21
