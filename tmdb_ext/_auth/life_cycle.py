"""The life cycle of the guest session: made when a call needs one, renewed when it has expired, given up on evidence.

A 401 with code 3 can mean that TMDB has forgotten the session, or that the operation is not for guests. The request is
repeated with another guest session. If TMDB takes that one, it is used from now on. If TMDB refuses it as well, the
operation is at fault, and the session stays, with its ratings.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, cast

from tmdb_ext._errors import TMDBError
from tmdb_ext._http.messages import Request, Response
from tmdb_ext._http.responses import status_of

from .carrying import Credentialed
from .guest import parse_guest_session
from .steps import Attempt, Notify, Run, Send, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmdb_ext._http.call import Call

    from .answer import Answer
    from .credentials import Secret
    from .guest import GuestPolicy, GuestSession
    from .sessions import Sessions
    from .steps import Failures, Steps

FORGOTTEN: Final = frozenset({(401, 3), (401, 17), (404, 37)})
"""HTTP status and TMDB status code of an answer to a session that the server does not know any more."""
MINUTE: Final = timedelta(minutes=1)
"""For how long an operation that refused two guest sessions is believed to refuse all."""
MOST_IN_A_MINUTE: Final = 10
"""How many guest sessions are made in a minute to replace refused ones."""

T = TypeVar("T")

_logger = logging.getLogger("tmdb_ext")


def is_forgotten(request: Request, response: Response) -> bool:
    """Return whether a response says that the server does not know the session any more. It may mean the operation."""
    if response.status not in (401, 404):
        return False
    return (response.status, status_of(request, response)[0]) in FORGOTTEN


class GuestLife:
    """Makes, renews and gives up the guest session of a client."""

    def __init__(
        self,
        sessions: Sessions,
        failures: Failures,
        policy: GuestPolicy,
        hook: Callable[[GuestSession], object] | None,
        ask: Callable[[Call], Steps[Answer]],
    ) -> None:
        """Begin with the session that `sessions` has.

        Args:
            sessions: where the session is.
            failures: of the attempts to make one.
            policy: how long one is used.
            hook: called after one was replaced.
            ask: asks TMDB for a new one.
        """
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._sessions = sessions
        self._failures = failures
        self._policy = policy
        self._hook = hook
        self._ask = ask
        self._refusals = _Refusals()

    def obtain(self, call: Call) -> Steps[GuestSession]:
        """Return the guest session to use, making one if there is none or if it has expired."""
        sessions = self._sessions

        def usable() -> GuestSession | None:
            guest = sessions.guest
            return None if guest is None or self._is_expired(guest) else guest

        guest, made = yield from self._once(call, usable, lambda: self._from_store_or_tmdb(call))
        if made:
            yield from self._announce(guest)
        return guest

    def note_use(self, guest: GuestSession, response: Response) -> Steps[None]:
        """Note that TMDB accepted a guest session, if it did."""
        if response.status < 400 and self._sessions.note_use(guest, self.now()):
            yield from self._save()

    def retry_as_another(
        self, call: Call, request: Request, refused: GuestSession, response: Response
    ) -> Steps[Response]:
        """Repeat a refused request with another guest session, if that is of use; return the last response to it."""
        sessions = self._sessions
        tried = [refused.id]

        def replacement() -> _Trial | None:
            """Return the session that somebody else has put in place meanwhile."""
            guest = sessions.guest
            usable = guest is not None and guest.id not in tried and not self._is_expired(guest)
            return _Trial(guest) if usable else None

        while self._policy.make and not self._refusals.is_hopeless(call, self.now()):
            trial, made = yield from self._once(call, replacement, lambda: self._try_another(call, request, tried))
            if trial.error is not None:
                raise trial.error
            if made and trial.guest is not None:
                yield from self._announce(trial.guest)
            if made or trial.guest is None:
                return trial.response or response
            response = yield _sent_as(trial.guest, request, call)
            if not is_forgotten(request, response):
                yield from self.note_use(trial.guest, response)
                return response
            tried.append(trial.guest.id)
        return response

    def _once(self, call: Call, ready: Callable[[], T | None], make: Callable[[], Steps[T]]) -> Steps[tuple[T, bool]]:
        """Return what `ready` has, or what `make` makes while all others wait, those of the store included."""
        store, key = self._sessions.store, self._sessions.guest_key
        return once(self._failures, call, Attempt("guest session"), ready, make, store, key)

    def _try_another(self, call: Call, request: Request, tried: list[Secret]) -> Steps[_Trial]:
        """Send a request with other sessions until one is taken, and use that one from now on.

        Everybody else whose session was refused waits meanwhile.
        """
        sessions, refusals, now = self._sessions, self._refusals, self.now()
        if refusals.is_hopeless(call, now):  # somebody else has found out meanwhile
            return _Trial(None)
        stored: GuestSession | None = yield Run(sessions.stored_guest)
        spare = refusals.spare
        known = [
            guest
            for guest in (stored, spare)
            if guest is not None and guest.id not in tried and not self._is_expired(guest)
        ]
        is_new = spare in known and spare is not None and spare.made_at is not None and now - spare.made_at < MINUTE
        response: Response | None = None
        # What a new one would show, a spare one that is new shows as well.
        for guest in known if is_new else (*known, None):
            if guest is None:
                if not refusals.may_make(now):
                    return _Trial(None, response)
                guest = yield from self._make(call)  # noqa: PLW2901 - the last one is made
                refusals.spare = guest
            try:
                response = cast("Response", (yield _sent_as(guest, request, call)))
            except TMDBError as error:
                return _Trial(None, error=error)
            if is_forgotten(request, response):
                tried.append(guest.id)
                continue
            if response.status >= 500 or response.status == 429:
                return _Trial(None, response)
            guest.replaces = True
            sessions.guest = guest
            if guest is refusals.spare:
                refusals.spare = None
            if response.status < 400:
                guest.used(now)
            yield from self._save()
            return _Trial(guest, response)
        refusals.note_hopeless(call, now)
        return _Trial(None, response)

    def _is_expired(self, guest: GuestSession) -> bool:
        # One that may not be replaced is used to the end: the server has the last word.
        return self._policy.make and guest.expired(self.now(), self._policy)

    def _from_store_or_tmdb(self, call: Call) -> Steps[GuestSession]:
        # Another user of the store may have made one meanwhile.
        stored: GuestSession | None = yield Run(self._sessions.stored_guest)
        if stored is not None and not self._is_expired(stored):
            former = self._sessions.guest
            stored.replaces = former is not None and former.id != stored.id
            self._sessions.guest = stored
            return stored
        session = yield from self._make(call)
        self._sessions.guest = session
        return (yield from self._save()) or session

    def _save(self) -> Steps[GuestSession | None]:
        """Write the session to the store; return the one of another worker that is in use in its place, or None."""
        found: GuestSession | None = yield Run(
            lambda: self._sessions.save_guest(lambda guest: not self._is_expired(guest)), is_last=True
        )
        if found is None:
            return None
        _logger.warning(
            "Another worker has put a guest session into the store, which replaces the one of this worker: "
            "what was rated with that one is lost."
        )
        hook = self._hook
        if hook is not None:
            yield Notify("on_guest_session_replaced", lambda: hook(found))
        return found

    def _make(self, call: Call) -> Steps[GuestSession]:
        """Make a guest session, which is not used yet."""
        answer = yield from self._ask(call)
        replaces = self._sessions.guest is not None
        session = parse_guest_session(answer.payload, answer.response.header("date"), self.now(), replaces=replaces)
        if session is None:
            raise answer.lacking("guest_session_id")
        return session

    def _announce(self, session: GuestSession) -> Steps[None]:
        """Say that there is a new session. The lock is free by now: the caller's hook may make calls of its own."""
        if not session.replaces:
            how = "Took a guest session from the store" if session.proven else "Made a guest session"
            _logger.info("%s; it expires at %s.", how, session.expires_at or "a time TMDB did not give")
            return
        _logger.warning(
            "The guest session had expired or was gone at TMDB, and a new one replaces it: "
            "what was rated with the former one is lost."
        )
        hook = self._hook
        if hook is not None:
            yield Notify("on_guest_session_replaced", lambda: hook(session))


class _Refusals:
    """What has become known of refusals. All of it is forgotten after a minute, so that nothing fails for ever."""

    def __init__(self) -> None:
        self.spare: GuestSession | None = None
        """A session that was made to try an operation, and not taken into use."""
        self._operations: dict[str | None, datetime] = {}
        self._made: list[datetime] = []

    def is_hopeless(self, call: Call, now: datetime) -> bool:
        """Return whether another session would be of no use to the operation of a call."""
        since = self._operations.get(_operation(call))
        return since is not None and now - since < MINUTE

    def note_hopeless(self, call: Call, now: datetime) -> None:
        """Note that the operation of a call refused two sessions."""
        self._operations[_operation(call)] = now

    def may_make(self, now: datetime) -> bool:
        """Return whether another session may be made, and note that it is."""
        self._made = [at for at in self._made if now - at < MINUTE]
        if len(self._made) >= MOST_IN_A_MINUTE:
            return False
        self._made.append(now)
        return True


class _Trial(NamedTuple):
    """What came of another session."""

    guest: GuestSession | None
    """The session that is in use now, or None if there is no other."""
    response: Response | None = None
    """The response to the request with it, if that was sent."""
    error: TMDBError | None = None
    """What ended the request with it, which says nothing about the session."""


def _sent_as(guest: GuestSession, request: Request, call: Call) -> Send:
    request.carried = cast("Credentialed", request.carried)._replace(guest=guest.id)
    return Send(request, call)


def _operation(call: Call) -> str | None:
    return None if call.operation is None else call.operation.id
