"""What servers' certificates are checked with."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Final

from tmdb_ext._errors import ConfigurationError

from . import forks

FILE: Final = "SSL_CERT_FILE"
FOLDER: Final = "SSL_CERT_DIR"
_BEGIN: Final = b"CERTIFICATE-----"


def named(environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the file and the folder that the environment names, the one or the other.

    Raises:
        ConfigurationError: it is not there.
    """
    if file := environment.get(FILE):
        if not os.path.isfile(file):  # noqa: PTH113 - a string is what ssl takes
            raise ConfigurationError(f"{FILE} names a file that does not exist")
        return file, None
    if folder := environment.get(FOLDER):
        if not os.path.isdir(folder):  # noqa: PTH112
            raise ConfigurationError(f"{FOLDER} names a folder that does not exist")
        return None, folder
    return None, None


def check(environment: Mapping[str, str]) -> None:
    """Refuse a file or folder of the environment's that cannot be used. Certificates are not loaded, which takes long.

    Raises:
        ConfigurationError: it is not there, or there is no certificate in the file.
    """
    file, _ = named(environment)
    if file is None:
        return
    try:
        with open(file, "rb") as content:  # noqa: PTH123 - a string is what ssl takes
            found = any(_BEGIN in line for line in content)
    except OSError:
        found = False
    if not found:
        raise ConfigurationError(f"{FILE} names something without usable certificates")


def context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Return the environment's context, or the usual one, which is made once for each process. This reads files."""
    file, folder = named(environment)
    if file is None and folder is None:
        return _usual.get()
    try:
        return ssl.create_default_context(cafile=file, capath=folder)
    except OSError:
        pass
    raise ConfigurationError(f"{FILE if file else FOLDER} names something without usable certificates")


def _make_usual() -> ssl.SSLContext:
    import httpx  # noqa: PLC0415 - only a client that connects needs it

    return httpx.create_ssl_context(trust_env=False)


_usual: Final = forks.PerProcess(_make_usual)
