"""The commands together, the global options, and how a run ends."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any, Final, cast

import typer
from typer.main import get_command

from tmdb_ext._errors import TMDBError
from tmdb_ext._redaction import redact
from tmdb_ext._version import API_RELEASE, __version__

from . import _account, _api, _auth, _browse, _lists, _serve
from ._exit import MEANINGS, Exit, code_of, line_of
from ._settings import Settings
from ._show import emit, note, silence

_EPILOG: Final = "\n\n".join(
    (
        "[bold]Credentials.[/bold] Every call needs an API Read Access Token or an API key, from "
        "https://www.themoviedb.org/settings/api: run 'tmdb auth token' once, or set TMDB_ACCESS_TOKEN or "
        "TMDB_API_KEY. Acting for a user needs 'tmdb auth login', or TMDB_SESSION_ID or TMDB_USER_ACCESS_TOKEN. "
        "What the environment holds goes before what is kept.",
        "[bold]Where sessions are kept.[/bold] In the system's keyring; where there is none, in a file of your "
        "configuration folder that only you can read. TMDB_SESSION_FILE names another file. 'tmdb auth status' tells.",
        "[bold]Exit codes.[/bold]\n" + "\n".join(f"{code:>3d}  {meaning}" for code, meaning in MEANINGS.items()),
        "[bold]Output.[/bold] Tables on a terminal, tab-separated lines in a pipe, JSON with --json. The options above "
        "may stand before or after the command.",
        'Example: tmdb search movie "star wars" --year 1977 --json',
    )
)

app = typer.Typer(
    help="The Movie Database (TMDB) on the command line.",
    epilog=_EPILOG,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        emit(f"tmdb-ext {__version__} (API release {API_RELEASE})")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def globals_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout, and nothing else.")] = False,
    language: Annotated[
        str | None, typer.Option("--language", metavar="LANG", help="Language of the texts: de or pt-BR.")
    ] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="COUNTRY", help="Country of releases: DE.")] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url", envvar="TMDB_BASE_URL", metavar="URL", help="Where the API is: a simulator or a proxy."
        ),
    ] = None,
    site_url: Annotated[
        str | None,
        typer.Option("--site-url", envvar="TMDB_SITE_URL", metavar="URL", help="Where users approve a login."),
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="Draw tables without colour.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to stderr what the client does.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback has seen to it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the global options."""
    context.obj = Settings(json, not no_color, language, region, base_url, site_url)
    if verbose:
        logging.getLogger("tmdb_ext").setLevel(logging.INFO)
    if context.invoked_subcommand is None:
        _write_help(context.get_help(), emit)


app.command("search")(_browse.search)
app.command("movie")(_browse.movie)
app.command("tv")(_browse.tv)
app.command("person")(_browse.person)
app.command("discover")(_browse.discover)
app.command("trending")(_browse.trending)
app.add_typer(_auth.app, name="auth", no_args_is_help=True)
app.add_typer(_account.rate, name="rate", no_args_is_help=True)
app.command("rated")(_account.rated)
app.add_typer(_account.favorite, name="favorite", no_args_is_help=True)
app.add_typer(_account.watchlist, name="watchlist", no_args_is_help=True)
app.add_typer(_lists.app, name="list", no_args_is_help=True)
app.command("api")(_api.api)
app.command("operations")(_api.operations)
app.command("serve")(_serve.serve)

_FLAGS: Final = frozenset({"--json", "--no-color", "--verbose", "-v"})
_VALUED: Final = frozenset({"--language", "--region", "--base-url", "--site-url"})

# typer has click inside from 0.27 on, and beside it before.
_USAGE_ERROR: Final = cast("type[Exception]", typer.BadParameter.__base__)


_logger = logging.getLogger("tmdb_ext")


class _Formatter(logging.Formatter):
    """Hides what is shaped like a credential, since the text of an unexpected exception may quote anything."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; what went wrong is one line on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("tmdb: %(message)s"))
    level = _logger.level
    _logger.addHandler(handler)
    try:
        code = _run(hoisted(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        silence()
        return Exit.DONE
    finally:
        _logger.removeHandler(handler)
        _logger.setLevel(level)
    return code


@cache
def root_command() -> Any:
    """Return all commands, as typer has made them from the functions."""
    return get_command(app)


def _run(arguments: list[str]) -> int:
    try:
        code = root_command().main(arguments, prog_name="tmdb", standalone_mode=False)
    except TMDBError as error:
        note(f"tmdb: {line_of(error)}")
        return code_of(error)
    except (typer.Abort, KeyboardInterrupt):
        note("tmdb: interrupted")
        return Exit.INTERRUPTED
    except _USAGE_ERROR as error:
        return _explain_usage(error)
    except SystemExit as end:  # shell completion, and a help text that nobody reads to its end
        code = end.code
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not end in a page of code
        _logger.info("This is a mistake in tmdb-ext; please report it.", exc_info=error)
        note(f"tmdb: unexpected: {type(error).__name__}; -v tells more")
        return Exit.FAILED
    return code if isinstance(code, int) else Exit.DONE


def _write_help(text: str, write: Callable[[str], None]) -> None:
    """Write a help text, unless rich has drawn it already while it was made."""
    if text:
        write(text)


def _explain_usage(error: Any) -> int:
    context = error.ctx
    where = context.command_path if context is not None else "tmdb"
    if type(error).__name__ == "NoArgsIsHelpError":
        _write_help(error.message, note)
        return Exit.USAGE
    note(f"tmdb: {' '.join(error.format_message().split())} See: {where} --help")
    return Exit.USAGE


def hoisted(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the global options in front, so that they may stand behind the command as well."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            rest += [argument, *left]
        elif argument in _FLAGS or ("=" in argument and argument.partition("=")[0] in _VALUED):
            front.append(argument)
        elif argument in _VALUED:
            front += [argument, *itertools.islice(left, 1)]
        else:
            rest.append(argument)
    return [*front, *rest]
