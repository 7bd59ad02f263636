"""The context of one call: what every part of the client that it passes through needs to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .deadline import NEVER, Deadline
from .messages import Request, Timeouts
from .retry import DEFAULT, RetryPolicy

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

EXTENSION: Final = "tmdb_call"
"""The one request extension of this package: a request that the cache sees has there the request and its call."""


class CallSettings(NamedTuple):
    """How the calls of a client travel."""

    timeouts: Timeouts = Timeouts()
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of all requests."""
    policy: RetryPolicy = DEFAULT


class Lifetime:
    """Whether a client has been used, and whether it is closed. Clients that are derived from it share this."""

    __slots__ = ("is_closed", "was_used")

    def __init__(self) -> None:
        self.is_closed: bool = False
        self.was_used: bool = False


class Call:
    """One call of an operation. The requests that the auth flow adds to it share its deadline."""

    __slots__ = ("deadline", "headers", "mode", "operation", "policy", "streams", "strict", "timeouts")

    def __init__(
        self,
        operation: Operation | None,
        *,
        mode: str | None = None,
        deadline: Deadline = NEVER,
        settings: CallSettings = CallSettings(),  # noqa: B008 - it cannot be changed
        strict: bool = True,
        streams: bool = False,
    ) -> None:
        self.operation: Operation | None = operation
        """The operation, or None if it is not known, as for a request of the caller's own."""
        self.mode: str | None = mode
        """Which user-level credentials to use, if not as the client is set."""
        self.deadline: Deadline = deadline
        """By when all of its requests have to be done; without one, each request has the policy's budget."""
        self.timeouts: Timeouts = settings.timeouts
        self.headers: tuple[tuple[str, str], ...] = settings.headers
        """Headers of the client, for the requests that the auth flow adds."""
        self.policy: RetryPolicy = settings.policy
        """How often and how patiently its requests are sent again."""
        self.strict: bool = strict
        """Whether a successful answer that is not JSON is an error."""
        self.streams: bool = streams
        """Whether the body of a successful answer is left to be read by the caller, piece by piece."""

    def beside(self, operation: Operation | None) -> Call:
        """Return the context of a request that the auth flow adds."""
        settings = CallSettings(self.timeouts, self.headers, self.policy)
        return Call(operation, mode=self.mode, deadline=self.deadline, settings=settings)

    def describe(self, request: Request) -> dict[str, Any]:
        """Return how errors name a request of this call."""
        from tmdb_ext._operations import describe  # noqa: PLC0415 - the tables of operations are imported when needed

        return describe(self.operation, request.method, request.target)
