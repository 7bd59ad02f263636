"""All seasons of a series, twenty in one request."""

from __future__ import annotations

from typing import Any

import pytest
from scenes import play, result_of
from tmdb_api_client.v3.models import SeasonDetails, TvSeriesDetails

from tmdb_ext import TMDB, InvalidArgument, NotFound
from tmdb_ext._client.seasons import Seasons
from tmdb_ext.testing import Simulator

DETAILS = "tv-series-details"
LONG = 900900


@pytest.fixture
def many(simulator: Simulator) -> int:
    """A series that has 45 seasons of two episodes each."""
    episodes = [{"episode_number": 1, "name": "One"}, {"episode_number": 2, "name": "Two"}]
    seasons = [{"season_number": number, "episodes": episodes} for number in range(1, 46)]
    simulator.add("tv", id=LONG, name="A Long Series", seasons=seasons)
    return LONG


def test_most_series_take_one_request(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> list[SeasonDetails]:
        found: list[SeasonDetails] = await result_of(tmdb.tv_series.all_seasons(41, language="de"))
        listed = (await result_of(tmdb.tv_series.details(41))).seasons
        assert [one.season_number for one in found] == [one.season_number for one in listed]
        return found

    seasons = play(variant, simulator, scene)
    assert all(isinstance(one, SeasonDetails) and one.episodes for one in seasons)
    first, _ = simulator.requests
    assert first.params["language"] == "de"
    assert len(first.params["append_to_response"].split(",")) == 20


@pytest.mark.parametrize(("append", "requests"), [([], 3), (["credits"], 5), (["credits", "images", "videos"], 10)])
def test_many_seasons_take_as_few_requests_as_twenty_allow(
    simulator: Simulator, variant: str, many: int, append: list[Any], requests: int
) -> None:
    async def scene(tmdb: Any) -> list[SeasonDetails]:
        return list(await result_of(tmdb.tv_series.all_seasons(many, append=append)))

    seasons = play(variant, simulator, scene)
    assert [one.season_number for one in seasons] == list(range(1, 46))
    assert all(len(one.episodes) == 2 for one in seasons)
    assert all((one.credits is not None) == ("credits" in append) for one in seasons)
    assert simulator.count(DETAILS) == requests
    assert max(len(one.params["append_to_response"].split(",")) for one in simulator.requests) == 20
    asked = [name for one in simulator.requests for name in one.params["append_to_response"].split(",")]
    assert len(asked) == len(set(asked))


def test_what_cannot_be_had_is_an_error(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        with pytest.raises(NotFound):
            await result_of(tmdb.tv_series.all_seasons(999_999_999))
        simulator.clear_requests()
        with pytest.raises(InvalidArgument, match="season/0/credit"):
            await result_of(tmdb.tv_series.all_seasons(41, append=["credit"]))
        with pytest.raises(InvalidArgument, match="append must be a list"):
            await result_of(tmdb.tv_series.all_seasons(41, append="credits"))
        with pytest.raises(InvalidArgument, match="20 sub-resources"):
            await result_of(tmdb.tv_series.all_seasons(41, append=[f"x{number}" for number in range(20)]))
        with pytest.raises(InvalidArgument, match="series_id is 'x'"):
            await result_of(tmdb.tv_series.all_seasons("x"))
        assert simulator.requests == []

    play(variant, simulator, scene)


def test_numbers_may_be_of_any_size_and_a_season_that_is_listed_may_be_missing() -> None:
    """Seasons of daily shows have years for numbers; what TMDB lists and does not send is left out."""
    years = [0, 1, *range(1990, 2025)]
    seasons = Seasons([])
    asked: list[list[int]] = []
    while numbers := seasons.next():
        asked.append(numbers)
        there = [number for number in numbers if number in years and number != 2024]
        sent = {f"season/{number}": {"season_number": number, "id": number} for number in there}
        listed = [{"season_number": number} for number in years]
        seasons.take(TvSeriesDetails.from_dict({"id": 1, "seasons": listed, **sent}))
    assert asked == [list(range(20)), list(range(1990, 2010)), list(range(2010, 2025))]
    assert [one.season_number for one in seasons.found()] == years[:-1]


def test_the_resource_is_the_generated_one_with_one_method_more(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        assert tmdb.with_options(query={"include_image_language": "de"}).tv_series.all_seasons(41)
        assert simulator.requests[-1].params["include_image_language"] == "de"
        assert [one.id for one in tmdb.fetch_many(tmdb.tv_series.details, [41])] == [41]
