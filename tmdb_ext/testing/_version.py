"""One version of the API: routing, checks and answers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tmdb_ext.testing._body import encode, read_object
from tmdb_ext.testing._call import Call, Caller, Handler
from tmdb_ext.testing._checks import CREDENTIAL_NAMES, check_body, check_path, check_query
from tmdb_ext.testing._credentials import check_application, find_caller
from tmdb_ext.testing._document import Document, Match, resolve_path
from tmdb_ext.testing._fill import Filler
from tmdb_ext.testing._generic import generic
from tmdb_ext.testing._objections import Objections, unknown
from tmdb_ext.testing._state import State
from tmdb_ext.testing._status import StatusError
from tmdb_ext.testing._world import World

_MOST_REMEMBERED = 1000
_ALSO_GET = frozenset({"authentication-create-session", "authentication-create-session-from-login"})
"""Operations that TMDB still answers to GET, as it did before they took a body."""
_FREEBASE = re.compile(r"(/3/find/)/?((?:m|g|en)/[^/]+)/?")
"""An id of Freebase, which has slashes in it."""
_FORMER_PATHS = {re.compile(r"(/3/movie/[^/]+/similar)_movies"): r"\1"}
"""Paths that TMDB still takes, and what they are called now."""


@dataclass(frozen=True)
class Incoming:
    """A request with its target taken apart; `path` is still percent-encoded, `resource` is what TMDB sees in it."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @cached_property
    def resource(self) -> str:
        """The path, decoded once and with `.` and `..` resolved."""
        return resolve_path(self.path)


@dataclass(frozen=True)
class Answer:
    """An HTTP status and a JSON body."""

    status: int
    body: bytes

    @cached_property
    def tag(self) -> str:
        """The entity tag."""
        return f'W/"{zlib.crc32(self.body):08x}-{len(self.body):x}"'


def refusal(error: StatusError) -> Answer:
    """The answer to a request that is refused."""
    return Answer(error.status, encode(error.body()))


class Version:
    """Answers the operations of a document.

    Args:
        prefix: What goes before TMDB's id in the name of an operation.
        document: The document.
        state: What is remembered between requests.
        world: What there is.
        browsing: What answers operations whose answers depend on request, day and world alone, by TMDB's id.
        stateful: What answers those that change or show what is remembered.
    """

    def __init__(
        self,
        prefix: str,
        document: Document,
        state: State,
        world: World,
        browsing: Mapping[str, Handler],
        stateful: Mapping[str, Handler],
    ) -> None:
        self._prefix = prefix
        self._document = document
        self._state = state
        self._world = world
        self._handlers = {**browsing, **stateful}
        self._stateful = stateful.keys()
        self._filler = Filler(document)
        self._remembered: dict[object, Answer] = {}
        self._sub_resources = {
            str(operation.response_schema.get("$ref")): document.appendable(operation.id)
            for operation in document.operations.values()
            if operation.appends
        }

    def forget(self) -> None:
        """Forgets the kept answers, because the data or the address of images has changed."""
        self._remembered.clear()

    @property
    def names(self) -> list[str]:
        """The names of all operations."""
        return [self._prefix + one for one in self._document.operations]

    def name(self, match: Match) -> str:
        """The name of the operation that a request is for."""
        return self._prefix + match.operation.id

    def find(self, method: str, path: str, objections: Objections) -> Match:
        """The operation for a request.

        Args:
            method: The HTTP method, in capitals.
            path: The path as `resolve_path` gives it.
            objections: Takes note of what is not documented.

        Raises:
            StatusError: With code 34 for an unknown path, 42 for a method that the path does not have (in version 4
                34 again), 47 for a path with NUL in it.
        """
        if "\0" in path:
            raise StatusError(47)
        if of_freebase := _FREEBASE.fullmatch(path):
            found = self._document.match(method, of_freebase[1] + "-")[0]
            if found is not None:
                return replace(found, path={"external_id": f"/{of_freebase[2]}"})
        if "//" in path or path.endswith("/"):
            objections(34, "The path has an empty segment.")
            path = re.sub("/{2,}", "/", path)
        for former, now in _FORMER_PATHS.items():
            if former.fullmatch(path):
                objections(34, "The path is a former one.")
                path = former.sub(now, path)
        match, known = self._document.match(method, path)
        if match is None and method == "GET":
            old = self._document.match("POST", path)[0]
            if old is not None and old.operation.id in _ALSO_GET:
                objections(42, "GET, where POST is documented.")
                return old
        if match is None:
            raise StatusError(42 if known and not self._prefix else 34)
        return match

    def allowed(self, path: str) -> list[str]:
        """The methods that a path takes, in capitals; none for an unknown path."""
        return [method for method in ("GET", "POST", "PUT", "DELETE") if self._document.match(method, path)[0]]

    def refuse(self, error: StatusError, request: Incoming) -> Answer:
        """Answers a request for which there is no operation. Version 4 looks at the credential first."""
        if self._prefix:
            try:
                with self._state.lock:
                    check_application(self._state, None, request.headers, dict(request.query))
            except StatusError as earlier:
                return refusal(earlier)
        return refusal(error)

    def answer(self, match: Match, request: Incoming, objections: Objections) -> Answer:
        """Checks a request and answers it."""
        try:
            return self._answer(match, request, objections)
        except StatusError as error:
            return refusal(error)

    def _answer(self, match: Match, request: Incoming, objections: Objections) -> Answer:
        operation = match.operation
        sent = {**_query_in_body(request, operation.query_names, objections), **dict(request.query)}
        with self._state.lock:
            check_application(self._state, operation, request.headers, sent)
        match = replace(match, path=self._path(match, objections))
        appended = self._appended(match, request) if request.method == "GET" else {}
        others = [other.operation for other in appended.values()]
        in_body = self._document.resolve(operation.body_schema or {}).get("properties", {}).keys()
        asked_for = {name: value for name, value in sent.items() if name not in in_body - operation.query_names}
        query = check_query(self._document, [operation, *others], asked_for, objections)
        listed = self._document.listed(operation, "append_to_response")
        if strange := [one for one in _names_to_append(query) if one not in appended and one not in listed]:
            objections(5, unknown("names in append_to_response", strange, listed - appended.keys()))
        public = self._stateful.isdisjoint(one.id for one in (operation, *others))
        today = self._state.clock.now().date()
        key = (
            operation.id,
            today,
            *match.path.values(),
            *sorted(item for item in query.items() if item[0] != "api_key"),
        )
        if appended:
            key = (*key, *appended)
        if public and request.method == "GET" and not query.keys() & (CREDENTIAL_NAMES - {"api_key"}):
            remembered = self._remembered.get(key)
            if remembered is None:
                remembered = self._run(
                    Call(operation, match.path, query, {}, Caller(), self._state, self._world), appended
                )
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = remembered
            return remembered
        with self._state.lock:
            caller = find_caller(self._state, match, others, request.headers, query)
            body = check_body(self._document, operation, request.headers, request.body, sent, objections)
            return self._run(Call(operation, match.path, query, body, caller, self._state, self._world), appended)

    def _path(self, match: Match, objections: Objections) -> dict[str, str]:
        """The values of a path as TMDB reads them."""
        operation, values = match.operation, match.path
        if values.get("movie_id", "").startswith("tt"):
            if operation.id != "movie-details":
                objections(6, "movie_id in the path is IMDb's.")
            values = {**values, "movie_id": str(self._world.film_of_imdb_id(values["movie_id"]))}
        if operation.id == "account-details":  # whatever stands for the account there: the session says whose it is
            return values
        return check_path(self._document, operation, values, objections)

    def _appended(self, match: Match, request: Incoming) -> dict[str, Match]:
        """The operations that `append_to_response` names; names that mean nothing are passed over, as TMDB does."""
        found = {}
        for name in _names_to_append(dict(request.query)):
            other = self._document.match("GET", f"{request.resource.rstrip('/')}/{name}")[0]
            if other is not None:
                found[name] = replace(other, path={**other.path, **match.path})
        return found

    def _run(self, call: Call, appended: dict[str, Match]) -> Answer:
        status, body = self._body(call)
        for name, other in appended.items():
            try:
                _, sub = self._body(replace(call, operation=other.operation, path=other.path))
            except StatusError:
                continue  # TMDB leaves out what it cannot append
            if not isinstance(body, dict):
                break  # nor can it append anything to a list
            if isinstance(sub, dict) and not other.operation.appends:  # what has details of its own keeps its id
                sub.pop("id", None)
            body[name] = sub
        return Answer(status, encode(body))

    def _body(self, call: Call) -> tuple[int, Any]:
        operation = call.operation
        reply = self._handlers.get(operation.id, generic)(call)
        status = operation.status if reply.status is None else reply.status
        if reply.exact:
            return status, dict(reply.given) if isinstance(reply.given, dict) else reply.given
        omit = self._sub_resources.get(str(operation.response_schema.get("$ref")), frozenset())
        return status, self._filler.fill(operation.response_schema, _seed(call), reply.given, omit=omit)


def _names_to_append(query: Mapping[str, str]) -> list[str]:
    return [name for name in query.get("append_to_response", "").split(",") if name]


def _seed(call: Call) -> str:
    return " ".join([call.operation.id, *call.path.values(), call.query.get("page") or "1"])


def _query_in_body(request: Incoming, names: frozenset[str], objections: Objections) -> dict[str, str]:
    """The credentials and parameters that a body has beside its values, where some programs put all that they send."""
    wanted = CREDENTIAL_NAMES | names if request.method != "GET" else CREDENTIAL_NAMES
    if not any(name.encode() in request.body for name in wanted):
        return {}
    try:
        sent, _ = read_object(request.headers, request.body)
    except StatusError:
        return {}
    found = {name: encode(value).decode().strip('"') for name, value in sent.items() if name in wanted}
    if request.method == "DELETE" and request.resource == "/3/authentication/session":
        found.pop("session_id", None)  # it is what to delete
    for name in sorted(found):
        objections(47, f"{name} is in the body and belongs in the query{' or a header' * (name == 'api_key')}.")
    return found
