"""A real Redis server for tests, and the means to stop and to freeze it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

PROGRAM = shutil.which("redis-server")
PASSWORD = "r3d1s-p4ss-0f-the-tests"


class RedisServer:
    """A server on loopback that keeps nothing on disk and wants a password."""

    def __init__(self, folder: Path) -> None:
        if PROGRAM is None:
            if os.environ.get("TMDB_EXT_REQUIRE_REDIS"):
                pytest.fail("redis-server is missing, and CI must run the tests that need it")
            pytest.skip("needs redis-server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
        command = [PROGRAM, *options, "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        pytest.fail("redis-server does not answer")

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
