"""Rates a film with a client that keeps its sessions in a file or in Redis; run in several processes at once.

Arguments: the file or the Redis server's URL, the simulator's address, an access token, "guest" or "user", how often.
Prints `ready`, waits for a line, rates, and so on.
"""

from __future__ import annotations

import sys

from tmdb_ext import TMDB, FileStore
from tmdb_ext.redis import RedisStore

where, base_url, token, kind, turns = sys.argv[1:]
credentials = {"access_token" if kind == "guest" else "user_access_token": token}
store = RedisStore(where) if where.startswith("redis:") else FileStore(where)
with TMDB(store=store, base_url=base_url, **credentials) as tmdb:
    for _ in range(int(turns)):
        print("ready", flush=True)
        sys.stdin.readline()
        tmdb.movies.add_rating(11, value=5)
print("done", flush=True)
