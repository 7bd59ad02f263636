"""What is known of an operation beside its types: a row of the registry that each version of the API has."""

from __future__ import annotations

from typing import Literal, NamedTuple

UserAuth = Literal["none", "session", "guest_session", "either", "user_access_token", "optional_user_access_token"]


class Operation(NamedTuple):
    """One operation of the API."""

    id: str
    """The published operationId."""
    method: str
    """The HTTP method, in capitals."""
    path: str
    """The path template, with the version: /3/movie/{movie_id}."""
    tag: str
    """The resource that it belongs to: movies."""
    endpoint: str
    """The endpoint that calls it: movie_details."""
    resource: str
    """The resource's method that calls it: details."""
    user_auth: UserAuth = "none"
    """Which user-level credentials it accepts, beside the application's."""
    bearer_only: bool = False
    """Whether it takes a bearer token alone, and no API key."""
    query: tuple[str, ...] = ()
    """The names of its query parameters, credentials apart."""
    pages: str | None = None
    """The attribute of a page that has its items, where it answers with pages; else None."""
    last_page: int | None = None
    """The number of the last page that TMDB serves, where it takes a page; else None."""
    documented: bool = True
    """Whether TMDB's document has it. What TMDB serves and does not document has an id of ours."""
    plain: bool = False
    """Whether it may answer with nothing, or with a plain value, in place of an object or a list."""

    @property
    def module(self) -> str:
        """The module that has its endpoint: the dotted name to import."""
        return f"{__package__}.v{self.path[1]}.api.{self.tag}"
