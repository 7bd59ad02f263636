"""The simulator: TMDB's behaviour behind a real socket on this machine, or in this process."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tmdb_ext.testing._clock import Clock
from tmdb_ext.testing._http import LoopbackServer, RawRequest, RawResponse
from tmdb_ext.testing._simulation import Simulation, Source

if TYPE_CHECKING:
    import httpx

    from tmdb_ext.testing._in_process import ASGIApplication
    from tmdb_ext.testing._recording import Recorder, Replayer


class Simulator(Simulation):
    """A TMDB on loopback, for tests and demonstrations.

    It behaves as TMDB does towards credentials, request tokens, sessions, guest sessions, ratings, favourites,
    watchlists, lists, pages and `append_to_response`; it takes what TMDB takes and refuses what TMDB refuses; and it
    answers every operation of versions 3 and 4 with sample data of its own, and with yours (`add`, `load`, `answer`).
    What is done in one version shows in the other. The pages where a user approves a login are there as well: give the
    client `site_url=simulator.base_url`. So are images of any size, under the address that the configuration names.

        with Simulator() as tmdb:
            httpx.get(f"{tmdb.base_url}/3/movie/11", params={"api_key": tmdb.api_key})

    Without a socket, give `transport`, `async_transport` or `asgi` to a client; it need not be started then.

    Args:
        clock: What tells the time; move it with `clock.advance(timedelta(hours=1))`.
        guest_session_idle: How long a guest session lives after its last use.
        guest_session_unused: How long it lives if it is never used; the shorter of the two counts then.
        requests_per_second: How many requests it takes in one second of the clock before it answers 429 with
            `Retry-After`; None for any number.
        strict: Refuse query parameters and body keys that an operation does not have, and name them. TMDB ignores
            them, and so does the simulator otherwise.
        any_id: Invent films, series, people and the like under ids that are not in the sample, in place of answering
            that there is no such thing. It helps with a program's tests that are full of TMDB's own ids.
        data: What `load` takes, or several of them: loaded at the beginning and after each `reset`.
        api_key: The application's API key; a made-up one if None.
        access_token: The application's API Read Access Token; a made-up one if None.
        seed: Makes ids, tokens and everything else that is made up the same each time.
        journal_size: How many requests and complaints are kept at most; older ones are forgotten.
        host: The address to bind, of IPv4 or IPv6; `::1` is loopback there.
        port: The port to bind; 0 lets the system choose.
        tls: Whether to serve https with a certificate of a throw-away authority (this needs the extra `tls`), or an
            SSL context of your own.
        ca_file: Where to write the certificate of that authority, in PEM; by default to a temporary file, whose name
            `ca_file` has then.
        public_url: Where callers reach it if not at its own address, such as `http://tmdb:8080` between containers.
        record: A folder: requests go on to TMDB with the credentials of the caller, and the answers are stored there,
            without any credential. What belongs to a user is not stored.
        upstream: The address that recorded requests go on to.
        replay: A folder that was recorded: what is in it is answered from it, and the rest by the simulator.
        document: The OpenAPI document of version 3 or the path of a file with it, in place of the one installed.
        v4_document: The same for version 4.

    Raises:
        ValueError: Because an argument is not valid; the message says which.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        guest_session_idle: timedelta = timedelta(hours=1),
        guest_session_unused: timedelta = timedelta(hours=24),
        requests_per_second: int | None = None,
        strict: bool = False,
        any_id: bool = False,
        data: Source | Iterable[Source] = (),
        api_key: str | None = None,
        access_token: str | None = None,
        seed: int | None = None,
        journal_size: int = 10_000,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool | ssl.SSLContext = False,
        ca_file: Path | str | None = None,
        public_url: str | None = None,
        record: Path | str | None = None,
        upstream: str = "https://api.themoviedb.org",
        replay: Path | str | None = None,
        document: Source | None = None,
        v4_document: Source | None = None,
    ) -> None:
        if public_url is not None and not public_url.startswith(("http://", "https://")):
            raise ValueError("public_url begins with http:// or https://")
        super().__init__(
            clock=clock, guest_session_idle=guest_session_idle, guest_session_unused=guest_session_unused,
            requests_per_second=requests_per_second, strict=strict, any_id=any_id, data=data, api_key=api_key,
            access_token=access_token, seed=seed, journal_size=journal_size, document=document, v4_document=v4_document,
        )  # fmt: skip
        self._host, self._port, self._tls, self._ca_file = host, port, tls, ca_file
        self._public_url = public_url.rstrip("/") if public_url else None
        self._tape = _tape(record, replay, upstream)
        if self._tape is not None:
            self.answer_from(self._tape.answer)
        self._server: LoopbackServer | None = None
        self._lock = threading.Lock()

    # running

    def start(self) -> Simulator:
        """Begins to serve. Calling it again does nothing.

        Raises:
            OSError: Because the address or the port cannot be used.
        """
        with self._lock:
            if self._server is None:
                self._server = LoopbackServer(self.serve, self._host, self._port, self._context())
                self.serve_images_under(f"{self._public_url or self._server.base_url}/t/p/")
        return self

    def _context(self) -> ssl.SSLContext | None:
        if isinstance(self._tls, ssl.SSLContext):
            return self._tls
        if not self._tls:
            return None
        from tmdb_ext.testing._tls import make_context  # noqa: PLC0415 - few need it, and it needs an extra

        context, self._ca_file = make_context(self._ca_file, self._host, self._public_url)
        return context

    def close(self) -> None:
        """Stops serving and drops open connections; what is remembered stays. Calling it again does nothing."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.close()
        if self._tape is not None:
            self._tape.close()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Simulator({self.base_url!r})" if self._server is not None else "Simulator(closed)"

    @property
    def base_url(self) -> str:
        """Where it serves, such as `http://127.0.0.1:40123`, with no path.

        Raises:
            RuntimeError: Because it has not been started, or has been closed.
        """
        if self._server is None:
            raise RuntimeError("the simulator is not running: call start() or use it in a with statement")
        return self._public_url or self._server.base_url

    @property
    def ca_file(self) -> Path | None:
        """The file with the certificate of the throw-away authority; None without TLS."""
        return None if self._ca_file is None else Path(self._ca_file)

    # in this process

    def serve(self, raw: RawRequest) -> RawResponse:
        """Answers one request without a socket; the server and the transports use it."""
        if raw.target.startswith("/simulator"):
            from tmdb_ext.testing._admin import Admin  # noqa: PLC0415 - most tests are in Python and do without

            address = self.base_url if self._server is not None else self._public_url
            return Admin(self, address).handle(raw)
        return self.handle(raw)

    @property
    def transport(self) -> httpx.BaseTransport:
        """A transport for `httpx.Client`, which answers for every host without a socket."""
        from tmdb_ext.testing._in_process import Transport  # noqa: PLC0415 - the server does without httpx

        return Transport(self.serve)

    @property
    def async_transport(self) -> httpx.AsyncBaseTransport:
        """A transport for `httpx.AsyncClient`, which answers for every host without a socket."""
        from tmdb_ext.testing._in_process import AsyncTransport  # noqa: PLC0415 - the server does without httpx

        return AsyncTransport(self.serve)

    @property
    def asgi(self) -> ASGIApplication:
        """An ASGI application, for `httpx.ASGITransport`, a test client, or a server of your choice."""
        from tmdb_ext.testing._in_process import ASGIApplication  # noqa: PLC0415 - the server does without httpx

        return ASGIApplication(self.serve)


def _tape(record: Path | str | None, replay: Path | str | None, upstream: str) -> Recorder | Replayer | None:
    if record is None and replay is None:
        return None
    from tmdb_ext.testing._recording import Recorder, Replayer  # noqa: PLC0415 - few need it, and it imports httpx

    if record is not None and replay is not None:
        raise ValueError("record and replay exclude each other: record first, then replay the folder")
    return Recorder(Path(record), upstream) if record is not None else Replayer(Path(str(replay)))
