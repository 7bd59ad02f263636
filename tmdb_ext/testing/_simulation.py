"""What a test drives: users, data, faults, answers, and what was sent. It knows of no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tmdb_ext.testing._answers import Body, Condition, Prepared, Where
from tmdb_ext.testing._body import encode
from tmdb_ext.testing._clock import Clock
from tmdb_ext.testing._document import load_document
from tmdb_ext.testing._engine import Engine
from tmdb_ext.testing._faults import Fault, check_name, told
from tmdb_ext.testing._http import RawRequest, RawResponse, Wire
from tmdb_ext.testing._journal import Journal, RecordedRequest
from tmdb_ext.testing._objections import Complaint
from tmdb_ext.testing._parts import NAMES, part
from tmdb_ext.testing._state import RequestToken, State, User
from tmdb_ext.testing._status import STATUSES, USUAL_CODE, StatusError, status_body
from tmdb_ext.testing._world import World

Source = Path | str | Mapping[str, Any]
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LONGEST_WAIT = 86_400
"""For how many seconds a fault can let a client wait: a day."""
DEFAULT_USERNAME, DEFAULT_PASSWORD = "sample_user", "sample password"


class Simulation:
    """All of a simulator but its place on the network: users, data, faults, answers, and what was sent.

    Its arguments are those of `Simulator`.
    """

    def __init__(
        self,
        *,
        clock: Clock | None,
        guest_session_idle: timedelta,
        guest_session_unused: timedelta,
        requests_per_second: int | None,
        strict: bool,
        any_id: bool,
        data: Source | Iterable[Source],
        api_key: str | None,
        access_token: str | None,
        seed: int | None,
        journal_size: int,
        document: Source | None,
        v4_document: Source | None,
    ) -> None:
        _check(api_key=api_key, access_token=access_token, journal_size=journal_size)
        self.clock: Clock = clock or Clock()
        self._state = State(
            self.clock, guest_session_idle, guest_session_unused, api_key=api_key, access_token=access_token, seed=seed
        )
        self._world = World(self.clock.now().date(), part, NAMES, any_id=any_id)
        v3, v4 = load_document(document, "tmdb_api_client.v3"), load_document(v4_document, "tmdb_api_client.v4")
        v3.add_alias("/3/account", "account-details")
        self._engine = Engine(
            self.clock, self._state, self._world, v3, v4, Journal(journal_size), strict=strict,
            requests_per_second=requests_per_second,
        )  # fmt: skip
        self._data = [data] if isinstance(data, (Path, str, Mapping)) else list(data)
        self.user: User
        self._set_the_scene()

    def _set_the_scene(self) -> None:
        self.user = self._engine.user = self._state.create_user(DEFAULT_USERNAME, DEFAULT_PASSWORD)
        self._state.fill_lists(self._world.ids("movie"), self._world.ids("tv"))
        for source in self._data:
            self.load(source)

    @property
    def operations(self) -> frozenset[str]:
        """The names of all operations, and `image` and `site` for what is none."""
        return self._engine.operations

    @property
    def users(self) -> dict[str, User]:
        """Everybody who has an account, by username."""
        with self._state.lock:
            return dict(self._state.users)

    def reset(self) -> None:
        """Makes everything as it was at the beginning: data, users, sessions, lists, faults, answers and the journal.

        The address, the application's credentials and the clock stay.
        """
        with self._state.lock:
            self._state.reset()
            self._world.reset()
            self._engine.data.reset()
            self._set_the_scene()
        self._engine.faults.clear()
        self._engine.answers.clear()
        self._engine.journal.clear()
        self._engine.forget()

    # what carries it

    def handle(self, raw: RawRequest) -> RawResponse:
        """Answers one request to TMDB."""
        return self._engine.handle(raw)

    def answer_from(self, source: Callable[[RawRequest], RawResponse | None]) -> None:
        """Lets something else answer, unless it returns None."""
        self._engine.source = source

    def serve_images_under(self, address: str) -> None:
        """Says what the configuration calls the address of images."""
        self._state.image_base_url = address
        self._engine.forget()

    # data

    def add(self, kind: str, **fields: Any) -> int | str:
        """Adds a film, series, person or the like, or changes the given fields of one that there is.

            simulator.add("movie", id=900900, title="Rain", release_date="2024-05-31", genres=[18], poster_path=None)
            simulator.add("credit", movie=900900, person=21, character="The Gardener")

        Fields are called as in TMDB's answers, and so is what belongs to it and has an operation of its own: `credits`,
        `images`, `videos`, `keywords`, `translations`, `release_dates` and so on, each in TMDB's shape or as the plain
        list. Genres, companies, networks, keywords and people may be named by their ids. Fields of
        a new thing that are not given are empty, null or 0, as on a page that was just created at TMDB.

        Args:
            kind: `movie`, `tv`, `season`, `episode`, `person`, `company`, `network`, `collection`, `keyword`, `genre`,
                `provider` or `list`; or what is added to one of those: `credit`, `image`, `video`, `review`,
                `translation`.
            **fields: What is said of it. Without an `id` it gets one. Seasons and episodes need `series_id` and their
                numbers.

        Returns:
            Its id; of a credit the credit id, of an image the path, of a translation the language.

        Raises:
            ValueError: Because the kind or a field is unknown, or a value is not of its type; the message says which.
        """
        found = self._engine.data.add(kind, fields)
        self._engine.forget()
        return found

    def load(self, source: Source) -> int:
        """Adds all that a file, a folder or an object has.

        Args:
            source: An object such as `{"movie": [{"id": 1, "title": "Rain"}], "tv": […]}`; a JSON file with one; or a
                folder of JSON files, each with such an object, or named after a kind or in a folder that is
                (`movie.json`, `movie/900900.json`), with one thing or a list of them. An answer of TMDB's to a details
                operation, with whatever was appended, is such a thing; fields that are not known are kept.

        Returns:
            How many things were added or changed.

        Raises:
            ValueError: Because of what `add` raises, or because a file cannot be read; the message names the file.
        """
        if isinstance(source, Mapping):
            count = self._engine.data.load_object(source)
        else:
            count = self._engine.data.load(Path(source))
        self._engine.forget()
        return count

    def answer(
        self,
        operation: str | None = None,
        *,
        path: str | None = None,
        where: Where | None = None,
        body: Body = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> None:
        """Prepares an answer, which is given in place of the simulator's own, whatever credential is sent.

            simulator.answer("movie-details", where={"movie_id": 11}, body={"id": 11, "title": "Rain"})

        Args:
            operation: The operation's name; any if None.
            path: The path, without the query; `*` and `?` stand for anything.
            where: Values that have to be in the query, the path or the body, by name; a list means any of them. Or a
                function that is given the request and says whether it is meant.
            body: What to answer: an object or a list as JSON, text or bytes as they are, or a function that is given
                the request and returns one of those.
            status: The HTTP status.
            headers: Further headers.
            times: How often; None for always. The answer that was prepared last goes first.

        Raises:
            ValueError: Because there is no operation of that name, or a number is out of range.
        """
        check_name(operation, self._engine.operations)
        _check_numbers(100, 599, status=status)
        _check_numbers(1, times=times)
        _check_path(path)
        sent = _read_headers(headers)
        prepared = Prepared(Condition(operation, path, where), body, status, sent, times)
        self._engine.answers.add(prepared, first=True)

    def clear_answers(self) -> None:
        """Takes back the prepared answers."""
        self._engine.answers.clear()

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
            ValueError: Because there is one with that name, or because it has no name.
        """
        if not username:
            raise ValueError("username is empty")
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
        """Ends a guest session at once, whatever its `expires_at` says."""
        with self._state.lock:
            self._state.guest_sessions.pop(guest_session_id, None)

    def forget_session(self, session_id: str) -> None:
        """Ends a user session, as the user can on TMDB's site."""
        with self._state.lock:
            self._state.sessions.pop(session_id, None)

    # what was sent

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last requests, oldest first, in a list of the caller's own."""
        return self._engine.journal.requests

    @property
    def complaints(self) -> list[Complaint]:
        """What a strict simulator would have refused in the last requests, or has refused if it is strict.

        A program sends nothing that TMDB ignores if `simulator.complaints == []` after its tests.
        """
        return self._engine.journal.complaints

    def clear_requests(self) -> None:
        """Forgets the requests and the complaints so far."""
        self._engine.journal.clear()

    def count(self, operation: str) -> int:
        """How many requests an operation got, by its name (`v4/list-create`), refused and failed ones included.

        Raises:
            ValueError: Because there is no operation of that name.
        """
        check_name(operation, self._engine.operations)
        return self._engine.journal.count(operation)

    # faults

    def fail_next(
        self,
        http_status: int | None = None,
        *,
        tmdb_code: int | None = None,
        operation: str | None = None,
        path: str | None = None,
        where: Where | None = None,
        times: int | None = 1,
        every: int = 1,
        fraction: float | None = None,
        seed: int = 0,
        retry_after: float | str | None = None,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        disconnect: bool = False,
        reset: bool = False,
        truncate: int | None = None,
        body_delay: float = 0.0,
        drip: float = 0.0,
        drip_size: int = 1,
        garbage: bytes | None = None,
        body: bytes | str | Mapping[str, Any] | None = None,
        perform: bool = False,
    ) -> None:
        """Makes coming requests fail. Queued faults apply in order; each request takes the first that suits it.

        Args:
            http_status: The HTTP status to answer; the one that comes with `tmdb_code` if None. If nothing asks for
                another answer, the request is answered as usual, and only the transfer suffers.
            tmdb_code: TMDB's status code in the body, 1 to 47; the usual one for the HTTP status if None.
            operation: The name of the operation to fail, TMDB's id of it and in version 4 `v4/` before it; `image` for
                images, `site` for the pages of TMDB's site; any request if None.
            path: The path of the requests to fail, without the query; `*` and `?` stand for anything.
            where: Values that have to be in the query, the path or the body, by name, or a function that is given the
                request and says whether it is meant.
            times: How many requests fail; None for any number.
            every: Only every nth matching request fails: 3 for every third.
            fraction: The share of them that fails, at random: 0.1 for about every tenth.
            seed: The seed of that choice.
            retry_after: What `Retry-After` says: seconds, or a text such as an HTTP date.
            headers: Further headers of the answer, such as `location`.
            delay: Seconds to wait before answering.
            disconnect: Whether to close the connection in place of an answer.
            reset: Whether to reset the connection: in place of an answer, or after `truncate` bytes of the body.
            truncate: After how many bytes of the body to close the connection; the head announces all of it.
            body_delay: Seconds to wait between the head and the body.
            drip: Seconds to wait before each piece of the body.
            drip_size: How many bytes a piece has.
            garbage: Bytes to send in place of a response.
            body: What to send in place of a status body; bytes and text go out as they are.
            perform: Whether the request is carried out all the same, as when only the answer gets lost.

        Raises:
            ValueError: Because there is no operation of that name, or a number is out of range.
        """
        usual = Simulation.fail_next.__kwdefaults__ or {}
        given = {
            name: value
            for name, value in locals().items()
            if name not in ("self", "usual") and value != usual.get(name)
        }
        check_name(operation, self._engine.operations)
        _check_fault(fraction=fraction, tmdb_code=tmdb_code)
        _check_numbers(100, 599, http_status=http_status)
        _check_numbers(0, truncate=truncate)
        _check_numbers(0, LONGEST_WAIT, delay=delay, body_delay=body_delay, drip=drip)
        _check_numbers(1, every=every, times=times, drip_size=drip_size)
        _check_path(path)
        if http_status is None and body is not None:
            http_status = 200
        elif http_status is None and tmdb_code is not None:
            http_status = STATUSES[tmdb_code][0]
        elif http_status is None and retry_after is not None:
            http_status = 429
        sent = _read_headers(headers)
        if retry_after is not None:
            sent["retry-after"] = f"{retry_after}"
        content = b""
        if isinstance(body, (bytes, str)):
            content = body if isinstance(body, bytes) else body.encode()
        elif body is not None:
            content = encode(body)
        elif http_status is not None:
            content = encode(status_body(USUAL_CODE.get(http_status, 11) if tmdb_code is None else tmdb_code))
        condition = Condition(operation, path, where)
        wire = Wire(delay, disconnect, reset, truncate, body_delay, drip, drip_size, garbage)
        if http_status is None and not sent and wire == Wire(drip_size=drip_size):
            raise ValueError("nothing would fail: say how, such as http_status=503 or disconnect=True")
        fault = Fault(condition, http_status, sent, content, wire, perform, times, every, fraction, seed)
        fault.told = told(given)
        self._engine.faults.add(fault)

    @property
    def unfired_faults(self) -> list[str]:
        """The faults that have not happened even once, as they were asked for: a test that has some tests nothing."""
        return self._engine.faults.unfired

    def clear_faults(self) -> None:
        """Takes back the faults that have not happened yet."""
        self._engine.faults.clear()


def _check_fault(*, fraction: float | None, tmdb_code: int | None) -> None:
    if fraction is not None and not 0 < fraction <= 1:
        raise ValueError(f"fraction is above 0 and at most 1, not {fraction}")
    if tmdb_code is not None and tmdb_code not in STATUSES:
        raise ValueError(f"tmdb_code is 1 to {max(STATUSES)}, not {tmdb_code}")


def _check_numbers(least: float, most: float | None = None, **given: float | None) -> None:
    for name, value in given.items():
        if value is not None and not (least <= value and (most is None or value <= most)):
            span = f"{least} or more" if most is None else f"{least} to {most}"
            raise ValueError(f"{name} is {span}, not {value}")


def _read_headers(headers: Mapping[str, Any] | None) -> dict[str, str]:
    """Headers by lower-case name; a number stands for its digits."""
    read = {}
    for name, value in (headers or {}).items():
        if not _HEADER_NAME.fullmatch(name) or isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(f"headers are texts by name, not {name!r}: {value!r}")
        read[name.lower()] = str(value)
    return read


def _check_path(path: str | None) -> None:
    if path is not None and not path.startswith(("/", "*", "?", "[")):
        raise ValueError(f"path begins with / or *, not as in {path!r}")


def _check(*, api_key: str | None, access_token: str | None, journal_size: int) -> None:
    for name, value in (("api_key", api_key), ("access_token", access_token)):
        if value is not None and (not value or not value.isascii() or any(one.isspace() for one in value)):
            raise ValueError(f"{name} is letters, digits and signs without a space")
    if journal_size < 1:
        raise ValueError(f"journal_size is 1 or more, not {journal_size}")
