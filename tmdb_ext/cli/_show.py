"""Output: tables for people, tab-separated lines for pipes, JSON for programs.

Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import typer

from ._exit import Exit, Misuse, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

    from ._settings import Settings

_NARROWEST: Final = 8
"""How narrow a column is made at most."""


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
        _console(settings).print(grid)
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
    return line.rstrip("\r\n")


def walk(
    settings: Settings,
    fetch: Callable[..., Any],
    *,
    limit: int,
    page: int = 1,
    **arguments: Any,
) -> list[dict[str, Any]]:
    """Return the first things of a listing, asking for no page that is not needed.

    Args:
        settings: the global options.
        fetch: the method of a client that takes ``page=``.
        limit: how many things at most.
        page: the page to begin with.
        arguments: what else the operation takes.
    """
    from tmdb_ext._paging import Listing, Pages

    pages: Pages[Any] = Pages(Listing(fetch, (), arguments, max_items=limit, start_page=page, unique=True))
    found: list[dict[str, Any]] = []
    with contextlib.ExitStack() as stack:
        show: Callable[[int], object] | None = None
        for item in pages:
            found.append(item.to_dict())
            if show is None and pages.page != page:
                show = stack.enter_context(_progress(settings, min(limit, pages.total_results or limit)))
            if show is not None:
                show(len(found))
    return found


@contextlib.contextmanager
def _progress(settings: Settings, total: int) -> Iterator[Callable[[int], object]]:
    """Show on stderr how far work over several pages is; what is yielded takes how much is done."""
    if not is_terminal(sys.stderr):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, no_color=not settings.color or None)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Fetching", total=total)
        yield lambda count: bar.update(task, completed=count)


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
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    console = _console(settings)
    rows = [[clean(_text(column.value(item))) for column in columns] for item in items]
    widths = [
        max(cell_len(column.title), *(cell_len(row[place]) for row in rows)) for place, column in enumerate(columns)
    ]
    _narrow(widths, [place for place, column in enumerate(columns) if column.wide], console.width - 3 * len(columns))
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        drawn.add_column(column.title, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
    for row in rows:
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def _narrow(widths: list[int], wide: Sequence[int], room: int) -> None:
    """Take from the widest of the columns that give way until all of them fit, or nothing is left to take."""
    while sum(widths) > room and wide:
        widest = max(wide, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _console(settings: Settings) -> Console:
    from rich.console import Console

    return Console(no_color=not settings.color or None, highlight=False)
