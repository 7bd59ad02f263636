"""What the tests of tmdbv3api share and their sdist leaves out, written anew: keys that TMDB's answers have."""

from __future__ import annotations

import importlib
import os
from typing import Any

pagination_attributes = ["page", "results", "total_pages", "total_results"]
_media = [
    "id", "adult", "backdrop_path", "original_language", "overview", "popularity", "poster_path", "vote_average",
    "vote_count",
]  # fmt: skip
movie_attributes = [*_media, "original_title", "release_date", "title", "video"]
tv_attributes = [*_media, "first_air_date", "name", "origin_country", "original_name"]
episode_attributes = [
    "id", "air_date", "episode_number", "name", "overview", "production_code", "season_number", "still_path",
    "vote_average", "vote_count",
]  # fmt: skip
person_attributes = ["id", "adult", "gender", "name", "popularity", "profile_path"]
cast_attributes = [*person_attributes, "known_for_department", "order", "original_name"]
crew_attributes = [*person_attributes, "department", "known_for_department", "original_name"]
all_person_attributes = [
    *person_attributes, "also_known_as", "biography", "birthday", "deathday", "homepage", "imdb_id", "place_of_birth",
]  # fmt: skip
image_attributes = ["aspect_ratio", "file_path", "height", "vote_average", "vote_count", "width"]
translation_attributes = ["data", "english_name", "iso_3166_1", "iso_639_1", "name"]
list_attributes = ["id", "description", "favorite_count", "item_count", "iso_639_1", "name", "poster_path"]
alt_titles_attributes = ["iso_3166_1", "title", "type"]
review_attributes = ["id", "author", "author_details", "content", "created_at", "updated_at", "url"]
video_attributes = ["id", "iso_3166_1", "iso_639_1", "key", "name", "official", "published_at", "site", "size", "type"]
episode_group_attributes = ["id", "description", "episode_count", "group_count", "name", "network", "type"]


def setup() -> Any:
    """A client as the tests want it."""
    client = importlib.import_module("tmdbv3api").TMDb()
    client.api_key, client.language, client.cache = os.environ["TMDB_API_KEY"], "en", False
    return client


def assertAttrs(_: Any, found: Any, names: list[str]) -> None:  # noqa: N802 - the tests call it so
    """Fails if a key is missing."""
    missing = [name for name in names if not hasattr(found, name)]
    assert not missing, f"these keys are missing: {', '.join(missing)}"  # noqa: S101 - of a test


def assertListAttrs(test: Any, found: Any, key: str | None, names: list[str]) -> None:  # noqa: N802 - as above
    """Fails if a list is empty, or one of its entries lacks a key."""
    rows = getattr(found, key) if key else found
    assert len(rows) > 0, f"{key} is empty"  # noqa: S101 - of a test
    for row in rows:
        assertAttrs(test, row, names)
