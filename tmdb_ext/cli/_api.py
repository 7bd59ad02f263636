"""`tmdb api` and `tmdb operations`: everything that TMDB offers, by path and by name."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

import typer

from tmdb_ext._errors import InvalidArgument
from tmdb_ext._operations import extensions_of, name_of

from ._exit import Misuse
from ._settings import Settings
from ._show import Column, clean, details, document, emit, is_terminal, table

if TYPE_CHECKING:
    import httpx
    from tmdb_api_client.v3.operations import Operation

    from tmdb_ext import TMDB

FILLED: Final = frozenset({"account_id", "account_object_id", "guest_session_id"})
"""What the auth flow fills into a path."""
_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_ACCEPTS: Final = {
    "none": "application",
    "session": "session",
    "guest_session": "guest session",
    "either": "session or guest session",
    "user_access_token": "user access token",
    "optional_user_access_token": "application or user access token",
}


def all_operations() -> dict[str, Operation]:
    """Return every operation of both versions by the name that we write."""
    from tmdb_api_client.v3.operations import OPERATIONS as V3
    from tmdb_api_client.v4.operations import OPERATIONS as V4

    return {name_of(operation): operation for table in (V3, V4) for operation in table.values()}


def operation_of(method: str, path: str) -> Operation | None:
    """Return the operation that a method and a path belong to; the one with the fewest open segments."""
    segments = path.rstrip("/").split("/")
    fitting = [
        operation
        for operation in all_operations().values()
        if operation.method == method and _fits(operation.path.split("/"), segments)
    ]
    return min(fitting, key=lambda operation: operation.path.count("{"), default=None)


def _fits(template: list[str], segments: list[str]) -> bool:
    return len(template) == len(segments) and all(
        expected == given or (expected.startswith("{") and given)
        for expected, given in zip(template, segments, strict=True)
    )


def page_of(operation: Operation) -> str | None:
    """Return the address of TMDB's page about an operation, or None if TMDB does not document it."""
    if not operation.documented:
        return None
    version = "v4/" if operation.path.startswith("/4/") else ""
    return f"https://developer.themoviedb.org/{version}reference/{operation.id}"


def operations(
    context: typer.Context,
    word: Annotated[
        str | None, typer.Argument(metavar="WORD", help="Show only what has this in its name or path.")
    ] = None,
) -> None:
    """List what TMDB offers: the name, the path, the credentials it takes, and TMDB's page.

    At a terminal the page is shown where WORD fits one operation only.

    Example: tmdb operations rating
    """
    settings = cast(Settings, context.obj)
    wanted = (word or "").casefold()
    found = [
        {
            "name": name,
            "method": operation.method,
            "path": operation.path,
            "accepts": _ACCEPTS[operation.user_auth],
            "bearer_only": operation.bearer_only,
            "page": page_of(operation),
        }
        for name, operation in sorted(all_operations().items())
        if wanted in name.casefold() or wanted in operation.path.casefold()
    ]
    columns = [
        Column("Operation", lambda item: item["name"], wide=True),
        Column("Method", lambda item: item["method"]),
        Column("Path", lambda item: item["path"], wide=True),
        Column("Takes", lambda item: item["accepts"]),
        Column("TMDB's page", lambda item: item["page"]),
    ]
    if not is_terminal(sys.stdout) or settings.json:
        table(settings, columns, found)
    elif len(found) == 1:
        details(settings, [(column.title, column.value(found[0])) for column in columns], found[0])
    else:
        table(settings, columns[:-1], found)


def api(
    context: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT or DELETE.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="The path with its version: /3/movie/11.")],
    parameters: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter of the query.")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            "-b",
            metavar="NAME=VALUE",
            help="A field of the JSON body. Numbers, true, false, null and JSON count as such: write a text that "
            "looks like one in quotation marks.",
        ),
    ] = None,
    body: Annotated[
        str | None, typer.Option("--body", metavar="JSON|@FILE|-", help="The whole JSON body; - reads stdin.")
    ] = None,
    include: Annotated[bool, typer.Option("--include", "-i", help="Show the status and the headers, too.")] = False,
) -> None:
    """Call anything, with the credentials seen to.

    {account_id}, {account_object_id} and {guest_session_id} in the path are filled in.

    Example: tmdb api POST /3/movie/11/rating -b value=8.5
    """
    settings = cast(Settings, context.obj)
    verb = method.upper()
    if verb not in _METHODS:
        raise Misuse(f"{method!r} is not one of {', '.join(_METHODS)}.")
    target, query = _target(settings, path)
    operation = operation_of(verb, target)
    query += [_pair(text, "-p") for text in parameters or []]
    arguments: dict[str, Any] = {"extensions": extensions_of(operation) if operation else {}}
    if query:
        arguments["params"] = [*query]
    if body is not None or fields:
        arguments["json"] = _body(body, fields)
    with settings.client() as tmdb:
        response = _sent(tmdb, verb, quote(target, safe="/%:@!$&'()*+,;=~"), arguments)
    _show(response, include=include)


def _target(settings: Settings, path: str) -> tuple[str, list[tuple[str, str]]]:
    """Return path and query of what the user has written.

    Raises:
        Misuse: it leads to another host, has no version, or has something left open.
    """
    parts = _split(path, settings.scope)
    if parts is None:
        raise Misuse(f"Credentials go to {settings.scope} only; write the path alone: /3/movie/11.")
    target = "/" + parts.path.lstrip("/")
    if not target.startswith(("/3/", "/4/")):
        raise Misuse("PATH begins with the version of the API: /3/movie/11 or /4/list/1.")
    left = [name for name in _PLACEHOLDER.findall(target) if name not in FILLED]
    if left:
        raise Misuse(f"Fill in {', '.join(f'{{{name}}}' for name in left)} in the path.")
    return target, parse_qsl(parts.query, keep_blank_values=True)


def _split(path: str, scope: str) -> SplitResult | None:
    """Return the parts of a path or of an address under `scope`; None for anything else."""
    from tmdb_ext._http.urls import split_url

    try:
        parts = urlsplit(path)
        if not (parts.scheme or parts.netloc) or f"{split_url(path)[0]}/".startswith(f"{scope}/"):
            return parts
    except ValueError:
        pass
    return None


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Misuse(f"{option} takes NAME=VALUE.")
    return name, value


def _body(body: str | None, fields: list[str] | None) -> Any:
    """Return the JSON body that the options describe.

    Raises:
        Misuse: there are two, or one that is not JSON or cannot be read.
    """
    if body is None:
        return {name: _value(value) for name, value in (_pair(text, "-b") for text in fields or [])}
    if fields:
        raise Misuse("Give -b or --body, not both.")
    try:
        if body == "-":
            body = sys.stdin.read()
        elif body.startswith("@"):
            body = Path(body[1:]).read_text(encoding="utf-8")
        return json.loads(body)
    except OSError as error:
        raise Misuse(f"--body: the file cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise Misuse("--body is not JSON.") from None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _sent(tmdb: TMDB, method: str, path: str, arguments: Mapping[str, Any]) -> httpx.Response:
    import httpx

    try:
        return tmdb.low_level.get_httpx_client().request(method, path, **arguments)
    except httpx.InvalidURL:
        pass
    raise InvalidArgument("The path or a parameter cannot be part of an address.")


def _show(response: httpx.Response, *, include: bool) -> None:
    """Write the answer to stdout; a refusal is raised after that."""
    from tmdb_ext._client.low_level import check_response

    if include:
        emit(f"HTTP {response.status_code} {response.reason_phrase}".rstrip())
        for name, value in response.headers.items():
            emit(f"{name}: {clean(value)}")
        emit("")
    try:
        document(response.json())
    except (ValueError, RecursionError):
        text = response.text
        emit(clean(text) if is_terminal(sys.stdout) else text)
    check_response(response)
