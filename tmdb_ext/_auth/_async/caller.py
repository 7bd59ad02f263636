"""Makes calls: the auth flow over the engine, and the one door through which whatever ends a call leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from tmdb_ext._errors import ConfigurationError, cleaned
from tmdb_ext._http.call import Call, CallSettings, Lifetime
from tmdb_ext._http.deadline import Deadline

from .driver import AsyncDriver

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext._auth.flow import AuthFlow
    from tmdb_ext._auth.selection import Mode
    from tmdb_ext._auth.steps import Steps
    from tmdb_ext._http._async.engine import AsyncSender
    from tmdb_ext._http.messages import Request, Response

T = TypeVar("T")

_CLOSED: Final = "this client is closed"


class AsyncCaller:
    """What a client makes its calls with."""

    def __init__(
        self,
        flow: AuthFlow,
        sender: AsyncSender,
        settings: CallSettings,
        lifetime: Lifetime,
        driver: AsyncDriver | None = None,
    ) -> None:
        self.flow = flow
        self.settings = settings
        self.lifetime = lifetime
        self._sender = sender
        # What is made once is made once for each user, so those who act for the same user share a driver.
        self._driver = driver or AsyncDriver(sender, flow.sessions.store)

    def with_settings(self, settings: CallSettings) -> AsyncCaller:
        """Return one for the same user whose calls travel in another way."""
        return AsyncCaller(self.flow, self._sender, settings, self.lifetime, self._driver)

    def for_user(self, flow: AuthFlow) -> AsyncCaller:
        """Return one for another user."""
        return AsyncCaller(flow, self._sender, self.settings, self.lifetime)

    def call(
        self, operation: Operation | None, *, mode: Mode | None = None, strict: bool = True, streams: bool = False
    ) -> Call:
        """Return the context of a call that begins now."""
        settings = self.settings
        return Call(
            operation,
            mode=mode,
            deadline=Deadline(settings.policy.budget),
            settings=settings,
            strict=strict,
            streams=streams,
        )

    def outside(self) -> Call:
        """Return the context for steps outside of a call: each of their requests has a budget of its own."""
        return Call(None, settings=self.settings)

    async def perform(self, call: Call, request: Request) -> Response:
        """Send a request with the credentials that it needs; return the response, whatever its status.

        Frames below this one hold credentials: whoever calls it lets nothing out but what `cleaned` has passed.
        """
        if self.lifetime.is_closed:
            context: dict[str, Any] = call.describe(request)
            raise ConfigurationError(f"{context['method']} {context['path']}: {_CLOSED}", **context)
        self.lifetime.was_used = True
        return await self._driver.take(self.flow.perform(call, request), call.deadline)

    async def run(self, steps: Steps[T]) -> T:
        """Take steps of the auth flow outside of a call, and return their result."""
        if self.lifetime.is_closed:
            steps.close()
            raise ConfigurationError(f"Nothing was sent: {_CLOSED}.")
        self.lifetime.was_used = True
        try:
            return await self._driver.take(steps, Deadline(self.settings.policy.budget))
        except BaseException as caught:  # noqa: BLE001 - whatever leaves, leaves without the frames behind it
            error = caught
        del steps
        raise cleaned(error)
