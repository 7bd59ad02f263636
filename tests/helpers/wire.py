"""A server of raw sockets on this machine that answers as a test says, byte by byte, over TCP or TLS."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

ACCOUNT = "/3/account"
CONVERT = "/3/authentication/session/convert/4"
NEW_GUEST = "/3/authentication/guest_session/new"
GUEST = "a" * 32
SESSION = "b" * 40

Act = Callable[[socket.socket, threading.Event], None]
"""What the server does to a connection that it closes afterwards; the event is set when the test is over."""


class Request(NamedTuple):
    """A request as it came off the socket."""

    method: str
    target: str
    headers: dict[str, str]
    """By names in small letters."""
    body: bytes
    at: float
    """When its head was complete, by the monotonic clock."""
    connection: int
    """The port at the client's end."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


Answer = Callable[[Request], bytes | Act]
"""Says what a request gets: bytes that are sent on a connection that stays open, or an act."""


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An answer with a length, after which the connection stays open; `content_type="text/html"` sets a header."""
    lines = {"content-type": "application/json;charset=utf-8", "content-length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def json_reply(value: Any, status: str = "200 OK", **headers: str) -> bytes:
    return reply(json.dumps(value).encode(), status, **headers)


def film(request: Request) -> bytes:
    """What TMDB answers, as far as these tests ask: the film whose number is in the path, and what calls get first."""
    if request.path == NEW_GUEST:
        expires = "2099-01-01 00:00:00 UTC"
        return json_reply({"success": True, "guest_session_id": GUEST, "expires_at": expires})
    if request.path == CONVERT:
        return json_reply({"success": True, "session_id": SESSION})
    if request.path == ACCOUNT:
        return json_reply({"id": 7, "username": "somebody"})
    if request.path == "/3/configuration":
        return json_reply({"images": {"secure_base_url": "https://image.test/t/p/", "poster_sizes": ["w92"]}})
    number = re.search(r"/movie/(\d+)", request.path)
    return json_reply({"id": int(number[1]) if number else 7, "success": True, "status_code": 1, "results": []})


def then_close(data: bytes) -> Act:
    """Send this, and close the connection."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)

    return act


def then_reset(data: bytes) -> Act:
    """Send this, and break the connection."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)
        over.wait(0.05)  # a reset overtakes what has not been read
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def then_silence(data: bytes = b"", *, seconds: float = 60.0) -> Act:
    """Send this, and nothing more."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)
        over.wait(seconds)

    return act


def then_again_and_again(data: bytes, piece: bytes, *, pause: float, seconds: float) -> Act:
    """Send this, and then the same piece after each pause, for so long."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not over.wait(pause):
            connection.sendall(piece)

    return act


def then(wait: float, answer: bytes) -> Act:
    """Answer after a while."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        over.wait(wait)
        connection.sendall(answer)

    return act


def in_turn(*answers: bytes | Act) -> Answer:
    """The first request gets the first of these, and so on; those after the last get the last."""
    left = list(answers)
    guard = threading.Lock()

    def answer(request: Request) -> bytes | Act:
        with guard:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


class Server:
    """Its address, and what came."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None, listener: socket.socket) -> None:
        self.host, self.port = listener.getsockname()[:2]
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.address = f"{'http' if tls is None else 'https'}://{host}:{self.port}"
        self.requests: list[Request] = []
        self.opened = 0
        """How many connections there have been."""
        self.over = threading.Event()
        self._answer = answer
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def wait_for(self, path: str = "", *, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until so many requests have come, of this path if one is given."""
        end = time.monotonic() + seconds
        while sum(not path or request.path == path for request in self.requests) < count:
            assert time.monotonic() < end, f"no request of {path} came"
            time.sleep(0.005)

    @property
    def is_connected(self) -> bool:
        """Whether any connection is open."""
        with self._guard:
            return bool(self._open)

    def hang_up(self) -> None:
        """Close all connections, as a server does with those that are idle."""
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, (_, port, *_) = listener.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._serve, args=[connection, port], daemon=True).start()

    def _serve(self, connection: socket.socket, port: int) -> None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._guard:
                self._open.add(connection)
            try:
                with connection:
                    self._talk(connection, port)
            finally:
                with self._guard:
                    self._open.discard(connection)
        connection.close()

    def _talk(self, connection: socket.socket, port: int) -> None:
        came = b""
        while not self.over.is_set():
            while b"\r\n\r\n" not in came:
                more = connection.recv(65536)
                if not more:
                    return
                came += more
            at = time.monotonic()
            head, _, came = came.partition(b"\r\n\r\n")
            line, *rest = head.decode("latin-1").split("\r\n")
            method, target, _ = line.split(" ")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
            wanted = int(headers.get("content-length", "0"))
            while len(came) < wanted:
                more = connection.recv(65536)
                if not more:
                    return
                came += more
            request = Request(method, target, headers, came[:wanted], at, port)
            came = came[wanted:]
            self.requests.append(request)
            answer = self._answer(request)
            if not isinstance(answer, bytes):
                answer(connection, self.over)
                return
            connection.sendall(answer)


@contextlib.contextmanager
def serving(
    answer: Answer | bytes | Act = film, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Server]:
    """Serve on loopback what `answer` says; or the same to each request."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=512)
    server = Server(answer if _is_answer(answer) else lambda _: answer, tls, listener)  # type: ignore[arg-type,return-value]
    thread = threading.Thread(target=server.accept, args=[listener], daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.hang_up()
        thread.join()


def _is_answer(given: Any) -> bool:
    return callable(given) and given.__code__.co_argcount == 1


@contextlib.contextmanager
def black_hole(host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, int]]:
    """An address where connecting neither succeeds nor fails: a listener whose queue is full."""
    with contextlib.ExitStack() as stack:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = stack.enter_context(socket.socket(family))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        place = listener.getsockname()[:2]
        for _ in range(4):
            filler = stack.enter_context(socket.socket(family))
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(place)
        time.sleep(0.05)
        with socket.socket(family) as probe:
            probe.settimeout(0.2)
            try:
                probe.connect(place)
            except TimeoutError:
                pass
            else:
                raise AssertionError("connecting was to hang")
        yield place
