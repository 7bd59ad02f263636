"""What comes of a row, and how far a run is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from tmdb_ext._errors import TMDBError

T = TypeVar("T")
M_co = TypeVar("M_co", covariant=True)


class Fetched(Generic[T]):
    """What came of one id: the value, or the error."""

    __slots__ = ("error", "id", "value")

    def __init__(self, id: int | str, value: T | None = None, error: TMDBError | None = None) -> None:  # noqa: A002
        self.id = id
        """The id that was asked for."""
        self.value = value
        """What TMDB has of it; None where that failed."""
        self.error = error
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
    """How many ids have a value, those of former runs included."""
    failed: int
    """How many have failed in this run."""
    total: int | None
    """How many there are, where `ids` has a length."""


class Model(Protocol[M_co]):
    """A class of the generated models."""

    def from_dict(self, src_dict: Mapping[str, Any], /) -> M_co:
        """Read what TMDB has sent."""
