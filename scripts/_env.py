"""The development environment of the scripts: made on first use in .venv, renewed when what it is made from changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".made-from"
INPUTS = (ROOT / "scripts" / "requirements.txt", ROOT / "pyproject.toml")
OLDEST = (3, 11)


def python() -> Path:
    """The environment's interpreter; makes the environment where it is missing or out of date."""
    executable = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = hashlib.sha256(b"\0".join([sys.version.encode(), *(path.read_bytes() for path in INPUTS)])).hexdigest()
    if STAMP.exists() and STAMP.read_text() == stamp and executable.exists():
        return executable
    if sys.version_info < OLDEST:
        raise SystemExit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    print("Making the development environment in .venv (once, about a minute) …", file=sys.stderr, flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    # Not the environment's own interpreter, which has just been removed where that is what runs this.
    run([getattr(sys, "_base_executable", sys.executable), "-m", "venv", str(VENV)])
    pip = [str(executable), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "-r", str(INPUTS[0]), "--editable", str(ROOT)])
    STAMP.write_text(stamp)
    return executable


def run(command: list[str], **kwargs: object) -> None:
    """Run a command; leave with its exit code where it fails."""
    code = subprocess.run(command, check=False, **kwargs).returncode  # type: ignore[call-overload]
    if code:
        raise SystemExit(code)


def run_module(*arguments: str, output: IO[bytes] | None = None) -> int:
    """Run `python -m …` in the environment, from where the caller stands, with the scripts' modules at hand.

    What it prints goes into `output`, if there is one.
    """
    path = os.pathsep.join(filter(None, [str(ROOT / "scripts"), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    errors = None if output is None else subprocess.STDOUT
    command = [str(python()), "-m", *arguments]
    return subprocess.run(command, check=False, env=environment, stdout=output, stderr=errors).returncode
