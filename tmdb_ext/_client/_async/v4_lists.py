"""`tmdb.v4.lists`: the generated resource, and what TMDB's answers about an item of a list mean."""

from __future__ import annotations

from tmdb_api_client.v4 import models
from tmdb_api_client.v4.resources.lists import AsyncListsResource

from tmdb_ext._errors import NotFound


class AsyncV4Lists(AsyncListsResource):
    """Lists, the user's own and public ones, async."""

    async def item_status(self, list_id: int, media_id: int, media_type: models.MediaType) -> models.ItemStatus | None:
        """Ask whether a movie or series is on a list.

        TMDB answers alike, with 404, for an item that is not on the list and for a list that is not there. So if it
        does, the list itself is asked for: one more request.

        https://developer.themoviedb.org/v4/reference/list-item-status

        Args:
            list_id: id of the list.
            media_id: id of the movie or series to look for.
            media_type: kind of thing: movie or tv.

        Returns:
            What TMDB says of the item; None if it is not on the list.

        Raises:
            NotFound: there is no such list.
            AuthenticationError: the list is private, and not the user's.
            APIError: TMDB refused for another reason.
            TransportError: no answer came.
        """
        try:
            return await super().item_status(list_id, media_id, media_type)
        except NotFound:
            pass
        await self.details(list_id)  # raises unless there is such a list
        return None
