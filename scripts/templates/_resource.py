"""What all resources share: the call that whoever holds them supplies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

ACCOUNT_ID: Any = "{account_id}"
"""Stands in a path for the account id of the user session that a call will carry."""
ACCOUNT_OBJECT_ID: Any = "{account_object_id}"
"""Stands in a path for the account object id of the user whose access token a call will carry."""
GUEST_SESSION_ID: Any = "{guest_session_id}"
"""Stands in a path for the guest session id that a call will carry."""


class Caller(Protocol):
    """Sends a request, given as keyword arguments of `httpx.Client.request`, and decodes the JSON that comes back."""

    def __call__(self, kwargs: dict[str, Any], decode: Callable[[Any], T]) -> T: ...


class AsyncCaller(Protocol):
    """Sends a request, given as keyword arguments of `httpx.AsyncClient.request`, and decodes what comes back."""

    async def __call__(self, kwargs: dict[str, Any], decode: Callable[[Any], T]) -> T: ...


class Resource:
    """A group of operations."""

    __slots__ = ("_call",)

    def __init__(self, call: Caller) -> None:
        self._call = call


class AsyncResource:
    """A group of operations, async."""

    __slots__ = ("_call",)

    def __init__(self, call: AsyncCaller) -> None:
        self._call = call
