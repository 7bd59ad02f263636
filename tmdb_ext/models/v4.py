"""The models of TMDB's v4, which has some of the same names for other things.

    from tmdb_ext.models.v4 import ListDetails

They are those of `tmdb_api_client.v4.models`, each imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tmdb_api_client.v4 import models as _models

if TYPE_CHECKING:
    from tmdb_api_client.v4.models import *  # noqa: F403 - so that it has all of them, whatever they are

__all__ = []
__all__ += _models.__all__


if not TYPE_CHECKING:  # for which a name that is not listed is a mistake

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(_models, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
