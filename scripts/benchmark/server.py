"""The server that all candidates call: HTTP/1.1 with keep-alive, answers made beforehand, and nothing else.

Run as a program it prints its port, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from . import bodies

HEAD: Final = (
    b"HTTP/1.1 %b\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: %d\r\n"
    b"Cache-Control: public, max-age=600\r\nDate: Mon, 05 Jan 2026 10:00:00 GMT\r\nVary: Accept-Encoding\r\n\r\n"
)
MOVIE: Final = b"/3/movie/"
END: Final = b"\r\n\r\n"


def _answer(status: bytes, body: bytes) -> bytes:
    return HEAD % (status, len(body)) + body


ANSWERS: Final = {path.encode(): _answer(b"200 OK", bodies.encoded(body)) for path, body in bodies.paths().items()}
MISSING: Final = _answer(
    b"404 Not Found", bodies.encoded({"success": False, "status_code": 34, "status_message": "No such path."})
)


class Connection(asyncio.Protocol):
    """Answers each request of a connection; the bodies of requests are empty here."""

    def __init__(self) -> None:
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what asyncio gives for a stream
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._pending = (self._pending + data).split(END)
        for request in requests:
            if request == b"0":  # the end of an empty body in chunks, which some clients send
                continue
            path = request.split(b" ", 2)[1].partition(b"?")[0]
            answer = ANSWERS.get(MOVIE if path.startswith(MOVIE) else path, MISSING)
            if b"connection: close" in request.lower():
                self._transport.write(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                self._transport.close()
            else:
                self._transport.write(answer)


async def serve() -> None:
    """Serve on a free port until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
