"""What went wrong below the wire, in one exception of ours that shows nothing of the request."""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final

from .messages import FailureKind, Phase, WireFailure

if TYPE_CHECKING:
    from .calls import Call

_PHASES: Final[dict[str, Phase]] = {"ConnectTimeout": "connect", "PoolTimeout": "pool", "WriteTimeout": "write"}
_NOW: Final = 0.01
"""Seconds: a call with less than that left has used up its budget."""
# OpenSSL's numbers for a certificate that is for another host or address. Its words have the host.
_FOR_ANOTHER: Final = frozenset({62, 64})


def translated(error: Exception, call: Call, library: Any, *, through_proxy: bool = False) -> Exception:
    """Return what an exception below the wire means. It holds nothing of the exception.

    What is none of the library's or the system's, such as an exception of a signal handler, is returned as it is.

    Args:
        error: the exception.
        call: what is known of the call.
        library: httpcore, httpx or httpx2, which name their exceptions alike.
        through_proxy: whether there is a proxy on the way.
    """
    sent = call.sent
    if isinstance(error, WireFailure):
        return WireFailure(error.kind, error.detail, sent=sent or error.sent, phase=error.phase)
    if isinstance(error, (library.TimeoutException, TimeoutError)):
        left = call.deadline.left()
        out_of_budget = call.out_of_budget or (left is not None and left < _NOW)
        phase = "budget" if out_of_budget else _PHASES.get(type(error).__name__, "read")
        return WireFailure("timeout", sent=sent, phase=phase)
    if isinstance(error, library.ProxyError):
        return WireFailure("proxy", "the proxy refused to connect", sent=sent)
    if isinstance(error, library.UnsupportedProtocol):
        return WireFailure("address", "neither http nor https", sent=sent)
    if isinstance(error, library.ConnectError):
        kind: FailureKind = "proxy" if through_proxy and call.opened is None else "connect"
        return WireFailure(kind, system_words(error), sent=sent)
    if isinstance(error, library.LocalProtocolError):
        return WireFailure("protocol", "the request is not valid HTTP", sent=sent)
    if call.at_end:
        return WireFailure("broken", "the server closed the connection before the response was complete", sent=sent)
    if isinstance(error, (library.NetworkError, OSError)):
        return WireFailure("broken", system_words(error), sent=sent)
    if isinstance(error, (library.ProtocolError, getattr(library, "StreamError", EOFError), EOFError, UnicodeError)):
        return WireFailure("protocol", "the response is not valid HTTP" if sent else type(error).__name__, sent=sent)
    return error


def system_words(error: BaseException) -> str:
    """Return the system's words for what is behind an exception, without any address; empty if there are none."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _FOR_ANOTHER:
                return "the server's certificate is for another host"
            return f"the server's certificate was not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {(cause.reason or 'unknown').lower().replace('_', ' ')}"
        if isinstance(cause, (socket.gaierror, UnicodeError)):
            return "the host's name could not be resolved"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
    return ""


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and those behind it, the nearest first."""
    found: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead:
        one = ahead.pop(0)
        if one is not None and one not in found:
            found.append(one)
            ahead += one.exceptions if isinstance(one, BaseExceptionGroup) else []
            ahead += [arg for arg in one.args if isinstance(arg, BaseException)]
            ahead += [one.__cause__, one.__context__]
    return found
