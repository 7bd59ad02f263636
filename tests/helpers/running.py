"""The programs of tests/programs as processes, with an end for those that hang."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"


def run_program(
    name: str,
    *arguments: object,
    seconds: float = 30.0,
    environment: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
) -> Any:
    """Run a program; return the JSON that it prints in the end, with what it wrote to stderr as ``stderr``.

    One that is not done in time is ended with all the processes that it made, and is a failure.
    """
    command = [sys.executable, *options, str(PROGRAMS / f"{name}.py"), *map(str, arguments)]
    with subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            _, err = process.communicate()
            pytest.fail(f"{name} was not done after {seconds:.0f} s\n{err[-3000:]}")
        if process.returncode:
            pytest.fail(f"{name} ended with {process.returncode}\n{out[-500:]}{err[-3000:]}")
    return {**json.loads(out.splitlines()[-1]), "stderr": err}
