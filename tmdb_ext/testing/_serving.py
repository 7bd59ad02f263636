"""What `tmdb serve` and `python -m tmdb_ext.testing` share: their options, what they say, and how they end."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tmdb_ext.testing._journal import RecordedRequest
    from tmdb_ext.testing._simulator import Simulator

HELP = {
    "host": "The address to listen on, of IPv4 or IPv6.",
    "port": "The port; 0 for any that is free.",
    "access_token": "The access token that callers have to send; made up by default.",
    "api_key": "The API key that callers have to send; made up by default.",
    "seed": "Make the same ids and tokens each time.",
    "data": "A JSON file or a folder with films, series and so on; repeatable.",
    "strict": "Refuse what TMDB ignores, and name it.",
    "any_id": "Invent what is not in the sample.",
    "public_url": "Where callers reach it, such as http://tmdb:8080 between containers.",
    "tls": "Serve https under a throw-away authority.",
    "ca_file": "Where to write the authority's certificate; else a temporary file.",
    "record": "Pass requests on to TMDB, and store the answers in this folder.",
    "upstream": "Where --record passes requests on to.",
    "replay": "Answer from a recorded folder first.",
    "log": "Show on stderr what is asked for.",
}
"""By option, what it is for. Each but `log` is an argument of `Simulator`."""
HOST, UPSTREAM = "127.0.0.1", "https://api.themoviedb.org"

_PERSONAL = re.compile(r"(?<=/guest_session/)[^/]+|(?<=/authenticate/)[^/]+")
"""Credentials in a path, which may be real ones while the answers are recorded."""
_LOOK_EVERY = 0.2
"""Seconds between two looks at what has been asked for."""


class ServingError(Exception):
    """The simulator cannot be served so; the message says why."""


def started(**options: Any) -> Simulator:
    """A running simulator with the given arguments.

    Raises:
        ServingError: Because one of them is not valid, or because the port cannot be used.
    """
    from tmdb_ext.testing._simulator import Simulator  # noqa: PLC0415 - tmdb --help does without

    try:
        simulator = Simulator(**options)
        simulator.start()
    except OSError as error:
        raise ServingError(
            f"Port {options['port']} of {options['host']} cannot be used: {error.strerror or error}."
        ) from None
    except (ValueError, RuntimeError) as error:
        raise ServingError(str(error)) from None
    return simulator


def described(simulator: Simulator) -> dict[str, str]:
    """What a program needs to use it."""
    return {
        "base_url": simulator.base_url,
        "site_url": simulator.base_url,
        "access_token": simulator.access_token,
        "api_key": simulator.api_key,
        "username": simulator.user.username,
        "password": simulator.user.password,
        **({"ca_file": str(simulator.ca_file)} if simulator.ca_file else {}),
    }


def exports(simulator: Simulator) -> list[str]:
    """The same as lines for a shell."""
    authority = [f"export SSL_CERT_FILE={simulator.ca_file}"] if simulator.ca_file else []
    return [
        f"export TMDB_BASE_URL={simulator.base_url}",
        f"export TMDB_SITE_URL={simulator.base_url}",
        f"export TMDB_ACCESS_TOKEN={simulator.access_token}",
        *authority,
        f"# or: export TMDB_API_KEY={simulator.api_key}",
        f"# a user: {simulator.user.username} / {simulator.user.password}",
    ]


@contextlib.contextmanager
def until_asked_to_end() -> Iterator[None]:
    """Leaves the block at SIGINT or SIGTERM, also if the shell that started it has both ignored."""
    before = {}
    with contextlib.suppress(ValueError):  # not in the main thread
        for one in (signal.SIGINT, signal.SIGTERM):
            before[one] = signal.signal(one, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def wait(simulator: Simulator, show: Callable[[str], None] | None) -> None:
    """Waits for ever, and shows each request if `show` is given."""
    last: RecordedRequest | None = None
    while True:
        time.sleep(_LOOK_EVERY)
        if show is None:
            continue
        asked = simulator.requests
        place = next((index for index in range(len(asked) - 1, -1, -1) if asked[index] is last), -1)
        for request in asked[place + 1 :]:
            last = request
            path = _PERSONAL.sub("…", request.path)
            show(f"{request.method} {path} {request.http_status} {request.operation or ''}")
