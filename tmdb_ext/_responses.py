"""From a response to a value or an error: pure functions that both clients share.

Errors are values here (`Failure`), raised by the caller in a frame that holds neither the request nor the payload.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ._auth.guest import parse_http_date
from ._errors import (
    APIError,
    AuthenticationError,
    BadRequest,
    DecodeError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    SessionDenied,
    TMDBError,
    UnexpectedRedirect,
    ValidationError,
)
from ._json import loads
from ._operations import describe, find_operation
from ._redaction import HIDDEN, redact
from ._status_codes import STATUS_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

T = TypeVar("T")

CARRIED: Final = "tmdb_carried"
"""The request extension in which the auth flow notes the user-level credential that a request carries."""

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
_SECRET_PARAMETERS: Final = ("api_key", "session_id", "guest_session_id")
_SESSIONS: Final = ("session_id", "guest_session_id")
_MESSAGE_LIMIT: Final = 300
_MOST_ERRORS: Final = 20
_NOT_JSON: Final = object()
_GUEST_LISTS: Final = frozenset(
    {"guest-session-rated-movies", "guest-session-rated-tv", "guest-session-rated-tv-episodes"}
)
"""The lists of a guest's ratings. TMDB answers 404 with status code 34 if one is empty (seen on 2026-04-26)."""


class Failure:
    """An error on its way to where it is raised."""

    __slots__ = ("error",)

    def __init__(self, error: TMDBError) -> None:
        self.error = error


def read(response: httpx.Response, decode: Callable[[Any], T]) -> T | Failure:
    """Return what `decode` makes of the response's JSON, or why there is nothing to make."""
    payload = parse(response)
    if response.status_code == 404 and _is_an_empty_list(response, payload):
        payload = {"page": int(response.request.url.params.get("page", 1)), "results": []}
        return decode({**payload, "total_pages": 0, "total_results": 0})
    refused = isinstance(payload, dict) and payload.get("success") is False
    if refused or not 200 <= response.status_code < 300:
        return Failure(api_error(response, payload))
    problem = "not a JSON object or list"
    if payload is not _NOT_JSON:
        try:
            return decode(payload)
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises means the same
            # Only the kind: the text of the exception may quote the payload, and a payload may hold a session.
            problem = f"not what the operation returns ({type(error).__name__})"
    context: dict[str, Any] = describe(response.request)
    message = f"{context['method']} {context['path']}: the answer is {problem}"
    return Failure(DecodeError(message, http_status=response.status_code, **context))


def _is_an_empty_list(response: httpx.Response, payload: object) -> bool:
    """Whether a refusal means that a guest has rated nothing, for which TMDB has no empty page."""
    operation = find_operation(response.request.extensions)
    is_of_a_guest = operation is not None and operation.id in _GUEST_LISTS and operation.path.startswith("/3/")
    return is_of_a_guest and status_of(response, payload)[0] == 34


def parse(response: httpx.Response) -> Any:
    """Return the JSON object or list of a response, or a marker that is neither."""
    try:
        payload = loads(response.content)
    except (ValueError, RecursionError):
        return _NOT_JSON
    return payload if isinstance(payload, dict | list) else _NOT_JSON


def api_error(response: httpx.Response, payload: object) -> APIError:
    """Return the error that says what a refusal means."""
    context = describe(response.request)
    status = response.status_code
    code, words, errors = status_of(response, payload)
    known = STATUS_CODES.get(code) if code is not None else None
    where = f"{context['method']} {context['path']}: HTTP {status}"
    if known is not None:
        message = f"{where}, TMDB status {known.tmdb_code}: {known.meaning}"
    elif 300 <= status < 400:
        message = (
            f"{where}: the server points to {_target(response)}; "
            "redirects are not followed, so that no credential travels along"
        )
    else:
        message = where + ("" if words or errors else f": {response.reason_phrase or 'no explanation'}")
    carried = response.request.extensions.get(CARRIED)
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
        retry_after=retry_after(response.headers, datetime.now(UTC)),
        retryable=_retryable(response.request.method, status, known.transient if known else None),
        **context,
    )


def refusal_of(response: httpx.Response) -> APIError:
    """Return the error for an answer whose body says nothing: that of another server than TMDB's API."""
    status, path = response.status_code, response.request.url.path
    return _kind(status, None, None, None)(
        f"{response.request.method} {path}: HTTP {status}",
        http_status=status,
        method=response.request.method,
        path=path,
        retry_after=retry_after(response.headers, datetime.now(UTC)),
        retryable=_retryable(response.request.method, status, None),
    )


def status_of(response: httpx.Response, payload: object) -> tuple[int | None, str | None, tuple[str, ...]]:
    """Return TMDB's status code, message and list of errors from a refusal's body, as far as the body gives them."""
    if not isinstance(payload, dict):
        return None, None, ()
    code, message, errors = payload.get("status_code"), payload.get("status_message"), payload.get("errors")
    listed = errors if isinstance(errors, list) else []
    return (
        code if isinstance(code, int) and not isinstance(code, bool) else None,
        _clean(message, response) if isinstance(message, str) and message.strip() else None,
        tuple(_clean(error, response) for error in listed[:_MOST_ERRORS] if isinstance(error, str) and error.strip()),
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


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that the `Retry-After` header asks for, given in seconds or as a date; None without one."""
    text = (headers.get("retry-after") or "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text[:12])
    moment = parse_http_date(text)
    if moment is None:
        return None
    server_now = parse_http_date(headers.get("date")) or now
    return max((moment - server_now).total_seconds(), 0.0)


def _target(response: httpx.Response) -> str:
    """Return scheme and host of where a redirect leads; its path and query may repeat what we sent."""
    following = response.next_request
    if following is None:
        return "another address"
    here, there = response.request.url, following.url
    if (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port):
        return "another address on the same host"
    return f"{there.scheme}://{there.host}"


def _clean(message: str, response: httpx.Response) -> str:
    """Return the server's words without control characters and without any credential that they repeat."""
    text = "".join(character if character.isprintable() else " " for character in message[:_MESSAGE_LIMIT])
    request = response.request
    sent = [request.url.params.get(name) for name in _SECRET_PARAMETERS]
    sent.append(request.headers.get("authorization", "").removeprefix("Bearer "))
    for value in sent:
        if value:
            text = text.replace(value, HIDDEN)
    return redact(text)
