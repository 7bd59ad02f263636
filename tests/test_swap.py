"""What a regeneration writes is there whole or not at all, whenever it is killed and whoever else writes."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from pipeline.cli import FAILED, OK
from pipeline.errors import PipelineError
from pipeline.swap import FOLDER, JOURNAL, LOCK, Swap, recover, writing
from pipeline.tree import read_tree
from project import ROOT, published, regenerate

NEW = {"generated/package/new.py": b"new", "openapi/a.json": b"new a", "openapi/new/b.json": b"new b", "v.py": b"2"}
OLD = {"generated/package/old.py": b"old", "openapi/a.json": b"old a", "openapi/gone.md": b"gone", "v.py": b"1"}


def files_below(root: Path) -> dict[str, bytes]:
    return {name: content for name, content in read_tree(root).items() if not name.startswith((FOLDER, LOCK))}


def old_project(root: Path) -> Path:
    for name, content in OLD.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def troubled(checkout: Path, trouble: str, *arguments: str) -> list[list[Any]]:
    """What comes of trouble at each change that putting a result in place makes."""
    told = checkout.parent / "told.json"
    program = [sys.executable, str(ROOT / "tests/programs/regenerate_with_trouble.py"), trouble, str(told)]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "scripts")}
    done = subprocess.run([*program, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcomes: list[list[Any]] = json.loads(told.read_text())
    return outcomes


def with_mood(folder: Path) -> list[str]:
    """The arguments that take a document which adds a property, removes a family's file and writes a report."""
    document = json.loads((ROOT / "openapi/distilled/tmdb-v4-2025-05-01.json").read_bytes())
    document["paths"]["/4/list/{list_id}"]["get"]["response"]["properties"]["mood"] = {"type": "string"}
    source = folder / "published.json"
    source.write_bytes(published(document))
    return ["--source", str(source), "--released", "2026-06-24", "--quick"]


WRITING: dict[str, Callable[[Path], list[str]]] = {
    "a document": with_mood,
    "the publication": lambda folder: ["--published"],
}


def spoilt(checkout: Path) -> None:
    """Have something to write, whatever is asked for: another client, another table."""
    (checkout / "generated/tmdb_api_client/v4/py.typed").write_text("x")
    table = checkout / "openapi/releases.toml"
    table.write_text(f"# A line that is not written again.\n{table.read_text()}")


@pytest.mark.parametrize("what", WRITING)
def test_a_kill_at_every_change_leaves_old_or_new(checkout: Path, tmp_path: Path, what: str) -> None:
    spoilt(checkout)
    outcomes = troubled(checkout, "kill", *WRITING[what](tmp_path))
    came = [outcome for *_, outcome, _ in outcomes]
    # Old up to the journal, new from there on; both occur.
    assert came == sorted(came, reverse=True)
    assert {*came} == {"old", "new"}, came
    assert all(names == [LOCK, "generated", "openapi", "scripts", "tmdb_ext"] for *_, names in outcomes)
    assert {end for _, end, *_ in outcomes[:-1]} == {-signal.SIGKILL}


@pytest.mark.parametrize("trouble", ["ENOSPC", "EROFS"])
def test_what_cannot_be_written_is_named_at_every_change(checkout: Path, tmp_path: Path, trouble: str) -> None:
    spoilt(checkout)
    *outcomes, last = troubled(checkout, trouble, *with_mood(tmp_path))
    assert last[1:4] == [-1, "", "new"]
    said = os.strerror(getattr(errno, trouble))
    for event, end, message, outcome, _ in outcomes:
        assert outcome in ("old", "new"), (event, message, outcome)
        if end == OK:  # all was in place, and what is left over goes with the next run
            assert (outcome, message) == ("new", "")
            continue
        assert end == FAILED, message
        assert re.fullmatch(rf"cannot write \S+: {said}(\. A part of the change is in place; .*)?", message), message
        assert ("in place" in message) == (outcome == "new")
    assert "old" in {outcome for *_, outcome, _ in outcomes}


def test_a_journal_that_was_being_written_has_decided_nothing(tmp_path: Path) -> None:
    root = old_project(tmp_path)
    swap = Swap(root)
    swap.staging.mkdir(parents=True)
    (swap.folder / f"{JOURNAL}.new").write_text('{"steps": [')
    recover(root)
    assert files_below(root) == OLD
    assert not swap.folder.exists()


def test_a_run_that_only_reads_leaves_the_staging_of_another_alone(tmp_path: Path) -> None:
    root = old_project(tmp_path)
    with writing(root) as swap:
        (swap.staging / "half").write_text("x")
        recover(root)
        assert (swap.staging / "half").exists()
    assert not swap.folder.exists()


def test_who_waits_for_the_lock_waits_for_the_lock_of_whoever_comes_after(tmp_path: Path) -> None:
    """The lock's file stays: a run that waited would otherwise hold the lock of a file that is not there any more."""
    with writing(tmp_path):
        before = (tmp_path / LOCK).stat().st_ino
    with writing(tmp_path):
        assert (tmp_path / LOCK).stat().st_ino == before


def test_a_run_that_reads_finishes_what_was_decided(tmp_path: Path) -> None:
    root = old_project(tmp_path)
    swap = Swap(root)
    swap.folder.mkdir()
    (swap.folder / "v").write_text("2")
    steps = [{"kind": "file", "new": f"{FOLDER}/v", "target": "v.py"}, {"kind": "gone", "target": "openapi/gone.md"}]
    (swap.folder / JOURNAL).write_text(json.dumps({"steps": steps}))
    recover(root)
    assert files_below(root) == {name: c for name, c in OLD.items() if name != "openapi/gone.md"} | {"v.py": b"2"}
    assert not swap.folder.exists()


def test_two_runs_at_once_exclude_each_other(tmp_path: Path) -> None:
    with (
        writing(tmp_path),
        pytest.raises(PipelineError, match="another regeneration is writing"),
        writing(tmp_path),
    ):
        pytest.fail("both write")


def test_a_regeneration_beside_another_ends_with_a_line(checkout: Path) -> None:
    with FileLock(checkout / LOCK):
        done = regenerate(checkout)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "another regeneration is writing" in done.stderr


def test_an_exception_leaves_no_residue(tmp_path: Path) -> None:
    root = old_project(tmp_path)
    with pytest.raises(KeyboardInterrupt), writing(root) as swap:  # noqa: PT012 - the block is what is interrupted
        (swap.staging / "half").write_text("x")
        raise KeyboardInterrupt
    assert files_below(root) == OLD
    assert sorted(path.name for path in root.iterdir()) == [LOCK, "generated", "openapi", "v.py"]


def test_a_place_that_cannot_be_written_is_named_and_nothing_changes(tmp_path: Path) -> None:
    root = old_project(tmp_path)
    with pytest.raises(PipelineError, match=r"cannot write .*v\.py"), writing(root) as swap:
        # A file stands where a folder is to be made: no user may write there, not even root.
        swap.commit({}, {root / "openapi/a.json": "new", root / "v.py/below.py": "new"}, [])
    assert files_below(root) == OLD


def test_a_regeneration_that_is_killed_is_finished_by_the_next(checkout: Path, tmp_path: Path) -> None:
    (checkout / "scripts/pipeline/swap.py").write_text(
        (ROOT / "scripts/pipeline/swap.py")
        .read_text()
        .replace("                new.replace(target)\n", "                os.kill(os.getpid(), 9)\n", 1)
    )
    killed = regenerate(checkout, *with_mood(tmp_path))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (checkout / FOLDER / JOURNAL).exists()
    shutil.copy(ROOT / "scripts/pipeline/swap.py", checkout / "scripts/pipeline/swap.py")
    after = regenerate(checkout, "--check")
    assert (after.returncode, "nothing differs" in after.stdout) == (0, True), after.stdout + after.stderr
    assert "mood" in (checkout / "generated/tmdb_api_client/v4/models/list_details.py").read_text()
    assert 'name = "2026-06-24"' in (checkout / "openapi/releases.toml").read_text()
    assert not (checkout / FOLDER).exists()
