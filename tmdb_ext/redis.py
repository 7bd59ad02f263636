"""One TMDB citizen of many machines: sessions and the rate limit in Redis. Needs the extra: ``tmdb-ext[redis]``.

    from tmdb_ext import TMDB
    from tmdb_ext.redis import RedisRateLimit, RedisStore

    url = "rediss://cache.internal:6379/0"
    tmdb = TMDB(store=RedisStore(url), rate_limit=RedisRateLimit(url))

While Redis cannot be reached, calls wait for it within their budget, and the log says so; `on_outage` chooses
otherwise. What somebody has to change, such as a wrong password or a replica that can only be read, raises a
`ConfigurationError`.
"""

from __future__ import annotations

from ._redis.limit import RedisRateLimit
from ._redis.store import RedisStore

__all__ = ["RedisRateLimit", "RedisStore"]
