"""Makes calls: the auth flow over the engine, and the one door through which whatever ends a call leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from tmdb_ext._errors import ConfigurationError, cleaned
from tmdb_ext._http.call import Call
from tmdb_ext._http.deadline import Deadline

from .driver import AsyncDriver

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext._auth.flow import AuthFlow
    from tmdb_ext._auth.selection import Mode
    from tmdb_ext._auth.steps import Steps
    from tmdb_ext._http._async.engine import AsyncSender
    from tmdb_ext._http.messages import Headers, Request, Response, Timeouts

T = TypeVar("T")

_CLOSED: Final = "this client is closed"


class AsyncCaller:
    """What a client makes its calls with."""

    def __init__(
        self, flow: AuthFlow, sender: AsyncSender, budget: float, timeouts: Timeouts, headers: Headers
    ) -> None:
        self.flow = flow
        self.timeouts = timeouts
        self.headers = tuple(headers)
        self.is_closed = False
        self.was_used = False
        self._driver = AsyncDriver(sender)
        self._budget = budget

    def call(
        self, operation: Operation | None, *, mode: Mode | None = None, strict: bool = True, streams: bool = False
    ) -> Call:
        """Return the context of a call that begins now."""
        return Call(
            operation,
            mode=mode,
            deadline=Deadline(self._budget),
            timeouts=self.timeouts,
            headers=self.headers,
            strict=strict,
            streams=streams,
        )

    def outside(self) -> Call:
        """Return the context for steps outside of a call: each of their requests has a budget of its own."""
        return Call(None, timeouts=self.timeouts, headers=self.headers)

    async def perform(self, call: Call, request: Request) -> Response:
        """Send a request with the credentials that it needs; return the response, whatever its status.

        Frames below this one hold credentials: whoever calls it lets nothing out but what `cleaned` has passed.
        """
        if self.is_closed:
            context: dict[str, Any] = call.describe(request)
            raise ConfigurationError(f"{context['method']} {context['path']}: {_CLOSED}", **context)
        self.was_used = True
        return await self._driver.take(self.flow.perform(call, request))

    async def run(self, steps: Steps[T]) -> T:
        """Take steps of the auth flow outside of a call, and return their result."""
        if self.is_closed:
            steps.close()
            raise ConfigurationError(f"Nothing was sent: {_CLOSED}.")
        self.was_used = True
        try:
            return await self._driver.take(steps)
        except BaseException as caught:  # noqa: BLE001 - whatever leaves, leaves without the frames behind it
            error = caught
        del steps
        raise cleaned(error)
