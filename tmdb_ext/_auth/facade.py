"""`tmdb.auth` and `tmdb.guest`: what a client holds, as far as it needs no network."""

from __future__ import annotations

from collections.abc import Callable

from .credentials import CredentialName
from .flow import AuthFlow
from .guest import GuestSession
from .selection import Mode, Plan
from .sessions import UserSession


class AuthView:
    """What a client holds and what it would send: the part that needs no network.

    The first look reads the store, if no call has done that: a `FileStore` takes a moment for it, a store on another
    machine as long as its server. In an event loop, a store on another machine has to be read before: ``await
    tmdb.auth.load()``.
    """

    _must_not_wait: Callable[[object], bool]

    def __init__(self, flow: AuthFlow, site_url: str, mode: Mode | None) -> None:
        self._flow = flow
        self._mode = mode
        self._site_url = site_url

    @property
    def mode(self) -> Mode:
        """The mode in force: that of a derived client, or of the innermost `acting_as` block, or the client's."""
        return self._mode or self._flow.mode

    @property
    def held(self) -> tuple[CredentialName, ...]:
        """The names of the credentials that the client holds, without their values."""
        self._flow.known(self._must_not_wait)
        return self._flow.held().credentials

    @property
    def session(self) -> UserSession | None:
        """The user session in use, or None. A user access token is made into one when a call first needs it."""
        return self._flow.known(self._must_not_wait).user

    def explain(self, operation_id: str) -> Plan:
        """Say which credentials a call would carry now and why, without their values; nothing is sent.

        Args:
            operation_id: TMDB's name for the operation, such as ``movie-add-rating``, or for v4 ``v4/list-create``.

        Returns:
            The plan. `str()` gives it as a sentence.

        Raises:
            ConfigurationError: there is no such operation, or nothing that is held can serve it.
        """
        self._flow.known(self._must_not_wait)
        return self._flow.explain(operation_id, mode=self._mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(held={self._flow.held().credentials!r}, mode={self.mode!r})"


class GuestView:
    """The guest session of a client: the part that needs no network."""

    _must_not_wait: Callable[[object], bool]

    def __init__(self, flow: AuthFlow) -> None:
        self._flow = flow

    def info(self) -> GuestSession | None:
        """Return the guest session in use, or None; nothing is sent."""
        return self._flow.known(self._must_not_wait).guest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._flow.sessions.guest!r})"
