"""A server that answers with what TMDB once sent, changed as a test says; it invents what belongs to a user."""

from __future__ import annotations

import contextlib
import copy
import http.server
import itertools
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.evidence import read_payloads

Alter = Callable[[Any], object]
SINCE = "2022-01-01"
MADE_UP: dict[str, Any] = {
    "GET /3/account": {"id": 7, "username": "someone", "name": "", "iso_639_1": "en", "iso_3166_1": "US"},
    "POST /3/authentication/session/convert/4": {"success": True, "session_id": "5e" * 20},
    "DELETE /3/authentication/session": {"success": True},
    "POST /3/movie/{movie_id}/rating": {"success": True, "status_code": 1, "status_message": "Success."},
    "DELETE /3/movie/{movie_id}/rating": {"success": True, "status_code": 13, "status_message": "Deleted."},
    "GET /3/authentication/guest_session/new": {
        "success": True, "guest_session_id": "9e" * 16, "expires_at": "2099-01-01 00:00:00 UTC",
    },
}  # fmt: skip


class Replay:
    """What was recorded, by operation."""

    def __init__(self, shared: Path) -> None:
        self._bodies: dict[str, list[Any]] = defaultdict(list)
        for folder in ("payloads", "payloads-v4"):
            for row, body in read_payloads(shared / folder, SINCE):
                if row["status"] in (200, 201):
                    self._bodies[row["operation"]].append(body)
        for operation, body in MADE_UP.items():
            self._bodies[operation] = [body]
        # A path that is written out comes before one with a place for an id.
        self._expressions = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", operation)), operation)
            for operation in sorted(self._bodies, key=lambda one: one.count("{"))
        ]

    @contextlib.contextmanager
    def serving(self, altered: Mapping[str, Alter] | None = None) -> Iterator[tuple[str, list[str]]]:
        """Serve; give the address, and the operations that were asked for.

        Args:
            altered: Operation -> what is to be done to each of its answers.
        """
        asked: list[str] = []
        turns = {operation: itertools.cycle(bodies) for operation, bodies in self._bodies.items()}

        def answer(method: str, path: str) -> tuple[int, bytes]:
            found = (one for expression, one in self._expressions if expression.fullmatch(f"{method} {path}"))
            operation = next(found, None)
            if operation is None:
                return 404, json.dumps({"success": False, "status_code": 34, "status_message": "None."}).encode()
            asked.append(operation)
            body = next(turns[operation])
            if altered and operation in altered:
                body = copy.deepcopy(body)
                altered[operation](body)
            return 200, json.dumps(body).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # head and body leave together

            def answer_one(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                status, content = answer(self.command, self.path.partition("?")[0])
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer_one  # noqa: N815 - the names that the server calls

            def log_message(self, *args: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}", asked
            server.shutdown()
            thread.join()
