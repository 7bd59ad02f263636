"""`tmdb serve`: a simulated TMDB to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from tmdb_ext._redaction import redact
from tmdb_ext.testing._serving import (
    HELP,
    HOST,
    UPSTREAM,
    ServingError,
    described,
    exports,
    started,
    until_asked_to_end,
    wait,
)

from ._exit import Refusal
from ._settings import Settings
from ._show import clean, document, emit, note


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help=HELP["host"])] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help=HELP["port"])] = 0,
    access_token: Annotated[str | None, typer.Option(help=HELP["access_token"])] = None,
    api_key: Annotated[str | None, typer.Option(help=HELP["api_key"])] = None,
    seed: Annotated[int | None, typer.Option(help=HELP["seed"])] = None,
    data: Annotated[list[Path] | None, typer.Option(help=HELP["data"])] = None,
    strict: Annotated[bool, typer.Option("--strict", help=HELP["strict"])] = False,
    any_id: Annotated[bool, typer.Option("--any-id", help=HELP["any_id"])] = False,
    public_url: Annotated[str | None, typer.Option(help=HELP["public_url"])] = None,
    tls: Annotated[bool, typer.Option("--tls", help=HELP["tls"])] = False,
    ca_file: Annotated[Path | None, typer.Option(help=HELP["ca_file"])] = None,
    record: Annotated[Path | None, typer.Option(help=HELP["record"])] = None,
    upstream: Annotated[str, typer.Option(help=HELP["upstream"])] = UPSTREAM,
    replay: Annotated[Path | None, typer.Option(help=HELP["replay"])] = None,
    log: Annotated[bool, typer.Option("--log", help=HELP["log"])] = False,
) -> None:
    """Serve a simulated TMDB until interrupted, and print what other programs need to use it.

    Programs in any language can drive it at /simulator, documented at /simulator/openapi.json.

    Example: tmdb serve --port 8080 --data tests/films --seed 1
    """
    settings = cast(Settings, context.obj)
    reason: str | None = None
    with until_asked_to_end():
        try:
            simulator = started(
                host=host, port=port, access_token=access_token, api_key=api_key, seed=seed, data=data or (),
                strict=strict, any_id=any_id, public_url=public_url, tls=tls, ca_file=ca_file, record=record,
                upstream=upstream, replay=replay,
            )  # fmt: skip
        except ServingError as error:
            reason = str(error)
        if reason is not None:
            raise Refusal(reason)
        with simulator:
            if settings.json:
                document(described(simulator))
            else:
                for line in exports(simulator):
                    emit(line)
            wait(simulator, (lambda text: note(clean(redact(text)))) if log else None)
