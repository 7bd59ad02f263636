"""What responses contradict, as entries for openapi/ that a maintainer can paste.

A key that the document does not have becomes a property; an object that it does not have becomes a model, or is the one
model that has the same properties; a value of another type widens the type that is there. A value itself is shown only
if it belongs to nobody, and only where an enumeration lacks it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .distil import Json, operations
from .evidence import Finding
from .notation import SCALARS, ref, ref_name, write_type
from .schemas import are_keys_of_a_map

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
"""What a key looks like that is a name, and not data."""
PLAIN_VALUE = re.compile(r"'[\w.+/-]{1,40}'")
SHOWN_OPERATIONS = 3


@dataclass
class Mends:
    """Entries for the files of openapi/, and what no entry can mend."""

    overlay: list[str] = field(default_factory=list)
    """Entries of overlay-v3.toml or overlay-v4.toml."""
    models: dict[str, str] = field(default_factory=dict)
    """Descriptions of new models, for descriptions.toml."""
    properties: dict[str, str] = field(default_factory=dict)
    """Descriptions of what may be anything: without one that begins with "Any" it is found again."""
    by_hand: list[str] = field(default_factory=list)
    """A line for each finding that needs a decision."""

    def lines(self, api: str) -> list[str]:
        """Return the entries under the names of the files that they go to."""
        lines = []
        if self.overlay:
            lines += [f"# openapi/overlay-{api}.toml", *"\n\n".join(self.overlay).splitlines()]
        for section, texts in (("models", self.models), ("properties", self.properties)):
            if texts:
                table = f"[{section}]" if api == "v3" else f"[{api}.{section}]"
                lines += ["", f"# openapi/descriptions.toml, in {table}"]
                lines += [f'{_toml_key(name)} = "{text}"' for name, text in texts.items()]
        if self.by_hand:
            lines += ["", "# to be mended by hand", *(f"# {line}" for line in self.by_hand)]
        return lines


class Mender:
    """Makes the entries for the findings of one version of the API.

    Args:
        document: Our document of the version.
        seen: What the reasons say of the day: "2026-11".
        is_personal: Whether an operation, its method and path template, answers with what is a user's own.
    """

    def __init__(self, document: Json, seen: str, is_personal: Callable[[str], bool]) -> None:
        self._schemas: Json = document["components"]["schemas"]
        self._taken = {*self._schemas}
        bodies = [operation["requestBody"] for _, _, operation in operations(document) if "requestBody" in operation]
        self._bodies = {ref_name(body["content"]["application/json"]["schema"]) for body in bodies}
        self._seen = seen
        self._is_personal = is_personal

    def mends(self, findings: Iterable[Finding]) -> Mends:
        """Return the entries for findings."""
        mends = Mends()
        by_place: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            model, _, prop = _target(finding.place).partition(".")
            if finding.kind == "unlisted":
                mends.by_hand.append(self._unlisted(finding))
            elif "properties" not in self._schemas.get(model, {}):
                mends.by_hand.append(f"{finding.place}: {finding.what}, which no entry of the overlay reaches")
            elif not NAME.fullmatch(prop):
                mends.by_hand.append(f"{model}: has a key that is no name ({finding.what}): perhaps it is a map")
            else:
                by_place[f"{model}.{prop}"].append(finding)
        for place, listed in sorted(by_place.items()):
            self._mend(place, listed, mends)
        return mends

    def _mend(self, place: str, findings: list[Finding], mends: Mends) -> None:
        model, _, prop = place.partition(".")
        current = self._schemas[model]["properties"].get(prop)
        found = _joined([_wrapped(finding.place.removeprefix(place), finding.shape) for finding in findings])
        if current is None and not found:
            mends.by_hand.append(f"{place}: was null or empty whenever it was sent, so that its type is not known")
            return
        schema = found if current is None else _joined([_without_null(current), found])
        written = write_type(self._named(schema, model + _pascal(prop), place, findings, mends))
        if current is not None and written == write_type(_without_null(current)):
            mends.by_hand.append(
                f"{place}: {findings[0].what}, which its type {written} has room for: a fault of ours?"
            )
            return
        self._add(place, written, mends, findings, adds=current is None)

    def _named(self, schema: Json, name: str, place: str, findings: list[Finding], mends: Mends) -> Json:
        """The schema with models in the place of objects; entries for those that are new."""
        if "items" in schema:
            return {**schema, "items": self._named(schema["items"], name, place, findings, mends)}
        if "anyOf" in schema:
            return {"anyOf": [self._named(member, name, place, findings, mends) for member in schema["anyOf"]]}
        properties = schema.get("properties")
        if properties is None:
            return schema
        if not properties or are_keys_of_a_map(properties) or not all(map(NAME.fullmatch, properties)):
            value = self._named(_joined(properties.values()), name, place, findings, mends)
            return _map_of(value)
        alike = [
            one
            for one, known in self._schemas.items()
            if one not in self._bodies and known.get("properties", {}).keys() == properties.keys()
        ]
        if len(alike) == 1:
            return ref(alike[0])
        while name in self._taken:
            name += "Item"
        self._taken.add(name)
        mends.models[name] = f"What TMDB sends as {place.rpartition('.')[2]}."
        for key, value in properties.items():
            written = write_type(self._named(value, name + _pascal(key), f"{name}.{key}", findings, mends))
            self._add(f"{name}.{key}", written, mends, findings, adds=True)
        return ref(name)

    def _add(self, place: str, written: str, mends: Mends, findings: list[Finding], *, adds: bool) -> None:
        if written == "any":
            mends.properties[place] = "Any value: what TMDB sends here has no one type, or none that is known."
        listed = dict.fromkeys(operation for finding in findings for operation in finding.operations)
        shown = ", ".join([*listed][:SHOWN_OPERATIONS])
        add = "add = true\n" if adds else ""
        reason = f'reason = "Seen in the answers of {shown} ({self._seen})."'
        mends.overlay.append(f'[[mend]]\ntarget = "model:{place}"\n{add}type = "{written}"\n{reason}')

    def _unlisted(self, finding: Finding) -> str:
        shown = finding.what
        if not PLAIN_VALUE.fullmatch(shown) or any(map(self._is_personal, finding.operations)):
            shown = "a value"
        seen_in = ", ".join([*finding.operations][:SHOWN_OPERATIONS])
        return f"{finding.place}: {shown}, which the document does not list, in the answers of {seen_in}"


def _target(place: str) -> str:
    """The property that a place is in: MovieDetails.genres of MovieDetails.genres[]."""
    return re.sub(r"(\[\]|\{\})+$", "", place)


def is_below(place: str, other: str) -> bool:
    """Whether a property is the one that a finding's place is in."""
    return _target(other) == place


def _wrapped(suffix: str, schema: Json) -> Json:
    """The schema of a property in which `schema` was found at `suffix`: in a list for each []."""
    while suffix:
        suffix, last = suffix[:-2], suffix[-2:]
        schema = {"type": "array", "items": schema} if last == "[]" else _map_of(schema)
    return schema


def _map_of(schema: Json) -> Json:
    return {"type": "object", "additionalProperties": schema}


def _joined(schemas: Iterable[Json]) -> Json:
    """The schema for values of all of them; nothing known if the notation has no way to say it."""
    members: list[Json] = []
    for schema in schemas:
        for member in schema.get("anyOf", [schema] if schema else []):
            _join(members, member)
    if len(members) < 2:
        return members[0] if members else {}
    structured = [member for member in members if member not in SCALARS.values()]
    if len(structured) > 1 or any("$ref" not in member and "properties" not in member for member in structured):
        return {}
    return {"anyOf": members}


def _join(members: list[Json], added: Json) -> None:
    """Put a schema into the members of a union: into the one of its kind, if there is one."""
    for index, member in enumerate(members):
        if member == added:
            return
        if {str(member.get("type")), str(added.get("type"))} == {"integer", "number"}:
            members[index] = {"type": "number"}
            return
        if member.get("type") == added.get("type") == "array":
            members[index] = {"type": "array", "items": _joined([member.get("items", {}), added.get("items", {})])}
            return
        if "additionalProperties" in member and "additionalProperties" in added:
            members[index] = _map_of(_joined([member["additionalProperties"], added["additionalProperties"]]))
            return
        if "properties" in member and "properties" in added:
            keys = [*dict.fromkeys([*member["properties"], *added["properties"]])]
            both = (member["properties"], added["properties"])
            united = {key: _joined([one[key] for one in both if key in one]) for key in keys}
            members[index] = {"type": "object", "properties": united}
            return
    members.append(added)


def _without_null(schema: Json) -> Json:
    """A schema of our document as the overlay writes it: null is said of every property, and descriptions elsewhere."""
    schema = {key: value for key, value in schema.items() if key != "description"}
    if isinstance(schema.get("type"), list):
        schema["type"] = next((kind for kind in schema["type"] if kind != "null"), "null")
    for union in ("anyOf", "oneOf"):
        if union in schema and "discriminator" not in schema:
            members = [_without_null(member) for member in schema[union] if member != {"type": "null"}]
            return {"anyOf": members} if len(members) > 1 else members[0]
    if "items" in schema:
        schema["items"] = _without_null(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _without_null(schema["additionalProperties"])
    return schema if ref_name(schema) is None else ref(str(ref_name(schema)))


def _toml_key(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _pascal(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", text))
