"""Times as HTTP writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_http_date(text: str | None) -> datetime | None:
    """Return the aware time that a header such as Date gives, or None."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few answers have it read

    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
