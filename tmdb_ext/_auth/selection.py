"""Which credentials a call carries: a pure decision, made before anything is sent.

The least that serves is sent. An operation that takes no user credential gets none; a bearer token goes before an API
key, which would travel in the URL; a user session goes before a guest session. In v4 a user's access token is the user
credential and the bearer at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tmdb_ext._errors import ConfigurationError

from .credentials import LABELS, CredentialName, variable_name

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
    "user_access_token": ("a user access token",),
    "optional_user_access_token": ("a user access token",),
}
_REFERENCE: Final = "https://developer.themoviedb.org/docs/authentication-user"
_V4_REFERENCE: Final = "https://developer.themoviedb.org/v4/docs/authentication-user"


UserCredential = Literal["session_id", "guest_session_id", "user_access_token"]
Source = Literal["held", "made on demand", "converted from the user access token"]


class Held(NamedTuple):
    """What a client has to offer, as facts without values."""

    credentials: tuple[CredentialName, ...] = ()
    makes_guest_sessions: bool = False
    converts: bool = True
    """Whether a user access token may be made into a session."""
    reads_only: tuple[CredentialName, ...] = ()
    """Tokens that say of themselves that they cannot act for a user."""
    writes: tuple[CredentialName, ...] = ()
    """Tokens that say of themselves that they can."""


class Plan(NamedTuple):
    """The credentials that a call would carry, without their values, and why these."""

    operation: str | None
    """TMDB's name for the operation, or None for a request that no operation describes."""
    application: CredentialName | None
    """The application-level credential; None where the request already carries one of the caller's."""
    user: UserCredential | None
    """The user-level credential that is added; None where none is needed or the caller gave one.

    A user access token is named here where it is sent for the user, and as `application` too: it is the bearer.
    """
    source: Source | None
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
    bearer_only: bool = False,
    given: Collection[str] = (),
) -> Plan:
    """Decide which credentials a call carries.

    Args:
        operation: the name of the operation; None for a request that no operation describes.
        accepts: the user-level credentials that the operation takes.
        held: what the client has to offer.
        mode: which user-level credentials may be used at all.
        path: the path template, for the credentials and ids that go into the path.
        bearer_only: whether the operation takes no API key.
        given: credentials that the caller put into the request; they are left as they are.

    Raises:
        ConfigurationError: nothing that is held can serve the operation.
    """
    asked = _Asked(operation, accepts, held, mode, bearer_only, given)
    if accepts in ("user_access_token", "optional_user_access_token"):
        application, user, source, reason = _by_user_access_token(asked)
    else:
        application = None if "application" in given else _application(asked)
        user, source, reason = _by_session(asked)
    carries = []
    if application == "api_key":
        carries.append("api_key in the query")
    elif application is not None:
        carries.append(f"{application} in the Authorization header")
    if user is not None and user != "user_access_token":
        carries.append(f"{user} in the {'path' if f'{{{user}}}' in path else 'query'}")
    carries += [f"{name} in the path" for name in ("account_id", "account_object_id") if f"{{{name}}}" in path]
    return Plan(operation, application, user, source, tuple(carries), reason)


class _Asked(NamedTuple):
    operation: str | None
    accepts: UserAuth
    held: Held
    mode: Mode
    bearer_only: bool
    given: Collection[str]

    @property
    def takes_session(self) -> bool:
        return self.accepts in ("session", "either")

    @property
    def takes_guest(self) -> bool:
        return self.accepts in ("guest_session", "either")


def _application(asked: _Asked) -> CredentialName:
    held = asked.held.credentials
    preferred: tuple[CredentialName, ...] = ("access_token", "user_access_token")
    if not asked.bearer_only:
        preferred += ("api_key",)
    for name in preferred:
        if name in held:
            return name
    need = "needs an access token or an API key"
    if asked.bearer_only:
        need = "takes a bearer token only, and TMDB accepts no API key for it"
    raise ConfigurationError(
        f"{asked.operation or 'This request'} {need}; this client holds {_listed(LABELS[name] for name in held)}. "
        f"Pass access_token= or set {variable_name('access_token')}. Nothing was sent.",
        operation=asked.operation,
        held=held,
    )


def _by_user_access_token(asked: _Asked) -> tuple[CredentialName | None, UserCredential | None, Source | None, str]:
    """Choose for an operation of v4 that acts for a user, or shows a user more than others."""
    if "application" in asked.given:
        return None, None, None, "the caller gave the credential"
    held = asked.held
    tokens = _tokens(held) if asked.mode in ("auto", "session") else ()
    may_act = [name for name in tokens if name not in held.reads_only]
    if asked.accepts == "optional_user_access_token":
        for name in may_act:
            if name == "user_access_token" or name in held.writes:
                return name, "user_access_token", "held", "it shows a user what is private, too"
        return _application(asked), None, None, "it does without a user access token"
    for name in may_act:
        if name == "user_access_token":
            return name, "user_access_token", "held", "it takes a user access token only"
        what = "can act for a user" if name in held.writes else "does not say whether it can act for a user"
        return name, "user_access_token", "held", f"it takes a user access token only, and the access token {what}"
    raise _token_refusal(asked)


def _tokens(held: Held) -> tuple[CredentialName, ...]:
    """Return the tokens that there are, the one that is a user's first."""
    names: tuple[CredentialName, ...] = ("user_access_token", "access_token")
    return tuple(name for name in names if name in held.credentials)


def _token_refusal(asked: _Asked) -> ConfigurationError:
    held = asked.held
    tokens = _tokens(held)
    sentences = [f"{asked.operation or 'This request'} takes a user access token only"]
    if tokens and all(name in held.reads_only for name in tokens):
        sentences.append(f"The token in {tokens[0]} is an application's: it says that it only reads")
    elif asked.bearer_only and held.credentials and not tokens:
        sentences.append("TMDB accepts no API key and no session for it")
    sentences.append(f"This client holds {_listed(LABELS[item] for item in held.credentials)}")
    if asked.mode in ("guest", "application") and any(name not in held.reads_only for name in tokens):
        sentences.append(f"The mode {asked.mode!r} rules that out for this call; call it with mode 'auto'")
    else:
        sentences.append(
            "Log a user in with tmdb.v4.auth.begin_login(), or pass a token that a user has approved as "
            f"user_access_token= or {variable_name('user_access_token')}; see {_V4_REFERENCE}"
        )
    return _refused(asked, sentences)


def _by_session(asked: _Asked) -> tuple[UserCredential | None, Source | None, str]:
    """Choose for an operation of v3, or one that takes no user credential."""
    accepts, held, mode, given = asked.accepts, asked.held, asked.mode, asked.given
    takes_session, takes_guest = asked.takes_session, asked.takes_guest
    if accepts == "none":
        return None, None, "it takes no user credential"
    if (takes_session and "session_id" in given) or (takes_guest and "guest_session_id" in given):
        return None, None, "the caller gave the user credential"
    if "guest_session_id" in given:
        raise _refusal(asked, "The guest session in this request cannot serve it")
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
    raise _refusal(asked, None)


def _refusal(asked: _Asked, because: str | None) -> ConfigurationError:
    held, mode = asked.held, asked.mode
    only = " only" if asked.accepts != "either" else ""
    sentences = [f"{asked.operation or 'This request'} takes {' or '.join(_ACCEPTED[asked.accepts])}{only}"]
    if because is not None:
        sentences.append(because)
    sentences.append(f"This client holds {_listed(LABELS[item] for item in held.credentials)}")
    takes_session, takes_guest = asked.takes_session, asked.takes_guest
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
            f"{variable_name('session_id')}; see {_REFERENCE}"
        )
    return _refused(asked, sentences)


def _refused(asked: _Asked, sentences: list[str]) -> ConfigurationError:
    return ConfigurationError(
        ". ".join(sentences) + ". Nothing was sent.",
        operation=asked.operation,
        accepts=_ACCEPTED[asked.accepts],
        held=asked.held.credentials,
    )


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    if not names:
        return "no credential"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
