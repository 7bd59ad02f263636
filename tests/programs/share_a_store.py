"""Rates a film with a client that keeps its sessions in a file; run by test_stores in several processes at once.

Arguments: the file, the simulator's address, an access token, "guest" or "user", how often to rate.
Prints `ready`, waits for a line, rates, and so on.
"""

from __future__ import annotations

import sys

from tmdb_ext import TMDB, FileStore

path, base_url, token, kind, turns = sys.argv[1:]
credentials = {"access_token" if kind == "guest" else "user_access_token": token}
with TMDB(store=FileStore(path), base_url=base_url, **credentials) as tmdb:
    for _ in range(int(turns)):
        print("ready", flush=True)
        sys.stdin.readline()
        tmdb.movies.add_rating(11, value=5)
print("done", flush=True)
