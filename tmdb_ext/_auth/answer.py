"""The answer to a request of the auth flow's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tmdb_ext._http.responses import lacking

if TYPE_CHECKING:
    from tmdb_ext._errors import DecodeError
    from tmdb_ext._http.call import Call
    from tmdb_ext._http.messages import Request, Response


class Answer(NamedTuple):
    """The answer to a request of the flow's own."""

    payload: Any
    """Its JSON."""
    call: Call
    request: Request
    response: Response

    def lacking(self, name: str) -> DecodeError:
        """Return the error for an answer that lacks what it was asked for."""
        return lacking(self.call, self.request, self.response, name)
