"""What holds for every command: the global options, and the client that they lead to."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from tmdb_ext._errors import ConfigurationError

from ._store import CliStore, choose_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmdb_ext import TMDB
    from tmdb_ext._auth.credentials import Secret

ApplicationName = Literal["access_token", "api_key"]
APPLICATION: Final[tuple[ApplicationName, ...]] = ("access_token", "api_key")
NO_APPLICATION: Final = (
    "No API Read Access Token and no API key: run 'tmdb auth token', or set TMDB_ACCESS_TOKEN. "
    "Copy one of them from https://www.themoviedb.org/settings/api"
)


@dataclass
class Settings:
    """The global options of a command."""

    json: bool = False
    """Whether to write one JSON document and nothing else."""
    color: bool = True
    """Whether tables may be coloured."""
    language: str | None = None
    """Language of the texts, ISO 639-1, optionally with a country."""
    region: str | None = None
    """Country, ISO 3166-1 in capitals."""
    base_url: str | None = None
    """Where the API is; None for TMDB's own."""
    site_url: str | None = None
    """Where users approve a login; None for TMDB's own."""

    @cached_property
    def store(self) -> CliStore:
        """Where sessions are kept."""
        return choose_store()

    @cached_property
    def scope(self) -> str:
        """What records in the store belong to: scheme, host and port. No credential goes to another one."""
        from tmdb_ext._http.settings import BASE_URL, address_of

        return str(address_of(self.base_url or BASE_URL))

    @property
    def application_key(self) -> str:
        """The key under which the store keeps the application's credential."""
        return f"{self.scope}/application"

    def addresses(self) -> dict[str, Any]:
        """Return the arguments of a client that say whom it talks to."""
        given = {"base_url": self.base_url, "site_url": self.site_url}
        return {name: value for name, value in given.items() if value}

    def stored_application(self) -> tuple[ApplicationName, Secret] | None:
        """Return the application's credential that `tmdb auth token` has kept.

        Raises:
            ConfigurationError: the store cannot be read.
        """
        from tmdb_ext._auth.credentials import Secret

        record = self.store.load(self.application_key) or {}
        for name in APPLICATION:
            value = record.get(name)
            if isinstance(value, str):
                return name, Secret(value)
        return None

    def client(self) -> TMDB:
        """Return a client with what is in the environment, and with what is stored where that has nothing.

        Raises:
            ConfigurationError: there is no application-level credential, or one is malformed.
        """
        from tmdb_ext import TMDB

        stored = None if application_in_environment() else self.stored_application()
        if stored is None and not application_in_environment():
            raise ConfigurationError(NO_APPLICATION)
        given: dict[str, Any] = dict([stored]) if stored else {}
        return TMDB(**given, **self.addresses(), store=self.store)

    def localised(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return the language and the region for an operation, where they are given and it takes them."""
        takes = inspect.signature(method).parameters
        given = {"language": self.language, "region": self.region}
        return {name: value for name, value in given.items() if value and name in takes}


def application_in_environment() -> str | None:
    """Return the environment variable that holds what every call needs, the one that the client prefers."""
    names = ("TMDB_ACCESS_TOKEN", "TMDB_API_KEY", "TMDB_USER_ACCESS_TOKEN")
    return next((name for name in names if os.environ.get(name)), None)
