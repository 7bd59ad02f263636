"""How an operation of this version is called: what all its endpoints share, from the request to the decoded answer."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, ParamSpec, TypeVar

from .._endpoint import Request, headers, query
from .._fields import converter
from . import errors
from .types import UNSET, Response

if TYPE_CHECKING:
    import httpx

    from .._model import Conversion
    from .client import AuthenticatedClient, Client
    from .models import Status

P = ParamSpec("P")
T = TypeVar("T")

_VERSION: Final = __name__.split(".")[-2]
_KNOWN: Final = frozenset(HTTPStatus)


class _Way:
    """One of the ways to call an endpoint, which shows the endpoint's own parameters and words."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    def __get__(self, endpoint: Any, owner: type[Any]) -> Callable[..., Any]:
        if endpoint is None:
            return self._function
        bound = _async if inspect.iscoroutinefunction(self._function) else _plain
        way = bound(self._function, endpoint)
        endpoint.__dict__[self._name] = functools.update_wrapper(way, endpoint)
        return way


def _plain(function: Callable[..., Any], endpoint: Any) -> Callable[..., Any]:
    def way(*args: Any, **kwargs: Any) -> Any:
        return function(endpoint, *args, **kwargs)

    return way


def _async(function: Callable[..., Any], endpoint: Any) -> Callable[..., Any]:
    async def way(*args: Any, **kwargs: Any) -> Any:
        return await function(endpoint, *args, **kwargs)

    return way


class Endpoint(Generic[P, T]):
    """An operation: `movie_details.sync(11, client=client)`."""

    api: ClassVar[str] = _VERSION
    """The version of the API: v3."""

    def __init__(self, operation_id: str, answer: Conversion | None, request: Callable[P, Request[T]]) -> None:
        described: Any = self
        functools.update_wrapper(described, request)
        self.operation_id = operation_id
        """TMDB's name of the operation: movie-details."""
        self._request = request
        self._answer = answer

    def __repr__(self) -> str:
        return f"<endpoint {self._request.__name__} of {self.api}>"

    @functools.cached_property
    def decode(self) -> Callable[[Any], T]:
        """Return what the JSON of a successful answer is."""
        decode: Callable[[Any], T] = converter(self._answer, f"{__package__}.models")
        return decode

    def get_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the request, as keyword arguments of `httpx.Client.request`; no `client` is needed."""
        return self._kwargs(self._request(*args, **{"client": None, **kwargs}))

    def sync_detailed(self, *args: P.args, **kwargs: P.kwargs) -> Response[T | Status]:
        """Call the operation and return the answer with its status and headers."""
        client: Any = kwargs.get("client")
        sent = self._kwargs(self._request(*args, **kwargs))
        return respond(client, client.get_httpx_client().request(**sent), self.decode)

    def sync(self, *args: P.args, **kwargs: P.kwargs) -> T | Status | None:
        """Call the operation and return the decoded answer alone."""
        return self.sync_detailed(*args, **kwargs).parsed

    async def asyncio_detailed(self, *args: P.args, **kwargs: P.kwargs) -> Response[T | Status]:
        """As `sync_detailed`, async."""
        client: Any = kwargs.get("client")
        sent = self._kwargs(self._request(*args, **kwargs))
        return respond(client, await client.get_async_httpx_client().request(**sent), self.decode)

    async def asyncio(self, *args: P.args, **kwargs: P.kwargs) -> T | Status | None:
        """As `sync`, async."""
        return (await self.asyncio_detailed(*args, **kwargs)).parsed

    def _kwargs(self, request: Request[T]) -> dict[str, Any]:
        kwargs: dict[str, Any] = {"method": request.method, "url": request.url}
        if request.query is not None:
            kwargs["params"] = query(request.query, UNSET)
        if request.header or request.cookie:
            kwargs["headers"] = headers(request.header or {}, request.cookie or {}, UNSET)
        if request.body is not None:
            kwargs["json"] = request.body.to_dict()
        return {**kwargs, "extensions": {"tmdb_api": self.api, "tmdb_operation": self.operation_id}}

    if not TYPE_CHECKING:  # for which they are methods with the parameters of P
        get_kwargs, sync_detailed, sync = _Way(get_kwargs), _Way(sync_detailed), _Way(sync)
        asyncio_detailed, asyncio = _Way(asyncio_detailed), _Way(asyncio)


def endpoint(
    operation_id: str, answer: Conversion | None = None
) -> Callable[[Callable[P, Request[T]]], Endpoint[P, T]]:
    """Make an endpoint of a function that makes its request.

    Args:
        operation_id: TMDB's name of the operation.
        answer: how the JSON of a successful answer is converted; None if it is as it came.
    """
    return functools.partial(Endpoint, operation_id, answer)


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
