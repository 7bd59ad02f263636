"""Driving the simulator over HTTP, for tests in whatever language: `/simulator`, documented as OpenAPI.

`GET /simulator/openapi.json` has the document, which is made of the same table as the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, get_args, get_type_hints
from urllib.parse import parse_qsl, unquote

from tmdb_ext.testing._body import decode, encode
from tmdb_ext.testing._fill import fits_kind, kinds_of
from tmdb_ext.testing._http import RawRequest, RawResponse
from tmdb_ext.testing._journal import RecordedRequest
from tmdb_ext.testing._simulation import Simulation
from tmdb_ext.testing._state import User

_HEADERS = {
    "content-type": "application/json;charset=utf-8", "access-control-allow-origin": "*", "cache-control": "no-store",
}  # fmt: skip
_MOST_SHOWN = 1000
_STANDINGS = get_args(get_type_hints(User)["standing"])

Schema = Mapping[str, Any]
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_SECONDS: Schema = {"type": "number", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_OBJECT: Schema = {"type": "object"}
_USERNAME: Schema = {"type": "string", "description": "Whose; the default user's if it is missing."}
_CONDITION: dict[str, Schema] = {
    "operation": {"type": "string", "description": "TMDB's name of the operation, with v4/ before it in version 4."},
    "path": {"type": "string", "description": "The path without the query; * and ? stand for anything."},
    "where": {"type": "object", "description": "Values in the query, the path or the body, by name."},
}
_ANY: Schema = {"description": "An object or a list as JSON, or a text as it is."}
_FAULT: dict[str, Schema] = {
    **_CONDITION,
    "http_status": {"type": "integer", "minimum": 100, "maximum": 599},
    "tmdb_code": {"type": "integer", "minimum": 1, "maximum": 47},
    "times": {"type": ["integer", "null"], "description": "How many requests fail; null for any number."},
    "every": _COUNT,
    "fraction": {
        "type": "number",
        "description": "Which part of the requests fails, by chance.",
    },
    "seed": {"type": "integer"},
    "retry_after": {"type": ["number", "string"]},
    "headers": _OBJECT,
    "delay": _SECONDS,
    "disconnect": _FLAG,
    "reset": _FLAG,
    "truncate": {"type": "integer", "minimum": 0},
    "body_delay": _SECONDS,
    "drip": _SECONDS,
    "drip_size": _COUNT,
    "garbage": {"type": "string", "description": "What to send in place of a response, each character as a byte."},
    "body": _ANY,
    "perform": _FLAG,
}


@dataclass(frozen=True)
class Asked:
    """A request to the admin API: its path's values, its query and its body, checked."""

    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Route:
    """An operation of the admin API."""

    method: str
    path: str
    name: str
    summary: str
    answer: Callable[[Simulation, Asked], Any]
    fields: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    query: Mapping[str, Schema] = field(default_factory=dict)
    open: bool = False


class _RefusedError(Exception):
    """A request that the admin API cannot carry out, with the HTTP status to say so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def _user(simulator: Simulation, asked: Asked) -> User:
    name = asked.body.get("username") or asked.path.get("username")
    users = simulator.users
    if name is not None and name not in users:
        raise _RefusedError(404, f"there is no user {name!r}")
    return simulator.user if name is None else users[name]


def _described_user(user: User) -> dict[str, Any]:
    return {
        "account_id": user.id, "account_object_id": user.object_id, "username": user.username, "name": user.name,
        "standing": user.standing,
    }  # fmt: skip


def _described(simulator: Simulation, _: Asked) -> dict[str, Any]:
    return {
        "api_key": simulator.api_key,
        "access_token": simulator.access_token,
        "username": simulator.user.username,
        "password": simulator.user.password,
        "operations": sorted(simulator.operations),
    }


def _request(one: RecordedRequest) -> dict[str, Any]:
    return {
        "method": one.method,
        "path": one.path,
        "query": [list(pair) for pair in one.query],
        "headers": one.headers,
        "body": one.body.decode("utf-8", "replace"),
        "operation": one.operation,
        "http_status": one.http_status,
        "answer_headers": one.answer_headers,
        "answer": one.answer.decode("utf-8", "replace"),
    }


def _requests(simulator: Simulation, asked: Asked) -> dict[str, Any]:
    limit = asked.query.get("limit", "100")
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= _MOST_SHOWN):
        raise _RefusedError(400, f"limit is 1 to {_MOST_SHOWN}")
    wanted = asked.query.get("operation")
    found = [one for one in simulator.requests if wanted in (None, one.operation)]
    return {"total": len(found), "requests": [_request(one) for one in found[-int(limit) :]]}


def _complaints(simulator: Simulation, _: Asked) -> dict[str, Any]:
    names = ("method", "path", "operation", "message")
    return {"complaints": [{name: getattr(one, name) for name in names} for one in simulator.complaints]}


def _clock(simulator: Simulation, _: Asked) -> dict[str, Any]:
    return {"now": simulator.clock.now().isoformat()}


def _advance(simulator: Simulation, asked: Asked) -> dict[str, Any]:
    try:
        simulator.clock.advance(timedelta(seconds=asked.body["seconds"]))
    except OverflowError:
        raise _RefusedError(400, "seconds is far too large") from None
    return _clock(simulator, asked)


def _add_fault(simulator: Simulation, asked: Asked) -> dict[str, Any]:
    arguments = dict(asked.body)
    if "garbage" in arguments:
        arguments["garbage"] = arguments["garbage"].encode("latin-1", "replace")
    simulator.fail_next(**arguments)
    return {"unfired": simulator.unfired_faults}


def _add_answer(simulator: Simulation, asked: Asked) -> None:
    simulator.answer(**asked.body)


def _add_data(simulator: Simulation, asked: Asked) -> dict[str, Any]:
    return {"loaded": simulator.load(asked.body)}


def _users(simulator: Simulation, _: Asked) -> dict[str, Any]:
    return {"users": [_described_user(user) for user in simulator.users.values()]}


def _create_user(simulator: Simulation, asked: Asked) -> dict[str, Any]:
    return _described_user(simulator.create_user(asked.body["username"], asked.body["password"]))


def _set_standing(simulator: Simulation, asked: Asked) -> dict[str, Any]:
    user = _user(simulator, Asked(asked.path, {}, {}))
    user.standing = asked.body["standing"]
    return _described_user(user)


def _approve(simulator: Simulation, asked: Asked) -> None:
    simulator.approve(asked.body["request_token"], _user(simulator, asked))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/simulator", "describe", "Where the simulator is, its credentials and its operations.", _described),
    Route("POST", "/simulator/reset", "reset", "Make everything as it was at the beginning.",
          lambda simulator, _: simulator.reset()),
    Route("POST", "/simulator/data", "addData", "Add films, series, people and so on, by kind.", _add_data,
          {}, open=True),
    Route("POST", "/simulator/answers", "addAnswer", "Prepare an answer in place of the simulator's own.", _add_answer,
          {**_CONDITION, "body": _ANY, "status": {"type": "integer", "minimum": 100, "maximum": 599},
           "headers": _OBJECT, "times": {"type": ["integer", "null"]}}, ("body",)),
    Route("DELETE", "/simulator/answers", "clearAnswers", "Take back the prepared answers.",
          lambda simulator, _: simulator.clear_answers()),
    Route("POST", "/simulator/faults", "addFault", "Make coming requests fail.", _add_fault, _FAULT),
    Route("GET", "/simulator/faults", "listFaults", "The faults that have not happened even once.",
          lambda simulator, _: {"unfired": simulator.unfired_faults}),
    Route("DELETE", "/simulator/faults", "clearFaults", "Take back the faults that have not happened yet.",
          lambda simulator, _: simulator.clear_faults()),
    Route("GET", "/simulator/requests", "listRequests", "The last requests with their answers.", _requests,
          query={"limit": {"type": "integer", "minimum": 1, "maximum": _MOST_SHOWN}, "operation": _TEXT}),
    Route("DELETE", "/simulator/requests", "clearRequests", "Forget the requests and complaints so far.",
          lambda simulator, _: simulator.clear_requests()),
    Route("GET", "/simulator/complaints", "listComplaints", "What a strict simulator would have refused.", _complaints),
    Route("GET", "/simulator/clock", "readClock", "The simulator's time.", _clock),
    Route("POST", "/simulator/clock", "advanceClock", "Move the clock forward.", _advance, {"seconds": _SECONDS},
          ("seconds",)),
    Route("GET", "/simulator/users", "listUsers", "Everybody who has an account.", _users),
    Route("POST", "/simulator/users", "createUser", "Open an account.", _create_user,
          {"username": _TEXT, "password": _TEXT}, ("username", "password")),
    Route("PUT", "/simulator/users/{username}/standing", "setStanding", "Whether TMDB lets a user in.", _set_standing,
          {"standing": {"type": "string", "enum": list(_STANDINGS)}}, ("standing",)),
    Route("POST", "/simulator/sessions", "createSession", "A session id, as after request token and approval.",
          lambda simulator, asked: {"session_id": simulator.create_session(_user(simulator, asked))},
          {"username": _USERNAME}),
    Route("DELETE", "/simulator/sessions/{session_id}", "forgetSession", "End a user session.",
          lambda simulator, asked: simulator.forget_session(asked.path["session_id"])),
    Route("DELETE", "/simulator/guest_sessions/{guest_session_id}", "forgetGuestSession", "End a guest session.",
          lambda simulator, asked: simulator.forget_guest_session(asked.path["guest_session_id"])),
    Route("POST", "/simulator/user_access_tokens", "createUserAccessToken", "A user's access token of version 4.",
          lambda simulator, asked: {"access_token": simulator.create_user_access_token(_user(simulator, asked))},
          {"username": _USERNAME}),
    Route("POST", "/simulator/approve", "approve", "Approve a request token, as a user does on TMDB's page.", _approve,
          {"request_token": _TEXT, "username": _USERNAME}, ("request_token",)),
    Route("POST", "/simulator/deny", "deny", "Refuse a request token.",
          lambda simulator, asked: simulator.deny(asked.body["request_token"]), {"request_token": _TEXT},
          ("request_token",)),
    Route("POST", "/simulator/suspend", "suspend", "Suspend the application, as TMDB does after abuse.",
          lambda simulator, _: simulator.suspend_application()),
)  # fmt: skip


def openapi() -> dict[str, Any]:
    """The admin API as an OpenAPI document."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        operation: dict[str, Any] = {
            "operationId": route.name,
            "summary": route.summary,
            "parameters": [
                *(
                    {"name": name, "in": "path", "required": True, "schema": _TEXT}
                    for name in re.findall(r"{(\w+)}", route.path)
                ),
                *({"name": name, "in": "query", "schema": schema} for name, schema in route.query.items()),
            ],
            "responses": {
                "200": {"description": "Done.", "content": {"application/json": {"schema": {"type": "object"}}}},
                "4XX": {
                    "description": "Refused; error says why.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            },
        }
        if route.fields or route.open:
            schema: dict[str, Any] = {"type": "object", "properties": dict(route.fields)}
            schema |= {"required": list(route.required)} if route.required else {}
            schema["additionalProperties"] = route.open
            operation["requestBody"] = {
                "required": bool(route.required or route.open), "content": {"application/json": {"schema": schema}},
            }  # fmt: skip
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    error = {"type": "object", "properties": {"error": _TEXT}, "required": ["error"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Admin API of the TMDB simulator", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Error": error}},
    }


class Admin:
    """Carries out requests to the admin API.

    Args:
        simulator: What is driven.
        address: Where it is reached, or None if it has no address.
    """

    def __init__(self, simulator: Simulation, address: str | None) -> None:
        self._simulator = simulator
        self._address = address

    def handle(self, raw: RawRequest) -> RawResponse:
        """Answers a request whose path begins with `/simulator`."""
        path, _, query = raw.target.partition("?")
        if raw.method == "OPTIONS":
            allowed = {
                "access-control-allow-methods": "GET, POST, PUT, DELETE", "access-control-allow-headers": "*",
                "access-control-max-age": "86400",
            }  # fmt: skip
            return RawResponse(204, b"", {**_HEADERS, **allowed})
        method = "GET" if raw.method == "HEAD" else raw.method
        if path == "/simulator/openapi.json" and method == "GET":
            return RawResponse(200, encode(openapi()), _HEADERS)
        try:
            answer = self._carry_out(method, path, query, raw.body)
        except _RefusedError as error:
            return RawResponse(error.status, encode({"error": str(error)}), _HEADERS)
        except ValueError as error:
            return RawResponse(400, encode({"error": str(error)}), _HEADERS)
        return RawResponse(200, encode({} if answer is None else answer), _HEADERS)

    def _carry_out(self, method: str, path: str, query: str, content: bytes) -> Any:
        known = False
        for route in ROUTES:
            match = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path), path.rstrip("/"))
            if match is None:
                continue
            known = True
            if route.method == method:
                values = {name: unquote(value) for name, value in match.groupdict().items()}
                asked = Asked(values, dict(parse_qsl(query)), _checked(route, content))
                answer = route.answer(self._simulator, asked)
                return {"base_url": self._address, **answer} if route.name == "describe" else answer
        raise _RefusedError(
            405 if known else 404, "this path takes other methods" if known else "there is no such path"
        )


def _checked(route: Route, content: bytes) -> dict[str, Any]:
    try:
        body = decode(content) if content.strip() else {}
    except ValueError as error:
        raise _RefusedError(400, f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise _RefusedError(400, "the body is a JSON object")
    if route.open:
        return body
    if strange := sorted(body.keys() - route.fields.keys()):
        raise _RefusedError(400, f"unknown: {', '.join(strange)}; known: {', '.join(route.fields) or 'nothing'}")
    if missing := [name for name in route.required if name not in body]:
        raise _RefusedError(400, f"missing: {', '.join(missing)}")
    for name, value in body.items():
        _check(name, value, route.fields[name])
    return body


def _check(name: str, value: Any, schema: Schema) -> None:
    kinds = kinds_of(schema)
    if kinds and not any(fits_kind(kind, value) for kind in kinds):
        raise _RefusedError(400, f"{name} is {' or '.join(kinds)}")
    if "enum" in schema and value not in schema["enum"]:
        raise _RefusedError(400, f"{name} is one of {', '.join(schema['enum'])}")
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise _RefusedError(400, f"{name} is out of range")
