"""`tmdb serve`: a simulated TMDB to try things on."""

from __future__ import annotations

import contextlib
import threading
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
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = 0,
    log: Annotated[bool, typer.Option("--log", help="Show on stderr what is asked for.")] = False,
) -> None:
    """Serve a simulated TMDB until interrupted, and print what other programs need to use it.

    Example: tmdb serve --port 8080
    """
    from tmdb_ext.testing import Simulator

    settings = cast(Settings, context.obj)
    simulator = Simulator(host=host, port=port)
    reason: str | None = None
    try:
        simulator.start()
    except OSError as error:
        reason = error.strerror
    if reason is not None:
        raise Refusal(f"Port {port} of {host} cannot be used: {reason}.")
    with simulator:
        if settings.json:
            document(_described(simulator))
        else:
            _print_exports(simulator)
        with contextlib.suppress(KeyboardInterrupt):
            _wait(simulator, log=log)


def _described(simulator: Any) -> dict[str, str]:
    return {
        "base_url": simulator.base_url,
        "site_url": simulator.base_url,
        "access_token": simulator.access_token,
        "api_key": simulator.api_key,
        "username": simulator.user.username,
        "password": simulator.user.password,
    }


def _print_exports(simulator: Any) -> None:
    emit(f"export TMDB_BASE_URL={simulator.base_url}")
    emit(f"export TMDB_SITE_URL={simulator.base_url}")
    emit(f"export TMDB_ACCESS_TOKEN={simulator.access_token}")
    emit(f"# or: export TMDB_API_KEY={simulator.api_key}")
    emit(f"# a user: {simulator.user.username} / {simulator.user.password}")


def _wait(simulator: Any, *, log: bool) -> None:
    shown = 0
    while True:
        threading.Event().wait(_LOOK_EVERY)
        if log:
            asked = simulator.requests[shown:]
            shown += len(asked)
            for request in asked:
                note(clean(redact(f"{request.method} {request.path} {request.http_status} {request.operation or ''}")))
