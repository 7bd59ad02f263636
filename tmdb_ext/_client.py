"""`TMDB` and `AsyncTMDB`: the generated resources, over httpx, with the auth flow."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import httpx
from tmdb_api_client.v3.resources import AsyncResources, Resources

from ._arguments import fault_of
from ._auth import ActingAs, TMDBAuth
from ._credentials import CredentialName, Credentials, Secret, from_environment, hide
from ._errors import ConfigurationError, InvalidArgument, TMDBError, cleaned
from ._http import AsyncHTTP, SyncHTTP
from ._operations import describe
from ._redaction import install_log_filter
from ._responses import Failure, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tmdb_api_client.v3.client import AuthenticatedClient

    from ._guest import GuestSession
    from ._selection import Mode, Plan

T = TypeVar("T")

BASE_URL: Final = "https://api.themoviedb.org"
DEFAULT_TIMEOUT: Final = httpx.Timeout(connect=10.0, read=30.0, write=30.0, pool=60.0)
HEADERS: Final = {"accept": "application/json", "user-agent": "tmdb-ext"}


class TMDB(Resources):
    """A client for TMDB. Every operation is a method of a resource: ``tmdb.movies.details(11)``.

    Credentials come from arguments or from the environment (``TMDB_ACCESS_TOKEN``, ``TMDB_API_KEY``,
    ``TMDB_USER_ACCESS_TOKEN``, ``TMDB_SESSION_ID``, ``TMDB_GUEST_SESSION_ID``). An argument switches the environment
    off for its level: with `api_key` given, ``TMDB_ACCESS_TOKEN`` is not read.

    One client may be shared by threads. Use it as a context manager, or call `close`.

    https://developer.themoviedb.org/docs/authentication-application
    """

    def __init__(
        self,
        *,
        access_token: str | Secret | None = None,
        api_key: str | Secret | None = None,
        user_access_token: str | Secret | None = None,
        session_id: str | Secret | None = None,
        guest_session_id: str | Secret | None = None,
        base_url: str = BASE_URL,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT,
        transport: httpx.BaseTransport | None = None,
        guest: bool = True,
        mode: Mode = "auto",
        on_guest_session_replaced: Callable[[GuestSession], object] | None = None,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            access_token: API Read Access Token, sent as a bearer. The recommended application credential.
            api_key: API key, 32 hexadecimal characters; it travels in the URL, and is used where no token is held.
            user_access_token: v4 access token of a user. Where an operation needs a session, it is converted once.
            session_id: v3 session of a user, 40 hexadecimal characters.
            guest_session_id: guest session made earlier, 32 hexadecimal characters.
            base_url: scheme, host and port to talk to, without the ``/3``. Credentials go nowhere else.
            timeout: seconds for each phase (connect, read, write, pool), or an `httpx.Timeout`; None waits forever.
            transport: an httpx transport to use in place of a connection pool.
            guest: make a guest session when a call needs one and no user session is held.
            mode: which user-level credentials to use: ``auto`` (a user session before a guest session), ``session``,
                ``guest``, or ``application`` (none).
            on_guest_session_replaced: called with the new `GuestSession` after TMDB dropped the former one. Ratings
                made with the former one are lost.

        Raises:
            ConfigurationError: a credential is malformed, there is no application credential, or `base_url` or `mode`
                is not usable.
        """
        credentials: dict[CredentialName, Secret | None] = {
            "api_key": hide(api_key),
            "access_token": hide(access_token),
            "user_access_token": hide(user_access_token),
            "session_id": hide(session_id),
            "guest_session_id": hide(guest_session_id),
        }
        # Not to be found in the locals of a traceback from here.
        del api_key, access_token, user_access_token, session_id, guest_session_id
        self._flow = _flow(credentials, base_url, guest, mode, on_guest_session_replaced)
        self._http = SyncHTTP(self._flow, **_settings(self._flow, timeout), transport=transport)
        self.auth = Auth(self._http, self._flow)
        """What the client holds and what it would send."""
        self.guest = Guest(self._http, self._flow)
        """The guest session, for those who want to see or steer it."""

    def acting_as(self, mode: Mode) -> ActingAs:
        """Use another mode in a block: ``with tmdb.acting_as("guest"): ...``.

        It holds for the thread (or task) that enters the block, and for no other.

        Args:
            mode: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            ConfigurationError: there is no such mode.
        """
        return ActingAs(self._flow, mode)

    @cached_property
    def low_level(self) -> AuthenticatedClient:
        """The generated client, with this client's connections, credentials and errors behind it.

        For the generated endpoint functions: ``movie_details.sync_detailed(11, client=tmdb.low_level)``.
        """
        from tmdb_api_client.v3.client import AuthenticatedClient  # noqa: PLC0415 - few need it

        # The token stays empty: the auth flow adds the credentials.
        return AuthenticatedClient(base_url=str(self._flow.base_url), token="").set_httpx_client(self._http)

    def close(self) -> None:
        """Close the connections. Calls after that raise `ConfigurationError`; closing again does nothing."""
        self._http.close()

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.__exit__(kind, error, traceback)

    def __repr__(self) -> str:
        return _shown(self, getattr(self, "_flow", None))

    def _call(self, kwargs: dict[str, Any], decode: Callable[[Any], T]) -> T:
        outcome = self._outcome(kwargs, decode)
        del kwargs
        if isinstance(outcome, Failure):
            raise cleaned(outcome.error)
        return outcome

    def _outcome(self, kwargs: dict[str, Any], decode: Callable[[Any], T]) -> T | Failure:
        request = _built(self._http, kwargs)
        if isinstance(request, Failure):
            return request
        try:
            response = self._http.send(request)
        except TMDBError as error:
            return Failure(error)
        return read(response, decode)


class AsyncTMDB(AsyncResources):
    """A client for TMDB whose calls are awaited: ``await tmdb.movies.details(11)``.

    Credentials come from arguments or from the environment (``TMDB_ACCESS_TOKEN``, ``TMDB_API_KEY``,
    ``TMDB_USER_ACCESS_TOKEN``, ``TMDB_SESSION_ID``, ``TMDB_GUEST_SESSION_ID``). An argument switches the environment
    off for its level: with `api_key` given, ``TMDB_ACCESS_TOKEN`` is not read.

    One client may be shared by the tasks of one event loop, asyncio's or trio's. Use it as an async context manager, or
    await `aclose`.

    https://developer.themoviedb.org/docs/authentication-application
    """

    def __init__(
        self,
        *,
        access_token: str | Secret | None = None,
        api_key: str | Secret | None = None,
        user_access_token: str | Secret | None = None,
        session_id: str | Secret | None = None,
        guest_session_id: str | Secret | None = None,
        base_url: str = BASE_URL,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        guest: bool = True,
        mode: Mode = "auto",
        on_guest_session_replaced: Callable[[GuestSession], object] | None = None,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            access_token: API Read Access Token, sent as a bearer. The recommended application credential.
            api_key: API key, 32 hexadecimal characters; it travels in the URL, and is used where no token is held.
            user_access_token: v4 access token of a user. Where an operation needs a session, it is converted once.
            session_id: v3 session of a user, 40 hexadecimal characters.
            guest_session_id: guest session made earlier, 32 hexadecimal characters.
            base_url: scheme, host and port to talk to, without the ``/3``. Credentials go nowhere else.
            timeout: seconds for each phase (connect, read, write, pool), or an `httpx.Timeout`; None waits forever.
            transport: an httpx transport to use in place of a connection pool.
            guest: make a guest session when a call needs one and no user session is held.
            mode: which user-level credentials to use: ``auto`` (a user session before a guest session), ``session``,
                ``guest``, or ``application`` (none).
            on_guest_session_replaced: called with the new `GuestSession` after TMDB dropped the former one, and awaited
                if it is a coroutine function. Ratings made with the former one are lost.

        Raises:
            ConfigurationError: a credential is malformed, there is no application credential, or `base_url` or `mode`
                is not usable.
        """
        credentials: dict[CredentialName, Secret | None] = {
            "api_key": hide(api_key),
            "access_token": hide(access_token),
            "user_access_token": hide(user_access_token),
            "session_id": hide(session_id),
            "guest_session_id": hide(guest_session_id),
        }
        # Not to be found in the locals of a traceback from here.
        del api_key, access_token, user_access_token, session_id, guest_session_id
        self._flow = _flow(credentials, base_url, guest, mode, on_guest_session_replaced)
        self._http = AsyncHTTP(self._flow, **_settings(self._flow, timeout), transport=transport)
        self.auth = AsyncAuth(self._http, self._flow)
        """What the client holds and what it would send."""
        self.guest = AsyncGuest(self._http, self._flow)
        """The guest session, for those who want to see or steer it."""

    def acting_as(self, mode: Mode) -> ActingAs:
        """Use another mode in a block: ``async with tmdb.acting_as("guest"): ...``.

        It holds for the task that enters the block and for tasks started inside it, and for no other.

        Args:
            mode: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            ConfigurationError: there is no such mode.
        """
        return ActingAs(self._flow, mode)

    @cached_property
    def low_level(self) -> AuthenticatedClient:
        """The generated client, with this client's connections, credentials and errors behind it.

        For the generated endpoint functions: ``await movie_details.asyncio_detailed(11, client=tmdb.low_level)``.
        """
        from tmdb_api_client.v3.client import AuthenticatedClient  # noqa: PLC0415 - few need it

        # The token stays empty: the auth flow adds the credentials.
        return AuthenticatedClient(base_url=str(self._flow.base_url), token="").set_async_httpx_client(self._http)

    async def aclose(self) -> None:
        """Close the connections. Calls after that raise `ConfigurationError`; closing again does nothing."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, traceback)

    def __repr__(self) -> str:
        return _shown(self, getattr(self, "_flow", None))

    async def _call(self, kwargs: dict[str, Any], decode: Callable[[Any], T]) -> T:
        outcome = await self._outcome(kwargs, decode)
        del kwargs
        if isinstance(outcome, Failure):
            raise cleaned(outcome.error)
        return outcome

    async def _outcome(self, kwargs: dict[str, Any], decode: Callable[[Any], T]) -> T | Failure:
        request = _built(self._http, kwargs)
        if isinstance(request, Failure):
            return request
        try:
            response = await self._http.send(request)
        except TMDBError as error:
            return Failure(error)
        return read(response, decode)


class _AuthView:
    """What a client holds and what it would send: the part that needs no network."""

    def __init__(self, flow: TMDBAuth) -> None:
        self._flow = flow

    @property
    def mode(self) -> Mode:
        """The mode in force: that of the innermost `acting_as` block, else the client's."""
        return self._flow.mode

    @property
    def held(self) -> tuple[CredentialName, ...]:
        """The names of the credentials that the client holds, without their values."""
        return self._flow.held().credentials

    def explain(self, operation_id: str) -> Plan:
        """Say which credentials a call would carry now and why, without their values; nothing is sent.

        Args:
            operation_id: TMDB's name for the operation, such as ``movie-add-rating``.

        Returns:
            The plan. `str()` gives it as a sentence.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        return self._flow.explain(operation_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(held={self.held!r}, mode={self.mode!r})"


class Auth(_AuthView):
    """What a `TMDB` client holds and what it would send."""

    def __init__(self, http: SyncHTTP, flow: TMDBAuth) -> None:
        super().__init__(flow)
        self._http = http

    def account_id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return self._http.run(self._flow.obtain_account_id(self._http.build_request("GET", "")))


class AsyncAuth(_AuthView):
    """What an `AsyncTMDB` client holds and what it would send."""

    def __init__(self, http: AsyncHTTP, flow: TMDBAuth) -> None:
        super().__init__(flow)
        self._http = http

    async def account_id(self) -> int:
        """Return the id of the account that the user session belongs to; looked up once per session.

        Raises:
            ConfigurationError: the client holds no user session.
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._http.run(self._flow.obtain_account_id(self._http.build_request("GET", "")))


class _GuestView:
    """The guest session of a client: the part that needs no network."""

    def __init__(self, flow: TMDBAuth) -> None:
        self._flow = flow

    def info(self) -> GuestSession | None:
        """Return the guest session in use, or None; nothing is sent."""
        return self._flow.guest_session

    def forget(self) -> None:
        """Stop using the guest session. It stays at TMDB until it expires; the next call that needs one makes one."""
        self._flow.forget_guest_session()


class Guest(_GuestView):
    """The guest session of a `TMDB` client."""

    def __init__(self, http: SyncHTTP, flow: TMDBAuth) -> None:
        super().__init__(flow)
        self._http = http

    def start(self) -> GuestSession:
        """Return the guest session in use, after making one where there is none.

        https://developer.themoviedb.org/reference/authentication-create-guest-session

        Raises:
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return self._http.run(self._flow.obtain_guest_session(self._http.build_request("GET", "")))


class AsyncGuest(_GuestView):
    """The guest session of an `AsyncTMDB` client."""

    def __init__(self, http: AsyncHTTP, flow: TMDBAuth) -> None:
        super().__init__(flow)
        self._http = http

    async def start(self) -> GuestSession:
        """Return the guest session in use, after making one where there is none.

        https://developer.themoviedb.org/reference/authentication-create-guest-session

        Raises:
            APIError: TMDB refused.
            TransportError: no answer came.
        """
        return await self._http.run(self._flow.obtain_guest_session(self._http.build_request("GET", "")))


def _flow(
    credentials: dict[CredentialName, Secret | None],
    base_url: str,
    guest: bool,
    mode: Mode,
    hook: Callable[[GuestSession], object] | None,
) -> TMDBAuth:
    return TMDBAuth(
        Credentials.resolve(credentials, from_environment()),
        base_url=checked_base_url(base_url),
        mode=mode,
        guest=guest,
        on_guest_session_replaced=hook,
    )


def _settings(flow: TMDBAuth, timeout: float | httpx.Timeout | None) -> dict[str, Any]:
    """Return the arguments that the httpx clients of both kinds get."""
    install_log_filter()
    return {"base_url": flow.base_url, "timeout": timeout, "headers": HEADERS}


def checked_base_url(base_url: str) -> httpx.URL:
    """Return `base_url` as a URL.

    Raises:
        ConfigurationError: it is not an address that the generated paths can follow.
    """
    try:
        url: httpx.URL | None = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError):
        url = None
    if url is None or url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(f"base_url must be an http or https address such as {BASE_URL}.")
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError("base_url must not have a user name, a password, a query or a fragment.")
    if url.path.rstrip("/").endswith(("/3", "/4")):
        raise ConfigurationError("base_url must not end in the API version: the paths of the operations have it.")
    return url


def _built(http: httpx.Client | httpx.AsyncClient, kwargs: dict[str, Any]) -> httpx.Request | Failure:
    fault = fault_of(kwargs.get("params") or {})
    if fault is None:
        try:
            return http.build_request(**kwargs)
        except httpx.InvalidURL:
            fault = "an argument cannot be part of an address"
    context: dict[str, Any] = describe(kwargs["method"], kwargs["url"], kwargs.get("extensions", {}))
    return Failure(InvalidArgument(f"{context['method']} {context['path']}: {fault}", **context))


def _shown(client: object, flow: TMDBAuth | None) -> str:
    if flow is None:  # a traceback shows the locals of a constructor that failed
        return f"<{type(client).__name__}, not made>"
    base_url, held = str(flow.base_url), list(flow.held().credentials)
    return f"{type(client).__name__}(base_url={base_url!r}, credentials={held!r}, mode={flow.mode!r})"
