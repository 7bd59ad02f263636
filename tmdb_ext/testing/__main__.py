"""Serves the simulator until it is interrupted: `python -m tmdb_ext.testing [--host HOST] [--port PORT] [--strict]`."""

from __future__ import annotations

import argparse
import contextlib
import threading

from tmdb_ext.testing import Simulator


def main() -> None:
    """Starts a simulator and says how to reach it."""
    parser = argparse.ArgumentParser(prog="python -m tmdb_ext.testing", description="Serve a simulated TMDB.")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to bind (default: any free one)")
    parser.add_argument("--strict", action="store_true", help="refuse parameters and body keys that TMDB ignores")
    arguments = parser.parse_args()
    with Simulator(host=arguments.host, port=arguments.port, strict=arguments.strict) as simulator:
        print(f"base URL      {simulator.base_url}")
        print(f"API key       {simulator.api_key}")
        print(f"access token  {simulator.access_token}")
        print(f"session id    {simulator.create_session()}")
        print(f"user          {simulator.user.username} / {simulator.user.password}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
