"""Makes TMDB's host this machine, in a process that runs another client. It is a pytest plugin as well.

No peer takes an address for TMDB, and none is changed: the name resolves to the simulator, whose certificate has it.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any

HOST = "api.themoviedb.org"
_resolve = socket.getaddrinfo


def _getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
    if host in (HOST, HOST.encode()):
        host, port = "127.0.0.1", int(os.environ["TMDB_PORT"])
    return _resolve(host, port, *arguments, **named)


socket.getaddrinfo = _getaddrinfo
time.sleep = lambda _: None
"""The tests of some wait for TMDB's caches; the simulator has none."""
