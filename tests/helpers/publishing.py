"""A server that publishes documents, and misbehaves as a test says."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.releases import Releases
from project import ROOT, published

CURRENT = {"v3": "2026-03-23", "v4": "2025-05-01"}
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def facts(api: str) -> dict[str, Any]:
    """The facts of the current release of an API."""
    path = ROOT / f"openapi/distilled/tmdb-{api}-{CURRENT[api]}.json"
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


def gives(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(body)

    return answer


def cut_off(body: bytes) -> Answer:
    return gives(body[: len(body) // 2], Content_Length=str(len(body)))


def redirects(to: str, status: int = 302) -> Answer:
    return gives(b"", status, Location=to)


def in_turn(*answers: Answer) -> Answer:
    """One answer after another; the last one for all that follow."""
    left = list(answers)

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


def never(handler: http.server.BaseHTTPRequestHandler) -> None:
    time.sleep(0.1)
    handler.close_connection = True


@contextlib.contextmanager
def publishing(**answers: Answer) -> Iterator[str]:
    """Serve /v3, /v4 and what else a test names; the current documents, unless it says otherwise."""
    table = {"v3": gives(published(facts("v3"))), "v4": gives(published(facts("v4"))), **answers}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            table[self.path.strip("/")](self)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def point_to(checkout: Any, address: str) -> None:
    """Write to the table of releases that the documents are published at an address."""
    table = checkout / "openapi/releases.toml"
    releases = Releases(table)
    releases.sources = {"v3": f"{address}/v3", "v4": f"{address}/v4"}
    table.write_text(releases.dumps())
