"""What a failure on the way means for the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tmdb_ext._errors import (
    ConfigurationError,
    ConnectError,
    DecodeError,
    RequestTimeout,
    ResponseTooLarge,
    TMDBError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .messages import Phase, WireFailure

_TOO_LATE: Final[Mapping[Phase, str]] = {
    "connect": "no connection was made in time",
    "pool": "no connection of the pool became free in time",
    "write": "the request could not be sent in time",
    "read": "no answer came in time",
    "budget": "the call took longer than its budget",
}


def error_of(failure: WireFailure, context: Mapping[str, Any]) -> TMDBError:
    """Return the error for a failure.

    Args:
        failure: what happened.
        context: the operation, method and path, as errors name them.
    """
    where = f"{context['method']} {context['path']}"
    retryable = not failure.sent or context["method"] in ("GET", "HEAD")
    detail = f" ({failure.detail})" if failure.detail else ""
    match failure.kind:
        case "timeout":
            phase = failure.phase or "read"
            return RequestTimeout(f"{where}: {_TOO_LATE[phase]}", phase=phase, retryable=retryable, **context)
        case "connect":
            return ConnectError(f"{where}: no connection{detail}", retryable=True, **context)
        case "broken":
            return TransportError(f"{where}: the connection broke{detail}", retryable=retryable, **context)
        case "proxy":
            return TransportError(f"{where}: the proxy refused{detail}", retryable=retryable, **context)
        case "compression":
            return DecodeError(f"{where}: the answer's compression is broken", retryable=retryable, **context)
        case "too large":
            return ResponseTooLarge(f"{where}: the answer is larger than max_response_size{detail}", **context)
        case "address":
            return ConfigurationError(
                f"{where}: the address is not one that can be called; nothing was sent", **context
            )
        case _:
            return TransportError(f"{where}: no answer that is HTTP{detail}", retryable=retryable, **context)


def out_of_time(context: Mapping[str, Any], *, sent: bool, what: str = _TOO_LATE["budget"]) -> RequestTimeout:
    """Return the error for a call whose budget has passed.

    Args:
        context: the operation, method and path, as errors name them.
        sent: whether a request may have reached the server.
        what: what it waited for.
    """
    retryable = not sent or context.get("method") in ("GET", "HEAD")
    where = f"{context['method']} {context['path']}: " if context else ""
    return RequestTimeout(f"{where}{what}", phase="budget", retryable=retryable, **context)
