"""The templates, and the names that generated modules have from them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@cache
def names_of_templates() -> frozenset[str]:
    """The names that generated modules import or define, which nothing that is generated may have."""
    found: set[str] = set()
    for path in TEMPLATES.iterdir():
        if path.suffix not in (".py", ".jinja"):
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\s*(?:from \S+ )?import (.*)", line):
                found |= {*re.findall(r"\b[A-Za-z]\w*", match[1])}
            elif match := re.match(r"(?:class )?([A-Z]\w*)\b.*[:=]", line):
                found.add(match[1])
    return frozenset(found)
