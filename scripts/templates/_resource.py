"""What all resources share: the call that whoever holds them supplies."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import shorten
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ACCOUNT_ID: Any = "{account_id}"
"""Stands in a path for the account id of the user session that a call will carry."""
ACCOUNT_OBJECT_ID: Any = "{account_object_id}"
"""Stands in a path for the account object id of the user whose access token a call will carry."""
GUEST_SESSION_ID: Any = "{guest_session_id}"
"""Stands in a path for the guest session id that a call will carry."""


class Endpoint(Protocol[T_co]):
    """An endpoint, as a caller uses it."""

    @property
    def api(self) -> str:
        """The version of the API: v3."""

    @property
    def operation_id(self) -> str:
        """TMDB's name of the operation: movie-details."""

    def get_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Make the request, as keyword arguments of `httpx.Client.request`; may raise InvalidPathParameter."""

    @property
    def decode(self) -> Callable[[Any], T_co]:
        """Decode the JSON of a successful answer."""


class Caller(Protocol):
    """Sends the request that an endpoint makes of arguments, and decodes the JSON that comes back."""

    def __call__(self, endpoint: Endpoint[T], arguments: dict[str, Any], /) -> T: ...


class AsyncCaller(Protocol):
    """Sends the request that an endpoint makes of arguments, and decodes the JSON that comes back, async."""

    async def __call__(self, endpoint: Endpoint[T], arguments: dict[str, Any], /) -> T: ...


class Resource:
    """A group of operations."""

    __slots__ = ("_call",)

    def __init__(self, call: Caller) -> None:
        self._call = call

    def __repr__(self) -> str:
        return _shown(self)


class AsyncResource:
    """A group of operations, async."""

    __slots__ = ("_call",)

    def __init__(self, call: AsyncCaller) -> None:
        self._call = call

    def __repr__(self) -> str:
        return _shown(self)


def _shown(resource: object) -> str:
    """What a resource is, with the names of its methods."""
    names = [name for name in dir(resource) if not name.startswith("_")]
    return f"<{type(resource).__name__}: {shorten(', '.join(names), 240, placeholder=', …')}>"
