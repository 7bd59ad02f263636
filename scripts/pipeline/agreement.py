"""Whether what the client decoded is what its annotations say."""

from __future__ import annotations

import datetime
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from attrs import fields

_ANNOTATIONS: dict[type[Any], dict[str, Any]] = {}


def is_model(value: Any) -> bool:
    """Whether a value is a model of a generated client, whichever tree that was imported from."""
    return any(base.__name__ == "Model" and base.__module__ == "tmdb_api_client._model" for base in type(value).__mro__)


def contradictions(value: Any) -> Iterator[tuple[str, bool]]:
    """(Class.attribute, whether it contradicts its annotation) for every attribute of every nested model."""
    if isinstance(value, list):
        for item in value:
            yield from contradictions(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from contradictions(item)
    elif is_model(value):
        for name, annotation in annotations_of(type(value)).items():
            attribute = getattr(value, name)
            yield f"{type(value).__name__}.{name}", not agrees(attribute, annotation)
            yield from contradictions(attribute)


def annotations_of(cls: type[Any]) -> dict[str, Any]:
    """The resolved annotations of a model's own attributes."""
    if cls not in _ANNOTATIONS:
        hints = get_type_hints(cls)
        _ANNOTATIONS[cls] = {a.name: hints[a.name] for a in fields(cls) if a.name != "additional_properties"}
    return _ANNOTATIONS[cls]


def forget() -> None:
    """Forget the annotations of classes whose modules are not imported any more."""
    _ANNOTATIONS.clear()


def agrees(value: Any, annotation: Any) -> bool:
    """Whether a value is of an annotation; a whole number passes for a float, as it does for type checkers."""
    if annotation is Any:
        return True
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType}:
        return any(agrees(value, member) for member in get_args(annotation))
    if origin is list:
        return isinstance(value, list) and all(agrees(item, get_args(annotation)[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(agrees(item, get_args(annotation)[1]) for item in value.values())
    if origin is Literal:
        return value in get_args(annotation)
    if annotation is float:
        return type(value) in {int, float}
    if annotation in {None, type(None)}:
        return value is None
    return type(value) is annotation


def encode(value: Any) -> Any:
    """What an endpoint decoded, as JSON again."""
    if is_model(value):
        return value.to_dict()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return [encode(item) for item in value] if isinstance(value, list) else value
