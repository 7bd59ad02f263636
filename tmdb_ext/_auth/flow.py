"""The auth flow: which credentials a call carries, how missing ones are got, and what a refusal of one means.

`AuthFlow.perform` is one generator for sync and async. It yields the requests to send, extra ones included (making a
guest session, looking up the account id, converting a token), and the other steps that only a driver can take.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import parse_qs

from tmdb_ext._errors import ConfigurationError, DecodeError, SessionDenied
from tmdb_ext._http.messages import Request, Response
from tmdb_ext._http.responses import api_error, lacking, parse, status_of
from tmdb_ext._operations import get_operation, name_of

from .carrying import Credentialed, has_placeholder
from .credentials import LABELS, Claims, CredentialName, Credentials, Secret, claims_of
from .guest import GuestPolicy, GuestSession, is_usable_id, parse_guest_session
from .modes import check_mode, mode_in_force
from .selection import Held, Mode, Plan, select
from .sessions import Sessions, UserAccessToken, UserSession, digest
from .steps import Attempt, Failures, Notify, Run, Send, Steps, once

if TYPE_CHECKING:
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.messages import Origin
    from tmdb_ext._stores import SessionStore

ACCOUNT_PATH: Final = "/3/account"
"""Answers with the account of the session in the query, whose id v3 wants in 11 paths."""
GUEST_SESSION_PATH: Final = "/3/authentication/guest_session/new"
CONVERT_PATH: Final = "/3/authentication/session/convert/4"
FORGOTTEN: Final = frozenset({(401, 3), (401, 17), (404, 37)})
"""HTTP status and TMDB status code of an answer to a session that the server does not know any more."""

_logger = logging.getLogger("tmdb_ext")


class Answer(NamedTuple):
    """The answer to a request of the flow's own."""

    payload: Any
    """Its JSON."""
    call: Call
    request: Request
    response: Response

    def lacking(self, name: str) -> DecodeError:
        """Return the error for an answer that lacks what it was asked for."""
        return lacking(self.call, self.request, self.response, name)


class AuthFlow:
    """Decides which credentials a request carries, gets those that are missing, and adds them."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        origin: Origin,
        prefix: str = "",
        store: SessionStore,
        policy: GuestPolicy,
        mode: Mode = "auto",
        on_guest_session_replaced: Callable[[GuestSession], object] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.credentials = credentials
        self.origin = origin
        """Where credentials may go."""
        self.prefix = prefix
        """The path of the base address, before the operations' own."""
        self.sessions = Sessions(credentials, store, f"{origin}{prefix}")
        self.failures = Failures()
        self._access_token_claims = claims_of(credentials.access_token)
        self._policy = policy
        self._mode = check_mode(mode)
        self._hook = on_guest_session_replaced
        self._now = now

    def __repr__(self) -> str:
        return f"<AuthFlow {self.credentials!r}, mode={self.mode!r}>"

    # What is held, and what it comes to

    @property
    def mode(self) -> Mode:
        """The mode in force here: that of the innermost `acting_as` block, else the client's."""
        return mode_in_force(self, self._mode)

    def held(self) -> Held:
        """Return what there is to choose from, without values."""
        sessions = self.sessions
        token = sessions.token
        held: set[CredentialName] = {name for name in ("api_key", "access_token") if getattr(self.credentials, name)}
        claims: dict[CredentialName, Claims] = {"access_token": self._access_token_claims}
        if token is not None:
            held.add("user_access_token")
            claims["user_access_token"] = token.claims
        if sessions.user is not None:
            held.add("session_id")
        if sessions.guest is not None:
            held.add("guest_session_id")
        return Held(
            tuple(name for name in LABELS if name in held),
            self._policy.make,
            sessions.converts,
            tuple(name for name, claim in claims.items() if claim.reads_only),
            tuple(name for name, claim in claims.items() if claim.writes),
        )

    def explain(self, operation_id: str, *, mode: Mode | None = None) -> Plan:
        """Return the credentials that a call of the operation would carry now, and why.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        operation = get_operation(operation_id)
        return select(
            name_of(operation),
            operation.user_auth,
            self.held(),
            mode=mode or self.mode,
            path=operation.path,
            bearer_only=operation.bearer_only,
        )

    # The flow

    def perform(self, call: Call, request: Request) -> Steps[Response]:
        """Send a request with the credentials that it needs; the result is the response."""
        self._refuse_other_origin(request.origin)
        operation = call.operation
        path = operation.path if operation else ""
        plan = select(
            name_of(operation) if operation else None,
            operation.user_auth if operation else "none",
            self.held(),
            mode=cast("Mode | None", call.mode) or self.mode,
            path=path,
            bearer_only=operation is not None and operation.bearer_only,
            given=_given(request, path),
        )
        carried = self._carried(plan)
        if any(name == "authorization" for name, _ in request.headers):
            carried = carried._replace(is_personal=True)
        if _may_have(path, "account_object_id") and has_placeholder(request.target, "account_object_id"):
            carried = carried._replace(account_object_id=self._account_object_id(call, request, carried))
        user: UserSession | None = None
        guest: GuestSession | None = None
        if plan.user == "session_id":
            user = yield from self._user_session(call)
            carried = carried._replace(session=user.id)
        elif plan.user == "guest_session_id":
            guest = yield from self.obtain_guest_session(call)
            carried = carried._replace(guest=guest.id)
        if _may_have(path, "account_id") and has_placeholder(request.target, "account_id"):
            given = _given_session(request)
            if user is not None:
                user, account_id = yield from self._account_of(call, user)
                carried = carried._replace(session=user.id, account_id=account_id)
            elif given is not None:
                carried = carried._replace(account_id=(yield from self._account_id_of(call, given)))

        request.carried = carried
        response: Response = yield Send(request, call)
        if guest is not None and not _is_forgotten(request, response):
            yield from self._note_use(guest, response)
        elif guest is not None:
            guest = yield from self._guest_successor(call, guest)
            if guest is not None:
                request.carried = carried._replace(guest=guest.id)
                response = yield Send(request, call)
                yield from self._note_use(guest, response)
        elif user is not None and _is_forgotten(request, response):
            user = yield from self._user_successor(call, user)
            if user is not None:
                request.carried = carried._replace(session=user.id)
                response = yield Send(request, call)
        return response

    def _carried(self, plan: Plan) -> Credentialed:
        """Return what `plan` comes to, as far as it is there already: sessions follow."""
        name = plan.application
        bearer: Secret | None = None
        if name == "access_token":
            bearer = self.credentials.access_token
        elif name == "user_access_token":
            token = self.sessions.token
            if token is None:  # another thread has ended it since
                raise ConfigurationError("The user has been logged out. Nothing was sent.", operation=plan.operation)
            bearer = token.token
        api_key = self.credentials.api_key if name == "api_key" else None
        return Credentialed(plan.user, bearer, name == "user_access_token", api_key)

    def account_object_id(self) -> str:
        """Return the id of the account in v4 that calls for the user act for.

        Raises:
            ConfigurationError: no user access token is held, or it does not tell.
        """
        operation = get_operation("v4/account-lists")
        plan = select(name_of(operation), operation.user_auth, self.held())
        return self._object_id_of(self._carried(plan).bearer, {"operation": name_of(operation)})

    def _account_object_id(self, call: Call, request: Request, carried: Credentialed) -> str:
        """Return the id of the account in v4 that the bearer acts for."""
        given = next((value for name, value in request.headers if name == "authorization"), None)
        bearer = carried.bearer if given is None else Secret(given.rpartition(" ")[2])
        return self._object_id_of(bearer, call.describe(request))

    def _object_id_of(self, bearer: Secret | None, context: Mapping[str, Any]) -> str:
        token = self.sessions.token
        if token is not None and token.token == bearer:
            account = token.account_object_id
        else:
            account = claims_of(bearer).account_object_id
        if account is None:
            raise ConfigurationError(
                f"{context['operation']} has the account object id in its path, and the token does not tell it. "
                "Pass account_object_id=, 24 hexadecimal digits. Nothing was sent.",
                **context,
            )
        return account

    def _refuse_other_origin(self, origin: Origin) -> None:
        if origin != self.origin:
            raise ConfigurationError(
                f"This client talks to {self.origin}, and the request was for {origin}. "
                "Credentials go to no other scheme, host or port; nothing was sent."
            )

    # The guest session

    def _note_use(self, guest: GuestSession, response: Response) -> Steps[None]:
        if response.status < 400 and self.sessions.note_use(guest, self._now()):
            yield Run(self.sessions.save_guest)

    def obtain_guest_session(self, call: Call) -> Steps[GuestSession]:
        """Return the guest session to use, making or replacing it where that is needed."""

        def usable() -> GuestSession | None:
            guest = self.sessions.guest
            return None if guest is None or self._is_expired(guest) else guest

        return (yield from self._one_guest_session(usable, call, refused=None))

    def forget_guest_session(self) -> Steps[None]:
        """Stop using the guest session; the next call that needs one makes a new one."""
        yield Run(self.sessions.forget_guest)

    def _is_expired(self, guest: GuestSession) -> bool:
        # One that may not be replaced is used to the end: the server has the last word.
        return self._policy.make and guest.expired(self._now(), self._policy)

    def _guest_successor(self, call: Call, refused: GuestSession) -> Steps[GuestSession | None]:
        """Return the session to repeat `request` with, after the server refused one; None where it is not repeated."""
        # A replacement that has never been accepted shows that the session is not what is wrong: without this, every
        # call that is refused for another reason would make yet another session.
        hopeless = refused.replaces and not refused.proven and self.sessions.guest is refused
        if not self._policy.make or hopeless:
            return None

        def other() -> GuestSession | None:
            return None if self.sessions.guest is refused else self.sessions.guest

        return (yield from self._one_guest_session(other, call, refused=refused))

    def _one_guest_session(
        self, ready: Callable[[], GuestSession | None], call: Call, *, refused: GuestSession | None
    ) -> Steps[GuestSession]:
        sessions = self.sessions
        guest, made = yield from once(
            self.failures,
            call,
            Attempt("guest session"),
            ready,
            lambda: self._guest_session_from_store_or_tmdb(call, refused),
            sessions.store,
            sessions.guest_key,
        )
        if made:
            yield from self._announce(guest)
        return guest

    def _guest_session_from_store_or_tmdb(self, call: Call, refused: GuestSession | None) -> Steps[GuestSession]:
        former = self.sessions.guest
        # Another user of the store may have made one meanwhile.
        stored: GuestSession | None = yield Run(self.sessions.stored_guest)
        if stored is not None and not self._is_expired(stored) and (refused is None or stored.id != refused.id):
            stored.replaces = former is not None and former.id != stored.id
            self.sessions.guest = stored
            return stored
        answer = yield from self.ask(call, "GET", GUEST_SESSION_PATH, "authentication-create-guest-session")
        session = parse_guest_session(
            answer.payload, answer.response.header("date"), self._now(), replaces=former is not None
        )
        if session is None:
            raise answer.lacking("guest_session_id")
        self.sessions.guest = session
        yield Run(self.sessions.save_guest)
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

    # The user session

    def _user_session(self, call: Call) -> Steps[UserSession]:
        if self.sessions.user is not None:
            return self.sessions.user
        return (yield from self.convert(call))

    def convert(self, call: Call, refused: UserSession | None = None) -> Steps[UserSession]:
        """Return the session that comes from the user access token, making it where there is none."""
        token = self.sessions.token
        if token is None or not self.sessions.converts:
            raise ConfigurationError("This client holds no user access token to make a user session from.")

        def ready() -> UserSession | None:
            session = self.sessions.user
            return None if session is None or session is refused else session

        session, _ = yield from once(
            self.failures,
            call,
            Attempt("user session"),
            ready,
            lambda: self._session_from_store_or_token(call, token.token, refused),
            self.sessions.store,
            self.sessions.user_key,
        )
        return session

    def _session_from_store_or_token(
        self, call: Call, token: Secret, refused: UserSession | None
    ) -> Steps[UserSession]:
        if refused is not None:
            alive = yield from self._is_alive(call, refused.id)
            if alive:
                return refused
        stored: UserSession | None = yield Run(self.sessions.stored_user)
        if stored is not None and (refused is None or stored.id != refused.id):
            self.sessions.user = stored
            return stored
        answer = yield from self.ask(
            call,
            "POST",
            CONVERT_PATH,
            "authentication-create-session-from-v4-token",
            body={"access_token": token},
        )
        session = UserSession(session_id_in(answer), "converted", token_digest=digest(token))
        yield from self.use_user(session)
        _logger.info("Converted the user access token to a session.")
        return session

    def use_user(self, session: UserSession) -> Steps[None]:
        """Act for the user of `session` from now on, and keep it in the store."""
        self.sessions.user = session
        yield Run(self.sessions.save_user)

    def use_token(self, token: UserAccessToken) -> Steps[None]:
        """Act for the user of `token` from now on, and keep it in the store."""
        self.sessions.use_token(token)
        yield Run(self.sessions.save_token)

    def _user_successor(self, call: Call, refused: UserSession) -> Steps[UserSession | None]:
        """Return the session to repeat `request` with, after the server refused one; None where it is not repeated.

        Only one that comes from the user access token can be made anew without the user.
        """
        token = self.sessions.token
        ours = token is not None and refused.token_digest == digest(token.token)
        if not (ours and self.sessions.converts):
            return None
        # Where TMDB still knows the session, `request` is repeated with the same one: httpx gives the caller the last
        # answer that the flow got, and that has to be the one to `request`.
        return (yield from self.convert(call, refused))

    def _is_alive(self, call: Call, session: Secret) -> Steps[bool]:
        """Return whether TMDB still knows a session. A refusal can also mean that the thing belongs to another user."""
        try:
            yield from self._look_up_account(call, session)
        except SessionDenied:
            return False
        return True

    # The account id

    def obtain_account_id(self, call: Call, *, mode: Mode | None = None) -> Steps[int]:
        """Return the id of the account that the user session belongs to, looking it up once per session."""
        select("account-details", "session", self.held(), mode=mode or self.mode)
        user = yield from self._user_session(call)
        return (yield from self._account_of(call, user))[1]

    def _account_of(self, call: Call, user: UserSession) -> Steps[tuple[UserSession, int]]:
        """Return the id of the account of `user`; with another session where it was ended and can be made anew."""
        refusal: SessionDenied | None = None
        try:
            return user, (yield from self._account_id_of(call, user.id))
        except SessionDenied as error:
            refusal = error
        successor = yield from self._user_successor(call, user)
        if successor is None:
            raise refusal
        return successor, (yield from self._account_id_of(call, successor.id))

    def _account_id_of(self, call: Call, session: Secret) -> Steps[int]:
        account_id, found = yield from once(
            self.failures,
            call,
            Attempt("account id", hash(session)),
            lambda: self.sessions.account_id(session),
            lambda: self._look_up_account(call, session),
        )
        user = self.sessions.user
        if found and user is not None and user.id == session:
            yield Run(self.sessions.save_user)
        return account_id

    def _look_up_account(self, call: Call, session: Secret) -> Steps[int]:
        answer = yield from self.ask(
            call,
            "GET",
            ACCOUNT_PATH,
            "account-details",
            session=session,
        )
        value = answer.payload.get("id") if isinstance(answer.payload, dict) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise answer.lacking("id")
        self.sessions.note_account_id(session, value)
        return value

    # Requests of the flow's own

    def ask(
        self,
        call: Call,
        method: str,
        path: str,
        operation: str,
        *,
        session: Secret | None = None,
        bearer: Secret | None = None,
        body: Mapping[str, Secret | str] | None = None,
    ) -> Steps[Answer]:
        """Send a request of the flow's own, within the deadline of `call`; return the answer.

        It carries the application's credential, or `bearer` if one is given.
        """
        row = get_operation(operation)
        call = call.beside(row)
        headers, content = call.headers, b""
        if body is not None:
            content = json.dumps({name: _revealed(value) for name, value in body.items()}).encode()
            headers = (*headers, ("content-type", "application/json"))
        request = Request(method, self.origin, self.prefix + path, headers, content)
        carried = Credentialed(bearer=bearer)
        if bearer is None:
            carried = self._carried(select(operation, "none", self.held(), bearer_only=row.bearer_only))
        if session is not None:
            carried = carried._replace(user="session_id", session=session)
        request.carried = carried
        response: Response = yield Send(request, call)
        payload = parse(response)
        if response.status >= 300 or (isinstance(payload, dict) and payload.get("success") is False):
            raise api_error(call, request, response)
        return Answer(payload, call, request, response)


def _given(request: Request, path: str) -> frozenset[str]:
    """Return which credentials the caller put into the request already."""
    query = request.target.partition("?")[2]
    names = parse_qs(query, keep_blank_values=True) if "session_id=" in query or "api_key=" in query else {}
    given: set[str] = {name for name in ("session_id", "guest_session_id") if name in names}
    if "{guest_session_id}" in path and not has_placeholder(request.target, "guest_session_id"):
        given.add("guest_session_id")
    if "api_key" in names or any(name == "authorization" for name, _ in request.headers):
        given.add("application")
    return frozenset(given)


def _given_session(request: Request) -> Secret | None:
    """Return the session that the caller put into the request."""
    values = parse_qs(request.target.partition("?")[2]).get("session_id")
    return Secret(values[0]) if values else None


def _is_forgotten(request: Request, response: Response) -> bool:
    if response.status not in (401, 404):
        return False
    return (response.status, status_of(request, response)[0]) in FORGOTTEN


def session_id_in(answer: Answer) -> Secret:
    """Return the session id that TMDB has made.

    Raises:
        DecodeError: there is none in the answer.
    """
    value = answer.payload.get("session_id") if isinstance(answer.payload, dict) else None
    if not is_usable_id(value):
        raise answer.lacking("session_id")
    return Secret(value)


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _may_have(path: str, name: str) -> bool:
    """Return whether a request of this path template may have the placeholder; without a template, any may."""
    return not path or f"{{{name}}}" in path
