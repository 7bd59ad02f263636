"""Names that are fit for Python, made of whatever a document calls its things."""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import unicodedata
from collections.abc import Collection

LONGEST = 80
"""How long a derived name may be: it becomes the name of a file."""
METHOD_WORDS = {
    "post": "add", "put": "update", "patch": "change", "delete": "delete",
    "head": "head", "options": "options", "trace": "trace",
}  # fmt: skip
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_?")
# Names of builtins that are fit for arguments and attributes all the same.
_PLAIN_BUILTINS = {"id", "copyright", "credits", "exit", "help", "license", "quit"}
BUILTINS = frozenset(dir(builtins)) - _PLAIN_BUILTINS


def words_of(text: str) -> list[str]:
    """The words of a name in any spelling, in lower case: `movieDetails`, `movie/details` and `Movie Details` alike."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    folded = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", folded)
    return [word.lower() for word in re.findall(r"[A-Za-z0-9]+", folded)]


def kebab(text: str) -> str:
    """A name with hyphens between its words; empty if it has no letter or digit."""
    return text if _KEBAB.fullmatch(text) else "-".join(words_of(text))


def identifier(text: str, prefix: str = "n") -> str:
    """A name of Python for a name of the document; one that is fit already stays as it is."""
    if _SNAKE.fullmatch(text) and not keyword.iskeyword(text):
        return text
    name = "_".join(words_of(text)) or prefix
    if not name[0].isalpha():
        name = f"{prefix}{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def unique(name: str, taken: Collection[str]) -> str:
    """`name`, or `name` with a number after it, so that it is none of `taken`."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def shortened(name: str) -> str:
    """A name that is not too long: its beginning, and what tells it from others with the same."""
    if len(name) <= LONGEST:
        return name
    return name[: LONGEST - 8] + "X" + hashlib.sha256(name.encode()).hexdigest()[:7]


def from_path(path: str, method: str) -> str:
    """An operation id for an operation that has none: `movie-awards` for GET /3/movie/{movie_id}/awards."""
    segments = [segment for segment in path.split("/") if segment]
    words = [
        word for segment in segments if not segment.isdigit() for word in words_of(re.sub(r"{[^}]*}", " ", segment))
    ]
    if method == "get":
        words += ["details"] if segments and segments[-1].startswith("{") else []
    else:
        words.append(METHOD_WORDS.get(method, method))
    return "-".join(words) or f"root-{method}"
