"""Whether a request is sent again, and when: pure decisions."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from tmdb_ext._status_codes import STATUS_CODES

from .retry import Retry

if TYPE_CHECKING:
    from tmdb_api_client.v3.operations import Operation

    from .call import Call
    from .deadline import Deadline
    from .messages import Request

TURNED_AWAY: Final = frozenset({429, 503})
"""HTTP statuses of a request that was not carried out."""
DOUBTFUL: Final = frozenset({500, 502, 504})
"""HTTP statuses of a request that may have been carried out."""

_SETTING_A_STATE: Final = frozenset(
    {
        "movie-add-rating",
        "tv-series-add-rating",
        "tv-episode-add-rating",
        "account-add-favorite",
        "account-add-to-watchlist",
    }
)
"""POSTs that may be repeated: the second one finds what the first one has set."""


class Attempts:
    """The attempts at one request."""

    def __init__(self, call: Call, request: Request, deadline: Deadline) -> None:
        self._call = call
        self._request = request
        self._deadline = deadline
        self._made = 1

    @property
    def can_be_repeated(self) -> bool:
        """Whether a request that may have been carried out can be sent again."""
        return can_be_repeated(self._request.method, self._call.operation)

    def within(self, seconds: float) -> float | None:
        """Return the shorter of `seconds` and what is left of the budget."""
        return self._deadline.within(seconds)

    def after_response(self, status: int, code: int | None, retry_after: float | None) -> Retry | None:
        """Return the next attempt after an answer, or None."""
        known = STATUS_CODES.get(code) if code is not None else None
        if known is not None and not known.transient:
            return None
        if status in TURNED_AWAY or (status in DOUBTFUL and self.can_be_repeated):
            return self._next(f"HTTP {status}", retry_after)
        return None

    def after_failure(self, reason: str, *, sent: bool) -> Retry | None:
        """Return the next attempt after a failure on the way, or after an answer that cannot be read; or None.

        Args:
            reason: what failed, for people.
            sent: whether the request may have reached TMDB.
        """
        return self._next(reason, None) if not sent or self.can_be_repeated else None

    def _next(self, reason: str, retry_after: float | None) -> Retry | None:
        policy = self._call.policy
        if self._made >= policy.attempts:
            return None
        # Full jitter: those that failed together do not come back together.
        delay = random.uniform(0, min(policy.longest, policy.backoff * 2 ** (self._made - 1)))  # noqa: S311
        if retry_after is not None:
            delay += retry_after
        left = self._deadline.left()
        if (retry_after or 0.0) > policy.longest or (left is not None and delay >= left):
            return None
        self._made += 1
        return Retry(**self._call.describe(self._request), attempt=self._made, delay=delay, reason=reason)


def can_be_repeated(method: str, operation: Operation | None) -> bool:
    """Return whether sending a request twice does no more than sending it once."""
    if operation is not None and operation.tag == "lists" and operation.user_auth in ("session", "user_access_token"):
        return operation.id in ("list-update", "list-delete", "list-clear")
    if method in ("GET", "HEAD", "PUT", "DELETE"):
        return True
    return operation is not None and operation.id in _SETTING_A_STATE and operation.path.startswith("/3/")
