"""Which credentials a call carries: a pure decision, made before anything is sent.

The least that serves is sent. An operation that takes no user credential gets none; a bearer token goes before an API
key, which would travel in the URL; a user session goes before a guest session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ._credentials import LABELS, CredentialName, variable_name
from ._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

UserAuth = Literal["none", "session", "guest_session", "either", "user_access_token", "optional_user_access_token"]
Mode = Literal["auto", "session", "guest", "application"]
MODES: Final[tuple[Mode, ...]] = ("auto", "session", "guest", "application")

_ACCEPTED: Final[dict[UserAuth, tuple[str, ...]]] = {
    "none": (),
    "session": ("a user session",),
    "guest_session": ("a guest session",),
    "either": ("a user session", "a guest session"),
}


class Held(NamedTuple):
    """What a client has to offer, as facts without values."""

    credentials: tuple[CredentialName, ...] = ()
    makes_guest_sessions: bool = False
    converts: bool = True
    """Whether a user access token may be made into a session."""


class Plan(NamedTuple):
    """The credentials that a call would carry, without their values, and why these."""

    operation: str | None
    """TMDB's name for the operation, or None for a request that no operation describes."""
    application: CredentialName | None
    """The application-level credential; None where the request already carries one of the caller's."""
    user: Literal["session_id", "guest_session_id"] | None
    """The user-level credential that is added; None where none is needed or the caller gave one."""
    source: Literal["held", "made on demand", "converted from the user access token"] | None
    """Where the user-level credential comes from."""
    carries: tuple[str, ...]
    """Where each credential goes in the request."""
    reason: str
    """Why these were chosen."""

    def __str__(self) -> str:
        carried = ", ".join(self.carries) or "nothing of ours"
        return f"{self.operation or 'this request'} carries {carried}: {self.reason}."


def select(
    operation: str | None,
    accepts: UserAuth,
    held: Held,
    *,
    mode: Mode = "auto",
    path: str = "",
    given: Collection[str] = (),
) -> Plan:
    """Decide which credentials a call carries.

    Args:
        operation: TMDB's name for the operation; None for a request that no operation describes.
        accepts: the user-level credentials that the operation takes.
        held: what the client has to offer.
        mode: which user-level credentials may be used at all.
        path: the path template, for the credentials and ids that go into the path.
        given: credentials that the caller put into the request; they are left as they are.

    Raises:
        ConfigurationError: nothing that is held can serve the operation.
    """
    application = None if "application" in given else _application(operation, held)
    user, source, reason = _user(operation, accepts, held, mode, given)
    carries = []
    if application == "api_key":
        carries.append("api_key in the query")
    elif application is not None:
        carries.append(f"{application} in the Authorization header")
    if user is not None:
        carries.append(f"{user} in the {'path' if f'{{{user}}}' in path else 'query'}")
    if "{account_id}" in path:
        carries.append("account_id in the path")
    return Plan(operation, application, user, source, tuple(carries), reason)


def _application(operation: str | None, held: Held) -> CredentialName:
    preferred: tuple[CredentialName, ...] = ("access_token", "user_access_token", "api_key")
    for name in preferred:
        if name in held.credentials:
            return name
    raise ConfigurationError(
        f"{operation or 'This request'} needs an access token or an API key; this client holds "
        f"{_listed(LABELS[name] for name in held.credentials)}. Pass access_token= or set "
        f"{variable_name('access_token')}. Nothing was sent.",
        operation=operation,
        held=held.credentials,
    )


_User = tuple[
    Literal["session_id", "guest_session_id"] | None,
    Literal["held", "made on demand", "converted from the user access token"] | None,
    str,
]


def _user(operation: str | None, accepts: UserAuth, held: Held, mode: Mode, given: Collection[str]) -> _User:
    takes_session = accepts in ("session", "either")
    takes_guest = accepts in ("guest_session", "either")
    if accepts == "none":
        return None, None, "it takes no user credential"
    if (takes_session and "session_id" in given) or (takes_guest and "guest_session_id" in given):
        return None, None, "the caller gave the user credential"
    if "guest_session_id" in given:
        raise _refusal(operation, accepts, held, mode, "The guest session in this request cannot serve it")
    if takes_session and mode in ("auto", "session"):
        why = "a user session goes before a guest session" if accepts == "either" else "it takes a user session only"
        if "session_id" in held.credentials:
            return "session_id", "held", why
        if "user_access_token" in held.credentials and held.converts:
            return "session_id", "converted from the user access token", why
    if takes_guest and mode in ("auto", "guest"):
        if accepts == "guest_session":
            why = "it takes a guest session only"
        else:
            why = "no user session is held" if mode == "auto" else "the mode is 'guest'"
        if "guest_session_id" in held.credentials:
            return "guest_session_id", "held", why
        if held.makes_guest_sessions:
            return "guest_session_id", "made on demand", why
    raise _refusal(operation, accepts, held, mode, None)


def _refusal(
    operation: str | None, accepts: UserAuth, held: Held, mode: Mode, because: str | None
) -> ConfigurationError:
    name = operation or "This request"
    only = " only" if accepts != "either" else ""
    sentences = [f"{name} takes {' or '.join(_ACCEPTED[accepts])}{only}"]
    if because is not None:
        sentences.append(because)
    sentences.append(f"This client holds {_listed(LABELS[item] for item in held.credentials)}")
    takes_session = accepts in ("session", "either")
    takes_guest = accepts in ("guest_session", "either")
    has_session = "session_id" in held.credentials or ("user_access_token" in held.credentials and held.converts)
    has_guest = "guest_session_id" in held.credentials or held.makes_guest_sessions
    if mode != "auto" and ((takes_session and has_session) or (takes_guest and has_guest)):
        sentences.append(f"The mode {mode!r} rules that out for this call; call it with mode 'auto'")
    elif takes_guest and not has_guest:
        start = "Pass session_id=, or " if takes_session else ""
        rest = "allow guest sessions with guest=True (making them is switched off), or pass guest_session_id="
        sentences.append(start + (rest if start else rest[0].upper() + rest[1:]))
    else:
        if "guest_session_id" in held.credentials or mode == "guest":
            sentences.append("A guest session cannot call it")
        sentences.append(
            "Log a user in with tmdb.auth.begin_login(), or pass a session that a user has approved as session_id= or "
            f"{variable_name('session_id')}; see https://developer.themoviedb.org/docs/authentication-user"
        )
    return ConfigurationError(
        ". ".join(sentences) + ". Nothing was sent.",
        operation=operation,
        accepts=_ACCEPTED[accepts],
        held=held.credentials,
    )


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    if not names:
        return "no credential"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
