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

_OVERRIDES: Final[ContextVar[Mapping[object, tuple[Mode, ...]]]] = ContextVar(
    "tmdb_ext_modes", default=MappingProxyType({})
)
"""The modes of the blocks that are open here, for each client the innermost last. A task has those of its parent."""


def mode_in_force(owner: object, default: Mode) -> Mode:
    """Return the mode of the innermost block of `owner`, or else `default`."""
    modes = _OVERRIDES.get().get(owner)
    return modes[-1] if modes else default


class ModeBlock:
    """A block in which calls of a client use another mode.

    It holds for the thread or task that enters it and for the tasks started inside; other threads are not touched. It
    knows nothing of who is inside, so that several tasks may be inside one block at once.
    """

    def __init__(self, owner: object, mode: Mode) -> None:
        self._owner = owner
        self.mode: Mode = check_mode(mode)

    def enter(self) -> None:
        """Begin the block."""
        modes = _OVERRIDES.get()
        _OVERRIDES.set({**modes, self._owner: (*modes.get(self._owner, ()), self.mode)})

    def leave(self) -> None:
        """End the block. Left in another context than it was entered in, it changes nothing."""
        modes = dict(_OVERRIDES.get())
        rest = modes.pop(self._owner, ())[:-1]
        if rest:
            modes[self._owner] = rest
        _OVERRIDES.set(modes)


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
