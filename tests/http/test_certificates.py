"""What certificates are checked with, where it comes from, and that loading it holds nobody up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from raw_server import RawServer
from wires import TLS, Variant, ask, get

from tmdb_ext import ConfigurationError
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http._sync.wire import PoolWire
from tmdb_ext._http.messages import WireFailure, WireSettings

ROOT = Path(__file__).resolve().parent.parent.parent
WIRES = pytest.mark.parametrize("wire", [PoolWire, AsyncPoolWire])


@pytest.fixture
def authority_file(tls: TLS, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    tls.authority.cert_pem.write_to_path(str(path))
    return path


def test_the_environment_may_name_a_file_of_authorities(variant: Variant, tls: TLS, authority_file: Path) -> None:
    async def main() -> None:
        for environment, works in (({"SSL_CERT_FILE": str(authority_file)}, True), ({}, False)):
            wire = variant.pool_wire(WireSettings(environment=environment))
            if works:
                assert (await ask(wire, get(server.port, scheme="https"))).status == 200
            else:
                with pytest.raises(WireFailure, match="certificate was not accepted"):
                    await ask(wire, get(server.port, scheme="https"))
            await wire.aclose()

    with RawServer(tls=tls.server) as server:
        variant.run(main)


def test_the_environment_may_name_a_folder_of_authorities(
    variant: Variant, tls: TLS, authority_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(authority_file)], capture_output=True, text=True, check=False
    ).stdout.strip()
    (folder / f"{name}.0").write_bytes(authority_file.read_bytes())

    async def main() -> None:
        wire = variant.pool_wire(WireSettings(environment={"SSL_CERT_DIR": str(folder)}))
        assert (await ask(wire, get(server.port, scheme="https"))).status == 200
        await wire.aclose()

    with RawServer(tls=tls.server) as server:
        variant.run(main)


@WIRES
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_file_of_authorities_that_does_not_exist_is_a_mistake_at_once(wire: Any, name: str, tmp_path: Path) -> None:
    environment = {name: str(tmp_path / "missing")}
    with pytest.raises(ConfigurationError, match=f"^{name} names a (file|folder) that does not exist$"):
        wire(WireSettings(environment=environment))
    wire(WireSettings(environment=environment, trust_env=False))


def test_a_file_without_authorities_is_a_mistake(variant: Variant, tmp_path: Path) -> None:
    path = tmp_path / "nothing.pem"
    path.write_text("nothing")

    async def main() -> None:
        with pytest.raises(ConfigurationError) as caught:
            variant.pool_wire(WireSettings(environment={"SSL_CERT_FILE": str(path)}))
        assert str(caught.value) == "SSL_CERT_FILE names something without usable certificates"
        assert caught.value.__context__ is None

    variant.run(main)


@WIRES
def test_the_callers_context_comes_before_the_environment(wire: Any, tls: TLS, tmp_path: Path) -> None:
    wire(WireSettings(verify=tls.client, environment={"SSL_CERT_FILE": str(tmp_path / "missing")}))


IN_THE_LOOP = """
import asyncio, ssl, sys, threading
sys.path[:0] = [{helpers!r}]
from tmdb_ext._http._async.wire import AsyncPoolWire
from tmdb_ext._http.deadline import Deadline
from tmdb_ext._http.messages import Origin, Request, Timeouts, WireFailure, WireSettings

slow = []


class Watch:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is threading.main_thread() and watching:
            slow.append(name)


def watched(original):
    def load(*arguments, **more):
        if threading.current_thread() is threading.main_thread():
            slow.append("certificates")
        loads.append(1)
        return original(*arguments, **more)
    return load


async def main():
    global watching
    wire = AsyncPoolWire(WireSettings(environment={{}}))
    origin = Origin("https", "127.0.0.1", int(sys.argv[1]))
    watching = True
    if sys.argv[2] == "warm":
        await wire.warm_up()
        assert loads
    for _ in range(2):
        try:
            await wire.send(Request("GET", origin, "/"), Timeouts(), Deadline(20))
        except WireFailure as failure:
            assert "certificate" in failure.detail, failure
    watching = False
    await wire.aclose()


loads = []
watching = False
ssl.SSLContext.load_verify_locations = watched(ssl.SSLContext.load_verify_locations)
assert "httpcore" not in sys.modules
sys.meta_path.insert(0, Watch())
if sys.argv[3] == "trio":
    import trio
    trio.run(main)
else:
    asyncio.run(main())
assert "httpcore" in sys.modules
assert len(loads) == 1, loads
print(*slow)
"""


@pytest.mark.parametrize("warm", ["warm", "cold"])
@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_nothing_is_loaded_in_the_event_loops_thread(warm: str, library: str, tls: TLS) -> None:
    program = IN_THE_LOOP.format(helpers=str(ROOT / "tests" / "helpers"))
    with RawServer(tls=tls.server) as server:
        done = subprocess.run(
            [sys.executable, "-c", program, str(server.port), warm, library],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=ROOT,
        )
    assert (done.returncode, done.stderr) == (0, "")
    # What asyncio itself loads to have threads.
    assert set(done.stdout.split()) <= {"concurrent.futures.thread", "queue", "_queue"}
