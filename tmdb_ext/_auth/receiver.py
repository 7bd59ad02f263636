"""Receives the redirect that ends a login: one address on a loopback port, for one request token.

The standard library's server is enough: it answers one browser on this machine. Its thread knows the decision and the
socket, and not the `LoopbackReceiver`: when a program drops the login, the receiver goes, and port and thread with it.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import weakref
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Final, Literal

from tmdb_ext._errors import InvalidArgument

from .redirect import Redirect

Verdict = Literal["approved", "denied"]

_HOST: Final = "127.0.0.1"
_PAGE: Final = "<!doctype html><meta charset=utf-8><title>Login</title><p>{}</p>"
_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    # The address of this page has the request token in it.
    "referrer-policy": "no-referrer",
    "connection": "close",
}
_REDIRECTED: Final = frozenset({"GET", "POST"})
"""Methods that a browser comes back with: POST after a redirect that keeps the method."""
_POLL: Final = 0.05
"""Seconds after which the server looks whether it is to stop."""
_LAST_ANSWER: Final = 2.0
"""Seconds that a browser has to take the page, after the login has gone on."""
_IDLE: Final = 10.0
"""Seconds after which a connection that sends nothing is closed."""
_BODY: Final = 0.5
"""Seconds to wait for a request's body."""
_MOST_DRAINED: Final = 1 << 16
"""Bytes of a request's body that are read: closing with some unread would reset the connection before the answer."""


class LoopbackReceiver:
    """Waits on a free loopback port for the browser to come back from TMDB's approval page.

    Its address ends in random characters, and only a redirect there that carries the login's own request token counts,
    or none where the login may come without. Anything else gets a 404 and changes nothing.
    """

    def __init__(self) -> None:
        self._decision = decision = _Decision()
        self._stopping = threading.Event()
        self._server = _Server(decision)
        self._thread = threading.Thread(
            target=_serve, args=(self._server, self._stopping), name="tmdb-login", daemon=True
        )
        # Setting an event is all that may be done here: the garbage collector may run in any thread, the server's too.
        weakref.finalize(self, self._stopping.set)
        decision.authority = self.authority
        self._thread.start()

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{_HOST}:{self._server.port}"

    @property
    def address(self) -> str:
        """Where the browser is to be sent back to."""
        return f"http://{self.authority}{self._decision.path}"

    def expect(self, request_token: str, *, always: bool = True) -> None:
        """Take the redirect that carries this request token, and no other; `always` False: or that carries none."""
        self._decision.always = always
        self._decision.token = request_token

    @property
    def verdict(self) -> Verdict | None:
        """What the user has decided; None as long as no redirect has come."""
        return self._decision.verdict

    def close(self) -> None:
        """Stop listening, after the browser has had its page. Calling it again does nothing."""
        self._stopping.set()
        self._thread.join(timeout=2 * _LAST_ANSWER)

    def __repr__(self) -> str:
        return f"<LoopbackReceiver on {self.authority}>"


class _Decision:
    """What the redirect has to be, and what it said."""

    def __init__(self) -> None:
        self.path = f"/{secrets.token_urlsafe(16)}"
        self.authority = ""
        self.token: str | None = None
        self.always = True
        self.verdict: Verdict | None = None
        self._lock = threading.Lock()

    def judge(self, host: str | None, target: str) -> Verdict | None:
        """Return what a request for `target` says of this login; None if it is not the redirect of this login."""
        try:
            redirect = Redirect.of(target)
        except InvalidArgument:
            return None
        # Another Host is another site whose name was made to point here.
        if host != self.authority or not secrets.compare_digest(redirect.path.encode(), self.path.encode()):
            return None
        expected = self.token
        if expected is None or not redirect.belongs_to(expected, is_named=self.always):
            return None
        # TMDB says approved=true or denied=true; if it says neither, the request token will tell.
        return "denied" if redirect.is_denied else "approved"

    def settle(self, verdict: Verdict) -> None:
        """Take note of the decision; the first one counts."""
        with self._lock:
            self.verdict = self.verdict or verdict


class _Server(ThreadingTCPServer):
    """Answers on a free port; each connection has a thread. Nothing that a peer does is written to stderr."""

    # Not HTTPServer, which asks the name service for this machine's name before it listens.
    daemon_threads = True
    timeout = _POLL

    def __init__(self, decision: _Decision) -> None:
        self._open: set[Any] = set()
        self._answering = 0
        self._changed = threading.Condition()
        super().__init__((_HOST, 0), _handler(decision, self))
        self.port: int = self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing: a browser may close at any time, and the traceback would have the request token in it."""

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Have the server go on until the block has ended, for a while."""
        with self._changed:
            self._answering += 1
        try:
            yield
        finally:
            with self._changed:
                self._answering -= 1
                self._changed.notify_all()

    def let_go(self) -> None:
        """Close the port, and then the connections; a browser that is being answered gets its answer first."""
        self.server_close()
        with self._changed:
            self._changed.wait_for(lambda: self._answering == 0, _LAST_ANSWER)
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _serve(server: _Server, stopping: threading.Event) -> None:
    while not stopping.is_set():
        server.handle_request()
    server.let_go()


def _handler(decision: _Decision, server: _Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):  # the server looks for a method of the request's name
                return self._take
            raise AttributeError(name)

        def _take(self) -> None:
            with server.answering():
                self._take_redirect()

        def _take_redirect(self) -> None:
            verdict = decision.judge(self.headers.get("host"), self.path)
            if verdict is None:
                self._answer(404, "There is nothing here.")
            elif self.command in _REDIRECTED:
                # First: whoever has closed the window already has decided all the same.
                decision.settle(verdict)
                done = "Done: you can close this window." if verdict == "approved" else "The login was denied."
                self._answer(200, done)
            elif self.command == "HEAD":
                self._answer(200, "")
            else:
                self._answer(405, "This address takes GET.", {"allow": "GET, HEAD, POST"})

        def _answer(self, status: int, text: str, more: dict[str, str] | None = None) -> None:
            self._drain()
            body = _PAGE.format(text).encode()
            self.send_response_only(status)
            for name, value in {**_HEADERS, **(more or {})}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _drain(self) -> None:
            length = self.headers.get("content-length", "")
            if length.isdecimal():
                self.connection.settimeout(_BODY)
                with contextlib.suppress(TimeoutError):  # a body that does not come is none
                    self.rfile.read(min(int(length), _MOST_DRAINED))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is overridden
            """Write nothing: the address that was asked for has the request token in it."""

    return Handler
