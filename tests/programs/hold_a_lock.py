"""Takes the lock of a session in Redis and keeps it: `python hold_a_lock.py REDIS_URL KEY HOW`.

HOW is `sleep`, to hold it until it is killed, or `leave`, to end without giving it back.
"""

from __future__ import annotations

import sys
import time

from tmdb_ext.redis import RedisStore

url, key, how = sys.argv[1:]
print(RedisStore(url).acquire(key), flush=True)
if how == "sleep":
    time.sleep(120)
