"""A real Redis server for tests, and the means to stop and to freeze it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.sentinel import Sentinel

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
PASSWORD = "r3d1s-p4ss-0f-the-tests"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def program() -> str:
    if PROGRAM is None:
        if os.environ.get("TMDB_EXT_REQUIRE_REDIS") or os.environ.get("CI"):
            pytest.fail("redis-server is missing, and CI must run the tests that need it")
        pytest.skip("needs redis-server")
    return PROGRAM


class RedisServer:
    """A server on loopback that keeps nothing on disk and wants a password."""

    def __init__(self, folder: Path, *options: object, within: tuple[str, ...] = (), host: str = "127.0.0.1") -> None:
        """Start one.

        Args:
            folder: where it runs.
            options: for its command line.
            within: a command that runs its command elsewhere.
            host: its address there.
        """
        self._program = (*within, program())
        self.host = host
        self._options = [str(option) for option in options]
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for _ in range(5):  # another process may take the port meanwhile
            self.port = free_port()
            self.url = f"redis://:{PASSWORD}@{host}:{self.port}/0"
            if self._is_started():
                return
        pytest.fail("redis-server does not start")

    def start(self) -> None:
        if not self._is_started():
            pytest.fail("redis-server does not start again")

    def _is_started(self) -> bool:
        options = ["--port", str(self.port), "--bind", self.host, "--save", "", "--requirepass", PASSWORD]
        command = [*self._program, *options, "--dir", str(self.folder), *self._options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return self.process.poll() is None
            except redis.RedisError:
                if self.process.poll() is not None:
                    return False
                time.sleep(0.02)
        pytest.fail("redis-server does not answer")

    def client(self) -> redis.Redis:
        """Return a client of a test's own."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def follow(self, host: str | None, port: int) -> None:
        """Turn into a replica of another server, which can only be read; or, with None, into a primary again."""
        with redis.Redis.from_url(self.url) as client:
            if host is None:
                client.execute_command("REPLICAOF", "NO", "ONE")
            else:
                client.execute_command("REPLICAOF", host, port)

    def freeze(self) -> None:
        """Take connections and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


class RedisNodes:
    """A cluster of three nodes on loopback."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--masterauth", PASSWORD]
        self.nodes: list[RedisServer] = []
        gates = [free_port() for _ in range(3)]  # among themselves; by default the port and 10,000
        for number, gate in enumerate(gates):
            where = ("--cluster-config-file", "nodes.conf", "--cluster-port", gate)
            self.nodes.append(RedisServer(folder / str(number), *options, *where))
        share = 16384 // 3 + 1
        for number, node in enumerate(self.nodes):
            with node.client() as client:
                first, last = number * share, min((number + 1) * share, 16384) - 1
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, gates[0])
        for _ in range(1000):
            if all(self._is_whole(node) for node in self.nodes):
                return
            time.sleep(0.02)
        pytest.fail("the cluster does not come up")

    @staticmethod
    def _is_whole(node: RedisServer) -> bool:
        with node.client() as client:
            known = client.execute_command("CLUSTER", "INFO")
        facts = known if isinstance(known, dict) else dict(line.split(":") for line in known.split() if ":" in line)
        return facts["cluster_state"] == "ok" and int(facts["cluster_known_nodes"]) == 3

    def client(self) -> redis.RedisCluster:
        """Return a client of the cluster, as a program makes one."""
        return redis.RedisCluster(host="127.0.0.1", port=self.nodes[0].port, password=PASSWORD, socket_timeout=1)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


class RedisSentinel:
    """A Sentinel that watches a primary and its replica, and promotes the replica."""

    def __init__(self, folder: Path) -> None:
        options = ["--masterauth", PASSWORD, "--repl-diskless-sync-delay", "0"]
        self.primary = RedisServer(folder / "primary", *options)
        self.replica = RedisServer(folder / "replica", *options, "--replicaof", f"127.0.0.1 {self.primary.port}")
        self.port = free_port()
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"port {self.port}\nbind 127.0.0.1\nsentinel monitor films 127.0.0.1 {self.primary.port} 1\n"
            f"sentinel auth-pass films {PASSWORD}\nsentinel down-after-milliseconds films 300\n"
            "sentinel failover-timeout films 1000\n"
        )
        command = [program(), str(settings), "--sentinel"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
        self.sentinel = Sentinel([("127.0.0.1", self.port)], socket_timeout=1, password=PASSWORD)
        self.wait_for(lambda: bool(self.sentinel.discover_slaves("films")))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        for _ in range(600):
            with contextlib.suppress(redis.RedisError):
                if condition():
                    return
            time.sleep(0.05)
        pytest.fail("Sentinel does not come so far")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.primary.stop()
        self.replica.stop()


class FarAway:
    """A network namespace with a Redis server, joined to this one by a pair of interfaces that can be cut."""

    def __init__(self, folder: Path) -> None:
        name = f"tmdb{os.getpid()}"
        self._name, self._near = name, f"{name}a"
        here, there = "10.213.77.1", "10.213.77.2"
        self._lost = f"{here}/32"
        self._here(f"ip netns add {name}", may_skip=True)
        try:
            self._here(f"ip link add {self._near} type veth peer name {name}b netns {name}", may_skip=True)
            self._here(f"ip addr add {here}/30 dev {self._near}")
            self._here(f"ip link set {self._near} up")
            for command in (f"ip addr add {there}/30 dev {name}b", f"ip link set {name}b up", "ip link set lo up"):
                self._there(command)
            self.server = RedisServer(folder, within=("ip", "netns", "exec", name), host=there)
        except BaseException:
            self._here(f"ip netns del {name}")
            raise

    def _here(self, command: str, *, may_skip: bool = False) -> None:
        try:
            ended = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("needs ip, of iproute2")
        if ended.returncode and may_skip:
            pytest.skip(f"this machine lets nobody make network namespaces: {ended.stderr.strip()}")
        assert ended.returncode == 0, f"{command}: {ended.stderr}"

    def _there(self, command: str) -> None:
        self._here(f"ip netns exec {self._name} {command}")

    def cut(self) -> None:
        """Lose whatever the server sends."""
        self._there(f"ip route add blackhole {self._lost}")

    def mend(self) -> None:
        self._there(f"ip route del blackhole {self._lost}")

    def close(self) -> None:
        self.server.stop()
        with contextlib.suppress(AssertionError):
            self._here(f"ip link del {self._near}")
        self._here(f"ip netns del {self._name}")
