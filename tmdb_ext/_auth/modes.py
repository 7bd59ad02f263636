"""Which user-level credentials calls use: the mode of a client, of a block, or of one call."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from tmdb_ext._errors import ConfigurationError

from .selection import MODES, Mode

if TYPE_CHECKING:
    from types import TracebackType

_OVERRIDES: Final[ContextVar[Mapping[object, Mode]]] = ContextVar("tmdb_ext_modes", default=MappingProxyType({}))


def mode_in_force(owner: object, default: Mode) -> Mode:
    """Return the mode of the innermost block of `owner`, or else `default`."""
    return _OVERRIDES.get().get(owner, default)


class ModeBlock:
    """A block in which calls of a client use another mode.

    It holds for the thread or task that enters it and for the tasks started inside; other threads are not touched.
    """

    def __init__(self, owner: object, mode: Mode) -> None:
        self._owner = owner
        self.mode: Mode = check_mode(mode)
        self._former: list[Mapping[object, Mode]] = []

    def enter(self) -> None:
        """Begin the block."""
        former = _OVERRIDES.get()
        self._former.append(former)
        _OVERRIDES.set({**former, self._owner: self.mode})

    def leave(self) -> None:
        """End the block."""
        _OVERRIDES.set(self._former.pop())


class PlainBlock:
    """A block in which a client uses another mode, entered without waiting by sync and async programs alike."""

    _block: ModeBlock

    def __enter__(self) -> Self:
        self._block.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._block.leave()


def check_mode(mode: Mode) -> Mode:
    """Return `mode` if it is one.

    Raises:
        ConfigurationError: it is not.
    """
    if mode not in MODES:
        raise ConfigurationError(f"mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}.")
    return mode
