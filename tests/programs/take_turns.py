"""Takes turns at a rate that processes share: `python take_turns.py REDIS_URL RATE COUNT`.

Prints the times at which it had them, in seconds of the monotonic clock, as a JSON list.
"""

from __future__ import annotations

import json
import sys
import time

from tmdb_ext.redis import RedisRateLimit

url, rate, count = sys.argv[1:]
limit = RedisRateLimit(url, rate=float(rate))
turns = []
for _ in range(int(count)):
    waiter = object()
    while wait := limit.take(waiter):
        time.sleep(wait)
    turns.append(time.monotonic())
print(json.dumps(turns))
