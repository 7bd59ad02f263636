"""What all endpoint modules of this version share: how a response becomes a `Response` with a model in it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import httpx

from . import errors
from .client import AuthenticatedClient, Client
from .models.status import Status
from .types import Response

T = TypeVar("T")

_KNOWN = frozenset(HTTPStatus)


def respond(
    client: AuthenticatedClient | Client,
    response: httpx.Response,
    decode: Callable[[Any], T],
) -> Response[T | Status]:
    """Return `response` with what `decode` makes of a success, or TMDB's status of a refusal.

    Raises:
        errors.UnexpectedStatus: for an undocumented status, if Client.raise_on_unexpected_status is True, and for one
            that HTTPStatus does not know.
    """
    status = response.status_code
    parsed: T | Status | None = None
    if status not in _KNOWN:
        raise errors.UnexpectedStatus(status, response.content)
    if status in (200, 201):
        parsed = decode(response.json())
    elif 400 <= status <= 599:
        parsed = Status.from_dict(response.json())
    elif client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(status, response.content)
    return Response(status_code=HTTPStatus(status), content=response.content, headers=response.headers, parsed=parsed)
