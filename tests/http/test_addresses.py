"""A host with several addresses, of which some are dead; a resolver that hangs."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from raw_server import RawServer
from wires import Variant, ask, get

from tmdb_ext._http import addresses
from tmdb_ext._http.addresses import Address, ordered
from tmdb_ext._http.messages import WireFailure

NAME = "several.test"
LONG = 8.0
"""Seconds that no attempt needs, even on a busy machine, unless it waits for the dead address (which takes 20)."""


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_good", {})


@pytest.fixture
def dead() -> Iterator[tuple[str, int]]:
    """An address that takes no connection and refuses none: a server whose queue is full."""
    with socket.create_server(("127.0.0.2", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            fillers.append(filler)
        time.sleep(0.1)
        yield address
        for filler in fillers:
            filler.close()


def resolving(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, int]) -> None:
    """Have a name mean some addresses, in this order."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != NAME:
            return real(host, port, *arguments, **more)
        kind = socket.SOCK_STREAM
        return [(socket.AF_INET, kind, 6, "", address) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def no_head_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each address get all the time there is before the next one is tried."""
    for module in ("_sync.network", "asyncio_sockets", "trio_sockets"):
        monkeypatch.setattr(f"tmdb_ext._http.{module}.HEAD_START", 1000.0)


@pytest.mark.skipif(os.name != "posix", reason="needs the addresses 127.0.0.2 and a queue that can be full")
def test_a_dead_address_costs_a_fraction_of_a_second(
    variant: Variant, monkeypatch: pytest.MonkeyPatch, dead: tuple[str, int]
) -> None:
    async def main() -> float:
        wire = variant.pool_wire()
        begun = time.monotonic()
        assert (await ask(wire, get(server.port, host=NAME))).status == 200
        took = time.monotonic() - begun
        await wire.aclose()
        return took

    with RawServer() as server:
        resolving(monkeypatch, dead, ("127.0.0.1", server.port))
        assert addresses.HEAD_START * 0.9 <= variant.run(main) < LONG


def test_the_address_that_answered_is_tried_first_the_next_time(
    variant: Variant, monkeypatch: pytest.MonkeyPatch, dead: tuple[str, int]
) -> None:
    async def main() -> None:
        for _ in range(3):
            wire = variant.pool_wire()
            assert (await ask(wire, get(server.port, host=NAME))).status == 200
            await wire.aclose()

    with RawServer() as server:
        resolving(monkeypatch, dead, ("127.0.0.1", server.port))
        variant.run(main)
        no_head_start(monkeypatch)
        variant.run(main)


def test_a_refused_address_is_passed_over_at_once(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(host="127.0.0.1") as gone:
        refused = gone.port

    async def main() -> None:
        wire = variant.pool_wire()
        assert (await ask(wire, get(server.port, host=NAME))).status == 200
        await wire.aclose()

    with RawServer() as server:
        no_head_start(monkeypatch)
        resolving(monkeypatch, ("127.0.0.1", refused), ("127.0.0.1", refused), ("127.0.0.1", server.port))
        variant.run(main)


def test_if_all_addresses_refuse_the_connection_is_refused(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer() as gone:
        refused = gone.port

    async def main() -> None:
        wire = variant.pool_wire()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(refused, host=NAME))
        assert (caught.value.kind, caught.value.detail) == ("connect", "Connection refused")
        await wire.aclose()

    resolving(monkeypatch, ("127.0.0.1", refused), ("127.0.0.1", refused))
    variant.run(main)


def test_if_all_addresses_are_dead_the_budget_ends_it(
    variant: Variant, monkeypatch: pytest.MonkeyPatch, dead: tuple[str, int]
) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        begun = time.monotonic()
        with pytest.raises(WireFailure) as caught:
            await ask(wire, get(dead[1], host=NAME), seconds=0.6)
        assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", False)
        assert time.monotonic() - begun < LONG
        await wire.aclose()

    resolving(monkeypatch, dead, dead)
    variant.run(main)


@pytest.mark.skipif(not socket.has_ipv6, reason="this system has no IPv6")
def test_a_server_on_ipv6_is_reached(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        assert (await ask(wire, get(server.port, host="::1"))).status == 200
        await wire.aclose()

    try:
        server = RawServer(host="::1")
    except OSError:
        pytest.skip("this system has no IPv6")
    with server:
        variant.run(main)
    assert f"host: [::1]:{server.port}" in server.heads[0]


def test_a_resolver_that_hangs_ends_with_the_budget(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    asked: list[str] = []

    def hang(host: Any, *_: Any, **__: Any) -> Any:
        asked.append(str(host))
        released.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "")

    async def main() -> float:
        wire = variant.pool_wire()
        begun = time.monotonic()
        for _ in range(2):
            with pytest.raises(WireFailure) as caught:
                await ask(wire, get(80, host="hanging.test"), seconds=0.5)
            assert (caught.value.kind, caught.value.phase, caught.value.sent) == ("timeout", "budget", False)
        await wire.aclose()
        return time.monotonic() - begun

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        begun = time.monotonic()
        assert 0.9 < variant.run(main) < LONG
        # Nor does the end of the event loop wait for the resolver.
        assert time.monotonic() - begun < 2 * LONG
        assert len(asked) == 1
    finally:
        released.set()
        while addresses._lookups:
            time.sleep(0.01)


def test_families_alternate_behind_the_address_that_has_answered() -> None:
    v6 = [Address(socket.AF_INET6, (f"2001:db8::{number}", 443, 0, 0)) for number in range(2)]
    v4 = [Address(socket.AF_INET, (f"192.0.2.{number}", 443)) for number in range(3)]
    assert ordered([*v6, *v4], NAME, 443) == [v6[0], v4[0], v6[1], v4[1], v4[2]]
    addresses.remember(NAME, 443, v4[1])
    assert ordered([*v6, *v4], NAME, 443) == [v4[1], v6[0], v4[0], v6[1], v4[2]]
    assert ordered([], NAME, 443) == []


def test_only_so_many_addresses_are_remembered() -> None:
    for number in range(1000):
        addresses.remember(f"host{number}.test", 443, Address(socket.AF_INET, ("192.0.2.1", 443)))
    assert len(addresses._good) < 100
