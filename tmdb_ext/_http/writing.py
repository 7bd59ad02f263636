"""A request's head as it is written, and a response's head as it is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from .decoding import accept_encoding
from .messages import PORTS

if TYPE_CHECKING:
    from .messages import Headers, Origin, Request

_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})


def host_of(origin: Origin) -> bytes:
    """Return the header Host of requests to an origin."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return (host if PORTS.get(origin.scheme) == origin.port else f"{host}:{origin.port}").encode("ascii")


def headers_of(request: Request, host: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return the target and the headers of a request, with what it carries.

    The keys of the request's own headers are in lower case. What it carries comes last and takes the place of nothing.
    """
    target = request.target
    headers = [(b"host", host)]
    accepts = True
    length = bool(request.content) or request.method in _WITH_LENGTH
    carried = request.carried
    every = request.headers
    if carried is not None:
        target = carried.target(target)
        every = [*every, *carried.headers()]
    for name, value in every:
        headers.append((name.encode("ascii"), value.encode("latin-1")))
        if name == "accept-encoding":
            accepts = False
        elif name == "content-length":
            length = False
    if accepts:
        headers.append((b"accept-encoding", accept_encoding().encode("ascii")))
    if length:
        headers.append((b"content-length", b"%d" % len(request.content)))
    return target.encode("ascii"), headers


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers as they came, names in lower case."""
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
