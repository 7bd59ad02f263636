"""Whose the connections are: of one process and one event loop; how many; and what becomes of idle and broken ones."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from raw_server import Peer, RawServer, always, silent
from wires import DIRECT, PATIENT, TLS, Variant, ask, get

from tmdb_ext._http._async import concurrency as waiting
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http._sync.wire import PoolWire
from tmdb_ext._http.deadline import NEVER, Deadline
from tmdb_ext._http.messages import WireFailure, WireSettings

ROOT = Path(__file__).resolve().parent.parent.parent
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def echo(peer: Peer) -> None:
    """Answer with the request's own target, a little later, so that answers could be mixed up."""
    for head in peer.heads():
        peer.server.wait(0.002)
        peer.answer(head.split()[1].encode())


def in_child(function: Callable[[], object]) -> int:
    """Fork, and run a function in the child; return its process id. It exits with 0 if the function raises nothing."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        # An alarm rather than a test that hangs.
        signal.alarm(60)
        function()
        code = 0
    except BaseException:  # noqa: BLE001 - it ends here
        traceback.print_exc()
    finally:
        os._exit(code)


def exit_codes(*pids: int) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def check_answers(wire: PoolWire, port: int, name: str, count: int = 60, scheme: str = "http") -> None:
    """Ask from three threads, and compare each answer with its question."""
    wrong: list[str] = []

    def run(thread: int) -> None:
        for number in range(count // 3):
            target = f"/{name}/{thread}/{number}"
            try:
                answer = wire.send(get(port, target, scheme=scheme), PATIENT, Deadline(30)).content.decode()
            except Exception as error:  # noqa: BLE001 - it is compared
                answer = repr(error)
            if answer != target:
                wrong.append(f"{target}: {answer}")

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@forks
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_children_of_a_fork_and_their_parent_each_get_their_own_answers(scheme: str, tls: TLS) -> None:
    with RawServer(echo, tls=tls.server if scheme == "https" else None) as server:
        wire = PoolWire(DIRECT._replace(verify=tls.client))
        check_answers(wire, server.port, "before", scheme=scheme)
        children = [
            in_child(lambda name=f"child{number}": check_answers(wire, server.port, name, scheme=scheme))
            for number in range(6)
        ]
        before = server.connections
        check_answers(wire, server.port, "parent", scheme=scheme)
        assert exit_codes(*children) == [0] * 6
        check_answers(wire, server.port, "after", scheme=scheme)
        assert before >= 3
        wire.close()


@forks
def test_a_child_leaves_its_parents_connections_alone(tls: TLS) -> None:
    def child() -> None:
        # Whatever a child may do with what it has inherited.
        wire.close()
        gc.collect()

    with RawServer(echo, tls=tls.server) as server:
        wire = PoolWire(DIRECT._replace(verify=tls.client))
        wire.send(get(server.port, scheme="https"), PATIENT, NEVER)
        assert exit_codes(in_child(child)) == [0]
        wire.send(get(server.port, scheme="https"), PATIENT, NEVER)
        assert server.connections == 1
        wire.close()


@forks
@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_child_of_an_event_loop_leaves_its_parents_connections_alone(library: str, tls: TLS) -> None:
    async def main() -> None:
        for _ in range(2):
            await ask(wire, get(server.port, scheme="https"))
        pid = in_child(lambda: run_beside(child))
        await Variant(library).sleep(0.3)
        await ask(wire, get(server.port, scheme="https"))
        assert exit_codes(pid) == [0]
        await ask(wire, get(server.port, scheme="https"))
        await wire.aclose()

    async def child() -> None:
        for _ in range(2):
            assert (await ask(wire, get(server.port, "/child", scheme="https"))).content == b"/child"
        await wire.aclose()
        gc.collect()

    def run_beside(main: Callable[[], Any]) -> None:
        # The parent's loop is running, as far as this thread knows.
        thread = threading.Thread(target=lambda: done.append(Variant(library).run(main)))
        done: list[None] = []
        thread.start()
        thread.join()
        assert done == [None]

    with RawServer(echo, tls=tls.server) as server:
        wire = AsyncPoolWire(DIRECT._replace(verify=tls.client))
        Variant(library).run(main)
        assert server.connections == 2


@forks
def test_a_fork_while_other_threads_hold_locks_does_not_hang_the_child() -> None:
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            wire.send(get(server.port), PATIENT, Deadline(30))

    with RawServer(always()) as server:
        # So few that there are always some who wait, and the locks are held often.
        wire = PoolWire(DIRECT._replace(max_connections=2))
        threads = [threading.Thread(target=keep_busy) for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(30):
                child = in_child(lambda: wire.send(get(server.port), PATIENT, Deadline(30)))
                assert exit_codes(child) == [0]
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        wire.close()


FORK_QUIETLY = """
import os, sys, threading, warnings
sys.path[:0] = [{helpers!r}]
from raw_server import RawServer
from wires import DIRECT, PATIENT, get
from tmdb_ext._http._sync.wire import PoolWire
from tmdb_ext._http.deadline import NEVER

wire = PoolWire(DIRECT)
port = int(sys.argv[1])
wire.send(get(port), PATIENT, NEVER)
threads = threading.active_count()
pid = os.fork()
if not pid:
    wire.send(get(port), PATIENT, NEVER)
    wire.close()
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert threads == 2, threads
assert [thread for thread in threading.enumerate() if "idle" in thread.name]
wire.close()
"""


@forks
def test_python_complains_about_nothing_when_a_used_wire_is_forked() -> None:
    program = FORK_QUIETLY.format(helpers=str(ROOT / "tests" / "helpers"))
    with RawServer() as server:
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", program, str(server.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=ROOT,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Event loops.


def test_one_wire_serves_one_event_loop_after_another(tls: TLS) -> None:
    async def main() -> None:
        for _ in range(2):
            assert (await ask(wire, get(server.port, "/x", scheme=scheme))).content == b"/x"

    for scheme in ("http", "https"):
        with RawServer(echo, tls=tls.server if scheme == "https" else None) as server:
            wire = AsyncPoolWire(DIRECT._replace(verify=tls.client))
            for _ in range(4):
                asyncio.run(main())
            trio.run(main)
            asyncio.run(main())
            assert server.connections == 6
            gc.collect()


def test_one_wire_serves_two_event_loops_at_once() -> None:
    async def main(name: str) -> None:
        async def one(number: int) -> None:
            target = f"/{name}/{number}"
            assert (await ask(wire, get(server.port, target))).content.decode() == target

        async with trio.open_nursery() if name == "trio" else asyncio.TaskGroup() as group:
            for number in range(40):
                if name == "trio":
                    group.start_soon(one, number)
                else:
                    group.create_task(one(number))
        done.append(name)

    done: list[str] = []
    with RawServer(echo) as server:
        wire = AsyncPoolWire(DIRECT)
        threads = [
            threading.Thread(target=lambda: asyncio.run(main("first"))),
            threading.Thread(target=lambda: asyncio.run(main("second"))),
            threading.Thread(target=lambda: trio.run(main, "trio")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        gc.collect()
    assert sorted(done) == ["first", "second", "trio"]


def test_closing_in_one_event_loop_closes_the_connections_of_others() -> None:
    used, closed = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        await ask(wire, get(server.port))
        used.set()
        while not closed.is_set():
            await asyncio.sleep(0.01)
        # Until the server has seen the end of this connection.
        while server.peers[0].sock.fileno() >= 0:
            await asyncio.sleep(0.01)

    async def main() -> None:
        await ask(wire, get(server.port))
        await wire.aclose()
        closed.set()

    with RawServer() as server:
        wire = AsyncPoolWire(DIRECT)
        thread = threading.Thread(target=lambda: asyncio.run(asyncio.wait_for(elsewhere(), 30)))
        thread.start()
        assert used.wait(30)
        asyncio.run(main())
        thread.join(30)
        assert server.peers[0].sock.fileno() < 0


def test_a_closed_wire_connects_again(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire()
        for _ in range(2):
            await ask(wire, get(server.port))
            await wire.aclose()
        await wire.aclose()

    with RawServer() as server:
        variant.run(main)
        assert server.connections == 2


# How many, and for how long.


def test_there_are_never_more_connections_than_allowed(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=3))
        answers = await variant.at_once(
            *(lambda number=number: ask(wire, get(server.port, f"/{number}")) for number in range(30))
        )
        assert [answer.content.decode() for answer in answers] == [f"/{number}" for number in range(30)]
        await wire.aclose()

    with RawServer(echo) as server:
        variant.run(main)
        assert server.connections == 3


def test_those_who_wait_for_another_origin_are_served_too(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=2))
        answers = await variant.at_once(
            *(lambda number=number: ask(wire, get(servers[number % 3].port, f"/{number}")) for number in range(30))
        )
        assert [answer.content.decode() for answer in answers] == [f"/{number}" for number in range(30)]
        await wire.aclose()

    with RawServer(echo) as first, RawServer(echo) as second, RawServer(echo) as third:
        servers = (first, second, third)
        variant.run(main)


def states(port: int) -> list[str]:
    """The states of this system's connections to a port, as Linux names them."""
    names = {1: "ESTABLISHED", 2: "SYN_SENT", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT", 8: "CLOSE_WAIT"}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    found = [line.split() for line in lines]
    return [names.get(int(one[3], 16), one[3]) for one in found if int(one[2].split(":")[1], 16) == port]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not tell")
def test_no_idle_connection_is_left_half_closed(variant: Variant) -> None:
    def for_a_moment(peer: Peer) -> None:
        if peer.head() is not None:
            # So long that each request has a connection of its own.
            peer.server.wait(0.3)
            peer.answer()

    async def main() -> None:
        wire = variant.pool_wire()
        await variant.at_once(*(lambda: ask(wire, get(server.port)) for _ in range(40)))
        # The server has closed all of them. Nothing is asked any more.
        end = time.monotonic() + 30
        while (left := [state for state in states(server.port) if state in {"CLOSE_WAIT", "ESTABLISHED"}]) and (
            time.monotonic() < end
        ):
            await variant.sleep(0.1)
        assert left == []
        await wire.aclose()

    with RawServer(for_a_moment) as server:
        variant.run(main)
        assert server.connections > 5


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not tell")
def test_an_idle_connection_is_closed_after_a_while(variant: Variant) -> None:
    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, keepalive_seconds=0.2))
        await ask(wire, get(server.port))
        end = time.monotonic() + 30
        while "ESTABLISHED" in states(server.port) and time.monotonic() < end:
            await variant.sleep(0.1)
        assert "ESTABLISHED" not in states(server.port)
        await ask(wire, get(server.port))
        await wire.aclose()

    with RawServer() as server:
        variant.run(main)
        assert server.connections == 2


def test_the_thread_that_closes_idle_connections_ends_with_them() -> None:
    def is_there() -> bool:
        return any("idle" in thread.name for thread in threading.enumerate())

    with RawServer() as server:
        wire = PoolWire(WireSettings(trust_env=False, keepalive_seconds=0.2))
        wire.send(get(server.port), PATIENT, NEVER)
        assert is_there()
        end = time.monotonic() + 30
        while is_there() and time.monotonic() < end:
            time.sleep(0.05)
        assert not is_there()
        wire.close()


# Interruptions.


def stalled_head(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.server.wait(60)


def stalled_body(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    peer.server.wait(60)


def stalled_handshake(peer: Peer) -> None:
    peer.server.wait(60)


INTERRUPTED = pytest.mark.parametrize(
    ("handler", "scheme"),
    [(silent, "http"), (stalled_head, "http"), (stalled_body, "http"), (stalled_handshake, "https")],
    ids=["silent", "head", "body", "handshake"],
)


async def connected(variant: Variant, server: RawServer, connections: int) -> None:
    """Wait until there are so many connections, and a little longer, so that something is said on the last one."""
    while server.connections < connections:
        await variant.sleep(0.01)
    await variant.sleep(0.1)


@INTERRUPTED
@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_cancelled_request_frees_its_place(library: str, handler: Any, scheme: str) -> None:
    variant = Variant(library)

    async def main() -> None:
        wire = AsyncPoolWire(WireSettings(trust_env=False, max_connections=1))
        for number in range(3):
            await cancelled(lambda: ask(wire, get(server.port, scheme=scheme)), number + 1)
        with RawServer() as other:
            assert (await ask(wire, get(other.port))).status == 200
        await wire.aclose()

    async def cancelled(function: Callable[[], Any], connections: int) -> None:
        if library == "trio":
            async with trio.open_nursery() as nursery:
                nursery.start_soon(function)
                await connected(variant, server, connections)
                nursery.cancel_scope.cancel()
        else:
            task = asyncio.create_task(function())
            await connected(variant, server, connections)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with RawServer(handler) as server:
        variant.run(main)
        gc.collect()


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_one_who_waits_for_a_connection_can_be_cancelled(library: str) -> None:
    variant = Variant(library)

    async def main() -> None:
        wire = AsyncPoolWire(WireSettings(trust_env=False, max_connections=1))
        if library == "trio":
            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(ask, wire, get(server.port))
                await connected(variant, server, 1)
                nursery.cancel_scope.cancel()
        else:
            tasks = [asyncio.create_task(ask(wire, get(server.port))) for _ in range(5)]
            await connected(variant, server, 1)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            assert all(task.cancelled() for task in tasks)
        with RawServer() as other:
            assert (await ask(wire, get(other.port))).status == 200
        await wire.aclose()

    with RawServer(silent) as server:
        variant.run(main)
        assert server.connections == 1


@pytest.mark.parametrize("moment", range(12))
def test_a_task_that_is_cancelled_at_any_step_leaves_the_pool_sound(moment: int) -> None:
    async def main() -> None:
        wire = AsyncPoolWire(WireSettings(trust_env=False, max_connections=1))
        if moment % 2:
            await ask(wire, get(server.port))  # a connection is there
        task = asyncio.create_task(ask(wire, get(server.port)))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        for number in range(3):
            assert (await ask(wire, get(server.port, f"/{number}"))).content.decode() == f"/{number}"
        await wire.aclose()

    with RawServer(echo) as server:
        asyncio.run(main())
        gc.collect()


def test_after_any_interruptions_all_places_are_free(variant: Variant) -> None:
    """Answers that fail in all ways, and requests that are given up at all moments."""
    random = Random(11)
    all_here = threading.Barrier(3)

    def unreliable(peer: Peer) -> None:
        for head in peer.heads():
            fate = random.random()
            if "/together" in head:
                all_here.wait(30)
            elif fate < 0.1:
                return peer.reset()
            elif fate < 0.2:
                return peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc")
            elif fate < 0.3:
                return peer.send(b"garbage\r\n\r\n")
            elif fate < 0.6:
                peer.server.wait(fate / 30)
            peer.answer(head.split()[1].encode())
        return None

    async def main() -> None:
        wire = variant.pool_wire(WireSettings(trust_env=False, max_connections=3))

        async def one(target: str) -> None:
            budget = random.choice([0.005, 0.02, 20, 20])
            with contextlib.suppress(WireFailure):
                assert (await ask(wire, get(server.port, target), seconds=budget)).content.decode() == target

        async def some(worker: int) -> None:
            for number in range(25):
                patience = random.choice([0.0, 0.003, 0.02, 20])
                with contextlib.suppress(TimeoutError):
                    if variant.name == "threads":
                        await one(f"/{worker}/{number}")
                    else:
                        async with waiting.limit(patience):
                            await one(f"/{worker}/{number}")

        assert await variant.at_once(*(lambda worker=worker: some(worker) for worker in range(12))) == [None] * 12
        answers = await variant.at_once(*[lambda: ask(wire, get(server.port, "/together"))] * 3)
        assert [answer.content for answer in answers] == [b"/together"] * 3
        await wire.aclose()

    with RawServer(unreliable) as server:
        variant.run(main)
        gc.collect()


@INTERRUPTED
def test_an_interrupted_thread_frees_its_place(handler: Any, scheme: str) -> None:
    class Interruption(BaseException):
        """What a signal handler may raise."""

    def interrupt(*_: object) -> None:
        raise Interruption

    def interrupt_when_connected(server: RawServer, connections: int) -> None:
        while server.connections < connections:
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGALRM)

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        with RawServer(handler) as server, RawServer() as other:
            wire = PoolWire(WireSettings(trust_env=False, max_connections=1))
            for number in range(3):
                thread = threading.Thread(target=interrupt_when_connected, args=(server, number + 1))
                thread.start()
                with pytest.raises(Interruption):
                    wire.send(get(server.port, scheme=scheme), PATIENT, NEVER)
                thread.join()
            assert wire.send(get(other.port), PATIENT, Deadline(20)).status == 200
            wire.close()
            gc.collect()
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_requests_under_way_end_when_the_wire_is_closed_and_not_before(variant: Variant) -> None:
    def slow(peer: Peer) -> None:
        for _ in peer.heads():
            peer.server.wait(0.5)
            peer.answer()

    async def main() -> None:
        wire = variant.pool_wire()

        async def close() -> None:
            while not server.heads:
                await variant.sleep(0.01)
            await wire.aclose()

        response, _ = await variant.at_once(lambda: ask(wire, get(server.port)), close)
        assert response.status == 200

    with RawServer(slow) as server:
        variant.run(main)
        gc.collect()
