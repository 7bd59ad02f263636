"""`tmdb serve`: a simulated TMDB to try things on."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from tmdb_ext._redaction import redact

from ._exit import Refusal
from ._settings import Settings
from ._show import clean, document, emit, note

_LOOK_EVERY: Final = 0.2
"""Seconds between two looks at what has been asked for."""


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on, of IPv4 or IPv6.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = 0,
    access_token: Annotated[
        str | None, typer.Option(help="The access token that callers have to send; made up by default.")
    ] = None,
    api_key: Annotated[str | None, typer.Option(help="The API key that callers have to send.")] = None,
    seed: Annotated[int | None, typer.Option(help="Make the same ids and tokens each time.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="A JSON file or a folder with films, series and so on; repeatable.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what TMDB ignores, and name it.")] = False,
    any_id: Annotated[bool, typer.Option("--any-id", help="Invent what is not in the sample.")] = False,
    public_url: Annotated[
        str | None, typer.Option(help="Where callers reach it, such as http://tmdb:8080 between containers.")
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https under a throw-away authority.")] = False,
    ca_file: Annotated[
        Path | None, typer.Option(help="Where to write the authority's certificate; else a temporary file.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Pass requests on to TMDB, and store the answers in this folder.")
    ] = None,
    upstream: Annotated[str, typer.Option(help="Where --record passes requests on to.")] = "https://api.themoviedb.org",
    replay: Annotated[Path | None, typer.Option(help="Answer from a recorded folder first.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Show on stderr what is asked for.")] = False,
) -> None:
    """Serve a simulated TMDB until interrupted, and print what other programs need to use it.

    Programs in any language can drive it at /simulator, documented at /simulator/openapi.json.

    Example: tmdb serve --port 8080 --data tests/films --seed 1
    """
    from tmdb_ext.testing import Simulator

    settings = cast(Settings, context.obj)
    reason: str | None = None
    try:
        simulator = Simulator(
            host=host, port=port, access_token=access_token, api_key=api_key, seed=seed, data=data or (), strict=strict,
            any_id=any_id, public_url=public_url, tls=tls, ca_file=ca_file, record=record, upstream=upstream,
            replay=replay,
        )  # fmt: skip
        simulator.start()
    except OSError as error:
        reason = f"Port {port} of {host} cannot be used: {error.strerror}."
    except (ValueError, RuntimeError) as error:
        reason = f"{error}"
    if reason is not None:
        raise Refusal(reason)
    _end_when_asked()
    with simulator:
        if settings.json:
            document(_described(simulator))
        else:
            _print_exports(simulator)
        with contextlib.suppress(KeyboardInterrupt):
            _wait(simulator, log=log)


def _end_when_asked() -> None:
    """Ends at SIGTERM as at an interrupt: a container is stopped with it."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, end)


def _described(simulator: Any) -> dict[str, str]:
    return {
        "base_url": simulator.base_url,
        "site_url": simulator.base_url,
        "access_token": simulator.access_token,
        "api_key": simulator.api_key,
        "username": simulator.user.username,
        "password": simulator.user.password,
        **({"ca_file": str(simulator.ca_file)} if simulator.ca_file else {}),
    }


def _print_exports(simulator: Any) -> None:
    emit(f"export TMDB_BASE_URL={simulator.base_url}")
    emit(f"export TMDB_SITE_URL={simulator.base_url}")
    emit(f"export TMDB_ACCESS_TOKEN={simulator.access_token}")
    if simulator.ca_file:
        emit(f"export SSL_CERT_FILE={simulator.ca_file}")
    emit(f"# or: export TMDB_API_KEY={simulator.api_key}")
    emit(f"# a user: {simulator.user.username} / {simulator.user.password}")


def _wait(simulator: Any, *, log: bool) -> None:
    last: Any = None
    while True:
        threading.Event().wait(_LOOK_EVERY)
        if not log:
            continue
        asked = simulator.requests
        place = next((index for index in range(len(asked) - 1, -1, -1) if asked[index] is last), -1)
        for request in asked[place + 1 :]:
            last = request
            note(clean(redact(f"{request.method} {request.path} {request.http_status} {request.operation or ''}")))
