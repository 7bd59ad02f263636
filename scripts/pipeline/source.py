"""Read a published document from a file or over HTTP(S), and make sure that it is one before anything is touched."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from .distil import version_of
from .errors import PipelineError

APIS = ("v3", "v4")
SIZE_CAP = 32 * 1024 * 1024
PHASE_TIMEOUT = 15.0
TOTAL_TIMEOUT = 120.0
ATTEMPTS = 3
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is three times as long."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
REDIRECTS = 3
OTHERS = {api: "".join(other[1:] for other in APIS if other != api) for api in APIS}
MOST_OF_OTHERS = 0.1
"""The share of paths of another version that a document may have: those are left out. With more, it is refused."""
FIRST_DAY = datetime.date(2013, 1, 1)
"""No document of version 3 or 4 is older."""


@dataclass(frozen=True)
class Published:
    """A published document and where it came from."""

    document: dict[str, Any]
    api: str
    source: str
    sha256: str
    size: int
    last_modified: datetime.datetime | None
    notes: tuple[str, ...] = field(default=())
    """What a person should know of where it was found."""


class NotFetched(PipelineError):  # noqa: N818 - a verdict
    """A document could not be fetched; the message says why."""


class _PassingError(Exception):
    """A failure that another attempt may not meet; the message says what went wrong."""


@dataclass(frozen=True)
class _Body:
    content: bytes
    last_modified: datetime.datetime | None
    moved_to: str | None


def read_published(source: str, api: str | None, *, attempts: int = ATTEMPTS) -> Published:
    """Read the document at `source`, a URL or a file.

    Args:
        source: Where it is.
        api: The version that it has to be for; None for any.
        attempts: How often to ask for it, if another attempt may succeed.

    Raises:
        PipelineError: it cannot be read, or is not a document for version `api`.
    """
    last_modified = None
    notes: list[str] = []
    if "://" in source:
        fetched = _fetch_patiently(source, attempts)
        body = fetched.content
        last_modified = _believable(fetched.last_modified, notes)
        if fetched.moved_to:
            notes.append(
                f"the document has moved for good, to {fetched.moved_to}: write that to [source] in "
                "openapi/releases.toml"
            )
    else:
        body = _read(Path(source))
        source = Path(source).name
    document = _checked(body, source)
    api = api or _api_of(document, source)
    _require_api(document, source, api)
    return Published(document, api, source, hashlib.sha256(body).hexdigest(), len(body), last_modified, tuple(notes))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > SIZE_CAP:
            raise PipelineError(f"{path} is larger than {SIZE_CAP >> 20} MB: not an OpenAPI document")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise PipelineError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _fetch_patiently(url: str, attempts: int) -> _Body:
    pause = FIRST_PAUSE
    deadline = time.monotonic() + TOTAL_TIMEOUT
    for attempt in range(1, attempts + 1):
        try:
            return _fetch(url, deadline)
        except _PassingError as error:
            if attempt == attempts or time.monotonic() + pause > deadline:
                times = "time" if attempt == 1 else "times"
                raise NotFetched(f"{error} (asked {attempt} {times})") from None
        time.sleep(pause)
        pause *= 3
    raise NotFetched(f"{url} was not asked")


def _fetch(url: str, deadline: float) -> _Body:
    asked = url
    moved = True
    """Whether every redirect so far is for good."""
    try:
        with httpx.Client(timeout=PHASE_TIMEOUT, headers={"accept": "application/json, */*;q=0.5"}) as client:
            for hop in range(REDIRECTS + 1):
                _require_safe(url)
                with client.stream("GET", url) as response:
                    if response.has_redirect_location:
                        moved = moved and response.status_code in (301, 308)
                        url = str(response.url.join(response.headers["location"]))
                        continue
                    _require_success(response, asked, url)
                    content = _content(response, url, deadline)
                if url != asked and content.lstrip()[:1] == b"<":
                    raise NotFetched(
                        f"{asked} leads to a web page, {url}: the document has moved; find its address and write it to "
                        "[source] in openapi/releases.toml"
                    )
                changed = _last_modified(response.headers.get("last-modified"))
                return _Body(content, changed, url if hop and moved else None)
            raise NotFetched(f"{asked}: more than {REDIRECTS} redirects, the last one to {url}")
    except (httpx.InvalidURL, ValueError) as error:
        raise NotFetched(f"{url} is not a URL: {error}") from None
    except httpx.TimeoutException:
        raise _PassingError(f"{url} does not answer within {PHASE_TIMEOUT:.0f} s") from None
    except httpx.HTTPError as error:
        raise _PassingError(f"cannot fetch {url}: {error}") from None


def _require_success(response: httpx.Response, asked: str, url: str) -> None:
    status = response.status_code
    if status == 200:
        return
    where = asked if url == asked else f"{asked}, which leads to {url},"
    if status in (404, 410):
        raise NotFetched(
            f"{where} answered with status {status}: the document is not there any more; if TMDB publishes it "
            "elsewhere, write that address to [source] in openapi/releases.toml"
        )
    if status == 429 or status >= 500:
        raise _PassingError(f"{where} answered with status {status}")
    raise NotFetched(f"{where} answered with status {status}")


def _content(response: httpx.Response, url: str, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > SIZE_CAP:
            raise NotFetched(f"{url} sends more than {SIZE_CAP >> 20} MB: not an OpenAPI document")
        if time.monotonic() > deadline:
            raise NotFetched(f"{url} takes more than {TOTAL_TIMEOUT:.0f} s")
    return bytes(body)


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise NotFetched(f"{url}: only https is fetched (http on loopback alone)")


def _last_modified(header: str | None) -> datetime.datetime | None:
    try:
        found = parsedate_to_datetime(header) if header else None
    except (ValueError, TypeError, OverflowError):
        return None
    return found.replace(tzinfo=datetime.UTC) if found is not None and found.tzinfo is None else found


def _believable(changed: datetime.datetime | None, notes: list[str]) -> datetime.datetime | None:
    """When the document changed, if it can have been then."""
    if changed is None or is_possible(changed.date()):
        return changed
    notes.append(
        f"the server says that the document changed on {changed.date()}, which cannot be: the day it was taken counts"
    )
    return None


def is_possible(day: datetime.date) -> bool:
    """Whether a document can have been changed on a day: not before there were any, and not in the future."""
    return FIRST_DAY <= day <= datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)


def _checked(body: bytes, source: str) -> dict[str, Any]:
    document = _parsed(body, source)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3"):
        raise PipelineError(f"{source} is not an OpenAPI 3 document")
    paths, info = document.get("paths"), document.get("info", {})
    if not isinstance(paths, dict) or not paths:
        raise PipelineError(f"{source} is an OpenAPI document without paths")
    if not isinstance(info, dict):
        document["info"] = {}
    return document


def _parsed(body: bytes, source: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        pass
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start != b"<" and re.search(rb"^[\"']?openapi[\"']?\s*:", body, re.MULTILINE):
        return _yaml(body, source)
    what = "a web page" if start == b"<" else "cut off or not JSON"
    raise PipelineError(f"{source} is not an OpenAPI document: it is {what}")


def _yaml(body: bytes, source: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return _plain(YAML(typ="safe", pure=True).load(body.decode("utf-8-sig")))
    except (YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(getattr(error, "problem", None) or error).split())[:120]
        raise PipelineError(f"{source} is not an OpenAPI document: it is cut off or not YAML ({problem})") from None


def _plain(node: Any) -> Any:
    """A value as JSON has it: keys are texts, and so are days."""
    if isinstance(node, dict):
        return {key if isinstance(key, str) else str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple, set)):
        return [_plain(item) for item in node]
    return node.isoformat() if isinstance(node, datetime.date) else node


def _api_of(document: dict[str, Any], source: str) -> str:
    """The API version that a document is for, told from its paths."""
    number = version_of(document)
    if number is None:
        raise PipelineError(
            f"{source} does not say which version of the API it is for: its paths have none; give --api"
        )
    return f"v{number}"


def _require_api(document: dict[str, Any], source: str, api: str) -> None:
    number = version_of(document)
    stated = str(document.get("info", {}).get("version"))
    found = number or stated.partition(".")[0].removeprefix("v")
    if f"v{found}" not in APIS:
        raise PipelineError(f"{source} is a document for version {found} of the API, not for {' or '.join(APIS)}")
    others = [path for path in map(str, document["paths"]) if re.match(f"/[{OTHERS[api]}]/", path)]
    if f"v{found}" != api or len(others) > MOST_OF_OTHERS * len(document["paths"]):
        foreign = next((str(path) for path in document["paths"] if not str(path).startswith(f"/{api[1:]}/")), "")
        raise PipelineError(
            f"{source} is a document for version {found} of the API ({foreign}), not for version {api[1:]}"
        )
