"""What pydantic, and with it FastAPI, asks of a class: a model is taken as it is or made of a JSON object."""

from __future__ import annotations

from functools import cache
from typing import Any

from ._model import Model


def core_schema(cls: type[Model]) -> Any:
    """How pydantic validates and serializes a model."""
    from pydantic_core import core_schema as schemas

    def validate(value: Any) -> Model:
        if isinstance(value, cls):
            return value
        if isinstance(value, dict):
            return cls.from_dict(value)
        raise ValueError(f"give a {cls.__name__}, or a JSON object to make one of")

    return schemas.no_info_plain_validator_function(
        validate,
        ref=f"{cls.__module__}.{cls.__qualname__}",  # so that an API's document has it as a component
        serialization=schemas.plain_serializer_function_ser_schema(lambda model: model.to_dict()),
    )


@cache
def serializer(cls: type[Model]) -> Any:
    """Serialize a model that pydantic finds where nothing is annotated."""
    from pydantic_core import SchemaSerializer

    return SchemaSerializer(core_schema(cls))


def json_schema(cls: type[Model]) -> dict[str, Any]:
    """The JSON schema of a model, for an API's document: its name and what it is, open to any key."""
    summary = (cls.__doc__ or "").strip().partition("\n")[0]
    properties: dict[str, Any] = {key: {} for key in sorted(cls._known)}
    return {"title": cls.__name__, "description": summary, "type": "object", "properties": properties}
