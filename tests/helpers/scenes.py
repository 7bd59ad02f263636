"""Scenes that a client of either variant plays against a simulator."""

from __future__ import annotations

import contextlib
import inspect
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from tmdb_ext import TMDB, AsyncTMDB
from tmdb_ext.testing import Simulator


async def result_of(value: Any) -> Any:
    """What a call gives, of a client of either variant."""
    return await value if inspect.isawaitable(value) else value


def set_clock(tmdb: Any, now: Callable[[], datetime]) -> None:
    """Have a client take the time for its guest session from `now`."""
    tmdb._calls.flow.guests.now = now


class MadeEndpoint:
    """An endpoint of a test's own, which makes of no arguments the request that it is given."""

    api = "v3"

    def __init__(self, operation_id: str, kwargs: dict[str, Any], decode: Callable[[Any], Any]) -> None:
        self.operation_id = operation_id
        self.get_kwargs = lambda: {**kwargs, "extensions": {"tmdb_api": "v3", "tmdb_operation": operation_id}}
        self.decode = decode


def play(variant: str, simulator: Simulator, scene: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
    """Run a scene with a client of the variant; the scene asks for results with `result_of`."""
    chosen = {"access_token": simulator.access_token, "base_url": simulator.base_url, "site_url": simulator.base_url}
    chosen |= options

    async def main() -> Any:
        if variant == "async":
            async with AsyncTMDB(**chosen) as tmdb:
                return await scene(tmdb)
        with TMDB(**chosen) as tmdb:
            return await scene(tmdb)

    return anyio.run(main)


class CountingLimit:
    """A rate limit that lets everything through at once and counts; nothing may be refused meanwhile."""

    reserved = 0

    def take(self, waiter: object) -> float:
        self.reserved += 1
        return 0.0

    def leave(self, waiter: object) -> None:
        raise AssertionError("nobody was to give up")

    def give_back(self, seconds: float) -> None:
        raise AssertionError("everything was to be sent")

    def back_off(self, seconds: float) -> None:
        raise AssertionError("nothing was to be refused")


@contextlib.contextmanager
def nowhere() -> Iterator[str]:
    """An address where nobody listens, and where nobody else can while it is held."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def decide(url: str, action: str) -> httpx.Response:
    """Do what a browser does when the user presses a button of the approval page."""
    page = httpx.get(url)
    (target,) = re.findall(rf'action="([^"]*/{action}[^"]*)"', page.text)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return httpx.post(origin + target.replace("&amp;", "&"), follow_redirects=True)
