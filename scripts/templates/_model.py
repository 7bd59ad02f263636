"""What all models share: a model is the JSON object that TMDB sent, read through typed attributes.

The JSON object is the model's `__dict__`, so that reading a text costs what reading it from a dictionary costs. A class
attribute stands for a key that is not there, a property for a value that has to be converted. Objects and lists are
converted when they are first read, and kept. Nothing is locked: of several threads that convert the same value, the
first one decides.

Attributes are the typed view. `film["release_date"]`, and what else a mapping does, shows the JSON as it came. An
object given to `from_dict` is never changed: a model that is written to copies it first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, KeysView, Mapping
from itertools import repeat
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NamedTuple, Protocol, Self, TypeVar, cast, overload

from attrs import define, field, fields

from ._convert import encoded, numbered, numbered_keys

T = TypeVar("T")

_MISSING: Final = ()


class Conversion(Protocol):
    """How the JSON value of a field becomes the value of its attribute."""

    kept: bool
    """Whether the value can be changed, so that the model keeps it, or is made anew at each reading."""

    def bind(self, package: str, /) -> Callable[[Any], Any]:
        """Return the function that converts; `package` has the models that it makes."""


class Slot(NamedTuple):
    """What a model does for one of its fields."""

    name: str
    """The attribute."""
    key: str
    """The JSON key; the beginning of several if the field is numbered."""
    conversion: Conversion | None
    numbered: bool

    @property
    def kept(self) -> bool:
        return self.conversion is not None and self.conversion.kept


class _Method:
    """A method that no key of a JSON object can hide, since a descriptor that can be set goes before the `__dict__`."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __get__(self, model: object, owner: type[Any]) -> Callable[..., Any]:
        return self._function if model is None else MethodType(self._function, model)

    def __set__(self, model: object, value: object) -> None:
        raise AttributeError(f"{self._function.__name__} is a method")


class _ClassMethod(classmethod):  # type: ignore[type-arg] # its parameters say nothing here
    """The same for a class method."""

    def __set__(self, model: object, value: object) -> None:
        raise AttributeError(f"{self.__func__.__name__} is a method")


class _Serializer:
    """What pydantic serializes a model with where nothing is annotated; made when it is first asked for."""

    def __get__(self, model: object, owner: Any) -> Any:
        from ._pydantic import serializer

        return serializer(owner)


_LOOKED_UP_ON_INSTANCES: Final = {"__reduce_ex__", "__deepcopy__"}


class _Object:
    """The parts of a model that are no fields."""

    __slots__ = ("__dict__", "__weakref__", "_made", "_sent")

    _made: dict[str, Any]
    """Converted values, by attribute. A model whose values are all plain has none."""
    _sent: dict[str, float]
    """Whole numbers as they came, if as n.0, by key. A model that has this dictionary has a `__dict__` of its own."""

    _slots: ClassVar[dict[str, Slot]] = {}
    """What to do for each field, by attribute."""
    _kept: ClassVar[dict[str, str]] = {}
    """The attributes whose values a model keeps, by JSON key."""
    _known: ClassVar[frozenset[str]] = frozenset()
    """The JSON keys that the document knows, without numbered ones."""
    _numbered: ClassVar[tuple[Slot, ...]] = ()
    _whole: ClassVar[tuple[str, ...]] = ()
    """The JSON keys of whole numbers."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, value in [*vars(cls).items()]:
            if name.startswith("__") and name not in _LOOKED_UP_ON_INSTANCES:
                continue
            if isinstance(value, FunctionType):
                setattr(cls, name, _Method(value))
            elif type(value) is classmethod:
                setattr(cls, name, _ClassMethod(value.__func__))


class Unknown(dict[str, Any]):
    """The keys that the document does not know, and the model that they are of, for `attrs.evolve`."""

    __slots__ = ("model",)

    def __init__(self, values: Mapping[str, Any], model: Model) -> None:
        super().__init__(values)
        self.model = model

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


@define(kw_only=True, slots=False, repr=False)
class Model(_Object):
    """An object of TMDB's API: its attributes are typed, and as a mapping it is the JSON object that TMDB sent.

    `film.title`, `film["title"]`, `"title" in film`, `film.get("title")`, `film.keys()`, `dict(film)`, `{**film}`.
    A JSON text is `json.dumps(film, default=dict)`.
    """

    additional_properties: dict[str, Any] = field(factory=dict)
    """Keys that TMDB sent and that the document does not know, with their values: a copy."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Make a model of a JSON object, which it holds and never changes.

        Nothing in it is lost, and what is not as documented is kept as it came.
        """
        return model_of(cls, src_dict if type(src_dict) is dict else dict(src_dict))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: what TMDB sent, with what has been changed since; lists and objects are copies."""
        json, made, sent = {**self.__dict__}, {**getattr(self, "_made", {})}, getattr(self, "_sent", {})
        result: dict[str, Any] = {}
        for key, value in json.items():
            name = type(self)._kept.get(key)
            result[key] = _shown(made.pop(name), value) if name in made else sent.get(key, encoded(value))
        for slot in type(self)._numbered:
            if slot.name in made:
                _put_numbered(result, made.pop(slot.name), slot.key, json)
        for name, value in made.items():
            shown = _shown(value, _MISSING)
            if shown is not _MISSING:
                result[type(self)._slots[name].key] = shown
        return result

    def keys(self) -> KeysView[str]:
        """Return the keys of the JSON object."""
        made = getattr(self, "_made", None)
        if not made:
            return self.__dict__.keys()
        if any(slot.name in made for slot in type(self)._numbered):
            return self.to_dict().keys()
        added = [
            key
            for name, value in [*made.items()]
            if (key := type(self)._slots[name].key) not in self.__dict__ and _shown(value, _MISSING) is not _MISSING
        ]
        return ({**self.__dict__, **dict.fromkeys(added)} if added else self.__dict__).keys()

    def get(self, key: str, default: Any = None) -> Any:
        """Return the JSON value under a key, or `default`."""
        try:
            return self[key]
        except KeyError:
            return default

    @property
    def additional_keys(self) -> list[str]:
        """The keys that the document does not know."""
        if type(self)._known.issuperset(self.__dict__):
            return []
        apart = {key for slot in type(self)._numbered for key in numbered_keys(slot.key, self.__dict__)}
        return [key for key in self.__dict__ if key not in type(self)._known and key not in apart]

    def __getitem__(self, key: str) -> Any:
        if not isinstance(key, str):
            raise TypeError(f"the keys of {_a(type(self))} are strings, such as {_an_example(self)}, not {key!r}")
        made = getattr(self, "_made", None)
        if made:
            name = type(self)._kept.get(key)
            if name in made:
                shown = _shown(made[name], self.__dict__.get(key, _MISSING))
                if shown is _MISSING:
                    raise KeyError(key)
                return shown
            if any(slot.name in made and key.startswith(slot.key) for slot in type(self)._numbered):
                return self.to_dict()[key]
        value = self.__dict__[key]
        return getattr(self, "_sent", {}).get(key, value) if type(value) is int else value

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"the keys of {_a(type(self))} are strings, not {key!r}")
        json = _own(self)
        json[key] = encoded(value)
        self._sent.pop(key, None)
        if key in type(self)._kept:
            self._made.pop(type(self)._kept[key], None)
        for slot in type(self)._numbered:
            if key.startswith(slot.key):
                self._made.pop(slot.name, None)

    def __delitem__(self, key: str) -> None:
        if key not in self.keys():
            raise KeyError(key)
        self[key] = None
        del self.__dict__[key]

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        return True

    if not TYPE_CHECKING:  # for which a model is nothing to iterate over, nor has it any attribute that one sets

        def __iter__(self) -> Iterator[Any]:
            raise TypeError(_not_to_iterate(self))

        def __setattr__(self, name: str, value: Any) -> None:
            slot = type(self)._slots.get(name)
            if slot is not None:
                _write(self, slot, value)
            elif isinstance(getattr(type(self), name, None), property):
                object.__setattr__(self, name, value)
            else:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r} to set")

        def __delattr__(self, name: str) -> None:
            slot = type(self)._slots.get(name)
            if slot is None or slot.numbered:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r} to delete")
            if slot.key in self:
                del self[slot.key]

    def __attrs_pre_init__(self) -> None:
        _set_made(self, {})
        _set_sent(self, {})

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        own = {attribute.name for attribute in fields(Model)}
        slots = [
            Slot(
                attribute.name,
                attribute.metadata.get("key") or attribute.metadata.get("prefix") or attribute.name,
                attribute.metadata.get("conversion"),
                "prefix" in attribute.metadata,
            )
            for attribute in fields(cls)
            if attribute.name not in own
        ]
        cls._slots = {slot.name: slot for slot in slots}
        cls._kept = {slot.key: slot.name for slot in slots if slot.kept and not slot.numbered}
        cls._known = frozenset(slot.key for slot in slots if not slot.numbered)
        cls._numbered = tuple(slot for slot in slots if slot.numbered)
        cls._whole = tuple(cls._slots[a.name].key for a in fields(cls) if a.name not in own and a.metadata.get("whole"))
        package = cls.__module__.rpartition(".")[0]
        for slot in slots:
            setattr(cls, slot.name, _property(slot, package))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return model_of, (type(self), self.to_dict())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return model_of(type(self), self.to_dict())

    def __repr__(self) -> str:
        from ._display import short

        return short(self)

    def __str__(self) -> str:
        from ._display import readable

        return readable(self)

    def _repr_html_(self) -> str:
        from ._display import html

        return html(self)

    __pydantic_serializer__: ClassVar[Any] = _Serializer()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from ._pydantic import core_schema

        return core_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        from ._pydantic import json_schema

        return json_schema(cls)


class Page(Model, Generic[T]):
    """A page of a listing, which is its items: `for film in page`, `page[0]`, `page[:3]`, `len(page)`."""

    _items: ClassVar[str]
    """The attribute that has the items."""

    def _listed(self) -> list[T]:
        listed = getattr(self, type(self)._items)
        return listed if isinstance(listed, list) else []

    def __iter__(self) -> Iterator[T]:
        return iter(self._listed())

    def __len__(self) -> int:
        return len(self._listed())

    def __bool__(self) -> bool:
        return bool(self._listed())

    @overload
    def __getitem__(self, key: str) -> Any: ...
    @overload
    def __getitem__(self, key: int) -> T: ...
    @overload
    def __getitem__(self, key: slice) -> list[T]: ...
    def __getitem__(self, key: str | int | slice) -> Any:
        return super().__getitem__(key) if isinstance(key, str) else self._listed()[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) if isinstance(key, str) else key in self._listed()


# So that pandas and others see a mapping. It is none by inheritance, which would make `isinstance` slow.
Mapping.register(Model)

_new: Final = cast(Callable[[type[Any]], Any], object.__new__)
_set_json: Final = _Object.__dict__["__dict__"].__set__
_set_made: Final = _Object.__dict__["_made"].__set__
_set_sent: Final = _Object.__dict__["_sent"].__set__
_claims: Final[dict[int, dict[str, Any]]] = {}

M = TypeVar("M", bound=Model)


def model_of(cls: type[M], json: dict[str, Any]) -> M:
    """A model that holds a JSON object."""
    model: M = _new(cls)
    _set_json(model, json)
    if cls._kept or cls._numbered:
        _set_made(model, {})
    for key in cls._whole:
        if type(json.get(key)) is float:
            _keep_whole_numbers(model)
            break
    return model


def models_of(cls: type[M], json: list[Any]) -> list[M]:
    """Models that hold the JSON objects of a list; what is not an object is kept as it came."""
    models: list[M] = [*map(_new, repeat(cls, len(json)))]
    try:
        deque(map(_set_json, models, json), 0)
    except TypeError:  # not all of them are objects
        return [model_of(cls, item) if isinstance(item, dict) else item for item in json]
    if cls._kept or cls._numbered:
        for model in models:
            _set_made(model, {})
    for key in cls._whole:
        for item in json:
            if type(item.get(key)) is float:
                for model in models:
                    _keep_whole_numbers(model)
                return models
    return models


def _keep_whole_numbers(model: Model) -> None:
    """Make integers of whole numbers that were sent as n.0, in a copy of the JSON object, and keep how they came."""
    json = model.__dict__
    sent = {key: value for key in type(model)._whole if type(value := json.get(key)) is float and value.is_integer()}
    if sent:
        _set_json(model, {**json, **{key: int(value) for key, value in sent.items()}})
        _set_sent(model, sent)


def _own(model: Model) -> dict[str, Any]:
    """The JSON object of a model, after copying it if it may be someone else's too."""
    if getattr(model, "_sent", None) is None:
        # Threads that write to a model for the first time at once have to take the same copy; `setdefault` is atomic.
        copy = _claims.setdefault(id(model), {**model.__dict__})
        if getattr(model, "_sent", None) is None:
            _set_json(model, copy)
            _set_sent(model, {})
        _claims.pop(id(model), None)
    return model.__dict__


def _write(model: Model, slot: Slot, value: Any) -> None:
    """Set the value of an attribute."""
    if slot.kept:
        model._made[slot.name] = value
        return
    sent = model.__dict__.get(slot.key, _MISSING)
    if slot.conversion is not None:
        before = slot.conversion.bind("")(None if sent is _MISSING else sent)
        if before == value and type(before) is type(value):
            return
    elif value is None and sent is _MISSING:
        return
    json = _own(model)
    if model._sent.get(slot.key) != value:
        model._sent.pop(slot.key, None)
    json[slot.key] = encoded(value)


def _property(slot: Slot, package: str) -> Any:
    """The class attribute of a field."""
    name, key, conversion = slot.name, slot.key, slot.conversion
    if conversion is None and name == key:
        return None
    if conversion is None:
        return property(lambda model: model.__dict__.get(key), lambda model, value: _write(model, slot, value))
    convert = conversion.bind(package)
    if not conversion.kept:
        return property(lambda model: convert(model.__dict__.get(key)), lambda model, value: _write(model, slot, value))

    def read(model: Model) -> Any:
        made = model._made
        value = made.get(name, _MISSING)
        if value is not _MISSING:
            return value
        value = convert(model.__dict__ if slot.numbered else model.__dict__.get(key))
        return value if value is None else made.setdefault(name, value)

    return property(read, lambda model, value: _write(model, slot, value))


def _additional_properties(model: Model) -> Unknown:
    return Unknown({key: model[key] for key in model.additional_keys}, model)


def _set_additional_properties(model: Model, values: Mapping[str, Any]) -> None:
    if isinstance(values, Unknown) and not model.__dict__:  # attrs.evolve makes a model of the attributes of another
        _set_json(model, {**values.model.__dict__})
        _set_sent(model, {**getattr(values.model, "_sent", {})})
        return
    json = _own(model)
    for key in model.additional_keys:
        del json[key]
    json.update({key: encoded(value) for key, value in values.items() if key not in type(model)._known})


setattr(Model, "additional_properties", property(_additional_properties, _set_additional_properties))  # noqa: B010


def _shown(value: Any, sent: Any) -> Any:
    """The JSON value of an attribute that is kept; `_MISSING` if there is none, as there was none before."""
    if value is None:
        return sent if sent in ("", _MISSING) else None
    if value == [] and not sent:
        return sent
    return encoded(value, sent)


def _put_numbered(result: dict[str, Any], values: dict[int, Any], prefix: str, json: dict[str, Any]) -> None:
    """Put what is appended by its number under the keys under which it came, in place of what is there."""
    for key in numbered_keys(prefix, json):
        del result[key]
    came = numbered(prefix, json)
    for number, value in values.items():
        is_whole, below = came.get(number, (True, {}))
        rest = encoded(value)
        result |= {f"{prefix}{number}/{key}": rest.pop(key) for key in below}
        if is_whole or rest:
            result[f"{prefix}{number}"] = rest


def _a(cls: type[Any]) -> str:
    return f"{'an' if cls.__name__[0] in 'AEIOU' else 'a'} {cls.__name__}"


def _an_example(model: Model) -> str:
    return repr(next(iter(model.keys()), "id"))


def _not_to_iterate(model: Model) -> str:
    lists = [f".{slot.name}" for slot in type(model)._slots.values() if isinstance(model.__dict__.get(slot.key), list)]
    hint = f"iterate over {' or '.join(lists[:3])}, or use" if lists else "use"
    return f"{_a(type(model))} is not a list of items: {hint} dict(...) for its JSON object"
