"""Exit codes, and the one line that says what went wrong."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from tmdb_ext._errors import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    InvalidArgument,
    LoginError,
    NotFound,
    RateLimited,
    ServerError,
    TMDBError,
    TransportError,
)


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CREDENTIALS = 3
    NOT_FOUND = 4
    TEMPORARY = 5
    INTERRUPTED = 130


MEANINGS: Final = {
    Exit.DONE: "done",
    Exit.FAILED: "TMDB refused, or something else failed",
    Exit.USAGE: "the command was written wrongly; nothing was sent",
    Exit.CREDENTIALS: "credentials are missing, refused or not fit for this",
    Exit.NOT_FOUND: "TMDB has no such thing",
    Exit.TEMPORARY: "too many requests, TMDB's own fault, or no answer: worth trying again",
    Exit.INTERRUPTED: "interrupted",
}

# In this order: the first kind that fits decides.
_KINDS: Final[tuple[tuple[type[TMDBError], Exit], ...]] = (
    (InvalidArgument, Exit.USAGE),
    (ConfigurationError, Exit.CREDENTIALS),
    (AuthenticationError, Exit.CREDENTIALS),
    (LoginError, Exit.CREDENTIALS),
    (NotFound, Exit.NOT_FOUND),
    (RateLimited, Exit.TEMPORARY),
    (ServerError, Exit.TEMPORARY),
    (TransportError, Exit.TEMPORARY),
)


class Refusal(TMDBError):  # noqa: N818 - named as the errors of the client are
    """The command cannot do what it was asked, for a reason that no error of the client covers."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


class Misuse(Refusal):
    """The command was written wrongly; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.USAGE)


def code_of(error: TMDBError) -> Exit:
    """Return the exit code that says of which kind an error is."""
    if isinstance(error, Refusal):
        return error.code
    return next((code for kind, code in _KINDS if isinstance(error, kind)), Exit.FAILED)


def line_of(error: TMDBError) -> str:
    """Return an error as one line, with the command that helps where there is one."""
    text = " ".join(str(error).split())
    if isinstance(error, ConfigurationError) and error.accepts:
        held = ", ".join(name.replace("_", " ") for name in error.held) or "nothing"
        text = f"{error.operation or 'this'} takes {' or '.join(error.accepts)}, and you hold: {held}"
        return f"{text}. {_advice(error.accepts)}"
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return f"{text}. Try again in {error.retry_after:g} seconds"
    if isinstance(error, APIError) and code_of(error) is Exit.TEMPORARY:
        return f"{text}. Try again later"
    return text


def _advice(accepts: tuple[str, ...]) -> str:
    if "a user access token" in accepts:
        return "Run: tmdb auth login --v4"
    if "a user session" in accepts:
        return "Run: tmdb auth login" + (" (or tmdb auth guest)" if "a guest session" in accepts else "")
    return "Run: tmdb auth guest"
