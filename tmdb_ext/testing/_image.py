"""Images: rectangles of one colour in the size that is asked for, as PNG, or as SVG where it was uploaded as such."""

from __future__ import annotations

import re
import struct
import zlib

from tmdb_ext.testing._fill import stable
from tmdb_ext.testing._http import RawResponse

_PATH = re.compile(r"/t/p/(original|[wh]\d{1,4})/([\w-]+)\.(jpe?g|png|svg|webp)", re.ASCII)
_ORIGINAL_WIDTH = 1000
_HEADERS = {"cache-control": "public, max-age=31919000"}


def serve_image(method: str, path: str) -> RawResponse | None:
    """The image at a path; None if the path is not one of the image server's."""
    if not path.startswith("/t/p/"):
        return None
    match = _PATH.fullmatch(path)
    if match is None or method != "GET":
        return RawResponse(404 if match is None else 405, b"", {"content-type": "text/html"})
    size, name, form = match.groups()
    if form == "svg" and size != "original":
        return RawResponse(404, b"", {"content-type": "text/html"})
    colour = stable("image", name).to_bytes(4, "big")[:3]
    if form == "svg":
        drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9" fill="#{colour.hex()}"/></svg>'
        return RawResponse(200, drawing.encode(), {"content-type": "image/svg+xml", **_HEADERS})
    number = _ORIGINAL_WIDTH if size == "original" else int(size[1:])
    width, height = (number, number * 3 // 2) if size[0] != "h" else (number * 2 // 3, number)
    return RawResponse(200, _png(max(width, 1), max(height, 1), colour), {"content-type": "image/png", **_HEADERS})


def _png(width: int, height: int, colour: bytes) -> bytes:
    """A picture of one colour, 8 bits for each of red, green and blue."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + colour * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
