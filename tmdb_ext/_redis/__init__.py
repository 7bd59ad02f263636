"""What `tmdb_ext.redis` is made of: a server and its moods, a rate limit, a store of sessions."""
