"""The main job, walked through: what scripts/demo shows after it has proved that the client is up to date."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence

from tmdb_ext import TMDB, TMDBError

FILM, QUERY, RATING = 11, "star wars", 8.5


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Walk through the client's main job.")
    parser.add_argument(
        "--live",
        action="store_true",
        help="ask TMDB itself, with TMDB_ACCESS_TOKEN or TMDB_API_KEY from the environment, not the simulator",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(format="    log: %(message)s")
    logging.getLogger("tmdb_ext").setLevel(logging.INFO)
    try:
        with contextlib.ExitStack() as stack:
            walk(stack.enter_context(live() if options.live else simulated()))
    except TMDBError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def live() -> Iterator[TMDB]:
    with TMDB() as tmdb:
        yield tmdb


@contextlib.contextmanager
def simulated() -> Iterator[TMDB]:
    from tmdb_ext.testing import Simulator

    for name in [name for name in os.environ if name.startswith("TMDB_")]:
        del os.environ[name]  # a person's own credentials have no business with a simulator
    with Simulator() as simulator:
        print(f"simulator of TMDB on {simulator.base_url}")
        with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            yield tmdb


def walk(tmdb: TMDB) -> None:
    """Application auth, a search, a movie with its cast, a guest rating read back."""
    print(f"\n1. {tmdb!r}")
    print(f"   {tmdb.auth.explain('authentication-validate-key')}")
    print(f"   valid: {tmdb.authentication.validate_key().success}")

    print(f"\n2. tmdb.search.movie({QUERY!r}, year=1977)")
    page = tmdb.search.movie(QUERY, year=1977)
    for movie in page.results[:5]:
        print(f"   {movie.id:>6}  {movie.title}  ({movie.release_date})  {movie.vote_average}")

    print(f'\n3. tmdb.movies.details({FILM}, append=["credits"])')
    film = tmdb.movies.details(FILM, append=["credits"])
    print(f"   {film.title}, {film.release_date}, {film.runtime} minutes")
    for member in film.credits.cast[:3] if film.credits else []:
        print(f"   {member.name} as {member.character}")

    print(f"\n4. tmdb.movies.add_rating({FILM}, value={RATING}), without a user: a guest session is made on demand")
    print(f"   {tmdb.auth.explain('movie-add-rating')}")
    status = tmdb.movies.add_rating(FILM, value=RATING)
    print(f"   TMDB says {status.status_code}: {status.status_message}")
    for rated in tmdb.guest_sessions.rated_movies().results:
        print(f"   read back: {rated.title} {rated.rating}")
    tmdb.movies.delete_rating(FILM)
    print("   and deleted again")


if __name__ == "__main__":
    raise SystemExit(main())
