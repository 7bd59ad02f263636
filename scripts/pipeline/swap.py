"""Put everything that a regeneration writes in place at once, or nothing of it.

What is new is written beside the project, into `.regenerate/`, on the same file system. Then a journal says what goes
where; with that, the change is decided. After it come renames alone. A run that is killed before the journal is there
has changed nothing, and one that is killed after it is finished by the next run, whatever that was started for.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import PipelineError

FOLDER = ".regenerate"
LOCK = ".regenerate.lock"
JOURNAL = "journal.json"
PATIENCE = 60.0
"""How many seconds a run that only reads waits for one that is putting its result in place."""


class Swap:
    """The staging folder of one run below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / FOLDER
        self.staging = self.folder / "staging"

    def commit(self, trees: Mapping[Path, Path], files: Mapping[Path, str], gone: list[Path]) -> None:
        """Put folders and files in the place of those that are there, and delete what is to go.

        Args:
            trees: Where a folder goes -> the folder, which is below `staging`.
            files: Where a file goes -> its text.
            gone: Files that are to go.
        """
        with naming(self.folder):
            steps: list[dict[str, str]] = []
            for target, tree in trees.items():
                steps.append({"kind": "tree", "new": self._relative(tree), "target": self._relative(target)})
            new = self.folder / "files"
            new.mkdir(parents=True, exist_ok=True)
            for number, (target, text) in enumerate(files.items()):
                staged = new / str(number)
                staged.write_text(text, encoding="utf-8")
                staged.chmod(0o644)
                steps.append({"kind": "file", "new": self._relative(staged), "target": self._relative(target)})
            steps += [{"kind": "gone", "target": self._relative(path)} for path in gone]
            for step in steps:
                parent = (self.root / step["target"]).parent
                parent.mkdir(parents=True, exist_ok=True)
                if not os.access(parent, os.W_OK):
                    raise PipelineError(f"cannot write to {parent}: nothing was changed")
            text = json.dumps({"steps": steps}, indent=1)
            draft = self.folder / f"{JOURNAL}.new"
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / JOURNAL)
        try:
            self._finish()
        except KeyboardInterrupt:
            self._finish()  # what is decided is done
        except PipelineError as error:
            raise PipelineError(f"{error}. A part of the change is in place; the next run finishes it") from None

    def recover(self) -> None:
        """Finish what a killed run had decided, and clear what it had not."""
        self._finish()
        self.clear()

    def clear(self) -> None:
        """Remove the staging folder, unless a change is decided."""
        if not (self.folder / JOURNAL).exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _finish(self) -> None:
        """Carry out the journal: each step can be repeated."""
        journal = self.folder / JOURNAL
        if not journal.exists():
            return
        steps = json.loads(journal.read_text(encoding="utf-8"))["steps"]
        for number, step in enumerate(steps):
            target = self.root / step["target"]
            with naming(target):
                if step["kind"] == "gone":
                    target.unlink(missing_ok=True)
                    continue
                new = self.root / step["new"]
                if not new.exists():
                    continue  # done before
                if step["kind"] == "tree" and target.exists():
                    old = self.folder / f"old-{number}"
                    shutil.rmtree(old, ignore_errors=True)
                    target.rename(old)
                new.replace(target)
        with naming(journal):
            journal.unlink()
        self.clear()

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path.absolute(), self.root.absolute())


@contextlib.contextmanager
def writing(root: Path) -> Iterator[Swap]:
    """Hold the lock of `root` for a run that writes, finish what an earlier one has left, and clear up in the end.

    Raises:
        PipelineError: another run is writing there, or nothing can be written there.
    """
    swap = Swap(root)
    with naming(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise PipelineError(f"another regeneration is writing to {root}; try again when it has ended") from None
        try:
            swap.recover()
            swap.staging.mkdir(parents=True)
            yield swap
        finally:
            swap.clear()
            # The file of the lock stays: whoever waits for it would wait for another than whoever comes after.
            lock.release()


def recover(root: Path) -> None:
    """Before reading: finish what a killed run has left, and wait for a run that is putting its result in place.

    Raises:
        PipelineError: the other run does not end in time.
    """
    if not (root / FOLDER).exists():
        return
    is_decided = (root / FOLDER / JOURNAL).exists()
    with naming(root):
        try:
            with FileLock(root / LOCK, timeout=PATIENCE if is_decided else 0):
                Swap(root).recover()
        except Timeout:
            if is_decided:
                raise PipelineError(f"another regeneration is writing to {root}, and does not end") from None


@contextlib.contextmanager
def naming(place: Path) -> Iterator[None]:
    """Say where, if something cannot be read or written."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise PipelineError(f"cannot write {where}: {error.strerror or error}") from error
