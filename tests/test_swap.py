"""What a regeneration writes is there whole or not at all, whenever it is killed and whoever else writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from pipeline.errors import PipelineError
from pipeline.swap import FOLDER, JOURNAL, LOCK, Swap, recover, writing
from pipeline.tree import read_tree
from project import ROOT, published, regenerate

NEW = {"generated/package/new.py": b"new", "openapi/a.json": b"new a", "openapi/new/b.json": b"new b", "v.py": b"2"}
OLD = {"generated/package/old.py": b"old", "openapi/a.json": b"old a", "openapi/gone.md": b"gone", "v.py": b"1"}
PROGRAM = """
import os, signal, sys
from pathlib import Path
from pipeline.swap import writing

left = int(sys.argv[2])

def counted(change):
    def counting(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*args, **kwargs)
    return counting

root = Path(sys.argv[1])
with writing(root) as swap:
    tree = swap.staging / "package"
    tree.mkdir()
    (tree / "new.py").write_text("new")
    for name in ("rename", "replace", "unlink", "mkdir", "write_text"):
        setattr(Path, name, counted(getattr(Path, name)))
    swap.commit(
        {root / "generated/package": tree},
        {root / "openapi/a.json": "new a", root / "openapi/new/b.json": "new b", root / "v.py": "2"},
        [root / "openapi/gone.md"],
    )
print("lived")
"""


def files_below(root: Path) -> dict[str, bytes]:
    return {name: content for name, content in read_tree(root).items() if not name.startswith((FOLDER, LOCK))}


def old_project(root: Path) -> Path:
    for name, content in OLD.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_a_kill_at_every_change_leaves_old_or_new_after_the_next_run(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    outcomes = []
    for number in range(1, 60):
        root = old_project(tmp_path / str(number))
        command = [sys.executable, "-c", PROGRAM, str(root), str(number)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if "lived" in done.stdout:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        with writing(root):
            pass
        found = files_below(root)
        assert found in (OLD, NEW), number
        outcomes.append(found == NEW)
        assert sorted(path.name for path in root.iterdir()) == ["generated", "openapi", "v.py"]
    else:
        pytest.fail("it never lived to the end")
    assert files_below(root) == NEW
    # Old up to the journal, new from there on; both occur.
    assert outcomes == sorted(outcomes)
    assert {*outcomes} == {False, True}


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
    assert sorted(path.name for path in root.iterdir()) == ["generated", "openapi", "v.py"]


def test_a_place_that_cannot_be_written_is_named_and_nothing_changes(tmp_path: Path) -> None:
    root = old_project(tmp_path)
    with pytest.raises(PipelineError, match=r"cannot write .*v\.py"), writing(root) as swap:
        # A file stands where a folder is to be made: no user may write there, not even root.
        swap.commit({}, {root / "openapi/a.json": "new", root / "v.py/below.py": "new"}, [])
    assert files_below(root) == OLD


def test_a_regeneration_that_is_killed_is_finished_by_the_next(checkout: Path, tmp_path: Path) -> None:
    document = json.loads((checkout / "openapi/distilled/tmdb-v4-2025-05-01.json").read_bytes())
    document["paths"]["/4/list/{list_id}"]["get"]["response"]["properties"]["mood"] = {"type": "string"}
    source = tmp_path / "published.json"
    source.write_bytes(published(document))
    program = [sys.executable, str(ROOT / "tests/programs/regenerate_until_killed.py")]
    asking = ["--source", str(source), "--released", "2026-06-24"]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "scripts")}
    done = subprocess.run([*program, "4", *asking], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (checkout / FOLDER / JOURNAL).exists()
    after = regenerate(checkout, "--check")
    assert (after.returncode, "nothing differs" in after.stdout) == (0, True), after.stdout + after.stderr
    assert "mood" in (checkout / "generated/tmdb_api_client/v4/models/list_details.py").read_text()
    assert 'name = "2026-06-24"' in (checkout / "openapi/releases.toml").read_text()
    assert not (checkout / FOLDER).exists()
