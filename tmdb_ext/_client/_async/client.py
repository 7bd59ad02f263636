"""The client: the generated resources, over the engine, with the auth flow."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, ParamSpec, Self, TypeVar

from tmdb_api_client._resource import Endpoint
from tmdb_api_client.v3.resources import AsyncResources

from tmdb_ext._arguments import defaults, extra_query
from tmdb_ext._auth._async.caller import AsyncCaller
from tmdb_ext._auth._async.facade import AsyncAuth, AsyncGuest
from tmdb_ext._auth.credentials import CredentialName, Credentials, Secret, hide
from tmdb_ext._auth.guest import GuestPolicy, GuestSession
from tmdb_ext._auth.modes import ModeBlock, PlainBlock, check_mode
from tmdb_ext._auth.selection import Mode
from tmdb_ext._auth.sessions import UserAccessToken, UserSession
from tmdb_ext._client.listings import AsyncListings
from tmdb_ext._client.settings import (
    UNCHANGED,
    Options,
    Unchanged,
    checked_site_url,
    checked_store_key,
    credentials_of,
    flow_of,
    identity_of,
    no_attribute,
    request_for,
    shown,
)
from tmdb_ext._errors import ConfigurationError, NotFound, cleaned
from tmdb_ext._http._async.engine import AsyncEngine
from tmdb_ext._http._async.transport import AsyncTransportWire
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http.call import CallSettings, Lifetime
from tmdb_ext._http.limit import RateLimit, limiter_of
from tmdb_ext._http.messages import Origin, Timeouts, WireSettings
from tmdb_ext._http.responses import read
from tmdb_ext._http.retry import RetryPolicy, policy_of
from tmdb_ext._http.settings import (
    TimeoutSetting,
    address_of,
    checked_proxy,
    checked_verify,
    headers_of,
    size_of,
    timeouts_of,
)
from tmdb_ext._images import KnownSizes
from tmdb_ext._redaction import install_log_filter
from tmdb_ext._stores import SessionStore

from .bulk import AsyncBulk

if TYPE_CHECKING:
    import httpx
    from tmdb_api_client.v3.client import AuthenticatedClient

    from tmdb_ext._http.cache import CacheSetting

    from .account import AsyncAccount
    from .images import AsyncImages
    from .tv_series import AsyncTvSeries
    from .v4 import AsyncV4

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound="AsyncTMDB")

MAX_RESPONSE_SIZE: Final = 64 * 1024 * 1024
DEFAULT_TIMEOUTS: Final = Timeouts()


class AsyncTMDB(AsyncBulk, AsyncListings, AsyncResources):
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
        credential: str | Secret | None = None,
        /,
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
        store_key: str | None = None,
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
            credential: an API Read Access Token or an API key, told apart by their form: ``AsyncTMDB(token)``.
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
                between machines. It is read when a session is needed.
            on_guest_session_replaced: called with the new `GuestSession` after TMDB dropped the former one, or after
                that of another worker took its place. Ratings made with the former one are lost.
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
        first = [hide(credential)]
        # Not to be found in the locals of a traceback from here.
        del credential, api_key, access_token, user_access_token, session_id, guest_session_id
        install_log_filter()
        self._address = address_of(base_url)
        held = credentials_of(first.pop(), credentials, given)
        flow = flow_of(held, self._address, mode, guest, store, store_key, on_guest_session_replaced)
        self._site_url = checked_site_url(site_url)
        self._options = Options(defaults(language, region, include_adult, include_image_language))
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
        self._image_sizes = KnownSizes()
        self._calls = AsyncCaller(flow, self._cache or engine, settings, Lifetime())
        self._is_derived = False

    @cached_property
    def auth(self) -> AsyncAuth:
        """What the client holds and would send, and how a user logs in and out."""
        return AsyncAuth(self._calls, self._site_url, self._options.mode)

    @cached_property
    def guest(self) -> AsyncGuest:
        """The guest session, for those who want to see or steer it."""
        return AsyncGuest(self._calls)

    @cached_property
    def account(self) -> AsyncAccount:
        """The account of the user, with its `id`."""
        from .account import AsyncAccount  # noqa: PLC0415 - few need it

        return AsyncAccount(self._call, self._calls, self._options.mode)

    @cached_property
    def images(self) -> AsyncImages:
        """Addresses of images in the size that is wanted, and the images themselves."""
        from .images import AsyncImages  # noqa: PLC0415 - few need it

        return AsyncImages(self.configuration, self._wire, self._calls, self._image_sizes)

    @cached_property
    def tv_series(self) -> AsyncTvSeries:
        """TV series, and all seasons of one."""
        from .tv_series import AsyncTvSeries  # noqa: PLC0415 - as the generated resources, when it is first used

        return AsyncTvSeries(self._call)

    @cached_property
    def v4(self) -> AsyncV4:
        """Version 4 of the API: lists, the account, and logging in, over the same connections and credentials."""
        from .v4 import AsyncV4  # noqa: PLC0415 - few need it

        return AsyncV4(self._call, self._calls, self._address, self._site_url, self._options)

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

    def for_user(
        self,
        user: UserSession | UserAccessToken | GuestSession | None = None,
        /,
        *,
        session_id: str | Secret | None = None,
        user_access_token: str | Secret | None = None,
        guest_session_id: str | Secret | None = None,
        account_id: int | None = None,
        account_object_id: str | None = None,
        store_key: str | None = None,
    ) -> AsyncTMDB:
        """Return a client that acts for a user: ``await tmdb.for_user(session).movies.add_rating(11, value=8)``.

        It shares the connections, limits, cache and settings of this one, and nothing of its user, so a web application
        makes one for each request. That costs less than 0.1 ms and sends nothing. Closing it does nothing.

        https://developer.themoviedb.org/docs/authentication-user

        Args:
            user: what a login returned, or a guest session.
            session_id: v3 session of the user, 40 hexadecimal characters.
            user_access_token: v4 access token of the user. If v3 needs a session, the token is converted once: this
                client's store keeps the session for all clients that are made for this token.
            guest_session_id: guest session of the user, 32 hexadecimal characters.
            account_id: id of the user's account in v3, if it is known; else it is looked up when a call needs it.
            account_object_id: id of the user's account in v4, 24 hexadecimal digits, if the token does not tell it.
            store_key: the name under which the store keeps this user's sessions: what is kept is used unless it is
                given here, and a login with ``keep=True`` is kept there. The store is read by the first call.

        Raises:
            ConfigurationError: nobody is named, a value is malformed, or this client has no credential of its
                application: the token of its own user does not act for others.
        """
        given: dict[CredentialName, Secret | None] = {
            "user_access_token": hide(user_access_token or None),
            "session_id": hide(session_id or None),
            "guest_session_id": hide(guest_session_id or None),
        }
        # Not to be found in the locals of a traceback from here.
        del user_access_token, session_id, guest_session_id
        identity = identity_of(user, given, account_id, account_object_id, checked_store_key(store_key))
        calls = self._calls
        return self._derived(AsyncTMDB, self._options, calls.for_user(calls.flow.for_user(identity, store_key)))

    def with_options(
        self,
        *,
        language: str | None | Unchanged = UNCHANGED,
        region: str | None | Unchanged = UNCHANGED,
        include_adult: bool | None | Unchanged = UNCHANGED,
        include_image_language: str | Sequence[str | None] | None | Unchanged = UNCHANGED,
        timeout: TimeoutSetting | Unchanged = UNCHANGED,
        retries: bool | RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        mode: Mode | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> AsyncTMDB:
        """Return a client with other options: ``await tmdb.with_options(language="de").movies.details(11)``.

        It acts for the same user, and shares the connections, limits and cache of this one. That costs less than 0.1 ms
        and sends nothing. Closing it does nothing. Options that are not given stay as they are.

        Args:
            language: ISO 639-1, optionally with a country (``pt-BR``): sent if an operation takes it and the call
                gives none, as are the three below. None sends none.
            region: country, ISO 3166-1 in capitals.
            include_adult: whether to include adult titles.
            include_image_language: languages of the images, ISO 639-1; None in it for images without text.
            timeout: seconds for each phase, or an `httpx.Timeout`; None waits as long as the budget of a call allows.
            retries: whether to repeat requests, or a `RetryPolicy`.
            headers: headers to send with all requests, beside those of this client.
            mode: which user-level credentials to use: ``auto``, ``session``, ``guest`` or ``application``.
            query: query parameters to send beside those that a call gives, for what TMDB takes and does not document.
                Values are written as those of documented parameters are: dates, lists and `any_of(...)` among them. An
                argument of the call takes precedence.

        Raises:
            InvalidArgument: a default is not what TMDB takes; a name is not one of a query parameter, or is a
                credential's.
            ConfigurationError: there is no such mode, or another option is not usable.
        """
        options, calls, settings = self._options, self._calls, self._calls.settings
        given = {
            "language": language,
            "region": region,
            "include_adult": include_adult,
            "include_image_language": include_image_language,
        }
        changed: Any = {name: value for name, value in given.items() if value is not UNCHANGED}
        if changed:
            options = options._replace(defaults=defaults(**{**options.defaults._asdict(), **changed}))
        if mode is not None:
            options = options._replace(mode=check_mode(mode))
        if query is not None:
            options = options._replace(query={**options.query, **extra_query(query)})
        if not isinstance(timeout, Unchanged):
            settings = settings._replace(timeouts=timeouts_of(timeout))
        if retries is not None:
            settings = settings._replace(policy=policy_of(retries))
        if headers is not None:
            settings = settings._replace(headers=headers_of(headers, settings.headers))
        return self._derived(AsyncTMDB, options, calls if settings is calls.settings else calls.with_settings(settings))

    def acting_as(self, mode: Mode) -> AsyncActingAs:
        """Use another mode, for a block or for a call.

        ``async with tmdb.acting_as("guest"): ...`` holds for the task or thread that enters the block and for tasks
        started inside it, and for no other. ``await tmdb.acting_as("guest").movies.add_rating(11, value=8)`` holds for
        that call, as ``with_options(mode="guest")`` does.

        Args:
            mode: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            ConfigurationError: there is no such mode.
        """
        block = ModeBlock(self._calls.flow, mode)
        options = self._options._replace(mode=block.mode)
        return self._derived(AsyncActingAs, options, self._calls, _block=block)

    def _derived(self, kind: type[D], options: Options, calls: AsyncCaller, **more: Any) -> D:
        shared = ("_address", "_cache", "_image_sizes", "_site_url", "_wire")
        made = kind.__new__(kind)
        given = {name: getattr(self, name) for name in shared}
        vars(made).update(given, _options=options, _calls=calls, _is_derived=True, **more)
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

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(no_attribute(type(self), name))
        super().__setattr__(name, value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is not pickled: it holds connections and credentials. Make one in each process.")

    def __repr__(self) -> str:
        calls = self.__dict__.get("_calls")
        return shown(self, self.__dict__.get("_address"), calls and calls.flow)

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
        operation, request = request_for(endpoint, arguments, self._address, calls.settings.headers, self._options)
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
