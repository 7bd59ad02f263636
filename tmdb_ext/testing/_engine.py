"""The simulator without a socket: a request in, a response out."""

from __future__ import annotations

import gzip
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import parse_qsl

from tmdb_ext.testing._answers import Prepared, Waiting
from tmdb_ext.testing._body import encode
from tmdb_ext.testing._clock import Clock
from tmdb_ext.testing._data import Data
from tmdb_ext.testing._details import DETAILS
from tmdb_ext.testing._discover import DISCOVER
from tmdb_ext.testing._document import Document, Match
from tmdb_ext.testing._faults import Fault, Faults
from tmdb_ext.testing._fill import stable
from tmdb_ext.testing._http import RawRequest, RawResponse, Wire
from tmdb_ext.testing._image import serve_image
from tmdb_ext.testing._journal import Journal, RecordedRequest
from tmdb_ext.testing._listings import LISTINGS
from tmdb_ext.testing._objections import Objections
from tmdb_ext.testing._site import serve_site
from tmdb_ext.testing._state import RequestToken, State, User
from tmdb_ext.testing._status import StatusError, status_body
from tmdb_ext.testing._v3 import STATEFUL
from tmdb_ext.testing._v4 import STATEFUL_V4
from tmdb_ext.testing._version import Answer, Incoming, Version
from tmdb_ext.testing._world import World

JSON = "application/json;charset=utf-8"
IMAGE, SITE = "image", "site"
"""Names for requests that are for no operation: an image, or a page of TMDB's site."""

_MOST_PARAMETERS = 1000
_LEAST_COMPRESSED = 500
_CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag, Retry-After, Cache-Control"}
_log = logging.getLogger("tmdb_ext.testing")


@dataclass
class _Asked:
    """A request on its way: what it is for, and what is told of it."""

    raw: RawRequest
    request: Incoming
    version: Version
    objections: Objections
    match: Match | None = None
    error: StatusError | None = None
    operation: str | None = None
    page: RawResponse | None = None

    @cached_property
    def told(self) -> RecordedRequest:
        """The request as a test sees it."""
        one, path = self.request, self.raw.target.partition("?")[0]  # as it came, if need be with the host
        return RecordedRequest(self.raw.method, path, one.query, one.headers, one.body, self.operation, None)

    @property
    def allowed(self) -> list[str]:
        """The methods that the path takes; none for an unknown path."""
        return self.version.allowed(self.request.resource)

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the path's placeholders."""
        return self.match.path if self.match is not None else {}


class Engine:
    """Answers requests, from many threads at once.

    Args:
        clock: What tells the time.
        state: Who is known, and what they have done.
        world: What there is.
        v3: The document of version 3.
        v4: That of version 4.
        journal: Where requests are kept.
        strict: Whether to refuse what TMDB ignores.
        requests_per_second: How many requests it takes in one second of the clock; None for any number.
    """

    def __init__(
        self,
        clock: Clock,
        state: State,
        world: World,
        v3: Document,
        v4: Document,
        journal: Journal,
        *,
        strict: bool,
        requests_per_second: int | None,
    ) -> None:
        self.clock, self.state, self.world, self.journal, self.strict = clock, state, world, journal, strict
        self.data = Data(world, state)
        self.faults = Faults()
        self.user: User | None = None
        self.source: Callable[[RawRequest], RawResponse | None] | None = None
        """What answers in place of the simulator, unless it returns None."""
        self.answers = Waiting[Prepared]()
        browsing = {**LISTINGS, **DISCOVER, **DETAILS}
        self._version3 = Version("", v3, state, world, browsing, STATEFUL)
        self._version4 = Version("v4/", v4, state, world, {}, STATEFUL_V4)
        self._lock = threading.Lock()
        self._limit = requests_per_second
        self._recent: deque[float] = deque()

    @cached_property
    def operations(self) -> frozenset[str]:
        """The names of all operations, and `image` and `site`."""
        return frozenset((*self._version3.names, *self._version4.names, IMAGE, SITE))

    def forget(self) -> None:
        """Forgets the kept answers, because what they depend on has changed."""
        self._version3.forget()

    def handle(self, raw: RawRequest) -> RawResponse:
        """Answers a request."""
        asked = self._look_at(raw)
        if raw.method == "OPTIONS" and "origin" in raw.headers:
            return self._preflight(asked)
        try:
            return self._meet(asked)
        except Exception as error:  # noqa: BLE001 - what a test gave fails, and the test has to see it
            _log.exception("An answer, a fault or a recording failed at %s", asked.operation)
            text = f"What a test gave failed: {type(error).__name__}."
            return self._record(asked, RawResponse(500, encode(status_body(11, text)), {"content-type": JSON, **_CORS}))

    def _meet(self, asked: _Asked) -> RawResponse:
        """Answers a request, if no fault forbids it."""
        fault = self.faults.take(asked.told, asked.values)
        if fault is not None and (fault.status is not None or fault.wire.silent):
            if fault.perform and asked.match is not None:
                self._answer(asked)
            return self._record(asked, _failed(fault))
        response = self._respond(asked)
        if fault is not None:
            response = replace(response, wire=fault.wire, headers={**response.headers, **fault.headers})
        return self._record(asked, response)

    def _look_at(self, raw: RawRequest) -> _Asked:
        path, _, query = raw.target.partition("?")
        if not path.startswith("/"):  # the absolute form, as to a proxy
            path = "/" + path.partition("://")[2].partition("/")[2]
        method = "GET" if raw.method == "HEAD" else raw.method
        request = Incoming(method, path, _pairs(query), raw.headers, raw.body)
        version = self._version4 if request.resource.startswith("/4/") else self._version3
        asked = _Asked(raw, request, version, Objections(strict=self.strict))
        image = serve_image(method, path)
        asked.page = image or serve_site(method, path, query, self.state.live_request_token, self._decide)
        if asked.page is not None:
            asked.operation = IMAGE if image is not None else SITE
            return asked
        try:
            asked.match = version.find(method, request.resource, asked.objections)
            asked.operation = version.name(asked.match)
        except StatusError as error:
            asked.error = error
        return asked

    def _decide(self, token: RequestToken, approved: bool) -> None:
        with self.state.lock:
            if approved:
                token.user = self.user
            else:
                token.denied = True

    def _preflight(self, asked: _Asked) -> RawResponse:
        methods = asked.allowed or ["GET"]
        headers = {
            **_CORS,
            "access-control-allow-methods": ", ".join([*methods, "HEAD", "OPTIONS"]),
            "access-control-allow-headers": asked.raw.headers.get("access-control-request-headers", "*"),
            "access-control-max-age": "86400",
        }
        return self._record(asked, RawResponse(204, b"", headers))

    def _respond(self, asked: _Asked) -> RawResponse:
        if asked.page is not None:
            return replace(asked.page, headers={**_CORS, **asked.page.headers})
        if self._is_over_limit():
            return RawResponse(429, encode(status_body(25)), {"content-type": JSON, "retry-after": "1", **_CORS})
        prepared = self.answers.take(asked.told, asked.values)
        if prepared is not None:
            headers = {"content-type": JSON, **_CORS, **prepared.headers}
            return RawResponse(prepared.status, prepared.render(asked.told), headers)
        if self.source is not None and (found := self.source(asked.raw)) is not None:
            return replace(found, headers={**_CORS, **found.headers})
        if asked.raw.method == "OPTIONS" and (allowed := asked.allowed):
            return RawResponse(204, b"", {**_CORS, "allow": ", ".join([*allowed, "HEAD", "OPTIONS"])})
        return _dressed(self._answer(asked), asked)

    @staticmethod
    def _answer(asked: _Asked) -> Answer:
        if asked.match is None:
            return asked.version.refuse(asked.error or StatusError(34), asked.request)
        try:
            return asked.version.answer(asked.match, asked.request, asked.objections)
        except Exception as error:  # noqa: BLE001 - a mistake of ours has to show in the test that meets it, not in a dead thread
            _log.exception("The simulator failed at %s", asked.operation)
            return Answer(500, encode(status_body(11, f"The simulator failed: {type(error).__name__}.")))

    def _is_over_limit(self) -> bool:
        if self._limit is None:
            return False
        now = self.clock.now().timestamp()
        with self._lock:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self._limit:
                return True
            self._recent.append(now)
            return False

    def _record(self, asked: _Asked, response: RawResponse) -> RawResponse:
        silent = response.wire is not None and response.wire.silent
        status, headers, body = (None, {}, b"") if silent else (response.status, response.headers, response.body)
        # the template does not have the id of a guest session in it
        path = asked.match.operation.template if asked.match else asked.request.path
        complaints = asked.objections.complaints(asked.raw.method, path, asked.operation or "")
        self.journal.add(replace(asked.told, http_status=status, answer_headers=headers, answer=body), complaints)
        return _compressed(response, asked)


def _failed(fault: Fault) -> RawResponse:
    headers = {"content-type": JSON, **_CORS, **fault.headers}
    return RawResponse(fault.status or 0, fault.body, headers, fault.wire if fault.wire != Wire() else None)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return []


def _dressed(answer: Answer, asked: _Asked) -> RawResponse:
    """An answer with the headers that TMDB sends."""
    headers = {"content-type": JSON, "vary": "Accept-Encoding", **_CORS}
    if asked.request.method == "GET" and answer.status == 200:
        headers["etag"] = answer.tag
        headers["cache-control"] = f"public, max-age={_max_age(asked)}"
        if answer.tag in asked.request.headers.get("if-none-match", ""):
            return RawResponse(304, b"", headers)
    if answer.status == 405:
        allowed = asked.allowed
        headers["allow"] = ", ".join([*allowed, "HEAD", "OPTIONS"] if "GET" in allowed else allowed)
    return RawResponse(answer.status, answer.body, headers)


def _max_age(asked: _Asked) -> int:
    """For how many seconds an answer may be kept: minutes for what changes, hours for details."""
    name = asked.operation or ""
    if name.startswith("v4/") or "account" in name or "guest" in name or "authentication" in name:
        return 300
    if "trending" in name or "changes" in name or "list" in name:
        return 600 + stable("age", asked.request.path) % 1200
    return 3600 * (1 + stable("age", asked.request.path) % 8)


def _compressed(response: RawResponse, asked: _Asked) -> RawResponse:
    """A response in gzip, if the caller takes that and it is worth while."""
    accepted = asked.raw.headers.get("accept-encoding", "").lower()
    is_text = response.headers.get("content-type", "").startswith("application/json")
    if "gzip" not in accepted or len(response.body) < _LEAST_COMPRESSED or not is_text or "gzip;q=0" in accepted:
        return response
    headers = {**response.headers, "content-encoding": "gzip", "vary": "Accept-Encoding"}
    return replace(response, body=gzip.compress(response.body, 1, mtime=0), headers=headers)
