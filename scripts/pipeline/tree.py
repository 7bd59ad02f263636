"""Read, compare and sum up folders."""

from __future__ import annotations

import hashlib
from pathlib import Path

IGNORED = {"__pycache__", ".mypy_cache", ".ruff_cache"}


def read_tree(root: Path) -> dict[str, bytes]:
    """Relative path -> content of every file below `root`."""
    if not root.exists():
        return {}
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not IGNORED & set(path.relative_to(root).parts)
    }


def digest(package: Path, api: str) -> str:
    """SHA-256 over the names and contents of what one API version's package consists of, with what all share."""
    total = hashlib.sha256()
    for name, content in read_tree(package).items():
        if "/" not in name or name.startswith(f"{api}/"):
            total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def differences(expected: dict[str, bytes], actual: dict[str, bytes], prefix: str = "") -> list[str]:
    """One line per file that is missing, should not be there, or differs."""
    lines = [f"missing   {prefix}{name}" for name in sorted(expected.keys() - actual.keys())]
    lines += [f"unknown   {prefix}{name}" for name in sorted(actual.keys() - expected.keys())]
    for name in sorted(expected.keys() & actual.keys()):
        if expected[name] != actual[name]:
            changed = _changed_lines(expected[name], actual[name])
            lines.append(f"different {prefix}{name} (from line {changed})")
    return lines


def _changed_lines(one: bytes, other: bytes) -> int:
    left, right = one.splitlines(), other.splitlines()
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs, 1) if a != b), min(len(left), len(right)) + 1)
