"""The first client made in a running event loop does not hold the loop up: what is slow is loaded in a thread."""

from __future__ import annotations

import subprocess
import sys

import pytest
from certificates import Authority
from running import run_program
from wire import serving

SHARE = 0.4
"""Of what the same costs outside of a loop, the loop may stand still for so much at a stretch."""
ATTEMPTS = 5
"""The machine may be busy, so the best of a few runs counts."""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("how", ["at once", "warmed up"])
def test_a_first_client_and_call_hardly_hold_the_loop_up(how: str, backend: str, authority: Authority) -> None:
    with serving(tls=authority.serving("127.0.0.1")) as server:
        cost = min(run_program("start_in_a_loop", server.address, "blocking", backend)["took"] for _ in range(2))
        gaps = []
        for _ in range(ATTEMPTS):
            gaps.append(run_program("start_in_a_loop", server.address, how, backend)["gap"])
            if gaps[-1] < SHARE * cost:
                return
    pytest.fail(f"the loop stood still for {min(gaps):.3f} s at best; outside of one, all of it takes {cost:.3f} s")


def test_warming_up_is_for_both_variants_and_may_be_done_twice() -> None:
    program = """
import anyio
from tmdb_ext import TMDB, AsyncTMDB

TMDB.warm_up()
TMDB.warm_up()
for backend in ("asyncio", "trio"):
    anyio.run(AsyncTMDB.warm_up, backend=backend)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=30)


def test_what_was_warmed_up_is_not_loaded_again() -> None:
    """A client that follows costs less than the warming up did."""
    program = """
import sys, time
from tmdb_ext import TMDB

begin = time.perf_counter()
TMDB.warm_up()
middle = time.perf_counter()
before = set(sys.modules)
with TMDB(access_token="header.payload.signature"):
    end = time.perf_counter()
print((end - middle) / (middle - begin), *sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    share, *loaded = done.stdout.split()
    assert float(share) < 0.5
    assert loaded == []
