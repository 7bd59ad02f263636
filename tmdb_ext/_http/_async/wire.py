"""The wire: sends one request over connections of its own. What httpcore brings is loaded when it is first needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from tmdb_ext._errors import ConfigurationError
from tmdb_ext._http import certificates, decoding, forks
from tmdb_ext._http.messages import Origin, WireSettings
from tmdb_ext._http.proxies import Proxies

from . import concurrency
from .exchange import AsyncOpening

if TYPE_CHECKING:
    import ssl

    from tmdb_ext._http.deadline import Deadline
    from tmdb_ext._http.messages import Request, Response, Timeouts

    from .connections import AsyncConnections
    from .exchange import AsyncExchange

_USUAL: Final = (Origin("https", "", 443),)


class AsyncPoolWire:
    """Sends requests over connections that are kept for the next ones.

    Each event loop of each process has connections of its own. One wire serves all of them, and all of their threads.

    Args:
        settings: how connections are made.
        origins: where requests will go. The proxies on the way there are checked at once.

    Raises:
        ConfigurationError: a proxy or a variable of the environment cannot be used, or HTTP/2 is not installed.
    """

    def __init__(self, settings: WireSettings = WireSettings(), origins: Sequence[Origin] = ()) -> None:  # noqa: B008
        self._settings = settings
        self._proxies = Proxies(settings, origins or _USUAL)
        environment = os.environ if settings.environment is None else settings.environment
        # As they are now: a change would not reach connections that exist.
        self._environment = {
            name: environment[name]
            for name in (certificates.FILE, certificates.FOLDER)
            if settings.trust_env and name in environment
        }
        if settings.verify is None:
            certificates.check(self._environment)
        if settings.http2 and not find_spec("h2"):
            raise ConfigurationError("http2=True needs an extra: pip install 'tmdb-ext[http2]'")
        self._context = forks.PerProcess(self._make_context)
        self._connections: concurrency.PerLoop[AsyncConnections] = concurrency.PerLoop(self._make, _close)

    def _make(self) -> AsyncConnections:
        concurrency.prepare()
        decoding.accept_encoding()
        connections: Any = import_module(".connections", __package__)
        made: AsyncConnections = connections.AsyncConnections(self._settings, self._proxies, self._context.get)
        return made

    def _make_context(self) -> ssl.SSLContext:
        context: ssl.SSLContext | None = self._settings.verify
        return certificates.context(self._environment) if context is None else context

    async def send(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> Response:
        """Send a request, and read its whole response.

        Args:
            request: the request.
            timeouts: seconds for each phase.
            deadline: when all of it has to be done.

        Raises:
            WireFailure: no whole response came.
            ConfigurationError: the proxy for this origin cannot be used.
        """
        return await (await self._exchange(request, timeouts, deadline)).whole(self._settings.max_content)

    def open(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> AsyncOpening:
        """Return a block in which the response to a request is read piece by piece, however large it is.

        It raises what `send` raises, when it begins and while it is read.
        """
        return AsyncOpening(lambda: self._exchange(request, timeouts, deadline))

    async def _exchange(self, request: Request, timeouts: Timeouts, deadline: Deadline) -> AsyncExchange:
        connections = self._connections.get() or await self._connections.ready()
        exchange: AsyncExchange = connections.exchange(request, timeouts, deadline)
        return exchange

    async def warm_up(self) -> None:
        """Load what the first request needs, certificates included, without blocking the event loop."""
        await self._connections.ready()
        await concurrency.in_thread(self._context.get)

    async def aclose(self) -> None:
        """Close the connections; those in use when they are given back. A later request makes new ones."""
        await self._connections.aclose()


async def _close(connections: AsyncConnections) -> None:
    await connections.aclose()
