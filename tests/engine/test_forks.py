"""A client that was used before its process forked: nobody gets another's answer, and nobody waits for the dead."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from certificates import Authority
from running import run_program
from wire import CONVERT, NEW_GUEST, Act, Request, film, serving

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

CHILDREN, CALLS, ROUNDS = 6, 30, 3


def slow_film(request: Request) -> bytes:
    time.sleep(0.001)  # so that the processes really take turns
    return film(request)


@pytest.mark.parametrize("variant", ["sync", "async"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_children_and_their_parent_each_get_their_own_answers(scheme: str, variant: str, authority: Authority) -> None:
    tls = authority.serving("127.0.0.1") if scheme == "https" else None
    with serving(slow_film, tls=tls) as server:
        told = run_program(
            "fork_and_call", server.address, variant, CHILDREN, CALLS, ROUNDS,
            environment={"SSL_CERT_FILE": str(authority.file)},
        )  # fmt: skip
    assert (told["errors"][:3], told["wrong"]) == ([], 0)
    assert told["right"] == (CHILDREN + 1) * CALLS * ROUNDS


@pytest.mark.parametrize("how", ["multiprocessing", "futures"])
def test_a_pool_of_forked_processes_gets_the_right_answers(how: str) -> None:
    with serving(slow_film) as server:
        told = run_program("pool_of_forks", server.address, how, 80, seconds=20)
    assert told["found"] == list(range(1, 81))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("how", ["close", "exit"])
def test_a_child_that_ends_leaves_its_parents_connection_alone(how: str, scheme: str, authority: Authority) -> None:
    tls = authority.serving("127.0.0.1") if scheme == "https" else None
    with serving(tls=tls) as server:
        told = run_program(
            "end_in_a_fork", server.address, how, seconds=20, environment={"SSL_CERT_FILE": str(authority.file)}
        )
        assert (told["child"], told["parent"]) == (0, 3)
        first, of_child, again = (request.connection for request in server.requests)
    assert again == first
    assert of_child != first


STALLED = {
    "a plain read": "/3/movie/11",
    "guest": NEW_GUEST,
    "guest in a file": NEW_GUEST,
    "account": "/3/account",
    "converted": CONVERT,
    "image sizes": "/3/configuration",
    "cached": "/3/movie/11",
}


@pytest.mark.parametrize("scene", STALLED)
def test_a_child_forked_in_the_middle_of_a_call_does_not_wait_for_it(scene: str, tmp_path: Path) -> None:
    has_come = threading.Event()

    def stalling(request: Request) -> bytes | Act:
        if request.path == STALLED[scene] and not has_come.is_set():
            has_come.set()
            time.sleep(1.0)
        return film(request)

    def control(request: Request) -> bytes:
        has_come.wait(10)
        return film(request)

    with serving(stalling) as server, serving(control) as other:
        told = run_program("fork_in_the_middle", server.address, other.address, scene, tmp_path / "sessions.json")
    assert (told["child"], told["thread"]) == ("done", "done")
    if scene == "guest in a file":  # which processes share
        assert server.count(NEW_GUEST) == 1
