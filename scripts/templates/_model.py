"""What all models share: decoding that never loses a value, and giving back what was sent.

A model keeps the object it was decoded from. `to_dict()` gives it back with the attributes that have been changed
since; keys that the document does not know are in `additional_properties`, and `model["key"]` reads them.

An object is decoded when one of its attributes is first read: most programs read little of what they get.
"""

from __future__ import annotations

import datetime
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define, field, fields

T = TypeVar("T")

put = object.__setattr__
"""Sets an attribute of a model while it is being decoded."""

_decoding = threading.RLock()
"""Held while an object is decoded, so that threads that share it find the same attributes."""


def _renew_lock() -> None:
    global _decoding  # noqa: PLW0603 - there is one
    _decoding = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)  # another thread may have held it


@define(kw_only=True)
class Model:
    """An object of TMDB's API."""

    additional_properties: dict[str, Any] = field(factory=dict)
    """Keys that TMDB sent and that the document does not know, with their values."""
    _source: Mapping[str, Any] = field(factory=dict, eq=False, repr=False, alias="_source")
    _pending: Mapping[str, Any] | None = field(default=None, init=False, eq=False, repr=False)
    """The object that is still to be decoded."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Make a model of a JSON object, which it keeps.

        Nothing in it is lost, and what is not as documented is kept as it came.
        """
        model = cls.__new__(cls)
        put(model, "_pending", src_dict)
        return model

    def _fill(self, source: Mapping[str, Any]) -> None:
        """Set the attributes from the JSON object."""

    if not TYPE_CHECKING:  # or every name would be an attribute

        def __getattr__(self, name: str) -> Any:
            """Decode the object, of which an attribute is not there yet."""
            if name == "_pending":  # nor is the object, as while it is unpickled
                raise AttributeError(name)
            self._decode()
            return object.__getattribute__(self, name)

        def __setattr__(self, name: str, value: Any) -> None:
            """Set an attribute, after decoding what else there is."""
            if getattr(self, "_pending", None) is not None:
                self._decode()
            put(self, name, value)

    def _decode(self) -> None:
        with _decoding:
            pending = self._pending
            if pending is not None:
                put(self, "_source", pending)
                put(self, "additional_properties", extras(type(self), pending))
                self._fill(pending)
                put(self, "_pending", None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object: what TMDB sent, with the attributes that have been changed since."""
        source = self._source
        result = dict(self.additional_properties)
        for name, prefix in _prefixes(type(self)):
            sent_by_number = numbered(prefix, source)
            for number, value in getattr(self, name).items():
                is_whole, below = sent_by_number.get(number, (True, {}))
                rest = _encoded(value, None)
                result |= {f"{prefix}{number}/{key}": rest.pop(key) for key in below}
                if is_whole or rest:
                    result[f"{prefix}{number}"] = rest
        for name, key in _keys(type(self)):
            value = getattr(self, name)
            sent = source.get(key)
            if value is None:
                if key in source:
                    result[key] = sent if sent == "" else None
            elif value == [] and not sent:
                if key in source:
                    result[key] = sent
            else:
                result[key] = _encoded(value, sent)
        return result

    @property
    def additional_keys(self) -> list[str]:
        """The keys that the document does not know."""
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


_KEYS: dict[type[Any], tuple[tuple[str, str], ...]] = {}
_KNOWN: dict[type[Any], frozenset[str]] = {}
_PREFIXES: dict[type[Any], tuple[tuple[str, str], ...]] = {}


def _keys(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    """(attribute, JSON key) of every documented property."""
    if cls not in _KEYS:
        own = {attribute.name for attribute in fields(Model)}
        _KEYS[cls] = tuple(
            (a.name, a.metadata.get("key", a.name))
            for a in fields(cls)
            if a.name not in own and "prefix" not in a.metadata
        )
    return _KEYS[cls]


def _prefixes(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    """(attribute, prefix of the JSON keys) of what can be appended by its number."""
    if cls not in _PREFIXES:
        _PREFIXES[cls] = tuple((a.name, a.metadata["prefix"]) for a in fields(cls) if "prefix" in a.metadata)
    return _PREFIXES[cls]


def _known(cls: type[Any]) -> frozenset[str]:
    if cls not in _KNOWN:
        _KNOWN[cls] = frozenset(key for _, key in _keys(cls))
    return _KNOWN[cls]


def extras(cls: type[Any], src_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `src_dict` that the document does not know."""
    known = _known(cls)
    if known.issuperset(src_dict):
        return {}
    rest = {key: value for key, value in src_dict.items() if key not in known}
    for _, prefix in _prefixes(cls):
        for number, (is_whole, below) in numbered(prefix, src_dict).items():
            for key in [f"{prefix}{number}"] * is_whole + [f"{prefix}{number}/{name}" for name in below]:
                del rest[key]
    return rest


def numbered(prefix: str, src_dict: Mapping[str, Any]) -> dict[int, tuple[bool, dict[str, Any]]]:
    """What was appended by its number: whether the object itself was, and what was appended below it."""
    found: dict[int, tuple[bool, dict[str, Any]]] = {}
    for key, value in src_dict.items():
        digits, slash, name = key.removeprefix(prefix).partition("/")
        if not key.startswith(prefix) or not _is_number(digits):
            continue
        is_whole, below = found.setdefault(int(digits), (isinstance(src_dict.get(prefix + digits), dict), {}))
        if slash and not (is_whole and name in src_dict[prefix + digits]):
            below[name] = value
    return {number: (is_whole, below) for number, (is_whole, below) in found.items() if is_whole or below}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and str(int(text)) == text


def as_root(decode: Callable[[Mapping[str, Any]], T], value: Any) -> T:
    """Decode a whole body; a list is kept as it came, TypeError is raised for what is no object and no list."""
    return decode(value) if isinstance(value, dict) else cast(T, _container(value))


def as_root_list(decode: Callable[[Mapping[str, Any]], T], value: Any) -> list[T]:
    """Decode a whole body; an object is kept as it came, TypeError is raised for what is no object and no list."""
    return as_list(decode, _container(value))


def as_root_values(value: Any) -> list[Any]:
    """A whole body that is a list of plain values; TypeError is raised for what is no object and no list."""
    return cast(list[Any], _container(value))


def as_root_map(decode: Callable[[Mapping[str, Any]], T], value: Any) -> dict[str, T]:
    """Decode a whole body that is a map of objects; TypeError is raised for what is no object and no list."""
    return cast(dict[str, T], as_map(decode, _container(value)))


def as_root_map_of_lists(decode: Callable[[Mapping[str, Any]], T], value: Any) -> dict[str, list[T]]:
    """Decode a whole body that is a map of lists; TypeError is raised for what is no object and no list."""
    return cast(dict[str, list[T]], as_map_of_lists(decode, _container(value)))


def as_root_plain(kind: type[T], value: Any) -> T:  # noqa: ARG001 - it tells the type
    """A whole body that needs no decoding, as it came; `kind` is what the document says that it is."""
    return cast(T, value)


def as_model(decode: Callable[[Mapping[str, Any]], T], value: Any) -> T | None:
    """Decode an object; what is not an object is kept as it came."""
    return decode(value) if isinstance(value, dict) else cast(T | None, value)


def as_list(decode: Callable[[Mapping[str, Any]], T], value: Any) -> list[T]:
    """Decode the objects of a list; null and missing are an empty list, what is not a list is kept as it came."""
    if value is None:
        return []
    if not isinstance(value, list):
        return cast(list[T], value)
    return [decode(item) if isinstance(item, dict) else cast(T, item) for item in value]


def as_values(value: Any) -> list[Any]:
    """A list of plain values; null and missing are an empty list, what is not a list is kept as it came."""
    return list(value) if isinstance(value, list) else [] if value is None else cast(list[Any], value)


def as_each(decode: Callable[[Any], T | None], value: Any) -> list[T]:
    """Decode the plain values of a list; null and missing are an empty list, what is not a list is kept as it came."""
    if not isinstance(value, list):
        return [] if value is None else cast(list[T], value)
    return [cast(T, decode(item)) for item in value]


def as_int(value: Any) -> int | None:
    """A whole number, also where it was sent as n.0; anything else is kept as it came."""
    whole: int | None = int(value) if type(value) is float and value.is_integer() else value
    return whole


def as_map(decode: Callable[[Mapping[str, Any]], T], value: Any) -> dict[str, T] | None:
    """Decode the objects of a map; what is not an object is kept as it came."""
    if not isinstance(value, dict):
        return cast(dict[str, T] | None, value)
    return {key: decode(item) if isinstance(item, dict) else cast(T, item) for key, item in value.items()}


def as_numbered(decode: Callable[[Mapping[str, Any]], T], prefix: str, src_dict: Mapping[str, Any]) -> dict[int, T]:
    """Decode what was appended by its number, each object with what was appended below it as its own."""
    return {
        number: decode({**(src_dict[f"{prefix}{number}"] if is_whole else {}), **below})
        for number, (is_whole, below) in numbered(prefix, src_dict).items()
    }


def as_map_of_lists(decode: Callable[[Mapping[str, Any]], T], value: Any) -> dict[str, list[T]] | None:
    """Decode the objects in the lists of a map; what is not an object is kept as it came."""
    if not isinstance(value, dict):
        return cast(dict[str, list[T]] | None, value)
    return {key: as_list(decode, item) for key, item in value.items()}


def by_media_type(members: Mapping[str, type[Any]], fallback: type[Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A decoder of objects that `media_type` tells apart.

    `fallback` is the class of those whose type is not known. Where TMDB leaves the type out, the member that knows most
    of the keys decodes the object.
    """

    def decode(src_dict: Mapping[str, Any]) -> Any:
        kind = src_dict.get("media_type")
        if kind is None:
            best = max(members.values(), key=lambda member: len(_known(member) & src_dict.keys()))
            return best.from_dict(src_dict)
        return (members.get(kind, fallback) if isinstance(kind, str) else fallback).from_dict(src_dict)

    return decode


def as_date(value: Any) -> datetime.date | None:
    """A date from YYYY-MM-DD; an empty string is None, what is not a date is kept as it came."""
    if isinstance(value, str):
        if len(value) == 10:
            try:
                return datetime.date.fromisoformat(value)
            except ValueError:
                return cast(datetime.date | None, value)
        if not value:
            return None
    return cast(datetime.date | None, value)


def as_datetime(value: Any) -> datetime.datetime | None:
    """An aware time from ISO 8601 or "YYYY-MM-DD HH:MM:SS UTC"; an empty string is None, else as it came."""
    if not isinstance(value, str):
        return cast(datetime.datetime | None, value)
    if not value:
        return None
    text = value[:-4] + "+00:00" if value.endswith(" UTC") else value
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return cast(datetime.datetime | None, value)
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def sent_as_integers(body: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """A request body with 1 and 0 in place of true and false under `keys`."""
    return {**body, **{key: int(body[key]) for key in keys if isinstance(body.get(key), bool)}}


def _container(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return value
    kind = {str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
    raise TypeError(f"expected a JSON object or list, not {kind}")


def _encoded(value: Any, sent: Any) -> Any:
    """The JSON value of an attribute; `sent` is what it was decoded from, given back where it still means the same."""
    if value is sent:
        return sent
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime.datetime):
        return sent if as_datetime(sent) == value else value.isoformat()
    if isinstance(value, datetime.date):
        return sent if as_date(sent) == value else value.isoformat()
    if isinstance(value, list):
        if not value and sent is None:
            return None
        before: Iterable[Any] = sent if isinstance(sent, list) and len(sent) == len(value) else [None] * len(value)
        return [_encoded(item, old) for item, old in zip(value, before, strict=True)]
    if isinstance(value, dict):
        old = sent if isinstance(sent, dict) else {}
        return {key: _encoded(item, old.get(key, [])) for key, item in value.items()}
    return sent if type(sent) is float and sent == value else value
