"""Which proxy the way to an origin leads through."""

from __future__ import annotations

import ipaddress
import os
import platform
import re
import urllib.request
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from tmdb_ext._errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

    from .messages import Origin, WireSettings

SOCKS: Final = frozenset({"socks", "socks5", "socks5h"})
_PORTS: Final = {"http": 80, "https": 443, "socks5h": 1080}
_HOST: Final = re.compile(r"[\w.~-]+|[0-9a-fA-F:.]+(%[\w.~-]+)?")
_SYSTEM: Final = "the system's proxy setting"


class _Hidden(bytes):
    """Bytes that httpcore may log. It logs what it tells a SOCKS proxy."""

    def __repr__(self) -> str:
        return "'**********'"


class Proxy:
    """A proxy. Its user name and password show in no text."""

    __slots__ = ("auth", "headers", "host", "port", "scheme", "ssl_context")

    def __init__(
        self,
        scheme: str,
        host: str,
        port: int,
        auth: tuple[bytes, bytes] | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.scheme = scheme
        """http, https or socks5h, with which the proxy resolves the origin's name."""
        self.host = host
        self.port = port
        self.auth = None if auth is None else (_Hidden(auth[0]), _Hidden(auth[1]))
        self.headers = headers
        self.ssl_context = ssl_context

    def __repr__(self) -> str:
        return f"<Proxy {self.scheme}>"


def read(value: Any, name: str) -> Proxy:
    """Return the proxy that a value means.

    Args:
        value: an address, or an `httpx.Proxy` (or the same of httpx2).
        name: where the value comes from, for people.

    Raises:
        ConfigurationError: it is malformed, or needs something that is not installed. The value is not shown.
    """
    url = getattr(value, "url", value)
    proxy = _parsed(str(url).strip())
    if proxy is None:
        raise ConfigurationError(
            f"{name} is not the address of a proxy: http://host:port, https://host:port or socks5h://host:port"
        )
    if proxy.scheme == "socks5h" and not find_spec("socksio"):
        raise ConfigurationError(f"{name} is a SOCKS proxy, which needs an extra: pip install 'tmdb-ext[socks]'")
    if url is not value:
        auth = getattr(value, "raw_auth", None) or proxy.auth
        context = getattr(value, "ssl_context", None)
        proxy = Proxy(proxy.scheme, proxy.host, proxy.port, auth, list(value.headers.raw), context)
    return proxy


def _parsed(text: str) -> Proxy | None:
    try:
        # urlsplit drops line breaks and tabs, which must not be overlooked.
        if re.search(r"[\s\x00-\x1f\\]", text):
            return None
        parts = urlsplit(text if "://" in text else f"http://{text}")
        scheme = "socks5h" if parts.scheme in SOCKS else parts.scheme
        host, port = parts.hostname, parts.port
        if (
            scheme not in _PORTS
            or not host
            or port == 0
            or parts.path not in {"", "/"}
            or parts.query
            or parts.fragment
        ):
            return None
        host = host if host.isascii() else host.encode("idna").decode("ascii")
        if not _HOST.fullmatch(host):
            return None
        auth = None
        if parts.username is not None:
            auth = (unquote_to_bytes(parts.username), unquote_to_bytes(parts.password or ""))
    except ValueError:
        return None
    return Proxy(scheme, host, port or _PORTS[scheme], auth)


class Proxies:
    """Chooses the proxy for an origin.

    Raises:
        ConfigurationError: the proxy of one of the origins is malformed, or needs something that is not installed.
    """

    def __init__(self, settings: WireSettings, origins: Sequence[Origin] = ()) -> None:
        self._given = None if settings.proxy is None else read(settings.proxy, "proxy=")
        self._environment: Mapping[str, str] = {}
        self._asks_system = False
        if settings.trust_env and self._given is None:
            # Kept as it is now: a change would not reach connections that exist.
            self._environment = _relevant(os.environ if settings.environment is None else settings.environment)
            self._asks_system = settings.environment is None and platform.system() in {"Darwin", "Windows"}
        self._exceptions = [
            found for text in re.split(r"[\s,]+", self._value("no_proxy")[1]) if (found := _exception(text))
        ]
        for origin in origins:
            self.choose(origin)

    def choose(self, origin: Origin) -> Proxy | None:
        """Return the proxy for an origin; None if it is reached directly.

        Raises:
            ConfigurationError: it is malformed, or needs something that is not installed.
        """
        if self._given is not None:
            return self._given
        name, value = self._value(f"{origin.scheme}_proxy")
        if not name:
            name, value = self._value("all_proxy")
        if not name and self._asks_system:
            name, value = _SYSTEM, _of_system(origin)
        if not value or any(exception.covers(origin) for exception in self._exceptions):
            return None
        return read(value, name)

    def _value(self, name: str) -> tuple[str, str]:
        """Return a variable's name as it is spelt, and its value; both empty if it is not set."""
        for spelling in (name, name.upper()):
            if spelling in self._environment:
                return spelling, self._environment[spelling].strip()
        return "", ""


def _relevant(environment: Mapping[str, str]) -> dict[str, str]:
    names = [name for kind in ("http", "https", "all", "no") for name in (f"{kind}_proxy", f"{kind}_proxy".upper())]
    found = {name: environment[name] for name in names if name in environment}
    if "REQUEST_METHOD" in environment:
        # In a CGI program this is what the request's header "Proxy" says, which anyone may send.
        found.pop("HTTP_PROXY", None)
    return found


def _of_system(origin: Origin) -> str:
    if urllib.request.proxy_bypass(origin.host):
        return ""
    return urllib.request.getproxies().get(origin.scheme, "")


class _Exception:
    """One entry of NO_PROXY."""

    def __init__(
        self,
        name: str = "",
        port: int | None = None,
        network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None,
    ) -> None:
        self._name = name
        self._port = port
        self._network = network

    def covers(self, origin: Origin) -> bool:
        if self._port is not None and self._port != origin.port:
            return False
        if self._name == "*":
            return True
        host = origin.host.lower().rstrip(".")
        if self._network is None:
            return host == self._name or host.endswith(f".{self._name}")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address in self._network


_ENTRY: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<name>[^:/]+))(?:/(?P<bits>\d+))?(?::(?P<port>\d+))?")


def _exception(text: str) -> _Exception | None:
    """Return what an entry of NO_PROXY means; None if it can match nothing, which is ignored, as curl does."""
    text = text.rpartition("://")[2].lower()
    try:
        return _Exception(network=ipaddress.ip_network(text, strict=False))
    except ValueError:
        found = _ENTRY.fullmatch(text)
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    host = found["v6"] or found["name"]
    try:
        return _Exception(
            port=port, network=ipaddress.ip_network(f"{host}/{found['bits']}" if found["bits"] else host, strict=False)
        )
    except ValueError:
        if found["v6"] or found["bits"]:
            return None
    name = host if host == "*" else host.removeprefix("*").strip(".")
    return _Exception(name, port) if name else None
