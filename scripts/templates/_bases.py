"""What some models can do beside holding values: the classes that the document names as their base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._model import Model

if TYPE_CHECKING:
    from .v4.models import CommentedListItem, ListItem, ListItemResult, MovieSummary, TvSeriesSummary, UnknownMedia

# TMDB may leave media_type out; the model says then what an item is.
_KINDS = {"MovieSummary": "movie", "TvSeriesSummary": "tv"}


class Commented(Model):
    """A list that keeps its comments apart from its items, each under kind and id: `movie:550`."""

    comments: dict[str, str | None] | None

    def comment_of(
        self, item: MovieSummary | TvSeriesSummary | UnknownMedia | ListItem | CommentedListItem | ListItemResult
    ) -> str | None:
        """Return the comment of an item: `shown.comment_of(shown.results[0])`.

        TMDB sends the comments of the items on a page together with that page.

        Args:
            item: One of `results`, or what names an item: `ListItem(media_type="movie", media_id=550)`.

        Returns:
            The comment; None if the item has none or is not on this page.
        """
        if not isinstance(self.comments, dict):  # null, or not what it should be
            return None
        kind = item.media_type or _KINDS.get(type(item).__name__)
        number = item.media_id if hasattr(item, "media_id") else item.id
        return self.comments.get(f"{kind}:{number}")
