"""How models show themselves: short to a programmer, readable to a person, and as HTML in a notebook."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from ._model import Model, Page

MOST: Final = 300
"""Characters of a `repr` or `str`."""
_LONGEST_TEXT: Final = 60
_MOST_VALUES: Final = 5
_MOST_COLUMNS: Final = 6
_MOST_ROWS: Final = 100

_LABELS: Final = ("title", "name", "username", "english_name", "author", "original_title", "original_name")
_DAYS: Final = ("release_date", "first_air_date", "air_date")
_PICTURES: Final = ("poster_path", "profile_path", "still_path", "logo_path", "file_path", "backdrop_path")
_PLACE_OF_IMAGES: Final = "https://image.tmdb.org/t/p/w185"
_COLUMNS: Final = ("id", *_LABELS, *_DAYS, "media_type", "character", "job", "vote_average", "rating", "created_at")
_SECRETS: Final = {"access_token", "guest_session_id", "password", "request_token", "session_id"}


def short(model: Model) -> str:
    """The `repr`: what an object is and which, without its content."""
    number, label, year = _value(model, "id"), _label(model), _year(model)
    shown = [type(model).__name__]
    if isinstance(number, (int, str)) and not isinstance(number, bool):
        shown.append(_cut(str(number)))
    if label:
        shown.append(f'"{_cut(label)}"')
    if year:
        shown.append(str(year))
    if isinstance(model, Page):
        shown.append(f"{_place(model) or 'page'}: {_counted(model[:]) or 'empty'}")
    elif label is None:
        more = ", ".join([*_values(model), *_lists(model)])
        shown[-1] += f": {more}" if more and number is not None else ""
        shown += [more] if more and number is None else []
    text = " ".join(shown)
    return f"<{text[: MOST - 3]}…>" if len(text) > MOST - 2 else f"<{text}>"


def readable(model: Model) -> str:
    """The `str`: what a person would call it."""
    if isinstance(model, Page):
        names = ", ".join(readable(item) if isinstance(item, Model) else str(item) for item in model)
        place = ", ".join(filter(None, [_place(model, "page "), _total(model)]))
        return f"{_cut(names, MOST - 60) or 'nothing'}{f' ({place})' if place else ''}"
    label, year = _label(model), _year(model)
    if label is None:
        return short(model)
    text = _cut(label, 2 * _LONGEST_TEXT) + (f" ({year})" if year else "")
    for key, before in (("character", " as "), ("job", ", ")):
        if isinstance(more := _value(model, key), str) and more:
            return text + before + _cut(more)
    return text


def html(model: Model) -> str:
    """What a notebook shows: a page is a table, anything else a card. All that TMDB sent is escaped."""
    return _table(model) if isinstance(model, Page) else _card(model)


def _table(page: Page[Any]) -> str:
    items = [item for item in page if isinstance(item, Model)][:_MOST_ROWS]
    names = list(dict.fromkeys(slot.name for item in items for slot in type(item)._slots.values() if not slot.kept))
    used = [name for name in names if any(_value(item, name) not in (None, "") for item in items)]
    columns = [name for name in _COLUMNS if name in used] or used
    head = "".join(f"<th>{escape(name)}</th>" for name in columns[:_MOST_COLUMNS])
    rows = ["".join(f"<td>{_cell(_value(item, name))}</td>" for name in columns[:_MOST_COLUMNS]) for item in items]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    caption = ", ".join(filter(None, [type(page).__name__, _place(page, "page "), _total(page)]))
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _card(model: Model) -> str:
    pictures = [path for key in _PICTURES if isinstance(path := _value(model, key), str) and path.startswith("/")]
    image = ""
    if pictures:
        image = f'<img src="{escape(_PLACE_OF_IMAGES + pictures[0])}" alt="" style="float: left; margin-right: 1em">'
    text = "".join(
        f"<p>{_cell(value, 1000)}</p>" for key in ("tagline", "overview", "biography") if (value := _value(model, key))
    )
    if not text and _label(model) is None:
        text = "".join(f"<p>{escape(value)}</p>" for value in [*_values(model), *_lists(model)])
    return (
        f'<div style="overflow: auto; max-width: 50em">{image}<b>{escape(readable(model))}</b> '
        f"<small>{escape(type(model).__name__)} {_cell(_value(model, 'id'))}</small>{text}</div>"
    )


def _cell(value: Any, longest: int = _LONGEST_TEXT) -> str:
    return "" if value is None else escape(_cut(str(value), longest))


def _value(model: Model, name: str) -> Any:
    """The value of an attribute that is plain, without secrets; None if there is none."""
    slot = type(model)._slots.get(name)
    if slot is None or slot.kept:
        return None
    value = getattr(model, name)
    return "…" if name in _SECRETS and value is not None else value


def _label(model: Model) -> str | None:
    values = (_value(model, name) for name in _LABELS)
    return next((value for value in values if isinstance(value, str) and value), None)


def _year(model: Model) -> int | None:
    values = (_value(model, name) for name in _DAYS)
    return next((value.year for value in values if isinstance(value, datetime.date)), None)


def _place(page: Page[Any], before: str = "") -> str:
    number, last = _value(page, "page"), _value(page, "total_pages")
    return f"{before}{number} of {last}" if isinstance(number, int) and isinstance(last, int) else ""


def _total(page: Page[Any]) -> str:
    total = _value(page, "total_results")
    return f"{total:,} in all" if isinstance(total, int) else ""


def _values(model: Model) -> Iterator[str]:
    """The first plain values that there are, but the id."""
    names = (slot.name for slot in type(model)._slots.values() if not slot.kept and slot.name != "id")
    found = [(name, value) for name in names if (value := _value(model, name)) not in (None, "")]
    for name, value in found[:_MOST_VALUES]:
        yield f"{name}={_plain(value)}"


def _plain(value: Any) -> str:
    """A value that is no model, without what is in it if it is an object or a list."""
    if isinstance(value, (dict, list)):
        return ("{…}" if isinstance(value, dict) else "[…]") if value else repr(value)
    return _cut(str(value) if isinstance(value, datetime.date) or value == "…" else repr(value), 40)


def _lists(model: Model) -> Iterator[str]:
    """What objects there are: how many of a list, or the names of an object."""
    for slot in type(model)._slots.values():
        value = getattr(model, slot.name) if slot.kept else None
        if isinstance(value, (list, dict)) and value:
            yield _counted([*value.values()] if isinstance(value, dict) else value)
        elif isinstance(value, Model):
            yield type(value).__name__


def _counted(items: list[Any]) -> str:
    """How many items there are, and of what."""
    kinds = [type(item).__name__ for item in items]
    return f"{len(items)} × {' | '.join(sorted(set(kinds)))}" if items else ""


def _cut(text: str, longest: int = _LONGEST_TEXT) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
