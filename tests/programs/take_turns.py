"""Takes turns at a rate that processes share: `python take_turns.py REDIS_URL RATE COUNT`.

Prints the waits in seconds as a JSON list.
"""

from __future__ import annotations

import json
import sys

from tmdb_ext.redis import RedisRateLimit

url, rate, count = sys.argv[1:]
limit = RedisRateLimit(url, rate=float(rate))
print(json.dumps([limit.reserve() for _ in range(int(count))]))
