"""Which application and which user a request speaks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tmdb_ext.testing._call import Caller
from tmdb_ext.testing._document import Match, Operation
from tmdb_ext.testing._state import AccessToken, State
from tmdb_ext.testing._status import StatusError


def bearer_of(state: State, headers: dict[str, str]) -> AccessToken | None:
    """The token in the Authorization header, or None if there is no such header.

    Raises:
        StatusError: With code 7, because the header carries no token that we issued.
    """
    header = headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    token = state.access_tokens.get(value.strip())
    if scheme.lower() != "bearer" or token is None:
        raise StatusError(7)
    return token


def check_application(
    state: State, operation: Operation | None, headers: dict[str, str], sent: Mapping[str, str]
) -> None:
    """Checks that a bearer token or an API key comes with the request, and that whichever comes is right.

    Args:
        state: Who is known.
        operation: What is asked for; None for an unknown path.
        headers: The request's headers.
        sent: Its query and the credentials in its body, by name.

    Raises:
        StatusError: With code 7, 10 for an application that has been suspended, or 3 for an API key alone where a
            bearer token is needed.
    """
    token = bearer_of(state, headers)
    key = sent.get("api_key")
    if key not in (None, state.api_key) or (token is None and key is None):
        raise StatusError(7)
    if state.suspended:
        raise StatusError(10)
    if operation is not None and operation.bearer_only and token is None:
        raise StatusError(3)


def find_caller(
    state: State,
    match: Match,
    appended: Iterable[Operation],
    headers: dict[str, str],
    values: Mapping[str, str],
) -> Caller:
    """The user or guest that the request speaks for.

    Args:
        state: Who is known.
        match: The operation, and the path's values: listings of a guest session have its id there.
        appended: The operations that it appends; a session may be there for one of those.
        headers: The headers: in version 4 the bearer token says who the user is.
        values: The query by name.

    Raises:
        StatusError: With code 3, because the operation needs somebody and nobody who suits it is named, or with code 36
            for an application's token where a user's is needed.
    """
    if match.operation.template.startswith("/4/"):
        return _bearer_of_user(state, match.operation, headers)
    if "guest_session_id" in match.path:
        return Caller(guest=state.use_guest_session(match.path["guest_session_id"]))
    operations = [match.operation, *appended]
    if "session_id" in values and any(one.takes_session for one in operations):
        user = state.sessions.get(values["session_id"])
        if user is None:
            raise StatusError(3)
        state.check_standing(user)
        return Caller(user=user)
    if "guest_session_id" in values and any(one.takes_guest_session for one in operations):
        return Caller(guest=state.use_guest_session(values["guest_session_id"]))
    if match.operation.needs_session:
        raise StatusError(3)
    return Caller()


def _bearer_of_user(state: State, operation: Operation, headers: dict[str, str]) -> Caller:
    token = bearer_of(state, headers)
    user = token.user if token is not None else None
    if user is not None:
        state.check_standing(user)
    elif operation.needs_user_token:
        raise StatusError(36)
    return Caller(user=user)
