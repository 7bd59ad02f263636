"""What comes of a row, and how far a run is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from tmdb_ext._errors import TMDBError

from .rows import Id, Row

T = TypeVar("T")
M_co = TypeVar("M_co", covariant=True)


class Fetched(Generic[T]):
    """What came of one row: TMDB's answer, or the error."""

    __slots__ = ("error", "id", "row", "value")

    def __init__(
        self,
        id: Id,  # noqa: A002 - the name that the attribute has
        value: T | None = None,
        error: TMDBError | None = None,
        *,
        row: Row | None = None,
    ) -> None:
        self.id: Id = id
        """The id of the row; a tuple if it has several."""
        self.row: Id | Row = id if row is None else row
        """The row, as it was given."""
        self.value: T | None = value
        """TMDB's answer; None if the call failed."""
        self.error: TMDBError | None = error
        """Why there is no value."""

    def result(self) -> T:
        """Return the value.

        Raises:
            TMDBError: there is none; the error is that of the call.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]

    def __repr__(self) -> str:
        came = type(self.value).__name__ if self.error is None else repr(self.error)
        return f"<Fetched {self.id!r}: {came}>"


class Progress(NamedTuple):
    """How far a run is."""

    done: int
    """How many rows are done, those of former runs included."""
    failed: int
    """How many have failed in this run."""
    total: int | None
    """How many rows there are, if they have a length."""


class Model(Protocol[M_co]):
    """A class of the generated models."""

    def from_dict(self, src_dict: Mapping[str, Any], /) -> M_co:
        """Read what TMDB has sent."""
