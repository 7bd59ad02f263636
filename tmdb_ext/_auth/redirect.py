"""The redirect that ends a login: what the address says that TMDB sent a browser back to."""

from __future__ import annotations

import secrets
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from tmdb_ext._errors import InvalidArgument


class Redirect(NamedTuple):
    """What the address says that TMDB sent a browser back to."""

    path: str
    request_token: str | None
    is_approved: bool
    is_denied: bool

    @classmethod
    def of(cls, url: str) -> Redirect:
        """Read the address of a request, whole or from its path on.

        Raises:
            InvalidArgument: it is not one.
        """
        try:
            parts = urlsplit(url) if isinstance(url, str) else None
        except ValueError:
            parts = None
        if parts is None:
            raise InvalidArgument(
                "url must be the address of the request that the browser made after the approval, as a text."
            )
        names = parse_qs(parts.query, keep_blank_values=True)
        tokens = names.get("request_token", [])
        return cls(
            parts.path,
            # Two are nobody's.
            tokens[0] if len(tokens) == 1 else "" if tokens else None,
            names.get("approved") == ["true"],
            "true" in names.get("denied", ()),
        )

    def belongs_to(self, request_token: str, *, is_named: bool) -> bool:
        """Return whether it is the redirect of the login with this request token."""
        if self.request_token is None:
            return not is_named
        return secrets.compare_digest(self.request_token.encode(), request_token.encode())
