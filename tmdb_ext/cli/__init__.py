"""The command line `tmdb`; install it with `pip install 'tmdb-ext[cli]'`, and see `tmdb --help`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = ("typer", "rich", "keyring", "platformdirs")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code, which `tmdb --help` explains.

    Args:
        arguments: what stands after ``tmdb``; by default what the process was started with.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.stderr.write(f"tmdb: the command line needs {', '.join(missing)}: pip install 'tmdb-ext[cli]'\n")
        return 2
    from ._app import run

    return run(sys.argv[1:] if arguments is None else arguments)
