"""Regenerate, and be killed at the n-th change of the file system after the client has been made.

Arguments: n, then those of scripts/regenerate. Prints the number of changes if it lives to the end.
"""

from __future__ import annotations

import os
import pathlib
import signal
import sys
from collections.abc import Callable
from typing import Any

from pipeline import cli, swap

last = int(sys.argv[1])
seen: list[str] = []


def counted(change: Callable[..., Any]) -> Callable[..., Any]:
    def counting(*args: Any, **kwargs: Any) -> Any:
        seen.append(change.__name__)
        if len(seen) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*args, **kwargs)

    return counting


def begin(commit: Callable[..., Any]) -> Callable[..., Any]:
    def committing(*args: Any, **kwargs: Any) -> Any:
        for name in ("rename", "replace", "unlink"):
            setattr(pathlib.Path, name, counted(getattr(pathlib.Path, name)))
        return commit(*args, **kwargs)

    return committing


swap.Swap.commit = begin(swap.Swap.commit)  # type: ignore[method-assign]
code = cli.main(sys.argv[2:])
print(f"changes: {len(seen)}")
sys.exit(code)
