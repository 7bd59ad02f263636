"""The least that a call can cost: an HTTP library and `json.loads`, without models, retries or what else a client does.

Runs in the peers' environment.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from .subjects import LANGUAGE, Operations, headers


def urllib3(base_url: str) -> Operations:
    """urllib3, with the pool that its manual advises."""
    pool, sent = _module("urllib3").PoolManager(), headers()

    def details(number: int) -> Any:
        address = f"{base_url}/3/movie/{number}?language={LANGUAGE}"
        return json.loads(pool.request("GET", address, headers=sent).data)

    return {"details": details}


async def aiohttp(base_url: str) -> Operations:
    """aiohttp, with one session."""
    session = _module("aiohttp").ClientSession(headers=headers())

    async def details(number: int) -> Any:
        async with session.get(f"{base_url}/3/movie/{number}?language={LANGUAGE}") as response:
            return json.loads(await response.read())

    return {"details": details}


def _module(name: str) -> Any:
    """A module that is there in the peers' environment, if nowhere else."""
    return importlib.import_module(name)
