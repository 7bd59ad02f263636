"""Keep credentials out of text: of log records above all.

httpx logs every request's URL at INFO, and httpcore logs headers at DEBUG. An API key, a session id and a guest session
id travel in URLs, so a filter on those loggers rewrites the records before any handler sees them. The filter goes by
the shape of the text, so it also covers clients that others make.
"""

from __future__ import annotations

import logging
import re
from typing import Final

HIDDEN: Final = "[hidden]"

_NAMES: Final = "api_key|guest_session_id|session_id|request_token|user_access_token|access_token|password"
# Compiled when they are first used: importing the package is cheap.
_PATTERNS: Final = (
    # ?api_key=…  &session_id=…, also percent-encoded inside another URL
    rf"(?i)(?:\b|(?<=%3F)|(?<=%26))((?:{_NAMES})(?:=|%3D))[^&#\s'\"<>\\)\],;]+",
    # "session_id": "…" as JSON or as a Python dict
    rf"(?i)(['\"](?:{_NAMES})\\?['\"]\s*[:,]\s*b?\\?['\"])[^'\"\\]+",
    # …/guest_session/{guest_session_id}/rated/…
    r"(?i)(\bguest_session/)(?!new\b)[^/?#\s'\"]+",
    # …/account/{account_id}/…
    r"(?i)(/account/)(?!\{)[^/?#\s'\"]+",
    # the page where a user approves a request token, which TMDB also sends as a response header
    r"(?i)(\bauthenticate/)[^/?#\s'\"]+",
    r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]+",
    # anything that is shaped like a JSON Web Token
    r"()\beyJ[\w-]+\.[\w-]+\.[\w-]+",
)

# A filter on a logger does not see what its children log, so each logger that writes is named.
_LOGGERS: Final = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "h2",
    "hpack.hpack",
    "hpack.table",
)


def redact(text: str) -> str:
    """Return `text` with everything that is shaped like one of TMDB's credentials hidden."""
    for pattern in _PATTERNS:
        text = re.sub(pattern, rf"\1{HIDDEN}", text)
    return text


class _RedactingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _redact_value(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_redact_value(value) for value in record.args)
        elif isinstance(record.args, dict):
            record.args = {key: _redact_value(value) for key, value in record.args.items()}
        return True


def _redact_value(value: object) -> object:
    """Return `value` itself where it is harmless, so that `%d` and structured handlers still get what they expect."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    redacted = redact(text)
    return value if redacted == text else redacted


def install_log_filter() -> None:
    """Put the filter on the loggers of httpx and what lies below it; a second call changes nothing."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(item, _RedactingFilter) for item in logger.filters):
            logger.addFilter(_RedactingFilter())
