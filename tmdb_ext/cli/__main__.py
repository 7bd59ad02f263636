"""`python -m tmdb_ext.cli`: the same as `tmdb`."""

from __future__ import annotations

import sys

from tmdb_ext.cli import main

if __name__ == "__main__":
    sys.exit(main())
