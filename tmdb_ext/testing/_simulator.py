"""The simulator: TMDB's behaviour behind a real socket on this machine."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from tmdb_ext.testing._body import encode
from tmdb_ext.testing._clock import Clock
from tmdb_ext.testing._details import DETAILS
from tmdb_ext.testing._document import Match, load_document
from tmdb_ext.testing._http import LoopbackServer, RawRequest, RawResponse, Wire
from tmdb_ext.testing._image import serve_image
from tmdb_ext.testing._journal import Journal, RecordedRequest
from tmdb_ext.testing._listings import LISTINGS
from tmdb_ext.testing._objections import Complaint, Objections
from tmdb_ext.testing._site import serve_site
from tmdb_ext.testing._state import RequestToken, State, User
from tmdb_ext.testing._status import STATUSES, USUAL_CODE, StatusError, status_body
from tmdb_ext.testing._v3 import STATEFUL
from tmdb_ext.testing._v4 import STATEFUL_V4
from tmdb_ext.testing._version import Answer, Incoming, Version

_JSON = "application/json;charset=utf-8"
_MOST_PARAMETERS = 1000


@dataclass
class _Fault:
    operation: str | None
    left: int
    status: int | None
    headers: dict[str, str]
    body: bytes
    delay: float
    disconnect: bool
    perform: bool


class Simulator:
    """A TMDB on loopback, for tests and demonstrations.

    It behaves as TMDB does towards credentials, request tokens, sessions, guest sessions, ratings, favourites,
    watchlists, lists, pages and `append_to_response`; it refuses what TMDB would refuse; and it answers every
    operation of versions 3 and 4 with sample data of its own. What is done in one version shows in the other. The pages
    where a user approves a login are there as well: give the client `site_url=simulator.base_url`. So are images of any
    size, under the address that the configuration names.

        with Simulator() as tmdb:
            httpx.get(f"{tmdb.base_url}/3/movie/11", params={"api_key": tmdb.api_key})

    Args:
        clock: What tells the time; move it with `clock.advance(timedelta(hours=1))`.
        guest_session_idle: How long a guest session lives after its last use.
        guest_session_unused: How long it lives if it is never used; the shorter of the two counts then.
        requests_per_second: How many requests it takes in one second of the clock before it answers 429 with
            `Retry-After`; None for any number.
        strict: Refuse query parameters and body keys that an operation does not have, and name them. TMDB ignores
            them, and so does the simulator otherwise.
        journal_size: How many requests and complaints are kept at most; older ones are forgotten.
        host: The address to bind.
        port: The port to bind; 0 lets the system choose.
        document: The OpenAPI document of version 3 or the path of a file with it, in place of the one installed.
        v4_document: The same for version 4.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        guest_session_idle: timedelta = timedelta(hours=1),
        guest_session_unused: timedelta = timedelta(hours=24),
        requests_per_second: int | None = None,
        strict: bool = False,
        journal_size: int = 10_000,
        host: str = "127.0.0.1",
        port: int = 0,
        document: Path | str | Mapping[str, Any] | None = None,
        v4_document: Path | str | Mapping[str, Any] | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._host, self._port = host, port
        self._strict = strict
        self._journal = Journal(journal_size)
        self._state = State(self.clock, guest_session_idle, guest_session_unused)
        v3, v4 = load_document(document, "tmdb_api_client.v3"), load_document(v4_document, "tmdb_api_client.v4")
        v3.add_alias("/3/account", "account-details")
        self._version3 = Version("", v3, self._state, {**LISTINGS, **DETAILS}, STATEFUL)
        self._version4 = Version("v4/", v4, self._state, {}, STATEFUL_V4)
        self._server: LoopbackServer | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._faults: list[_Fault] = []
        self._limit = requests_per_second
        self._recent: deque[float] = deque()
        self.user = self.create_user("sample_user", "sample password")

    # running

    def start(self) -> Simulator:
        """Begins to serve. Calling it again does nothing."""
        if self._server is None:
            self._stopping.clear()
            self._server = LoopbackServer(self._serve, self._host, self._port)
            self._state.image_base_url = f"{self.base_url}/t/p/"
            self._version3.forget()
        return self

    def close(self) -> None:
        """Stops serving and drops open connections; what is remembered stays. Calling it again does nothing."""
        self._stopping.set()
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Simulator({self.base_url!r})" if self._server is not None else "Simulator(closed)"

    @property
    def base_url(self) -> str:
        """Where it serves, such as `http://127.0.0.1:40123`, with no path.

        Raises:
            RuntimeError: Because it has not been started, or has been closed.
        """
        if self._server is None:
            raise RuntimeError("the simulator is not running: call start() or use it in a with statement")
        return self._server.base_url

    # credentials

    @property
    def api_key(self) -> str:
        """The application's API key, 32 hexadecimal digits."""
        return self._state.api_key

    @property
    def access_token(self) -> str:
        """The application's API Read Access Token, in the shape of a JWT."""
        return self._state.access_token

    def create_user(self, username: str, password: str) -> User:
        """Opens an account.

        Raises:
            ValueError: Because there is one with that name.
        """
        with self._state.lock:
            return self._state.create_user(username, password)

    def create_session(self, user: User | None = None) -> str:
        """A session id, as after request token and approval.

        Args:
            user: Whose; the default user's if None.
        """
        with self._state.lock:
            return self._state.open_session(user or self.user)

    def create_user_access_token(self, user: User | None = None) -> str:
        """A version 4 access token with which the application acts for a user.

        Args:
            user: Whose; the default user's if None.
        """
        with self._state.lock:
            return self._state.issue_user_access_token(user or self.user)

    def approve(self, request_token: str, user: User | None = None) -> None:
        """Does what a user does on TMDB's approval page.

        Args:
            request_token: The token to approve.
            user: Who approves; the default user if None.

        Raises:
            ValueError: Because the token is unknown, used or expired.
        """
        with self._state.lock:
            self._live(request_token).user = user or self.user

    def deny(self, request_token: str) -> None:
        """Refuses approval. Takes and raises what `approve` does."""
        with self._state.lock:
            self._live(request_token).denied = True

    def _live(self, request_token: str) -> RequestToken:
        try:
            return self._state.live_request_token(request_token)
        except StatusError:
            raise ValueError("the request token is unknown, used or expired") from None

    def suspend_application(self) -> None:
        """Refuses every credential of the application from now on, as TMDB does after abuse."""
        with self._state.lock:
            self._state.suspended = True

    def forget_guest_session(self, guest_session_id: str) -> None:
        """Makes TMDB's promise about `expires_at` void: the guest session is gone from now on."""
        with self._state.lock:
            self._state.guest_sessions.pop(guest_session_id, None)

    def forget_session(self, session_id: str) -> None:
        """Ends a user session, as the user can on TMDB's site."""
        with self._state.lock:
            self._state.sessions.pop(session_id, None)

    def _decide(self, token: RequestToken, approved: bool) -> None:
        with self._state.lock:
            if approved:
                token.user = self.user
            else:
                token.denied = True

    # what was sent

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last requests, oldest first, in a list of the caller's own."""
        return self._journal.requests

    @property
    def complaints(self) -> list[Complaint]:
        """What a strict simulator would have refused in the last requests, or has refused if it is strict.

        A program sends nothing that TMDB ignores if `simulator.complaints == []` after its tests.
        """
        return self._journal.complaints

    def clear_requests(self) -> None:
        """Forgets the requests and the complaints so far."""
        self._journal.clear()

    def count(self, operation: str) -> int:
        """How many requests an operation got, by its name (`v4/list-create`), refused and failed ones included."""
        return self._journal.count(operation)

    # faults

    def fail_next(
        self,
        http_status: int | None = None,
        *,
        tmdb_code: int | None = None,
        operation: str | None = None,
        times: int = 1,
        retry_after: float | str | None = None,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        disconnect: bool = False,
        body: bytes | str | Mapping[str, Any] | None = None,
        perform: bool = False,
    ) -> None:
        """Makes coming requests fail. Faults wait in line; each request takes the first that suits it.

        Args:
            http_status: The HTTP status to answer; the one that comes with `tmdb_code` if None. With only a delay asked
                for, the request is answered as usual.
            tmdb_code: TMDB's status code in the body, 1 to 47; the usual one for the HTTP status if None.
            operation: The name of the operation to fail, TMDB's id of it and in version 4 `v4/` before it; any request
                if None.
            times: How many requests fail.
            retry_after: What `Retry-After` says: seconds, or a text such as an HTTP date.
            headers: Further headers of the answer, such as `location`.
            delay: Seconds to wait before answering.
            disconnect: Whether to close the connection in place of an answer.
            body: What to send in place of a status body; bytes and text go out as they are.
            perform: Whether the request is carried out all the same, as when only the answer gets lost.
        """
        if http_status is None and body is not None:
            http_status = 200
        elif http_status is None and tmdb_code is not None:
            http_status = STATUSES[tmdb_code][0]
        elif http_status is None and retry_after is not None:
            http_status = 429
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if retry_after is not None:
            sent["retry-after"] = f"{retry_after}"
        fault = _Fault(operation, times, http_status, sent, b"", delay, disconnect, perform)
        if isinstance(body, bytes):
            fault.body = body
        elif isinstance(body, str):
            fault.body = body.encode()
        elif body is not None:
            fault.body = encode(body)
        elif http_status is not None:
            fault.body = encode(status_body(USUAL_CODE.get(http_status, 11) if tmdb_code is None else tmdb_code))
        with self._lock:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        """Takes back the faults that have not happened yet."""
        with self._lock:
            self._faults.clear()

    def _take_fault(self, operation: str | None) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.operation is None or fault.operation == operation:
                    fault.left -= 1
                    if fault.left <= 0:
                        self._faults.remove(fault)
                    return fault
        return None

    # serving

    def _serve(self, raw: RawRequest) -> RawResponse:
        path, _, query = raw.target.partition("?")
        if not path.startswith("/"):  # the absolute form, as to a proxy
            path = "/" + path.partition("://")[2].partition("/")[2]
        request = Incoming(raw.method, path, _pairs(query), raw.headers, raw.body)
        page = serve_image(raw.method, path) or serve_site(
            raw.method, path, query, self._state.live_request_token, self._decide
        )
        if page is not None:
            self._record(request, None, page)
            return page
        objections = Objections(strict=self._strict)
        match: Match | None = None
        version = self._version4 if request.resource.startswith("/4/") else self._version3
        try:
            match = version.find(request.method, request.resource, objections)
        except StatusError as error:
            refused = version.refuse(error, request)
        operation = version.name(match) if match else None
        fault = self._take_fault(operation)
        if fault is not None:
            if fault.perform and match is not None:
                self._answer(version, match, request, objections)
            if fault.delay:
                self._stopping.wait(fault.delay)
            if fault.disconnect or fault.status is not None:
                headers = {"content-type": _JSON, **fault.headers}
                wire = Wire(disconnect=True) if fault.disconnect else None
                failed = RawResponse(0 if fault.disconnect else fault.status or 0, fault.body, headers, wire)
                self._record(request, operation, failed, objections, match)
                return failed
        if self._is_over_limit():
            over = RawResponse(429, encode(status_body(25)), {"content-type": _JSON, "retry-after": "1"})
            self._record(request, operation, over, objections, match)
            return over
        answer = self._answer(version, match, request, objections) if match else refused
        response = _respond(answer, request)
        self._record(request, operation, response, objections, match)
        return response

    @staticmethod
    def _answer(version: Version, match: Match, request: Incoming, objections: Objections) -> Answer:
        try:
            return version.answer(match, request, objections)
        except Exception as error:  # noqa: BLE001 - a mistake of ours has to show in the test that meets it, not in a dead thread
            return Answer(500, encode(status_body(11, f"The simulator failed: {error!r}")))

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

    def _record(
        self,
        request: Incoming,
        operation: str | None,
        response: RawResponse,
        objections: Objections | None = None,
        match: Match | None = None,
    ) -> None:
        recorded = RecordedRequest(
            request.method, request.path, request.query, request.headers, request.body, operation,
            response.status or None, response.headers, response.body,
        )  # fmt: skip
        path = match.operation.template if match else request.path  # which may have a guest session's id in it
        found = objections.complaints(request.method, path, operation or "") if objections else []
        self._journal.add(recorded, found)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return []


def _respond(answer: Answer, request: Incoming) -> RawResponse:
    headers = {"content-type": _JSON}
    if request.method == "GET" and answer.status == 200:
        tag = answer.tag
        headers["etag"] = tag
        headers["cache-control"] = "public, max-age=600" if answer.public else "private, no-cache"
        if tag in request.headers.get("if-none-match", ""):
            return RawResponse(304, b"", headers)
    return RawResponse(answer.status, answer.body, headers)
