"""Writes that set a state: what TMDB shows afterwards says whether one was carried out.

A write whose answer never came may have been carried out or not. Making one of these again would change nothing. All
the same, TMDB is asked for the state first, and the write is sent only if the state is another: so each row is carried
out once, at the cost of a read for the few rows that were under way when a run ended.

One gap stays: a write that TMDB has received, and carries out after it has been asked. It is made twice, and sets the
same value. To keep the gap small, these rows come last in a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from tmdb_api_client.v3.models import AccountStates
    from tmdb_api_client.v3.operations import Operation

    from .rows import Called


class _State(NamedTuple):
    argument: str | None
    """The argument that has the state; None if there is only one state to set."""
    holds: Callable[[AccountStates, Any], bool]
    """Whether TMDB shows the state of that argument."""


def _is_rated(states: AccountStates, value: Any) -> bool:
    return bool(getattr(states.rated, "value", None) == value)


def _is_not_rated(states: AccountStates, _: Any) -> bool:
    return states.rated is False


_RATED: Final = _State("value", _is_rated)
_NOT_RATED: Final = _State(None, _is_not_rated)
STATES: Final[Mapping[str, _State]] = {
    "movie-add-rating": _RATED,
    "tv-series-add-rating": _RATED,
    "tv-episode-add-rating": _RATED,
    "movie-delete-rating": _NOT_RATED,
    "tv-series-delete-rating": _NOT_RATED,
    "tv-episode-delete-rating": _NOT_RATED,
    "account-add-favorite": _State("favorite", lambda states, wanted: states.favorite is wanted),
    "account-add-to-watchlist": _State("watchlist", lambda states, wanted: states.watchlist is wanted),
}
"""By operation: the state that it sets."""


def is_write(operation: Operation) -> bool:
    """Return whether an operation changes something at TMDB. v4 clears a list by GET."""
    return operation.method != "GET" or operation.id == "list-clear"


def target_of(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a write sets the state of, by name; None if it sets none."""
    state = STATES.get(operation.id)
    if state is None or state.argument is None:
        return None
    return {name: value for name, value in arguments.items() if name != state.argument}


def check_of(called: Called, arguments: Mapping[str, Any]) -> Callable[[], Any] | None:
    """Return the call that asks TMDB for the state which a write sets; None if TMDB does not show it."""
    if called.operation.id not in STATES:
        return None
    client, tag = called.client, called.operation.tag
    if tag == "account":
        tag = {"movie": "movies", "tv": "tv_series"}.get(arguments["media_type"], "")
        ids = [arguments["media_id"]]
    else:
        ids = [value for name, value in arguments.items() if f"{{{name}}}" in called.operation.path]
    resource = getattr(client, tag, None) if tag else None
    return None if resource is None else lambda: resource.account_states(*ids)


def holds(operation: Operation, arguments: Mapping[str, Any], states: AccountStates) -> bool:
    """Return whether TMDB's answer shows the state that a write was to set."""
    state = STATES[operation.id]
    return state.holds(states, None if state.argument is None else arguments[state.argument])
