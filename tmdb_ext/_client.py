"""`TMDB` and `AsyncTMDB`: the generated resources, over httpx, with the auth flow."""

from __future__ import annotations

import os
import ssl
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, NoReturn, ParamSpec, Self, TypeVar, overload

import httpx
from tmdb_api_client._endpoint import InvalidParameter
from tmdb_api_client.v3.resources import AsyncResources, Resources

from ._arguments import Defaults, defaults, extra_query, fault_of, fault_of_body
from ._auth.credentials import CredentialName, Credentials, Secret, from_environment, hide
from ._auth.facade import AsyncAuth, AsyncGuest, Auth, Guest
from ._auth.flow import MODE, ModeBlock, TMDBAuth, check_mode
from ._auth.guest import GuestPolicy
from ._errors import ConfigurationError, InvalidArgument, NotFound, TMDBError, cleaned
from ._limit import limiter_of
from ._operations import describe_operation, extensions_of, find_operation
from ._redaction import install_log_filter
from ._responses import Failure, read
from ._retry import policy_of
from ._sending import AsyncHTTP, SyncHTTP, prepared
from ._stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import date
    from types import TracebackType

    from tmdb_api_client._resource import Endpoint
    from tmdb_api_client.v3.client import AuthenticatedClient

    from ._account import Account, AsyncAccount
    from ._auth.guest import GuestSession
    from ._auth.selection import Mode
    from ._bulk import AsyncFetchMany, FetchMany, Progress
    from ._cache import CacheSetting
    from ._images import AsyncImages, Images
    from ._limit import RateLimit
    from ._paging import AsyncPages, ChangesPage, ItemsPage, Pages, ResultsPage
    from ._retry import RetryPolicy
    from ._stores import SessionStore
    from ._v4 import V4, AsyncV4

P = ParamSpec("P")
T = TypeVar("T")

BASE_URL: Final = "https://api.themoviedb.org"
SITE_URL: Final = "https://www.themoviedb.org"
DEFAULT_TIMEOUT: Final = httpx.Timeout(connect=10.0, read=30.0, write=30.0, pool=60.0)
HEADERS: Final = {"accept": "application/json", "user-agent": "tmdb-ext"}


class Options(NamedTuple):
    """What calls do differently from their client's settings."""

    mode: Mode | None = None
    query: Mapping[str, Any] = MappingProxyType({})
    """Query parameters to send beside those that the call gives, as TMDB reads them."""


NO_OPTIONS: Final = Options()


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
        credentials: Credentials | None = None,
        base_url: str | None = None,
        site_url: str | None = None,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT,
        transport: httpx.BaseTransport | None = None,
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
            api_key: API key, 32 hexadecimal characters; it travels in the URL, and is used where no token is held.
            user_access_token: v4 access token of a user. Where v3 needs a session, it is converted once.
            session_id: v3 session of a user, 40 hexadecimal characters.
            guest_session_id: guest session made earlier, 32 hexadecimal characters.
            credentials: all of these in one object, in place of the arguments above and of the environment.
            base_url: scheme, host and port to talk to, without the ``/3``; by default TMDB's own, or what
                ``TMDB_BASE_URL`` says. Credentials go nowhere else.
            site_url: scheme, host and port of the site where users approve a login; by default TMDB's own, or what
                ``TMDB_SITE_URL`` says.
            timeout: seconds for each phase (connect, read, write, pool), or an `httpx.Timeout`; None waits forever.
            transport: an httpx transport to use in place of a connection pool.
            mode: which user-level credentials to use: ``auto`` (a user session before a guest session), ``session``,
                ``guest``, or ``application`` (none).
            guest: make a guest session when a call needs one and no user session is held; a `GuestPolicy` says how
                long one is used.
            store: where sessions are kept: a `MemoryStore` of the client's own by default, a `FileStore` to keep them
                over restarts and to share them between processes, or a `tmdb_ext.redis.RedisStore` to share them
                between machines. It is read now, and when a session is needed.
            on_guest_session_replaced: called with the new `GuestSession` after TMDB dropped the former one. Ratings
                made with the former one are lost.
            retries: send requests again that failed on the way or that TMDB turned away; a `RetryPolicy` says how often
                and how patiently, and tells a hook of yours.
            rate_limit: requests a second, shared by all clients of this process that talk to one address; by default
                TMDB's own limit, which does not hold for a server on this machine. None sends as fast as it can. A
                `tmdb_ext.redis.RedisRateLimit` is shared by machines.
            cache: keep what TMDB lets be kept, and ask again only when it has grown old: True for the client's own
                memory, or a file that processes share. Nothing of a user's is kept. Needs the extra `cache`, whose
                storages this takes as well.
            language: ISO 639-1, optionally with a country (``pt-BR``): sent where an operation takes it and the call
                gives none, as are the three below.
            region: country, ISO 3166-1 in capitals.
            include_adult: whether to include adult titles.
            include_image_language: languages of the images, ISO 639-1; None in it for images without text.

        Raises:
            ConfigurationError: a credential is malformed, there is no application credential, or `base_url` or `mode`
                is not usable.
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
        self._flow = _flow(_resolved(credentials, given), base_url, mode, guest, store, on_guest_session_replaced)
        policy, limiter = policy_of(retries), limiter_of(rate_limit, str(self._flow.base_url), self._flow.base_url.host)
        settings = _settings(self._flow, timeout, transport)
        self._http = SyncHTTP(self._flow, policy, limiter, cache, **settings)
        self._defaults = defaults(language, region, include_adult, include_image_language)
        self._site_url = checked_site_url(site_url)
        self.auth = Auth(self._http, self._flow, self._site_url)
        """What the client holds and would send, and how a user logs in and out."""
        self.guest = Guest(self._http, self._flow)
        """The guest session, for those who want to see or steer it."""

    @cached_property
    def account(self) -> Account:
        """The account of the user, with its `id`."""
        from ._account import Account  # noqa: PLC0415 - few need it

        return Account(self._call, self._http, self._flow)

    @cached_property
    def images(self) -> Images:
        """Addresses of images in the size that is wanted, and the images themselves."""
        from ._images import Images  # noqa: PLC0415 - few need it

        return Images(self.configuration, self._http.timeout)

    @cached_property
    def v4(self) -> V4:
        """Version 4 of the API: lists, the account, and logging in, over the same connections and credentials."""
        from ._v4 import V4  # noqa: PLC0415 - few need it

        return V4(self._call, self._http, self._flow, self._site_url)

    @overload
    def paginate(
        self,
        method: Callable[..., ResultsPage[T]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., ItemsPage[T]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., ChangesPage[T]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    def paginate(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[Any]:
        """Walk over all items of a listing: ``for film in tmdb.paginate(tmdb.discover.movie, with_genres=[878])``.

        Pages are fetched as items are asked for, up to the last one or to TMDB's limit: 500, or 1,000 of what is
        trending.

        Args:
            method: a method of the client that takes ``page``.
            positional: its positional arguments.
            max_items: how many items to give at most; no page beyond them is fetched.
            start_page: where to begin, from 1; `Pages.page` says where an earlier walk came to.
            unique: leave out an item that came before: listings shift while one pages through them.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or a number is out of range.
            TypeError: the method does not take these arguments.
        """
        from ._paging import Listing, Pages  # noqa: PLC0415 - few programs page

        listing = Listing(method, positional, arguments, max_items=max_items, start_page=start_page, unique=unique)
        return Pages(listing)

    @overload
    def changes_between(
        self,
        method: Callable[..., ResultsPage[T]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    @overload
    def changes_between(
        self,
        method: Callable[..., ChangesPage[T]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[T]: ...

    def changes_between(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        **arguments: Any,
    ) -> Pages[Any]:
        """Walk over what was changed in a range of days of any length, in the ranges of 14 days that TMDB takes.

        ``for change in tmdb.changes_between(tmdb.changes.movies, start=date(2026, 1, 1), end=date(2026, 3, 1))``

        Args:
            method: a method of the client that takes ``start_date`` and ``end_date``.
            positional: its positional arguments.
            start: the first day.
            end: the last day.
            max_items: how many items to give at most.
            unique: leave out an item that came before.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or `end` is before `start`.
            TypeError: the method does not take these arguments.
        """
        from ._paging import Listing, Pages, in_windows  # noqa: PLC0415 - few programs page

        listing = Listing(
            method,
            positional,
            arguments,
            max_items=max_items,
            start_page=1,
            unique=unique,
            variants=in_windows(start, end),
        )
        return Pages(listing)

    def or_none(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Call a method and return None where TMDB has no such thing: ``tmdb.or_none(tmdb.movies.details, 11)``.

        Args:
            method: the method to call.
            args: its positional arguments.
            kwargs: its other arguments.

        Raises:
            TMDBError: whatever the method raises, other than `NotFound`.
        """
        try:
            return method(*args, **kwargs)
        except NotFound:
            return None

    def fetch_many(
        self,
        method: Callable[..., T],
        ids: Iterable[int | str],
        /,
        *,
        concurrency: int = 8,
        resume: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], object] | None = None,
        **arguments: Any,
    ) -> FetchMany[T]:
        """Fetch many things, a few at once, and give each as it comes.

        ``for film in tmdb.fetch_many(tmdb.movies.details, ids, append=["credits"])``

        An id that fails does not stop the others; what would fail for all of them does.

        Args:
            method: a method of the client whose first argument is the id.
            ids: the ids; read as they are needed, each fetched once.
            concurrency: how many calls are under way at once; the client's rate limit holds for all of them.
            resume: a file to keep the values in. A run that was killed goes on from it: what is there is not fetched
                again, and not given again; `read_fetched` reads it.
            progress: called with a `Progress` after each id.
            arguments: the method's other arguments.

        Returns:
            The results, each a `Fetched` with `id`, `value` and `error`.

        Raises:
            InvalidArgument: the method is not one of a client, or a number is out of range.
            ConfigurationError: the file holds something else, or another run is writing it.
            TypeError: the method does not take these arguments.
        """
        from ._bulk import FetchMany, Job  # noqa: PLC0415 - few programs fetch in bulk

        return FetchMany(Job(method, ids, arguments, concurrency=concurrency, resume=resume, progress=progress))

    def with_options(self, *, query: Mapping[str, Any] | None = None, mode: Mode | None = None) -> WithOptions:
        """Use other options for some calls: ``tmdb.with_options(query={"region": "DE"}).movies.popular()``.

        Args:
            query: query parameters to send beside those that a call gives, for what TMDB takes and does not document.
                Values are written as those of documented parameters are: dates, lists and `any_of(...)` among them. An
                argument of the call takes precedence.
            mode: which user-level credentials to use: ``auto``, ``session``, ``guest`` or ``application``.

        Returns:
            The resources of this client with these options.

        Raises:
            InvalidArgument: a name is not one of a query parameter, or is a credential's.
            ConfigurationError: there is no such mode.
        """
        options = Options(None if mode is None else check_mode(mode), extra_query(query or {}))
        return WithOptions(self._call, self._http, self._flow, options, self._site_url)

    def acting_as(self, mode: Mode) -> ActingAs:
        """Use another mode, for a block or for a call.

        ``with tmdb.acting_as("guest"): ...`` holds for the thread (or task) that enters the block, and for no other.
        ``tmdb.acting_as("guest").movies.add_rating(11, value=8)`` holds for that call.

        Args:
            mode: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            ConfigurationError: there is no such mode.
        """
        return ActingAs(self._call, self._http, self._flow, mode, self._site_url)

    @cached_property
    def low_level(self) -> AuthenticatedClient:
        """The generated client, with this client's connections, credentials and errors behind it.

        For the generated endpoint functions: ``movie_details.sync_detailed(11, client=tmdb.low_level)``.
        """
        from ._low_level import sync_low_level  # noqa: PLC0415 - few need it

        return sync_low_level(self._http)

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

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is not pickled: it holds connections and credentials. Make one in each process.")

    def __repr__(self) -> str:
        return _shown(self, getattr(self, "_flow", None))

    def _call(self, endpoint: Endpoint[T], arguments: dict[str, Any], options: Options = NO_OPTIONS) -> T:
        outcome = self._outcome(endpoint, arguments, options)
        del arguments
        if isinstance(outcome, Failure):
            raise cleaned(outcome.error)
        return outcome

    def _outcome(self, endpoint: Endpoint[T], arguments: dict[str, Any], options: Options) -> T | Failure:
        request = _built(self._http, endpoint, arguments, self._defaults, options)
        if isinstance(request, Failure):
            return request
        try:
            response = self._http.send(request)
        except TMDBError as error:
            return Failure(error)
        return read(response, endpoint.decode)


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
        credentials: Credentials | None = None,
        base_url: str | None = None,
        site_url: str | None = None,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
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
            api_key: API key, 32 hexadecimal characters; it travels in the URL, and is used where no token is held.
            user_access_token: v4 access token of a user. Where v3 needs a session, it is converted once.
            session_id: v3 session of a user, 40 hexadecimal characters.
            guest_session_id: guest session made earlier, 32 hexadecimal characters.
            credentials: all of these in one object, in place of the arguments above and of the environment.
            base_url: scheme, host and port to talk to, without the ``/3``; by default TMDB's own, or what
                ``TMDB_BASE_URL`` says. Credentials go nowhere else.
            site_url: scheme, host and port of the site where users approve a login; by default TMDB's own, or what
                ``TMDB_SITE_URL`` says.
            timeout: seconds for each phase (connect, read, write, pool), or an `httpx.Timeout`; None waits forever.
            transport: an httpx transport to use in place of a connection pool.
            mode: which user-level credentials to use: ``auto`` (a user session before a guest session), ``session``,
                ``guest``, or ``application`` (none).
            guest: make a guest session when a call needs one and no user session is held; a `GuestPolicy` says how
                long one is used.
            store: where sessions are kept: a `MemoryStore` of the client's own by default, a `FileStore` to keep them
                over restarts and to share them between processes, or a `tmdb_ext.redis.RedisStore` to share them
                between machines. It is read now, and when a session is needed.
            on_guest_session_replaced: called with the new `GuestSession` after TMDB dropped the former one, and awaited
                if it is a coroutine function. Ratings made with the former one are lost.
            retries: send requests again that failed on the way or that TMDB turned away; a `RetryPolicy` says how often
                and how patiently, and tells a hook of yours.
            rate_limit: requests a second, shared by all clients of this process that talk to one address; by default
                TMDB's own limit, which does not hold for a server on this machine. None sends as fast as it can. A
                `tmdb_ext.redis.RedisRateLimit` is shared by machines.
            cache: keep what TMDB lets be kept, and ask again only when it has grown old: True for the client's own
                memory, or a file that processes share. Nothing of a user's is kept. Needs the extra `cache`, whose
                storages this takes as well.
            language: ISO 639-1, optionally with a country (``pt-BR``): sent where an operation takes it and the call
                gives none, as are the three below.
            region: country, ISO 3166-1 in capitals.
            include_adult: whether to include adult titles.
            include_image_language: languages of the images, ISO 639-1; None in it for images without text.

        Raises:
            ConfigurationError: a credential is malformed, there is no application credential, or `base_url` or `mode`
                is not usable.
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
        self._flow = _flow(_resolved(credentials, given), base_url, mode, guest, store, on_guest_session_replaced)
        policy, limiter = policy_of(retries), limiter_of(rate_limit, str(self._flow.base_url), self._flow.base_url.host)
        settings = _settings(self._flow, timeout, transport)
        self._http = AsyncHTTP(self._flow, policy, limiter, cache, **settings)
        self._defaults = defaults(language, region, include_adult, include_image_language)
        self._site_url = checked_site_url(site_url)
        self.auth = AsyncAuth(self._http, self._flow, self._site_url)
        """What the client holds and would send, and how a user logs in and out."""
        self.guest = AsyncGuest(self._http, self._flow)
        """The guest session, for those who want to see or steer it."""

    @cached_property
    def account(self) -> AsyncAccount:
        """The account of the user, with its `id`."""
        from ._account import AsyncAccount  # noqa: PLC0415 - few need it

        return AsyncAccount(self._call, self._http, self._flow)

    @cached_property
    def images(self) -> AsyncImages:
        """Addresses of images in the size that is wanted, and the images themselves."""
        from ._images import AsyncImages  # noqa: PLC0415 - few need it

        return AsyncImages(self.configuration, self._http.timeout)

    @cached_property
    def v4(self) -> AsyncV4:
        """Version 4 of the API: lists, the account, and logging in, over the same connections and credentials."""
        from ._v4 import AsyncV4  # noqa: PLC0415 - few need it

        return AsyncV4(self._call, self._http, self._flow, self._site_url)

    @overload
    def paginate(
        self,
        method: Callable[..., Awaitable[ResultsPage[T]]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., Awaitable[ItemsPage[T]]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    @overload
    def paginate(
        self,
        method: Callable[..., Awaitable[ChangesPage[T]]],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    def paginate(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        max_items: int | None = None,
        start_page: int = 1,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[Any]:
        """Walk over all items of a listing: ``async for film in tmdb.paginate(tmdb.discover.movie)``.

        Pages are fetched as items are asked for, up to the last one or to TMDB's limit: 500, or 1,000 of what is
        trending.

        Args:
            method: a method of the client that takes ``page``.
            positional: its positional arguments.
            max_items: how many items to give at most; no page beyond them is fetched.
            start_page: where to begin, from 1; `Pages.page` says where an earlier walk came to.
            unique: leave out an item that came before: listings shift while one pages through them.
            prefetch: how many pages are fetched at once after the first one, when those before are used up.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or a number is out of range.
            TypeError: the method does not take these arguments.
        """
        from ._paging import AsyncPages, Listing  # noqa: PLC0415 - few programs page

        listing = Listing(method, positional, arguments, max_items=max_items, start_page=start_page, unique=unique)
        return AsyncPages(listing, prefetch)

    @overload
    def changes_between(
        self,
        method: Callable[..., Awaitable[ResultsPage[T]]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    @overload
    def changes_between(
        self,
        method: Callable[..., Awaitable[ChangesPage[T]]],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[T]: ...

    def changes_between(
        self,
        method: Callable[..., Any],
        /,
        *positional: Any,
        start: date,
        end: date,
        max_items: int | None = None,
        unique: bool = True,
        prefetch: int = 3,
        **arguments: Any,
    ) -> AsyncPages[Any]:
        """Walk over what was changed in a range of days of any length, in the ranges of 14 days that TMDB takes.

        ``async for change in tmdb.changes_between(tmdb.changes.movies, start=date(2026, 1, 1), end=date(2026, 3, 1))``

        Args:
            method: a method of the client that takes ``start_date`` and ``end_date``.
            positional: its positional arguments.
            start: the first day.
            end: the last day.
            max_items: how many items to give at most.
            unique: leave out an item that came before.
            prefetch: how many pages are fetched at once after the first one, when those before are used up.
            arguments: the method's other arguments.

        Raises:
            InvalidArgument: the method has no pages, or `end` is before `start`.
            TypeError: the method does not take these arguments.
        """
        from ._paging import AsyncPages, Listing, in_windows  # noqa: PLC0415 - few programs page

        listing = Listing(
            method,
            positional,
            arguments,
            max_items=max_items,
            start_page=1,
            unique=unique,
            variants=in_windows(start, end),
        )
        return AsyncPages(listing, prefetch)

    async def or_none(self, method: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Call a method and return None where TMDB has no such thing: ``tmdb.or_none(tmdb.movies.details, 11)``.

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

    def fetch_many(
        self,
        method: Callable[..., Awaitable[T]],
        ids: Iterable[int | str],
        /,
        *,
        concurrency: int = 8,
        resume: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], object] | None = None,
        **arguments: Any,
    ) -> AsyncFetchMany[T]:
        """Fetch many things, a few at once, and give each as it comes.

        ``async with tmdb.fetch_many(tmdb.movies.details, ids) as results``, and ``async for`` over the results.

        An id that fails does not stop the others; what would fail for all of them does.

        Args:
            method: a method of the client whose first argument is the id.
            ids: the ids; read as they are needed, each fetched once.
            concurrency: how many calls are under way at once; the client's rate limit holds for all of them.
            resume: a file to keep the values in. A run that was killed goes on from it: what is there is not fetched
                again, and not given again; `read_fetched` reads it.
            progress: called with a `Progress` after each id.
            arguments: the method's other arguments.

        Returns:
            The results, each a `Fetched` with `id`, `value` and `error`.

        Raises:
            InvalidArgument: the method is not one of a client, or a number is out of range.
            ConfigurationError: the file holds something else, or another run is writing it.
            TypeError: the method does not take these arguments.
        """
        from ._bulk import AsyncFetchMany, Job  # noqa: PLC0415 - few programs fetch in bulk

        return AsyncFetchMany(Job(method, ids, arguments, concurrency=concurrency, resume=resume, progress=progress))

    def with_options(self, *, query: Mapping[str, Any] | None = None, mode: Mode | None = None) -> AsyncWithOptions:
        """Use other options for some calls: ``await tmdb.with_options(query={"region": "DE"}).movies.popular()``.

        Args:
            query: query parameters to send beside those that a call gives, for what TMDB takes and does not document.
                Values are written as those of documented parameters are: dates, lists and `any_of(...)` among them. An
                argument of the call takes precedence.
            mode: which user-level credentials to use: ``auto``, ``session``, ``guest`` or ``application``.

        Returns:
            The resources of this client with these options.

        Raises:
            InvalidArgument: a name is not one of a query parameter, or is a credential's.
            ConfigurationError: there is no such mode.
        """
        options = Options(None if mode is None else check_mode(mode), extra_query(query or {}))
        return AsyncWithOptions(self._call, self._http, self._flow, options, self._site_url)

    def acting_as(self, mode: Mode) -> AsyncActingAs:
        """Use another mode, for a block or for a call.

        ``async with tmdb.acting_as("guest"): ...`` holds for the task that enters the block and for tasks started
        inside it, and for no other. ``await tmdb.acting_as("guest").movies.add_rating(11, value=8)`` holds for that
        call.

        Args:
            mode: ``auto``, ``session``, ``guest`` or ``application``.

        Raises:
            ConfigurationError: there is no such mode.
        """
        return AsyncActingAs(self._call, self._http, self._flow, mode, self._site_url)

    @cached_property
    def low_level(self) -> AuthenticatedClient:
        """The generated client, with this client's connections, credentials and errors behind it.

        For the generated endpoint functions: ``await movie_details.asyncio_detailed(11, client=tmdb.low_level)``.
        """
        from ._low_level import async_low_level  # noqa: PLC0415 - few need it

        return async_low_level(self._http)

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

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is not pickled: it holds connections and credentials. Make one in each process.")

    def __repr__(self) -> str:
        return _shown(self, getattr(self, "_flow", None))

    async def _call(self, endpoint: Endpoint[T], arguments: dict[str, Any], options: Options = NO_OPTIONS) -> T:
        outcome = await self._outcome(endpoint, arguments, options)
        del arguments
        if isinstance(outcome, Failure):
            raise cleaned(outcome.error)
        return outcome

    async def _outcome(self, endpoint: Endpoint[T], arguments: dict[str, Any], options: Options) -> T | Failure:
        request = _built(self._http, endpoint, arguments, self._defaults, options)
        if isinstance(request, Failure):
            return request
        try:
            response = await self._http.send(request)
        except TMDBError as error:
            return Failure(error)
        return read(response, endpoint.decode)


class WithOptions(Resources):
    """The resources of a `TMDB` client with other options, over the same connections."""

    def __init__(
        self,
        call: Callable[[Endpoint[Any], dict[str, Any], Options], Any],
        http: SyncHTTP,
        flow: TMDBAuth,
        options: Options,
        site_url: str,
    ) -> None:
        self._send = call
        self._http = http
        self._flow = flow
        self._site_url = site_url
        self._options = options

    @cached_property
    def account(self) -> Account:
        """The account of the user, with its `id`."""
        from ._account import Account  # noqa: PLC0415 - few need it

        return Account(self._call, self._http, self._flow, self._options.mode)

    @cached_property
    def v4(self) -> V4:
        """Version 4 of the API, in this mode."""
        from ._v4 import V4  # noqa: PLC0415 - few need it

        return V4(self._call, self._http, self._flow, self._site_url)

    def _call(self, endpoint: Endpoint[T], arguments: dict[str, Any]) -> T:
        held = [arguments]
        del arguments
        result: T = self._send(endpoint, held.pop(), self._options)
        return result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} mode={self._options.mode!r} query={sorted(self._options.query)!r}>"


class ActingAs(WithOptions):
    """The resources of a `TMDB` client in another mode, and a block in which the whole client uses it.

    As a block it holds for the thread (or task) that enters it; threads that are started inside are not touched.
    """

    def __init__(
        self,
        call: Callable[[Endpoint[Any], dict[str, Any], Options], Any],
        http: SyncHTTP,
        flow: TMDBAuth,
        mode: Mode,
        site_url: str,
    ) -> None:
        self._block = ModeBlock(flow, mode)
        super().__init__(call, http, flow, Options(self._block.mode), site_url)

    def __enter__(self) -> Self:
        self._block.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._block.leave()

    def __repr__(self) -> str:
        return f"<acting as {self._block.mode!r}>"


class AsyncWithOptions(AsyncResources):
    """The resources of an `AsyncTMDB` client with other options, over the same connections."""

    def __init__(
        self,
        call: Callable[[Endpoint[Any], dict[str, Any], Options], Awaitable[Any]],
        http: AsyncHTTP,
        flow: TMDBAuth,
        options: Options,
        site_url: str,
    ) -> None:
        self._send = call
        self._http = http
        self._flow = flow
        self._site_url = site_url
        self._options = options

    @cached_property
    def account(self) -> AsyncAccount:
        """The account of the user, with its `id`."""
        from ._account import AsyncAccount  # noqa: PLC0415 - few need it

        return AsyncAccount(self._call, self._http, self._flow, self._options.mode)

    @cached_property
    def v4(self) -> AsyncV4:
        """Version 4 of the API, in this mode."""
        from ._v4 import AsyncV4  # noqa: PLC0415 - few need it

        return AsyncV4(self._call, self._http, self._flow, self._site_url)

    async def _call(self, endpoint: Endpoint[T], arguments: dict[str, Any]) -> T:
        held = [arguments]
        del arguments
        result: T = await self._send(endpoint, held.pop(), self._options)
        return result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} mode={self._options.mode!r} query={sorted(self._options.query)!r}>"


class AsyncActingAs(AsyncWithOptions):
    """The resources of an `AsyncTMDB` client in another mode, and a block in which the whole client uses it.

    As a block it holds for the task that enters it and for tasks that are started inside.
    """

    def __init__(
        self,
        call: Callable[[Endpoint[Any], dict[str, Any], Options], Awaitable[Any]],
        http: AsyncHTTP,
        flow: TMDBAuth,
        mode: Mode,
        site_url: str,
    ) -> None:
        self._block = ModeBlock(flow, mode)
        super().__init__(call, http, flow, Options(self._block.mode), site_url)

    async def __aenter__(self) -> Self:
        self._block.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._block.leave()

    def __enter__(self) -> Self:
        self._block.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._block.leave()

    def __repr__(self) -> str:
        return f"<acting as {self._block.mode!r}>"


def _resolved(credentials: Credentials | None, given: dict[CredentialName, Secret | None]) -> Credentials:
    """Return the credentials of a client: the object, or else the arguments and the environment."""
    if credentials is None:
        return Credentials.resolve(given, from_environment())
    also = [f"{name}=" for name, value in given.items() if value is not None]
    if also:
        raise ConfigurationError(f"Pass credentials= or {', '.join(also)}, not both.")
    credentials.require_application()
    return credentials


def _flow(
    credentials: Credentials,
    base_url: str | None,
    mode: Mode,
    guest: bool | GuestPolicy,
    store: SessionStore | None,
    hook: Callable[[GuestSession], object] | None,
) -> TMDBAuth:
    return TMDBAuth(
        credentials,
        base_url=checked_base_url(base_url),
        store=MemoryStore() if store is None else store,
        policy=guest if isinstance(guest, GuestPolicy) else GuestPolicy(make=guest),
        mode=mode,
        on_guest_session_replaced=hook,
    )


def _settings(flow: TMDBAuth, timeout: float | httpx.Timeout | None, transport: object) -> dict[str, Any]:
    """Return the arguments that the httpx clients of both kinds get."""
    install_log_filter()
    # Loading the certificates takes longer than all else here. For an address without TLS there is nothing to check
    # with them, since requests go to this address alone; a transport of the caller's has its own. The context without
    # them trusts nobody.
    needed = flow.base_url.scheme != "http" and transport is None
    return {
        "base_url": flow.base_url,
        "timeout": timeout,
        "headers": HEADERS,
        "verify": httpx.create_ssl_context() if needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        "transport": transport,
    }


def checked_base_url(base_url: str | None) -> httpx.URL:
    """Return `base_url`, or else that of the environment, or else TMDB's, as a URL.

    Raises:
        ConfigurationError: it is not an address that the generated paths can follow.
    """
    base_url = os.environ.get("TMDB_BASE_URL") or BASE_URL if base_url is None else base_url
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


def checked_site_url(site_url: str | None) -> str:
    """Return `site_url`, or else that of the environment, or else TMDB's, without a slash at its end.

    Raises:
        ConfigurationError: it is not an address that a browser can open.
    """
    site_url = os.environ.get("TMDB_SITE_URL") or SITE_URL if site_url is None else site_url
    try:
        url: httpx.URL | None = httpx.URL(site_url)
    except (httpx.InvalidURL, TypeError):
        url = None
    if url is None or url.scheme not in ("http", "https") or not url.host or url.query or url.fragment or url.userinfo:
        raise ConfigurationError(f"site_url must be an http or https address such as {SITE_URL}.")
    return site_url.rstrip("/")


def _built(
    http: SyncHTTP | AsyncHTTP, endpoint: Endpoint[Any], arguments: dict[str, Any], given: Defaults, options: Options
) -> httpx.Request | Failure:
    try:
        kwargs = endpoint.get_kwargs(**arguments)
    except InvalidParameter as error:
        return _refused(extensions_of(endpoint), str(error))
    if any(value is not None for value in given):
        given.add_to(kwargs)
    if options.query:
        kwargs["params"] = {**options.query, **kwargs.get("params", {})}
    if options.mode is not None:
        kwargs["extensions"] = {**kwargs["extensions"], MODE: options.mode}
    operation = find_operation(kwargs["extensions"])
    last_page = operation.last_page if operation else None
    fault = fault_of(kwargs.get("params") or {}, last_page) or fault_of_body(kwargs.get("json"))
    if fault is None:
        try:
            return prepared(http, kwargs)
        except httpx.InvalidURL:
            fault = "an argument cannot be part of an address"
    return _refused(kwargs["extensions"], fault)


def _refused(extensions: Mapping[str, Any], fault: str) -> Failure:
    context: dict[str, Any] = describe_operation(extensions)
    return Failure(InvalidArgument(f"{context['method']} {context['path']}: {fault}", **context))


def _shown(client: object, flow: TMDBAuth | None) -> str:
    if flow is None:  # a traceback shows the locals of a constructor that failed
        return f"<{type(client).__name__}, not made>"
    base_url, held = str(flow.base_url), list(flow.held().credentials)
    return f"{type(client).__name__}(base_url={base_url!r}, credentials={held!r}, mode={flow.mode!r})"
