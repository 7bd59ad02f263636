"""How models say what their fields are: the specifiers that stand in place of a default.

A field without one is as it came. What a specifier does not expect is kept as it came, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from attrs import field

from ._convert import as_date, as_datetime, as_each, as_int, as_values, container
from ._convert import numbered as _by_number
from ._model import Conversion, Model, model_of, models_of


class ByMediaType:
    """Objects of several models, which `media_type` tells apart.

    If TMDB leaves the type out, the model that knows most of the keys decides.

    Args:
        names: the models, by media type.
        otherwise: the model of what has another type.
    """

    def __init__(self, names: Mapping[str, str], otherwise: str) -> None:
        self.names = names
        self.otherwise = otherwise


class _Objects:
    """Makes models of JSON objects. Their classes are imported when they are first needed."""

    def __init__(self, package: str, item: str | ByMediaType) -> None:
        self._package = package
        self._item = item
        self._class: type[Model] | None = None
        self._classes: dict[str, type[Model]] = {}

    def one(self, json: dict[str, Any]) -> Model:
        """A model of an object."""
        return model_of(self._class or self._class_of(json), json)

    def many(self, json: list[Any]) -> list[Any]:
        """Models of the objects in a list."""
        if isinstance(self._item, str):
            return models_of(self._class or self._class_of({}), json)
        return [self.one(item) if isinstance(item, dict) else item for item in json]

    def _class_of(self, json: Mapping[str, Any]) -> type[Model]:
        if isinstance(self._item, str):
            self._class = self._import(self._item)
            return self._class
        if not self._classes:
            self._classes = {kind: self._import(name) for kind, name in self._item.names.items()}
        kind = json.get("media_type")
        if kind is None:
            return max(self._classes.values(), key=lambda cls: len(cls._known & json.keys()))
        known = self._classes.get(kind) if isinstance(kind, str) else None
        return known or self._import(self._item.otherwise)

    def _import(self, name: str) -> type[Model]:
        found: type[Model] = getattr(import_module(self._package), name)
        return found


class Plain:
    """A value that is converted at each reading."""

    kept = False

    def __init__(self, convert: Callable[[Any], Any]) -> None:
        self._convert = convert

    def bind(self, _package: str, /) -> Callable[[Any], Any]:
        return self._convert


class Nothing(Plain):
    """What is None, whatever was sent."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)


class One:
    """An object."""

    kept = True

    def __init__(self, item: str | ByMediaType) -> None:
        self._item = item

    def bind(self, package: str, /) -> Callable[[Any], Any]:
        objects = _Objects(package, self._item)
        return lambda value: objects.one(value) if isinstance(value, dict) else value


class Many(One):
    """A list of objects; null and missing are an empty list."""

    def bind(self, package: str, /) -> Callable[[Any], Any]:
        objects = _Objects(package, self._item)
        return lambda value: objects.many(value) if isinstance(value, list) else [] if value is None else value


class Values:
    """A list of plain values; null and missing are an empty list."""

    kept = True

    def __init__(self, each: Callable[[Any], Any] | None = None) -> None:
        self._each = each

    def bind(self, _package: str, /) -> Callable[[Any], Any]:
        each = self._each
        return as_values if each is None else lambda value: as_each(each, value)


class Entries:
    """A map of plain values."""

    kept = True

    def bind(self, _package: str, /) -> Callable[[Any], Any]:
        return lambda value: dict(value) if isinstance(value, dict) else value


class Mapped(One):
    """A map of objects."""

    def bind(self, package: str, /) -> Callable[[Any], Any]:
        one = One(self._item).bind(package)
        return lambda value: {key: one(item) for key, item in value.items()} if isinstance(value, dict) else value


class MappedLists(One):
    """A map of lists of objects."""

    def bind(self, package: str, /) -> Callable[[Any], Any]:
        many = Many(self._item).bind(package)
        return lambda value: {key: many(item) for key, item in value.items()} if isinstance(value, dict) else value


class Numbered(One):
    """Objects that are appended under their numbers, each with what was appended below it as its own."""

    def __init__(self, prefix: str, item: str) -> None:
        super().__init__(item)
        self._prefix = prefix

    def bind(self, package: str, /) -> Callable[[Any], Any]:
        objects, prefix = _Objects(package, self._item), self._prefix
        return lambda json: {
            number: objects.one({**(json[f"{prefix}{number}"] if is_whole else {}), **below})
            for number, (is_whole, below) in _by_number(prefix, json).items()
        }


def converter(conversion: Conversion | None, package: str) -> Callable[[Any], Any]:
    """What makes a value of a whole body.

    It keeps a list in place of an object and an object in place of a list, and raises TypeError for anything else.

    Args:
        conversion: how; None for a body that stays as it came.
        package: the package that has the models.
    """
    if conversion is None:
        return lambda body: body
    convert = conversion.bind(package)
    return (lambda body: convert(container(body))) if conversion.kept else convert


def _metadata(key: str | None, **more: Any) -> dict[str, Any]:
    return {"key": key, **more} if key else more


def renamed(key: str) -> Any:
    """A plain value under a key that is no name."""
    return field(default=None, metadata=_metadata(key))


def whole(key: str | None = None) -> Any:
    """A whole number, also where it was sent as n.0."""
    return field(default=None, metadata=_metadata(key, whole=True))


def date(key: str | None = None) -> Any:
    """A date, or None for an empty string."""
    return field(default=None, metadata=_metadata(key, conversion=Plain(as_date)))


def time(key: str | None = None) -> Any:
    """An aware time, or None for an empty string."""
    return field(default=None, metadata=_metadata(key, conversion=Plain(as_datetime)))


def one(item: str | ByMediaType, key: str | None = None) -> Any:
    """An object."""
    return field(default=None, metadata=_metadata(key, conversion=One(item)))


def many(item: str | ByMediaType, key: str | None = None) -> Any:
    """A list of objects."""
    return field(factory=list, metadata=_metadata(key, conversion=Many(item)))


def values(key: str | None = None) -> Any:
    """A list of plain values."""
    return field(factory=list, metadata=_metadata(key, conversion=Values()))


def wholes(key: str | None = None) -> Any:
    """A list of whole numbers."""
    return field(factory=list, metadata=_metadata(key, conversion=Values(as_int)))


def dates(key: str | None = None) -> Any:
    """A list of dates."""
    return field(factory=list, metadata=_metadata(key, conversion=Values(as_date)))


def times(key: str | None = None) -> Any:
    """A list of times."""
    return field(factory=list, metadata=_metadata(key, conversion=Values(as_datetime)))


def entries(key: str | None = None) -> Any:
    """A map of plain values."""
    return field(default=None, metadata=_metadata(key, conversion=Entries()))


def mapped(item: str | ByMediaType, key: str | None = None) -> Any:
    """A map of objects."""
    return field(default=None, metadata=_metadata(key, conversion=Mapped(item)))


def mapped_lists(item: str | ByMediaType, key: str | None = None) -> Any:
    """A map of lists of objects."""
    return field(default=None, metadata=_metadata(key, conversion=MappedLists(item)))


def numbered(prefix: str, item: str) -> Any:
    """Objects that are appended under their numbers: `season/1`."""
    return field(factory=dict, metadata={"prefix": prefix, "conversion": Numbered(prefix, item)})
