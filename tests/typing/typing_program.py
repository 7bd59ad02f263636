"""Type-checked by scripts/check, never run: what a user's program may rely on."""

from __future__ import annotations

import datetime
from functools import partial
from typing import assert_type

from tmdb_api_client.v3 import Unlisted
from tmdb_api_client.v3.api.movies import movie_details
from tmdb_api_client.v3.models import (
    AggregateCrewMember,
    CastMember,
    CollectionSummary,
    Credits,
    CrewMember,
    EpisodeDetails,
    EpisodeSummary,
    Genre,
    Language,
    MovieDetails,
    MovieReleases,
    MovieSummary,
    MovieSummaryPage,
    PersonSummary,
    SeasonDetails,
    SeasonSummary,
    Status,
    TvSeriesSummary,
    UnknownMedia,
)
from tmdb_api_client.v3.types import Response
from tmdb_api_client.v4.models import ItemStatus

from tmdb_ext import (
    TMDB,
    AsyncFetchMany,
    AsyncPages,
    AsyncTMDB,
    AsyncWriteMany,
    Fetched,
    FetchMany,
    MovieId,
    Pages,
    WriteMany,
    any_of,
    daily_ids,
    facts,
    models,
    read_fetched,
    season,
)
from tmdb_ext.models import Filter, MovieAppend, Page, TvSeriesDetails
from tmdb_ext.models.v4 import ListDetails as ListDetailsV4


def attributes(tmdb: TMDB) -> None:
    film = tmdb.movies.details(11, append=["credits", "videos"], language="de")
    assert_type(film, MovieDetails)
    assert_type(film.title, str | None)
    assert_type(film.vote_average, float | None)
    assert_type(film.release_date, datetime.date | None)
    assert_type(film.genres, list[Genre])
    film.release_date.year  # type: ignore[union-attr]
    if film.release_date:
        assert_type(film.release_date.year, int)
    if film.credits:
        assert_type(film.credits.cast[0], CastMember)


async def endpoints(tmdb: TMDB, other: AsyncTMDB) -> None:
    assert_type(movie_details.sync_detailed(11, client=tmdb.low_level), Response[MovieDetails | Status])
    assert_type(movie_details.sync(11, client=tmdb.low_level, language="de"), MovieDetails | Status | None)
    assert_type(await movie_details.asyncio_detailed(11, client=other.low_level), Response[MovieDetails | Status])
    assert_type(await movie_details.asyncio(11, client=other.low_level), MovieDetails | Status | None)
    movie_details.sync(1.5, client=tmdb.low_level)  # type: ignore[arg-type]
    movie_details.sync("tt0076759", client=tmdb.low_level)
    movie_details.sync(11, client=tmdb.low_level, langage="de")  # type: ignore[call-arg]


def arguments(tmdb: TMDB) -> None:
    assert_type(tmdb.search.movie("star wars", year=1977), MovieSummaryPage)
    assert_type(tmdb.movies.add_rating(11, value=8.5), Status)
    assert_type(tmdb.configuration.primary_translations(), list[str])
    tmdb.account.favorite_movies(sort_by="created_at.asc")
    tmdb.discover.movie(primary_release_date_gte=datetime.date(1977, 1, 1), sort_by="popularity.desc")
    tmdb.movies.details("tt0076759")
    tmdb.movies.credits("tt0076759")  # type: ignore[arg-type]
    tmdb.tv_series.details("41")  # type: ignore[arg-type]
    tmdb.movies.details(11, append=["images"], include_image_language=["de", None])
    tmdb.movies.images(11, include_image_language=["de", None])
    tmdb.movies.images(11, include_image_language=[1])  # type: ignore[list-item]
    tmdb.movies.details(11, append=["credit"])  # type: ignore[list-item]
    tmdb.movies.details(11, append=["credits", Unlisted("awards")])
    tmdb.movies.add_rating(11)  # type: ignore[call-arg]
    tmdb.discover.movie(sort_by="fame")  # type: ignore[arg-type]
    tmdb.movies.add_rating(11, value=8.5, session_id="x")  # type: ignore[call-arg]


def appended(tmdb: TMDB) -> None:
    series = tmdb.tv_series.details(1, append=["season/1", "credits", season(40), season(1, "credits")])
    assert_type(series.seasons_appended, dict[int, SeasonDetails])
    assert_type(tmdb.tv_series.all_seasons(1396, append=["credits"]), list[SeasonDetails])
    tmdb.tv_series.all_seasons(1396, append=["credit"])  # type: ignore[list-item]
    assert_type(series.seasons_appended[1].credits, Credits | None)
    assert_type(series.seasons_appended[1].episodes_appended, dict[int, EpisodeDetails])
    season(1, "credit")  # type: ignore[arg-type]
    tmdb.tv_series.details(1, append=["seasons/1"])  # type: ignore[list-item]
    tmdb.movies.details(11, append=[season(1)])  # type: ignore[list-item]
    assert_type(tmdb.configuration.details(append=["languages"]).languages, list[Language])


def served(tmdb: TMDB) -> None:
    assert_type(tmdb.companies.movies(1), MovieSummaryPage)
    assert_type(tmdb.genres.movies_of(28, page=2), MovieSummaryPage)
    assert_type(tmdb.genres.movies().genres, list[Genre])
    assert_type(tmdb.movies.releases(11), MovieReleases)
    assert_type(tmdb.paginate(tmdb.trending.movies, "day").truncated, bool)
    for image in tmdb.people.tagged_images(1).results:
        assert_type(image.media, MovieSummary | TvSeriesSummary | EpisodeSummary | SeasonSummary | UnknownMedia | None)
    assert_type(next(daily_ids("adult_movie")), MovieId)


def narrowed(tmdb: TMDB) -> str | None:
    for found in tmdb.search.multi("star").results:
        match found:
            case MovieSummary():
                return found.title
            case TvSeriesSummary() | PersonSummary() | CollectionSummary():
                return found.name
            case UnknownMedia():
                assert_type(found.media_type, str | None)
    return None


def paged(tmdb: TMDB) -> None:
    assert_type(tmdb.paginate(tmdb.discover.movie, with_genres=[878]), Pages[MovieSummary])
    for film in tmdb.paginate(tmdb.discover.movie, max_items=200):
        assert_type(film, MovieSummary)
    for change in tmdb.changes_between(
        tmdb.changes.movies, start=datetime.date(2026, 1, 1), end=datetime.date(2026, 3, 1)
    ):
        assert_type(change.id, int | None)
    assert_type(tmdb.paginate(tmdb.v4.lists.details, 1).page, int | None)
    tmdb.paginate(tmdb.movies.details, 11)  # type: ignore[arg-type]
    assert_type(tmdb.or_none(tmdb.movies.details, 11), MovieDetails | None)
    tmdb.or_none(tmdb.movies.details, 1.5)  # type: ignore[arg-type]


def listed(tmdb: TMDB) -> None:
    shown = tmdb.v4.lists.details(1, sort_by="title.desc")
    assert_type(shown.public, bool | None)
    assert_type([shown.comment_of(item) for item in shown.results], list[str | None])
    assert_type(tmdb.v4.lists.item_status(1, 11, "movie"), ItemStatus | None)
    assert_type(tmdb.v4.account.lists().results[0].public, int | None)
    assert_type(tmdb.v4.lists.add_items(1, items=[]).results[0].error, list[str])
    tmdb.v4.lists.create(name="mine", iso_639_1="en", public=False, sort_by="title.asc")
    tmdb.v4.lists.create(name="mine", iso_639_1="en", public=0)  # type: ignore[arg-type]
    tmdb.v4.lists.details(1, sort_by="popularity.desc")  # type: ignore[arg-type]
    shown.comment_of("movie:11")  # type: ignore[arg-type]


def in_bulk(tmdb: TMDB) -> None:
    assert_type(tmdb.fetch_many(tmdb.movies.details, [11, 12], append=["credits"]), FetchMany[MovieDetails])
    for result in tmdb.fetch_many(tmdb.movies.details, [11]):
        assert_type(result.value, MovieDetails | None)
        assert_type(result.result(), MovieDetails)
    for kept in read_fetched("films.jsonl", MovieDetails):
        assert_type(kept.result(), MovieDetails)
    assert_type(tmdb.fetch_many(tmdb.tv_seasons.details, [(1396, 1), (1396, 2)]), FetchMany[SeasonDetails])
    assert_type(tmdb.fetch_many(partial(tmdb.tv_seasons.details, 1396), range(1, 6)), FetchMany[SeasonDetails])
    rows = [{"movie_id": 11, "value": 8.5}, {"movie_id": 12, "value": 7.0}]
    run = tmdb.write_many(tmdb.movies.add_rating, rows, resume="ratings.jsonl")
    assert_type(run, WriteMany[Status])
    for written in run:
        assert_type(written.id, int | str | tuple[int | str, ...])
        assert_type(written.value, Status | None)
    assert_type(run.failures, tuple[Fetched[Status], ...])
    tmdb.fetch_many(tmdb.movies.details, [1.5])  # type: ignore[list-item]


def filtered(tmdb: TMDB) -> None:
    tmdb.discover.movie(with_genres=878, with_cast=[1, 2], with_keywords=any_of(3, 4), without_genres="18,35")
    tmdb.discover.tv(with_origin_country=any_of("DE", "AT"), with_watch_monetization_types=["flatrate"])
    tmdb.discover.movie(with_genres=["science fiction"])  # type: ignore[list-item]
    tmdb.discover.movie(with_genres=8.5)  # type: ignore[arg-type]


async def awaited(tmdb: AsyncTMDB) -> None:
    assert_type(await tmdb.v4.lists.item_status(1, 11, "movie"), ItemStatus | None)
    film = await tmdb.movies.details(11)
    assert_type(film, MovieDetails)
    assert_type((await tmdb.trending.movies("day")).results, list[MovieSummary])
    assert_type(tmdb.paginate(tmdb.movies.popular, prefetch=2), AsyncPages[MovieSummary])
    assert_type(await tmdb.tv_series.all_seasons(1396), list[SeasonDetails])
    assert_type(await tmdb.or_none(tmdb.movies.details, 11), MovieDetails | None)
    assert_type(tmdb.fetch_many(tmdb.movies.details, [11]), AsyncFetchMany[MovieDetails])
    assert_type(tmdb.write_many(tmdb.movies.delete_rating, [11, 12]), AsyncWriteMany[Status])


def everyday_questions(tmdb: TMDB) -> None:
    film = tmdb.movies.details(11, append=["credits"])
    assert_type(facts.year(film), int | None)
    assert_type(facts.directors(film), list[CrewMember])
    assert_type(facts.cast(film.credits or Credits(), 3), list[CastMember])
    assert_type(facts.writers(tmdb.tv_series.aggregate_credits(1396)), list[AggregateCrewMember])
    assert_type(facts.directors(tmdb.tv_series.details(1396)), list[CrewMember | AggregateCrewMember])
    for found in tmdb.search.multi("star"):
        assert_type(facts.title(found), str | None)
        facts.year(found), facts.overview(found), facts.genre_names(found, tmdb.genres.movies(), tmdb.genres.tv())
    for item in tmdb.v4.lists.details(1):
        facts.title(item), facts.year(item), facts.overview(item), facts.genre_names(item, tmdb.genres.movies())
    for part in tmdb.collections.details(10).parts:
        facts.title(part), facts.year(part), facts.genre_names(part, tmdb.genres.movies())
    season_ = tmdb.tv_seasons.details(1396, 1)
    facts.title(season_, ["de"]), facts.year(season_), facts.runtime(season_.episodes[0])
    facts.genre_names(film), facts.imdb_url(film), facts.where_to_watch(season_, "DE")
    facts.directors(tmdb.search.movie("star")[0])  # type: ignore[call-overload]
    facts.certification(season_, "DE")  # type: ignore[arg-type]
    facts.year(tmdb.genres.movies())  # type: ignore[arg-type]
    facts.genre_names(tmdb.search.movie("star")[0])  # type: ignore[call-overload]


def models_beside_the_client(tmdb: TMDB, page: Page[MovieSummary], genres: Filter[int], name: MovieAppend) -> None:
    assert_type(tmdb.movies.details(11, append=[name]), models.MovieDetails)
    assert_type(tmdb.tv_series.details(1396), TvSeriesDetails)
    assert_type(tmdb.v4.lists.details(1), ListDetailsV4)
    assert_type(tmdb.v4.lists.details(1), models.v4.ListDetails)
    assert_type(page[0], models.MovieSummary)
    tmdb.discover.movie(with_genres=genres)
    models.MovieDetail  # type: ignore[attr-defined]
    models.v4.MovieDetails  # type: ignore[attr-defined]
