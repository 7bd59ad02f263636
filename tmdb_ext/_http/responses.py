"""From a response to a value or an error: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from tmdb_ext._dates import parse_http_date
from tmdb_ext._errors import (
    APIError,
    AuthenticationError,
    BadRequest,
    DecodeError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    SessionDenied,
    UnexpectedRedirect,
    ValidationError,
)
from tmdb_ext._json import loads
from tmdb_ext._redaction import HIDDEN, redact
from tmdb_ext._status_codes import STATUS_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tmdb_api_client._operation import Operation

    from .call import Call
    from .messages import Request, Response

T = TypeVar("T")

_BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    400: BadRequest,
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    405: BadRequest,
    406: BadRequest,
    422: ValidationError,
    429: RateLimited,
}
_GUEST_LISTS: Final = frozenset(
    {"guest-session-rated-movies", "guest-session-rated-tv", "guest-session-rated-tv-episodes"}
)
_SESSIONS: Final = ("session_id", "guest_session_id")
_MESSAGE_LIMIT: Final = 300
_MOST_ERRORS: Final = 20
_NOT_JSON: Final = object()


def read(call: Call, request: Request, response: Response, decode: Callable[[Any], T]) -> T:
    """Return what `decode` makes of a response's JSON.

    Raises:
        APIError: TMDB refused.
        DecodeError: the response is not what the operation returns.
    """
    payload = parse(response)
    refused = isinstance(payload, dict) and payload.get("success") is False
    if refused or not 200 <= response.status < 300:
        if not _is_an_empty_list(call, request, response):
            raise api_error(call, request, response)
        page = parse_qs(request.target.partition("?")[2]).get("page", ["1"])[0]
        payload = {"page": int(page), "results": [], "total_pages": 0, "total_results": 0}
    problem = "is not what the operation returns ({})"
    if payload is _NOT_JSON:
        problem = "is not a JSON object or list"
        if not is_plain(call.operation):
            raise unreadable(call, request, response, problem)
        payload = _plain(call, request, response)
    kind = ""
    try:
        return decode(payload)
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises means the same
        # Only the kind: the text of the exception may quote the payload, and a payload may hold a session.
        kind = type(error).__name__
    raise unreadable(call, request, response, problem.format(kind), retryable=False)


def is_plain(operation: Operation | None) -> bool:
    """Return whether an operation may answer with nothing or with a plain value, in place of an object or a list."""
    return operation is not None and operation.plain


def _plain(call: Call, request: Request, response: Response) -> Any:
    """Return the plain JSON value of a response, or None if it has no content."""
    if not response.content:
        return None
    try:
        return loads(response.content)
    except (ValueError, RecursionError):
        pass
    raise unreadable(call, request, response, "is not JSON")


def _is_an_empty_list(call: Call, request: Request, response: Response) -> bool:
    """Return whether a refusal means that a guest has rated nothing, for which TMDB has no empty page."""
    operation = call.operation
    is_of_a_guest = operation is not None and operation.id in _GUEST_LISTS and operation.path.startswith("/3/")
    return is_of_a_guest and response.status == 404 and status_of(request, response)[0] == 34


def parse(response: Response) -> Any:
    """Return the JSON object or list of a response, or a marker that is neither; read once."""
    if response.payload is None:
        try:
            payload = loads(response.content)
        except (ValueError, RecursionError):
            payload = _NOT_JSON
        response.payload = payload if isinstance(payload, dict | list) else _NOT_JSON
    return response.payload


def is_json(response: Response) -> bool:
    """Return whether a response has a JSON object or list in it."""
    return parse(response) is not _NOT_JSON


def unreadable(
    call: Call, request: Request, response: Response, problem: str, *, retryable: bool | None = None
) -> DecodeError:
    """Return the error for a response that cannot be read; it says what came, and nothing of the content."""
    context = call.describe(request)
    kind, size = response.header("content-type"), len(response.content)
    shown = "no content type" if kind is None else f"content type {redact(_printable(kind))[:80]}"
    came = f"HTTP {response.status}, {shown}, {size:,} bytes"
    return DecodeError(
        f"{context['method']} {context['path']}: the answer {problem} ({came})",
        http_status=response.status,
        content_type=kind,
        size=size,
        retryable=request.method in ("GET", "HEAD") if retryable is None else retryable,
        **context,
    )


def lacking(call: Call, request: Request, response: Response, name: str) -> DecodeError:
    """Return the error for an answer that lacks what it was asked for."""
    return unreadable(call, request, response, f"has no usable {name}", retryable=False)


def api_error(call: Call, request: Request, response: Response) -> APIError:
    """Return the error that says what a refusal means."""
    context = call.describe(request)
    status = response.status
    code, words, errors = status_of(request, response)
    known = STATUS_CODES.get(code) if code is not None else None
    where = f"{context['method']} {context['path']}: HTTP {status}"
    if known is not None:
        message = f"{where}, TMDB status {known.tmdb_code}: {known.meaning}"
    elif 300 <= status < 400:
        message = (
            f"{where}: the server points to {_target(request, response)}; "
            "redirects are not followed, so that no credential travels along"
        )
    else:
        message = where + ("" if words or errors else f": {_phrase(status)}")
    carried = None if request.carried is None else request.carried.user
    if status == 401 and carried == "user_access_token":
        message += ". The user may have ended the user access token sent with it, or may not do this"
    elif status == 401 and known is not None and known.tmdb_code == 7:
        message += ". Check the API key or access token at https://www.themoviedb.org/settings/api"
    kind = _kind(status, code, known.http_status if known else None, carried)
    if issubclass(kind, SessionDenied):
        label = "guest session" if carried == "guest_session_id" else "user session"
        message += f". The {label} sent with it may have been ended, have expired, or belong to another application"
    if words or errors:
        message += f". TMDB says: {'; '.join(filter(None, (words, *errors)))}"
    return kind(
        message,
        http_status=status,
        tmdb_code=code,
        tmdb_message=words,
        tmdb_errors=errors,
        retry_after=retry_after(response, datetime.now(UTC)),
        retryable=_retryable(request.method, status, known.transient if known else None),
        **context,
    )


def refusal_of(method: str, path: str, response: Response) -> APIError:
    """Return the error for an answer whose body says nothing: that of another server than TMDB's API."""
    status = response.status
    return _kind(status, None, None, None)(
        f"{method} {path}: HTTP {status}",
        http_status=status,
        method=method,
        path=path,
        retry_after=retry_after(response, datetime.now(UTC)),
        retryable=_retryable(method, status, None),
    )


def status_of(request: Request, response: Response) -> tuple[int | None, str | None, tuple[str, ...]]:
    """Return TMDB's status code, message and list of errors from a refusal's body, as far as the body gives them."""
    payload = parse(response)
    if not isinstance(payload, dict):
        return None, None, ()
    code, message, errors = payload.get("status_code"), payload.get("status_message"), payload.get("errors")
    listed = errors if isinstance(errors, list) else []
    return (
        code if isinstance(code, int) and not isinstance(code, bool) else None,
        _clean(message, request) if isinstance(message, str) and message.strip() else None,
        tuple(_clean(error, request) for error in listed[:_MOST_ERRORS] if isinstance(error, str) and error.strip()),
    )


def _kind(status: int, code: int | None, listed: int | None, carried: object) -> type[APIError]:
    if code == 17 or (code == 3 and status == 401 and carried in _SESSIONS):
        return SessionDenied
    if 300 <= status < 400:
        return UnexpectedRedirect
    if code == 21:  # comes with HTTP 200
        return NotFound
    effective = status if status >= 400 else (listed or status)
    if effective >= 500:
        return ServerError
    return _BY_STATUS.get(effective, APIError)


def _retryable(method: str, status: int, transient: bool | None) -> bool:
    if status in (429, 503):  # the request was turned away, not carried out
        return True
    if status in (500, 502, 504) and transient is not False:
        return method in ("GET", "HEAD")  # a write may have happened
    return False


def retry_after(response: Response, now: datetime) -> float | None:
    """Return the seconds that the `Retry-After` header asks for, given in seconds or as a date; or None."""
    text = (response.header("retry-after") or "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text[:12])
    moment = parse_http_date(text)
    if moment is None:
        return None
    server_now = parse_http_date(response.header("date")) or now
    return max((moment - server_now).total_seconds(), 0.0)


def _target(request: Request, response: Response) -> str:
    """Return scheme and host of where a redirect leads; its path and query may repeat what we sent."""
    try:
        there = urlsplit(response.header("location") or "")
        host = there.hostname
    except ValueError:
        return "another address"
    if not host:
        return "another address on the same host"
    if (there.scheme or request.origin.scheme, host.lower()) == request.origin[:2]:
        return "another address on the same host"
    return redact(_printable(f"{there.scheme or request.origin.scheme}://{host}"))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"


def _clean(message: str, request: Request) -> str:
    """Return the server's words without control characters and without any credential that they repeat."""
    text = _printable(message[:_MESSAGE_LIMIT])
    for value in secrets_of(request):
        if value:
            text = text.replace(value, HIDDEN)
    return redact(text)


def secrets_of(request: Request) -> list[str]:
    """Return the secrets that a request has in it, whoever put them there."""
    query = parse_qs(request.target.partition("?")[2])
    found = [value for name in ("api_key", *_SESSIONS) for value in query.get(name, ())]
    found += [value.rpartition(" ")[2] for name, value in request.headers if name == "authorization"]
    return found if request.carried is None else [*found, *request.carried.secrets()]


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
