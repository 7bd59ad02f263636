"""What all endpoints of this version share: sending, and how a response becomes a `Response` with a model in it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from . import errors
from .types import Response

if TYPE_CHECKING:
    import httpx

    from .client import AuthenticatedClient, Client
    from .models.status import Status

T = TypeVar("T")

_KNOWN = frozenset(HTTPStatus)


def send(
    client: AuthenticatedClient | Client, kwargs: dict[str, Any], decode: Callable[[Any], T]
) -> Response[T | Status]:
    """Send a request, given as keyword arguments of `httpx.Client.request`, and return what `respond` makes of it."""
    return respond(client, client.get_httpx_client().request(**kwargs), decode)


async def asend(
    client: AuthenticatedClient | Client, kwargs: dict[str, Any], decode: Callable[[Any], T]
) -> Response[T | Status]:
    """Send a request, given as keyword arguments of `httpx.AsyncClient.request`; otherwise as `send`."""
    return respond(client, await client.get_async_httpx_client().request(**kwargs), decode)


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
    if 200 <= status < 300:
        if response.content or status == 200:
            parsed = decode(response.json() if response.content else None)
    elif 400 <= status <= 599:
        from .models.status import Status

        parsed = Status.from_dict(response.json())
    elif client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(status, response.content)
    return Response(status_code=HTTPStatus(status), content=response.content, headers=response.headers, parsed=parsed)
