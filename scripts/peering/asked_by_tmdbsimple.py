"""What the tests of tmdbsimple ask their user to write: who they are. Their sdist leaves it out."""

import os

API_KEY, SESSION_ID = os.environ["TMDB_API_KEY"], os.environ["TMDB_SESSION_ID"]
USERNAME, PASSWORD = os.environ["TMDB_USERNAME"], os.environ["TMDB_PASSWORD"]
