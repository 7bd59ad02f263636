"""What the tests of other clients expect to be at TMDB, and why some of them cannot pass.

Titles, names and ids are facts; nothing else of TMDB's is here. Whatever else they need, the simulator makes up.
"""

from __future__ import annotations

from typing import Any, Final

_IDS_OF_NCIS = {
    "imdb_id": "tt0364845", "tvdb_id": 72108, "tvrage_id": 4628, "freebase_mid": "/m/03m8sg",
    "freebase_id": "/en/ncis", "facebook_id": "NCIS", "instagram_id": "ncis_cbs", "twitter_id": "NCIS_CBS",
}  # fmt: skip


def _group(series_id: int, identifier: str) -> dict[str, Any]:
    episodes = [{"id": 1, "name": "One", "episode_number": 1, "season_number": 1, "order": 0, "show_id": series_id}]
    network = {"id": 49, "logo_path": None, "name": "HBO", "origin_country": "US"}
    groups = [{"id": f"{identifier[:-1]}0", "name": "One", "order": 1, "locked": True, "episodes": episodes}]
    return {"id": identifier, "name": "One after another", "type": 1, "network": network, "groups": groups}


DATA: Final[dict[str, Any]] = {
    "person": [
        {"id": 287, "name": "Brad Pitt"},
        {"id": 2888, "name": "Will Smith", "imdb_id": "nm0000226"},
    ],
    "company": [{"id": 34, "name": "Sony Pictures"}],
    "network": [{"id": 1, "name": "Fuji TV"}, {"id": 49, "name": "HBO"}],
    "collection": [{"id": 2344, "name": "The Matrix Collection"}],
    "keyword": [{"id": 1721, "name": "fight"}, {"id": 9951, "name": "alien"}, {"id": 180547, "name": "hero"}],
    "movie": [
        {"id": 12, "title": "Finding Nemo", "imdb_id": "tt0266543"},
        {"id": 111, "title": "Scarface", "imdb_id": "tt0086250", "poster_path": "/scarface.jpg",
         "images": {"posters": [{"file_path": "/scarface.jpg", "iso_639_1": "en"}],
                    "backdrops": [{"file_path": "/miami.jpg", "iso_639_1": "en"}]},
         "reviews": [{"id": "5db0d60bcb30840013aba0d4", "author": "somebody", "content": "Well."}]},
        {"id": 550, "reviews": [{"id": "5013bc76760ee372cb00253e", "author": "Chris", "content": "Well."}]},
        {"id": 603, "title": "The Matrix", "release_date": "1999-03-31", "collection": 2344},
        {"id": 62211, "title": "Monsters University"},
        {"id": 103332, "title": "Ruby Sparks",
         "translations": {"de": {"title": "Ruby Sparks - Meine fabelhafte Freundin"}}},
        {"id": 76341, "title": "Mad Max: Fury Road", "release_date": "2015-05-13", "genre_ids": [28],
         "vote_average": 8.1, "keywords": [180547], "credits": {"cast": [{"id": 2888, "character": "Max"}]}},
        {"id": 540111, "title": "In a List"}, {"id": 843906, "title": "To Be Rated"},
        {"id": 900001, "title": "The Brother from Another Planet"},
    ],
    "tv": [
        {"id": 41, "external_ids": {**_IDS_OF_NCIS, "imdb_id": "tt980000041", "tvdb_id": 1, "freebase_mid": "/m/041",
                                    "freebase_id": "/en/harbour_nights", "tvrage_id": 2}},
        {"id": 1396, "name": "Breaking Bad", "external_ids": {"imdb_id": "tt0903747", "tvdb_id": 81189},
         "credits": {"cast": [{"id": 287, "character": "Somebody", "credit_id": "52542282760ee313280017f9"}]},
         "episode_groups": [_group(1396, "5acf93e60e0a26346d0000ce")]},
        {"id": 3572, "name": "A Series", "seasons": [{"season_number": 1, "external_ids": {"tvdb_id": 2547}}]},
        {"id": 4194, "name": "Star Wars: The Clone Wars", "episode_groups": [_group(4194, "5b11ba820e0a265847002c6e")]},
        {"id": 4614, "name": "NCIS", "external_ids": _IDS_OF_NCIS},
        {"id": 46638, "name": "In Cinemas",
         "screened_theatrically": [{"id": 1, "episode_number": 1, "season_number": 1}]},
        {"id": 69050, "name": "To Be Rated"},
    ],
    "season": [
        {"series_id": 1396, "season_number": 1, "id": 3572},
        {"series_id": 1418, "season_number": 1, "id": 3738, "external_ids": {"tvdb_id": 28047}},
    ],
    "episode": [
        {"series_id": 1396, "season_number": 1, "episode_number": 1, "id": 62085, "name": "Pilot",
         "external_ids": {"imdb_id": "tt0959621"}},
        {"series_id": 69050, "season_number": 5, "episode_number": 1, "id": 2482624, "name": "One",
         "images": {"stills": [{"file_path": "/still.jpg", "iso_639_1": "en"}]},
         "external_ids": {"imdb_id": "tt11568508", "tvdb_id": 8020104},
         "translations": {"de": {"name": "Eins", "overview": ""}}},
    ],
    "list": [
        {"id": 509, "name": "Rain", "owner": "regina.phalange", "items": [("movie", 76203)]},
        {"id": 112870, "name": "Wind", "items": [("movie", 540111)]},
    ],
}  # fmt: skip
"""By kind, as `Simulator.load` takes it."""

FAVORITES: Final = (("favorite", "movie", 900001), ("favorite", "tv", 1396), ("watchlist", "movie", 900001),
                    ("watchlist", "tv", 1396), ("watchlist", "movie", 11))  # fmt: skip
"""What the user of the tests has marked before, in this order."""

PEERS_OWN: Final[dict[str, str]] = {
    "tmdbsimple: AccountTestCase.test_account_favorite": "it sends movie_id, which TMDB calls media_id",
    "tmdbv3api: ListTests.test_get_list_details": "it expects the id of a list as a text; TMDB sends a number now",
    "tmdbv3api: ListTests.test_post_list_methods": "as above",
    "themoviedb: *Guest.rated_episodes": "it asks for rated/episodes, which TMDB calls rated/tv/episodes",
    "themoviedb: *Person.tagged_images": "it does not know tv_season as a media_type, which TMDB sends",
    "themoviedb: *Movie.reviews": "it takes the rating of a review for an integer; TMDB sends 7.0 more often than 7",
    "themoviedb: *TV.reviews": "as above",
    "themoviedb: *Review.details": "as above",
    "moviedb-promise: searchList": "it asks for search/list, which TMDB no longer has",
}
"""By peer and test, with `*` for anything, why it does not pass, and would not at TMDB either."""
