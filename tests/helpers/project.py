"""The project as its maintainers use it: scripts/regenerate as a process, a document behind a socket."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.distil import operations
from pipeline.tree import read_tree

ROOT = Path(__file__).resolve().parent.parent.parent


def regenerate(
    root: Path, *arguments: str, cwd: Path | None = None, hash_seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root / "scripts"), "PYTHONHASHSEED": hash_seed}
    # scripts/check looks at the types of what is committed, and a test of its own at those of the mutations.
    quick = [] if "--with-types" in arguments else ["--quick"]
    arguments = tuple(argument for argument in arguments if argument != "--with-types")
    command = [sys.executable, "-m", "pipeline", *arguments, *quick]
    return subprocess.run(command, cwd=cwd or root, env=environment, capture_output=True, text=True, check=False)


def snapshot(root: Path) -> dict[str, bytes]:
    return {**read_tree(root / "openapi"), **read_tree(root / "generated")}


class Published(http.server.BaseHTTPRequestHandler):
    """Serves what a test puts into `body`."""

    body: bytes = b""
    headers_sent: dict[str, str]

    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers_sent}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(self.body)

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(body: bytes, **headers: str) -> Iterator[str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    handler = type("Handler", (Published,), {"body": body, "headers_sent": sent})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/openapi.json"
        server.shutdown()
        thread.join()


def published(document: dict[str, Any]) -> bytes:
    """A distilled document in the form of a published one."""

    def with_countries(node: Any) -> Any:
        """Maps as they are published: a property for each country of the example."""
        if isinstance(node, dict) and "additionalProperties" in node:
            value = with_countries(node["additionalProperties"])
            return {"type": "object", "properties": {"DE": value, "US": value}}
        if isinstance(node, dict):
            return {key: with_countries(value) for key, value in node.items()}
        return [with_countries(value) for value in node] if isinstance(node, list) else node

    copied = with_countries(document)
    for _, _, operation in operations(copied):
        content = {"application/json": {"schema": operation.pop("response")}}
        operation["responses"] = {"200": {"content": content}}
        if "requestBody" in operation:
            operation["requestBody"] = {"content": {"application/json": {"schema": operation["requestBody"]}}}
    return json.dumps(copied).encode()
