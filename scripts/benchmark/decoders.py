"""What two libraries for models make of an answer: classes with our fields, declared as each library does it."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable
from typing import Any

from . import bodies
from .reading import everything, ten_of_models

Made = dict[type, Any]


def pydantic_models(_: str) -> dict[str, Callable[[int], Any]]:
    """Models of pydantic, which keep keys that they do not know, as ours do."""
    from pydantic import ConfigDict, Field, create_model

    def make(name: str, fields: list[tuple[str, str, Any]]) -> Any:
        declared: Any = {attribute: (kind, Field(default=None, alias=key)) for attribute, key, kind in fields}
        return create_model(name, __config__=ConfigDict(extra="allow"), **declared)

    film = declared_as(make)
    return _operations(film.model_validate_json, lambda cls: cls.model_fields)


def msgspec_structs(_: str) -> dict[str, Callable[[int], Any]]:
    """Structs of msgspec, which drop keys that they do not know."""
    import msgspec

    def make(name: str, fields: list[tuple[str, str, Any]]) -> Any:
        renamed = {attribute: key for attribute, key, _ in fields}
        return msgspec.defstruct(name, [(attribute, kind, None) for attribute, _, kind in fields], rename=renamed)

    decoder = msgspec.json.Decoder(declared_as(make))
    return _operations(decoder.decode, lambda cls: cls.__struct_fields__)


def _operations(decode: Callable[[bytes], Any], names_of: Callable[[Any], Any]) -> dict[str, Callable[[int], Any]]:
    content, names = bodies.encoded(bodies.movie()), dict[type, list[str]]()

    def all_names(cls: type) -> list[str]:
        return [*names_of(cls)]

    return {
        "everything": lambda _: everything(decode(content), names, all_names),
        "ten": lambda _: ten_of_models(decode(content)),
    }


def declared_as(make: Callable[[str, list[tuple[str, str, Any]]], Any]) -> Any:
    """The classes for a movie: the plain fields of ours, and of the others those that the body has."""
    from tmdb_api_client.v3.models import MovieDetails

    return _mirrored(MovieDetails, json.loads(bodies.encoded(bodies.movie())), make, {})


def _mirrored(annotation: Any, sample: Any, make: Callable[..., Any], made: Made) -> Any:
    """An annotation with the classes of another library in place of ours."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return typing.Union[tuple(_mirrored(one, sample, make, made) for one in arguments)]  # noqa: UP007 - it is made
    if typing.get_origin(annotation) is list:
        return list[_mirrored(arguments[0], sample[0] if sample else None, make, made)] | None  # type: ignore[misc]
    if not hasattr(annotation, "__attrs_attrs__"):
        return annotation
    if annotation not in made:
        hints = typing.get_type_hints(annotation)
        fields = []
        for attribute in annotation.__attrs_attrs__:
            key = attribute.metadata.get("key") or attribute.name
            is_plain = "conversion" not in attribute.metadata
            if attribute.name != "additional_properties" and (is_plain or key in (sample or {})):
                kind = _mirrored(hints[attribute.name], (sample or {}).get(key), make, made)
                fields.append((attribute.name, key, kind))
        made[annotation] = make(annotation.__name__, fields)
    return made[annotation]
