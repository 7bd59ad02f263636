"""What a client is made with, checked, and what a call is made of: the part that needs no network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from inspect import signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from tmdb_api_client._endpoint import InvalidParameter

from tmdb_ext._arguments import Defaults, fault_of, fault_of_body, is_encodable
from tmdb_ext._auth.credentials import (
    CredentialName,
    Credentials,
    Secret,
    application_of,
    from_environment,
    is_object_id,
    users_apart,
)
from tmdb_ext._auth.flow import AuthFlow, FlowSettings
from tmdb_ext._auth.guest import GuestPolicy, GuestSession
from tmdb_ext._auth.modes import check_mode
from tmdb_ext._auth.sessions import AccountIds, Identity, Sessions, UserAccessToken, UserSession
from tmdb_ext._errors import ConfigurationError, InvalidArgument
from tmdb_ext._http.messages import PORTS, Request
from tmdb_ext._json import dumps
from tmdb_ext._operations import describe_operation, operation_of_endpoint
from tmdb_ext._stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmdb_api_client._resource import Endpoint
    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext._auth.selection import Mode
    from tmdb_ext._http.messages import Headers
    from tmdb_ext._http.settings import Address
    from tmdb_ext._stores import SessionStore

SITE_URL: Final = "https://www.themoviedb.org"


_IDENTITIES: Final[Mapping[type, CredentialName]] = {
    UserSession: "session_id",
    UserAccessToken: "user_access_token",
    GuestSession: "guest_session_id",
}
"""The credential that each thing stands for which a program can hold of a user or a guest."""


class Unchanged(Enum):
    """Stands for an argument of `with_options` that was not given."""

    UNCHANGED = "unchanged"

    def __repr__(self) -> str:
        return self.value


UNCHANGED: Final = Unchanged.UNCHANGED


class Options(NamedTuple):
    """What a client's calls are made with, beside what they are given."""

    defaults: Defaults
    mode: Mode | None = None
    """Which user-level credentials to use, if not as the client that this one is derived from."""
    query: Mapping[str, Any] = MappingProxyType({})
    """Query parameters to send beside those that the call gives, as TMDB reads them."""


def credentials_of(
    credential: str | Secret | None, credentials: Credentials | None, given: dict[CredentialName, Secret | None]
) -> Credentials:
    """Return the credentials of a client: the object, or else the arguments and the environment.

    Raises:
        ConfigurationError: one of them is malformed, two exclude each other, or there is no application credential.
    """
    if credential is not None:
        also = next((name for name in ("api_key", "access_token") if given[name] is not None), None)
        if also or credentials is not None:
            raise ConfigurationError(f"Pass the first argument or {also or 'credentials'}=, not both.")
        given = {**given, **_values_of(Credentials.of_form(credential))}
    if credentials is None:
        return Credentials.resolve(users_apart(given), users_apart(from_environment()))
    names = [f"{name}=" for name, value in given.items() if value is not None]
    if names:
        raise ConfigurationError(f"Pass credentials= or {', '.join(names)}, not both.")
    credentials = Credentials(**users_apart(_values_of(credentials)))
    credentials.require_application()
    return credentials


def _values_of(credentials: Credentials) -> dict[CredentialName, Secret | None]:
    values: dict[CredentialName, Secret | None] = {name: getattr(credentials, name) for name in credentials.names()}
    return values


def flow_of(
    credentials: Credentials,
    address: Address,
    mode: Mode,
    guest: bool | GuestPolicy,
    store: SessionStore | None,
    store_key: str | None,
    hook: Callable[[GuestSession], object] | None,
) -> AuthFlow:
    """Return the auth flow of a client.

    Raises:
        ConfigurationError: the mode or the key of the store is none.
    """
    store_key = checked_store_key(store_key)
    settings = FlowSettings(
        address.origin,
        address.prefix,
        _store_of(store, credentials),
        guest if isinstance(guest, GuestPolicy) else GuestPolicy(make=guest),
        check_mode(mode),
        hook,
        AccountIds(),
    )
    identity = Identity.of(credentials)
    sessions = Sessions(
        settings.store,
        settings.address,
        store_key,
        guest=identity.guest,
        user=identity.user,
        token=identity.token,
        account_ids=settings.account_ids,
    )
    if store is None or isinstance(store, MemoryStore):
        sessions.load()  # without waiting
    return AuthFlow(settings, credentials, sessions)


def _store_of(store: SessionStore | None, credentials: Credentials) -> SessionStore:
    """Return the store of a client. One that several applications may share keeps theirs apart.

    Raises:
        ConfigurationError: it lacks a method.
    """
    if store is None:
        return MemoryStore()
    for name in ("load", "save", "compare_and_set", "delete", "acquire", "release"):
        if not callable(getattr(store, name, None)):
            raise ConfigurationError(f"store must have the methods of SessionStore; this one has no {name}.")
    for_application = getattr(store, "for_application", None)
    if for_application is None:
        return store
    named: SessionStore = for_application(application_of(credentials))
    return named


def checked_store_key(store_key: str | None) -> str | None:
    """Return the name under which a store keeps a user's sessions.

    Raises:
        ConfigurationError: it is not a name.
    """
    if store_key is None or (isinstance(store_key, str) and store_key and is_encodable(store_key)):
        return store_key
    kind = type(store_key).__name__
    raise ConfigurationError(
        f"store_key must be a text that names the user for your program, such as '17', not {kind}."
        if not isinstance(store_key, str)
        else "store_key must name the user for your program; it is empty, or not a text that can be written."
    )


def identity_of(
    user: UserSession | UserAccessToken | GuestSession | None,
    given: dict[CredentialName, Secret | None],
    account_id: int | None,
    account_object_id: str | None,
    store_key: str | None,
) -> Identity:
    """Return whom a client for a user acts for.

    Raises:
        ConfigurationError: nobody is named, twice somebody, or a credential or an id is malformed.
    """
    if user is not None:
        name = next((name for kind, name in _IDENTITIES.items() if isinstance(user, kind)), None)
        if name is None:
            raise ConfigurationError(
                "for_user takes what a login returned, a UserSession or a UserAccessToken, or a credential by its "
                f"name, such as session_id=; not {type(user).__name__}."
            )
        if given[name] is not None:
            raise ConfigurationError(f"for_user: pass what a login returned or {name}=, not both.")
        given = {**given, name: user.token if isinstance(user, UserAccessToken) else user.id}
        account_id = account_id or getattr(user, "account_id", None)
        account_object_id = account_object_id or getattr(user, "account_object_id", None)
    named = {name: value for name, value in given.items() if value is not None}
    if not named and store_key is None:
        raise ConfigurationError(
            "for_user needs a user: pass session_id=, user_access_token= or guest_session_id=, what a login returned, "
            "or store_key= for what the store keeps under that name. An empty value counts as missing."
        )
    if account_id is not None and (not isinstance(account_id, int) or isinstance(account_id, bool) or account_id < 1):
        raise ConfigurationError("account_id must be the number of the user's account in v3, 1 or more.")
    if account_object_id is not None and not is_object_id(account_object_id):
        raise ConfigurationError("account_object_id must be the id of the user's account in v4, 24 hexadecimal digits.")
    if account_object_id is not None and "user_access_token" not in named:
        raise ConfigurationError("account_object_id= goes with user_access_token=.")
    return Identity.of(Credentials(**named), account_id, account_object_id)


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
        params = options.defaults.added_to(params, operation)
        body = kwargs.get("json")
        fault = fault_of(params, operation.last_page) or fault_of_body(body)
        more = tuple((name.lower(), value) for name, value in kwargs.get("headers", {}).items())
        if not all(value.isascii() and value.isprintable() for _, value in more):
            fault = fault or "an argument cannot be part of a header"
        headers = (*headers, *more)
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


def no_attribute(kind: type, name: str) -> str:
    """Return what to say of an attribute that somebody sets on a client to no effect."""
    text = f"a {kind.__name__} has no attribute {name!r} to set"
    for method in ("with_options", "for_user"):
        if name in signature(getattr(kind, method)).parameters:
            return f"{text}: make the client with {name}=, or derive one with tmdb.{method}({name}=...)"
    if name in signature(kind).parameters:
        return f"{text}: make the client with {name}="
    return f"{text}. Settings are given when the client is made; tmdb.with_options(...) derives one with others"


def shown(client: object, address: Address | None, flow: AuthFlow | None) -> str:
    """Return the `repr` of a client."""
    if flow is None or address is None:  # a traceback shows the locals of a constructor that failed
        return f"<{type(client).__name__}, not made>"
    held: Sequence[str] = list(flow.held().credentials)
    return f"{type(client).__name__}(base_url={str(address)!r}, credentials={held!r}, mode={flow.mode!r})"
