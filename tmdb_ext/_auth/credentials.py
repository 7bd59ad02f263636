"""The credentials a client holds: where they come from, what they must look like, and how they stay unseen."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, NoReturn, TypeAlias, TypeGuard

from tmdb_ext._errors import ConfigurationError

_logger = logging.getLogger("tmdb_ext")

CredentialName = Literal["api_key", "access_token", "user_access_token", "session_id", "guest_session_id"]

LABELS: Final[Mapping[CredentialName, str]] = {
    "api_key": "an API key",
    "access_token": "an access token",
    "user_access_token": "a user access token",
    "session_id": "a user session",
    "guest_session_id": "a guest session",
}

# An explicit argument switches off the environment for the level that it serves. Otherwise a token in the environment
# would be preferred to the API key that was just passed.
_LEVELS: Final[Mapping[CredentialName, frozenset[str]]] = {
    "api_key": frozenset({"application"}),
    "access_token": frozenset({"application"}),
    "user_access_token": frozenset({"application", "user"}),
    "session_id": frozenset({"user"}),
    "guest_session_id": frozenset({"user"}),
}

_QUOTES: Final = frozenset("'\"`“”‘’")
_HEX: Final = r"[0-9A-Fa-f]+"
_JWT: Final = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"
_OBJECT_ID: Final = r"[0-9a-f]{24}"
_LATEST: Final = 32_503_680_000.0
"""The year 3000, in seconds since 1970."""
_HEX_LENGTHS: Final[Mapping[CredentialName, int]] = {"api_key": 32, "session_id": 40, "guest_session_id": 32}
_ADVICE: Final[Mapping[CredentialName, str]] = {
    "api_key": "copy the 32-character API Key from https://www.themoviedb.org/settings/api",
    "access_token": "copy the API Read Access Token from https://www.themoviedb.org/settings/api",
    "user_access_token": "pass the access_token that POST /4/auth/access_token returned",
    "session_id": "pass the 40-character session_id that POST /3/authentication/session/new returned",
    "guest_session_id": "pass the 32-character id that GET /3/authentication/guest_session/new returned",
}


class Secret:
    """A string that does not show itself: `str()`, `repr()` and formatting give a placeholder.

    `reveal()` gives the value. Two secrets are equal when their values are.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself. Do not log it, and do not put it in a message."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __str__(self) -> str:
        return "**********"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled, so that its value does not end in a file or a queue by accident")


_Given: TypeAlias = "Mapping[CredentialName, Secret | None]"


class Credentials:
    """The credentials that a client holds, checked for their form and hidden from view."""

    __slots__ = ("access_token", "api_key", "guest_session_id", "session_id", "user_access_token")

    def __init__(
        self,
        *,
        api_key: str | Secret | None = None,
        access_token: str | Secret | None = None,
        user_access_token: str | Secret | None = None,
        session_id: str | Secret | None = None,
        guest_session_id: str | Secret | None = None,
    ) -> None:
        """Check and hold credentials; nothing is taken from the environment.

        Args:
            api_key: API key, 32 hexadecimal characters. It travels in the URL, so a token is the better choice.
            access_token: API Read Access Token of the application, a JSON Web Token.
            user_access_token: v4 access token that a user approved, a JSON Web Token.
            session_id: v3 session of a user, 40 hexadecimal characters.
            guest_session_id: guest session made earlier, 32 hexadecimal characters.

        Raises:
            ConfigurationError: a value does not have the form of what it is passed as.
        """
        # The raw values must not stay in local variables: tracebacks may be logged with locals.
        api_key, access_token, user_access_token = hide(api_key), hide(access_token), hide(user_access_token)
        session_id, guest_session_id = hide(session_id), hide(guest_session_id)
        self.api_key: Secret | None = _checked("api_key", api_key, "api_key=")
        self.access_token: Secret | None = _checked("access_token", access_token, "access_token=")
        self.user_access_token: Secret | None = _checked("user_access_token", user_access_token, "user_access_token=")
        self.session_id: Secret | None = _checked("session_id", session_id, "session_id=")
        self.guest_session_id: Secret | None = _checked("guest_session_id", guest_session_id, "guest_session_id=")

    @classmethod
    def of_form(cls, value: object) -> Credentials:
        """Return the application credential that a value is, by its form: an API key or an access token.

        Raises:
            ConfigurationError: it is neither.
        """
        secret = hide(value) if isinstance(value, str) else value
        del value
        if not isinstance(secret, Secret):
            raise ConfigurationError(
                f"The first argument must be a string, an access token or an API key, not {type(secret).__name__}. "
                "Pass anything else by its name, such as credentials=."
            )
        if is_token(secret):
            return cls(access_token=secret)
        if _problem("api_key", secret) is None:
            return cls(api_key=secret)
        what = _dirt(secret.reveal()) or _unrecognised(secret.reveal())
        raise ConfigurationError(
            f"The first argument {what}: it has to be an access token or an API key. Pass anything else by its "
            "name, such as session_id= or credentials=. Nothing was sent."
        )

    @classmethod
    def resolve(cls, arguments: _Given, environment: _Given) -> Credentials:
        """Take credentials from `arguments`, and from `environment` for the levels that no argument serves.

        Raises:
            ConfigurationError: a value is malformed, or there is no application-level credential at all.
        """
        served = {level for name, value in arguments.items() if value is not None for level in _LEVELS[name]}
        credentials = cls()
        for name in LABELS:
            given = arguments.get(name)
            if given is not None:
                setattr(credentials, name, _checked(name, given, f"{name}="))
            elif not _LEVELS[name] & served:
                setattr(credentials, name, _checked(name, environment.get(name), variable_name(name)))
        credentials.require_application()
        return credentials

    def of_application(self) -> Credentials:
        """Return what is the application's alone, for calls that act for somebody else than this client's user."""
        application = Credentials(api_key=self.api_key)
        if not claims_of(self.access_token).writes:
            application.access_token = self.access_token
        return application

    def require_application(self) -> None:
        """Check that there is what every call needs.

        Raises:
            ConfigurationError: there is no application-level credential.
        """
        if self.access_token is self.api_key is self.user_access_token is None:
            raise ConfigurationError(
                "No application credential: every TMDB call needs one. Pass access_token= (or api_key=), or set "
                f"TMDB_ACCESS_TOKEN (or TMDB_API_KEY); {_ADVICE['access_token']}.",
                held=self.names(),
            )

    def names(self) -> tuple[CredentialName, ...]:
        """Return the names of the credentials that are held, without their values."""
        return tuple(name for name in LABELS if getattr(self, name) is not None)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self.names())})"


def variable_name(name: CredentialName) -> str:
    """Return the environment variable that holds the credential `name`."""
    return f"TMDB_{name.upper()}"


def from_environment() -> dict[CredentialName, Secret | None]:
    """Return the credentials that environment variables hold; an empty variable counts as absent.

    The variables are the names in capitals with the prefix ``TMDB_``.
    """
    return {name: hide(os.environ.get(variable_name(name)) or None) for name in LABELS}


def users_apart(given: _Given) -> dict[CredentialName, Secret | None]:
    """Return credentials with a user's token that was given as `access_token` as what it is.

    A token says of itself whose it is. Without that, the client would act for a user without knowing it.

    Raises:
        ConfigurationError: it is the token of another user than `user_access_token`.
    """
    token, users = given.get("access_token"), given.get("user_access_token")
    if not isinstance(token, Secret) or not claims_of(token).writes:
        return dict(given)
    if users is None:
        _logger.warning(
            "access_token is the token of a user, not of an application: it can write. It is used as "
            "user_access_token, so that calls act for that user; pass it by that name."
        )
        return {**given, "access_token": None, "user_access_token": token}
    accounts = {claims_of(secret).account_object_id for secret in (token, users) if isinstance(secret, Secret)}
    if len(accounts - {None}) > 1:
        raise ConfigurationError(
            "access_token is the token of a user, and of another one than user_access_token. Pass the application's "
            f"token: {_ADVICE['access_token']}. Nothing was sent."
        )
    return dict(given)


def hide(value: str | Secret | None) -> Secret | None:
    """Return `value` as a `Secret`."""
    return Secret(value) if isinstance(value, str) else value


def is_object_id(value: object) -> TypeGuard[str]:
    """Return whether a value has the form of the id of an account in v4."""
    return isinstance(value, str) and re.fullmatch(_OBJECT_ID, value) is not None


def is_token(secret: Secret) -> bool:
    """Return whether a value has the form of a JSON Web Token."""
    return re.fullmatch(_JWT, secret.reveal()) is not None


def _checked(name: CredentialName, secret: Secret | None, where: str) -> Secret | None:
    if secret is None:
        return None
    if not isinstance(secret, Secret):
        raise ConfigurationError(f"{where} must be a string, not {type(secret).__name__}.")
    problem = _problem(name, secret)
    if problem is not None:
        raise ConfigurationError(f"{where} {problem}. Nothing was sent; {_ADVICE[name]}.")
    return secret


def _problem(name: CredentialName, secret: Secret) -> str | None:
    """Return what is wrong with the form of `secret`, never quoting it; None where nothing is."""
    value = secret.reveal()
    return _dirt(value) or (_token_problem(value) if "token" in name else _id_problem(name, value))


_DIRT: Final[tuple[tuple[Callable[[str], object], str], ...]] = (
    (lambda value: not value.strip(), "is empty"),
    (
        lambda value: value != value.strip(),
        "has white space or a line break around it, as when it is read from a file; strip it",
    ),
    (lambda value: value[0] in _QUOTES or value[-1] in _QUOTES, "has quotation marks around it; take them off"),
    (lambda value: value[:7].lower() == "bearer ", "starts with the word Bearer; pass the token alone"),
    (lambda value: value[0] in "<{$" or value.lower().startswith("your"), "looks like a placeholder from an example"),
    (lambda value: any(map(str.isspace, value)), "has white space inside"),
    (
        lambda value: not (value.isascii() and value.isprintable()),
        "has characters that no TMDB credential has (control characters or not ASCII)",
    ),
    (lambda value: re.match(r"[A-Za-z_]+=.", value), "looks like name=value; pass the value alone"),
)


def _dirt(value: str) -> str | None:
    """Return what came along when `value` was copied, or None."""
    return next((problem for is_so, problem in _DIRT if is_so(value)), None)


def _token_problem(value: str) -> str | None:
    if re.fullmatch(_JWT, value):
        if "pending_request_token" in claims_of(Secret(value)).scopes:
            return "looks like a v4 request token, which is not an access token yet"
        return None
    if re.fullmatch(_HEX, value):
        return f"{_looks_like_id(value)}, not an access token"
    if value.startswith("eyJ"):
        return _cut_short(value)
    return "does not look like an access token, which has three parts with dots between them and starts with eyJ"


def _id_problem(name: CredentialName, value: str) -> str | None:
    length = _HEX_LENGTHS[name]
    if re.fullmatch(_HEX, value):
        if len(value) == length:
            return None
        if len(value) in _HEX_LENGTHS.values() or len(value) == 24:
            return f"{_looks_like_id(value)}; {length} characters are expected here"
        return f"has {len(value)} characters, not {length}"
    if value.startswith("eyJ"):
        instead = "access_token=" if name == "api_key" else "user_access_token="
        return f"looks like an access token; pass it as {instead}"
    return f"does not look like one: {length} characters from 0-9 and a-f are expected"


def _unrecognised(value: str) -> str:
    if value.startswith("eyJ"):
        return _cut_short(value)
    return _looks_like_id(value) if re.fullmatch(_HEX, value) else "is neither an access token nor an API key"


def _cut_short(token: str) -> str:
    return f"looks like an access token cut short ({token.count('.') + 1} of 3 parts)"


def _looks_like_id(value: str) -> str:
    if len(value) == 32:
        return "looks like an API key or a guest session id"
    if len(value) == 40:
        return "looks like a session id"
    if len(value) == 24:
        return "looks like a v4 account id"
    return "looks like an id"


class Claims(NamedTuple):
    """What a token says of itself: hints, never requirements."""

    scopes: frozenset[str] = frozenset()
    """What it may be used for; empty where it does not say."""
    account_object_id: str | None = None
    """The id of the account that it stands for, 24 hexadecimal digits."""
    expires: float | None = None
    """When it expires, in seconds since 1970."""
    application: Secret | None = None
    """What names the application that it belongs to: its API key."""

    @property
    def reads_only(self) -> bool:
        """Whether it is known to be an application's token, which cannot act for a user."""
        return bool(self.scopes) and "api_write" not in self.scopes

    @property
    def writes(self) -> bool:
        """Whether it is known to be a user's token."""
        return "api_write" in self.scopes


def claims_of(token: Secret | None) -> Claims:
    """Return what a JSON Web Token claims; nothing where it cannot be read."""
    import base64  # noqa: PLC0415 - only tokens need them
    import json  # noqa: PLC0415

    if token is None:
        return Claims()
    part = f"{token.reveal()}..".split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return Claims()
    if not isinstance(claims, dict):
        return Claims()
    scopes, subject, expires, audience = (claims.get(name) for name in ("scopes", "sub", "exp", "aud"))
    return Claims(
        frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset(),
        subject if is_object_id(subject) else None,
        expires if isinstance(expires, int | float) and 0 < expires < _LATEST else None,
        Secret(audience) if isinstance(audience, str) and audience else None,
    )


def application_of(credentials: Credentials) -> str:
    """Return what tells the application from others and gives nothing away, whichever of its credentials is held."""
    import hashlib  # noqa: PLC0415 - only some stores need it

    token = credentials.access_token or credentials.user_access_token
    secret = credentials.api_key or claims_of(token).application or token
    return "" if secret is None else hashlib.sha256(secret.reveal().encode()).hexdigest()[:16]
