"""Figures as a table for a terminal, a page of Markdown, and JSON."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from . import bodies
from .driver import EXTRAS, PEERS, ROOT
from .figures import Figure

HEADINGS = ("Measure", "Candidate", "Baseline", "Candidate's", "Baseline's", "Ratio", "Spread", "Target", "Reached")
SCALES = {"ms": 1e-3, "MB": 1e6, "kB": 1e3, "s": 1.0, "calls/s": 1.0}
PAGE = """\
# Figures

<!-- Written by scripts/bench --record. -->

Measured on {date}: {cpu}, {cores} cores, {system}, Python {python}, {libraries}.
[Speed](speed.md) says how, and how to read the table.

{table}
Bodies: {bodies}.
"""


@dataclass(frozen=True)
class Setting:
    """Where and with what the figures were taken."""

    date: str
    cpu: str
    cores: int
    system: str
    python: str
    libraries: dict[str, str]

    @classmethod
    def here(cls, *, with_peers: bool) -> Setting:
        """That of this run."""
        version = (ROOT / "tmdb_ext" / "_version.py").read_text(encoding="utf-8").split('"')[-4]
        wanted = ("httpx", "httpcore", "attrs", "openapi-python-client")
        libraries = {"tmdb-ext": version, **{name: metadata.version(name) for name in wanted}}
        libraries |= dict(pin.split("==") for pin in EXTRAS["fast"])
        if with_peers:
            lines = PEERS.read_text(encoding="utf-8").splitlines()
            libraries |= dict(line.split("==") for line in lines if "==" in line)
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        system = f"{platform.system()} {platform.machine()}"
        return cls(today, _cpu(), os.cpu_count() or 1, system, platform.python_version(), libraries)


def terminal(figures: Sequence[Figure]) -> str:
    """A table in columns."""
    lines = [HEADINGS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def page(figures: Sequence[Figure], setting: Setting) -> str:
    """A page of the documentation."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *map(_cells, figures)]
    return PAGE.format(
        table="".join(f"| {' | '.join(line)} |\n" for line in lines),
        date=setting.date,
        cpu=setting.cpu,
        cores=setting.cores,
        system=setting.system,
        python=setting.python,
        libraries=", ".join(f"{name} {version}" for name, version in setting.libraries.items()),
        bodies=", ".join(f"{name} {size:,} bytes" for name, size in bodies.sizes().items()),
    )


def as_json(figures: Sequence[Figure], setting: Setting) -> dict[str, Any]:
    """All of it; times in seconds, sizes in bytes."""
    return {**vars(setting), "bodies": bodies.sizes(), "figures": [figure.as_json() for figure in figures]}


def _cells(figure: Figure) -> tuple[str, ...]:
    target = figure.target
    aim = "—"
    if target:
        aim = f"{target.sign} " + (_value(target.limit, figure.unit) if target.absolute else f"{target.limit:.2f}")
    spread = "—" if figure.low is None or figure.high is None else f"{figure.low:.2f}–{figure.high:.2f}"
    return (
        figure.measure,
        figure.candidate,
        figure.baseline,
        _value(figure.of_candidate, figure.unit),
        _value(figure.of_baseline, figure.unit),
        "—" if figure.ratio is None else f"{figure.ratio:.2f}",
        spread,
        aim,
        {True: "yes", False: "no", None: "—"}[figure.reached],
    )


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "—"
    scaled = value / SCALES[unit]
    digits = 0 if scaled >= 100 else 1 if scaled >= 10 else 3
    return f"{scaled:,.{digits}f} {unit}"


def _cpu() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown processor"
