"""Serves the simulator until it is interrupted, as `tmdb serve` does, without the extra `cli`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tmdb_ext.testing._serving import (
    HELP,
    HOST,
    UPSTREAM,
    ServingError,
    described,
    exports,
    started,
    until_asked_to_end,
    wait,
)


def parser() -> argparse.ArgumentParser:
    """The options, which are those of `tmdb serve`, and --json."""
    made = argparse.ArgumentParser(prog="python -m tmdb_ext.testing", description="Serve a simulated TMDB.")
    made.add_argument("--json", action="store_true", help="Print what other programs need as JSON.")
    for name in ("strict", "any_id", "tls", "log"):
        made.add_argument(_option(name), action="store_true", help=HELP[name])
    made.add_argument("--host", default=HOST, help=HELP["host"])
    made.add_argument("--port", type=int, default=0, choices=range(65536), metavar="PORT", help=HELP["port"])
    made.add_argument("--seed", type=int, help=HELP["seed"])
    made.add_argument("--data", type=Path, action="append", default=[], help=HELP["data"])
    made.add_argument("--upstream", default=UPSTREAM, help=HELP["upstream"])
    for name in ("access_token", "api_key", "public_url"):
        made.add_argument(_option(name), help=HELP[name])
    for name in ("ca_file", "record", "replay"):
        made.add_argument(_option(name), type=Path, help=HELP[name])
    return made


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _show(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Starts a simulator and says how to reach it."""
    options = vars(parser().parse_args())
    as_json, log = options.pop("json"), options.pop("log")
    with until_asked_to_end():
        try:
            simulator = started(**options)
        except ServingError as error:
            sys.exit(f"tmdb_ext.testing: {error}")
        with simulator:
            said = json.dumps(described(simulator), indent=2) if as_json else "\n".join(exports(simulator))
            print(said, flush=True)
            wait(simulator, _show if log else None)


if __name__ == "__main__":
    main()
