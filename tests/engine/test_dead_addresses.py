"""A host whose first address is dead, as where IPv6 is broken, is reached at its second without a long wait."""

from __future__ import annotations

import pytest
from running import run_program
from wire import black_hole, serving

LONGEST = 2.0
"""Seconds, on a busy machine; the address that is dead takes four to be given up."""


@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])
def test_the_second_address_is_tried_while_the_first_is_silent(variant: str) -> None:
    with serving() as server, black_hole("127.0.0.2", server.port) as (dead, _):
        told = run_program("reach_the_second_address", server.port, variant, dead, server.host)
        assert len(server.requests) == 3
    assert max(told["took"]) < LONGEST


@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])
def test_an_address_of_ipv6_that_is_silent_does_not_hold_ipv4_up(variant: str) -> None:
    with serving() as server, black_hole("::1", server.port) as (dead, _):
        told = run_program("reach_the_second_address", server.port, variant, dead, server.host)
    assert max(told["took"]) < LONGEST


@pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])
def test_an_address_that_refuses_is_passed_over_at_once(variant: str) -> None:
    with serving() as server:
        told = run_program("reach_the_second_address", server.port, variant, "127.0.0.3", server.host)
    assert max(told["took"]) < LONGEST
