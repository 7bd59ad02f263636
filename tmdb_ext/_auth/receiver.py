"""Receives the redirect that ends a login: one address on a loopback port, for one request token.

The standard library's server is enough: it answers one browser, once, on this machine.
"""

from __future__ import annotations

import secrets
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

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


class LoopbackReceiver:
    """Waits on a free loopback port for the browser to come back from TMDB's approval page.

    Its address ends in random characters, and only a redirect there that carries the login's own request token counts,
    or none where the login may come without. Anything else gets a 404 and changes nothing.
    """

    def __init__(self) -> None:
        self._path = f"/{secrets.token_urlsafe(16)}"
        self._token: str | None = None
        self._always = True
        self._done = threading.Event()
        self._verdict: Verdict | None = None
        # Not HTTPServer, which asks the name service for this machine's name before it listens.
        self._server = ThreadingTCPServer((_HOST, 0), _handler(self))
        self._server.daemon_threads = True
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="tmdb-login", daemon=True
        )
        self._thread.start()

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{_HOST}:{self._server.server_address[1]}"

    @property
    def address(self) -> str:
        """Where the browser is to be sent back to."""
        return f"http://{self.authority}{self._path}"

    def expect(self, request_token: str, *, always: bool = True) -> None:
        """Take the redirect that carries this request token, and no other; `always` False: or that carries none."""
        self._always = always
        self._token = request_token

    @property
    def verdict(self) -> Verdict | None:
        """What the user has decided; None as long as no redirect has come."""
        return self._verdict if self._done.is_set() else None

    def judge(self, host: str | None, target: str) -> Verdict | None:
        """Return what a request for `target` says of this login; None where it is not the redirect of this login."""
        parts = urlsplit(target)
        # Another Host is another site whose name was made to point here.
        if host != self.authority or not secrets.compare_digest(parts.path.encode(), self._path.encode()):
            return None
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        expected = self._token
        if expected is None:
            return None
        token = query.get("request_token", "" if self._always else expected)
        if not secrets.compare_digest(token.encode(), expected.encode()):
            return None
        # TMDB says approved=true or denied=true; where it says neither, the request token will tell.
        return "denied" if query.get("denied") == "true" else "approved"

    def settle(self, verdict: Verdict) -> None:
        """Take note of the decision; the first one counts."""
        with self._lock:
            if not self._done.is_set():
                self._verdict = verdict
                self._done.set()

    def close(self) -> None:
        """Stop listening. Calling it again does nothing."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._server.shutdown()
            self._server.server_close()
            thread.join(timeout=5)

    def __repr__(self) -> str:
        return f"<LoopbackReceiver on {self.authority}>"


def _handler(receiver: LoopbackReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            verdict = receiver.judge(self.headers.get("host"), self.path)
            if verdict is None:
                self._answer(404, "There is nothing here.")
                return
            self._answer(200, "Done: you can close this window." if verdict == "approved" else "The login was denied.")
            receiver.settle(verdict)

        def _answer(self, status: int, text: str) -> None:
            body = _PAGE.format(text).encode()
            self.send_response_only(status)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is overridden
            """Write nothing: the address that was asked for has the request token in it."""

    return Handler
