"""What a reviewer of a refresh needs, in Markdown: what it means first, then what is to be decided, then the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .build import Report
from .state import State

SHOWN = 40


def summarise(
    verdicts: Sequence[str], reports: Mapping[str, Report], state: State | None, taken: Mapping[str, str]
) -> str:
    """Return the text for a pull request.

    Args:
        verdicts: For each document, whether it was fetched and has changed.
        reports: What was made of each API version.
        state: What it changes since the last publication.
        taken: API version -> the release that it is generated from now.
    """
    names = " and ".join(f"{api} {name}" for api, name in sorted(taken.items()))
    lines = [f"Takes API release {names}."]
    if state is not None:
        changes = [change for listed in state.changes.values() for change in listed]
        breaking = sum(change.breaking for change in changes)
        kind = (
            f"**Breaking**: {breaking} changes break programs"
            if breaking
            else "**Compatible**: no change breaks a program"
        )
        lines.append(f"{kind}, {len(changes) - breaking} do not. Next version: {state.version}.")
    decide = [f"left out: {line}" for report in reports.values() for line in report.left_out]
    decide += [note for report in reports.values() for note in report.notes]
    lines += _section("To decide before it is merged", decide, "Nothing: everything was taken as it is published.")
    mend = [problem for report in reports.values() for problem in report.problems]
    lines += _section("To mend in the tables of `openapi/`, now or later", mend, "Nothing.")
    if state is not None:
        for text in state.reports.values():
            lines += ["", text.rstrip("\n")]
    if verdicts:
        lines += _section("What TMDB publishes now", verdicts, "")
    return "\n".join(lines) + "\n"


def _section(title: str, items: Sequence[str], otherwise: str) -> list[str]:
    lines = ["", f"## {title}", ""]
    lines += [f"- {item}" for item in items[:SHOWN]]
    if len(items) > SHOWN:
        lines.append(f"- and {len(items) - SHOWN} more; scripts/regenerate lists them")
    return lines if items else [*lines, otherwise]
