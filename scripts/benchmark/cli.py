"""scripts/bench: measure, print, and write down."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .driver import ROOT, driving
from .figures import Figure
from .rows import ROWS, Run
from .table import Setting, as_json, page, terminal

PAGE = ROOT / "docs" / "pages" / "speed-figures.md"
EPILOG = "Rows: " + ", ".join(ROWS) + ". Nothing fails because it is slow: the table says which targets are reached."


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the figures that are asked for."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.record and (options.quick or options.only or not options.peers):
        parser.error("what is recorded is a whole run: --record goes without --quick, --only and --no-peers")
    figures: list[Figure] = []
    with driving(with_peers=options.peers) as driver:
        run = Run(driver, quick=options.quick)
        for name in options.only or ROWS:
            print(f"  {name} …", file=sys.stderr, flush=True)
            figures += ROWS[name](run)
    if not figures:
        return 0
    setting = Setting.here(with_peers=options.peers)
    print(terminal(figures))
    if options.json:
        text = json.dumps(as_json(figures, setting), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.record:
        PAGE.write_text(page(figures, setting), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure how fast the client is, against httpx, json.loads, the stock generator and other clients.",
        epilog=EPILOG,
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a record")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help="these rows alone")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="without other clients and the floor")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--record", action="store_true", help=f"write {PAGE.relative_to(ROOT).as_posix()}")
    return parser
