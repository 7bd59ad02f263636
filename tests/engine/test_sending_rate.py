"""The rate limit holds at the moment of sending: those that wake late do not bunch."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from running import PROGRAMS, run_program
from wire import Server, serving

RATE, CALLS = 40.0, 100
BURST = 4
"""How many may come at once after a pause."""
MARGIN = 8
"""Requests that were sent in time and arrive together, on a busy machine."""

VARIANTS = pytest.mark.parametrize("variant", ["sync", "asyncio", "trio", "aiohttp"])


def most_in_a_second(server: Server) -> int:
    """How many requests came at most within any second."""
    times = sorted(request.at for request in server.requests)
    return max(sum(begin <= time < begin + 1.0 for time in times) for begin in times)


@pytest.mark.parametrize("variant", ["asyncio", "trio", "aiohttp"])
def test_a_loop_that_was_held_up_sends_no_more_in_a_second_than_the_rate(variant: str) -> None:
    with serving() as server:
        run_program("call_at_a_rate", server.address, variant, RATE, CALLS, "held up")
        assert len(server.requests) == CALLS
        assert most_in_a_second(server) <= RATE + BURST + MARGIN


@VARIANTS
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_a_process_that_was_stopped_sends_no_more_in_a_second_than_the_rate(variant: str) -> None:
    """All that wait wake late and together, as on a machine that was asleep."""
    command = [sys.executable, str(PROGRAMS / "call_at_a_rate.py")]
    with serving() as server:
        arguments = [server.address, variant, str(RATE), str(CALLS), "as it is"]
        with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as process:
            try:
                server.wait_for(count=15, seconds=20)
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.7)
                process.send_signal(signal.SIGCONT)
                out, _ = process.communicate(timeout=30)
            finally:
                process.kill()
        assert process.returncode == 0
        assert len(server.requests) == CALLS
        assert most_in_a_second(server) <= RATE + BURST + MARGIN
        # and it does not send less than it may
        assert json.loads(out.splitlines()[-1])["took"] < 0.7 + 3 * CALLS / RATE
