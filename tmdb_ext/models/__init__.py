"""The models of TMDB's v3, and the few types that programs use beside them.

    from tmdb_ext.models import MovieDetails, MovieSummaryPage

They are those of `tmdb_api_client.v3.models`, each imported when it is first used. Those of v4 are in
`tmdb_ext.models.v4`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tmdb_api_client.v3 import models as _models

if TYPE_CHECKING:
    from tmdb_api_client._model import Model, Page
    from tmdb_api_client.v3 import AnyOf, AppendedSeason, Filter, UnknownAppend, Unlisted, any_of, season
    from tmdb_api_client.v3.models import *  # noqa: F403 - so that it has all of them, whatever they are

    from . import v4

_ELSEWHERE: Final = {
    "AnyOf": "tmdb_api_client.v3",
    "AppendedSeason": "tmdb_api_client.v3",
    "Filter": "tmdb_api_client.v3",
    "Model": "tmdb_api_client._model",
    "Page": "tmdb_api_client._model",
    "UnknownAppend": "tmdb_api_client.v3",
    "Unlisted": "tmdb_api_client.v3",
    "any_of": "tmdb_api_client.v3",
    "season": "tmdb_api_client.v3",
}

__all__ = [
    "AnyOf",
    "AppendedSeason",
    "Filter",
    "Model",
    "Page",
    "UnknownAppend",
    "Unlisted",
    "any_of",
    "season",
    "v4",
]
__all__ += _models.__all__


if not TYPE_CHECKING:  # for which a name that is not listed is a mistake

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "v4":
            return import_module(".v4", __name__)
        value = getattr(import_module(_ELSEWHERE.get(name, "tmdb_api_client.v3.models")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
