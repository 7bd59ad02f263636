"""A certificate authority that lives as long as a test run."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Authority:
    """Makes certificates for servers of tests; `file` holds what a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def serving(self, *names: str) -> ssl.SSLContext:
        """What a server of these names wraps its sockets with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def trusting(self) -> ssl.SSLContext:
        """What a client that trusts this authority, and no other, wraps its sockets with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return context
