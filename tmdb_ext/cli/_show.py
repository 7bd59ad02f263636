"""Output: tables for people, tab-separated lines for pipes, JSON for programs.

Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer

from ._exit import Exit, Misuse, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ._settings import Settings

PAGE_SIZE: Final = 20
"""How many things TMDB puts on a page."""
LAST_PAGE: Final = 500


class Column(NamedTuple):
    """A column of a table."""

    title: str
    value: Callable[[Mapping[str, Any]], object]
    right: bool = False
    """Whether it is set to the right, as numbers are."""
    wide: bool = False
    """Whether it gives way where the terminal is narrow."""


def emit(text: str) -> None:
    """Write a line or several to stdout; the command ends where nobody reads any more."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        silence()
        raise typer.Exit(Exit.DONE) from None
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        emit(text.encode(encoding, "replace").decode(encoding))


def silence() -> None:
    """Let the interpreter's own last flush of stdout go nowhere, so that it says nothing of a closed pipe."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Tell the person something that is not the result."""
    typer.echo(text, err=True)


def is_terminal(stream: object) -> bool:
    """Return whether a person sits at the other end of a stream."""
    return bool(getattr(stream, "isatty", bool)())


def document(payload: object) -> None:
    """Write a JSON document; indented for people."""
    escape = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    emit(json.dumps(payload, indent=2 if is_terminal(sys.stdout) else None, ensure_ascii=escape))


def done(settings: Settings, sentence: str, payload: Any) -> None:
    """Say that something has been done."""
    if settings.json:
        document(payload)
    else:
        emit(clean(sentence))


def table(settings: Settings, columns: Sequence[Column], items: Iterable[Mapping[str, Any]]) -> None:
    """Show things of one kind, each with its columns."""
    if settings.json:
        document(list(items))
    elif is_terminal(sys.stdout):
        _draw(settings, columns, list(items))
    else:
        for item in items:
            emit("\t".join(clean(_text(column.value(item))) for column in columns))


def details(settings: Settings, pairs: Sequence[tuple[str, object]], payload: Any) -> None:
    """Show one thing, as names and values; those without a value are left out."""
    shown = [(name, clean(_text(value))) for name, value in pairs if value not in (None, "", [])]
    if settings.json:
        document(payload)
    elif is_terminal(sys.stdout):
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in shown:
            grid.add_row(Text(name), Text(value))
        _print(settings, grid)
    else:
        for name, value in shown:
            emit(f"{name}\t{value}")


def clean(text: str) -> str:
    """Return text as one line that cannot steer a terminal, whatever TMDB's users have written."""
    return "".join(character if character.isprintable() else " " for character in text)


def ask(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone.

    Raises:
        Refusal: the answer is no, or there is nobody to ask and `yes` is not given.
    """
    if yes:
        return
    if not is_terminal(sys.stdin):
        raise Misuse(f"{question} There is no terminal to ask at: say --yes if you mean it.")
    if not typer.confirm(question, err=True):
        raise Refusal("Nothing was changed.")


def secret_from(prompt: str) -> str:
    """Read something secret without showing it; where stdin is no terminal, the first line of it."""
    if is_terminal(sys.stdin):
        return str(typer.prompt(prompt, hide_input=True, err=True))
    return line_from(prompt)


def line_from(prompt: str) -> str:
    """Read a line, asking for it at a terminal.

    Raises:
        Refusal: stdin is at its end.
    """
    if is_terminal(sys.stdin):
        return str(typer.prompt(prompt, err=True))
    line = sys.stdin.readline()
    if not line:
        raise Misuse(f"{prompt} is expected on stdin, and there is nothing.")
    return line.strip()


@contextlib.contextmanager
def progress(settings: Settings, what: str, total: int) -> Iterator[Callable[[], object]]:
    """Show on stderr how far work over several pages is; what is yielded counts one thing more."""
    if total <= PAGE_SIZE or not is_terminal(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, no_color=not settings.color or None)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def walk(
    settings: Settings,
    fetch: Callable[..., Any],
    *,
    limit: int,
    page: int = 1,
    results: str = "results",
    **arguments: Any,
) -> list[dict[str, Any]]:
    """Return the first things of a listing, asking for no page that is not needed.

    Args:
        settings: the global options.
        fetch: the operation; it takes ``page=``.
        limit: how many things at most.
        page: the page to begin with.
        results: the attribute that holds the things of a page.
        arguments: what else the operation takes.
    """
    found: list[dict[str, Any]] = []
    with progress(settings, "Fetching", limit) as count:
        for item in _items(fetch, page, results, arguments):
            found.append(item)
            count()
            if len(found) >= limit:
                break
    return found


def _items(
    fetch: Callable[..., Any], page: int, results: str, arguments: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    while True:
        answer = fetch(page=page, **arguments)
        items = getattr(answer, results)
        for item in items:
            yield item.to_dict()
        if not items or page >= min(answer.total_pages or 1, LAST_PAGE):
            return
        page += 1


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)


def _draw(settings: Settings, columns: Sequence[Column], items: Sequence[Mapping[str, Any]]) -> None:
    if not items:
        note("Nothing found.")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        drawn.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
            ratio=None,
            min_width=8 if column.wide else len(column.title),
        )
    for item in items:
        drawn.add_row(*(Text(clean(_text(column.value(item)))) for column in columns))
    _print(settings, drawn)


def _print(settings: Settings, what: object) -> None:
    from rich.console import Console

    Console(no_color=not settings.color or None, highlight=False).print(what)
