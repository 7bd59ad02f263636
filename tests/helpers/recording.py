"""A server that notes requests as they come off the socket, and answers each with an object."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator

ANSWER = b'{"id": 7}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)


@contextlib.contextmanager
def recording(bodies: list[bytes] | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Serve on loopback; gives the address, and the heads that have come. The bodies go into `bodies`."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, heads, [] if bodies is None else bodies), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, heads: list[bytes], bodies: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, heads, bodies), daemon=True).start()


def _answer(connection: socket.socket, heads: list[bytes], bodies: list[bytes]) -> None:
    came = b""
    with connection, contextlib.suppress(OSError):
        while True:
            while b"\r\n\r\n" not in came:
                more = connection.recv(65536)
                if not more:
                    if came:  # bytes beyond the last request: somebody smuggled something in
                        heads.append(came)
                    return
                came += more
            head, _, came = came.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            wanted = int(length[1]) if length else 0
            while len(came) < wanted:
                came += connection.recv(65536)
            bodies.append(came[:wanted])
            came = came[wanted:]
            heads.append(head)
            connection.sendall(HEAD + ANSWER)
