"""`tmdb.tv_series`: the generated resource, and all seasons of a series."""

from __future__ import annotations

from collections.abc import Sequence

from tmdb_api_client.v3 import models
from tmdb_api_client.v3.resources.tv_series import AsyncTvSeriesResource

from tmdb_ext._client.seasons import Seasons


class AsyncTvSeries(AsyncTvSeriesResource):
    """TV series, async."""

    async def all_seasons(
        self, series_id: int, *, append: Sequence[models.SeasonAppend] = (), language: str | None = None
    ) -> list[models.SeasonDetails]:
        """Get all seasons of a series with their episodes, up to 20 in one request.

        ``for season in await tmdb.tv_series.all_seasons(1396): print(season.season_number, len(season.episodes))``

        TMDB's reference: https://developer.themoviedb.org/docs/append-to-response

        Args:
            series_id: Id of the series.
            append: Sub-resources of each season to send along: ``["credits"]``. Each counts against the 20: with one of
                them a request brings 10 seasons.
            language: Language of the texts, ISO 639-1, optionally with a country: de or pt-BR. TMDB assumes en-US.

        Returns:
            The seasons in the order of their numbers; the specials, if there are any, come first as season 0.

        Raises:
            InvalidArgument: TMDB does not take `append`, or `series_id` is not a number.
            NotFound: there is no such series.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        seasons = Seasons(append)
        while numbers := seasons.next():
            seasons.take(await self.details(series_id, append=seasons.names(numbers), language=language))
        return seasons.found()
