"""The one page of TMDB's site that programs send people to: where a user approves or denies a request token."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from tmdb_ext.testing._http import RawResponse
from tmdb_ext.testing._state import RequestToken
from tmdb_ext.testing._status import StatusError

_PAGE = re.compile(r"/authenticate/([^/?#]+)(?:/(allow|deny))?")
_V4_PAGE = re.compile(r"/auth/access(?:/(approve|deny))?")
_HEADERS = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store", "referrer-policy": "no-referrer"}


def serve_site(
    method: str,
    path: str,
    query: str,
    live: Callable[[str], RequestToken],
    decide: Callable[[RequestToken, bool], None],
) -> RawResponse | None:
    """The answer to a browser; None if the path is not one of the site's.

    Args:
        method: The HTTP method; a decision is a POST, as from the page's buttons, or a GET, as from a link.
        path: The path of the request.
        query: Its query, which may have `redirect_to`.
        live: Gives the request token of a value, or raises StatusError.
        decide: Carries out the user's decision.
    """
    asked = parse_qs(query)
    if match := _PAGE.fullmatch(path):
        value, decision = match.groups()
        redirect_to = asked.get("redirect_to", [None])[-1]
    elif match := _V4_PAGE.fullmatch(path):
        value, decision = asked.get("request_token", [""])[-1], match.group(1)
        redirect_to = None
    else:
        return None
    if method not in ("GET", "POST"):
        return _page(405, "This page cannot do that.")
    try:
        token = live(value)
    except StatusError:
        return _page(404, "This request token is unknown, used or expired.")
    if decision is None:
        approve = "allow" if token.version == 3 else "approve"
        return _page(200, "An application asks to act for you.", _buttons(path, query, approve))
    approved = decision != "deny"
    decide(token, approved)
    if token.version == 4 and token.redirect_to is not None:
        return RawResponse(302, b"", {"location": token.redirect_to, **_HEADERS})
    if redirect_to is None:
        return _page(200, "Approved." if approved else "Denied.")
    verdict = {"approved": "true"} if approved else {"denied": "true"}
    return RawResponse(
        302, b"", {"location": _with_query(redirect_to, {"request_token": value, **verdict}), **_HEADERS}
    )


def _buttons(path: str, query: str, approve: str) -> str:
    mark = "?" if query else ""
    form = '<form method="post" action="{}"><button>{}</button></form>'
    return "".join(
        form.format(html.escape(f"{path}/{action}{mark}{query}"), label)
        for action, label in ((approve, "Approve"), ("deny", "Deny"))
    )


def _page(status: int, text: str, more: str = "") -> RawResponse:
    body = f"<!doctype html><meta charset=utf-8><title>Simulated TMDB</title><p>{html.escape(text)}</p>{more}"
    return RawResponse(status, body.encode(), _HEADERS)


def _with_query(address: str, more: dict[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(more)]))))
