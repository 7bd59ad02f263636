"""What TMDB would refuse is refused before anything is sent."""

from __future__ import annotations

import anyio
import httpx
import pytest
from tmdb_api_client.v3 import Unlisted
from tmdb_api_client.v3.models import MovieDetails

from tmdb_ext import TMDB, AsyncTMDB, InvalidArgument
from tmdb_ext.testing import Simulator

KEY = "0123456789abcdef" * 2
TOO_MANY = [Unlisted(f"thing_{number}") for number in range(21)]


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError("something was sent")


def test_more_than_twenty_appended_are_refused_sync() -> None:
    with TMDB(api_key=KEY, transport=httpx.MockTransport(never)) as tmdb, pytest.raises(InvalidArgument) as caught:
        tmdb.movies.details(11, append=TOO_MANY)
    assert "21 sub-resources" in str(caught.value)
    assert caught.value.operation == "movie-details"
    assert isinstance(caught.value, ValueError)


def test_more_than_twenty_appended_are_refused_async() -> None:
    async def main() -> None:
        async with AsyncTMDB(api_key=KEY, transport=httpx.MockTransport(never)) as tmdb:
            with pytest.raises(InvalidArgument, match="21 sub-resources"):
                await tmdb.tv_series.details(1, append=TOO_MANY)

    anyio.run(main)


def test_twenty_are_sent_and_an_unlisted_one_can_be_read() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.params["append_to_response"])
        return httpx.Response(200, json={"id": 11, "awards": {"results": [1]}})

    with TMDB(api_key=KEY, transport=httpx.MockTransport(answer)) as tmdb:
        film = tmdb.movies.details(11, append=["credits", Unlisted("awards"), *TOO_MANY[:18]])
    assert sent[0].startswith("credits,awards,thing_0,")
    assert film["awards"] == {"results": [1]}


def test_what_is_appended_is_typed_on_all_details() -> None:
    with Simulator() as simulator, TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        film = tmdb.movies.details(11, append=["credits", "videos", "recommendations", "watch/providers"])
        assert isinstance(film, MovieDetails)
        assert film.credits
        assert film.credits.cast
        assert film.recommendations is not None
        assert film.recommendations.results[0].title
        season = tmdb.tv_seasons.details(41, 1, append=["credits"])
        assert season.credits is not None
        episode = tmdb.tv_episodes.details(41, 1, 1, append=["images"])
        assert episode.images is not None
        person = tmdb.people.details(1, append=["combined_credits"])
        assert person.combined_credits is not None
        assert tmdb.collections.details(1, append=["images"]).images is not None
        assert tmdb.companies.details(1, append=["images"]).images is not None
