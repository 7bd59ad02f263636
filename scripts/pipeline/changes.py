"""What changed for users of the client between two API releases, and whether it breaks what they wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .surface import Operation, Parameter, Surface

PLAIN = frozenset({"str", "int", "float", "bool", "None"})
"""What a value is given as when its type is not known, too."""
SECTIONS = ("operation", "parameter", "return type", "credentials", "model", "property", "enumeration")


@dataclass(frozen=True, order=True)
class Change:
    """One difference, at the level of Python names."""

    section: str
    subject: str
    text: str
    breaking: bool

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def compare(old: Surface, new: Surface) -> list[Change]:
    """Return every difference that a user of the client can notice, in a stable order."""
    changes = [*_operations(old, new), *_models(old, new), *_enumerations(old, new)]
    return sorted(changes, key=lambda c: (not c.breaking, SECTIONS.index(c.section), c))


def render(changes: Iterable[Change], title: str) -> str:
    """Return the report, in Markdown."""
    listed = list(changes)
    lines = [f"# {title}", "", f"{_verdict(listed)}", ""]
    for heading, breaking in (("Breaking", True), ("Compatible", False)):
        chosen = [change for change in listed if change.breaking is breaking]
        if chosen:
            lines += [f"## {heading}", ""]
            lines += [f"- {change.section} `{change.subject}`: {change.text}" for change in chosen]
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _verdict(changes: list[Change]) -> str:
    if not changes:
        return "Nothing changed for users of the client."
    breaking = sum(change.breaking for change in changes)
    kind = "breaking" if breaking else "compatible"
    return f"This release is {kind}: {breaking} breaking and {len(changes) - breaking} compatible changes."


# Operations


def _operations(old: Surface, new: Surface) -> Iterator[Change]:
    for operation in _values(old.operations, new.operations):
        yield Change("operation", operation.method, f"removed ({_address(operation)})", breaking=True)
    for operation in _values(new.operations, old.operations):
        yield Change("operation", operation.method, f"added ({_address(operation)})", breaking=False)
    for address in sorted(old.operations.keys() & new.operations.keys()):
        before, after = old.operations[address], new.operations[address]
        if before.method != after.method:
            yield Change("operation", before.method, f"is now {after.method}", breaking=True)
        if before.endpoint != after.endpoint:
            yield Change("operation", before.endpoint, f"the endpoint is now {after.endpoint}", breaking=True)
        if before.takes != after.takes:
            breaking = not before.served_by <= after.served_by
            yield Change("credentials", after.method, f"takes {after.takes}; took {before.takes}", breaking)
        if before.returns != after.returns:
            breaking = not _is_given(after.returns, before.returns)
            yield Change("return type", after.method, f"{after.returns}; was {before.returns}", breaking)
        yield from _parameters(before, after)


def _values(one: dict[tuple[str, str], Operation], other: dict[tuple[str, str], Operation]) -> list[Operation]:
    return [one[address] for address in sorted(one.keys() - other.keys())]


def _address(operation: Operation) -> str:
    return " ".join(operation.address)


def _parameters(before: Operation, after: Operation) -> Iterator[Change]:
    method = after.method
    renamed = _renamed(before, after)
    new = {parameter.name: parameter for parameter in after.parameters}
    old_names = {renamed.get(parameter.name, parameter.name) for parameter in before.parameters}
    for parameter in before.parameters:
        name = renamed.get(parameter.name, parameter.name)
        subject = f"{method}({parameter.name})"
        if name != parameter.name:
            yield Change("parameter", subject, f"is now called {name}", breaking=True)
        if name not in new:
            yield Change("parameter", subject, "removed", breaking=True)
        else:
            yield from _parameter(f"{method}({name})", parameter, new[name])
    for parameter in after.parameters:
        if parameter.name not in old_names:
            need = "required" if parameter.required else "optional"
            text = f"added, {need}, {parameter.annotation}"
            yield Change("parameter", f"{method}({parameter.name})", text, breaking=parameter.required)
    order = [renamed.get(p.name, p.name) for p in before.parameters if p.positional]
    new_order = [p.name for p in after.parameters if p.positional]
    if order != new_order[: len(order)] and set(order) <= set(new_order):
        yield Change("parameter", method, f"positional arguments are now {', '.join(new_order)}", breaking=True)


def _renamed(before: Operation, after: Operation) -> dict[str, str]:
    """Old name -> new name of the parameters of the path, which are told by their place."""
    old, new = ([p for p in operation.parameters if p.positional] for operation in (before, after))
    known = {parameter.name for parameter in after.parameters}
    pairs = zip(old, new, strict=False)
    return {one.name: other.name for one, other in pairs if one.name != other.name and one.name not in known}


def _parameter(subject: str, before: Parameter, after: Parameter) -> Iterator[Change]:
    if after.required and not before.required:
        yield Change("parameter", subject, "required; was optional", breaking=True)
    if before.required and not after.required:
        yield Change("parameter", subject, "optional; was required", breaking=False)
    old, new = (_bare(parameter) for parameter in (before, after))
    if old != new:
        yield Change("parameter", subject, f"{new}; was {old}", breaking=not _is_taken(old, new))
    if before.positional and not after.positional:
        yield Change("parameter", subject, "given by name; was given by position", breaking=True)
    if before.assumed != after.assumed:
        said = f"TMDB assumes {after.assumed}" if after.assumed else "TMDB says no longer what it assumes"
        was = f"; it assumed {before.assumed}" if before.assumed else ""
        yield Change("parameter", subject, said + was, breaking=bool(after.assumed and before.assumed))


def _bare(parameter: Parameter) -> str:
    """The annotation, without the None that an optional argument has."""
    return parameter.annotation if parameter.required else parameter.annotation.removesuffix(" | None")


# Models and enumerations


def _models(old: Surface, new: Surface) -> Iterator[Change]:
    for name in sorted(old.models.keys() - new.models.keys()):
        yield Change("model", name, "removed", breaking=True)
    for name in sorted(new.models.keys() - old.models.keys()):
        yield Change("model", name, "added", breaking=False)
    # The arguments of methods are their bodies' properties, and said there.
    for name in sorted((old.models.keys() & new.models.keys()) - (old.bodies & new.bodies)):
        yield from _properties(name, old, new)


def _properties(model: str, old: Surface, new: Surface) -> Iterator[Change]:
    before, after = old.models[model], new.models[model]
    is_input = model in old.inputs
    for name in sorted(before.keys() - after.keys()):
        yield Change("property", f"{model}.{name}", "removed", breaking=True)
    for name in sorted(after.keys() - before.keys()):
        required = is_input and name in new.required[model]
        text = f"added, {'required, ' if required else ''}{after[name]}"
        yield Change("property", f"{model}.{name}", text, breaking=required)
    for name in sorted(before.keys() & after.keys()):
        subject = f"{model}.{name}"
        if before[name] != after[name]:
            old_type, new_type = before[name], after[name]
            fits = _is_taken(old_type, new_type) if is_input else _is_given(new_type, old_type)
            yield Change("property", subject, f"{new_type}; was {old_type}", breaking=not fits)
        was, now = name in old.required[model], name in new.required[model]
        if is_input and was != now:
            yield Change("property", subject, "required; was optional" if now else "optional; was required", now)


def _enumerations(old: Surface, new: Surface) -> Iterator[Change]:
    for name in sorted(old.enumerations.keys() - new.enumerations.keys()):
        yield Change("enumeration", name, "removed", breaking=True)
    for name in sorted(new.enumerations.keys() - old.enumerations.keys()):
        yield Change("enumeration", name, "added", breaking=False)
    for name in sorted(old.enumerations.keys() & new.enumerations.keys()):
        before, after = set(old.enumerations[name]), set(new.enumerations[name])
        for value in sorted(before - after):
            yield Change("enumeration", name, f"value {value!r} removed", breaking=True)
        for value in sorted(after - before):
            yield Change("enumeration", name, f"value {value!r} added", breaking=False)


# Types


def _is_taken(old: str, new: str) -> bool:
    """Whether an argument of the type `old` may still be given where the type is `new`."""
    return "Any" in _parts(new) or _fits(old, new)


def _is_given(new: str, old: str) -> bool:
    """Whether a program that reads a value of the type `old` can read one of the type `new`."""
    return _parts(new) <= PLAIN if "Any" in _parts(old) else _fits(new, old)


def _fits(inner: str, outer: str) -> bool:
    accepted = _parts(outer)
    return all(part in accepted or (part == "int" and "float" in accepted) for part in _parts(inner))


def _parts(annotation: str) -> set[str]:
    parts, depth = [""], 0
    for piece in re.split(r"(\[|\]| \| )", annotation):
        depth += {"[": 1, "]": -1}.get(piece, 0)
        if piece == " | " and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return set(parts)
