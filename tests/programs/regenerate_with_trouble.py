"""Regenerate, and have something go wrong at each change of the file system from the moment that a result is ready.

Arguments: what goes wrong (`kill`, or a name of errno such as ENOSPC), where to write what came of it, then those of
scripts/regenerate. A child tries each change in turn, on the same tree; what it leaves is mended as the next run does
it. What is written has a row for each: [event, how the child ended, what it said, "old", "new" or what is there, the
names in the tree].
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from pipeline import cli, swap
from pipeline.errors import PipelineError
from pipeline.tree import read_tree

trouble, told, *arguments = sys.argv[1:]
root = cli.ROOT
KEPT = ("generated", "openapi", "tmdb_ext")
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")
NEEDS_SPACE = ("open", "os.mkdir")


class Trouble:
    """Something that goes wrong at a change of the file system and, if it is an error, at all that follow."""

    left = 0
    """How many changes it is to the first; 0 if none is to come."""
    name = "none"
    happened = False
    removing = False
    """Whether a folder is being removed: of its files, the first stands for all."""

    def watch(self, event: str, about: tuple[Any, ...]) -> None:
        if not self.left or not self.is_change(event, about):
            return
        self.name = event
        self.left -= not self.happened
        if self.left:
            return
        self.left, self.happened = 1, True
        if trouble == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        number = getattr(errno, trouble)
        raise OSError(number, os.strerror(number), str(about[0]))

    def is_change(self, event: str, about: tuple[Any, ...]) -> bool:
        if trouble == "ENOSPC" and event not in NEEDS_SPACE:
            return False
        if event == "open":
            path, _, flags = about
            return isinstance(path, (str, os.PathLike)) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if event in ("os.remove", "os.rmdir") and about[-1] != -1:
            was, self.removing = self.removing, True
            return not was
        return event in CHANGES


watched = Trouble()


def files() -> dict[str, bytes]:
    return {f"{part}/{path}": content for part in KEPT for path, content in read_tree(root / part).items()}


def child(number: int, commit: Any, given: tuple[Any, ...], pipe: int) -> None:
    said, code = io.StringIO(), 0
    watched.left = number
    try:
        with redirect_stderr(said):
            commit(*given)
            given[0].clear()
    except PipelineError as error:
        code, said = 2, io.StringIO(str(error))
    except OSError as error:
        code, said = 3, io.StringIO(repr(error))
    watched.left = 0
    os.write(pipe, json.dumps([watched.name, code if watched.happened else -1, said.getvalue()[:2000]]).encode())
    os._exit(0)


def everywhere(commit: Any) -> Any:
    def committing(*given: Any) -> None:
        kept = Path(tempfile.mkdtemp(dir=root.parent))
        shutil.copytree(root, kept / "root", copy_function=os.link)  # nothing is written in place
        old, rows = files(), []
        for number in range(1, 200):
            reading, writing = os.pipe()
            pid = os.fork()
            if not pid:
                child(number, commit, given, writing)
            os.close(writing)
            with os.fdopen(reading, "rb") as stream:
                row = json.loads(stream.read() or b'["killed", -9, ""]')
            os.waitpid(pid, 0)
            swap.Swap(root).recover()
            rows.append((row, files(), sorted(path.name for path in root.iterdir())))
            if rows[-1][0][1] == -1:
                break
            shutil.rmtree(root)
            shutil.copytree(kept / "root", root, copy_function=os.link)
        new = rows[-1][1]
        outcomes = [
            [*row, "old" if found == old else "new" if found == new else sorted({*found} ^ {*new}), names]
            for row, found, names in rows
        ]
        Path(told).write_text(json.dumps(outcomes))
        shutil.rmtree(kept)
        os._exit(0)

    return committing


sys.addaudithook(watched.watch)
swap.Swap.commit = everywhere(swap.Swap.commit)  # type: ignore[method-assign]
sys.exit(cli.main(arguments))
