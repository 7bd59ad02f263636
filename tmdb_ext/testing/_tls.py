"""Certificates of a throw-away authority, so that https can be tried on this machine."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from urllib.parse import urlsplit


def make_context(ca_file: Path | str | None, host: str, public_url: str | None) -> tuple[ssl.SSLContext, Path]:
    """A context that serves https for this machine's names, `host` and the host of `public_url`.

    Args:
        ca_file: Where to write the authority's certificate, in PEM; a temporary file if None.
        host: The address that is bound.
        public_url: Where callers reach the simulator, or None.

    Returns:
        The context, and the file with the authority's certificate.

    Raises:
        RuntimeError: Because the extra `tls` is not installed.
    """
    try:
        import trustme  # noqa: PLC0415 - it comes with an extra
    except ImportError:
        raise RuntimeError(
            "TLS in the simulator needs an extra. Install it with: pip install 'tmdb-ext[tls]'"
        ) from None

    names = ["localhost", "127.0.0.1", "::1"]
    public = urlsplit(public_url or "").hostname
    names += [name for name in (host, public) if name and name not in (*names, "0.0.0.0", "::")]  # noqa: S104 - compared
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(*names).configure_cert(context)
    if ca_file is None:
        handle, name = tempfile.mkstemp(prefix="tmdb-simulator-", suffix=".pem")
        os.close(handle)
        path = Path(name)
    else:
        path = Path(ca_file)
    path.write_bytes(authority.cert_pem.bytes())
    return context, path
