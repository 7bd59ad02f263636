"""Addresses of the web, taken apart."""

from __future__ import annotations

from urllib.parse import urlsplit

from .messages import PORTS, Origin


def split_url(url: str) -> tuple[Origin, str]:
    """Return where an address leads, and its path and query.

    Raises:
        ValueError: it is not an http or https address in ASCII.
    """
    parts = urlsplit(url)
    port = parts.port
    if parts.scheme not in PORTS or not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("not an http or https address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Origin(parts.scheme, parts.hostname, PORTS[parts.scheme] if port is None else port), target
