"""Settings of a client that say how its requests travel, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from tmdb_ext._errors import ConfigurationError
from tmdb_ext._version import __version__

from .messages import PORTS, Origin, Timeouts

if TYPE_CHECKING:
    from .messages import Headers

BASE_URL: Final = "https://api.themoviedb.org"
USER_AGENT: Final = f"tmdb-ext/{__version__}"

if TYPE_CHECKING:
    import httpx

    TimeoutSetting: TypeAlias = float | httpx.Timeout | Timeouts | None
else:  # whoever asks for annotations at run time need not load httpx for them
    TimeoutSetting = Any

STANDARD_HEADERS: Final = (
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("user-agent", USER_AGENT),
)
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "authorization", "cookie"})
"""Headers that a caller cannot set for all requests."""


class Address(NamedTuple):
    """Where a client's requests go."""

    origin: Origin
    prefix: str
    """The path before the operations' own, without a slash at its end."""

    def __str__(self) -> str:
        return f"{self.origin}{self.prefix}"


def address_of(base_url: str | None) -> Address:
    """Return `base_url`, or else that of the environment, or else TMDB's, taken apart.

    Raises:
        ConfigurationError: it is not an address that the generated paths can follow.
    """
    text = os.environ.get("TMDB_BASE_URL") or BASE_URL if base_url is None else base_url
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(f"base_url must be an http or https address such as {BASE_URL}.") from None
    plain = isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in PORTS or not host or not plain:
        raise ConfigurationError(f"base_url must be an http or https address such as {BASE_URL}.")
    if parts.username is not None or parts.password is not None or "?" in text or "#" in text:
        raise ConfigurationError("base_url must not have a user name, a password, a query or a fragment.")
    prefix = parts.path.rstrip("/")
    if prefix.endswith(("/3", "/4")):
        raise ConfigurationError("base_url must not end in the API version: the paths of the operations have it.")
    return Address(Origin(parts.scheme, host, PORTS[parts.scheme] if port is None else port), prefix)


def timeouts_of(timeout: TimeoutSetting) -> Timeouts:
    """Return the seconds for each phase.

    Raises:
        ConfigurationError: it is neither a number of seconds nor an `httpx.Timeout`.
    """
    if timeout is None:
        return Timeouts(None, None, None, None)
    if isinstance(timeout, int | float) and not isinstance(timeout, bool):
        phases: tuple[Any, ...] = (timeout,) * 4
    else:
        phases = tuple(getattr(timeout, name, "") for name in Timeouts._fields)
    for seconds in phases:
        if not (seconds is None or (isinstance(seconds, int | float) and seconds > 0)):
            raise ConfigurationError(
                f"timeout must be a number of seconds above 0 or an httpx.Timeout, not {timeout!r}."
            )
    return Timeouts(*phases)


def size_of(max_response_size: int) -> int:
    """Return the limit of a response's size.

    Raises:
        ConfigurationError: it is not a whole number of bytes, 1 or more.
    """
    whole = isinstance(max_response_size, int) and not isinstance(max_response_size, bool)
    if not whole or max_response_size < 1:
        raise ConfigurationError(
            f"max_response_size must be a whole number of bytes, 1 or more, not {max_response_size!r}."
        )
    return max_response_size


def checked_proxy(proxy: Any) -> Any:
    """Return `proxy` if it can be one; the address in it is looked at where it is used.

    Raises:
        ConfigurationError: it is neither an address nor an `httpx.Proxy`.
    """
    if proxy is None or isinstance(proxy, str) or hasattr(proxy, "url"):
        return proxy
    raise ConfigurationError(f"proxy must be an address or an httpx.Proxy, not {type(proxy).__name__}.")


def checked_verify(verify: Any) -> Any:
    """Return `verify` if it is an `ssl.SSLContext`, or None.

    Raises:
        ConfigurationError: it is something else.
    """
    if verify is None or hasattr(verify, "wrap_bio"):
        return verify
    raise ConfigurationError(
        f"verify must be an ssl.SSLContext, not {type(verify).__name__}; "
        "ssl.create_default_context(cafile=...) makes one."
    )


def headers_of(headers: Mapping[str, str] | None, former: Headers = STANDARD_HEADERS) -> tuple[tuple[str, str], ...]:
    """Return the headers of all requests of a client: `former`, and `headers` in place of those of the same name.

    Raises:
        ConfigurationError: one of them is not a header, or is the client's own to send.
    """
    given = {}
    for name, value in (headers or {}).items():
        if not (isinstance(name, str) and name and name.isascii() and all(c.isalnum() or c in "-_" for c in name)):
            raise ConfigurationError(f"headers: {name!r} is not the name of a header.")
        if name.lower() in _OURS:
            raise ConfigurationError(f"headers: {name} is sent by the client itself.")
        if not (isinstance(value, str) and value.isascii() and value.isprintable()):
            raise ConfigurationError(f"headers: the value of {name} is not one that a header can have.")
        given[name.lower()] = value
    return tuple({**dict(former), **given}.items())
