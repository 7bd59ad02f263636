"""The auth flow: which credentials a call carries, how missing ones are got, and what a refusal of one means.

`AuthFlow.perform` is one generator for sync and async. It yields the requests to send, extra ones included (making a
guest session, looking up the account id, converting a token), and the other steps that only a driver can take.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import parse_qs

from tmdb_ext._errors import ConfigurationError, SessionDenied
from tmdb_ext._http.messages import Request, Response
from tmdb_ext._http.responses import api_error, parse
from tmdb_ext._operations import get_operation, name_of

from .answer import Answer
from .carrying import Credentialed, has_placeholder
from .credentials import LABELS, Claims, CredentialName, Credentials, Secret, claims_of
from .guest import GuestPolicy, GuestSession, is_usable_id
from .life_cycle import GuestLife, is_forgotten
from .modes import mode_in_force
from .selection import Held, Mode, Plan, select
from .sessions import AccountIds, Sessions, UserAccessToken, UserSession, digest
from .steps import Attempt, Failures, Run, Send, Steps, once

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext._http.call import Call
    from tmdb_ext._http.messages import Origin
    from tmdb_ext._stores import SessionStore

    from .sessions import Identity

ACCOUNT_PATH: Final = "/3/account"
"""Answers with the account of the session in the query, whose id v3 wants in 11 paths."""
GUEST_SESSION_PATH: Final = "/3/authentication/guest_session/new"
CONVERT_PATH: Final = "/3/authentication/session/convert/4"

_logger = logging.getLogger("tmdb_ext")


class FlowSettings(NamedTuple):
    """What the auth flows of clients for several users have in common."""

    origin: Origin
    """Where credentials may go."""
    prefix: str
    """The path of the base address, before the operations' own."""
    store: SessionStore
    policy: GuestPolicy
    mode: Mode
    hook: Callable[[GuestSession], object] | None
    """Called after a guest session was replaced."""
    account_ids: AccountIds

    @property
    def address(self) -> str:
        """The base address."""
        return f"{self.origin}{self.prefix}"


class AuthFlow:
    """Decides which credentials a request carries, gets those that are missing, and adds them."""

    def __init__(self, settings: FlowSettings, application: Credentials, sessions: Sessions) -> None:
        """Make a flow for one user, or for none.

        Args:
            settings: what it shares with the flows for other users.
            application: the credentials of the application; what is a user's in it does not count.
            sessions: the user's, and the guest's.
        """
        self.application = application
        self.sessions = sessions
        self.failures: Failures = Failures()
        self.settings = settings
        self.guests: GuestLife = GuestLife(
            sessions, self.failures, settings.policy, settings.hook, self._new_guest_session
        )
        self._access_token_claims = claims_of(application.access_token)

    def __repr__(self) -> str:
        return f"<AuthFlow {self.application!r}, mode={self.mode!r}>"

    # What is held, and what it comes to

    @property
    def mode(self) -> Mode:
        """The mode in force here: that of the innermost `acting_as` block, else the client's."""
        return mode_in_force(self, self.settings.mode)

    def loaded(self) -> Steps[None]:
        """Read the store, if that has not been done."""
        if not self.sessions.is_loaded:
            yield Run(self.sessions.load)

    def known(self, must_not_wait: Callable[[object], bool]) -> Sessions:
        """Return the sessions, after reading the store if that has not been done, which may wait.

        Args:
            must_not_wait: whether nobody here may wait for the store.

        Raises:
            ConfigurationError: the store has not been read, and an event loop would have to wait for it.
        """
        sessions = self.sessions
        if not sessions.is_loaded and must_not_wait(sessions.store):
            raise ConfigurationError(
                "The store is on another machine and has not been read yet, and the event loop must not wait for it: "
                "await tmdb.auth.load() first. Calls read it by themselves."
            )
        sessions.load()
        return sessions

    def held(self) -> Held:
        """Return what there is to choose from, without values."""
        sessions = self.sessions
        token = sessions.token
        held: set[CredentialName] = {name for name in ("api_key", "access_token") if getattr(self.application, name)}
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
            self.settings.policy.make,
            sessions.converts,
            tuple(name for name, claim in claims.items() if claim.reads_only),
            tuple(name for name, claim in claims.items() if claim.writes),
        )

    def explain(self, operation_id: str, *, mode: Mode | None = None) -> Plan:
        """Return the credentials that a call of the operation would carry now, and why.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        return self._plan(get_operation(operation_id), mode)

    def _plan(self, operation: Operation | None, mode: Mode | None, given: frozenset[str] = frozenset()) -> Plan:
        """Return the credentials that a request carries beside those that are `given` with it."""
        return select(
            name_of(operation) if operation else None,
            operation.user_auth if operation else "none",
            self.held(),
            mode=mode or self.mode,
            path=operation.path if operation else "",
            bearer_only=operation is not None and operation.bearer_only,
            given=given,
        )

    def for_user(self, identity: Identity, store_key: str | None) -> AuthFlow:
        """Return the flow for a user, who shares nothing with the user of this one but the application.

        Raises:
            ConfigurationError: there is no credential of the application.
        """
        application = self.application.of_application()
        application.user_access_token = None if identity.token is None else identity.token.token
        application.require_application()
        settings = self.settings
        sessions = Sessions(
            settings.store,
            settings.address,
            identity.name() if store_key is None else store_key,
            guest=identity.guest,
            user=identity.user,
            token=identity.token,
            account_id=identity.account_id,
            account_ids=settings.account_ids,
            reads_store=store_key is not None,
        )
        return AuthFlow(settings, application, sessions)

    def check_session_can_be_kept(self) -> None:
        """Check that calls have a credential of the application beside the session of a login.

        Raises:
            ConfigurationError: the token of the present user is all there is, and it would go.
        """
        if self.application.access_token is self.application.api_key is None:
            raise ConfigurationError(
                "This client makes its calls with the token of its user, which a login of v3 would replace. Give it "
                "access_token= or api_key= as well, log in with tmdb.v4.auth, or use keep=False. Nothing was sent."
            )

    # The flow

    def perform(self, call: Call, request: Request) -> Steps[Response]:
        """Send a request with the credentials that it needs; the result is the response."""
        self._refuse_other_origin(request.origin)
        yield from self.loaded()
        path = call.operation.path if call.operation else ""
        plan = yield from self._planned(call, request, path)
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
            guest = yield from self.guests.obtain(call)
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
        if guest is not None and not is_forgotten(request, response):
            yield from self.guests.note_use(guest, response)
        elif guest is not None:
            response = yield from self.guests.retry_as_another(call, request, guest, response)
        elif user is not None and is_forgotten(request, response):
            successor = yield from self._user_successor(call, user)
            if successor is not None:
                carried = carried._replace(session=successor.id)
                if carried.account_id is not None:
                    carried = carried._replace(account_id=(yield from self._account_id_of(call, successor.id)))
                request.carried = carried
                response = yield Send(request, call)
        elif plan.application == "user_access_token" and response.status == 401:
            again = yield from self._with_the_stored_token(call, request)
            if again is not None:
                request.carried = again
                response = yield Send(request, call)
        return response

    def _planned(self, call: Call, request: Request, path: str) -> Steps[Plan]:
        """Return the credentials that a request carries; somebody may have logged in since the store was read."""
        mode, given = cast("Mode | None", call.mode), _given(request, path)
        refusal: ConfigurationError | None = None
        try:
            return self._plan(call.operation, mode, given)
        except ConfigurationError as error:
            refusal = error
        if (yield Run(self.sessions.reload)):
            return self._plan(call.operation, mode, given)
        raise refusal

    def _with_the_stored_token(self, call: Call, request: Request) -> Steps[Credentialed | None]:
        """Return what to carry after a user access token was refused, if the store has another one by now."""
        former = cast("Credentialed", request.carried)
        if not (yield Run(self.sessions.reload)) or self.sessions.token is None:
            return None
        carried = former._replace(bearer=self.sessions.token.token)
        if carried.bearer == former.bearer:
            return None
        if carried.account_object_id is not None:
            carried = carried._replace(account_object_id=self._account_object_id(call, request, carried))
        return carried

    def _carried(self, plan: Plan) -> Credentialed:
        """Return what `plan` comes to, as far as it is there already: sessions follow."""
        name = plan.application
        bearer: Secret | None = None
        if name == "access_token":
            bearer = self.application.access_token
        elif name == "user_access_token":
            token = self.sessions.token
            if token is None:  # another thread has ended it since
                raise ConfigurationError("The user has been logged out. Nothing was sent.", operation=plan.operation)
            bearer = token.token
        api_key = self.application.api_key if name == "api_key" else None
        return Credentialed(plan.user, bearer, name == "user_access_token", api_key)

    def account_object_id(self) -> str:
        """Return the id of the account in v4 that calls for the user act for; the store has been read.

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
        if origin != self.settings.origin:
            raise ConfigurationError(
                f"This client talks to {self.settings.origin}, and the request was for {origin}. "
                "Credentials go to no other scheme, host or port; nothing was sent."
            )

    # Sessions

    def _new_guest_session(self, call: Call) -> Steps[Answer]:
        return self.ask(call, "GET", GUEST_SESSION_PATH, "authentication-create-guest-session")

    def has_user(self) -> Steps[bool]:
        """Return whether there is a session or a token of a user."""
        yield from self.loaded()
        return self.sessions.user is not None or (self.sessions.token is not None and self.sessions.converts)

    def obtain_guest_session(self, call: Call) -> Steps[GuestSession]:
        """Return the guest session to use, making one if there is none or if it has expired."""
        yield from self.loaded()
        return (yield from self.guests.obtain(call))

    def forget_guest_session(self) -> Steps[None]:
        """Stop using the guest session; the next call that needs one makes a new one."""
        yield from self.loaded()
        yield Run(self.sessions.forget_guest)

    def _user_session(self, call: Call) -> Steps[UserSession]:
        if self.sessions.user is not None:
            return self.sessions.user
        return (yield from self.convert(call))

    def convert(self, call: Call, refused: UserSession | None = None) -> Steps[UserSession]:
        """Return the session that comes from the user access token, making it if there is none."""
        yield from self.loaded()
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
        stored: UserSession | None = yield Run(lambda: self.sessions.stored_user(self.sessions.token))
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
        session = (yield Run(lambda: self.sessions.use_converted(session), is_last=True)) or session
        _logger.info("Converted the user access token to a session.")
        return session

    def use_user(self, session: UserSession) -> Steps[None]:
        """Act for the user of `session` from now on, and keep it in the store."""
        yield from self.loaded()
        yield Run(lambda: self.sessions.use_user(session))

    def use_token(self, token: UserAccessToken) -> Steps[None]:
        """Act for the user of `token` from now on, and keep it in the store."""
        yield from self.loaded()
        yield Run(lambda: self.sessions.use_token(token))

    def _user_successor(self, call: Call, refused: UserSession) -> Steps[UserSession | None]:
        """Return the session to repeat `request` with, after the server refused one, or None."""
        if (yield Run(self.sessions.reload)):
            # Another worker has logged in anew.
            user = self.sessions.user
            if user is None and self.sessions.token is not None:
                user = yield from self.convert(call)
            if user is not None and user.id != refused.id:
                return user
        # Only one that comes from the user access token can be made anew without the user.
        token = self.sessions.token
        ours = token is not None and refused.token_digest == digest(token.token)
        if not (ours and self.sessions.converts):
            return None
        # If TMDB still knows the session, `request` is repeated with the same one: the caller gets the last answer, and
        # that has to be the one to `request`.
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
        yield from self.loaded()
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
        if found and user is not None and user.id == session and user.source != "given":
            yield Run(self.sessions.save_user, is_last=True)
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
        request = Request(method, self.settings.origin, self.settings.prefix + path, headers, content)
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
