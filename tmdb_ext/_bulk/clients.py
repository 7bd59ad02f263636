"""What bulk work asks of the client whose method it calls: its settings, and what is wrong with arguments."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any, Protocol

from tmdb_ext._client.settings import request_for
from tmdb_ext._errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext._client.settings import Options
    from tmdb_ext._http.settings import Address

# ruff: noqa: SLF001 - what is read of a client and a resource is declared below, and read here alone


class Client(Protocol):
    """What bulk work reads of a `TMDB` or an `AsyncTMDB`."""

    _address: Address
    _options: Options
    account: Any
    auth: Any
    guest: Any
    v4: Any


class Resource(Protocol):
    """What bulk work reads of a resource."""

    _call: Any


def client_of(method: Callable[..., Any]) -> Client:
    """Return the client that a method of a resource belongs to."""
    resource: Resource = method.__self__  # type: ignore[attr-defined]
    client: Client = resource._call.__self__
    return client


def settings_of(client: Client, operation: Operation) -> dict[str, Any]:
    """Return what a client sends with the calls of an operation by itself, credentials apart, and where it sends it."""
    own = client._options.defaults._asdict()
    query = {name: value for name, value in own.items() if value is not None and name in operation.query}
    return {"base_url": str(client._address), **query, "query": dict(client._options.query)}


def fault_of_call(method: Callable[..., Any], arguments: Mapping[str, Any]) -> InvalidArgument | None:
    """Return why a client would refuse to send a call, or None; nothing is sent."""
    client = client_of(method)

    def look(endpoint: Any, arguments: dict[str, Any]) -> None:
        request_for(endpoint, arguments, client._address, (), client._options)

    async def look_async(endpoint: Any, arguments: dict[str, Any]) -> None:
        look(endpoint, arguments)

    is_async = inspect.iscoroutinefunction(method)
    resource = copy.copy(method.__self__)  # type: ignore[attr-defined]
    resource._call = look_async if is_async else look
    try:
        made = getattr(resource, method.__name__)(**arguments)
        if is_async:
            made.send(None)
    except InvalidArgument as error:
        return error
    except StopIteration:
        pass
    return None
