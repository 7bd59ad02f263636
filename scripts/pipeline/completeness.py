"""How much of what both packages offer has a type that every type checker sees: at least 99 %, as pyright counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = ("tmdb_ext", "tmdb_api_client")
LEAST: Final = 0.99
_MOST_SHOWN: Final = 20


def main(packages: Sequence[str] = PACKAGES) -> int:
    """Print the score of each package, and what has no type if it is too low; return the exit code."""
    low = False
    with tempfile.TemporaryDirectory() as elsewhere:  # so that it looks at what is installed
        started = [(package, _start(package, elsewhere)) for package in packages]
        for package, process in started:
            output, complaint = process.communicate()
            try:
                report = json.loads(output)
            except ValueError:
                print(f"{package}: pyright failed. {complaint or output}")
                low = True
                continue
            for line in findings(package, report):
                print(line)
            low |= score(report) < LEAST
    return int(low)


def score(report: dict[str, Any]) -> float:
    """The share of symbols with a known type, 0 to 1; 0 if pyright found no package."""
    completeness = report.get("typeCompleteness") or {}
    return float(completeness.get("completenessScore", 0.0)) if completeness.get("symbols") else 0.0


def findings(package: str, report: dict[str, Any]) -> Iterator[str]:
    """The score, and if it is too low the first symbols whose types are unknown, and why."""
    reached = score(report)
    yield f"{package}: {reached:.1%} of what is public has a known type"
    if reached >= LEAST:
        return
    yield from (f"  {one['message']}" for one in report.get("generalDiagnostics", [])[:_MOST_SHOWN])
    symbols = (report.get("typeCompleteness") or {}).get("symbols", [])
    unknown = [one for one in symbols if one["diagnostics"] and (not one["isTypeKnown"] or one["isTypeAmbiguous"])]
    for symbol in unknown[:_MOST_SHOWN]:
        reasons = "; ".join(one["message"].splitlines()[0] for one in symbol["diagnostics"])
        yield f"  {symbol['name']}: {reasons}"
    if len(unknown) > _MOST_SHOWN:
        yield f"  and {len(unknown) - _MOST_SHOWN} more"


def _start(package: str, folder: str) -> subprocess.Popen[str]:
    """Pyright finds packages with the first interpreter of the path, which is therefore this one."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "pyright", "--ignoreexternal", "--outputjson", "--verifytypes", package]
    environment = {**os.environ, "PATH": path}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


if __name__ == "__main__":
    sys.exit(main())
