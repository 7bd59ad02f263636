from __future__ import annotations

import datetime
import ssl

import pytest
import trustme
from wires import TLS, VARIANTS, Variant


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Variant:
    return Variant(request.param)


@pytest.fixture(scope="session")
def tls() -> TLS:
    authority = trustme.CA()
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    certificate = authority.issue_cert("localhost", "127.0.0.1", "::1", not_after=soon)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return TLS(authority, server, client)
