"""What a client is made with, checked, and what a call is made of: the part that needs no network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from tmdb_api_client._endpoint import InvalidParameter

from tmdb_ext._arguments import Defaults, fault_of, fault_of_body
from tmdb_ext._auth.credentials import CredentialName, Credentials, Secret, from_environment
from tmdb_ext._auth.flow import AuthFlow
from tmdb_ext._auth.guest import GuestPolicy
from tmdb_ext._errors import ConfigurationError, InvalidArgument
from tmdb_ext._http.messages import PORTS, Request
from tmdb_ext._json import dumps
from tmdb_ext._operations import describe_operation, operation_of_endpoint
from tmdb_ext._stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmdb_api_client._resource import Endpoint
    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext._auth.guest import GuestSession
    from tmdb_ext._auth.selection import Mode
    from tmdb_ext._http.messages import Headers
    from tmdb_ext._http.settings import Address
    from tmdb_ext._stores import SessionStore

SITE_URL: Final = "https://www.themoviedb.org"


class Options(NamedTuple):
    """What calls do differently from their client's settings."""

    mode: Mode | None = None
    query: Mapping[str, Any] = MappingProxyType({})
    """Query parameters to send beside those that the call gives, as TMDB reads them."""


def resolved(credentials: Credentials | None, given: dict[CredentialName, Secret | None]) -> Credentials:
    """Return the credentials of a client: the object, or else the arguments and the environment.

    Raises:
        ConfigurationError: both are given, or there is no application credential.
    """
    if credentials is None:
        return Credentials.resolve(given, from_environment())
    also = [f"{name}=" for name, value in given.items() if value is not None]
    if also:
        raise ConfigurationError(f"Pass credentials= or {', '.join(also)}, not both.")
    credentials.require_application()
    return credentials


def flow_of(
    credentials: Credentials,
    address: Address,
    mode: Mode,
    guest: bool | GuestPolicy,
    store: SessionStore | None,
    hook: Callable[[GuestSession], object] | None,
) -> AuthFlow:
    """Return the auth flow of a client."""
    return AuthFlow(
        credentials,
        origin=address.origin,
        prefix=address.prefix,
        store=MemoryStore() if store is None else store,
        policy=guest if isinstance(guest, GuestPolicy) else GuestPolicy(make=guest),
        mode=mode,
        on_guest_session_replaced=hook,
    )


def checked_site_url(site_url: str | None) -> str:
    """Return `site_url`, or else that of the environment, or else TMDB's, without a slash at its end.

    Raises:
        ConfigurationError: it is not an address that a browser can open.
    """
    text = os.environ.get("TMDB_SITE_URL") or SITE_URL if site_url is None else site_url
    try:
        parts = urlsplit(text)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.username is None and parts.port != 0
    except (ValueError, TypeError, AttributeError):
        usable = False
    if not usable or "?" in text or "#" in text:
        raise ConfigurationError(f"site_url must be an http or https address such as {SITE_URL}.")
    return text.rstrip("/")


def request_for(
    endpoint: Endpoint[Any],
    arguments: dict[str, Any],
    address: Address,
    headers: Headers,
    defaults: Defaults,
    options: Options,
) -> tuple[Operation, Request]:
    """Return the operation of an endpoint, and the request that it makes of arguments.

    Raises:
        InvalidArgument: TMDB would refuse one of them, or it cannot be sent.
    """
    operation = operation_of_endpoint(endpoint)
    try:
        kwargs = endpoint.get_kwargs(**arguments)
    except InvalidParameter as error:
        fault: str | None = str(error)
    else:
        params = kwargs.get("params", {})
        if options.query:
            params = {**options.query, **params}
        params = defaults.added_to(params, operation)
        body = kwargs.get("json")
        fault = fault_of(params, operation.last_page) or fault_of_body(body)
        if fault is None:
            target = f"{address.prefix}{kwargs['url']}"
            if params:
                texts = {k: str(v).lower() if isinstance(v, bool) else v for k, v in params.items()}
                target += "?" + urlencode(texts)
            if not (target.isascii() and target.isprintable() and " " not in target):
                fault = "an argument cannot be part of an address"
            elif body is None:
                return operation, Request(operation.method, address.origin, target, headers)
            else:
                sent = (*headers, ("content-type", "application/json"))
                return operation, Request(operation.method, address.origin, target, sent, dumps(body))
    context = describe_operation(operation)
    raise InvalidArgument(f"{context['method']} {context['path']}: {fault}", **context)


def shown(client: object, address: Address | None, flow: AuthFlow | None) -> str:
    """Return the `repr` of a client."""
    if flow is None or address is None:  # a traceback shows the locals of a constructor that failed
        return f"<{type(client).__name__}, not made>"
    held: Sequence[str] = list(flow.held().credentials)
    return f"{type(client).__name__}(base_url={str(address)!r}, credentials={held!r}, mode={flow.mode!r})"
