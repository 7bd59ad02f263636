"""Bodies made from a schema: deterministic, plausible, and valid against it.

What the sample catalogue or the simulator's state knows is laid over; everything else is derived from the property's
name and from where it stands, so that the same request gets the same body in every run.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tmdb_ext.testing._document import Document, Schema

COUNTRIES = ("US", "GB", "DE", "FR", "JP", "BR")
LANGUAGES = ("en", "de", "fr", "ja", "pt", "es")

_WORDS = (
    "amber", "arrow", "basin", "beacon", "birch", "canyon", "cinder", "clover", "copper", "delta", "ember", "fable",
    "falcon", "garnet", "harbour", "heron", "island", "juniper", "lantern", "linden", "marble", "meadow", "mirror",
    "north", "orchard", "paper", "pebble", "quarry", "raven", "river", "saddle", "signal", "silver", "summer",
    "thicket", "timber", "valley", "velvet", "willow", "winter",
)  # fmt: skip

_SOMETIMES_NULL = frozenset({
    "avatar_path", "backdrop_path", "belongs_to_collection", "birthday", "deathday", "facebook_id", "freebase_id",
    "freebase_mid", "homepage", "instagram_id", "iso_639_1", "logo_path", "next_episode_to_air", "parent_company",
    "place_of_birth", "poster_path", "production_code", "profile_path", "runtime", "still_path", "tiktok_id",
    "tvdb_id", "tvrage_id", "twitter_id", "wikidata_id", "youtube_id",
})  # fmt: skip

_TEXTS: dict[str, tuple[str, ...]] = {
    "action": ("added", "updated", "deleted"),
    "certification": ("PG", "15", "12A"),
    "credit_type": ("cast",),
    "department": ("Directing", "Writing", "Camera"),
    "english_name": ("English", "German", "French", "Japanese", "Portuguese", "Spanish"),
    "episode_type": ("standard", "mid_season", "finale"),
    "file_type": (".png", ".svg"),
    "image_type": ("backdrop", "poster"),
    "iso_3166_1": COUNTRIES,
    "iso_639_1": LANGUAGES,
    "job": ("Director", "Writer", "Director of Photography"),
    "key": ("overview", "title", "images"),
    "known_for_department": ("Acting", "Directing", "Writing"),
    "list_type": ("movie",),
    "media_type": ("movie", "tv"),
    "native_name": ("United States", "United Kingdom", "Deutschland", "France"),
    "origin_country": COUNTRIES,
    "original_language": LANGUAGES,
    "place_of_birth": ("Leeds, England, UK", "Porto, Portugal", "Graz, Austria"),
    "provider_name": ("Lanternbox", "Hillside Play", "Cinevine"),
    "rating": ("TV-14", "16", "12"),
    "site": ("YouTube",),
    "status": ("Released", "Returning Series"),
}
_NUMBERS: dict[str, tuple[int | float, ...]] = {
    "aspect_ratio": (1.778, 0.667, 2.4),
    "gender": (1, 2, 3),
    "height": (1080, 1500, 720),
    "size": (1080, 720),
    "width": (1920, 1000, 1280),
    "year": (1987, 2004, 2019),
}
_DEEPEST = 9


class Facts(dict[str, Any]):
    """Everything that is known of an object: where these are laid over, a property that they lack is left out."""


def stable(*parts: object) -> int:
    """A number that depends on the parts alone, not on the process's hash seed."""
    return zlib.crc32("\x1f".join(map(str, parts)).encode())


def stable_hex(length: int, *parts: object) -> str:
    """Hexadecimal digits that depend on the parts alone; TMDB's object ids are 24 of them."""
    digits = ""
    while len(digits) < length:
        digits += f"{stable(len(digits), *parts):08x}"
    return digits[:length]


def words(count: int, *parts: object) -> str:
    """Some words that depend on the parts alone."""
    return " ".join(_WORDS[stable(index, *parts) % len(_WORDS)] for index in range(count))


def stable_date(*parts: object) -> str:
    """An ISO date between 1970 and 2024 that depends on the parts alone."""
    return (date(1970, 1, 1) + timedelta(days=stable("day", *parts) % 20000)).isoformat()


class Filler:
    """Fills the schemas of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def fill(self, schema: Schema, seed: str, given: Any = None, *, omit: Iterable[str] = ()) -> Any:
        """A body for a schema.

        Args:
            schema: The schema.
            seed: What the made-up values depend on.
            given: What is known, in the body's own shape; it wins over made-up values. None means nothing is known.
            omit: Names of top-level properties to leave out unless they are given.
        """
        return self._fill(schema, seed, "", given if given is not None else _UNKNOWN, 0, frozenset(omit))

    def _fill(self, schema: Schema, seed: str, name: str, given: Any, depth: int, omit: frozenset[str]) -> Any:
        schema = self._document.resolve(schema)
        if given is None:
            return None
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                chosen = self._choose(schema, schema[keyword], seed, name, given)
                filled = None if chosen is None else self._fill(chosen, seed, name, given, depth, omit)
                return _told_apart(schema, filled, given, chosen)
        if "allOf" in schema:
            merged: dict[str, Any] = {"type": "object", "properties": {}}
            for part in schema["allOf"]:
                merged["properties"].update(self._document.resolve(part).get("properties", {}))
            schema = merged
        kinds = kinds_of(schema)
        if given is not _UNKNOWN and not isinstance(given, (dict, list, tuple)):
            return _coerced(given, kinds)
        if "properties" in schema or "additionalProperties" in schema or "object" in kinds:
            return self._object(schema, seed, name, given, depth, omit)
        if "array" in kinds or "items" in schema:
            return self._array(schema, seed, name, given, depth)
        if given is not _UNKNOWN:
            return given
        if "null" in kinds and name in _SOMETIMES_NULL and stable("null", seed) % 3 == 0:
            return None
        return _scalar(schema, kinds, seed, name)

    def _object(self, schema: Schema, seed: str, name: str, given: Any, depth: int, omit: frozenset[str]) -> Any:
        known: Mapping[str, Any] = given if isinstance(given, dict) else {}
        properties: Mapping[str, Schema] = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        if given is _UNKNOWN and name in _SOMETIMES_NULL and "null" in kinds_of(schema) and stable(seed) % 3 == 0:
            return None
        body: dict[str, Any] = {}
        for key, child in properties.items():
            if key in known:
                body[key] = self._fill(child, f"{seed}/{key}", key, known[key], depth + 1, frozenset())
            elif isinstance(given, Facts) or key in omit or (depth >= _DEEPEST and self._nests(child)):
                if key in schema.get("required", ()):
                    body[key] = self._fill(child, f"{seed}/{key}", key, _UNKNOWN, depth + 1, frozenset())
            else:
                body[key] = self._fill(child, f"{seed}/{key}", key, _UNKNOWN, depth + 1, frozenset())
        if isinstance(rest, Mapping) and not properties:
            keys = known if isinstance(given, dict) else dict.fromkeys(COUNTRIES[:3], _UNKNOWN)
            for key, value in keys.items():
                body[key] = self._fill(rest, f"{seed}/{key}", key, value, depth + 1, frozenset())
        elif not properties:
            body.update(known)
        return body

    def _array(self, schema: Schema, seed: str, name: str, given: Any, depth: int) -> list[Any]:
        items = schema.get("items", {})
        if given is not _UNKNOWN:
            return [
                self._fill(items, f"{seed}/{index}", name, value, depth + 1, frozenset())
                for index, value in enumerate(given)
            ]
        if depth >= _DEEPEST:
            return []
        count = 3 if depth < 2 else 2
        return [self._fill(items, f"{seed}/{index}", name, _UNKNOWN, depth + 1, frozenset()) for index in range(count)]

    def _nests(self, schema: Schema) -> bool:
        schema = self._document.resolve(schema)
        return any(key in schema for key in ("properties", "items", "oneOf", "anyOf", "additionalProperties"))

    def _choose(self, schema: Schema, variants: list[Schema], seed: str, name: str, given: Any) -> Schema | None:
        """The variant of a union to fill, or None for null."""
        solid = [variant for variant in variants if kinds_of(self._document.resolve(variant)) != ["null"]]
        if given is _UNKNOWN and len(solid) < len(variants) and name in _SOMETIMES_NULL and stable(seed) % 3 == 0:
            return None
        discriminator = schema.get("discriminator")
        if discriminator and isinstance(given, dict):
            target = discriminator.get("mapping", {}).get(given.get(discriminator["propertyName"]))
            if target:
                return {"$ref": target}
        if given is not _UNKNOWN:
            fitting = [variant for variant in solid if self._fits(variant, given)]
            if isinstance(given, dict) and fitting:
                return max(fitting, key=lambda variant: self._overlap(variant, given))
            return (fitting or solid)[0]
        if discriminator and discriminator.get("mapping"):
            return {"$ref": sorted(discriminator["mapping"].values())[stable(seed) % len(discriminator["mapping"])]}
        return solid[stable(seed) % len(solid)]

    def _fits(self, variant: Schema, given: Any) -> bool:
        variant = self._document.resolve(variant)
        kinds = kinds_of(variant)
        if not kinds:
            return True
        return any(fits_kind(kind, given) for kind in kinds)

    def _overlap(self, variant: Schema, given: Mapping[str, Any]) -> int:
        return len(self._document.resolve(variant).get("properties", {}).keys() & given.keys())


class _Unknown:
    """Marks a value that nothing is known of, where None means null."""


_UNKNOWN: Any = _Unknown()


def _told_apart(schema: Schema, filled: Any, given: Any, chosen: Schema | None) -> Any:
    """A filled variant of a union with the property that tells it from the others, whether or not it declares it."""
    discriminator = schema.get("discriminator")
    if discriminator and chosen and isinstance(filled, dict):
        name = discriminator["propertyName"]
        values = [value for value, target in discriminator.get("mapping", {}).items() if target == chosen.get("$ref")]
        if isinstance(given, dict) and given.get(name):
            filled[name] = given[name]
        elif values:
            filled[name] = values[0]
    return filled


def _coerced(given: Any, kinds: list[str]) -> Any:
    """A known scalar in the type of its schema: a document may call an id a string that others call an integer."""
    solid = [kind for kind in kinds if kind != "null"]
    if solid == ["number"] and type(given) is int:
        return float(given)
    if solid == ["string"] and type(given) is int:
        return str(given)
    if solid == ["integer"] and isinstance(given, str) and given.isdecimal():
        return int(given)
    return given


def kinds_of(schema: Schema) -> list[str]:
    """The JSON types that a schema allows; none if it does not say."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def fits_kind(kind: str, value: Any) -> bool:
    """Whether a JSON value is of a JSON Schema type."""
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    types: dict[str, type | tuple[type, ...]] = {
        "object": dict, "array": (list, tuple), "string": str, "boolean": bool, "null": type(None),
    }  # fmt: skip
    return isinstance(value, types[kind])


def _scalar(schema: Schema, kinds: list[str], seed: str, name: str) -> Any:
    kind = next((kind for kind in kinds if kind != "null"), "")
    number = stable(seed)
    if "const" in schema:
        return schema["const"]
    values = [value for value in schema.get("enum", ()) if value is not None]
    if values:
        return values[number % len(values)]
    if kind == "integer":
        return _integer(seed, name)
    if kind == "number":
        return _number(seed, name)
    if kind == "boolean":
        return name == "success" or (name not in ("adult", "video", "include_adult") and number % 2 == 0)
    if kind == "string":
        return _string(schema.get("format"), seed, name)
    # a value of any type: changes are of every kind
    return (words(3, seed), number % 1000, number % 2 == 0, {"id": number % 1000})[number % 4]


def _integer(seed: str, name: str) -> int:
    number = stable("integer", seed)
    if name in _NUMBERS:
        return int(_NUMBERS[name][number % len(_NUMBERS[name])])
    if name in ("page", "total_pages"):
        return 1
    if name == "total_results":
        return 3
    if name == "runtime" or name.endswith("run_time"):
        return 42 + number % 100
    if name in ("budget", "revenue"):
        return 1_000_000 * (1 + number % 300)
    if name == "id" or name.endswith("_id"):
        return 1 + number % 899_999_999
    if name in ("order", "display_priority", "season_number", "episode_number") or "count" not in name:
        return 1 + number % 12
    return 1 + number % 5000


def _number(seed: str, name: str) -> float:
    number = stable("number", seed)
    if name in _NUMBERS:
        return float(_NUMBERS[name][number % len(_NUMBERS[name])])
    if name in ("vote_average", "rating", "value"):
        return round(1 + number % 90 / 10, 1)
    return round(0.5 + number % 200_000 / 1000, 3)


def _string(form: str | None, seed: str, name: str) -> str:
    number = stable("string", seed)
    if form == "date":
        return stable_date(seed)
    if form == "date-time":
        moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=number % 12_000_000)
        return moment.strftime("%Y-%m-%d %H:%M:%S UTC" if name == "time" else "%Y-%m-%dT%H:%M:%S.000Z")
    if name.endswith("_path"):
        return f"/{stable_hex(24, seed)}.{'png' if name == 'logo_path' else 'jpg'}"
    if name in _TEXTS:
        return _TEXTS[name][number % len(_TEXTS[name])]
    if name == "imdb_id":
        return f"tt{number % 10_000_000:07d}"
    if name == "wikidata_id":
        return f"Q{number % 1_000_000}"
    if name in ("homepage", "url", "link"):
        return f"https://example.com/{stable_hex(8, seed)}"
    if name == "hash":
        return stable_hex(32, seed)
    if name == "id" or name.endswith("_id"):
        return stable_hex(24, seed)
    if name in ("overview", "biography", "description", "content", "note", "meaning"):
        return f"About {words(6, seed)}."
    if name in ("name", "title", "character", "author", "original_name", "original_title", "tagline", "headquarters"):
        return words(2, seed).title()
    if name == "username":
        return words(1, seed)
    return words(2, seed)
