"""What all endpoints share: how parameters are written into a path and into a query."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from ._model import Model
    from .v3.models.season_append import SeasonAppend

T = TypeVar("T")

Filter: TypeAlias = T | Sequence[T] | str
"""A value, or several: a sequence means all of them, `any_of(...)` any of them; a string goes as it is."""


class Request(Generic[T]):
    """What an endpoint sends for an answer of type T.

    Args:
        method: the HTTP method.
        url: the path, with the version.
        query: values by parameter, those that are left out too.
        header: the same of headers.
        cookie: the same of cookies.
        body: what is sent as JSON.
    """

    __slots__ = ("body", "cookie", "header", "method", "query", "url")

    def __init__(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        cookie: Mapping[str, Any] | None = None,
        body: Model | None = None,
    ) -> None:
        self.method, self.url, self.query, self.header, self.cookie, self.body = (
            method,
            url,
            query,
            header,
            cookie,
            body,
        )


class AnyOf(tuple[T, ...]):
    """Values of which any will do: TMDB's pipe."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"any_of({', '.join(map(repr, self))})"


def any_of(*values: T) -> AnyOf[T]:
    """Values of which any will do, for a filter: `with_genres=any_of(28, 12)`; a list means all of them."""
    return AnyOf(values)


class Unlisted(str):
    """A value that the document does not list, for a parameter whose values it does: `append=[Unlisted("awards")]`."""

    __slots__ = ()


class AppendedSeason(str):
    """The name under which a season, or something below it, is appended to a series: what `season` returns."""

    __slots__ = ()


def season(number: int, below: SeasonAppend | None = None) -> AppendedSeason:
    """The name under which a season is appended to a series: `append=[season(1), season(1, "credits")]`.

    What comes of it is in `seasons_appended`, by the season's number: `series.seasons_appended[1].credits`.

    Args:
        number: the season's number; 0 for the specials.
        below: something of the season, in place of the season itself.
    """
    return AppendedSeason(f"season/{number}" if below is None else f"season/{number}/{below}")


class InvalidParameter(ValueError):  # noqa: N818 - named after what is wrong, as TMDB's own errors are
    """The value of a parameter cannot be what its caller meant; nothing was sent."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}{problem}")
        self.name = name
        """The name of the parameter."""
        self.problem = problem
        """What is wrong with it and what to do."""

    def __reduce__(self) -> tuple[type[InvalidParameter], tuple[str, str]]:
        return type(self), (self.name, self.problem)


class InvalidPathParameter(InvalidParameter):
    """The value of a path parameter would address another resource, or none; nothing was sent."""


class UnknownAppend(InvalidParameter):
    """Something is to be appended that the document does not list, and that is not `Unlisted`; nothing was sent."""


PERSONAL = frozenset({"account_id", "account_object_id", "guest_session_id"})
"""Path parameters whose values are not shown. Whoever sends a call may fill in their placeholder, `{account_id}`."""

_LONGEST_NUMBER = 20
_LONGEST_SHOWN = 60
_CONTROL = frozenset({*range(0x20), 0x7F})
_IMDB_ID = re.compile(r"tt[0-9]{7,12}")


def segment(value: object, name: str) -> str:
    """`value` as one segment of a path, percent-encoded.

    TMDB decodes a path once and resolves `..` after that, so encoding protects nothing. A value is refused if, decoded
    once, it would not be one segment: it is empty, `.` or `..`, or has `/`, `%` or a control character in it.

    Raises:
        InvalidPathParameter: `value` is refused.
    """
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    try:
        sent = text.encode()
    except UnicodeEncodeError:
        sent = b""
    if sent in (b"", b".", b"..") or b"/" in sent or b"%" in sent or not _CONTROL.isdisjoint(sent):
        raise _refused(name, value, "a text without '/', '%' or control characters, and not '.' or '..'")
    return quote(sent, safe="")


def number(value: object, name: str) -> str:
    """`value`, which has to be a whole number, as one segment of a path.

    Raises:
        InvalidPathParameter: it is something else.
    """
    text = "" if isinstance(value, (bool, float)) else value if isinstance(value, str) else _digits(value)
    if name in PERSONAL and text == f"{{{name}}}":
        return quote(text, safe="")
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise _refused(name, value, "a whole number")
    return text


def number_or_imdb_id(value: object, name: str) -> str:
    """`value`, which has to be a whole number or an IMDb id, as one segment of a path.

    Raises:
        InvalidPathParameter: it is something else.
    """
    if isinstance(value, str) and _IMDB_ID.fullmatch(value):
        return str(value)
    try:
        return number(value, name)
    except InvalidPathParameter as error:
        more = ", or an IMDb id such as tt0076759; find.by_id finds what an id of another site stands for"
        problem = error.problem + more
    raise InvalidPathParameter(name, problem)


def _digits(value: object) -> str:
    """A whole number of any type (numpy has its own), or an empty string."""
    try:
        return str(operator.index(value))  # type: ignore[arg-type] # it raises what is caught here
    except (TypeError, ValueError):
        return ""


def _refused(name: str, value: object, wanted: str) -> InvalidPathParameter:
    shown = ""
    if name not in PERSONAL:
        text = (
            repr(value)
            if isinstance(value, (str, bytes, bool, float, type(None)))
            else f"of type {type(value).__name__}"
        )
        if type(value) is int:
            text = f"a number of {value.bit_length()} bits"
        shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    return InvalidPathParameter(name, f"{' is ' + shown if shown else ''}: give {wanted}")


def appended(values: Any, known: Collection[str], numbered: Mapping[str, Collection[str]], unset: object) -> Any:
    """The sub-resources to append, all of which are known or `Unlisted`.

    Args:
        values: their names.
        known: those that the document lists.
        numbered: what can be appended below those that have a number: {"season": ("credits",)} for season/1/credits.
        unset: stands for no value.

    Raises:
        UnknownAppend: one of them is not known; the message has the nearest names.
    """
    if values is None or values is unset:
        return values
    for name in _unlisted(values):
        if not (name in known or _is_numbered(name, numbered)):
            raise UnknownAppend("append_to_response", _no_such_name(name, known, numbered))
    return values


def _unlisted(values: Any) -> Iterator[str]:
    """The names that have to be known."""
    if isinstance(values, str):
        values = [] if isinstance(values, Unlisted) else values.split(",")
    for value in values if isinstance(values, (list, tuple, set, frozenset)) else ():
        if isinstance(value, str) and not isinstance(value, Unlisted):
            yield value


def _is_numbered(name: str, numbered: Mapping[str, Collection[str]]) -> bool:
    group, _, rest = name.partition("/")
    digits, slash, below = rest.partition("/")
    return (
        group in numbered
        and digits.isascii()
        and digits.isdecimal()
        and (below in numbered[group] if slash else not below)
    )


def _no_such_name(name: str, known: Collection[str], numbered: Mapping[str, Collection[str]]) -> str:
    import difflib

    *above, _ = name.split("/")
    below = {"/".join([*above, one]) for one in numbered.get(above[0], ())} if above else set()
    close = difflib.get_close_matches(name, sorted({*known, *below}), n=3)
    hint = f"close to it: {', '.join(close)}; " if close else ""
    shown = repr(name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "…")
    return f" has {shown}, which cannot be appended here: {hint}what TMDB takes and does not list goes as Unlisted(...)"


def query(values: Mapping[str, Any], unset: object) -> dict[str, Any]:
    """The query parameters to send: those that are neither None nor `unset`, nor a filter without a value."""
    written = {name: _written(value) for name, value in values.items() if value is not None and value is not unset}
    return {name: value for name, value in written.items() if value is not None}


def headers(values: Mapping[str, Any], cookies: Mapping[str, Any], unset: object) -> dict[str, str]:
    """The headers to send, and one for the cookies: those that are neither None nor `unset`."""
    sent = {name: _text(value) for name, value in query(values, unset).items()}
    if crumbs := [f"{name}={_text(value)}" for name, value in query(cookies, unset).items()]:
        sent["Cookie"] = "; ".join(crumbs)
    return sent


def deprecated(operation: str) -> None:
    """Warn whoever calls an operation that TMDB has deprecated: the warning is for the first line that is not ours."""
    import inspect
    import warnings

    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("tmdb_api_client.", "tmdb_ext.")):
        frame, level = frame.f_back, level + 1
    warnings.warn(f"TMDB has deprecated the operation {operation}.", DeprecationWarning, stacklevel=level)


def _written(value: Any) -> Any:
    """A value as TMDB reads it: dates as YYYY-MM-DD, several values with commas (all) or pipes (any)."""
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return ("|" if isinstance(value, AnyOf) else ",").join(_text(item) for item in items) or None
    return value


def _text(item: Any) -> str:
    if item is None:
        return "null"
    return str(item).lower() if isinstance(item, bool) else str(_written(item))
