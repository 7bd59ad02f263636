"""What changed for users of the client between two API releases, and whether it breaks what they wrote."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from .surface import Operation, Parameter, Surface

PLAIN = frozenset({"str", "int", "float", "bool", "None"})
"""The types of values that need no decoding: a value of unknown type arrives as one of them as well."""
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
    before_by_method = {operation.method: operation for operation in old.operations.values()}
    enumerations = old.enumerations.keys() | new.enumerations.keys()
    for operation in _values(new.operations, old.operations):
        former = before_by_method.get(operation.method)
        if former is not None:
            text = f"calls {_address(operation)}; called {_address(former)}"
            yield Change("operation", operation.method, text, breaking=True)
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
            breaking = not _is_given(after.returns, before.returns, enumerations)
            yield Change("return type", after.method, f"{after.returns}; was {before.returns}", breaking)
        if before.deprecated != after.deprecated:
            text = "deprecated by TMDB" if after.deprecated else "not deprecated any more"
            yield Change("operation", after.method, text, breaking=False)
        yield from _parameters(before, after, enumerations)


def _values(one: dict[tuple[str, str], Operation], other: dict[tuple[str, str], Operation]) -> list[Operation]:
    return [one[address] for address in sorted(one.keys() - other.keys())]


def _address(operation: Operation) -> str:
    return " ".join(operation.address)


def _parameters(before: Operation, after: Operation, enumerations: Collection[str]) -> Iterator[Change]:
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
            yield from _parameter(f"{method}({name})", parameter, new[name], enumerations)
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


def _parameter(subject: str, before: Parameter, after: Parameter, enumerations: Collection[str]) -> Iterator[Change]:
    if after.required and not before.required:
        yield Change("parameter", subject, "required; was optional", breaking=True)
    if before.required and not after.required:
        yield Change("parameter", subject, "optional; was required", breaking=False)
    old, new = (_bare(parameter) for parameter in (before, after))
    if old != new:
        yield Change("parameter", subject, f"{new}; was {old}", breaking=not _is_taken(old, new, enumerations))
    if before.positional and not after.positional:
        yield Change("parameter", subject, "given by name; was given by position", breaking=True)
    if before.assumed != after.assumed:
        said = f"TMDB assumes {after.assumed}" if after.assumed else "TMDB no longer documents a default"
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
            enumerations = old.enumerations.keys() | new.enumerations.keys()
            fits = (_is_taken if is_input else _given)(old_type, new_type, enumerations)
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


def _is_taken(old: str, new: str, enumerations: Collection[str]) -> bool:
    """Whether an argument of the type `old` may still be given where the type is `new`."""
    return _accepts(_tree(new), _tree(old), enumerations, reading=False)


def _given(old: str, new: str, enumerations: Collection[str]) -> bool:
    return _is_given(new, old, enumerations)


def _is_given(new: str, old: str, enumerations: Collection[str]) -> bool:
    """Whether a program that reads a value of the type `old` can read one of the type `new`."""
    if "Any" in _parts(old):
        return _parts(new) <= PLAIN
    return _accepts(_tree(old), _tree(new), enumerations, reading=True)


def _accepts(wide: ast.expr, narrow: ast.expr, enumerations: Collection[str], *, reading: bool) -> bool:
    """Whether every value of the type `narrow` is one of the type `wide`.

    What is read may vary inside a list or a map; what is given has to be a list of exactly what is asked for, since a
    type checker says so.
    """

    def one(outer: ast.expr, inner: ast.expr) -> bool:
        name, of = _split(outer)
        other, of_other = _split(inner)
        if name == "Any" or ast.unparse(outer) == ast.unparse(inner):
            return True
        if name == "Filter" and of is not None:
            if other in ("Filter", "Sequence", "list", "tuple") and of_other is not None:
                return every(of, of_other)
            return other == "str" or other in enumerations or every(of, inner)
        if of is None or of_other is None:
            return (of is None and of_other is None and (name, other) in _WIDER) or (
                name == "str" and other in enumerations
            )
        if name == "Sequence":
            return other in ("Sequence", "list", "tuple") and every(of, of_other)
        return name == other and (every(of, of_other) if reading else ast.unparse(of) == ast.unparse(of_other))

    def every(outer: ast.expr, inner: ast.expr) -> bool:
        return all(any(one(candidate, part) for candidate in _members(outer)) for part in _members(inner))

    return every(wide, narrow)


_WIDER = {
    ("float", "int"),
    ("float", "bool"),
    ("int", "bool"),
    ("str", "Unlisted"),
    ("str", "AppendedSeason"),
    ("datetime.date", "datetime.datetime"),
}
"""(type, another one whose values are of the type, too)"""


def _tree(annotation: str) -> ast.expr:
    return ast.parse(annotation, mode="eval").body


def _members(node: ast.expr) -> list[ast.expr]:
    """The members of a union; of another type, itself."""
    if isinstance(node, ast.BinOp):
        return [*_members(node.left), *_members(node.right)]
    return [node]


def _split(node: ast.expr) -> tuple[str, ast.expr | None]:
    """The name of a type, and what it is a container of."""
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
        return ast.unparse(node.value), inner
    return ast.unparse(node), None


def _parts(annotation: str) -> set[str]:
    return {ast.unparse(member) for member in _members(_tree(annotation))}
