"""Read a published document from a file or over HTTP(S), and make sure that it is one before anything is touched."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from .errors import PipelineError

APIS = ("v3", "v4")
SIZE_CAP = 32 * 1024 * 1024
PHASE_TIMEOUT = 15.0
TOTAL_TIMEOUT = 120.0
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
REDIRECTS = 3


@dataclass(frozen=True)
class Published:
    """A published document and where it came from."""

    document: dict[str, Any]
    api: str
    source: str
    sha256: str
    size: int
    last_modified: datetime.datetime | None


def read_published(source: str, api: str | None) -> Published:
    """Read the document at `source`, a URL or a file.

    Raises PipelineError where it is not one for version `api`, or for any where `api` is None.
    """
    last_modified = None
    if "://" in source:
        body, last_modified = _fetch(source)
    else:
        body = _read(Path(source))
        source = Path(source).name
    document = _checked(body, source)
    api = api or _api_of(document)
    _require_api(document, source, api)
    return Published(document, api, source, hashlib.sha256(body).hexdigest(), len(body), last_modified)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > SIZE_CAP:
            raise PipelineError(f"{path} is larger than {SIZE_CAP >> 20} MB: not an OpenAPI document")
        return path.read_bytes()
    except OSError as error:
        raise PipelineError(f"cannot read {path}: {error.strerror}") from None


def _fetch(url: str) -> tuple[bytes, datetime.datetime | None]:
    deadline = time.monotonic() + TOTAL_TIMEOUT
    failure: str
    try:
        with httpx.Client(timeout=PHASE_TIMEOUT, headers={"accept": "application/json"}) as client:
            for _ in range(REDIRECTS + 1):
                _require_safe(url)
                with client.stream("GET", url) as response:
                    if response.has_redirect_location:
                        url = str(response.url.join(response.headers["location"]))
                        continue
                    if response.status_code != 200:
                        raise PipelineError(f"{url} answered with status {response.status_code}")
                    body = bytearray()
                    for chunk in response.iter_bytes():
                        body += chunk
                        if len(body) > SIZE_CAP:
                            raise PipelineError(f"{url} sends more than {SIZE_CAP >> 20} MB: not an OpenAPI document")
                        if time.monotonic() > deadline:
                            raise PipelineError(f"{url} takes more than {TOTAL_TIMEOUT:.0f} s")
                    return bytes(body), _last_modified(response.headers.get("last-modified"))
            raise PipelineError(f"{url}: more than {REDIRECTS} redirects")
    except httpx.InvalidURL as error:
        failure = f"{url} is not a URL: {error}"
    except httpx.TimeoutException:
        failure = f"{url} does not answer within {PHASE_TIMEOUT:.0f} s"
    except httpx.HTTPError as error:
        failure = f"cannot fetch {url}: {error}"
    raise PipelineError(failure)


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise PipelineError(f"{url}: only https is fetched (http on loopback alone)")


def _last_modified(header: str | None) -> datetime.datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def _checked(body: bytes, source: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        start = body.lstrip()[:1]
        what = "a web page" if start == b"<" else "cut off or not JSON"
        raise PipelineError(f"{source} is not an OpenAPI document: it is {what}") from None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise PipelineError(f"{source} is not an OpenAPI 3 document")
    paths, info = document.get("paths"), document.get("info")
    if not isinstance(paths, dict) or not paths or not isinstance(info, dict):
        raise PipelineError(f"{source} is an OpenAPI document without paths")
    return document


def _api_of(document: dict[str, Any]) -> str:
    """The API version that a document is for, told from its paths."""
    first = re.match(r"/(\d+)/", min(document["paths"]))
    return f"v{first[1]}" if first else APIS[0]


def _require_api(document: dict[str, Any], source: str, api: str) -> None:
    number, version = api.removeprefix("v"), document["info"].get("version")
    if api not in APIS:
        raise PipelineError(f"{source} is a document for version {number} of the API, not for {' or '.join(APIS)}")
    foreign = next((path for path in document["paths"] if not path.startswith(f"/{number}/")), None)
    if str(version).split(".")[0] != number or foreign:
        raise PipelineError(
            f"{source} is a document for version {version} of the API ({foreign or 'by its title'}), "
            f"not for version {number}"
        )
