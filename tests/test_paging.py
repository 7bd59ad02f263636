"""Walking over pages, over ranges of changes, and asking for what may not be there."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import play, result_of
from tmdb_api_client.v3.operations import OPERATIONS
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import TMDB, AsyncTMDB, InvalidArgument, NotFound, ServerError
from tmdb_ext._arguments import LONGEST_RANGE, windows
from tmdb_ext.testing import Simulator

PAGED = [
    f"{api}{row.id}" for api, rows in (("", OPERATIONS), ("v4/", V4_OPERATIONS)) for row in rows.values() if row.pages
]
OF_A_USER = ("rated", "account", "favorite", "watchlist")


async def items_of(pages: Any) -> list[Any]:
    return [item async for item in pages] if hasattr(pages, "__aiter__") else list(pages)


def pages_asked_for(simulator: Simulator) -> list[int]:
    return [int(request.params["page"]) for request in simulator.requests if "page" in request.params]


def listing(pages: list[list[int]], total: int | None = None) -> Callable[[httpx.Request], httpx.Response]:
    """A server of a listing with these ids on its pages."""

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        ids = pages[page - 1] if page <= len(pages) else []
        results = [{"id": number, "title": str(number)} for number in ids]
        count = len(pages) if total is None else total
        return httpx.Response(200, json={"page": page, "results": results, "total_pages": count, "total_results": 9})

    return answer


def walked(variant: str, answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> list[int]:
    """The ids that a walk gives, over a transport that answers by itself."""
    settings: dict[str, Any] = {"api_key": "0" * 31 + "1", "transport": httpx.MockTransport(answer)}

    async def main() -> list[int]:
        if variant == "sync":
            with TMDB(**settings) as tmdb:
                return [film.id or 0 for film in tmdb.paginate(tmdb.movies.popular, **options)]
        async with AsyncTMDB(**settings) as other:
            return [film.id or 0 async for film in other.paginate(other.movies.popular, **options)]

    return anyio.run(main)


def test_a_walk_goes_over_all_pages_and_stops(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        pages = tmdb.paginate(tmdb.movies.popular)
        assert (pages.page, pages.total_pages) == (None, None)
        films = await items_of(pages)
        assert len(films) == len({film.id for film in films}) == pages.total_results > 60
        last = pages.total_pages
        assert pages.page == last > 50
        assert repr(pages).endswith(f"of movie-popular-list, page {last} of {last}>")
        simulator.clear_requests()
        assert len(await items_of(pages)) == len(films)

    play(variant, simulator, scene)
    asked = sorted(pages_asked_for(simulator))
    assert asked == list(range(1, len(asked) + 1))


def test_nothing_is_fetched_before_it_is_asked_for(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        pages = iter(tmdb.paginate(tmdb.movies.popular))
        assert simulator.requests == []
        for _ in range(20):
            next(pages)
        assert pages_asked_for(simulator) == [1]
        next(pages)
        assert pages_asked_for(simulator) == [1, 2]


@pytest.mark.parametrize(("wanted", "asked"), [(1, [1]), (20, [1]), (21, [1, 2]), (45, [1, 2, 3])])
def test_no_page_beyond_the_items_wanted_is_fetched(simulator: Simulator, wanted: int, asked: list[int]) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        assert len(list(tmdb.paginate(tmdb.movies.popular, max_items=wanted))) == wanted
    assert pages_asked_for(simulator) == asked


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_walk_fetches_a_few_pages_at_once_and_gives_them_in_order(simulator: Simulator, backend: str) -> None:
    async def main() -> list[int]:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            found = []
            async for film in tmdb.paginate(tmdb.movies.popular, prefetch=2):
                found.append(film.id or 0)
                assert len(simulator.requests) <= 1 + 2 * (1 + (len(found) - 2) // 40)
            return found

    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        expected = [film.id for film in tmdb.paginate(tmdb.movies.popular)]
    simulator.clear_requests()
    assert anyio.run(main, backend=backend) == expected


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_loop_may_be_left_early(simulator: Simulator, backend: str) -> None:
    async def main() -> None:
        async with AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            async for _ in tmdb.paginate(tmdb.movies.popular):
                break
            gc.collect()

    anyio.run(main, backend=backend)
    assert pages_asked_for(simulator) == [1]


def test_what_shifting_pages_repeat_comes_once(variant: str) -> None:
    shifting = listing([[1, 2, 3], [3, 4, 5], [5, 6]])
    assert walked(variant, shifting) == [1, 2, 3, 4, 5, 6]
    assert walked(variant, shifting, unique=False) == [1, 2, 3, 3, 4, 5, 5, 6]
    assert walked(variant, shifting, max_items=4) == [1, 2, 3, 4]


def test_the_kind_of_an_item_tells_it_from_another_with_the_same_id(simulator: Simulator, variant: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        both = [{"id": 1, "media_type": kind} for kind in ("movie", "tv", "movie")]
        return httpx.Response(200, json={"page": 1, "results": both, "total_pages": 1})

    async def scene(tmdb: Any) -> None:
        found = await items_of(tmdb.paginate(tmdb.search.multi, "x"))
        assert [item.media_type for item in found] == ["movie", "tv"]

    play(variant, simulator, scene, transport=httpx.MockTransport(answer))


def test_tmdbs_last_page_is_the_end(variant: str) -> None:
    asked: list[int] = []

    def endless(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        asked.append(page)
        return httpx.Response(200, json={"page": page, "results": [{"id": page}], "total_pages": 39_000})

    assert walked(variant, endless, start_page=495) == [495, 496, 497, 498, 499, 500]
    assert max(asked) == 500


def test_a_page_without_items_in_the_middle_is_not_the_end(variant: str) -> None:
    assert walked(variant, listing([[1], [], [2]])) == [1, 2]


def test_pages_that_vanish_meanwhile_end_the_walk(variant: str) -> None:
    def shrinking(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        body = {"page": page, "results": [{"id": page}], "total_pages": 9 if page == 1 else 2}
        return httpx.Response(200, json=body)

    assert walked(variant, shrinking) == [1, 2]


def test_a_walk_goes_on_from_a_page(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        simulator.fail_next(500, operation="movie-popular-list", times=1)
        first = tmdb.paginate(tmdb.movies.popular, start_page=2)
        with pytest.raises(ServerError):
            await items_of(first)
        every = [film.id for film in await items_of(tmdb.paginate(tmdb.movies.popular))]
        rest = [film.id for film in await items_of(tmdb.paginate(tmdb.movies.popular, start_page=2))]
        assert rest == every[20:]

    play(variant, simulator, scene)


def test_an_error_on_a_later_page_comes_after_the_items_before_it(simulator: Simulator, variant: str) -> None:
    came: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if request.url.params["page"] == "3" else listing([[1], [2], [3], [4]])(request)

    async def note_each(pages: Any) -> None:
        if variant == "sync":
            for film in pages:
                came.append(film.id)  # noqa: PERF401 - what came before the error counts
            return
        async for film in pages:
            came.append(film.id)  # noqa: PERF401 - what came before the error counts

    async def scene(tmdb: Any) -> None:
        pages = tmdb.paginate(tmdb.movies.popular)
        with pytest.raises(ServerError):
            await note_each(pages)
        assert pages.page == 2

    play(variant, simulator, scene, transport=httpx.MockTransport(answer))
    assert came == [1, 2]


ARGUMENTS = {
    "query": "e", "movie_id": 11, "series_id": 41, "person_id": 1, "keyword_id": 1, "season_id": 4101, "list_id": 1,
    "company_id": 1, "genre_id": 28, "time_window": "day",
}  # fmt: skip


def test_every_operation_with_pages_can_be_walked(simulator: Simulator) -> None:
    token = simulator.create_user_access_token()
    with TMDB(user_access_token=token, base_url=simulator.base_url) as tmdb:
        tmdb.movies.add_rating(11, value=8)
        for name in PAGED:
            four = name.startswith("v4/")
            row = (V4_OPERATIONS if four else OPERATIONS)[name.removeprefix("v4/")]
            method = getattr(getattr(tmdb.v4 if four else tmdb, row.tag), row.resource)
            required = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
            found = list(tmdb.paginate(method, *[ARGUMENTS[parameter.name] for parameter in required], max_items=30))
            assert found or any(word in name for word in OF_A_USER), name
            assert simulator.requests[-1].operation == name
    assert len(PAGED) == 63


def test_a_walk_over_changes_ends_where_they_do(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        assert (
            len(
                await items_of(
                    tmdb.paginate(tmdb.movies.changes, 11, prefetch=1)
                    if variant == "async"
                    else tmdb.paginate(tmdb.movies.changes, 11)
                )
            )
            > 0
        )

    play(variant, simulator, scene)
    assert pages_asked_for(simulator) == [1, 2]


def test_a_server_that_does_not_page_ends_the_walk(variant: str, simulator: Simulator) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"changes": [{"key": "title", "items": []}]})

    async def scene(tmdb: Any) -> None:
        assert len(await items_of(tmdb.paginate(tmdb.movies.changes, 11))) == 1

    play(variant, simulator, scene, transport=httpx.MockTransport(answer))


def test_what_cannot_be_walked_is_told_at_once(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        refused: list[Callable[[], Any]] = [
            lambda: tmdb.paginate(tmdb.movies.details, 11),  # type: ignore[call-overload]
            lambda: tmdb.paginate(print),  # type: ignore[call-overload]
            lambda: tmdb.paginate(tmdb.movies.popular, page=2),
            lambda: tmdb.paginate(tmdb.movies.popular, start_page=0),
            lambda: tmdb.paginate(tmdb.movies.popular, start_page=501),
            lambda: tmdb.paginate(tmdb.movies.popular, max_items=0),
            lambda: tmdb.paginate(tmdb.movies.popular, max_items=1.5),  # type: ignore[call-overload]
        ]
        for attempt in refused:
            with pytest.raises(InvalidArgument):
                attempt()
        with pytest.raises(TypeError, match=r"discover\.movie: got an unexpected keyword argument 'with_genre'"):
            tmdb.paginate(tmdb.discover.movie, with_genre=1)
    assert simulator.requests == []


# Ranges of changes


def test_a_long_range_of_changes_is_walked_in_ranges_that_tmdb_takes(simulator: Simulator, variant: str) -> None:
    start, end = date(2026, 1, 1), date(2026, 2, 20)

    async def scene(tmdb: Any) -> None:
        found = await items_of(tmdb.changes_between(tmdb.changes.movies, start=start, end=end))
        assert len(found) == len({change.id for change in found}) > 60
        with pytest.raises(InvalidArgument, match="TMDB takes 14 at most; walk a longer range with changes_between"):
            await result_of(tmdb.changes.movies(start_date=start, end_date=end))
        with pytest.raises(InvalidArgument, match="is before the start"):
            tmdb.changes_between(tmdb.changes.movies, start=end, end=start)
        with pytest.raises(InvalidArgument, match="is before start_date"):
            await result_of(tmdb.changes.movies(start_date=end, end_date=start))

    play(variant, simulator, scene)
    ranges = [(r.params["start_date"], r.params["end_date"]) for r in simulator.requests if r.params["page"] == "1"]
    assert ranges == [
        ("2026-01-01", "2026-01-15"), ("2026-01-15", "2026-01-29"), ("2026-01-29", "2026-02-12"),
        ("2026-02-12", "2026-02-20"),
    ]  # fmt: skip
    assert all(request.http_status == 200 for request in simulator.requests)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 4000))
def test_ranges_cover_every_day_and_none_is_too_long(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    found = list(windows(start, end))
    assert (found[0][0], found[-1][1]) == (start, end)
    assert all(timedelta(0) <= last - first <= LONGEST_RANGE for first, last in found)
    assert all(former[1] == latter[0] for former, latter in pairwise(found))


# What may not be there


def test_a_lookup_that_finds_nothing_can_give_none(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        assert await result_of(tmdb.or_none(tmdb.movies.details, 999_999_999)) is None
        film = await result_of(tmdb.or_none(tmdb.movies.details, 11, append=["credits"]))
        assert film.credits.cast
        with pytest.raises(NotFound):
            await result_of(tmdb.movies.details(999_999_999))
        simulator.fail_next(500)
        with pytest.raises(ServerError):
            await result_of(tmdb.or_none(tmdb.movies.details, 11))

    play(variant, simulator, scene)


# What TMDB says of its pages, and does not keep


def promising(pages: list[dict[str, Any]]) -> Callable[[httpx.Request], httpx.Response]:
    """A server that answers with these pages, whose `results` are ids."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        page = {"page": number, **pages[min(number, len(pages)) - 1]}
        return httpx.Response(200, json={**page, "results": [{"id": one} for one in page["results"]]})

    return answer


def walk_of(variant: str, answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> tuple[list[int], Any]:
    """The ids that a walk gives, and what it says of itself after that."""
    settings: dict[str, Any] = {"api_key": "0" * 31 + "1", "transport": httpx.MockTransport(answer)}

    async def main() -> tuple[list[int], Any]:
        if variant == "sync":
            with TMDB(**settings) as tmdb:
                films = tmdb.paginate(tmdb.movies.popular, **options)
                return [film.id or 0 for film in films], films
        async with AsyncTMDB(**settings) as other:
            walk = other.paginate(other.movies.popular, **options)
            return [film.id or 0 async for film in walk], walk

    return anyio.run(main)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.name == "tmdb_ext" and record.levelname == "WARNING"
    ]


def full(ids: list[int], **more: Any) -> dict[str, Any]:
    return {"results": ids, "total_pages": 3, "total_results": 6, **more}


@pytest.mark.parametrize(
    ("pages", "came"),
    [
        ([full([1, 2]), full([], total_pages=0, total_results=0)], [1, 2]),
        ([full([1, 2]), full([3], total_pages=0, total_results=0)], [1, 2, 3]),
        ([full([1, 2]), full([]), full([5, 6])], [1, 2, 5, 6]),
        ([full([1, 2]), full([3, 4]), full([5])], [1, 2, 3, 4, 5]),
        ([full([1, 2]), full([3, 4], total_pages=2, total_results=4)], [1, 2, 3, 4]),
    ],
)
def test_a_walk_that_gets_fewer_items_than_promised_says_so(
    variant: str, caplog: pytest.LogCaptureFixture, pages: list[dict[str, Any]], came: list[int]
) -> None:
    found, walk = walk_of(variant, promising(pages))
    assert found == came
    assert walk.truncated
    assert walk.total_results == 6
    assert warnings_in(caplog) == ["movie-popular-list: TMDB said that there are 6 items, and sent fewer"]


@pytest.mark.parametrize(
    ("pages", "options"),
    [
        ([full([1, 2]), full([3, 4]), full([5, 6])], {}),
        ([full([1, 2]), full([2, 3]), full([5, 6])], {}),
        ([full([1, 2]), full([3, 4]), full([5, 6])], {"max_items": 3}),
        ([full([1, 2]), full([3, 4]), full([5, 6])], {"start_page": 2}),
        ([full([1, 2]), full([3, 4]), full([6])], {"start_page": 3}),
        ([full([], total_pages=0, total_results=0)], {}),
        ([{"results": [1], "total_pages": 2}, {"results": [2], "total_pages": 2}], {}),
    ],
)
def test_a_walk_that_gets_what_was_promised_is_not_truncated(
    variant: str, caplog: pytest.LogCaptureFixture, pages: list[dict[str, Any]], options: dict[str, Any]
) -> None:
    _, walk = walk_of(variant, promising(pages), **options)
    assert not walk.truncated
    assert warnings_in(caplog) == []


def test_a_walk_that_starts_late_knows_what_it_has_left_out(variant: str, caplog: pytest.LogCaptureFixture) -> None:
    pages = [full([1, 2]), full([3, 4]), full([])]
    assert walk_of(variant, promising(pages), start_page=2)[1].truncated
    assert len(warnings_in(caplog)) == 1


def test_each_walk_judges_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    answers = [full([1, 2], total_pages=2, total_results=4), full([], total_pages=0)]
    with TMDB(api_key="0" * 31 + "1", transport=httpx.MockTransport(promising(answers))) as tmdb:
        films = tmdb.paginate(tmdb.movies.popular)
        assert len(list(films)) == 2
        assert films.truncated
        answers[1] = full([3, 4], total_pages=2, total_results=4)
        assert len(list(films)) == 4
        assert not films.truncated
    assert len(warnings_in(caplog)) == 1


@pytest.mark.parametrize("unique", [True, False])
def test_tagged_images_come_once_although_every_page_repeats_them(
    simulator: Simulator, variant: str, unique: bool
) -> None:
    async def scene(tmdb: Any) -> None:
        pages = tmdb.paginate(tmdb.people.tagged_images, 25, unique=unique)
        images = await items_of(pages)
        assert len(images) == len({image.id for image in images}) == 20
        assert (pages.truncated, pages.total_results) == (True, 80)

    play(variant, simulator, scene)
    asked = sorted(pages_asked_for(simulator))
    assert asked == ([1, 2] if variant == "sync" else [1, 2, 3, 4])


def test_tagged_images_are_of_movies_series_seasons_and_episodes(simulator: Simulator) -> None:
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        page = tmdb.people.tagged_images(22, page=3)
        kinds = {(type(image.media).__name__, image.media_type) for image in page.results}
    assert page.page == 0
    assert kinds == {
        ("MovieSummary", "movie"), ("TvSeriesSummary", "tv"), ("EpisodeSummary", "episode"),
        ("SeasonSummary", "season"),
    }  # fmt: skip


def test_a_page_of_an_ordinary_listing_may_be_as_the_one_before(variant: str) -> None:
    assert walked(variant, listing([[1], [1], [2]]), unique=False) == [1, 1, 2]


# What is trending has a thousand pages


@pytest.mark.parametrize("kind", ["all", "movies", "people", "tv"])
def test_trending_is_walked_to_its_thousandth_page(simulator: Simulator, variant: str, kind: str) -> None:
    async def scene(tmdb: Any) -> None:
        method = getattr(tmdb.trending, kind)
        assert (await result_of(method("day", page=501))).page == 501
        pages = tmdb.paginate(method, "day", start_page=998)
        assert len(await items_of(pages)) == 60
        assert (pages.page, pages.total_pages, pages.total_results) == (1000, 1000, 20_000)
        assert not pages.truncated
        with pytest.raises(InvalidArgument, match="page 1001: TMDB has pages 1 to 1000"):
            await result_of(method("day", page=1001))
        with pytest.raises(InvalidArgument, match="from 1 to 1000"):
            tmdb.paginate(method, "day", start_page=1001)

    play(variant, simulator, scene)
    assert max(pages_asked_for(simulator)) == 1000


def test_trending_with_more_pages_is_walked_no_further(simulator: Simulator, variant: str) -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return httpx.Response(200, json={"page": page, "results": [{"id": page}], "total_pages": 39_000})

    async def scene(tmdb: Any) -> None:
        films = await items_of(tmdb.paginate(tmdb.trending.movies, "day", start_page=999))
        assert [film.id for film in films] == [999, 1000]

    play(variant, simulator, scene, transport=httpx.MockTransport(endless))


# A guest who has rated nothing


@pytest.mark.parametrize("kind", ["movies", "tv", "tv_episodes"])
def test_a_guest_without_ratings_has_an_empty_page(simulator: Simulator, variant: str, kind: str) -> None:
    async def scene(tmdb: Any) -> None:
        method = getattr(tmdb.guest_sessions, f"rated_{kind}")
        page = await result_of(method(page=2))
        assert (page.page, page.results, page.total_pages, page.total_results) == (2, [], 0, 0)
        assert simulator.requests[-1].http_status == 404
        pages = tmdb.paginate(method)
        assert await items_of(pages) == []
        assert (pages.total_results, pages.truncated) == (0, False)
        simulator.fail_next(500, operation=simulator.requests[-1].operation)
        with pytest.raises(ServerError):
            await result_of(method())
        simulator.fail_next(tmdb_code=6, operation=simulator.requests[-1].operation)
        with pytest.raises(NotFound):
            await result_of(method())

    play(variant, simulator, scene)


def test_what_is_not_there_elsewhere_is_no_empty_page(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        for method, arguments in ((tmdb.movies.similar, [999_999_999]), (tmdb.account.rated_movies, [])):
            simulator.fail_next(tmdb_code=34)
            with pytest.raises(NotFound):
                await result_of(method(*arguments))

    play(variant, simulator, scene, session_id=simulator.create_session())
