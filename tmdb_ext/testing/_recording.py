"""Records TMDB's answers, without credentials and without a user's data, and serves them later."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tmdb_ext.testing._body import encode
from tmdb_ext.testing._checks import CREDENTIAL_NAMES
from tmdb_ext.testing._http import RawRequest, RawResponse

_PERSONAL = re.compile(r"/[34]/(account|authentication|auth|guest_session|list)(/|$)|/(account_states|rating)$")
"""Paths that belong to a user. Lists are among them, since they may be private."""
_KEPT_HEADERS = ("content-type", "cache-control", "etag")
_NOT_FORWARDED = frozenset({
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "if-none-match", "expect", "te",
    "upgrade", "proxy-authorization", "keep-alive", "cookie",
})  # fmt: skip


def _question(raw: RawRequest) -> tuple[str, list[tuple[str, str]]]:
    """The path and the query without credentials, in one order for all."""
    path, _, query = raw.target.partition("?")
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in CREDENTIAL_NAMES]
    return path, sorted(pairs)


def _file_of(folder: Path, raw: RawRequest) -> Path:
    path, pairs = _question(raw)
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", path.strip("/"))[:80].strip("-") or "root"
    digest = hashlib.sha256(_key(raw.method, path, pairs)).hexdigest()[:16]
    return folder / f"{readable}.{digest}.json"


class Recorder:
    """Passes requests on to TMDB and stores the answers that are not a user's own.

    Args:
        folder: Where to store them; it is made if it is not there.
        upstream: Where to pass them on.
    """

    def __init__(self, folder: Path, upstream: str) -> None:
        if not upstream.startswith(("http://", "https://")):
            raise ValueError("upstream begins with http:// or https://")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._upstream = upstream
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def answer(self, raw: RawRequest) -> RawResponse | None:
        """Answers as TMDB does; None for what is not of its API."""
        if not raw.target.startswith(("/3/", "/4/")):
            return None
        headers = {name: value for name, value in raw.headers.items() if name not in _NOT_FORWARDED}
        try:
            answer = self._connected().request(raw.method, raw.target, headers=headers, content=raw.body)
        except httpx.HTTPError as error:
            told = f"TMDB could not be reached: {type(error).__name__}."
            body = encode({"success": False, "status_code": 43, "status_message": told})
            return RawResponse(502, body, {"content-type": "application/json"})
        kept = {name: answer.headers[name] for name in (*_KEPT_HEADERS, "retry-after") if name in answer.headers}
        response = RawResponse(answer.status_code, answer.content, kept)
        if _is_public(raw, answer.status_code):
            self._store(raw, response)
        return response

    def _store(self, raw: RawRequest, response: RawResponse) -> None:
        path, pairs = _question(raw)
        try:
            body = json.loads(response.body)
        except ValueError:
            return
        text = json.dumps(
            {
                "request": {"method": raw.method, "path": path, "query": pairs},
                "response": {
                    "status": response.status,
                    "headers": {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS},
                    "body": body,
                },
            },
            indent=1, ensure_ascii=False,
        )  # fmt: skip
        if any(secret in text for secret in _secrets(raw)):
            return  # an answer that repeats the credential
        with self._lock:
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
            Path(name).replace(_file_of(self._folder, raw))

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(base_url=self._upstream, timeout=30, follow_redirects=False)
            return self._client

    def close(self) -> None:
        """Closes the connections to TMDB; another request opens them again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def _secrets(raw: RawRequest) -> list[str]:
    query = dict(parse_qsl(raw.target.partition("?")[2]))
    found = [value for name, value in query.items() if name in CREDENTIAL_NAMES]
    found.append(raw.headers.get("authorization", "").rpartition(" ")[2])
    return [value for value in found if len(value) > 7]


def _is_public(raw: RawRequest, status: int) -> bool:
    """Whether an answer is not a user's own, and worth storing."""
    path, _, query = raw.target.partition("?")
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    own = bool(_PERSONAL.search(path)) or bool(names & {"session_id", "guest_session_id"})
    appended = "account_states" in dict(parse_qsl(query)).get("append_to_response", "")
    return raw.method == "GET" and not own and not appended and (status < 300 or status == 404)


class Replayer:
    """Serves what was recorded, to callers with whatever credential; the simulator answers the rest.

    Args:
        folder: Where it was recorded.

    Raises:
        ValueError: Because there is no such folder, or a file in it is not a recording.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ValueError(f"there is no folder {folder} to replay")
        self._answers: dict[bytes, RawResponse] = {}
        for path in sorted(folder.glob("*.json")):
            try:
                stored: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
                request, response = stored["request"], stored["response"]
                key = _key(request["method"], request["path"], [(name, value) for name, value in request["query"]])
                self._answers[key] = RawResponse(
                    response["status"], encode(response["body"]), dict(response["headers"])
                )
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path} is not a recording: {type(error).__name__}") from None

    def answer(self, raw: RawRequest) -> RawResponse | None:
        """Answers from the recordings; None for what is not among them."""
        method = "GET" if raw.method == "HEAD" else raw.method
        return self._answers.get(_key(method, *_question(raw)))

    def close(self) -> None:
        """There is nothing to close."""


def _key(method: str, path: str, pairs: list[tuple[str, str]]) -> bytes:
    return encode([method, path, sorted(pairs)])
