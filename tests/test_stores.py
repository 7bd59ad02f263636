"""Where sessions are kept: what a store promises, and what clients do with it."""

from __future__ import annotations

import errno
import json
import logging
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from leaks import Collector
from scenes import play, result_of, set_clock

from tmdb_ext import (
    TMDB,
    AsyncTMDB,
    ConfigurationError,
    FileStore,
    GuestSession,
    MemoryStore,
    RequestTimeout,
    RetryPolicy,
    SessionStore,
)
from tmdb_ext.testing import Simulator

NEW_GUEST = "authentication-create-guest-session"
CONVERT = "authentication-create-session-from-v4-token"
PROGRAM = Path(__file__).parent / "programs" / "share_a_store.py"

needs_posix = pytest.mark.skipif(os.name != "posix", reason="file modes and signals of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "sessions.json"


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, path: Path) -> SessionStore:
    return MemoryStore() if request.param == "memory" else FileStore(path)


def client(simulator: Simulator, store: SessionStore | None, **options: Any) -> TMDB:
    return TMDB(**({"access_token": simulator.access_token, "base_url": simulator.base_url, "store": store} | options))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# What a store promises


def test_what_was_saved_is_loaded(store: SessionStore) -> None:
    assert store.load("a") is None
    store.save("a", {"session_id": "x", "account_id": 7, "made_at": None, "skew": 0.5, "used": True})
    store.save("b", {"session_id": "secret"})
    assert store.load("a") == {"session_id": "x", "account_id": 7, "made_at": None, "skew": 0.5, "used": True}
    store.save("a", {"session_id": "z"})
    assert store.load("a") == {"session_id": "z"}
    store.delete("a")
    store.delete("a")
    assert (store.load("a"), store.load("b")) == (None, {"session_id": "secret"})
    assert "secret" not in repr(store)


def test_a_lock_is_held_by_one(store: SessionStore) -> None:
    assert store.acquire("a")
    assert not store.acquire("a")
    assert store.acquire("b")
    store.release("a")
    assert store.acquire("a")
    store.release("a")
    store.release("b")


def test_clients_that_are_given_one_store_share_their_sessions(simulator: Simulator, store: SessionStore) -> None:
    with client(simulator, store) as first, client(simulator, store) as second:
        first.movies.add_rating(11, value=5)
        assert second.guest_sessions.rated_movies().results[0].id == 11
        first.auth.login(simulator.user.username, simulator.user.password)
        with client(simulator, store) as third:
            assert third.auth.session is not None
            assert third.auth.session.source == "stored"
            assert third.account.id() == simulator.user.id
    assert simulator.count(NEW_GUEST) == 1


def test_without_a_store_clients_share_nothing(simulator: Simulator) -> None:
    for _ in range(2):
        with client(simulator, None) as tmdb:
            tmdb.movies.add_rating(11, value=5)
    assert simulator.count(NEW_GUEST) == 2


# The file


@needs_posix
def test_nobody_else_can_read_the_file(path: Path) -> None:
    former = os.umask(0)
    try:
        store = FileStore(path)
        assert store.acquire("a")
        store.save("a", {"session_id": "x"})
        store.release("a")
    finally:
        os.umask(former)
    assert mode_of(path.parent) == 0o700
    assert {mode_of(file) for file in path.parent.iterdir()} == {0o600}


@needs_posix
def test_a_file_that_is_open_to_others_is_closed_to_them(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    FileStore(path).save("a", {"session_id": "x"})
    path.chmod(0o644)
    assert FileStore(path).load("a") == {"session_id": "x"}
    assert mode_of(path) == 0o600
    assert "was open to others" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"version": 1, "sessions": {"a": {"session_id"',
        b"\x00\xff\xfe",
        b"[]",
        b"null",
        b'{"version": 1}',
        b'{"version": 1, "sessions": []}',
        b'{"version": "x", "sessions": 3}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_counts_as_empty_and_is_mended_by_the_next_save(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store = FileStore(path)
    path.write_bytes(content)
    assert store.load("a") is None
    assert "damaged and counts as empty" in caplog.text
    store.save("a", {"session_id": "x"})
    assert FileStore(path).load("a") == {"session_id": "x"}


def test_a_damaged_record_counts_as_none(simulator: Simulator, path: Path) -> None:
    store = FileStore(path)
    for kind, name in (("guest", "guest_session_id"), ("user", "session_id")):
        for record in ("text", {name: 3}, {name: "../x"}, {}, {name: "a" * 300}, {name: None}):
            path.write_text(json.dumps({"version": 1, "sessions": {f"{simulator.base_url}/{kind}": record}}))
            with client(simulator, store) as tmdb:
                assert (tmdb.guest.info(), tmdb.auth.session) == (None, None)
    odd = {"guest_session_id": "a", "made_at": "x", "expires_at": "9999-12-31", "last_used": 3, "skew": 1e300}
    store.save(f"{simulator.base_url}/guest", odd)
    with client(simulator, store) as tmdb:
        tmdb.movies.add_rating(11, value=5)  # the server does not know it, and it is replaced
        assert tmdb.guest.info().proven


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    store = FileStore(path)
    path.write_text('{"version": 2, "sessions": {"a": {}}}')
    for step in (lambda: store.load("a"), lambda: store.save("a", {}), lambda: store.delete("a")):
        with pytest.raises(ConfigurationError, match="A later version of this package"):
            step()
    assert path.read_text() == '{"version": 2, "sessions": {"a": {}}}'


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        FileStore(tmp_path)


@pytest.mark.parametrize("variant", ["sync", "async"])
def test_a_folder_that_cannot_be_written_leaves_sessions_in_memory(
    simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture, variant: str
) -> None:
    (tmp_path / "file").write_text("")
    store = FileStore(tmp_path / "file" / "sessions.json")
    assert "cannot be made" in caplog.text

    async def scene(tmdb: Any) -> None:
        for number in range(1, 6):
            await result_of(tmdb.movies.add_rating(number, value=5))
        await result_of(tmdb.auth.login(simulator.user.username, simulator.user.password))
        assert (await result_of(tmdb.account.details())).id == simulator.user.id
        assert await result_of(tmdb.auth.logout())

    play(variant, simulator, scene, store=store)
    assert simulator.count(NEW_GUEST) == 1
    assert sum("No lock file can be made" in record.message for record in caplog.records) == 1


@needs_posix
def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "sessions.json", tmp_path / "link.json"
    real.parent.mkdir()
    link.symlink_to(real)
    FileStore(link).save("a", {"x": 1})
    assert link.is_symlink()
    assert FileStore(real).load("a") == FileStore(link).load("a") == {"x": 1}
    holder = FileStore(link)
    assert holder.acquire("k")
    assert not FileStore(real).acquire("k")  # one lock for one file
    holder.release("k")
    FileStore(link).delete("a")
    assert link.is_symlink()
    assert FileStore(real).load("a") is None


def test_a_full_disk_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    store = FileStore(path)
    store.save("a", {"x": 1})
    there = set(path.parent.iterdir())

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device"):
        store.save("a", {"x": 2})
    monkeypatch.undo()
    assert set(path.parent.iterdir()) == there
    assert store.load("a") == {"x": 1}
    store.save("a", {"x": 3})
    assert store.load("a") == {"x": 3}


def test_a_damaged_file_is_warned_of_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = FileStore(path)
    path.write_text("{")
    for _ in range(5):
        assert store.load("a") is None
    assert sum("damaged" in record.message for record in caplog.records) == 1
    store.save("a", {"x": 1})
    path.write_text("{")
    assert store.load("a") is None
    assert sum("damaged" in record.message for record in caplog.records) == 2


def test_a_home_folder_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert FileStore("~/x/sessions.json").path == tmp_path / "x" / "sessions.json"


def test_a_reader_never_sees_half_a_write(path: Path) -> None:
    store = FileStore(path)
    store.save("a", {"number": 0, "text": ""})
    stopped = threading.Event()
    seen: list[Any] = []

    def read() -> None:
        reader = FileStore(path)
        while not stopped.is_set():
            seen.append(reader.load("a"))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(200):
        store.save("a", {"number": number, "text": "x" * number * 50})
    stopped.set()
    for reader in readers:
        reader.join()
    assert seen
    assert all(record is not None and len(record["text"]) == record["number"] * 50 for record in seen)


# What clients keep in it


def test_a_guest_session_survives_a_restart(simulator: Simulator, path: Path) -> None:
    with client(simulator, FileStore(path)) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        made = tmdb.guest.info()
    with client(simulator, FileStore(path)) as tmdb:
        kept = tmdb.guest.info()
        assert isinstance(kept, GuestSession)
        assert (kept.id, kept.expires_at, kept.made_at, kept.last_used) == (
            made.id, made.expires_at, made.made_at, made.last_used)  # fmt: skip
        assert kept.last_used is not None
        assert tmdb.guest_sessions.rated_movies().results[0].rating == 5
        tmdb.guest.forget()
    with client(simulator, FileStore(path)) as tmdb:
        assert tmdb.guest.info() is None
    assert simulator.count(NEW_GUEST) == 1


def test_an_async_client_keeps_its_sessions_too(simulator: Simulator, path: Path) -> None:
    async def main() -> None:
        options = {"access_token": simulator.access_token, "base_url": simulator.base_url}
        async with AsyncTMDB(**options, store=FileStore(path)) as tmdb:
            await tmdb.movies.add_rating(11, value=5)
            await tmdb.auth.login(simulator.user.username, simulator.user.password)
            await tmdb.account.id()
        async with AsyncTMDB(**options, store=FileStore(path)) as tmdb:
            assert tmdb.guest.info() is not None
            assert tmdb.auth.session.account_id == simulator.user.id
            await tmdb.account.favorite_movies()
            await tmdb.guest.forget()
            assert await tmdb.auth.logout()
        assert json.loads(path.read_text())["sessions"] == {}

    anyio.run(main)
    assert simulator.count(NEW_GUEST) == 1
    assert sum(request.path == "/3/account" for request in simulator.requests) == 1


def test_a_user_session_survives_a_restart_and_ends_with_the_logout(simulator: Simulator, path: Path) -> None:
    with client(simulator, FileStore(path)) as tmdb:
        tmdb.auth.login(simulator.user.username, simulator.user.password)
    with client(simulator, FileStore(path)) as tmdb:
        assert tmdb.auth.explain("list-create").user == "session_id"
        assert tmdb.account.details().username == simulator.user.username
        assert tmdb.auth.logout()
    with client(simulator, FileStore(path)) as tmdb:
        assert tmdb.auth.session is None


def test_a_session_that_the_caller_gave_is_not_written_down(simulator: Simulator, path: Path) -> None:
    given = simulator.create_session()
    store = FileStore(path)
    with client(simulator, store, session_id=given) as tmdb:
        tmdb.account.favorite_movies()
    assert not path.exists()
    with client(simulator, store) as tmdb:
        tmdb.auth.login(simulator.user.username, simulator.user.password)
        kept = tmdb.auth.session.id
    with client(simulator, store, session_id=given) as tmdb:
        assert tmdb.auth.session.id.reveal() == given
        tmdb.auth.logout()  # of the given one: what somebody else keeps in the store is theirs
    with client(simulator, store) as tmdb:
        assert tmdb.auth.session.id == kept


def test_a_session_made_from_another_token_is_another_users(simulator: Simulator, path: Path) -> None:
    other = simulator.create_user("other", "password")
    mine, theirs = simulator.create_user_access_token(), simulator.create_user_access_token(other)
    for token, user in ((mine, simulator.user), (theirs, other), (theirs, other)):
        with client(simulator, FileStore(path), user_access_token=token) as tmdb:
            assert tmdb.account.id() == user.id
            assert tmdb.account.details().username == user.username
    assert simulator.count(CONVERT) == 2
    assert mine not in path.read_text()
    assert theirs not in path.read_text()


def test_a_stored_guest_session_that_has_expired_is_replaced(
    simulator: Simulator, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[GuestSession] = []
    with client(simulator, FileStore(path)) as tmdb:
        tmdb.movies.add_rating(11, value=5)
    with client(simulator, FileStore(path), on_guest_session_replaced=told.append) as tmdb:
        later = datetime.now(UTC) + timedelta(hours=2)
        set_clock(tmdb, lambda: later)
        tmdb.movies.add_rating(11, value=5)
        assert told == [tmdb.guest.info()]
    assert simulator.count(NEW_GUEST) == 2
    assert "is lost" in caplog.text


class Broken:
    """A store of somebody's whose every step fails, and whose errors quote what they were given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def load(self, key: str) -> Any:
        raise RuntimeError(key)

    def save(self, key: str, record: Any) -> None:
        self.seen += [value for name, value in record.items() if name.endswith("_id") and isinstance(value, str)]
        raise RuntimeError(str(record))

    def compare_and_set(self, key: str, former: Any, record: Any) -> Any:
        self.save(key, record)

    def delete(self, key: str) -> None:
        raise RuntimeError(key)

    def acquire(self, key: str) -> bool:
        return True

    def release(self, key: str) -> None:
        pass


def test_a_store_that_fails_does_not_fail_the_call(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = Broken()
    with client(simulator, store) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        tmdb.auth.login(simulator.user.username, simulator.user.password)
        tmdb.account.id()
        tmdb.guest.forget()
        assert tmdb.auth.logout()
    assert len(set(store.seen)) == 2
    assert "The session store could not be written (RuntimeError); going on without." in caplog.text
    assert not [secret for secret in store.seen if secret in caplog.text]


# Compare and set


def test_a_record_is_replaced_if_it_is_what_it_was_read_as(store: SessionStore) -> None:
    one, two = {"session_id": "one", "account_id": None}, {"session_id": "two", "account_id": 2}
    assert store.compare_and_set("a", one, two) is None
    assert store.load("a") is None
    assert store.compare_and_set("a", None, one) == one
    assert store.compare_and_set("a", None, two) == one
    assert store.compare_and_set("a", two, one) == one
    assert store.compare_and_set("a", dict(one), two) == two
    assert store.load("a") == two
    assert store.compare_and_set("a", one, None) == two
    assert store.compare_and_set("a", two, None) is None
    assert store.load("a") is None


def test_of_many_that_write_at_the_same_time_one_succeeds(store: SessionStore) -> None:
    ready = threading.Barrier(8)
    kept: list[Any] = []

    def write(number: int) -> None:
        ready.wait()
        kept.append(store.compare_and_set("a", None, {"session_id": str(number)}))

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
    assert all(record == store.load("a") for record in kept)


def test_clients_that_share_a_store_late_come_to_one_session(
    simulator: Simulator, store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have made one, as after a lock that was given up."""
    monkeypatch.setattr("tmdb_ext._auth.sessions.USE_SAVED_EVERY", 0.0)
    replaced: list[GuestSession] = []
    with client(simulator, store) as one, client(simulator, store, on_guest_session_replaced=replaced.append) as other:
        one.movies.add_rating(11, value=5)
        kept = store.load(f"{simulator.base_url}/guest")
        assert kept is not None
        store.delete(f"{simulator.base_url}/guest")
        other.movies.add_rating(11, value=5)
        store.save(f"{simulator.base_url}/guest", kept)
        other.movies.add_rating(11, value=5)
        assert other.guest.info().id == one.guest.info().id
        assert [session.id for session in replaced] == [one.guest.info().id]


def test_whoever_forgets_a_session_leaves_that_of_another(simulator: Simulator, store: SessionStore) -> None:
    with client(simulator, store) as tmdb:
        tmdb.guest.start()
        theirs = {"guest_session_id": "a" * 32}
        store.save(f"{simulator.base_url}/guest", theirs)
        tmdb.guest.forget()
    assert store.load(f"{simulator.base_url}/guest") == theirs


def test_a_store_without_a_method_is_refused(simulator: Simulator) -> None:
    class Half:
        load = save = delete = acquire = release = print

    with pytest.raises(ConfigurationError, match="this one has no compare_and_set"):
        client(simulator, Half())  # type: ignore[arg-type]


# Several processes


class Worker:
    """A process that rates with a client of its own."""

    def __init__(self, path: Path, simulator: Simulator, token: str, kind: str, turns: int) -> None:
        command = [sys.executable, str(PROGRAM), str(path), simulator.base_url, token, kind, str(turns)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def says(self) -> str:
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.mark.parametrize("kind", ["guest", "user"])
def test_eight_processes_that_share_a_file_make_one_session(simulator: Simulator, path: Path, kind: str) -> None:
    token = simulator.access_token if kind == "guest" else simulator.create_user_access_token()
    operation = NEW_GUEST if kind == "guest" else CONVERT
    workers = [Worker(path, simulator, token, kind, 2) for _ in range(8)]
    for turn in range(2):
        assert [worker.says() for worker in workers] == ["ready"] * 8
        if turn == 1:  # TMDB has forgotten it, and all of them notice
            (record,) = json.loads(path.read_text())["sessions"].values()
            if kind == "guest":
                simulator.forget_guest_session(record["guest_session_id"])
            else:
                simulator.forget_session(record["session_id"])
        for worker in workers:
            worker.go()
        for _ in range(600):
            if sum(
                r.operation == "movie-add-rating" and r.http_status in (200, 201) for r in simulator.requests
            ) == 8 * (turn + 1):
                break
            time.sleep(0.05)
        assert simulator.count(operation) == turn + 1
    assert [worker.says() for worker in workers] == ["done"] * 8
    for worker in workers:
        worker.process.communicate(timeout=30)
    assert [worker.process.returncode for worker in workers] == [0] * 8
    assert len(json.loads(path.read_text())["sessions"]) == 1


@needs_posix
def test_a_process_killed_while_it_writes_leaves_a_readable_file(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = FileStore(path)
    store.save("kept", {"session_id": "k"})
    store.save("written", {"number": 0, "text": ""})
    chance = random.Random(11)
    for _ in range(200):
        child = os.fork()
        if child == 0:
            try:
                number = 0
                while True:
                    number += 1
                    FileStore(path).save("written", {"number": number, "text": "x" * 997 * (number % 7)})
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0.001, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        record = store.load("written")
        assert record is not None
        assert len(record["text"]) == 997 * (record["number"] % 7)
        assert store.load("kept") == {"session_id": "k"}
    assert "damaged" not in caplog.text
    store.save("written", {"number": -1, "text": ""})  # no lock was left behind
    assert store.load("written")["number"] == -1
    assert len([file for file in path.parent.iterdir() if file.suffix != ".lock"]) == 1


@needs_posix
def test_a_process_killed_while_it_makes_a_session_leaves_nobody_waiting(path: Path) -> None:
    store = FileStore(path)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            holder = FileStore(path)
            os.write(writing, b"1" if holder.acquire("a") else b"0")
            time.sleep(60)
        finally:
            os._exit(1)
    assert os.read(reading, 1) == b"1"
    assert not store.acquire("a")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert store.acquire("a")
    store.release("a")


def test_a_lock_that_is_never_given_back_ends_a_call_with_its_budget(simulator: Simulator, path: Path) -> None:
    store, other = FileStore(path), FileStore(path)
    key = f"{simulator.base_url}/guest"
    assert other.acquire(key)
    with client(simulator, store, retries=RetryPolicy(attempts=1, budget=0.3)) as tmdb:
        with pytest.raises(RequestTimeout, match="holds the lock of the session store") as caught:
            tmdb.movies.add_rating(11, value=5)
        assert (caught.value.phase, caught.value.retryable) == ("budget", True)
        other.release(key)
        tmdb.movies.add_rating(11, value=5)
    assert simulator.count(NEW_GUEST) == 1


def test_a_lock_that_is_never_given_back_is_gone_without_in_the_end(
    simulator: Simulator, path: Path, log: Collector
) -> None:
    store, other = FileStore(path), FileStore(path)
    assert other.acquire(f"{simulator.base_url}/guest")
    with client(simulator, store) as tmdb:
        tmdb._calls._driver._patience = 0.2
        tmdb.movies.add_rating(11, value=5)
    assert "going on without it" in "".join(log.lines)
    assert simulator.count(NEW_GUEST) == 1
