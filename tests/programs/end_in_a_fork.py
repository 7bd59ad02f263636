"""Forks a child that uses the client and ends it: `python end_in_a_fork.py BASE_URL HOW`; then calls again.

HOW is `close`, to close the client in the child, or `exit`, to end the child as a program ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from tmdb_ext import TMDB

base_url, how = sys.argv[1:]
tmdb = TMDB(access_token="header.payload.signature", base_url=base_url, timeout=5)
tmdb.movies.details(1)
child = os.fork()
if child == 0:
    signal.alarm(10)
    assert tmdb.movies.details(2).id == 2
    if how == "close":
        tmdb.close()
        os._exit(0)
    sys.exit(0)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"child": code, "parent": tmdb.movies.details(3).id}), flush=True)
tmdb.close()
