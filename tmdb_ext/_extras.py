"""What optional dependencies bring, and what to do where they are missing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def extra(name: str, what: str, *modules: str) -> Iterator[None]:
    """Import what an extra brings in this block.

    Args:
        name: the extra: ``redis``.
        what: what needs it, as the beginning of a sentence.
        modules: the modules that it brings; another one that is missing is another mistake.

    Raises:
        ConfigurationError: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name not in modules:
            raise
        raise ConfigurationError(f"{what} an extra: pip install 'tmdb-ext[{name}]'.") from None
