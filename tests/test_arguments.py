"""What TMDB would refuse is refused before anything is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import anyio
import httpx
import pytest
from scenes import play, result_of
from tmdb_api_client.v3 import Unlisted
from tmdb_api_client.v3.models import MovieDetails

from tmdb_ext import TMDB, AsyncTMDB, InvalidArgument, any_of
from tmdb_ext._arguments import fault_of, fault_of_body
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
    with Simulator(strict=True) as simulator, TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
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


# Filters


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (878, "878"),
        ("28,12", "28,12"),
        ([28, 12], "28,12"),
        ((28,), "28"),
        (any_of(28, 12), "28|12"),
        (any_of(28), "28"),
        ([], None),
        (any_of(), None),
        (None, None),
    ],
)
def test_a_filter_takes_a_value_or_several(given: Any, sent: str | None) -> None:
    with Simulator(strict=True) as simulator, TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        tmdb.discover.movie(with_genres=given, primary_release_date_gte=date(1977, 1, 1))
        (request,) = simulator.requests
    assert request.params.get("with_genres") == sent
    assert request.params["primary_release_date.gte"] == "1977-01-01"
    assert request.http_status == 200


def test_a_filter_tells_and_from_or() -> None:
    with Simulator(strict=True) as simulator, TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        both = {film.id for film in tmdb.paginate(tmdb.discover.movie, with_genres=[28, 12])}
        either = {film.id for film in tmdb.paginate(tmdb.discover.movie, with_genres=any_of(28, 12))}
        tmdb.discover.tv(with_watch_monetization_types=any_of("flatrate", "free"), with_status=any_of(0, 2))
        assert simulator.requests[-1].params["with_watch_monetization_types"] == "flatrate|free"
    assert both < either
    assert repr(any_of(28, 12)) == "any_of(28, 12)"


@pytest.mark.parametrize("page", [0, -1, 501])
def test_a_page_that_tmdb_does_not_have_is_refused(page: int) -> None:
    with (
        TMDB(api_key=KEY, transport=httpx.MockTransport(never)) as tmdb,
        pytest.raises(InvalidArgument, match="TMDB has pages 1 to 500"),
    ):
        tmdb.movies.popular(page=page)


# What a client takes for granted


def test_defaults_are_sent_where_an_operation_takes_them(variant: str) -> None:
    async def scene(tmdb: Any) -> list[dict[str, str]]:
        await result_of(tmdb.movies.popular())
        await result_of(tmdb.search.movie("star"))
        await result_of(tmdb.movies.details(11))
        await result_of(tmdb.movies.details(11, append=["credits", "images"]))
        await result_of(tmdb.movies.images(11))
        await result_of(tmdb.movies.images(11, language="fr", include_image_language="en"))
        await result_of(tmdb.discover.movie(include_adult=True, region="AT"))
        await result_of(tmdb.acting_as("application").trending.movies("day"))
        await result_of(tmdb.configuration.details())
        await result_of(tmdb.movies.add_rating(11, value=7))
        return [request.params for request in simulator.requests if "guest_session/new" not in request.path]

    with Simulator(strict=True) as simulator:
        sent = play(
            variant, simulator, scene,
            language="de-DE", region="DE", include_adult=False, include_image_language=["de", None],
        )  # fmt: skip
        assert all(request.http_status in (200, 201) for request in simulator.requests)
    assert sent[:9] == [
        {"language": "de-DE", "region": "DE"},
        {"query": "star", "language": "de-DE", "region": "DE", "include_adult": "false"},
        {"language": "de-DE"},
        {"append_to_response": "credits,images", "language": "de-DE", "include_image_language": "de,null"},
        {"language": "de-DE", "include_image_language": "de,null"},
        {"language": "fr", "include_image_language": "en"},
        {"language": "de-DE", "region": "AT", "include_adult": "true"},
        {"language": "de-DE"},
        {},
    ]
    assert sent[9].keys() == {"guest_session_id"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "german"},
        {"language": "de_DE"},
        {"language": "de\r\nx: y"},
        {"region": "de"},
        {"region": "DEU"},
        {"include_adult": "no"},
        {"include_image_language": 3},
    ],
)
@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_a_default_that_tmdb_would_not_take_is_refused(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        kind(api_key=KEY, **wrong)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("session_id", b"5e55105e55", "session_id (of type bytes) cannot be sent: give a text, a number or a boolean"),
        ("session_id", {"a": 1}, "session_id (of type dict) cannot be sent: give a text, a number or a boolean"),
        ("query", b"star", "query=b'star' cannot be sent: give a text, a number or a boolean"),
        ("query", "x\ud800", "query='x\\ud800' cannot be sent: give a text, a number or a boolean"),
        ("query", object(), "query (of type object) cannot be sent: give a text, a number or a boolean"),
        ("vote_average.gte", float("nan"), "vote_average.gte=nan is not a finite number"),
    ],
)
def test_a_refusal_shows_the_value_unless_it_may_be_a_secret(name: str, value: object, says: str) -> None:
    assert fault_of({"page": 2, name: value}) == says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("value", float("nan"), "value=nan cannot be sent: give a value that JSON has"),
        ("password", object(), "password (of type object) cannot be sent: give a value that JSON has"),
        ("name", "\udfff", "name='\\udfff' cannot be sent: give a value that JSON has"),
    ],
)
def test_a_refused_body_names_the_argument(name: str, value: object, says: str) -> None:
    assert fault_of_body({"media_id": 1, name: value}) == says
    assert fault_of_body({"media_id": 1, "items": [{"media_type": "movie"}], "public": False}) is None


def test_what_can_be_sent_is_not_refused() -> None:
    assert fault_of({"page": 2, "session_id": "5e55105e55", "vote_average.gte": 7.5, "include_adult": True}) is None
