"""What operations are called: their ids, the resources that they belong to, and the methods that call them.

A name that an earlier release gave to an operation stays with it: a new operation never takes it over.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .distil import Address, Json, address_of, operations
from .templates import names_of_templates
from .words import BUILTINS, from_path, identifier, kebab, shortened, unique

# What `TMDB` and `AsyncTMDB` have beside their resources, which a new resource cannot be called; a test holds this
# against the classes.
ATTRIBUTES_OF_CLIENTS = frozenset(
    {
        "acting_as", "aclose", "auth", "changes_between", "close", "fetch_many", "for_user", "guest", "images",
        "low_level", "or_none", "paginate", "v3", "v4", "warm_up", "with_options", "write_many",
    }
)  # fmt: skip
# Names that the generator changes, beside those of builtins.
OF_GENERATOR = frozenset({"datetime", "false", "self", "true"})
# Names that annotations use, which a method of the same class would hide.
HIDING = frozenset(
    {"bool", "bytes", "datetime", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple", "type"}
)


@dataclass
class History:
    """What earlier releases called their operations, by address."""

    ids: dict[Address, str] = field(default_factory=dict)
    """The published ids."""
    methods: dict[Address, str] = field(default_factory=dict)
    """Resource and method: people.images."""

    def add(self, document: Json, names: dict[str, Any]) -> None:
        """Learn what the operations of a distilled document are called, given what is known so far."""
        identities = identify(document, names, self)
        methods, _ = name_methods(
            [(path, method, identities.of[path, method]) for path, method, _ in operations(document)], names, self
        )
        for path, method, operation in operations(document):
            self.ids[address_of(method, path)] = operation["operationId"]
            self.methods[address_of(method, path)] = methods[identities.of[path, method]]


@dataclass
class Identities:
    """The ids of a document's operations, all different, in lower case with hyphens."""

    of: dict[tuple[str, str], str] = field(default_factory=dict)
    """By path and method."""
    notes: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def identify(document: Json, names: dict[str, Any], history: History) -> Identities:
    """Return what the operations of a distilled document are called here."""
    better: dict[str, str] = names.get("operation_ids", {})
    result = Identities()
    listed = operations(document)

    def wanted(operation: Json) -> str:
        published = operation["operationId"]
        return str(better.get(published) or kebab(published))

    # Who had an id before keeps it, then who is in the table or is spelt as we spell; of others, the first by path.
    def rank(row: tuple[str, str, Json]) -> tuple[bool, bool]:
        path, method, operation = row
        published = operation["operationId"]
        return history.ids.get(address_of(method, path)) != published, wanted(operation) not in (
            published,
            *better.values(),
        )

    owners: dict[str, str] = {}
    for path, method, operation in sorted(listed, key=rank):
        name = wanted(operation)
        if name.replace("-", "_") in names_of_templates():
            name += "-operation"
        if name in owners or not name:
            own = from_path(path, method)
            name = unique(own, owners).replace("_", "-")
            shown = f"{method.upper()} {path}"
            result.notes.append(
                f"{shown}: {wanted(operation)} is {owners[wanted(operation)]}; this one is called {name}"
            )
        owners[name] = f"{method.upper()} {path}"
        result.of[path, method] = name
    published = {operation["operationId"] for _, _, operation in listed}
    result.unused = [f"[operation_ids] {one}{nearest(one, published)}" for one in sorted({*better} - published)]
    return result


def tag_of(path: str, names: Json) -> str:
    """The resource that serves `path`: by the table, else by its first segment."""
    prefixes = [(len(p), tag) for tag, group in names.get("tags", {}).items() for p in group if is_below(path, p)]
    if prefixes:
        return str(max(prefixes)[1])
    segments = [s for s in path.split("/") if s and not s.startswith("{") and not s.isdigit()]
    tag = identifier(segments[0].partition("{")[0], "r").rstrip("_") if segments else "other"
    if tag in ATTRIBUTES_OF_CLIENTS | OF_GENERATOR | BUILTINS or keyword.iskeyword(tag):
        tag += "_api"
    return shortened(tag).lower()


def is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def name_methods(
    listed: Iterable[tuple[str, str, str]], names: Json, history: History
) -> tuple[dict[str, str], list[str]]:
    """Return resource and method of each operation, given as (path, HTTP method, id), and what had to give way."""
    rows = [(path, method, name, tag_of(path, names)) for path, method, name in listed]
    table = names.get("methods", {})

    def rank(row: tuple[str, str, str, str]) -> tuple[bool, bool, bool, str]:
        path, method, name, tag = row
        own = derived_method(name, tag)
        before = history.methods.get(address_of(method, path))
        return name not in table, before != f"{tag}.{own}", "_".join(name.split("-")) == own, path

    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    notes = []
    for _, method, name, tag in sorted(rows, key=rank):
        own = str(table[name]) if name in table else derived_method(name, tag)
        chosen = own
        if f"{tag}.{own}" in owners:
            chosen = next(
                (
                    other
                    for other in (fit_method(name.replace("-", "_")), fit_method(f"{own}_{method}"))
                    if f"{tag}.{other}" not in owners
                ),
                "",
            ) or unique(own, {one.partition(".")[2] for one in owners if one.startswith(f"{tag}.")})
            notes.append(
                f"{name}: {tag}.{own} is {owners[f'{tag}.{own}']}; this one is {tag}.{chosen}: "
                "name it in the table of names, [methods]"
            )
        owners[f"{tag}.{chosen}"] = name
        found[name] = f"{tag}.{chosen}"
    return found, sorted(notes)


def derived_method(name: str, tag: str) -> str:
    """The method of an operation that the table does not know: its id less the words that its resource says."""
    stems = {stem for word in tag.split("_") for stem in (word, word.removesuffix("s"), re.sub("ies$", "y", word))}
    if tag == "people":
        stems.add("person")
    if tag[1:2].isdigit():
        stems.add(tag[1:])  # a resource's name begins with a letter
    rest = name.split("-")
    while len(rest) > 1 and rest[0] in stems:
        rest = rest[1:]
    return fit_method("_".join(re.sub(r"\W+", "", word) for word in rest).lower())


def fit_method(name: str) -> str:
    """A method's name that hides nothing its class needs."""
    name = name if name[:1].isalpha() else f"n{name}"
    return f"{name}_" if name in HIDING else name


def nearest(name: str, known: Iterable[str]) -> str:
    """The names that are close to one that is not there, as the end of a message; empty if none is."""
    # difflib is slow: compare only the names that share most letters with it.
    likely = sorted({*known}, key=lambda one: (_unlikeness(name, one), one))[:20]
    close = _closest(name, tuple(likely))
    return f"; close to it: {', '.join(close)}" if close else ""


@cache
def _closest(name: str, candidates: tuple[str, ...]) -> tuple[str, ...]:
    """The candidates closest to a name. Cached: documents that differ little ask for the same."""
    return tuple(difflib.get_close_matches(name, candidates, n=3, cutoff=0.5))


@cache
def _unlikeness(name: str, other: str) -> float:
    """How few letters two names share; cached as `_closest` is."""
    return -len(_letters(name) & _letters(other)) / (len(name) + len(other) + 1)


@cache
def _letters(name: str) -> frozenset[tuple[str, int]]:
    """The letters of a name, each with how often it has occurred before."""
    return frozenset((letter, name.count(letter, 0, index)) for index, letter in enumerate(name))
