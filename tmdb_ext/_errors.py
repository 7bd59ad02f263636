"""Every error that this package raises on purpose: one base class and eight branches under it.

```
TMDBError
├── ConfigurationError            nothing was sent: a credential is missing, malformed, or may not go there
├── InvalidArgument               nothing was sent: TMDB would refuse the value of an argument
├── NotAppended                   nothing was sent: the answer needs something that was not appended
├── TransportError                no answer came
│   ├── ConnectError              no connection was made, so nothing was sent
│   └── RequestTimeout            a phase of the exchange took too long
├── APIError                      TMDB answered, and the answer is a refusal
│   ├── BadRequest                400, 405, 406
│   ├── AuthenticationError       401
│   │   └── SessionDenied         the user session or guest session was refused
│   ├── PermissionDenied          403
│   ├── NotFound                  404
│   ├── ValidationError           422
│   ├── RateLimited               429
│   ├── ServerError               5xx
│   └── UnexpectedRedirect        3xx: not followed
├── LoginError                    a user has not been logged in
│   ├── LoginPending              the user has not approved it yet
│   ├── LoginDenied               the user has denied it
│   └── LoginExpired              the request token is too old, or was used before
├── DecodeError                   TMDB answered, and the answer cannot be read
│   └── ResponseTooLarge          it is larger than the client allows
└── OutcomeUnknown                a write was sent, and nobody knows whether it was carried out
```

No error holds a credential: not in its message, not in an attribute, and not through the exception it came from. That
is why none is chained to the httpx exception, which would bring the request and its URL along.
"""

# ruff: noqa: N818 - the names are those of HTTP and of other clients; Error would add nothing
from __future__ import annotations

from typing import Any, Literal, TypeVar

E = TypeVar("E", bound=BaseException)


class TMDBError(Exception):
    """Base class of all errors that this package raises on purpose."""

    operation: str | None = None
    """TMDB's name for the operation (``movie-details``), where one is known."""
    method: str | None = None
    """The HTTP method, where a request was being made."""
    path: str | None = None
    """The path (``/3/movie/11``), with account ids and guest session ids left as ``{account_id}``; never the URL."""
    retryable: bool = False
    """True where sending the same request again may succeed and cannot do a write twice."""

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.method = method
        self.path = path
        self.retryable = retryable

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments would otherwise make the error impossible to copy or to send to another process.
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(kind: type[TMDBError], args: tuple[Any, ...], attributes: dict[str, Any]) -> TMDBError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class ConfigurationError(TMDBError):
    """The call cannot be made as things are; nothing was sent.

    Raised for a missing or malformed credential, for an operation that none of the held credentials can serve, and for
    an address that credentials may not go to. The message says what is wrong and what to do about it.
    """

    accepts: tuple[str, ...] = ()
    """User-level credentials that the operation accepts."""
    held: tuple[str, ...] = ()
    """Names of the credentials that the client holds; never their values."""

    def __init__(
        self, message: str, *, accepts: tuple[str, ...] = (), held: tuple[str, ...] = (), **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.accepts = accepts
        self.held = held


class InvalidArgument(TMDBError, ValueError):
    """TMDB would refuse the value of an argument; nothing was sent. Also a builtin `ValueError`."""


class NotAppended(TMDBError):
    """A question about an object that came without what answers it; nothing was sent.

    Raised by the functions of `tmdb_ext.facts`. The message names the call to make.

    https://developer.themoviedb.org/docs/append-to-response
    """

    append: tuple[str, ...] = ()
    """What to append: values of `append`."""

    def __init__(self, message: str, *, append: tuple[str, ...] = (), **context: Any) -> None:
        super().__init__(message, **context)
        self.append = append


class TransportError(TMDBError):
    """No answer came: the connection failed, broke, or spoke something other than HTTP."""


class ConnectError(TransportError, ConnectionError):
    """No connection could be made, so nothing was sent. Also a builtin `ConnectionError`."""


class RequestTimeout(TransportError, TimeoutError):
    """A phase took longer than the client's timeout allows, or the call longer than its budget.

    Also a builtin `TimeoutError`.
    """

    phase: Literal["connect", "read", "write", "pool", "budget"] = "read"
    """The phase that took too long; after `connect` and `pool` nothing was sent. `budget`: the call as a whole."""

    def __init__(
        self, message: str, *, phase: Literal["connect", "read", "write", "pool", "budget"] = "read", **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.phase = phase


class APIError(TMDBError):
    """TMDB answered with a refusal.

    The message ends with TMDB's own words, without any credential that they repeat.

    https://developer.themoviedb.org/docs/errors
    """

    http_status: int = 0
    """The HTTP status. It is 200 if TMDB refuses in the body only (``success`` is false)."""
    tmdb_code: int | None = None
    """TMDB's own number, 1 to 47, from ``status_code`` in the body; or None."""
    tmdb_message: str | None = None
    """TMDB's own sentence, from ``status_message`` in the body; or None."""
    tmdb_errors: tuple[str, ...] = ()
    """TMDB's list of what is wrong, from ``errors`` in the body: ``query must be provided``."""
    retry_after: float | None = None
    """Seconds that TMDB asks to wait before another attempt, or None."""

    def __init__(
        self,
        message: str,
        *,
        http_status: int,
        tmdb_code: int | None = None,
        tmdb_message: str | None = None,
        tmdb_errors: tuple[str, ...] = (),
        retry_after: float | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.http_status = http_status
        self.tmdb_code = tmdb_code
        self.tmdb_message = tmdb_message
        self.tmdb_errors = tmdb_errors
        self.retry_after = retry_after


class BadRequest(APIError):
    """400, 405 or 406: the request itself is wrong."""


class AuthenticationError(APIError):
    """401: the credentials are missing, wrong, or do not permit this."""


class SessionDenied(AuthenticationError):
    """The application was accepted; the user session or guest session sent with it was not.

    It may have been ended, have expired, or belong to another application.
    """


class PermissionDenied(APIError):
    """403: known, and not allowed."""


class NotFound(APIError):
    """404: TMDB has no such thing."""


class ValidationError(APIError):
    """422: a parameter or a value in the body is not acceptable."""


class RateLimited(APIError):
    """429: too many requests. `retry_after` holds the seconds to wait, where TMDB gives them."""


class ServerError(APIError):
    """5xx: the fault is on TMDB's side."""


class UnexpectedRedirect(APIError):
    """3xx: the server points elsewhere. Redirects are not followed, so that no credential travels along."""


class OutcomeUnknown(TMDBError):
    """A write was sent, the run that sent it ended before TMDB's answer came, and sending it again may do it twice."""


class LoginError(TMDBError):
    """A login did not come to a session."""


class LoginPending(LoginError):
    """The user has not approved the request token, as far as TMDB says: ask again later."""


class LoginDenied(LoginError):
    """The user has denied the request token. Begin a new login to ask again."""


class LoginExpired(LoginError):
    """The request token has expired or was used before. Begin a new login."""


class LoginMismatch(LoginError):
    """A redirect that does not belong to the login, or to the browser, that it came with. Begin a new login."""


class DecodeError(TMDBError):
    """TMDB's answer cannot be read: not JSON, cut short, or not what the operation returns."""

    http_status: int | None = None
    """The HTTP status that the answer came with."""
    content_type: str | None = None
    """What the answer says it is, or None."""
    size: int | None = None
    """The bytes of the answer, decompressed, or None if they are not known."""

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        content_type: str | None = None,
        size: int | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.http_status = http_status
        self.content_type = content_type
        self.size = size


class ResponseTooLarge(DecodeError):
    """The answer is larger, decompressed, than the client's `max_response_size` allows."""


def cleaned(error: E) -> E:
    """Return an exception of any kind without the frames and exceptions behind it, whose locals hold credentials.

    Raise what it returns outside of an `except` block: inside one, Python would chain the exception being handled.
    """
    error.__context__ = None
    error.__cause__ = None
    return error.with_traceback(None)
