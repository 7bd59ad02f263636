"""The rows of a run: what is called for each, and what tells one from another."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from tmdb_api_client._endpoint import PERSONAL

from tmdb_ext._arguments import SECRET
from tmdb_ext._errors import InvalidArgument, TMDBError
from tmdb_ext._operations import name_of, operation_of

from .clients import Client, client_of, fault_of_call
from .plain import to_plain, whole_number

Id: TypeAlias = int | str | tuple[int | str, ...]
"""The id of a row, or its ids, where an operation has several."""
Row: TypeAlias = int | str | Sequence[int | str | Mapping[str, Any]] | Mapping[str, Any]
"""An id; or several, as the operation's path has them, and further arguments after them; or all arguments by name."""

_LONGEST_SHOWN = 100


class Asked:
    """One row: the call that it stands for."""

    __slots__ = ("arguments", "error", "id", "is_doubtful", "key", "keywords", "positional", "row", "secrets")

    def __init__(self, row: Any) -> None:
        self.row: Any = row
        """The row, as the program gave it."""
        self.id: Id = ()
        self.key: Hashable = None
        """What tells this row from another one; None if nothing does."""
        self.secrets: frozenset[str] = frozenset()
        """The names of arguments of this row that are credentials."""
        self.positional: tuple[Any, ...] = ()
        self.keywords: dict[str, Any] = {}
        self.arguments: Mapping[str, Any] = {}
        """The arguments of the call by name: this row's and those of all rows."""
        self.error: TMDBError | None = None
        """Why it is not sent."""
        self.is_doubtful: bool = False
        """Whether a former run sent it, and did not learn what came of it."""


class Called:
    """A method of a client, and the arguments that it gets for all rows."""

    def __init__(self, method: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        positional: tuple[Any, ...] = ()
        while isinstance(method, functools.partial):
            positional, arguments = (*method.args, *positional), {**method.keywords, **arguments}
            method = method.func
        operation = operation_of(method)
        if operation is None:
            raise InvalidArgument(
                "Give a method of the client, such as tmdb.movies.details, or a functools.partial of one."
            )
        self.method = method
        self.client: Client = client_of(method)
        self.operation = operation
        self.name: str = name_of(operation)
        self.shown: str = f"{operation.tag}.{operation.resource}"
        self._signature = inspect.signature(method)
        self._positional = positional
        self._keywords = dict(arguments)
        try:
            shared = self._signature.bind_partial(*positional, **arguments)
        except TypeError as error:
            raise TypeError(f"{self.shown}: {error}") from None
        self.shared: Mapping[str, Any] = shared.arguments
        """The arguments of all rows by name."""
        names = list(self._signature.parameters)
        self._ids = [name for name in names if f"{{{name}}}" in operation.path]
        self._names = names[len(positional) :]
        self._check_shared()

    def read(self, row: object) -> Asked:
        """Return the call that a row stands for; what is wrong with the row is its error."""
        asked = Asked(row)
        values = tuple(row) if isinstance(row, list | tuple) else (row,)
        if values and isinstance(values[-1], Mapping):
            values, named = values[:-1], values[-1]
            asked.keywords = dict(named)
        asked.positional = tuple(values)
        own = {**dict(zip(self._names, values, strict=False)), **asked.keywords}
        asked.id = self._id_of(row, own)
        asked.secrets = SECRET & own.keys()
        try:
            bound = self._signature.bind(*self._positional, *asked.positional, **{**self._keywords, **asked.keywords})
        except TypeError as error:
            problem = f"{self.shown}: {error}; the row is {_shown(row, own)}"
        else:
            asked.arguments = bound.arguments
            asked.key = self._row_key(own)
            return asked
        asked.error = InvalidArgument(problem, operation=self.name)
        return asked

    def call(self, asked: Asked) -> Any:
        """Call the method for a row. What an async client's method returns is to be awaited."""
        return self.method(*self._positional, *asked.positional, **{**self._keywords, **asked.keywords})

    def _id_of(self, row: object, own: Mapping[Any, Any]) -> Id:
        """Return how a result is named: by the ids of its row, in the row's own form, and never by a secret."""
        if SECRET.isdisjoint(own) and not isinstance(row, Mapping):
            if not isinstance(row, list | tuple):
                return cast("Id", row)
            if not any(isinstance(value, Mapping) for value in row):
                return tuple(row)
        named = {str(name): value for name, value in own.items() if name not in SECRET | PERSONAL}
        names = [name for name in self._ids if name in named]
        # The id of a mark is in its body, and some rows have none: {"page": 2}.
        names = names or [name for name in named if name.endswith("_id")] or list(named)
        ids = tuple(named[name] for name in names)
        return ids[0] if len(ids) == 1 else ids

    def key_of(self, arguments: Mapping[str, Any]) -> str | None:
        """Return what tells arguments from others: the same if the same is sent, however it is written."""
        same = {name: self._same(name, value) for name, value in arguments.items()}
        try:
            return json.dumps(to_plain(same), sort_keys=True, separators=(",", ":"))
        except (InvalidArgument, TypeError, ValueError):
            return None  # the client will say what is wrong with it

    def _row_key(self, own: Mapping[str, Any]) -> Hashable:
        if len(own) == 1 and self._names[0] in own:  # most runs, and they are long
            only = self._same(self._names[0], own[self._names[0]])
            if isinstance(only, int | str) and not isinstance(only, bool):  # True is no 1
                return only
        return self.key_of(own)

    def _same(self, name: str, value: object) -> object:
        if name in self._ids:
            if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
                return int(value)
            whole = whole_number(value)
            return value if whole is None else whole
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def _check_shared(self) -> None:
        """Look at the arguments of all rows, with ids made up: what is wrong with them is wrong with every row.

        Raises:
            InvalidArgument: TMDB would refuse one of them.
        """
        made_up = dict.fromkeys(self._ids, 1)
        fault = self._fault({**made_up, **self.shared})
        # If an id that is made up is refused by itself, only the rows can show what is wrong.
        if fault is not None and self._fault(made_up) is None:
            raise fault

    def _fault(self, arguments: Mapping[str, Any]) -> InvalidArgument | None:
        try:
            self._signature.bind(**arguments)
        except TypeError:
            return None  # the rows have the others
        return fault_of_call(self.method, arguments)


def _shown(row: object, own: Mapping[Any, Any]) -> str:
    if not SECRET.isdisjoint(own):
        row = {name: value for name, value in own.items() if name not in SECRET}
    text = repr(row)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
