"""What travels: a request, a response, and the failures in between, as every part of the engine sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

Headers = Sequence[tuple[str, str]]

Phase = Literal["connect", "read", "write", "pool", "budget"]
"""Where a time-out happened; `budget` if the whole call took too long."""


PORTS: Final = {"http": 80, "https": 443}
"""The usual ports, which an address leaves out."""


class Origin(NamedTuple):
    """Where a request goes. Credentials go to one origin only."""

    scheme: str
    """http or https."""
    host: str
    """A name, or an address without brackets, in lower case."""
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS.get(self.scheme) else f":{self.port}")


class Carried(Protocol):
    """What a request carries beside itself. It is put on where the request is written to the wire, and not before."""

    @property
    def user(self) -> str | None:
        """Which user-level credential there is among it, by name."""

    @property
    def is_personal(self) -> bool:
        """Whether the answer may be for one user alone, so that no cache may keep it."""

    def secrets(self) -> Sequence[str]:
        """Return the values that must not show in any text."""

    def target(self, target: str) -> str:
        """Return the path and query with what belongs there."""

    def headers(self) -> Headers:
        """Return the headers to add."""


class Request:
    """A request, without what it carries."""

    __slots__ = ("before_sending", "carried", "content", "headers", "method", "origin", "target", "was_sent")

    def __init__(
        self,
        method: str,
        origin: Origin,
        target: str,
        headers: Headers = (),
        content: bytes = b"",
        carried: Carried | None = None,
    ) -> None:
        self.method: str = method
        """In capitals."""
        self.origin: Origin = origin
        self.target: str = target
        """Path and query, percent-encoded, ASCII, beginning with a slash."""
        self.headers: Headers = headers
        """Names in lower case. Host and Content-Length are added at the wire."""
        self.content: bytes = content
        self.carried: Carried | None = carried
        self.before_sending: Callable[[], Any] | None = None
        """Called when a connection is there and the request is about to be written; async in an async client."""
        self.was_sent: bool = False
        """Whether anything of the latest attempt may have reached the server."""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.origin}>"


class Response:
    """A response that has been read to its end, decompressed."""

    __slots__ = ("content", "headers", "http_version", "opening", "payload", "status", "streaming")

    def __init__(self, status: int, headers: Headers, content: bytes, http_version: str = "HTTP/1.1") -> None:
        self.status: int = status
        self.headers: Headers = headers
        """Names in lower case, in their order. Content-Encoding has been taken away, as the content is decompressed."""
        self.content: bytes = content
        self.http_version: str = http_version
        self.payload: Any = None
        """The JSON in it, once it has been read; see `responses.parse`."""
        self.streaming: Any = None
        """Yields the body, if it is left to be read by the caller."""
        self.opening: Any = None
        """The block that has to be left when `streaming` has been read."""

    def header(self, name: str) -> str | None:
        """Return the first header of a name in lower case, or None."""
        return next((value for key, value in self.headers if key == name), None)

    def __repr__(self) -> str:
        return f"<Response {self.status}>"


class Timeouts(NamedTuple):
    """Seconds for each phase; None waits for ever, as far as the deadline lets it."""

    connect: float | None = 10.0
    read: float | None = 30.0
    write: float | None = 30.0
    pool: float | None = 60.0


FailureKind = Literal["connect", "timeout", "broken", "protocol", "proxy", "compression", "too large", "address"]


class WireFailure(Exception):  # noqa: N818 - it is not an error of the caller's
    """No whole response came. Never holds a frame, a cause or a text that could show what the request carried."""

    def __init__(self, kind: FailureKind, detail: str = "", *, sent: bool, phase: Phase | None = None) -> None:
        super().__init__(kind, detail)
        self.kind: Final = kind
        self.detail: Final = detail
        """More for people: the system's own words for a connection that broke, without any address or header."""
        self.sent: Final = sent
        """Whether the request may have reached the server."""
        self.phase: Final = phase
        """Of a time-out."""


class WireSettings(NamedTuple):
    """How connections are made."""

    proxy: Any = None
    """The caller's proxy, as an address or an `httpx.Proxy`; None takes the environment's."""
    verify: Any = None
    """An `ssl.SSLContext` of the caller's; None checks certificates with the usual authorities."""
    http2: bool = False
    trust_env: bool = True
    max_connections: int = 100
    max_keepalive: int = 20
    keepalive_seconds: float = 5.0
    max_content: int = 64 * 1024 * 1024
    """Bytes that a decompressed response may have at most."""
    environment: Mapping[str, str] | None = None
    """In place of `os.environ`, for tests."""
