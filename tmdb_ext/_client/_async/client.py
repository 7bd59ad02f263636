"""The client: the generated resources, over the engine, with the auth flow."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, ParamSpec, Self, TypeVar

from tmdb_api_client.v3.resources import AsyncResources

from tmdb_ext._arguments import defaults, extra_query
from tmdb_ext._auth._async.caller import AsyncCaller
from tmdb_ext._auth._async.facade import AsyncAuth, AsyncGuest
from tmdb_ext._auth.credentials import hide
from tmdb_ext._auth.modes import ModeBlock, PlainBlock, check_mode
from tmdb_ext._client.listings import AsyncListings
from tmdb_ext._client.settings import (
    Options,
    checked_site_url,
    flow_of,
    request_for,
    resolved,
    shown,
)
from tmdb_ext._errors import ConfigurationError, NotFound, cleaned
from tmdb_ext._http._async.engine import AsyncEngine
from tmdb_ext._http._async.transport import AsyncTransportWire
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http.call import CallSettings, Lifetime
from tmdb_ext._http.limit import limiter_of
from tmdb_ext._http.messages import Timeouts, WireSettings
from tmdb_ext._http.responses import read
from tmdb_ext._http.retry import policy_of
from tmdb_ext._http.settings import address_of, checked_proxy, checked_verify, headers_of, size_of, timeouts_of
from tmdb_ext._redaction import install_log_filter

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    import httpx
    from tmdb_api_client._resource import Endpoint
    from tmdb_api_client.v3.client import AuthenticatedClient

    from tmdb_ext._auth.credentials import CredentialName, Credentials, Secret
    from tmdb_ext._auth.guest import GuestPolicy, GuestSession
    from tmdb_ext._auth.selection import Mode
    from tmdb_ext._http.cache import CacheSetting
    from tmdb_ext._http.limit import RateLimit
    from tmdb_ext._http.messages import Origin
    from tmdb_ext._http.retry import RetryPolicy
    from tmdb_ext._http.settings import TimeoutSetting
    from tmdb_ext._stores import SessionStore

    from .account import AsyncAccount
    from .images import AsyncImages
    from .v4 import AsyncV4

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound="AsyncTMDB")

MAX_RESPONSE_SIZE: Final = 64 * 1024 * 1024
DEFAULT_TIMEOUTS: Final = Timeouts()


class AsyncTMDB(AsyncListings, AsyncResources):
    """A client for TMDB. Every operation is a method of a resource: ``await tmdb.movies.details(11)``.

    Credentials come from arguments or from the environment (``TMDB_ACCESS_TOKEN``, ``TMDB_API_KEY``,
    ``TMDB_USER_ACCESS_TOKEN``, ``TMDB_SESSION_ID``, ``TMDB_GUEST_SESSION_ID``). An argument switches the environment
    off for its level: with `api_key` given, ``TMDB_ACCESS_TOKEN`` is not read.

    One client may be shared by threads, by event loops, and by processes that were forked after it was made: each has
    connections of its own. Use it as a context manager, or call `aclose`.

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
        credentials: Credentials | None = None,
        base_url: str | None = None,
        site_url: str | None = None,
        timeout: TimeoutSetting = DEFAULT_TIMEOUTS,
        transport: httpx.AsyncBaseTransport | None = None,
        proxy: str | httpx.Proxy | None = None,
        verify: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
        http2: bool = False,
        max_response_size: int = MAX_RESPONSE_SIZE,
        mode: Mode = "auto",
        guest: bool | GuestPolicy = True,
        store: SessionStore | None = None,
        on_guest_session_replaced: Callable[[GuestSession], object] | None = None,
        retries: bool | RetryPolicy = True,
        rate_limit: float | Literal["tmdb"] | RateLimit | None = "tmdb",
        cache: CacheSetting = False,
        language: str | None = None,
        region: str | None = None,
        include_adult: bool | None = None,
        include_image_language: str | Sequence[str | None] | None = None,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            access_token: API Read Access Token, sent as a bearer. The recommended application credential.
            api_key: API key, 32 hexadecimal characters; it travels in the URL, and is used if no token is held.
            user_access_token: v4 access token of a user. If v3 needs a session, the token is converted once.
            session_id: v3 session of a user, 40 hexadecimal characters.
            guest_session_id: guest session made earlier, 32 hexadecimal characters.
            credentials: all of these in one object, in place of the arguments above and of the environment.
            base_url: scheme, host and port to talk to, without the ``/3``; by default TMDB's own, or what
                ``TMDB_BASE_URL`` says. Credentials go nowhere else.
            site_url: scheme, host and port of the site where users approve a login; by default TMDB's own, or what
                ``TMDB_SITE_URL`` says.
            timeout: seconds for each phase (connect, read, write, pool), or an `httpx.Timeout`; None waits as long as
                the budget of a call allows. By default 10 s to connect, 30 s to read and to write, 60 s for a
                connection of the pool.
            transport: an httpx or httpx2 transport to use in place of a connection pool. `proxy`, `verify` and `http2`
                are then its own business, and so are the environment's proxies.
            proxy: address of a proxy (``http://``, ``https://``, or with the extra `socks` ``socks5://``), or an
                `httpx.Proxy`; by default the environment's.
            verify: what to check certificates with, if not with the usual authorities.
            headers: headers to send with all requests, such as a user agent of your own.
            http2: whether to speak HTTP/2 if the server does; needs the extra `http2`.
            max_response_size: bytes that a response may have, decompressed; larger ones raise `ResponseTooLarge`.
            mode: which user-level credentials to use: ``auto`` (a user session before a guest session), ``session``,
                ``guest``, or ``application`` (none).
            guest: make a guest session when a call needs one and no user session is held; a `GuestPolicy` says how
                long one is used.
            store: where sessions are kept: a `MemoryStore` of the client's own by default, a `FileStore` to keep them
                over restarts and to share them between processes, or a `tmdb_ext.redis.RedisStore` to share them
                between machines. It is read now, and when a session is needed.
            on_guest_session_replaced: called with the new `GuestSession` after TMDB dropped the former one. Ratings
                made with the former one are lost.
            retries: repeat requests that failed on the way or that TMDB turned away; a `RetryPolicy` says how often
                and how patiently, how long a call may take in all, and calls a hook of yours.
            rate_limit: requests a second, shared by all clients of this process that talk to one address; by default
                TMDB's own limit, which does not hold for a server on this machine. None sends as fast as it can. A
                `tmdb_ext.redis.RedisRateLimit` is shared by machines.
            cache: keep what TMDB lets be kept, and ask again only when it has grown old: True for the client's own
                memory, or a file that processes share. Nothing of a user's is kept. Needs the extra `cache`, whose
                storages this takes as well.
            language: ISO 639-1, optionally with a country (``pt-BR``): sent if an operation takes it and the call
                gives none, as are the three below.
            region: country, ISO 3166-1 in capitals.
            include_adult: whether to include adult titles.
            include_image_language: languages of the images, ISO 639-1; None in it for images without text.

        Raises:
            ConfigurationError: a credential is malformed, there is no application credential, or another setting is
                not usable, among them the proxies and certificates that the environment names.
            InvalidArgument: a default is not what TMDB takes.
        """
        given: dict[CredentialName, Secret | None] = {
            "api_key": hide(api_key),
            "access_token": hide(access_token),
            "user_access_token": hide(user_access_token),
            "session_id": hide(session_id),
            "guest_session_id": hide(guest_session_id),
        }
        # Not to be found in the locals of a traceback from here.
        del api_key, access_token, user_access_token, session_id, guest_session_id
        install_log_filter()
        self._address = address_of(base_url)
        self._flow = flow_of(resolved(credentials, given), self._address, mode, guest, store, on_guest_session_replaced)
        self._site_url = checked_site_url(site_url)
        self._defaults = defaults(language, region, include_adult, include_image_language)
        self._options = Options()
        settings = CallSettings(timeouts_of(timeout), headers_of(headers), policy_of(retries))
        limiter = limiter_of(rate_limit, str(self._address), self._address.origin.host)
        size = size_of(max_response_size)
        ways = [WireSettings(proxy=checked_proxy(proxy), verify=checked_verify(verify), http2=http2, max_content=size)]
        del proxy  # it may have a password in it
        error: ConfigurationError | None = None
        try:
            self._wire = _wire_of(transport, ways.pop(), self._address.origin)
        except ConfigurationError as caught:
            error = caught
        if error is not None:
            raise cleaned(error)
        engine = AsyncEngine(self._wire, limiter)
        self._cache: Any = None
        if cache is not False:
            from tmdb_ext._http._async.cache import AsyncCache  # noqa: PLC0415 - few have one

            self._cache = AsyncCache(engine, cache)
        self._calls = AsyncCaller(self._flow, self._cache or engine, settings, Lifetime())
        self._is_derived = False

    @cached_property
    def auth(self) -> AsyncAuth:
        """What the client holds and would send, and how a user logs in and out."""
        return AsyncAuth(self._calls, self._flow, self._site_url)

    @cached_property
    def guest(self) -> AsyncGuest:
        """The guest session, for those who want to see or steer it."""
        return AsyncGuest(self._calls, self._flow)

    @cached_property
    def account(self) -> AsyncAccount:
        """The account of the user, with its `id`."""
        from .account import AsyncAccount  # noqa: PLC0415 - few need it

        return AsyncAccount(self._call, self._calls, self._options.mode)

    @cached_property
    def images(self) -> AsyncImages:
        """Addresses of images in the size that is wanted, and the images themselves."""
        from .images import AsyncImages  # noqa: PLC0415 - few need it

        return AsyncImages(self.configuration, self._wire, self._calls)

    @cached_property
    def v4(self) -> AsyncV4:
        """Version 4 of the API: lists, the account, and logging in, over the same connections and credentials."""
        from .v4 import AsyncV4  # noqa: PLC0415 - few need it

        return AsyncV4(self._call, self._calls, self._address, self._site_url)

    async def or_none(self, method: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Call a method and return None if TMDB has no such thing: ``await tmdb.or_none(tmdb.movies.details, 11)``.

        Args:
            method: the method to call.
            args: its positional arguments.
            kwargs: its other arguments.

        Raises:
            TMDBError: whatever the method raises, other than `NotFound`.
        """
        try:
            return await method(*args, **kwargs)
        except NotFound:
            return None

    def with_options(self, *, query: Mapping[str, Any] | None = None, mode: Mode | None = None) -> AsyncTMDB:
        """Return a client with other options: ``await tmdb.with_options(query={"region": "DE"}).movies.popular()``.

        It shares the connections, credentials, limits and cache of this one. Closing it does nothing.

        Args:
            query: query parameters to send beside those that a call gives, for what TMDB takes and does not document.
                Values are written as those of documented parameters are: dates, lists and `any_of(...)` among them. An
                argument of the call takes precedence.
            mode: which user-level credentials to use: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            InvalidArgument: a name is not one of a query parameter, or is a credential's.
            ConfigurationError: there is no such mode.
        """
        former = self._options
        return self._derived(
            AsyncTMDB,
            Options(
                former.mode if mode is None else check_mode(mode),
                former.query if query is None else {**former.query, **extra_query(query)},
            ),
        )

    def acting_as(self, mode: Mode) -> AsyncActingAs:
        """Use another mode, for a block or for a call.

        ``async with tmdb.acting_as("guest"): ...`` holds for the task or thread that enters the block and for tasks
        started inside it, and for no other. ``await tmdb.acting_as("guest").movies.add_rating(11, value=8)`` holds for
        that call.

        Args:
            mode: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            ConfigurationError: there is no such mode.
        """
        block = ModeBlock(self._flow, mode)
        return self._derived(AsyncActingAs, self._options._replace(mode=block.mode), _block=block)

    def _derived(self, kind: type[D], options: Options, **more: Any) -> D:
        shared = ("_address", "_cache", "_calls", "_defaults", "_flow", "_site_url", "_wire")
        made = kind.__new__(kind)
        vars(made).update({name: getattr(self, name) for name in shared}, _options=options, _is_derived=True, **more)
        return made

    @cached_property
    def low_level(self) -> AuthenticatedClient:
        """The generated client, with this client's connections, credentials and errors behind it.

        For the generated endpoint functions: ``await movie_details.asyncio_detailed(11, client=tmdb.low_level)``. Its
        `get_async_httpx_client()` is a real httpx client, for requests of your own.
        """
        from tmdb_ext._client.low_level import async_low_level_client  # noqa: PLC0415 - few need it

        return async_low_level_client(self._calls, self._address, self._options)

    @classmethod
    async def warm_up(cls) -> None:
        """Load what the first call needs, certificates among it: once for all clients of the process, nothing is sent.

        Without it the first call does the same, in a thread, so that an event loop goes on meanwhile.
        """
        wire = AsyncPoolWire()
        await wire.warm_up()
        await wire.aclose()

    async def aclose(self) -> None:
        """Close the connections. Calls after that raise `ConfigurationError`; closing again does nothing.

        Closing a client that was derived from another one does nothing.
        """
        if self._is_derived or self._calls.lifetime.is_closed:
            return
        self._calls.lifetime.is_closed = True
        try:
            await self._wire.aclose()
        finally:
            if self._cache is not None:
                await self._cache.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        calls = self.__dict__.get("_calls")
        if calls is None or self._is_derived:
            return
        if calls.lifetime.was_used and not calls.lifetime.is_closed:
            name = type(self).__name__
            warnings.warn(
                f"A {name} was not closed: use it in a with statement, or call aclose().", ResourceWarning, stacklevel=2
            )

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is not pickled: it holds connections and credentials. Make one in each process.")

    def __repr__(self) -> str:
        return shown(self, self.__dict__.get("_address"), self.__dict__.get("_flow"))

    async def _call(self, endpoint: Endpoint[T], arguments: dict[str, Any]) -> T:
        """Make a call. This is the door: whatever ends the call leaves without the frames behind it."""
        try:
            return await self._made(endpoint, arguments)
        except BaseException as caught:  # noqa: BLE001 - an interruption or cancellation has the same frames
            error = caught
        del arguments
        raise cleaned(error)

    async def _made(self, endpoint: Endpoint[T], arguments: dict[str, Any]) -> T:
        calls = self._calls
        operation, request = request_for(
            endpoint, arguments, self._address, calls.settings.headers, self._defaults, self._options
        )
        call = calls.call(operation, mode=self._options.mode)
        response = await calls.perform(call, request)
        return read(call, request, response, endpoint.decode)


def _wire_of(transport: Any, settings: WireSettings, origin: Origin) -> AsyncPoolWire | AsyncTransportWire:
    return AsyncPoolWire(settings, [origin]) if transport is None else AsyncTransportWire(transport, settings)


class AsyncActingAs(PlainBlock, AsyncTMDB):
    """A client in another mode, and a block in which the client that it comes from uses that mode.

    As a block it holds for the thread or task that enters it and for tasks that are started inside; threads that are
    started inside are not touched.
    """

    async def __aenter__(self) -> Self:
        self._block.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._block.leave()

    def __repr__(self) -> str:
        return f"<acting as {self._block.mode!r}>"
